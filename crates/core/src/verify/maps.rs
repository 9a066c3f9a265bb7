//! Maps of frames: where code has stopped, a collection is told which slots have references. They
//! are compared with what the pass knows: each of these slots has a reference of that class, and a
//! reference in a slot that is left out is not used any more. A part of [`Verifier`].

use super::{
    Outcome, Verifier, ensure,
    types::{Reference, Ty},
};
use crate::{
    exec::{
        cells::Part,
        code::maps::{Run, Stopped},
    },
    object_type::{Class, Storage},
};
use windlass_decode::RefType;

const NO_MAP: &str = "I10: there is a map wherever code can stop";
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

    /// The pass comes to a cell, before which code may have stopped.
    pub(super) fn stops_before(&mut self) -> Outcome {
        use Part::*;
        if self.subject.maps.is_none() {
            return Ok(());
        }
        let is = |at: usize, wanted: fn(Part) -> bool| {
            let code = self.subject.code.get(at);
            code.is_some_and(|&cell| self.layouts.of(cell).any(|layout| wanted(layout.part)))
        };
        let may_stop = |part| matches!(part, NewFirst(_) | Slow | SmallBulk(_) | Throw | ThrowRef);
        let has_paid =
            |part| matches!(part, Enter(..) | LoopEnter(_) | LoopEnterPinned(_) | Charge(_));
        let before = self.at.checked_sub(self.words + 1).filter(|_| self.at > 0);
        let can = is(self.at, may_stop) || before.is_some_and(|before| is(before, has_paid));
        self.stops(self.at, Stopped::Before, can)
    }

    /// Code may have stopped at the word: then what a collection is told of that is right, and
    /// something is told if it `can` stop there.
    pub(super) fn stops(&mut self, word: usize, stopped: Stopped, can: bool) -> Outcome {
        let Some(maps) = self.subject.maps else { return Ok(()) };
        // Those that the pass has not come to are of no account if they are empty.
        while let Some((&wanted, part)) =
            maps.wanted[self.stops..].iter().zip(&maps.parts[self.stops..]).next()
            && wanted < (word, stopped)
        {
            ensure(part.as_ref().is_none_or(|part| part.is_empty()), NO_MAP)?;
            self.stops += 1;
            self.work_on(1);
        }
        if maps.wanted.get(self.stops) != Some(&(word, stopped)) {
            return Ok(());
        }
        let part = maps.parts[self.stops].clone();
        self.stops += 1;
        let Some(part) = part else { return ensure(!can, NO_MAP) };
        let runs = maps.runs.get(part).ok_or(NO_MAP)?;
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

    /// At the end: all places were looked at.
    pub(super) fn has_seen_stops(&mut self) -> Outcome {
        self.stops(usize::MAX, Stopped::Before, false)
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
