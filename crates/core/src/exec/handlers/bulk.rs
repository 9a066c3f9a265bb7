//! Handlers of `memory.copy` and `memory.fill` that are done at once if they are small. In the same
//! cell they leave to the driver what is large, out of bounds, or more than the fuel that code has
//! suffices for: it checks, pays and does all of it. They must never do a part.

use super::control::Meter;
use crate::{
    costs,
    exec::{
        machine::{Machine, Name, context::Stop, dispatch::Step, place::name},
        meaning::v128::Simd,
    },
};
use core::marker::PhantomData;

/// The most bytes that are moved at once.
pub(crate) const MOST: u32 = 128;

/// Copies up to [`MOST`] bytes within memory 0. Operands as of [`Slow`](super::call::Slow).
pub(crate) struct SmallCopy<M>(PhantomData<M>);
impl<M: Meter> Step for SmallCopy<M> {
    const NAME: Option<Name> = name!(SmallCopy, M);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; both ranges are in the memory.
        unsafe {
            let [to, from, len] = operands(m);
            let base = small::<M>(m, to.max(from), len)?;
            let (from, to) = (base.add(from as usize), base.add(to as usize));
            match len as usize {
                0 => {}
                1 => to.write(from.read()),
                len @ 2..4 => move_two::<u16>(from, to, len),
                len @ 4..8 => move_two::<u32>(from, to, len),
                len @ 8..16 => move_two::<u64>(from, to, len),
                len @ 16..=32 => move_two::<Simd>(from, to, len),
                len @ 33..=64 => move_four(from, to, len),
                len => move_eight(from, to, len),
            }
            m.advance(2);
        }
        Ok(())
    }
}

/// Fills up to [`MOST`] bytes of memory 0. Operands as of [`Slow`](super::call::Slow).
pub(crate) struct SmallFill<M>(PhantomData<M>);
impl<M: Meter> Step for SmallFill<M> {
    const NAME: Option<Name> = name!(SmallFill, M);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the range is in the memory.
        unsafe {
            let [to, value, len] = operands(m);
            let to = small::<M>(m, to, len)?.add(to as usize);
            let eight = (value & 0xff) * 0x0101_0101_0101_0101;
            let sixteen = Simd::from_words([eight; 2]);
            match len as usize {
                0 => {}
                1 => to.write(eight as u8),
                len @ 2..4 => fill_two::<u16>(eight as u16, to, len),
                len @ 4..8 => fill_two::<u32>(eight as u32, to, len),
                len @ 8..16 => fill_two::<u64>(eight, to, len),
                len @ 16..=32 => fill_two::<Simd>(sixteen, to, len),
                len @ 33..=64 => fill_four(sixteen, to, len),
                len => fill_eight(sixteen, to, len),
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
        // One by one: a closure might be called, and handlers call nothing.
        let (a, b, c) = (m.slot(first), m.slot(first + 1), m.slot(first + 2));
        [u64::from(a as u32), u64::from(b as u32), u64::from(c as u32)]
    }
}

/// Where memory 0 begins, if so many bytes from `at` on are in it, are few, and are paid now.
///
/// # Safety
/// I4.
#[inline(always)]
unsafe fn small<M: Meter>(m: &mut Machine, at: u64, len: u64) -> Result<*mut u8, Stop> {
    // SAFETY: the caller's promise.
    unsafe {
        // Where a byte may begin is how many there are.
        let end = m.cx().memory.ends[0] as u64;
        if len > MOST.into() || at + len > end || !M::take(m, costs::amount(len)) {
            return Err(Stop::Slow);
        }
        Ok(m.cx().memory.base)
    }
}

/// Moves `len` bytes, as a value from each end. All are read before one is written, so ranges may
/// overlap.
///
/// # Safety
/// So many bytes can be read and written, and no value is larger than that.
#[inline(always)]
unsafe fn move_two<T: Copy>(from: *const u8, to: *mut u8, len: usize) {
    let last = len - size_of::<T>();
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = (read::<T>(from, 0), read::<T>(from, last));
        write(to, 0, low);
        write(to, last, high);
    }
}

/// The same, as two values of 16 bytes from each end.
///
/// # Safety
/// As of [`move_two`].
// Without loops or arrays, which some builds keep on the stack: handlers have none.
#[inline(always)]
unsafe fn move_four(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = (read::<Simd>(from, 0), read::<Simd>(from, 16));
        let (c, d) = (read::<Simd>(from, len - 32), read::<Simd>(from, len - 16));
        write(to, 0, a);
        write(to, 16, b);
        write(to, len - 32, c);
        write(to, len - 16, d);
    }
}

/// The same, as four values of 16 bytes from each end.
///
/// # Safety
/// As of [`move_two`].
#[inline(always)]
unsafe fn move_eight(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = (read::<Simd>(from, 0), read::<Simd>(from, 16));
        let (c, d) = (read::<Simd>(from, 32), read::<Simd>(from, 48));
        let (e, f) = (read::<Simd>(from, len - 64), read::<Simd>(from, len - 48));
        let (g, h) = (read::<Simd>(from, len - 32), read::<Simd>(from, len - 16));
        write(to, 0, a);
        write(to, 16, b);
        write(to, 32, c);
        write(to, 48, d);
        write(to, len - 64, e);
        write(to, len - 48, f);
        write(to, len - 32, g);
        write(to, len - 16, h);
    }
}

/// Sets `len` bytes, as a value at each end.
///
/// # Safety
/// So many bytes can be written, and no value is larger than that.
#[inline(always)]
unsafe fn fill_two<T: Copy>(value: T, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        write(to, 0, value);
        write(to, len - size_of::<T>(), value);
    }
}

/// The same, as two values of 16 bytes at each end.
///
/// # Safety
/// As of [`fill_two`].
#[inline(always)]
unsafe fn fill_four(value: Simd, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        fill_two(value, to, len);
        write(to, 16, value);
        write(to, len - 32, value);
    }
}

/// The same, as four values of 16 bytes at each end.
///
/// # Safety
/// As of [`fill_two`].
#[inline(always)]
unsafe fn fill_eight(value: Simd, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        fill_four(value, to, len);
        write(to, 32, value);
        write(to, 48, value);
        write(to, len - 64, value);
        write(to, len - 48, value);
    }
}

/// # Safety
/// There is one that can be read, aligned or not.
#[inline(always)]
unsafe fn read<T: Copy>(from: *const u8, at: usize) -> T {
    // SAFETY: the caller's promise.
    unsafe { from.add(at).cast::<T>().read_unaligned() }
}

/// # Safety
/// There is room for it, aligned or not.
#[inline(always)]
unsafe fn write<T: Copy>(to: *mut u8, at: usize, value: T) {
    // SAFETY: the caller's promise.
    unsafe { to.add(at).cast::<T>().write_unaligned(value) }
}
