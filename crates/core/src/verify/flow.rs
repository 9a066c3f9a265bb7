//! Where control goes: targets of branches, what is brought there, and what holds where the pass
//! comes to a label. A part of [`Verifier`].

use super::{Outcome, Progress, Verifier, ensure, state::Flow, types::Ty};
use crate::{
    Metering,
    exec::{
        Cell,
        cells::{Layout, Part},
    },
};
use core::ops::Range;
use windlass_decode::BlockType;

/// What there is at a word of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u32);

impl Mark {
    /// The words of a cell but the first, if nothing leads there.
    pub(super) const NOTHING: Mark = Mark(0);

    /// It is the first word of a cell; if it is a label, its number is above.
    pub(super) fn begin_cell(&mut self) {
        self.0 |= 1;
    }

    fn is_cell(self) -> bool {
        self.0 & 1 != 0
    }

    /// The number of the label.
    fn label(self) -> Option<usize> {
        (self.0 >> 1).checked_sub(1).map(|number| number as usize)
    }
}

/// A word that branches or clauses lead to.
pub(super) struct Label {
    pub(super) word: u32,
    /// The cell with the first branch that was found to.
    pub(super) from: usize,
    /// Branches come from up to this word, and what is thrown before it.
    last: usize,
    /// What branches that come before it bring; behind a label, what it was met with.
    flow: Option<Flow>,
    /// A branch from behind leads here.
    is_back: bool,
    /// One of an innermost loop does.
    is_again: bool,
    is_met: bool,
}

