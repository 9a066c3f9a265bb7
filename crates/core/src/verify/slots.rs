//! [`Slots`]: the types of a frame's slots at many moments of the pass. A [`Version`] is a tree
//! that shares with others what is the same: it is copied by copying a number, and two are compared
//! and joined where they differ only, once. [`State`](super::state::State) has them. It must never
//! change a version that was shared.

use super::{
    NO_MEMORY, TOO_MUCH, ensure,
    types::{Ty, Types},
};
use alloc::vec::Vec;
use core::ops::Range;

/// How many slots a leaf has, and children a node.
const WIDTH: usize = 16;
const BITS: u32 = WIDTH.trailing_zeros();
/// A tree, or a part of one, where nothing is known: all types are [`Ty::DEAD`].
const NOTHING: u32 = 0;
/// So many parts there may be for each word of code, and beyond that. More are needed
/// only where a few bytes write hundreds of slots, again and again: calls with hundreds of results,
/// and clauses of tags with as many fields.
const PARTS_PER_WORD: usize = 2;
const PARTS: usize = 1 << 16;
/// So many pairs of parts may be joined or compared for each word of code, and beyond that. More
/// are needed only where what differs in hundreds of slots meets again and again.
const PAIRS_PER_WORD: usize = 2;
/// So many joins and comparisons of parts are remembered.
const REMEMBERED: usize = 1 << 9;

/// What is known of all slots: the root of a tree, and the end of what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    root: u32,
    end: usize,
}

/// The parts of all versions. No slot is at or beyond `16^levels`.
#[derive(Debug, Default)]
pub(super) struct Slots {
    leaves: Vec<[Ty; WIDTH]>,
    /// The numbers of nodes or leaves.
    nodes: Vec<[u32; WIDTH]>,
    levels: u32,
    /// No more parts than so many.
    granted: usize,
    /// So many pairs may still be joined or compared.
    pairs: usize,
    /// Parts with smaller numbers are in versions that were shared.
    shared: [u32; 2],
    /// What was found of two parts that differ: leaves or nodes, what was asked, and the answer.
    found: Vec<(Question, u32)>,
    /// How many parts and slots were looked at.
    pub(super) work: usize,
}

type Question = (bool, Asked, u32, u32);
type Answer<T> = Result<T, &'static str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Join,
    Fits,
}

/// How many parts code of so many words may take, and how many pairs of them.
pub(super) fn granted(words: usize) -> [usize; 2] {
    [PARTS_PER_WORD, PAIRS_PER_WORD].map(|each| words.saturating_mul(each).saturating_add(PARTS))
}

impl Slots {
    /// Of a frame with so many slots, with no more parts and pairs than are granted.
    pub(super) fn new(slots: usize, [granted, pairs]: [usize; 2]) -> Answer<Slots> {
        let mut own = Slots { granted, pairs, ..Slots::default() };
        while slots > WIDTH << (BITS * own.levels) {
            own.levels += 1;
        }
        own.leaf([Ty::DEAD; WIDTH])?;
        own.node([NOTHING; WIDTH])?;
        own.share();
        Ok(own)
    }

    /// How many there are.
    pub(super) fn parts(&self) -> usize {
        self.leaves.len() + self.nodes.len()
    }

    /// Versions are copied: none that there is may change.
    pub(super) fn share(&mut self) {
        self.shared = [self.leaves.len(), self.nodes.len()].map(|count| count as u32);
    }

    /// The type of a slot.
    pub(super) fn get(&self, version: Version, slot: usize) -> Ty {
        if slot >= version.end {
            return Ty::DEAD;
        }
        let mut part = version.root;
        for level in (0..self.levels).rev() {
            part = self.nodes[part as usize][child(slot, level)];
        }
        self.leaves[part as usize][slot % WIDTH]
    }

    /// Writes the type of a slot.
    pub(super) fn set(&mut self, version: &mut Version, slot: usize, ty: Ty) -> Answer<()> {
        if self.get(*version, slot) != ty {
            version.root = self.written(version.root, self.levels, slot, ty)?;
            version.end = version.end.max(slot + 1);
        }
        Ok(())
    }

