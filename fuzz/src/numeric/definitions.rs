//! What numeric instructions compute, a second time: integers by wide integers and one bit after
//! the other, floats by software (`rustc_apfloat`) and integers. After the specification's text,
//! and slow.

use rustc_apfloat::{
    Float, FloatConvert, Round, Status,
    ieee::{Double, Single},
};
use windlass::Trap;

/// What an instruction must do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Defined {
    Bits(u64),
    /// Any NaN whose highest bit of the payload is set.
    NanF32,
    NanF64,
    Trap(Trap),
}

use Defined::{Bits, NanF32, NanF64};

/// What the instruction of this name, which has no vectors, must do with these operands.
///
/// # Panics
/// If there is no definition for it.
pub(super) fn scalar(name: &str, args: &[u64]) -> Defined {
    let (ty, op) = name.split_once('.').expect("names have a type");
    match ty {
        "i32" => integer(32, op, args),
        "i64" => integer(64, op, args),
        "f32" => float::<Single>(32, op, args),
        "f64" => float::<Double>(64, op, args),
        _ => panic!("{name}: no second definition"),
    }
}

/// The value of the low bits as a signed number.
pub(super) fn signed(width: u32, bits: u64) -> i128 {
    let bits = i128::from(bits) & ((1 << width) - 1);
    if bits >> (width - 1) == 1 { bits - (1 << width) } else { bits }
}

pub(super) fn unsigned(width: u32, bits: u64) -> i128 {
    i128::from(bits) & ((1 << width) - 1)
}

/// A number of any size, in so many bits.
pub(super) fn wrap(width: u32, number: i128) -> Defined {
    let bits = number & ((1 << width) - 1);
    Bits(u64::try_from(bits).expect("it has at most 64 bits"))
}

pub(super) fn truth(is_so: bool) -> Defined {
    Bits(is_so.into())
}

pub(super) fn integer(width: u32, op: &str, args: &[u64]) -> Defined {
    if let Some(result) = to_integer(width, op, args[0]) {
        return result;
    }
    let [a, b] = [args[0], args.get(1).copied().unwrap_or(0)];
    let (x, y) = (signed(width, a), signed(width, b));
    let (u, v) = (unsigned(width, a), unsigned(width, b));
    let bit = |n: u32| u >> n & 1;
    // How far it is shifted.
    let by = u32::try_from(v % i128::from(width)).expect("it is small");
    let from_bits =
        |at: &dyn Fn(u32) -> i128| wrap(width, (0..width).fold(0, |sum, n| sum | at(n) << n));
    match op {
        "eqz" => truth(u == 0),
        "eq" => truth(u == v),
        "ne" => truth(u != v),
        "lt_s" => truth(x < y),
        "lt_u" => truth(u < v),
        "gt_s" => truth(x > y),
        "gt_u" => truth(u > v),
        "le_s" => truth(x <= y),
        "le_u" => truth(u <= v),
        "ge_s" => truth(x >= y),
        "ge_u" => truth(u >= v),
        "clz" => wrap(width, (0..width).rev().take_while(|n| bit(*n) == 0).count() as i128),
        "ctz" => wrap(width, (0..width).take_while(|n| bit(*n) == 0).count() as i128),
        "popcnt" => wrap(width, (0..width).map(bit).sum()),
        "add" => wrap(width, x + y),
        "sub" => wrap(width, x - y),
        "mul" => wrap(width, x * y),
        "div_s" | "div_u" | "rem_s" | "rem_u" if v == 0 => Defined::Trap(Trap::IntegerDivideByZero),
        "div_s" if x / y == 1 << (width - 1) => Defined::Trap(Trap::IntegerOverflow),
        "div_s" => wrap(width, x / y),
        "div_u" => wrap(width, u / v),
        "rem_s" => wrap(width, x % y),
        "rem_u" => wrap(width, u % v),
        "and" => from_bits(&|n| bit(n) * (v >> n & 1)),
        "or" => from_bits(&|n| (bit(n) + (v >> n & 1)).min(1)),
        "xor" => from_bits(&|n| (bit(n) + (v >> n & 1)) % 2),
        "shl" => wrap(width, u << by),
        "shr_s" => wrap(width, x.div_euclid(1 << by)),
        "shr_u" => wrap(width, u / (1 << by)),
        "rotl" => from_bits(&|n| bit((n + width - by) % width)),
        "rotr" => from_bits(&|n| bit((n + by) % width)),
        "extend8_s" => wrap(width, signed(8, a)),
        "extend16_s" => wrap(width, signed(16, a)),
        "extend32_s" => wrap(width, signed(32, a)),
        _ => panic!("i{width}.{op}: no second definition"),
    }
}

