//! [`Context::new`]: validates everything in a module but the function bodies (3.0, section 3.4),
//! in the order in which the sections may refer to each other.

use crate::context::{FuncBits, at};
use crate::room::{grow_to, list};
use crate::sort::sort_numbers;
use crate::{Context, Error, InvalidKind, Scratch};
use core::mem;
use windlass_decode::{ExternKind, Features, GlobalType, Import, ImportType, Module, TagType};

impl Context {
    /// Validates everything in `module` but its function bodies. `bytes` are those it was decoded
    /// from. Its types, which have numbers of the module's own, are moved from there to here.
    #[inline(never)]
    pub fn new(module: &mut Module, bytes: &[u8], features: Features) -> Result<Context, Error> {
        let mut context = Context { features, ..Context::default() };
        context.add_types(mem::take(&mut module.types))?;
        let module = &*module;
        context.reserve(module)?;
        for import in &module.imports {
            context.add_import(import).map_err(|error| error.at(import.offset))?;
        }
        context.count_imports();
        let at = section_offset(module, 3);
        for &ty in &module.funcs {
            let ty = context.check_func_type(ty).map_err(|error| error.at(at))?;
            context.funcs.push(ty);
        }
        let mut scratch = Scratch::default();
        context.add_tables(module, bytes, &mut scratch)?;
        let at = section_offset(module, 5);
        for memory in &module.memories {
            context.add_memory(memory).map_err(|error| error.at(at))?;
        }
        let at = section_offset(module, 13);
        for tag in &module.tags {
            context.add_tag(tag).map_err(|error| error.at(at))?;
        }
        context.add_globals(module, bytes, &mut scratch)?;
        context.check_exports(module)?;
        context.check_start(module)?;
        context.add_elements(module, bytes, &mut scratch)?;
        context.check_data(module, bytes, &mut scratch)?;
        Ok(context)
    }

    /// Makes room for everything that has an index.
    fn reserve(&mut self, module: &Module) -> Result<(), Error> {
        let mut imported = [0; 5];
        for import in &module.imports {
            let kind = match import.ty.kind() {
                ExternKind::Func => 0,
                ExternKind::Table => 1,
                ExternKind::Memory => 2,
                ExternKind::Global => 3,
                ExternKind::Tag => 4,
            };
            imported[kind] += 1;
        }
        let [funcs, tables, memories, globals, tags] = imported;
        let funcs = funcs + module.funcs.len();
        grow_to(&mut self.funcs, funcs)?;
        grow_to(&mut self.tables, tables + module.tables.len())?;
        grow_to(&mut self.memories, memories + module.memories.len())?;
        grow_to(&mut self.globals, globals + module.globals.len())?;
        grow_to(&mut self.tags, tags + module.tags.len())?;
        grow_to(&mut self.elements, module.elements.len())?;
        grow_to(&mut self.func_bits, funcs)?;
        self.func_bits.resize(funcs, FuncBits::default());
        Ok(())
    }

    fn add_import(&mut self, import: &Import) -> Result<(), Error> {
        match &import.ty {
            ImportType::Func(ty) => self.funcs.push(self.check_func_type(*ty)?),
            ImportType::ExactFunc(ty) => {
                // There are a million at most.
                self.set_bit(self.funcs.len() as u32, FuncBits::EXACT_IMPORT);
                self.funcs.push(self.check_func_type(*ty)?);
            }
            ImportType::Table(ty) => self.add_table(ty)?,
            ImportType::Memory(ty) => self.add_memory(ty)?,
            ImportType::Tag(ty) => self.add_tag(ty)?,
            ImportType::Global(ty) => self.globals.push(self.global_type(ty)?),
        }
        Ok(())
    }

    fn count_imports(&mut self) {
        self.imported.funcs = self.funcs.len() as u32;
        self.imported.tables = self.tables.len() as u32;
        self.imported.memories = self.memories.len() as u32;
        self.imported.globals = self.globals.len() as u32;
        self.imported.tags = self.tags.len() as u32;
    }

