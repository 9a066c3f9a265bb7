//! What the table of instructions says, in the form that validation wants: the types of simple
//! instructions in a few bytes, and how many bytes an instruction accesses in memory, or how wide
//! the lane is that it names. Used by `func` and `memory`.

use crate::Operand;
use windlass_decode::{Op, Shape, for_each_op};

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

macro_rules! tables {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($param:ident)*] [$($result:ident)*];)*) => {
        static SIZES: [u8; COUNT] = [$(size($mnemonic)),*];
        static SIGNATURES: [Signature; COUNT] = [$(
            signature(Shape::$shape, &[$(operand!($param)),*], &[$(operand!($result)),*])
        ),*];
        const COUNT: usize = [$($code),*].len();
    };
}

for_each_op!(tables);

/// The types of `op`.
#[inline]
pub(crate) fn of(op: Op) -> Signature {
    SIGNATURES[op as usize]
}

/// log2 of the number of bytes that a memory instruction accesses, or that a lane has.
#[inline]
pub(crate) fn size_log2(op: Op) -> u8 {
    SIZES[op as usize]
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

/// Reads the size out of a mnemonic: the number after the access's name (`i64.load8_s`,
/// `v128.load8x8_u`, `memory.atomic.wait32`), or else the width of the type that the name starts
/// with. `i8x16.` and the like give the width of a lane.
const fn size(mnemonic: &str) -> u8 {
    let name = mnemonic.as_bytes();
    let mut bits = number(name, 1);
    if starts(name, 0, b"v128") {
        bits = 128;
    } else if starts(name, 0, b"memory.atomic.notify") {
        bits = 32;
    }
    let mut i = 0;
    while i < name.len() {
        let width = number(name, i);
        let after = ends(name, i, b"load") || ends(name, i, b"store");
        if width != 0 && (after || ends(name, i, b"rmw") || ends(name, i, b"wait")) {
            bits = width;
            // `8x8`, `16x4` and `32x2` are 64 bits.
            let next = if width < 10 { i + 1 } else { i + 2 };
            if starts(name, next, b"x") {
                bits = 64;
            }
        }
        i += 1;
    }
    if bits < 8 { 0 } else { (bits / 8).trailing_zeros() as u8 }
}

/// The number at `i`, 0 if there is none.
const fn number(name: &[u8], mut i: usize) -> u32 {
    let mut number = 0;
    while i < name.len() && name[i].is_ascii_digit() {
        number = number * 10 + (name[i] - b'0') as u32;
        i += 1;
    }
    number
}

const fn starts(name: &[u8], at: usize, word: &[u8]) -> bool {
    let mut i = 0;
    while i < word.len() {
        if at + i >= name.len() || name[at + i] != word[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `word` stands right before `at`.
const fn ends(name: &[u8], at: usize, word: &[u8]) -> bool {
    at >= word.len() && starts(name, at - word.len(), word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_specification() {
        for (op, bytes) in [
            (Op::I32Load, 4),
            (Op::F64Store, 8),
            (Op::I64Load16U, 2),
            (Op::I64Store32, 4),
            (Op::V128Load, 16),
            (Op::V128Load8x8S, 8),
            (Op::V128Load16x4U, 8),
            (Op::V128Load32x2S, 8),
            (Op::V128Load32Splat, 4),
            (Op::V128Load64Zero, 8),
            (Op::V128Store8Lane, 1),
            (Op::V128Load16Lane, 2),
            (Op::I8x16ReplaceLane, 1),
            (Op::I16x8ExtractLaneU, 2),
            (Op::F32x4ExtractLane, 4),
            (Op::I64x2ReplaceLane, 8),
            (Op::MemoryAtomicNotify, 4),
            (Op::MemoryAtomicWait64, 8),
            (Op::I64AtomicRmw16AddU, 2),
            (Op::I64AtomicRmwCmpxchg, 8),
            (Op::I64AtomicRmw8XorU, 1),
            (Op::I64AtomicRmw16XchgU, 2),
            (Op::I32AtomicLoad8U, 1),
            (Op::I32AtomicStore16, 2),
        ] {
            assert_eq!(1 << size_log2(op), bytes, "{}", op.mnemonic());
        }
    }
}
