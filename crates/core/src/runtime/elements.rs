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
/// Invariant: `base` was allocated with `capacity` words; the first `touched` are initialised, and
/// `len + prepared <= touched <= capacity`.
pub(crate) struct Elements {
    base: NonNull<u64>,
    len: usize,
    prepared: usize,
    touched: usize,
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
        let mut elements =
            Elements { base, len, prepared: 0, touched: len, capacity: len, preparation: 0 };
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
        len <= self.capacity || self.reallocate(generous) || self.reallocate(len)
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
        self.touched = self.touched.max(from + count);
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

    /// Gives the allocator back what lies beyond the elements, if something was prepared there or
    /// if it is more than a growth leaves: what was prepared is lost. Returns how many words are
    /// still there that were touched.
    pub(crate) fn release(&mut self) -> usize {
        (self.prepared, self.preparation) = (0, self.preparation + 1);
        if self.touched > self.len || self.capacity > self.len + self.len / 2 {
            // One that can't be made smaller keeps what it has.
            if self.reallocate(self.len.max(1)) {
                self.touched = self.len;
            }
        }
        self.touched
    }

    /// Has the allocator give room for so many words, at least one and no fewer than there are
    /// elements; tells whether it could.
    fn reallocate(&mut self, capacity: usize) -> bool {
        let Some(size) = capacity.checked_mul(8) else { return false };
        // SAFETY: it was allocated with this capacity; the size is not 0; the alignment is that of
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
        // Of 32 bits, addresses can suffice for one of them, not for all.
        let most = [(); 3].map(|()| Elements::new(isize::MAX as usize / 8, 0));
        assert!(most.iter().any(Option::is_none));
        drop(most);
        let mut elements = Elements::new(0, 1).unwrap();
        assert!(elements.is_empty());
        assert!(!elements.reserve(usize::MAX / 8, usize::MAX));
        assert!(elements.reserve(1, 1));
        elements.prepare(0, 1, 3);
        elements.extend();
        assert_eq!(elements[..], [3]);
    }

    #[test]
    fn what_is_not_added_is_given_back() {
        let mut elements = Elements::new(2, 7).unwrap();
        assert!(elements.reserve(1000, 1000));
        let preparation = elements.prepare(0, 500, 9);
        assert_eq!(elements.release(), 2);
        assert!(elements.capacity == 2 && elements.preparation() != preparation);
        assert_eq!(elements[..], [7, 7]);
        // What any growth may leave stays, until something is in it.
        assert!(elements.reserve(3, 1000));
        assert_eq!((elements.release(), elements.capacity), (2, 3));
        elements.prepare(0, 1, 9);
        assert_eq!((elements.release(), elements.capacity), (2, 2));
        let mut none = Elements::new(0, 0).unwrap();
        assert_eq!(none.release(), 0);
        assert!(none.reserve(10, 10));
        none.prepare(0, 10, 1);
        assert_eq!((none.release(), none.capacity), (0, 1));
        assert!(none.reserve(2, 2));
        none.prepare(0, 2, 3);
        none.extend();
        assert_eq!(none[..], [3, 3]);
    }
}
