//! What is validated but not executed yet: a module that needs it is refused when it is made. THE TABLE of this
//! file says what that is; when its last row goes, the file goes.

use crate::error::Unsupported;
use crate::module::ModuleInner;
use alloc::string::{String, ToString};
use windlass_decode::{
    AbsHeapType, CompositeType, ElementItems, ElementMode, Expr, Features, HeapType, ImportType,
    MemoryType, Module, Op, ValType,
};

/// THE TABLE: features whose instructions and types are not executed yet.
const NOT_EXECUTED: [Features; 7] = [
    Features::SIMD,
    Features::RELAXED_SIMD,
    Features::FUNCTION_REFERENCES,
    Features::GC,
    Features::EXCEPTIONS,
    Features::LEGACY_EXCEPTIONS,
    Features::THREADS,
];

type Check = Result<(), Unsupported>;

fn check(feature: Features, what: impl FnOnce() -> String, offset: usize) -> Check {
    // A feature of no proposal is none of the table's.
    if !NOT_EXECUTED.contains(&feature) {
        return Ok(());
    }
    let name = feature.names().next().unwrap_or_default();
    Err(Unsupported { what: what(), feature: name, offset })
}

fn check_val(ty: ValType, offset: usize) -> Check {
    let feature = match ty {
        ValType::V128 => Features::SIMD,
        ValType::Ref(ty) => match ty.heap {
            HeapType::Concrete(_) => Features::NONE,
            HeapType::Abs(heap) => match heap {
                AbsHeapType::Func | AbsHeapType::Extern => Features::NONE,
                AbsHeapType::Exn | AbsHeapType::NoExn => Features::EXCEPTIONS,
                _ => Features::GC,
            },
        },
        _ => Features::NONE,
    };
    check(feature, || alloc::format!("the type {ty}"), offset)
}

fn check_memory(ty: &MemoryType, offset: usize) -> Check {
    let feature = if ty.shared { Features::THREADS } else { Features::NONE };
    check(feature, || "a shared memory".into(), offset)
}

fn check_op(op: Op, offset: usize) -> Check {
    check(op.info().feature, || op.mnemonic().to_string(), offset)
}

/// Checks the types, imports and definitions of a module, all but the bodies of its functions.
pub(crate) fn check_types(module: &ModuleInner) -> Check {
    let decoded = &module.decoded;
    for group in &decoded.types {
        for ty in &group.types {
            match &ty.composite {
                CompositeType::Func(ty) => {
                    let mut types = ty.params.iter().chain(&ty.results);
                    types.try_for_each(|&ty| check_val(ty, group.offset))?;
                }
                CompositeType::Struct(_) => {
                    check(Features::GC, || "a structure type".into(), group.offset)?;
                }
                CompositeType::Array(_) => {
                    check(Features::GC, || "an array type".into(), group.offset)?;
                }
            }
        }
    }
    for import in &decoded.imports {
        match &import.ty {
            ImportType::Tag(_) => {
                check(Features::EXCEPTIONS, || "a tag".into(), import.offset)?;
            }
            ImportType::Memory(ty) => check_memory(ty, import.offset)?,
            ImportType::Table(ty) => check_val(ValType::Ref(ty.element), import.offset)?,
            ImportType::Global(ty) => check_val(ty.val, import.offset)?,
            ImportType::Func(_) => {}
        }
    }
    check_definitions(module)
}

fn check_definitions(module: &ModuleInner) -> Check {
    let decoded = &module.decoded;
    let section = |id| decoded.sections.iter().find(|s| s.id == id).map_or(0, |s| s.range.start);
    if !decoded.tags.is_empty() {
        check(Features::EXCEPTIONS, || "a tag".into(), section(13))?;
    }
    decoded.memories.iter().try_for_each(|ty| check_memory(ty, section(5)))?;
    for table in &decoded.tables {
        check_val(ValType::Ref(table.ty.element), table.offset)?;
    }
    for global in &decoded.globals {
        check_val(global.ty.val, global.offset)?;
    }
    for segment in &decoded.elements {
        check_val(ValType::Ref(segment.ty), segment.offset)?;
    }
    const_exprs(decoded).try_for_each(|expr| check_code(module, expr))
}

/// Every constant expression of a module.
fn const_exprs(module: &Module) -> impl Iterator<Item = &Expr> {
    let tables = module.tables.iter().filter_map(|table| table.init.as_ref());
    let globals = module.globals.iter().map(|global| &global.init);
    let elements = module.elements.iter().flat_map(|segment| {
        let at = match &segment.mode {
            ElementMode::Active { at, .. } => Some(at),
            _ => None,
        };
        let items = match &segment.items {
            ElementItems::Exprs(exprs) => &exprs[..],
            ElementItems::Funcs(_) => &[],
        };
        at.into_iter().chain(items)
    });
    let data = module.data.iter().filter_map(|data| data.active.as_ref().map(|(_, at)| at));
    tables.chain(globals).chain(elements).chain(data)
}

/// Checks the body of the function that the module defines as its `index`th.
pub(crate) fn check_body(module: &ModuleInner, index: usize) -> Check {
    let body = &module.decoded.bodies[index];
    for &(_, ty) in &body.locals {
        check_val(ty, body.code.start)?;
    }
    check_code(module, &body.code)
}

fn check_code(module: &ModuleInner, code: &Expr) -> Check {
    let mut instrs = module.instrs(code);
    while !instrs.reader.is_empty() {
        // It is valid: reading does not fail.
        let Ok(instr) = instrs.next_instr() else { break };
        check_op(instr.op, instr.offset)?;
    }
    Ok(())
}
