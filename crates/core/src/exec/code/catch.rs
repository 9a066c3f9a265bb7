//! What a function's code catches, and where: tables beside the code, which nothing looks at before
//! something is thrown. The translator makes [`Catches`], block by block; when the code is
//! published, they become [`CatchIndex`], in which throws look up a clause without a walk over
//! blocks or clauses. They must never depend on where the code lies.

use crate::room::{list, push};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use windlass_validate::sort;

/// The try blocks of a function.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Catches {
    /// From which word of the code on which block is the innermost, in the order of words.
    pub(crate) spans: Vec<(u32, Option<u32>)>,
    pub(crate) blocks: Vec<TryBlock>,
}

/// A try block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TryBlock {
    /// The block that has what this one does not catch.
    pub(crate) outer: Option<u32>,
    /// The first that matches is it.
    pub(crate) clauses: Vec<Clause>,
}

/// A clause of a try block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The module's index of the tag that it catches; none catches all.
    pub(crate) tag: Option<u32>,
    /// The word of the code where it goes on.
    pub(crate) target: u32,
    /// The slots that the fields go to begin here, if there is a tag.
    pub(crate) fields: i16,
    /// The slot that the reference to the exception goes to, if it is wanted.
    pub(crate) reference: Option<i16>,
}

impl Catches {
    /// What it takes.
    pub(crate) fn bytes(&self) -> usize {
        let clauses: usize = self.blocks.iter().map(|block| block.clauses.len()).sum();
        size_of_val(&*self.spans) + size_of_val(&*self.blocks) + clauses * size_of::<Clause>()
    }

    /// Adds a block, with room for so many clauses, and for what [`Catches::begin`] adds when it
    /// begins and ends.
    pub(crate) fn add(
        &mut self,
        mut block: TryBlock,
        clauses: usize,
    ) -> Result<(), TryReserveError> {
        block.clauses.try_reserve_exact(clauses)?;
        push(&mut self.blocks, block)?;
        let spans = 2 * self.blocks.len();
        self.spans.try_reserve(spans.saturating_sub(self.spans.len()))
    }

    /// From `word` on, `block` is the innermost. It was added.
    pub(crate) fn begin(&mut self, word: u32, block: Option<u32>) {
        if self.spans.last().is_some_and(|last| last.0 == word) {
            self.spans.pop();
        }
        self.spans.push((word, block));
    }
}

/// The tables of a function as throws read them.
///
/// Blocks form a tree: what one does not catch is its outer block's. In the order of the tree, all
/// that is in a block comes right behind it, so that each clause is for a range of the order. Where
/// ranges of a tag lie one in another, the innermost counts.
pub(crate) struct CatchIndex {
    /// From which word of the code on which place in the tree's order is the innermost; 0 is
    /// outside of all blocks.
    spans: Box<[(u32, u32)]>,
    /// Of two that match, the later one catches: it belongs to an inner block, or stands before the
    /// other in its own.
    clauses: Box<[Clause]>,
    /// In order.
    changes: Box<[Change]>,
}

/// From this place of the tree's order on, this is the clause for a tag.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The module's index of the tag; for clauses that catch all, [`ALL`].
    tag: u32,
    place: u32,
    /// Index in `clauses`.
    clause: Option<u32>,
}

/// Stands for all tags; modules don't have so many.
const ALL: u32 = u32::MAX;

/// The range of the tree's order that a clause is for.
struct Range {
    tag: u32,
    place: u32,
    end: u32,
    clause: u32,
}

