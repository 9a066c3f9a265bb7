//! `wasm_val_t`, and values on their way between C and guests. Functions, globals, tables and
//! objects use it. What comes from C is checked by the kind that it has and the type that it shall
//! have.

use crate::{
    entry::{Const, InOut, Out, entries, put},
    info::Info,
    reference::{Object, wasm_ref_t},
    store::{Cx, Shared},
    types::kind,
    vector::{Vector, wasm_val_vec_t},
};
use std::{ptr, sync::Arc};
use windlass::{
    AnyRef, AsContext, Error, ExternRef, HeapType, OwnedRooted, Ref, Result, Rooted, V128, Val,
    ValType,
};

/// A value: a kind, and what belongs to it.
#[repr(C)]
pub struct wasm_val_t {
    kind: u8,
    of: Of,
}

/// What a value is, by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
union Of {
    i32: i32,
    i64: i64,
    /// Floats are bits, so that no NaN changes on its way.
    f32: u32,
    f64: u64,
    /// Owned by the value, or null.
    reference: *mut wasm_ref_t,
}

impl wasm_val_t {
    /// The null reference that uninitialized values are.
    pub(crate) fn null() -> wasm_val_t {
        wasm_val_t::reference(kind::EXTERNREF, None)
    }

    fn reference(kind: u8, reference: Option<wasm_ref_t>) -> wasm_val_t {
        let reference =
            reference.map_or(ptr::null_mut(), |reference| Box::into_raw(Box::new(reference)));
        wasm_val_t { kind, of: Of { reference } }
    }

    fn as_ref(&self) -> Option<&wasm_ref_t> {
        // SAFETY: a value of such a kind has a handle or null; so say the rules for C.
        unsafe { self.of.reference.as_ref() }
    }

    fn is_ref(&self) -> bool {
        self.kind >= kind::EXTERNREF
    }

    /// A value of C's for a place of type `ty`.
    ///
    /// # Errors
    /// If its kind is none, or if a reference belongs to another store or is none of that type.
    pub(crate) fn to_val(&self, cx: &mut Cx<'_>, store: &Arc<Shared>, ty: &ValType) -> Result<Val> {
        // SAFETY: all bits are numbers, and `of` is as large as each of them: C has written the
        // part that its kind says.
        let of = unsafe { (self.of.i32, self.of.i64, self.of.f32, self.of.f64) };
        match self.kind {
            kind::I32 => Ok(Val::I32(of.0)),
            kind::I64 => Ok(Val::I64(of.1)),
            kind::F32 => Ok(Val::F32(of.2)),
            kind::F64 => Ok(Val::F64(of.3)),
            kind::V128 => match self.as_ref().map(|value| &value.object) {
                Some(Object::V128(bits)) => Ok(Val::V128(V128::from(*bits))),
                _ => Err(Error::msg("a value of kind v128 has no vector")),
            },
            _ if self.is_ref() => {
                let heap = match ty.as_ref() {
                    Some(ty) => ty.heap_type(),
                    None => return Err(Error::msg(format!("expected {ty}, found a reference"))),
                };
                Ok(to_ref(self.as_ref(), cx, store, heap)?.into())
            }
            kind => Err(Error::msg(format!("{kind} is no kind of values"))),
        }
    }

    /// A value of a guest's for C, which owns it.
    pub(crate) fn from_val(val: Val, cx: &mut Cx<'_>, store: &Arc<Shared>) -> Result<wasm_val_t> {
        Ok(match val {
            Val::I32(i32) => wasm_val_t { kind: kind::I32, of: Of { i32 } },
            Val::I64(i64) => wasm_val_t { kind: kind::I64, of: Of { i64 } },
            Val::F32(f32) => wasm_val_t { kind: kind::F32, of: Of { f32 } },
            Val::F64(f64) => wasm_val_t { kind: kind::F64, of: Of { f64 } },
            Val::V128(bits) => {
                let object = Object::V128(bits.as_u128());
                wasm_val_t::reference(kind::V128, Some(wasm_ref_t::new(object, store)))
            }
            val => {
                let reference = val.as_ref().ok_or_else(|| Error::msg("a value of a new kind"))?;
                let kind = match reference {
                    Ref::Extern(_) => kind::EXTERNREF,
                    Ref::Any(_) => kind::ANYREF,
                    Ref::Exn(_) => kind::EXNREF,
                    _ => kind::FUNCREF,
                };
                wasm_val_t::reference(kind, from_ref(reference, cx, store)?)
            }
        })
    }

