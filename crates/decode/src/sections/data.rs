//! The data section (3.0, section 5.5.14).

use crate::{Data, Error, ErrorKind, Features, Reader, limits};
use alloc::vec::Vec;

impl Reader<'_> {
    pub(crate) fn data_segments(&mut self, list: &mut Vec<Data>) -> Result<(), Error> {
        self.vector_into(list, "the number of data segments", limits::DATA, 2, Reader::data)
    }

    fn data(&mut self) -> Result<Data, Error> {
        let offset = self.offset();
        let active = match self.u32()? {
            0 => Some((0, self.expr()?)),
            1 => {
                self.require(Features::BULK_MEMORY, "a passive data segment", offset)?;
                None
            }
            2 => Some((self.u32()?, self.expr()?)),
            _ => {
                let kind = ErrorKind::Malformed("malformed data segment kind");
                return Err(Error::new(kind, offset));
            }
        };
        let len = self.u32()? as usize;
        let start = self.offset();
        self.bytes(len)?;
        Ok(Data { bytes: start..start + len, active, offset })
    }
}
