//! [`StructType`] and [`ArrayType`]: the types of what lies in the heap; and [`FieldType`], what
//! they consist of. Both are numbers that the engine's registry knows.

use super::value::ConcreteType;
use crate::{Engine, Error, HeapType, Mutability, ValType, engine::HeldType, error::error};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use windlass_decode::{self as decode, CompositeType, SubType, limits::FIELDS};
use windlass_validate::TypeId;

/// How a field or an element is stored.
///
/// ```
/// use windlass::{StorageType, ValType};
/// assert_eq!(StorageType::I8.unpack(), ValType::I32);
/// assert_eq!(StorageType::from(ValType::F64).to_string(), "f64");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageType {
    /// The low 8 bits of an `i32`.
    I8,
    /// The low 16 bits of an `i32`.
    I16,
    /// A whole value.
    ValType(ValType),
}

impl StorageType {
    /// The type of values that are stored so.
    pub const fn unpack(&self) -> ValType {
        match self {
            StorageType::I8 | StorageType::I16 => ValType::I32,
            StorageType::ValType(ty) => *ty,
        }
    }

    /// The type of values, if they are stored whole.
    pub const fn as_val_type(&self) -> Option<ValType> {
        match self {
            StorageType::I8 | StorageType::I16 => None,
            StorageType::ValType(ty) => Some(*ty),
        }
    }

    /// The type as it is given to the host: see [`HeapType::given`].
    fn given(self, engine: &Engine) -> StorageType {
        match self {
            StorageType::ValType(ty) => StorageType::ValType(ty.given(engine)),
            packed => packed,
        }
    }

    fn from_decoded(engine: &Engine, ty: decode::StorageType) -> StorageType {
        match ty {
            decode::StorageType::I8 => StorageType::I8,
            decode::StorageType::I16 => StorageType::I16,
            decode::StorageType::Val(ty) => StorageType::ValType(ValType::from_decoded(engine, ty)),
        }
    }

    fn to_decoded(self) -> decode::StorageType {
        match self {
            StorageType::I8 => decode::StorageType::I8,
            StorageType::I16 => decode::StorageType::I16,
            StorageType::ValType(ty) => decode::StorageType::Val(ty.to_decoded()),
        }
    }
}

impl From<ValType> for StorageType {
    fn from(ty: ValType) -> StorageType {
        StorageType::ValType(ty)
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageType::I8 => f.write_str("i8"),
            StorageType::I16 => f.write_str("i16"),
            StorageType::ValType(ty) => ty.fmt(f),
        }
    }
}

/// The type of a field or an element: how it is stored, and whether it can be set.
///
/// ```
/// use windlass::{FieldType, Mutability, StorageType};
/// let ty = FieldType::new(Mutability::Var, StorageType::I8);
/// assert_eq!(ty.to_string(), "(mut i8)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    mutability: Mutability,
    storage: StorageType,
}

impl FieldType {
    /// A field.
    pub const fn new(mutability: Mutability, storage: StorageType) -> FieldType {
        FieldType { mutability, storage }
    }

    /// Whether it can be set.
    pub const fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// How it is stored.
    pub const fn element_type(&self) -> StorageType {
        self.storage
    }

    /// Whether it is `other` or a subtype of it. A type of another engine than `engine` matches
    /// nothing, and nothing matches it.
    pub fn matches(&self, engine: &Engine, other: &FieldType) -> bool {
        if !self.is_of(engine) || !other.is_of(engine) {
            return false;
        }
        let (own, other) = (self.to_decoded(), other.to_decoded());
        engine.types(|types| types.field_is_subtype(own, other))
    }

    fn is_of(&self, engine: &Engine) -> bool {
        self.storage.unpack().is_of(engine)
    }

    /// The type as it is given to the host: see [`HeapType::given`].
    fn given(self, engine: &Engine) -> FieldType {
        FieldType { storage: self.storage.given(engine), ..self }
    }

    /// The type of a field of a structure type, or of the elements of an array type, whose `index`
    /// is 0.
    pub(crate) fn of(engine: &Engine, id: TypeId, index: usize) -> Option<FieldType> {
        let field = engine.types(|types| match &types.get(id).composite {
            CompositeType::Struct(fields) => fields.get(index).copied(),
            CompositeType::Array(element) => Some(*element),
            CompositeType::Func(_) => None,
        })?;
        Some(FieldType::from_decoded(engine, field))
    }

    pub(crate) fn from_decoded(engine: &Engine, ty: decode::FieldType) -> FieldType {
        let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
        FieldType { mutability, storage: StorageType::from_decoded(engine, ty.storage) }
    }

