//! [`FuncValidator::run`]: instructions one after the other. Those that most of a body consists of
//! are checked where their bytes lie, by [`QUICK`], a table of bytes that is made of the rows of
//! `windlass_decode::ops`; all others, and whatever is not as it should be, are left to
//! [`FuncValidator::step`]. So nothing is accepted or refused here that would not be there, and no
//! error is made here. Who has a body to validate calls it.

use crate::signature::operand;
use crate::{Error, FuncValidator, Operand, work};
use windlass_decode::{Features, Instrs, Op, Reader, Shape, for_each_op};

/// Whether the build has it.
const FAST: bool = cfg!(feature = "fast");

/// What is to be done for an opcode of one byte.
#[derive(Clone, Copy)]
struct Row {
    how: How,
    /// The type of the last operand, in the bits of an [`Operand`]; the one before has it, too.
    operand: u8,
    /// The type of the result.
    result: u8,
    /// log2 of the bytes that are accessed; the bytes of a constant, at most.
    size: u8,
}

#[derive(Clone, Copy)]
enum How {
    /// It is left to others.
    Not,
    Get,
    Set,
    Tee,
    Drop,
    Un,
    Bin,
    Load,
    Store,
    /// A constant in LEB128.
    Number,
    /// A constant of so many bytes.
    Float,
}

/// The most bytes of a number that is passed over here: in any integer, all of their bits are used.
const NUMBER: usize = 4;

impl Row {
    const NOT: Row = Row { how: How::Not, operand: 0, result: 0, size: 0 };

    const fn of(op: Op, shape: Shape, params: &[Operand], results: &[Operand]) -> Row {
        if !Features::NONE.contains(op.feature()) {
            return Row::NOT;
        }
        let operand = match *params {
            [] => 0,
            [.., last] => last.bits() as u8,
        };
        let result = match *results {
            [] => 0,
            [first, ..] => first.bits() as u8,
        };
        let mut size = match op.raw() {
            Some(raw) => raw.size_log2(),
            None => 0,
        };
        let how = match (shape, op) {
            (Shape::special, Op::LocalGet) => How::Get,
            (Shape::special, Op::LocalSet) => How::Set,
            (Shape::special, Op::LocalTee) => How::Tee,
            (Shape::special, Op::Drop) => How::Drop,
            (Shape::un | Shape::try_un | Shape::test, _) => How::Un,
            (Shape::bin | Shape::try_bin | Shape::cmp, _) => How::Bin,
            (Shape::load, _) => How::Load,
            (Shape::store, _) => How::Store,
            (Shape::constant, Op::F32Const) => {
                size = 4;
                How::Float
            }
            (Shape::constant, Op::F64Const) => {
                size = 8;
                How::Float
            }
            (Shape::constant, _) => How::Number,
            _ => How::Not,
        };
        Row { how, operand, result, size }
    }

    fn operand(self) -> Operand {
        Operand::from_bits(self.operand.into())
    }

    fn result(self) -> Operand {
        Operand::from_bits(self.result.into())
    }
}

macro_rules! rows {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($param:ident)*] [$($result:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        const ROWS: [(u32, Row); Op::ALL.len()] = [$((
            $code,
            Row::of(Op::$op, Shape::$shape, &[$(operand!($param)),*], &[$(operand!($result)),*]),
        )),*];
    };
}

for_each_op!(rows);

static QUICK: [Row; 256] = {
    let mut quick = [Row::NOT; 256];
    let mut i = 0;
    while i < ROWS.len() {
        let (code, row) = ROWS[i];
        if code < 256 {
            quick[code as usize] = row;
        }
        i += 1;
    }
    quick
};

