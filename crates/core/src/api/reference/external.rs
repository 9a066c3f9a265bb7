//! [`ExternRef`]: host values, and the guest's own references in disguise.

use super::{AnyRef, Reference, Referent, Rooted, rooted::reference};
use crate::{
    AsContextMut, Error, StoreContext, StoreContextMut,
    driver::{collect, collect_if_due},
    runtime::host_value_allowed,
};
use core::any::Any;

reference! {
    /// A value of `externref`: a host value, which guests can hold and hand back but not look into;
    /// or a guest's reference that `extern.convert_any` hid.
    ///
    /// The store drops host values that can't be reached any more.
    ///
    /// ```
    /// use windlass::{Engine, ExternRef, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let reference = ExternRef::new(&mut store, String::from("a host's string"))?;
    /// let data = reference.data_mut(&mut store)?.unwrap();
    /// data.downcast_mut::<String>().unwrap().push_str(", changed");
    /// let value = reference.data(&store)?.unwrap();
    /// assert_eq!(value.downcast_ref::<String>().unwrap(), "a host's string, changed");
    /// # Ok::<(), windlass::Error>(())
    /// ```
    ExternRef, Any, "host value"
}

impl ExternRef {
    /// Puts `value` into the store. When many were put there, garbage is collected, and host values
    /// that nobody can reach are dropped.
    ///
    /// # Errors
    /// If the store has no room for another host value, or if a limit does not allow it even after
    /// a collection ([`ResourceLimiter::total_growing`](crate::ResourceLimiter::total_growing));
    /// the limiter's.
    pub fn new<V: Any + Send + Sync>(
        mut store: impl AsContextMut,
        value: V,
    ) -> Result<Rooted<ExternRef>, Error> {
        let store = store.as_context_mut().0;
        let size = size_of::<V>();
        if !host_value_allowed(store, size)? {
            collect(store);
            if !host_value_allowed(store, size)? {
                return Err(Error::msg("resource limit exceeded: host values"));
            }
        }
        let slot = store.inner.add_host_value(value)?;
        let rooted = Rooted::new(&mut store.inner, slot);
        collect_if_due(store);
        Ok(rooted)
    }

    /// The value; none if it is a guest's reference.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn data<'a, T: 'a>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>, Error> {
        let store = &store.into().0.inner;
        Ok(match Referent::of(self.slot(store)?) {
            Referent::Host(index) => store.externs.get(index),
            _ => None,
        })
    }

    /// The value, to be changed; none if it is a guest's reference.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn data_mut<'a, T: 'a>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<Option<&'a mut (dyn Any + Send + Sync)>, Error> {
        let store = &mut store.into().0.inner;
        Ok(match Referent::of(self.slot(store)?) {
            Referent::Host(index) => store.externs.get_mut(index),
            _ => None,
        })
    }

    /// `extern.convert_any`: the same reference as an `externref`.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    ///
    /// ```
    /// use windlass::{AnyRef, Engine, ExternRef, I31, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(5));
    /// let hidden = ExternRef::convert_any(&mut store, number)?;
    /// assert!(hidden.data(&store)?.is_none());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn convert_any(
        mut store: impl AsContextMut,
        any: Rooted<AnyRef>,
    ) -> Result<Rooted<ExternRef>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = any.slot(store)?;
        Ok(Rooted::new(store, slot))
    }
}
