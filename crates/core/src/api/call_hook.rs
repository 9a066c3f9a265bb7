//! [`CallHook`]: what an embedder is told whenever control passes between host and guest. `call`,
//! which runs guests, tells it; a store without a hook pays a branch for that. The thread must be
//! in order before a hook is called: it may do with the store what every host function may.

use super::{
    func::{Hooked, HostScope},
    reference::Reference,
    store::{Store, StoreContextMut, StoreState},
};
use crate::Error;
use alloc::boxed::Box;

/// A passage between host and guest. See [`Store::call_hook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallHook {
    /// The host calls a function, or a paused call goes on.
    CallingWasm,
    /// That call has returned, failed, or stopped to be paused.
    ReturningFromWasm,
    /// A host function is about to be called.
    CallingHost,
    /// That host function has returned, or failed.
    ReturningFromHost,
}

impl CallHook {
    /// Whether the host has control afterwards.
    ///
    /// ```
    /// use windlass::CallHook;
    /// assert!(CallHook::CallingHost.entering_host());
    /// assert!(CallHook::ReturningFromWasm.entering_host());
    /// ```
    pub fn entering_host(&self) -> bool {
        matches!(self, CallHook::ReturningFromWasm | CallHook::CallingHost)
    }

    /// Whether a guest has control afterwards.
    pub fn exiting_host(&self) -> bool {
        !self.entering_host()
    }
}

type Told<T> = dyn FnMut(StoreContextMut<'_, T>, CallHook) -> Result<(), Error> + Send + Sync;

/// A store's hook, and what calls do for it.
pub(crate) struct Hook<T> {
    told: Box<Told<T>>,
    pub(crate) calls: Hooked<T>,
}

impl<T> Store<T> {
    /// Calls `hook` whenever control passes between host and guest, for instance to measure how
    /// much time guests take. It replaces the hook before.
    ///
    /// Passages come in pairs: [`CallHook::CallingWasm`] and [`CallHook::ReturningFromWasm`] around
    /// each call from the host, those of instantiations and of host functions too;
    /// [`CallHook::CallingHost`] and [`CallHook::ReturningFromHost`] around each call of a host
    /// function. The second of a pair comes also if the call fails, but not if the first was
    /// refused, nor if the host panics. A call that pauses ([`Execution`](crate::Execution)) leaves
    /// the guest whenever [`Execution::run`](crate::Execution::run) returns; one that is a future,
    /// whenever it waits or lets others run. A host function that is a future has returned, for
    /// this, when it has made the future.
    ///
    /// An error of the hook ends the call in which it comes, in place of a result or of another
    /// error. What the hook itself calls in the store, is not told to it, and an exception that is
    /// thrown there is not pending afterwards, unless it is the hook's error.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use windlass::{CallHook, Engine, Func, Store};
    ///
    /// struct Times {
    ///     since: Instant,
    ///     host: Duration,
    ///     guest: Duration,
    /// }
    ///
    /// let times = Times { since: Instant::now(), host: Duration::ZERO, guest: Duration::ZERO };
    /// let mut store = Store::new(&Engine::default(), times);
    /// store.call_hook(|mut store, hook: CallHook| {
    ///     let times = store.data_mut();
    ///     let passed = std::mem::replace(&mut times.since, Instant::now()).elapsed();
    ///     match hook.entering_host() {
    ///         true => times.guest += passed,
    ///         false => times.host += passed,
    ///     }
    ///     Ok(())
    /// });
    /// let func = Func::wrap(&mut store, || ());
    /// func.call(&mut store, &[], &mut [])?;
    /// println!("guest: {:?}, host: {:?}", store.data().guest, store.data().host);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn call_hook<F>(&mut self, hook: F)
    where
        F: FnMut(StoreContextMut<'_, T>, CallHook) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.state().call_hook = Some(Hook { told: Box::new(hook), calls: Hooked::new() });
    }
}

impl<T> StoreState<T> {
    /// Tells the hook, if there is one. What it roots is rooted until it returns. The exception on
    /// its way is laid aside meanwhile: what guests throw whom the hook calls is not that of the
    /// call it is told of.
    #[cold]
    pub(crate) fn tell_hook(&mut self, passage: CallHook) -> Result<(), Error> {
        let Some(hook) = self.call_hook.take() else { return Ok(()) };
        let mut told = Telling { store: self, hook: Some(hook) };
        let Telling { store, hook } = &mut told;
        let scope = HostScope::begin(store);
        let thrown = StoreContextMut(scope.store).take_pending_exception();
        let outcome = match hook {
            Some(hook) => (hook.told)(StoreContextMut(scope.store), passage),
            None => Ok(()),
        };
        if outcome.is_ok() {
            let inner = &mut scope.store.inner;
            inner.pending_exception = match thrown {
                Some(exception) => exception.slot(inner)?,
                None => 0,
            };
        }
        outcome
    }
}

/// A hook that is being told: the store has it back in the end, also when it panics.
struct Telling<'a, T> {
    store: &'a mut StoreState<T>,
    hook: Option<Hook<T>>,
}

impl<T> Drop for Telling<'_, T> {
    fn drop(&mut self) {
        self.store.call_hook = self.hook.take();
    }
}
