//! [`State`]: what a translation has, without the module that it reads: so it can wait while others
//! use that, and its memory serves for one function after the other. Used by `job`. It must never
//! keep anything of one function that shows in the next.

use super::{
    Source, TranslateError, Translator,
    branch::{Landing, Patch},
    budget::Budget,
    builder::Builder,
    control::Frame,
    exception::Tries,
    fuel::Regions,
    job::instrs,
    locals::Locals,
    prescan::Prescan,
    stack::Operand,
};
use crate::{
    exec::{Catches, Cell, machine::place::Kind},
    verify::LoopStart,
};
use alloc::{boxed::Box, vec::Vec};
use core::mem;
use windlass_validate::shed;

/// What a translation has.
#[derive(Default)]
pub(super) struct State {
    pub(super) builder: Builder,
    pub(super) locals: Locals,
    /// The symbolic operand stack.
    pub(super) stack: Vec<Operand>,
    /// All operands below this index are constants or in their slots.
    pub(super) settled: usize,
    /// The operands, by index and in order, that are not in their slots; others may be among them.
    pub(super) loose: Vec<u32>,
    /// Slots that the operands take, the first of them, and the most there were.
    pub(super) height: usize,
    pub(super) first_temp: usize,
    pub(super) max_height: usize,
    pub(super) frames: Vec<Frame>,
    /// Branches whose target is not known yet, as lists by label.
    pub(super) patches: Vec<Patch>,
    /// Those that are written at present.
    pub(super) landing: Option<Landing>,
    /// Code is not reachable; how many blocks deep it goes on.
    pub(super) unreachable: Option<usize>,
    /// What the prescan has found; how many loops there were, and blocks of all kinds.
    pub(super) scanned: Prescan,
    pub(super) next_loop: usize,
    pub(super) next_block: usize,
    /// After the last block that began the function returns.
    pub(super) is_last_block: bool,
    /// The locals that are pinned at present, by domain; and in a loop that has integers of its own
    /// pinned, its frame and those of the function.
    pub(super) pins: [[Option<u32>; 2]; 3],
    pub(super) pinned_loop: Option<(usize, [Option<u32>; 2])>,
    pub(super) budget: Budget,
    pub(super) regions: Regions,
    pub(super) tries: Tries,
    /// Where loops begin, for the verifier: kept if it is asked for.
    pub(super) loops: Vec<LoopStart>,
    /// The offsets of the ends of blocks that branches alone lead to, the same.
    pub(super) landed: Vec<usize>,
    /// The index of this function's type.
    pub(super) ty: u32,
    /// How many cells of the budget are taken ahead; and how long the lists may become, see
    /// [`room`](super::room).
    pub(super) room: usize,
    #[cfg(debug_assertions)]
    pub(super) granted: [usize; super::room::LISTS],
}

impl State {
    /// Forgets the last function, for the `defined`th that the module defines.
    pub(super) fn begin(
        &mut self,
        source: Source<'_>,
        defined: usize,
    ) -> Result<(), TranslateError> {
        let context = source.context;
        let body = &source.decoded.bodies[defined];
        self.ty = context.funcs[context.imported.funcs as usize + defined];
        let params = context.type_func(self.ty).map_or(&[][..], |ty| &ty.params[..]);
        let params = params.iter().copied().map(Kind::from);
        let declared = body.locals.iter().map(|&(count, ty)| (count, Kind::from(ty)));
        self.locals.begin(params, declared, body.code.len())?;
        self.budget = Budget::new(source.limits, body.code.len());
        self.builder.clear();
        self.stack.clear();
        self.loose.clear();
        self.frames.clear();
        self.patches.clear();
        (self.landing, self.room) = (None, 0);
        self.pinned_loop = None;
        self.scanned.clear();
        self.regions.clear();
        self.tries.clear(self.locals.end);
        self.loops.clear();
        self.landed.clear();
        (self.settled, self.height, self.max_height) = (0, 0, 0);
        (self.next_loop, self.next_block, self.unreachable) = (0, 0, None);
        Ok(())
    }

    /// One that nothing was done with, made by code that is there once.
    #[inline(never)]
    pub(super) fn new() -> State {
        State::default()
    }

    /// Goes on at offset `at` in the module.
    pub(super) fn go_on<'m>(
        &'m mut self,
        source: Source<'m>,
        defined: usize,
        at: usize,
    ) -> Translator<'m> {
        let instrs = instrs(source, defined, at);
        Translator { source, defined, instrs, state: self, noting: None }
    }

    /// Whether there is something that the verifier is told.
    #[cfg(test)]
    pub(super) fn has_told(&self) -> bool {
        !self.loops.is_empty() || !self.landed.is_empty()
    }

    /// When the function is finished: gives some of the memory back that only a large one takes.
    /// Whether there is more.
    pub(super) fn shed(&mut self) -> bool {
        self.builder.shed()
            || shed(&mut self.frames)
            || shed(&mut self.loops)
            || shed(&mut self.landed)
            || shed(&mut self.patches)
            || shed(&mut self.stack)
            || shed(&mut self.loose)
            || self.scanned.shed()
            || self.regions.shed()
    }

    /// When the function is finished: moves some of its code to where it stays. Whether there is
    /// more.
    pub(super) fn copy_some(&mut self) -> Result<bool, TranslateError> {
        Ok(self.builder.copy_some()?)
    }

    /// The code of the finished function, which was copied.
    pub(super) fn take_code(&mut self) -> Box<[Cell]> {
        let code = self.builder.take_copy();
        #[cfg(debug_assertions)]
        debug_assert!(self.budget.covers(code.len(), self.room), "an operator has many words");
        code
    }

    /// What it catches.
    pub(super) fn take_catches(&mut self) -> Catches {
        mem::take(&mut self.tries.catches)
    }
}
