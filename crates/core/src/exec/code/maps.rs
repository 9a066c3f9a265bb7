//! Maps of frames: how a frame has stopped, and which of its slots then have references. The
//! translator makes them ([`MapJob`](crate::translate::MapJob)) and the verifier compares them with
//! what it knows; the driver reads them when garbage is collected. They must never depend on where
//! the code lies.

use crate::object_type::Class;
use core::ops::Range;

/// How a frame stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stopped {
    /// It waits for a call that returns to this place. The arguments are the callee's.
    Called,
    /// The cell at this place is executed next.
    Before,
}

/// Consecutive slots with references of one class, counted from the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: i32,
    pub(crate) count: u32,
    pub(crate) class: Class,
}

impl Run {
    /// The slots, each with its class.
    pub(crate) fn slots(self) -> impl Iterator<Item = (i32, Class)> {
        (self.first..).take(self.count as usize).map(move |slot| (slot, self.class))
    }
}

/// The maps of some places of a function.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    /// The places, sorted.
    pub(crate) wanted: &'a [(usize, Stopped)],
    /// For each of them, its part of `runs`, in order: the operands. None if code cannot stop
    /// there.
    pub(crate) parts: &'a [Option<Range<usize>>],
    pub(crate) runs: &'a [Run],
    /// The same of locals, wherever it stops.
    pub(crate) locals: &'a [Run],
}
