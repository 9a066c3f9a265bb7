//! The symbolic operand stack: what a value is before anything needs it in a place. All of
//! translation pushes and pops here; it must never emit anything but copies.
//!
//! The plan, folding:
//! 1. An operand is a constant, the value of a local, or in its slot. `i32.const` and `local.get`
//!    push one of the first two and emit nothing.
//! 2. Its consumer pops it and asks for its place: in the code, in the local's slot or register, in
//!    the accumulator if that still holds it, in its slot. So the consumer's handler reads it where
//!    it lies.
//! 3. If all operands are constants, the consumer is computed here (`numeric.rs`), and is a
//!    constant.
//! 4. Every operand has a slot by its height, used or not: where control merges, values agree
//!    without moves.
//! 5. Before a local is written, its old values on the stack are copied to their slots (`flush`).
//!    They are found by a list through the stack, one for each local.
//! 6. Before control may split, and before what reads slots (calls, the driver), operands are
//!    copied to theirs (`settle`). `loose` has those that are not there yet, so each is copied
//!    once.

use super::{
    FIRST_LOCAL, Translator, encode,
    inst::{Inst, Loc, NO_LOC, ResultLoc, What},
    state::State,
    work,
};
use crate::exec::{
    machine::place::Kind,
    pack_fields,
    tables::{self, FAST},
};

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The value of a local, which has not been written since.
    Local(u32),
    /// A constant.
    Const(u64),
    /// In its slot (and perhaps in an accumulator).
    Temp,
}

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    pub(crate) origin: Origin,
    pub(crate) kind: Kind,
    /// The slot that it has by its height.
    pub(crate) slot: i16,
    /// The next operand below that is the value of the same local.
    below: Option<u32>,
}

