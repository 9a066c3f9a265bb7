//! [`Atomic`]: atomic accesses of integers in memory, which is little-endian whatever the host is.
//! Handlers of shared memories make their plain loads and stores by [`Atomic::read`] and
//! [`Atomic::write`] (order "relaxed", any alignment); those of atomic instructions use the rest
//! (sequentially consistent, aligned).
//!
//! Accesses of different sizes overlap here, as Wasm wants it. That is defined byte by byte in the
//! memory model of the compiler's back end and on every CPU; RATIONALE.md has more.

use core::sync::atomic::{AtomicU8, Ordering};

/// An integer in memory.
pub(crate) trait Atomic: Copy + 'static {
    const SIZE: u64;

    /// The lower bits.
    fn from_bits(bits: u64) -> Self;
    /// With zeros above.
    fn to_bits(self) -> u64;

    /// A relaxed load, of the whole if it is aligned and of each byte if not.
    ///
    /// # Safety
    /// `SIZE` bytes at `at` can be read, and other threads access them atomically only.
    unsafe fn read(at: *const u8) -> Self;
    /// A relaxed store, of the whole if it is aligned and of each byte if not.
    ///
    /// # Safety
    /// `SIZE` bytes at `at` can be written, and other threads access them atomically only.
    unsafe fn write(self, at: *mut u8);

    /// # Safety
    /// As for `read`; `at` is aligned.
    unsafe fn load(at: *mut u8) -> Self;
    /// # Safety
    /// As for `write`; `at` is aligned.
    unsafe fn store(self, at: *mut u8);
    /// Writes the value; returns the old one.
    ///
    /// # Safety
    /// As for `store`; so are all that follow.
    unsafe fn swap(self, at: *mut u8) -> Self;
    /// # Safety
    /// As for `store`.
    unsafe fn add(self, at: *mut u8) -> Self;
    /// # Safety
    /// As for `store`.
    unsafe fn sub(self, at: *mut u8) -> Self;
    /// # Safety
    /// As for `store`.
    unsafe fn and(self, at: *mut u8) -> Self;
    /// # Safety
    /// As for `store`.
    unsafe fn or(self, at: *mut u8) -> Self;
    /// # Safety
    /// As for `store`.
    unsafe fn xor(self, at: *mut u8) -> Self;
    /// Writes the value if the old one is `expected`; returns the old one.
    ///
    /// # Safety
    /// As for `store`.
    unsafe fn compare_exchange(self, expected: Self, at: *mut u8) -> Self;
}

const ORDER: Ordering = Ordering::SeqCst;

/// Arithmetic on what is little-endian: hosts of the other order have to try until nobody
/// interferes.
#[cfg(target_endian = "little")]
macro_rules! arithmetic {
    ($old:ident, $value:ident, $fetch:ident, $operation:ident) => {
        $old.$fetch($value, ORDER)
    };
}
#[cfg(target_endian = "big")]
macro_rules! arithmetic {
    ($old:ident, $value:ident, $fetch:ident, $operation:ident) => {{
        let mut seen = $old.load(Ordering::Relaxed);
        loop {
            let new = Self::from_le(seen).$operation($value).to_le();
            match $old.compare_exchange_weak(seen, new, ORDER, Ordering::Relaxed) {
                Ok(old) => break Self::from_le(old),
                Err(other) => seen = other,
            }
        }
    }};
}

