//! Values in scripts: arguments, and the patterns that results are compared with.

use crate::reference;
use std::fmt::Debug;
use wast::{
    WastArg, WastRet,
    core::{NanPattern, V128Pattern, WastArgCore, WastRetCore},
};
use windlass::{Store, Val};

/// The argument as a value of the store.
pub(crate) fn argument(store: &mut Store<()>, arg: &WastArg<'_>) -> Result<Val, String> {
    let WastArg::Core(arg) = arg else { return Err("the argument is of no core type".into()) };
    Ok(match arg {
        WastArgCore::I32(x) => Val::I32(*x),
        WastArgCore::I64(x) => Val::I64(*x),
        WastArgCore::F32(x) => Val::F32(x.bits),
        WastArgCore::F64(x) => Val::F64(x.bits),
        WastArgCore::V128(x) => Val::V128(u128::from_le_bytes(x.to_le_bytes()).into()),
        WastArgCore::RefNull(heap) => reference::null(heap)?.into(),
        WastArgCore::RefExtern(x) => reference::host(store, *x)?.into(),
        WastArgCore::RefHost(x) => reference::internal(store, *x)?.into(),
    })
}

/// Whether a result is what the script expects.
pub(crate) fn matches(store: &mut Store<()>, actual: &Val, expected: &WastRet<'_>) -> bool {
    match expected {
        WastRet::Core(expected) => matches_core(store, actual, expected),
        _ => false,
    }
}

fn matches_core(store: &mut Store<()>, actual: &Val, expected: &WastRetCore<'_>) -> bool {
    match (expected, actual) {
        (WastRetCore::Either(choices), _) => {
            choices.iter().any(|choice| matches_core(store, actual, choice))
        }
        (WastRetCore::I32(e), Val::I32(a)) => e == a,
        (WastRetCore::I64(e), Val::I64(a)) => e == a,
        (WastRetCore::F32(e), Val::F32(a)) => matches_f32(*a, e),
        (WastRetCore::F64(e), Val::F64(a)) => matches_f64(*a, e),
        (WastRetCore::V128(e), Val::V128(a)) => matches_v128(a.as_u128(), e),
        _ => match actual.as_ref() {
            Some(actual) => reference::matches(store, actual, expected),
            None => false,
        },
    }
}

const F32_QUIET: u32 = 0x7fc0_0000;
const F64_QUIET: u64 = 0x7ff8_0000_0000_0000;

/// A canonical NaN is the quiet one without payload; an arithmetic one is any quiet one. Signs are
/// free.
fn matches_f32(actual: u32, expected: &NanPattern<wast::token::F32>) -> bool {
    match expected {
        NanPattern::CanonicalNan => actual & 0x7fff_ffff == F32_QUIET,
        NanPattern::ArithmeticNan => actual & F32_QUIET == F32_QUIET,
        NanPattern::Value(expected) => actual == expected.bits,
    }
}

fn matches_f64(actual: u64, expected: &NanPattern<wast::token::F64>) -> bool {
    match expected {
        NanPattern::CanonicalNan => actual & (u64::MAX >> 1) == F64_QUIET,
        NanPattern::ArithmeticNan => actual & F64_QUIET == F64_QUIET,
        NanPattern::Value(expected) => actual == expected.bits,
    }
}

/// Lane by lane; lane 0 is in the lowest bits.
fn matches_v128(actual: u128, expected: &V128Pattern) -> bool {
    fn lanes<T>(expected: &[T], mut matches: impl FnMut(usize, &T) -> bool) -> bool {
        expected.iter().enumerate().all(|(index, lane)| matches(index, lane))
    }
    match expected {
        V128Pattern::I8x16(e) => lanes(e, |i, e| (actual >> (8 * i)) as i8 == *e),
        V128Pattern::I16x8(e) => lanes(e, |i, e| (actual >> (16 * i)) as i16 == *e),
        V128Pattern::I32x4(e) => lanes(e, |i, e| (actual >> (32 * i)) as i32 == *e),
        V128Pattern::I64x2(e) => lanes(e, |i, e| (actual >> (64 * i)) as i64 == *e),
        V128Pattern::F32x4(e) => lanes(e, |i, e| matches_f32((actual >> (32 * i)) as u32, e)),
        V128Pattern::F64x2(e) => lanes(e, |i, e| matches_f64((actual >> (64 * i)) as u64, e)),
    }
}

