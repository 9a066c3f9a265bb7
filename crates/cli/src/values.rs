//! Values on the command line: arguments for `run --invoke`, by the types of the function's
//! parameters, and its results.

use std::ffi::OsStr;
use windlass::{AsContext, HeapType, Instance, Module, Ref, Store, Val, ValType};

/// The value of type `ty` that an argument means; or what would be one.
pub(crate) fn parse(arg: &OsStr, ty: ValType) -> Result<Val, String> {
    let value = arg.to_str().and_then(|text| match ty {
        ValType::I32 => integer(text, 32).map(|x| Val::I32(x as i32)),
        ValType::I64 => integer(text, 64).map(|x| Val::I64(x as i64)),
        ValType::F32 => {
            text.parse::<f32>().map(|x| Val::F32(x.to_bits())).ok().or_else(|| constant(text, ty))
        }
        ValType::F64 => {
            text.parse::<f64>().map(|x| Val::F64(x.to_bits())).ok().or_else(|| constant(text, ty))
        }
        ValType::V128 => integer(text, 128).map(|x| Val::V128(x.into())).or_else(|| vector(text)),
        ValType::Ref(ty) if text == "null" && ty.is_nullable() => {
            Some(Ref::null(ty.heap_type()).into())
        }
        ValType::Ref(_) => None,
    });
    value.ok_or_else(|| format!("{arg:?} is no value of type {ty}: {}", wanted(ty)))
}

/// What is accepted.
fn wanted(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => {
            "a whole number is wanted from -2147483648 to 4294967295, as in 42, -1 or 0xff"
        }
        ValType::I64 => {
            "a whole number is wanted from -9223372036854775808 to 18446744073709551615, as in 42, \
             -1 or 0xff"
        }
        ValType::F32 | ValType::F64 => {
            "a number is wanted, as in 2.5, -1e9, 0x1p3, inf, nan or nan:0x123"
        }
        ValType::V128 => "lanes are wanted or all bits, as in i32x4:1,2,3,4 or 0xff",
        ValType::Ref(ty) if ty.is_nullable() => "only null can be given",
        ValType::Ref(_) => "none can be given on a command line",
    }
}

/// Lanes behind their shape.
fn vector(text: &str) -> Option<Val> {
    let (shape, lanes) = text.split_once(':')?;
    constant(&format!("{shape} {}", lanes.replace(',', " ")), ValType::V128)
}

/// What the text format has for a constant: all forms of numbers, rounded as they are there.
fn constant(text: &str, ty: ValType) -> Option<Val> {
    // Nothing but numbers, and names of shapes: not what ends a constant or begins another thing.
    let is_of_number = |c: char| c.is_ascii_alphanumeric() || "+-._: ".contains(c);
    if !text.chars().all(is_of_number) {
        return None;
    }
    let module = format!("(module (global (export \"\") {ty} ({ty}.const {text})))");
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), module).ok()?;
    let instance = Instance::new(&mut store, &module, &[]).ok()?;
    let global = instance.get_global(&mut store, "")?;
    Some(global.get(&mut store))
}

/// An integer of `bits` bits, signed or unsigned, decimal or hexadecimal, as two's complement.
fn integer(text: &str, bits: u32) -> Option<u128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let digits = digits.replace('_', "");
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u128::from_str_radix(hex, 16).ok()?,
        Some(_) => return None,
        None => digits.parse::<u128>().ok()?,
    };
    let largest = u128::MAX >> (128 - bits);
    match negative {
        false => (magnitude <= largest).then_some(magnitude),
        true => (magnitude <= largest / 2 + 1).then(|| magnitude.wrapping_neg()),
    }
}

/// The value, for people: what `parse` understands, as far as that is possible.
pub(crate) fn show(store: impl AsContext, value: &Val) -> String {
    if let Some(reference) = value.as_ref() {
        return show_reference(store, reference);
    }
    match value {
        Val::I32(x) => x.to_string(),
        Val::I64(x) => x.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(x) => format!("{:#034x}", x.as_u128()),
        other => format!("{other:?}"),
    }
}

