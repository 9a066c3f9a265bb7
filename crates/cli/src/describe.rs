//! Decoded types as text, for `inspect`: what a module imports and exports.

use std::fmt::Write;
use windlass_decode::{
    Count, ExternKind, FuncType, GlobalType, ImportType, Limits, MemoryType, Module, TableType,
    ValType,
};

/// The types of everything that has an index: imports first, then what the module defines.
pub(crate) struct IndexSpaces<'a> {
    module: &'a Module,
    pub(crate) funcs: Vec<u32>,
    tables: Vec<TableType>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType>,
    tags: Vec<u32>,
}

impl<'a> IndexSpaces<'a> {
    pub(crate) fn new(module: &'a Module) -> IndexSpaces<'a> {
        let mut spaces = IndexSpaces {
            module,
            funcs: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
        };
        for import in &module.imports {
            match import.ty {
                ImportType::Func(ty) | ImportType::ExactFunc(ty) => spaces.funcs.push(ty),
                ImportType::Table(ty) => spaces.tables.push(ty),
                ImportType::Memory(ty) => spaces.memories.push(ty),
                ImportType::Global(ty) => spaces.globals.push(ty),
                ImportType::Tag(ty) => spaces.tags.push(ty.func),
            }
        }
        spaces.funcs.extend(&module.funcs);
        spaces.tables.extend(module.tables.iter().map(|table| table.ty));
        spaces.memories.extend(&module.memories);
        spaces.globals.extend(module.globals.iter().map(|global| global.ty));
        spaces.tags.extend(module.tags.iter().map(|tag| tag.func));
        spaces
    }

    /// The type of an import, as text.
    pub(crate) fn describe(&self, ty: ImportType) -> String {
        match ty {
            ImportType::Func(index) => self.func_type(index),
            ImportType::ExactFunc(index) => self.func_type(index) + ", exact",
            ImportType::Tag(ty) => self.func_type(ty.func),
            ImportType::Table(ty) => table_type(ty),
            ImportType::Memory(ty) => memory_type(ty),
            ImportType::Global(ty) => global_type(ty),
        }
    }

    /// The type of what has this index, as text. A module that is not valid may name what is not
    /// there.
    pub(crate) fn describe_at(&self, kind: ExternKind, index: u32) -> String {
        let at = index as usize;
        let found = match kind {
            ExternKind::Func => self.funcs.get(at).map(|ty| self.func_type(*ty)),
            ExternKind::Tag => self.tags.get(at).map(|ty| self.func_type(*ty)),
            ExternKind::Table => self.tables.get(at).map(|ty| table_type(*ty)),
            ExternKind::Memory => self.memories.get(at).map(|ty| memory_type(*ty)),
            ExternKind::Global => self.globals.get(at).map(|ty| global_type(*ty)),
        };
        found.unwrap_or_else(|| format!("unknown {} {index}", kind_name(kind)))
    }

    fn func_type(&self, index: u32) -> String {
        match self.module.func_type(index) {
            Some(FuncType { params, results }) => format!("{} -> {}", list(params), list(results)),
            None => format!("unknown type {index}"),
        }
    }
}

/// Types in parentheses.
fn list(types: &[ValType]) -> String {
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    format!("({})", names.join(", "))
}

fn limits(limits: Limits) -> String {
    let mut text = limits.min.to_string();
    if let Some(max) = limits.max {
        let _ = write!(text, "..{max}");
    }
    if limits.is64 { format!("i64 {text}") } else { text }
}

pub(crate) fn memory_type(ty: MemoryType) -> String {
    let is_one = ty.limits.min == 1 && ty.limits.max.is_none();
    let mut text = limits(ty.limits) + if is_one { " page" } else { " pages" };
    if ty.page_size_log2 != 16 {
        let _ = write!(text, " of {}", Count(1u64 << ty.page_size_log2.min(63), "byte"));
    }
    if ty.shared { text + ", shared" } else { text }
}

pub(crate) fn table_type(ty: TableType) -> String {
    format!("{} {}", limits(ty.limits), ty.element)
}

fn global_type(ty: GlobalType) -> String {
    if ty.mutable { format!("mut {}", ty.val) } else { ty.val.to_string() }
}

pub(crate) fn kind_name(kind: ExternKind) -> &'static str {
    match kind {
        ExternKind::Func => "func",
        ExternKind::Table => "table",
        ExternKind::Memory => "memory",
        ExternKind::Global => "global",
        ExternKind::Tag => "tag",
    }
}
