//! Handlers of `memory.copy` and `memory.fill` that are done at once if they are small. In the same
//! cell they leave to the driver what is large, or out of bounds: it checks, pays and does all of
//! it. They must never do a part.

use crate::exec::{
    machine::{Machine, context::Stop, dispatch::Step},
    meaning::v128::Simd,
};
use core::array::from_fn;

/// The most bytes that are moved at once.
pub(crate) const MOST: u32 = 128;
/// The most where fuel is counted: what these cost is in the operator's price.
pub(crate) const MOST_FUELED: u32 = 63;

/// Copies up to `MOST` bytes within memory 0. Operands as of
/// [`Slow`](super::call::Slow).
pub(crate) struct SmallCopy<const MOST: u32>;
impl<const MOST: u32> Step for SmallCopy<MOST> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; both ranges are in the memory.
        unsafe {
            let [to, from, len] = operands(m);
            let base = small::<MOST>(m, to.max(from), len)?;
            let (from, to) = (base.add(from as usize), base.add(to as usize));
            match len as usize {
                0 => {}
                1 => to.write(from.read()),
                len @ 2..4 => move_ends::<u16, 1>(from, to, len),
                len @ 4..8 => move_ends::<u32, 1>(from, to, len),
                len @ 8..16 => move_ends::<u64, 1>(from, to, len),
                len @ 16..=32 => move_ends::<Simd, 1>(from, to, len),
                len @ 33..=64 => move_ends::<Simd, 2>(from, to, len),
                len => move_ends::<Simd, 4>(from, to, len),
            }
            m.advance(2);
        }
        Ok(())
    }
}

/// Fills up to `MOST` bytes of memory 0. Operands as of [`Slow`](super::call::Slow).
pub(crate) struct SmallFill<const MOST: u32>;
impl<const MOST: u32> Step for SmallFill<MOST> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the range is in the memory.
        unsafe {
            let [to, value, len] = operands(m);
            let to = small::<MOST>(m, to, len)?.add(to as usize);
            let eight = (value & 0xff) * 0x0101_0101_0101_0101;
            let sixteen = Simd::from_words([eight; 2]);
            match len as usize {
                0 => {}
                1 => to.write(eight as u8),
                len @ 2..4 => fill_ends::<u16, 1>(eight as u16, to, len),
                len @ 4..8 => fill_ends::<u32, 1>(eight as u32, to, len),
                len @ 8..16 => fill_ends::<u64, 1>(eight, to, len),
                len @ 16..=32 => fill_ends::<Simd, 1>(sixteen, to, len),
                len @ 33..=64 => fill_ends::<Simd, 2>(sixteen, to, len),
                len => fill_ends::<Simd, 4>(sixteen, to, len),
            }
            m.advance(2);
        }
        Ok(())
    }
}

/// The three operands.
///
/// # Safety
/// I1, I2.
#[inline(always)]
unsafe fn operands(m: &Machine) -> [u64; 3] {
    // SAFETY: the caller's promise; all three are `i32`.
    unsafe {
        let first = m.field(1);
        [0, 1, 2].map(|index| u64::from(m.slot(first + index) as u32))
    }
}

/// Where memory 0 begins, if so many bytes from `at` on are in it and are few.
///
/// # Safety
/// I4.
#[inline(always)]
unsafe fn small<const MOST: u32>(m: &mut Machine, at: u64, len: u64) -> Result<*mut u8, Stop> {
    // SAFETY: the caller's promise.
    let memory = unsafe { &m.cx().memory };
    // Where a byte may begin is how many there are.
    if len > MOST.into() || at + len > memory.ends[0] as u64 {
        return Err(Stop::Slow);
    }
    Ok(memory.base)
}

/// Moves `len` bytes, as `N` values from each end. All are read before one is written, so ranges
/// may overlap.
///
/// # Safety
/// So many bytes can be read and written, and no value is larger than that.
#[inline(always)]
unsafe fn move_ends<T: Copy, const N: usize>(from: *const u8, to: *mut u8, len: usize) {
    let last = len - N * size_of::<T>();
    // SAFETY: the caller's promise.
    unsafe {
        let read = |at: usize| from.add(at).cast::<T>().read_unaligned();
        let low: [T; N] = from_fn(|i| read(i * size_of::<T>()));
        let high: [T; N] = from_fn(|i| read(last + i * size_of::<T>()));
        for (i, (low, high)) in low.into_iter().zip(high).enumerate() {
            to.add(i * size_of::<T>()).cast::<T>().write_unaligned(low);
            to.add(last + i * size_of::<T>()).cast::<T>().write_unaligned(high);
        }
    }
}

/// Sets `len` bytes, as `N` values from each end.
///
/// # Safety
/// So many bytes can be written, and no value is larger than that.
#[inline(always)]
unsafe fn fill_ends<T: Copy, const N: usize>(value: T, to: *mut u8, len: usize) {
    let last = len - N * size_of::<T>();
    for at in from_fn::<usize, N, _>(|i| i * size_of::<T>()) {
        // SAFETY: the caller's promise.
        unsafe {
            to.add(at).cast::<T>().write_unaligned(value);
            to.add(last + at).cast::<T>().write_unaligned(value);
        }
    }
}
