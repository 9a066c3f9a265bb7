//! The buffers of a call: a list of (pointer, length) pairs in the guest's memory. [`Iovecs`] goes
//! along the list, some buffers at a time; `fd/io` and `sock` use it. Nothing here grows with what
//! the guest says: neither the count of buffers nor their lengths.

use crate::{Errno, GuestMemory, fuel};
use core::ops::Range;

/// How many buffers are handed to the host at once.
pub(crate) const BATCH: usize = 16;

/// After so many pairs it looks whether the call is to end.
const LOOKS: u32 = 4096;

/// A place in a list of buffers: in which, and how far into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    index: u32,
    offset: u32,
}

/// A list of buffers, and how far a call has come in it.
pub(crate) struct Iovecs {
    at: u32,
    count: u32,
    position: Position,
    /// How many bytes may still be transferred. Buffers can overlap: however long they are
    /// together, a call transfers no more than the memory has, and tells so.
    left: usize,
}

/// Some buffers of a list, none of them empty: where they lie in the memory.
#[derive(Default)]
pub(crate) struct Buffers {
    ranges: [Range<usize>; BATCH],
    /// Where each of them begins in the list.
    positions: [Position; BATCH],
    count: usize,
    len: usize,
}

impl Buffers {
    pub(crate) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges[..self.count]
    }

    /// All ranges; behind the last one they are empty.
    pub(crate) fn all(&self) -> [Range<usize>; BATCH] {
        self.ranges.clone()
    }

    /// How many bytes they have together: never more than a piece.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first of them alone.
    pub(crate) fn first(&self) -> Buffers {
        let mut first = Buffers { count: self.count.min(1), ..Buffers::default() };
        first.ranges[0] = self.ranges[0].clone();
        first.positions[0] = self.positions[0];
        first.len = first.ranges[0].len();
        first
    }

    /// Leaves out what is beyond `len` bytes.
    fn cut(&mut self, len: usize) {
        let mut left = len;
        for (index, range) in self.ranges[..self.count].iter_mut().enumerate() {
            range.end = range.start + range.len().min(left);
            left -= range.len();
            if range.start == range.end {
                *range = 0..0;
                self.count = self.count.min(index);
            }
        }
        self.len = len - left;
    }
}

impl Iovecs {
    /// The `count` pairs at `at`, from where the call has come to.
    pub(crate) fn new(memory: &GuestMemory<'_>, at: u32, count: u32) -> Iovecs {
        // Where the list is longer than the memory, the call fails there.
        memory.charge(fuel::BUFFER * u64::from(count).min(memory.size() as u64 / 8));
        let most = memory.size().min(u32::MAX as usize);
        let left = most.saturating_sub(memory.progress.bytes as usize);
        Iovecs { at, count, position: memory.progress.position, left }
    }

    /// The next buffers, none at the end. All of them are in the memory.
    pub(crate) fn next(&self, memory: &GuestMemory<'_>) -> Result<Buffers, Errno> {
        let mut found = Buffers::default();
        let Position { mut index, mut offset } = self.position;
        let mut looks = 0;
        // What is wrong further on is found when it is its turn.
        while index < self.count && found.count < BATCH && (looks < BATCH || found.count == 0) {
            looks += 1;
            if index % LOOKS == LOOKS - 1 {
                memory.check_interrupt()?;
            }
            let (ptr, len) = memory.iovec(self.at, index)?;
            let range = memory.check(ptr, len)?;
            // The list may have changed since: other threads use the memory.
            let start = range.end.min(range.start + offset as usize);
            if start < range.end {
                found.ranges[found.count] = start..range.end;
                found.positions[found.count] = Position { index, offset };
                found.count += 1;
            }
            (index, offset) = (index + 1, 0);
        }
        found.cut(self.left.min(memory.piece()));
        Ok(found)
    }