/// An instruction of x86-64 reads or writes at any alignment. It does what relaxed accesses of each
/// byte do, which such a block may stand for, and takes a tenth of their code. Sanitizers and
/// interpreters do not see it: where code is not optimised, it is not used.
#[cfg(all(target_arch = "x86_64", tail_calls, not(debug_assertions)))]
macro_rules! read {
    (u8 $atomic:ident $at:ident $read:literal) => {
        AtomicU8::from_ptr($at.cast_mut()).load(Ordering::Relaxed)
    };
    ($ty:ident $atomic:ident $at:ident $read:literal) => {{
        let value: $ty;
        core::arch::asm!(
            $read,
            at = in(reg) $at,
            value = lateout(reg) value,
            options(nostack, preserves_flags, readonly),
        );
        value
    }};
}
#[cfg(all(target_arch = "x86_64", tail_calls, not(debug_assertions)))]
macro_rules! write {
    (u8 $atomic:ident $value:ident $at:ident $write:literal) => {
        AtomicU8::from_ptr($at).store($value, Ordering::Relaxed)
    };
    ($ty:ident $atomic:ident $value:ident $at:ident $write:literal) => {
        core::arch::asm!(
            $write,
            at = in(reg) $at,
            value = in(reg) $value,
            options(nostack, preserves_flags),
        )
    };
}
#[cfg(not(all(target_arch = "x86_64", tail_calls, not(debug_assertions))))]
macro_rules! read {
    ($ty:ident $atomic:ident $at:ident $read:literal) => {{
        let at = $at.cast_mut();
        if (at as usize).is_multiple_of(size_of::<$ty>()) {
            return $ty::from_le($atomic::from_ptr(at.cast()).load(Ordering::Relaxed));
        }
        let mut value = 0;
        let mut i = 0;
        while i < size_of::<$ty>() {
            let byte = AtomicU8::from_ptr(at.add(i)).load(Ordering::Relaxed);
            value |= (byte as $ty) << (8 * i);
            i += 1;
        }
        value
    }};
}
#[cfg(not(all(target_arch = "x86_64", tail_calls, not(debug_assertions))))]
macro_rules! write {
    ($ty:ident $atomic:ident $value:ident $at:ident $write:literal) => {{
        if ($at as usize).is_multiple_of(size_of::<$ty>()) {
            $atomic::from_ptr($at.cast()).store($value.to_le(), Ordering::Relaxed);
            return;
        }
        let mut i = 0;
        while i < size_of::<$ty>() {
            let byte = ($value >> (8 * i)) as u8;
            AtomicU8::from_ptr($at.add(i)).store(byte, Ordering::Relaxed);
            i += 1;
        }
    }};
}

macro_rules! atomic {
    ($($ty:ident $atomic:ident $read:literal $write:literal;)*) => {$(
        impl Atomic for $ty {
            const SIZE: u64 = size_of::<$ty>() as u64;

            #[inline(always)]
            fn from_bits(bits: u64) -> $ty {
                bits as $ty
            }
            #[inline(always)]
            fn to_bits(self) -> u64 {
                self.into()
            }
            #[inline(always)]
            unsafe fn read(at: *const u8) -> $ty {
                // SAFETY: the caller's promise.
                unsafe { read!($ty $atomic at $read) }
            }
            #[inline(always)]
            unsafe fn write(self, at: *mut u8) {
                // SAFETY: the caller's promise.
                unsafe { write!($ty $atomic self at $write) }
            }
            #[inline(always)]
            unsafe fn load(at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                $ty::from_le(unsafe { $atomic::from_ptr(at.cast()).load(ORDER) })
            }
            #[inline(always)]
            unsafe fn store(self, at: *mut u8) {
                // SAFETY: the caller's promise.
                unsafe { $atomic::from_ptr(at.cast()).store(self.to_le(), ORDER) }
            }
            #[inline(always)]
            unsafe fn swap(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                $ty::from_le(unsafe { $atomic::from_ptr(at.cast()).swap(self.to_le(), ORDER) })
            }
            #[inline(always)]
            unsafe fn add(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                let old = unsafe { $atomic::from_ptr(at.cast()) };
                arithmetic!(old, self, fetch_add, wrapping_add)
            }
            #[inline(always)]
            unsafe fn sub(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                let old = unsafe { $atomic::from_ptr(at.cast()) };
                arithmetic!(old, self, fetch_sub, wrapping_sub)
            }
            #[inline(always)]
            unsafe fn and(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                $ty::from_le(unsafe { $atomic::from_ptr(at.cast()).fetch_and(self.to_le(), ORDER) })
            }
            #[inline(always)]
            unsafe fn or(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                $ty::from_le(unsafe { $atomic::from_ptr(at.cast()).fetch_or(self.to_le(), ORDER) })
            }
            #[inline(always)]
            unsafe fn xor(self, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                $ty::from_le(unsafe { $atomic::from_ptr(at.cast()).fetch_xor(self.to_le(), ORDER) })
            }
            #[inline(always)]
            unsafe fn compare_exchange(self, expected: $ty, at: *mut u8) -> $ty {
                // SAFETY: the caller's promise.
                let old = unsafe { $atomic::from_ptr(at.cast()) };
                let (expected, new) = (expected.to_le(), self.to_le());
                match old.compare_exchange(expected, new, ORDER, ORDER) {
                    Ok(old) | Err(old) => $ty::from_le(old),
                }
            }
        }
    )*};
}

/// On hosts without atomic accesses of 64 bits there are no shared memories: nobody else looks.
#[cfg(not(target_has_atomic = "64"))]
mod wide {
    use core::{cell::UnsafeCell, sync::atomic::Ordering};

    /// A `u64` that one thread has for itself, with the methods of atomic ones.
    #[repr(transparent)]
    pub(crate) struct AtomicU64(UnsafeCell<u64>);

