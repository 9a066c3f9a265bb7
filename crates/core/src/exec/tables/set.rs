//! The instruction set: which handlers there are beside those that always are, and which sequences
//! of cells have one handler together. `build.rs` makes the tables of the file
//! `instruction-set.txt`; its head says how to read them.

// What the file names.
#[allow(unused_imports)]
use super::super::{
    handlers::{
        block::{Outside, block, cell, charge, is_taken},
        bulk::*,
        call::*,
        cast::*,
        control::*,
        memory::*,
        numeric::*,
        object::*,
        reference::*,
        sequence::Sequence,
        vector::*,
    },
    machine::{
        Form, Machine, Name,
        context::Stop,
        dispatch::{Handler, Step, run, run_fast},
        place::{Acc, Const, P0, P1, Slot, SlotOnly},
    },
    meaning::v128::Simd,
};
#[allow(unused_imports)]
use super::{ops::op, vector_ops::Fast};

/// No handler, or no node.
pub(super) const NONE: u16 = u16::MAX;

/// A sequence of cells, or the beginning of one.
pub(super) struct Node {
    /// The handler of all together, in [`FUSED`].
    pub(super) fused: u16,
    /// Where its edges begin in [`EDGES`]: that with a part is as many behind as the part's number
    /// is, and others may be between. [`NONE`] if it has none.
    pub(super) edges: u16,
}

/// A cell of blocks.
#[cfg_attr(not(feature = "fast"), allow(dead_code))]
pub(super) struct Symbol {
    /// Which part it is.
    pub(super) part: u16,
    /// Its operand words; or how many it has, whatever they are.
    pub(super) words: Result<&'static [u64], u16>,
}

/// The end of a block that was read backwards.
pub(super) struct State {
    /// The longest block that begins here, in [`BLOCKS`].
    pub(super) block: u16,
    /// Where to go on if what comes makes this no longer.
    pub(super) otherwise: u16,
    /// What can come, in [`MOVES`]: in the order of symbols.
    pub(super) first: u16,
    pub(super) count: u16,
}

#[cfg(not(test))]
include!(concat!(env!("OUT_DIR"), "/set.rs"));
// With blocks, of code of the tests.
#[cfg(test)]
include!(concat!(env!("OUT_DIR"), "/set-of-tests.rs"));

/// What a block takes for granted is said by the bodies.
const _: () = assert!(Form::is(<Copy<i64, Slot, SlotOnly> as Step>::FORM, 1, 2, true, false, true));

/// What the file takes for granted, with errors.
#[cfg_attr(not(feature = "fast"), allow(dead_code))]
const fn check(checks: &[(bool, &str)]) {
    let mut i = 0;
    while i < checks.len() {
        let (holds, error) = checks[i];
        assert!(holds, "{}", error);
        i += 1;
    }
}

/// Whether the body has this name in the file.
#[cfg_attr(not(feature = "fast"), allow(dead_code))]
const fn is_named<S: Step>(number: u64) -> bool {
    matches!(S::NAME, Some(Name(own)) if own == number)
}

/// Whether the body has this name, and its handler is one that the file chooses.
#[cfg_attr(not(feature = "fast"), allow(dead_code))]
const fn is_chosen<S: Step>(number: u64) -> bool {
    is_named::<S>(number) && !S::IS_ALWAYS_THERE
}

/// Whether the set has the handler with this name.
pub(super) const fn admits(name: Name) -> bool {
    ALL || find(&ADMITTED, name).is_some()
}

/// Where the cells of this body stand in [`ROLES`]: [`NONE`] if they are in no sequence.
#[cfg(feature = "fast")]
pub(super) const fn role(name: Name) -> u16 {
    const { assert!(ROLE_NAMES.len() < NONE as usize) };
    match find(&ROLE_NAMES, name) {
        Some(role) => role as u16,
        None => NONE,
    }
}

/// Where a name stands among others, which are in order.
const fn find(names: &[u64], name: Name) -> Option<usize> {
    let (mut low, mut high) = (0, names.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if names[middle] == name.0 {
            return Some(middle);
        }
        if names[middle] < name.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    None
}
