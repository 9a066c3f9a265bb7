//! [`Locals`]: the types of a function's locals, and which of them are not set yet. Used by `func`.

use crate::Operand;
use alloc::vec::Vec;

/// The locals of the function that is being validated.
///
/// A few bytes can declare 50,000 locals, so only as many of them as the body has bytes are spread
/// out for quick access: validation takes time linear in the module's size.
#[derive(Debug, Default)]
pub(crate) struct Locals {
    /// The types of the first locals.
    dense: Vec<Operand>,
    /// How many are in `dense` at most.
    capacity: usize,
    /// All locals in runs of one type, each with the index after it.
    runs: Vec<(u32, Operand)>,
    /// A bit for each local that has no default value and is not set. Empty without such locals.
    unset: Vec<u64>,
    /// The locals that were set, in order, to be unset again at the end of blocks.
    set: Vec<u32>,
}

impl Locals {
    /// Forgets all locals; `bytes` is the length of the next function's code.
    pub(crate) fn clear(&mut self, bytes: usize) {
        self.dense.clear();
        self.capacity = bytes;
        self.runs.clear();
        self.unset.clear();
        self.set.clear();
    }

    /// How many locals there are.
    pub(crate) fn len(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.0)
    }

    /// Adds `count` locals of type `ty`; parameters are set from the start.
    pub(crate) fn push(&mut self, count: u32, ty: Operand, set: bool) {
        let start = self.len();
        let end = start.saturating_add(count);
        if start == end {
            return;
        }
        self.runs.push((end, ty));
        let dense = self.capacity.min(end as usize);
        if dense > self.dense.len() {
            self.dense.resize(dense, ty);
        }
        if !set && !ty.is_defaultable() {
            self.unset.resize(end.div_ceil(64) as usize, 0);
            (start..end).for_each(|index| self.unset[index as usize / 64] |= 1 << (index % 64));
        }
    }

    /// The type of a local, if there is one.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<Operand> {
        match self.dense.get(index as usize) {
            Some(&ty) => Some(ty),
            None => self.find(index),
        }
    }

    #[cold]
    fn find(&self, index: u32) -> Option<Operand> {
        let place = self.runs.partition_point(|run| run.0 <= index);
        self.runs.get(place).map(|run| run.1)
    }

    /// Whether the local may be read.
    pub(crate) fn is_set(&self, index: u32) -> bool {
        self.unset.get(index as usize / 64).is_none_or(|word| word >> (index % 64) & 1 == 0)
    }

    /// Notes that the local is set from here to the end of the block.
    pub(crate) fn set(&mut self, index: u32) {
        if !self.is_set(index) {
            self.unset[index as usize / 64] &= !(1 << (index % 64));
            self.set.push(index);
        }
    }

    /// A mark to go back to at the end of a block.
    pub(crate) fn mark(&self) -> u32 {
        self.set.len() as u32
    }

    /// The locals that were set since `mark` are not set any more.
    pub(crate) fn restore(&mut self, mark: u32) {
        while self.set.len() > mark as usize {
            if let Some(index) = self.set.pop() {
                self.unset[index as usize / 64] |= 1 << (index % 64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REF: Operand = Operand::UNKNOWN_REF;

    #[test]
    fn all_locals_are_found_however_short_the_body() {
        for bytes in [0, 1, 7, 100] {
            let mut locals = Locals::default();
            locals.clear(bytes);
            for (count, ty) in [(2, Operand::I32), (0, Operand::F64), (3, REF), (1, Operand::I64)] {
                locals.push(count, ty, false);
            }
            let types: Vec<_> = (0..8).map(|index| locals.get(index)).collect();
            let i32 = Some(Operand::I32);
            let all = [i32, i32, Some(REF), Some(REF), Some(REF), Some(Operand::I64), None, None];
            assert_eq!(types, all);
        }
    }

    #[test]
    fn locals_without_default_are_set_until_the_end_of_the_block() {
        let mut locals = Locals::default();
        locals.clear(10);
        locals.push(1, REF, true);
        locals.push(100, REF, false);
        assert!(locals.is_set(0) && !locals.is_set(1) && !locals.is_set(100));
        let mark = locals.mark();
        locals.set(100);
        locals.set(100);
        assert!(locals.is_set(100));
        locals.restore(mark);
        assert!(!locals.is_set(100));
    }
}
