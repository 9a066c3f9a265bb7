//! What the vector instructions mean (3.0, section 4.3): one pure function an instruction, named by
//! its mnemonic. Written lane by lane; the compiler makes vector instructions of it. Never any
//! state here.
//!
//! Relaxed instructions do what the specification's deterministic profile prescribes, on every
//! host: `relaxed_madd` rounds twice (a product, then a sum), `relaxed_nmadd` is that of the first
//! operand negated, the dot products are signed, with sums of two that wrap, and the others are
//! what they are called without `relaxed` (`laneselect`: `v128.bitselect`).
#![forbid(unsafe_code)]

use super::{
    num,
    v128::{
        Lane, Simd, chain, lane, map, map_high, pairs, splat, with_lane, zip, zip_high, zip_pairs,
        zip3,
    },
};

/// One function a row: name, operands, meaning.
macro_rules! meanings {
    ($($name:ident($($x:ident: $ty:ty),*) -> $r:ty = $body:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name($($x: $ty),*) -> $r {
            $body
        }
    )*};
}

/// One function for each type of lanes.
macro_rules! lanewise {
    ($($name:ident($x:ident) $lane:ty = $body:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(x: Simd) -> Simd {
            map(x, |$x: $lane| $body)
        }
    )*};
}
macro_rules! lanewise2 {
    ($($name:ident($x:ident, $y:ident) $lane:ty = $body:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(x: Simd, y: Simd) -> Simd {
            zip(x, y, |$x: $lane, $y: $lane| $body)
        }
    )*};
}

// Bits.
meanings! {
    v128_not(x: Simd) -> Simd = map(x, |x: u64| !x);
    v128_and(x: Simd, y: Simd) -> Simd = zip(x, y, |x: u64, y: u64| x & y);
    v128_andnot(x: Simd, y: Simd) -> Simd = zip(x, y, |x: u64, y: u64| x & !y);
    v128_or(x: Simd, y: Simd) -> Simd = zip(x, y, |x: u64, y: u64| x | y);
    v128_xor(x: Simd, y: Simd) -> Simd = zip(x, y, |x: u64, y: u64| x ^ y);
    v128_bitselect(x: Simd, y: Simd, mask: Simd) -> Simd =
        zip3(x, y, mask, |x: u64, y, mask| (x & mask) | (y & !mask));
    v128_any_true(x: Simd) -> i32 = (x.words()[0] | x.words()[1] != 0).into();
}

/// The mask of a comparison.
macro_rules! mask {
    ($lane:ident, $truth:expr) => {
        if $truth { !0 as $lane } else { 0 }
    };
}

