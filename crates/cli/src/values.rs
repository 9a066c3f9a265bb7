//! Values on the command line: arguments for `run --invoke`, by the types of the function's
//! parameters, and its results.

use windlass::{AsContext, HeapType, Ref, Val, ValType};

/// The value of type `ty` that `text` means.
pub(crate) fn parse(text: &str, ty: ValType) -> Result<Val, String> {
    let wrong = || format!("{text:?} is no value of type {ty}");
    match ty {
        ValType::I32 => integer(text, 32).map(|x| Val::I32(x as i32)).ok_or_else(wrong),
        ValType::I64 => integer(text, 64).map(|x| Val::I64(x as i64)).ok_or_else(wrong),
        ValType::F32 => text.parse::<f32>().map(|x| Val::F32(x.to_bits())).map_err(|_| wrong()),
        ValType::F64 => text.parse::<f64>().map(|x| Val::F64(x.to_bits())).map_err(|_| wrong()),
        ValType::V128 => integer(text, 128).map(|x| Val::V128(x.into())).ok_or_else(wrong),
        ValType::Ref(ty) if text == "null" && ty.is_nullable() => {
            Ok(Ref::null(ty.heap_type()).into())
        }
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
        parse(text, ty).map(|value| show(&store, &value))
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
