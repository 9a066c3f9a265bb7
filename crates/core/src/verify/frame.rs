//! [`Frame`]: which slots a function's frame has, and what type its locals are declared with. It
//! comes from the module, but for how many operands there may be, which the function's first cell
//! says and every later cell is held to.

use super::{Outcome, ensure, types::Ty};
use crate::exec::{machine::place::Domain, set_by_enter};
use alloc::{collections::TryReserveError, vec::Vec};
use core::ops::Range;
use windlass_decode::{AbsHeapType, FuncType, HeapType, ValType, limits};

/// Where locals begin: slots 0 and 1 are the return address and the caller's frame.
pub(super) const FIRST_LOCAL: i32 = 2;

/// The types of so many slots are at hand; those of others are searched.
const AT_HAND: usize = 64;

/// Locals of one type, one after the other.
#[derive(Clone, Copy)]
struct Run {
    first: i32,
    end: i32,
    ty: Ty,
}

/// The slots of a frame.
#[derive(Default)]
pub(super) struct Frame {
    /// Parameters lie in the slots below 0.
    pub(super) param_slots: i32,
    /// In the order of slots.
    runs: Vec<Run>,
    /// The types of the first slots, from the first parameter's on; those of no local are dead.
    at_hand: Vec<Ty>,
    /// Slots of locals end here, those that keep exceptions among them; those of operands begin.
    pub(super) first_temp: i32,
    declared_end: i32,
    /// Slots of operands end here; the two words of the next frame follow.
    pub(super) end: i32,
    /// The pinned locals of each domain; 0 where there is none.
    pub(super) pins: [[i32; 2]; 3],
}

/// How many slots values of these types take.
pub(super) fn width(types: &[ValType]) -> i32 {
    // The validator bounds what a frame takes.
    types.iter().map(|ty| ty.slots() as i32).sum()
}

impl Frame {
    /// Of a function with these parameters and locals, whose types are canonical.
    pub(super) fn new(
        ty: &FuncType,
        locals: impl ExactSizeIterator<Item = (u32, ValType)>,
    ) -> Result<Frame, TryReserveError> {
        let mut runs = Vec::new();
        runs.try_reserve_exact(ty.params.len() + locals.len())?;
        let param_slots = width(&ty.params);
        let mut add = |slot: i32, count: i64, ty: ValType| {
            let end = i64::from(slot) + count * ty.slots() as i64;
            let end = i32::try_from(end).unwrap_or(i32::MAX);
            runs.push(Run { first: slot, end, ty: Ty::of(ty) });
            end
        };
        let slot = ty.params.iter().fold(-param_slots, |slot, &ty| add(slot, 1, ty));
        debug_assert_eq!(slot, 0);
        let mut end = FIRST_LOCAL;
        for (count, ty) in locals {
            end = add(end, count.into(), ty);
        }
        let mut frame = Frame {
            param_slots,
            runs,
            at_hand: Vec::new(),
            first_temp: end,
            declared_end: end,
            end,
            pins: [[0; 2]; 3],
        };
        frame.lay_at_hand()?;
        Ok(frame)
    }

    fn lay_at_hand(&mut self) -> Result<(), TryReserveError> {
        let count = self.index(self.declared_end).min(AT_HAND);
        self.at_hand.try_reserve_exact(count)?;
        // Which slot of the frame it is, if that is at hand.
        let index = |slot: i32| {
            usize::try_from(slot.saturating_add(self.param_slots)).map_or(0, |slot| slot.min(count))
        };
        for &Run { first, end, ty } in &self.runs {
            let [first, end] = [first, end].map(index);
            self.at_hand.resize(first, Ty::DEAD);
            let high = if ty == Ty::LOW { Ty::HIGH } else { ty };
            self.at_hand.extend([ty, high].into_iter().cycle().take(end - first));
        }
        Ok(())
    }

