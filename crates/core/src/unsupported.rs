//! What is validated but not executed yet: a module that needs it is refused when it is made. THE TABLE of this
//! file says what that is; when its last row goes, the file goes.

use crate::error::Unsupported;
use crate::module::ModuleInner;
use windlass_decode::{
    AbsHeapType, BlockType, CompositeType, ElementItems, ElementMode, Expr, Features, HeapType,
    Imm, ImportType, Module, ValType,
};

/// THE TABLE: features whose instructions and types are not executed yet.
pub(crate) const FEATURES: Features = Features::GC;

type Check = Result<(), Unsupported>;

/// Checks a module that is valid.
pub(crate) fn check(module: &ModuleInner) -> Check {
    check_types(module)?;
    check_imports(module)?;
    check_definitions(module)?;
    const_exprs(&module.decoded).try_for_each(|expr| check_code(module, expr))?;
    (0..module.decoded.bodies.len()).try_for_each(|index| check_body(module, index))
}

/// Checks the body of the function that the module defines as its `index`th.
pub(crate) fn check_body(module: &ModuleInner, index: usize) -> Check {
    let body = &module.decoded.bodies[index];
    body.locals.iter().try_for_each(|&(_, ty)| check_val(ty, body.code.start))?;
    check_code(module, &body.code)
}

fn check_types(module: &ModuleInner) -> Check {
    for group in &module.decoded.types {
        let offset = group.offset;
        for ty in &group.types {
            match &ty.composite {
                CompositeType::Func(ty) => {
                    let mut types = ty.params.iter().chain(&ty.results);
                    types.try_for_each(|&ty| check_val(ty, offset))?;
                }
                CompositeType::Struct(_) => refuse(Features::GC, "a structure type", offset)?,
                CompositeType::Array(_) => refuse(Features::GC, "an array type", offset)?,
            }
        }
    }
    Ok(())
}

fn check_imports(module: &ModuleInner) -> Check {
    for import in &module.decoded.imports {
        let offset = import.offset;
        match &import.ty {
            ImportType::Tag(_) => refuse(Features::EXCEPTIONS, "a tag", offset)?,
            ImportType::Table(ty) => check_val(ValType::Ref(ty.element), offset)?,
            ImportType::Global(ty) => check_val(ty.val, offset)?,
            ImportType::Memory(_) | ImportType::Func(_) => {}
        }
    }
    Ok(())
}

fn check_definitions(module: &ModuleInner) -> Check {
    let module = &module.decoded;
    let section = |id| module.sections.iter().find(|s| s.id == id).map_or(0, |s| s.range.start);
    if !module.tags.is_empty() {
        refuse(Features::EXCEPTIONS, "a tag", section(TAG_SECTION))?;
    }
    for table in &module.tables {
        check_val(ValType::Ref(table.ty.element), table.offset)?;
    }
    for global in &module.globals {
        check_val(global.ty.val, global.offset)?;
    }
    for segment in &module.elements {
        check_val(ValType::Ref(segment.ty), segment.offset)?;
    }
    Ok(())
}

const TAG_SECTION: u8 = 13;

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

fn check_code(module: &ModuleInner, code: &Expr) -> Check {
    let mut instrs = module.instrs(code);
    while !instrs.reader.is_empty() {
        // It is valid: reading does not fail.
        let Ok(instr) = instrs.next_instr() else { break };
        refuse(instr.op.info().feature, instr.op.mnemonic(), instr.offset)?;
        match instr.imm {
            Imm::Block(BlockType::Result(ty)) | Imm::Types(Some(ty), _) => {
                check_val(ty, instr.offset)?;
            }
            Imm::Heap(heap) => check_heap(heap, instr.offset)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_val(ty: ValType, offset: usize) -> Check {
    match ty {
        ValType::V128 => refuse(Features::SIMD, "the type v128", offset),
        ValType::Ref(ty) => check_heap(ty.heap, offset),
        _ => Ok(()),
    }
}

fn check_heap(ty: HeapType, offset: usize) -> Check {
    use AbsHeapType::*;
    match ty {
        HeapType::Concrete(_) | HeapType::Abs(Func | Extern) => Ok(()),
        HeapType::Abs(Exn | NoExn) => {
            refuse(Features::EXCEPTIONS, "a reference to exceptions", offset)
        }
        HeapType::Abs(_) => refuse(Features::GC, "a reference of its types", offset),
    }
}

/// An error if `what` needs a feature of the table.
fn refuse(feature: Features, what: &'static str, offset: usize) -> Check {
    if feature.difference(FEATURES) == feature {
        return Ok(());
    }
    let feature = feature.names().next().unwrap_or_default();
    Err(Unsupported { what, feature, offset })
}
