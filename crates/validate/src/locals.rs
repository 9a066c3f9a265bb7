//! [`Locals`]: the types of a function's locals, and which of them are not set yet. Used by `func`.

use crate::{
    Error, Operand,
    room::{grow_to, push},
    work,
};
use alloc::vec::Vec;
use windlass_decode::ValType;

/// The locals of the function that is being validated.
///
/// A few bytes can declare 50,000 locals, and two more can name a type with 1,000 parameters, so
/// only as many locals as the body has bytes are spread out for quick access, and what is set is
/// cleared one by one: validation takes time linear in the module's size.
#[derive(Debug, Default)]
pub(crate) struct Locals {
    /// The types of the first locals.
    dense: Vec<Operand>,
    /// How many are in `dense` at most.
    capacity: usize,
    /// The first of them are parameters: they are set from the start.
    params: u32,
    /// The locals that are no parameters in runs of one type, each with the index after it.
    runs: Vec<(u32, Operand)>,
    /// A bit for each local without default value that was set. Those after its end were not; all
    /// are zero between functions.
    is_set: Vec<u64>,
    /// The locals that were set, in order, to be unset again at the end of blocks.
    set: Vec<u32>,
}

impl Locals {
    /// Forgets all locals. `params` are those of the next function, `bytes` is the length of its
    /// code.
    pub(crate) fn clear(&mut self, params: &[ValType], bytes: usize) -> Result<(), Error> {
        self.restore(0);
        work::count(self.dense.len());
        self.dense.clear();
        self.capacity = bytes;
        self.params = params.len() as u32;
        grow_to(&mut self.dense, params.len().min(bytes))?;
        self.dense.extend(params.iter().take(bytes).map(|&ty| Operand::from(ty)));
        self.runs.clear();
        Ok(())
    }

    /// How many locals there are.
    pub(crate) fn len(&self) -> u32 {
        self.runs.last().map_or(self.params, |run| run.0)
    }

    /// Adds `count` locals of type `ty`.
    pub(crate) fn push(&mut self, count: u32, ty: Operand) -> Result<(), Error> {
        let start = self.len();
        let end = start.saturating_add(count);
        if start == end {
            return Ok(());
        }
        work::count(1);
        push(&mut self.runs, (end, ty))?;
        let dense = self.capacity.min(end as usize);
        if dense > self.dense.len() {
            grow_to(&mut self.dense, dense)?;
            self.dense.resize(dense, ty);
        }
        Ok(())
    }

    /// The type of a local, if there is one; `params` are the function's.
    #[inline]
    pub(crate) fn get(&self, index: u32, params: &[ValType]) -> Option<Operand> {
        match self.dense.get(index as usize) {
            Some(&ty) => Some(ty),
            None => self.find(index, params),
        }
    }

    /// The type of a local that is spread out.
    #[inline]
    pub(crate) fn get_dense(&self, index: u32) -> Option<Operand> {
        self.dense.get(index as usize).copied()
    }

    #[cold]
    fn find(&self, index: u32, params: &[ValType]) -> Option<Operand> {
        if let Some(&ty) = params.get(index as usize) {
            return Some(ty.into());
        }
        let place = self.runs.partition_point(|run| run.0 <= index);
        self.runs.get(place).map(|run| run.1)
    }

    /// Whether the local, which has no default value, may be read.
    pub(crate) fn is_set(&self, index: u32) -> bool {
        let word = self.is_set.get(index as usize / 64).copied().unwrap_or(0);
        index < self.params || word >> (index % 64) & 1 != 0
    }

    /// Notes that the local is set from here to the end of the block.
    pub(crate) fn set(&mut self, index: u32) -> Result<(), Error> {
        if !self.is_set(index) {
            let place = index as usize / 64;
            if place >= self.is_set.len() {
                work::count(place + 1 - self.is_set.len());
                grow_to(&mut self.is_set, place + 1)?;
                self.is_set.resize(place + 1, 0);
            }
            push(&mut self.set, index)?;
            self.is_set[place] |= 1 << (index % 64);
        }
        Ok(())
    }

    /// A mark to go back to at the end of a block.
    pub(crate) fn mark(&self) -> u32 {
        self.set.len() as u32
    }

    /// The locals that were set since `mark` are not set any more.
    pub(crate) fn restore(&mut self, mark: u32) {
        work::count(self.set.len().saturating_sub(mark as usize));
        for index in self.set.drain((mark as usize).min(self.set.len())..) {
            self.is_set[index as usize / 64] &= !(1 << (index % 64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REF: Operand = Operand::UNKNOWN_REF;

    #[test]
    fn all_locals_are_found_however_short_the_body() {
        let params = [ValType::F32, ValType::F64];
        for bytes in [0, 1, 2, 7, 100] {
            let mut locals = Locals::default();
            locals.clear(&params, bytes).unwrap();
            for (count, ty) in [(2, Operand::I32), (0, Operand::F64), (3, REF), (1, Operand::I64)] {
                locals.push(count, ty).unwrap();
            }
            let types: Vec<_> = (0..10).map(|index| locals.get(index, &params)).collect();
            let (f32, f64, i32) = (Operand::F32, Operand::F64, Operand::I32);
            let all = [f32, f64, i32, i32, REF, REF, REF, Operand::I64].map(Some);
            assert_eq!(types[..8], all);
            assert_eq!((types[8], types[9], locals.len()), (None, None, 8));
        }
    }

    #[test]
    fn locals_without_default_are_set_until_the_end_of_the_block() {
        let mut locals = Locals::default();
        let params = [ValType::I32];
        locals.clear(&params, 10).unwrap();
        locals.push(100, REF).unwrap();
        assert!(locals.is_set(0) && !locals.is_set(1) && !locals.is_set(100));
        let mark = locals.mark();
        locals.set(100).unwrap();
        locals.set(100).unwrap();
        assert!(locals.is_set(100));
        locals.restore(mark);
        assert!(!locals.is_set(100));
        locals.set(100).unwrap();
        locals.clear(&params, 10).unwrap();
        locals.push(100, REF).unwrap();
        assert!(!locals.is_set(100), "nothing is left of the last function");
    }
}
