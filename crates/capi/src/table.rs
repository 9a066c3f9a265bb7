//! `wasm_table_t`: tables.

use crate::{
    entry::{Const, Mut, Own, entries},
    reference::{wasm_ref_t, wasm_table_t},
    store::{Shared, wasm_store_t},
    types::{wasm_externtype_t, wasm_tabletype_t},
    value::{from_ref, to_ref},
};
use std::sync::Arc;
use windlass::{ExternType, Table};

fn parts(handle: Const<'_, wasm_table_t>) -> Option<(Table, &Arc<Shared>)> {
    let handle = handle?;
    Some((handle.table()?, handle.store.as_ref()?))
}

entries! {
    /// A table whose elements are all `init`, or null; null if that is not of their type, or if
    /// there is no room.
    fn wasm_table_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_tabletype_t>,
        init: Mut<'_, wasm_ref_t>,
    ) -> Own<wasm_table_t> {
        let (store, ty) = (&store?.0, ty?.table_type().ok()?);
        let table = store.enter(|cx| {
            let init = to_ref(init, cx, store, ty.element().heap_type())?;
            Table::new(cx, ty, init)
        });
        Some(Box::new(wasm_ref_t::of_extern(table.ok()?, store)))
    }

    /// Its type.
    fn wasm_table_type(table: Const<'_, wasm_table_t>) -> Own<wasm_tabletype_t> {
        let (table, store) = parts(table)?;
        let ty = store.enter(|cx| Ok(table.ty(cx))).ok()?;
        Some(Box::new(wasm_externtype_t::new(&ExternType::Table(ty))?))
    }

    /// An element: null if it is, or if there is none at this index.
    fn wasm_table_get(table: Const<'_, wasm_table_t>, index: u32) -> Own<wasm_ref_t> {
        let (table, store) = parts(table)?;
        let handle = store.enter(|cx| match table.get(&mut *cx, index.into()) {
            Some(element) => from_ref(element, cx, store),
            None => Ok(None),
        });
        handle.ok()?.map(Box::new)
    }

    /// Sets an element; false if there is none at this index, or if the reference does not fit.
    fn wasm_table_set(
        table: Mut<'_, wasm_table_t>,
        index: u32,
        value: Mut<'_, wasm_ref_t>,
    ) -> bool {
        let Some((table, store)) = parts(table) else { return false };
        let outcome = store.enter(|cx| {
            let ty = table.ty(&*cx).element().heap_type();
            let value = to_ref(value, cx, store, ty)?;
            table.set(cx, index.into(), value)
        });
        outcome.is_ok()
    }

    /// How many elements it has.
    fn wasm_table_size(table: Const<'_, wasm_table_t>) -> u32 {
        let Some((table, store)) = parts(table) else { return 0 };
        let size = store.enter(|cx| Ok(table.size(cx))).unwrap_or(0);
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// Adds elements that are `init`, or null; false if there is no room.
    fn wasm_table_grow(
        table: Mut<'_, wasm_table_t>,
        delta: u32,
        init: Mut<'_, wasm_ref_t>,
    ) -> bool {
        let Some((table, store)) = parts(table) else { return false };
        let outcome = store.enter(|cx| {
            let ty = table.ty(&*cx).element().heap_type();
            let init = to_ref(init, cx, store, ty)?;
            table.grow(cx, delta.into(), init)
        });
        outcome.is_ok()
    }
}
