//! [`ValType`], [`RefType`] and [`HeapType`]: the types of values.

use crate::Engine;
use core::fmt;
use windlass_decode::{self as decode, AbsHeapType};
use windlass_validate::TypeId;

/// The type of a value.
///
/// ```
/// use windlass::{RefType, ValType};
/// assert!(ValType::F64.is_num() && !ValType::FUNCREF.is_num());
/// assert_eq!(ValType::EXTERNREF.as_ref(), Some(&RefType::EXTERNREF));
/// assert_eq!(ValType::V128.to_string(), "v128");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType),
}

/// The type of a reference: what it refers to, and whether it may be null.
///
/// ```
/// use windlass::{HeapType, RefType};
/// let ty = RefType::new(false, HeapType::Func);
/// assert!(!ty.is_nullable() && ty.heap_type() == HeapType::Func);
/// assert_eq!(ty.to_string(), "(ref func)");
/// assert_eq!(RefType::FUNCREF.to_string(), "funcref");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefType {
    nullable: bool,
    heap: HeapType,
}

macro_rules! heap_types {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a reference refers to.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HeapType {
            $($(#[$doc])* $name,)*
            /// A type that a module defines.
            Concrete(ConcreteType),
        }

        impl HeapType {
            pub(crate) fn from_decoded(heap: decode::HeapType) -> HeapType {
                match heap {
                    $(decode::HeapType::Abs(AbsHeapType::$name) => HeapType::$name,)*
                    decode::HeapType::Concrete(id) => HeapType::Concrete(ConcreteType(TypeId(id))),
                }
            }

            pub(crate) fn to_decoded(self) -> decode::HeapType {
                match self {
                    $(HeapType::$name => decode::HeapType::Abs(AbsHeapType::$name),)*
                    HeapType::Concrete(ty) => decode::HeapType::Concrete(ty.0.0),
                }
            }
        }
    };
}

heap_types! {
    /// Any function.
    Func,
    /// No function: only null is of this type.
    NoFunc,
    /// Any host value.
    Extern,
    /// No host value: only null is of this type.
    NoExtern,
    /// Any value of the guest's heap.
    Any,
    /// No value of the guest's heap: only null is of this type.
    None,
    /// Any value that can be compared by `ref.eq`.
    Eq,
    /// Any structure.
    Struct,
    /// Any array.
    Array,
    /// An unboxed 31-bit integer.
    I31,
    /// Any exception.
    Exn,
    /// No exception: only null is of this type.
    NoExn,
}

/// A type that a module defines, as the engine knows it. Two modules of one engine that define the same type
/// have the same `ConcreteType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConcreteType(pub(crate) TypeId);

impl RefType {
    /// `(ref null func)`
    pub const FUNCREF: RefType = RefType::new(true, HeapType::Func);
    /// `(ref null extern)`
    pub const EXTERNREF: RefType = RefType::new(true, HeapType::Extern);

    /// `(ref null exn)`
    pub const EXNREF: RefType = RefType::new(true, HeapType::Exn);

    /// A reference to `heap`.
    pub const fn new(nullable: bool, heap: HeapType) -> RefType {
        RefType { nullable, heap }
    }

    /// Whether null is among the values.
    pub const fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// What is referred to.
    pub const fn heap_type(&self) -> HeapType {
        self.heap
    }

    pub(crate) fn from_decoded(ty: decode::RefType) -> RefType {
        RefType { nullable: ty.nullable, heap: HeapType::from_decoded(ty.heap) }
    }

    pub(crate) fn to_decoded(self) -> decode::RefType {
        decode::RefType { nullable: self.nullable, heap: self.heap.to_decoded() }
    }
}

impl ValType {
    /// `(ref null func)`
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `(ref null extern)`
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);
    /// `(ref null exn)`
    pub const EXNREF: ValType = ValType::Ref(RefType::EXNREF);

    /// Whether it is one of the four number types.
    pub const fn is_num(&self) -> bool {
        matches!(self, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
    }

    /// Whether it is a reference type.
    pub const fn is_ref(&self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// The reference type, if it is one.
    pub const fn as_ref(&self) -> Option<&RefType> {
        match self {
            ValType::Ref(ty) => Some(ty),
            _ => None,
        }
    }

    /// Whether it can be a type of this engine.
    pub(crate) fn is_of(self, engine: &Engine) -> bool {
        match self {
            ValType::Ref(RefType { heap: HeapType::Concrete(ConcreteType(id)), .. }) => {
                engine.types(|types| (id.0 as usize) < types.len())
            }
            _ => true,
        }
    }

    /// How many slots of the value stack it takes.
    pub(crate) const fn slots(self) -> usize {
        if matches!(self, ValType::V128) { 2 } else { 1 }
    }

    pub(crate) fn from_decoded(ty: decode::ValType) -> ValType {
        match ty {
            decode::ValType::I32 => ValType::I32,
            decode::ValType::I64 => ValType::I64,
            decode::ValType::F32 => ValType::F32,
            decode::ValType::F64 => ValType::F64,
            decode::ValType::V128 => ValType::V128,
            decode::ValType::Ref(ty) => ValType::Ref(RefType::from_decoded(ty)),
        }
    }

    pub(crate) fn to_decoded(self) -> decode::ValType {
        match self {
            ValType::I32 => decode::ValType::I32,
            ValType::I64 => decode::ValType::I64,
            ValType::F32 => decode::ValType::F32,
            ValType::F64 => decode::ValType::F64,
            ValType::V128 => decode::ValType::V128,
            ValType::Ref(ty) => decode::ValType::Ref(ty.to_decoded()),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decoded().fmt(f)
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decoded().fmt(f)
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decoded().fmt(f)
    }
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> ValType {
        ValType::Ref(ty)
    }
}
