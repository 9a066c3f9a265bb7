//! [`Callback`]: a function of C's as a host function. `func` and `linker` make them. While one
//! runs, C can use the store: `Shared::lend`.

use crate::{
    entry::{Mut, Name, Own, entries, text},
    info::HostInfo,
    reference::{wasm_extern_t, wasm_ref_t, wasm_trap_t},
    stack,
    store::{Data, Shared, wasm_store_t},
    trap,
    value::{self, wasm_val_t},
    vector::{Vector, wasm_val_vec_t},
};
use std::{ffi::c_void, sync::Arc};
use windlass::{AsContextMut, Caller, Error, FuncType, Instance, Result, Val};

/// A function without an environment.
pub type wasm_func_callback_t =
    Option<unsafe extern "C" fn(*const wasm_val_vec_t, *mut wasm_val_vec_t) -> Own<wasm_trap_t>>;

/// A function with an environment.
pub type wasm_func_callback_with_env_t = Option<
    unsafe extern "C" fn(
        *mut c_void,
        *const wasm_val_vec_t,
        *mut wasm_val_vec_t,
    ) -> Own<wasm_trap_t>,
>;

/// A function with an environment that sees who called it.
pub type windlass_func_callback_t = Option<
    unsafe extern "C" fn(
        *mut c_void,
        *mut windlass_caller_t,
        *const wasm_val_vec_t,
        *mut wasm_val_vec_t,
    ) -> Own<wasm_trap_t>,
>;

/// Who called a host function, while it runs.
pub struct windlass_caller_t {
    store: wasm_store_t,
    instance: Option<Instance>,
}

/// A function of C's.
#[derive(Clone, Copy)]
enum Code {
    Plain(wasm_func_callback_t),
    WithEnv(wasm_func_callback_with_env_t),
    WithCaller(windlass_func_callback_t),
}

/// A function of C's with its environment, which ends with it.
pub(crate) struct Callback {
    code: Code,
    env: HostInfo,
}

impl Callback {
    pub(crate) fn plain(code: wasm_func_callback_t) -> Callback {
        Callback { code: Code::Plain(code), env: HostInfo::new(std::ptr::null_mut(), None) }
    }

    pub(crate) fn with_env(code: wasm_func_callback_with_env_t, env: HostInfo) -> Callback {
        Callback { code: Code::WithEnv(code), env }
    }

    pub(crate) fn with_caller(code: windlass_func_callback_t, env: HostInfo) -> Callback {
        Callback { code: Code::WithCaller(code), env }
    }

    /// Whether there is a function.
    pub(crate) fn is_some(&self) -> bool {
        match self.code {
            Code::Plain(code) => code.is_some(),
            Code::WithEnv(code) => code.is_some(),
            Code::WithCaller(code) => code.is_some(),
        }
    }

    /// What the engine calls for a function of this type.
    pub(crate) fn into_host(
        self,
        ty: &FuncType,
    ) -> impl Fn(Caller<'_, Data>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static {
        let types: Vec<_> = ty.results().collect();
        move |mut caller, params, results| {
            stack::check()?;
            let gone = || Error::msg("the store is ending");
            let store = caller.data().shared.upgrade().ok_or_else(gone)?;
            let args = {
                let mut cx = caller.as_context_mut();
                Vector::from(value::from_vals(params, &mut cx, &store)?)
            };
            let zeros = types.iter().map(|&ty| wasm_val_t::zero(ty, &store));
            let mut out = Vector::from(zeros.collect::<Vec<_>>());
            let instance = caller.instance();
            let returned = store.lend(&mut caller, || self.call(&store, instance, &args, &mut out));
            if let Some(trap) = returned {
                return Err(trap::to_error(&trap, &mut caller, &store));
            }
            let mut cx = caller.as_context_mut();
            let vals = value::to_vals(Some(&out), types.iter().copied(), &mut cx, &store)?;
            results.copy_from_slice(&vals);
            Ok(())
        }
    }

    fn call(
        &self,
        store: &Arc<Shared>,
        instance: Option<Instance>,
        args: &wasm_val_vec_t,
        out: &mut wasm_val_vec_t,
    ) -> Own<wasm_trap_t> {
        let env = self.env.data;
        match self.code {
            // SAFETY: C gave the function, for this call; it does not unwind.
            Code::Plain(Some(code)) => unsafe { code(args, out) },
            // SAFETY: the same.
            Code::WithEnv(Some(code)) => unsafe { code(env, args, out) },
            Code::WithCaller(Some(code)) => {
                let mut caller = windlass_caller_t { store: wasm_store_t(store.clone()), instance };
                // SAFETY: the same.
                unsafe { code(env, &raw mut caller, args, out) }
            }
            _ => None,
        }
    }
}

/// The function of C's as a host function of a store.
///
/// # Errors
/// If there is none.
pub(crate) fn checked(callback: Callback) -> Result<Callback> {
    match callback.is_some() {
        true => Ok(callback),
        false => Err(trap::null()),
    }
}

entries! {
    /// The store, which the caller owns.
    fn windlass_caller_store(caller: Mut<'_, windlass_caller_t>) -> Mut<'_, wasm_store_t> {
        Some(&caller?.store)
    }

    /// What the calling instance exports under a name; null if a host called, or there is none.
    fn windlass_caller_export(
        caller: Mut<'_, windlass_caller_t>,
        name: Name,
    ) -> Own<wasm_extern_t> {
        let caller = caller?;
        let instance = caller.instance?;
        // SAFETY: the caller's.
        let name = unsafe { text(name) }?;
        let store = &caller.store.0;
        let item = store.enter(|cx| Ok(instance.get_export(cx, name))).ok()??;
        Some(Box::new(wasm_ref_t::of_extern(item, store)))
    }
}
