//! `windlass_linker_t`: finds the imports of modules by name.

use crate::{
    callback::{self, Callback, windlass_func_callback_t},
    config::wasm_engine_t,
    entry::{Const, Mut, Name, Out, Own, entries, hand_over, lock, text},
    info::{Finalizer, HostInfo},
    reference::{wasm_extern_t, wasm_instance_t, wasm_module_t, wasm_ref_t, wasm_trap_t},
    stack,
    store::{Data, Shared, wasm_store_t},
    trap,
    types::wasm_functype_t,
};
use std::{
    ffi::c_void,
    sync::{Arc, Mutex},
};
use windlass::{Error, Linker, Result};

/// Names with what they stand for.
pub struct windlass_linker_t(pub(crate) Mutex<Linker<Data>>);

/// Uses the linker.
pub(crate) fn with(
    linker: Mut<'_, windlass_linker_t>,
    f: impl FnOnce(&mut Linker<Data>) -> Result<()>,
) -> Own<wasm_trap_t> {
    let outcome = match linker {
        Some(linker) => lock(&linker.0).and_then(|mut linker| f(&mut linker)),
        None => Err(trap::null()),
    };
    outcome.err().map(|error| trap::from_error(&error, None))
}

/// A name of C's.
///
/// # Safety
/// As of [`Name`].
unsafe fn name<'a>(name: Name) -> Result<&'a str> {
    // SAFETY: the caller's.
    unsafe { text(name) }.ok_or_else(|| Error::msg("a name is null or not UTF-8"))
}

/// Instantiates a module by a copy of the linker: callbacks may use it meanwhile.
fn instantiate(
    linker: Const<'_, windlass_linker_t>,
    store: Option<&Arc<Shared>>,
    module: Const<'_, wasm_module_t>,
) -> Result<wasm_ref_t> {
    let (Some(linker), Some(store), Some(data)) =
        (linker, store, module.and_then(|module| module.module().cloned()))
    else {
        return Err(trap::null());
    };
    stack::check()?;
    let linker = lock(&linker.0)?.clone();
    let instance = store.enter(|cx| linker.instantiate(cx, &data.module))?;
    Ok(wasm_ref_t::of_instance(instance, store))
}

entries! {
    /// A linker for the stores of an engine.
    fn windlass_linker_new(engine: Mut<'_, wasm_engine_t>) -> Own<windlass_linker_t> {
        Some(Box::new(windlass_linker_t(Mutex::new(Linker::new(&engine?.0)))))
    }

    /// Deletes it; functions that are instantiated live on.
    fn windlass_linker_delete(linker: Own<windlass_linker_t>) {
        drop(linker);
    }

    /// Whether a name can be defined again.
    fn windlass_linker_allow_shadowing(linker: Mut<'_, windlass_linker_t>, allow: bool) {
        let _ = with(linker, |linker| {
            linker.allow_shadowing(allow);
            Ok(())
        });
    }

    /// Defines a name as something of a store.
    fn windlass_linker_define(
        linker: Mut<'_, windlass_linker_t>,
        module: Name,
        field: Name,
        item: Const<'_, wasm_extern_t>,
    ) -> Own<wasm_trap_t> {
        with(linker, |linker| {
            let item = item.ok_or_else(trap::null)?;
            let (Some(definition), Some(store)) = (item.as_extern(), &item.store) else {
                return Err(trap::null());
            };
            // SAFETY: the caller's.
            let (module, field) = unsafe { (name(module)?, name(field)?) };
            store.enter(|cx| {
                linker.define(cx, module, field, definition.clone())?;
                Ok(())
            })
        })
    }

    /// Defines a name as a function of C's, in whatever store. The environment ends with the last
    /// store that has it, or at once on failure.
    fn windlass_linker_define_func(
        linker: Mut<'_, windlass_linker_t>,
        module: Name,
        field: Name,
        ty: Const<'_, wasm_functype_t>,
        callback: windlass_func_callback_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) -> Own<wasm_trap_t> {
        let callback = Callback::with_caller(callback, HostInfo::new(env, finalizer));
        with(linker, |linker| {
            let ty = ty.ok_or_else(trap::null)?.func_type(linker.engine())?;
            let host = callback::checked(callback)?.into_host(&ty);
            // SAFETY: the caller's.
            let (module, field) = unsafe { (name(module)?, name(field)?) };
            linker.func_new(module, field, ty, host)?;
            Ok(())
        })
    }

    /// Defines all that an instance exports, as a module of this name.
    fn windlass_linker_define_instance(
        linker: Mut<'_, windlass_linker_t>,
        module: Name,
        instance: Const<'_, wasm_instance_t>,
    ) -> Own<wasm_trap_t> {
        with(linker, |linker| {
            let handle = instance.ok_or_else(trap::null)?;
            let (Some(instance), Some(store)) = (handle.instance(), &handle.store) else {
                return Err(trap::null());
            };
            // SAFETY: the caller's.
            let module = unsafe { name(module)? };
            store.enter(|cx| {
                linker.instance(cx, module, instance)?;
                Ok(())
            })
        })
    }

    /// Defines the functions that the module imports and that are unknown: they fail when they are
    /// called.
    fn windlass_linker_define_unknown_imports_as_traps(
        linker: Mut<'_, windlass_linker_t>,
        module: Const<'_, wasm_module_t>,
    ) -> Own<wasm_trap_t> {
        with(linker, |linker| {
            let data = module.and_then(|module| module.module()).ok_or_else(trap::null)?;
            linker.define_unknown_imports_as_traps(&data.module)
        })
    }

    /// What a name stands for, in a store; null if it is not defined.
    fn windlass_linker_get(
        linker: Const<'_, windlass_linker_t>,
        store: Mut<'_, wasm_store_t>,
        module: Name,
        field: Name,
    ) -> Own<wasm_extern_t> {
        let (linker, store) = (linker?, &store?.0);
        // SAFETY: the caller's.
        let (module, field) = unsafe { (name(module).ok()?, name(field).ok()?) };
        let linker = lock(&linker.0).ok()?;
        let item = store.enter(|cx| Ok(linker.get(cx, module, field))).ok()??;
        Some(Box::new(wasm_ref_t::of_extern(item, store)))
    }

    /// An instance of a module, with imports from the linker.
    fn windlass_linker_instantiate(
        linker: *const windlass_linker_t,
        store: *mut wasm_store_t,
        module: *const wasm_module_t,
        out: Out<'_, *mut wasm_instance_t>,
    ) -> Own<wasm_trap_t> {
        // All is cloned before guests run: callbacks may delete what these point to.
        // SAFETY: the caller's, as of `Mut`.
        let store = unsafe { store.as_ref() }.map(|store| store.0.clone());
        // SAFETY: the caller's, as of `Const`.
        let (linker, module) = unsafe { (linker.as_ref(), module.as_ref()) };
        match instantiate(linker, store.as_ref(), module) {
            Ok(instance) => {
                hand_over(out, Box::new(instance));
                None
            }
            Err(error) => Some(trap::from_error(&error, store.as_ref())),
        }
    }
}