    fn to_decoded(self) -> decode::FieldType {
        let mutable = self.mutability == Mutability::Var;
        decode::FieldType { storage: self.storage.to_decoded(), mutable }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mutability {
            Mutability::Const => self.storage.fmt(f),
            Mutability::Var => write!(f, "(mut {})", self.storage),
        }
    }
}

/// Whether a type can have subtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finality {
    /// It can have none.
    Final,
    /// It can have some.
    NonFinal,
}

/// The type with this finality and supertype.
pub(crate) fn define(
    engine: &Engine,
    finality: Finality,
    sup: Option<(&Engine, TypeId)>,
    composite: CompositeType,
) -> Result<HeldType, Error> {
    if sup.is_some_and(|(other, _)| !Engine::same(engine, other)) {
        return Err(Error::msg("the supertype belongs to another engine"));
    }
    let supertypes = sup.iter().map(|(_, id)| id.0).collect();
    let is_final = finality == Finality::Final;
    let ty = SubType { is_final, supertypes, describes: None, descriptor: None, composite };
    engine.register(ty)
}

/// What function, structure and array types have in common.
macro_rules! defined_type {
    ($name:ident, $concrete:ident, $as_concrete:ident, $what:literal) => {
        impl $name {
            pub(crate) fn from_id(engine: &Engine, id: TypeId) -> $name {
                $name(Arc::new(HeldType::new(engine, id)))
            }

            pub(crate) fn id(&self) -> TypeId {
                self.0.id()
            }

            /// The engine that it belongs to.
            pub fn engine(&self) -> &Engine {
                self.0.engine()
            }

            /// Whether it can have subtypes.
            pub fn finality(&self) -> Finality {
                match self.engine().types(|types| types.get(self.id()).is_final) {
                    true => Finality::Final,
                    false => Finality::NonFinal,
                }
            }

            /// The declared supertype, if there is one.
            pub fn supertype(&self) -> Option<$name> {
                let id = self.engine().types(|types| types.supertype(self.id()))?;
                Some($name::from_id(self.engine(), id))
            }

            /// Whether it is `other` or a subtype of it.
            pub fn matches(&self, other: &$name) -> bool {
                Engine::same(self.engine(), other.engine())
                    && self.engine().types(|types| types.is_subtype(self.id(), other.id()))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &$name) -> bool {
                self.id() == other.id() && Engine::same(self.engine(), other.engine())
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl From<&$name> for HeapType {
            fn from(ty: &$name) -> HeapType {
                HeapType::$concrete(ConcreteType::new(ty.engine(), ty.id())).given(ty.engine())
            }
        }

        impl From<$name> for HeapType {
            fn from(ty: $name) -> HeapType {
                HeapType::from(&ty)
            }
        }

        impl HeapType {
            #[doc = concat!("The ", $what, " type, if it is one that is defined and belongs to \
                `engine`.")]
            pub fn $as_concrete(&self, engine: &Engine) -> Option<$name> {
                match self {
                    HeapType::$concrete(ty) => Some($name::from_id(engine, ty.id_in(engine)?)),
                    _ => None,
                }
            }
        }
    };
}

/// The type of a structure.
///
/// ```
/// use windlass::{
///     Engine, FieldType, Finality, HeapType, Mutability, StorageType, StructType, ValType,
/// };
/// let engine = Engine::default();
/// let number = FieldType::new(Mutability::Var, ValType::I32.into());
/// let flag = FieldType::new(Mutability::Const, StorageType::I8);
/// let open = Finality::NonFinal;
/// let base = StructType::with_finality_and_supertype(&engine, open, None, [number])?;
/// let (last, fields) = (Finality::Final, [number, flag]);
/// let derived = StructType::with_finality_and_supertype(&engine, last, Some(&base), fields)?;
/// assert!(derived.matches(&base) && !base.matches(&derived));
/// assert_eq!(derived.to_string(), "struct { (mut i32), i8 }");
/// assert_eq!(HeapType::from(&derived).as_concrete_struct(&engine), Some(derived));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct StructType(Arc<HeldType>);

defined_type!(StructType, ConcreteStruct, as_concrete_struct, "structure");

impl StructType {
    /// The final type with these fields and no supertype.
    ///
    /// # Errors
    /// If there are more than 10000 fields, or if the type of one belongs to another engine; if the
    /// build is without the feature `gc`.
    pub fn new(
        engine: &Engine,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<StructType, Error> {
        StructType::with_finality_and_supertype(engine, Finality::Final, None, fields)
    }

    /// The type with these fields.
    ///
    /// # Errors
    /// If there are more than 10000 fields, or if the type of one belongs to another engine; if the
    /// supertype is final, has to do with descriptors, or its fields are not matched by the first
    /// of these.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&StructType>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<StructType, Error> {
        let fields: Vec<FieldType> = fields.into_iter().collect();
        if fields.len() > FIELDS as usize {
            return Err(error!("a structure has at most {FIELDS} fields, not {}", fields.len()));
        }
        check_built()?;
        fields.iter().try_for_each(|&field| check_engine(engine, field))?;
        let fields = fields.into_iter().map(FieldType::to_decoded).collect();
        let sup = supertype.map(|ty| (ty.engine(), ty.id()));
        Ok(StructType(Arc::new(define(engine, finality, sup, CompositeType::Struct(fields))?)))
    }

    /// The fields.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        self.field_types().into_iter().map(|field| field.given(self.engine()))
    }

    /// The fields, for as long as this type is held.
    pub(crate) fn field_types(&self) -> Box<[FieldType]> {
        let fields: Box<[decode::FieldType]> =
            self.engine().types(|types| match &types.get(self.id()).composite {
                CompositeType::Struct(fields) => fields.iter().copied().collect(),
                _ => Box::default(),
            });
        fields.iter().map(|&field| FieldType::from_decoded(self.engine(), field)).collect()
    }

    /// The type of the descriptors that structures of this type have, if they have some: with the
    /// feature [`custom-descriptors`](crate::Config::wasm_custom_descriptors).
    pub fn descriptor(&self) -> Option<StructType> {
        Some(StructType::from_id(self.engine(), self.descriptor_id()?))
    }

    /// The type that structures of this type are descriptors for, if they are.
    pub fn describes(&self) -> Option<StructType> {
        let id = self.engine().types(|types| types.get(self.id()).describes)?;
        Some(StructType::from_id(self.engine(), TypeId(id)))
    }

    /// The number of the type of their descriptors.
    pub(crate) fn descriptor_id(&self) -> Option<TypeId> {
        self.engine().types(|types| types.get(self.id()).descriptor).map(TypeId)
    }

    /// The field with this index, if there is one.
    pub fn field(&self, index: usize) -> Option<FieldType> {
        Some(FieldType::of(self.engine(), self.id(), index)?.given(self.engine()))
    }
}

impl fmt::Display for StructType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct {")?;
        for (index, field) in self.field_types().iter().enumerate() {
            write!(f, "{} {field}", if index == 0 { "" } else { "," })?;
        }
        f.write_str(" }")
    }
}

