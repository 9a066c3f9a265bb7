//! `wasm_global_t`: globals.

use crate::{
    entry::{Const, Mut, Out, Own, entries, put},
    reference::{wasm_global_t, wasm_ref_t, wasm_trap_t},
    store::{Shared, wasm_store_t},
    trap,
    types::{wasm_externtype_t, wasm_globaltype_t},
    value::wasm_val_t,
};
use std::sync::Arc;
use windlass::{ExternType, Global, Result};

fn parts(handle: Const<'_, wasm_global_t>) -> Option<(Global, &Arc<Shared>)> {
    let handle = handle?;
    Some((handle.global()?, handle.store.as_ref()?))
}

fn set(handle: Const<'_, wasm_global_t>, val: Const<'_, wasm_val_t>) -> Result<()> {
    let (global, store) = parts(handle).ok_or_else(trap::null)?;
    let val = val.ok_or_else(trap::null)?;
    store.enter(|cx| {
        let ty = global.ty(&*cx).content();
        let val = val.to_val(cx, store, &ty)?;
        global.set(cx, val)
    })
}

entries! {
    /// A global with a copy of the value; null if that is not of its type.
    fn wasm_global_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_globaltype_t>,
        val: Const<'_, wasm_val_t>,
    ) -> Own<wasm_global_t> {
        let (store, ty, val) = (&store?.0, ty?.global_type().ok()?, val?);
        let global = store.enter(|cx| {
            let val = val.to_val(cx, store, &ty.content())?;
            Global::new(cx, ty, val)
        });
        Some(Box::new(wasm_ref_t::of_extern(global.ok()?, store)))
    }

    /// Its type.
    fn wasm_global_type(global: Const<'_, wasm_global_t>) -> Own<wasm_globaltype_t> {
        let (global, store) = parts(global)?;
        let ty = store.enter(|cx| Ok(global.ty(cx))).ok()?;
        Some(Box::new(wasm_externtype_t::new(&ExternType::Global(ty))?))
    }

    /// Its value; a null reference if the store can't be used.
    fn wasm_global_get(global: Const<'_, wasm_global_t>, out: Out<'_, wasm_val_t>) {
        let val = parts(global).and_then(|(global, store)| {
            let val = store.enter(|cx| {
                let val = global.get(&mut *cx);
                wasm_val_t::from_val(val, cx, store)
            });
            val.ok()
        });
        put(out, val.unwrap_or_else(wasm_val_t::null));
    }

    /// Sets it to a copy of the value, or does nothing: `windlass_global_set` tells why.
    fn wasm_global_set(global: Mut<'_, wasm_global_t>, val: Const<'_, wasm_val_t>) {
        let _ = set(global, val);
    }

    /// Sets it to a copy of the value.
    fn windlass_global_set(
        global: Mut<'_, wasm_global_t>,
        val: Const<'_, wasm_val_t>,
    ) -> Own<wasm_trap_t> {
        let store = global.and_then(|global| global.store.as_ref());
        trap::of(store, |_| set(global, val))
    }
}
