//! [`Call`]: a running call from the host. Every way into a guest goes through it: it takes a
//! thread, serves the guest's calls of host functions, and gives the thread back, even when a host
//! function panics.

use super::HostFn;
use crate::{
    Caller, Error, Pending, ThrownException, Trap, WasmBacktrace,
    api::store::{StoreContextMut, StoreState},
    driver::{Exit, ThreadHandle},
    runtime::{NO_INSTANCE, StoreInner},
};
use alloc::sync::Arc;

/// A call from the host that runs in `store`.
pub(crate) struct Call<'a, T> {
    store: &'a mut StoreState<T>,
    /// None only when it is given away.
    thread: Option<ThreadHandle>,
}

/// Why a call stopped, if not by an error.
pub(crate) enum CallState {
    Finished,
    OutOfFuel,
    Interrupted,
    /// The host function with this index in the store asks to be completed later.
    HostPending(u32, Pending),
}

impl<'a, T> Call<'a, T> {
    /// Prepares a call of the store's function `func`.
    pub(crate) fn start(
        store: &'a mut StoreState<T>,
        func: u32,
        args: &[u64],
    ) -> Result<Call<'a, T>, Error> {
        let thread = store.threads.enter(&mut store.inner)?;
        let mut call = Call { store, thread: Some(thread) };
        if let Some(thread) = &mut call.thread {
            thread.start(call.store, func, args)?;
        }
        Ok(call)
    }

    /// Goes on with a paused call, and takes its thread.
    pub(crate) fn resume(
        store: &'a mut StoreState<T>,
        thread: &mut Option<ThreadHandle>,
    ) -> Result<Call<'a, T>, Error> {
        if thread.is_none() {
            return Err(Error::msg("the execution has ended"));
        }
        store.threads.enter_again(&store.inner)?;
        Ok(Call { store, thread: thread.take() })
    }

    /// Ends this part of the call; its thread can go on later.
    pub(crate) fn pause(mut self) -> Option<ThreadHandle> {
        self.thread.take()
    }

    /// Shows the results, in slots, of a finished call.
    #[inline]
    pub(crate) fn take_results<R>(&mut self, take: impl FnOnce(&mut StoreInner, &[u64]) -> R) -> R {
        let store = &mut self.store.inner;
        match &self.thread {
            Some(thread) => thread.lend_results(store, take),
            None => take(store, &[]),
        }
    }

    /// Runs to the end: whatever stops the guest is an error.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        match self.run()? {
            CallState::Finished => Ok(()),
            stop => Err(self.stopped(stop)),
        }
    }

    #[cold]
    fn stopped(&self, stop: CallState) -> Error {
        let error: Error = match stop {
            CallState::Finished => return Error::msg("the call has finished"),
            CallState::OutOfFuel => Trap::OutOfFuel.into(),
            CallState::Interrupted => Trap::Interrupted.into(),
            CallState::HostPending(_, pending) => pending.into(),
        };
        match &self.thread {
            Some(thread) => error.with_backtrace(backtrace(thread, &self.store.inner)),
            None => error,
        }
    }

    /// Runs until it finishes or stops.
    pub(crate) fn run(&mut self) -> Result<CallState, Error> {
        let Some(thread) = &mut self.thread else { return Ok(CallState::Finished) };
        // The host function called last, for those that are called again and again.
        let mut last: Option<(u32, Arc<HostFn<T>>)> = None;
        loop {
            match thread.run(self.store) {
                Exit::Finished => return Ok(CallState::Finished),
                Exit::OutOfFuel => return Ok(CallState::OutOfFuel),
                Exit::Interrupted => return Ok(CallState::Interrupted),
                Exit::Failed(error) => {
                    return Err(error.with_backtrace(backtrace(thread, &self.store.inner)));
                }
                Exit::Trap(trap) => {
                    let backtrace = backtrace(thread, &self.store.inner);
                    return Err(Error::from(trap).with_backtrace(backtrace));
                }
                Exit::Exception(reference) => {
                    let store = &mut self.store.inner;
                    store.pending_exception = reference;
                    let thrown = thread.take_thrown(store);
                    let new = || ThrownException::new(store, reference).into();
                    let error = thrown.unwrap_or_else(new);
                    return Err(error.with_backtrace(backtrace(thread, store)));
                }
                Exit::HostCall { func, instance } => {
                    let host = match &mut last {
                        Some((index, host)) if *index == func => host,
                        last => &last.insert((func, self.store.host_func(func))).1,
                    };
                    let outcome = thread.lend_slots(self.store, |store, slots| {
                        let scope = HostScope::begin(store);
                        host(Caller::new(StoreContextMut(scope.store), instance), slots)
                    });
                    let store = &mut self.store.inner;
                    let owes = thread.owe_for_host(store);
                    let Err(error) = outcome else {
                        if owes {
                            thread.hold_results(store, func);
                            return Ok(CallState::OutOfFuel);
                        }
                        // A guest is not to run on for long that does little but call the host.
                        if store.interrupt.is_raised() && instance != NO_INSTANCE {
                            store.interrupt.clear();
                            thread.hold_results(store, func);
                            return Ok(CallState::Interrupted);
                        }
                        continue;
                    };
                    let pending = store.pending_exception;
                    if error.is::<ThrownException>() && pending != 0 && instance != NO_INSTANCE {
                        // It is the thread's: somebody in it may catch it.
                        store.pending_exception = 0;
                        thread.throw_from_host(store, pending, error);
                        continue;
                    }
                    return match error.downcast() {
                        Ok(pending) => Ok(CallState::HostPending(func, pending)),
                        Err(error) => Err(error.with_backtrace(backtrace(thread, store))),
                    };
                }
            }
        }
    }
}

impl<T> Drop for Call<'_, T> {
    fn drop(&mut self) {
        let StoreState { inner, threads, .. } = &mut *self.store;
        threads.leave(inner, self.thread.take());
    }
}

/// What a host function roots is rooted until it returns, or panics.
struct HostScope<'a, T> {
    store: &'a mut StoreState<T>,
    depth: usize,
    /// What the host function around it owes.
    owed: u64,
}

impl<'a, T> HostScope<'a, T> {
    #[inline]
    fn begin(store: &'a mut StoreState<T>) -> HostScope<'a, T> {
        let depth = store.inner.roots.depth();
        let owed = store.inner.begin_host();
        HostScope { store, depth, owed }
    }
}

impl<T> Drop for HostScope<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.store.inner.roots.leave(self.depth);
        self.store.inner.end_host(self.owed);
    }
}

#[cold]
fn backtrace(thread: &ThreadHandle, store: &StoreInner) -> WasmBacktrace {
    WasmBacktrace::new(thread.backtrace(store))
}
