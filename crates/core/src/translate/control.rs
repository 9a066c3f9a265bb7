//! Blocks: what is open, and what their beginnings and ends do. Branches are in `branch`, what they
//! hang on in `condition`.

use super::{
    Translator,
    branch::{Patch, Site},
    exception::Try,
    fuel::RegionId,
};
use crate::{
    exec::{
        machine::place::{Domain, Kind, Way},
        pack_fields,
        tables::{self, EXCEPTIONS, FAST, LEGACY, plain},
    },
    verify::LoopStart,
};
use core::fmt;
use windlass_decode::{BlockType, Instr, Op};

/// An open block.
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) ty: BlockType,
    /// Operands below the block's own, and the slots that they take.
    pub(super) base: usize,
    pub(super) base_height: usize,
    /// Branches to the block's end: the last of their list in `Translator::patches`.
    pub(super) patches: Option<usize>,
    /// The region of costs around the block.
    pub(super) region: RegionId,
    /// The innermost try block in it; in a legacy clause, around it.
    pub(super) try_block: Option<u32>,
    /// After its end the function returns what the block results in.
    pub(super) is_last: bool,
    /// Where the last `br_table` with a detour to its label has it.
    pub(super) detour: usize,
    /// A branch to its end leaves a loop that has pins of its own.
    pub(super) reloads: bool,
}

/// A cell that loads pinned integers, in words.
struct PinText {
    what: &'static str,
    pins: [i16; 2],
}

impl fmt::Display for PinText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        for (pin, slot) in self.pins.iter().enumerate().filter(|(_, slot)| **slot != 0) {
            write!(f, " p{pin}(s{slot})")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// The function's body: a branch to it returns.
    Function,
    Block,
    /// Where the loop begins, and whether branches to it are [`Way::Again`].
    Loop {
        start: usize,
        simple: bool,
        region: RegionId,
    },
    /// The branch taken if the condition is false.
    If {
        otherwise: Patch,
    },
    Else,
    TryTable(Try),
    /// The legacy `try`, before its clauses.
    Try(Try),
    /// A clause of a legacy `try`.
    Catch(Try),
}

impl<'m> Translator<'m> {
    pub(super) fn push_function_frame(&mut self) {
        self.push_frame(FrameKind::Function, BlockType::Func(self.ty));
    }

    pub(super) fn push_frame(&mut self, kind: FrameKind, ty: BlockType) {
        let params = match kind {
            FrameKind::Function => 0,
            _ => self.param_count(ty),
        };
        let base = self.stack.len() - params;
        let base_height = match self.stack.get(base) {
            Some(first) => self.height_of(first.slot),
            None => self.height,
        };
        let (region, try_block) = (self.regions.current(), self.tries.open);
        self.frames.push(Frame {
            kind,
            ty,
            base,
            base_height,
            patches: None,
            region,
            try_block,
            is_last: false,
            detour: 0,
            reloads: false,
        });
    }

    fn param_count(&self, ty: BlockType) -> usize {
        match ty {
            BlockType::Func(index) => self.type_func(index).params.len(),
            _ => 0,
        }
    }

    pub(super) fn result_count(&self, ty: BlockType) -> usize {
        match ty {
            BlockType::Func(index) => self.type_func(index).results.len(),
            BlockType::Result(_) => 1,
            BlockType::Empty => 0,
        }
    }

