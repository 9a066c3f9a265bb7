//! References to what lies in guests' heaps: structures, arrays and numbers of 31 bits.

use crate::{
    config::wasm_engine_t,
    entry::{Const, InOut, Mut, Out, Own, entries, hand_over, put},
    reference::{Object, wasm_ref_t, wasm_trap_t},
    store::{Cx, Shared, wasm_store_t},
    trap,
    types::wasm_valtype_t,
    value::{self, wasm_val_t},
    vector::wasm_val_vec_t,
};
use std::{slice, sync::Arc};
use windlass::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Error, FieldType, HeapType, I31, Mutability, RefType,
    Result, Rooted, StorageType, StructRef, StructRefPre, StructType,
};

/// A field of a structure, or what an array has of: `windlass_field_t`.
#[repr(C)]
pub struct windlass_field_t {
    /// The type; null for integers of few bits.
    ty: *const wasm_valtype_t,
    /// 8 or 16 if `ty` is null.
    bits: u8,
    mutability: u8,
}

/// What a reference is to: `windlass_refkind_t`.
mod kind {
    pub(super) const OTHER: u8 = 0;
    pub(super) const FOREIGN: u8 = 1;
    pub(super) const FUNC: u8 = 2;
    pub(super) const EXTERN: u8 = 3;
    pub(super) const I31: u8 = 4;
    pub(super) const STRUCT: u8 = 5;
    pub(super) const ARRAY: u8 = 6;
    pub(super) const EXCEPTION: u8 = 7;
    pub(super) const V128: u8 = 8;
}

/// The value that a handle is of.
fn any(
    handle: Const<'_, wasm_ref_t>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Rooted<AnyRef>> {
    let reference = value::to_ref(handle, cx, store, HeapType::Any)?;
    reference.as_any().flatten().ok_or_else(trap::null)
}

fn structure(
    handle: Const<'_, wasm_ref_t>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Rooted<StructRef>> {
    let any = any(handle, cx, store)?;
    any.as_struct(cx)?.ok_or_else(|| Error::msg("the reference is no structure"))
}

fn array(
    handle: Const<'_, wasm_ref_t>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Rooted<ArrayRef>> {
    let any = any(handle, cx, store)?;
    any.as_array(cx)?.ok_or_else(|| Error::msg("the reference is no array"))
}

