//! [`Simd`]: a vector as handlers see it, and its lanes. It lies in the CPU's vector register where
//! there is one. It knows no instruction: those are in [`simd`](super::simd).

use core::mem::transmute;

/// What a vector is kept in while code runs.
#[cfg(target_arch = "x86_64")]
pub(crate) type Register = core::arch::x86_64::__m128i;
/// What a vector is kept in while code runs.
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
pub(crate) type Register = core::arch::aarch64::uint8x16_t;
/// What a vector is kept in while code runs.
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
pub(crate) type Register = u128;

/// A vector of 128 bits: its bytes in the order of Wasm's memory, lane 0 first, whatever the host's
/// order.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Simd(Register);

/// As test and debug output shows it: the bytes.
impl core::fmt::Debug for Simd {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.bytes().fmt(f)
    }
}

impl Simd {
    pub(crate) const ZERO: Simd = Simd::from_bytes([0; 16]);

    /// The bytes, lane 0 first.
    #[inline(always)]
    pub(crate) const fn bytes(self) -> [u8; 16] {
        // SAFETY: both are 16 bytes, of which all values are valid.
        unsafe { transmute(self) }
    }

    /// From bytes, lane 0 first.
    #[inline(always)]
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Simd {
        // SAFETY: both are 16 bytes, of which all values are valid.
        unsafe { transmute(bytes) }
    }

    /// What slots and code have: the lower half, the upper half.
    #[inline(always)]
    pub(crate) fn words(self) -> [u64; 2] {
        u64::lanes(self)
    }

    /// From the lower half and the upper half.
    #[inline(always)]
    pub(crate) fn from_words(words: [u64; 2]) -> Simd {
        u64::join(words)
    }

