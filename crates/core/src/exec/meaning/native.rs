//! The vector instructions for which the CPU has better instructions than the compiler makes of
//! [`simd`]: `baseline` is for every CPU of the architecture, `fast` for those with AVX2 and what
//! came with it. All functions of `simd` are in both; tests hold the ones here against those.
//!
//! Called by handlers only: those of `fast` by handlers that the translator picks where [`is_fast`]
//! (I8).

use super::simd;
#[cfg(target_arch = "x86_64")]
use super::v128::Simd;

/// Whether some CPU that the build is for has what `fast` needs.
pub(crate) const CAN_BE_FAST: bool =
    cfg!(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")));

/// Whether the CPU has what `fast` needs.
#[cfg(all(target_arch = "x86_64", feature = "std"))]
pub(crate) fn is_fast() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("lzcnt")
        && std::arch::is_x86_feature_detected!("popcnt")
}
/// Whether the CPU has what `fast` needs: known only when compiled.
#[cfg(not(all(target_arch = "x86_64", feature = "std")))]
pub(crate) fn is_fast() -> bool {
    cfg!(all(
        target_arch = "x86_64",
        target_feature = "avx2",
        target_feature = "bmi1",
        target_feature = "bmi2",
        target_feature = "lzcnt",
        target_feature = "popcnt"
    ))
}

/// Calls what computes an instruction, for every CPU (`baseline`), or for those with more (`fast`).
macro_rules! on {
    (baseline $name:ident($($x:ident),*)) => {
        $crate::exec::meaning::native::baseline::$name($($x),*)
    };
    (fast $name:ident($($x:ident),*)) => {{
        #[allow(unused_unsafe)]
        // SAFETY: I8: whoever names `fast` has asked `is_fast`: handlers are made by `run_fast`.
        unsafe { $crate::exec::meaning::native::fast::$name($($x),*) }
    }};
}
pub(crate) use on;

/// A function of CPU instructions a row: unsafe where not every CPU of the architecture has them.
#[cfg(target_arch = "x86_64")]
macro_rules! natives {
    (baseline: $($name:ident($($x:ident),*) -> $r:ty = $body:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name($($x: Simd),*) -> $r {
            #[allow(unused_unsafe)]
            // SAFETY: SSE2 is there on every CPU of the architecture.
            unsafe {
                $(let $x = $x.register();)*
                $body
            }
        }
    )*};
    (fast: $($name:ident($($x:ident),*) -> $r:ty = $body:expr;)*) => {$(
        /// # Safety
        /// I8: the CPU has what [`is_fast`](crate::exec::meaning::native::is_fast) asks for.
        #[inline(always)]
        pub(crate) unsafe fn $name($($x: Simd),*) -> $r {
            // SAFETY: the caller's promise.
            unsafe {
                $(let $x = $x.register();)*
                $body
            }
        }
    )*};
}

/// For every CPU of the architecture.
pub(crate) mod baseline {
    pub(crate) use super::simd::*;
    #[cfg(target_arch = "x86_64")]
    pub(crate) use super::sse2::{
        i8x16_bitmask, i8x16_narrow_i16x8_s, i8x16_narrow_i16x8_u, i16x8_bitmask,
        i16x8_narrow_i32x4_s, i32x4_bitmask, i32x4_dot_i16x8_s, i32x4_relaxed_trunc_f32x4_s,
        i32x4_trunc_sat_f32x4_s, i64x2_bitmask, v128_load8x8_s, v128_load8x8_u, v128_load16x4_s,
        v128_load16x4_u, v128_load32x2_s, v128_load32x2_u,
    };
}

/// For CPUs with more.
pub(crate) mod fast {
    #[cfg(target_arch = "x86_64")]
    pub(crate) use super::avx2::{
        f32x4_ceil, f32x4_floor, f32x4_nearest, f32x4_trunc, f64x2_ceil, f64x2_floor,
        f64x2_nearest, f64x2_trunc, i8x16_relaxed_swizzle, i8x16_shuffle, i8x16_swizzle,
        i16x8_extadd_pairwise_i8x16_s, i16x8_extadd_pairwise_i8x16_u, i16x8_narrow_i32x4_u,
        i16x8_q15mulr_sat_s, i16x8_relaxed_q15mulr_s, i32x4_extadd_pairwise_i16x8_s,
    };
    pub(crate) use super::baseline::*;
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use super::Simd;
    use core::arch::x86_64::*;

    natives! { baseline:
        i8x16_bitmask(x) -> i32 = _mm_movemask_epi8(x);
        i16x8_bitmask(x) -> i32 = _mm_movemask_epi8(_mm_packs_epi16(x, _mm_setzero_si128()));
        i32x4_bitmask(x) -> i32 = _mm_movemask_ps(_mm_castsi128_ps(x));
        i64x2_bitmask(x) -> i32 = _mm_movemask_pd(_mm_castsi128_pd(x));
        i8x16_narrow_i16x8_s(x, y) -> Simd = Simd::of(_mm_packs_epi16(x, y));
        i8x16_narrow_i16x8_u(x, y) -> Simd = Simd::of(_mm_packus_epi16(x, y));
        i16x8_narrow_i32x4_s(x, y) -> Simd = Simd::of(_mm_packs_epi32(x, y));
        i32x4_dot_i16x8_s(x, y) -> Simd = Simd::of(_mm_madd_epi16(x, y));
        i32x4_trunc_sat_f32x4_s(x) -> Simd = trunc_sat(x);
        i32x4_relaxed_trunc_f32x4_s(x) -> Simd = trunc_sat(x);
    }

