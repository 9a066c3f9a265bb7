//! Marking: which objects can be reached. A bit for each word of the heap says whether a marked
//! object begins there, so that sweeping passes over what is dead without looking at it. Objects
//! that were found but not looked into yet wait in a list; what does not fit there is found by
//! looking through the marked objects again: not often, since the list is never short for the heap.
//!
//! All of it goes in parts: `left` says how many words may be looked at yet.

use super::Heap;
use super::access::descriptor_of;
use crate::{
    object_type::{Class, known::Shape},
    runtime::collection::part,
};
use alloc::vec::Vec;

/// The state of marking.
#[derive(Default)]
pub(super) struct Marking {
    /// A bit for each word of the heap.
    bits: Vec<u64>,
    /// Objects to look into, by word. Ones that did not fit are marked only.
    waiting: Vec<u32>,
    overflowed: bool,
    /// The rest of an array that is looked into: its first word and the one behind it.
    array: Option<(usize, usize, Class)>,
    /// Marked objects from this word on are looked through again.
    again: Option<usize>,
    /// The most that may wait, for tests.
    #[cfg(test)]
    pub(super) max_waiting: Option<usize>,
}

impl Marking {
    /// Has memory for a heap of so many words, which is not touched.
    pub(super) fn reserve(&mut self, words: usize) -> bool {
        let needed = words.div_ceil(64);
        let more = needed.saturating_sub(self.bits.len());
        // Of the objects that can be there, at least each 32nd can wait, so that marked ones are
        // looked through 32 times at most.
        let waiting = needed.saturating_sub(self.waiting.len());
        if self.bits.try_reserve_exact(more).is_err()
            || self.waiting.try_reserve_exact(waiting).is_err()
        {
            return false;
        }
        true
    }

    /// What marking takes beside a heap of so many words, in bytes: see `reserve`.
    pub(super) fn bytes(words: usize) -> usize {
        words.div_ceil(64) * (size_of::<u64>() + size_of::<u32>())
    }

    /// The heap has so many words, for which there is memory.
    pub(super) fn lengthen(&mut self, words: usize) {
        self.bits.resize(words.div_ceil(64), 0);
    }

    /// What it takes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bits.capacity() * size_of::<u64>() + self.waiting.capacity() * size_of::<u32>()
    }

    /// For how many words there are bits.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.bits.len() * 64
    }

    /// Sets the bit of a word; tells whether it was not set.
    #[inline]
    fn set(&mut self, word: usize) -> bool {
        let Some(bits) = self.bits.get_mut(word / 64) else { return false };
        let bit = 1 << (word % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// The first marked word from `from` on, or else how far it was looked for: up to the end, or
    /// as there is work left.
    pub(super) fn first_marked(&self, from: usize, left: &mut usize) -> Result<usize, usize> {
        let mut index = from / 64;
        let mut mask = u64::MAX << (from % 64);
        while let Some(bits) = self.bits.get(index) {
            let bits = bits & mask;
            *left = left.saturating_sub(1);
            if bits != 0 {
                return Ok(index * 64 + bits.trailing_zeros() as usize);
            }
            (index, mask) = (index + 1, u64::MAX);
            if *left == 0 {
                break;
            }
        }
        Err(index * 64)
    }

    /// Whether the bits of this word and of those behind it are none.
    pub(super) fn is_behind(&self, word: usize) -> bool {
        word / 64 >= self.bits.len()
    }

    #[inline]
    fn wait(&mut self, word: usize) {
        #[cfg(test)]
        if self.max_waiting.is_some_and(|max| self.waiting.len() >= max) {
            self.overflowed = true;
            return;
        }
        // No more than what was set aside when the heap grew, which counts.
        if self.waiting.len() == self.waiting.capacity() {
            self.overflowed = true;
            return;
        }
        self.waiting.push(word as u32);
    }
}

impl Heap {
    /// Begins a collection: all room is given back. Marks are taken back by `unmark`.
    pub(crate) fn start_marking(&mut self) {
        self.close_room();
        self.marking.waiting.clear();
        self.marking.overflowed = false;
        (self.marking.array, self.marking.again) = (None, None);
        self.sweeping = None;
    }

    /// Takes back the marks that a collection has left, from `at` on: whether these were all.
    pub(crate) fn unmark(&mut self, at: &mut usize, left: &mut usize) -> bool {
        let len = self.marking.bits.len();
        self.marking.bits[part(at, left, len)].fill(0);
        *at == len
    }

    /// Marks what a word of the hierarchy of `any` or `extern` refers to, if it is an object.
    #[inline]
    pub(crate) fn mark(&mut self, word: u64) {
        if word != 0 && word & 7 == 0 && self.marking.set(word as usize / 8) {
            self.marking.wait(word as usize / 8);
        }
    }

    /// Marks all objects that marked ones lead to; whether these are all. Host values and
    /// exceptions that are met go to `other`.
    pub(crate) fn trace(&mut self, left: &mut usize, other: &mut dyn FnMut(Class, u64)) -> bool {
        while *left > 0 {
            if let Some((mut first, end, class)) = self.marking.array.take() {
                for word in part(&mut first, left, end) {
                    self.trace_word(word, class, other);
                }
                self.marking.array = (first < end).then_some((first, end, class));
            } else if let Some(word) = self.marking.waiting.pop() {
                self.look_into(word as usize, left, other);
            } else if let Some(from) = self.marking.again.take() {
                match self.marking.first_marked(from, left) {
                    Ok(word) => {
                        self.marking.again = Some(word + 1);
                        self.look_into(word, left, other);
                    }
                    Err(word) => {
                        self.marking.again = (!self.marking.is_behind(word)).then_some(word);
                    }
                }
            } else if core::mem::take(&mut self.marking.overflowed) {
                self.marking.again = Some(0);
            } else {
                return true;
            }
        }
        false
    }

    fn look_into(&mut self, word: usize, left: &mut usize, other: &mut dyn FnMut(Class, u64)) {
        let header = self.words[word];
        *left = left.saturating_sub(1);
        match self.types.shape(header) {
            Shape::Struct { first, count, .. } => {
                *left = left.saturating_sub(count as usize);
                self.mark(descriptor_of(header));
                for index in first..first + count {
                    let (offset, class) = self.types.traced[index as usize];
                    self.trace_word(word + offset as usize / 8, class, other);
                }
            }
            Shape::Array { traced: Some(class), .. } => {
                let (first, len) = (word + 1, (header >> 32) as usize);
                self.marking.array = Some((first, first + len, class));
            }
            Shape::Array { traced: None, .. } | Shape::Unknown => {}
        }
    }

    #[inline]
    fn trace_word(&mut self, word: usize, class: Class, other: &mut dyn FnMut(Class, u64)) {
        let reference = self.words[word];
        if class == Class::Any && reference & 7 == 0 {
            self.mark(reference);
        } else if reference & 1 == 0 || class == Class::Exn {
            other(class, reference);
        }
    }
}