fn show_reference(store: impl AsContext, reference: Ref) -> String {
    if reference.is_null() {
        return "null".into();
    }
    if let Ref::Any(Some(value)) = reference
        && let Ok(Some(number)) = value.as_i31(&store)
    {
        return format!("<i31 {number}>");
    }
    match reference.ty(&store) {
        Ok(ty) => format!("<{}>", kind(ty.heap_type())),
        Err(error) => format!("<{error}>"),
    }
}

fn kind(ty: HeapType) -> &'static str {
    match ty {
        HeapType::ConcreteStruct(_) => "structure",
        HeapType::ConcreteArray(_) => "array",
        _ => match ty.top() {
            HeapType::Func => "function",
            HeapType::Exn => "exception",
            _ => "host value",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass::{AnyRef, ExternRef, I31};

    fn round(text: &str, ty: ValType) -> Result<String, String> {
        let store = windlass::Store::<()>::default();
        parse(text.as_ref(), ty).map(|value| show(&store, &value))
    }

    #[test]
    fn integers() {
        assert_eq!(round("-1", ValType::I32).unwrap(), "-1");
        assert_eq!(round("4294967295", ValType::I32).unwrap(), "-1");
        assert_eq!(round("0x7fff_ffff", ValType::I32).unwrap(), "2147483647");
        assert_eq!(round("-2147483648", ValType::I32).unwrap(), "-2147483648");
        assert_eq!(round("-9223372036854775808", ValType::I64).unwrap(), "-9223372036854775808");
        for bad in ["", "-", "x", "4294967296", "-2147483649", "--1", "+1", "0x", "0x+1", "1.5"] {
            assert!(round(bad, ValType::I32).is_err(), "{bad}");
        }
    }

    /// What Rust has no text for, the text format has.
    #[test]
    fn constants_of_the_text_format() {
        for (text, ty, shown) in [
            ("0x1p3", ValType::F64, "8"),
            ("-0x1.8p-1", ValType::F32, "-0.75"),
            ("1_000.5", ValType::F64, "1000.5"),
            ("i32x4:1,2,3,-4", ValType::V128, "0xfffffffc000000030000000200000001"),
            ("f64x2:0x1p1,nan:0x8000000000001", ValType::V128, {
                "0x7ff80000000000014000000000000000"
            }),
        ] {
            assert_eq!(round(text, ty).as_deref(), Ok(shown), "{text}");
        }
        let nan = parse("-nan:0x200001".as_ref(), ValType::F32).map(|value| value.f32());
        assert_eq!(nan.unwrap().map(f32::to_bits), Some(0xffa0_0001));
        for bad in ["1 2", "1) (f64.const 2", "0x", ";; 1", "nan:canonical", "i32x4:1", ""] {
            let wrong = format!(
                "{bad:?} is no value of type f64: a number is wanted, as in 2.5, -1e9, 0x1p3, inf, \
                 nan or nan:0x123"
            );
            assert_eq!(round(bad, ValType::F64), Err(wrong));
        }
        for bad in ["i32x4:1,2,3", "i32x5:1", "x", "f32x4 1 2 3 4", ":1"] {
            assert!(round(bad, ValType::V128).is_err(), "{bad}");
        }
    }

    #[test]
    fn floats_vectors_references() {
        assert_eq!(round("1.5", ValType::F64).unwrap(), "1.5");
        assert_eq!(round("-inf", ValType::F32).unwrap(), "-inf");
        assert_eq!(round("nan", ValType::F64).unwrap(), "NaN");
        assert_eq!(round("16", ValType::V128).unwrap(), "0x00000000000000000000000000000010");
        assert_eq!(round("null", ValType::EXTERNREF).unwrap(), "null");
        assert_eq!(round("null", ValType::STRUCTREF).unwrap(), "null");
        assert!(round("1", ValType::FUNCREF).is_err());
        let mut store = windlass::Store::<()>::default();
        let number = AnyRef::from_i31(&mut store, I31::wrapping_i32(-5));
        assert_eq!(show(&store, &number.into()), "<i31 -5>");
        let host = ExternRef::new(&mut store, 7).unwrap();
        assert_eq!(show(&store, &host.into()), "<host value>");
        let func = windlass::Func::wrap(&mut store, || ());
        assert_eq!(show(&store, &func.into()), "<function>");
    }
}