/// Conversions to integers; none if it is something else.
fn to_integer(width: u32, op: &str, a: u64) -> Option<Defined> {
    Some(match op {
        "wrap_i64" => wrap(32, i128::from(a)),
        "extend_i32_s" => wrap(64, signed(32, a)),
        "extend_i32_u" => wrap(64, unsigned(32, a)),
        "reinterpret_f32" | "reinterpret_f64" => wrap(width, i128::from(a)),
        _ => {
            let rest = op.strip_prefix("trunc_")?;
            let (saturates, rest) = match rest.strip_prefix("sat_") {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            match rest {
                "f32_s" => truncated(width, saturates, true, Single::from_bits(a.into())),
                "f32_u" => truncated(width, saturates, false, Single::from_bits(a.into())),
                "f64_s" => truncated(width, saturates, true, Double::from_bits(a.into())),
                "f64_u" => truncated(width, saturates, false, Double::from_bits(a.into())),
                _ => return None,
            }
        }
    })
}

fn truncated<F: Float>(width: u32, saturates: bool, is_signed: bool, float: F) -> Defined {
    if float.is_nan() {
        return match saturates {
            true => Bits(0),
            false => Defined::Trap(Trap::InvalidConversionToInteger),
        };
    }
    let mut is_exact = false;
    let width_in_bits = width as usize;
    let (number, status) = match is_signed {
        true => {
            let result = float.to_i128_r(width_in_bits, Round::TowardZero, &mut is_exact);
            (result.value, result.status)
        }
        false => {
            let result = float.to_u128_r(width_in_bits, Round::TowardZero, &mut is_exact);
            (result.value.cast_signed(), result.status)
        }
    };
    // Where it does not fit, the number is the nearest that does.
    match status.contains(Status::INVALID_OP) && !saturates {
        true => Defined::Trap(Trap::IntegerOverflow),
        false => wrap(width, number),
    }
}

fn float<F>(width: u32, op: &str, args: &[u64]) -> Defined
where
    F: Float + FloatConvert<Single> + FloatConvert<Double>,
    Single: FloatConvert<F>,
    Double: FloatConvert<F>,
{
    let of = |float: F| match float.is_nan() {
        true if width == 32 => NanF32,
        true => NanF64,
        false => Bits(u64::try_from(float.to_bits()).expect("it has at most 64 bits")),
    };
    if let Some(result) = to_float::<F>(op, args[0]) {
        return of(result);
    }
    let [a, b] = [args[0], args.get(1).copied().unwrap_or(0)];
    let (x, y) = (F::from_bits(a.into()), F::from_bits(b.into()));
    let sign = 1_u64 << (width - 1);
    match op {
        "reinterpret_i32" | "reinterpret_i64" => Bits(a),
        "eq" => truth(x == y),
        "ne" => truth(x != y),
        "lt" => truth(x < y),
        "gt" => truth(x > y),
        "le" => truth(x <= y),
        "ge" => truth(x >= y),
        // These are about bits, of NaNs, too.
        "abs" => Bits(a & !sign),
        "neg" => Bits(a ^ sign),
        "copysign" => Bits(a & !sign | b & sign),
        "ceil" => of(x.round_to_integral(Round::TowardPositive).value),
        "floor" => of(x.round_to_integral(Round::TowardNegative).value),
        "trunc" => of(x.round_to_integral(Round::TowardZero).value),
        "nearest" => of(x.round_to_integral(Round::NearestTiesToEven).value),
        "add" => of((x + y).value),
        "sub" => of((x - y).value),
        "mul" => of((x * y).value),
        "div" => of((x / y).value),
        "min" | "max" if x.is_nan() || y.is_nan() => of(F::NAN),
        "min" => Bits(if order(width, a) <= order(width, b) { a } else { b }),
        "max" => Bits(if order(width, a) >= order(width, b) { a } else { b }),
        "sqrt" if x.is_nan() || (x.is_negative() && !x.is_zero()) => of(F::NAN),
        "sqrt" if x.is_zero() || x.is_infinite() => Bits(a),
        "sqrt" => Bits(root(width, a)),
        _ => panic!("f{width}.{op}: no second definition"),
    }
}

/// Where a float that is no NaN stands among all: -0 before 0.
fn order(width: u32, bits: u64) -> i128 {
    let magnitude = i128::from(bits & !(1 << (width - 1)));
    if bits >> (width - 1) & 1 == 1 { -magnitude - 1 } else { magnitude }
}

/// Conversions to floats; none if it is something else.
fn to_float<F: Float>(op: &str, a: u64) -> Option<F>
where
    Single: FloatConvert<F>,
    Double: FloatConvert<F>,
{
    let nearest = Round::NearestTiesToEven;
    Some(match op {
        "convert_i32_s" => F::from_i128_r(signed(32, a), nearest).value,
        "convert_i32_u" => F::from_i128_r(unsigned(32, a), nearest).value,
        "convert_i64_s" => F::from_i128_r(signed(64, a), nearest).value,
        "convert_i64_u" => F::from_i128_r(unsigned(64, a), nearest).value,
        "demote_f64" => Double::from_bits(a.into()).convert_r(nearest, &mut false).value,
        "promote_f32" => Single::from_bits(a.into()).convert_r(nearest, &mut false).value,
        _ => return None,
    })
}

/// The square root of a positive, finite float: of an integer large enough that its root has two
/// bits more than fit, rounded to nearest. A root is never exactly between two floats.
fn root(width: u32, bits: u64) -> u64 {
    let mantissa: u32 = if width == 32 { 23 } else { 52 };
    let bias = (1_i64 << (width - 2 - mantissa)) - 1;
    let exponent = i64::try_from(bits >> mantissa).expect("it is small");
    let fraction = u128::from(bits & ((1 << mantissa) - 1));
    // It is `number` times 2 to the `power`.
    let (mut number, mut power) = match exponent {
        0 => (fraction, 1 - bias - i64::from(mantissa)),
        _ => (fraction | 1 << mantissa, exponent - bias - i64::from(mantissa)),
    };
    // An even power, and a root of more bits than the mantissa and its rounding need.
    while number < 1 << (2 * mantissa + 6) || power % 2 != 0 {
        number <<= 1;
        power -= 1;
    }
    let whole = number.isqrt();
    let rest = u128::from(whole * whole != number);
    // The root's highest bit stands for 2 to the `top`: normal, since roots are never tiny.
    let len = 128 - whole.leading_zeros();
    let top = power / 2 + i64::from(len) - 1;
    let extra = len - (mantissa + 1);
    let (kept, cut) = (whole >> extra, (whole & ((1 << extra) - 1)) << 1 | rest);
    let half = 1 << extra;
    let rounded = kept + u128::from(cut > half || (cut == half && kept & 1 == 1));
    // A carry goes over into the exponent, as it should.
    let biased = u128::try_from(top + bias).expect("it is normal");
    let result = (biased << mantissa) + (rounded - (1 << mantissa));
    u64::try_from(result).expect("it has at most 64 bits")
}
