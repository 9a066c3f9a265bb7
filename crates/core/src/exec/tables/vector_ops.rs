//! The vector instructions of the table, joined to their meanings in [`simd`]: from here come their
//! handlers. What [`ops`](super::ops) is for the scalar ones.

use super::{
    Handlers,
    ops::op,
    sparse::{Made, made},
    vector::{
        EVERY, LESS, MORE, OfExtract, OfLoad, OfLoadLane, OfReplace, OfScalar, OfShift, OfShuffle,
        OfStore, OfStoreLane, OfTern, OfVector, OfVectors,
    },
};
use crate::{
    Trap,
    exec::{
        handlers::{
            memory::{LoadOp, StoreOp},
            numeric::{BinOp, UnOp},
            vector::{ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, ShuffleOp, StoreLaneOp, TernOp},
        },
        machine::{Name, place::Named},
        meaning::{
            native::{self, on},
            simd,
            v128::Simd as v128,
        },
    },
};
use windlass_decode::{Op, for_each_op};

/// Whether an instruction has much shorter code on CPUs with more: the others have no second
/// handlers.
const fn gains(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        F32x4Ceil
            | F32x4Floor
            | F32x4Nearest
            | F32x4Pmax
            | F32x4Pmin
            | F32x4Trunc
            | F64x2Ceil
            | F64x2Floor
            | F64x2Nearest
            | F64x2Trunc
            | I16x8Abs
            | I16x8AvgrU
            | I16x8ExtaddPairwiseI8x16S
            | I16x8ExtaddPairwiseI8x16U
            | I16x8ExtmulLowI8x16S
            | I16x8ExtmulLowI8x16U
            | I16x8GtU
            | I16x8LtU
            | I16x8MinU
            | I16x8NarrowI32x4U
            | I16x8Q15mulrSatS
            | I16x8RelaxedQ15mulrS
            | I32x4Abs
            | I32x4ExtaddPairwiseI16x8S
            | I32x4ExtmulLowI16x8S
            | I32x4ExtmulLowI16x8U
            | I32x4GeU
            | I32x4GtU
            | I32x4LeU
            | I32x4LtU
            | I32x4MaxS
            | I32x4MaxU
            | I32x4MinS
            | I32x4MinU
            | I32x4Mul
            | I32x4RelaxedDotI8x16I7x16AddS
            | I32x4RelaxedTruncF32x4S
            | I32x4RelaxedTruncF32x4U
            | I32x4RelaxedTruncF64x2UZero
            | I32x4TruncSatF32x4S
            | I32x4TruncSatF32x4U
            | I32x4TruncSatF64x2UZero
            | I64x2Eq
            | I64x2ExtendHighI32x4S
            | I64x2ExtendLowI32x4S
            | I64x2ExtmulHighI32x4S
            | I64x2ExtmulLowI32x4S
            | I64x2ExtmulLowI32x4U
            | I64x2GeS
            | I64x2GtS
            | I64x2LeS
            | I64x2LtS
            | I64x2Mul
            | I64x2Ne
            | I8x16Abs
            | I8x16AvgrU
            | I8x16MaxS
            | I8x16MinS
            | I8x16Popcnt
            | I8x16RelaxedSwizzle
            | I8x16Shl
            | I8x16ShrS
            | I8x16ShrU
            | I8x16Shuffle
            | I8x16Swizzle
    )
}

/// The instruction as CPUs with more execute it.
pub(super) struct Fast<O>(core::marker::PhantomData<O>);
/// Of both, the instruction set has the same forms.
impl<O: Named> Named for Fast<O> {
    const NAME: Name = Name::of("Fast").with(O::NAME);
    const CHOSEN_AS: Name = O::NAME;
}

/// The CPUs that the instruction's own handlers are for.
const fn cpus(op: Op) -> u8 {
    if native::CAN_BE_FAST && gains(op) { LESS } else { EVERY }
}

