//! Structures with descriptors (custom descriptors): what makes them, what gives their descriptors,
//! and casts that compare these. Called by `func` and `gc`.

use crate::func::DESCRIPTORS;
use crate::{Error, FuncValidator, InvalidKind, Operand};
use alloc::string::{String, ToString};
use windlass_decode::{HeapType, MESSAGES, RefType};

impl FuncValidator<'_> {
    /// The number of the type that describes what has the type `index`, which is one of the
    /// module's.
    fn descriptor(&self, index: u32) -> Option<u32> {
        self.ctx.types.get(index as usize)?.descriptor
    }

    /// Before the fields of a structure that is made: pops its descriptor, which must be just of
    /// the type that describes it, if there is one; `described` tells whether the instruction takes
    /// it.
    pub(crate) fn pop_descriptor(&mut self, index: u32, described: bool) -> Result<(), Error> {
        if !DESCRIPTORS {
            return Ok(());
        }
        let rule = match (self.descriptor(index), described) {
            (None, false) => return Ok(()),
            (Some(id), true) => return self.pop(Operand::heap(true, HeapType::Exact(id))),
            (Some(_), false) => "type with descriptor requires descriptor allocation",
            (None, true) => "type without descriptor requires non-descriptor allocation",
        };
        Err(self.error(InvalidKind::Descriptor { rule, index }))
    }

    /// The descriptor of what is just of a type is just of the type that describes it.
    pub(crate) fn ref_get_desc(&mut self, index: u32) -> Result<(), Error> {
        let id = self.at(&self.ctx.type_ids, index, "type")?.0;
        let Some(descriptor) = self.descriptor(index) else {
            let rule = "type without descriptor";
            return Err(self.error(InvalidKind::Descriptor { rule, index }));
        };
        let operand = self.pop_any()?;
        self.push(operand);
        let exact = Operand::heap(true, HeapType::Exact(id));
        if self.ctx.operand_matches(operand, exact) {
            return self.convert(exact, Operand::heap(false, HeapType::Exact(descriptor)));
        }
        let [from, to] = [id, descriptor].map(HeapType::Concrete);
        self.convert(Operand::heap(true, from), Operand::heap(false, to))
    }

    /// Pops what is compared with the descriptors of values of type `to`: the cast is exact if it
    /// is.
    pub(crate) fn pop_descriptor_of(&mut self, to: RefType) -> Result<(), Error> {
        self.canonical_ref(to)?;
        let Some(id) = to.heap.index().and_then(|index| self.descriptor(index)) else {
            let shown = if MESSAGES { to.heap.to_string() } else { String::new() };
            return Err(self.error(InvalidKind::NoDescriptor(shown)));
        };
        self.pop(Operand::heap(true, to.heap.with_index(|_| id)))
    }

    pub(crate) fn ref_cast_desc_eq(&mut self, heap: HeapType, nullable: bool) -> Result<(), Error> {
        self.pop_descriptor_of(RefType { nullable, heap })?;
        self.ref_cast(heap, nullable)
    }
}
