//! The global section (3.0, section 5.5.9).

use crate::{Error, Global, Reader, limits};
use alloc::vec::Vec;

impl Reader<'_> {
    pub(crate) fn globals(&mut self, list: &mut Vec<Global>) -> Result<(), Error> {
        self.vector_into(list, "the number of globals", limits::GLOBALS, 3, Reader::global)
    }

    fn global(&mut self) -> Result<Global, Error> {
        let offset = self.offset();
        Ok(Global { ty: self.global_type()?, init: self.expr()?, offset })
    }
}
