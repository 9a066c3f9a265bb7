//! `wasm_extern_t`: what can be imported and exported, and host values.

use crate::{
    entry::{Const, Mut, Own, entries},
    info::Info,
    reference::{Object, wasm_extern_t, wasm_foreign_t, wasm_ref_t},
    store::wasm_store_t,
    types::wasm_externtype_t,
};
use std::sync::Arc;
use windlass::{Extern, ExternRef};

entries! {
    /// What it is: a `wasm_externkind_t`.
    fn wasm_extern_kind(item: Const<'_, wasm_extern_t>) -> u8 {
        match item.and_then(|item| item.as_extern()) {
            Some(Extern::Global(_)) => 1,
            Some(Extern::Table(_)) => 2,
            Some(Extern::Memory(_) | Extern::SharedMemory(_)) => 3,
            Some(Extern::Tag(_)) => 4,
            _ => 0,
        }
    }

    /// Its type.
    fn wasm_extern_type(item: Const<'_, wasm_extern_t>) -> Own<wasm_externtype_t> {
        let item = item?;
        let (definition, store) = (item.as_extern()?, item.store.as_ref()?);
        let ty = store.enter(|cx| Ok(definition.ty(cx))).ok()?;
        Some(Box::new(wasm_externtype_t::new(&ty)?))
    }

    /// A host value: guests hold it as an `externref`, and what C attaches to it comes along.
    fn wasm_foreign_new(store: Mut<'_, wasm_store_t>) -> Own<wasm_foreign_t> {
        let store = &store?.0;
        let info = Arc::new(Info::default());
        let root = store.enter(|cx| {
            let value = ExternRef::new(&mut *cx, info.clone())?;
            value.to_owned_rooted(cx)
        });
        Some(Box::new(wasm_ref_t::new(Object::Foreign(root.ok()?, info), store)))
    }
}
