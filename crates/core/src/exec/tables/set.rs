//! The instruction set: which handlers there are beside those that always are, and which sequences
//! of cells have one handler together. `build.rs` makes the tables of the file
//! `instruction-set.txt`; its head says how to read them.

// What the file names.
#[allow(unused_imports)]
use super::super::{
    handlers::{
        call::*, cast::*, control::*, memory::*, numeric::*, object::*, reference::*,
        sequence::Sequence, vector::*,
    },
    machine::{
        Name,
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
    /// What can come next, in [`EDGES`]: in the order of parts.
    pub(super) first: u16,
    pub(super) count: u16,
}

include!(concat!(env!("OUT_DIR"), "/set.rs"));

/// Whether the set has the handler with this name.
pub(super) const fn admits(name: Name) -> bool {
    if cfg!(feature = "profile") {
        return true;
    }
    let (mut low, mut high) = (0, ADMITTED.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if ADMITTED[middle] == name.0 {
            return true;
        }
        if ADMITTED[middle] < name.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    false
}