/// An instruction's meaning: for every CPU, and for those with more.
macro_rules! meaning {
    ($shape:ident $op:ident $name:ident [$($a:ident)*] [$($r:ident)*]) => {
        meaning!(@ $shape op::$op, $op baseline $name [$($a)*] [$($r)*]);
        meaning!(@ $shape Fast<op::$op>, $op fast $name [$($a)*] [$($r)*]);
    };
    (@ v_un $ty:ty, $op:ident $cpu:ident $name:ident [$a:ident] [$r:ident]) => {
        impl UnOp for $ty {
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval(a: $a) -> Result<$r, Trap> {
                Ok(on!($cpu $name(a)))
            }
        }
    };
    (@ v_test $ty:ty, $op:ident $cpu:ident $name:ident [$a:ident] [$r:ident]) => {
        meaning!(@ v_un $ty, $op $cpu $name [$a] [$r]);
    };
    (@ v_splat $ty:ty, $op:ident $cpu:ident $name:ident [$a:ident] [$r:ident]) => {
        meaning!(@ v_un $ty, $op $cpu $name [$a] [$r]);
    };
    (@ v_bin $ty:ty, $op:ident $cpu:ident $name:ident [$a:ident $b:ident] [$r:ident]) => {
        impl BinOp for $ty {
            const OP: Op = Op::$op;
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval(a: $a, b: $b) -> Result<$r, Trap> {
                Ok(on!($cpu $name(a, b)))
            }
        }
    };
    (@ v_tern $ty:ty, $op:ident $cpu:ident $name:ident [$($a:ident)*] [$r:ident]) => {
        impl TernOp for $ty {
            #[inline(always)]
            fn eval(a: v128, b: v128, c: v128) -> v128 {
                on!($cpu $name(a, b, c))
            }
        }
    };
    (@ v_shift $ty:ty, $op:ident $cpu:ident $name:ident [$($a:ident)*] [$r:ident]) => {
        impl ShiftOp for $ty {
            #[inline(always)]
            fn eval(a: v128, count: i32) -> v128 {
                on!($cpu $name(a, count))
            }
        }
    };
    (@ v_shuffle $ty:ty, $op:ident $cpu:ident $name:ident [$($a:ident)*] [$r:ident]) => {
        impl ShuffleOp for $ty {
            #[inline(always)]
            fn eval(a: v128, b: v128, lanes: v128) -> v128 {
                on!($cpu $name(a, b, lanes))
            }
        }
    };
    (@ $other:ident $ty:ty, $op:ident $cpu:ident $name:ident [$($a:ident)*] [$($r:ident)*]) => {};
}

/// Those that move lanes or go to memory are the same for every CPU.
macro_rules! lane_meaning {
    (v_extract $op:ident $name:ident [$a:ident] [$r:ident] $($facts:tt)*) => {
        impl ExtractOp for op::$op {
            type R = $r;
            #[inline(always)]
            fn eval(a: v128, lane: usize) -> $r {
                simd::$name(a, lane)
            }
        }
    };
    (v_replace $op:ident $name:ident [$a:ident $b:ident] [$r:ident] $($facts:tt)*) => {
        impl ReplaceOp for op::$op {
            type B = $b;
            #[inline(always)]
            fn eval(a: v128, lane: usize, b: $b) -> v128 {
                simd::$name(a, lane, b)
            }
        }
    };
    (v_load $op:ident $name:ident [] [$r:ident] raw = $raw:ident) => {
        impl LoadOp for op::$op {
            type Raw = $raw;
            type R = $r;
            #[inline(always)]
            fn eval(raw: $raw) -> $r {
                native::baseline::$name(raw)
            }
        }
    };
    (v_store $op:ident $name:ident [$a:ident] [] raw = $raw:ident) => {
        impl StoreOp for op::$op {
            type A = $a;
            type Raw = $raw;
            #[inline(always)]
            fn eval(value: $a) -> $raw {
                simd::$name(value)
            }
        }
    };
    (v_load_lane $op:ident $name:ident [$a:ident] [$r:ident] raw = $raw:ident) => {
        impl LoadLaneOp for op::$op {
            type Raw = $raw;
            #[inline(always)]
            fn eval(a: $a, lane: usize, raw: $raw) -> $r {
                simd::$name(a, lane, raw)
            }
        }
    };
    (v_store_lane $op:ident $name:ident [$a:ident] [] raw = $raw:ident) => {
        impl StoreLaneOp for op::$op {
            type Raw = $raw;
            #[inline(always)]
            fn eval(a: $a, lane: usize) -> $raw {
                simd::$name(a, lane)
            }
        }
    };
    ($other:ident $op:ident $name:ident [$($a:ident)*] [$($r:ident)*] $($facts:tt)*) => {};
}

