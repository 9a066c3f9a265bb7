//! [`LinearMemory`]: the bytes of a linear memory. Unsafe code of the runtime is here and in
//! `pages`, `elements` and `shared`: handlers need base pointer and length, and growth must not
//! touch pages that nobody wrote. It never fails by aborting: what the host can't allocate is a
//! failed growth.
//!
//! A memory that can grow lies in a reserved range of addresses, where there is one ([`Pages`]):
//! growing it changes a number. Otherwise it lies with the allocator, which moves it when it grows;
//! so does a little one until it grows. Or in bytes that the host gives ([`MemorySource`]), as far
//! as they reach.
#![allow(unsafe_code)]

use super::pages::Pages;
use crate::MemorySource;
use alloc::{
    alloc::{Layout, alloc_zeroed, dealloc, realloc},
    sync::Arc,
};
use core::{ptr::NonNull, slice};

/// Aligned enough for every scalar access, and not more: allocators hand out fresh zeroed pages,
/// and move them instead of copying, only for ordinary alignments.
const ALIGN: usize = 8;

/// Whether growth takes more from the allocator than asked for, so that growing in steps does not
/// copy each time. Where there is no operating system, what is taken is really taken.
const GENEROUS: bool = cfg!(feature = "std");

/// So many addresses are reserved at most, as far as the type allows growth: more than most hosts
/// have memory. Larger memories are copied to ranges twice as large.
const RESERVED: u64 = 1 << 36;

/// What can't become larger than this lies with the allocator: copying it is nothing.
const SMALL: usize = 1 << 20;

/// What has no more bytes than this lies with the allocator until it grows beyond: many guests
/// never do, and a range of addresses costs system calls, and page faults where pages are new.
const LITTLE: usize = 256 << 10;

/// So many bytes are made zero before it is asked whether to go on.
const STEP: usize = 1 << 20;

/// Bytes that start as zeros and can grow.
///
/// Invariant: the first `len` bytes from `base` on are initialised, and belong to this, which keeps
/// them in `room`.
pub(crate) struct LinearMemory {
    base: NonNull<u8>,
    len: usize,
    room: Room,
    /// Whether it was tried to have it lie where it can grow: then only growth moves it.
    is_settled: bool,
}

/// What the bytes lie in.
enum Room {
    /// From the allocator, with `layout(capacity)` unless `capacity` is 0. The first `zeroed` bytes
    /// are initialised; those from the memory's length on are zeros;
    /// `len <= zeroed <= capacity <= isize::MAX`.
    Allocated { capacity: usize, zeroed: usize },
    /// At the beginning of these addresses, of which `len` bytes are committed.
    Reserved(Pages),
    /// At the beginning of `capacity` bytes from `base` on that the source has given as a
    /// `&'static mut [u8]`, and that nobody else reaches until they are given back; zeroed as if
    /// allocated.
    Given { capacity: usize, zeroed: usize, source: Arc<dyn MemorySource> },
}

/// Why there is no memory in the host's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotGiven {
    None,
    TooFew,
    Unaligned,
}

impl NotGiven {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            NotGiven::None => "the memory source has no bytes for it",
            NotGiven::TooFew => "the memory source has given too few bytes",
            NotGiven::Unaligned => "the bytes of the memory source are not aligned to 8",
        }
    }
}

/// How a growth ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growing {
    Done,
    /// The host has no memory for it; nothing has changed.
    Failed,
    /// It was told not to go on. Nothing has changed that can be seen, and the next try does what
    /// is left.
    Stopped,
}

// SAFETY: it owns its bytes like a `Vec<u8>`, and changes them through `&mut` only.
unsafe impl Send for LinearMemory {}
// SAFETY: as above.
unsafe impl Sync for LinearMemory {}

impl LinearMemory {
    /// `len` zeros, never to be more than `most`; none if the host can't allocate them.
    pub(crate) fn new(len: usize, most: usize) -> Option<LinearMemory> {
        if len > LITTLE
            && most > len.max(SMALL)
            && let Some(memory) = LinearMemory::reserved(len, most, RESERVED)
        {
            return Some(memory);
        }
        LinearMemory::allocated(len)
    }