// Integers.
macro_rules! integers {
    ($i:ident $u:ident $all_true:ident $bitmask:ident $eq:ident $ne:ident $lt_s:ident $gt_s:ident
     $le_s:ident $ge_s:ident $abs:ident $neg:ident $add:ident $sub:ident) => {
        meanings! {
            $all_true(x: Simd) -> i32 = <$i>::lanes(x).iter().all(|&x| x != 0).into();
            $bitmask(x: Simd) -> i32 = (<$i>::lanes(x).iter().enumerate())
                .fold(0, |mask, (i, &x)| mask | i32::from(x < 0) << i);
        }
        lanewise! {
            $abs(x) $i = x.wrapping_abs();
            $neg(x) $i = x.wrapping_neg();
        }
        lanewise2! {
            $eq(x, y) $i = mask!($i, x == y);
            $ne(x, y) $i = mask!($i, x != y);
            $lt_s(x, y) $i = mask!($i, x < y);
            $gt_s(x, y) $i = mask!($i, x > y);
            $le_s(x, y) $i = mask!($i, x <= y);
            $ge_s(x, y) $i = mask!($i, x >= y);
            $add(x, y) $i = x.wrapping_add(y);
            $sub(x, y) $i = x.wrapping_sub(y);
        }
    };
}
integers! { i8 u8 i8x16_all_true i8x16_bitmask i8x16_eq i8x16_ne i8x16_lt_s i8x16_gt_s i8x16_le_s
i8x16_ge_s i8x16_abs i8x16_neg i8x16_add i8x16_sub }
integers! { i16 u16 i16x8_all_true i16x8_bitmask i16x8_eq i16x8_ne i16x8_lt_s i16x8_gt_s i16x8_le_s
i16x8_ge_s i16x8_abs i16x8_neg i16x8_add i16x8_sub }
integers! { i32 u32 i32x4_all_true i32x4_bitmask i32x4_eq i32x4_ne i32x4_lt_s i32x4_gt_s i32x4_le_s
i32x4_ge_s i32x4_abs i32x4_neg i32x4_add i32x4_sub }
integers! { i64 u64 i64x2_all_true i64x2_bitmask i64x2_eq i64x2_ne i64x2_lt_s i64x2_gt_s i64x2_le_s
i64x2_ge_s i64x2_abs i64x2_neg i64x2_add i64x2_sub }
lanewise! {
    i8x16_popcnt(x) u8 = x.count_ones() as u8;
}
lanewise2! {
    i16x8_mul(x, y) i16 = x.wrapping_mul(y);
    i32x4_mul(x, y) i32 = x.wrapping_mul(y);
    i64x2_mul(x, y) i64 = x.wrapping_mul(y);
    i8x16_lt_u(x, y) u8 = mask!(u8, x < y);
    i8x16_gt_u(x, y) u8 = mask!(u8, x > y);
    i8x16_le_u(x, y) u8 = mask!(u8, x <= y);
    i8x16_ge_u(x, y) u8 = mask!(u8, x >= y);
    i16x8_lt_u(x, y) u16 = mask!(u16, x < y);
    i16x8_gt_u(x, y) u16 = mask!(u16, x > y);
    i16x8_le_u(x, y) u16 = mask!(u16, x <= y);
    i16x8_ge_u(x, y) u16 = mask!(u16, x >= y);
    i32x4_lt_u(x, y) u32 = mask!(u32, x < y);
    i32x4_gt_u(x, y) u32 = mask!(u32, x > y);
    i32x4_le_u(x, y) u32 = mask!(u32, x <= y);
    i32x4_ge_u(x, y) u32 = mask!(u32, x >= y);
    i8x16_min_s(x, y) i8 = x.min(y);
    i8x16_min_u(x, y) u8 = x.min(y);
    i8x16_max_s(x, y) i8 = x.max(y);
    i8x16_max_u(x, y) u8 = x.max(y);
    i16x8_min_s(x, y) i16 = x.min(y);
    i16x8_min_u(x, y) u16 = x.min(y);
    i16x8_max_s(x, y) i16 = x.max(y);
    i16x8_max_u(x, y) u16 = x.max(y);
    i32x4_min_s(x, y) i32 = x.min(y);
    i32x4_min_u(x, y) u32 = x.min(y);
    i32x4_max_s(x, y) i32 = x.max(y);
    i32x4_max_u(x, y) u32 = x.max(y);
    i8x16_add_sat_s(x, y) i8 = x.saturating_add(y);
    i8x16_add_sat_u(x, y) u8 = x.saturating_add(y);
    i8x16_sub_sat_s(x, y) i8 = x.saturating_sub(y);
    i8x16_sub_sat_u(x, y) u8 = x.saturating_sub(y);
    i16x8_add_sat_s(x, y) i16 = x.saturating_add(y);
    i16x8_add_sat_u(x, y) u16 = x.saturating_add(y);
    i16x8_sub_sat_s(x, y) i16 = x.saturating_sub(y);
    i16x8_sub_sat_u(x, y) u16 = x.saturating_sub(y);
    i8x16_avgr_u(x, y) u8 = ((u16::from(x) + u16::from(y)).div_ceil(2)) as u8;
    i16x8_avgr_u(x, y) u16 = ((u32::from(x) + u32::from(y)).div_ceil(2)) as u16;
    i16x8_q15mulr_sat_s(x, y) i16 = saturate((i32::from(x) * i32::from(y) + 0x4000) >> 15);
    i16x8_relaxed_q15mulr_s(x, y) i16 = saturate((i32::from(x) * i32::from(y) + 0x4000) >> 15);
}