    /// Nothing is known of these slots any more.
    pub(super) fn clear(&mut self, version: &mut Version, slots: Range<usize>) -> Answer<()> {
        let slots = slots.start..slots.end.min(version.end);
        if !slots.is_empty() {
            version.root = self.cleared(version.root, self.levels, slots.clone(), 0)?;
            if slots.end == version.end {
                version.end = slots.start;
            }
        }
        Ok(())
    }

    /// What is true of both.
    pub(super) fn join(&mut self, a: Version, b: Version, types: Types<'_>) -> Answer<Version> {
        // What is remembered of parts must not change.
        self.share();
        let root = self.joined(a.root, b.root, self.levels, types)?;
        self.share();
        Ok(Version { root, end: a.end.min(b.end) })
    }

    /// Whether what is known of `b` is known of `a`.
    pub(super) fn fits(&mut self, a: Version, b: Version, types: Types<'_>) -> Answer<bool> {
        self.share();
        self.part_fits(a.root, b.root, self.levels, types)
    }

    fn written(&mut self, part: u32, level: u32, slot: usize, ty: Ty) -> Answer<u32> {
        self.work += 1;
        let Some(below) = level.checked_sub(1) else {
            let leaf = &mut self.leaves[part as usize];
            if part >= self.shared[0] {
                leaf[slot % WIDTH] = ty;
                return Ok(part);
            }
            let mut leaf = *leaf;
            leaf[slot % WIDTH] = ty;
            return self.leaf(leaf);
        };
        let index = child(slot, below);
        let own = self.nodes[part as usize][index];
        let child = self.written(own, below, slot, ty)?;
        if child == own {
            return Ok(part);
        }
        let node = &mut self.nodes[part as usize];
        if part >= self.shared[1] {
            node[index] = child;
            return Ok(part);
        }
        let mut node = *node;
        node[index] = child;
        self.node(node)
    }

    /// The part that begins at slot `first`, without what lies in `slots`.
    fn cleared(&mut self, part: u32, level: u32, slots: Range<usize>, first: usize) -> Answer<u32> {
        self.work += 1;
        let size = WIDTH << (BITS * level);
        if part == NOTHING || slots.start >= first + size || slots.end <= first {
            return Ok(part);
        }
        if slots.start <= first && first + size <= slots.end {
            return Ok(NOTHING);
        }
        let Some(below) = level.checked_sub(1) else {
            let mut leaf = self.leaves[part as usize];
            for (slot, ty) in (first..).zip(&mut leaf) {
                *ty = if slots.contains(&slot) { Ty::DEAD } else { *ty };
            }
            return self.change_leaf(part, leaf);
        };
        let mut node = self.nodes[part as usize];
        let each = size / WIDTH;
        let from = slots.start.saturating_sub(first) / each;
        let to = (slots.end - first).div_ceil(each).min(WIDTH);
        for (index, child) in node[..to].iter_mut().enumerate().skip(from) {
            if *child != NOTHING {
                *child = self.cleared(*child, below, slots.clone(), first + index * each)?;
            }
        }
        self.change_node(part, node)
    }

    fn joined(&mut self, a: u32, b: u32, level: u32, types: Types<'_>) -> Answer<u32> {
        self.work += 1;
        if a == b || a == NOTHING || b == NOTHING {
            return Ok(if a == b { a } else { NOTHING });
        }
        let question = (level == 0, Asked::Join, a, b);
        if let Some(answer) = self.answer(question) {
            return Ok(answer);
        }
        self.pair()?;
        let answer = if let Some(below) = level.checked_sub(1) {
            let [x, y] = [a, b].map(|part| self.nodes[part as usize]);
            let mut both = x;
            for (own, other) in both.iter_mut().zip(y).filter(|(own, other)| **own != *other) {
                *own = self.joined(*own, other, below, types)?;
            }
            if both == x {
                a
            } else if both == y {
                b
            } else {
                self.node(both)?
            }
        } else {
            let [x, y] = [a, b].map(|part| self.leaves[part as usize]);
            let mut both = x;
            for (own, other) in both.iter_mut().zip(y).filter(|(own, other)| **own != *other) {
                *own = types.join(*own, other);
            }
            if both == x {
                a
            } else if both == y {
                b
            } else {
                self.leaf(both)?
            }
        };
        self.remember(question, answer)?;
        Ok(answer)
    }

