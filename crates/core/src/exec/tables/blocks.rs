//! [`Blocks`]: finds the blocks of the instruction set in finished code: whole stretches of cells,
//! with their operands. [`Finder`](super::fusions::Finder) asks it for each cell of a function,
//! from the last to the first.
//!
//! The plan: the cells of all blocks have numbers, and the build makes an automaton that reads
//! numbers of cells and knows after each the longest block that ends there, whatever came before
//! it: so the cost of a cell does not depend on how much looks like a block. Without blocks there
//! is nothing to look at.

use super::set::{BLOCKS, MOVES, NONE, PARTS, STATES, SYMBOLS};
use crate::exec::machine::{Cell, dispatch::Handler};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};

/// The cells of blocks, by their words.
pub(crate) struct Blocks {
    /// Open addressing: numbers of symbols; [`NONE`] where there is none.
    symbols: Box<[u16]>,
    /// Of each of [`PARTS`] the one that stands for all with the same address.
    parts: Box<[u16]>,
}

/// Which beginning of a block, read backwards, the cells are that were looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached(u16);

/// Whether there are any.
pub(super) const fn any() -> bool {
    !BLOCKS.is_empty()
}

impl Blocks {
    /// `part` tells of each handler word which part it is taken for.
    pub(super) fn new(part: impl Fn(Cell) -> u16) -> Result<Blocks, TryReserveError> {
        let (mut symbols, mut parts) = (Vec::new(), Vec::new());
        if any() {
            let len = (2 * SYMBOLS.len()).next_power_of_two();
            symbols.try_reserve_exact(len)?;
            symbols.resize(len, NONE);
            parts.try_reserve_exact(PARTS.len())?;
            parts.extend(PARTS.iter().map(|&handler| part(Cell::of_handler(handler))));
        }
        let mut blocks =
            Blocks { symbols: symbols.into_boxed_slice(), parts: parts.into_boxed_slice() };
        for (number, symbol) in (0..).zip(&SYMBOLS) {
            let part = blocks.parts[usize::from(symbol.part)];
            let hash = match symbol.words {
                Ok(words) => hash(part, words.len(), words.iter().copied()),
                Err(count) => hash(part, count.into(), [].into_iter()),
            };
            let mask = blocks.symbols.len() - 1;
            let mut at = hash & mask;
            while blocks.symbols[at] != NONE {
                at = (at + 1) & mask;
            }
            blocks.symbols[at] = number;
        }
        Ok(blocks)
    }

    /// The number of a cell, which has this part as its handler, if it is in a block.
    fn symbol(&self, part: u16, words: &[Cell]) -> Option<u16> {
        let bits = || words.iter().map(|word| word.bits());
        let known = self.find(hash(part, words.len(), bits()), |number| {
            let symbol = &SYMBOLS[usize::from(number)];
            let is_part = self.parts[usize::from(symbol.part)] == part;
            is_part && symbol.words.is_ok_and(|words| words.iter().copied().eq(bits()))
        });
        known.or_else(|| {
            self.find(hash(part, words.len(), [].into_iter()), |number| {
                let symbol = &SYMBOLS[usize::from(number)];
                let is_part = self.parts[usize::from(symbol.part)] == part;
                is_part && symbol.words.is_err_and(|count| usize::from(count) == words.len())
            })
        })
    }

    fn find(&self, hash: usize, is_it: impl Fn(u16) -> bool) -> Option<u16> {
        let mask = self.symbols.len().checked_sub(1)?;
        let mut at = hash & mask;
        while self.symbols[at] != NONE {
            if is_it(self.symbols[at]) {
                return Some(self.symbols[at]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The handler of the longest block that begins with the cell, if one does, and its length.
    /// `reached` is what was reached by those that follow.
    pub(super) fn find_block(
        &self,
        reached: &mut Reached,
        part: u16,
        words: &[Cell],
    ) -> Option<(Handler, usize)> {
        let symbol = if part == NONE { None } else { self.symbol(part, words) };
        *reached = Reached(symbol.map_or(0, |symbol| go(reached.0, symbol)));
        let (handler, cells) = BLOCKS.get(usize::from(STATES[usize::from(reached.0)].block))?;
        Some((*handler, cells.len()))
    }
}

/// Where the automaton is after one more symbol. What it gives up it has read before: so it takes
/// two steps a cell in the mean.
fn go(mut at: u16, symbol: u16) -> u16 {
    loop {
        let state = &STATES[usize::from(at)];
        let first = usize::from(state.first);
        let moves = &MOVES[first..first + usize::from(state.count)];
        match moves.binary_search_by_key(&symbol, |next| next.0) {
            Ok(index) => return moves[index].1,
            Err(_) if at == 0 => return 0,
            Err(_) => at = state.otherwise,
        }
    }
}

fn hash(part: u16, count: usize, words: impl Iterator<Item = u64>) -> usize {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let start = u64::from(part) << 16 ^ count as u64;
    let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ word).wrapping_mul(MULTIPLIER);
    (words.fold(start.wrapping_mul(MULTIPLIER), mix) >> 32) as usize
}

/// A cell of a block: its handler, and its operand words, or how many it has.
pub(crate) type BlockCell = (Handler, Result<&'static [u64], usize>);

/// The handlers of blocks, and their cells: for the verifier.
pub(crate) fn blocks() -> impl Iterator<Item = (Handler, impl Iterator<Item = BlockCell>)> {
    let cell = |&symbol: &u16| {
        let symbol = &SYMBOLS[usize::from(symbol)];
        (PARTS[usize::from(symbol.part)], symbol.words.map_err(usize::from))
    };
    BLOCKS.iter().map(move |&(handler, cells)| (handler, cells.iter().map(cell)))
}