/// The nearest `i16`.
#[inline(always)]
fn saturate(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

// Shifts: the count is taken modulo the width of a lane.
meanings! {
    i8x16_shl(x: Simd, count: i32) -> Simd = map(x, |x: i8| x << (count & 7));
    i8x16_shr_s(x: Simd, count: i32) -> Simd = map(x, |x: i8| x >> (count & 7));
    i8x16_shr_u(x: Simd, count: i32) -> Simd = map(x, |x: u8| x >> (count & 7));
    i16x8_shl(x: Simd, count: i32) -> Simd = map(x, |x: i16| x << (count & 15));
    i16x8_shr_s(x: Simd, count: i32) -> Simd = map(x, |x: i16| x >> (count & 15));
    i16x8_shr_u(x: Simd, count: i32) -> Simd = map(x, |x: u16| x >> (count & 15));
    i32x4_shl(x: Simd, count: i32) -> Simd = map(x, |x: i32| x << (count & 31));
    i32x4_shr_s(x: Simd, count: i32) -> Simd = map(x, |x: i32| x >> (count & 31));
    i32x4_shr_u(x: Simd, count: i32) -> Simd = map(x, |x: u32| x >> (count & 31));
    i64x2_shl(x: Simd, count: i32) -> Simd = map(x, |x: i64| x << (count & 63));
    i64x2_shr_s(x: Simd, count: i32) -> Simd = map(x, |x: i64| x >> (count & 63));
    i64x2_shr_u(x: Simd, count: i32) -> Simd = map(x, |x: u64| x >> (count & 63));
}

// Integers of other widths.
meanings! {
    i8x16_narrow_i16x8_s(x: Simd, y: Simd) -> Simd =
        chain(x, y, |x: i16| x.clamp(i8::MIN.into(), i8::MAX.into()) as i8);
    i8x16_narrow_i16x8_u(x: Simd, y: Simd) -> Simd =
        chain(x, y, |x: i16| x.clamp(0, u8::MAX.into()) as u8);
    i16x8_narrow_i32x4_s(x: Simd, y: Simd) -> Simd = chain(x, y, |x: i32| saturate(x));
    i16x8_narrow_i32x4_u(x: Simd, y: Simd) -> Simd =
        chain(x, y, |x: i32| x.clamp(0, u16::MAX.into()) as u16);
    i16x8_extend_low_i8x16_s(x: Simd) -> Simd = map(x, |x: i8| i16::from(x));
    i16x8_extend_high_i8x16_s(x: Simd) -> Simd = map_high(x, |x: i8| i16::from(x));
    i16x8_extend_low_i8x16_u(x: Simd) -> Simd = map(x, |x: u8| u16::from(x));
    i16x8_extend_high_i8x16_u(x: Simd) -> Simd = map_high(x, |x: u8| u16::from(x));
    i32x4_extend_low_i16x8_s(x: Simd) -> Simd = map(x, |x: i16| i32::from(x));
    i32x4_extend_high_i16x8_s(x: Simd) -> Simd = map_high(x, |x: i16| i32::from(x));
    i32x4_extend_low_i16x8_u(x: Simd) -> Simd = map(x, |x: u16| u32::from(x));
    i32x4_extend_high_i16x8_u(x: Simd) -> Simd = map_high(x, |x: u16| u32::from(x));
    i64x2_extend_low_i32x4_s(x: Simd) -> Simd = map(x, |x: i32| i64::from(x));
    i64x2_extend_high_i32x4_s(x: Simd) -> Simd = map_high(x, |x: i32| i64::from(x));
    i64x2_extend_low_i32x4_u(x: Simd) -> Simd = map(x, |x: u32| u64::from(x));
    i64x2_extend_high_i32x4_u(x: Simd) -> Simd = map_high(x, |x: u32| u64::from(x));
    i16x8_extadd_pairwise_i8x16_s(x: Simd) -> Simd =
        pairs(x, |x: i8, y| i16::from(x) + i16::from(y));
    i16x8_extadd_pairwise_i8x16_u(x: Simd) -> Simd =
        pairs(x, |x: u8, y| u16::from(x) + u16::from(y));
    i32x4_extadd_pairwise_i16x8_s(x: Simd) -> Simd =
        pairs(x, |x: i16, y| i32::from(x) + i32::from(y));
    i32x4_extadd_pairwise_i16x8_u(x: Simd) -> Simd =
        pairs(x, |x: u16, y| u32::from(x) + u32::from(y));
    i16x8_extmul_low_i8x16_s(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: i8, y: i8| i16::from(x) * i16::from(y));
    i16x8_extmul_high_i8x16_s(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: i8, y| i16::from(x) * i16::from(y));
    i16x8_extmul_low_i8x16_u(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: u8, y: u8| u16::from(x) * u16::from(y));
    i16x8_extmul_high_i8x16_u(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: u8, y| u16::from(x) * u16::from(y));
    i32x4_extmul_low_i16x8_s(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: i16, y: i16| i32::from(x) * i32::from(y));
    i32x4_extmul_high_i16x8_s(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: i16, y| i32::from(x) * i32::from(y));
    i32x4_extmul_low_i16x8_u(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: u16, y: u16| u32::from(x) * u32::from(y));
    i32x4_extmul_high_i16x8_u(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: u16, y| u32::from(x) * u32::from(y));
    i64x2_extmul_low_i32x4_s(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: i32, y: i32| i64::from(x) * i64::from(y));
    i64x2_extmul_high_i32x4_s(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: i32, y| i64::from(x) * i64::from(y));
    i64x2_extmul_low_i32x4_u(x: Simd, y: Simd) -> Simd =
        zip(x, y, |x: u32, y: u32| u64::from(x) * u64::from(y));
    i64x2_extmul_high_i32x4_u(x: Simd, y: Simd) -> Simd =
        zip_high(x, y, |x: u32, y| u64::from(x) * u64::from(y));
    i32x4_dot_i16x8_s(x: Simd, y: Simd) -> Simd = zip_pairs(x, y, |x: [i16; 2], y| {
        (i32::from(x[0]) * i32::from(y[0])).wrapping_add(i32::from(x[1]) * i32::from(y[1]))
    });
    i16x8_relaxed_dot_i8x16_i7x16_s(x: Simd, y: Simd) -> Simd = zip_pairs(x, y, |x: [i8; 2], y| {
        (i16::from(x[0]) * i16::from(y[0])).wrapping_add(i16::from(x[1]) * i16::from(y[1]))
    });
    i32x4_relaxed_dot_i8x16_i7x16_add_s(x: Simd, y: Simd, z: Simd) -> Simd =
        i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(x, y)), z);
}