/// Values, for people.
pub(crate) fn show_all(store: &Store<()>, values: &[Val]) -> String {
    join(values.iter().map(|value| show(store, value)))
}

/// Patterns, for people.
pub(crate) fn show_patterns(patterns: &[WastRet<'_>]) -> String {
    join(patterns.iter().map(|pattern| match pattern {
        WastRet::Core(pattern) => show_pattern(pattern),
        other => format!("{other:?}"),
    }))
}

fn join(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "nothing".into() } else { items.join(", ") }
}

fn show(store: &Store<()>, value: &Val) -> String {
    match value {
        Val::I32(x) => format!("i32 {x}"),
        Val::I64(x) => format!("i64 {x}"),
        Val::F32(bits) => show_f32(*bits),
        Val::F64(bits) => show_f64(*bits),
        Val::V128(x) => format!("v128 {:#034x}", x.as_u128()),
        other => match other.as_ref() {
            Some(reference) => reference::show(store, reference),
            None => format!("{other:?}"),
        },
    }
}

fn show_f32(bits: u32) -> String {
    format!("f32 {:?} ({bits:#010x})", f32::from_bits(bits))
}

fn show_f64(bits: u64) -> String {
    format!("f64 {:?} ({bits:#018x})", f64::from_bits(bits))
}

fn show_pattern(pattern: &WastRetCore<'_>) -> String {
    match pattern {
        WastRetCore::I32(x) => format!("i32 {x}"),
        WastRetCore::I64(x) => format!("i64 {x}"),
        WastRetCore::F32(NanPattern::Value(x)) => show_f32(x.bits),
        WastRetCore::F64(NanPattern::Value(x)) => show_f64(x.bits),
        WastRetCore::F32(nan) => format!("f32 {}", show_nan(nan)),
        WastRetCore::F64(nan) => format!("f64 {}", show_nan(nan)),
        WastRetCore::V128(lanes) => format!("v128 {}", show_lanes(lanes)),
        WastRetCore::Either(choices) => {
            let choices: Vec<String> = choices.iter().map(show_pattern).collect();
            choices.join(" or ")
        }
        WastRetCore::RefExtern(Some(number)) => format!("ref.extern {number}"),
        other => format!("{other:?}"),
    }
}

/// A set of NaNs in the words of scripts; a number as itself.
fn show_nan<T: Debug>(pattern: &NanPattern<T>) -> String {
    match pattern {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(number) => format!("{number:?}"),
    }
}

