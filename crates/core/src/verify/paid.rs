//! What code pays: I15. The cells that pay stand where the function's body has them, each pays what
//! the operators of its region cost, and between them are the calls, the branches and the
//! instructions of the driver that the body has there, in its order. A part of [`Verifier`].

use super::{
    Outcome, Verifier,
    body::{Callee, Event, Why},
    ensure,
};
use crate::{
    Metering,
    exec::cells::{Known, Part},
};

const OTHER: &str = "I15: the calls, branches and payments that the body has";

impl Verifier<'_> {
    /// Whether the code pays.
    fn is_metered(&self) -> bool {
        self.subject.metering != Metering::None
    }

    /// The walk over the body begins, behind the first cell.
    pub(super) fn begin_body(&mut self) -> Outcome {
        if !self.is_metered() {
            return Ok(());
        }
        let (paid, zeroed) = (self.high(2), self.frame.zeroed());
        self.progress.body.begin(&self.subject, self.ty, zeroed, paid)
    }

    /// Compares the next cell with what the body has. Whether that is done; if not, there is more
    /// of the body to look at before.
    pub(super) fn compare(&mut self, known: Known) -> Result<bool, &'static str> {
        if !self.is_metered() {
            return Ok(true);
        }
        if !known.is_event() {
            return Ok(true);
        }
        if self.body.due().is_none() && self.walk()? {
            return Ok(false);
        }
        let event = self.body.due().ok_or(OTHER)?;
        let own = self.layouts.known(known).find(|layout| self.is_due(layout.part, event));
        let Some(own) = own else {
            let pays = self.layouts.known(known).any(|own| matches!(own.part, Part::Charge(_)));
            let paid = pays.then(|| self.high(0));
            ensure(self.may_be_computed(event, paid), OTHER)?;
            self.body.has_come();
            // What pays for a callee has come with it.
            return Ok(self.subject.metering == Metering::Fuel);
        };
        if let Event::Pay(_) = event {
            let (paid, word, number) = (self.high(0), self.at, self.payments);
            let region = self.body.regions.get_mut(number).ok_or(OTHER)?;
            (region.paid, region.word) = (paid, word);
            self.payments += 1;
        }
        if let Event::Branch = event {
            self.behind_branch = self.at + 1 + own.words;
        }
        self.body.has_come();
        Ok(true)
    }

    /// Goes on with the body until a cell has to come, or for as long as a step is. Whether there
    /// is more of it.
    fn walk(&mut self) -> Result<bool, &'static str> {
        let left = super::PIECE.saturating_sub(self.state.slots.work);
        let work = self.progress.body.go_on(&self.subject, left)?;
        self.work_on(work);
        Ok(self.body.due().is_none() && !self.body.is_done())
    }

    /// Whether the cell is the one that has to come.
    fn is_due(&self, part: Part, event: Event) -> bool {
        let ids = &self.subject.context.type_ids;
        let is_type = |ty: u32| ids.get(ty as usize).is_some_and(|id| id.0 == self.low(1));
        match (event, part) {
            (Event::Call { is_tail, callee }, _) => match (callee, part, is_tail) {
                (Callee::Func(index), Part::CallImport, false)
                | (Callee::Func(index), Part::ReturnCallImport, true) => {
                    u64::from(index) == self.word(1) && index < self.subject.context.imported.funcs
                }
                (Callee::Func(index), Part::Call, false)
                | (Callee::Func(index), Part::ReturnCall, true) => {
                    let defined = index.checked_sub(self.subject.context.imported.funcs);
                    let starts =
                        |defined: u32| self.subject.table.starts(defined as usize, self.word(1));
                    defined.is_some_and(starts)
                }
                (Callee::Indirect(ty, table), Part::CallIndirect, false)
                | (Callee::Indirect(ty, table), Part::ReturnCallIndirect, true) => {
                    is_type(ty) && self.high(1) == table
                }
                (Callee::Ref(ty), Part::CallRef, false)
                | (Callee::Ref(ty), Part::ReturnCallRef, true) => is_type(ty),
                _ => false,
            },
            (Event::Slow(number), Part::Slow | Part::SmallBulk(_)) => {
                i32::from(number) == self.field(0)
            }
            (Event::Branch, Part::Branch { .. } | Part::BrCast { .. }) => true,
            (Event::Table(targets), Part::BrTable) => self.high(0) == targets,
            (
                Event::Pay(Why::Loop),
                Part::LoopEnter(_) | Part::LoopEnterPinned(_) | Part::Charge(_),
            )
            | (Event::Pay(Why::Part), Part::Charge(_)) => true,
            (Event::Pay(Why::Then), Part::Charge(_)) => self.behind_branch == self.at,
            (Event::Pay(Why::Label), Part::Charge(_)) => self.is_label(self.at),
            _ => false,
        }
    }

    /// Whether it is a call that may be left out, as what the callee computes can stand there in
    /// its place. Where interrupts are looked for, nothing has to come for that; where fuel is
    /// counted, a cell that has paid what the callee costs.
    fn may_be_computed(&mut self, event: Event, paid: Option<u32>) -> bool {
        let Event::Call { is_tail: false, callee: Callee::Func(index) } = event else {
            return false;
        };
        let (work, cost) = super::body::computes(self.subject, index);
        self.work_on(work);
        match self.subject.metering {
            Metering::Fuel => cost.is_some() && cost == paid,
            Metering::Interrupt | Metering::None => cost.is_some(),
        }
    }

    /// At the end of the code: the body ends, too, and what was paid is what it costs. Whether that
    /// is so; if not, there is more to look at.
    pub(super) fn is_paid(&mut self) -> Result<bool, &'static str> {
        if !self.is_metered() {
            return Ok(true);
        }
        if !self.body.is_done() {
            if let Some(event) = self.body.due() {
                ensure(self.may_be_computed(event, None), OTHER)?;
                self.body.has_come();
                return Ok(false);
            }
            self.walk()?;
            return Ok(false);
        }
        let kept = self.frame.kept();
        ensure(kept == self.body.kept(), "I2: slots that keep what was caught")?;
        for _ in 0..super::PIECE {
            let Some(region) = self.body.regions.pop() else { return Ok(true) };
            let cost = region.cost.min(u32::MAX.into());
            if cost != region.paid.into() {
                self.at = region.word;
                return Err("I15: a region pays what its operators cost");
            }
        }
        self.work_on(super::PIECE);
        Ok(false)
    }
}
