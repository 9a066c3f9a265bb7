//! [`Caller`]: what a host function sees of the store and of the guest that called it.

use crate::{
    AsContext, AsContextMut, Engine, Error, Extern, Instance, InterruptHandle, StoreContext,
    StoreContextMut, Val,
    runtime::{NO_INSTANCE, StoreId, StoreInner},
};
use alloc::vec::Vec;

/// The store that a host function runs in, and the instance that called it.
///
/// ```
/// use windlass::{Caller, Engine, Error, Linker};
/// let mut linker: Linker<String> = Linker::new(&Engine::default());
/// linker.func_wrap(
///     "env",
///     "log",
///     |mut caller: Caller<'_, String>, at: u32, len: u32| -> Result<(), Error> {
///         let memory = caller.get_export("memory").and_then(|export| export.into_memory());
///         let memory = memory.ok_or(Error::msg("no memory"))?;
///         let mut bytes = vec![0; len as usize];
///         memory.read(&caller, at as usize, &mut bytes)?;
///         caller.data_mut().push_str(&String::from_utf8_lossy(&bytes));
///         Ok(())
///     },
/// )?;
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct Caller<'a, T> {
    store: StoreContextMut<'a, T>,
    instance: u32,
}

impl<'a, T> Caller<'a, T> {
    #[inline]
    pub(crate) fn new(store: StoreContextMut<'a, T>, instance: u32) -> Caller<'a, T> {
        Caller { store, instance }
    }

    pub(crate) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { store: self.store.as_context_mut(), instance: self.instance }
    }

    pub(crate) fn inner(&self) -> &StoreInner {
        &self.store.0.inner
    }

    pub(crate) fn inner_mut(&mut self) -> &mut StoreInner {
        &mut self.store.0.inner
    }

    /// Lists of values that no call uses.
    pub(crate) fn idle_vals(&mut self) -> &mut Vec<Vec<Val>> {
        &mut self.store.0.idle_vals
    }

    #[inline]
    pub(crate) fn store_id(&self) -> StoreId {
        self.store.0.inner.id
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The embedder's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// What the instance that called exports under `name`; none if the host called.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance()?.get_export(&mut self.store, name)
    }

    /// The instance that called; none if the host did.
    pub fn instance(&self) -> Option<Instance> {
        (self.instance != NO_INSTANCE).then(|| Instance::from_index(self.store_id(), self.instance))
    }

    /// How much fuel is left.
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64, Error> {
        self.store.get_fuel()
    }

    /// Sets how much fuel is left.
    ///
    /// # Errors
    /// If the engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<(), Error> {
        self.store.set_fuel(fuel)
    }

    /// Takes fuel for what the host function does, so that guests pay for it.
    ///
    /// If there is less, all that there is is taken, and the rest is owed: when the host function
    /// has returned, its results are kept, and the guest stops until the debt is paid, as it does
    /// for what it executes itself ([`Store::set_fuel`](crate::Store::set_fuel)). The host function
    /// goes on in any case.
    ///
    /// # Errors
    /// If the engine does not count fuel.
    ///
    /// ```
    /// use windlass::{Caller, Config, Engine, Func, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// let costly = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: u32| {
    ///     caller.consume_fuel(n.into())
    /// });
    /// store.set_fuel(100)?;
    /// let costly = costly.typed::<u32, ()>(&store)?;
    /// costly.call(&mut store, 70)?;
    /// assert_eq!(store.get_fuel()?, 30);
    /// assert!(costly.call(&mut store, 70).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn consume_fuel(&mut self, units: u64) -> Result<(), Error> {
        self.store.consume_fuel(units)
    }

    /// See [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline).
    ///
    /// # Errors
    /// If the engine's guests don't look.
    pub fn set_epoch_deadline(&mut self, ticks_beyond_current: u64) -> Result<(), Error> {
        self.store.set_epoch_deadline(ticks_beyond_current)
    }

    /// See [`Store::clear_interrupt`](crate::Store::clear_interrupt).
    pub fn clear_interrupt(&mut self) {
        self.store.clear_interrupt();
    }

    /// See [`Store::gc`](crate::Store::gc).
    pub fn gc(&mut self) {
        self.store.gc();
    }

    /// See [`Store::interrupt_handle`](crate::Store::interrupt_handle).
    ///
    /// # Errors
    /// If the engine's guests don't look.
    pub fn interrupt_handle(&self) -> Result<InterruptHandle, Error> {
        self.as_context().interrupt_handle()
    }
}

impl<T> AsContext for Caller<'_, T> {
    type Data = T;
    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T> AsContextMut for Caller<'_, T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<'a, T> From<&'a Caller<'_, T>> for StoreContext<'a, T> {
    fn from(caller: &'a Caller<'_, T>) -> Self {
        StoreContext(caller.store.0)
    }
}

impl<'a, T> From<&'a mut Caller<'_, T>> for StoreContext<'a, T> {
    fn from(caller: &'a mut Caller<'_, T>) -> Self {
        StoreContext(caller.store.0)
    }
}

impl<'a, T> From<&'a mut Caller<'_, T>> for StoreContextMut<'a, T> {
    fn from(caller: &'a mut Caller<'_, T>) -> Self {
        StoreContextMut(caller.store.0)
    }
}
