//! `wasm_func_t`: functions, and how C calls them.

use crate::{
    callback::windlass_func_callback_t,
    callback::{self, Callback, wasm_func_callback_t, wasm_func_callback_with_env_t},
    entry::{Const, Mut, Own, entries},
    info::{Finalizer, HostInfo},
    reference::{wasm_func_t, wasm_ref_t, wasm_trap_t},
    stack,
    store::{Shared, wasm_store_t},
    trap,
    types::{wasm_externtype_t, wasm_functype_t},
    value::{self, wasm_val_t},
    vector::wasm_val_vec_t,
};
use std::{ffi::c_void, sync::Arc};
use windlass::{Func, FuncType, Result, Val};

/// A host function of C's in a store; null if there is no function, or if the type is none.
fn new(
    store: Mut<'_, wasm_store_t>,
    ty: Const<'_, wasm_functype_t>,
    callback: Callback,
) -> Own<wasm_func_t> {
    let store = &store?.0;
    let ty = ty?.func_type(&store.engine).ok()?;
    let host = callback::checked(callback).ok()?.into_host(&ty);
    let func = store.enter(|cx| Ok(Func::new(cx, ty, host))).ok()?;
    Some(Box::new(wasm_ref_t::of_extern(func, store)))
}

/// A function that a handle is of, its store and its type.
pub(crate) fn parts(handle: Const<'_, wasm_func_t>) -> Option<(Func, Arc<Shared>, FuncType)> {
    let handle = handle?;
    let (func, store) = (handle.func()?, handle.store.clone()?);
    let ty = store.enter(|cx| Ok(func.ty(cx))).ok()?;
    Some((func, store, ty))
}

fn call(
    (func, store, ty): (Func, Arc<Shared>, FuncType),
    args: Const<'_, wasm_val_vec_t>,
) -> Result<Vec<wasm_val_t>> {
    stack::check()?;
    store.enter(|cx| {
        let params = value::to_vals(args, ty.params(), cx, &store)?;
        let mut out = vec![Val::I32(0); ty.results().len()];
        func.call(&mut *cx, &params, &mut out)?;
        value::from_vals(&out, cx, &store)
    })
}

entries! {
    /// A host function.
    fn wasm_func_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_functype_t>,
        callback: wasm_func_callback_t,
    ) -> Own<wasm_func_t> {
        new(store, ty, Callback::plain(callback))
    }

    /// A host function with an environment, which ends with the store, or at once on failure.
    fn wasm_func_new_with_env(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_functype_t>,
        callback: wasm_func_callback_with_env_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) -> Own<wasm_func_t> {
        new(store, ty, Callback::with_env(callback, HostInfo::new(env, finalizer)))
    }

    /// The same, of a function that sees who called it.
    fn windlass_func_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_functype_t>,
        callback: windlass_func_callback_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) -> Own<wasm_func_t> {
        new(store, ty, Callback::with_caller(callback, HostInfo::new(env, finalizer)))
    }

    /// Its type.
    fn wasm_func_type(func: Const<'_, wasm_func_t>) -> Own<wasm_functype_t> {
        Some(Box::new(wasm_externtype_t::of_func(&parts(func)?.2)))
    }

    /// How many parameters it has.
    fn wasm_func_param_arity(func: Const<'_, wasm_func_t>) -> usize {
        parts(func).map_or(0, |(.., ty)| ty.params().len())
    }

    /// How many results it has.
    fn wasm_func_result_arity(func: Const<'_, wasm_func_t>) -> usize {
        parts(func).map_or(0, |(.., ty)| ty.results().len())
    }

    /// Calls it; the results go to where C has room for exactly as many. What comes back is an
    /// error, or null. The handles may be deleted meanwhile.
    fn wasm_func_call(
        func: *const wasm_func_t,
        args: *const wasm_val_vec_t,
        results: *mut wasm_val_vec_t,
    ) -> Own<wasm_trap_t> {
        // SAFETY: the caller's, as of `Const`. It is not used when guests run.
        let parts = parts(unsafe { func.as_ref() });
        let store = parts.as_ref().map(|(_, store, _)| store.clone());
        let outcome = parts.ok_or_else(trap::null).and_then(|parts| {
            // SAFETY: as of `Const`.
            let vals = call(parts, unsafe { args.as_ref() })?;
            // SAFETY: as of `InOut`.
            value::put_results(unsafe { results.as_mut() }, vals)
        });
        outcome.err().map(|error| trap::from_error(&error, store.as_ref()))
    }
}

const _: () = assert!(size_of::<wasm_val_t>() == 16);