    /// Half a vector from memory, each lane made wider: of the meaning, the compiler makes one lane
    /// after the other.
    macro_rules! extended {
        ($($name:ident |$x:ident| $wide:expr;)*) => {$(
            #[inline(always)]
            pub(crate) fn $name(x: i64) -> Simd {
                // SAFETY: SSE2 is there on every CPU of the architecture.
                unsafe {
                    let $x = _mm_cvtsi64_si128(x);
                    Simd::of($wide)
                }
            }
        )*};
    }
    extended! {
        v128_load8x8_s |x| _mm_srai_epi16::<8>(_mm_unpacklo_epi8(x, x));
        v128_load8x8_u |x| _mm_unpacklo_epi8(x, _mm_setzero_si128());
        v128_load16x4_s |x| _mm_srai_epi32::<16>(_mm_unpacklo_epi16(x, x));
        v128_load16x4_u |x| _mm_unpacklo_epi16(x, _mm_setzero_si128());
        v128_load32x2_s |x| _mm_unpacklo_epi32(x, _mm_srai_epi32::<31>(x));
        v128_load32x2_u |x| _mm_unpacklo_epi32(x, _mm_setzero_si128());
    }

    /// The CPU makes 0x80000000 of all that does not fit: right for what is too small; NaN is made
    /// zero before, and what is too large is made 0x7fffffff after.
    #[inline]
    fn trunc_sat(x: __m128i) -> Simd {
        // SAFETY: SSE2 is there on every CPU of the architecture.
        unsafe {
            let x = _mm_castsi128_ps(x);
            let x = _mm_and_ps(x, _mm_cmpord_ps(x, x));
            let too_large = _mm_cmpge_ps(x, _mm_set1_ps(2_147_483_648.0));
            let truncated = _mm_cvttps_epi32(x);
            Simd::of(_mm_xor_si128(truncated, _mm_castps_si128(too_large)))
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Simd;
    use core::arch::x86_64::*;

    /// Rounds each lane.
    macro_rules! round {
        ($x:ident, f32 $mode:ident) => {
            Simd::of(_mm_castps_si128(_mm_round_ps::<{ $mode | _MM_FROUND_NO_EXC }>(
                _mm_castsi128_ps($x),
            )))
        };
        ($x:ident, f64 $mode:ident) => {
            Simd::of(_mm_castpd_si128(_mm_round_pd::<{ $mode | _MM_FROUND_NO_EXC }>(
                _mm_castsi128_pd($x),
            )))
        };
    }

    natives! { fast:
        // An index above 15 gets its highest bit set: the CPU makes these zero.
        i8x16_swizzle(x, indices) -> Simd =
            Simd::of(_mm_shuffle_epi8(x, _mm_adds_epu8(indices, _mm_set1_epi8(0x70))));
        i8x16_relaxed_swizzle(x, indices) -> Simd =
            Simd::of(_mm_shuffle_epi8(x, _mm_adds_epu8(indices, _mm_set1_epi8(0x70))));
        // The same for each of the two: from the second come the lanes from 16 on.
        i8x16_shuffle(x, y, lanes) -> Simd = Simd::of(_mm_or_si128(
            _mm_shuffle_epi8(x, _mm_adds_epu8(lanes, _mm_set1_epi8(0x70))),
            _mm_shuffle_epi8(y, _mm_sub_epi8(lanes, _mm_set1_epi8(16))),
        ));
        f32x4_ceil(x) -> Simd = round!(x, f32 _MM_FROUND_TO_POS_INF);
        f32x4_floor(x) -> Simd = round!(x, f32 _MM_FROUND_TO_NEG_INF);
        f32x4_trunc(x) -> Simd = round!(x, f32 _MM_FROUND_TO_ZERO);
        f32x4_nearest(x) -> Simd = round!(x, f32 _MM_FROUND_TO_NEAREST_INT);
        f64x2_ceil(x) -> Simd = round!(x, f64 _MM_FROUND_TO_POS_INF);
        f64x2_floor(x) -> Simd = round!(x, f64 _MM_FROUND_TO_NEG_INF);
        f64x2_trunc(x) -> Simd = round!(x, f64 _MM_FROUND_TO_ZERO);
        f64x2_nearest(x) -> Simd = round!(x, f64 _MM_FROUND_TO_NEAREST_INT);
        i16x8_narrow_i32x4_u(x, y) -> Simd = Simd::of(_mm_packus_epi32(x, y));
        i16x8_extadd_pairwise_i8x16_s(x) -> Simd = Simd::of(_mm_maddubs_epi16(_mm_set1_epi8(1), x));
        i16x8_extadd_pairwise_i8x16_u(x) -> Simd = Simd::of(_mm_maddubs_epi16(x, _mm_set1_epi8(1)));
        i32x4_extadd_pairwise_i16x8_s(x) -> Simd = Simd::of(_mm_madd_epi16(x, _mm_set1_epi16(1)));
        i16x8_q15mulr_sat_s(x, y) -> Simd = q15mulr(x, y);
        i16x8_relaxed_q15mulr_s(x, y) -> Simd = q15mulr(x, y);
    }

    /// The CPU's instruction does not saturate: 0x8000 comes from one product only, and becomes
    /// 0x7fff.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn q15mulr(x: __m128i, y: __m128i) -> Simd {
        let product = _mm_mulhrs_epi16(x, y);
        let overflow = _mm_cmpeq_epi16(product, _mm_set1_epi16(i16::MIN));
        Simd::of(_mm_xor_si128(product, overflow))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_fast, simd};
    use crate::exec::meaning::v128::Simd;
    use alloc::vec::Vec;
    use windlass_decode::for_each_op;

    /// Vectors that are likely to tell instructions apart: random bits, small lanes, extremes,
    /// special floats.
    fn vectors() -> Vec<Simd> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut vectors: Vec<Simd> = Vec::new();
        for lanes in
            [0x8000_0000_8000_0000, 0x7fff_ffff_7fff_ffff, 0x8000_8000_8000_8000, 0, !0_u64]
        {
            vectors.push(Simd::from_words([lanes; 2]));
        }
        for bits in [0x7f80_0001_ff80_0000_u64, 0x7fc0_0000_8000_0000, 0x3f00_0000_bfc0_0000] {
            vectors.push(Simd::from_words([bits, bits.rotate_left(32)]));
        }
        for value in
            [f64::NAN, f64::INFINITY, -0.0, 0.5, -1.5, 4_503_599_627_370_497.5, 1e300, -0.3]
        {
            vectors.push(Simd::from_words([value.to_bits(), (-value).to_bits()]));
        }
        for value in [0.5_f32, 1.5, -2.5, 8_388_609.0, 0.49999997, -0.2] {
            let bits = u64::from(value.to_bits());
            vectors.push(Simd::from_words([bits << 32 | bits, bits]));
        }
        for _ in 0..60 {
            vectors.push(Simd::from_words([random(), random()]));
            let small = 0x1f1f_1f1f_1f1f_1f1f;
            vectors.push(Simd::from_words([random() & small, random() & small]));
        }
        vectors
    }