    fn params(&self, ty: BlockType) -> impl DoubleEndedIterator<Item = Kind> + Clone + use<'m> {
        let ty = match ty {
            BlockType::Func(index) => self.source.context.type_func(index),
            _ => None,
        };
        ty.into_iter().flat_map(|ty| ty.params.iter().copied().map(Kind::from))
    }

    pub(super) fn results(
        &self,
        ty: BlockType,
    ) -> impl DoubleEndedIterator<Item = Kind> + Clone + use<'m> {
        let (one, many) = match ty {
            BlockType::Func(index) => (None, self.source.context.type_func(index)),
            BlockType::Result(ty) => (Some(Kind::from(ty)), None),
            BlockType::Empty => (None, None),
        };
        let many = many.into_iter().flat_map(|ty| ty.results.iter().copied().map(Kind::from));
        one.into_iter().chain(many)
    }

    /// How many operands a branch to this frame takes.
    pub(super) fn arity(&self, frame: usize) -> usize {
        let Frame { kind, ty, .. } = &self.frames[frame];
        match kind {
            FrameKind::Loop { .. } => self.param_count(*ty),
            _ => self.result_count(*ty),
        }
    }

    /// Counts the values that a branch to this frame moves.
    pub(super) fn count_label(&mut self, frame: usize) {
        let Frame { kind, ty, .. } = self.frames[frame];
        let slots = match kind {
            FrameKind::Loop { .. } => Self::width_of(self.params(ty)),
            _ => Self::width_of(self.results(ty)),
        };
        self.count_slots(slots);
    }

    pub(super) fn frame_of(&self, label: u32) -> usize {
        self.frames.len() - 1 - label as usize
    }

    /// Passes over code that is not reachable. Blocks in it are counted; the end of the current one
    /// is not passed over.
    pub(super) fn skip_unreachable(&mut self, instr: &Instr<'_>) -> bool {
        if instr.op.begins_block() {
            let block = self.next_block;
            self.is_last_block = self.scanned.is_last(block);
            self.next_block += 1;
        }
        let Some(depth) = &mut self.unreachable else { return false };
        if instr.op.begins_block() {
            *depth += 1;
        }
        match instr.op {
            Op::Try => self.skip_legacy_try(),
            Op::Loop => self.next_loop += 1,
            Op::Else | Op::Catch | Op::CatchAll => return *depth > 0,
            Op::End | Op::Delegate if *depth == 0 => return false,
            Op::End | Op::Delegate => *depth -= 1,
            _ => {}
        }
        true
    }

    pub(super) fn trap(&mut self) {
        self.builder.cell(plain::UNREACHABLE, "unreachable");
        self.builder.push(0);
        self.stop();
    }

    /// What follows is not reachable.
    pub(super) fn stop(&mut self) {
        self.unreachable = Some(0);
        self.builder.forget();
    }

    pub(super) fn block(&mut self, ty: BlockType) {
        self.settle_locals();
        self.push_frame(FrameKind::Block, ty);
        self.look_behind();
    }

    /// Notes of the block that the present instruction begins whether the function returns after
    /// it.
    fn look_behind(&mut self) {
        let Some(&Frame { ty, .. }) = self.frames.last() else { return };
        let returned = self.result_count(BlockType::Func(self.ty));
        let is_last = self.is_last_block && self.result_count(ty) == returned;
        if let Some(frame) = self.frames.last_mut() {
            frame.is_last = is_last;
        }
    }

    pub(super) fn enter_loop(&mut self, ty: BlockType) {
        self.settle_locals();
        let params = self.param_count(ty);
        self.settle(self.stack.len() - params, true);
        let simple = FAST && self.scanned.simple_loops[self.next_loop];
        let is_pinned = FAST && self.pin_loop();
        self.next_loop += 1;
        let outer = self.regions.current();
        let metering = self.source.metering;
        if simple {
            let [p0, p1] = if is_pinned { self.pin_slots(Domain::Int) } else { [0; 2] };
            let text = PinText { what: "loop", pins: [p0, p1] };
            let at = self.builder.cell(tables::loop_enter(metering, is_pinned), text);
            self.builder.push(pack_fields([p0, p1, 0, 0]));
            self.open_region(at);
        }
        let start = self.builder.code.len();
        if !simple && let Some(entry) = tables::charge(metering) {
            let at = self.builder.cell(entry, "loop");
            self.builder.push(0);
            self.open_region(at);
        }
        self.builder.forget();
        self.note_loop(start, ty);
        self.has_paid();
        let region = self.regions.current();
        self.push_frame(FrameKind::Loop { start, simple, region }, ty);
        if let Some(frame) = self.frames.last_mut() {
            frame.region = outer;
        }
    }

    /// The loop that begins gets pins of its own, if that pays. Whether it does.
    fn pin_loop(&mut self) -> bool {
        let pins = self.pins[Domain::Int as usize];
        let Some(own) = self.scanned.own_pins(self.next_loop, pins) else { return false };
        self.pinned_loop = Some((self.frames.len(), pins));
        self.set_pins(own);
        true
    }

    /// The frame that was just left: if it is that of a loop with pins of its own, those of the
    /// function are wanted again. Whether it is.
    fn leave_loop(&mut self) -> bool {
        let left = self.pinned_loop.filter(|&(frame, _)| FAST && frame == self.frames.len());
        let Some((_, pins)) = left else { return false };
        self.pinned_loop = None;
        self.set_pins(pins);
        true
    }

    /// From here on these integers are pinned.
    fn set_pins(&mut self, pins: [Option<u32>; 2]) {
        let last = core::mem::replace(&mut self.pins[Domain::Int as usize], pins);
        for local in last.into_iter().flatten() {
            self.locals.get_mut(local).pin = None;
        }
        for (pin, local) in (0..).zip(pins) {
            if let Some(local) = local {
                self.locals.get_mut(local).pin = Some(pin);
            }
        }
    }

    /// Emits a cell that loads the function's pinned integers, if it has any. Slots have what they
    /// hold, so nothing is wrong with one too many.
    pub(super) fn load_pins(&mut self) {
        if !FAST {
            return;
        }
        let pins = self.pinned_loop.map_or(self.pins[Domain::Int as usize], |(_, pins)| pins);
        let [p0, p1] = self.slots_of(pins);
        if p0 != 0 {
            let text = PinText { what: "load", pins: [p0, p1] };
            self.builder.cell(tables::load_pins(), text);
            self.builder.push(pack_fields([p0, p1, 0, 0]));
        }
    }

    /// Whether a branch to this frame leaves a loop that has pins of its own.
    pub(super) fn leaves_pins(&self, frame: usize) -> bool {
        FAST && self.pinned_loop.is_some_and(|(own, _)| frame < own)
    }

    /// What the verifier is told of a loop.
    fn note_loop(&mut self, word: usize, ty: BlockType) {
        if self.source.verify.is_some() {
            let end = self.next_slot();
            self.loops.push(LoopStart { word, end, ty });
        }
    }

    pub(super) fn enter_if(&mut self, ty: BlockType) {
        let condition = self.pop();
        let condition = self.condition(condition, false);
        self.settle_locals();
        let params = self.param_count(ty);
        self.settle(self.stack.len() - params, true);
        let otherwise = self.emit_skip(condition);
        // Parameters that the first arm takes from accumulators must be in their slots for the
        // other.
        self.builder.fence();
        self.push_frame(FrameKind::If { otherwise }, ty);
        self.look_behind();
        self.open_arm();
    }

    pub(super) fn enter_else(&mut self) {
        let Some(mut frame) = self.frames.pop() else { return };
        let FrameKind::If { otherwise } = frame.kind else { return };
        if self.unreachable.take().is_some() {
            // Nothing gets to the end of the first arm.
        } else if frame.is_last {
            self.emit_return();
        } else {
            self.settle(frame.base, true);
            let origin = self.builder.cell(tables::br(Way::Jump), "br end");
            self.builder.push(0);
            self.add_patch(&mut frame.patches, Site::Cell { word: origin, origin });
        }
        self.land(otherwise);
        self.builder.forget();
        self.truncate(frame.base);
        self.push_temps(self.params(frame.ty));
        self.settled = self.stack.len();
        self.regions.set(frame.region);
        frame.kind = FrameKind::Else;
        self.frames.push(frame);
        self.open_arm();
    }

    pub(super) fn end(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        if frame.kind == FrameKind::Function {
            if self.unreachable.is_none() {
                self.emit_return();
            }
            if let Some(frame) = self.frames.pop() {
                self.land_results(&frame);
            }
            return;
        }
        let (base, kind, is_last) = (frame.base, frame.kind, frame.is_last);
        let falls_through = self.unreachable.is_none();
        let is_label = frame.patches.is_some() || matches!(kind, FrameKind::If { .. });
        if falls_through && is_label {
            if is_last {
                self.emit_return();
            } else {
                self.settle(base, true);
            }
        }
        let Some(frame) = self.frames.pop() else { return };
        match kind {
            FrameKind::TryTable(block) if EXCEPTIONS => self.close_try(block),
            FrameKind::Try(block) if LEGACY => {
                self.close_try(block);
                self.end_legacy_try(block);
            }
            FrameKind::Catch(block) if LEGACY => self.end_legacy_try(block),
            _ => {}
        }
        self.regions.set(frame.region);
        if self.leave_loop() && falls_through {
            self.load_pins();
        }
        if !is_label {
            return;
        }
        if let FrameKind::If { otherwise } = kind {
            self.land(otherwise);
        }
        self.land_all(frame.patches);
        self.builder.forget();
        self.unreachable = None;
        // Results that control falls through with lie where they belong.
        if !falls_through || is_last {
            self.truncate(base);
            self.push_temps(self.results(frame.ty));
        }
        self.settled = self.stack.len();
        if !falls_through && !matches!(kind, FrameKind::If { .. }) {
            if self.source.verify.is_some() {
                let offset = self.builder.offset;
                self.landed.push(offset);
            }
            self.open_arm();
        }
        if frame.reloads {
            self.load_pins();
        }
    }
}
