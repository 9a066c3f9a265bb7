//! [`Operand`]: the type of an operand in one word, so that the type stack is compact and equality
//! is one comparison. Everything that handles the type stack uses it.

use crate::func::GC;
use core::fmt;
use windlass_decode::{AbsHeapType, HeapType, RefType, ValType};

/// The type of an operand: a value type in canonical form, or, in unreachable code, not known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operand(u32);

/// A reference; the bits below say which.
const REF: u32 = 1 << 31;
/// A reference that can be null.
const NULLABLE: u32 = 1 << 30;
/// A reference to a type of the registry, whose id is in the low bits.
const CONCRETE: u32 = 1 << 29;
/// A reference to just such a type, and none below it.
const EXACT: u32 = 1 << 28;
/// The heap type's bits: a type id or the place in `ABSTRACT`.
const HEAP: u32 = EXACT - 1;
/// The heap type below all others.
const BOTTOM_HEAP: u32 = HEAP;

/// How many types a registry can hold at most.
pub(crate) const MAX_TYPES: u32 = 1 << 27;

/// The abstract heap types in the order of their discriminants.
const ABSTRACT: [AbsHeapType; 12] = [
    AbsHeapType::Func,
    AbsHeapType::NoFunc,
    AbsHeapType::Extern,
    AbsHeapType::NoExtern,
    AbsHeapType::Any,
    AbsHeapType::None,
    AbsHeapType::Eq,
    AbsHeapType::Struct,
    AbsHeapType::Array,
    AbsHeapType::I31,
    AbsHeapType::Exn,
    AbsHeapType::NoExn,
];

impl Operand {
    /// Not known: below every type.
    pub const UNKNOWN: Operand = Operand(0);
    /// `i32`
    pub const I32: Operand = Operand(1);
    /// `i64`
    pub const I64: Operand = Operand(2);
    /// `f32`
    pub const F32: Operand = Operand(3);
    /// `f64`
    pub const F64: Operand = Operand(4);
    /// `v128`
    pub const V128: Operand = Operand(5);
    /// A reference, not null, to something not known.
    pub(crate) const UNKNOWN_REF: Operand = Operand(REF | BOTTOM_HEAP);

    /// The reference type to an abstract heap type.
    pub(crate) const fn abs(nullable: bool, heap: AbsHeapType) -> Operand {
        Operand::heap(nullable, HeapType::Abs(heap))
    }

    /// The reference type to `heap`.
    pub(crate) const fn heap(nullable: bool, heap: HeapType) -> Operand {
        let heap = match heap {
            HeapType::Abs(heap) => heap as u32,
            // All that is defined there are functions, and nothing names their types.
            _ if !GC => AbsHeapType::Func as u32,
            HeapType::Concrete(id) => CONCRETE | id,
            HeapType::Exact(id) => CONCRETE | EXACT | id,
        };
        Operand(REF | heap | if nullable { NULLABLE } else { 0 })
    }

    /// The value type; none if it is not known, as happens in unreachable code.
    pub fn val_type(self) -> Option<ValType> {
        Some(match self {
            Operand::I32 => ValType::I32,
            Operand::I64 => ValType::I64,
            Operand::F32 => ValType::F32,
            Operand::F64 => ValType::F64,
            Operand::V128 => ValType::V128,
            _ => ValType::Ref(self.ref_type()?),
        })
    }

    /// The reference type, if it is a known one.
    pub fn ref_type(self) -> Option<RefType> {
        if !self.is_ref() {
            return None;
        }
        let bits = self.0 & HEAP;
        let heap = match (self.0 & CONCRETE != 0, self.0 & EXACT != 0) {
            (true, true) if GC => HeapType::Exact(bits),
            (true, false) if GC => HeapType::Concrete(bits),
            _ => HeapType::Abs(*ABSTRACT.get(bits as usize)?),
        };
        Some(RefType { nullable: self.is_nullable(), heap })
    }

    /// Whether it is a reference type.
    pub fn is_ref(self) -> bool {
        self.0 & REF != 0
    }

    /// Whether it is a reference type with null.
    pub fn is_nullable(self) -> bool {
        self.0 & NULLABLE != 0
    }

    /// Whether a local of this type starts with a default value.
    pub(crate) fn is_defaultable(self) -> bool {
        !self.is_ref() || self.is_nullable()
    }

    /// The same reference type without null.
    pub(crate) fn non_null(self) -> Operand {
        Operand(self.0 & !NULLABLE)
    }

    /// The same reference type, with null if `nullable`.
    pub(crate) fn with_null(self, nullable: bool) -> Operand {
        Operand(self.0 & !NULLABLE | if nullable { NULLABLE } else { 0 })
    }

    /// The same type with another number, if it is a reference to a type of the registry.
    pub(crate) fn renumbered(self, number: &mut dyn FnMut(u32) -> u32) -> Operand {
        match self.is_ref() && self.0 & CONCRETE != 0 {
            true => Operand(self.0 & !HEAP | number(self.0 & HEAP)),
            false => self,
        }
    }

    /// The operand with these bits.
    #[inline]
    pub(crate) fn from_bits(bits: u32) -> Operand {
        Operand(bits)
    }

    /// The bits.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }
}

impl From<ValType> for Operand {
    #[inline]
    fn from(ty: ValType) -> Operand {
        match ty {
            ValType::I32 => Operand::I32,
            ValType::I64 => Operand::I64,
            ValType::F32 => Operand::F32,
            ValType::F64 => Operand::F64,
            ValType::V128 => Operand::V128,
            ValType::Ref(ty) => ty.into(),
        }
    }
}

impl From<RefType> for Operand {
    fn from(ty: RefType) -> Operand {
        Operand::heap(ty.nullable, ty.heap)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.val_type() {
            Some(ty) => ty.fmt(f),
            None => f.write_str("bot"),
        }
    }
}

impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_packing() {
        for (place, abs) in ABSTRACT.into_iter().enumerate() {
            assert_eq!(abs as usize, place);
        }
        let heaps = ABSTRACT
            .map(HeapType::Abs)
            .into_iter()
            .chain([0, 77, MAX_TYPES - 1].map(HeapType::Concrete))
            .chain([0, 77, MAX_TYPES - 1].map(HeapType::Exact));
        let refs = heaps.flat_map(|heap| {
            [true, false].map(|nullable| ValType::Ref(RefType { nullable, heap }))
        });
        let all = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
        for ty in all.into_iter().chain(refs) {
            assert_eq!(Operand::from(ty).val_type(), Some(ty));
        }
        assert_eq!(Operand::UNKNOWN.val_type(), None);
        assert_eq!(Operand::UNKNOWN_REF.val_type(), None);
    }
}