impl CatchIndex {
    /// The same as `catches` says. Takes time in proportion to them, but for sorting.
    ///
    /// # Errors
    /// If the host has no memory for it.
    #[inline(never)]
    pub(crate) fn new(catches: &Catches) -> Result<CatchIndex, TryReserveError> {
        let places = places(&catches.blocks)?;
        let place_of = |block: Option<u32>| block.map_or(0, |block| places[block as usize].0);
        let spans = catches.spans.iter().map(|&(word, block)| (word, place_of(block)));
        let count = catches.blocks.iter().map(|block| block.clauses.len()).sum();
        let (mut clauses, mut ranges) = (Vec::new(), Vec::new());
        clauses.try_reserve_exact(count)?;
        ranges.try_reserve_exact(count)?;
        for (block, &(place, end)) in catches.blocks.iter().zip(&*places) {
            for &clause in block.clauses.iter().rev() {
                let tag = clause.tag.unwrap_or(ALL);
                ranges.push(Range { tag, place, end, clause: clauses.len() as u32 });
                clauses.push(clause);
            }
        }
        let key = |range: &Range| (range.tag, range.place, range.clause);
        sort(&mut ranges, |a, b| key(a).cmp(&key(b)));
        let changes = changes(&ranges)?;
        Ok(CatchIndex { spans: list(spans)?, clauses: clauses.into(), changes })
    }

    /// The number of the clause for an exception that is thrown at `word`, if its tag has these
    /// indices in the module. If it has others, too, the greatest number is that of the clause.
    pub(crate) fn find(&self, word: usize, tags: &[u32]) -> Option<u32> {
        let span = self.spans.partition_point(|span| span.0 as usize <= word);
        let (_, place) = *self.spans.get(span.checked_sub(1)?)?;
        let innermost = |tag| {
            let before = |change: &Change| (change.tag, change.place) <= (tag, place);
            let change = self.changes[self.changes.partition_point(before).checked_sub(1)?];
            if change.tag == tag { change.clause } else { None }
        };
        tags.iter().copied().chain([ALL]).filter_map(innermost).max()
    }

    /// The clause with this number.
    pub(crate) fn clause(&self, number: u32) -> Option<Clause> {
        self.clauses.get(number as usize).copied()
    }
}

/// For each block, its place in the tree's order, and the first one behind all that is in it.
fn places(blocks: &[TryBlock]) -> Result<Box<[(u32, u32)]>, TryReserveError> {
    // An outer block has a smaller number: its own come first from the back, and last from the
    // front.
    let mut sizes = list(blocks.iter().map(|_| 1))?;
    for (index, block) in blocks.iter().enumerate().rev() {
        if let Some(outer) = block.outer {
            sizes[outer as usize] += sizes[index];
        }
    }
    let mut free = 1;
    // Where the next block in this one goes.
    let mut inside = list(blocks.iter().map(|_| 0))?;
    list(blocks.iter().enumerate().map(|(index, block)| {
        let next = block.outer.map_or(&mut free, |outer| &mut inside[outer as usize]);
        let place = *next;
        *next += sizes[index];
        inside[index] = place + 1;
        (place, place + sizes[index])
    }))
}

/// The changes that ranges, which are in order, make.
fn changes(ranges: &[Range]) -> Result<Box<[Change]>, TryReserveError> {
    let mut sweep = Sweep::default();
    // Each begins and ends once.
    sweep.changes.try_reserve_exact(2 * ranges.len())?;
    sweep.open.try_reserve_exact(ranges.len())?;
    for range in ranges {
        sweep.close(Some(range));
        sweep.change(range.tag, range.place, Some(range.clause));
        sweep.open.push(range);
    }
    sweep.close(None);
    list(sweep.changes.into_iter())
}

/// A way along the tree's order, for one tag after the other.
#[derive(Default)]
struct Sweep<'a> {
    changes: Vec<Change>,
    /// The ranges that the place is in, of one tag.
    open: Vec<&'a Range>,
}

