//! How many slots a function's frame needs: locals, and operands where most of them are on the
//! stack. An engine can only name so many, so that a function that needs more is refused here,
//! where the operand stack is known. Used by `func`. What is counted is never less than what the
//! function needs.

use crate::{Error, FuncValidator, InvalidKind, Operand, Scratch};
use windlass_decode::{Module, limits::FRAME_SLOTS};

/// What is known of a function's frame.
#[derive(Debug, Default)]
pub(crate) struct FrameSize {
    /// The function among those that the module defines.
    body: u32,
    /// Slots of what does not depend on the body.
    fixed: u64,
    /// The most operands that were on the stack.
    height: usize,
    /// How many vectors were pushed: those take two slots, and no more were there at once.
    vectors: usize,
    /// How many legacy `try`s are open, and the most there were: each can keep an exception to be
    /// thrown again.
    open_tries: usize,
    tries: usize,
    /// Whether one is: otherwise none is kept.
    rethrows: bool,
}

/// Two slots for where the frame returns to, and two for the frame of what the function calls.
const LINKS: u64 = 4;

impl FrameSize {
    /// The frame of a function of `module`, with so many results, before its instructions were
    /// looked at.
    pub(crate) fn new(module: &Module, body: usize, results: usize) -> FrameSize {
        let locals = module.bodies.get(body).map_or(&[][..], |body| &body.locals);
        let slots =
            locals.iter().map(|&(count, ty)| u64::from(count) * ty.slots() as u64).sum::<u64>();
        // A tail call can leave results of the same types above everything; they may be vectors.
        let results = 2 * results as u64;
        let body = u32::try_from(body).unwrap_or(u32::MAX);
        FrameSize { body, fixed: LINKS + slots + results, ..FrameSize::default() }
    }

    /// Notes that so many operands are on the stack.
    #[inline]
    pub(crate) fn note_height(&mut self, height: usize) {
        self.height = self.height.max(height);
    }

    /// Notes operands that are pushed.
    #[inline]
    pub(crate) fn note(&mut self, operands: &[Operand]) {
        let vectors = operands.iter().filter(|&&operand| operand == Operand::V128);
        self.vectors += vectors.count();
    }

    /// Notes that a legacy `try` begins.
    pub(crate) fn begin_try(&mut self) {
        self.open_tries += 1;
        self.tries = self.tries.max(self.open_tries);
    }

    /// Notes that a legacy `try` ends, with its clauses.
    pub(crate) fn end_try(&mut self) {
        self.open_tries = self.open_tries.saturating_sub(1);
    }

    /// Notes a legacy `rethrow`.
    pub(crate) fn note_rethrow(&mut self) {
        self.rethrows = true;
    }

    fn slots(&self) -> u64 {
        let kept = if self.rethrows { self.tries } else { 0 };
        let operands = self.height + self.height.min(self.vectors) + kept;
        self.fixed + operands as u64
    }
}

impl Scratch {
    /// How many slots the frame of the function takes at most that was validated last: those of its
    /// declared locals, of its operands, two for where it returns to, and two for what it calls.
    /// Two more are counted for each result.
    pub fn frame_slots(&self) -> usize {
        usize::try_from(self.frame_size.slots()).unwrap_or(usize::MAX)
    }
}

impl FuncValidator<'_> {
    /// Checks that there are slots for the function, all of which was seen; `offset` is where it
    /// ends.
    pub(crate) fn check_frame(&self, offset: usize) -> Result<(), Error> {
        let slots = self.frame_size.slots();
        let limit = FRAME_SLOTS as u64;
        if slots <= limit {
            return Ok(());
        }
        let func = self.ctx.imported.funcs.saturating_add(self.frame_size.body);
        Err(Error::new(InvalidKind::FrameTooLarge { func, slots, limit }, offset))
    }
}
