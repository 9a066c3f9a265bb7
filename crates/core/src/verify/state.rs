//! [`State`]: what lies in slots and registers between two cells, and how that is joined where
//! control comes together. Locals have their declared type there, or a narrower one.

use super::{
    Outcome, ensure,
    frame::Frame,
    slots::{Slots, Version},
    types::{Ty, Types},
};
use crate::exec::machine::place::Domain;

/// What an accumulator holds, and which slot has the same; 0 if none has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acc {
    pub(super) ty: Ty,
    pub(super) slot: i32,
}

/// What is known of a reference once it is tested: if it has passed, it is of this type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    pub(super) slot: i32,
    pub(super) ty: Ty,
}

const NO_ACC: Acc = Acc { ty: Ty::DEAD, slot: 0 };

/// What control brings to a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// What lies in the slots of operands; and of locals, what they are known to be beyond what
    /// they are declared as.
    pub(super) slots: Version,
    /// Which locals' values the registers of pinned locals hold, by domain: slots, or 0.
    pub(super) pins: [[i32; 2]; 3],
    /// The word that the context has as the start of the innermost loop.
    pub(super) again: Option<u32>,
}

/// What lies in slots and registers.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) slots: Slots,
    pub(super) flow: Flow,
    accs: [Option<Acc>; 4],
    /// Where a reference was copied to last, and from: both slots have it.
    pub(super) copy: Option<(i32, i32)>,
    /// What the accumulator of integers tells, if it is [`Ty::TESTED`].
    pub(super) test: Option<Test>,
}

impl State {
    /// What would be brought from here.
    pub(super) fn flow(&mut self) -> Flow {
        self.slots.share();
        self.flow
    }

    /// What is true of both.
    pub(super) fn join(
        &mut self,
        a: Flow,
        b: Flow,
        types: Types<'_>,
    ) -> Result<Flow, &'static str> {
        let slots = self.slots.join(a.slots, b.slots, types)?;
        let mut pins = a.pins;
        for (pin, other) in pins.as_flattened_mut().iter_mut().zip(b.pins.as_flattened()) {
            if *pin != *other {
                *pin = 0;
            }
        }
        Ok(Flow { slots, pins, again: a.again.filter(|_| a.again == b.again) })
    }

    /// Whether whatever holds of `b` holds of `a`.
    pub(super) fn fits(
        &mut self,
        a: Flow,
        b: Flow,
        types: Types<'_>,
    ) -> Result<bool, &'static str> {
        let holds = |(own, other): (&i32, &i32)| *other == 0 || own == other;
        Ok(self.slots.fits(a.slots, b.slots, types)?
            && a.pins.as_flattened().iter().zip(b.pins.as_flattened()).all(holds)
            && (b.again.is_none() || a.again == b.again))
    }

    /// Another way leads here, too: accumulators are gone.
    pub(super) fn meet(&mut self) {
        self.copy = None;
        self.forget();
    }

    /// Another way leads here that is not known yet: locals are what they are declared as.
    pub(super) fn forget_locals(&mut self, frame: &Frame) -> Outcome {
        self.slots.clear(&mut self.flow.slots, 0..frame.index(frame.first_temp))
    }

    /// Code may stop here, and go on with the same registers; but a collection in between does not
    /// see references that lie in them only.
    pub(super) fn pause(&mut self) {
        for acc in &mut self.accs {
            *acc = acc.filter(|acc| acc.slot != 0 || !acc.ty.is_reference());
        }
    }

    /// Accumulators hold nothing.
    pub(super) fn forget(&mut self) {
        self.accs = [None; 4];
    }

    pub(super) fn acc(&self, domain: Domain) -> Acc {
        self.accs[domain as usize].unwrap_or(NO_ACC)
    }

    pub(super) fn set_acc(&mut self, domain: Domain, ty: Ty, slot: i32) {
        self.accs[domain as usize] = Some(Acc { ty, slot });
    }

    /// The type of what lies in a slot.
    pub(super) fn slot(&self, frame: &Frame, slot: i32) -> Result<Ty, &'static str> {
        let known = || self.slots.get(self.flow.slots, frame.index(slot));
        if frame.temp(slot) {
            return Ok(known());
        }
        let declared = frame.declared(slot).ok_or("I2: a slot that is read")?;
        // Of numbers nothing is noted beyond that.
        let known = if declared.is_reference() { known() } else { Ty::DEAD };
        Ok(if known == Ty::DEAD { declared } else { known })
    }

    /// A slot gets a value: a local's must fit its type.
    pub(super) fn set_slot(
        &mut self,
        frame: &Frame,
        types: Types<'_>,
        slot: i32,
        ty: Ty,
    ) -> Outcome {
        for acc in self.accs.iter_mut().flatten() {
            let is_vector = acc.ty == Ty::LOW;
            if acc.slot == slot || (is_vector && acc.slot + 1 == slot) {
                acc.slot = 0;
            }
        }
        for pin in self.flow.pins.as_flattened_mut() {
            if *pin == slot {
                *pin = 0;
            }
        }
        self.copy = self.copy.filter(|&(to, from)| to != slot && from != slot);
        self.test = self.test.filter(|test| test.slot != slot);
        // A later test would make another of it.
        let mut known = if ty == Ty::TESTED { Ty::I32 } else { ty };
        if !frame.temp(slot) {
            let declared = frame.declared(slot).ok_or("I2: a slot that is written")?;
            ensure(types.fits(ty, declared), "the type of a local")?;
            known = if ty.is_reference() && ty != declared { ty } else { Ty::DEAD };
        }
        self.slots.set(&mut self.flow.slots, frame.index(slot), known)
    }

    /// A reference that lies here is of a narrower type, as has been tested; where it was copied
    /// to, too.
    pub(super) fn refine(&mut self, frame: &Frame, slot: i32, ty: Ty) -> Outcome {
        if let Some((to, _)) = self.copy.filter(|&(_, from)| from == slot) {
            self.refine_one(frame, to, ty)?;
        }
        self.refine_one(frame, slot, ty)
    }

    fn refine_one(&mut self, frame: &Frame, slot: i32, ty: Ty) -> Outcome {
        let acc = &mut self.accs[Domain::Int as usize];
        if let Some(acc) = acc.as_mut().filter(|acc| acc.slot == slot) {
            acc.ty = ty;
        }
        self.slots.set(&mut self.flow.slots, frame.index(slot), ty)
    }

    /// Operands from this slot on are gone.
    pub(super) fn cut(&mut self, frame: &Frame, slot: i32) -> Outcome {
        self.slots.clear(&mut self.flow.slots, frame.temps_from(slot))
    }
}
