//! [`Ty`]: what the verifier knows of a slot or register, and which types fit which. It asks the
//! validator's context what types of a module match, and nothing of the translator.

use windlass_decode::{AbsHeapType, HeapType, ValType};
use windlass_validate::{Context, TypeId};

/// What lies in a slot or an accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    /// Nothing that may be read.
    Dead,
    I32,
    I64,
    /// Less than 2^32: an `i32`, or an `i64`.
    Int,
    F32,
    F64,
    /// The two halves of a vector.
    Low,
    High,
    /// A constant 0: an `i64`, or null of any type.
    Null,
    /// A constant that is an `i64`, or a reference to an `i31`.
    Small,
    /// A reference of a canonical type; it may be null.
    Ref(HeapType),
}

/// The types of a module.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    context: &'a Context,
}

const ANY: HeapType = HeapType::Abs(AbsHeapType::Any);
const EXTERN: HeapType = HeapType::Abs(AbsHeapType::Extern);
pub(super) const I31: HeapType = HeapType::Abs(AbsHeapType::I31);

impl Ty {
    /// Of a value of a canonical type; of a vector the first half.
    pub(super) fn of(ty: ValType) -> Ty {
        match ty {
            ValType::I32 => Ty::I32,
            ValType::I64 => Ty::I64,
            ValType::F32 => Ty::F32,
            ValType::F64 => Ty::F64,
            ValType::V128 => Ty::Low,
            ValType::Ref(ty) => Ty::Ref(ty.heap),
        }
    }

    /// Of a constant of 64 bits.
    pub(super) fn of_const(bits: u64) -> Ty {
        match bits {
            0 => Ty::Null,
            _ if bits & 1 == 1 && bits >> 32 == 0 => Ty::Small,
            _ => Ty::I64,
        }
    }
}

impl<'a> Types<'a> {
    pub(super) fn new(context: &'a Context) -> Types<'a> {
        Types { context }
    }

    /// Whether what is an `a` may be read where a `b` is wanted.
    pub(super) fn fits(self, a: Ty, b: Ty) -> bool {
        match (a, b) {
            (Ty::Dead, _) | (_, Ty::Dead) => b == Ty::Dead,
            (Ty::Int, Ty::I32 | Ty::I64) => true,
            (Ty::Null, Ty::I64 | Ty::Small | Ty::Ref(_)) | (Ty::Small, Ty::I64) => true,
            (Ty::Small, Ty::Ref(heap)) => self.heap_fits(I31, heap),
            (Ty::Ref(a), Ty::Ref(b)) => self.heap_fits(a, b),
            _ => a == b,
        }
    }

    /// Whether references of one type are such of the other. The hierarchies of `any` and `extern`
    /// share one encoding, and conversions between them are no code.
    pub(super) fn heap_fits(self, a: HeapType, b: HeapType) -> bool {
        self.context.heap_is_subtype(a, b) || (matches!(b, ANY | EXTERN) && self.is_traced(a))
    }

    /// Whether the type is of the hierarchy of `any` or `extern`.
    pub(super) fn is_traced(self, heap: HeapType) -> bool {
        [ANY, EXTERN].into_iter().any(|top| self.context.heap_is_subtype(heap, top))
    }

    /// What is of this type and refers to a `heap`, or is null.
    pub(super) fn both(self, ty: Ty, heap: HeapType) -> Ty {
        let own = match ty {
            Ty::Small => I31,
            Ty::Ref(own) => own,
            _ => return ty,
        };
        if self.heap_fits(own, heap) {
            return ty;
        }
        // Types are a tree: only null is of two that are not below each other.
        if self.heap_fits(heap, own) { Ty::Ref(heap) } else { Ty::Null }
    }

    /// The least type that both fit.
    pub(super) fn join(self, a: Ty, b: Ty) -> Ty {
        if self.fits(a, b) {
            return b;
        }
        if self.fits(b, a) {
            return a;
        }
        let (a, b) = match (a, b) {
            (Ty::Ref(a), Ty::Ref(b)) => (a, b),
            (Ty::Small, Ty::Ref(b)) | (Ty::Ref(b), Ty::Small) => {
                return self.join(Ty::Ref(I31), Ty::Ref(b));
            }
            (Ty::Int, Ty::Null | Ty::Small) | (Ty::Null | Ty::Small, Ty::Int) => return Ty::I64,
            _ => return Ty::Dead,
        };
        // One supertype each, at most as many as a type is deep.
        let mut above = self.above(a);
        while let Some(heap) = above {
            if self.heap_fits(b, heap) {
                return Ty::Ref(heap);
            }
            above = self.above(heap);
        }
        // Nothing is right above what is null.
        if self.is_traced(a) && self.is_traced(b) { Ty::Ref(ANY) } else { Ty::Dead }
    }

    /// The type right above.
    fn above(self, heap: HeapType) -> Option<HeapType> {
        use AbsHeapType::{Any, Array, Eq, Func, I31, Struct};
        let abs = match heap {
            HeapType::Concrete(id) => {
                let ty = self.context.types.get(self.context.type_index(TypeId(id))? as usize)?;
                if let [supertype] = *ty.supertypes {
                    return Some(HeapType::Concrete(supertype));
                }
                let kinds = [Struct, Array, Func].map(HeapType::Abs);
                return kinds.into_iter().find(|&kind| self.context.heap_is_subtype(heap, kind));
            }
            HeapType::Exact(id) => return Some(HeapType::Concrete(id)),
            HeapType::Abs(Struct | Array | I31) => Eq,
            HeapType::Abs(Eq) => Any,
            HeapType::Abs(_) => return None,
        };
        Some(HeapType::Abs(abs))
    }
}