/// The type of an array.
///
/// ```
/// use windlass::{ArrayType, Engine, FieldType, Mutability, StorageType};
/// let engine = Engine::default();
/// let bytes = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::I8))?;
/// assert_eq!(bytes.element_type(), StorageType::I8);
/// assert_eq!(bytes.to_string(), "array (mut i8)");
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct ArrayType(Arc<HeldType>);

defined_type!(ArrayType, ConcreteArray, as_concrete_array, "array");

impl ArrayType {
    /// The final type with such elements and no supertype.
    ///
    /// # Errors
    /// If the type of the elements belongs to another engine.
    pub fn new(engine: &Engine, element: FieldType) -> Result<ArrayType, Error> {
        ArrayType::with_finality_and_supertype(engine, Finality::Final, None, element)
    }

    /// The type with such elements.
    ///
    /// # Errors
    /// If the type of the elements belongs to another engine; if the supertype is final, or its
    /// elements are not matched by these.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&ArrayType>,
        element: FieldType,
    ) -> Result<ArrayType, Error> {
        check_built()?;
        check_engine(engine, element)?;
        let sup = supertype.map(|ty| (ty.engine(), ty.id()));
        let composite = CompositeType::Array(element.to_decoded());
        Ok(ArrayType(Arc::new(define(engine, finality, sup, composite)?)))
    }

    /// The elements: how they are stored, and whether they can be set.
    pub fn field_type(&self) -> FieldType {
        self.element().given(self.engine())
    }

    /// The elements, for as long as this type is held.
    pub(crate) fn element(&self) -> FieldType {
        match FieldType::of(self.engine(), self.id(), 0) {
            Some(element) => element,
            None => unreachable!("an array type is one"),
        }
    }

    /// Whether elements can be set.
    pub fn mutability(&self) -> Mutability {
        self.field_type().mutability()
    }

    /// How elements are stored.
    pub fn element_type(&self) -> StorageType {
        self.field_type().element_type()
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "array {}", self.element())
    }
}

/// Builds without objects know no types of them.
fn check_built() -> Result<(), Error> {
    match cfg!(feature = "gc") {
        true => Ok(()),
        false => Err(error!("a type of objects needs the cargo feature `gc`")),
    }
}

fn check_engine(engine: &Engine, field: FieldType) -> Result<(), Error> {
    match field.is_of(engine) {
        true => Ok(()),
        false => Err(Error::msg("the type of a field belongs to another engine")),
    }
}
