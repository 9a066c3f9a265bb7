//! [`Execution`]: a call as a value that can be paused and go on. [`Func::call`](crate::Func::call)
//! is the convenience for calls that can't be.

use super::{
    func::{Call, CallState, HostCall},
    store::StoreState,
    value::{HOST_RESULT, check_store, vals_to_slots},
};
use crate::{
    AsContext, AsContextMut, Error, FuncType, Val, WasmBacktrace,
    driver::{Held, ThreadHandle},
    runtime::{StoreId, StoreInner},
};
use alloc::{boxed::Box, vec::Vec};
use core::any::Any;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

/// A call that can be paused, of a function that returns `R`. Made by
/// [`Func::start`](crate::Func::start) and [`TypedFunc::start`](crate::TypedFunc::start); it runs
/// by [`Execution::run`].
///
/// It holds the guest's stack. Between two runs the store can be used for anything else, other
/// calls and other executions too. An execution that is dropped never goes on.
///
/// While a guest is paused in `memory.atomic.wait`, it does not wait: a notification that comes
/// then wakes others, or nobody. When it goes on it looks at the value again, and waits for the
/// rest of its time: it is woken for certain only by who changes the value, too.
///
/// ```
/// use windlass::{Config, Engine, Event, Func, Store, Val};
/// let engine = Engine::new(Config::new().consume_fuel(true))?;
/// let mut store = Store::new(&engine, ());
/// let double = Func::wrap(&mut store, |n: i32| 2 * n);
/// let mut execution = double.start(&mut store, &[Val::I32(21)])?;
/// loop {
///     match execution.run(&mut store)? {
///         Event::Finished(values) => break assert_eq!(values[0].i32(), Some(42)),
///         Event::OutOfFuel => store.set_fuel(10_000)?,
///         Event::Interrupted => println!("a rest"),
///         Event::HostPending(_) => execution.resume(&mut store, &[])?,
///         _ => unreachable!("no other event yet"),
///     }
/// }
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct Execution<R = Box<[Val]>> {
    store: StoreId,
    ty: FuncType,
    /// None when it has ended.
    thread: Option<ThreadHandle>,
    /// The host function whose results it waits for.
    pending: Option<HostCall>,
    /// What is left of its slice of the fuel, if it lets others run.
    slice: Option<u64>,
    take: TakeResults<R>,
}

/// Makes results of slots, for a function of this type.
pub(crate) type TakeResults<R> = fn(&mut StoreInner, &FuncType, &[u64]) -> R;

/// Why [`Execution::run`] returned.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event<R = Box<[Val]>> {
    /// The function returned these values. The execution has ended.
    Finished(R),
    /// The fuel does not suffice to go on: [`Store::set_fuel`](crate::Store::set_fuel), then run
    /// again. Any amount makes progress.
    OutOfFuel,
    /// An [`InterruptHandle`](crate::InterruptHandle) was used, or the deadline of the store has
    /// come ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)). It can run again.
    Interrupted,
    /// A host function returned [`Pending`]: [`Execution::resume`] gives its results, then it can
    /// run again.
    HostPending(Pending),
}

/// How far an execution has come.
pub(crate) enum Progress<R> {
    Event(Event<R>),
    /// Its slice of the fuel is used; it goes on when it runs again.
    Yielded,
}

impl<R> Execution<R> {
    pub(crate) fn new(
        store: StoreId,
        ty: FuncType,
        thread: Option<ThreadHandle>,
        take: TakeResults<R>,
    ) -> Execution<R> {
        Execution { store, ty, thread, pending: None, slice: None, take }
    }

