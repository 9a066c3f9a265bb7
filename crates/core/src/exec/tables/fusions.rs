//! [`Fusions`]: finds the sequences of the instruction set in finished code. The translator asks
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
    room::push,
};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};

/// What the sequences of the set are made of, by the addresses of handlers. One for an engine.
pub(crate) struct Fusions {
    /// Open addressing: a handler word, and the parts that its cells are; 0 where there is none.
    words: Box<[(u64, Parts)]>,
    /// The parts of each handler word, side by side, the best first. The compiler may have given
    /// handlers of the same machine code one address: a cell of that is each of them.
    parts: Box<[u16]>,
    blocks: Blocks,
}

/// The parts that cells of a handler are.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// One of them whose handler it is; [`NONE`] if they only read slots where the handler reads
    /// pinned locals.
    own: u16,
    /// How many they are, and where they begin in the list.
    count: u16,
    first: u32,
}

const NO_PARTS: Parts = Parts { own: NONE, count: 0, first: 0 };

/// Cells that have been looked at, the last first: as many as the longest sequence has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behind {
    cells: [Seen; LONGEST],
    reached: Reached,
}

/// A cell, and how many dispatches there are from there to the end of the stretch.
#[derive(Clone, Copy, Debug)]
struct Seen {
    parts: Parts,
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
        Seen { parts: NO_PARTS, dispatches: 0 }
    }
}

impl Fusions {
    pub(crate) fn new() -> Result<Fusions, TryReserveError> {
        let count = PARTS.len() + SPECIAL.len();
        // From a third to two thirds of it are full.
        let len = if count == 0 { 0 } else { (count + count / 2).next_power_of_two() };
        let mut words = filled(len, (0, NO_PARTS))?;
        // By handler word the last of PARTS (that is `own`) and of SPECIAL that has it; and of each
        // the one before.
        let mut specials = filled(len, NONE)?;
        let mut same = filled(PARTS.len(), NONE)?;
        let mut same_special = filled(SPECIAL.len(), NONE)?;
        for (part, &handler) in (0..).zip(&PARTS) {
            let word = Cell::of_handler(handler).bits();
            if let Some(at) = slot(&words, word) {
                same[usize::from(part)] = words[at].1.own;
                words[at] = (word, Parts { own: part, ..NO_PARTS });
            }
        }
        for (special, &(handler, _)) in (0..).zip(&SPECIAL) {
            let word = Cell::of_handler(handler).bits();
            if let Some(at) = slot(&words, word) {
                words[at].0 = word;
                same_special[usize::from(special)] = specials[at];
                specials[at] = special;
            }
        }
        let mut parts = Vec::new();
        parts.try_reserve(count)?;
        for at in 0..len {
            let (word, Parts { own, .. }) = words[at];
            if word == 0 {
                continue;
            }
            let first = parts.len();
            let mut add = |mut part: u16| -> Result<(), TryReserveError> {
                while part != NONE {
                    push(&mut parts, part)?;
                    part = same[usize::from(part)];
                }
                Ok(())
            };
            add(own)?;
            let mut special = specials[at];
            while special != NONE {
                let (_, general) = SPECIAL[usize::from(special)];
                add(parts_of(&words, Cell::of_handler(PARTS[usize::from(general)])).own)?;
                special = same_special[usize::from(special)];
            }
            // There are no more parts than numbers for them, and a word has each at most once for
            // each of the few handlers that it is.
            let count = u16::try_from(parts.len() - first).unwrap_or(u16::MAX);
            let first = u32::try_from(first).unwrap_or(u32::MAX);
            words[at].1 = Parts { own, count, first };
        }
        let blocks = Blocks::new(|word| parts_of(&words, word).own)?;
        Ok(Fusions { words: words.into_boxed_slice(), parts: parts.into_boxed_slice(), blocks })
    }

    /// The handler for a cell, whose words these are, before those `behind`, which are those that
    /// follow it in memory: of the block or the sequence that saves most, or its own; and how many
    /// cells it executes. Blocks are looked for if `blocks`.
    pub(crate) fn fuse(&self, behind: &mut Behind, cell: &[Cell], blocks: bool) -> (Cell, usize) {
        let [word, words @ ..] = cell else { return (Cell::word(0), 1) };
        let parts = parts_of(&self.words, *word);
        let (fused, length) = self.best(behind, parts);
        if blocks::any()
            && blocks
            && let Some((handler, cells)) =
                self.blocks.find_block(&mut behind.reached, parts.own, words)
        {
            behind.cells[0].dispatches = 1;
            return (Cell::of_handler(handler), cells);
        }
        let fused = FUSED.get(usize::from(fused));
        (fused.map_or(*word, |&handler| Cell::of_handler(handler)), length)
    }

