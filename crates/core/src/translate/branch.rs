//! Branches, `br_table` and returns: where they go, and what they move. A label's operands have
//! their slots by height, so a branch moves values only where operands are left behind below them.
//! The target of a forward branch is written when its label is met: until then its place is in the
//! label's list of patches.

use super::{
    TranslateError, Translator,
    control::{Frame, FrameKind},
    encode,
    inst::{Inst, Loc, ResultLoc, single},
    stack::Operand,
    work,
};
use crate::{
    Metering,
    exec::{
        Cell,
        machine::place::{Domain, Way},
        pack_const, pack_fields, pack_halves,
        tables::{self, FAST, plain},
    },
};
use windlass_decode::{BlockType, Labels};

/// A branch whose target is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) site: Site,
    /// The next in the list.
    pub(super) next: Option<usize>,
}

/// A label whose branches get their target: those from here on in the list.
pub(super) struct Landing {
    list: usize,
    target: usize,
}

/// So many branches get their target in one step.
const PIECE: usize = 64;

/// Where a target is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Into the lower half of a word, counted from the cell's first operand word.
    Cell { word: usize, origin: usize },
    /// Into a clause of a try block.
    Clause { block: u32, index: usize },
}

/// The most values that a branch moves one by one, from wherever they are. More go by one cell.
const MAX_COPIES: usize = 2;

impl<'m> Translator<'m> {
    pub(super) fn add_patch(&mut self, list: &mut Option<usize>, site: Site) {
        self.patches.push(Patch { site, next: *list });
        *list = Some(self.patches.len() - 1);
    }

    /// The target of every branch of a list is here; they are written before the next instruction,
    /// by [`Translator::land_some`].
    pub(super) fn land_all(&mut self, list: Option<usize>) {
        debug_assert!(self.landing.is_none(), "one label lands at a time");
        self.landing = list.map(|list| Landing { list, target: self.builder.code.len() });
    }

    /// Writes the target of some branches whose label has just landed. Whether there were any.
    pub(super) fn land_some(&mut self) -> bool {
        let Some(Landing { list, target }) = self.landing.take() else { return false };
        let mut next = Some(list);
        for _ in 0..PIECE {
            let Some(index) = next else { return true };
            work::count(1);
            let patch = self.patches[index];
            self.write_target(patch.site, target);
            next = patch.next;
        }
        self.landing = next.map(|list| Landing { list, target });
        true
    }

    /// The branch's target is here.
    pub(super) fn land(&mut self, patch: Patch) {
        self.write_target(patch.site, self.builder.code.len());
    }

    fn write_target(&mut self, site: Site, target: usize) {
        match site {
            Site::Cell { word, origin } => {
                self.set_target(word, origin, target);
            }
            Site::Clause { block, index } => {
                let target = self.code_index(target);
                let block = &mut self.tries.catches.blocks[block as usize];
                block.clauses[index].target = target;
            }
        }
    }

    /// The target of `site` is the label of `frame`.
    pub(super) fn aim(&mut self, frame: usize, site: Site) {
        match self.frames[frame].kind {
            FrameKind::Loop { start, .. } => self.write_target(site, start),
            _ => {
                self.frames[frame].reloads |= self.leaves_pins(frame);
                let mut list = self.frames[frame].patches;
                self.add_patch(&mut list, site);
                self.frames[frame].patches = list;
            }
        }
    }

    /// The slot that comes `slots` after the first of those that the label of `frame` takes.
    pub(super) fn label_slot(&mut self, frame: usize, slots: usize) -> i16 {
        let first = self.first_temp + self.frames[frame].base_height;
        self.fit_slot(first + slots)
    }

    fn set_target(&mut self, word: usize, origin: usize, target: usize) {
        let distance = self.builder.fit(encode::distance(origin, target));
        self.builder.code[word] = Cell::word(pack_halves(distance, 0));
    }