    /// Runs until the function returns or something stops it.
    ///
    /// # Errors
    /// If the guest traps, or a host function in it fails: this ends the execution. If it has
    /// ended, or waits for [`Execution::resume`], or if the store is another than it was started
    /// in.
    pub fn run(&mut self, mut store: impl AsContextMut) -> Result<Event<R>, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, self.store, "execution")?;
        if self.pending.is_some() {
            return Err(Error::msg("the execution waits for the results of a host function"));
        }
        self.slice = None;
        loop {
            // Without slices of fuel, nobody yields.
            match self.advance(store, None, None)? {
                // A future is awaited where it was asked for, or nowhere: who gets this gives
                // results himself, and can't pass it on as a request of his own.
                Progress::Event(Event::HostPending(pending)) if pending.is_future => {
                    pending.give_up();
                    return Ok(Event::HostPending(pending));
                }
                Progress::Event(event) => return Ok(event),
                Progress::Yielded => {}
            }
        }
    }

    /// As `run`: after the pending host function has returned, if that is so; and with so much fuel
    /// at most between two times that it lets others run. The store is the right one.
    pub(crate) fn advance<T>(
        &mut self,
        store: &mut StoreState<T>,
        interval: Option<u64>,
        returned: Option<Result<Vec<u64>, Error>>,
    ) -> Result<Progress<R>, Error> {
        let mut call = Call::resume(store, &mut self.thread)?;
        let called = self.pending.take();
        call.yield_after(interval.map(|units| self.slice.unwrap_or(units).min(units)));
        let stop = match (called, returned) {
            (Some(called), Some(outcome)) => call.complete(called, outcome)?,
            _ => None,
        };
        let stop = match stop {
            Some(stop) => stop,
            None => call.run()?,
        };
        self.slice = call.slice();
        let event = match stop {
            CallState::Finished => {
                let results = call.take_results(|store, slots| (self.take)(store, &self.ty, slots));
                return Ok(Progress::Event(Event::Finished(results)));
            }
            CallState::OutOfFuel => Progress::Event(Event::OutOfFuel),
            CallState::Interrupted => Progress::Event(Event::Interrupted),
            CallState::Yielded => {
                self.slice = None;
                Progress::Yielded
            }
            CallState::HostPending(called, error) => {
                let pending = error.downcast()?;
                self.pending = Some(called);
                Progress::Event(Event::HostPending(pending))
            }
        };
        self.thread = call.pause();
        Ok(event)
    }

    /// The type of the pending host function.
    pub(crate) fn pending_type<T>(&self, store: &StoreState<T>) -> Option<FuncType> {
        self.pending.map(|called| store.inner.func_type(called.func))
    }

    /// Who called the pending host function, and its arguments in slots.
    pub(crate) fn host_call<T>(
        &mut self,
        store: &mut StoreState<T>,
    ) -> Result<(u32, Vec<u64>), Error> {
        let mut call = Call::resume(store, &mut self.thread)?;
        let slots = call.host_slots();
        self.thread = call.pause();
        match self.pending {
            Some(called) => Ok((called.instance, slots)),
            None => Err(Error::msg("no host function of the execution is pending")),
        }
    }

    /// Ends it for this reason, which it adds to where the guest is.
    #[cold]
    pub(crate) fn end<T>(&mut self, store: &mut StoreState<T>, reason: Error) -> Error {
        match Call::resume(store, &mut self.thread) {
            Ok(call) => call.with_backtrace(reason),
            Err(error) => error,
        }
    }

    /// Gives the results of the host function that [`Event::HostPending`] told of. Nothing runs
    /// before the next [`Execution::run`].
    ///
    /// # Errors
    /// If no host function is pending, if values are not as many as its type says and of these
    /// types, or if the store is another than it was started in.
    pub fn resume(&mut self, mut store: impl AsContextMut, results: &[Val]) -> Result<(), Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, self.store, "execution")?;
        let (Some(thread), Some(HostCall { func, .. })) = (&mut self.thread, self.pending) else {
            return Err(Error::msg("no host function of the execution is pending"));
        };
        let ty = store.inner.func_type(func);
        store.inner.touch();
        thread.lend_slots(store, |store, slots| {
            vals_to_slots(&store.inner, HOST_RESULT, results, ty.result_types(), slots)
        })?;
        thread.hold(&mut store.inner, Some(Held::Results(func)));
        self.pending = None;
        Ok(())
    }

    /// Where the guest is: before it ran for the first time, in no function. None if it has ended.
    ///
    /// # Errors
    /// If the store is another than it was started in.
    ///
    /// ```
    /// use windlass::{Config, Engine, Event, Instance, Module, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let wasm = wat::parse_str(r#"(func $spin (export "spin") (loop (br 0)))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(1000)?;
    /// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
    /// let spin = instance.get_func(&store, "spin").unwrap();
    /// let mut execution = spin.start(&mut store, &[])?;
    /// assert!(matches!(execution.run(&mut store)?, Event::OutOfFuel));
    /// let place = execution.backtrace(&store)?.unwrap();
    /// assert_eq!(place.frames()[0].func_name(), Some("spin"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backtrace(&self, store: impl AsContext) -> Result<Option<WasmBacktrace>, Error> {
        let inner = &store.as_context().0.inner;
        check_store(inner.id, self.store, "execution")?;
        let most = inner.engine.config().max_backtrace_frames;
        let trace = |thread: &ThreadHandle| WasmBacktrace::new(thread.backtrace(inner), most);
        Ok(self.thread.as_ref().map(trace))
    }

    /// How many values its function returns.
    pub(crate) fn result_count(&self) -> usize {
        self.ty.result_types().len()
    }

    /// Whether it has ended: its function returned, or it failed.
    pub fn has_ended(&self) -> bool {
        self.thread.is_none()
    }
}

