//! Values on the command line: arguments for `run --invoke`, by the types of the function's parameters, and its
//! results.

use windlass::{HeapType, Val, ValType};

/// The value of type `ty` that `text` means.
pub(crate) fn parse(text: &str, ty: ValType) -> Result<Val, String> {
    let wrong = || format!("{text:?} is no value of type {ty}");
    match ty {
        ValType::I32 => integer(text, 32).map(|x| Val::I32(x as i32)).ok_or_else(wrong),
        ValType::I64 => integer(text, 64).map(|x| Val::I64(x as i64)).ok_or_else(wrong),
        ValType::F32 => text.parse::<f32>().map(|x| Val::F32(x.to_bits())).map_err(|_| wrong()),
        ValType::F64 => text.parse::<f64>().map(|x| Val::F64(x.to_bits())).map_err(|_| wrong()),
        ValType::V128 => integer(text, 128).map(|x| Val::V128(x.into())).ok_or_else(wrong),
        ValType::Ref(ty) if text == "null" && ty.is_nullable() => match ty.heap_type() {
            HeapType::Func | HeapType::NoFunc => Ok(Val::FuncRef(None)),
            HeapType::Extern | HeapType::NoExtern => Ok(Val::ExternRef(None)),
            _ => Err(format!("a value of type {ty} can't be given on the command line")),
        },
        ValType::Ref(_) => Err(format!("{wrong}: only null can be given", wrong = wrong())),
    }
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
pub(crate) fn show(value: &Val) -> String {
    match value {
        Val::I32(x) => x.to_string(),
        Val::I64(x) => x.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(x) => format!("{:#034x}", x.as_u128()),
        Val::FuncRef(None) | Val::ExternRef(None) => "null".into(),
        Val::FuncRef(Some(_)) => "<function>".into(),
        Val::ExternRef(Some(_)) => "<host value>".into(),
        _ => "<reference>".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str, ty: ValType) -> Result<String, String> {
        parse(text, ty).map(|value| show(&value))
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

    #[test]
    fn floats_vectors_references() {
        assert_eq!(round("1.5", ValType::F64).unwrap(), "1.5");
        assert_eq!(round("-inf", ValType::F32).unwrap(), "-inf");
        assert_eq!(round("nan", ValType::F64).unwrap(), "NaN");
        assert_eq!(round("16", ValType::V128).unwrap(), "0x00000000000000000000000000000010");
        assert_eq!(round("null", ValType::EXTERNREF).unwrap(), "null");
        assert!(round("1", ValType::FUNCREF).is_err());
    }
}
