//! Calls of functions that are small and only compute: what they do is done where they are called,
//! on the caller's operands, whose places and constants are known there. `call` asks. What is done
//! so has no frame, and so must never trap or be in a backtrace. Where fuel is counted it is paid
//! for when it would be entered, and in its caller if there is not enough. An interrupt is not
//! looked for in it: there is no loop, and the caller's long code is divided by its own operators,
//! each of which makes a few instructions more.
//!
//! The frame of the caller has room for that of the function in any case, also where it is called
//! after all: so one metering overflows the stack where all do.

use super::{
    FIRST_LOCAL, MAX_SLOTS, TranslateError, Translator,
    inst::ResultLoc,
    job::instrs,
    locals::{LENT, Local},
    stack::{Operand, Origin},
    there, work,
};
use crate::{
    costs,
    exec::{machine::place::Kind, tables::FAST},
};
use windlass_decode::{FuncType, Imm, Op, Shape, ValType};

/// A small function has so many bytes, at most: most are seen not to be one by that alone.
const MAX_BYTES: usize = 40;
/// So many instructions that push a parameter or a constant.
const MAX_PUSHES: usize = 16;
/// What computes takes so many words: a cell of two for each, and one more for each constant of
/// more than 32 bits. With the cell that moves the result that makes 16, the most a call takes, and
/// 18 with what pays for it.
const MAX_WORDS: usize = 14;

/// What a parameter is, and of which kind.
type Argument = (Origin, Kind);

/// What is known of a small function.
#[derive(Clone, Copy)]
struct Small {
    instrs: usize,
    /// What they cost.
    cost: u64,
    /// How many slots its operands take at most.
    height: usize,
}

impl Translator<'_> {
    /// Does what a defined function does, if it is small; the arguments on the operand stack become
    /// its result. Whether it is done.
    pub(super) fn call_small(
        &mut self,
        defined: usize,
        ty: &FuncType,
    ) -> Result<bool, TranslateError> {
        let Some(Small { instrs, cost, height }) = self.small(defined, ty) else {
            return Ok(false);
        };
        let height = self.height + height + FIRST_LOCAL;
        if self.first_temp + height + FIRST_LOCAL > MAX_SLOTS {
            return Ok(false);
        }
        self.reserve(height);
        if !FAST || !self.source.is_valid {
            return Ok(false);
        }
        self.take_room(instrs + 1)?;
        // It counts as the call that it is.
        self.count_callee(false);
        self.count_values(ty);
        self.pay_for_callee(cost);
        let base = self.stack.len() - ty.params.len();
        let slot = self.stack.get(base).map_or(self.next_slot(), |first| first.slot);
        let arguments = self.lend(base);
        self.compute(defined, &arguments)?;
        self.put_result(base, ResultLoc::Slot(slot));
        Ok(true)
    }

    /// What is known of a function, if it is small: it has no locals but its few parameters, one
    /// result, and instructions that only compute.
    fn small(&self, defined: usize, ty: &FuncType) -> Option<Small> {
        let body = &self.source.decoded.bodies[defined];
        let is_number =
            |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        let has_type = ty.params.len() <= LENT && ty.results.len() == 1;
        if body.code.len() > MAX_BYTES
            || !body.locals.is_empty()
            || !has_type
            || !ty.params.iter().chain(&ty.results).all(is_number)
        {
            return None;
        }
        let mut instrs = instrs(self.source, defined, body.code.start);
        let (mut pushes, mut computing, mut height, mut highest) = (0, 0, 0_usize, 0);
        let (mut wide, mut cost) = (0, 0);
        loop {
            work::count(1);
            let next = instrs.next_instr();
            let instr = there(&next).ok()?;
            match (instr.op, instr.op.shape(), &instr.imm) {
                (Op::End, ..) => break,
                (Op::LocalGet, ..)
                | (_, _, Imm::I32(_) | Imm::I64(_) | Imm::F32(_) | Imm::F64(_)) => {
                    pushes += 1;
                    height += 1;
                    highest = height.max(highest);
                }
                (_, Shape::un | Shape::test, _) => computing += 1,
                (_, Shape::bin | Shape::cmp, _) => {
                    computing += 1;
                    height = height.checked_sub(1)?;
                }
                _ => return None,
            }
            cost += u64::from(costs::operator(instr.op));
            let is_wide = match instr.imm {
                Imm::I64(value) => i32::try_from(value).is_err(),
                Imm::F64(_) => true,
                _ => false,
            };
            wide += usize::from(is_wide);
            let has_nans = self.source.canonicalize_nans && instr.op.nans().is_some();
            if has_nans || pushes > MAX_PUSHES || 2 * computing + wide > MAX_WORDS {
                return None;
            }
        }
        let is_whole = instrs.reader.is_empty() && height == 1;
        is_whole.then_some(Small { instrs: pushes + computing, cost, height: highest })
    }

    /// The operands from `base` on, each as the operand that the function's parameter is: those in
    /// their slots are locals for now.
    fn lend(&mut self, base: usize) -> [Option<Argument>; LENT] {
        let mut arguments = [None; LENT];
        for (index, argument) in arguments.iter_mut().enumerate() {
            let Some(&operand) = self.stack.get(base + index) else { break };
            let Operand { origin, kind, slot, .. } = operand;
            let origin = match origin {
                Origin::Temp => Origin::Local(self.locals.lend(index, Local::in_slot(kind, slot))),
                known => known,
            };
            *argument = Some((origin, kind));
        }
        arguments
    }

    /// Translates the body for these arguments: its result is pushed.
    fn compute(
        &mut self,
        defined: usize,
        arguments: &[Option<Argument>; LENT],
    ) -> Result<(), TranslateError> {
        let mut instrs =
            instrs(self.source, defined, self.source.decoded.bodies[defined].code.start);
        loop {
            work::count(1);
            let next = instrs.next_instr();
            let instr = there(&next)?;
            match (instr.op, &instr.imm) {
                (Op::End, _) => return Ok(()),
                (Op::LocalGet, &Imm::Index(local)) => {
                    let argument = arguments.get(local as usize).copied().flatten();
                    let Some((origin, kind)) = argument else {
                        unreachable!("validation knows every local that a body names")
                    };
                    self.push_known(origin, kind);
                }
                (op, imm) if self.simple(op, imm).is_none() => {
                    return Err(TranslateError::Unsupported(instr.offset));
                }
                _ => {}
            }
        }
    }

    /// Pushes a value that is in no slot of its own.
    fn push_known(&mut self, origin: Origin, kind: Kind) {
        match origin {
            Origin::Local(local) => self.push_local(local),
            Origin::Const(bits) => self.push_const(kind, bits),
            Origin::Temp => self.push_temp(kind),
        }
    }

    /// The result, on top of the arguments from `base` on, takes their place; if it has to be in a
    /// slot, it goes to `d`.
    fn put_result(&mut self, base: usize, d: ResultLoc) {
        let result = self.pop();
        let is_lent = matches!(result.origin, Origin::Local(local) if self.locals.is_lent(local));
        if result.origin != Origin::Temp && !is_lent {
            self.truncate(base);
            return self.push_known(result.origin, result.kind);
        }
        let from = self.slot_of(result);
        let is_there = from == d.slot();
        let is_sent = !is_lent && self.builder.redirect(ResultLoc::Slot(from), d);
        if !is_there && !is_sent {
            let a = self.place(result);
            self.copy(result.kind, a, d);
        }
        self.truncate(base);
        self.push_temp(result.kind);
    }
}
