//! What is caught: the tables of try blocks, and what throws bring to clauses. A part of
//! [`Verifier`].

use super::{
    NO_MEMORY, Outcome, Progress, Stage, Tables, Verifier, ensure, frame::width, state::Flow,
    types::Ty,
};
use crate::exec::{Catches, Clause};
use windlass_decode::{AbsHeapType, HeapType};

const EXN: Ty = Ty::to(HeapType::Abs(AbsHeapType::Exn));

impl Verifier<'_> {
    /// I2, I3 and I6 of the tables: what a throw relies on. One entry or clause each time.
    pub(super) fn look_at_tables(&mut self) -> Outcome {
        let Catches { spans, blocks } = self.subject.catches;
        let is_block = |block: Option<u32>, of: usize| block.is_none_or(|b| (b as usize) < of);
        let Tables { span, folded, block, clause } = self.tables;
        if let Some(&(word, number)) = spans.get(span) {
            let last = span.checked_sub(1).map(|last| spans[last].0);
            ensure(last.is_none_or(|last| last < word), "I3: spans of try blocks in order")?;
            let is_cell = word as usize == self.subject.code.len() || self.is_cell(word);
            ensure(is_cell, "I3: a try block begins and ends at the start of a cell")?;
            ensure(is_block(number, blocks.len()), "I3: the number of a try block")?;
            let end = spans.get(span + 1).map_or(self.subject.code.len(), |next| next.0 as usize);
            if let Some(number) = number {
                self.ends[number as usize] = end;
            }
            self.tables.span += 1;
        } else if let Some(last) = blocks.len().checked_sub(folded + 1) {
            // Blocks end where those within them do, or later.
            let outer = blocks[last].outer;
            ensure(is_block(outer, last), "I3: the outer try block is an earlier one")?;
            if let Some(outer) = outer {
                self.ends[outer as usize] = self.ends[outer as usize].max(self.ends[last]);
            }
            self.tables.folded += 1;
        } else if let Some(own) = blocks.get(block) {
            let Some(clause) = own.clauses.get(clause) else {
                self.tables = Tables { span, folded, block: block + 1, clause: 0 };
                return Ok(());
            };
            self.clause(clause)?;
            // What is caught comes from before, or from behind: either may be.
            let end = self.ends[block];
            self.add_label(clause.target, true, end)?;
            self.tables.clause += 1;
        } else {
            self.thrown.try_reserve_exact(blocks.len()).map_err(|_| NO_MEMORY)?;
            self.thrown.resize_with(blocks.len(), || None);
            self.stage = Stage::Pass;
        }
        Ok(())
    }

    fn clause(&mut self, clause: &Clause) -> Outcome {
        ensure(self.is_cell(clause.target), "I3: a clause goes on at the start of a cell")?;
        if let Some(tag) = clause.tag {
            let ty = self.subject.context.tag_type(tag).ok_or("I6: the index of a tag")?;
            self.work_on(ty.params.len());
            self.operands(clause.fields.into(), width(&ty.params))?;
        }
        let Some(slot) = clause.reference.map(i32::from) else { return Ok(()) };
        let is_own = slot > 0 && !self.frame.is_pinned(slot);
        let is_kept = self.frame.declared(slot).is_some_and(|ty| self.types.fits(EXN, ty));
        let is_place = is_own && (is_kept || self.frame.temp(slot));
        ensure(is_place, "I2: where the reference to an exception goes")
    }

    /// The pass comes to the next cell: it may be in another try block than the last. Whether it is
    /// there; if not, there is more to bring to clauses before.
    pub(super) fn enter_blocks(&mut self) -> Result<bool, &'static str> {
        let spans = &self.subject.catches.spans;
        match spans.get(self.spans) {
            Some(&(word, block)) if word as usize == self.at => {
                let is_there = self.enter_block(block)?;
                self.spans += usize::from(is_there);
                Ok(is_there)
            }
            _ => Ok(true),
        }
    }

    /// From here on this try block is the innermost. Those that it is not in are left: what was
    /// thrown in them comes to their clauses, to one each time this is called, and to the blocks
    /// around them. Whether that is done.
    pub(super) fn enter_block(&mut self, block: Option<u32>) -> Result<bool, &'static str> {
        // An outer block has a smaller number; those that begin here have greater ones than the
        // last. (What comes to a clause early, or twice, is joined there all the same.)
        let catches = self.subject.catches;
        let (around, caught) = self.leaving.take().unwrap_or_else(|| {
            let mut around = block;
            while let Some(begun) = around.filter(|_| around > self.block) {
                self.work_on(1);
                around = catches.blocks[begun as usize].outer;
            }
            (around, 0)
        });
        self.block = block;
        let Some(number) = self.pending.peek().copied().filter(|&left| Some(left) > around) else {
            return Ok(true);
        };
        self.work_on(1);
        let (left, flow) = (&catches.blocks[number as usize], self.thrown[number as usize]);
        if let Some((clause, flow)) = left.clauses.get(caught).zip(flow) {
            self.catch(clause, flow)?;
            self.leaving = Some((around, caught + 1));
            return Ok(false);
        }
        self.pending.pop();
        self.thrown[number as usize] = None;
        if let Some((outer, flow)) = left.outer.zip(flow) {
            self.throw(outer, flow)?;
        }
        self.leaving = Some((around, 0));
        Ok(false)
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
        flow.pins = self.frame.pins;
        flow.again = None;
        let tag = clause.tag.and_then(|tag| self.subject.context.tag_type(tag));
        self.work_on(tag.map_or(0, |ty| ty.params.len()));
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
