//! [`Locals`]: the locals of the function that is translated: kinds, slots, uses, and which
//! operands have their values. A few bytes can declare 50,000 of them, so only as many as the body
//! has bytes are spread out; others are runs until the body names them. It must never do anything
//! for each local.
//!
//! The plan, pins:
//! 1. `prescan` counts how often the body names each local, eight times as much for each loop
//!    around.
//! 2. In each domain (integers, `f64`, `f32`), the two used most get a register for the whole
//!    function, if that is worth what calls cost: a return loads the caller's pinned locals again.
//! 3. A read of one costs nothing: handlers take it from the register.
//! 4. A write goes to the register and to the slot. So the slots are the whole state wherever code
//!    stops, and the driver, maps of references and traps know nothing of pins.
//! 5. What has no handler for a pinned place reads its slot (`Loc::unpinned`).
//! 6. Vectors are not pinned.

use super::{FIRST_LOCAL, TranslateError, encode, work};
use crate::exec::machine::place::{Domain, Kind};
use alloc::vec::Vec;
use windlass_validate::Index;

/// A local of the function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) kind: Kind,
    pub(super) slot: i16,
    /// Which pinned local of its domain it is.
    pub(super) pin: Option<u8>,
    /// How often the body names it, by weight.
    pub(super) uses: u64,
    /// The loop in which it was named last, and how often so far.
    pub(super) used_in: (u32, u32),
    /// The topmost operand on the symbolic stack that is its value; from there on a list.
    pub(super) pending: Option<u32>,
}

impl Local {
    /// An operand in its slot, as a local.
    pub(super) fn in_slot(kind: Kind, slot: i16) -> Local {
        Local { kind, slot, pin: None, uses: 0, used_in: (0, 0), pending: None }
    }
}

/// How many operands can be locals at a time.
pub(super) const LENT: usize = 4;
/// The first of these; no function has as many locals of its own.
const FIRST_LENT: u32 = u32::MAX - 7;

/// The number of an operand that is a local.
fn lent(local: u32) -> Option<usize> {
    let number = local.checked_sub(FIRST_LENT)? as usize;
    (number < LENT).then_some(number)
}

/// Locals of one kind, one after the other.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    kind: Kind,
    /// The slot of the first.
    slot: isize,
}

impl Run {
    fn slot_of(&self, local: usize) -> isize {
        self.slot + ((local - self.first) * self.kind.width()).cast_signed()
    }

    fn local(&self, local: usize) -> Local {
        // `begin` has seen to it that all fit.
        let slot = i16::try_from(self.slot_of(local)).unwrap_or(i16::MAX);
        Local::in_slot(self.kind, slot)
    }
}

/// The locals of the function that is translated, parameters first.
#[derive(Default)]
pub(super) struct Locals {
    len: usize,
    runs: Vec<Run>,
    /// The first of them, as many as the body has bytes at most.
    dense: Vec<Local>,
    /// Others that the body names.
    sparse: Index<Local>,
    /// Operands that are locals for a while.
    lent: [Option<Local>; LENT],
    /// How many slots the parameters take.
    pub(super) param_slots: usize,
    /// The first slot after all locals that are no parameters.
    pub(super) end: usize,
}

impl Locals {
    /// Forgets the last function's, for parameters of these kinds, below the frame's two words, and
    /// declared locals in runs, above. `bytes` is the length of the body.
    ///
    /// # Errors
    /// If there are more slots than cells can name; if the host has no memory for them.
    pub(super) fn begin(
        &mut self,
        params: impl ExactSizeIterator<Item = Kind> + Clone,
        declared: impl ExactSizeIterator<Item = (u32, Kind)>,
        bytes: usize,
    ) -> Result<(), TranslateError> {
        self.len = 0;
        self.runs.clear();
        self.dense.clear();
        self.sparse.clear();
        self.runs.try_reserve(params.len() + declared.len())?;
        self.param_slots = params.clone().map(Kind::width).sum();
        encode::slot_below(self.param_slots)?;
        let mut slot = -self.param_slots.cast_signed();
        for kind in params {
            slot = self.push(1, kind, slot);
        }
        slot = FIRST_LOCAL.cast_signed();
        for (count, kind) in declared {
            slot = self.push(count as usize, kind, slot);
        }
        self.end = slot.cast_unsigned();
        encode::slot(self.end)?;
        self.spread(bytes)
    }

