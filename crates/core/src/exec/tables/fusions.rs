//! [`Finder`]: finds the sequences of the instruction set in finished code. The translator asks
//! for each cell of a function, from the last to the first.
//!
//! The plan: a cell whose successors make a sequence with it gets the handler of all together; they
//! keep theirs, for branches that lead to them and for whatever stops there. So each cell can have
//! the best way from there to the end of the straight stretch, whatever others have, and the best
//! is found backwards: of each way its number of dispatches is one more than that of where it ends.
//! A block is the best way from where it begins, as if nothing came behind it.
//!
//! Of a cell that reads a pinned local, a sequence may read the local's slot: so one serves all
//! cells that differ only there. If the set has both, what reads the register comes first.

use super::{
    blocks::{self, Blocks, Reached},
    set::{EDGES, FUSED, LONGEST, NODES, NONE, Node, PARTS, ROOTS, SPECIAL},
};
use crate::{
    exec::machine::{Cell, dispatch::Handler},
    lock::Once,
    room::push,
};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use core::{
    iter, mem,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The sequences of the set, for an engine.
#[derive(Default)]
pub(crate) struct Fusions {
    /// What finds all, from when it is first needed.
    all: Once<Finder>,
    /// How many functions have had one of their own.
    few: AtomicUsize,
}

/// What finds sequences.
pub(crate) struct Finder {
    parts: ByWord,
    blocks: Blocks,
}

/// For a function: the engine's, or its own.
pub(crate) enum Found<'a> {
    All(&'a Finder),
    Own(Finder),
}

/// The parts that the cells of handlers are: the handlers' own, and those that read slots where the
/// handlers read pinned locals. The compiler may have given handlers of the same machine code one
/// address: a cell of that is what each of them is.
struct ByWord {
    /// As many as a power of two: of each the first of its `entries`, or [`NONE`].
    buckets: Box<[u16]>,
    entries: Vec<Entry>,
}

/// A part that cells of a handler are.
#[derive(Clone, Copy)]
struct Entry {
    word: u64,
    part: u16,
    /// The next of the same word, or [`NONE`]: the best comes first.
    same: u16,
    /// Of the first of a word the first of another in the bucket, or [`NONE`].
    other: u16,
}

/// Cells that have been looked at, the last first: as many as the longest sequence has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behind {
    cells: [Seen; LONGEST],
    reached: Reached,
}

/// A cell, and how many dispatches there are from there to the end of the stretch.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What it is as a part, or [`NONE`], and the entry with more.
    part: u16,
    same: u16,
    dispatches: u32,
}

/// The best sequence that was found: [`NONE`] is the first cell alone.
struct Best {
    dispatches: u32,
    fused: u16,
    length: usize,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { part: NONE, same: NONE, dispatches: 0 }
    }
}

/// Functions of no more cells can have a finder of their own: to make it takes 9,000 instructions,
/// that of all sequences 65,000.
pub(crate) const FEW_CELLS: usize = 64;
/// So many functions of an engine have one: where there are more, there will be many.
const FEW_FUNCTIONS: usize = 6;

impl Fusions {
    /// What finds all sequences.
    pub(crate) fn all(&self) -> Result<&Finder, TryReserveError> {
        if let Some(finder) = self.all.get() {
            return Ok(finder);
        }
        let finder = Finder::new(PARTS.len() + SPECIAL.len(), |_| true)?;
        Ok(self.all.get_or_init(|| finder))
    }

    /// What finds all sequences of such cells, of which there are so many. What it finds does not
    /// depend on what was asked before.
    pub(crate) fn of(
        &self,
        count: usize,
        words: impl Iterator<Item = Cell>,
    ) -> Result<Found<'_>, TryReserveError> {
        let few = self.few.load(Ordering::Relaxed);
        if count > FEW_CELLS || blocks::any() || few == FEW_FUNCTIONS || self.all.get().is_some() {
            return self.all().map(Found::All);
        }
        self.few.store(few + 1, Ordering::Relaxed);
        Finder::of(count, words).map(Found::Own)
    }
}

impl Found<'_> {
    pub(crate) fn finder(&self) -> &Finder {
        match self {
            Found::All(finder) => finder,
            Found::Own(finder) => finder,
        }
    }
}

