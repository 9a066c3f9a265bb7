//! Table instructions.

use crate::memory::narrower;
use crate::{Error, FuncValidator, InvalidKind, Operand};
use windlass_decode::{RefType, TableType};

impl FuncValidator<'_> {
    fn table(&self, table: u32) -> Result<TableType, Error> {
        self.at(&self.ctx.tables, table, "table")
    }

    /// Address and element type of a table.
    fn table_types(&self, table: u32) -> Result<(Operand, Operand), Error> {
        let ty = self.table(table)?;
        Ok((ty.limits.addr_type().into(), ty.element.into()))
    }

    pub(crate) fn element(&self, index: u32) -> Result<RefType, Error> {
        self.at(&self.ctx.elements, index, "elem segment")
    }

    pub(crate) fn table_get(&mut self, table: u32) -> Result<(), Error> {
        let (addr, element) = self.table_types(table)?;
        self.pop(addr)?;
        self.push(element);
        Ok(())
    }

    pub(crate) fn table_set(&mut self, table: u32) -> Result<(), Error> {
        let (addr, element) = self.table_types(table)?;
        self.pop_all(&[addr, element])
    }

    pub(crate) fn table_size(&mut self, table: u32) -> Result<(), Error> {
        let (addr, _) = self.table_types(table)?;
        self.push(addr);
        Ok(())
    }

    pub(crate) fn table_grow(&mut self, table: u32) -> Result<(), Error> {
        let (addr, element) = self.table_types(table)?;
        self.pop_all(&[element, addr])?;
        self.push(addr);
        Ok(())
    }

    pub(crate) fn table_fill(&mut self, table: u32) -> Result<(), Error> {
        let (addr, element) = self.table_types(table)?;
        self.pop_all(&[addr, element, addr])
    }

    #[inline(never)]
    pub(crate) fn table_copy(&mut self, to: u32, from: u32) -> Result<(), Error> {
        let (to, from) = (self.table(to)?, self.table(from)?);
        self.check_elements(from.element, to.element)?;
        let [to, from] = [to, from].map(|table| table.limits.addr_type().into());
        self.pop_all(&[to, from, narrower(to, from)])
    }

    pub(crate) fn table_init(&mut self, elem: u32, table: u32) -> Result<(), Error> {
        let table = self.table(table)?;
        self.check_elements(self.element(elem)?, table.element)?;
        self.pop_all(&[table.limits.addr_type().into(), Operand::I32, Operand::I32])
    }

    /// Elements of type `from` must be allowed where those of type `to` are.
    pub(crate) fn check_elements(&self, from: RefType, to: RefType) -> Result<(), Error> {
        if self.ctx.ref_is_subtype(from, to) {
            return Ok(());
        }
        Err(self.error(InvalidKind::Mismatch {
            what: "the source's element type",
            expected: self.ctx.show([to.into()]),
            found: self.ctx.show([from.into()]),
        }))
    }
}
