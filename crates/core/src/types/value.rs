//! [`ValType`], [`RefType`] and [`HeapType`]: the types of values.

use crate::{Engine, FuncType, engine::EngineId, exec::tables::GC};
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
            /// A function of a type that is defined: see [`FuncType`].
            ConcreteFunc(ConcreteType),
            /// A structure of a type that is defined: see [`StructType`](crate::StructType).
            ConcreteStruct(ConcreteType),
            /// An array of a type that is defined: see [`ArrayType`](crate::ArrayType).
            ConcreteArray(ConcreteType),
        }

        impl HeapType {
            pub(crate) fn from_decoded(engine: &Engine, heap: decode::HeapType) -> HeapType {
                match heap {
                    $(decode::HeapType::Abs(AbsHeapType::$name) => HeapType::$name,)*
                    _ if !GC => HeapType::Func,
                    decode::HeapType::Concrete(id) => HeapType::concrete(engine, TypeId(id)),
                    decode::HeapType::Exact(id) => HeapType::concrete(engine, TypeId(id)).exact(),
                }
            }

            pub(crate) fn to_decoded(self) -> decode::HeapType {
                use HeapType::{ConcreteArray, ConcreteFunc, ConcreteStruct};
                match self {
                    $(HeapType::$name => decode::HeapType::Abs(AbsHeapType::$name),)*
                    _ if !GC => decode::HeapType::Abs(AbsHeapType::Func),
                    ConcreteFunc(ty) | ConcreteStruct(ty) | ConcreteArray(ty) => {
                        match ty.is_exact() {
                            true => decode::HeapType::Exact(ty.id().0),
                            false => decode::HeapType::Concrete(ty.id().0),
                        }
                    }
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

/// A type that is defined: which engine it belongs to, the number that this engine knows it by, and
/// whether it is meant without the types below it ([`HeapType::exact`]). Two modules of one engine
/// that define the same type have the same `ConcreteType`; those of different engines never have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConcreteType {
    engine: EngineId,
    /// The number, which is below [`EXACT`], and that bit.
    bits: u32,
}

/// Set in a type that is meant without those below it. In a field of its own it would make all
/// types of values larger.
const EXACT: u32 = 1 << 31;

impl ConcreteType {
    pub(crate) fn new(engine: &Engine, id: TypeId) -> ConcreteType {
        ConcreteType { engine: engine.id(), bits: id.0 }
    }

    const fn id(self) -> TypeId {
        TypeId(self.bits & !EXACT)
    }

    const fn is_exact(self) -> bool {
        self.bits & EXACT != 0
    }

    const fn with_exactness(self, exact: bool) -> ConcreteType {
        ConcreteType { bits: self.id().0 | if exact { EXACT } else { 0 }, ..self }
    }

    /// The number, if it is a type of this engine.
    pub(crate) fn id_in(self, engine: &Engine) -> Option<TypeId> {
        (self.engine == engine.id()).then_some(self.id())
    }
}

impl HeapType {
    /// A type that the engine knows by this number.
    pub(crate) fn concrete(engine: &Engine, id: TypeId) -> HeapType {
        let ty = ConcreteType::new(engine, id);
        engine.types(|types| match types.get(id).composite {
            decode::CompositeType::Func(_) => HeapType::ConcreteFunc(ty),
            decode::CompositeType::Struct(_) => HeapType::ConcreteStruct(ty),
            decode::CompositeType::Array(_) => HeapType::ConcreteArray(ty),
        })
    }

    /// Whether it is a type that is defined.
    pub const fn is_concrete(&self) -> bool {
        self.as_concrete().is_some()
    }

    /// Whether it is a type that is defined, without the types below it.
    pub const fn is_exact(&self) -> bool {
        matches!(self.as_concrete(), Some(ty) if ty.is_exact())
    }

    /// The type without those below it, if it is one that is defined: what was made as just that
    /// is of it. Other types stay as they are. Guests have such types with the feature
    /// [`custom-descriptors`](crate::Config::wasm_custom_descriptors).
    ///
    /// ```
    /// use windlass::{Engine, FuncType, HeapType};
    /// let engine = Engine::default();
    /// let ty = HeapType::from(FuncType::new(&engine, [], []));
    /// assert!(ty.exact().matches(&engine, &ty) && !ty.matches(&engine, &ty.exact()));
    /// assert_eq!(ty.exact().inexact(), ty);
    /// assert_eq!(HeapType::Func.exact(), HeapType::Func);
    /// ```
    #[must_use]
    pub const fn exact(self) -> HeapType {
        self.with_exactness(true)
    }

    /// The type with those below it: see [`HeapType::exact`].
    #[must_use]
    pub const fn inexact(self) -> HeapType {
        self.with_exactness(false)
    }

    const fn with_exactness(self, exact: bool) -> HeapType {
        use HeapType::{ConcreteArray, ConcreteFunc, ConcreteStruct};
        match self {
            ConcreteFunc(ty) => ConcreteFunc(ty.with_exactness(exact)),
            ConcreteStruct(ty) => ConcreteStruct(ty.with_exactness(exact)),
            ConcreteArray(ty) => ConcreteArray(ty.with_exactness(exact)),
            abstract_type => abstract_type,
        }
    }

    const fn as_concrete(&self) -> Option<ConcreteType> {
        use HeapType::{ConcreteArray, ConcreteFunc, ConcreteStruct};
        match self {
            ConcreteFunc(ty) | ConcreteStruct(ty) | ConcreteArray(ty) if GC => Some(*ty),
            _ => None,
        }
    }

    /// The function type, if it is one that is defined and belongs to `engine`.
    pub fn as_concrete_func(&self, engine: &Engine) -> Option<FuncType> {
        match self {
            HeapType::ConcreteFunc(ty) => Some(FuncType::from_id(engine, ty.id_in(engine)?)),
            _ => None,
        }
    }

    /// The type of all references in its hierarchy: `func`, `extern`, `any` or `exn`.
    ///
    /// ```
    /// use windlass::HeapType;
    /// assert_eq!(HeapType::I31.top(), HeapType::Any);
    /// assert_eq!(HeapType::NoFunc.top(), HeapType::Func);
    /// ```
    pub const fn top(&self) -> HeapType {
        match self {
            HeapType::Func | HeapType::NoFunc | HeapType::ConcreteFunc(_) => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            _ => HeapType::Any,
        }
    }

    /// The type of no reference in its hierarchy but null.
    pub const fn bottom(&self) -> HeapType {
        match self.top() {
            HeapType::Func => HeapType::NoFunc,
            HeapType::Extern => HeapType::NoExtern,
            HeapType::Exn => HeapType::NoExn,
            _ => HeapType::None,
        }
    }

    /// Whether it is `other` or a subtype of it. A type of another engine than `engine` matches
    /// nothing, and nothing matches it.
    ///
    /// ```
    /// use windlass::{Engine, FuncType, HeapType};
    /// let engine = Engine::default();
    /// let ty = HeapType::from(FuncType::new(&engine, [], []));
    /// assert!(ty.matches(&engine, &HeapType::Func));
    /// assert!(!HeapType::Func.matches(&engine, &ty));
    /// ```
    pub fn matches(&self, engine: &Engine, other: &HeapType) -> bool {
        if !self.is_of(engine) || !other.is_of(engine) {
            return false;
        }
        let (own, other) = (self.to_decoded(), other.to_decoded());
        own == other || engine.types(|types| types.heap_is_subtype(own, other))
    }

    /// The type as it is given to the host, who can keep it as long as it likes: the number means
    /// the same as long as the engine lives. Until then it means that only as long as somebody
    /// holds the type.
    pub(crate) fn given(self, engine: &Engine) -> HeapType {
        if let Some(id) = self.as_concrete().and_then(|ty| ty.id_in(engine)) {
            engine.types(|types| types.reserve(id));
        }
        self
    }

    /// Whether it is a type of this engine, as abstract types are of all.
    fn is_of(self, engine: &Engine) -> bool {
        self.as_concrete().is_none_or(|ty| ty.id_in(engine).is_some())
    }
}

impl From<&FuncType> for HeapType {
    /// In builds without the feature `gc`, where nothing names the type of a function, it is that
    /// of all functions.
    fn from(ty: &FuncType) -> HeapType {
        if !GC {
            return HeapType::Func;
        }
        HeapType::ConcreteFunc(ConcreteType::new(ty.engine(), ty.id())).given(ty.engine())
    }
}

impl From<FuncType> for HeapType {
    fn from(ty: FuncType) -> HeapType {
        HeapType::from(&ty)
    }
}

macro_rules! named_types {
    ($($name:ident $heap:ident $text:literal;)*) => {
        /// The types that have a name of their own.
        impl RefType {
            $(
                #[doc = concat!("`(ref null ", $text, ")`")]
                pub const $name: RefType = RefType::new(true, HeapType::$heap);
            )*
        }

        /// The types of references that have a name of their own.
        impl ValType {
            $(
                #[doc = concat!("`(ref null ", $text, ")`")]
                pub const $name: ValType = ValType::Ref(RefType::$name);
            )*
        }
    };
}

named_types! {
    FUNCREF Func "func";
    NULLFUNCREF NoFunc "nofunc";
    EXTERNREF Extern "extern";
    NULLEXTERNREF NoExtern "noextern";
    ANYREF Any "any";
    EQREF Eq "eq";
    I31REF I31 "i31";
    STRUCTREF Struct "struct";
    ARRAYREF Array "array";
    NULLREF None "none";
    EXNREF Exn "exn";
    NULLEXNREF NoExn "noexn";
}

impl RefType {
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

    /// The type with those below it: see [`HeapType::inexact`].
    pub(crate) fn inexact(self) -> RefType {
        RefType { heap: self.heap.inexact(), ..self }
    }

    /// Whether it is `other` or a subtype of it: see [`HeapType::matches`].
    pub fn matches(&self, engine: &Engine, other: &RefType) -> bool {
        (!self.nullable || other.nullable) && self.heap.matches(engine, &other.heap)
    }

    /// The type as it is given to the host: see [`HeapType::given`].
    pub(crate) fn given(self, engine: &Engine) -> RefType {
        RefType { heap: self.heap.given(engine), ..self }
    }

    pub(crate) fn from_decoded(engine: &Engine, ty: decode::RefType) -> RefType {
        RefType { nullable: ty.nullable, heap: HeapType::from_decoded(engine, ty.heap) }
    }

    pub(crate) fn to_decoded(self) -> decode::RefType {
        decode::RefType { nullable: self.nullable, heap: self.heap.to_decoded() }
    }
}

impl ValType {
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

    /// Whether it is `other` or a subtype of it: see [`HeapType::matches`].
    ///
    /// ```
    /// use windlass::{Engine, ValType};
    /// let engine = Engine::default();
    /// assert!(ValType::NULLREF.matches(&engine, &ValType::ANYREF));
    /// assert!(!ValType::ANYREF.matches(&engine, &ValType::EXTERNREF));
    /// ```
    pub fn matches(&self, engine: &Engine, other: &ValType) -> bool {
        match (self, other) {
            (ValType::Ref(own), ValType::Ref(other)) => own.matches(engine, other),
            _ => self == other,
        }
    }

    /// The type as it is given to the host: see [`HeapType::given`].
    pub(crate) fn given(self, engine: &Engine) -> ValType {
        match self {
            ValType::Ref(ty) => ValType::Ref(ty.given(engine)),
            other => other,
        }
    }

    /// The type with null, of a reference.
    pub(crate) fn nullable(self) -> ValType {
        match self {
            ValType::Ref(ty) => ValType::Ref(RefType::new(true, ty.heap)),
            other => other,
        }
    }

    /// Whether it is a type of this engine, as abstract types are of all.
    pub(crate) fn is_of(self, engine: &Engine) -> bool {
        self.as_ref().is_none_or(|ty| ty.heap.is_of(engine))
    }

    /// How many slots of the value stack it takes.
    pub(crate) const fn slots(self) -> usize {
        if matches!(self, ValType::V128) { 2 } else { 1 }
    }

    pub(crate) fn from_decoded(engine: &Engine, ty: decode::ValType) -> ValType {
        match ty {
            decode::ValType::I32 => ValType::I32,
            decode::ValType::I64 => ValType::I64,
            decode::ValType::F32 => ValType::F32,
            decode::ValType::F64 => ValType::F64,
            decode::ValType::V128 => ValType::V128,
            decode::ValType::Ref(ty) => ValType::Ref(RefType::from_decoded(engine, ty)),
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
