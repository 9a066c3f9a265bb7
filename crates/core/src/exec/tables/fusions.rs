//! [`fuse`]: finds the sequences of the instruction set in finished code. The translator asks for
//! each cell of a function, from the last to the first.
//!
//! The plan: a cell whose successors make a sequence with it gets the handler of all together; they
//! keep theirs, for branches that lead to them and for whatever stops there. So each cell can have
//! the best way from there to the end of the straight stretch, whatever others have, and the best
//! is found backwards: of each way its number of dispatches is one more than that of where it ends.
//! A block is the best way from where it begins, as if nothing came behind it.
//!
//! What a cell is to sequences, its [`Role`], comes with its handler from the tables, by the body's
//! name: so what is found does not depend on which handlers the compiler gives one address. Of a
//! cell that reads a pinned local, a sequence may read the local's slot: so one serves all cells
//! that differ only there. If the set has both, what reads the register comes first.

#[cfg(feature = "fast")]
use super::set::{ROLES, role};
use super::{
    blocks::{self, Reached},
    set::{EDGES, FUSED, LONGEST, NODES, NONE, Node, ROOTS},
};
use crate::exec::machine::{
    Cell,
    dispatch::{Handler, Step},
};
use alloc::vec::Vec;

/// What a cell is to sequences and blocks: where it stands in [`ROLES`], or [`NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role(#[cfg(feature = "fast")] u16);

impl Role {
    /// Of cells that are in none.
    pub(super) const NONE: Role = Role(
        #[cfg(feature = "fast")]
        NONE,
    );

    /// Of the cells of a body.
    #[cfg(feature = "fast")]
    pub(super) const fn of<S: Step>() -> Role {
        match S::NAME {
            Some(name) => Role(role(name)),
            None => Role::NONE,
        }
    }

    #[cfg(not(feature = "fast"))]
    pub(super) const fn of<S: Step>() -> Role {
        Role::NONE
    }

    /// The part that the cell is by itself.
    pub(crate) fn part(self) -> Option<u16> {
        let [own, _] = self.parts();
        (own != NONE).then_some(own)
    }

    /// The part that reads slots where the cell reads pinned locals, if there is one.
    pub(crate) fn general(self) -> Option<u16> {
        let [_, general] = self.parts();
        (general != NONE).then_some(general)
    }

    /// The parts that the cell is, the best first; [`NONE`] where there is none: what has its
    /// handler, and what reads slots where the handler reads pinned locals.
    #[inline]
    fn parts(self) -> [u16; 2] {
        #[cfg(feature = "fast")]
        if let Some(parts) = ROLES.get(usize::from(self.0)) {
            return *parts;
        }
        [NONE; 2]
    }
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
    /// See [`Role::parts`].
    parts: [u16; 2],
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
        Seen { parts: [NONE; 2], dispatches: 0 }
    }
}

impl Seen {
    /// What it is, the best first.
    #[inline]
    fn parts(&self) -> impl Iterator<Item = u16> {
        self.parts.into_iter().filter(|&part| part != NONE)
    }
}

/// The handler for a cell, which has these operand words, before those `behind`, which are those
/// that follow it in memory: of the block or the sequence that saves most, or none, if that is its
/// own; and how many cells it executes. Blocks are looked for if `blocks`.
pub(crate) fn fuse(
    behind: &mut Behind,
    role: Role,
    words: &[Cell],
    blocks: bool,
) -> (Option<Handler>, usize) {
    let parts = role.parts();
    let (fused, length) = best(behind, parts);
    if blocks::any()
        && blocks
        && let Some((handler, cells)) = blocks::find(&mut behind.reached, parts[0], words)
    {
        behind.cells[0].dispatches = 1;
        return (Some(handler), cells);
    }
    (FUSED.get(usize::from(fused)).copied(), length)
}

/// The best sequence that begins with a cell that is these parts, if there is one, and its length.
fn best(behind: &mut Behind, parts: [u16; 2]) -> (u16, usize) {
    let mut seen = Seen { parts, dispatches: behind.cells[0].dispatches.saturating_add(1) };
    let mut best = Best { dispatches: seen.dispatches, fused: NONE, length: 1 };
    for part in seen.parts() {
        if let Some(root) = ROOTS.get(usize::from(part)).and_then(|&root| node(root)) {
            go_on(root, &behind.cells, 1, &mut best);
        }
    }
    seen.dispatches = best.dispatches;
    behind.cells.copy_within(..LONGEST - 1, 1);
    behind.cells[0] = seen;
    (best.fused, best.length)
}

