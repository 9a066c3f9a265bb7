//! [`Machine`]: the registers, and what a handler reads of its cell and its frame.

use super::{Ip, Value, context::Context};
use crate::exec::meaning::v128::{Register, Simd};

/// The frame: slot 0 is the return address, slot 1 the caller's frame, parameters lie below.
pub(crate) type Sp = *mut u64;

/// The machine's registers.
#[derive(Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) ip: Ip,
    pub(crate) sp: Sp,
    pub(crate) cx: *mut Context,
    /// Accumulator and pinned locals for integers and references.
    pub(crate) acc: u64,
    pub(crate) p0: u64,
    pub(crate) p1: u64,
    /// The same for `f64`.
    pub(crate) f64_acc: f64,
    pub(crate) f64_p0: f64,
    pub(crate) f64_p1: f64,
    /// The same for `f32`.
    pub(crate) f32_acc: f32,
    pub(crate) f32_p0: f32,
    pub(crate) f32_p1: f32,
    /// The accumulator for vectors.
    pub(crate) v_acc: Register,
}

impl Machine {
    /// Registers before anything ran.
    pub(crate) const fn new(ip: Ip, sp: Sp, cx: *mut Context) -> Machine {
        Machine {
            ip,
            sp,
            cx,
            acc: 0,
            p0: 0,
            p1: 0,
            f64_acc: 0.0,
            f64_p0: 0.0,
            f64_p1: 0.0,
            f32_acc: 0.0,
            f32_p0: 0.0,
            f32_p1: 0.0,
            v_acc: Simd::ZERO.register(),
        }
    }

    /// Field `index` (0 to 3) of the first operand word: a slot number.
    ///
    /// # Safety
    /// I1: `ip` is in a cell of the kind that this handler was emitted for.
    #[inline(always)]
    pub(crate) unsafe fn field(&self, index: usize) -> isize {
        // SAFETY: I1 (the cell has an operand word; all bit patterns are valid).
        unsafe { (*self.ip.cast::<[i16; 4]>())[field_order(index)] as isize }
    }

    /// The 32-bit constant in the upper half of operand word `word`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn high(&self, word: usize) -> i32 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(word).cast::<[i32; 2]>())[half_order(1)] }
    }

    /// The 32-bit constant in the lower half of operand word `word`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn low(&self, word: usize) -> i32 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(word).cast::<[i32; 2]>())[half_order(0)] }
    }

    /// Operand word `index`.
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn word(&self, index: usize) -> u64 {
        // SAFETY: I1.
        unsafe { (*self.ip.add(index)).word }
    }

    /// The slot with this number.
    ///
    /// # Safety
    /// I2: `slot` lies in the frame.
    #[inline(always)]
    pub(crate) unsafe fn slot(&self, slot: isize) -> u64 {
        // SAFETY: I2.
        unsafe { *self.sp.offset(slot) }
    }

    /// The address of the slot with this number.
    ///
    /// # Safety
    /// I2.
    #[inline(always)]
    pub(crate) unsafe fn at(&self, slot: isize) -> *mut u64 {
        // SAFETY: I2.
        unsafe { self.sp.offset(slot) }
    }

    /// The value in operand word `index` (a vector: there and in the next).
    ///
    /// # Safety
    /// I1.
    #[inline(always)]
    pub(crate) unsafe fn constant<T: Value>(&self, index: usize) -> T {
        // SAFETY: I1.
        unsafe { T::read(self.ip.add(index).cast()) }
    }

    /// Jumps by `bytes` from the first operand word.
    ///
    /// # Safety
    /// I3: there is a cell.
    #[inline(always)]
    pub(crate) unsafe fn jump(&mut self, bytes: i32) {
        // SAFETY: I3.
        self.ip = unsafe { self.ip.byte_offset(bytes as isize) };
    }

    /// Goes on behind `words` operand words.
    ///
    /// # Safety
    /// I1: the cell has so many.
    #[inline(always)]
    pub(crate) unsafe fn advance(&mut self, words: usize) {
        // SAFETY: I1.
        self.ip = unsafe { self.ip.add(words) };
    }

    /// The context.
    ///
    /// # Safety
    /// I4: the context outlives the run, and only the running handler uses it.
    #[inline(always)]
    pub(crate) unsafe fn cx(&mut self) -> &mut Context {
        // SAFETY: I4.
        unsafe { &mut *self.cx }
    }

    /// What stops will tell the driver the accumulator. Without `fast`, where no register goes from
    /// one handler to the next, this has to be said.
    ///
    /// # Safety
    /// I4.
    #[inline(always)]
    pub(crate) unsafe fn tell_acc(&mut self) {
        if cfg!(not(feature = "fast")) {
            // SAFETY: I4.
            unsafe { self.cx().saved.acc = self.acc };
        }
    }
}

/// Words are built as `u64` values: in memory, fields come in the host's byte order.
const fn field_order(index: usize) -> usize {
    if cfg!(target_endian = "big") { 3 - index } else { index }
}

const fn half_order(index: usize) -> usize {
    if cfg!(target_endian = "big") { 1 - index } else { index }
}
