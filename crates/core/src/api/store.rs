//! [`Store`]: the data of running guests: the embedder's own data, host functions, and all
//! instances. Everything that works on a store takes it as [`AsContext`] or [`AsContextMut`].

use super::{call_hook::Hook, func::HostFn};
use crate::{
    Engine, Error, Metering, ResourceLimiter, Trap, Val,
    driver::{self, Threaded, Threads, collect},
    interrupt::Interrupt,
    runtime::{COLLECTS, Embedder, Limited, StoreId, StoreInner},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

/// Holds all instances of a guest program, and `T`, data of the embedder that host functions can
/// reach.
///
/// Nothing is freed before the store is dropped: to get rid of instances, drop their store. Handles
/// ([`Func`](crate::Func), [`Memory`](crate::Memory) and so on) are only numbers, to be used with
/// their store.
///
/// A host function or a limiter that panics ends the calls of guests that it was called from, and
/// the executions that ran. The store stays whole: it can be used on, with whatever guests had
/// written until then.
///
/// ```
/// use windlass::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), vec!["a log"]);
/// store.data_mut().push("of what happened");
/// assert_eq!(store.into_data().len(), 2);
/// ```
pub struct Store<T>(Box<StoreState<T>>);

/// What is behind a store's contexts.
pub(crate) struct StoreState<T> {
    pub(crate) inner: StoreInner,
    pub(crate) threads: Threads,
    pub(crate) data: T,
    /// The host functions that functions of the store refer to.
    pub(crate) host_funcs: Vec<Arc<HostFn<T>>>,
    limiter: Option<Box<Limiter<T>>>,
    /// None also while it is called.
    pub(crate) call_hook: Option<Hook<T>>,
    /// How much fuel an asynchronous call uses at most between two times that it lets others run.
    pub(crate) yield_interval: Option<u64>,
    /// Lists of values that no call uses, kept for their memory.
    pub(crate) idle_vals: Vec<Vec<Val>>,
}

type Limiter<T> = dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync;

impl<T> Store<T> {
    /// An empty store, without a limiter, and where fuel is counted, without fuel: see
    /// [`Store::set_fuel`].
    ///
    /// # Panics
    /// On a host without 64-bit atomics, if the process has made 2^32 - 1 stores before.
    #[inline(never)]
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        let id = StoreId::next();
        // Each part is made where it stays.
        Store(Box::new(StoreState {
            inner: StoreInner::new(id, engine),
            threads: Threads::new(id),
            data,
            host_funcs: Vec::new(),
            limiter: None,
            call_hook: None,
            yield_interval: None,
            idle_vals: Vec::new(),
        }))
    }

    pub(crate) fn state(&mut self) -> &mut StoreState<T> {
        &mut self.0
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.inner.engine
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The embedder's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// The embedder's data, for which the store ends.
    pub fn into_data(self) -> T {
        self.0.data
    }

    /// Sets what decides how much guests may take: a part of the embedder's data. See
    /// [`StoreLimits`](crate::StoreLimits).
    pub fn limiter(
        &mut self,
        limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        self.0.limiter = Some(Box::new(limiter));
    }

    /// Sets how much fuel is left. A new store has none.
    ///
    /// Of this, what is still to be paid is paid at once. A guest pays for a stretch of code before
    /// it runs it. When the fuel does not suffice, all that there is is taken, and an
    /// [`Execution`](crate::Execution) that stops so owes the rest: while it does,
    /// [`Store::get_fuel`] gives 0, and nothing runs. So any amount makes progress, and the fuel
    /// that a program uses in all does not depend on the amounts. The debt of an execution that is
    /// dropped, or of a call that ended with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel), is
    /// nobody's. While one owes something, this looks at all that are paused: many thousands of
    /// tasks are better off in stores of their own.
    ///
    /// # Errors
    /// If the engine does not count fuel: see
    /// [`Config::consume_fuel`](crate::Config::consume_fuel).
    ///
    /// ```
    /// use windlass::{Config, Engine, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// assert_eq!(store.get_fuel()?, 0);
    /// store.set_fuel(1_000_000)?;
    /// assert_eq!(store.get_fuel()?, 1_000_000);
    /// assert!(Store::new(&Engine::default(), ()).set_fuel(1).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn set_fuel(&mut self, fuel: u64) -> Result<(), Error> {
        self.as_context_mut().set_fuel(fuel)
    }

    /// How much fuel is left: nothing while some is owed.
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64, Error> {
        self.as_context().get_fuel()
    }

    /// How much fuel guests use in calls that are futures
    /// ([`Func::call_async`](crate::Func::call_async)) before these let others run: they are
    /// pending for once, with their waker woken. None, as at first: they don't. A stretch of code
    /// that costs more than this runs as a whole. The fuel that is used does not depend on it.
    ///
    /// # Errors
    /// If the engine does not count fuel, or if the interval is 0.
    ///
    /// ```
    /// use windlass::{Config, Engine, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(u64::MAX)?;
    /// store.fuel_async_yield_interval(Some(100_000))?;
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<(), Error> {
        self.as_context_mut().fuel_async_yield_interval(interval)
    }

    /// What stops a guest of this store from another thread.
    ///
    /// # Errors
    /// If the engine's guests don't look: see [`Config::metering`](crate::Config::metering).
    ///
    /// ```
    /// use windlass::{Config, Engine, Metering, Store};
    /// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    /// let store = Store::new(&engine, ());
    /// let handle = store.interrupt_handle()?;
    /// std::thread::spawn(move || handle.interrupt());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn interrupt_handle(&self) -> Result<InterruptHandle, Error> {
        self.as_context().interrupt_handle()
    }

    /// Stops the store's guests when the engine has made `ticks_beyond_current` ticks more
    /// ([`Engine::increment_epoch`]): a [`Func::call`](crate::Func::call) then ends with
    /// [`Trap::Interrupted`](crate::Trap::Interrupted), an [`Execution`](crate::Execution) stops
    /// with [`Event::Interrupted`](crate::Event::Interrupted) and can go on. So does each that runs
    /// later, until there is another deadline: this one replaces the one before, also if that has
    /// come already. 0 stops them at once. A store without a deadline is never stopped, nor is one
    /// by `u64::MAX` ticks.
    ///
    /// Where guests look, and what an interrupt by [`InterruptHandle`] does, does not change:
    /// neither takes the other back.
    ///
    /// # Errors
    /// If the engine's guests don't look: see [`Config::metering`](crate::Config::metering); if the
    /// host has no memory for a first deadline.
    ///
    /// ```
    /// use windlass::{Config, Engine, Metering, Store};
    /// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_epoch_deadline(10)?;
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn set_epoch_deadline(&mut self, ticks_beyond_current: u64) -> Result<(), Error> {
        self.as_context_mut().set_epoch_deadline(ticks_beyond_current)
    }

    /// Takes an interrupt back that no guest has noticed, such as one that came after the call that
    /// it was meant for had ended. A deadline stays. See [`InterruptHandle::clear_interrupt`].
    pub fn clear_interrupt(&mut self) {
        self.as_context_mut().clear_interrupt();
    }

    /// Collects garbage: drops all that neither guests nor the host can reach. This also happens by
    /// itself, when the heap is full or has grown enough. Host values are dropped last, when the
    /// store is fit for use again: should a drop panic, the others are dropped by the next
    /// collection.
    ///
    /// It is not interrupted, however long it takes. If the host has no memory to find out what
    /// stacks refer to, it does nothing.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use windlass::{Engine, ExternRef, RootScope, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let value = Arc::new(());
    /// {
    ///     let mut scope = RootScope::new(&mut store);
    ///     ExternRef::new(&mut scope, value.clone())?;
    /// }
    /// store.gc();
    /// assert_eq!(Arc::strong_count(&value), 1);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn gc(&mut self) {
        self.as_context_mut().gc();
    }
}

