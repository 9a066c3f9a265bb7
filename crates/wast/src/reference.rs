//! References in scripts: as arguments, as patterns of results, and for people.
//!
//! `ref.extern N` is a host value with the number N, `ref.host N` the same as an internal
//! reference.

use wast::core::{AbstractHeapType, HeapType, WastRetCore};
use windlass::{AnyRef, ExternRef, Ref, Rooted, Store};

/// A host value with a number.
pub(crate) fn host(store: &mut Store<()>, number: u32) -> Result<Rooted<ExternRef>, String> {
    ExternRef::new(store, number).map_err(|error| error.to_string())
}

/// The same as an internal reference.
pub(crate) fn internal(store: &mut Store<()>, number: u32) -> Result<Rooted<AnyRef>, String> {
    let host = host(store, number)?;
    AnyRef::convert_extern(store, host).map_err(|error| error.to_string())
}

/// The null reference of a type.
pub(crate) fn null(heap: &HeapType<'_>) -> Result<Ref, String> {
    use AbstractHeapType::{Exn, Extern, Func, NoExn, NoExtern, NoFunc};
    match heap {
        HeapType::Abstract { ty: Func | NoFunc, .. } => Ok(Ref::Func(None)),
        HeapType::Abstract { ty: Extern | NoExtern, .. } => Ok(Ref::Extern(None)),
        HeapType::Abstract { ty: Exn | NoExn, .. } => Ok(Ref::Exn(None)),
        HeapType::Abstract { .. } => Ok(Ref::Any(None)),
        other => Err(format!("the type {other:?} means nothing outside of a module")),
    }
}

/// Whether the reference is what the script expects.
pub(crate) fn matches(store: &mut Store<()>, actual: Ref, expected: &WastRetCore<'_>) -> bool {
    match (expected, actual) {
        (WastRetCore::RefNull(None), _) => actual.is_null(),
        (WastRetCore::RefNull(Some(heap)), _) => is_null_of(actual, heap),
        (WastRetCore::RefFunc(_), Ref::Func(Some(_))) => true,
        (WastRetCore::RefExtern(None), Ref::Extern(Some(_))) => true,
        (WastRetCore::RefExtern(Some(number)), Ref::Extern(Some(value))) => {
            number_of(store, value) == Some(*number)
        }
        (WastRetCore::RefHost(number), Ref::Any(Some(value))) => {
            ExternRef::convert_any(&mut *store, value)
                .is_ok_and(|value| number_of(store, value) == Some(*number))
        }
        (_, Ref::Any(Some(value))) => is_a(store, value, expected),
        _ => false,
    }
}

fn is_a(store: &Store<()>, value: Rooted<AnyRef>, expected: &WastRetCore<'_>) -> bool {
    let ty = match expected {
        WastRetCore::RefAny => windlass::HeapType::Any,
        WastRetCore::RefEq => windlass::HeapType::Eq,
        WastRetCore::RefArray => windlass::HeapType::Array,
        WastRetCore::RefStruct => windlass::HeapType::Struct,
        WastRetCore::RefI31 => windlass::HeapType::I31,
        _ => return false,
    };
    value.matches_ty(store, ty).unwrap_or(false)
}

/// Null references are equal whatever they refer to, as long as it is in the same hierarchy.
fn is_null_of(actual: Ref, heap: &HeapType<'_>) -> bool {
    let same = |null: Ref| core::mem::discriminant(&null) == core::mem::discriminant(&actual);
    actual.is_null() && null(heap).map_or(true, same)
}

fn number_of(store: &Store<()>, value: Rooted<ExternRef>) -> Option<u32> {
    value.data(store).ok()??.downcast_ref::<u32>().copied()
}

/// A reference, for people.
pub(crate) fn show(store: &Store<()>, reference: Ref) -> String {
    match reference {
        Ref::Func(None) => "ref.null func".into(),
        Ref::Extern(None) => "ref.null extern".into(),
        Ref::Any(None) => "ref.null any".into(),
        Ref::Exn(None) => "ref.null exn".into(),
        Ref::Func(Some(_)) => "ref.func".into(),
        Ref::Extern(Some(value)) => match number_of(store, value) {
            Some(number) => format!("ref.extern {number}"),
            None => "ref.extern".into(),
        },
        other => match other.ty(store) {
            Ok(ty) => format!("a reference of type {ty}"),
            Err(error) => error.to_string(),
        },
    }
}
