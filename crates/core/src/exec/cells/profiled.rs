//! [`ProfiledCell`]: code as profiles show it.

use super::{Layouts, Part};
use crate::exec::machine::{Cell, names::name};
use alloc::{string::String, vec::Vec};

/// A cell of a function's code.
#[allow(unreachable_pub)] // Re-exported by the crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfiledCell {
    /// The name of its handler.
    pub name: String,
    /// Its operand words.
    pub words: Vec<u64>,
    /// How often it was executed.
    pub count: u64,
}

/// The cells of a function, whose words these are; `count` tells how often the cell was executed
/// whose operands begin with that word. None if that is no code.
pub(crate) fn profiled(code: &[u64], count: impl Fn(usize) -> u64) -> Option<Vec<ProfiledCell>> {
    let (mut cells, mut at) = (Vec::new(), 0);
    while let Some(&word) = code.get(at) {
        let layout = Layouts::get().of(Cell::word(word)).next()?;
        let targets = match layout.part {
            Part::BrTable => usize::try_from(code.get(at + 1)? >> 32).ok()?,
            _ => 0,
        };
        at += 1;
        let words = code.get(at..at + layout.words + targets)?.to_vec();
        // SAFETY: I1: it is a handler, as it has a layout.
        let name = unsafe { name(word) };
        cells.push(ProfiledCell { name, count: count(at), words });
        at += layout.words + targets;
    }
    Some(cells)
}