impl FuncValidator<'_> {
    /// Checks the next instructions, at most so many, and applies their effects to the stacks.
    /// Whether there may be more.
    ///
    /// # Errors
    /// Those of the first that is not well-formed or not valid.
    pub fn run(&mut self, instrs: &mut Instrs<'_>, most: usize) -> Result<bool, Error> {
        let mut left = most;
        while left > 0 {
            if FAST && !self.is_finished() {
                while left > 0 && self.quick(&mut instrs.reader).is_some() {
                    work::count(1);
                    left -= 1;
                }
                if left == 0 {
                    break;
                }
            }
            if instrs.reader.is_empty() {
                return Ok(false);
            }
            // It is looked at where it lies: moving it takes as long as reading it.
            let next = instrs.next_instr();
            let Ok(instr) = &next else { return next.map(|_| true).map_err(Error::from) };
            self.step(instr)?;
            left -= 1;
        }
        Ok(true)
    }

    /// Checks the next instruction, if it is a common one and as it should be; or else nothing is
    /// changed.
    #[inline(always)]
    fn quick(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let (&code, rest) = reader.rest().split_first()?;
        let row = QUICK[usize::from(code)];
        let len = match row.how {
            How::Not => return None,
            How::Get => {
                let (index, len) = index(rest)?;
                let ty = self.quick_local(index)?;
                self.quick_push(ty)?;
                self.frame_size.note(&[ty]);
                len
            }
            How::Set => {
                let (index, len) = index(rest)?;
                let ty = self.quick_local(index)?;
                self.quick_top(ty)?;
                self.operands.pop();
                len
            }
            How::Tee => {
                let (index, len) = index(rest)?;
                let ty = self.quick_local(index)?;
                self.quick_top(ty)?;
                self.frame_size.note(&[ty]);
                len
            }
            How::Drop => {
                if self.operands.len() <= self.height {
                    return None;
                }
                self.operands.pop();
                0
            }
            How::Un => {
                *self.quick_top(row.operand())? = row.result();
                0
            }
            How::Bin => {
                *self.quick_pair(row.operand(), row.operand())? = row.result();
                self.operands.pop();
                0
            }
            How::Load => {
                let len = self.quick_memarg(rest, row.size)?;
                *self.quick_top(Operand::I32)? = row.result();
                len
            }
            How::Store => {
                let len = self.quick_memarg(rest, row.size)?;
                self.quick_pair(Operand::I32, row.operand())?;
                self.operands.truncate(self.operands.len() - 2);
                len
            }
            How::Number => {
                let number = rest.get(..NUMBER)?;
                let len = number.iter().position(|&byte| byte < 0x80)? + 1;
                self.quick_push(row.result())?;
                len
            }
            How::Float => {
                let len = usize::from(row.size);
                rest.get(..len)?;
                self.quick_push(row.result())?;
                len
            }
        };
        reader.skip(1 + len);
        Some(())
    }

    /// The type of a local that is spread out and always set.
    #[inline(always)]
    fn quick_local(&self, index: u32) -> Option<Operand> {
        self.locals.get_dense(index).filter(|ty| ty.is_defaultable())
    }

    /// Pushes an operand, if there is room.
    #[inline(always)]
    fn quick_push(&mut self, ty: Operand) -> Option<()> {
        if self.operands.len() == self.operands.capacity() {
            return None;
        }
        self.operands.push(ty);
        self.frame_size.note_height(self.operands.len());
        Some(())
    }

    /// The topmost operand, if it is of this type.
    #[inline(always)]
    fn quick_top(&mut self, ty: Operand) -> Option<&mut Operand> {
        let is_there = self.operands.len() > self.height;
        self.operands.last_mut().filter(|top| is_there && **top == ty)
    }

    /// The operand below the topmost one, if these are of these types.
    #[inline(always)]
    fn quick_pair(&mut self, below: Operand, ty: Operand) -> Option<&mut Operand> {
        let are_there = self.operands.len() >= self.height + 2;
        match &mut self.operands[..] {
            [.., a, b] if are_there && *a == below && *b == ty => Some(a),
            _ => None,
        }
    }

    /// How many bytes the immediate of an access to memory 0 has, whose addresses have 32 bits.
    #[inline(always)]
    fn quick_memarg(&self, rest: &[u8], size: u8) -> Option<usize> {
        match *rest {
            [align, ..] if align > size || !self.has_memory32 => None,
            [_, offset, ..] if offset < 0x80 => Some(2),
            [_, _, offset, ..] if offset < 0x80 => Some(3),
            _ => None,
        }
    }
}

/// An index of one or two bytes, and how many they are.
#[inline(always)]
fn index(rest: &[u8]) -> Option<(u32, usize)> {
    match *rest {
        [low, ..] if low < 0x80 => Some((low.into(), 1)),
        [low, high, ..] if high < 0x80 => Some((u32::from(low & 0x7f) | u32::from(high) << 7, 2)),
        _ => None,
    }
}
