//! Fields of structures and elements of arrays, as the host reads and writes them.

use crate::{Error, FieldType, Mutability, Val, object_type::Storage, runtime::StoreInner};

/// Where a field or an element lies in the heap: its byte offset, and how it is stored.
#[derive(Clone, Copy)]
pub(crate) struct HeapField {
    pub(crate) at: usize,
    pub(crate) storage: Storage,
}

/// Reads it.
pub(crate) fn read(store: &mut StoreInner, ty: FieldType, place: HeapField) -> Val {
    let slots = store.heap.read(place.at, place.storage);
    Val::from_slots(store, ty.element_type().unpack(), &slots)
}

/// Writes it, if it can be set.
pub(crate) fn write(
    store: &mut StoreInner,
    ty: FieldType,
    place: HeapField,
    value: Val,
) -> Result<(), Error> {
    if ty.mutability() == Mutability::Const {
        return Err(Error::msg("immutable field"));
    }
    let mut slots = [0; 2];
    value.put(store, &ty.element_type().unpack(), &mut slots)?;
    store.touch();
    store.heap.write(place.at, place.storage, slots);
    Ok(())
}
