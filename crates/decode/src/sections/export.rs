//! The export section (3.0, section 5.5.10).

use crate::{Error, ErrorKind, Export, ExternKind, Features, Reader, limits};
use alloc::vec::Vec;

impl Reader<'_> {
    pub(crate) fn exports(&mut self, list: &mut Vec<Export>) -> Result<(), Error> {
        self.vector_into(list, "the number of exports", limits::EXPORTS, 3, Reader::export)
    }

    fn export(&mut self) -> Result<Export, Error> {
        let offset = self.offset();
        let name = self.owned_name(limits::NAME_BYTES)?.into();
        let kind = self.extern_kind("malformed export kind")?;
        Ok(Export { name, kind, index: self.u32()?, offset })
    }

    /// The kind of an import or export; `words` say which if it is none.
    pub(crate) fn extern_kind(&mut self, words: &'static str) -> Result<ExternKind, Error> {
        let offset = self.offset();
        match self.byte()? {
            0 => Ok(ExternKind::Func),
            1 => Ok(ExternKind::Table),
            2 => Ok(ExternKind::Memory),
            3 => Ok(ExternKind::Global),
            4 => {
                self.require(Features::EXCEPTIONS, "a tag", offset)?;
                Ok(ExternKind::Tag)
            }
            _ => Err(Error::new(ErrorKind::Malformed(words), offset)),
        }
    }
}
