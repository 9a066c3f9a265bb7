//! What is caught: the tables of try blocks, and what throws bring to clauses. A part of
//! [`Verifier`].

use super::{NO_MEMORY, Outcome, Progress, Verifier, ensure, frame::width, state::Flow, types::Ty};
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
        let is_place = is_own && (is_kept || self.frame.temp(slot));
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
            left.clauses.iter().try_for_each(|clause| self.catch(clause, flow))?;
            if let Some(outer) = left.outer {
                self.throw(outer, flow)?;
            }
        }
        Ok(())
    }

    /// Something may be thrown in the cell, which leaves these operands.
    pub(super) fn may_throw(&mut self, kept: i32) -> Outcome {
        let Some(block) = self.block else { return Ok(()) };
        let mut flow = self.state.flow();
        let gone = self.frame.temps_from(kept);
        self.state.slots.clear(&mut flow.slots, gone)?;
        self.throw(block, flow)
    }

    fn throw(&mut self, block: u32, flow: Flow) -> Outcome {
        let (types, known) = (self.types, self.thrown[block as usize]);
        let flow = match known {
            Some(known) => self.state.join(known, flow, types)?,
            None => {
                self.state.slots.share();
                self.pending.try_reserve(1).map_err(|_| NO_MEMORY)?;
                self.pending.push(block);
                flow
            }
        };
        self.thrown[block as usize] = Some(flow);
        Ok(())
    }

    /// What is thrown comes to a clause: with its fields, and all pinned locals in registers.
    fn catch(&mut self, clause: &Clause, mut flow: Flow) -> Outcome {
        flow.pins = self.frame.pins.map(|pins| pins[0] != 0);
        flow.again = None;
        let tag = clause.tag.and_then(|tag| self.subject.context.tag_type(tag));
        let Progress { state, frame, .. } = &mut self.progress;
        let mut slot = i32::from(clause.fields);
        state.slots.clear(&mut flow.slots, frame.temps_from(slot))?;
        for &ty in tag.map_or(&[][..], |ty| &ty.params[..]) {
            for ty in Ty::of(ty).halves() {
                ensure(frame.temp(slot), "I2: the fields of an exception")?;
                state.slots.set(&mut flow.slots, frame.index(slot), ty)?;
                slot += 1;
            }
        }
        if let Some(slot) = clause.reference.map(i32::from).filter(|&slot| frame.temp(slot)) {
            state.slots.set(&mut flow.slots, frame.index(slot), EXN)?;
        }
        self.bring(clause.target, flow)
    }
}
