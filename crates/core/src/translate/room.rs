//! Cells of the budget, and memory for what translation adds by them: both are taken ahead for
//! several operators at once, by the count that [`budget`](super::budget) makes of them, so that a
//! host without it gets an error, and nothing asks at each push. What only few functions have is
//! taken where it is added (`exception`, `prescan`). What pushes to a list that is named here must
//! not add more than is said here.

use super::{TranslateError, Translator, state::State};
use crate::verify::VERIFIES;
use alloc::collections::TryReserveError;
use core::mem;

/// Room is taken for so many cells, at least: each may need some kilobytes for a while. Where there
/// is no operating system, that is much.
const AHEAD: usize = if cfg!(feature = "std") { 32 } else { 1 };
/// The most words that an operator adds for each of its cells, but for copies of what was on the
/// operand stack already.
const WORDS: usize = 24;
/// The most words of a copy.
const COPY: usize = 3;
/// The most values that an operator pushes if not as many as a type has.
const FEW: usize = 2;

impl Translator<'_> {
    /// Takes so many cells for an operator, and the room that they may need.
    #[cfg_attr(feature = "fast", inline(always))]
    pub(super) fn take_cells(&mut self, cells: usize) -> Result<(), TranslateError> {
        if cells > self.state.room {
            self.state.more_cells(cells)?;
        }
        self.state.room -= cells;
        Ok(())
    }

    /// Takes room for so many cells that the budget does not count, beside those of the present
    /// operator and those that are taken ahead.
    pub(super) fn take_room(&mut self, cells: usize) -> Result<(), TranslateError> {
        let cells = self.state.room.saturating_add(cells).saturating_add(1);
        // What the next operator takes ahead has room then, too: the lists grow once.
        self.state.reserve(cells.saturating_add(AHEAD - 1))?;
        self.state.grant(cells);
        Ok(())
    }

    /// Takes room for as many operands more as an operator can push.
    pub(super) fn take_room_for_values(&mut self) -> Result<(), TranslateError> {
        // A block without a type index has a result at most.
        let values = self.source.most_values.max(FEW) + FEW * self.room;
        self.state.stack.try_reserve(values)?;
        #[cfg(debug_assertions)]
        {
            self.state.granted[0] = self.state.granted[0].max(self.state.stack.len() + values);
        }
        Ok(())
    }

    /// Takes a cell for an operator, and one for each of its targets: for those no more room than a
    /// word, and what says where that is. There can be tens of thousands, few of which need a
    /// detour: that takes room of its own.
    pub(super) fn take_targets(&mut self, count: usize) -> Result<(), TranslateError> {
        let state = &mut *self.state;
        state.budget.give_back(mem::take(&mut state.room));
        let taken = state.budget.spend(count.saturating_add(1), count.saturating_add(AHEAD))?;
        let ahead = taken.saturating_sub(count);
        state.reserve(ahead)?;
        let [words, _, few] = state.room_for(ahead);
        state.builder.code.try_reserve(words.saturating_add(count))?;
        state.patches.try_reserve(few.saturating_add(count))?;
        state.regions.reserve(few.saturating_add(count))?;
        #[cfg(debug_assertions)]
        {
            let [.., patches, costs, sites, code] = &mut state.granted;
            for granted in [patches, costs, sites, code] {
                *granted += count;
            }
        }
        state.room = ahead.saturating_sub(1);
        Ok(())
    }

    /// In tests: nothing has become longer than there was room for.
    pub(super) fn check_room(&self) {
        #[cfg(debug_assertions)]
        for (index, (len, granted)) in self.lens().into_iter().zip(self.granted).enumerate() {
            debug_assert!(len <= granted, "list {index} has {len}, not {granted}");
        }
    }
}

impl State {
    /// How many cells were used.
    pub(super) fn cells(&self) -> u64 {
        self.budget.cells(self.room)
    }

    /// Takes cells, at least so many.
    #[cold]
    fn more_cells(&mut self, cells: usize) -> Result<(), TranslateError> {
        self.budget.give_back(mem::take(&mut self.room));
        let taken = self.budget.spend(cells, cells.max(AHEAD))?;
        self.reserve(taken)?;
        self.room = taken;
        Ok(())
    }

    /// Takes room for so many cells.
    #[cold]
    fn reserve(&mut self, cells: usize) -> Result<(), TryReserveError> {
        let [words, one, few] = self.room_for(cells);
        self.builder.reserve(words)?;
        self.stack.try_reserve(few)?;
        self.loose.try_reserve(one)?;
        self.frames.try_reserve(one)?;
        if VERIFIES {
            self.loops.try_reserve(one)?;
            self.landed.try_reserve(one)?;
        }
        self.patches.try_reserve(few)?;
        self.regions.reserve(few)?;
        self.grant(cells);
        Ok(())
    }

    /// For tests: so many cells may be added.
    fn grant(&mut self, _cells: usize) {
        #[cfg(debug_assertions)]
        {
            let [words, one, few] = self.room_for(_cells);
            let more = [few, one, one, few, few, few, words];
            self.granted = core::array::from_fn(|index| self.lens()[index] + more[index]);
        }
    }

    /// How many words of code that many cells may need, and how many items of lists that get one of
    /// each, and of lists that get more.
    fn room_for(&self, cells: usize) -> [usize; 3] {
        let copies = self.loose.len().saturating_add(cells);
        let words = cells.saturating_mul(WORDS).saturating_add(copies.saturating_mul(COPY));
        [words, cells, cells.saturating_mul(FEW)]
    }

    /// How long the lists are.
    #[cfg(debug_assertions)]
    fn lens(&self) -> [usize; LISTS] {
        let [costs, sites] = self.regions.lens();
        let [stack, loose] = [self.stack.len(), self.loose.len()];
        let [frames, patches] = [self.frames.len(), self.patches.len()];
        [stack, loose, frames, patches, costs, sites, self.builder.code.len()]
    }
}

/// How many lists there are.
#[cfg(debug_assertions)]
pub(super) const LISTS: usize = 7;