impl Sweep<'_> {
    fn change(&mut self, tag: u32, place: u32, clause: Option<u32>) {
        if self.changes.last().is_some_and(|last| (last.tag, last.place) == (tag, place)) {
            self.changes.pop();
        }
        self.changes.push(Change { tag, place, clause });
    }

    /// Ends the ranges that `next` is not in.
    fn close(&mut self, next: Option<&Range>) {
        while let Some(&last) = self.open.last()
            && next.is_none_or(|next| next.tag != last.tag || next.place >= last.end)
        {
            self.open.pop();
            let outer = self.open.last().map(|outer| outer.clause);
            self.change(last.tag, last.end, outer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CatchIndex, Catches, Clause, TryBlock};
    use alloc::{collections::BTreeSet, vec::Vec};

    /// What the index must find: block by block, clause by clause. `of` tells the tags of the
    /// store.
    fn meant(catches: &Catches, word: usize, of: &[u32], tag: u32) -> Option<Clause> {
        let span = catches.spans.partition_point(|span| span.0 as usize <= word);
        let mut block = catches.spans.get(span.checked_sub(1)?)?.1;
        while let Some(index) = block {
            let TryBlock { outer, clauses } = &catches.blocks[index as usize];
            let fits = |clause: &&Clause| clause.tag.is_none_or(|own| of[own as usize] == tag);
            if let Some(clause) = clauses.iter().find(fits) {
                return Some(*clause);
            }
            block = *outer;
        }
        None
    }

    /// Random blocks; what one does not catch may be left to any of those around it.
    fn random(seed: u64) -> (Catches, Vec<u32>) {
        let mut state = seed;
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 11) % n) as u32
        };
        let mut catches = Catches::default();
        let (mut open, mut word, mut target) = (Vec::new(), 0, 0);
        for _ in 0..40 {
            word += 1 + below(3);
            if below(5) < 3 {
                let outer = match open.len() as u64 {
                    0 => None,
                    depth => Some(open[below(depth) as usize]),
                };
                let outer = if below(4) == 0 { outer } else { open.last().copied() };
                let clauses = (0..below(4)).map(|_| {
                    target += 1;
                    let tag = (below(6) > 0).then(|| below(5));
                    Clause { tag, target, fields: 0, reference: None }
                });
                let clauses = clauses.collect();
                open.push(catches.blocks.len() as u32);
                catches.blocks.push(TryBlock { outer, clauses });
            } else {
                open.pop();
            }
            catches.begin(word, open.last().copied());
        }
        // Some tags are one and the same.
        (catches, (0..5).map(|_| below(4)).collect())
    }

    #[test]
    fn the_index_finds_what_the_blocks_say() {
        let mut found = BTreeSet::new();
        for seed in 1..300 {
            let (catches, of) = random(seed);
            let index = CatchIndex::new(&catches).expect("there is memory");
            for tag in 0..4 {
                let tags: Vec<u32> = (0..5).filter(|&own| of[own as usize] == tag).collect();
                for word in 0..130 {
                    let meant = meant(&catches, word, &of, tag);
                    let own = index.find(word, &tags);
                    let clause = own.and_then(|number| index.clause(number));
                    assert_eq!(clause, meant, "{seed} {word} {catches:?}");
                    // A part of the tags after the other.
                    let parts = tags.chunks(2).chain([&[][..]]);
                    let parts = parts.map(|part| index.find(word, part)).max();
                    assert_eq!(parts.flatten(), own, "{seed} {word} {catches:?}");
                    found.insert(meant.map(|clause| clause.target));
                }
            }
        }
        assert!(found.len() > 20);
    }

    /// Blocks in blocks, with a clause each: nothing is looked at one by one, and nothing is stored
    /// for pairs.
    #[test]
    fn the_index_is_as_large_as_the_blocks() {
        let mut catches = Catches::default();
        for n in 0..10_000_u32 {
            let clause = |tag| Clause { tag, target: n, fields: 0, reference: None };
            let clauses = [clause(Some(n % 100)), clause(Some(200)), clause(Some(n))];
            let outer = n.checked_sub(1);
            catches.blocks.push(TryBlock { outer, clauses: clauses.to_vec() });
            catches.begin(n, Some(n));
        }
        for n in (0..10_000_u32).rev() {
            catches.begin(20_000 - n, n.checked_sub(1));
        }
        let index = CatchIndex::new(&catches).expect("there is memory");
        assert_eq!(index.clauses.len(), 30_000);
        assert!(index.changes.len() <= 60_000);
        let target = |word| index.clause(index.find(word, &[5_000])?).map(|clause| clause.target);
        assert_eq!([9_999, 14_999].map(target), [Some(5_000); 2]);
        assert_eq!([4_999, 15_000].map(target), [None; 2]);
    }
}
