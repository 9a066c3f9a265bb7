//! [`Known`]: what is known of a handler word at once, without a look at its layouts. The verifier
//! asks for it at every cell. It must never say more than the layouts do.

use super::Part;

/// What is known of a handler word.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    /// Where its layouts begin; [`NONE`] where it has none.
    pub(super) first: u32,
    /// Where its sequences and blocks begin; [`NONE`] where it is of none.
    pub(super) sequences: u32,
    pub(super) blocks: u32,
    pub(super) is_shared: bool,
    pub(super) is_event: bool,
}

impl Known {
    /// Whether it is of sequences, and of blocks.
    pub(crate) fn leads(self) -> [bool; 2] {
        [self.sequences, self.blocks].map(|first| first != NONE)
    }

    /// Whether it has several layouts: its machine code is that of several handlers.
    pub(crate) fn is_shared(self) -> bool {
        self.is_shared
    }

    /// Whether it is, by one of its layouts, [an event](Part::is_event).
    pub(crate) fn is_event(self) -> bool {
        self.is_event
    }
}

pub(super) const NONE: u32 = u32::MAX;
pub(super) const UNKNOWN: Known =
    Known { first: NONE, sequences: NONE, blocks: NONE, is_shared: false, is_event: false };

impl Part {
    /// Whether it is a call, a branch that may be taken, an instruction of the driver, or pays:
    /// then the function's body says where it comes.
    pub(super) fn is_event(self) -> bool {
        use Part::*;
        matches!(
            self,
            Call | CallImport
                | CallIndirect
                | CallRef
                | ReturnCall
                | ReturnCallImport
                | ReturnCallIndirect
                | ReturnCallRef
                | Slow
                | SmallBulk(_)
                | Branch { .. }
                | BrCast { .. }
                | BrTable
                | LoopEnter(_)
                | LoopEnterPinned(_)
                | Charge(_)
        )
    }
}
