//! [`Lists`]: the operands that a module's types name, in the form that the type stack has, so that
//! a thousand of them are compared or pushed in one go. Part of `Context`; the rules for blocks,
//! branches and calls use it.

use crate::func::GC;
use crate::room::list;
use crate::{Error, Operand};
use alloc::vec::Vec;
use core::ops::Range;
use windlass_decode::{BlockType, CompositeType, StorageType};

/// The operands of all types, by the type's index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    operands: Vec<Operand>,
    types: Vec<List>,
}

/// What belongs to one type.
#[derive(Clone, Debug)]
struct List {
    /// Parameters, or the fields of a structure.
    params: Range<u32>,
    /// Results, which follow.
    end: u32,
    /// The first field without a default value.
    no_default: Option<u32>,
}

impl Lists {
    /// Makes room for so many types, which are these.
    pub(crate) fn reserve<'a>(
        &mut self,
        count: usize,
        types: impl Iterator<Item = &'a CompositeType>,
    ) -> Result<(), Error> {
        let operands = types.map(|ty| match ty {
            CompositeType::Func(ty) => ty.params.len() + ty.results.len(),
            CompositeType::Struct(fields) => fields.len(),
            CompositeType::Array(_) => 0,
        });
        self.operands = list(operands.sum())?;
        self.types = list(count)?;
        Ok(())
    }

    /// Adds the next type, which is canonical.
    pub(crate) fn push(&mut self, ty: &CompositeType) {
        let start = self.operands.len() as u32;
        let mut no_default = None;
        let mut middle = start;
        match ty {
            CompositeType::Func(ty) => {
                self.operands.extend(ty.params.iter().map(|&ty| Operand::from(ty)));
                middle = self.operands.len() as u32;
                self.operands.extend(ty.results.iter().map(|&ty| Operand::from(ty)));
            }
            CompositeType::Struct(fields) if GC => {
                self.operands.extend(fields.iter().map(|&field| Operand::from(field)));
                middle = self.operands.len() as u32;
                no_default = (0..).zip(fields).find_map(|(index, field)| match field.storage {
                    StorageType::Val(ty) if !ty.is_defaultable() => Some(index),
                    _ => None,
                });
            }
            CompositeType::Struct(_) | CompositeType::Array(_) => {}
        }
        let end = self.operands.len() as u32;
        self.types.push(List { params: start..middle, end, no_default });
    }

    /// Replaces the numbers of types: see [`Context::enter`](crate::Context::enter).
    pub(crate) fn renumber(&mut self, number: &mut dyn FnMut(u32) -> u32) {
        if GC {
            self.operands.iter_mut().for_each(|operand| *operand = operand.renumbered(number));
        }
    }

    /// Parameters (or fields) and results of a type. Empty if there is no such type.
    #[inline]
    pub(crate) fn of_type(&self, index: u32) -> (&[Operand], &[Operand]) {
        let Some(List { params, end, .. }) = self.types.get(index as usize) else {
            return (&[], &[]);
        };
        let [start, middle, end] = [params.start, params.end, *end].map(|place| place as usize);
        (&self.operands[start..middle], &self.operands[middle..end])
    }

    /// Parameters and results of a block, whose type is canonical; `one` is [`Lists::one`] of it.
    #[inline]
    pub(crate) fn of_block<'a>(
        &'a self,
        ty: BlockType,
        one: &'a [Operand],
    ) -> (&'a [Operand], &'a [Operand]) {
        match ty {
            BlockType::Empty => (&[], &[]),
            BlockType::Result(_) => (&[], one),
            BlockType::Func(index) => self.of_type(index),
        }
    }

    /// The result that a block type itself names, if it does.
    #[inline]
    pub(crate) fn one(ty: BlockType) -> [Operand; 1] {
        match ty {
            BlockType::Result(ty) => [ty.into()],
            _ => [Operand::UNKNOWN],
        }
    }

    /// The first field of a structure type that has no default value.
    pub(crate) fn no_default(&self, index: u32) -> Option<u32> {
        self.types.get(index as usize)?.no_default
    }
}
