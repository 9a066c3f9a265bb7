//! [`Call`]: a running call from the host. Every way into a guest goes through it: it takes a
//! thread, serves the guest's calls of host functions, and gives the thread back, even when a host
//! function panics.

use super::HostFn;
use crate::{
    CallHook, Caller, Error, Pending, ThrownException, Trap, WasmBacktrace,
    api::store::{StoreContextMut, StoreState},
    driver::{Exit, Held, ThreadHandle},
    exec::tables::EXCEPTIONS,
    runtime::{NO_INSTANCE, StoreInner},
};
use alloc::{sync::Arc, vec::Vec};

/// A call from the host that runs in `store`.
pub(crate) struct Call<'a, T> {
    store: &'a mut StoreState<T>,
    /// None only when it is given away.
    thread: Option<ThreadHandle>,
    /// How much fuel it may still use before it lets others run; none if it never does.
    slice: Option<Slice<T>>,
}

/// What is left of a slice of the fuel, and what runs with no more: only programs that divide it
/// have that in them.
struct Slice<T> {
    left: u64,
    run: fn(&ThreadHandle, &mut StoreState<T>, &mut u64) -> Option<Exit>,
}

/// What a call does where the store has a hook: only programs that set one have it in them.
pub(crate) struct Hooked<T> {
    run: for<'a> fn(&mut Call<'a, T>) -> Result<CallState, Error>,
    call: CallHost<T>,
}

/// Calls the host function that a thread asks for, and looks at what becomes of it.
type CallHost<T> = for<'a, 'b, 'c> fn(
    &'a ThreadHandle,
    &'b mut StoreState<T>,
    &'c mut Last<T>,
    HostCall,
) -> Result<Option<CallState>, Error>;

impl<T> Hooked<T> {
    pub(crate) fn new() -> Hooked<T> {
        Hooked { run: |call| call.run_with_hook(), call: call_with_hook }
    }
}

/// Why a call stopped, if not by an error.
pub(crate) enum CallState {
    Finished,
    OutOfFuel,
    Interrupted,
    /// Its slice of the fuel is used, and paid for what comes next: it can go on at once.
    Yielded,
    /// A host function asks to be completed later, by a [`Pending`].
    HostPending(HostCall, Error),
}

/// A call of a host function.
#[derive(Clone, Copy)]
pub(crate) struct HostCall {
    /// The index of the function in the store.
    pub(crate) func: u32,
    /// Who called it: an index in the store, or [`NO_INSTANCE`].
    pub(crate) instance: u32,
}

impl<'a, T> Call<'a, T> {
    /// Prepares a call of the store's function `func`, for which `put` writes the slots of its
    /// parameters.
    #[inline]
    pub(crate) fn start(
        store: &'a mut StoreState<T>,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<Call<'a, T>, Error> {
        let thread = store.threads.enter(&mut store.inner)?;
        let mut call = Call { store, thread: Some(thread), slice: None };
        if let Some(thread) = &mut call.thread {
            thread.start(call.store, func, put)?;
        }
        Ok(call)
    }

    /// Calls the store's function `func` from beginning to end: `put` writes the slots of its
    /// parameters, `take` reads those of its results.
    #[inline]
    pub(crate) fn whole<R>(
        store: &'a mut StoreState<T>,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
        take: impl FnOnce(&mut StoreInner, &[u64]) -> R,
    ) -> Result<R, Error> {
        let StoreState { inner, threads, call_hook, .. } = &mut *store;
        let call = match threads.at_rest(inner, func) {
            Some(thread) if call_hook.is_none() => {
                if thread.call_at_once(inner, func, put)? {
                    return Ok(thread.lend_results(inner, take));
                }
                let thread = threads.enter_stopped();
                Call { store, thread, slice: None }
            }
            _ => Call::start(store, func, put)?,
        };
        call.finish_with(take)
    }

    #[inline(never)]
    fn finish_with<R>(
        mut self,
        take: impl FnOnce(&mut StoreInner, &[u64]) -> R,
    ) -> Result<R, Error> {
        self.finish()?;
        Ok(self.take_results(take))
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
        Ok(Call { store, thread: thread.take(), slice: None })
    }

    /// Ends this part of the call; its thread can go on later.
    pub(crate) fn pause(mut self) -> Option<ThreadHandle> {
        self.thread.take()
    }

    /// Lets it use no more than so much fuel before it stops as [`CallState::Yielded`].
    pub(crate) fn yield_after(&mut self, slice: Option<u64>) {
        self.slice = slice.map(|left| Slice { left, run: run_slice });
    }

    /// What is left of its slice.
    pub(crate) fn slice(&self) -> Option<u64> {
        self.slice.as_ref().map(|slice| slice.left)
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
            CallState::Yielded => return Error::msg("the call goes on"),
            CallState::HostPending(_, error) => {
                if let Some(pending) = error.downcast_ref() {
                    Pending::give_up(pending);
                }
                error
            }
        };
        self.with_backtrace(error)
    }

