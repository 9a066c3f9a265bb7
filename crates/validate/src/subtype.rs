//! Matching of types (3.0, section 3.3), for the registry and for the context of a module alike:
//! both tell what a defined type is through [`Defined`].

use crate::TypeId;
use crate::func::GC;
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, FuncType, HeapType, Limits, RefType, StorageType,
    ValType,
};

/// What matching needs to know about defined types.
pub(crate) trait Defined {
    /// `Func`, `Struct` or `Array`.
    fn kind(&self, id: TypeId) -> AbsHeapType;
    /// Whether `b` is `a` or a declared supertype of it, directly or not.
    fn is_declared_subtype(&self, a: TypeId, b: TypeId) -> bool;
}

/// The abstract heap type that is right above types of this form.
pub(crate) fn composite_kind(composite: &CompositeType) -> AbsHeapType {
    match composite {
        CompositeType::Func(_) => AbsHeapType::Func,
        CompositeType::Struct(_) => AbsHeapType::Struct,
        CompositeType::Array(_) => AbsHeapType::Array,
    }
}

/// The type at the bottom of the hierarchy that `heap` belongs to.
fn bottom(heap: AbsHeapType) -> AbsHeapType {
    use AbsHeapType::*;
    match heap {
        Func | NoFunc => NoFunc,
        Extern | NoExtern => NoExtern,
        Exn | NoExn => NoExn,
        Any | Eq | I31 | Struct | Array | None => None,
    }
}

/// What is known of a type: without `gc` all that is defined are functions, and no module names
/// their types.
fn known(heap: HeapType) -> HeapType {
    match heap {
        HeapType::Concrete(_) | HeapType::Exact(_) if !GC => HeapType::Abs(AbsHeapType::Func),
        heap => heap,
    }
}

/// The type at the top of the hierarchy that `heap` belongs to.
pub(crate) fn top(types: &impl Defined, heap: HeapType) -> AbsHeapType {
    use AbsHeapType::*;
    let heap = match known(heap) {
        HeapType::Abs(heap) => heap,
        HeapType::Concrete(id) | HeapType::Exact(id) => types.kind(TypeId(id)),
    };
    match bottom(heap) {
        NoFunc => Func,
        NoExtern => Extern,
        NoExn => Exn,
        _ => Any,
    }
}

fn abs(a: AbsHeapType, b: AbsHeapType) -> bool {
    use AbsHeapType::*;
    a == b
        || a == bottom(b)
        || match b {
            Any => matches!(a, Eq | I31 | Struct | Array),
            Eq => matches!(a, I31 | Struct | Array),
            _ => false,
        }
}

pub(crate) fn heap(types: &impl Defined, a: HeapType, b: HeapType) -> bool {
    use HeapType::{Abs, Concrete, Exact};
    match (known(a), known(b)) {
        (Abs(a), Abs(b)) => abs(a, b),
        (Concrete(a) | Exact(a), Abs(b)) => abs(types.kind(TypeId(a)), b),
        (Abs(a), Concrete(b) | Exact(b)) => a == bottom(types.kind(TypeId(b))),
        (Concrete(a) | Exact(a), Concrete(b)) => {
            a == b || types.is_declared_subtype(TypeId(a), TypeId(b))
        }
        (Exact(a), Exact(b)) => a == b,
        (Concrete(_), Exact(_)) => false,
    }
}

pub(crate) fn reference(types: &impl Defined, a: RefType, b: RefType) -> bool {
    (!a.nullable || b.nullable) && heap(types, a.heap, b.heap)
}

pub(crate) fn val(types: &impl Defined, a: ValType, b: ValType) -> bool {
    match (a, b) {
        (ValType::Ref(a), ValType::Ref(b)) => reference(types, a, b),
        _ => a == b,
    }
}

pub(crate) fn vals(types: &impl Defined, a: &[ValType], b: &[ValType]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| val(types, a, b))
}

pub(crate) fn storage(types: &impl Defined, a: StorageType, b: StorageType) -> bool {
    match (a, b) {
        (StorageType::Val(a), StorageType::Val(b)) => val(types, a, b),
        _ => a == b,
    }
}

pub(crate) fn field(types: &impl Defined, a: FieldType, b: FieldType) -> bool {
    // A field that can be written must have the very same type.
    a.mutable == b.mutable
        && storage(types, a.storage, b.storage)
        && (!a.mutable || storage(types, b.storage, a.storage))
}

fn func(types: &impl Defined, a: &FuncType, b: &FuncType) -> bool {
    vals(types, &b.params, &a.params) && vals(types, &a.results, &b.results)
}

/// Whether a type of form `a` may declare one of form `b` as its supertype.
pub(crate) fn composite(types: &impl Defined, a: &CompositeType, b: &CompositeType) -> bool {
    match (a, b) {
        (CompositeType::Func(a), CompositeType::Func(b)) => func(types, a, b),
        (CompositeType::Array(a), CompositeType::Array(b)) => field(types, *a, *b),
        (CompositeType::Struct(a), CompositeType::Struct(b)) => {
            a.len() >= b.len() && a.iter().zip(b).all(|(&a, &b)| field(types, a, b))
        }
        _ => false,
    }
}

/// Whether something of size limits `given` can be imported where `wanted` is declared.
pub fn limits_match(given: &Limits, wanted: &Limits) -> bool {
    given.is64 == wanted.is64
        && given.min >= wanted.min
        && match (given.max, wanted.max) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(given), Some(wanted)) => given <= wanted,
        }
}