    /// The best sequence that begins with the cell of a part, if there is one, and its length.
    fn best(&self, behind: &mut Behind, parts: Parts) -> (u16, usize) {
        let mut best = Best {
            dispatches: behind.cells[0].dispatches.saturating_add(1),
            fused: NONE,
            length: 1,
        };
        for &part in self.all(parts) {
            let root = ROOTS.get(usize::from(part)).and_then(|&root| find_node(root));
            root.into_iter().for_each(|root| self.look(root, &behind.cells, 2, &mut best));
        }
        behind.cells.rotate_right(1);
        behind.cells[0] = Seen { parts, dispatches: best.dispatches };
        (best.fused, best.length)
    }

    /// Looks for sequences that are better: from a node on, to which the first of `behind` would be
    /// the `length`-th part. As deep as the longest sequence.
    fn look(&self, node: &Node, behind: &[Seen], length: usize, best: &mut Best) {
        let Some((seen, behind)) = behind.split_first() else { return };
        let dispatches = behind.first().map_or(0, |seen| seen.dispatches).saturating_add(1);
        for next in self.all(seen.parts).iter().filter_map(|&part| next(node, part)) {
            if next.fused != NONE && dispatches < best.dispatches {
                *best = Best { dispatches, fused: next.fused, length };
            }
            self.look(next, behind, length + 1, best);
        }
    }

    /// What a cell is as a part, the best first.
    fn all(&self, Parts { count, first, .. }: Parts) -> &[u16] {
        let first = first as usize;
        self.parts.get(first..first + usize::from(count)).unwrap_or_default()
    }
}

/// A list of so many.
fn filled<T: Clone>(len: usize, item: T) -> Result<Vec<T>, TryReserveError> {
    let mut list = Vec::new();
    list.try_reserve_exact(len)?;
    list.resize(len, item);
    Ok(list)
}

/// Where a handler word, which is not 0, is in a table, or would be.
fn slot<T>(table: &[(u64, T)], word: u64) -> Option<usize> {
    let mask = table.len().checked_sub(1)?;
    let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let mut at = usize::try_from(hash).unwrap_or(0) & mask;
    while table[at].0 != 0 && table[at].0 != word {
        at = (at + 1) & mask;
    }
    Some(at)
}

/// The parts of sequences and blocks that a cell's handler is, if it is one.
fn parts_of(words: &[(u64, Parts)], word: Cell) -> Parts {
    slot(words, word.bits()).map_or(NO_PARTS, |at| words[at].1)
}

fn find_node(number: u16) -> Option<&'static Node> {
    NODES.get(usize::from(number))
}

/// The sequence with one more part.
fn next(node: &Node, part: u16) -> Option<&'static Node> {
    let first = usize::from(node.first);
    let edges = EDGES.get(first..first + usize::from(node.count))?;
    let at = edges.binary_search_by_key(&part, |edge| edge.0).ok()?;
    find_node(edges[at].1)
}

/// Handlers that read pinned locals, each with the part of sequences that reads slots instead: for
/// the verifier.
pub(crate) fn specials() -> impl Iterator<Item = (Handler, Handler)> {
    SPECIAL.iter().map(|&(special, general)| (special, PARTS[usize::from(general)]))
}

/// The handlers of sequences, each with that of its first part: for the verifier, to which a cell
/// of a sequence is what it is without the others.
pub(crate) fn sequences() -> Vec<(Handler, Vec<Handler>)> {
    fn walk(node: &Node, parts: &mut Vec<Handler>, all: &mut Vec<(Handler, Vec<Handler>)>) {
        if let Some(&handler) = FUSED.get(usize::from(node.fused)) {
            all.push((handler, parts.clone()));
        }
        let first = usize::from(node.first);
        for &(part, next) in &EDGES[first..first + usize::from(node.count)] {
            parts.push(PARTS[usize::from(part)]);
            walk(&NODES[usize::from(next)], parts, all);
            parts.pop();
        }
    }
    let mut all = Vec::new();
    for (&root, &part) in ROOTS.iter().zip(&PARTS) {
        if let Some(node) = find_node(root) {
            walk(node, &mut alloc::vec![part], &mut all);
        }
    }
    all
}

#[cfg(all(test, feature = "fast"))]
mod tests {
    use super::*;

    /// The code as it is when sequences were looked for.
    fn fuse(code: &[Cell]) -> Vec<u64> {
        let fusions = Fusions::new().expect("there is memory");
        let mut behind = Behind::default();
        let mut fused: Vec<u64> = code
            .iter()
            .rev()
            .map(|&cell| fusions.fuse(&mut behind, &[cell], false).0.bits())
            .collect();
        fused.reverse();
        fused
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
        let fusions = Fusions::new().expect("there is memory");
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
                    fusions.fuse(&mut behind, &[cell], false);
                }
                assert!(behind.cells[0].dispatches <= least[0]);
            }
        }
    }
}
