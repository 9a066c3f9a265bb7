//! Element and data segments (3.0, section 3.4). Called by `module`.

use crate::context::at;
use crate::{Context, Error, InvalidKind, Scratch};
use windlass_decode::{Element, ElementItems, ElementMode, Module, RefType};

impl Context {
    pub(crate) fn add_elements(
        &mut self,
        module: &Module,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        for element in &module.elements {
            let fail = |error: Error| error.at(element.offset);
            let ty = self.canonical_ref(element.ty).map_err(fail)?;
            match &element.items {
                ElementItems::Funcs(funcs) => {
                    for &func in funcs {
                        at(&self.funcs, func, "function").map_err(fail)?;
                        self.declare(func);
                    }
                }
                ElementItems::Exprs(exprs) => {
                    for expr in exprs {
                        self.check_const(bytes, expr, ty.into(), scratch)?;
                    }
                }
            }
            self.check_mode(element, ty, bytes, scratch)?;
            self.elements.push(ty);
        }
        Ok(())
    }

    fn check_mode(
        &mut self,
        element: &Element,
        ty: RefType,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let ElementMode::Active { table, at: place } = &element.mode else { return Ok(()) };
        let table = at(&self.tables, *table, "table").map_err(|error| error.at(element.offset))?;
        if !self.ref_is_subtype(ty, table.element) {
            let kind = InvalidKind::Mismatch {
                what: "the element segment's type",
                expected: self.show([table.element.into()]),
                found: self.show([ty.into()]),
            };
            return Err(Error::new(kind, element.offset));
        }
        self.check_const(bytes, place, table.limits.addr_type().into(), scratch)
    }

    pub(crate) fn check_data(
        &mut self,
        module: &Module,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.data_count = module.data_count;
        for data in &module.data {
            let Some((memory, place)) = &data.active else { continue };
            let memory =
                at(&self.memories, *memory, "memory").map_err(|error| error.at(data.offset))?;
            self.check_const(bytes, place, memory.limits.addr_type().into(), scratch)?;
        }
        Ok(())
    }
}
