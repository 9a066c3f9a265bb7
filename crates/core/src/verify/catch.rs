//! What is caught: the tables of try blocks, and what throws bring to clauses. A part of
//! [`Verifier`].

use super::{NO_MEMORY, Outcome, Verifier, ensure, frame::width, state::Flow, types::Ty};
use crate::exec::{Catches, Clause};
use windlass_decode::{AbsHeapType, HeapType};

const EXN: Ty = Ty::to(HeapType::Abs(AbsHeapType::Exn));

impl Verifier<'_> {
    /// I2, I3 and I6 of the tables: what a throw relies on.
    pub(super) fn catches(&mut self) -> Outcome {
        let Catches { spans, blocks } = self.subject.catches;
        let is_block = |block: Option<u32>, of: usize| block.is_none_or(|b| (b as usize) < of);
        ensure(spans.is_sorted_by(|a, b| a.0 < b.0), "I3: spans of try blocks in order")?;
        for &(word, block) in spans {
            let is_cell = word as usize == self.subject.code.len() || self.is_cell(word);
            ensure(is_cell, "I3: a try block begins and ends at the start of a cell")?;
            ensure(is_block(block, blocks.len()), "I3: the number of a try block")?;
        }
        for (index, block) in blocks.iter().enumerate() {
            ensure(is_block(block.outer, index), "I3: the outer try block is an earlier one")?;
            for clause in &block.clauses {
                self.clause(clause)?;
                // What is caught comes from before, or from behind: either may be.
                self.add_label(clause.target, true)?;
            }
        }
        self.thrown.try_reserve_exact(blocks.len()).map_err(|_| NO_MEMORY)?;
        self.thrown.resize_with(blocks.len(), || None);
        Ok(())
    }

    fn clause(&self, clause: &Clause) -> Outcome {
        ensure(self.is_cell(clause.target), "I3: a clause goes on at the start of a cell")?;
        if let Some(tag) = clause.tag {
            let ty = self.subject.context.tag_type(tag).ok_or("I6: the index of a tag")?;
            self.operands(clause.fields.into(), width(&ty.params))?;
        }
        let Some(slot) = clause.reference.map(i32::from) else { return Ok(()) };
        let is_own = slot > 0 && !self.frame.is_pinned(slot);
        let is_kept = self.frame.declared(slot).is_some_and(|ty| self.types.fits(EXN, ty));
        let is_place = is_own && (is_kept || self.frame.temp(slot).is_some());
        ensure(is_place, "I2: where the reference to an exception goes")
    }

    /// The pass comes to the next cell: it may be in another try block than the last.
    pub(super) fn enter_blocks(&mut self) -> Outcome {
        let spans = &self.subject.catches.spans;
        match spans.get(self.spans) {
            Some(&(word, block)) if word as usize == self.at => {
                self.spans += 1;
                self.enter_block(block)
            }
            _ => Ok(()),
        }
    }

    /// From here on this try block is the innermost. Those that it is not in are left: what was
    /// thrown in them comes to their clauses, and to the blocks around them.
    pub(super) fn enter_block(&mut self, block: Option<u32>) -> Outcome {
        // An outer block has a smaller number; those that begin here have greater ones than the
        // last. (What comes to a clause early, or twice, is joined there all the same.)
        let (mut around, catches) = (block, self.subject.catches);
        while let Some(begun) = around.filter(|_| around > self.block) {
            around = catches.blocks[begun as usize].outer;
        }
        self.block = block;
        while let Some(&left) = self.pending.peek()
            && Some(left) > around
        {
            self.pending.pop();
            let Some(flow) = self.thrown[left as usize].take() else { continue };
            let left = &catches.blocks[left as usize];
            left.clauses.iter().try_for_each(|clause| self.catch(clause, &flow))?;
            if let Some(outer) = left.outer {
                self.throw(outer, &flow)?;
            }
        }
        Ok(())
    }

    /// Something may be thrown in the cell, which leaves these operands.
    pub(super) fn may_throw(&mut self, kept: i32) -> Outcome {
        let Some(block) = self.block else { return Ok(()) };
        let mut flow = self.state.flow.copy().map_err(|_| NO_MEMORY)?;
        flow.temps.truncate(usize::try_from(kept - self.frame.first_temp).unwrap_or(0));
        self.throw(block, &flow)
    }

    fn throw(&mut self, block: u32, flow: &Flow) -> Outcome {
        let types = self.types;
        match &mut self.thrown[block as usize] {
            Some(known) => known.join(flow, types),
            known => {
                *known = Some(flow.copy().map_err(|_| NO_MEMORY)?);
                self.pending.try_reserve(1).map_err(|_| NO_MEMORY)?;
                self.pending.push(block);
            }
        }
        Ok(())
    }

    /// What is thrown comes to a clause: with its fields, and all pinned locals in registers.
    fn catch(&mut self, clause: &Clause, thrown: &Flow) -> Outcome {
        let mut flow = thrown.copy().map_err(|_| NO_MEMORY)?;
        flow.pins = self.frame.pins.map(|pins| pins[0] != 0);
        flow.again = None;
        let tag = clause.tag.and_then(|tag| self.subject.context.tag_type(tag));
        let mut slot = i32::from(clause.fields);
        flow.temps.truncate(usize::try_from(slot - self.frame.first_temp).unwrap_or(0));
        for &ty in tag.map_or(&[][..], |ty| &ty.params[..]) {
            let temp = self.frame.temp(slot).ok_or("I2: the fields of an exception")?;
            flow.set(temp, Ty::of(ty))?;
            if Ty::of(ty) == Ty::LOW {
                flow.set(temp + 1, Ty::HIGH)?;
            }
            slot += ty.slots() as i32;
        }
        if let Some(temp) = clause.reference.and_then(|slot| self.frame.temp(slot.into())) {
            flow.set(temp, EXN)?;
        }
        self.bring(clause.target, &flow)
    }
}