    #[inline(always)]
    pub(crate) const fn register(self) -> Register {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn of(register: Register) -> Simd {
        Simd(register)
    }
}

/// What vectors have lanes of.
pub(crate) trait Lane: Copy + Default {
    /// How many lanes there are.
    const COUNT: usize;
    /// All lanes, lane 0 first.
    type Lanes: Copy + AsRef<[Self]> + AsMut<[Self]>;
    /// Lanes that are zero.
    const ZEROS: Self::Lanes;
    fn lanes(vector: Simd) -> Self::Lanes;
    fn join(lanes: Self::Lanes) -> Simd;
}

macro_rules! lane {
    ($($ty:ident $bits:ident $count:literal;)*) => {$(
        impl Lane for $ty {
            const COUNT: usize = $count;
            type Lanes = [$ty; $count];
            const ZEROS: [$ty; $count] = [0 as $ty; $count];
            #[inline(always)]
            fn lanes(vector: Simd) -> [$ty; $count] {
                // SAFETY: both are 16 bytes, of which all values are valid.
                let lanes: [$ty; $count] = unsafe { transmute(vector) };
                host_order!(lanes, $ty $bits)
            }
            #[inline(always)]
            fn join(lanes: [$ty; $count]) -> Simd {
                let lanes = host_order!(lanes, $ty $bits);
                // SAFETY: both are 16 bytes, of which all values are valid.
                unsafe { transmute(lanes) }
            }
        }
    )*};
}
#[cfg(target_endian = "little")]
macro_rules! host_order {
    ($lanes:ident, $ty:ident $bits:ident) => {
        $lanes
    };
}
#[cfg(target_endian = "big")]
macro_rules! host_order {
    ($lanes:ident, f32 $bits:ident) => {
        $lanes.map(|lane| f32::from_bits(lane.to_bits().swap_bytes()))
    };
    ($lanes:ident, f64 $bits:ident) => {
        $lanes.map(|lane| f64::from_bits(lane.to_bits().swap_bytes()))
    };
    ($lanes:ident, $ty:ident $bits:ident) => {
        $lanes.map($ty::swap_bytes)
    };
}
lane! {
    i8 u8 16;
    u8 u8 16;
    i16 u16 8;
    u16 u16 8;
    i32 u32 4;
    u32 u32 4;
    i64 u64 2;
    u64 u64 2;
    f32 u32 4;
    f64 u64 2;
}

/// The vector whose lane `i` is `f(i)`, for the lowest `count` lanes; zeros in the others. All
/// loops over lanes are here: iterators are not always inlined at opt-level s, and then a handler
/// has locals in memory and does not end in a jump.
#[inline(always)]
fn from_lanes<R: Lane>(count: usize, f: impl Fn(usize) -> R) -> Simd {
    let mut lanes = R::ZEROS;
    let mut i = 0;
    while i < count && i < R::COUNT {
        lanes.as_mut()[i] = f(i);
        i += 1;
    }
    R::join(lanes)
}

/// Applies a function to each lane. The result has as many lanes or, if it has more, zeros in the
/// others; if fewer, they are those of the lowest operands.
#[inline(always)]
pub(crate) fn map<A: Lane, R: Lane>(x: Simd, f: impl Fn(A) -> R) -> Simd {
    let x = A::lanes(x);
    from_lanes(A::COUNT, |i| f(x.as_ref()[i]))
}

/// Applies a function to the upper half of the lanes, where the result has half as many.
#[inline(always)]
pub(crate) fn map_high<A: Lane, R: Lane>(x: Simd, f: impl Fn(A) -> R) -> Simd {
    let x = A::lanes(x);
    from_lanes(A::COUNT / 2, |i| f(x.as_ref()[A::COUNT / 2 + i]))
}

/// Applies a function to each pair of lanes at the same place; if the result has fewer, to the
/// lowest.
#[inline(always)]
pub(crate) fn zip<A: Lane, B: Lane, R: Lane>(x: Simd, y: Simd, f: impl Fn(A, B) -> R) -> Simd {
    let (x, y) = (A::lanes(x), B::lanes(y));
    from_lanes(A::COUNT, |i| f(x.as_ref()[i], y.as_ref()[i]))
}

/// As [`zip`], of the upper half of the lanes.
#[inline(always)]
pub(crate) fn zip_high<A: Lane, R: Lane>(x: Simd, y: Simd, f: impl Fn(A, A) -> R) -> Simd {
    let (x, y) = (A::lanes(x), A::lanes(y));
    let high = |i| A::COUNT / 2 + i;
    from_lanes(A::COUNT / 2, |i| f(x.as_ref()[high(i)], y.as_ref()[high(i)]))
}

/// Applies a function to the three lanes at each place.
#[inline(always)]
pub(crate) fn zip3<A: Lane>(x: Simd, y: Simd, z: Simd, f: impl Fn(A, A, A) -> A) -> Simd {
    let (x, y, z) = (A::lanes(x), A::lanes(y), A::lanes(z));
    from_lanes(A::COUNT, |i| f(x.as_ref()[i], y.as_ref()[i], z.as_ref()[i]))
}

/// Applies a function to each two neighbours, where the result has half as many lanes.
#[inline(always)]
pub(crate) fn pairs<A: Lane, R: Lane>(x: Simd, f: impl Fn(A, A) -> R) -> Simd {
    let x = A::lanes(x);
    from_lanes(A::COUNT / 2, |i| f(x.as_ref()[2 * i], x.as_ref()[2 * i + 1]))
}

/// Applies a function to each two neighbours of two vectors, where the result has half as many
/// lanes.
#[inline(always)]
pub(crate) fn zip_pairs<A: Lane, R: Lane>(
    x: Simd,
    y: Simd,
    f: impl Fn([A; 2], [A; 2]) -> R,
) -> Simd {
    let (x, y) = (A::lanes(x), A::lanes(y));
    from_lanes(A::COUNT / 2, |i| {
        let (x, y) = (x.as_ref(), y.as_ref());
        f([x[2 * i], x[2 * i + 1]], [y[2 * i], y[2 * i + 1]])
    })
}

/// Applies a function to each lane of two vectors, where the result has twice as many lanes: the
/// first vector's, then the second's.
#[inline(always)]
pub(crate) fn chain<A: Lane, R: Lane>(x: Simd, y: Simd, f: impl Fn(A) -> R) -> Simd {
    let (x, y) = (A::lanes(x), A::lanes(y));
    from_lanes(2 * A::COUNT, |i| {
        f(if i < A::COUNT { x.as_ref()[i] } else { y.as_ref()[i - A::COUNT] })
    })
}

/// A vector with this in every lane.
#[inline(always)]
pub(crate) fn splat<A: Lane>(x: A) -> Simd {
    from_lanes(A::COUNT, |_| x)
}

/// A lane; its number is taken modulo how many there are.
#[inline(always)]
pub(crate) fn lane<A: Lane>(x: Simd, lane: usize) -> A {
    A::lanes(x).as_ref()[lane % A::COUNT]
}

/// The vector with a lane replaced; its number is taken modulo how many there are.
#[inline(always)]
pub(crate) fn with_lane<A: Lane>(x: Simd, lane: usize, value: A) -> Simd {
    let mut lanes = A::lanes(x);
    lanes.as_mut()[lane % A::COUNT] = value;
    A::join(lanes)
}