    /// The error, with where the guest is.
    #[cold]
    pub(crate) fn with_backtrace(&self, error: Error) -> Error {
        match &self.thread {
            Some(thread) => error.with_backtrace(backtrace(thread, &self.store.inner)),
            None => error,
        }
    }

    /// Runs until it finishes or stops.
    pub(crate) fn run(&mut self) -> Result<CallState, Error> {
        match &self.store.call_hook {
            Some(hook) => (hook.calls.run)(self),
            None => self.run_guest(),
        }
    }

    /// As `run`: the store's hook is told when the guest begins and ends to run.
    #[cold]
    fn run_with_hook(&mut self) -> Result<CallState, Error> {
        self.tell_hook(CallHook::CallingWasm)?;
        let stop = self.run_guest();
        if let (Ok(CallState::Finished), Some(thread)) = (&stop, &self.thread) {
            thread.hold_own_results(&mut self.store.inner);
        }
        self.tell_hook(CallHook::ReturningFromWasm)?;
        stop
    }

    fn tell_hook(&mut self, passage: CallHook) -> Result<(), Error> {
        self.store.tell_hook(passage).map_err(|error| self.with_backtrace(error))
    }

    fn run_guest(&mut self) -> Result<CallState, Error> {
        let Some(thread) = &mut self.thread else { return Ok(CallState::Finished) };
        let mut last = None;
        loop {
            let mut exit = match &mut self.slice {
                None => thread.run(self.store),
                Some(slice) => match (slice.run)(thread, self.store, &mut slice.left) {
                    Some(exit) => exit,
                    None => return Ok(CallState::Yielded),
                },
            };
            while let Exit::HostCall { func, instance } = exit {
                let called = HostCall { func, instance };
                let stop = if let Some(hook) = &self.store.call_hook {
                    (hook.calls.call)(thread, self.store, &mut last, called)?
                } else {
                    let outcome = call_host(thread, self.store, &mut last, called);
                    if self.slice.is_none() && has_just_returned(&self.store.inner, &outcome) {
                        exit = thread.run_on(self.store);
                        continue;
                    }
                    host_returned(thread, &mut self.store.inner, called, outcome)?
                };
                match stop {
                    Some(stop) => return Ok(stop),
                    None => break,
                }
            }
            match exit {
                Exit::HostCall { .. } => {}
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
                Exit::Exception(reference) if EXCEPTIONS => {
                    let store = &mut self.store.inner;
                    store.pending_exception = reference;
                    let thrown = thread.take_thrown(store);
                    let new = || ThrownException::new(store, reference).into();
                    let error = thrown.unwrap_or_else(new);
                    return Err(error.with_backtrace(backtrace(thread, store)));
                }
                Exit::Exception(_) => unreachable!("there are no exceptions in this build"),
            }
        }
    }

    /// The arguments of the pending host function, in slots as they lie there.
    pub(crate) fn host_slots(&mut self) -> Vec<u64> {
        let Some(thread) = &self.thread else { return Vec::new() };
        thread.lend_slots(self.store, |_, slots| slots.to_vec())
    }

    /// The pending host function has returned so: with results in slots, or with an error. Why the
    /// call can't go on, if it can't.
    pub(crate) fn complete(
        &mut self,
        called: HostCall,
        outcome: Result<Vec<u64>, Error>,
    ) -> Result<Option<CallState>, Error> {
        let Some(thread) = &self.thread else { return Ok(None) };
        let put = |_: &mut _, slots: &mut [u64]| {
            outcome
                .map(|results| slots.iter_mut().zip(results).for_each(|(slot, word)| *slot = word))
        };
        let outcome = thread.lend_slots(self.store, put);
        let held = outcome.is_ok().then_some(Held::Results(called.func));
        thread.hold(&mut self.store.inner, held);
        host_returned(thread, &mut self.store.inner, called, outcome)
    }
}

/// Tells the store's hook; what lies in the thread's slots is held meanwhile, and afterwards.
#[cold]
fn tell_hook<T>(
    thread: &ThreadHandle,
    store: &mut StoreState<T>,
    passage: CallHook,
    held: Option<Held>,
) -> Result<(), Error> {
    thread.hold(&mut store.inner, held);
    let told = store.tell_hook(passage);
    told.map_err(|error| error.with_backtrace(backtrace(thread, &store.inner)))
}

/// The host function called last, for those that are called again and again.
type Last<T> = Option<(u32, Arc<HostFn<T>>)>;

/// Calls the host function that the thread asks for.
#[inline(always)]
fn call_host<T>(
    thread: &ThreadHandle,
    store: &mut StoreState<T>,
    last: &mut Last<T>,
    called: HostCall,
) -> Result<(), Error> {
    let host = match last {
        Some((index, host)) if *index == called.func => host,
        last => &last.insert((called.func, store.host_func(called.func))).1,
    };
    thread.lend_slots(store, |store, slots| {
        let scope = HostScope::begin(store);
        host(Caller::new(StoreContextMut(scope.store), called.instance), slots)
    })
}

