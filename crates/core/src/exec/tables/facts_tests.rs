//! What the rows say of instructions, against what the instructions compute: a fact that is
//! forgotten or wrong fails here.

use super::ops::{fold_bin, fold_un, op};
use crate::exec::{
    handlers::{
        numeric::{BinOp, UnOp},
        vector::TernOp,
    },
    meaning::v128::Simd,
};
use alloc::vec::Vec;
use windlass_decode::{Nans, Op, Shape, ValType, for_each_op};

/// Small numbers, extremes, and floats of both widths: zeros, infinities, NaNs of both kinds.
fn words() -> Vec<u64> {
    let mut words = alloc::vec![0, 1, 2, 31, 0x8000_0000, 0x7fff_ffff, 1 << 63, !(1 << 63), !0];
    for x in [1.5_f32, -2.25, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
        words.push(u64::from(x.to_bits()) << 32 | u64::from(x.to_bits()));
    }
    for x in [1.5, -2.25, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        words.push(f64::to_bits(x));
    }
    // Signaling, with a payload.
    words.extend([0x7f80_0001_ff81_2345, 0x7ff0_0000_0000_0123]);
    words.extend([0x1234_5678_9abc_def0, 0x0f1e_2d3c_4b5a_6978, 0x8081_7f7e_0100_fffe]);
    words
}

fn vectors() -> Vec<Simd> {
    let words = words();
    let shifted = words.iter().cycle().skip(7);
    words.iter().zip(shifted).map(|(&low, &high)| Simd::from_words([low, high])).collect()
}

/// A result with its bits: of a scalar, or the two words of a vector. None is a trap.
type Bits = Option<[u64; 2]>;

fn bits(v: Simd) -> Bits {
    Some(v.words())
}

macro_rules! eval {
    (v_un $op:ident $operands:expr) => {
        <op::$op as UnOp>::eval($operands[0]).ok().and_then(bits)
    };
    (v_bin $op:ident $operands:expr) => {
        <op::$op as BinOp>::eval($operands[0], $operands[1]).ok().and_then(bits)
    };
    (v_tern $op:ident $operands:expr) => {
        bits(<op::$op as TernOp>::eval($operands[0], $operands[1], $operands[2]))
    };
    ($other:ident $op:ident $operands:expr) => {
        None
    };
}

macro_rules! define {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($a:ident)*] [$($r:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        fn eval_vectors(op: Op, operands: [Simd; 3]) -> Bits {
            match op {
                $(Op::$op => eval!($shape $op operands),)*
            }
        }
    };
}
for_each_op!(define);

fn eval(op: Op, operands: [Simd; 3]) -> Bits {
    let [a, b] = [0, 1].map(|i| operands[i].words()[0]);
    match op.shape() {
        Shape::un | Shape::try_un | Shape::test => fold_un(op, a).map(|r| [r, 0]),
        Shape::bin | Shape::try_bin | Shape::cmp => fold_bin(op, a, b).map(|r| [r, 0]),
        _ => eval_vectors(op, operands),
    }
}

/// Whether it has two operands of one type, and a result.
fn is_binary(op: Op) -> bool {
    matches!(op.shape(), Shape::bin | Shape::try_bin | Shape::cmp | Shape::v_bin)
}

/// Calls `f` with all pairs of operands until it is false; whether it never was.
fn for_all_pairs(f: impl Fn(Simd, Simd) -> bool) -> bool {
    let vectors = vectors();
    vectors.iter().all(|&a| vectors.iter().all(|&b| f(a, b)))
}

/// The result with every NaN that the instruction makes being the same one.
fn without_payloads(op: Op, result: Bits) -> Bits {
    let lane32 = |x: u32| if f32::from_bits(x).is_nan() { !0 } else { x };
    let lanes32 = |x: u64| u64::from(lane32((x >> 32) as u32)) << 32 | u64::from(lane32(x as u32));
    let lane64 = |x: u64| if f64::from_bits(x).is_nan() { !0 } else { x };
    Some(match op.nans() {
        Some(Nans::F32 | Nans::F32x4) => result?.map(lanes32),
        Some(Nans::F64 | Nans::F64x2) => result?.map(lane64),
        None => result?,
    })
}

#[test]
fn operands_commute_where_the_row_says_so_and_nowhere_else() {
    for op in Op::ALL.into_iter().filter(|&op| is_binary(op)) {
        let zero = Simd::from_words([0; 2]);
        let commutes = for_all_pairs(|a, b| {
            let [there, back] =
                [[a, b, zero], [b, a, zero]].map(|pair| without_payloads(op, eval(op, pair)));
            there == back
        });
        assert_eq!(op.commutes(), commutes, "{op:?}");
    }
}

#[test]
fn comparisons_have_the_twins_that_the_row_names_and_no_others() {
    let comparisons = || Op::ALL.into_iter().filter(|op| op.shape() == Shape::cmp);
    let truth = |op: Op, a, b| eval(op, [a, b, a]).map(|[truth, _]| truth);
    let mut count = 0;
    for op in comparisons() {
        let others = || {
            comparisons().filter(|&other| other != op && other.info().params == op.info().params)
        };
        let swapped =
            others().find(|&twin| for_all_pairs(|a, b| truth(op, a, b) == truth(twin, b, a)));
        assert_eq!(op.swapped(), swapped, "{op:?}");
        let negated =
            others().find(|&twin| for_all_pairs(|a, b| truth(op, a, b) != truth(twin, a, b)));
        assert_eq!(op.negated(), negated, "{op:?}");
        count += 1;
    }
    assert_eq!(count, 32);
}

/// The lanes of words, for a type with lanes of 32 or 64 bits, without signs.
fn lanes(words: [u64; 2], is64: bool) -> Vec<u64> {
    let split = |word: u64| [word & 0x7fff_ffff, word >> 32 & 0x7fff_ffff];
    match is64 {
        true => words.map(|word| word & !(1 << 63)).to_vec(),
        false => words.into_iter().flat_map(split).collect(),
    }
}

/// The width of the floats that an instruction results in, if it does.
fn float_result(op: Op) -> Option<bool> {
    match (op.info().results, op.mnemonic()) {
        ([ValType::F32], _) => Some(false),
        ([ValType::F64], _) => Some(true),
        ([ValType::V128], name) if name.starts_with("f32x4.") => Some(false),
        ([ValType::V128], name) if name.starts_with("f64x2.") => Some(true),
        _ => None,
    }
}

#[test]
fn nans_of_instructions_that_make_none_are_those_of_operands() {
    for op in Op::ALL {
        let evaluated = is_binary(op)
            || matches!(op.shape(), Shape::un | Shape::try_un | Shape::v_un | Shape::v_tern);
        let Some(is64) = float_result(op).filter(|_| evaluated) else {
            assert_eq!(op.nans(), None, "{op:?}");
            continue;
        };
        let infinity = if is64 { f64::INFINITY.to_bits() } else { f32::INFINITY.to_bits().into() };
        // Comparisons of lanes result in zeros or ones.
        let mask = if is64 { !(1 << 63) } else { 0x7fff_ffff };
        let keeps = for_all_pairs(|a, b| {
            let Some(result) = eval(op, [a, b, a]) else { return true };
            let given: Vec<u64> = [a, b].into_iter().flat_map(|v| lanes(v.words(), is64)).collect();
            lanes(result, is64)
                .into_iter()
                .all(|lane| lane <= infinity || lane == mask || given.contains(&lane))
        });
        assert_eq!(op.nans().is_some(), !keeps, "{op:?}");
    }
}