/// The instruction whose handlers an instruction has. What may differ from CPU to CPU does not
/// here: it is what another one is.
macro_rules! done_as {
    (F32x4RelaxedMax) => {
        op::F32x4Max
    };
    (F32x4RelaxedMin) => {
        op::F32x4Min
    };
    (F64x2RelaxedMax) => {
        op::F64x2Max
    };
    (F64x2RelaxedMin) => {
        op::F64x2Min
    };
    (I16x8RelaxedLaneselect) => {
        op::V128Bitselect
    };
    (I16x8RelaxedQ15mulrS) => {
        op::I16x8Q15mulrSatS
    };
    (I32x4RelaxedLaneselect) => {
        op::V128Bitselect
    };
    (I32x4RelaxedTruncF32x4S) => {
        op::I32x4TruncSatF32x4S
    };
    (I32x4RelaxedTruncF32x4U) => {
        op::I32x4TruncSatF32x4U
    };
    (I32x4RelaxedTruncF64x2SZero) => {
        op::I32x4TruncSatF64x2SZero
    };
    (I32x4RelaxedTruncF64x2UZero) => {
        op::I32x4TruncSatF64x2UZero
    };
    (I64x2RelaxedLaneselect) => {
        op::V128Bitselect
    };
    (I8x16RelaxedLaneselect) => {
        op::V128Bitselect
    };
    (I8x16RelaxedSwizzle) => {
        op::I8x16Swizzle
    };
    ($op:ident) => {
        op::$op
    };
}

/// The tables of an instruction for every CPU, or those that CPUs with more have instead.
macro_rules! either {
    (every $variant:ident $of:ident $op:ident) => {
        made!($variant $of::<done_as!($op), { cpus(Op::$op) }>::TABLE)
    };
    (fast $variant:ident $of:ident $op:ident) => {
        if gains(Op::$op) {
            made!($variant $of::<Fast<done_as!($op)>, MORE>::TABLE)
        } else {
            Made::NONE
        }
    };
}

macro_rules! table {
    (v_un $cpu:ident $op:ident) => {
        either!($cpu VectorUn OfVector $op)
    };
    (v_test $cpu:ident $op:ident) => {
        either!($cpu VectorUn OfVector $op)
    };
    (v_splat $cpu:ident $op:ident) => {
        either!($cpu VectorUn OfScalar $op)
    };
    (v_bin $cpu:ident $op:ident) => {
        either!($cpu VectorBin OfVectors $op)
    };
    (v_tern $cpu:ident $op:ident) => {
        either!($cpu VectorTern OfTern $op)
    };
    (v_shift $cpu:ident $op:ident) => {
        either!($cpu VectorBin OfShift $op)
    };
    (v_extract every $op:ident) => {
        made!(VectorUn OfExtract::<op::$op>::TABLE)
    };
    (v_replace every $op:ident) => {
        made!(VectorBin OfReplace::<op::$op>::TABLE)
    };
    (v_shuffle $cpu:ident $op:ident) => {
        either!($cpu VectorBin OfShuffle $op)
    };
    (v_load every $op:ident) => {
        made!(VectorLoad OfLoad::<op::$op>::TABLE)
    };
    (v_store every $op:ident) => {
        made!(VectorStore OfStore::<op::$op>::TABLE)
    };
    (v_load_lane every $op:ident) => {
        made!(LoadLane OfLoadLane::<op::$op>::TABLE)
    };
    (v_store_lane every $op:ident) => {
        made!(StoreLane OfStoreLane::<op::$op>::TABLE)
    };
    ($other:ident $cpu:ident $op:ident) => {
        Made::NONE
    };
}

macro_rules! define {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($a:ident)*] [$($r:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        $(meaning!($shape $op $name [$($a)*] [$($r)*]);)*
        $(lane_meaning!($shape $op $name [$($a)*] [$($r)*] $($fact $(= $of)?)*);)*

        /// The handlers of vector instructions, by all of them.
        pub(super) const BASELINE: [Made; Op::ALL.len()] = [$(table!($shape every $op)),*];

        /// Those that CPUs with more have instead (I8).
        pub(super) const FAST: [Made; Op::ALL.len()] = [$(table!($shape fast $op)),*];
    };
}
for_each_op!(define);