impl<T> StoreState<T> {
    /// The closure of the host function with this index in the store.
    pub(crate) fn host_func(&self, func: u32) -> Arc<HostFn<T>> {
        self.host_funcs[self.inner.funcs[func as usize].index as usize].clone()
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("data", &self.0.data).finish_non_exhaustive()
    }
}

impl<T: Default> Default for Store<T> {
    fn default() -> Store<T> {
        Store::new(&Engine::default(), T::default())
    }
}

impl<T> Embedder for StoreState<T> {
    fn inner(&mut self) -> &mut StoreInner {
        &mut self.inner
    }

    fn limited(&mut self) -> &mut dyn Limited {
        self
    }

    fn free_stacks(&mut self) -> bool {
        self.threads.free_stacks(&mut self.inner)
    }

    fn reserve_gc(&mut self, size: usize, cost: u64) -> Result<(), Error> {
        match COLLECTS {
            true => driver::reserve(self, size, cost),
            // Modules whose initial values are objects were refused.
            false => Err(Trap::AllocationTooLarge.into()),
        }
    }
}

impl<T> Threaded for StoreState<T> {
    fn parts(&mut self) -> (&mut StoreInner, &mut Threads) {
        (&mut self.inner, &mut self.threads)
    }
}

impl<T> Limited for StoreState<T> {
    fn limiter(&mut self) -> Option<&mut dyn ResourceLimiter> {
        self.limiter.as_mut().map(|limiter| limiter(&mut self.data))
    }
}

