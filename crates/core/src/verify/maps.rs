//! Maps of frames: where code has stopped, a collection is told which slots have references. They
//! are compared with what the pass knows: each of these slots has a reference of that class, and a
//! reference in a slot that is left out is not used any more. A part of [`Verifier`].

use super::{
    Outcome, Verifier, ensure,
    types::{Reference, Ty},
};
use crate::{
    Metering,
    exec::{
        cells::Part,
        code::maps::{Run, Stopped},
    },
    object_type::{Class, Storage},
};
use core::ops::Range;
use windlass_decode::RefType;

const NO_MAP: &str = "I10: there is a map wherever code can stop";
const NO_STOP: &str = "I10: there is no map where code does not stop";
const NO_REFERENCE: &str = "I10: what a map says is a reference";

impl Verifier<'_> {
    /// What is told of locals, at the beginning: all that are references, and no others.
    pub(super) fn look_at_locals(&mut self) -> Outcome {
        let Some(maps) = self.subject.maps else { return Ok(()) };
        let told = maps.locals.iter().copied().flat_map(Run::slots);
        let locals = (-self.frame.param_slots..0).chain(super::frame::FIRST_LOCAL..);
        let end = self.frame.first_temp;
        let own = locals.take_while(|&slot| slot < end).filter_map(|slot| {
            let class = self.class_of(self.frame.declared(slot)?)?;
            Some((slot, class))
        });
        ensure(told.eq(own), "I10: the locals that are references")
    }

    /// Behind a cell that pays, before other ways are known that lead to the same word: who comes
    /// there otherwise does not stop. Whether it is such a place.
    pub(super) fn stops_behind(&mut self) -> Result<bool, &'static str> {
        use Part::*;
        let is_asked = self.subject.maps.is_some() && self.subject.metering != Metering::None;
        let before = self.at.checked_sub(self.words + 1).filter(|_| is_asked && self.at > 0);
        let pays = |part| matches!(part, Enter(..) | LoopEnter(_) | LoopEnterPinned(_) | Charge(_));
        let is_paid = before.is_some_and(|before| self.has(before, pays));
        if is_paid && self.is_reachable {
            self.stops(self.at, Stopped::Before)?;
        }
        Ok(is_paid)
    }

    /// The pass comes to a cell that is executed, behind one that pays or not.
    pub(super) fn stops_before(&mut self, is_paid: bool) -> Outcome {
        use Part::*;
        if self.subject.maps.is_none() {
            return Ok(());
        }
        let stops = |part| matches!(part, NewFirst(_) | Slow | SmallBulk(_) | Throw | ThrowRef);
        // Whoever goes round a loop again stops at its start.
        let is_again = self.subject.metering != Metering::None && self.is_again(self.at);
        if is_again || self.has(self.at, stops) {
            return self.stops(self.at, Stopped::Before);
        }
        let is_told = self.told(self.at, Stopped::Before).is_some_and(|part| part.is_some());
        ensure(is_paid || !is_told, NO_STOP)
    }

    fn has(&self, at: usize, wanted: impl Fn(Part) -> bool) -> bool {
        let code = self.subject.code.get(at);
        code.is_some_and(|&cell| self.layouts.of(cell).any(|layout| wanted(layout.part)))
    }

    /// What is told of a place, if that was asked for. Others before it are of no account: nothing
    /// stops there.
    fn told(&mut self, word: usize, stopped: Stopped) -> Option<Option<Range<usize>>> {
        let maps = self.subject.maps?;
        while maps.wanted.get(self.stops).is_some_and(|&wanted| wanted < (word, stopped)) {
            self.stops += 1;
            self.work_on(1);
        }
        let is_asked = maps.wanted.get(self.stops) == Some(&(word, stopped));
        is_asked.then(|| maps.parts.get(self.stops).cloned().flatten())
    }

    /// Code may have stopped at the word: then something is told of that, and it is right.
    pub(super) fn stops(&mut self, word: usize, stopped: Stopped) -> Outcome {
        let (Some(maps), Some(part)) = (self.subject.maps, self.told(word, stopped)) else {
            return Ok(());
        };
        let runs = part.and_then(|part| maps.runs.get(part)).ok_or(NO_MAP)?;
        let mut told = runs.iter().copied().flat_map(Run::slots).peekable();
        for slot in self.frame.first_temp..self.frame.end {
            let class = told.next_if(|told| told.0 == slot).map(|told| told.1);
            let ty = self.state.slot(&self.frame, slot)?;
            match class {
                Some(class) => ensure(self.is_of(ty, class), NO_REFERENCE)?,
                // If the slot is used again all the same, that will be refused.
                None if ty.is_reference() && self.class_of(ty).is_some() => {
                    self.set_slot(slot, Ty::DEAD)?
                }
                None => {}
            }
        }
        self.work_on(usize::try_from(self.frame.end - self.frame.first_temp).unwrap_or(0));
        ensure(told.next().is_none(), NO_REFERENCE)
    }

    /// At the start of a loop: what lies below its own operands, in slots before `end`, is there
    /// all the way round, and told of wherever code stops on it. So what is not told of where it
    /// does first, up to word `last`, is not used any more.
    pub(super) fn forget_untold(&mut self, end: i32, last: usize) -> Outcome {
        let Some(maps) = self.subject.maps else { return Ok(()) };
        let _ = self.told(self.at, Stopped::Before);
        let wanted = maps.wanted.get(self.stops..).unwrap_or_default();
        let places = wanted.iter().zip((self.stops..).zip(maps.parts.iter().skip(self.stops)));
        let mut within = places.take_while(|(wanted, _)| wanted.0 <= last);
        let told = within.find_map(|(_, (place, part))| Some((place, part.clone()?)));
        let Some((place, part)) = told else { return Ok(()) };
        // What lies below the operands of a loop around this one was looked at there.
        let from = match self.forgotten {
            Some((known, from)) if known == place => from,
            _ => self.frame.first_temp,
        };
        self.forgotten = Some((place, end));
        let runs = maps.runs.get(part).ok_or(NO_MAP)?;
        let before = runs.partition_point(|run| run.first < from);
        let mut told = runs[before.saturating_sub(1)..].iter().copied().flat_map(Run::slots);
        let mut next = told.next();
        for slot in from..end {
            while next.is_some_and(|next| next.0 < slot) {
                next = told.next();
            }
            let ty = self.state.slot(&self.frame, slot)?;
            let is_told = next.is_some_and(|next| next.0 == slot);
            if !is_told && ty.is_reference() && self.class_of(ty).is_some() {
                self.set_slot(slot, Ty::DEAD)?;
            }
        }
        self.work_on(usize::try_from(end - from).unwrap_or(0));
        Ok(())
    }

    /// Whether it may be followed as a reference of this class.
    fn is_of(&self, ty: Ty, class: Class) -> bool {
        match ty.reference {
            Reference::None => false,
            Reference::Null => true,
            Reference::To(_) => self.class_of(ty) == Some(class),
        }
    }

    /// What references of the type lead to; none if nothing that is collected, or if it is none.
    fn class_of(&self, ty: Ty) -> Option<Class> {
        let Reference::To(heap) = ty.reference else { return None };
        let ty = RefType { nullable: true, heap };
        Class::of(Storage::of(ty, |id| self.subject.context.is_func_type(id)))
    }
}
