//! [`Elements`]: the elements of a table: words that can grow without aborting, and whose address
//! views of running code may keep while others read and write them by slices.
#![allow(unsafe_code)]

use super::memory::{allocate, deallocate, reallocate};
use core::{
    ops::{Deref, DerefMut},
    ptr::NonNull,
    slice,
};

/// The elements of a table, as they lie in slots.
///
/// Invariant: `base` was allocated with `capacity` words; the first `len + prepared` are
/// initialised, and are no more than `capacity`.
pub(crate) struct Elements {
    base: NonNull<u64>,
    len: usize,
    prepared: usize,
    capacity: usize,
    /// Changes whenever what was prepared before is of no use any more.
    preparation: u64,
}

// SAFETY: it owns its words like a `Vec<u64>`, and changes them through `&mut` only.
unsafe impl Send for Elements {}
// SAFETY: as above.
unsafe impl Sync for Elements {}

impl Elements {
    /// `len` elements that are `init`; none if the host can't allocate them.
    pub(crate) fn new(len: usize, init: u64) -> Option<Elements> {
        let base = allocate(len.checked_mul(8)?)?.cast();
        let mut elements = Elements { base, len, prepared: 0, capacity: len, preparation: 0 };
        if init != 0 {
            elements.fill(init);
        }
        Some(elements)
    }

    /// The address of the first element. It changes when there are more.
    pub(crate) fn base(&self) -> *mut u64 {
        self.base.as_ptr()
    }

    /// Makes room for `len` elements, never to be more than `most`. Tells whether the host could
    /// allocate it; if not, nothing has changed.
    pub(crate) fn reserve(&mut self, len: usize, most: usize) -> bool {
        let generous = len.max(self.capacity + self.capacity / 2).min(most.max(len));
        len <= self.capacity || self.allocate_more(generous) || self.allocate_more(len)
    }

    /// Sets `count` elements that are to be added, behind the `first` of those: with none before,
    /// it begins anew. What it returns stays [`Elements::preparation`] until somebody else begins,
    /// or adds elements: then what was prepared is lost.
    ///
    /// # Panics
    /// If there is no room for them, or if those before are not set.
    pub(crate) fn prepare(&mut self, first: usize, count: usize, init: u64) -> u64 {
        if first == 0 {
            self.prepared = 0;
            self.preparation += 1;
        }
        let room = self.capacity - self.len;
        assert!(first == self.prepared && count <= room - first, "room for elements of a table");
        let from = self.len + first;
        for index in from..from + count {
            // SAFETY: it lies in the capacity.
            unsafe { self.base.add(index).write(init) }
        }
        self.prepared += count;
        self.preparation
    }

    /// Whose elements are prepared: see [`Elements::prepare`].
    pub(crate) fn preparation(&self) -> u64 {
        self.preparation
    }

    /// Adds the elements that were prepared.
    pub(crate) fn extend(&mut self) {
        self.len += self.prepared;
        self.prepared = 0;
        self.preparation += 1;
    }

    fn allocate_more(&mut self, capacity: usize) -> bool {
        let Some(size) = capacity.checked_mul(8) else { return false };
        // SAFETY: it was allocated with this capacity, which is less; the alignment is that of
        // words.
        let base = unsafe { reallocate(self.base.cast(), 8 * self.capacity, size) };
        let Some(base) = base else { return false };
        (self.base, self.capacity) = (base.cast(), capacity);
        true
    }
}

impl Deref for Elements {
    type Target = [u64];
    fn deref(&self) -> &[u64] {
        // SAFETY: these are there and initialised, and borrowed with `self`.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }
}

impl DerefMut for Elements {
    fn deref_mut(&mut self) -> &mut [u64] {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Elements {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this capacity.
        unsafe { deallocate(self.base.cast(), 8 * self.capacity) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_keeps_what_it_has() {
        let mut elements = Elements::new(2, 7).unwrap();
        elements[1] = 8;
        assert!(elements.reserve(5, 5));
        elements.prepare(0, 3, 9);
        elements.extend();
        assert_eq!(elements[..], [7, 8, 9, 9, 9]);
        assert!(elements.reserve(6, 100));
        elements.prepare(0, 1, 0);
        elements.extend();
        assert_eq!(elements[..], [7, 8, 9, 9, 9, 0]);
        assert!(elements.capacity <= 8, "{}", elements.capacity);
        // A maximum below the size makes nothing smaller.
        assert!(elements.reserve(100, 1) && elements.capacity >= 100);
    }

    #[test]
    fn what_cannot_be_allocated_is_no_abort() {
        assert!(Elements::new(usize::MAX, 0).is_none());
        assert!(Elements::new(isize::MAX as usize / 8, 0).is_none());
        let mut elements = Elements::new(0, 1).unwrap();
        assert!(elements.is_empty());
        assert!(!elements.reserve(usize::MAX / 8, usize::MAX));
        assert!(elements.reserve(1, 1));
        elements.prepare(0, 1, 3);
        elements.extend();
        assert_eq!(elements[..], [3]);
    }
}