    /// A word of the code by its number.
    pub(super) fn code_index(&mut self, word: usize) -> u32 {
        self.fit_index("words of code", word)
    }

    /// How a branch to this frame goes.
    pub(super) fn way(&self, frame: usize) -> Way {
        match self.frames[frame].kind {
            FrameKind::Loop { simple: true, .. } if FAST => Way::Again(self.source.metering),
            _ => Way::Jump,
        }
    }

    /// Appends the word of target and cost of a branch to `frame`.
    pub(super) fn push_target(&mut self, frame: usize, origin: usize) {
        let word = self.builder.code.len();
        self.builder.push(0);
        self.aim(frame, Site::Cell { word, origin });
        if let FrameKind::Loop { region, .. } = self.frames[frame].kind {
            self.cost_site(word, region);
        }
    }

    /// Whether the top operands are in the slots where this frame's label wants them.
    pub(super) fn in_place(&self, frame: usize, arity: usize) -> bool {
        let Frame { base, .. } = self.frames[frame];
        arity == 0 || self.stack.len() - arity == base
    }

    pub(super) fn br(&mut self, label: u32) {
        let frame = self.frame_of(label);
        self.count_label(frame);
        self.emit_br(frame);
        self.stop();
    }

    /// Moves the label's operands where it wants them and goes there. The operands stay on the
    /// stack.
    pub(super) fn emit_br(&mut self, frame: usize) {
        let Frame { kind, is_last, .. } = self.frames[frame];
        if kind == FrameKind::Function || is_last {
            return self.emit_return();
        }
        let arity = self.arity(frame);
        let from = self.stack.len() - arity;
        if self.in_place(frame, arity) {
            self.settle(from, true);
        } else if arity > MAX_COPIES {
            self.settle(from, true);
            self.move_many(from, frame);
        } else {
            let mut slots = 0;
            for i in from..self.stack.len() {
                let operand = self.stack[i];
                let slot = self.label_slot(frame, slots);
                self.move_to(operand, slot);
                slots += operand.kind.width();
            }
        }
        if self.leaves_for_loop(frame) {
            self.load_pins();
        }
        let way = self.way(frame);
        let origin = self.builder.cell(tables::br(way), "br");
        self.push_target(frame, origin);
    }

    /// Whether a branch to this frame leads from a loop that has pins of its own back to the start
    /// of one around it, where the function's are expected.
    pub(super) fn leaves_for_loop(&self, frame: usize) -> bool {
        let is_loop = matches!(self.frames[frame].kind, FrameKind::Loop { .. });
        is_loop && self.leaves_pins(frame)
    }

    /// Moves all operands from index `from` on, which are in their slots, to where a label wants
    /// them: one cell, so that a branch of two bytes is not a thousand cells.
    fn move_many(&mut self, from: usize, frame: usize) {
        let to = self.label_slot(frame, 0);
        let from = self.stack[from].slot;
        let count = self.fit_slot(self.slots_from(from));
        let text = format_args!("s{to} = {count} slots from s{from}");
        self.builder.cell(plain::MOVE_MANY, text);
        self.builder.push(pack_fields([to, from, count, 0]));
    }

    /// Puts an operand into another slot: best by sending the instruction that made it there.
    fn move_to(&mut self, operand: Operand, slot: i16) {
        if self.is_last(operand)
            && let Some(inst) = self.builder.take_back()
        {
            self.builder.emit(Inst { d: ResultLoc::Slot(slot), ..inst });
            return;
        }
        let a = self.place(operand);
        let a = match a {
            // The operand stays on the stack: its store is still needed by other branches.
            Loc::Acc { slot, .. } => Loc::Acc { slot, last_use: false },
            a => a,
        };
        self.copy(operand.kind, a, ResultLoc::Slot(slot));
    }

