//! Conditional branches. The instruction that made the condition becomes part of the branch if that
//! has a handler for it; a latch, the branch back to the start of an innermost loop, takes the
//! addition before it, too.

use super::{
    Translator,
    branch::{Patch, Site},
    control::FrameKind,
    encode::low,
    inst::{Inst, Loc, ResultLoc, What, operand_kind, pair, single},
    placing::{ordered, placed},
    stack::Operand,
};
use crate::{
    Metering,
    exec::{
        Cell,
        machine::place::{Domain, Kind, Way},
        pack_const, pack_fields,
        tables::{self, Entry, Handlers, object::Wanted},
    },
};
use windlass_decode::Op;

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

impl<'m> Translator<'m> {
    pub(super) fn br_if(&mut self, label: u32) {
        // A constant decides nothing here: which operands are constants depends on the build, and
        // what follows a branch that is always taken is paid by who comes there.
        let operand = self.pop();
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
        let is_function = self.frames[frame].kind == FrameKind::Function;
        if !is_function && self.in_place(frame, arity) && !self.leaves_for_loop(frame) {
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
    pub(super) fn condition(&mut self, operand: Operand, mut wanted: bool) -> Condition {
        if self.is_last(operand)
            && let Some(&inst) = self.builder.last()
        {
            if let What::Un(Op::I32Eqz) = inst.what {
                self.builder.take_back();
                wanted = !wanted;
                // What was negated may itself be a comparison, whose result nothing else reads. It
                // has stayed in its slot, too, if there is no handler that leaves it out.
                let before = self.builder.last().copied();
                if let (Loc::Acc { slot, last_use: true }, Some(before)) = (inst.a, before)
                    && [ResultLoc::Acc(slot), ResultLoc::Slot(slot)].contains(&before.d)
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
        let a = match self.unconverted(operand).unwrap_or_else(|| self.place(operand)) {
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
        if let Some((origin, wide)) = self.emit_condition(condition, way) {
            self.push_target(frame, origin);
            self.builder.code.extend(wide.map(Cell::word));
            return;
        }
        // Back to the start of a loop few conditions lead themselves.
        let skip = self.emit_skip(condition.negated());
        let origin = self.builder.cell(tables::br(way), "br");
        self.push_target(frame, origin);
        self.land(skip);
        self.builder.forget();
    }

    /// Emits a conditional branch to a place that is not known yet.
    pub(super) fn emit_skip(&mut self, condition: Condition) -> Patch {
        let Some((origin, wide)) = self.emit_condition(condition, Way::Jump) else {
            unreachable!("there are branches on everything in slots")
        };
        let word = self.builder.code.len();
        self.builder.push(0);
        self.builder.code.extend(wide.map(Cell::word));
        Patch { site: Site::Cell { word, origin }, next: None }
    }

    /// Emits the cell of a conditional branch up to its target; returns where its operands begin
    /// and a constant that has to follow the target. Nothing if no branch on it goes that way:
    /// by distance all do.
    fn emit_condition(&mut self, condition: Condition, way: Way) -> Option<(usize, Option<u64>)> {
        let at = way.index();
        match condition {
            Condition::Compare { op, wanted, a, b } => {
                let find = |ab: [Loc; 2]| -> Option<([Loc; 2], Entry)> {
                    let Handlers::Cmp(tables) = tables::handlers(op) else { return None };
                    let table = if wanted { tables.branch() } else { tables.branch_not() };
                    let [a, b] = ordered(ab, op.commutes());
                    Some(([a, b], tables::pair(table.row(at)?, a.place(), b.place())?))
                };
                let (_, ([a, b], entry)) = placed([a, b], find)?;
                self.builder.use_operands(operand_kind(op).domain(), &[a, b]);
                let not = if wanted { "" } else { "not " };
                let text = format_args!("br if {not}{} {a} {b}", op.mnemonic());
                let origin = self.builder.cell(entry, text);
                let wide = pair(&mut self.builder.code, 0, a, b, operand_kind(op));
                Some((origin, wide))
            }
            Condition::And { is64, zero, a, b } => {
                let find = |ab: [Loc; 2]| {
                    let [a, b] = ordered(ab, true);
                    Some(([a, b], tables::br_and(is64, zero, a.place(), b.place(), way)?))
                };
                let (_, ([a, b], entry)) = placed([a, b], find)?;
                self.builder.use_operands(Domain::Int, &[a, b]);
                let is = if zero { "==" } else { "!=" };
                let origin = self.builder.cell(entry, format_args!("br if {a} & {b} {is} 0"));
                let kind = if is64 { Kind::I64 } else { Kind::I32 };
                let wide = pair(&mut self.builder.code, 0, a, b, kind);
                Some((origin, wide))
            }
            Condition::Test { is64, zero, a } => {
                let find = |[a]: [Loc; 1]| tables::br_test(is64, zero, a.place(), way);
                let ([a], entry) = placed([a], find)?;
                self.builder.use_operands(Domain::Int, &[a]);
                let is = if zero { "==" } else { "!=" };
                let origin = self.builder.cell(entry, format_args!("br if {a} {is} 0"));
                single(&mut self.builder.code, 0, a, Kind::I32);
                Some((origin, None))
            }
            Condition::Cast { .. } if way != Way::Jump => None,
            Condition::Cast { wanted, bits, passes, a } => {
                let find = |[a]: [Loc; 1]| tables::object::br_cast(wanted, passes, a.place());
                let ([a], entry) = placed([a], find)?;
                self.builder.use_operands(Domain::Int, &[a]);
                let not = if passes { "" } else { "not " };
                let text = format_args!("br if {not}{wanted:?} {bits:#x} {a}");
                let origin = self.builder.cell(entry, text);
                self.builder.push(pack_const(0, a.slot(), bits));
                Some((origin, None))
            }
        }
    }

    /// Joins `x += k` with the comparison of `x` and the branch.
    fn latch(&mut self, condition: Condition, way: Way, frame: usize) -> bool {
        let Condition::Compare { op, wanted: true, a, b } = condition else { return false };
        if !tables::FAST {
            return false;
        }
        let column = match way {
            Way::Jump => 0,
            Way::Again(Metering::None) => 1,
            Way::Again(_) => return false,
        };
        let Handlers::Cmp(tables) = tables::handlers(op) else { return false };
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
        let x = d.loc();
        let Some(entry) = tables.latch().row(0).and_then(|latch| {
            let order = latch.row(column)?.row(usize::from(swap))?;
            tables::pair(order, x.place(), other.place())
        }) else {
            return false;
        };
        self.builder.take_back();
        self.builder.written(d.slot(), 1);
        let text = format_args!("latch {x} += {k:#x}; br if {} {a} {b}", op.mnemonic());
        let origin = self.builder.cell(entry, text);
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
        if !tables::FAST {
            return false;
        }
        let Some(&Inst { what: What::Bin(Op::I32Add), d, a: x, b: Loc::Const(k) }) =
            self.builder.last()
        else {
            return false;
        };
        if is64 || a.is_const() || [a.slot(), x.slot()] != [d.slot(); 2] || is_last_use(a) {
            return false;
        }
        let x = d.loc();
        let Some(entry) = tables::latch_test(is64, zero, x.place(), way) else { return false };
        self.builder.take_back();
        self.builder.written(d.slot(), 1);
        let is = if zero { "==" } else { "!=" };
        let origin = self.builder.cell(entry, format_args!("latch {x} += {k:#x}; br if {is} 0"));
        self.builder.push(pack_const(x.slot(), 0, 0));
        self.push_target(frame, origin);
        self.builder.push(low(k).into());
        if matches!(x, Loc::Slot(_)) {
            self.builder.forget();
        }
        true
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
        Op::I32And if tables::FAST => Some(Condition::And { is64: false, zero: !wanted, a, b }),
        _ if !matches!(tables::handlers(op), Handlers::Cmp(_)) => None,
        _ => Some(compare(op, wanted, a, b)),
    }
}

/// The condition that a comparison holds, or does not: then another one may hold.
fn compare(op: Op, wanted: bool, a: Loc, b: Loc) -> Condition {
    match tables::negated(op).filter(|_| !wanted) {
        Some((op, true)) => Condition::Compare { op, wanted: true, a: b, b: a },
        Some((op, false)) => Condition::Compare { op, wanted: true, a, b },
        None => Condition::Compare { op, wanted, a, b },
    }
}

impl Condition {
    /// Holds if the condition does not.
    fn negated(self) -> Condition {
        match self {
            Condition::Compare { op, wanted, a, b } => compare(op, !wanted, a, b),
            Condition::And { is64, zero, a, b } => Condition::And { is64, zero: !zero, a, b },
            Condition::Test { is64, zero, a } => Condition::Test { is64, zero: !zero, a },
            Condition::Cast { wanted, bits, passes, a } => {
                Condition::Cast { wanted, bits, passes: !passes, a }
            }
        }
    }
}
