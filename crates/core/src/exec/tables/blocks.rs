//! [`find`]: finds the blocks of the instruction set in finished code: whole stretches of cells,
//! with their operands. [`fuse`](super::fusions::fuse) asks it for each cell of a function, from
//! the last to the first.
//!
//! The plan: the cells of all blocks have numbers, and the build makes an automaton that reads
//! numbers of cells and knows after each the longest block that ends there, whatever came before
//! it: so the cost of a cell does not depend on how much looks like a block. Without blocks there
//! is nothing to look at.

use super::set::{BLOCKS, MOVES, NONE, STATES, SYMBOLS};
use crate::exec::machine::{Cell, dispatch::Handler};
use core::cmp::Ordering;

/// Which beginning of a block, read backwards, the cells are that were looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached(u16);

/// Whether there are any.
pub(super) const fn any() -> bool {
    !BLOCKS.is_empty()
}

/// The handler of the longest block that begins with the cell, if one does, and its length. The
/// cell is this part, or none; `reached` is what was reached by those that follow.
pub(super) fn find(reached: &mut Reached, part: u16, words: &[Cell]) -> Option<(Handler, usize)> {
    let symbol = if part == NONE { None } else { symbol(part, words) };
    *reached = Reached(symbol.map_or(0, |symbol| go(reached.0, symbol)));
    let (handler, cells) = BLOCKS.get(usize::from(STATES[usize::from(reached.0)].block))?;
    Some((*handler, cells.len()))
}

/// The number of a cell, if it is in a block: as one with these words, or with as many.
fn symbol(part: u16, words: &[Cell]) -> Option<u16> {
    let exact = |other: Result<&[u64], u16>| match other {
        Ok(other) => other.iter().copied().cmp(words.iter().map(|word| word.bits())),
        Err(_) => Ordering::Greater,
    };
    let any = |other: Result<&[u64], u16>| match other {
        Ok(_) => Ordering::Less,
        Err(count) => usize::from(count).cmp(&words.len()),
    };
    let find = |words: &dyn Fn(Result<&'static [u64], u16>) -> Ordering| {
        SYMBOLS.binary_search_by(|symbol| symbol.part.cmp(&part).then_with(|| words(symbol.words)))
    };
    let found = find(&exact).or_else(|_| find(&any));
    found.ok().and_then(|number| u16::try_from(number).ok())
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

/// A cell of a block: which part it is, and its operand words, or how many it has.
pub(crate) type BlockCell = (u16, Result<&'static [u64], usize>);

/// The handlers of blocks, and their cells: for the verifier.
pub(crate) fn blocks() -> impl Iterator<Item = (Handler, impl Iterator<Item = BlockCell>)> {
    let cell = |&symbol: &u16| {
        let symbol = &SYMBOLS[usize::from(symbol)];
        (symbol.part, symbol.words.map_err(usize::from))
    };
    BLOCKS.iter().map(move |&(handler, cells)| (handler, cells.iter().map(cell)))
}
