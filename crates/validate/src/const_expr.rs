//! Constant expressions (3.0, section 3.3.13): the instructions that may occur in them, checked by
//! the same rules as those of function bodies. Called by `module` and `segment`.

use crate::context::at;
use crate::func::FuncValidator;
use crate::room;
use crate::{Context, Error, InvalidKind, Operand, Scratch};
use alloc::{format, vec::Vec};
use windlass_decode::{Expr, Features, Imm, Instr, Instrs, MESSAGES, Op, Reader};

impl Context {
    /// Checks that `expr` is constant and has the type `ty`. The functions that it names are
    /// declared by that.
    pub(crate) fn check_const(
        &mut self,
        bytes: &[u8],
        expr: &Expr,
        ty: Operand,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let mut named = Vec::new();
        let mut validator = FuncValidator::of_const(self, ty, core::mem::take(scratch))?;
        let code = bytes.get(expr.clone()).unwrap_or_default();
        let mut instrs = Instrs::new(Reader::new(code, expr.start), self.features);
        while !validator.is_finished() {
            let instr = instrs.next_instr()?;
            self.check_const_instr(&instr).map_err(|error| error.at(instr.offset))?;
            match (instr.op, instr.imm) {
                (Op::RefFunc, Imm::Index(func)) => {
                    validator.declared_ref_func(func, instr.offset)?;
                    room::push(&mut named, func).map_err(|error| error.at(instr.offset))?;
                }
                _ => validator.step(&instr)?,
            }
        }
        *scratch = validator.into_scratch();
        named.into_iter().for_each(|func| self.declare(func));
        Ok(())
    }

    fn check_const_instr(&self, instr: &Instr<'_>) -> Result<(), Error> {
        let constant = match instr.op {
            Op::I32Const
            | Op::I64Const
            | Op::F32Const
            | Op::F64Const
            | Op::V128Const
            | Op::RefNull
            | Op::RefFunc
            | Op::RefI31
            | Op::StructNew
            | Op::StructNewDefault
            | Op::StructNewDesc
            | Op::StructNewDefaultDesc
            | Op::ArrayNew
            | Op::ArrayNewDefault
            | Op::ArrayNewFixed
            | Op::AnyConvertExtern
            | Op::ExternConvertAny
            | Op::End => true,
            Op::I32Add | Op::I32Sub | Op::I32Mul | Op::I64Add | Op::I64Sub | Op::I64Mul => {
                self.features.contains(Features::EXTENDED_CONST)
            }
            Op::GlobalGet => self.is_const_global(instr.imm)?,
            _ => false,
        };
        if constant {
            return Ok(());
        }
        let what = match (instr.op, instr.imm) {
            (Op::GlobalGet, Imm::Index(index)) if MESSAGES => format!("global.get {index}"),
            (op, _) => op.mnemonic().into(),
        };
        Err(InvalidKind::ConstantExpressionRequired(what).into())
    }

    /// Globals that never change are constant; before garbage collection, only imported ones.
    fn is_const_global(&self, imm: Imm<'_>) -> Result<bool, Error> {
        let Imm::Index(index) = imm else { return Ok(false) };
        let global = at(&self.globals, index, "global")?;
        let usable = index < self.imported.globals || self.features.contains(Features::GC);
        Ok(!global.mutable && usable)
    }
}