    fn part_fits(&mut self, a: u32, b: u32, level: u32, types: Types<'_>) -> Answer<bool> {
        self.work += 1;
        if a == b || b == NOTHING {
            return Ok(true);
        }
        let question = (level == 0, Asked::Fits, a, b);
        if let Some(answer) = self.answer(question) {
            return Ok(answer != 0);
        }
        self.pair()?;
        let mut fits = true;
        if let Some(below) = level.checked_sub(1) {
            let [x, y] = [a, b].map(|part| self.nodes[part as usize]);
            for (own, other) in x.into_iter().zip(y).filter(|(own, other)| own != other) {
                fits = fits && self.part_fits(own, other, below, types)?;
            }
        } else {
            let [x, y] = [a, b].map(|part| &self.leaves[part as usize]);
            let mut pairs = x.iter().zip(y);
            fits = pairs.all(|(&own, &other)| other == Ty::DEAD || types.fits(own, other));
        }
        self.remember(question, fits.into())?;
        Ok(fits)
    }

    /// Two parts are looked at slot by slot, or child by child.
    fn pair(&mut self) -> Answer<()> {
        self.work += WIDTH;
        self.pairs = self.pairs.checked_sub(1).ok_or(TOO_MUCH)?;
        Ok(())
    }

    /// A leaf in place of one: the same, if that is in one version only.
    fn change_leaf(&mut self, old: u32, leaf: [Ty; WIDTH]) -> Answer<u32> {
        if old < self.shared[0] {
            return if self.leaves[old as usize] == leaf { Ok(old) } else { self.leaf(leaf) };
        }
        self.leaves[old as usize] = leaf;
        Ok(old)
    }

    fn change_node(&mut self, old: u32, node: [u32; WIDTH]) -> Answer<u32> {
        if old < self.shared[1] {
            return if self.nodes[old as usize] == node { Ok(old) } else { self.node(node) };
        }
        self.nodes[old as usize] = node;
        Ok(old)
    }

    fn leaf(&mut self, leaf: [Ty; WIDTH]) -> Answer<u32> {
        ensure(self.parts() < self.granted, TOO_MUCH)?;
        push(&mut self.leaves, leaf)
    }

    fn node(&mut self, node: [u32; WIDTH]) -> Answer<u32> {
        ensure(self.parts() < self.granted, TOO_MUCH)?;
        push(&mut self.nodes, node)
    }

    fn answer(&self, question: Question) -> Option<u32> {
        let known = self.found.get(place(question)).filter(|known| known.0 == question);
        known.map(|known| known.1)
    }

    fn remember(&mut self, question: Question, answer: u32) -> Answer<()> {
        if self.found.is_empty() {
            self.found.try_reserve_exact(REMEMBERED).map_err(|_| NO_MEMORY)?;
            self.found.resize(REMEMBERED, ((false, Asked::Join, NOTHING, NOTHING), NOTHING));
        }
        self.found[place(question)] = (question, answer);
        Ok(())
    }
}

/// Which child of a node has the slot, or the part with it.
fn child(slot: usize, below: u32) -> usize {
    (slot >> (BITS * (below + 1))) % WIDTH
}

/// Where the answer to a question is remembered.
fn place((is_leaf, asked, a, b): Question) -> usize {
    let pair = (u64::from(a) << 32) | u64::from(b);
    let mixed = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (mixed as usize ^ usize::from(is_leaf) ^ (2 * asked as usize)) % REMEMBERED
}

fn push<T>(parts: &mut Vec<T>, part: T) -> Answer<u32> {
    let number = u32::try_from(parts.len()).map_err(|_| NO_MEMORY)?;
    parts.try_reserve(1).map_err(|_| NO_MEMORY)?;
    parts.push(part);
    Ok(number)
}