/// Stops a running guest from another thread. Cheap to clone.
///
/// ```
/// use windlass::{Config, Engine, Instance, Metering, Module, Store, Trap};
/// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
/// let wasm = wat::parse_str(r#"(func (export "spin") (loop (br 0)))"#).unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// let handle = store.interrupt_handle()?;
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_millis(5));
///     handle.interrupt();
/// });
/// let spin = instance.get_typed_func::<(), ()>(&store, "spin")?;
/// assert_eq!(spin.call(&mut store, ()).unwrap_err().trap(), Some(Trap::Interrupted));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct InterruptHandle(Arc<Interrupt>);

impl InterruptHandle {
    /// Stops the guest wherever [`Metering::Interrupt`] looks, or the next guest that runs if none
    /// does now: until then the interrupt is pending, unless [`InterruptHandle::clear_interrupt`]
    /// takes it back. One call stops one guest: a [`Func::call`](crate::Func::call) ends with
    /// [`Trap::Interrupted`](crate::Trap::Interrupted), an [`Execution`](crate::Execution) can go
    /// on.
    ///
    /// An instruction that moves or makes much is stopped in the middle, and goes on there. A guest
    /// that waits by `memory.atomic.wait` is woken. A host function is not stopped: only the guest
    /// that called it, once it has returned.
    pub fn interrupt(&self) {
        self.0.raise();
    }

    /// Takes an interrupt back that no guest has noticed yet: one that is to stop a call can come
    /// just after that has ended, and would stop the next. To be certain that none comes later,
    /// whoever interrupts must be done. A deadline ([`Store::set_epoch_deadline`]) stays.
    ///
    /// ```
    /// use windlass::{Config, Engine, Metering, Store};
    /// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    /// let handle = Store::new(&engine, ()).interrupt_handle()?;
    /// handle.interrupt();
    /// handle.clear_interrupt();
    /// assert!(!handle.is_interrupted());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn clear_interrupt(&self) {
        self.0.clear();
    }

    /// Whether a guest is to be stopped and has not noticed yet, also by a deadline. A host
    /// function that waits can ask, and return early.
    pub fn is_interrupted(&self) -> bool {
        self.0.is_raised()
    }
}

impl fmt::Debug for InterruptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InterruptHandle").field(&self.is_interrupted()).finish()
    }
}

/// A store to be read: [`Store`], [`Caller`](crate::Caller), the contexts and references to them.
///
/// ```
/// use windlass::{AsContext, Memory};
///
/// fn is_empty(store: impl AsContext, memory: &Memory) -> bool {
///     memory.data_size(store) == 0
/// }
/// ```
pub trait AsContext {
    /// The embedder's data in the store.
    type Data;

    /// The store to be read.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// A store to be changed: [`Store`], [`Caller`](crate::Caller), [`StoreContextMut`] and references
/// to them.
///
/// ```
/// use windlass::{AsContext, AsContextMut, Memory};
///
/// /// Works with a store, and with a caller inside a host function.
/// fn put(mut store: impl AsContextMut, memory: &Memory, byte: u8) -> bool {
///     let old = memory.data(store.as_context())[0];
///     memory.data_mut(store.as_context_mut())[0] = byte;
///     old != byte
/// }
/// # use windlass::{MemoryType, Store};
/// # let mut store = Store::<()>::default();
/// # let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// # assert!(put(&mut store, &memory, 1) && !put(&mut store, &memory, 1));
/// # Ok::<(), windlass::Error>(())
/// ```
pub trait AsContextMut: AsContext {
    /// The store to be changed.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

/// A store to be read.
pub struct StoreContext<'a, T>(pub(crate) &'a StoreState<T>);

/// A store to be changed.
pub struct StoreContextMut<'a, T>(pub(crate) &'a mut StoreState<T>);

