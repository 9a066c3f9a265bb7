//! [`State`]: what lies in slots and registers between two cells, and how that is joined where
//! control comes together. Locals have their declared type there, or a narrower one.

use super::{
    Outcome, ensure,
    frame::Frame,
    types::{Ty, Types},
};
use crate::exec::machine::place::Domain;
use alloc::{collections::TryReserveError, vec::Vec};

/// What an accumulator holds, and which slot has the same; 0 if none has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acc {
    pub(super) ty: Ty,
    pub(super) slot: i32,
}

const NO_ACC: Acc = Acc { ty: Ty::DEAD, slot: 0 };

/// What control brings to a place.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// The slots of operands from the first on; those behind are dead.
    pub(super) temps: Vec<Ty>,
    /// Whether the registers of pinned locals hold them, by domain.
    pub(super) pins: [bool; 3],
    /// The word that the context has as the start of the innermost loop.
    pub(super) again: Option<u32>,
}

impl Flow {
    pub(super) fn copy(&self) -> Result<Flow, TryReserveError> {
        let mut temps = Vec::new();
        temps.try_reserve_exact(self.temps.len())?;
        temps.extend_from_slice(&self.temps);
        Ok(Flow { temps, ..*self })
    }

    /// What is true of this and of the other.
    pub(super) fn join(&mut self, other: &Flow, types: Types<'_>) {
        self.temps.truncate(other.temps.len());
        for (ty, &other) in self.temps.iter_mut().zip(&other.temps) {
            if *ty != other {
                *ty = types.join(*ty, other);
            }
        }
        for (pin, other) in self.pins.iter_mut().zip(other.pins) {
            *pin &= other;
        }
        if self.again != other.again {
            self.again = None;
        }
    }

    /// Whether whatever holds of the other holds of this.
    pub(super) fn fits(&self, other: &Flow, types: Types<'_>) -> bool {
        let get = |index: usize| self.temps.get(index).copied().unwrap_or(Ty::DEAD);
        let mut temps = other.temps.iter().enumerate();
        temps.all(|(index, &ty)| ty == Ty::DEAD || types.fits(get(index), ty))
            && self.pins.iter().zip(other.pins).all(|(&own, other)| own || !other)
            && (other.again.is_none() || self.again == other.again)
    }

    /// Writes the type of an operand's slot.
    pub(super) fn set(&mut self, index: usize, ty: Ty) -> Outcome {
        if index >= self.temps.len() {
            let more = index + 1 - self.temps.len();
            self.temps.try_reserve(more).map_err(|_| super::NO_MEMORY)?;
            self.temps.resize(index + 1, Ty::DEAD);
        }
        self.temps[index] = ty;
        Ok(())
    }
}

/// What lies in slots and registers.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) flow: Flow,
    /// Locals that are known to be narrower than declared, in order; a number that changes with
    /// them, and never comes again.
    narrow: Vec<(i32, Ty)>,
    known: u64,
    accs: [Option<Acc>; 4],
    /// Where a reference was copied to last, and from: both slots have it.
    pub(super) copy: Option<(i32, i32)>,
}

impl State {
    /// Another way leads here, too: accumulators are gone, and what is known of locals is, unless
    /// it had this number on all ways.
    pub(super) fn meet(&mut self, locals: Option<u64>) {
        if locals != Some(self.known) {
            self.know_other();
            self.narrow.clear();
        }
        self.copy = None;
        self.forget();
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
        if let Some(temp) = frame.temp(slot) {
            return Ok(self.flow.temps.get(temp).copied().unwrap_or(Ty::DEAD));
        }
        let declared = frame.declared(slot).ok_or("I2: a slot that is read")?;
        let narrow = self.narrow.binary_search_by_key(&slot, |known| known.0);
        Ok(narrow.map_or(declared, |index| self.narrow[index].1))
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
        self.copy = self.copy.filter(|&(to, from)| to != slot && from != slot);
        if let Some(temp) = frame.temp(slot) {
            return self.flow.set(temp, ty);
        }
        let declared = frame.declared(slot).ok_or("I2: a slot that is written")?;
        ensure(types.fits(ty, declared), "the type of a local")?;
        self.narrow(slot, if ty.is_reference() && ty != declared { Some(ty) } else { None })
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
        match frame.temp(slot) {
            Some(temp) => self.flow.set(temp, ty),
            None => self.narrow(slot, Some(ty)),
        }
    }

    /// The number of what is known of locals.
    pub(super) fn locals(&self) -> u64 {
        self.known
    }

    /// What is known of locals changes.
    pub(super) fn know_other(&mut self) {
        self.known += 1;
    }

    fn narrow(&mut self, slot: i32, ty: Option<Ty>) -> Outcome {
        match (self.narrow.binary_search_by_key(&slot, |known| known.0), ty) {
            (Ok(index), Some(ty)) if self.narrow[index].1 == ty => {}
            (Ok(index), Some(ty)) => {
                self.known += 1;
                self.narrow[index].1 = ty;
            }
            (Ok(index), None) => {
                self.known += 1;
                self.narrow.remove(index);
            }
            (Err(index), Some(ty)) => {
                self.narrow.try_reserve(1).map_err(|_| super::NO_MEMORY)?;
                self.known += 1;
                self.narrow.insert(index, (slot, ty));
            }
            (Err(_), None) => {}
        }
        Ok(())
    }

    /// Operands from this slot on are gone.
    pub(super) fn cut(&mut self, frame: &Frame, slot: i32) {
        let kept = usize::try_from(slot - frame.first_temp).unwrap_or(0);
        self.flow.temps.truncate(kept);
    }
}