impl Translator<'_> {
    /// The slot of the next operand. [`push`](Translator::push) sees to it that there is one.
    pub(super) fn next_slot(&self) -> i16 {
        encode::slot(self.first_temp + self.height).unwrap_or(i16::MAX)
    }

    /// The frame has room for operands up to this height, and for the two words of the next frame.
    pub(super) fn reserve(&mut self, height: usize) {
        if height > self.max_height {
            self.max_height = height;
            self.fit_slot(self.first_temp + height + FIRST_LOCAL);
        }
    }

    /// The first of so many slots of the topmost operands.
    pub(super) fn top_slot(&mut self, slots: usize) -> i16 {
        self.fit_slot(self.first_temp + self.height - slots)
    }

    /// The number of a slot; if there is no such slot, that is remembered.
    pub(super) fn fit_slot(&mut self, number: usize) -> i16 {
        self.builder.fit(encode::slot(number))
    }

    /// A number where 32 bits are for it; if it does not fit, that is remembered.
    pub(super) fn fit_index(&mut self, what: &'static str, number: usize) -> u32 {
        self.builder.fit(encode::index(what, number))
    }

    pub(super) fn push(&mut self, origin: Origin, kind: Kind) {
        self.put(origin, kind);
    }

    /// [`push`](Translator::push), inlined where it is known what is pushed.
    #[inline(always)]
    fn put(&mut self, origin: Origin, kind: Kind) {
        let index = self.next_operand();
        let below = match origin {
            Origin::Local(local) => self.locals.get_mut(local).pending.replace(index),
            _ => None,
        };
        self.put_at(index, origin, kind, below);
    }

    /// The index of the next operand.
    #[inline(always)]
    fn next_operand(&mut self) -> u32 {
        self.fit_index("operands", self.stack.len())
    }

    #[inline(always)]
    fn put_at(&mut self, index: u32, origin: Origin, kind: Kind, below: Option<u32>) {
        let slot = self.next_slot();
        self.height += kind.width();
        if self.height > self.max_height {
            self.reserve(self.height);
        }
        if origin != Origin::Temp {
            self.loose.push(index);
        }
        self.stack.push(Operand { origin, kind, slot, below });
    }

    /// Pushes the value of a local.
    pub(super) fn push_local(&mut self, local: u32) {
        let index = self.next_operand();
        let known = self.locals.get_mut(local);
        let (kind, below) = (known.kind, known.pending.replace(index));
        self.put_at(index, Origin::Local(local), kind, below);
    }

    pub(super) fn push_const(&mut self, kind: Kind, bits: u64) {
        self.put(Origin::Const(bits), kind);
    }

    /// Pushes a value that is in its slot.
    pub(super) fn push_temp(&mut self, kind: Kind) {
        self.put(Origin::Temp, kind);
    }

    /// Pushes values that are in their slots.
    pub(super) fn push_temps(&mut self, kinds: impl Iterator<Item = Kind>) {
        for kind in kinds {
            work::count(1);
            self.push_temp(kind);
        }
    }

    /// Takes the top operand. Code is valid, so there is one.
    pub(super) fn pop(&mut self) -> Operand {
        let Some(operand) = self.stack.pop() else {
            unreachable!("validation keeps the operand stack from running empty")
        };
        self.height = self.height_of(operand.slot);
        self.unlink(operand);
        if self.loose.last().is_some_and(|&index| index as usize == self.stack.len()) {
            self.loose.pop();
        }
        self.settled = self.settled.min(self.stack.len());
        operand
    }

    /// Drops operands down to `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        let Some(&Operand { slot, .. }) = self.stack.get(len) else { return };
        while let Some(&index) = self.loose.last()
            && index as usize >= len
        {
            work::count(1);
            self.loose.pop();
            self.unlink(self.stack[index as usize]);
        }
        self.stack.truncate(len);
        self.height = self.height_of(slot);
        self.settled = self.settled.min(len);
    }

    /// The height at which an operand has this slot.
    pub(super) fn height_of(&self, slot: i16) -> usize {
        usize::try_from(slot).map_or(0, |slot| slot.saturating_sub(self.first_temp))
    }

    /// The topmost of the operands that are a local's value is that no more.
    fn unlink(&mut self, operand: Operand) {
        if let Origin::Local(local) = operand.origin {
            self.locals.get_mut(local).pending = operand.below;
        }
    }

    /// The best place to read an operand that has been popped.
    pub(super) fn place(&self, operand: Operand) -> Loc {
        match operand.origin {
            Origin::Const(bits) => Loc::Const(bits),
            Origin::Local(local) => {
                let local = self.locals.get(local);
                match local.pin {
                    Some(0) if FAST => Loc::P0(local.slot),
                    Some(_) if FAST => Loc::P1(local.slot),
                    _ if self.builder.holds(local.kind.domain(), local.slot) => {
                        Loc::Acc { slot: local.slot, last_use: false }
                    }
                    _ => Loc::Slot(local.slot),
                }
            }
            Origin::Temp if self.builder.holds(operand.kind.domain(), operand.slot) => {
                Loc::Acc { slot: operand.slot, last_use: true }
            }
            Origin::Temp => Loc::Slot(operand.slot),
        }
    }

    /// A slot that has the operand: its local's, or its own.
    pub(super) fn slot_of(&mut self, operand: Operand) -> i16 {
        match operand.origin {
            Origin::Local(local) => self.locals.get(local).slot,
            Origin::Temp => operand.slot,
            Origin::Const(_) => {
                self.settle_one(operand);
                operand.slot
            }
        }
    }

    /// Copies an operand to its own slot.
    pub(super) fn settle_one(&mut self, operand: Operand) {
        if operand.origin == Origin::Temp {
            return;
        }
        let a = self.place(operand);
        self.copy(operand.kind, a, ResultLoc::Slot(operand.slot));
    }

    /// `d = a`, accumulators left alone.
    pub(super) fn copy(&mut self, kind: Kind, a: Loc, d: ResultLoc) {
        let inst = Inst { what: What::Copy(kind), d, a, b: NO_LOC };
        let emitted = self.builder.emit(inst);
        debug_assert!(emitted, "there is a copy from everywhere to everywhere: {inst}");
    }

    /// Puts every operand from index `from` on into its slot; constants too if `constants`. Those
    /// that are there already are not looked at.
    #[inline]
    pub(super) fn settle(&mut self, from: usize, constants: bool) {
        // As a rule all of them are.
        if self.loose.last().is_some_and(|&index| index as usize >= from) {
            self.settle_loose(from, constants);
        }
    }

    fn settle_loose(&mut self, from: usize, constants: bool) {
        let below = |&index: &u32| (index as usize) < from;
        let first = self.loose.iter().rposition(below).map_or(0, |last| last + 1);
        work::count(self.loose.len() - first);
        let State { loose, stack, locals, .. } = &mut self.state;
        for &index in loose[first..].iter().rev() {
            // From above, so that each is the topmost of its local.
            let operand = stack[index as usize];
            if let Origin::Local(local) = operand.origin {
                locals.get_mut(local).pending = operand.below;
            }
        }
        let (mut kept, mut place) = (first, first);
        while let Some(&index) = self.loose.get(place) {
            let operand = self.stack[index as usize];
            if matches!(operand.origin, Origin::Const(_)) && !constants {
                self.loose[kept] = index;
                kept += 1;
                place += 1;
                continue;
            }
            let mut count = if FAST && constants { self.gather(place) } else { 0 };
            if count == 0 {
                self.settle_one(operand);
                count = 1;
            }
            let State { loose, stack, .. } = &mut self.state;
            for &index in &loose[place..place + count] {
                stack[index as usize].origin = Origin::Temp;
            }
            place += count;
        }
        self.loose.truncate(kept);
    }

    /// Moves two or three operands, from `place` in `loose` on, to their slots by one cell, if they
    /// are numbers side by side, and values of locals. How many it has moved.
    fn gather(&mut self, place: usize) -> usize {
        let mut moved = [Loc::Slot(0); MOST_GATHERED];
        let mut count = 0;
        for (index, loc) in moved.iter_mut().enumerate() {
            let Some(operand) = self.gathered(place, index) else { break };
            let Origin::Local(local) = operand.origin else { break };
            *loc = Loc::Slot(self.locals.get(local).slot);
            count += 1;
        }
        let Some(entry) = tables::gather(count) else { return 0 };
        let first = self.stack[self.loose[place] as usize].slot;
        for (slot, index) in (first..).zip(0..count) {
            let Some(operand) = self.gathered(place, index) else { break };
            self.builder.use_operands(operand.kind.domain(), &moved[index..=index]);
            self.builder.written(slot, 1);
        }
        let [a, b, c] = moved;
        match count {
            2 => self.builder.cell(entry, format_args!("s{first}.. = {a} {b}")),
            _ => self.builder.cell(entry, format_args!("s{first}.. = {a} {b} {c}")),
        };
        self.builder.push(pack_fields([first, a.slot(), b.slot(), c.slot()]));
        count
    }

    /// The operand that is `index` above the one at `place` in `loose`, if it is a loose number.
    fn gathered(&self, place: usize, index: usize) -> Option<Operand> {
        let loose = *self.loose.get(place + index)? as usize;
        let operand = self.stack[loose];
        let is_number = !matches!(operand.kind, Kind::V128 | Kind::Ref);
        (is_number && loose == self.loose[place] as usize + index).then_some(operand)
    }

    /// Puts every local's value that is on the stack into its slot: from here on control may split.
    pub(super) fn settle_locals(&mut self) {
        self.settle(self.settled, false);
        self.settled = self.stack.len();
    }

    /// Before `local` is written: its old value on the stack goes to where it is wanted.
    pub(super) fn flush(&mut self, local: u32) {
        let mut next = self.locals.get(local).pending;
        while let Some(index) = next {
            work::count(1);
            let operand = self.stack[index as usize];
            self.settle_one(operand);
            self.stack[index as usize].origin = Origin::Temp;
            next = operand.below;
        }
        self.locals.get_mut(local).pending = None;
    }
}

/// The most operands that go to their slots by one cell.
const MOST_GATHERED: usize = 3;