/// As `call_host` and `host_returned`, when the store has a hook.
#[cold]
fn call_with_hook<T>(
    thread: &ThreadHandle,
    store: &mut StoreState<T>,
    last: &mut Last<T>,
    called: HostCall,
) -> Result<Option<CallState>, Error> {
    let held = Some(Held::Params(called.func));
    tell_hook(thread, store, CallHook::CallingHost, held)?;
    thread.hold(&mut store.inner, None);
    let outcome = call_host(thread, store, last, called);
    let is_ok = outcome.is_ok();
    let stop = host_returned(thread, &mut store.inner, called, outcome);
    let held = match &stop {
        Ok(Some(CallState::HostPending(..))) => Some(Held::Params(called.func)),
        _ => is_ok.then_some(Held::Results(called.func)),
    };
    tell_hook(thread, store, CallHook::ReturningFromHost, held)?;
    stop
}

/// Whether a host function has returned with results, and there is nothing to look at but those.
#[inline]
fn has_just_returned(store: &StoreInner, outcome: &Result<(), Error>) -> bool {
    outcome.is_ok() && !store.owes() && !store.interrupt.is_raised()
}

/// What becomes of a call whose host function has returned: why it can't go on, if it can't.
#[inline]
fn host_returned(
    thread: &ThreadHandle,
    store: &mut StoreInner,
    called: HostCall,
    outcome: Result<(), Error>,
) -> Result<Option<CallState>, Error> {
    if has_just_returned(store, &outcome) {
        return Ok(None);
    }
    host_stops(thread, store, called, outcome)
}

/// As `host_returned`, where there is something to look at.
#[cold]
fn host_stops(
    thread: &ThreadHandle,
    store: &mut StoreInner,
    called: HostCall,
    outcome: Result<(), Error>,
) -> Result<Option<CallState>, Error> {
    let owes = thread.owe_for_host(store);
    let Err(error) = outcome else {
        if owes {
            thread.hold(store, Some(Held::Results(called.func)));
            return Ok(Some(CallState::OutOfFuel));
        }
        // A guest is not to run on for long that does little but call the host.
        if store.interrupt.is_raised() && called.instance != NO_INSTANCE {
            store.interrupt.clear();
            thread.hold(store, Some(Held::Results(called.func)));
            return Ok(Some(CallState::Interrupted));
        }
        return Ok(None);
    };
    let pending = store.pending_exception;
    if EXCEPTIONS && error.is::<ThrownException>() && pending != 0 && called.instance != NO_INSTANCE
    {
        // It is the thread's: somebody in it may catch it.
        store.pending_exception = 0;
        thread.throw_from_host(store, pending, error);
        return Ok(None);
    }
    match error.downcast_ref().is_some_and(Pending::can_be_answered) {
        true => Ok(Some(CallState::HostPending(called, error))),
        false => Err(error.with_backtrace(backtrace(thread, store))),
    }
}

/// Runs with no more fuel than the slice has, and takes from that what is used. None when it is
/// used up, though the store has fuel for what comes next, which then is paid.
fn run_slice<T>(thread: &ThreadHandle, store: &mut StoreState<T>, left: &mut u64) -> Option<Exit> {
    let given = store.inner.fuel.min(*left);
    let reserve = store.inner.fuel - given;
    store.inner.fuel = given;
    let sliced = Sliced { store, reserve };
    let exit = thread.run(sliced.store);
    *left -= given.saturating_sub(sliced.store.inner.fuel);
    drop(sliced);
    if matches!(exit, Exit::OutOfFuel) && reserve > 0 {
        let fuel = store.inner.fuel;
        store.inner.fuel = thread.settle(&mut store.inner, fuel);
        if !thread.is_in_debt(&store.inner) {
            return None;
        }
    }
    Some(exit)
}

/// A store of whose fuel a part is laid aside, until this is dropped: also when a limiter panics.
struct Sliced<'a, T> {
    store: &'a mut StoreState<T>,
    reserve: u64,
}

impl<T> Drop for Sliced<'_, T> {
    fn drop(&mut self) {
        let fuel = &mut self.store.inner.fuel;
        *fuel = fuel.saturating_add(self.reserve);
    }
}

impl<T> Drop for Call<'_, T> {
    fn drop(&mut self) {
        let StoreState { inner, threads, .. } = &mut *self.store;
        threads.leave(inner, self.thread.take());
    }
}

/// What a host function roots is rooted until it returns, or panics.
pub(crate) struct HostScope<'a, T> {
    pub(crate) store: &'a mut StoreState<T>,
    depth: usize,
    /// What the host function around it owes.
    owed: u64,
}

impl<'a, T> HostScope<'a, T> {
    #[inline]
    pub(crate) fn begin(store: &'a mut StoreState<T>) -> HostScope<'a, T> {
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
    WasmBacktrace::new(thread.backtrace(store), store.engine.config().max_backtrace_frames)
}