/// A vector as scripts write it.
fn show_lanes(pattern: &V128Pattern) -> String {
    fn lanes<T>(shape: &str, lanes: &[T], show: impl Fn(&T) -> String) -> String {
        let lanes: Vec<String> = lanes.iter().map(show).collect();
        format!("{shape} {}", lanes.join(" "))
    }
    match pattern {
        V128Pattern::I8x16(e) => lanes("i8x16", e, ToString::to_string),
        V128Pattern::I16x8(e) => lanes("i16x8", e, ToString::to_string),
        V128Pattern::I32x4(e) => lanes("i32x4", e, ToString::to_string),
        V128Pattern::I64x2(e) => lanes("i64x2", e, ToString::to_string),
        V128Pattern::F32x4(e) => lanes("f32x4", e, |lane| match lane {
            NanPattern::Value(number) => f32::from_bits(number.bits).to_string(),
            nan => show_nan(nan),
        }),
        V128Pattern::F64x2(e) => lanes("f64x2", e, |lane| match lane {
            NanPattern::Value(number) => f64::from_bits(number.bits).to_string(),
            nan => show_nan(nan),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wast::parser::{self, ParseBuffer};
    use windlass::{AnyRef, Func, I31};

    fn pattern_matches(actual: Val, pattern: &str) -> bool {
        let mut store = Store::new(&windlass::Engine::default(), ());
        let buffer = ParseBuffer::new(pattern).unwrap();
        let pattern = parser::parse::<WastRetCore<'_>>(&buffer).unwrap();
        matches_core(&mut store, &actual, &pattern)
    }

    #[test]
    fn numbers() {
        assert!(pattern_matches(Val::I32(-1), "i32.const 0xffff_ffff"));
        assert!(!pattern_matches(Val::I64(-1), "i32.const -1"));
        assert!(!pattern_matches(Val::F32((-0f32).to_bits()), "f32.const 0"));
        assert!(pattern_matches(Val::I32(2), "either (i32.const 1) (i32.const 2)"));
        assert!(!pattern_matches(Val::I32(3), "either (i32.const 1) (i32.const 2)"));
    }

    #[test]
    fn nans() {
        for (bits, canonical, arithmetic) in [
            (0x7fc0_0000u32, true, true),
            (0xffc0_0000, true, true),
            (0x7fc0_0001, false, true),
            (0x7fa0_0000, false, false),
            (0x3f80_0000, false, false),
        ] {
            assert_eq!(pattern_matches(Val::F32(bits), "f32.const nan:canonical"), canonical);
            assert_eq!(pattern_matches(Val::F32(bits), "f32.const nan:arithmetic"), arithmetic);
        }
        for (bits, canonical, arithmetic) in [
            (0x7ff8_0000_0000_0000u64, true, true),
            (0xfff8_0000_0000_0000, true, true),
            (0x7ff8_0000_0000_0001, false, true),
            (0x7ff4_0000_0000_0000, false, false),
        ] {
            assert_eq!(pattern_matches(Val::F64(bits), "f64.const nan:canonical"), canonical);
            assert_eq!(pattern_matches(Val::F64(bits), "f64.const nan:arithmetic"), arithmetic);
        }
    }

    #[test]
    fn vectors() {
        let value = Val::V128(0x7fc0_0000_0000_0003_0000_0002_0000_0001u128.into());
        assert!(pattern_matches(value, "v128.const i32x4 1 2 3 0x7fc00000"));
        assert!(pattern_matches(
            value,
            "v128.const f32x4 0x1p-149 0x1p-148 0x3p-149 nan:canonical"
        ));
        assert!(pattern_matches(value, "v128.const i16x8 1 0 2 0 3 0 0 0x7fc0"));
        assert!(!pattern_matches(value, "v128.const i64x2 1 2"));
    }

    #[test]
    fn references() {
        assert!(pattern_matches(Val::FuncRef(None), "ref.null"));
        assert!(pattern_matches(Val::FuncRef(None), "ref.null func"));
        assert!(!pattern_matches(Val::FuncRef(None), "ref.null extern"));
        assert!(pattern_matches(Val::ExternRef(None), "ref.null extern"));
        assert!(!pattern_matches(Val::ExternRef(None), "ref.extern 1"));
        assert!(!pattern_matches(Val::FuncRef(None), "ref.func"));
        assert!(pattern_matches(Val::AnyRef(None), "ref.null none"));
        assert!(!pattern_matches(Val::AnyRef(None), "ref.null exn"));
        assert!(pattern_matches(Val::ExnRef(None), "ref.null exn"));
        assert!(!pattern_matches(Val::AnyRef(None), "ref.any"));
    }

    #[test]
    fn references_that_are_not_null() {
        let mut store = Store::new(&windlass::Engine::default(), ());
        let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(7));
        let host = reference::host(&mut store, 7).unwrap();
        let internal = reference::internal(&mut store, 7).unwrap();
        let func = Func::wrap(&mut store, || ());
        let mut is = |value: Val, pattern: &str| {
            let buffer = ParseBuffer::new(pattern).unwrap();
            let pattern = parser::parse::<WastRetCore<'_>>(&buffer).unwrap();
            matches_core(&mut store, &value, &pattern)
        };
        for (pattern, expected) in [
            ("ref.i31", [true, false, false, false]),
            ("ref.eq", [true, false, false, false]),
            ("ref.any", [true, false, true, false]),
            ("ref.struct", [false, false, false, false]),
            ("ref.array", [false, false, false, false]),
            ("ref.extern", [false, true, false, false]),
            ("ref.extern 7", [false, true, false, false]),
            ("ref.extern 8", [false, false, false, false]),
            ("ref.host 7", [false, false, true, false]),
            ("ref.host 8", [false, false, false, false]),
            ("ref.func", [false, false, false, true]),
            ("ref.null", [false, false, false, false]),
            ("either (ref.i31) (ref.func)", [true, false, false, true]),
        ] {
            let values = [number.into(), host.into(), internal.into(), func.into()];
            assert_eq!(values.map(|value| is(value, pattern)), expected, "{pattern}");
        }
    }
}