/// A number of 32 bits for a handler word, all as good as any.
fn mixed(word: u64) -> u64 {
    word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// Its place in the filter of [`Finder::of`].
fn in_filter(word: u64) -> u8 {
    let [_, _, _, highest, ..] = mixed(word).to_le_bytes();
    highest
}

impl ByWord {
    /// Of the words that are wanted, about as many.
    fn new(count: usize, is_wanted: impl Fn(u64) -> bool) -> Result<ByWord, TryReserveError> {
        const { assert!(PARTS.len() + SPECIAL.len() < NONE as usize) };
        let (mut buckets, mut entries) = (Vec::new(), Vec::new());
        if !PARTS.is_empty() {
            buckets.try_reserve_exact(count.next_power_of_two())?;
            buckets.resize(count.next_power_of_two(), NONE);
            entries.try_reserve_exact(count)?;
        }
        let mut parts = ByWord { buckets: buckets.into_boxed_slice(), entries };
        let mut add = |handler, part| {
            let word = Cell::of_handler(handler).bits();
            if is_wanted(word) { parts.add(word, part) } else { Ok(()) }
        };
        // What of a word comes later is first in its list: its own parts are.
        SPECIAL.iter().try_for_each(|&(handler, general)| add(handler, general))?;
        PARTS.iter().zip(0..).try_for_each(|(&handler, part)| add(handler, part))?;
        Ok(parts)
    }

    fn add(&mut self, word: u64, part: u16) -> Result<(), TryReserveError> {
        let Some(bucket) = self.buckets.get_mut(self.bucket(word)) else { return Ok(()) };
        // There are fewer, as `new` says.
        let number = u16::try_from(self.entries.len()).unwrap_or(NONE);
        let mut first = *bucket;
        while let Some(entry) = self.entries.get_mut(usize::from(first)) {
            if entry.word == word {
                let known = mem::replace(entry, Entry { part, same: number, ..*entry });
                return push(&mut self.entries, known);
            }
            first = entry.other;
        }
        let other = mem::replace(bucket, number);
        push(&mut self.entries, Entry { word, part, same: NONE, other })
    }

    fn bucket(&self, word: u64) -> usize {
        usize::try_from(mixed(word)).unwrap_or(0) & self.buckets.len().wrapping_sub(1)
    }

    fn find(&self, number: u16) -> Option<&Entry> {
        self.entries.get(usize::from(number))
    }

    /// The first entry of a word, or [`NONE`].
    #[inline]
    fn first(&self, word: u64) -> u16 {
        let mut number = self.buckets.get(self.bucket(word)).copied().unwrap_or(NONE);
        while let Some(entry) = self.find(number)
            && entry.word != word
        {
            number = entry.other;
        }
        number
    }

    /// What a cell is as a part, the best first.
    fn parts(&self, seen: Seen) -> impl Iterator<Item = u16> {
        let first = (seen.part != NONE).then_some((seen.part, seen.same));
        let next = |&(_, same): &(u16, u16)| self.find(same).map(|entry| (entry.part, entry.same));
        iter::successors(first, next).map(|(part, _)| part)
    }

    /// The part whose handler a word is, if there is one.
    fn own(&self, first: u16) -> u16 {
        let Some(first) = self.find(first) else { return NONE };
        let handler = PARTS[usize::from(first.part)];
        if Cell::of_handler(handler).bits() == first.word { first.part } else { NONE }
    }
}

impl Finder {
    /// That of such cells, of which there are so many.
    fn of(count: usize, words: impl Iterator<Item = Cell>) -> Result<Finder, TryReserveError> {
        // Most of what is in none of the cells is not in the filter either: with the rest, there
        // are about four times as many.
        let mut filter = [false; 256];
        words.for_each(|word| filter[usize::from(in_filter(word.bits()))] = true);
        Finder::new(4 * count, |word| filter[usize::from(in_filter(word))])
    }

    /// See [`ByWord::new`].
    fn new(count: usize, is_wanted: impl Fn(u64) -> bool) -> Result<Finder, TryReserveError> {
        let parts = ByWord::new(count, is_wanted)?;
        let blocks = Blocks::new(|word| parts.own(parts.first(word.bits())))?;
        Ok(Finder { parts, blocks })
    }

    /// The handler for a cell, whose words these are, before those `behind`, which are those that
    /// follow it in memory: of the block or the sequence that saves most, or its own; and how many
    /// cells it executes. Blocks are looked for if `blocks`.
    pub(crate) fn fuse(&self, behind: &mut Behind, cell: &[Cell], blocks: bool) -> (Cell, usize) {
        let [word, words @ ..] = cell else { return (Cell::word(0), 1) };
        let entry = self.parts.first(word.bits());
        let (fused, length) = self.best(behind, entry);
        if blocks::any()
            && blocks
            && let own = self.parts.own(entry)
            && let Some((handler, cells)) = self.blocks.find_block(&mut behind.reached, own, words)
        {
            behind.cells[0].dispatches = 1;
            return (Cell::of_handler(handler), cells);
        }
        let fused = FUSED.get(usize::from(fused));
        (fused.map_or(*word, |&handler| Cell::of_handler(handler)), length)
    }

    /// The best sequence that begins with the cell of an entry, if there is one, and its length.
    fn best(&self, behind: &mut Behind, entry: u16) -> (u16, usize) {
        let mut seen = Seen::default();
        if let Some(entry) = self.parts.find(entry) {
            (seen.part, seen.same) = (entry.part, entry.same);
        }
        let mut best = Best {
            dispatches: behind.cells[0].dispatches.saturating_add(1),
            fused: NONE,
            length: 1,
        };
        for part in self.parts.parts(seen) {
            if let Some(root) = ROOTS.get(usize::from(part)).and_then(|&root| node(root)) {
                self.go_on(root, &behind.cells, 1, &mut best);
            }
        }
        seen.dispatches = best.dispatches;
        behind.cells.copy_within(..LONGEST - 1, 1);
        behind.cells[0] = seen;
        (best.fused, best.length)
    }

    /// Looks for sequences that are better, from a node of so many parts on, before the first of
    /// `behind`. As deep as the longest sequence.
    fn go_on(&self, from: Numbered, behind: &[Seen], length: usize, best: &mut Best) {
        let Some((&seen, behind)) = behind.split_first() else { return };
        for next in self.parts.parts(seen).filter_map(|part| next(from, part)) {
            let dispatches = behind.first().map_or(0, |seen| seen.dispatches).saturating_add(1);
            if next.1.fused != NONE && dispatches < best.dispatches {
                *best = Best { dispatches, fused: next.1.fused, length: length + 1 };
            }
            if next.1.edges != NONE {
                self.go_on(next, behind, length + 1, best);
            }
        }
    }
}

/// A node and its number.
type Numbered = (u16, &'static Node);

fn node(number: u16) -> Option<Numbered> {
    NODES.get(usize::from(number)).map(|node| (number, node))
}

/// The node with one more part.
#[inline]
fn next((from, Node { edges, .. }): Numbered, part: u16) -> Option<Numbered> {
    // Of a node without edges this is [`NONE`] or more: the list is shorter.
    let &(parent, child) = EDGES.get(usize::from(*edges) + usize::from(part))?;
    if parent == from { node(child) } else { None }
}

/// Handlers that read pinned locals, each with the part of sequences that reads slots instead: for
/// the verifier.
pub(crate) fn specials() -> impl Iterator<Item = (Handler, Handler)> {
    SPECIAL.iter().map(|&(special, general)| (special, PARTS[usize::from(general)]))
}

/// The handlers of sequences, each with that of its first part: for the verifier, to which a cell
/// of a sequence is what it is without the others.
pub(crate) fn sequences() -> Vec<(Handler, Vec<Handler>)> {
    // Of each node the part that it has more than another, and which that is.
    let mut above = alloc::vec![(NONE, NONE); NODES.len()];
    for (part, &root) in (0..).zip(&ROOTS) {
        if let Some(above) = above.get_mut(usize::from(root)) {
            *above = (part, NONE);
        }
    }
    for (at, &(parent, child)) in (0..).zip(&EDGES) {
        if let Some(node) = NODES.get(usize::from(parent)) {
            above[usize::from(child)] = (at - node.edges, parent);
        }
    }
    let parts = |mut number: u16| {
        let mut parts = Vec::new();
        while let Some(&(part, parent)) = above.get(usize::from(number)) {
            parts.insert(0, PARTS[usize::from(part)]);
            number = parent;
        }
        parts
    };
    let numbered = (0..).zip(&NODES).filter(|(_, node)| node.fused != NONE);
    numbered.map(|(number, node)| (FUSED[usize::from(node.fused)], parts(number))).collect()
}

#[cfg(all(test, feature = "fast"))]
mod tests {
    use super::*;

    /// The code as it is when sequences were looked for: a finder for this code alone finds what
    /// one for all finds.
    fn fuse(code: &[Cell]) -> Vec<u64> {
        let fused = |finder: &Finder| -> Vec<u64> {
            let mut behind = Behind::default();
            let fuse = |&cell| finder.fuse(&mut behind, &[cell], false).0.bits();
            let backwards: Vec<u64> = code.iter().rev().map(fuse).collect();
            backwards.into_iter().rev().collect()
        };
        let fusions = Fusions::default();
        let all = fused(fusions.all().expect("there is memory"));
        let own = Finder::of(code.len(), code.iter().copied()).expect("there is memory");
        assert_eq!(all, fused(&own));
        all
    }

    #[test]
    fn every_sequence_of_the_set_is_found() {
        let fused: Vec<u64> = FUSED.iter().map(|&fused| Cell::of_handler(fused).bits()).collect();
        assert!(fused.len() > 100, "{}", fused.len());
        let mut count = 0;
        for (handler, parts) in sequences() {
            let code: Vec<Cell> = parts.iter().map(|&part| Cell::of_handler(part)).collect();
            let words = fuse(&code);
            // One dispatch does: of this sequence, or of another with the same machine code.
            assert!(fused.contains(&words[0]));
            assert_eq!(words.last(), code.last().map(|cell| cell.bits()).as_ref());
            count += usize::from(words[0] == Cell::of_handler(handler).bits());
        }
        assert!(count * 10 > fused.len() * 9, "{count}");
    }

    #[test]
    fn cells_with_pinned_locals_are_found_in_sequences_of_slots() {
        let all = sequences();
        let mut count = 0;
        for &(special, general) in &SPECIAL {
            let general = Cell::of_handler(PARTS[usize::from(general)]).bits();
            for (_, parts) in &all {
                let mut code: Vec<Cell> =
                    parts.iter().map(|&part| Cell::of_handler(part)).collect();
                let Some(at) = code.iter().position(|cell| cell.bits() == general) else {
                    continue;
                };
                let own = fuse(&code);
                code[at] = Cell::of_handler(special);
                let words = fuse(&code);
                assert_eq!(words.len(), own.len());
                assert_ne!(words[0], code[0].bits());
                count += 1;
            }
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn a_stretch_is_divided_into_as_few_as_can_be() {
        // By trial of all divisions, for all pairs of sequences that can follow each other.
        let all: Vec<_> = sequences().into_iter().take(60).collect();
        let fusions = Fusions::default();
        let finder = fusions.all().expect("there is memory");
        let lengths: Vec<(Vec<u64>, usize)> = sequences()
            .into_iter()
            .map(|(_, parts)| {
                (parts.iter().map(|&p| Cell::of_handler(p).bits()).collect(), parts.len())
            })
            .collect();
        for (_, first) in &all {
            for (_, second) in &all {
                let code: Vec<Cell> =
                    first.iter().chain(second).map(|&part| Cell::of_handler(part)).collect();
                let bits: Vec<u64> = code.iter().map(|cell| cell.bits()).collect();
                let mut least = alloc::vec![0_u32; bits.len() + 1];
                for at in (0..bits.len()).rev() {
                    least[at] = 1 + least[at + 1];
                    for (parts, length) in &lengths {
                        if bits[at..].starts_with(parts) {
                            least[at] = least[at].min(1 + least[at + length]);
                        }
                    }
                }
                let mut behind = Behind::default();
                for &cell in code.iter().rev() {
                    finder.fuse(&mut behind, &[cell], false);
                }
                assert!(behind.cells[0].dispatches <= least[0]);
            }
        }
    }
}
