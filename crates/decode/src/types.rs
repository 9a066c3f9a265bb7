//! The types of the specification (3.0, section 2.3), as they stand in a module: indices into the
//! module's type section are not resolved.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// A value type.
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

/// A reference type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefType {
    /// Whether null is among the values.
    pub nullable: bool,
    /// What is referred to.
    pub heap: HeapType,
}

/// A heap type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeapType {
    /// One of the built-in types.
    Abs(AbsHeapType),
    /// A type of the type section, or one below it.
    Concrete(u32),
    /// A type of the type section, and none below it.
    Exact(u32),
}

/// A built-in heap type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are the specification's.
pub enum AbsHeapType {
    Func,
    NoFunc,
    Extern,
    NoExtern,
    Any,
    None,
    Eq,
    Struct,
    Array,
    I31,
    Exn,
    NoExn,
}

impl HeapType {
    /// The type of the type section, if it is one.
    pub const fn index(self) -> Option<u32> {
        match self {
            HeapType::Abs(_) => None,
            HeapType::Concrete(index) | HeapType::Exact(index) => Some(index),
        }
    }

    /// The same with another type of the type section, if it is one.
    pub fn with_index(self, index: impl FnOnce(u32) -> u32) -> HeapType {
        match self {
            HeapType::Abs(abs) => HeapType::Abs(abs),
            HeapType::Concrete(old) => HeapType::Concrete(index(old)),
            HeapType::Exact(old) => HeapType::Exact(index(old)),
        }
    }
}

impl AbsHeapType {
    /// The text format's name.
    pub const fn name(self) -> &'static str {
        match self {
            AbsHeapType::Func => "func",
            AbsHeapType::NoFunc => "nofunc",
            AbsHeapType::Extern => "extern",
            AbsHeapType::NoExtern => "noextern",
            AbsHeapType::Any => "any",
            AbsHeapType::None => "none",
            AbsHeapType::Eq => "eq",
            AbsHeapType::Struct => "struct",
            AbsHeapType::Array => "array",
            AbsHeapType::I31 => "i31",
            AbsHeapType::Exn => "exn",
            AbsHeapType::NoExn => "noexn",
        }
    }
}

impl RefType {
    /// `(ref null func)`
    pub const FUNCREF: RefType = RefType::null(AbsHeapType::Func);
    /// `(ref null extern)`
    pub const EXTERNREF: RefType = RefType::null(AbsHeapType::Extern);

    /// `(ref null heap)`
    pub const fn null(heap: AbsHeapType) -> RefType {
        RefType { nullable: true, heap: HeapType::Abs(heap) }
    }
}

impl ValType {
    /// `(ref null func)`
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `(ref null extern)`
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);

    /// How many slots of a frame a value takes, as [`FRAME_SLOTS`](crate::limits::FRAME_SLOTS)
    /// counts them.
    pub const fn slots(self) -> usize {
        match self {
            ValType::V128 => 2,
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::Ref(_) => 1,
        }
    }

    /// Whether a local of this type starts with a default value.
    pub const fn is_defaultable(self) -> bool {
        !matches!(self, ValType::Ref(RefType { nullable: false, .. }))
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapType::Abs(abs) => f.write_str(abs.name()),
            HeapType::Concrete(index) => write!(f, "{index}"),
            HeapType::Exact(index) => write!(f, "(exact {index})"),
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RefType { nullable: true, heap: HeapType::Abs(abs) } => match abs {
                AbsHeapType::None => f.write_str("nullref"),
                AbsHeapType::NoFunc => f.write_str("nullfuncref"),
                AbsHeapType::NoExtern => f.write_str("nullexternref"),
                AbsHeapType::NoExn => f.write_str("nullexnref"),
                abs => write!(f, "{}ref", abs.name()),
            },
            RefType { nullable: true, heap } => write!(f, "(ref null {heap})"),
            RefType { nullable: false, heap } => write!(f, "(ref {heap})"),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(r) => r.fmt(f),
        }
    }
}

/// A function type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FuncType {
    /// Parameters.
    pub params: Box<[ValType]>,
    /// Results.
    pub results: Box<[ValType]>,
}

/// What a structure's field or an array's element stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageType {
    /// A packed 8-bit integer.
    I8,
    /// A packed 16-bit integer.
    I16,
    /// A value.
    Val(ValType),
}

/// A field of a structure, or the element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// What it stores.
    pub storage: StorageType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// A composite type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A structure.
    Struct(Box<[FieldType]>),
    /// An array.
    Array(FieldType),
}

/// A type definition: a composite type and its place in the hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubType {
    /// Whether it can have no subtypes.
    pub is_final: bool,
    /// The declared supertypes (validation allows at most one).
    pub supertypes: Box<[u32]>,
    /// The type whose values those of this type describe.
    pub describes: Option<u32>,
    /// The type of what describes values of this type.
    pub descriptor: Option<u32>,
    /// The structure.
    pub composite: CompositeType,
}

/// A group of types that may refer to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecGroup {
    /// The types, in order of their indices.
    pub types: Vec<SubType>,
    /// The index of the first of them.
    pub first: u32,
    /// Byte offset of the group, for errors.
    pub offset: usize,
}

/// Size limits of a memory (in pages) or a table (in elements).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The initial size.
    pub min: u64,
    /// The largest size, if there is one.
    pub max: Option<u64>,
    /// Whether addresses are `i64` rather than `i32`.
    pub is64: bool,
}

impl Limits {
    /// The type of addresses: `i64` or `i32`.
    pub const fn addr_type(&self) -> ValType {
        if self.is64 { ValType::I64 } else { ValType::I32 }
    }
}

/// A memory type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryType {
    /// Size in pages.
    pub limits: Limits,
    /// Whether several threads may use it.
    pub shared: bool,
    /// log2 of the page size in bytes: 16, or with custom page sizes what the module says. Below
    /// 64; validation allows 0 and 16.
    pub page_size_log2: u8,
}

impl MemoryType {
    /// The most pages that a memory with such addresses and pages can have: all that addresses
    /// reach, but with pages of one byte one less, since a size has as many bits as an address.
    pub const fn max_pages(&self) -> u64 {
        let bits = if self.limits.is64 { 64 } else { 32 };
        match self.page_size_log2 {
            0 => u64::MAX >> (64 - bits),
            page if (page as u32) < bits => 1 << (bits - page as u32),
            _ => 1,
        }
    }
}

/// A table type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    /// The type of the elements.
    pub element: RefType,
    /// Size in elements.
    pub limits: Limits,
}

/// A global type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType {
    /// The type of the value.
    pub val: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// A tag type: a function type without results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagType {
    /// The index of the function type.
    pub func: u32,
}