    /// Zero or null, of a type.
    pub(crate) fn zero(ty: ValType, store: &Arc<Shared>) -> wasm_val_t {
        match ty {
            ValType::I32 => wasm_val_t { kind: kind::I32, of: Of { i64: 0 } },
            ValType::I64 => wasm_val_t { kind: kind::I64, of: Of { i64: 0 } },
            ValType::F32 => wasm_val_t { kind: kind::F32, of: Of { i64: 0 } },
            ValType::F64 => wasm_val_t { kind: kind::F64, of: Of { i64: 0 } },
            ValType::V128 => {
                let vector = wasm_ref_t::new(Object::V128(0), store);
                wasm_val_t::reference(kind::V128, Some(vector))
            }
            ty => wasm_val_t::reference(kind::of(&ty), None),
        }
    }
}

impl Clone for wasm_val_t {
    fn clone(&self) -> Self {
        match self.is_ref() {
            true => wasm_val_t::reference(self.kind, self.as_ref().cloned()),
            false => wasm_val_t { ..*self },
        }
    }
}

impl Drop for wasm_val_t {
    fn drop(&mut self) {
        if !self.is_ref() {
            return;
        }
        // SAFETY: as in `as_ref`.
        let reference = unsafe { self.of.reference };
        if !reference.is_null() {
            // SAFETY: the value owns it: this library has made it by `Box::into_raw`.
            drop(unsafe { Box::from_raw(reference) });
        }
    }
}

/// What a host value of this library's is, when it is no `Foreign`: a handle that C passed as an
/// `externref`.
struct Wrapped(Object);

/// A handle as a reference of that type; null if there is none.
///
/// # Errors
/// If it belongs to another store, or if nothing of its kind is of that type.
pub(crate) fn to_ref(
    handle: Option<&wasm_ref_t>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
    ty: HeapType,
) -> Result<Ref> {
    let Some(handle) = handle else { return Ok(Ref::null(ty)) };
    if !handle.store.as_ref().is_none_or(|own| Arc::ptr_eq(own, store)) {
        return Err(Error::msg("the reference belongs to another store"));
    }
    let top = ty.top();
    Ok(match (&handle.object, top) {
        (Object::Foreign(root, _) | Object::External(root), HeapType::Extern) => {
            root.to_rooted(cx).into()
        }
        (Object::Foreign(root, _) | Object::External(root), HeapType::Any) => {
            let root = root.to_rooted(&mut *cx);
            AnyRef::convert_extern(cx, root)?.into()
        }
        (Object::Any(root), HeapType::Any) => root.to_rooted(cx).into(),
        (Object::Any(root), HeapType::Extern) => {
            let root = root.to_rooted(&mut *cx);
            ExternRef::convert_any(cx, root)?.into()
        }
        (Object::Exn(root), HeapType::Exn) => root.to_rooted(cx).into(),
        (object, HeapType::Func) => match (handle.func(), object) {
            (Some(func), _) => func.into(),
            _ => return Err(Error::msg("the reference is no function")),
        },
        (
            Object::Entity(_) | Object::Trap(_) | Object::Module(_) | Object::V128(_),
            HeapType::Extern,
        ) => ExternRef::new(cx, Wrapped(handle.object.clone()))?.into(),
        _ => return Err(Error::msg(format!("the reference is not of a type below {top:?}"))),
    })
}

