//! [`LinearMemory`]: the bytes of a linear memory. One of the two files of the runtime with unsafe code
//! (the other has those of a shared memory): handlers need base pointer and length, and growth must not touch
//! the new pages. It never fails by aborting: what
//! the host can't allocate is a failed growth.
#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::{ptr::NonNull, slice};

/// Aligned enough for every scalar access, and not more: allocators hand out fresh zeroed pages only for
/// ordinary alignments.
const ALIGN: usize = 8;

/// Whether growth reserves more than asked for, so that growing in steps does not copy each time. Where there is
/// no operating system, what is reserved is really taken.
const RESERVES: bool = cfg!(feature = "std");

/// Bytes that start as zeros and can grow.
///
/// Invariant: `base` is allocated with `layout(capacity)` unless `capacity` is 0; all `capacity` bytes are
/// initialised; those from `len` on are zero; `len <= capacity <= isize::MAX`.
pub(crate) struct LinearMemory {
    base: NonNull<u8>,
    len: usize,
    capacity: usize,
}

// SAFETY: it owns its bytes like a `Vec<u8>`, and changes them through `&mut` only.
unsafe impl Send for LinearMemory {}
// SAFETY: as above.
unsafe impl Sync for LinearMemory {}

impl LinearMemory {
    /// `len` zeros; none if the host can't allocate them.
    pub(crate) fn new(len: usize) -> Option<LinearMemory> {
        Some(LinearMemory { base: allocate(len)?, len, capacity: len })
    }

    /// The address of the first byte. It changes when the memory grows.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The size in bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes are allocated and initialised, and borrowed with `self`.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// The bytes, to be changed.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the first `len` bytes are allocated and initialised, and borrowed with `self`.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }

    /// Grows to `len` bytes, never to be larger than `max`. Tells whether the host could allocate them; if not,
    /// nothing has changed.
    pub(crate) fn grow(&mut self, len: usize, max: usize) -> bool {
        debug_assert!(len >= self.len && len <= max);
        if len > self.capacity && !self.reserve(len, max) {
            return false;
        }
        self.len = len;
        true
    }

    fn reserve(&mut self, len: usize, max: usize) -> bool {
        let generous =
            if RESERVES { len.max(self.capacity.saturating_mul(2)).min(max) } else { len };
        let fits = |capacity| allocate(capacity).map(|base| (base, capacity));
        let Some((base, capacity)) = fits(generous).or_else(|| fits(len)) else { return false };
        let mut grown = LinearMemory { base, len: self.len, capacity };
        grown.bytes_mut().copy_from_slice(self.bytes());
        *self = grown;
        true
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        // SAFETY: `base` was allocated with this capacity.
        unsafe { deallocate(self.base, self.capacity) }
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, ALIGN).ok()
}

/// `size` zeros, aligned to 8 bytes.
pub(super) fn allocate(size: usize) -> Option<NonNull<u8>> {
    let layout = layout(size)?;
    if size == 0 {
        return Some(NonNull::<u64>::dangling().cast());
    }
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// Frees what `allocate` gave.
///
/// # Safety
/// `base` came from `allocate(size)` and is not used any more.
pub(super) unsafe fn deallocate(base: NonNull<u8>, size: usize) {
    if let (Some(layout), 1..) = (layout(size), size) {
        // SAFETY: the caller's promise.
        unsafe { dealloc(base.as_ptr(), layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_with_zeros_and_keeps_its_bytes() {
        let mut memory = LinearMemory::new(3).unwrap();
        memory.bytes_mut().copy_from_slice(&[1, 2, 3]);
        assert!(memory.grow(10, 100));
        assert_eq!(memory.bytes(), [1, 2, 3, 0, 0, 0, 0, 0, 0, 0]);
        memory.bytes_mut()[9] = 9;
        assert!(memory.grow(1000, 1000));
        assert_eq!(memory.len(), 1000);
        assert_eq!(memory.bytes()[..12], [1, 2, 3, 0, 0, 0, 0, 0, 0, 9, 0, 0]);
        assert!(memory.bytes()[10..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn can_be_empty() {
        let mut memory = LinearMemory::new(0).unwrap();
        assert!(memory.bytes().is_empty());
        assert!(memory.grow(0, 0));
        assert!(memory.grow(1, 1));
        assert_eq!(memory.bytes(), [0]);
    }

    #[test]
    fn what_cannot_be_allocated_is_no_abort() {
        assert!(LinearMemory::new(usize::MAX).is_none());
        let mut memory = LinearMemory::new(8).unwrap();
        assert!(!memory.grow(isize::MAX as usize + 1, usize::MAX));
        assert!(!memory.grow(isize::MAX as usize - 8, usize::MAX));
        assert_eq!(memory.len(), 8);
    }

    #[test]
    fn capacity_stays_below_the_maximum() {
        let mut memory = LinearMemory::new(64).unwrap();
        assert!(memory.grow(65, 70));
        assert!(memory.capacity <= 70);
    }
}