    macro_rules! operations {
        ($($name:ident |$old:ident, $value:ident| $new:expr;)*) => {$(
            #[inline(always)]
            pub(crate) fn $name(&self, $value: u64, order: Ordering) -> u64 {
                let $old = self.load(order);
                self.store($new, order);
                $old
            }
        )*};
    }

    impl AtomicU64 {
        /// # Safety
        /// `at` is aligned, and no other thread accesses it.
        #[inline(always)]
        pub(crate) unsafe fn from_ptr<'a>(at: *mut u64) -> &'a AtomicU64 {
            // SAFETY: the caller's promise.
            unsafe { &*at.cast() }
        }
        #[inline(always)]
        pub(crate) fn load(&self, _: Ordering) -> u64 {
            // SAFETY: no other thread accesses it.
            unsafe { *self.0.get() }
        }
        #[inline(always)]
        pub(crate) fn store(&self, value: u64, _: Ordering) {
            // SAFETY: no other thread accesses it.
            unsafe { *self.0.get() = value }
        }
        operations! {
            swap |old, value| value;
            fetch_add |old, value| old.wrapping_add(value);
            fetch_sub |old, value| old.wrapping_sub(value);
            fetch_and |old, value| old & value;
            fetch_or |old, value| old | value;
            fetch_xor |old, value| old ^ value;
        }
        #[inline(always)]
        pub(crate) fn compare_exchange(
            &self,
            expected: u64,
            new: u64,
            order: Ordering,
            _: Ordering,
        ) -> Result<u64, u64> {
            let old = self.load(order);
            if old != expected {
                return Err(old);
            }
            self.store(new, order);
            Ok(old)
        }
        #[cfg(target_endian = "big")]
        #[inline(always)]
        pub(crate) fn compare_exchange_weak(
            &self,
            expected: u64,
            new: u64,
            order: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            self.compare_exchange(expected, new, order, failure)
        }
    }
}
#[cfg(target_has_atomic = "64")]
use core::sync::atomic::AtomicU64;
use core::sync::atomic::{AtomicU16, AtomicU32};
#[cfg(not(target_has_atomic = "64"))]
use wide::AtomicU64;

atomic! {
    u8 AtomicU8 "" "";
    u16 AtomicU16 "movzx {value:e}, word ptr [{at}]" "mov word ptr [{at}], {value:x}";
    u32 AtomicU32 "mov {value:e}, dword ptr [{at}]" "mov dword ptr [{at}], {value:e}";
    u64 AtomicU64 "mov {value}, qword ptr [{at}]" "mov qword ptr [{at}], {value}";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(8))]
    struct Bytes([u8; 24]);

    #[test]
    fn any_alignment_is_little_endian() {
        for at in 0..=8 {
            let mut bytes = Bytes([0xaa; 24]);
            let place = bytes.0.as_mut_ptr().wrapping_add(at);
            // SAFETY: all are within the bytes, which no other thread has.
            unsafe {
                0x0807_0605_0403_0201u64.write(place);
                assert_eq!(u64::read(place), 0x0807_0605_0403_0201);
                assert_eq!(u32::read(place.add(1)), 0x0504_0302);
                0xbeefu16.write(place.add(3));
                assert_eq!(u16::read(place.add(3)), 0xbeef);
                assert_eq!(u8::read(place.add(4)), 0xbe);
            }
            assert_eq!(bytes.0[at..at + 8], [1, 2, 3, 0xef, 0xbe, 6, 7, 8]);
            assert!(bytes.0[..at].iter().chain(&bytes.0[at + 8..]).all(|&byte| byte == 0xaa));
        }
    }

    #[test]
    fn operations() {
        let mut bytes = Bytes([0; 24]);
        let at = bytes.0.as_mut_ptr();
        // SAFETY: it is aligned, and no other thread has it.
        unsafe {
            0x1234_5678u32.store(at);
            assert_eq!(u32::load(at), 0x1234_5678);
            assert_eq!(0xffu8.add(at), 0x78);
            assert_eq!(0x100u32.sub(at), 0x1234_5677);
            assert_eq!(0xfff0u16.and(at), 0x5577);
            assert_eq!(0x000fu64.or(at), 0x1234_5570);
            assert_eq!(0xffu8.xor(at), 0x7f);
            assert_eq!(1u64.swap(at), 0x1234_5580);
            assert_eq!(7u32.compare_exchange(2, at), 1);
            assert_eq!(7u32.compare_exchange(1, at), 1);
            assert_eq!(u64::MAX.add(at), 7);
        }
        assert_eq!(bytes.0[..9], [6, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
