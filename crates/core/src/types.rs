//! The types of values and of what modules import and export: [`ValType`], [`FuncType`], [`ExternType`] and
//! so on. Inside, the decoder's types are used with resolved type indices; this file is where one becomes the
//! other.

use crate::{Engine, Error, runtime::ItemType};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use windlass_decode as decode;
use windlass_decode::AbsHeapType;
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

/// The type of a function.
///
/// ```
/// use windlass::{Engine, FuncType, ValType};
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::F64], [ValType::I64]);
/// assert_eq!((ty.params().len(), ty.results().next()), (2, Some(ValType::I64)));
/// assert_eq!(ty.to_string(), "(i32, f64) -> (i64)");
/// ```
#[derive(Clone)]
pub struct FuncType(Arc<FuncTypeInner>);

struct FuncTypeInner {
    engine: Engine,
    id: TypeId,
    /// Parameters, then results.
    types: Box<[ValType]>,
    params: usize,
}

impl FuncType {
    /// The function type with these parameters and results.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        let mut types: Vec<ValType> = params.into_iter().collect();
        let params = types.len();
        types.extend(results);
        let decoded = |types: &[ValType]| types.iter().map(|ty| ty.to_decoded()).collect();
        let id = engine.register_func(decode::FuncType {
            params: decoded(&types[..params]),
            results: decoded(&types[params..]),
        });
        FuncType(Arc::new(FuncTypeInner {
            engine: engine.clone(),
            id,
            types: types.into(),
            params,
        }))
    }

    /// The function type that the engine knows by this number.
    pub(crate) fn from_id(engine: &Engine, id: TypeId) -> FuncType {
        let ty = engine.func_type(id);
        let types = ty.params.iter().chain(&ty.results).map(|&ty| ValType::from_decoded(ty));
        let (types, params) = (types.collect(), ty.params.len());
        FuncType(Arc::new(FuncTypeInner { engine: engine.clone(), id, types, params }))
    }

    pub(crate) fn id(&self) -> TypeId {
        self.0.id
    }

    /// The engine that it belongs to.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The types of the parameters.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.param_types().iter().copied()
    }

    /// The types of the results.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.result_types().iter().copied()
    }

    pub(crate) fn param_types(&self) -> &[ValType] {
        &self.0.types[..self.0.params]
    }

    pub(crate) fn result_types(&self) -> &[ValType] {
        &self.0.types[self.0.params..]
    }
}

impl PartialEq for FuncType {
    fn eq(&self, other: &FuncType) -> bool {
        self.0.params == other.0.params && self.0.types == other.0.types
    }
}

impl Eq for FuncType {}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Signature(self.param_types(), self.result_types()).fmt(f)
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows parameters and results.
pub(crate) struct Signature<'a>(pub(crate) &'a [ValType], pub(crate) &'a [ValType]);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_types(f, self.0)?;
        f.write_str(" -> ")?;
        write_types(f, self.1)
    }
}

fn write_types(f: &mut fmt::Formatter<'_>, types: &[ValType]) -> fmt::Result {
    f.write_str("(")?;
    for (i, ty) in types.iter().enumerate() {
        write!(f, "{}{ty}", if i == 0 { "" } else { ", " })?;
    }
    f.write_str(")")
}

/// The type of a memory.
///
/// ```
/// use windlass::MemoryType;
/// let ty = MemoryType::new(1, Some(16));
/// assert_eq!((ty.minimum(), ty.maximum(), ty.page_size()), (1, Some(16), 65_536));
/// assert!(MemoryType::new64(1, None).is_64());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryType(pub(crate) decode::MemoryType);

impl MemoryType {
    /// A memory with 32-bit addresses; sizes are in pages of 64 KiB.
    pub fn new(minimum: u32, maximum: Option<u32>) -> MemoryType {
        MemoryType::of(minimum.into(), maximum.map(Into::into), false)
    }

    /// A memory with 64-bit addresses; sizes are in pages of 64 KiB.
    pub fn new64(minimum: u64, maximum: Option<u64>) -> MemoryType {
        MemoryType::of(minimum, maximum, true)
    }

    fn of(min: u64, max: Option<u64>, is64: bool) -> MemoryType {
        let limits = decode::Limits { min, max, is64 };
        MemoryType(decode::MemoryType { limits, shared: false, page_size_log2: 16 })
    }

    /// The smallest size, in pages.
    pub fn minimum(&self) -> u64 {
        self.0.limits.min
    }

    /// The largest size, in pages, if there is one.
    pub fn maximum(&self) -> Option<u64> {
        self.0.limits.max
    }

    /// Whether addresses have 64 bits.
    pub fn is_64(&self) -> bool {
        self.0.limits.is64
    }

    /// Whether several threads may use it.
    pub fn is_shared(&self) -> bool {
        self.0.shared
    }

    /// The size of a page in bytes.
    pub fn page_size(&self) -> u64 {
        1 << self.page_size_log2()
    }

    /// log2 of the size of a page in bytes.
    pub fn page_size_log2(&self) -> u8 {
        self.0.page_size_log2
    }