/// Looks for sequences that are better, from a node of so many parts on, before the first of
/// `behind`. As deep as the longest sequence.
fn go_on(from: Numbered, behind: &[Seen], length: usize, best: &mut Best) {
    let Some((seen, behind)) = behind.split_first() else { return };
    for next in seen.parts().filter_map(|part| next(from, part)) {
        let dispatches = behind.first().map_or(0, |seen| seen.dispatches).saturating_add(1);
        if next.1.fused != NONE && dispatches < best.dispatches {
            *best = Best { dispatches, fused: next.1.fused, length: length + 1 };
        }
        if next.1.edges != NONE {
            go_on(next, behind, length + 1, best);
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

/// The handlers of sequences, each with its parts: for the verifier, to which a cell of a sequence
/// is what it is without the others.
pub(crate) fn sequences() -> impl Iterator<Item = (Handler, Vec<u16>)> {
    numbered().into_iter().map(|(fused, parts)| (FUSED[usize::from(fused)], parts))
}

/// All sequences: their numbers in [`FUSED`], and those of their parts.
fn numbered() -> Vec<(u16, Vec<u16>)> {
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
            parts.insert(0, part);
            number = parent;
        }
        parts
    };
    let nodes = (0..).zip(&NODES).filter(|(_, node)| node.fused != NONE);
    nodes.map(|(number, node)| (node.fused, parts(number))).collect()
}

#[cfg(all(test, feature = "fast"))]
mod tests {
    use super::*;

    /// The role of cells that are a part themselves.
    fn role_of(part: u16) -> Role {
        let role = ROLES.iter().position(|&[own, _]| own == part).expect("each part has a role");
        Role(u16::try_from(role).expect("there are few"))
    }

    /// The first cell's sequence, and how many dispatches all take.
    fn fused(code: &[Role]) -> (u16, u32) {
        let mut behind = Behind::default();
        let found = code.iter().rev().map(|role| best(&mut behind, role.parts()).0).last();
        (found.expect("there is code"), behind.cells[0].dispatches)
    }

    #[test]
    fn every_sequence_of_the_set_is_found() {
        let all = numbered();
        assert!(all.len() == FUSED.len() && all.len() > 100, "{}", all.len());
        for (number, parts) in all {
            let code: Vec<Role> = parts.into_iter().map(role_of).collect();
            assert_eq!(fused(&code), (number, 1));
        }
    }

    #[test]
    fn cells_with_pinned_locals_are_found_in_sequences_of_slots() {
        let all = numbered();
        let mut count = 0;
        for (role, &[own, general]) in (0..).zip(&ROLES).filter(|(_, parts)| parts[1] != NONE) {
            for (_, parts) in &all {
                let Some(at) = parts.iter().position(|&part| part == general) else { continue };
                let mut code: Vec<Role> = parts.iter().map(|&part| role_of(part)).collect();
                code[at] = Role(role);
                assert_eq!(fused(&code).1, 1, "{own}, {general}");
                count += 1;
            }
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn a_stretch_is_divided_into_as_few_as_can_be() {
        // By trial of all divisions, for all pairs of sequences that can follow each other.
        let all = numbered();
        let some = || all.iter().take(60).map(|(_, parts)| parts);
        for (first, second) in some().flat_map(|first| some().map(move |second| (first, second))) {
            let parts = [first.as_slice(), second].concat();
            let mut least = alloc::vec![0_u32; parts.len() + 1];
            for at in (0..parts.len()).rev() {
                least[at] = 1 + least[at + 1];
                for (_, sequence) in &all {
                    if parts[at..].starts_with(sequence) {
                        least[at] = least[at].min(1 + least[at + sequence.len()]);
                    }
                }
            }
            let code: Vec<Role> = parts.into_iter().map(role_of).collect();
            assert!(fused(&code).1 <= least[0]);
        }
    }
}
