//! Blocks, branches, returns. A label's operands have their slots by height, so a branch moves
//! values only where operands are left behind below them.

use super::{
    Translator,
    encode::{self, low},
    exception::Try,
    fuel::RegionId,
    inst::{Dst, Inst, Loc, What, kind_of, operand_kind, pair, single},
    safepoint::Stopped,
    stack::{Operand, Source},
    work,
};
use crate::{
    Metering,
    exec::{
        Cell, Handler, pack_const, pack_fields, pack_halves,
        tables::{
            Handlers,
            object_select::{self, Wanted},
            select::{self, Kind, Way, plain},
        },
    },
};
use windlass_decode::{BlockType, Instr, Labels, Op};

/// An open block.
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) ty: BlockType,
    /// Operands below the block's own, and the slots that they take.
    pub(super) base: usize,
    base_height: usize,
    /// Branches to the block's end: the last of their list in `Translator::patches`.
    pub(super) patches: Option<usize>,
    /// The region of costs around the block.
    pub(super) region: RegionId,
    /// The innermost try block in it; in a legacy clause, around it.
    pub(super) try_block: Option<u32>,
    /// After its end the function returns what the block results in.
    is_last: bool,
    /// Where the last `br_table` with a detour to its label has it.
    detour: usize,
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

/// A branch whose target is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    site: Site,
    /// The next in the list.
    next: Option<usize>,
}

/// Where a target is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Into the lower half of a word, counted from the cell's first operand word.
    Cell { word: usize, origin: usize },
    /// Into a clause of a try block.
    Clause { block: u32, index: usize },
}

/// When a branch is taken.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    Compare {
        op: Op,
        wanted: bool,
        a: Loc,
        b: Loc,
    },
    And {
        is64: bool,
        zero: bool,
        a: Loc,
        b: Loc,
    },
    Test {
        is64: bool,
        zero: bool,
        a: Loc,
    },
    /// The reference is of a type, or is not.
    Cast {
        wanted: Wanted,
        bits: u32,
        passes: bool,
        a: Loc,
    },
}