    /// Holds an instruction of one shape against its meaning, for all pairs of vectors.
    macro_rules! check {
        (v_un $cpu:ident $name:ident) => {
            for x in vectors() {
                let (found, wanted) = (on!($cpu $name(x)), simd::$name(x));
                assert_eq!(found.bytes(), wanted.bytes(), "{} {x:?}", stringify!($name));
            }
        };
        (v_test $cpu:ident $name:ident) => {
            for x in vectors() {
                assert_eq!(on!($cpu $name(x)), simd::$name(x), "{} {x:?}", stringify!($name));
            }
        };
        (v_bin $cpu:ident $name:ident) => {
            for x in vectors() {
                for y in vectors() {
                    let (found, wanted) = (on!($cpu $name(x, y)), simd::$name(x, y));
                    assert_eq!(found.bytes(), wanted.bytes(), "{} {x:?} {y:?}", stringify!($name));
                }
            }
        };
        (v_shuffle $cpu:ident $name:ident) => {
            for lanes in vectors() {
                let lanes = Simd::from_bytes(lanes.bytes().map(|lane| lane & 31));
                for x in vectors() {
                    let y = simd::v128_not(x);
                    let (found, wanted) = (on!($cpu $name(x, y, lanes)), simd::$name(x, y, lanes));
                    assert_eq!(found.bytes(), wanted.bytes(), "{x:?} {lanes:?}");
                }
            }
        };
        ($other:ident $cpu:ident $name:ident) => {};
    }

    macro_rules! define {
        ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident
           $shape:ident [$($a:ident)*] [$($r:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
            /// With the instructions of every CPU.
            #[test]
            fn baseline_is_what_the_instructions_mean() {
                $(check!($shape baseline $name);)*
            }

            /// With those of this one, if it has them.
            #[test]
            fn fast_is_what_the_instructions_mean() {
                if is_fast() {
                    $(check!($shape fast $name);)*
                }
            }
        };
    }
    for_each_op!(define);

    /// Half vectors that are made wider.
    #[test]
    fn extending_loads_are_what_the_instructions_mean() {
        let halves = vectors().into_iter().flat_map(Simd::words).map(u64::cast_signed);
        for x in halves {
            macro_rules! hold {
                ($($load:ident)*) => {$(
                    assert_eq!(super::baseline::$load(x).bytes(), simd::$load(x).bytes(), "{x:#x}");
                )*};
            }
            hold!(v128_load8x8_s v128_load8x8_u v128_load16x4_s v128_load16x4_u);
            hold!(v128_load32x2_s v128_load32x2_u);
        }
    }
}