/// Uses what a handle is of.
fn with(
    handle: Const<'_, wasm_ref_t>,
    f: impl FnOnce(&mut Cx<'_>, &Arc<Shared>) -> Result<()>,
) -> Own<wasm_trap_t> {
    let store = handle.and_then(|handle| handle.store.as_ref());
    trap::of(store, |store| store.enter(|cx| f(cx, store)))
}

/// Uses a store.
fn within(
    store: Mut<'_, wasm_store_t>,
    f: impl FnOnce(&mut Cx<'_>, &Arc<Shared>) -> Result<()>,
) -> Own<wasm_trap_t> {
    trap::of(store.map(|store| &store.0), |store| store.enter(|cx| f(cx, store)))
}

fn give(
    out: Out<'_, *mut wasm_ref_t>,
    value: Rooted<AnyRef>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<()> {
    let object = Object::Any(value.to_owned_rooted(cx)?);
    hand_over(out, Box::new(wasm_ref_t::new(object, store)));
    Ok(())
}

/// The heap type that a reference type of C's names.
fn heap_type(ty: Const<'_, wasm_valtype_t>) -> Result<HeapType> {
    let ty = ty.and_then(|ty| ty.0.as_ref()).map(RefType::heap_type);
    ty.ok_or_else(|| Error::msg("the type is not that of references"))
}

/// Fields of C's.
///
/// # Safety
/// `count` fields are at `fields`, unless that is null, with types that live.
unsafe fn field_types(fields: *const windlass_field_t, count: usize) -> Option<Vec<FieldType>> {
    if fields.is_null() {
        return (count == 0).then(Vec::new);
    }
    // SAFETY: the caller's.
    let fields = unsafe { slice::from_raw_parts(fields, count) };
    let types = fields.iter().map(|field| {
        // SAFETY: the caller's.
        let storage = match (unsafe { field.ty.as_ref() }, field.bits) {
            (Some(ty), _) => StorageType::from(ty.0),
            (None, 8) => StorageType::I8,
            (None, 16) => StorageType::I16,
            _ => return None,
        };
        let mutability = if field.mutability == 0 { Mutability::Const } else { Mutability::Var };
        Some(FieldType::new(mutability, storage))
    });
    types.collect()
}

/// The type of references to that, which are never null.
fn reference_to(heap: HeapType) -> Own<wasm_valtype_t> {
    Some(Box::new(wasm_valtype_t(RefType::new(false, heap).into())))
}

entries! {
    /// What the reference is to: a `windlass_refkind_t`.
    fn windlass_ref_kind(reference: Const<'_, wasm_ref_t>) -> u8 {
        let Some(handle) = reference else { return kind::OTHER };
        match &handle.object {
            Object::Foreign(..) => kind::FOREIGN,
            Object::Entity(_) if handle.func().is_some() => kind::FUNC,
            Object::External(_) => kind::EXTERN,
            Object::Exn(_) => kind::EXCEPTION,
            Object::V128(_) => kind::V128,
            Object::Any(root) => {
                let Some(store) = &handle.store else { return kind::OTHER };
                let kind = store.enter(|cx| Ok(match root.ty(cx)? {
                    HeapType::I31 => kind::I31,
                    HeapType::ConcreteStruct(_) => kind::STRUCT,
                    HeapType::ConcreteArray(_) => kind::ARRAY,
                    _ => kind::EXTERN,
                }));
                kind.unwrap_or(kind::OTHER)
            }
            _ => kind::OTHER,
        }
    }

    /// The exact type of a structure, an array or a number; null if it is none.
    fn windlass_ref_type(reference: Const<'_, wasm_ref_t>) -> Own<wasm_valtype_t> {
        let handle = reference?;
        let (Object::Any(root), Some(store)) = (&handle.object, &handle.store) else { return None };
        reference_to(store.enter(|cx| root.ty(cx)).ok()?)
    }

    /// A number, of which 31 bits are kept.
    fn windlass_i31_new(store: Mut<'_, wasm_store_t>, value: u32) -> Own<wasm_ref_t> {
        let store = &store?.0;
        let root = store.enter(|cx| {
            let number = AnyRef::from_i31(&mut *cx, I31::wrapping_u32(value));
            number.to_owned_rooted(cx)
        });
        Some(Box::new(wasm_ref_t::new(Object::Any(root.ok()?), store)))
    }

    /// The 31 bits of a number, without a sign; false if it is none.
    fn windlass_i31_get(reference: Const<'_, wasm_ref_t>, value: InOut<'_, u32>) -> bool {
        let Some(handle) = reference else { return false };
        let (Object::Any(root), Some(store)) = (&handle.object, &handle.store) else {
            return false;
        };
        let number = store.enter(|cx| root.as_i31(cx)).ok().flatten();
        if let (Some(number), Some(value)) = (number, value) {
            *value = number.get_u32();
        }
        number.is_some()
    }

    /// The type of structures with these fields; null if it is not valid.
    fn windlass_structtype_new(
        engine: Mut<'_, wasm_engine_t>,
        fields: *const windlass_field_t,
        count: usize,
    ) -> Own<wasm_valtype_t> {
        // SAFETY: the caller's.
        let fields = unsafe { field_types(fields, count) }?;
        reference_to(StructType::new(&engine?.0, fields).ok()?.into())
    }

    /// The type of arrays with such elements; null if it is not valid.
    fn windlass_arraytype_new(
        engine: Mut<'_, wasm_engine_t>,
        element: *const windlass_field_t,
    ) -> Own<wasm_valtype_t> {
        // SAFETY: the caller's.
        let element = unsafe { field_types(element, 1) }?;
        reference_to(ArrayType::new(&engine?.0, *element.first()?).ok()?.into())
    }

    /// A structure with copies of these values.
    fn windlass_struct_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_valtype_t>,
        vals: Const<'_, wasm_val_vec_t>,
        out: Out<'_, *mut wasm_ref_t>,
    ) -> Own<wasm_trap_t> {
        within(store, |cx, store| {
            let ty = heap_type(ty)?.as_concrete_struct(&store.engine);
            let ty = ty.ok_or_else(|| Error::msg("the type is not that of structures"))?;
            let types = ty.fields().map(|field| field.element_type().unpack());
            let vals = value::to_vals(vals, types.collect::<Vec<_>>().into_iter(), cx, store)?;
            let pre = StructRefPre::new(&mut *cx, ty)?;
            let value = StructRef::new(&mut *cx, &pre, &vals)?;
            give(out, value.to_anyref(), cx, store)
        })
    }

    /// A field of a structure, which the value owns.
    fn windlass_struct_get(
        structure: Const<'_, wasm_ref_t>,
        index: usize,
        out: Out<'_, wasm_val_t>,
    ) -> Own<wasm_trap_t> {
        with(structure, |cx, store| {
            let val = self::structure(structure, cx, store)?.field(&mut *cx, index)?;
            put(out, wasm_val_t::from_val(val, cx, store)?);
            Ok(())
        })
    }

    /// Sets a field of a structure to a copy of the value.
    fn windlass_struct_set(
        structure: Mut<'_, wasm_ref_t>,
        index: usize,
        val: Const<'_, wasm_val_t>,
    ) -> Own<wasm_trap_t> {
        with(structure, |cx, store| {
            let object = self::structure(structure, cx, store)?;
            let field = object.ty(&*cx)?.field(index);
            let field = field.ok_or_else(|| Error::msg("the structure has no such field"))?;
            let ty = field.element_type().unpack();
            let val = val.ok_or_else(trap::null)?.to_val(cx, store, &ty)?;
            object.set_field(cx, index, val)
        })
    }

    /// An array with copies of these values.
    fn windlass_array_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_valtype_t>,
        vals: Const<'_, wasm_val_vec_t>,
        out: Out<'_, *mut wasm_ref_t>,
    ) -> Own<wasm_trap_t> {
        within(store, |cx, store| {
            let ty = heap_type(ty)?.as_concrete_array(&store.engine);
            let ty = ty.ok_or_else(|| Error::msg("the type is not that of arrays"))?;
            let element = ty.field_type().element_type().unpack();
            let count = vals.map_or(0, |vals| vals.as_slice().len());
            let types = vec![element; count];
            let vals = value::to_vals(vals, types.into_iter(), cx, store)?;
            let pre = ArrayRefPre::new(&mut *cx, ty)?;
            let value = ArrayRef::new_fixed(&mut *cx, &pre, &vals)?;
            give(out, value.to_anyref(), cx, store)
        })
    }

    /// How many elements an array has; 0 if it is none.
    fn windlass_array_size(array: Const<'_, wasm_ref_t>) -> u32 {
        let mut size = 0;
        let _ = with(array, |cx, store| {
            size = self::array(array, cx, store)?.len(&*cx)?;
            Ok(())
        });
        size
    }

    /// An element of an array, which the value owns.
    fn windlass_array_get(
        array: Const<'_, wasm_ref_t>,
        index: u32,
        out: Out<'_, wasm_val_t>,
    ) -> Own<wasm_trap_t> {
        with(array, |cx, store| {
            let val = self::array(array, cx, store)?.get(&mut *cx, index)?;
            put(out, wasm_val_t::from_val(val, cx, store)?);
            Ok(())
        })
    }

    /// Sets an element of an array to a copy of the value.
    fn windlass_array_set(
        array: Mut<'_, wasm_ref_t>,
        index: u32,
        val: Const<'_, wasm_val_t>,
    ) -> Own<wasm_trap_t> {
        with(array, |cx, store| {
            let object = self::array(array, cx, store)?;
            let ty = object.ty(&*cx)?.field_type().element_type().unpack();
            let val = val.ok_or_else(trap::null)?.to_val(cx, store, &ty)?;
            object.set(cx, index, val)
        })
    }
}
