//! [`Global`]: a global variable of a store.

use super::value::check_store;
use crate::{
    AsContext, AsContextMut, Error, GlobalType, Mutability, Val, ValType,
    runtime::{StoreId, StoreInner},
};

/// A global variable of a store. It is a number, cheap to copy.
///
/// ```
/// use windlass::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::I32(1))?;
/// global.set(&mut store, Val::I32(2))?;
/// assert_eq!(global.get(&mut store).i32(), Some(2));
/// assert!(global.set(&mut store, Val::I64(2)).is_err());
/// # Ok::<(), windlass::Error>(())
/// ```
///
/// # Panics
/// Methods that do not return a `Result` panic if the global belongs to another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global {
    store: StoreId,
    index: u32,
}

impl Global {
    /// A global of type `ty` that starts as `value`.
    ///
    /// # Errors
    /// If `value` is of another type or belongs to another store.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global, Error> {
        let inner = &mut store.as_context_mut().0.inner;
        if !ty.content().is_of(&inner.engine) {
            return Err(Error::msg("the type of the value belongs to another engine"));
        }
        let mut slots = [0; 2];
        value.put(inner, &ty.content(), &mut slots)?;
        inner.touch();
        let index = inner.globals.len() as u32;
        inner.globals.push(slots);
        inner.global_types.push(ty.to_decoded());
        Ok(Global { store: inner.id, index })
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let inner = &store.as_context().0.inner;
        let ty = inner.global_types[self.index_in(inner)];
        GlobalType::from_decoded(&inner.engine, ty).given(&inner.engine)
    }

    /// Its value.
    pub fn get(&self, mut store: impl AsContextMut) -> Val {
        let inner = &mut store.as_context_mut().0.inner;
        let index = self.index_in(inner);
        let ty = ValType::from_decoded(&inner.engine, inner.global_types[index].val);
        let slots = inner.globals[index];
        Val::from_slots(inner, ty, &slots)
    }

    /// Sets its value.
    ///
    /// # Errors
    /// If it can't be set, if `value` is of another type, or if it or the global belongs to another
    /// store.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<(), Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, self.store, "global")?;
        let ty = GlobalType::from_decoded(&inner.engine, inner.global_types[self.index as usize]);
        if ty.mutability() == Mutability::Const {
            return Err(Error::msg("immutable global"));
        }
        let mut slots = [0; 2];
        value.put(inner, &ty.content(), &mut slots)?;
        inner.touch();
        inner.globals[self.index as usize] = slots;
        Ok(())
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Global {
        Global { store, index }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    fn index_in(&self, store: &StoreInner) -> usize {
        match check_store(store.id, self.store, "global") {
            Ok(()) => self.index as usize,
            Err(error) => panic!("{error}"),
        }
    }
}
