//! [`SharedBytes`]: the bytes of a shared memory, which several threads use at once. They never
//! move: address space for the maximum is taken when the memory is made. Bytes are only ever read
//! and written atomically, at least in the order "relaxed": here for the host and for bulk
//! operations, in `exec` for guests. Must never give out a `&[u8]` or `&mut [u8]` of them.
#![allow(unsafe_code)]

use super::{
    memory::{Growing, allocate, deallocate},
    pages::Pages,
};
use core::{
    cell::UnsafeCell,
    ptr::NonNull,
    slice,
    sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering},
};

#[cfg(not(target_has_atomic = "64"))]
use core::sync::atomic::AtomicU32 as AtomicChunk;
/// The widest unit that bytes are moved in.
#[cfg(target_has_atomic = "64")]
use core::sync::atomic::AtomicU64 as AtomicChunk;
#[cfg(target_has_atomic = "64")]
type Chunk = u64;
#[cfg(not(target_has_atomic = "64"))]
type Chunk = u32;
const CHUNK: usize = size_of::<Chunk>();

/// Bytes that start as zeros, can grow up to a maximum, and stay where they are.
///
/// Invariant: the first `len` bytes from `base` on are there, `capacity` at most; those that were
/// not yet in it are zero; `len <= capacity <= isize::MAX`, and `len` only ever grows. While this
/// exists, the bytes are accessed atomically and in no other way.
pub(crate) struct SharedBytes {
    base: NonNull<u8>,
    len: AtomicUsize,
    capacity: usize,
    /// Where the bytes lie; without it, `capacity` bytes with the allocator.
    pages: Option<Pages>,
}

// SAFETY: it owns its bytes, which are accessed atomically only.
unsafe impl Send for SharedBytes {}
// SAFETY: as above.
unsafe impl Sync for SharedBytes {}

impl SharedBytes {
    /// `len` zeros that can become `capacity`; none if the host can't set aside so many, or has no
    /// atomic accesses of 64 bits.
    pub(crate) fn new(len: usize, capacity: usize) -> Option<SharedBytes> {
        if !cfg!(target_has_atomic = "64") || len > capacity {
            return None;
        }
        let (base, pages) = match Pages::reserve(capacity).filter(|pages| pages.commit(len)) {
            Some(pages) => (pages.base(), Some(pages)),
            None => (allocate(capacity)?, None),
        };
        Some(SharedBytes { base, len: len.into(), capacity, pages })
    }

    /// The address of the first byte. It never changes.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The size in bytes at this moment.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::SeqCst)
    }

    /// Grows from `current` to `len` bytes, which is no more than the capacity. It is stopped if
    /// another thread was first.
    pub(crate) fn grow(&self, current: usize, len: usize) -> Growing {
        assert!(current <= len && len <= self.capacity, "growth of a shared memory");
        if self.pages.as_ref().is_some_and(|pages| !pages.commit(len)) {
            return Growing::Failed;
        }
        match self.len.compare_exchange(current, len, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => Growing::Done,
            Err(_) => Growing::Stopped,
        }
    }

    /// The bytes, as nothing more than places.
    pub(crate) fn cells(&self) -> &[UnsafeCell<u8>] {
        // SAFETY: the first `len` bytes are allocated and initialised as long as `self` lives. A
        // shared reference to `UnsafeCell` promises nothing of what is in it.
        unsafe { slice::from_raw_parts(self.base.as_ptr().cast(), self.len()) }
    }

    /// The bytes of a range that is checked, as atomic ones.
    fn bytes(&self, at: usize, len: usize) -> &[AtomicU8] {
        let end = at.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len()), "a range of a shared memory");
        // SAFETY: the range is allocated and initialised as long as `self` lives; all other
        // accesses are atomic too (the invariant).
        unsafe { slice::from_raw_parts(self.base.as_ptr().add(at).cast(), len) }
    }

    /// The number at `at`, which must be within the size and a multiple of 4. Sequentially
    /// consistent.
    pub(crate) fn load32(&self, at: usize) -> u32 {
        let bytes = self.bytes(at, 4).as_ptr().cast_mut();
        assert!(bytes.cast::<AtomicU32>().is_aligned(), "an aligned address");
        // SAFETY: the bytes are there and aligned, and all accesses of them are atomic.
        u32::from_le(unsafe { AtomicU32::from_ptr(bytes.cast()) }.load(Ordering::SeqCst))
    }

    /// As `load32`, for 64 bits and a multiple of 8.
    #[cfg(target_has_atomic = "64")]
    pub(crate) fn load64(&self, at: usize) -> u64 {
        let bytes = self.bytes(at, 8).as_ptr().cast_mut();
        assert!(bytes.cast::<AtomicChunk>().is_aligned(), "an aligned address");
        // SAFETY: as for `load32`.
        u64::from_le(unsafe { AtomicChunk::from_ptr(bytes.cast()) }.load(Ordering::SeqCst))
    }

    /// Without such atomic accesses there is no shared memory.
    #[cfg(not(target_has_atomic = "64"))]
    pub(crate) fn load64(&self, _: usize) -> u64 {
        unreachable!("a shared memory is not made on this host")
    }

    /// Copies from `at` on to `to`. The range must be within the size.
    pub(crate) fn read(&self, at: usize, to: &mut [u8]) {
        let (head, chunks, tail) = parts(self.bytes(at, to.len()));
        let (to_head, rest) = to.split_at_mut(head.len());
        let (to_chunks, to_tail) = rest.split_at_mut(chunks.len() * CHUNK);
        load(head, to_head);
        for (to, from) in to_chunks.chunks_exact_mut(CHUNK).zip(chunks) {
            to.copy_from_slice(&from.load(Ordering::Relaxed).to_ne_bytes());
        }
        load(tail, to_tail);
    }

    /// Copies `from` to `at` and on. The range must be within the size.
    pub(crate) fn write(&self, at: usize, from: &[u8]) {
        let (head, chunks, tail) = parts(self.bytes(at, from.len()));
        let (from_head, rest) = from.split_at(head.len());
        let (from_chunks, from_tail) = rest.split_at(chunks.len() * CHUNK);
        store(head, from_head);
        for (to, from) in chunks.iter().zip(from_chunks.chunks_exact(CHUNK)) {
            let mut bytes = [0; CHUNK];
            bytes.copy_from_slice(from);
            to.store(Chunk::from_ne_bytes(bytes), Ordering::Relaxed);
        }
        store(tail, from_tail);
    }

    /// Makes `len` bytes from `at` on `value`. The range must be within the size.
    pub(crate) fn fill(&self, at: usize, len: usize, value: u8) {
        let (head, chunks, tail) = parts(self.bytes(at, len));
        head.iter().chain(tail).for_each(|byte| byte.store(value, Ordering::Relaxed));
        let value = Chunk::from_ne_bytes([value; CHUNK]);
        chunks.iter().for_each(|chunk| chunk.store(value, Ordering::Relaxed));
    }

    /// Copies `len` bytes from `from_at` of `from`, which may be this memory and overlap. Both
    /// ranges must be within the sizes.
    pub(crate) fn copy(&self, at: usize, from: &SharedBytes, from_at: usize, len: usize) {
        let mut buffer = [0; 1024];
        let step = buffer.len();
        let backwards = core::ptr::eq(self, from) && at > from_at;
        let starts = (0..len).step_by(step);
        let mut copy = |start: usize| {
            let part = &mut buffer[..step.min(len - start)];
            from.read(from_at + start, part);
            self.write(at + start, part);
        };
        if backwards { starts.rev().for_each(&mut copy) } else { starts.for_each(copy) }
    }
}