// Floats.

/// The lesser of two floats without a branch: zeros that differ in sign become the or of their
/// bits.
macro_rules! least {
    ($ty:ident, $x:ident, $y:ident) => {{
        let (a, b) = (if $x < $y { $x } else { $y }, if $y < $x { $y } else { $x });
        let least = $ty::from_bits(a.to_bits() | b.to_bits());
        if $x.is_nan() | $y.is_nan() { $x + $y } else { least }
    }};
}
/// The greater of two floats in the same way.
macro_rules! greatest {
    ($ty:ident, $x:ident, $y:ident) => {{
        let (a, b) = (if $x > $y { $x } else { $y }, if $y > $x { $y } else { $x });
        let greatest = $ty::from_bits(a.to_bits() & b.to_bits());
        if $x.is_nan() | $y.is_nan() { $x + $y } else { greatest }
    }};
}

lanewise! {
    f32x4_abs(x) f32 = num::f32_abs(x);
    f32x4_neg(x) f32 = num::f32_neg(x);
    f32x4_ceil(x) f32 = num::f32_ceil(x);
    f32x4_floor(x) f32 = num::f32_floor(x);
    f32x4_trunc(x) f32 = num::f32_trunc(x);
    f32x4_nearest(x) f32 = num::f32_nearest(x);
    f32x4_sqrt(x) f32 = num::f32_sqrt(x);
    f64x2_abs(x) f64 = num::f64_abs(x);
    f64x2_neg(x) f64 = num::f64_neg(x);
    f64x2_ceil(x) f64 = num::f64_ceil(x);
    f64x2_floor(x) f64 = num::f64_floor(x);
    f64x2_trunc(x) f64 = num::f64_trunc(x);
    f64x2_nearest(x) f64 = num::f64_nearest(x);
    f64x2_sqrt(x) f64 = num::f64_sqrt(x);
}
meanings! {
    f32x4_eq(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x == y));
    f32x4_ne(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x != y));
    f32x4_lt(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x < y));
    f32x4_gt(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x > y));
    f32x4_le(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x <= y));
    f32x4_ge(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f32, y: f32| mask!(u32, x >= y));
    f64x2_eq(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x == y));
    f64x2_ne(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x != y));
    f64x2_lt(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x < y));
    f64x2_gt(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x > y));
    f64x2_le(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x <= y));
    f64x2_ge(x: Simd, y: Simd) -> Simd = zip(x, y, |x: f64, y: f64| mask!(u64, x >= y));
}
lanewise2! {
    f32x4_add(x, y) f32 = num::f32_add(x, y);
    f32x4_sub(x, y) f32 = num::f32_sub(x, y);
    f32x4_mul(x, y) f32 = num::f32_mul(x, y);
    f32x4_div(x, y) f32 = num::f32_div(x, y);
    f32x4_min(x, y) f32 = least!(f32, x, y);
    f32x4_max(x, y) f32 = greatest!(f32, x, y);
    f32x4_pmin(x, y) f32 = if y < x { y } else { x };
    f32x4_pmax(x, y) f32 = if x < y { y } else { x };
    f64x2_add(x, y) f64 = num::f64_add(x, y);
    f64x2_sub(x, y) f64 = num::f64_sub(x, y);
    f64x2_mul(x, y) f64 = num::f64_mul(x, y);
    f64x2_div(x, y) f64 = num::f64_div(x, y);
    f64x2_min(x, y) f64 = least!(f64, x, y);
    f64x2_max(x, y) f64 = greatest!(f64, x, y);
    f64x2_pmin(x, y) f64 = if y < x { y } else { x };
    f64x2_pmax(x, y) f64 = if x < y { y } else { x };
    f32x4_relaxed_min(x, y) f32 = least!(f32, x, y);
    f32x4_relaxed_max(x, y) f32 = greatest!(f32, x, y);
    f64x2_relaxed_min(x, y) f64 = least!(f64, x, y);
    f64x2_relaxed_max(x, y) f64 = greatest!(f64, x, y);
}
meanings! {
    f32x4_relaxed_madd(x: Simd, y: Simd, z: Simd) -> Simd = zip3(x, y, z, |x: f32, y, z| x * y + z);
    f32x4_relaxed_nmadd(x: Simd, y: Simd, z: Simd) -> Simd =
        zip3(x, y, z, |x: f32, y, z| -x * y + z);
    f64x2_relaxed_madd(x: Simd, y: Simd, z: Simd) -> Simd = zip3(x, y, z, |x: f64, y, z| x * y + z);
    f64x2_relaxed_nmadd(x: Simd, y: Simd, z: Simd) -> Simd =
        zip3(x, y, z, |x: f64, y, z| -x * y + z);
    i8x16_relaxed_laneselect(x: Simd, y: Simd, mask: Simd) -> Simd = v128_bitselect(x, y, mask);
    i16x8_relaxed_laneselect(x: Simd, y: Simd, mask: Simd) -> Simd = v128_bitselect(x, y, mask);
    i32x4_relaxed_laneselect(x: Simd, y: Simd, mask: Simd) -> Simd = v128_bitselect(x, y, mask);
    i64x2_relaxed_laneselect(x: Simd, y: Simd, mask: Simd) -> Simd = v128_bitselect(x, y, mask);
}