    #[inline(never)]
    pub(super) fn br_table(&mut self, labels: Labels<'_>) -> Result<(), TranslateError> {
        let index = self.pop();
        self.count_label(self.frame_of(labels.default));
        let arity = self.arity(self.frame_of(labels.default));
        self.settle(self.stack.len() - arity, true);
        let a = match self.place(index) {
            Loc::Const(_) => Loc::Slot(self.slot_of(index)),
            a => a,
        };
        let Some(entry) = tables::br_table(a.place()) else {
            unreachable!("there is a br_table for everything but constants")
        };
        self.builder.use_operands(Domain::Int, &[a]);
        let origin = self.builder.cell(entry, format_args!("br_table {a}"));
        self.builder.push(pack_const(0, a.slot(), labels.len()));
        let first = self.builder.code.len();
        for label in labels.iter().chain([labels.default]) {
            let frame = self.frame_of(label);
            if self.is_direct(frame, arity) {
                self.push_target(frame, origin);
            } else {
                self.builder.push(0);
            }
        }
        self.builder.forget();
        for (i, label) in labels.iter().chain([labels.default]).enumerate() {
            let frame = self.frame_of(label);
            if !self.is_direct(frame, arity) {
                let detour = self.detour(frame, first)?;
                self.set_target(first + i, origin, detour);
            }
        }
        self.stop();
        Ok(())
    }

    /// Whether an entry of a `br_table` can go straight to the frame's label.
    fn is_direct(&self, frame: usize, arity: usize) -> bool {
        let metered = matches!(self.way(frame), Way::Again(m) if m != Metering::None);
        !metered
            && self.frames[frame].kind != FrameKind::Function
            && self.in_place(frame, arity)
            && !self.leaves_for_loop(frame)
    }

    /// Where the branch to the frame's label is that moves values, pays or returns, for the
    /// `br_table` whose targets begin at the word `first`. Emits it here if that table has none
    /// yet.
    fn detour(&mut self, frame: usize, first: usize) -> Result<usize, TranslateError> {
        if self.frames[frame].detour < first {
            self.take_room(1)?;
            self.frames[frame].detour = self.builder.code.len();
            self.emit_br(frame);
            self.builder.forget();
        }
        Ok(self.frames[frame].detour)
    }

    pub(super) fn return_(&mut self) {
        self.count_label(0);
        self.emit_return();
        self.stop();
    }

    /// Returns the top operands, which stay on the stack.
    pub(super) fn emit_return(&mut self) {
        let count = self.result_count(BlockType::Func(self.ty));
        let from = self.stack.len() - count;
        match (count, self.stack.get(from).map(|operand| operand.kind)) {
            (0, _) => {
                self.builder.cell(plain::RETURN_NONE, "return");
                self.builder.push(0);
            }
            (1, Some(kind)) => {
                let a = self.place(self.stack[from]);
                let Some(entry) = tables::return_one(kind, a.place()) else { return };
                self.builder.use_operands(kind.domain(), &[a]);
                self.builder.cell(entry, format_args!("return {a}"));
                let to = self.results_slot();
                let wide = single(&mut self.builder.code, to, a, kind);
                self.builder.code.extend(wide.map(Cell::word));
            }
            _ => {
                self.settle(from, true);
                let first = self.stack[from].slot;
                self.emit_return_slots(first, self.slots_from(first));
            }
        }
    }

    /// Returns `count` slots from `from` on.
    pub(super) fn emit_return_slots(&mut self, from: i16, count: usize) {
        let (to, count) = (self.results_slot(), self.builder.fit(encode::slot(count)));
        self.builder.cell(plain::RETURN_MANY, format_args!("return {count} slots from s{from}"));
        self.builder.push(pack_fields([to, from, count, 0]));
    }

    /// Where results go: to where the parameters begin.
    fn results_slot(&mut self) -> i16 {
        let slot = encode::slot_below(self.locals.param_slots);
        self.builder.fit(slot)
    }

    /// How many slots the operands from this one on take.
    fn slots_from(&self, first: i16) -> usize {
        self.next_slot().abs_diff(first).into()
    }
}