    /// Goes on by `count` bytes of these buffers.
    pub(crate) fn advance(&mut self, memory: &mut GuestMemory<'_>, found: &Buffers, count: usize) {
        // An implementation of a stream may claim more than it was given.
        let count = count.min(found.len);
        let mut rest = count;
        for (range, position) in found.ranges().iter().zip(&found.positions) {
            let part = range.len().min(rest);
            rest -= part;
            self.position = Position { offset: position.offset + part as u32, ..*position };
            if rest == 0 {
                break;
            }
        }
        self.left -= count;
        memory.progress.bytes += count as u32;
        memory.progress.position = self.position;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    fn memory_with(pairs: &[(u32, u32)], size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        for (index, &(ptr, len)) in pairs.iter().enumerate() {
            bytes[8 * index..8 * index + 4].copy_from_slice(&ptr.to_le_bytes());
            bytes[8 * index + 4..8 * index + 8].copy_from_slice(&len.to_le_bytes());
        }
        bytes
    }

    #[test]
    #[allow(clippy::single_range_in_vec_init)] // One range of bytes is what is meant.
    fn goes_along() {
        let mut bytes = memory_with(&[(100, 0), (100, 5), (200, 0), (300, 10)], 1000);
        let mut memory = GuestMemory::new(&mut bytes);
        let mut iovecs = Iovecs::new(&memory, 0, 4);
        assert_eq!(iovecs.next(&memory).unwrap().ranges(), [100..105, 300..310]);
        for (count, rest) in
            [(3, &[103..105, 300..310][..]), (2, &[300..310]), (9, &[309..310]), (1, &[])]
        {
            let found = iovecs.next(&memory).unwrap();
            iovecs.advance(&mut memory, &found, count);
            assert_eq!(iovecs.next(&memory).unwrap().ranges(), rest);
            let again = Iovecs::new(&memory, 0, 4);
            assert_eq!(again.next(&memory).unwrap().ranges(), rest, "called again");
        }
        assert_eq!(memory.progress.bytes, 15);
    }

    #[test]
    #[allow(clippy::single_range_in_vec_init)] // As above.
    fn no_more_than_the_memory_has() {
        let mut bytes = memory_with(&[(0, 4096); 400], 4096);
        let mut memory = GuestMemory::new(&mut bytes);
        let mut iovecs = Iovecs::new(&memory, 0, 400);
        let found = iovecs.next(&memory).unwrap();
        assert_eq!(found.ranges(), [0..4096]);
        iovecs.advance(&mut memory, &found, 1000);
        let found = iovecs.next(&memory).unwrap();
        assert_eq!(found.len(), 3096);
        iovecs.advance(&mut memory, &found, usize::MAX);
        assert_eq!(iovecs.next(&memory).unwrap().ranges(), []);
    }

    #[test]
    fn a_piece_at_a_time() {
        let pairs = [(0, 700_000), (700_000, 700_000), (1_400_000, 700_000)];
        let mut bytes = memory_with(&pairs, 3_000_000);
        let mut memory = GuestMemory::new(&mut bytes);
        let mut iovecs = Iovecs::new(&memory, 0, 3);
        let found = iovecs.next(&memory).unwrap();
        assert_eq!(found.ranges(), [0..700_000, 700_000..1 << 20]);
        iovecs.advance(&mut memory, &found, 1 << 20);
        assert_eq!(iovecs.next(&memory).unwrap().ranges()[0], 1 << 20..1_400_000);
    }

    #[test]
    fn an_interrupt_ends_a_walk_along_empty_buffers() {
        let mut bytes = memory_with(&[], 1 << 20);
        let memory = GuestMemory::new(&mut bytes);
        assert!(Iovecs::new(&memory, 0, 1 << 17).next(&memory).unwrap().ranges().is_empty());
        let memory = memory.interrupted_by(&|| true);
        assert_eq!(Iovecs::new(&memory, 0, 1 << 17).next(&memory).err(), Some(Errno::Intr));
    }
}
