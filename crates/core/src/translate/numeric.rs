//! Simple instructions: whatever the table describes by shape. Constants are folded (in small
//! builds that is left to the handlers, which know how already); of two
//! comparisons that are each other swapped, one is made of the other; `i32.eqz` of a comparison is
//! the opposite one. `stack` has the plan.

use super::{
    Translator,
    encode::low,
    inst::{Inst, Loc, What, result_kind},
    stack::{Operand, Origin},
};
use crate::exec::{
    fold_bin, fold_un,
    handlers::canonical,
    machine::place::Kind,
    tables::{self, FAST},
};
use windlass_decode::{Nans, Op, Shape};

impl Translator<'_> {
    /// Translates an instruction on numbers, if it is one.
    pub(super) fn numeric(&mut self, op: Op) -> bool {
        match op.shape() {
            Shape::un | Shape::try_un | Shape::test => self.unary(op),
            Shape::bin | Shape::try_bin | Shape::cmp => self.binary(op),
            _ => return false,
        }
        true
    }

    pub(super) fn unary(&mut self, op: Op) {
        let a = self.pop();
        if FAST
            && let Origin::Const(bits) = a.origin
            && let Some(bits) = fold_un(op, bits)
        {
            return self.push_const(result_kind(op), bits);
        }
        if op == Op::I32Eqz && self.negate_last(a) || op == Op::I32WrapI64 && self.narrow_last(a) {
            return;
        }
        self.produce(What::Un(op), &mut [a], result_kind(op));
    }

    pub(super) fn binary(&mut self, op: Op) {
        let (mut b, mut a) = (self.pop(), self.pop());
        if FAST
            && let (Origin::Const(x), Origin::Const(y)) = (a.origin, b.origin)
            && let Some(bits) = fold_bin(op, x, y)
        {
            return self.push_const(result_kind(op), bits);
        }
        let op = tables::stand_in(op).map_or(op, |swapped| {
            core::mem::swap(&mut a, &mut b);
            swapped
        });
        self.produce(What::Bin(op), &mut [a, b], result_kind(op));
    }

    /// Behind an instruction that may have made NaNs.
    pub(super) fn canonicalize(&mut self, nans: Nans) {
        let a = self.pop();
        let kind = canonical::kind(nans);
        match a.origin {
            Origin::Const(bits) => self.push_const(kind, canonical::fold(nans, bits)),
            _ => self.produce(What::Canonical(nans), &mut [a], kind),
        }
    }

    /// `i32.wrap_i64` of what was just computed: the same of the lower halves, which is where the
    /// operands are.
    fn narrow_last(&mut self, a: Operand) -> bool {
        let Some(&inst) = self.builder.last() else { return false };
        let What::Bin(op) = inst.what else { return false };
        let narrow = match op {
            Op::I64Add => Op::I32Add,
            Op::I64Sub => Op::I32Sub,
            Op::I64Mul => Op::I32Mul,
            Op::I64And => Op::I32And,
            Op::I64Or => Op::I32Or,
            Op::I64Xor => Op::I32Xor,
            _ => return false,
        };
        let [x, y] = [inst.a, inst.b].map(|loc| match loc {
            Loc::Const(bits) => Loc::Const(low(bits).into()),
            other => other,
        });
        let inst = Inst { what: What::Bin(narrow), a: x, b: y, ..inst };
        if !self.is_last(a) || inst.placed().is_none() {
            return false;
        }
        self.builder.take_back();
        self.builder.emit(inst);
        self.push_temp(Kind::I32);
        true
    }

    /// Where an integer of half or twice the width lies that an operand was just made of, if it can
    /// be read there: what has 64 bits has the lower ones in front, and 32 are followed by zeros.
    /// The conversion is taken back.
    pub(super) fn unconverted(&mut self, operand: Operand) -> Option<Loc> {
        let conversion = match operand.kind {
            Kind::I32 => Op::I32WrapI64,
            Kind::I64 => Op::I64ExtendI32U,
            _ => return None,
        };
        let &Inst { what: What::Un(op), a, .. } = self.builder.last()? else { return None };
        if op != conversion || !self.is_last(operand) {
            return None;
        }
        self.builder.take_back();
        Some(a)
    }

    /// `i32.eqz` of the comparison that was just made: the opposite comparison.
    fn negate_last(&mut self, a: Operand) -> bool {
        let Some(&inst) = self.builder.last() else { return false };
        let What::Bin(op) = inst.what else { return false };
        let Some((negated, swap)) = tables::negated(op) else { return false };
        if !self.is_last(a) {
            return false;
        }
        let (x, y) = if swap { (inst.b, inst.a) } else { (inst.a, inst.b) };
        let inst = Inst { what: What::Bin(negated), a: x, b: y, ..inst };
        if inst.placed().is_none() {
            return false;
        }
        self.builder.take_back();
        self.builder.emit(inst);
        self.push_temp(Kind::I32);
        true
    }
}
