//! [`Value`]: a value as it lies in registers, slots and code.

use super::Machine;
use crate::exec::meaning::v128::Simd;

/// A value as it lies in registers, slots and code.
pub(crate) trait Value: Copy {
    /// How many operand words of its own a constant takes where it can do without.
    const WORDS: usize;
    /// Whether it is an `i32`.
    #[cfg(common_bodies)]
    const IS_I32: bool = false;
    /// Reads it from a slot, a global or code.
    ///
    /// # Safety
    /// `at` is one, or the first of the two of a vector.
    unsafe fn read(at: *const u64) -> Self;
    /// Writes it to a slot or a global.
    ///
    /// # Safety
    /// As for `read`.
    unsafe fn write(self, at: *mut u64);
    /// From the 32-bit constant of a cell.
    fn from_k(k: i32) -> Self;
    fn acc(m: &Machine) -> Self;
    fn p0(m: &Machine) -> Self;
    fn p1(m: &Machine) -> Self;
    fn set_acc(self, m: &mut Machine);
    fn set_p0(self, m: &mut Machine);
    fn set_p1(self, m: &mut Machine);
}

/// A value that takes one slot.
pub(crate) trait Scalar: Value {
    fn from_bits(bits: u64) -> Self;
    fn to_bits(self) -> u64;
}

macro_rules! value {
    ($ty:ty, $words:literal, $is_i32:literal, $acc:ident, $p0:ident, $p1:ident, $reg:ty,
     |$b:ident| $from:expr, |$v:ident| $to:expr, |$k:ident| $const:expr,
     |$r:ident| $from_reg:expr, |$w:ident| $to_reg:expr) => {
        impl Scalar for $ty {
            #[inline(always)]
            fn from_bits($b: u64) -> $ty {
                $from
            }
            #[inline(always)]
            fn to_bits(self) -> u64 {
                let $v = self;
                $to
            }
        }
        impl Value for $ty {
            const WORDS: usize = $words;
            #[cfg(common_bodies)]
            const IS_I32: bool = $is_i32;
            #[inline(always)]
            unsafe fn read(at: *const u64) -> $ty {
                // SAFETY: the caller's promise.
                Scalar::from_bits(unsafe { *at })
            }
            #[inline(always)]
            unsafe fn write(self, at: *mut u64) {
                // SAFETY: the caller's promise.
                unsafe { *at = Scalar::to_bits(self) }
            }
            #[inline(always)]
            fn from_k($k: i32) -> $ty {
                $const
            }
            #[inline(always)]
            fn acc(m: &Machine) -> $ty {
                let $r = m.$acc;
                $from_reg
            }
            #[inline(always)]
            fn p0(m: &Machine) -> $ty {
                let $r = m.$p0;
                $from_reg
            }
            #[inline(always)]
            fn p1(m: &Machine) -> $ty {
                let $r = m.$p1;
                $from_reg
            }
            #[inline(always)]
            fn set_acc(self, m: &mut Machine) {
                let $w = self;
                m.$acc = $to_reg;
            }
            #[inline(always)]
            fn set_p0(self, m: &mut Machine) {
                let $w = self;
                m.$p0 = $to_reg;
            }
            #[inline(always)]
            fn set_p1(self, m: &mut Machine) {
                let $w = self;
                m.$p1 = $to_reg;
            }
        }
    };
}

value!(
    i32,
    0,
    true,
    acc,
    p0,
    p1,
    u64,
    |b| b as i32,
    |v| v as u32 as u64,
    |k| k,
    |r| r as i32,
    |w| w as u32 as u64
);
value!(
    i64,
    1,
    false,
    acc,
    p0,
    p1,
    u64,
    |b| b as i64,
    |v| v as u64,
    |k| k.into(),
    |r| r as i64,
    |w| w as u64
);
value!(
    f32,
    0,
    false,
    f32_acc,
    f32_p0,
    f32_p1,
    f32,
    |b| f32::from_bits(b as u32),
    |v| u64::from(f32::to_bits(v)),
    |k| f32::from_bits(k as u32),
    |r| r,
    |w| w
);

value!(
    f64,
    1,
    false,
    f64_acc,
    f64_p0,
    f64_p1,
    f64,
    |b| f64::from_bits(b),
    |v| f64::to_bits(v),
    |k| f64::from(k),
    |r| r,
    |w| w
);

/// A vector: two slots. The translator pins none, and has its constants in words.
impl Value for Simd {
    const WORDS: usize = 2;
    #[inline(always)]
    unsafe fn read(at: *const u64) -> Simd {
        // SAFETY: the caller's promise.
        Simd::from_words(unsafe { at.cast::<[u64; 2]>().read() })
    }
    #[inline(always)]
    unsafe fn write(self, at: *mut u64) {
        // SAFETY: the caller's promise.
        unsafe { at.cast::<[u64; 2]>().write(self.words()) }
    }
    fn from_k(_: i32) -> Simd {
        unreachable!("a vector is no 32-bit constant")
    }
    #[inline(always)]
    fn acc(m: &Machine) -> Simd {
        Simd::of(m.v_acc)
    }
    fn p0(_: &Machine) -> Simd {
        unreachable!("no vector is pinned")
    }
    fn p1(_: &Machine) -> Simd {
        unreachable!("no vector is pinned")
    }
    #[inline(always)]
    fn set_acc(self, m: &mut Machine) {
        m.v_acc = self.register();
    }
    fn set_p0(self, _: &mut Machine) {
        unreachable!("no vector is pinned")
    }
    fn set_p1(self, _: &mut Machine) {
        unreachable!("no vector is pinned")
    }
}
