//! The types of values and of what modules import and export. Inside, the decoder's types are used
//! with resolved type indices; these files are where one becomes the other.

mod externs;
mod func;
mod item;
mod object;
mod tag;
mod value;

pub(crate) use externs::ItemType;
pub use externs::{ExportType, ExternType, ImportType};
pub use func::FuncType;
pub(crate) use func::Signature;
pub use item::{GlobalType, MemoryType, MemoryTypeBuilder, Mutability, TableType};
pub use object::{ArrayType, FieldType, Finality, StorageType, StructType};
pub use tag::TagType;
pub use value::{ConcreteType, HeapType, RefType, ValType};
