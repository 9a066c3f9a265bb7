//! What the table of instructions says, in the form that validation wants: the types of simple
//! instructions in a few bytes, and how many bytes an instruction accesses in memory, or how wide
//! the lane is that it names. Used by `func` and `memory`.

use crate::Operand;
use windlass_decode::{Op, Shape, cut, for_each_op};

/// A row of the table, made short. Types are the bits of their [`Operand`], which fit a byte.
#[derive(Clone, Copy)]
pub(crate) struct Signature {
    /// How many operands there are; more than [`MAX_PARAMS`] if the other fields do not say all.
    params: u8,
    /// The types of the last two operands, the last one first; 0 if there are fewer.
    operands: [u8; 2],
    /// The type of the result.
    result: u8,
}

/// How many operands a simple instruction has at most.
const MAX_PARAMS: u8 = 2;

/// A row that does not say all.
const SPECIAL: Signature = Signature { params: MAX_PARAMS + 1, operands: [0; 2], result: 0 };

impl Signature {
    /// Whether the signature says all: at most two operands, one result, nothing else to check.
    #[inline]
    pub(crate) fn is_simple(self) -> bool {
        self.params <= MAX_PARAMS
    }

    /// How many operands there are.
    #[inline]
    pub(crate) fn params(self) -> usize {
        self.params.into()
    }

    /// The type of the operand at `depth`, the last one being at 0.
    #[inline]
    pub(crate) fn operand(self, depth: usize) -> Operand {
        Operand::from_bits(self.operands[depth].into())
    }

    /// The type of the result.
    #[inline]
    pub(crate) fn result(self) -> Operand {
        Operand::from_bits(self.result.into())
    }
}

macro_rules! operand {
    (i32) => {
        Operand::I32
    };
    (i64) => {
        Operand::I64
    };
    (f32) => {
        Operand::F32
    };
    (f64) => {
        Operand::F64
    };
    (v128) => {
        Operand::V128
    };
}
pub(crate) use operand;

macro_rules! tables {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($param:ident)*] [$($result:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        const ALL: [Signature; Op::ALL.len()] = [$(
            signature(Shape::$shape, &[$(operand!($param)),*], &[$(operand!($result)),*])
        ),*];
    };
}

for_each_op!(tables);

static SIGNATURES: [Signature; Op::ROWS] = cut(ALL);

/// The types of `op`.
#[inline]
pub(crate) fn of(op: Op) -> Signature {
    SIGNATURES.get(op as usize).copied().unwrap_or(SPECIAL)
}

/// log2 of the number of bytes that a memory instruction accesses, or that a lane has.
#[inline]
pub(crate) fn size_log2(op: Op) -> u8 {
    match op.raw() {
        Some(raw) => raw.size_log2(),
        None => 0,
    }
}

const fn signature(shape: Shape, params: &[Operand], results: &[Operand]) -> Signature {
    let whole = matches!(
        shape,
        Shape::constant
            | Shape::un
            | Shape::bin
            | Shape::cmp
            | Shape::test
            | Shape::try_un
            | Shape::try_bin
            | Shape::v_const
            | Shape::v_un
            | Shape::v_bin
            | Shape::v_shift
            | Shape::v_test
            | Shape::v_splat
    );
    let operands = match *params {
        [] => [0, 0],
        [a] => [a.bits() as u8, 0],
        [a, b] => [b.bits() as u8, a.bits() as u8],
        _ => return SPECIAL,
    };
    match *results {
        [result] if whole => {
            Signature { params: params.len() as u8, operands, result: result.bits() as u8 }
        }
        _ => SPECIAL,
    }
}
