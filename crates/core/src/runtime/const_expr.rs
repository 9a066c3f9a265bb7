//! Constant expressions (3.0, section 3.4.14): evaluated when a module is instantiated. They are valid
//! already; what can't be here is no concern of this file.

use super::{GlobalValue, StoreInner};
use crate::{Error, module::ModuleInner};
use alloc::vec::Vec;
use core::ops::Range;
use windlass_decode::{Imm, Op};

/// What a constant expression can refer to: functions and globals of the instance in the making.
pub(crate) struct ConstContext<'a> {
    pub(crate) module: &'a ModuleInner,
    pub(crate) store: &'a StoreInner,
    pub(crate) funcs: &'a [u32],
    pub(crate) globals: &'a [u32],
}

impl ConstContext<'_> {
    /// The value of the expression: one slot, or two of a vector.
    pub(crate) fn eval(&self, expr: &Range<usize>) -> Result<GlobalValue, Error> {
        let mut instrs = self.module.instrs(expr);
        let mut stack: Vec<GlobalValue> = Vec::new();
        loop {
            let instr = instrs.next_instr().map_err(windlass_validate::Error::from)?;
            let value = match (instr.op, instr.imm) {
                (Op::End, _) => return Ok(stack.pop().unwrap_or_default()),
                (_, Imm::I32(value)) => [u64::from(value as u32), 0],
                (_, Imm::I64(value)) => [value as u64, 0],
                (_, Imm::F32(bits)) => [bits.into(), 0],
                (_, Imm::F64(bits)) => [bits, 0],
                (_, Imm::V128(bytes)) => {
                    let bits = u128::from_le_bytes(bytes);
                    [bits as u64, (bits >> 64) as u64]
                }
                (Op::GlobalGet, Imm::Index(index)) => {
                    self.store.globals[self.globals[index as usize] as usize]
                }
                (Op::RefFunc, Imm::Index(index)) => [u64::from(self.funcs[index as usize]) + 1, 0],
                (Op::RefNull, _) => [0, 0],
                (op, _) => {
                    let b = stack.pop().unwrap_or_default()[0];
                    let a = stack.pop().unwrap_or_default()[0];
                    [binary(op, a, b), 0]
                }
            };
            stack.push(value);
        }
    }
}

/// The arithmetic of extended constant expressions.
fn binary(op: Op, a: u64, b: u64) -> u64 {
    let narrow = |value: u32| u64::from(value);
    match op {
        Op::I32Add => narrow((a as u32).wrapping_add(b as u32)),
        Op::I32Sub => narrow((a as u32).wrapping_sub(b as u32)),
        Op::I32Mul => narrow((a as u32).wrapping_mul(b as u32)),
        Op::I64Add => a.wrapping_add(b),
        Op::I64Sub => a.wrapping_sub(b),
        _ => a.wrapping_mul(b),
    }
}