    /// As `new`, in addresses that are reserved, this many if they are needed; none where there are
    /// none.
    fn reserved(len: usize, most: usize, size: u64) -> Option<LinearMemory> {
        let size = usize::try_from(size).map_or(most, |size| most.min(size.max(len)));
        let pages = Pages::reserve(size)?;
        let base = pages.base();
        if !pages.commit(len) {
            return None;
        }
        Some(LinearMemory { base, len, room: Room::Reserved(pages), is_settled: true })
    }

    /// As `new`, from the allocator.
    fn allocated(len: usize) -> Option<LinearMemory> {
        let room = Room::Allocated { capacity: len, zeroed: len };
        Some(LinearMemory { base: allocate(len)?, len, room, is_settled: false })
    }

    /// `len` zeros in the host's bytes, for a type with this maximum in bytes.
    pub(crate) fn given(
        len: usize,
        maximum: Option<usize>,
        source: Arc<dyn MemorySource>,
    ) -> Result<LinearMemory, NotGiven> {
        let bytes = source.take(len, maximum).ok_or(NotGiven::None)?;
        let capacity = bytes.len();
        let base = NonNull::from(bytes).cast();
        // What it is not used for is given back when it ends.
        let room = Room::Given { capacity, zeroed: 0, source };
        let mut memory = LinearMemory { base, len: 0, room, is_settled: true };
        if capacity < len {
            return Err(NotGiven::TooFew);
        }
        if capacity > 0 && base.addr().get() % ALIGN != 0 {
            return Err(NotGiven::Unaligned);
        }
        memory.make_zero(len, &mut || true);
        memory.len = len;
        Ok(memory)
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
        // SAFETY: the first `len` bytes are there and initialised, and borrowed with `self`.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// The bytes, to be changed.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the first `len` bytes are there and initialised, and borrowed with `self`.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }

    /// Grows to `len` bytes, never to be more than `most`. Where that takes long, `goes_on` is
    /// asked now and then.
    pub(crate) fn grow(
        &mut self,
        len: usize,
        most: usize,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Growing {
        debug_assert!(len >= self.len && len <= most);
        if len > LITTLE {
            self.reserve_more(most);
        }
        let has_room = match &mut self.room {
            Room::Reserved(pages) => {
                let size = len.saturating_mul(2).min(most);
                let fits = len <= pages.size()
                    // SAFETY: the first `len` bytes are committed and borrowed to be changed.
                    || unsafe { pages.moved(self.len, size) }.is_some();
                self.base = pages.base();
                fits && pages.commit(len)
            }
            Room::Allocated { .. } => self.allocate_more(len, most),
            Room::Given { capacity, .. } => len <= *capacity,
        };
        if !has_room {
            return Growing::Failed;
        }
        if !self.make_zero(len, goes_on) {
            return Growing::Stopped;
        }
        self.len = len;
        Growing::Done
    }

    /// Moves a little memory from the allocator to where it can grow, if it can become much larger
    /// and there are addresses. This is tried once.
    fn reserve_more(&mut self, most: usize) {
        if !core::mem::replace(&mut self.is_settled, true)
            && self.len <= LITTLE
            && most > SMALL
            && let Some(mut larger) = LinearMemory::reserved(self.len, most, RESERVED)
        {
            larger.bytes_mut().copy_from_slice(self.bytes());
            *self = larger;
        }
    }

    /// Has the allocator give room for `len` bytes, and some more where it can.
    fn allocate_more(&mut self, len: usize, most: usize) -> bool {
        let Room::Allocated { capacity, .. } = self.room else { return false };
        let most = most.max(len);
        let generous = if GENEROUS { len.max(capacity + capacity / 2).min(most) } else { len };
        len <= capacity || self.reallocate(generous) || self.reallocate(len)
    }

    /// Has the allocator give room for so many bytes, at least one and no fewer than the memory
    /// has; tells whether it could.
    fn reallocate(&mut self, size: usize) -> bool {
        let Room::Allocated { capacity, zeroed } = &mut self.room else { return false };
        // SAFETY: `base` was allocated with this capacity; the size is not 0.
        let Some(base) = (unsafe { reallocate(self.base, *capacity, size) }) else { return false };
        (self.base, *capacity, *zeroed) = (base, size, (*zeroed).min(size));
        true
    }

    /// How large it can grow from now on without being moved, which is never to be more than
    /// `most`. A little one may be moved for that, but only the first time.
    pub(crate) fn settle(&mut self, most: usize) -> usize {
        self.reserve_more(most);
        match &self.room {
            Room::Reserved(pages) => pages.size(),
            Room::Given { capacity, .. } => *capacity,
            // Also where there is room: what is given back may be moved.
            Room::Allocated { .. } => self.len,
        }
    }

    /// Gives the allocator back what lies beyond the memory, if a growth that was stopped has
    /// touched it or if it is more than a growth leaves. Returns how many bytes are still there
    /// that were touched.
    pub(crate) fn release(&mut self) -> usize {
        let Room::Allocated { capacity, zeroed } = self.room else { return self.len };
        let is_more = zeroed > self.len || capacity > self.len + self.len / 2;
        // One that can't be made smaller keeps what it has.
        if is_more && !self.reallocate(self.len.max(1)) { zeroed } else { self.len }
    }

    /// Makes what is left of the first `len` bytes zero, in steps; false if that is not to go on.
    fn make_zero(&mut self, len: usize, goes_on: &mut dyn FnMut() -> bool) -> bool {
        // What is committed is zero.
        let (Room::Allocated { zeroed, .. } | Room::Given { zeroed, .. }) = &mut self.room else {
            return true;
        };
        while *zeroed < len {
            let step = STEP.min(len - *zeroed);
            // SAFETY: `len` is no more than the capacity.
            unsafe { self.base.as_ptr().add(*zeroed).write_bytes(0, step) }
            *zeroed += step;
            if *zeroed < len && !goes_on() {
                return false;
            }
        }
        true
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        match &self.room {
            // SAFETY: `base` was allocated with this capacity.
            Room::Allocated { capacity, .. } => unsafe { deallocate(self.base, *capacity) },
            Room::Given { capacity, source, .. } => {
                // SAFETY: the source has given these bytes as such a slice, and what used them
                // since then has borrowed this memory, which ends. Those that were written are
                // initialized as the others are.
                let bytes = unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), *capacity) };
                source.give_back(bytes);
            }
            Room::Reserved(_) => {}
        }
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

/// Makes what `allocate` gave larger or smaller; it may move. What is added is not initialised. If
/// there is no memory, it stays.
///
/// # Safety
/// `base` came from `allocate(old)` or from here, with this size; `new` is not 0.
pub(super) unsafe fn reallocate(base: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
    let (old, layout) = (layout(old)?, layout(new)?);
    if old.size() == 0 {
        // SAFETY: the new size is not 0.
        return NonNull::new(unsafe { alloc_zeroed(layout) });
    }
    // SAFETY: the caller's promise; the new size is one of a layout with the same alignment.
    NonNull::new(unsafe { realloc(base.as_ptr(), old, layout.size()) })
}

/// Frees what `allocate` or `reallocate` gave.
///
/// # Safety
/// `base` came from there with this size and is not used any more.
pub(super) unsafe fn deallocate(base: NonNull<u8>, size: usize) {
    if let (Some(layout), 1..) = (layout(size), size) {
        // SAFETY: the caller's promise.
        unsafe { dealloc(base.as_ptr(), layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// In all ways that there are here.
    fn memories(len: usize, most: usize) -> Vec<LinearMemory> {
        let reserved = LinearMemory::reserved(len, most, RESERVED);
        [allocated(len)].into_iter().chain(reserved).collect()
    }

    /// Such as there are where there are no addresses.
    fn allocated(len: usize) -> LinearMemory {
        let mut memory = LinearMemory::allocated(len).unwrap();
        memory.is_settled = true;
        memory
    }

    fn grow(memory: &mut LinearMemory, len: usize, most: usize) -> bool {
        memory.grow(len, most, &mut || true) == Growing::Done
    }

    #[test]
    fn starts_with_zeros_and_keeps_its_bytes() {
        for mut memory in memories(3, 1000) {
            memory.bytes_mut().copy_from_slice(&[1, 2, 3]);
            assert!(grow(&mut memory, 10, 1000));
            assert_eq!(memory.bytes(), [1, 2, 3, 0, 0, 0, 0, 0, 0, 0]);
            memory.bytes_mut()[9] = 9;
            assert!(grow(&mut memory, 1000, 1000));
            assert_eq!(memory.len(), 1000);
            assert_eq!(memory.bytes()[..12], [1, 2, 3, 0, 0, 0, 0, 0, 0, 9, 0, 0]);
            assert!(memory.bytes()[10..].iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn can_be_empty() {
        for mut memory in memories(0, 1) {
            assert!(memory.bytes().is_empty());
            assert!(grow(&mut memory, 0, 1));
            assert!(grow(&mut memory, 1, 1));
            assert_eq!(memory.bytes(), [0]);
        }
        assert!(LinearMemory::new(0, 0).unwrap().bytes().is_empty());
    }

    #[test]
    fn what_cannot_be_allocated_is_no_abort() {
        assert!(LinearMemory::new(usize::MAX, usize::MAX).is_none());
        assert!(LinearMemory::new(isize::MAX as usize, usize::MAX).is_none());
        for mut memory in memories(8, usize::MAX) {
            assert!(!grow(&mut memory, isize::MAX as usize + 1, usize::MAX));
            // With addresses of 32 bits, half of them can be free.
            if usize::BITS > 32 {
                assert!(!grow(&mut memory, isize::MAX as usize - 8, usize::MAX));
            }
            assert_eq!(memory.bytes(), [0; 8]);
        }
    }

    #[test]
    fn capacity_stays_below_the_maximum() {
        let mut memory = allocated(64);
        assert!(grow(&mut memory, 65, 70));
        assert!(matches!(memory.room, Room::Allocated { capacity: ..=70, zeroed: 65 }));
    }

    /// Less than what is there already is no more than that, and the maximum is not below the size.
    #[test]
    fn sizes_out_of_order_do_no_harm() {
        let mut memory = allocated(64);
        assert!(memory.allocate_more(1000, 10));
        assert!(matches!(memory.room, Room::Allocated { capacity: 1000.., .. }));
    }

    #[test]
    fn a_long_growth_can_be_stopped_and_goes_on() {
        let mut memory = allocated(1);
        memory.bytes_mut()[0] = 7;
        let len = 3 * STEP;
        let mut steps = 0;
        while memory.grow(len, len, &mut || false) == Growing::Stopped {
            assert_eq!(memory.bytes(), [7]);
            steps += 1;
        }
        assert_eq!((steps, memory.len()), (2, len));
        assert!(memory.bytes()[1..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn what_is_stable_is_not_moved() {
        for mut memory in memories(8, 4 << 20) {
            let stable = memory.settle(4 << 20);
            let base = memory.base();
            assert!((8..=4 << 20).contains(&stable));
            assert!(stable == 8 || grow(&mut memory, stable, 4 << 20));
            assert_eq!((memory.base(), memory.len()), (base, stable));
        }
    }

    /// A little one costs no addresses until it grows beyond, or somebody wants it to stay.
    #[test]
    #[cfg(all(feature = "std", unix, target_pointer_width = "64", not(miri)))]
    fn a_little_memory_is_moved_to_addresses_once() {
        let (most, page) = (1 << 32, 1 << 16);
        let little = || {
            let mut memory = LinearMemory::new(page, most).unwrap();
            assert!(matches!(memory.room, Room::Allocated { .. }));
            memory.bytes_mut()[page - 1] = 7;
            memory
        };
        let is_whole = |memory: &LinearMemory| {
            let mut used = memory.bytes().iter().enumerate().filter(|(_, byte)| **byte != 0);
            assert_eq!((used.next(), used.next()), (Some((page - 1, &7)), None));
        };
        let mut grown = little();
        assert!(grow(&mut grown, LITTLE, most));
        assert!(matches!(grown.room, Room::Allocated { .. }));
        assert!(grow(&mut grown, LITTLE + page, most));
        assert!(matches!(grown.room, Room::Reserved(_)));
        is_whole(&grown);
        let mut settled = little();
        assert_eq!(settled.settle(most), most);
        let base = settled.base();
        is_whole(&settled);
        assert_eq!((settled.settle(most), settled.base()), (most, base));
        // One that had to stay with the allocator when it was asked stays there.
        let mut kept = little();
        kept.is_settled = true;
        let base = kept.base();
        assert_eq!((kept.settle(most), kept.base()), (page, base));
        // Growth that was stopped before leaves nothing behind.
        let mut stopped = little();
        assert!(stopped.reallocate(LITTLE));
        let Room::Allocated { zeroed, .. } = &mut stopped.room else { unreachable!() };
        assert_eq!(*zeroed, page);
        assert!(grow(&mut stopped, 2 * LITTLE, most));
        is_whole(&stopped);
        assert!(matches!(LinearMemory::new(page, SMALL).unwrap().room, Room::Allocated { .. }));
        let large = LinearMemory::new(LITTLE + page, most).unwrap();
        assert!(matches!(large.room, Room::Reserved(_)));
    }

    #[test]
    fn what_is_not_grown_is_given_back() {
        let mut memory = allocated(100);
        memory.bytes_mut().fill(7);
        assert_eq!(memory.grow(3 * STEP, 3 * STEP, &mut || false), Growing::Stopped);
        assert_eq!(memory.release(), 100);
        assert!(matches!(memory.room, Room::Allocated { capacity: 100, zeroed: 100 }));
        assert_eq!(memory.bytes(), [7; 100]);
        assert!(grow(&mut memory, 101, 1000));
        assert_eq!(memory.release(), 101);
        assert!(matches!(memory.room, Room::Allocated { capacity: 101.., zeroed: 101 }));
        let mut none = allocated(0);
        assert_eq!(none.grow(3 * STEP, 3 * STEP, &mut || false), Growing::Stopped);
        assert_eq!(none.release(), 0);
        assert!(grow(&mut none, 10, 10));
        assert_eq!(none.bytes(), [0; 10]);
        for mut memory in memories(8, 1000) {
            assert_eq!(memory.release(), 8);
        }
    }

    /// Bytes that a growth may leave where they are, and those that it moves.
    #[test]
    #[cfg(all(feature = "std", unix, target_pointer_width = "64", not(miri)))]
    fn a_reserved_memory_stays_where_it_is() {
        let (most, size) = (1 << 40, 1 << 24);
        let Some(mut memory) = LinearMemory::reserved(1 << 16, most, size as u64) else { return };
        let base = memory.base();
        memory.bytes_mut()[5] = 5;
        assert!(grow(&mut memory, size, most));
        assert_eq!((memory.base(), memory.bytes()[5]), (base, 5));
        memory.bytes_mut()[size - 1] = 6;
        // Twice, so that what was moved moves once more.
        for len in [size + 1, 2 * size + (1 << 20)] {
            let base = memory.base();
            assert!(grow(&mut memory, len, most));
            assert_ne!(memory.base(), base);
            assert_eq!(memory.bytes()[5], 5);
            assert_eq!(memory.bytes()[size - 1..][..2], [6, 0]);
            assert_eq!(memory.bytes()[len - 1], 0);
        }
        assert!(!memory.grow(usize::MAX / 4, usize::MAX, &mut || true).eq(&Growing::Done));
        assert_eq!(memory.bytes()[5], 5);
    }
}