// Between integers and floats. Where the result has more lanes, the others are zero.
lanewise! {
    i32x4_trunc_sat_f32x4_s(x) f32 = num::i32_trunc_sat_f32_s(x);
    i32x4_trunc_sat_f32x4_u(x) f32 = num::i32_trunc_sat_f32_u(x);
    i32x4_trunc_sat_f64x2_s_zero(x) f64 = num::i32_trunc_sat_f64_s(x);
    i32x4_trunc_sat_f64x2_u_zero(x) f64 = num::i32_trunc_sat_f64_u(x);
    i32x4_relaxed_trunc_f32x4_s(x) f32 = num::i32_trunc_sat_f32_s(x);
    i32x4_relaxed_trunc_f32x4_u(x) f32 = num::i32_trunc_sat_f32_u(x);
    i32x4_relaxed_trunc_f64x2_s_zero(x) f64 = num::i32_trunc_sat_f64_s(x);
    i32x4_relaxed_trunc_f64x2_u_zero(x) f64 = num::i32_trunc_sat_f64_u(x);
    f32x4_convert_i32x4_s(x) i32 = num::f32_convert_i32_s(x);
    f32x4_convert_i32x4_u(x) i32 = num::f32_convert_i32_u(x);
    f64x2_convert_low_i32x4_s(x) i32 = num::f64_convert_i32_s(x);
    f64x2_convert_low_i32x4_u(x) i32 = num::f64_convert_i32_u(x);
    f32x4_demote_f64x2_zero(x) f64 = num::f32_demote_f64(x);
    f64x2_promote_low_f32x4(x) f32 = num::f64_promote_f32(x);
}

