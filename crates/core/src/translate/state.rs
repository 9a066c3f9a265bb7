//! [`State`]: what a translation has, without the module that it reads: so it can wait while others use that, and its
//! memory serves for one function after the other. Used by `job`. It must never keep anything of one function that
//! shows in the next.

use super::{
    Source, TranslateError, Translator,
    budget::Budget,
    builder::Builder,
    control::{Frame, Patch},
    encode::TooLarge,
    exception::Tries,
    fuel::Regions,
    inst::kind_of,
    job::instrs,
    locals::Locals,
    prescan::Prescan,
    stack::Operand,
};
use crate::exec::{Catches, Cell};
use alloc::{boxed::Box, vec::Vec};
use core::mem;

/// See the fields of [`Translator`].
#[derive(Default)]
pub(super) struct State {
    builder: Builder,
    locals: Locals,
    stack: Vec<Operand>,
    settled: usize,
    loose: Vec<u32>,
    height: usize,
    first_temp: usize,
    max_height: usize,
    frames: Vec<Frame>,
    patches: Vec<Patch>,
    unreachable: Option<usize>,
    scanned: Prescan,
    next_loop: usize,
    next_block: usize,
    is_last_block: bool,
    pins: [[Option<u32>; 2]; 3],
    budget: Budget,
    regions: Regions,
    tries: Tries,
    ty: u32,
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
        let params = params.iter().copied().map(kind_of);
        let declared = body.locals.iter().map(|&(count, ty)| (count, kind_of(ty)));
        self.locals.begin(params, declared, body.code.len())?;
        self.budget = Budget::new(source.limits, body.code.len());
        self.builder.clear();
        self.stack.clear();
        self.loose.clear();
        self.frames.clear();
        self.patches.clear();
        self.scanned.clear();
        self.regions.clear();
        self.tries.clear(self.locals.end);
        (self.settled, self.height, self.max_height) = (0, 0, 0);
        (self.next_loop, self.next_block, self.unreachable) = (0, 0, None);
        Ok(())
    }

    /// Goes on at offset `at` in the module.
    pub(super) fn go_on(self, source: Source<'_>, defined: usize, at: usize) -> Translator<'_> {
        Translator {
            source,
            instrs: instrs(source, defined, at),
            defined,
            builder: self.builder,
            locals: self.locals,
            stack: self.stack,
            settled: self.settled,
            loose: self.loose,
            height: self.height,
            first_temp: self.first_temp,
            max_height: self.max_height,
            frames: self.frames,
            patches: self.patches,
            unreachable: self.unreachable,
            scanned: self.scanned,
            next_loop: self.next_loop,
            next_block: self.next_block,
            is_last_block: self.is_last_block,
            pins: self.pins,
            budget: self.budget,
            regions: self.regions,
            tries: self.tries,
            ty: self.ty,
            noting: None,
        }
    }

    /// The code of the finished function, if everything in it fits.
    pub(super) fn take_code(&mut self) -> Result<Box<[Cell]>, TooLarge> {
        let code = self.builder.finish()?;
        #[cfg(debug_assertions)]
        debug_assert!(self.budget.covers(code.len()), "an operator has many words");
        Ok(code)
    }

    /// What it catches.
    pub(super) fn take_catches(&mut self) -> Catches {
        mem::take(&mut self.tries.catches)
    }
}

impl Translator<'_> {
    /// Keeps what was done.
    pub(super) fn park(self) -> State {
        State {
            builder: self.builder,
            locals: self.locals,
            stack: self.stack,
            settled: self.settled,
            loose: self.loose,
            height: self.height,
            first_temp: self.first_temp,
            max_height: self.max_height,
            frames: self.frames,
            patches: self.patches,
            unreachable: self.unreachable,
            scanned: self.scanned,
            next_loop: self.next_loop,
            next_block: self.next_block,
            is_last_block: self.is_last_block,
            pins: self.pins,
            budget: self.budget,
            regions: self.regions,
            tries: self.tries,
            ty: self.ty,
        }
    }
}