    /// Takes over what the first cell says: the size of the frame, how many slots it sets to zero,
    /// and which locals it loads into registers, which are those of `domains`.
    pub(super) fn enter(
        &mut self,
        size: i32,
        zeroed: i32,
        domains: [bool; 3],
        pins: [[i32; 2]; 3],
    ) -> Outcome {
        self.end = size - FIRST_LOCAL;
        self.first_temp = zeroed + FIRST_LOCAL;
        // Behind the locals may be slots that keep exceptions.
        ensure(self.first_temp >= self.declared_end, "I2: enter zeroes the locals")?;
        ensure(size as usize <= limits::FRAME_SLOTS, "I2: no frame is so large")?;
        let has_room = |slots: i32| {
            let set = usize::try_from(slots).map_or(0, set_by_enter);
            self.end >= self.first_temp && size as usize >= FIRST_LOCAL as usize + set
        };
        ensure(has_room(zeroed), "I2: the frame has room for the locals")?;
        for (has, domain) in domains.into_iter().zip(pins) {
            ensure(has == (domain[0] != 0), "I2: pinned locals are those that enter loads")?;
        }
        self.pins = pins;
        let domains = [Domain::Int, Domain::F64, Domain::F32].into_iter().zip(pins);
        domains.into_iter().try_for_each(|(domain, pins)| self.check_pins(domain, pins))
    }

    /// Whether registers of a domain can hold what lies in these slots: locals of its types.
    pub(super) fn check_pins(&self, domain: Domain, pins: [i32; 2]) -> Outcome {
        let tys = match domain {
            Domain::Int => &[Ty::I32, Ty::I64][..],
            Domain::F64 => &[Ty::F64],
            Domain::F32 => &[Ty::F32],
            Domain::Vector => &[],
        };
        for slot in pins.into_iter().filter(|&slot| slot != 0) {
            let ty = self.declared(slot).ok_or("I2: what is pinned is a local")?;
            let is_reference = ty.is_reference() && domain == Domain::Int;
            ensure(is_reference || tys.contains(&ty), "I2: the type of what is pinned")?;
        }
        Ok(())
    }

    /// The declared type of a local's slot; none if it is none.
    pub(super) fn declared(&self, slot: i32) -> Option<Ty> {
        let index = usize::try_from(slot.saturating_add(self.param_slots)).ok()?;
        if let Some(&ty) = self.at_hand.get(index) {
            return (ty != Ty::DEAD).then_some(ty);
        }
        if (self.declared_end..self.first_temp).contains(&slot) {
            return Some(Ty::to(HeapType::Abs(AbsHeapType::Exn)));
        }
        let after = self.runs.partition_point(|run| run.first <= slot);
        let run = self.runs.get(after.checked_sub(1)?).filter(|run| slot < run.end)?;
        match run.ty {
            Ty::LOW if (slot - run.first) % 2 == 1 => Some(Ty::HIGH),
            ty => Some(ty),
        }
    }

    /// How many slots the first cell sets to zero, and how many of them are of no local.
    pub(super) fn zeroed(&self) -> usize {
        usize::try_from(self.first_temp - FIRST_LOCAL).unwrap_or(0)
    }

    pub(super) fn kept(&self) -> usize {
        usize::try_from(self.first_temp - self.declared_end).unwrap_or(0)
    }

    /// Whether the slot is one of an operand.
    pub(super) fn temp(&self, slot: i32) -> bool {
        (self.first_temp..self.end).contains(&slot)
    }

    /// Which slot of the frame it is, counted from the first parameter's.
    pub(super) fn index(&self, slot: i32) -> usize {
        usize::try_from(slot + self.param_slots).unwrap_or(0)
    }

    /// Those of operands from this one on, counted so.
    pub(super) fn temps_from(&self, slot: i32) -> Range<usize> {
        self.index(slot.max(self.first_temp))..self.index(self.end)
    }

    pub(super) fn is_pinned(&self, slot: i32) -> bool {
        slot != 0 && self.pins.as_flattened().contains(&slot)
    }
}