    /// Adds locals that lie from `slot` on; returns the slot after them.
    fn push(&mut self, count: usize, kind: Kind, slot: isize) -> isize {
        work::count(1);
        let goes_on = |last: &Run| last.kind == kind && last.slot_of(self.len) == slot;
        if count > 0 && !self.runs.last().is_some_and(goes_on) {
            self.runs.push(Run { first: self.len, kind, slot });
        }
        self.len += count;
        slot + (count * kind.width()).cast_signed()
    }

    /// Spreads out the first, as many as there are bytes.
    fn spread(&mut self, bytes: usize) -> Result<(), TranslateError> {
        let count = bytes.min(self.len);
        self.dense.try_reserve(count)?;
        // Each takes two bytes of the body to be named.
        self.sparse.reserve((bytes / 2).min(self.len - count))?;
        work::count(count);
        let ends = self.runs.iter().skip(1).map(|run| run.first).chain([self.len]);
        for (run, end) in self.runs.iter().zip(ends) {
            self.dense.extend((run.first..end.min(count)).map(|local| run.local(local)));
        }
        Ok(())
    }

    /// A local. Code is valid, so there is one.
    #[inline]
    pub(super) fn get(&self, local: u32) -> Local {
        match self.dense.get(local as usize) {
            Some(&known) => known,
            None => self.find(local),
        }
    }

    #[cold]
    fn find(&self, local: u32) -> Local {
        if let Some(lent) = lent(local).and_then(|index| self.lent[index]) {
            return lent;
        }
        match self.sparse.get(local as usize) {
            Some(&known) => known,
            None => self.in_runs(local as usize),
        }
    }

    fn in_runs(&self, local: usize) -> Local {
        let after = self.runs.partition_point(|run| run.first <= local);
        match self.runs[..after].last() {
            Some(run) if local < self.len => run.local(local),
            _ => unreachable!("validation knows every local that a body names"),
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, local: u32) -> &mut Local {
        if (local as usize) < self.dense.len() {
            return &mut self.dense[local as usize];
        }
        self.find_mut(local)
    }

    #[cold]
    fn find_mut(&mut self, local: u32) -> &mut Local {
        let fresh = self.find(local);
        if let Some(index) = lent(local) {
            return self.lent[index].get_or_insert(fresh);
        }
        self.sparse.insert(local as usize, fresh);
        match self.sparse.get_mut(local as usize) {
            Some(known) => known,
            None => unreachable!("it was added if it was not there"),
        }
    }

    /// An operand becomes a local, until the next is lent by that number: which one it is.
    pub(super) fn lend(&mut self, number: usize, operand: Local) -> u32 {
        self.lent[number] = Some(operand);
        // There are few of them.
        FIRST_LENT + u32::try_from(number).unwrap_or(0)
    }

    /// Whether it is no local of the function.
    pub(super) fn is_lent(&self, local: u32) -> bool {
        lent(local).is_some()
    }

    /// All locals, in order. Only maps of references want them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Local> {
        (0..).take(self.len).map(|local| self.get(local))
    }

    /// The two locals of a domain that are used most, if it is more than `cost`; the lower index
    /// wins a draw.
    pub(super) fn most_used(&self, domain: Domain, cost: u64) -> [Option<u32>; 2] {
        work::count(self.dense.len() + self.sparse.len());
        let mut best: [Option<(u64, u32)>; 2] = [None; 2];
        let sparse = self.sparse.iter();
        let sparse = sparse.filter_map(|(index, local)| Some((u32::try_from(index).ok()?, local)));
        for (index, local) in (0..).zip(&self.dense).chain(sparse) {
            let Local { kind, uses, .. } = *local;
            if kind == Kind::V128 || kind.domain() != domain || uses <= cost {
                continue;
            }
            let candidate = Some((uses, index));
            // Those that are spread out come in order, others as they are named.
            let beats = |best: Option<(u64, u32)>| {
                best.is_none_or(|(most, lowest)| (uses, lowest) > (most, index))
            };
            if beats(best[0]) {
                best = [candidate, best[0]];
            } else if beats(best[1]) {
                best[1] = candidate;
            }
        }
        best.map(|best| best.map(|(_, local)| local))
    }
}
