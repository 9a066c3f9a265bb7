//! The table section (3.0, section 5.5.7).

use crate::{Error, Features, Reader, Table, limits};
use alloc::vec::Vec;

/// Starts a table with an expression for its elements; a zero byte and the type follow.
const WITH_INIT: u8 = 0x40;

impl Reader<'_> {
    pub(crate) fn tables(&mut self, list: &mut Vec<Table>) -> Result<(), Error> {
        self.vector_into(list, "the number of tables", limits::TABLES, 3, Reader::table)
    }

    fn table(&mut self) -> Result<Table, Error> {
        let offset = self.offset();
        if self.peek() != Some(WITH_INIT) {
            return Ok(Table { ty: self.table_type()?, init: None, offset });
        }
        self.byte()?;
        self.require(Features::FUNCTION_REFERENCES, "a table with an initial value", offset)?;
        self.zero_byte()?;
        Ok(Table { ty: self.table_type()?, init: Some(self.expr()?), offset })
    }
}