/// The most values that a branch moves one by one, from wherever they are. More go by one cell.
const MAX_COPIES: usize = 2;

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
        });
    }

    fn param_count(&self, ty: BlockType) -> usize {
        match ty {
            BlockType::Func(index) => self.type_func(index).params.len(),
            _ => 0,
        }
    }

    fn result_count(&self, ty: BlockType) -> usize {
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
        ty.into_iter().flat_map(|ty| ty.params.iter().copied().map(kind_of))
    }

    pub(super) fn results(
        &self,
        ty: BlockType,
    ) -> impl DoubleEndedIterator<Item = Kind> + Clone + use<'m> {
        let (one, many) = match ty {
            BlockType::Func(index) => (None, self.source.context.type_func(index)),
            BlockType::Result(ty) => (Some(kind_of(ty)), None),
            BlockType::Empty => (None, None),
        };
        let many = many.into_iter().flat_map(|ty| ty.results.iter().copied().map(kind_of));
        one.into_iter().chain(many)
    }

    /// How many operands a branch to this frame takes.
    fn arity(&self, frame: usize) -> usize {
        let Frame { kind, ty, .. } = &self.frames[frame];
        match kind {
            FrameKind::Loop { .. } => self.param_count(*ty),
            _ => self.result_count(*ty),
        }
    }

    /// Counts the values that a branch to this frame moves.
    fn count_label(&mut self, frame: usize) {
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
        let simple = self.scanned.simple_loops[self.next_loop];
        self.next_loop += 1;
        let outer = self.regions.current();
        let metering = self.source.metering;
        if simple {
            let at = self.builder.cell(select::loop_enter(metering), "loop");
            self.builder.push(0);
            self.open_region(at);
        }
        let start = self.builder.code.len();
        if !simple && let Some(handler) = select::charge(metering) {
            let at = self.builder.cell(handler, "loop");
            self.builder.push(0);
            self.open_region(at);
        }
        self.builder.forget();
        self.can_stop(Stopped::Before);
        let region = self.regions.current();
        self.push_frame(FrameKind::Loop { start, simple, region }, ty);
        if let Some(frame) = self.frames.last_mut() {
            frame.region = outer;
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
            let origin = self.builder.cell(select::br(Way::Jump), "br end");
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
            FrameKind::TryTable(block) => self.close_try(block),
            FrameKind::Try(block) => {
                self.close_try(block);
                self.end_legacy_try(block);
            }
            FrameKind::Catch(block) => self.end_legacy_try(block),
            _ => {}
        }
        self.regions.set(frame.region);
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
            self.open_arm();
        }
    }

    pub(super) fn add_patch(&mut self, list: &mut Option<usize>, site: Site) {
        self.patches.push(Patch { site, next: *list });
        *list = Some(self.patches.len() - 1);
    }

    /// The target of every branch of a list is here.
    pub(super) fn land_all(&mut self, mut list: Option<usize>) {
        while let Some(index) = list {
            work::count(1);
            let patch = self.patches[index];
            self.land(patch);
            list = patch.next;
        }
    }

    /// The branch's target is here.
    fn land(&mut self, patch: Patch) {
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
    fn way(&self, frame: usize) -> Way {
        match self.frames[frame].kind {
            FrameKind::Loop { simple: true, .. } => Way::Again(self.source.metering),
            _ => Way::Jump,
        }
    }

    /// Appends the word of target and cost of a branch to `frame`.
    fn push_target(&mut self, frame: usize, origin: usize) {
        let word = self.builder.code.len();
        self.builder.push(0);
        self.aim(frame, Site::Cell { word, origin });
        if let FrameKind::Loop { region, .. } = self.frames[frame].kind {
            self.cost_site(word, region);
        }
    }

    /// Whether the top operands are in the slots where this frame's label wants them.
    fn in_place(&self, frame: usize, arity: usize) -> bool {
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
        let way = self.way(frame);
        let origin = self.builder.cell(select::br(way), "br");
        self.push_target(frame, origin);
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
            self.builder.emit(Inst { d: Dst::Slot(slot), ..inst });
            return;
        }
        let a = self.place(operand);
        let a = match a {
            // The operand stays on the stack: its store is still needed by other branches.
            Loc::Acc { slot, .. } => Loc::Acc { slot, last_use: false },
            a => a,
        };
        self.copy(operand.kind, a, Dst::Slot(slot));
    }

    pub(super) fn br_if(&mut self, label: u32) {
        let operand = self.pop();
        if let Source::Const(bits) = operand.source {
            if low(bits) != 0 {
                self.br(label);
            }
            return;
        }
        self.branch_if(label, |this, wanted| this.condition(operand, wanted));
    }

    /// Branches on a condition; `condition` makes it, for a branch that is taken if it holds or if
    /// it does not.
    pub(super) fn branch_if(
        &mut self,
        label: u32,
        condition: impl FnOnce(&mut Self, bool) -> Condition,
    ) {
        let frame = self.frame_of(label);
        self.count_label(frame);
        let arity = self.arity(frame);
        let from = self.stack.len() - arity;
        if self.frames[frame].kind != FrameKind::Function && self.in_place(frame, arity) {
            let condition = condition(self, true);
            self.settle(from, true);
            self.emit_branch(condition, frame);
            self.builder.fence();
            return;
        }
        let condition = condition(self, false);
        self.settle(from, true);
        let skip = self.emit_skip(condition);
        self.builder.fence();
        self.emit_br(frame);
        self.land(skip);
        self.builder.forget();
    }

    /// What must hold for a branch to be taken if `operand` is (or is not) zero; takes back the
    /// instruction that made the operand if it can be part of the branch.
    fn condition(&mut self, operand: Operand, mut wanted: bool) -> Condition {
        if self.is_last(operand)
            && let Some(&inst) = self.builder.last()
        {
            if let What::Un(Op::I32Eqz) = inst.what {
                self.builder.take_back();
                wanted = !wanted;
                // What was negated may itself be a comparison.
                let before = self.builder.last().copied();
                if let (Loc::Acc { slot, last_use: true }, Some(before)) = (inst.a, before)
                    && before.d == Dst::Acc(slot)
                    && let Some(condition) = joined(before, wanted)
                {
                    self.builder.take_back();
                    return condition;
                }
                return Condition::Test { is64: false, zero: !wanted, a: inst.a };
            }
            if let What::Un(Op::I64Eqz) = inst.what {
                self.builder.take_back();
                return Condition::Test { is64: true, zero: wanted, a: inst.a };
            }
            if let Some(condition) = joined(inst, wanted) {
                self.builder.take_back();
                return condition;
            }
        }
        let a = match self.place(operand) {
            Loc::Const(_) => Loc::Slot(self.slot_of(operand)),
            a => a,
        };
        Condition::Test { is64: false, zero: !wanted, a }
    }

    /// Emits a conditional branch to a frame whose label's operands are in place.
    fn emit_branch(&mut self, condition: Condition, frame: usize) {
        let way = self.way(frame);
        if self.latch(condition, way, frame) || self.latch_test(condition, way, frame) {
            return;
        }
        if let (Condition::Cast { wanted, bits, passes, a }, Way::Again(_)) = (condition, way) {
            let fails = Condition::Cast { wanted, bits, passes: !passes, a };
            let skip = self.emit_skip(fails);
            let origin = self.builder.cell(select::br(way), "br");
            self.push_target(frame, origin);
            return self.land(skip);
        }
        let (origin, wide) = self.emit_condition(condition, way);
        self.push_target(frame, origin);
        self.builder.code.extend(wide.map(Cell::word));
    }

    /// Emits a conditional branch to a place that is not known yet.
    fn emit_skip(&mut self, condition: Condition) -> Patch {
        let (origin, wide) = self.emit_condition(condition, Way::Jump);
        let word = self.builder.code.len();
        self.builder.push(0);
        self.builder.code.extend(wide.map(Cell::word));
        Patch { site: Site::Cell { word, origin }, next: None }
    }

    /// Emits the cell of a conditional branch up to its target; returns where its operands begin
    /// and a constant that has to follow the target.
    fn emit_condition(&mut self, condition: Condition, way: Way) -> (usize, Option<u64>) {
        let at = select::way_index(way);
        match condition {
            Condition::Compare { op, wanted, a, b } => {
                let find = |a: Loc, b: Loc| -> Option<Handler> {
                    let Handlers::Cmp(tables) = select::handlers(op) else { return None };
                    let table = if wanted { &tables.branch } else { &tables.branch_not };
                    table[at][a.place() as usize][b.place() as usize]
                };
                let Some(handler) = find(a, b) else {
                    unreachable!("a comparison that had a handler has a branch")
                };
                self.builder.use_operands(operand_kind(op).domain(), &[a, b]);
                let not = if wanted { "" } else { "not " };
                let text = format_args!("br if {not}{} {a} {b}", op.mnemonic());
                let origin = self.builder.cell(handler, text);
                let wide = pair(&mut self.builder.code, 0, a, b, operand_kind(op));
                (origin, wide)
            }
            Condition::And { is64, zero, a, b } => {
                let Some(handler) = select::br_and(is64, zero, a.place(), b.place(), way) else {
                    unreachable!("a conjunction that had a handler has a branch")
                };
                self.builder.use_operands(select::Domain::Int, &[a, b]);
                let is = if zero { "==" } else { "!=" };
                let origin = self.builder.cell(handler, format_args!("br if {a} & {b} {is} 0"));
                let kind = if is64 { Kind::I64 } else { Kind::I32 };
                let wide = pair(&mut self.builder.code, 0, a, b, kind);
                (origin, wide)
            }
            Condition::Test { is64, zero, a } => {
                let Some(handler) = select::br_test(is64, zero, a.place(), way) else {
                    unreachable!("there is a test of everything but constants")
                };
                self.builder.use_operands(select::Domain::Int, &[a]);
                let is = if zero { "==" } else { "!=" };
                let origin = self.builder.cell(handler, format_args!("br if {a} {is} 0"));
                single(&mut self.builder.code, 0, a, Kind::I32);
                (origin, None)
            }
            Condition::Cast { wanted, bits, passes, a } => {
                let Some(handler) = object_select::br_cast(wanted, passes, a.place()) else {
                    unreachable!("there is a cast of everything but constants")
                };
                self.builder.use_operands(select::Domain::Int, &[a]);
                let not = if passes { "" } else { "not " };
                let text = format_args!("br if {not}{wanted:?} {bits:#x} {a}");
                let origin = self.builder.cell(handler, text);
                self.builder.push(pack_const(0, a.slot(), bits));
                (origin, None)
            }
        }
    }

    /// Joins `x += k` with the comparison of `x` and the branch.
    fn latch(&mut self, condition: Condition, way: Way, frame: usize) -> bool {
        let Condition::Compare { op, wanted: true, a, b } = condition else { return false };
        let column = match way {
            Way::Jump => 0,
            Way::Again(Metering::None) => 1,
            Way::Again(_) => return false,
        };
        let Handlers::Cmp(tables) = select::handlers(op) else { return false };
        let Some(&Inst { what: What::Bin(add), d, a: x, b: Loc::Const(k) }) = self.builder.last()
        else {
            return false;
        };
        let wanted = if operand_kind(op) == Kind::I64 { Op::I64Add } else { Op::I32Add };
        let is_x = |loc: Loc| !loc.is_const() && loc.slot() == d.slot();
        let (swap, other) = match (is_x(a), is_x(b)) {
            (true, false) => (false, b),
            (false, true) => (true, a),
            _ => return false,
        };
        let sign_extended = |bits: u64| i64::from(low(bits).cast_signed()).cast_unsigned();
        let fits = |bits: u64| wanted == Op::I32Add || bits == sign_extended(bits);
        let other_fits = match other {
            Loc::Const(bits) => fits(bits),
            other => !other.is_acc(),
        };
        if add != wanted || x.slot() != d.slot() || x.is_acc() || !fits(k) || !other_fits {
            return false;
        }
        let Some(handler) =
            tables.latch[column][usize::from(swap)][x.place() as usize][other.place() as usize]
        else {
            return false;
        };
        self.builder.take_back();
        self.builder.written(d.slot(), 1);
        let text = format_args!("latch {x} += {k:#x}; br if {} {a} {b}", op.mnemonic());
        let origin = self.builder.cell(handler, text);
        let word = match other {
            Loc::Const(bits) => pack_const(x.slot(), 0, low(bits)),
            other => pack_fields([x.slot(), other.slot(), 0, 0]),
        };
        self.builder.push(word);
        self.push_target(frame, origin);
        self.builder.push(low(k).into());
        if matches!(x, Loc::Slot(_)) {
            self.builder.forget();
        }
        true
    }

    /// Joins `x += k` with the test of `x` and the branch.
    fn latch_test(&mut self, condition: Condition, way: Way, frame: usize) -> bool {
        let Condition::Test { is64, zero, a } = condition else { return false };
        let Some(&Inst { what: What::Bin(Op::I32Add), d, a: x, b: Loc::Const(k) }) =
            self.builder.last()
        else {
            return false;
        };
        if is64 || a.is_const() || [a.slot(), x.slot()] != [d.slot(); 2] || is_last_use(a) {
            return false;
        }
        let Some(handler) = select::latch_test(is64, zero, x.place(), way) else { return false };
        self.builder.take_back();
        self.builder.written(d.slot(), 1);
        let is = if zero { "==" } else { "!=" };
        let origin = self.builder.cell(handler, format_args!("latch {x} += {k:#x}; br if {is} 0"));
        self.builder.push(pack_const(x.slot(), 0, 0));
        self.push_target(frame, origin);
        self.builder.push(low(k).into());
        if matches!(x, Loc::Slot(_)) {
            self.builder.forget();
        }
        true
    }

    pub(super) fn br_table(&mut self, labels: Labels<'_>) {
        let index = self.pop();
        self.count_label(self.frame_of(labels.default));
        let arity = self.arity(self.frame_of(labels.default));
        self.settle(self.stack.len() - arity, true);
        let a = match self.place(index) {
            Loc::Const(_) => Loc::Slot(self.slot_of(index)),
            a => a,
        };
        let Some(handler) = select::br_table(a.place()) else {
            unreachable!("there is a br_table for everything but constants")
        };
        self.builder.use_operands(select::Domain::Int, &[a]);
        let origin = self.builder.cell(handler, format_args!("br_table {a}"));
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
                let detour = self.detour(frame, first);
                self.set_target(first + i, origin, detour);
            }
        }
        self.stop();
    }

    /// Whether an entry of a `br_table` can go straight to the frame's label.
    fn is_direct(&self, frame: usize, arity: usize) -> bool {
        let metered = matches!(self.way(frame), Way::Again(m) if m != Metering::None);
        !metered && self.frames[frame].kind != FrameKind::Function && self.in_place(frame, arity)
    }

    /// Where the branch to the frame's label is that moves values, pays or returns, for the
    /// `br_table` whose targets begin at the word `first`. Emits it here if that table has none
    /// yet.
    fn detour(&mut self, frame: usize, first: usize) -> usize {
        if self.frames[frame].detour < first {
            self.frames[frame].detour = self.builder.code.len();
            self.emit_br(frame);
            self.builder.forget();
        }
        self.frames[frame].detour
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
                let Some(handler) = select::return_one(kind, a.place()) else { return };
                self.builder.use_operands(kind.domain(), &[a]);
                self.builder.cell(handler, format_args!("return {a}"));
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

/// Whether the place is the accumulator with an operand of the stack, not a local's value.
fn is_last_use(loc: Loc) -> bool {
    matches!(loc, Loc::Acc { last_use: true, .. })
}

/// The instruction as a condition, if a branch can do its work.
fn joined(inst: Inst, wanted: bool) -> Option<Condition> {
    let Inst { what: What::Bin(op), a, b, .. } = inst else { return None };
    match op {
        Op::I32And => Some(Condition::And { is64: false, zero: !wanted, a, b }),
        _ if !matches!(select::handlers(op), Handlers::Cmp(_)) => None,
        _ if wanted => Some(Condition::Compare { op, wanted, a, b }),
        _ => Some(match select::negated(op) {
            Some((op, true)) => Condition::Compare { op, wanted: true, a: b, b: a },
            Some((op, false)) => Condition::Compare { op, wanted: true, a, b },
            None => Condition::Compare { op, wanted, a, b },
        }),
    }
}