/// A reference as a handle; none if it is null.
pub(crate) fn from_ref(
    reference: Ref,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Option<wasm_ref_t>> {
    let object = match reference {
        Ref::Func(Some(func)) => return Ok(Some(wasm_ref_t::of_extern(func, store))),
        Ref::Extern(Some(value)) => from_extern(value, cx)?,
        Ref::Any(Some(value)) => Object::Any(value.to_owned_rooted(cx)?),
        Ref::Exn(Some(value)) => Object::Exn(value.to_owned_rooted(cx)?),
        _ => return Ok(None),
    };
    Ok(Some(wasm_ref_t::new(object, store)))
}

fn from_extern(value: Rooted<ExternRef>, cx: &mut Cx<'_>) -> Result<Object> {
    let owned: OwnedRooted<ExternRef> = value.to_owned_rooted(&mut *cx)?;
    let data = value.data(cx.as_context())?;
    Ok(match data {
        Some(data) => match (data.downcast_ref::<Arc<Info>>(), data.downcast_ref::<Wrapped>()) {
            (Some(info), _) => Object::Foreign(owned, info.clone()),
            (_, Some(Wrapped(object))) => object.clone(),
            _ => Object::External(owned),
        },
        None => Object::External(owned),
    })
}

/// Values of C's for places of these types.
///
/// # Errors
/// If they are not as many, and those of `to_val`.
pub(crate) fn to_vals(
    vals: Const<'_, wasm_val_vec_t>,
    types: impl ExactSizeIterator<Item = ValType>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Vec<Val>> {
    let vals = vals.map_or(&[][..], Vector::as_slice);
    if vals.len() != types.len() {
        return Err(count(types.len(), vals.len()));
    }
    vals.iter().zip(types).map(|(val, ty)| val.to_val(cx, store, &ty)).collect()
}

/// Values of C's for places of the most general types of their kinds.
///
/// # Errors
/// Those of `to_val`.
pub(crate) fn to_vals_of_kinds(
    vals: Const<'_, wasm_val_vec_t>,
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Vec<Val>> {
    let vals = vals.map_or(&[][..], Vector::as_slice);
    let any = |val: &wasm_val_t| kind::ty(val.kind).unwrap_or(ValType::I32);
    vals.iter().map(|val| val.to_val(cx, store, &any(val))).collect()
}

/// Values of a guest's for C.
pub(crate) fn from_vals(
    vals: &[Val],
    cx: &mut Cx<'_>,
    store: &Arc<Shared>,
) -> Result<Vec<wasm_val_t>> {
    vals.iter().map(|&val| wasm_val_t::from_val(val, cx, store)).collect()
}

/// Writes results to where C has room for exactly as many; what was there is not dropped, since C
/// need not have written it.
///
/// # Errors
/// If there is room for more, or for less.
pub(crate) fn put_results(room: InOut<'_, wasm_val_vec_t>, vals: Vec<wasm_val_t>) -> Result<()> {
    let (data, size) = room.map_or((ptr::null_mut(), 0), Vector::room);
    if size != vals.len() {
        return Err(count(vals.len(), size));
    }
    for (index, val) in vals.into_iter().enumerate() {
        // SAFETY: there is room for as many.
        unsafe { data.add(index).write(val) };
    }
    Ok(())
}

#[cold]
pub(crate) fn count(expected: usize, found: usize) -> Error {
    Error::msg(format!("expected {expected} values, found {found}"))
}

entries! {
    /// Deletes what the value owns: it is a null reference then, if it was a reference.
    fn wasm_val_delete(val: InOut<'_, wasm_val_t>) {
        if let Some(val) = val {
            let kind = val.kind;
            drop(std::mem::replace(val, wasm_val_t { kind, of: Of { i64: 0 } }));
        }
    }

    /// A copy, which owns a copy of the reference.
    fn wasm_val_copy(out: Out<'_, wasm_val_t>, val: Const<'_, wasm_val_t>) {
        put(out, val.cloned().unwrap_or_else(wasm_val_t::null));
    }

    /// A vector as a value's handle, its bytes in the order of memories.
    fn windlass_v128_new(bytes: *const u8) -> crate::entry::Own<wasm_ref_t> {
        if bytes.is_null() {
            return None;
        }
        // SAFETY: C has 16 bytes there.
        let bytes = unsafe { bytes.cast::<[u8; 16]>().read() };
        Some(Box::new(wasm_ref_t { object: Object::V128(u128::from_le_bytes(bytes)), store: None }))
    }

    /// The bytes of a vector; false if the handle is of something else.
    fn windlass_v128_get(vector: Const<'_, wasm_ref_t>, bytes: *mut u8) -> bool {
        match vector.map(|vector| &vector.object) {
            Some(Object::V128(bits)) if !bytes.is_null() => {
                // SAFETY: C has room for 16 bytes there.
                unsafe { bytes.cast::<[u8; 16]>().write(bits.to_le_bytes()) };
                true
            }
            _ => false,
        }
    }
}
