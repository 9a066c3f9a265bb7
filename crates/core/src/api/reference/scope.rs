//! [`RootScope`]: ends the life of references that were made in it.

use crate::{AsContext, AsContextMut, StoreContext, StoreContextMut};

/// A store in which references are valid until this is dropped. Scopes lie one inside the other;
/// each call of a host function is one, too. A program that makes or gets many references outside
/// of host functions needs them: what is not in a scope is kept as long as the store lives.
///
/// ```
/// use windlass::{Engine, ExternRef, RootScope, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// for i in 0..1000 {
///     let mut scope = RootScope::new(&mut store);
///     let value = ExternRef::new(&mut scope, i)?;
///     assert_eq!(value.data(&scope)?.unwrap().downcast_ref(), Some(&i));
/// }
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Debug)]
pub struct RootScope<C: AsContextMut> {
    store: C,
    /// How many roots there were when it began.
    depth: usize,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins a scope.
    pub fn new(mut store: C) -> RootScope<C> {
        let depth = store.as_context_mut().0.inner.roots.depth();
        RootScope { store, depth }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().0.inner.roots.leave(self.depth);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}

impl<'a, C: AsContextMut> From<&'a RootScope<C>> for StoreContext<'a, C::Data> {
    fn from(scope: &'a RootScope<C>) -> StoreContext<'a, C::Data> {
        scope.as_context()
    }
}

impl<'a, C: AsContextMut> From<&'a mut RootScope<C>> for StoreContext<'a, C::Data> {
    fn from(scope: &'a mut RootScope<C>) -> StoreContext<'a, C::Data> {
        let scope: &'a RootScope<C> = scope;
        scope.as_context()
    }
}

impl<'a, C: AsContextMut> From<&'a mut RootScope<C>> for StoreContextMut<'a, C::Data> {
    fn from(scope: &'a mut RootScope<C>) -> StoreContextMut<'a, C::Data> {
        scope.as_context_mut()
    }
}
