//! Canonical NaNs: handlers that turn [`Nans`] into the one with the positive sign and only the
//! highest payload bit. The translator puts them behind the instructions that make some
//! ([`nans`](windlass_decode::Op::nans)) if
//! [`Config::canonicalize_nans`](crate::Config::canonicalize_nans) asks for it; nothing else uses
//! them.

use super::numeric::UnOp;
use crate::{
    Trap,
    exec::{
        machine::place::{Kind, named},
        meaning::v128::{Lane, Simd},
    },
};
use windlass_decode::Nans;

const F32_NAN: u32 = 0x7fc0_0000;
const F64_NAN: u64 = 0x7ff8_0000_0000_0000;

/// The type of the value that may have them.
pub(crate) fn kind(nans: Nans) -> Kind {
    match nans {
        Nans::F32 => Kind::F32,
        Nans::F64 => Kind::F64,
        Nans::F32x4 | Nans::F64x2 => Kind::V128,
    }
}

/// The bits of a scalar constant, canonical.
pub(crate) fn fold(nans: Nans, bits: u64) -> u64 {
    match nans {
        Nans::F32 => canonical_f32(f32::from_bits(bits as u32)).to_bits().into(),
        Nans::F64 => canonical_f64(f64::from_bits(bits)).to_bits(),
        Nans::F32x4 | Nans::F64x2 => bits,
    }
}

#[inline(always)]
fn canonical_f32(x: f32) -> f32 {
    if x.is_nan() { f32::from_bits(F32_NAN) } else { x }
}

#[inline(always)]
fn canonical_f64(x: f64) -> f64 {
    if x.is_nan() { f64::from_bits(F64_NAN) } else { x }
}

macro_rules! canonical {
    ($($name:ident $t:ty, |$a:ident| $canonical:expr;)*) => {$(
        pub(crate) struct $name;
        named! { $name; }
        impl UnOp for $name {
            type A = $t;
            type R = $t;
            #[inline(always)]
            fn eval($a: $t) -> Result<$t, Trap> {
                Ok($canonical)
            }
        }
    )*};
}
canonical! {
    F32 f32, |a| canonical_f32(a);
    F64 f64, |a| canonical_f64(a);
    F32x4 Simd, |a| {
        let [w, x, y, z] = f32::lanes(a);
        f32::join([canonical_f32(w), canonical_f32(x), canonical_f32(y), canonical_f32(z)])
    };
    F64x2 Simd, |a| {
        let [x, y] = f64::lanes(a);
        f64::join([canonical_f64(x), canonical_f64(y)])
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nans_get_one_payload_and_numbers_stay() {
        assert_eq!(fold(Nans::F32, 0xffa1_2345), F32_NAN.into());
        assert_eq!(fold(Nans::F64, 0xfff0_0000_0000_0001), F64_NAN);
        assert_eq!(fold(Nans::F64, (-0.0f64).to_bits()), (-0.0f64).to_bits());
        let lanes = [0xffc0_0000, 0x7f80_0000, 0x8000_0000, 0x7f80_0001];
        let vector = F32x4::eval(u32::join(lanes)).map(u32::lanes);
        assert_eq!(vector, Ok([F32_NAN, 0x7f80_0000, 0x8000_0000, F32_NAN]));
        let vector = F64x2::eval(u64::join([u64::MAX, 1])).map(u64::lanes);
        assert_eq!(vector, Ok([F64_NAN, 1]));
    }
}