// Lanes.
meanings! {
    i8x16_swizzle(x: Simd, indices: Simd) -> Simd = map(indices, |i: u8| byte(&x.bytes(), i));
    i8x16_relaxed_swizzle(x: Simd, indices: Simd) -> Simd = i8x16_swizzle(x, indices);
    i8x16_shuffle(x: Simd, y: Simd, lanes: Simd) -> Simd = map(lanes, |i: u8| {
        byte(if i < 16 { x.bytes() } else { y.bytes() }.as_slice(), i & 15)
    });
    i8x16_splat(x: i32) -> Simd = splat(x as i8);
    i16x8_splat(x: i32) -> Simd = splat(x as i16);
    i32x4_splat(x: i32) -> Simd = splat(x);
    i64x2_splat(x: i64) -> Simd = splat(x);
    f32x4_splat(x: f32) -> Simd = splat(x);
    f64x2_splat(x: f64) -> Simd = splat(x);
    i8x16_extract_lane_s(x: Simd, at: usize) -> i32 = lane::<i8>(x, at).into();
    i8x16_extract_lane_u(x: Simd, at: usize) -> i32 = lane::<u8>(x, at).into();
    i16x8_extract_lane_s(x: Simd, at: usize) -> i32 = lane::<i16>(x, at).into();
    i16x8_extract_lane_u(x: Simd, at: usize) -> i32 = lane::<u16>(x, at).into();
    i32x4_extract_lane(x: Simd, at: usize) -> i32 = lane(x, at);
    i64x2_extract_lane(x: Simd, at: usize) -> i64 = lane(x, at);
    f32x4_extract_lane(x: Simd, at: usize) -> f32 = lane(x, at);
    f64x2_extract_lane(x: Simd, at: usize) -> f64 = lane(x, at);
    i8x16_replace_lane(x: Simd, at: usize, value: i32) -> Simd = with_lane(x, at, value as i8);
    i16x8_replace_lane(x: Simd, at: usize, value: i32) -> Simd = with_lane(x, at, value as i16);
    i32x4_replace_lane(x: Simd, at: usize, value: i32) -> Simd = with_lane(x, at, value);
    i64x2_replace_lane(x: Simd, at: usize, value: i64) -> Simd = with_lane(x, at, value);
    f32x4_replace_lane(x: Simd, at: usize, value: f32) -> Simd = with_lane(x, at, value);
    f64x2_replace_lane(x: Simd, at: usize, value: f64) -> Simd = with_lane(x, at, value);
}

/// The byte with this index, or zero.
#[inline(always)]
fn byte(bytes: &[u8], index: u8) -> u8 {
    bytes.get(usize::from(index)).copied().unwrap_or(0)
}

// Loads: what is read from memory, as the vector it becomes. Half vectors are extended.
meanings! {
    v128_load(x: Simd) -> Simd = x;
    v128_load8x8_s(x: i64) -> Simd = i16x8_extend_low_i8x16_s(v128_load64_zero(x));
    v128_load8x8_u(x: i64) -> Simd = i16x8_extend_low_i8x16_u(v128_load64_zero(x));
    v128_load16x4_s(x: i64) -> Simd = i32x4_extend_low_i16x8_s(v128_load64_zero(x));
    v128_load16x4_u(x: i64) -> Simd = i32x4_extend_low_i16x8_u(v128_load64_zero(x));
    v128_load32x2_s(x: i64) -> Simd = i64x2_extend_low_i32x4_s(v128_load64_zero(x));
    v128_load32x2_u(x: i64) -> Simd = i64x2_extend_low_i32x4_u(v128_load64_zero(x));
    v128_load8_splat(x: i8) -> Simd = splat(x);
    v128_load16_splat(x: i16) -> Simd = splat(x);
    v128_load32_splat(x: i32) -> Simd = splat(x);
    v128_load64_splat(x: i64) -> Simd = splat(x);
    v128_load32_zero(x: i32) -> Simd = Simd::from_words([(x as u32).into(), 0]);
    v128_load64_zero(x: i64) -> Simd = Simd::from_words([x as u64, 0]);
    v128_load8_lane(x: Simd, at: usize, value: i8) -> Simd = with_lane(x, at, value);
    v128_load16_lane(x: Simd, at: usize, value: i16) -> Simd = with_lane(x, at, value);
    v128_load32_lane(x: Simd, at: usize, value: i32) -> Simd = with_lane(x, at, value);
    v128_load64_lane(x: Simd, at: usize, value: i64) -> Simd = with_lane(x, at, value);
}

// Stores: the vector, as what is written to memory.
meanings! {
    v128_store(x: Simd) -> Simd = x;
    v128_store8_lane(x: Simd, at: usize) -> i8 = lane(x, at);
    v128_store16_lane(x: Simd, at: usize) -> i16 = lane(x, at);
    v128_store32_lane(x: Simd, at: usize) -> i32 = lane(x, at);
    v128_store64_lane(x: Simd, at: usize) -> i64 = lane(x, at);
}