    fn global_type(&self, ty: &GlobalType) -> Result<GlobalType, Error> {
        Ok(GlobalType { val: self.canonical_val(ty.val)?, mutable: ty.mutable })
    }

    fn add_tag(&mut self, tag: &TagType) -> Result<(), Error> {
        let index = self.check_func_type(tag.func)?;
        if self.type_func(index).is_some_and(|ty| !ty.results.is_empty()) {
            return Err(InvalidKind::NonEmptyTagResult.into());
        }
        self.tags.push(index);
        Ok(())
    }

    fn add_tables(
        &mut self,
        module: &Module,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        for table in &module.tables {
            let fail = |error: Error| error.at(table.offset);
            self.add_table(&table.ty).map_err(fail)?;
            let Some(ty) = self.tables.last().map(|ty| ty.element) else { continue };
            match &table.init {
                Some(init) => self.check_const(bytes, init, ty.into(), scratch)?,
                None if ty.nullable => {}
                None => {
                    return Err(fail(
                        InvalidKind::TableNotDefaultable(self.show([ty.into()])).into(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// The value of a global may use the globals before it.
    fn add_globals(
        &mut self,
        module: &Module,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        for global in &module.globals {
            let ty = self.global_type(&global.ty).map_err(|error| error.at(global.offset))?;
            self.check_const(bytes, &global.init, ty.val.into(), scratch)?;
            self.globals.push(ty);
        }
        Ok(())
    }

    fn check_exports(&mut self, module: &Module) -> Result<(), Error> {
        let duplicate = duplicate_export(module)?;
        for (export, place) in module.exports.iter().zip(0..) {
            let fail = |error: Error| error.at(export.offset);
            self.check_export(export.kind, export.index).map_err(fail)?;
            if Some(place) == duplicate {
                return Err(fail(InvalidKind::DuplicateExportName((*export.name).into()).into()));
            }
        }
        Ok(())
    }

    fn check_export(&mut self, kind: ExternKind, index: u32) -> Result<(), Error> {
        match kind {
            ExternKind::Func => {
                at(&self.funcs, index, "function")?;
                self.declare(index);
            }
            ExternKind::Table => _ = at(&self.tables, index, "table")?,
            ExternKind::Memory => _ = at(&self.memories, index, "memory")?,
            ExternKind::Global => {
                let global = at(&self.globals, index, "global")?;
                // Decoding sees to those that are imported.
                if global.mutable && !self.features.contains(Features::MUTABLE_GLOBAL) {
                    let what = "the export of a mutable global";
                    return Err(
                        InvalidKind::FeatureDisabled { what, feature: "mutable-global" }.into()
                    );
                }
            }
            ExternKind::Tag => _ = at(&self.tags, index, "tag")?,
        }
        Ok(())
    }

    fn check_start(&self, module: &Module) -> Result<(), Error> {
        let Some(start) = module.start else { return Ok(()) };
        let kind = match self.func_type(start.func) {
            Some(ty) if ty.params.is_empty() && ty.results.is_empty() => return Ok(()),
            Some(_) => InvalidKind::StartFunction(start.func),
            None => InvalidKind::Unknown { space: "function", index: start.func },
        };
        Err(Error::new(kind, start.offset))
    }
}

/// The first export with the name of one before it.
fn duplicate_export(module: &Module) -> Result<Option<u32>, Error> {
    let exports = &module.exports;
    let name = |place: u32| &*exports[place as usize].name;
    let mut sorted = list(exports.len())?;
    // There are a million at most.
    sorted.extend(0..exports.len() as u32);
    sort_numbers(&mut sorted, &mut |a, b| name(a).cmp(name(b)).then(a.cmp(&b)));
    let pairs = sorted.windows(2).filter(|pair| name(pair[0]) == name(pair[1]));
    Ok(pairs.map(|pair| pair[1]).min())
}

/// Where the section with this id starts, for errors in lists that keep no offsets of their own.
fn section_offset(module: &Module, id: u8) -> usize {
    module.sections.iter().find(|section| section.id == id).map_or(0, |s| s.range.start)
}