    /// Whether a memory of this type can be made.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.shared {
            return Err(Error::msg("shared memories are not there yet"));
        }
        match self.maximum() {
            Some(max) if self.minimum() > max => {
                Err(Error::msg("size minimum must not be greater than maximum"))
            }
            _ => Ok(()),
        }
    }
}

/// The type of a table.
///
/// ```
/// use windlass::{RefType, TableType};
/// let ty = TableType::new(RefType::FUNCREF, 10, Some(20));
/// assert_eq!((ty.element(), ty.minimum(), ty.maximum()), (RefType::FUNCREF, 10, Some(20)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableType(pub(crate) decode::TableType);

impl TableType {
    /// A table with 32-bit indices.
    pub fn new(element: RefType, minimum: u32, maximum: Option<u32>) -> TableType {
        TableType::of(element, minimum.into(), maximum.map(Into::into), false)
    }

    /// A table with 64-bit indices.
    pub fn new64(element: RefType, minimum: u64, maximum: Option<u64>) -> TableType {
        TableType::of(element, minimum, maximum, true)
    }

    fn of(element: RefType, min: u64, max: Option<u64>, is64: bool) -> TableType {
        let limits = decode::Limits { min, max, is64 };
        TableType(decode::TableType { element: element.to_decoded(), limits })
    }

    /// The type of the elements.
    pub fn element(&self) -> RefType {
        RefType::from_decoded(self.0.element)
    }

    /// The smallest size, in elements.
    pub fn minimum(&self) -> u64 {
        self.0.limits.min
    }

    /// The largest size, in elements, if there is one.
    pub fn maximum(&self) -> Option<u64> {
        self.0.limits.max
    }

    /// Whether indices have 64 bits.
    pub fn is_64(&self) -> bool {
        self.0.limits.is64
    }
}

/// Whether a global can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// It keeps its value.
    Const,
    /// It can be set.
    Var,
}

/// The type of a global.
///
/// ```
/// use windlass::{GlobalType, Mutability, ValType};
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// assert_eq!((ty.content(), ty.mutability()), (ValType::I32, Mutability::Var));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType(pub(crate) decode::GlobalType);

impl GlobalType {
    /// A global with values of type `content`.
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        let mutable = mutability == Mutability::Var;
        GlobalType(decode::GlobalType { val: content.to_decoded(), mutable })
    }

    /// The type of the value.
    pub fn content(&self) -> ValType {
        ValType::from_decoded(self.0.val)
    }

    /// Whether it can be set.
    pub fn mutability(&self) -> Mutability {
        if self.0.mutable { Mutability::Var } else { Mutability::Const }
    }
}

/// The type of something that is imported or exported.
///
/// ```
/// use windlass::{ExternType, MemoryType};
/// assert_eq!(ExternType::Memory(MemoryType::new(1, Some(2))).to_string(), "memory 1..2");
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl ExternType {
    pub(crate) fn resolve(engine: &Engine, ty: ItemType) -> ExternType {
        match ty {
            ItemType::Func(id) => ExternType::Func(FuncType::from_id(engine, id)),
            ItemType::Table(ty) => ExternType::Table(TableType(ty)),
            ItemType::Memory(ty) => ExternType::Memory(MemoryType(ty)),
            ItemType::Global(ty) => ExternType::Global(GlobalType(ty)),
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "func {ty}"),
            ExternType::Table(ty) => {
                write!(f, "table {} {}", Size(&ty.0.limits), ty.element())
            }
            ExternType::Memory(ty) => {
                write!(f, "memory {}", Size(&ty.0.limits))?;
                if ty.page_size_log2() != 16 {
                    write!(f, " (pagesize {})", ty.page_size())?;
                }
                f.write_str(if ty.is_shared() { " shared" } else { "" })
            }
            ExternType::Global(ty) => match ty.mutability() {
                Mutability::Const => write!(f, "global {}", ty.content()),
                Mutability::Var => write!(f, "global (mut {})", ty.content()),
            },
        }
    }
}

/// Limits as the text format writes them, but for a `..` between them.
struct Size<'a>(&'a decode::Limits);

impl fmt::Display for Size<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is64 { "i64 " } else { "" })?;
        write!(f, "{}..", self.0.min)?;
        self.0.max.map_or(Ok(()), |max| write!(f, "{max}"))
    }
}

/// An import that a module asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportType<'a> {
    module: &'a str,
    name: &'a str,
    ty: ExternType,
}

impl<'a> ImportType<'a> {
    pub(crate) fn new(module: &'a str, name: &'a str, ty: ExternType) -> ImportType<'a> {
        ImportType { module, name, ty }
    }

    /// The name of the module that it is imported from.
    pub fn module(&self) -> &'a str {
        self.module
    }

    /// The name in that module.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is imported.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

/// An export that a module offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportType<'a> {
    name: &'a str,
    ty: ExternType,
}

impl<'a> ExportType<'a> {
    pub(crate) fn new(name: &'a str, ty: ExternType) -> ExportType<'a> {
        ExportType { name, ty }
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is exported.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}
