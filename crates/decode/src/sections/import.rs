//! The import section (3.0, section 5.5.5).

use crate::{Error, ExternKind, Features, GlobalType, Import, ImportType, Reader, limits};
use alloc::vec::Vec;

/// The byte that begins an exact function, as others begin the kinds of things.
const EXACT_FUNC: u8 = 0x20;

impl Reader<'_> {
    pub(crate) fn imports(&mut self) -> Result<Vec<Import>, Error> {
        self.vector("the number of imports", limits::IMPORTS, 4, Reader::import)
    }

    fn import(&mut self) -> Result<Import, Error> {
        let offset = self.offset();
        let module = self.owned_name(limits::NAME_BYTES)?.into();
        let name = self.owned_name(limits::NAME_BYTES)?.into();
        Ok(Import { module, name, ty: self.import_type()?, offset })
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
