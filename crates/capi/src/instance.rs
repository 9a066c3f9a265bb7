//! `wasm_instance_t`: instances, and what they export.

use crate::{
    entry::{Const, Name, Out, Own, entries, put, text},
    reference::{wasm_extern_t, wasm_instance_t, wasm_module_t, wasm_ref_t, wasm_trap_t},
    stack,
    store::{Shared, wasm_store_t},
    trap,
    vector::{Vector, wasm_extern_vec_t},
};
use std::sync::Arc;
use windlass::{AsContext, Error, Extern, Instance, Module, Result};

/// What C gives to be imported.
fn imports(externs: Const<'_, wasm_extern_vec_t>, store: &Arc<Shared>) -> Result<Vec<Extern>> {
    let externs = externs.map_or(&[][..], Vector::as_slice);
    let definitions = externs.iter().map(|item| {
        let item = item.as_ref().ok_or_else(trap::null)?;
        if !item.store.as_ref().is_some_and(|own| Arc::ptr_eq(own, store)) {
            return Err(Error::msg("an import belongs to another store"));
        }
        item.as_extern().cloned().ok_or_else(|| Error::msg("an import is nothing that is exported"))
    });
    definitions.collect()
}

fn new(store: &Arc<Shared>, module: &Module, imports: &[Extern]) -> Result<Box<wasm_instance_t>> {
    stack::check()?;
    let instance = store.enter(|cx| Instance::new(cx, module, imports))?;
    Ok(Box::new(wasm_ref_t::of_instance(instance, store)))
}

entries! {
    /// An instance of a module with these imports, in its order; null if something goes wrong,
    /// which `trap` tells if it is not null.
    fn wasm_instance_new(
        store: *mut wasm_store_t,
        module: *const wasm_module_t,
        externs: *const wasm_extern_vec_t,
        trap: Out<'_, *mut wasm_trap_t>,
    ) -> Own<wasm_instance_t> {
        // All is cloned before guests run: callbacks may delete what these point to.
        // SAFETY: the caller's, as of `Mut`.
        let store = unsafe { store.as_ref() }.map(|store| store.0.clone());
        // SAFETY: the caller's, as of `Const`.
        let data = unsafe { module.as_ref() }.and_then(|module| module.module().cloned());
        let instance = (|| {
            let (Some(store), Some(data)) = (&store, &data) else { return Err(trap::null()) };
            // SAFETY: the caller's, as of `Const`.
            let imports = imports(unsafe { externs.as_ref() }, store)?;
            new(store, &data.module, &imports)
        })();
        match instance {
            Ok(instance) => {
                put(trap, std::ptr::null_mut());
                Some(instance)
            }
            Err(error) => {
                if let Some(trap) = trap {
                    trap.write(Box::into_raw(trap::from_error(&error, store.as_ref())));
                }
                None
            }
        }
    }

    /// What it exports, in the order of its module.
    fn wasm_instance_exports(
        instance: Const<'_, wasm_instance_t>,
        out: Out<'_, wasm_extern_vec_t>,
    ) {
        let handles = (|| {
            let handle = instance?;
            let (instance, store) = (handle.instance()?, handle.store.as_ref()?);
            let handles = store.enter(|cx| {
                let exports = instance.exports(cx.as_context()).map(|export| export.into_extern());
                Ok(exports.map(|item| Some(Box::new(wasm_ref_t::of_extern(item, store)))).collect())
            });
            handles.ok()
        })();
        put(out, handles.map_or_else(Vector::empty, |handles: Vec<_>| handles.into()));
    }

    /// What it exports under a name; null if there is nothing.
    fn windlass_instance_export(
        instance: Const<'_, wasm_instance_t>,
        name: Name,
    ) -> Own<wasm_extern_t> {
        let handle = instance?;
        let (instance, store) = (handle.instance()?, handle.store.as_ref()?);
        // SAFETY: the caller's.
        let name = unsafe { text(name) }?;
        let item = store.enter(|cx| Ok(instance.get_export(cx, name))).ok()??;
        Some(Box::new(wasm_ref_t::of_extern(item, store)))
    }
}
