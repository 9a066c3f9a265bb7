//! [`ExternType`]: the type of whatever is imported and exported, and these under their names.

use crate::{Engine, FuncType, GlobalType, MemoryType, Mutability, TableType, TagType};
use core::fmt;
use windlass_decode as decode;
use windlass_validate::TypeId;

/// The type of something that is imported or exported, as the registry knows it. Of what exists,
/// the smallest size is the present one.
#[derive(Clone, Copy)]
pub(crate) enum ItemType {
    Func(TypeId),
    Table(decode::TableType),
    Memory(decode::MemoryType),
    Global(decode::GlobalType),
    /// A function type without results.
    Tag(TypeId),
}

/// The type of something that is imported or exported.
///
/// ```
/// use windlass::{ExternType, MemoryType};
/// let ty = ExternType::from(MemoryType::new(1, Some(2)));
/// assert_eq!(ty.to_string(), "memory 1..2");
/// assert_eq!((ty.unwrap_memory().minimum(), ty.func()), (1, None));
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
    /// A tag.
    Tag(TagType),
}

impl ExternType {
    pub(crate) fn resolve(engine: &Engine, ty: ItemType) -> ExternType {
        match ty {
            ItemType::Func(id) => ExternType::Func(FuncType::from_id(engine, id)),
            ItemType::Table(ty) => ExternType::Table(TableType::from_decoded(engine, ty)),
            ItemType::Memory(ty) => ExternType::Memory(MemoryType(ty)),
            ItemType::Global(ty) => ExternType::Global(GlobalType::from_decoded(engine, ty)),
            ItemType::Tag(id) => ExternType::Tag(TagType::new(FuncType::from_id(engine, id))),
        }
    }

    /// The type as it is given to the host: see [`HeapType::given`](crate::HeapType::given).
    pub(crate) fn given(self, engine: &Engine) -> ExternType {
        match self {
            ExternType::Table(ty) => ExternType::Table(ty.given(engine)),
            ExternType::Global(ty) => ExternType::Global(ty.given(engine)),
            other => other,
        }
    }
}

macro_rules! accessors {
    ($($variant:ident($ty:ident) $get:ident $unwrap:ident $what:literal;)*) => {
        impl ExternType {
            $(
                #[doc = concat!("The type, if it is that of a ", $what, ".")]
                pub fn $get(&self) -> Option<&$ty> {
                    match self {
                        ExternType::$variant(ty) => Some(ty),
                        _ => None,
                    }
                }

                #[doc = concat!("The type of a ", $what, ".")]
                ///
                /// # Panics
                /// If it is that of something else.
                #[track_caller]
                pub fn $unwrap(&self) -> &$ty {
                    match self {
                        ExternType::$variant(ty) => ty,
                        other => panic!("expected the type of a {}, found {other}", $what),
                    }
                }
            )*
        }

        $(impl From<$ty> for ExternType {
            fn from(ty: $ty) -> ExternType {
                ExternType::$variant(ty)
            }
        })*
    };
}

accessors! {
    Func(FuncType) func unwrap_func "function";
    Table(TableType) table unwrap_table "table";
    Memory(MemoryType) memory unwrap_memory "memory";
    Global(GlobalType) global unwrap_global "global";
    Tag(TagType) tag unwrap_tag "tag";
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "func {ty}"),
            ExternType::Table(ty) => {
                write!(f, "table {} {}", Size(&ty.limits), ty.element())
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
            ExternType::Tag(ty) => write!(f, "tag {ty}"),
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
#[derive(Clone)]
pub struct ImportType<'a> {
    engine: &'a Engine,
    module: &'a str,
    name: &'a str,
    ty: ExternType,
}

impl<'a> ImportType<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        module: &'a str,
        name: &'a str,
        ty: ExternType,
    ) -> ImportType<'a> {
        ImportType { engine, module, name, ty }
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
        self.ty.clone().given(self.engine)
    }
}

impl PartialEq for ImportType<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.module, self.name, &self.ty) == (other.module, other.name, &other.ty)
    }
}

impl Eq for ImportType<'_> {}

impl fmt::Debug for ImportType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("ImportType");
        text.field("module", &self.module).field("name", &self.name).field("ty", &self.ty).finish()
    }
}

/// An export that a module offers.
#[derive(Clone)]
pub struct ExportType<'a> {
    engine: &'a Engine,
    name: &'a str,
    ty: ExternType,
}

impl<'a> ExportType<'a> {
    pub(crate) fn new(engine: &'a Engine, name: &'a str, ty: ExternType) -> ExportType<'a> {
        ExportType { engine, name, ty }
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is exported.
    pub fn ty(&self) -> ExternType {
        self.ty.clone().given(self.engine)
    }
}

impl PartialEq for ExportType<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.ty) == (other.name, &other.ty)
    }
}

impl Eq for ExportType<'_> {}

impl fmt::Debug for ExportType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("ExportType");
        text.field("name", &self.name).field("ty", &self.ty).finish()
    }
}
