//! [`FreeLists`]: the free places of a heap by size, as lists through the heap itself. A free place
//! begins with its size in words and the offset of the next. Used by the heap alone.

/// Places of up to so many words have a list for each size; larger ones one for each power of two.
const EXACT: usize = 64;
/// How far to look in a list whose places may be too small.
const MAX_STEPS: usize = 32;
/// As `MAX_STEPS`, when it is this or nothing.
const ALL_STEPS: usize = 1 << 16;

/// A free place: offset and size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) at: usize,
    pub(super) size: usize,
}

/// The free places. 0 ends a list.
pub(super) struct FreeLists {
    /// By the number of words.
    exact: [u64; EXACT],
    /// By log2 of the number of words.
    large: [u64; 64],
    /// Which lists are not empty.
    has_exact: u64,
    has_large: u64,
}

impl FreeLists {
    pub(super) fn new() -> FreeLists {
        FreeLists { exact: [0; EXACT], large: [0; 64], has_exact: 0, has_large: 0 }
    }

    /// Adds a place. One that is too small for a list is lost until the next collection.
    pub(super) fn put(&mut self, words: &mut [u64], free: Free) {
        let count = free.size / 8;
        if count < 2 {
            return;
        }
        let (head, bits, bit) = if count < EXACT {
            (&mut self.exact[count], &mut self.has_exact, count)
        } else {
            let log2 = count.ilog2() as usize;
            (&mut self.large[log2], &mut self.has_large, log2)
        };
        words[free.at / 8] = count as u64;
        words[free.at / 8 + 1] = *head;
        *head = free.at as u64;
        *bits |= 1 << bit;
    }

    /// Takes a place of at least `size` bytes out of the lists of large ones. Where places may be
    /// too small it looks at many, or at the first ones only.
    pub(super) fn take_large(&mut self, words: &mut [u64], size: usize, all: bool) -> Option<Free> {
        let count = size.div_ceil(8);
        if count < EXACT {
            let list = self.has_large.trailing_zeros() as usize;
            return self.search(words, list, count, 1);
        }
        // In the list of its own power of two, places may be too small; in those above, each will
        // do.
        let own = count.ilog2() as usize;
        let above = (self.has_large & (u64::MAX << own << 1)).trailing_zeros() as usize;
        self.search(words, own, count, if all { ALL_STEPS } else { MAX_STEPS })
            .or_else(|| self.search(words, above, count, 1))
    }

    /// Takes the first place with `count` words out of a list, if it is among the first `steps`.
    fn search(
        &mut self,
        words: &mut [u64],
        list: usize,
        count: usize,
        steps: usize,
    ) -> Option<Free> {
        let mut before = None;
        let mut at = *self.large.get(list)? as usize / 8;
        for _ in 0..steps {
            if at == 0 {
                return None;
            }
            let next = words[at + 1];
            if words[at] as usize >= count {
                match before {
                    Some(before) => words[before] = next,
                    None => self.large[list] = next,
                }
                if self.large[list] == 0 {
                    self.has_large &= !(1 << list);
                }
                return Some(Free { at: at * 8, size: words[at] as usize * 8 });
            }
            before = Some(at + 1);
            at = next as usize / 8;
        }
        None
    }

    /// Takes a place of at least `size` bytes out of the lists of small ones.
    pub(super) fn take_exact(&mut self, words: &mut [u64], size: usize) -> Option<Free> {
        let count = size.div_ceil(8).max(2);
        if count >= EXACT {
            return None;
        }
        let list = (self.has_exact & (u64::MAX << count)).trailing_zeros() as usize;
        let at = *self.exact.get(list)? as usize;
        self.exact[list] = words[at / 8 + 1];
        if self.exact[list] == 0 {
            self.has_exact &= !(1 << list);
        }
        Some(Free { at, size: list * 8 })
    }
}
