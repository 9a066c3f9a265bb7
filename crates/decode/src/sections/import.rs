//! The import section (3.0, section 5.5.5), with groups of imports (compact-import-section): a
//! group has the name of its module once, and may have the type of all its imports once. What is
//! decoded is the imports one by one; they share the name.

use super::vector::one_more;
use crate::{
    Error, ErrorKind, ExternKind, Features, GlobalType, Import, ImportType, Reader, limits, shared,
};
use alloc::{string::String, sync::Arc, vec::Vec};

/// The byte that begins an exact function, as others begin the kinds of things.
const EXACT_FUNC: u8 = 0x20;
/// After an empty name: a group of names with types.
const GROUP: u8 = 0x7f;
/// After an empty name: a type and a group of names.
const GROUP_OF_TYPE: u8 = 0x7e;

/// The imports that were read.
#[derive(Default)]
struct Imports {
    list: Vec<Import>,
    /// How many bytes groups have saved: what looks at each import looks at its module's name, and
    /// is not to take longer than for the largest module that repeats it.
    saved: usize,
}

const WHAT: &str = "the number of imports";

impl Reader<'_> {
    #[inline(never)]
    pub(crate) fn imports(&mut self) -> Result<Vec<Import>, Error> {
        let offset = self.offset();
        let count = self.count(WHAT, limits::IMPORTS)?;
        let mut imports = Imports::default();
        let room = (count as usize).min(self.remaining() / 4);
        if imports.list.try_reserve_exact(room).is_err() {
            return Err(Error::new(ErrorKind::OutOfMemory, offset));
        }
        for _ in 0..count {
            self.import(&mut imports)?;
        }
        Ok(imports.list)
    }

    /// An import, or a group of them.
    fn import(&mut self, imports: &mut Imports) -> Result<(), Error> {
        let offset = self.offset();
        let module = self.module_name(&imports.list)?;
        let name = self.owned_name(limits::NAME_BYTES)?;
        if let (true, Some(byte @ (GROUP | GROUP_OF_TYPE))) = (name.is_empty(), self.peek()) {
            return self.group(imports, &module, byte);
        }
        let ty = self.import_type()?;
        self.add_import(imports, Import { module, name: name.into(), ty, offset })
    }

    /// The name of a module: that of the last import, if it is the same.
    fn module_name(&mut self, imports: &[Import]) -> Result<Arc<String>, Error> {
        let name = self.name_of_at_most(limits::NAME_BYTES)?;
        match imports.last() {
            Some(last) if *last.module == name => Ok(last.module.clone()),
            _ => {
                let offset = self.offset();
                let name = shared(self.owned(name)?);
                name.ok_or_else(|| Error::new(ErrorKind::OutOfMemory, offset))
            }
        }
    }

    /// A group of imports from `module`, from the byte on that begins it.
    fn group(
        &mut self,
        imports: &mut Imports,
        module: &Arc<String>,
        byte: u8,
    ) -> Result<(), Error> {
        let what = "malformed import kind: a group of imports";
        self.require(Features::COMPACT_IMPORTS, what, self.offset())?;
        self.byte()?;
        let shared = if byte == GROUP_OF_TYPE { Some(self.import_type()?) } else { None };
        let offset = self.offset();
        let count = self.count(WHAT, limits::IMPORTS)?;
        imports.saved = imports.saved.saturating_add(module.len().saturating_mul(count as usize));
        if imports.saved > limits::MODULE_BYTES {
            let what = "the number of bytes that groups of imports save";
            let limit = limits::MODULE_BYTES as u64;
            return Err(Error::new(ErrorKind::LimitExceeded { what, limit }, offset));
        }
        for _ in 0..count {
            let offset = self.offset();
            let name = self.owned_name(limits::NAME_BYTES)?.into();
            let ty = shared.map_or_else(|| self.import_type(), Ok)?;
            self.add_import(imports, Import { module: module.clone(), name, ty, offset })?;
        }
        Ok(())
    }

    fn add_import(&mut self, imports: &mut Imports, import: Import) -> Result<(), Error> {
        if imports.list.len() >= limits::IMPORTS as usize {
            let limit = limits::IMPORTS.into();
            return Err(Error::new(ErrorKind::LimitExceeded { what: WHAT, limit }, import.offset));
        }
        one_more(&mut imports.list, self)?;
        imports.list.push(import);
        Ok(())
    }

    fn import_type(&mut self) -> Result<ImportType, Error> {
        let offset = self.offset();
        if self.peek() == Some(EXACT_FUNC) {
            self.byte()?;
            self.require(Features::CUSTOM_DESCRIPTORS, "an exact function", offset)?;
            return Ok(ImportType::ExactFunc(self.u32()?));
        }
        Ok(match self.extern_kind("malformed import kind")? {
            ExternKind::Func => ImportType::Func(self.u32()?),
            ExternKind::Table => ImportType::Table(self.table_type()?),
            ExternKind::Memory => ImportType::Memory(self.memory_type()?),
            ExternKind::Global => ImportType::Global(self.imported_global()?),
            ExternKind::Tag => ImportType::Tag(self.tag_type()?),
        })
    }

    fn imported_global(&mut self) -> Result<GlobalType, Error> {
        let offset = self.offset();
        let ty = self.global_type()?;
        if ty.mutable {
            self.require(Features::MUTABLE_GLOBAL, "an imported mutable global", offset)?;
        }
        Ok(ty)
    }
}