impl<R> fmt::Debug for Execution<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (&self.thread, self.pending) {
            (None, _) => "Ended",
            (_, Some(_)) => "Pending",
            (_, None) => "Ready",
        };
        f.debug_struct("Execution").field("ty", &self.ty).field("state", &state).finish()
    }
}

/// A host function returns it as its error to say that its results come later, by
/// [`Execution::resume`].
///
/// It carries a request: any value that tells the embedder what to do meanwhile. In a call that
/// can't be paused (one by [`Func::call`](crate::Func::call), also inside an execution) it is an
/// error.
///
/// ```
/// use windlass::{Engine, Error, Event, Func, Pending, Store, Val};
/// let mut store = Store::new(&Engine::default(), ());
/// let ask = Func::wrap(&mut store, |number: u32| -> Result<u32, Error> {
///     Err(Pending::new(number).into())
/// });
/// let mut execution = ask.start(&mut store, &[Val::from(7u32)])?;
/// if let Event::HostPending(pending) = execution.run(&mut store)? {
///     let number = pending.request().downcast_ref::<u32>().unwrap();
///     execution.resume(&mut store, &[Val::from(number * number)])?;
/// }
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct Pending {
    request: Box<dyn Any + Send + Sync>,
    /// It is a future that is asked for, of a host function that is one.
    is_future: bool,
    /// Its call has ended: nobody can give results any more, nor take it for a request of his own.
    is_given_up: AtomicBool,
}

impl Pending {
    /// Asks for `request`.
    pub fn new<R: Any + Send + Sync>(request: R) -> Pending {
        Pending { request: Box::new(request), is_future: false, is_given_up: false.into() }
    }

    /// Asks for a future to be awaited.
    pub(crate) fn future<R: Any + Send + Sync>(request: R) -> Pending {
        Pending { is_future: true, ..Pending::new(request) }
    }

    /// It asks in vain: the call that it was to pause has ended.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Whether who asks still waits.
    pub(crate) fn can_be_answered(&self) -> bool {
        !self.is_given_up.load(Ordering::Relaxed)
    }

    /// What is asked for.
    pub fn request(&self) -> &(dyn Any + Send + Sync) {
        &*self.request
    }

    /// What is asked for.
    pub fn into_request(self) -> Box<dyn Any + Send + Sync> {
        self.request
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.is_future {
            false => "a host function is pending in a call that cannot be paused",
            true => "an async host function was called in a call that is not: use `call_async`",
        })
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}

impl core::error::Error for Pending {}