impl<'a, T> StoreContext<'a, T> {
    /// The embedder's data.
    pub fn data(&self) -> &'a T {
        &self.0.data
    }

    /// The engine.
    pub fn engine(&self) -> &'a Engine {
        &self.0.inner.engine
    }

    /// See [`Store::get_fuel`].
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64, Error> {
        check_fuel(self.engine())?;
        Ok(self.0.inner.fuel)
    }

    /// See [`Store::interrupt_handle`].
    ///
    /// # Errors
    /// If the engine's guests don't look.
    pub fn interrupt_handle(&self) -> Result<InterruptHandle, Error> {
        check_interrupt(self.engine())?;
        Ok(InterruptHandle(self.0.inner.interrupt.clone()))
    }
}

impl<T> StoreContextMut<'_, T> {
    /// See [`Store::gc`].
    pub fn gc(&mut self) {
        collect(self.0);
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The embedder's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.inner.engine
    }

    /// See [`Store::get_fuel`].
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64, Error> {
        self.as_context().get_fuel()
    }

    /// See [`Store::set_fuel`].
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<(), Error> {
        check_fuel(self.engine())?;
        let StoreState { inner, threads, .. } = &mut *self.0;
        threads.set_fuel(inner, fuel);
        Ok(())
    }

    /// See [`Store::fuel_async_yield_interval`].
    ///
    /// # Errors
    /// If the engine does not count fuel, or if the interval is 0.
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<(), Error> {
        check_fuel(self.engine())?;
        if interval == Some(0) {
            return Err(Error::msg("the interval at which calls yield is at least 1 unit of fuel"));
        }
        self.0.yield_interval = interval;
        Ok(())
    }

    /// See [`Caller::consume_fuel`](crate::Caller::consume_fuel).
    pub(crate) fn consume_fuel(&mut self, units: u64) -> Result<(), Error> {
        check_fuel(self.engine())?;
        self.0.inner.consume_fuel(units);
        Ok(())
    }

    /// See [`Store::set_epoch_deadline`].
    ///
    /// # Errors
    /// If the engine's guests don't look; if the host has no memory for a first deadline.
    pub fn set_epoch_deadline(&mut self, ticks_beyond_current: u64) -> Result<(), Error> {
        check_interrupt(self.engine())?;
        let set = self.0.inner.deadline.set(ticks_beyond_current);
        set.map_err(|_| Error::msg("the host has no memory for a deadline"))
    }

    /// See [`Store::clear_interrupt`].
    pub fn clear_interrupt(&mut self) {
        self.0.inner.interrupt.clear();
    }
}

fn check_interrupt(engine: &Engine) -> Result<(), Error> {
    match engine.config().metering {
        Metering::None => Err(Error::msg(
            "guests of this engine cannot be interrupted: with \
             `Config::metering(Metering::Interrupt)` they can",
        )),
        Metering::Interrupt | Metering::Fuel => Ok(()),
    }
}

fn check_fuel(engine: &Engine) -> Result<(), Error> {
    match engine.config().metering {
        Metering::Fuel => Ok(()),
        _ => Err(Error::msg(
            "the engine does not count fuel: with `Config::consume_fuel(true)` it does",
        )),
    }
}

impl<T> AsContext for Store<T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(&self.0)
    }
}

impl<T> AsContextMut for Store<T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(&mut self.0)
    }
}

impl<T> AsContext for StoreContext<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T> AsContext for StoreContextMut<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.0)
    }
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<'a, T> From<&'a Store<T>> for StoreContext<'a, T> {
    fn from(store: &'a Store<T>) -> Self {
        StoreContext(&store.0)
    }
}

/// So that what only reads takes a `&mut store`, too.
impl<'a, T> From<&'a mut Store<T>> for StoreContext<'a, T> {
    fn from(store: &'a mut Store<T>) -> Self {
        StoreContext(&store.0)
    }
}

impl<'a, T> From<&'a mut Store<T>> for StoreContextMut<'a, T> {
    fn from(store: &'a mut Store<T>) -> Self {
        StoreContextMut(&mut store.0)
    }
}