impl Verifier<'_> {
    /// I3: notes where the branches of a cell lead, which is into the code.
    pub(super) fn find_labels(&mut self, at: usize, part: Part, words: usize) -> Outcome {
        let (targets, again) = match part {
            Part::BrTable => (self.next_targets(words), None),
            Part::Branch { word, again, .. } => (word..word + 1, again),
            Part::BrCast { .. } => (1..2, None),
            Part::Jump { again } => (0..1, again),
            _ => return Ok(()),
        };
        for word in targets {
            let target = self.target_of(at, self.subject.code[at + 1 + word].bits());
            let target = target.ok_or("I3: a branch goes to the start of a cell")?;
            let label = self.add_label(target, target as usize <= at, at)?;
            self.labels[label].is_again |= again.is_some();
        }
        Ok(())
    }

    /// The next operand words of a `br_table` with so many that are looked at in one go.
    pub(super) fn next_targets(&mut self, words: usize) -> Range<usize> {
        let from = self.target.max(1);
        let to = words.min(from + super::PIECE);
        self.work_on(to.saturating_sub(from));
        self.target = if to < words { to } else { 0 };
        from..to
    }

    /// A branch or a clause leads to this word of the code, from `last` or before. The number of
    /// the label.
    pub(super) fn add_label(
        &mut self,
        word: u32,
        is_back: bool,
        last: usize,
    ) -> Result<usize, &'static str> {
        let mark = self.marks.get(word as usize).copied();
        let mark = mark.ok_or("I3: a branch goes to the start of a cell")?;
        let number = match mark.label() {
            Some(number) => number,
            None => {
                let number = self.labels.len();
                self.labels.try_reserve(1).map_err(|_| super::NO_MEMORY)?;
                let (from, flow) = (self.at, None);
                let [is_back, is_again, is_met] = [false; 3];
                let label = Label { word, from, last, flow, is_back, is_again, is_met };
                self.labels.push(label);
                let above =
                    u32::try_from(number).ok().and_then(|n| n.checked_add(1)?.checked_mul(2));
                self.marks[word as usize] = Mark(above.ok_or(super::NO_MEMORY)? | mark.0);
                number
            }
        };
        self.labels[number].is_back |= is_back;
        self.labels[number].last = self.labels[number].last.max(last);
        Ok(number)
    }

    /// Whether branches or clauses lead to this word.
    pub(super) fn is_label(&self, word: usize) -> bool {
        self.marks.get(word).is_some_and(|mark| mark.label().is_some())
    }

    /// Whether the word is the start of an innermost loop that branches go back to.
    pub(super) fn is_again(&self, word: usize) -> bool {
        let label = self.marks.get(word).and_then(|mark| mark.label());
        label.is_some_and(|label| self.labels[label].is_again)
    }

    pub(super) fn is_cell(&self, word: u32) -> bool {
        self.marks.get(word as usize).is_some_and(|mark| mark.is_cell())
    }

    /// The word that a branch of the cell at `at` leads to; it may be beyond the code.
    fn target_of(&self, at: usize, word: u64) -> Option<u32> {
        let (bytes, size) = (i64::from((word as u32).cast_signed()), size_of::<Cell>() as i64);
        let target = i64::try_from(at + 1).ok()? + bytes / size;
        u32::try_from(target).ok().filter(|_| bytes % size == 0)
    }

    /// A branch of the cell, whose target is in an operand word, brings this.
    pub(super) fn branch(&mut self, word: usize, again: Option<Metering>, flow: Flow) -> Outcome {
        self.work_on(1);
        let target =
            self.target_of(self.at, self.word(word)).ok_or("I3: the target of a branch")?;
        if let Some(metering) = again {
            ensure(
                flow.again == Some(target),
                "I5: the loop is the innermost, and makes no calls",
            )?;
            ensure(metering == self.subject.metering, "I15: who looks at interrupts")?;
            self.pays_again(target, word)?;
        }
        let goes_back = target as usize <= self.at && again.is_none();
        if goes_back && self.subject.metering != Metering::None {
            // A loop that is not the innermost begins with the cell that pays.
            let cost = self.subject.code.get(target as usize + 1).map_or(0, |w| w.bits() >> 32);
            let pays = |layout: &Layout| matches!(layout.part, Part::Charge(_));
            let is_paid = self.layouts.of(self.subject.code[target as usize]).any(pays);
            ensure(is_paid && cost > 0, "I15: a loop pays each time round")?;
        }
        self.bring(target, flow)
    }

    /// What control brings to a word.
    pub(super) fn bring(&mut self, target: u32, flow: Flow) -> Outcome {
        let number = self.marks.get(target as usize).and_then(|mark| mark.label());
        let number = number.ok_or("I3: the target of a branch")?;
        let Progress { labels, state, .. } = &mut self.progress;
        let label = &mut labels[number];
        let known = match label.flow {
            Some(known) if label.is_met => {
                let fits = state.fits(flow, known, self.types)?;
                return ensure(fits, "I2: what a branch back to a loop brings");
            }
            None if label.is_met => return Err("I3: a branch to where nothing leads"),
            Some(known) => state.join(known, flow, self.types)?,
            None => {
                state.slots.share();
                flow
            }
        };
        label.flow = Some(known);
        Ok(())
    }

    /// The pass comes to the next cell, and maybe to a label.
    pub(super) fn arrive(&mut self) -> Outcome {
        let Some(number) = self.marks[self.at].label() else { return Ok(()) };
        ensure(self.making.is_none(), "I10: an object is made in one go")?;
        let label = &mut self.labels[number];
        label.is_met = true;
        let (brought, last) = (label.flow.take(), label.last);
        let (is_back, is_again) = (label.is_back, label.is_again);
        if let Some(brought) = brought {
            let (types, own) = (self.types, self.state.flow());
            self.state.flow = match self.is_reachable {
                true => self.state.join(own, brought, types)?,
                false => brought,
            };
            self.is_reachable = true;
        }
        self.state.meet();
        if is_back && self.is_reachable {
            // Of a loop that is not entered by its own cell, the body may have loops and calls; one
            // that is may begin at the same word, if nothing goes back to it.
            let own = u32::try_from(self.at).ok().filter(|_| is_again);
            self.state.flow.again = own.filter(|_| self.state.flow.again == own);
            let Progress { state, frame, .. } = &mut self.progress;
            state.forget_locals(frame)?;
            self.begin_loop(last)?;
            self.labels[number].flow = Some(self.state.flow());
        }
        Ok(())
    }

    /// At the start of a loop: operands behind its parameters are dead, and these are whatever the
    /// loop's type says. What leads back comes from up to word `last`.
    fn begin_loop(&mut self, last: usize) -> Outcome {
        let loops = self.subject.loops;
        while loops.get(self.loops).is_some_and(|start| start.word < self.at) {
            self.loops += 1;
        }
        let start = loops.get(self.loops).filter(|start| start.word == self.at);
        let Some(&start) = start else { return Ok(()) };
        let end = i32::from(start.end);
        self.cut(end)?;
        let params = match start.ty {
            BlockType::Func(ty) => self.subject.context.type_func(ty),
            _ => None,
        };
        let params = params.map_or(&[][..], |ty| &ty.params[..]);
        let first = end - super::frame::width(params);
        self.forget_untold(first, last)?;
        self.work_on(params.len());
        let types = params.iter().flat_map(|&ty| Ty::of(ty).halves());
        for (slot, ty) in (first..).zip(types) {
            ensure(self.frame.temp(slot), "I2: the parameters of a loop")?;
            let own = self.state.slot(&self.frame, slot)?;
            ensure(self.types.fits(own, ty), "I2: the parameters of a loop")?;
            self.set_slot(slot, ty)?;
        }
        Ok(())
    }

    /// I15: a branch back to the start of a loop pays what the loop's first cell pays, which is the
    /// one before its start.
    fn pays_again(&self, target: u32, word: usize) -> Outcome {
        let before = (target as usize).checked_sub(1).map(|at| self.subject.code[at].bits() >> 32);
        let is_free = self.subject.metering == Metering::None;
        let is_paid = before == Some(self.word(word) >> 32) && (is_free || before != Some(0));
        ensure(is_paid, "I15: what going round a loop costs")
    }
}
