//! [`Module`]: what the sections of a module say, decoded but not validated.

use crate::{FuncType, GlobalType, MemoryType, RecGroup, RefType, TableType, TagType, ValType};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::ops::Range;

/// A decoded module. It does not borrow the bytes: bodies, expressions and data are byte ranges in
/// them.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The type section, group by group.
    pub types: Vec<RecGroup>,
    /// The imports, in order.
    pub imports: Vec<Import>,
    /// The type indices of the functions that the module defines.
    pub funcs: Vec<u32>,
    /// The tables that the module defines.
    pub tables: Vec<Table>,
    /// The memories that the module defines.
    pub memories: Vec<MemoryType>,
    /// The tags that the module defines.
    pub tags: Vec<TagType>,
    /// The globals that the module defines.
    pub globals: Vec<Global>,
    /// The exports, in order.
    pub exports: Vec<Export>,
    /// The start function.
    pub start: Option<Start>,
    /// The element segments.
    pub elements: Vec<Element>,
    /// The data count section.
    pub data_count: Option<u32>,
    /// The bodies of the functions that the module defines.
    pub bodies: Vec<Body>,
    /// The data segments.
    pub data: Vec<Data>,
    /// The custom sections, in order.
    pub customs: Vec<Custom>,
    /// Where each section lies, in order, for tools.
    pub sections: Vec<Section>,
}

/// A section as it lies in the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The section's id (0 is custom).
    pub id: u8,
    /// Its contents, without id and size.
    pub range: Range<usize>,
}

/// An expression: the byte range of its instructions, `end` included.
pub type Expr = Range<usize>;

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module's name, which imports in a row share.
    pub module: Arc<String>,
    /// The name in that module.
    pub name: Box<str>,
    /// What is imported.
    pub ty: ImportType,
    /// Byte offset of the import.
    pub offset: usize,
}

/// What is imported. Type indices are not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportType {
    /// A function of a type, by the type's index, or of one below it.
    Func(u32),
    /// A function of a type, by the type's index, and of none below it.
    ExactFunc(u32),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag.
    Tag(TagType),
}

impl ImportType {
    /// What kind of thing it is.
    pub const fn kind(&self) -> ExternKind {
        match self {
            ImportType::Func(_) | ImportType::ExactFunc(_) => ExternKind::Func,
            ImportType::Table(_) => ExternKind::Table,
            ImportType::Memory(_) => ExternKind::Memory,
            ImportType::Global(_) => ExternKind::Global,
            ImportType::Tag(_) => ExternKind::Tag,
        }
    }
}

/// A table that the module defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its type.
    pub ty: TableType,
    /// What its elements start as; null if absent.
    pub init: Option<Expr>,
    /// Byte offset of the definition.
    pub offset: usize,
}

/// A global that the module defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its type.
    pub ty: GlobalType,
    /// What it starts as.
    pub init: Expr,
    /// Byte offset of the definition.
    pub offset: usize,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: Box<str>,
    /// What kind of thing is exported.
    pub kind: ExternKind,
    /// Its index in that kind's index space.
    pub index: u32,
    /// Byte offset of the export.
    pub offset: usize,
}

/// The kinds of things that are imported and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ExternKind {
    Func,
    Table,
    Memory,
    Global,
    Tag,
}

/// The start function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its index.
    pub func: u32,
    /// Byte offset of the index.
    pub offset: usize,
}

/// An element segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The type of the elements.
    pub ty: RefType,
    /// The elements.
    pub items: ElementItems,
    /// How the segment is used.
    pub mode: ElementMode,
    /// Byte offset of the segment.
    pub offset: usize,
}

/// The elements of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementItems {
    /// Function indices.
    Funcs(Box<[u32]>),
    /// Constant expressions.
    Exprs(Box<[Expr]>),
}

/// How an element segment is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementMode {
    /// By `table.init`.
    Passive,
    /// Copied to a table by instantiation.
    Active {
        /// The table.
        table: u32,
        /// Where in the table.
        at: Expr,
    },
    /// Only declares functions that `ref.func` names.
    Declared,
}

/// A data segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The bytes.
    pub bytes: Range<usize>,
    /// Memory and place it is copied to by instantiation; none: for `memory.init`.
    pub active: Option<(u32, Expr)>,
    /// Byte offset of the segment.
    pub offset: usize,
}

/// The body of a function: locals and code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Where it begins, with the declarations of its locals: custom sections count offsets from
    /// here.
    pub start: usize,
    /// The declared locals in runs of one type; at most 50,000 in sum.
    pub locals: Box<[(u32, ValType)]>,
    /// The instructions, the last `end` included.
    pub code: Expr,
}

/// A custom section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Its name.
    pub name: String,
    /// Its contents after the name.
    pub bytes: Range<usize>,
    /// The id of the last section before it that is not custom; 0 if there is none.
    pub after: u8,
}

/// The type of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// No operands, no results.
    Empty,
    /// One result.
    Result(ValType),
    /// A function type's index.
    Func(u32),
}

impl Module {
    /// The `index`th type of the type section.
    pub fn ty(&self, index: u32) -> Option<&crate::SubType> {
        let after = self.types.partition_point(|group| group.first <= index);
        let group = self.types.get(after.checked_sub(1)?)?;
        group.types.get((index - group.first) as usize)
    }

    /// The function type with this index, if it is one.
    pub fn func_type(&self, index: u32) -> Option<&FuncType> {
        match &self.ty(index)?.composite {
            crate::CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}
