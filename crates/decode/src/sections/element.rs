//! The element section (3.0, section 5.5.12). The kind of a segment is a number whose bits tell
//! what follows.

use crate::{
    AbsHeapType, Element, ElementItems, ElementMode, Error, ErrorKind, Features, HeapType, Reader,
    RefType, limits,
};
use alloc::vec::Vec;

/// The segment is passive or declared.
const NOT_ACTIVE: u32 = 1;
/// An active segment names its table; one that is not active is declared.
const EXPLICIT: u32 = 2;
/// The elements are expressions, not function indices.
const EXPRS: u32 = 4;

/// The type of elements that are given as function indices.
const FUNC: RefType = RefType { nullable: false, heap: HeapType::Abs(AbsHeapType::Func) };

impl Reader<'_> {
    #[inline(never)]
    pub(crate) fn elements(&mut self, list: &mut Vec<Element>) -> Result<(), Error> {
        self.vector_into(
            list,
            "the number of element segments",
            limits::ELEMENTS,
            2,
            Reader::element,
        )
    }

    fn element(&mut self) -> Result<Element, Error> {
        let offset = self.offset();
        let kind = self.u32()?;
        if kind > NOT_ACTIVE | EXPLICIT | EXPRS {
            return Err(Error::new(
                ErrorKind::Malformed("malformed elements segment kind"),
                offset,
            ));
        }
        if kind != 0 {
            self.require(Features::BULK_MEMORY, "this kind of element segment", offset)?;
        }
        let mode = self.element_mode(kind)?;
        let ty = self.element_type(kind)?;
        let items = self.element_items(kind)?;
        Ok(Element { ty, items, mode, offset })
    }

    fn element_mode(&mut self, kind: u32) -> Result<ElementMode, Error> {
        if kind & NOT_ACTIVE == 0 {
            let table = if kind & EXPLICIT != 0 { self.u32()? } else { 0 };
            return Ok(ElementMode::Active { table, at: self.expr()? });
        }
        Ok(if kind & EXPLICIT != 0 { ElementMode::Declared } else { ElementMode::Passive })
    }

    fn element_type(&mut self, kind: u32) -> Result<RefType, Error> {
        let implicit = kind & (NOT_ACTIVE | EXPLICIT) == 0;
        match (kind & EXPRS != 0, implicit) {
            (true, true) => Ok(RefType::FUNCREF),
            (true, false) => self.ref_type(),
            (false, true) => Ok(FUNC),
            (false, false) => {
                let offset = self.offset();
                match self.byte()? {
                    0 => Ok(FUNC),
                    _ => Err(Error::new(ErrorKind::Malformed("malformed element kind"), offset)),
                }
            }
        }
    }

    fn element_items(&mut self, kind: u32) -> Result<ElementItems, Error> {
        let (what, limit) = ("the number of elements of a segment", limits::SEGMENT_ELEMENTS);
        Ok(if kind & EXPRS != 0 {
            ElementItems::Exprs(self.vector(what, limit, 1, Reader::expr)?.into())
        } else {
            ElementItems::Funcs(self.vector(what, limit, 1, Reader::u32)?.into())
        })
    }
}
