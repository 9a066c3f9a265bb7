//! What the numeric instructions mean (3.0, section 4.3): one pure function an instruction, named
//! by its mnemonic. Handlers, constant folding and constant expressions are all made from these.
//! Never any state here.
//!
//! All are inlined: a handler that calls something needs a frame, and then may not end in a jump.
#![forbid(unsafe_code)]
// Bounds of conversions read best as they stand in the specification.
#![allow(clippy::manual_range_contains)]

use crate::Trap;

#[inline(always)]
pub(crate) fn i32_eqz(x: i32) -> bool {
    x == 0
}
#[inline(always)]
pub(crate) fn i32_eq(x: i32, y: i32) -> bool {
    x == y
}
#[inline(always)]
pub(crate) fn i32_ne(x: i32, y: i32) -> bool {
    x != y
}
#[inline(always)]
pub(crate) fn i32_lt_s(x: i32, y: i32) -> bool {
    x < y
}
#[inline(always)]
pub(crate) fn i32_lt_u(x: i32, y: i32) -> bool {
    (x as u32) < (y as u32)
}
#[inline(always)]
pub(crate) fn i32_gt_s(x: i32, y: i32) -> bool {
    x > y
}
#[inline(always)]
pub(crate) fn i32_gt_u(x: i32, y: i32) -> bool {
    (x as u32) > (y as u32)
}
#[inline(always)]
pub(crate) fn i32_le_s(x: i32, y: i32) -> bool {
    x <= y
}
#[inline(always)]
pub(crate) fn i32_le_u(x: i32, y: i32) -> bool {
    (x as u32) <= (y as u32)
}
#[inline(always)]
pub(crate) fn i32_ge_s(x: i32, y: i32) -> bool {
    x >= y
}
#[inline(always)]
pub(crate) fn i32_ge_u(x: i32, y: i32) -> bool {
    (x as u32) >= (y as u32)
}
#[inline(always)]
pub(crate) fn i32_clz(x: i32) -> i32 {
    x.leading_zeros() as i32
}
#[inline(always)]
pub(crate) fn i32_ctz(x: i32) -> i32 {
    x.trailing_zeros() as i32
}
#[inline(always)]
pub(crate) fn i32_popcnt(x: i32) -> i32 {
    x.count_ones() as i32
}
#[inline(always)]
pub(crate) fn i32_add(x: i32, y: i32) -> i32 {
    x.wrapping_add(y)
}
#[inline(always)]
pub(crate) fn i32_sub(x: i32, y: i32) -> i32 {
    x.wrapping_sub(y)
}
#[inline(always)]
pub(crate) fn i32_mul(x: i32, y: i32) -> i32 {
    x.wrapping_mul(y)
}
#[inline(always)]
pub(crate) fn i32_div_s(x: i32, y: i32) -> Result<i32, Trap> {
    if y == 0 {
        return Err(Trap::IntegerDivideByZero);
    }
    if x == i32::MIN && y == -1 {
        return Err(Trap::IntegerOverflow);
    }
    Ok(x.wrapping_div(y))
}
#[inline(always)]
pub(crate) fn i32_div_u(x: i32, y: i32) -> Result<i32, Trap> {
    (x as u32).checked_div(y as u32).map(|q| q as i32).ok_or(Trap::IntegerDivideByZero)
}
#[inline(always)]
pub(crate) fn i32_rem_s(x: i32, y: i32) -> Result<i32, Trap> {
    match y {
        0 => Err(Trap::IntegerDivideByZero),
        -1 => Ok(0),
        y => Ok(x.wrapping_rem(y)),
    }
}
#[inline(always)]
pub(crate) fn i32_rem_u(x: i32, y: i32) -> Result<i32, Trap> {
    (x as u32).checked_rem(y as u32).map(|r| r as i32).ok_or(Trap::IntegerDivideByZero)
}
#[inline(always)]
pub(crate) fn i32_and(x: i32, y: i32) -> i32 {
    x & y
}
#[inline(always)]
pub(crate) fn i32_or(x: i32, y: i32) -> i32 {
    x | y
}
#[inline(always)]
pub(crate) fn i32_xor(x: i32, y: i32) -> i32 {
    x ^ y
}
#[inline(always)]
pub(crate) fn i32_shl(x: i32, y: i32) -> i32 {
    x.wrapping_shl(y as u32)
}
#[inline(always)]
pub(crate) fn i32_shr_s(x: i32, y: i32) -> i32 {
    x.wrapping_shr(y as u32)
}
#[inline(always)]
pub(crate) fn i32_shr_u(x: i32, y: i32) -> i32 {
    (x as u32).wrapping_shr(y as u32) as i32
}
#[inline(always)]
pub(crate) fn i32_rotl(x: i32, y: i32) -> i32 {
    x.rotate_left(y as u32 & 31)
}
#[inline(always)]
pub(crate) fn i32_rotr(x: i32, y: i32) -> i32 {
    x.rotate_right(y as u32 & 31)
}
#[inline(always)]
pub(crate) fn i64_eqz(x: i64) -> bool {
    x == 0
}
#[inline(always)]
pub(crate) fn i64_eq(x: i64, y: i64) -> bool {
    x == y
}
#[inline(always)]
pub(crate) fn i64_ne(x: i64, y: i64) -> bool {
    x != y
}
#[inline(always)]
pub(crate) fn i64_lt_s(x: i64, y: i64) -> bool {
    x < y
}
#[inline(always)]
pub(crate) fn i64_lt_u(x: i64, y: i64) -> bool {
    (x as u64) < (y as u64)
}
#[inline(always)]
pub(crate) fn i64_gt_s(x: i64, y: i64) -> bool {
    x > y
}
#[inline(always)]
pub(crate) fn i64_gt_u(x: i64, y: i64) -> bool {
    (x as u64) > (y as u64)
}
#[inline(always)]
pub(crate) fn i64_le_s(x: i64, y: i64) -> bool {
    x <= y
}
#[inline(always)]
pub(crate) fn i64_le_u(x: i64, y: i64) -> bool {
    (x as u64) <= (y as u64)
}
#[inline(always)]
pub(crate) fn i64_ge_s(x: i64, y: i64) -> bool {
    x >= y
}
#[inline(always)]
pub(crate) fn i64_ge_u(x: i64, y: i64) -> bool {
    (x as u64) >= (y as u64)
}
#[inline(always)]
pub(crate) fn i64_clz(x: i64) -> i64 {
    x.leading_zeros() as i64
}
#[inline(always)]
pub(crate) fn i64_ctz(x: i64) -> i64 {
    x.trailing_zeros() as i64
}
#[inline(always)]
pub(crate) fn i64_popcnt(x: i64) -> i64 {
    x.count_ones() as i64
}
#[inline(always)]
pub(crate) fn i64_add(x: i64, y: i64) -> i64 {
    x.wrapping_add(y)
}
#[inline(always)]
pub(crate) fn i64_sub(x: i64, y: i64) -> i64 {
    x.wrapping_sub(y)
}
#[inline(always)]
pub(crate) fn i64_mul(x: i64, y: i64) -> i64 {
    x.wrapping_mul(y)
}
#[inline(always)]
pub(crate) fn i64_div_s(x: i64, y: i64) -> Result<i64, Trap> {
    if y == 0 {
        return Err(Trap::IntegerDivideByZero);
    }
    if x == i64::MIN && y == -1 {
        return Err(Trap::IntegerOverflow);
    }
    Ok(x.wrapping_div(y))
}
#[inline(always)]
pub(crate) fn i64_div_u(x: i64, y: i64) -> Result<i64, Trap> {
    (x as u64).checked_div(y as u64).map(|q| q as i64).ok_or(Trap::IntegerDivideByZero)
}
#[inline(always)]
pub(crate) fn i64_rem_s(x: i64, y: i64) -> Result<i64, Trap> {
    match y {
        0 => Err(Trap::IntegerDivideByZero),
        -1 => Ok(0),
        y => Ok(x.wrapping_rem(y)),
    }
}
#[inline(always)]
pub(crate) fn i64_rem_u(x: i64, y: i64) -> Result<i64, Trap> {
    (x as u64).checked_rem(y as u64).map(|r| r as i64).ok_or(Trap::IntegerDivideByZero)
}
#[inline(always)]
pub(crate) fn i64_and(x: i64, y: i64) -> i64 {
    x & y
}
#[inline(always)]
pub(crate) fn i64_or(x: i64, y: i64) -> i64 {
    x | y
}
#[inline(always)]
pub(crate) fn i64_xor(x: i64, y: i64) -> i64 {
    x ^ y
}
#[inline(always)]
pub(crate) fn i64_shl(x: i64, y: i64) -> i64 {
    x.wrapping_shl(y as u32)
}
#[inline(always)]
pub(crate) fn i64_shr_s(x: i64, y: i64) -> i64 {
    x.wrapping_shr(y as u32)
}
#[inline(always)]
pub(crate) fn i64_shr_u(x: i64, y: i64) -> i64 {
    (x as u64).wrapping_shr(y as u32) as i64
}
#[inline(always)]
pub(crate) fn i64_rotl(x: i64, y: i64) -> i64 {
    x.rotate_left(y as u32 & 63)
}
#[inline(always)]
pub(crate) fn i64_rotr(x: i64, y: i64) -> i64 {
    x.rotate_right(y as u32 & 63)
}
#[inline(always)]
pub(crate) fn f32_eq(x: f32, y: f32) -> bool {
    x == y
}
#[inline(always)]
pub(crate) fn f32_ne(x: f32, y: f32) -> bool {
    x != y
}
#[inline(always)]
pub(crate) fn f32_lt(x: f32, y: f32) -> bool {
    x < y
}
#[inline(always)]
pub(crate) fn f32_gt(x: f32, y: f32) -> bool {
    x > y
}
#[inline(always)]
pub(crate) fn f32_le(x: f32, y: f32) -> bool {
    x <= y
}
#[inline(always)]
pub(crate) fn f32_ge(x: f32, y: f32) -> bool {
    x >= y
}
#[inline(always)]
pub(crate) fn f32_abs(x: f32) -> f32 {
    x.abs()
}
#[inline(always)]
pub(crate) fn f32_neg(x: f32) -> f32 {
    -x
}
/// Rounds to the nearest integer, ties to even: adding 2^23 leaves no room for a fraction.
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn f32_nearest(x: f32) -> f32 {
    const NO_FRACTION: f32 = 8_388_608.0;
    if x.abs() < NO_FRACTION {
        (x.abs() + NO_FRACTION - NO_FRACTION).copysign(x)
    } else {
        // Too large for a fraction, or NaN. An addition of zero would make that quiet, but
        // compilers drop it.
        if x.is_nan() { f32::from_bits(x.to_bits() | 0x0040_0000) } else { x }
    }
}
#[inline(always)]
pub(crate) fn f32_ceil(x: f32) -> f32 {
    let near = f32_nearest(x);
    (if near < x { near + 1.0 } else { near }).copysign(x)
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn f32_floor(x: f32) -> f32 {
    let near = f32_nearest(x);
    (if near > x { near - 1.0 } else { near }).copysign(x)
}
#[inline(always)]
pub(crate) fn f32_trunc(x: f32) -> f32 {
    f32_floor(x.abs()).copysign(x)
}
#[inline(always)]
pub(crate) fn f32_sqrt(x: f32) -> f32 {
    #[cfg(feature = "std")]
    return x.sqrt();
    #[cfg(not(feature = "std"))]
    return libm::sqrtf(x);
}
#[inline(always)]
pub(crate) fn f32_add(x: f32, y: f32) -> f32 {
    x + y
}
#[inline(always)]
pub(crate) fn f32_sub(x: f32, y: f32) -> f32 {
    x - y
}
#[inline(always)]
pub(crate) fn f32_mul(x: f32, y: f32) -> f32 {
    x * y
}
#[inline(always)]
pub(crate) fn f32_div(x: f32, y: f32) -> f32 {
    x / y
}
#[inline(always)]
pub(crate) fn f32_min(x: f32, y: f32) -> f32 {
    if x < y {
        x
    } else if y < x {
        y
    } else if x == y {
        // Equal but for the sign of zero.
        f32::from_bits(x.to_bits() | y.to_bits())
    } else {
        x + y
    }
}
#[inline(always)]
pub(crate) fn f32_max(x: f32, y: f32) -> f32 {
    if x > y {
        x
    } else if y > x {
        y
    } else if x == y {
        f32::from_bits(x.to_bits() & y.to_bits())
    } else {
        x + y
    }
}
#[inline(always)]
pub(crate) fn f32_copysign(x: f32, y: f32) -> f32 {
    x.copysign(y)
}
#[inline(always)]
pub(crate) fn f64_eq(x: f64, y: f64) -> bool {
    x == y
}
#[inline(always)]
pub(crate) fn f64_ne(x: f64, y: f64) -> bool {
    x != y
}
#[inline(always)]
pub(crate) fn f64_lt(x: f64, y: f64) -> bool {
    x < y
}
#[inline(always)]
pub(crate) fn f64_gt(x: f64, y: f64) -> bool {
    x > y
}
#[inline(always)]
pub(crate) fn f64_le(x: f64, y: f64) -> bool {
    x <= y
}
#[inline(always)]
pub(crate) fn f64_ge(x: f64, y: f64) -> bool {
    x >= y
}
#[inline(always)]
pub(crate) fn f64_abs(x: f64) -> f64 {
    x.abs()
}
#[inline(always)]
pub(crate) fn f64_neg(x: f64) -> f64 {
    -x
}
/// Rounds to the nearest integer, ties to even: adding 2^52 leaves no room for a fraction.
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn f64_nearest(x: f64) -> f64 {
    const NO_FRACTION: f64 = 4_503_599_627_370_496.0;
    if x.abs() < NO_FRACTION {
        (x.abs() + NO_FRACTION - NO_FRACTION).copysign(x)
    } else {
        // Too large for a fraction, or NaN. An addition of zero would make that quiet, but
        // compilers drop it.
        if x.is_nan() { f64::from_bits(x.to_bits() | 0x0008_0000_0000_0000) } else { x }
    }
}
#[inline(always)]
pub(crate) fn f64_ceil(x: f64) -> f64 {
    let near = f64_nearest(x);
    (if near < x { near + 1.0 } else { near }).copysign(x)
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn f64_floor(x: f64) -> f64 {
    let near = f64_nearest(x);
    (if near > x { near - 1.0 } else { near }).copysign(x)
}
#[inline(always)]
pub(crate) fn f64_trunc(x: f64) -> f64 {
    f64_floor(x.abs()).copysign(x)
}
#[inline(always)]
pub(crate) fn f64_sqrt(x: f64) -> f64 {
    #[cfg(feature = "std")]
    return x.sqrt();
    #[cfg(not(feature = "std"))]
    return libm::sqrt(x);
}
#[inline(always)]
pub(crate) fn f64_add(x: f64, y: f64) -> f64 {
    x + y
}
#[inline(always)]
pub(crate) fn f64_sub(x: f64, y: f64) -> f64 {
    x - y
}
#[inline(always)]
pub(crate) fn f64_mul(x: f64, y: f64) -> f64 {
    x * y
}
#[inline(always)]
pub(crate) fn f64_div(x: f64, y: f64) -> f64 {
    x / y
}
#[inline(always)]
pub(crate) fn f64_min(x: f64, y: f64) -> f64 {
    if x < y {
        x
    } else if y < x {
        y
    } else if x == y {
        // Equal but for the sign of zero.
        f64::from_bits(x.to_bits() | y.to_bits())
    } else {
        x + y
    }
}
#[inline(always)]
pub(crate) fn f64_max(x: f64, y: f64) -> f64 {
    if x > y {
        x
    } else if y > x {
        y
    } else if x == y {
        f64::from_bits(x.to_bits() & y.to_bits())
    } else {
        x + y
    }
}
#[inline(always)]
pub(crate) fn f64_copysign(x: f64, y: f64) -> f64 {
    x.copysign(y)
}
#[inline(always)]
pub(crate) fn i32_wrap_i64(x: i64) -> i32 {
    x as i32
}
#[inline(always)]
pub(crate) fn i32_trunc_f32_s(x: f32) -> Result<i32, Trap> {
    if x >= -2_147_483_648.0 && x < 2_147_483_648.0 {
        Ok(x as i32)
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[inline(always)]
pub(crate) fn i32_trunc_sat_f32_s(x: f32) -> i32 {
    x as i32
}
#[inline(always)]
pub(crate) fn i32_trunc_f32_u(x: f32) -> Result<i32, Trap> {
    if x > -1.0 && x < 4_294_967_296.0 {
        Ok(x as u32 as i32)
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[inline(always)]
pub(crate) fn i32_trunc_sat_f32_u(x: f32) -> i32 {
    x as u32 as i32
}
#[inline(always)]
pub(crate) fn i32_trunc_f64_s(x: f64) -> Result<i32, Trap> {
    if x > -2_147_483_649.0 && x < 2_147_483_648.0 {
        Ok(i32_trunc_sat_f64_s(x))
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn i32_trunc_sat_f64_s(x: f64) -> i32 {
    x as i32
}
#[inline(always)]
pub(crate) fn i32_trunc_f64_u(x: f64) -> Result<i32, Trap> {
    if x > -1.0 && x < 4_294_967_296.0 {
        Ok(i32_trunc_sat_f64_u(x))
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn i32_trunc_sat_f64_u(x: f64) -> i32 {
    x as u32 as i32
}
#[inline(always)]
pub(crate) fn i64_trunc_f32_s(x: f32) -> Result<i64, Trap> {
    if x >= -9_223_372_036_854_775_808.0 && x < 9_223_372_036_854_775_808.0 {
        Ok(x as i64)
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[inline(always)]
pub(crate) fn i64_trunc_sat_f32_s(x: f32) -> i64 {
    x as i64
}
#[inline(always)]
pub(crate) fn i64_trunc_f32_u(x: f32) -> Result<i64, Trap> {
    if x > -1.0 && x < 18_446_744_073_709_551_616.0 {
        Ok(x as u64 as i64)
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[inline(always)]
pub(crate) fn i64_trunc_sat_f32_u(x: f32) -> i64 {
    x as u64 as i64
}
#[inline(always)]
pub(crate) fn i64_trunc_f64_s(x: f64) -> Result<i64, Trap> {
    if x >= -9_223_372_036_854_775_808.0 && x < 9_223_372_036_854_775_808.0 {
        Ok(i64_trunc_sat_f64_s(x))
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn i64_trunc_sat_f64_s(x: f64) -> i64 {
    x as i64
}
#[inline(always)]
pub(crate) fn i64_trunc_f64_u(x: f64) -> Result<i64, Trap> {
    if x > -1.0 && x < 18_446_744_073_709_551_616.0 {
        Ok(i64_trunc_sat_f64_u(x))
    } else {
        Err(unrepresentable(x.is_nan()))
    }
}
#[cfg_attr(not(common_bodies), inline(always))]
pub(crate) fn i64_trunc_sat_f64_u(x: f64) -> i64 {
    x as u64 as i64
}
#[inline(always)]
fn unrepresentable(is_nan: bool) -> Trap {
    if is_nan { Trap::InvalidConversionToInteger } else { Trap::IntegerOverflow }
}
#[inline(always)]
pub(crate) fn i64_extend_i32_s(x: i32) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_extend_i32_u(x: i32) -> i64 {
    (x as u32).into()
}
#[inline(always)]
pub(crate) fn f32_convert_i32_s(x: i32) -> f32 {
    x as f32
}
#[inline(always)]
pub(crate) fn f32_convert_i32_u(x: i32) -> f32 {
    x as u32 as f32
}
#[inline(always)]
pub(crate) fn f32_convert_i64_s(x: i64) -> f32 {
    x as f32
}
#[inline(always)]
pub(crate) fn f32_convert_i64_u(x: i64) -> f32 {
    x as u64 as f32
}
#[inline(always)]
pub(crate) fn f64_convert_i32_s(x: i32) -> f64 {
    x as f64
}
#[inline(always)]
pub(crate) fn f64_convert_i32_u(x: i32) -> f64 {
    x as u32 as f64
}
#[inline(always)]
pub(crate) fn f64_convert_i64_s(x: i64) -> f64 {
    x as f64
}
#[inline(always)]
pub(crate) fn f64_convert_i64_u(x: i64) -> f64 {
    x as u64 as f64
}
#[inline(always)]
pub(crate) fn f32_demote_f64(x: f64) -> f32 {
    x as f32
}
#[inline(always)]
pub(crate) fn f64_promote_f32(x: f32) -> f64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i32_reinterpret_f32(x: f32) -> i32 {
    x.to_bits() as i32
}
#[inline(always)]
pub(crate) fn i64_reinterpret_f64(x: f64) -> i64 {
    x.to_bits() as i64
}
#[inline(always)]
pub(crate) fn f32_reinterpret_i32(x: i32) -> f32 {
    f32::from_bits(x as u32)
}
#[inline(always)]
pub(crate) fn f64_reinterpret_i64(x: i64) -> f64 {
    f64::from_bits(x as u64)
}
#[inline(always)]
pub(crate) fn i32_extend8_s(x: i32) -> i32 {
    (x as i8).into()
}
#[inline(always)]
pub(crate) fn i32_extend16_s(x: i32) -> i32 {
    (x as i16).into()
}
#[inline(always)]
pub(crate) fn i64_extend8_s(x: i64) -> i64 {
    (x as i8).into()
}
#[inline(always)]
pub(crate) fn i64_extend16_s(x: i64) -> i64 {
    (x as i16).into()
}
#[inline(always)]
pub(crate) fn i64_extend32_s(x: i64) -> i64 {
    (x as i32).into()
}
#[inline(always)]
pub(crate) fn i64_add128(lo: i64, hi: i64, lo2: i64, hi2: i64) -> (i64, i64) {
    split(join(lo, hi).wrapping_add(join(lo2, hi2)))
}
#[inline(always)]
pub(crate) fn i64_sub128(lo: i64, hi: i64, lo2: i64, hi2: i64) -> (i64, i64) {
    split(join(lo, hi).wrapping_sub(join(lo2, hi2)))
}
#[inline(always)]
pub(crate) fn i64_mul_wide_s(x: i64, y: i64) -> (i64, i64) {
    split((i128::from(x) * i128::from(y)) as u128)
}
#[inline(always)]
pub(crate) fn i64_mul_wide_u(x: i64, y: i64) -> (i64, i64) {
    split(u128::from(x as u64) * u128::from(y as u64))
}
#[inline(always)]
fn join(lo: i64, hi: i64) -> u128 {
    u128::from(hi as u64) << 64 | u128::from(lo as u64)
}
#[inline(always)]
fn split(x: u128) -> (i64, i64) {
    (x as i64, (x >> 64) as i64)
}

// Loads: what is read from memory, as the value it becomes.

#[inline(always)]
pub(crate) fn i32_load(x: i32) -> i32 {
    x
}
#[inline(always)]
pub(crate) fn i64_load(x: i64) -> i64 {
    x
}
#[inline(always)]
pub(crate) fn f32_load(x: f32) -> f32 {
    x
}
#[inline(always)]
pub(crate) fn f64_load(x: f64) -> f64 {
    x
}
#[inline(always)]
pub(crate) fn i32_load8_s(x: i8) -> i32 {
    x.into()
}
#[inline(always)]
pub(crate) fn i32_load8_u(x: u8) -> i32 {
    x.into()
}
#[inline(always)]
pub(crate) fn i32_load16_s(x: i16) -> i32 {
    x.into()
}
#[inline(always)]
pub(crate) fn i32_load16_u(x: u16) -> i32 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load8_s(x: i8) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load8_u(x: u8) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load16_s(x: i16) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load16_u(x: u16) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load32_s(x: i32) -> i64 {
    x.into()
}
#[inline(always)]
pub(crate) fn i64_load32_u(x: u32) -> i64 {
    x.into()
}

// Stores: the value, as what is written to memory.

#[inline(always)]
pub(crate) fn i32_store(x: i32) -> i32 {
    x
}
#[inline(always)]
pub(crate) fn i64_store(x: i64) -> i64 {
    x
}
#[inline(always)]
pub(crate) fn f32_store(x: f32) -> f32 {
    x
}
#[inline(always)]
pub(crate) fn f64_store(x: f64) -> f64 {
    x
}
#[inline(always)]
pub(crate) fn i32_store8(x: i32) -> u8 {
    x as u8
}
#[inline(always)]
pub(crate) fn i32_store16(x: i32) -> u16 {
    x as u16
}
#[inline(always)]
pub(crate) fn i64_store8(x: i64) -> u8 {
    x as u8
}
#[inline(always)]
pub(crate) fn i64_store16(x: i64) -> u16 {
    x as u16
}
#[inline(always)]
pub(crate) fn i64_store32(x: i64) -> u32 {
    x as u32
}
