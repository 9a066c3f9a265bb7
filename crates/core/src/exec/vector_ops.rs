//! The vector instructions of the table, joined to their meanings in [`simd`]: from here come their
//! handlers. What [`ops`](super::ops) is for the scalar ones.

use super::{
    handlers::Handlers,
    memory::{LoadOp, StoreOp},
    numeric::{BinOp, UnOp},
    ops::op,
    simd,
    v128::V128 as v128,
    vector::{ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, StoreLaneOp, TernOp},
    vector_select::{
        OfExtract, OfLoad, OfLoadLane, OfReplace, OfScalar, OfShift, OfStore, OfStoreLane, OfTern,
        OfVector, OfVectors, SHUFFLE,
    },
};
use crate::Trap;
use windlass_decode::{Op, for_each_op};

macro_rules! meaning {
    (v_un $op:ident $name:ident [$a:ident] [$r:ident]) => {
        impl UnOp for op::$op {
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval(a: $a) -> Result<$r, Trap> {
                Ok(simd::$name(a))
            }
        }
    };
    (v_test $op:ident $name:ident [$a:ident] [$r:ident]) => {
        meaning!(v_un $op $name [$a] [$r]);
    };
    (v_splat $op:ident $name:ident [$a:ident] [$r:ident]) => {
        meaning!(v_un $op $name [$a] [$r]);
    };
    (v_bin $op:ident $name:ident [$a:ident $b:ident] [$r:ident]) => {
        impl BinOp for op::$op {
            const OP: Op = Op::$op;
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval(a: $a, b: $b) -> Result<$r, Trap> {
                Ok(simd::$name(a, b))
            }
        }
    };
    (v_tern $op:ident $name:ident [$($a:ident)*] [$r:ident]) => {
        impl TernOp for op::$op {
            #[inline(always)]
            fn eval(a: v128, b: v128, c: v128) -> v128 {
                simd::$name(a, b, c)
            }
        }
    };
    (v_shift $op:ident $name:ident [$($a:ident)*] [$r:ident]) => {
        impl ShiftOp for op::$op {
            #[inline(always)]
            fn eval(a: v128, count: i32) -> v128 {
                simd::$name(a, count)
            }
        }
    };
    (v_extract $op:ident $name:ident [$a:ident] [$r:ident]) => {
        impl ExtractOp for op::$op {
            type R = $r;
            #[inline(always)]
            fn eval(a: v128, lane: usize) -> $r {
                simd::$name(a, lane)
            }
        }
    };
    (v_replace $op:ident $name:ident [$a:ident $b:ident] [$r:ident]) => {
        impl ReplaceOp for op::$op {
            type B = $b;
            #[inline(always)]
            fn eval(a: v128, lane: usize, b: $b) -> v128 {
                simd::$name(a, lane, b)
            }
        }
    };
    ($other:ident $op:ident $name:ident [$($a:ident)*] [$($r:ident)*]) => {};
}

macro_rules! table {
    (v_un $op:ident) => {
        Handlers::VectorUn(OfVector::<op::$op>::TABLE)
    };
    (v_test $op:ident) => {
        Handlers::VectorUn(OfVector::<op::$op>::TABLE)
    };
    (v_splat $op:ident) => {
        Handlers::VectorUn(OfScalar::<op::$op>::TABLE)
    };
    (v_bin $op:ident) => {
        Handlers::VectorBin(OfVectors::<op::$op>::TABLE)
    };
    (v_tern $op:ident) => {
        Handlers::VectorTern(OfTern::<op::$op>::TABLE)
    };
    (v_shift $op:ident) => {
        Handlers::VectorBin(OfShift::<op::$op>::TABLE)
    };
    (v_extract $op:ident) => {
        Handlers::VectorUn(OfExtract::<op::$op>::TABLE)
    };
    (v_replace $op:ident) => {
        Handlers::VectorBin(OfReplace::<op::$op>::TABLE)
    };
    (v_shuffle $op:ident) => {
        Handlers::VectorBin(SHUFFLE)
    };
    (v_load $op:ident) => {
        Handlers::VectorLoad(OfLoad::<op::$op>::TABLE)
    };
    (v_store $op:ident) => {
        Handlers::VectorStore(OfStore::<op::$op>::TABLE)
    };
    (v_load_lane $op:ident) => {
        Handlers::LoadLane(OfLoadLane::<op::$op>::TABLE)
    };
    (v_store_lane $op:ident) => {
        Handlers::StoreLane(OfStoreLane::<op::$op>::TABLE)
    };
    ($other:ident $op:ident) => {
        Handlers::None
    };
}

macro_rules! define {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($a:ident)*] [$($r:ident)*];)*) => {
        $(meaning!($shape $op $name [$($a)*] [$($r)*]);)*

        /// The handlers of a vector instruction.
        pub(crate) fn handlers(op: Op) -> Handlers {
            match op {
                $(Op::$op => table!($shape $op),)*
            }
        }
    };
}
for_each_op!(define);

macro_rules! loads {
    ($($op:ident $name:ident $raw:ident;)*) => {$(
        impl LoadOp for op::$op {
            type Raw = $raw;
            type R = v128;
            #[inline(always)]
            fn eval(raw: $raw) -> v128 {
                simd::$name(raw)
            }
        }
    )*};
}
loads! {
    V128Load v128_load v128;
    V128Load8x8S v128_load8x8_s i64;
    V128Load8x8U v128_load8x8_u i64;
    V128Load16x4S v128_load16x4_s i64;
    V128Load16x4U v128_load16x4_u i64;
    V128Load32x2S v128_load32x2_s i64;
    V128Load32x2U v128_load32x2_u i64;
    V128Load8Splat v128_load8_splat i8;
    V128Load16Splat v128_load16_splat i16;
    V128Load32Splat v128_load32_splat i32;
    V128Load64Splat v128_load64_splat i64;
    V128Load32Zero v128_load32_zero i32;
    V128Load64Zero v128_load64_zero i64;
}

impl StoreOp for op::V128Store {
    type A = v128;
    type Raw = v128;
    #[inline(always)]
    fn eval(value: v128) -> v128 {
        simd::v128_store(value)
    }
}

macro_rules! lanes {
    ($($load:ident $load_name:ident $store:ident $store_name:ident $raw:ident;)*) => {$(
        impl LoadLaneOp for op::$load {
            type Raw = $raw;
            #[inline(always)]
            fn eval(a: v128, lane: usize, raw: $raw) -> v128 {
                simd::$load_name(a, lane, raw)
            }
        }
        impl StoreLaneOp for op::$store {
            type Raw = $raw;
            #[inline(always)]
            fn eval(a: v128, lane: usize) -> $raw {
                simd::$store_name(a, lane)
            }
        }
    )*};
}
lanes! {
    V128Load8Lane v128_load8_lane V128Store8Lane v128_store8_lane i8;
    V128Load16Lane v128_load16_lane V128Store16Lane v128_store16_lane i16;
    V128Load32Lane v128_load32_lane V128Store32Lane v128_store32_lane i32;
    V128Load64Lane v128_load64_lane V128Store64Lane v128_store64_lane i64;
}
