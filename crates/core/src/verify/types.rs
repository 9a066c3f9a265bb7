//! [`Ty`]: what the verifier knows of a slot or register, and which types fit which. It asks the
//! validator's context what types of a module match, and nothing of the translator.

use windlass_decode::{AbsHeapType, HeapType, ValType};
use windlass_validate::{Context, TypeId};

/// What lies in a slot or an accumulator, as all that it may be read as: a value can be of several
/// types, if it is a constant, or if the handler that made it has one address with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ty {
    /// The types of numbers, a bit for each.
    numbers: u8,
    pub(super) reference: Reference,
}

/// Which references a value may be read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reference {
    #[default]
    None,
    /// Null, of any type.
    Null,
    /// One of a canonical type; it may be null.
    To(HeapType),
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
    /// Nothing that may be read.
    pub(super) const DEAD: Ty = Ty { numbers: 0, reference: Reference::None };
    pub(super) const I32: Ty = Ty::number(0);
    pub(super) const I64: Ty = Ty::number(1);
    pub(super) const F32: Ty = Ty::number(2);
    pub(super) const F64: Ty = Ty::number(3);
    /// The two halves of a vector.
    pub(super) const LOW: Ty = Ty::number(4);
    pub(super) const HIGH: Ty = Ty::number(5);
    /// An `i32` that tells what the last test of a descriptor has found: 0 if it does not hold.
    pub(super) const TESTED: Ty = Ty::I32.and(Ty::number(6));
    /// Constants of 32 and of 64 bits: copies of them are the same for both types.
    pub(super) const NARROW: Ty = Ty::I32.and(Ty::F32);
    pub(super) const WIDE: Ty = Ty::I64.and(Ty::F64);
    /// A constant 0.
    pub(super) const NULL: Ty = Ty { reference: Reference::Null, ..Ty::WIDE };
    /// A constant that is an `i31`, too.
    const SMALL: Ty = Ty { reference: Reference::To(I31), ..Ty::WIDE };

    const fn number(bit: u8) -> Ty {
        Ty { numbers: 1 << bit, reference: Reference::None }
    }

    /// A reference, which may be null.
    pub(super) const fn to(heap: HeapType) -> Ty {
        Ty { numbers: 0, reference: Reference::To(heap) }
    }

    /// Of a value of a canonical type; of a vector the first half.
    pub(super) fn of(ty: ValType) -> Ty {
        match ty {
            ValType::I32 => Ty::I32,
            ValType::I64 => Ty::I64,
            ValType::F32 => Ty::F32,
            ValType::F64 => Ty::F64,
            ValType::V128 => Ty::LOW,
            ValType::Ref(ty) => Ty::to(ty.heap),
        }
    }

    /// Of a constant of 64 bits.
    pub(super) fn of_const(bits: u64) -> Ty {
        match bits {
            0 => Ty::NULL,
            _ if bits & 1 == 1 && bits >> 32 == 0 => Ty::SMALL,
            _ => Ty::WIDE,
        }
    }

    /// Of what is known to be both.
    pub(super) const fn and(self, other: Ty) -> Ty {
        let reference = match (self.reference, other.reference) {
            (Reference::None, reference) => reference,
            // Null is all that null can be; else it is one of the two that is remembered.
            (_, Reference::Null) => Reference::Null,
            (reference, _) => reference,
        };
        Ty { numbers: self.numbers | other.numbers, reference }
    }

    /// The type of each slot that a value takes, of which this is the first.
    pub(super) fn halves(self) -> impl Iterator<Item = Ty> {
        [Some(self), (self == Ty::LOW).then_some(Ty::HIGH)].into_iter().flatten()
    }

    /// Whether it can only be read as a reference to an object.
    pub(super) fn is_reference(self) -> bool {
        self.numbers == 0 && matches!(self.reference, Reference::To(_))
    }
}

impl<'a> Types<'a> {
    pub(super) fn new(context: &'a Context) -> Types<'a> {
        Types { context }
    }

    /// Whether what is an `a` may be read where a `b` is wanted.
    pub(super) fn fits(self, a: Ty, b: Ty) -> bool {
        let is_reference = match (a.reference, b.reference) {
            (_, Reference::None) | (Reference::Null, _) => true,
            (Reference::To(a), Reference::To(b)) => self.heap_fits(a, b),
            _ => false,
        };
        a.numbers & b.numbers == b.numbers && is_reference
    }

    /// Whether it may be read as a reference of this type.
    pub(super) fn refers(self, ty: Ty, heap: HeapType) -> bool {
        self.fits(ty, Ty::to(heap))
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
        let Reference::To(own) = ty.reference else { return ty };
        if self.heap_fits(own, heap) {
            return ty;
        }
        // Types are a tree: only null is of two that are not below each other.
        if self.heap_fits(heap, own) { Ty::to(heap) } else { Ty::NULL }
    }

    /// The least type that both fit.
    pub(super) fn join(self, a: Ty, b: Ty) -> Ty {
        let reference = match (a.reference, b.reference) {
            (Reference::None, _) | (_, Reference::None) => Reference::None,
            (Reference::Null, other) | (other, Reference::Null) => other,
            (Reference::To(a), Reference::To(b)) => self.join_heaps(a, b),
        };
        Ty { numbers: a.numbers & b.numbers, reference }
    }

    fn join_heaps(self, a: HeapType, b: HeapType) -> Reference {
        if self.heap_fits(a, b) {
            return Reference::To(b);
        }
        // One supertype each, at most as many as a type is deep.
        let mut above = Some(a);
        while let Some(heap) = above {
            if self.heap_fits(b, heap) {
                return Reference::To(heap);
            }
            above = self.above(heap);
        }
        // Nothing is right above what is null.
        if self.is_traced(a) && self.is_traced(b) { Reference::To(ANY) } else { Reference::None }
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
