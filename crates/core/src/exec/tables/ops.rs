//! The simple instructions of the table, joined to their meanings in [`num`]: from here come their
//! handlers and the folding of constants. No instruction is named here.

use super::{
    Handlers,
    memory::{OfLoad, OfStore},
    numeric::{OfBin, OfCmp, OfFloatCmp, OfUn},
    sparse::{Made, made},
};
use crate::{
    Trap,
    exec::{
        handlers::{
            memory::{LoadOp, StoreOp},
            numeric::{BinOp, CmpOp, UnOp},
        },
        machine::Scalar,
        meaning::num,
    },
};
use windlass_decode::{Op, Shape, for_each_op};

macro_rules! meaning {
    (un $op:ident $name:ident [$a:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(unary $op [$a] [$r] |a| Ok(num::$name(a)));
    };
    (try_un $op:ident $name:ident [$a:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(unary $op [$a] [$r] |a| num::$name(a));
    };
    (test $op:ident $name:ident [$a:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(unary $op [$a] [$r] |a| Ok(num::$name(a).into()));
    };
    (bin $op:ident $name:ident [$a:ident $b:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(binary $op [$a] [$r] |a, b| Ok(num::$name(a, b)));
    };
    (try_bin $op:ident $name:ident [$a:ident $b:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(binary $op [$a] [$r] |a, b| num::$name(a, b));
    };
    (cmp $op:ident $name:ident [$a:ident $b:ident] [$r:ident] $($facts:tt)*) => {
        meaning!(binary $op [$a] [$r] |a, b| Ok(num::$name(a, b).into()));
        impl CmpOp for op::$op {
            const OP: Op = Op::$op;
            type A = $a;
            #[inline(always)]
            fn eval(a: $a, b: $a) -> bool {
                num::$name(a, b)
            }
        }
    };
    (unary $op:ident [$a:ident] [$r:ident] |$x:ident| $eval:expr) => {
        impl UnOp for op::$op {
            const TRAPS: bool = matches!(Op::$op.shape(), Shape::try_un);
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval($x: $a) -> Result<$r, Trap> {
                $eval
            }
        }
    };
    (binary $op:ident [$a:ident] [$r:ident] |$x:ident, $y:ident| $eval:expr) => {
        impl BinOp for op::$op {
            const OP: Op = Op::$op;
            type A = $a;
            type R = $r;
            #[inline(always)]
            fn eval($x: $a, $y: $a) -> Result<$r, Trap> {
                $eval
            }
        }
    };
    (load $op:ident $name:ident [] [$r:ident] raw = $raw:ident) => {
        impl LoadOp for op::$op {
            type Raw = $raw;
            type R = $r;
            #[inline(always)]
            fn eval(raw: $raw) -> $r {
                num::$name(raw)
            }
        }
    };
    (store $op:ident $name:ident [$a:ident] [] raw = $raw:ident) => {
        impl StoreOp for op::$op {
            type A = $a;
            type Raw = $raw;
            #[inline(always)]
            fn eval(value: $a) -> $raw {
                num::$name(value)
            }
        }
    };
    ($other:ident $op:ident $name:ident [$($a:ident)*] [$($r:ident)*] $($facts:tt)*) => {};
}

macro_rules! table {
    (un $op:ident [$($a:ident)*]) => {
        made!(Un OfUn::<op::$op>::TABLE)
    };
    (try_un $op:ident [$($a:ident)*]) => {
        made!(Un OfUn::<op::$op>::TABLE)
    };
    (test $op:ident [$($a:ident)*]) => {
        made!(Un OfUn::<op::$op>::TABLE)
    };
    (bin $op:ident [$($a:ident)*]) => {
        made!(Bin OfBin::<op::$op>::TABLE)
    };
    (try_bin $op:ident [$($a:ident)*]) => {
        made!(Bin OfBin::<op::$op>::TABLE)
    };
    (cmp $op:ident [i32 i32]) => {
        made!(Cmp OfCmp::<op::$op>::TABLE)
    };
    (cmp $op:ident [i64 i64]) => {
        made!(Cmp OfCmp::<op::$op>::TABLE)
    };
    (cmp $op:ident [$($a:ident)*]) => {
        made!(Cmp OfFloatCmp::<op::$op>::TABLE)
    };
    (load $op:ident [$($a:ident)*]) => {
        made!(Load OfLoad::<op::$op>::TABLE)
    };
    (store $op:ident [$($a:ident)*]) => {
        made!(Store OfStore::<op::$op>::TABLE)
    };
    ($other:ident $op:ident [$($a:ident)*]) => {
        Made::NONE
    };
}

macro_rules! fold_un {
    (try_un $op:ident $a:ident) => { fold_un!(un $op $a) };
    (test $op:ident $a:ident) => { fold_un!(un $op $a) };
    (un $op:ident $a:ident) => {
        <op::$op as UnOp>::eval(Scalar::from_bits($a)).ok().map(Scalar::to_bits)
    };
    ($other:ident $op:ident $a:ident) => { None };
}

macro_rules! fold_bin {
    (try_bin $op:ident $a:ident $b:ident) => { fold_bin!(bin $op $a $b) };
    (cmp $op:ident $a:ident $b:ident) => { fold_bin!(bin $op $a $b) };
    (bin $op:ident $a:ident $b:ident) => {
        <op::$op as BinOp>::eval(Scalar::from_bits($a), Scalar::from_bits($b))
            .ok()
            .map(Scalar::to_bits)
    };
    ($other:ident $op:ident $a:ident $b:ident) => { None };
}

macro_rules! define {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($a:ident)*] [$($r:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        /// The instructions as types; those that are not simple have no use for theirs.
        #[allow(dead_code)]
        pub(crate) mod op {
            use crate::exec::machine::place::named;
            $(pub(crate) struct $op;)*
            named! { $($op;)* }
        }
        $(meaning!($shape $op $name [$($a)*] [$($r)*] $($fact $(= $of)?)*);)*

        /// The handlers of simple instructions, by all of them.
        pub(super) const ALL: [Made; Op::ALL.len()] = [$(table!($shape $op [$($a)*])),*];

        /// The result of an instruction with one constant operand, as bits; none if it would trap.
        pub(crate) fn fold_un(op: Op, a: u64) -> Option<u64> {
            match op {
                $(Op::$op => fold_un!($shape $op a),)*
            }
        }

        /// The result of an instruction with two constant operands, as bits; none if it would trap.
        pub(crate) fn fold_bin(op: Op, a: u64, b: u64) -> Option<u64> {
            match op {
                $(Op::$op => fold_bin!($shape $op a b),)*
            }
        }
    };
}
for_each_op!(define);
