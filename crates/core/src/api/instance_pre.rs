//! [`InstancePre`]: a module with its imports found, for many instances. Made by a linker; what is
//! in a store is made by `instance`.

use super::linker::Definition;
use crate::{AsContextMut, Engine, Error, Instance, Module, Trap, error::error};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

/// A module with what its imports stand for, ready to be instantiated many times: imports were
/// found by name, and the types of host functions checked. Made by
/// [`Linker::instantiate_pre`](crate::Linker::instantiate_pre). Cheap to clone, and usable from
/// several threads.
///
/// ```
/// use windlass::{Engine, Linker, Module, Store};
/// let engine = Engine::default();
/// let text = r#"(import "env" "id" (func $id (result i32)))
///               (func (export "run") (result i32) (call $id))"#;
/// let module = Module::new(&engine, wat::parse_str(text).unwrap())?;
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("env", "id", |caller: windlass::Caller<'_, i32>| *caller.data())?;
/// let prepared = linker.instantiate_pre(&module)?;
/// for id in 0..3 {
///     let mut store = Store::new(&engine, id);
///     let instance = prepared.instantiate(&mut store)?;
///     let run = instance.get_typed_func::<(), i32>(&store, "run")?;
///     assert_eq!(run.call(&mut store, ())?, id);
/// }
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct InstancePre<T>(Arc<Prepared<T>>);

struct Prepared<T> {
    module: Module,
    /// One for each import, in order.
    imports: Vec<Definition<T>>,
}

impl<T> InstancePre<T> {
    pub(super) fn new(module: Module, imports: Vec<Definition<T>>) -> InstancePre<T> {
        InstancePre(Arc::new(Prepared { module, imports }))
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.0.module
    }

    /// What its imports stand for, in order.
    pub(super) fn imports(&self) -> impl Iterator<Item = &Definition<T>> {
        self.0.imports.iter()
    }

    /// Makes an instance in `store`: see [`Instance::new`].
    ///
    /// # Errors
    /// As [`Instance::new`]: also if something that an import stands for belongs to another store,
    /// or the store to another engine.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance, Error> {
        let Prepared { module, imports } = &*self.0;
        let store = store.as_context_mut().0;
        if !Engine::same(module.engine(), &store.inner.engine) {
            return Err(error!("the module belongs to another engine than the store"));
        }
        let mut items = Vec::new();
        items.try_reserve_exact(imports.len()).map_err(|_| Trap::AllocationTooLarge)?;
        for import in imports {
            items.push(import.to_item(store)?);
        }
        Instance::with_items(store, module, &items)
    }
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        InstancePre(self.0.clone())
    }
}

impl<T> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("module", self.module()).finish_non_exhaustive()
    }
}
