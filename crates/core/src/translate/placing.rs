//! Which operands go to slots where the instruction set has no handler for the places they have.
//! Whoever picks a handler asks here. Slots are always a way out: a pinned local lies in its slot,
//! too, and what was left in an accumulator alone is stored after all
//! ([`Builder::use_operands`](super::builder::Builder::use_operands)).

use super::{
    inst::{Inst, Loc, What},
    vector::Vector,
};
use crate::exec::{
    machine::place::in_order,
    tables::{Entry, FAST},
};

/// The handler for operands in these places, or in as good ones as there are: then some of them are
/// in slots. `find` looks for a handler. Nothing if there is none for slots either.
pub(super) fn placed<const N: usize, T>(
    locs: [Loc; N],
    find: impl Fn([Loc; N]) -> Option<T>,
) -> Option<([Loc; N], T)> {
    if let Some(found) = find(locs) {
        return Some((locs, found));
    }
    slots(locs, find)
}

/// Of all ways to move operands to slots, the first that has a handler, the cheapest first.
#[cold]
fn slots<const N: usize, T>(
    locs: [Loc; N],
    find: impl Fn([Loc; N]) -> Option<T>,
) -> Option<([Loc; N], T)> {
    // Elsewhere all of them are.
    if !FAST {
        return None;
    }
    // There are no more than seven ways.
    let costs = |which: usize| {
        let moved = locs.iter().enumerate().filter(move |(i, _)| which >> i & 1 != 0);
        moved.map(|(_, loc)| cost(*loc)).sum::<u32>()
    };
    for wanted in 1..NOTHING_TO_MOVE {
        for which in (1..1 << N).filter(|&which| costs(which) == wanted) {
            let mut moved = locs;
            for (_, loc) in moved.iter_mut().enumerate().filter(|(i, _)| which >> i & 1 != 0) {
                *loc = loc.in_slot();
            }
            if let Some(found) = find(moved) {
                return Some((moved, found));
            }
        }
    }
    None
}

/// More than it costs to move all operands there are.
const NOTHING_TO_MOVE: u32 = 10;

/// What it costs to read an operand from its slot instead.
fn cost(loc: Loc) -> u32 {
    match loc {
        Loc::P0(_) | Loc::P1(_) => 1,
        // What was just computed has to go through memory.
        Loc::Acc { .. } => 3,
        // Another way says the same.
        Loc::Slot(_) | Loc::Const(_) => NOTHING_TO_MOVE,
    }
}

/// The two in the order that tables of commutative operations have.
pub(super) fn ordered([a, b]: [Loc; 2], commutes: bool) -> [Loc; 2] {
    if commutes && !in_order(a.place(), b.place()) { [b, a] } else { [a, b] }
}

impl Inst {
    /// The instruction with its operands where there is a handler for them, and that handler.
    /// Nothing if there is none for slots either.
    pub(super) fn placed(self) -> Option<(Inst, Entry)> {
        if let Some(entry) = self.entry() {
            return Some((self, entry));
        }
        let commutes = match self.what {
            What::Bin(op) | What::CmpSelect(op, ..) => op.commutes(),
            What::Indexed(_, shift, _) => shift == 0,
            _ => false,
        };
        let with = |[a, b]: [Loc; 2], what| {
            let [a, b] = ordered([a, b], commutes);
            let inst = Inst { what, a, b, ..self };
            Some((inst, inst.entry()?))
        };
        match self.what {
            What::Select(kind, c) => {
                let find = |[a, b, c]: [Loc; 3]| with([a, b], What::Select(kind, c));
                slots([self.a, self.b, c], find).map(|(_, found)| found)
            }
            What::Vector(Vector::Tern(op, c)) => {
                let find = |[a, b, c]: [Loc; 3]| with([a, b], What::Vector(Vector::Tern(op, c)));
                slots([self.a, self.b, c], find).map(|(_, found)| found)
            }
            what => slots([self.a, self.b], |ab| with(ab, what)).map(|(_, found)| found),
        }
    }
}
