//! Where control goes: targets of branches, what is brought there, and what holds where the pass
//! comes to a label. A part of [`Verifier`].

use super::{Outcome, Verifier, ensure, state::Flow, types::Ty};
use crate::{
    Metering,
    exec::{
        Cell,
        cells::{Layout, Part},
    },
};
use windlass_decode::BlockType;

/// What there is at a word of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u32);

impl Mark {
    /// The words of a cell but the first.
    pub(super) const NOTHING: Mark = Mark(0);
    /// The first word of a cell; if it is a label, its number is above.
    pub(super) const CELL: Mark = Mark(1);

    /// The number of the label.
    fn label(self) -> Option<usize> {
        (self.0 >> 1).checked_sub(1).map(|number| number as usize)
    }
}

/// A word that branches or clauses lead to.
#[derive(Default)]
pub(super) struct Label {
    /// What branches that come before it bring; behind a label, what it was met with.
    flow: Option<Flow>,
    /// A branch from behind leads here.
    is_back: bool,
    /// One of an innermost loop does.
    is_again: bool,
    /// What is known of locals is what it was at all branches that have come: its number.
    locals: Option<u64>,
    is_met: bool,
}

impl Verifier<'_> {
    /// I3: notes where the branches of a cell lead, which is to cells.
    pub(super) fn find_labels(&mut self, at: usize, part: Part, words: usize) -> Outcome {
        let (targets, again) = match part {
            Part::Branch { word, again } => (word..word + 1, again),
            Part::BrCast { .. } => (1..2, None),
            Part::Jump { again } => (0..1, again),
            Part::BrTable => (1..words, None),
            _ => return Ok(()),
        };
        for word in targets {
            let target = self.target_of(at, self.subject.code[at + 1 + word].bits());
            let target = target.ok_or("I3: a branch goes to the start of a cell")?;
            let label = self.add_label(target, target as usize <= at)?;
            self.labels[label].is_again |= again.is_some();
        }
        Ok(())
    }

    /// Branches or clauses lead to this word. The number of the label.
    pub(super) fn add_label(&mut self, word: u32, is_back: bool) -> Result<usize, &'static str> {
        ensure(self.is_cell(word), "I3: a branch goes to the start of a cell")?;
        let mark = self.marks[word as usize];
        let number = match mark.label() {
            Some(number) => number,
            None => {
                let number = self.labels.len();
                self.labels.try_reserve(1).map_err(|_| super::NO_MEMORY)?;
                self.labels.push(Label::default());
                let mark =
                    u32::try_from(number).ok().and_then(|n| n.checked_add(1)?.checked_mul(2));
                self.marks[word as usize] = Mark(mark.ok_or(super::NO_MEMORY)? | 1);
                number
            }
        };
        self.labels[number].is_back |= is_back;
        Ok(number)
    }

    pub(super) fn is_cell(&self, word: u32) -> bool {
        self.marks.get(word as usize).is_some_and(|&mark| mark != Mark::NOTHING)
    }

    /// The word that a branch of the cell at `at` leads to, if it is in the code.
    fn target_of(&self, at: usize, word: u64) -> Option<u32> {
        let (bytes, size) = (i64::from((word as u32).cast_signed()), size_of::<Cell>() as i64);
        let target = i64::try_from(at + 1).ok()? + bytes / size;
        u32::try_from(target).ok().filter(|_| bytes % size == 0)
    }

    /// A branch of the cell, whose target is in an operand word, brings this.
    pub(super) fn branch(&mut self, word: usize, again: Option<Metering>, flow: &Flow) -> Outcome {
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
    pub(super) fn bring(&mut self, target: u32, flow: &Flow) -> Outcome {
        let number = self.marks.get(target as usize).and_then(|mark| mark.label());
        let (types, locals) = (self.types, self.state.locals());
        let label = &mut self.labels[number.ok_or("I3: the target of a branch")?];
        label.locals =
            Some(locals).filter(|_| label.flow.is_none() || label.locals == Some(locals));
        match &mut label.flow {
            Some(known) if label.is_met => {
                ensure(flow.fits(known, types), "I2: what a branch back to a loop brings")?;
            }
            None if label.is_met => return Err("I3: a branch to where nothing leads"),
            Some(known) => known.join(flow, types),
            known => *known = Some(flow.copy().map_err(|_| super::NO_MEMORY)?),
        }
        Ok(())
    }

    /// The pass comes to the next cell: maybe to a try block's bounds, and to a label.
    pub(super) fn arrive(&mut self) -> Outcome {
        self.enter_blocks()?;
        let Some(number) = self.marks[self.at].label() else { return Ok(()) };
        ensure(self.making.is_none(), "I10: an object is made in one go")?;
        let label = &mut self.labels[number];
        label.is_met = true;
        let (brought, is_back, is_again) = (label.flow.take(), label.is_back, label.is_again);
        // If nothing was brought, only the cell before leads here.
        let locals = if brought.is_some() { label.locals } else { Some(self.state.locals()) };
        if let Some(brought) = brought {
            match self.is_reachable {
                true => {
                    let types = self.types;
                    self.state.flow.join(&brought, types);
                }
                false => self.state.flow = brought,
            }
            self.is_reachable = true;
        }
        self.state.meet(locals.filter(|_| !is_back));
        if is_back && self.is_reachable {
            // Of a loop that is not entered by its own cell, the body may have loops and calls; one
            // that is may begin at the same word, if nothing goes back to it.
            let own = u32::try_from(self.at).ok().filter(|_| is_again);
            self.state.flow.again = own.filter(|_| self.state.flow.again == own);
            self.begin_loop()?;
            let flow = self.state.flow.copy().map_err(|_| super::NO_MEMORY)?;
            self.labels[number].flow = Some(flow);
        }
        Ok(())
    }

    /// At the start of a loop: operands behind its parameters are dead, and these are whatever the
    /// loop's type says.
    fn begin_loop(&mut self) -> Outcome {
        let loops = self.subject.loops;
        while loops.get(self.loops).is_some_and(|start| start.word < self.at) {
            self.loops += 1;
        }
        let start = loops.get(self.loops).filter(|start| start.word == self.at);
        let Some(&start) = start else { return Ok(()) };
        let end = i32::from(start.end);
        self.cut(end);
        let BlockType::Func(ty) = start.ty else { return Ok(()) };
        let params = self.subject.context.type_func(ty).map_or(&[][..], |ty| &ty.params[..]);
        let mut slot = end - super::frame::width(params);
        for &ty in params {
            let ty = Ty::of(ty);
            let halves = [Some(ty), (ty == Ty::LOW).then_some(Ty::HIGH)];
            for ty in halves.into_iter().flatten() {
                let temp = self.frame.temp(slot).ok_or("I2: the parameters of a loop")?;
                let own = self.state.flow.temps.get(temp).copied().unwrap_or(Ty::DEAD);
                ensure(self.types.fits(own, ty), "I2: the parameters of a loop")?;
                self.state.flow.set(temp, ty)?;
                slot += 1;
            }
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