impl Drop for SharedBytes {
    fn drop(&mut self) {
        if self.pages.is_none() {
            // SAFETY: `base` was allocated with this capacity.
            unsafe { deallocate(self.base, self.capacity) }
        }
    }
}

/// Bytes up to where chunks are aligned, chunks, and the bytes that are left.
fn parts(bytes: &[AtomicU8]) -> (&[AtomicU8], &[AtomicChunk], &[AtomicU8]) {
    // SAFETY: a chunk has no other requirements than its alignment, and its accesses are atomic
    // too.
    unsafe { bytes.align_to::<AtomicChunk>() }
}

fn load(from: &[AtomicU8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.load(Ordering::Relaxed);
    }
}

fn store(to: &[AtomicU8], from: &[u8]) {
    for (to, from) in to.iter().zip(from) {
        to.store(*from, Ordering::Relaxed);
    }
}

#[cfg(all(test, target_has_atomic = "64"))]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    fn memory(len: usize) -> SharedBytes {
        let memory = SharedBytes::new(len, 2 * len).unwrap();
        let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
        memory.write(0, &bytes);
        memory
    }

    fn contents(memory: &SharedBytes) -> Vec<u8> {
        let mut bytes = vec![0xff; memory.len()];
        memory.read(0, &mut bytes);
        bytes
    }

    #[test]
    fn reads_and_writes_of_all_alignments() {
        for (at, len) in [(0, 0), (0, 64), (3, 40), (1, 5), (7, 9), (8, 16), (63, 1), (64, 0)] {
            let memory = memory(64);
            let mut wanted = contents(&memory);
            let mut bytes = vec![0; len];
            memory.read(at, &mut bytes);
            assert_eq!(bytes, wanted[at..at + len]);
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
            memory.write(at, &bytes);
            wanted[at..at + len].copy_from_slice(&bytes);
            assert_eq!(contents(&memory), wanted);
            memory.fill(at, len, 7);
            wanted[at..at + len].fill(7);
            assert_eq!(contents(&memory), wanted);
        }
    }

    #[test]
    fn copies_that_overlap() {
        for (to, from, len) in [(0, 5, 4000), (5, 0, 4000), (1, 0, 4999), (0, 1, 4999), (9, 9, 90)]
        {
            let memory = memory(5000);
            let mut wanted = contents(&memory);
            memory.copy(to, &memory, from, len);
            wanted.copy_within(from..from + len, to);
            assert_eq!(contents(&memory), wanted, "{to} {from} {len}");
        }
        let (one, two) = (memory(100), SharedBytes::new(100, 100).unwrap());
        two.copy(3, &one, 50, 20);
        assert_eq!(contents(&two)[..23], [&[0; 3][..], &contents(&one)[50..70]].concat());
    }

    #[test]
    fn grows_once_from_a_size() {
        let memory = memory(8);
        assert_eq!(memory.grow(8, 12), Growing::Done);
        assert_eq!(memory.grow(8, 16), Growing::Stopped, "it has grown meanwhile");
        assert_eq!(memory.len(), 12);
        assert_eq!(contents(&memory)[8..], [0; 4]);
        assert_eq!(memory.cells().len(), 12);
        assert!(SharedBytes::new(0, usize::MAX).is_none());
        assert!(contents(&SharedBytes::new(0, 0).unwrap()).is_empty());
    }
}
