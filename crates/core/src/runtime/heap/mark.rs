//! Marking: which objects can be reached. A bit for each word of the heap says whether a marked object begins
//! there, so that sweeping passes over what is dead without looking at it. Objects that were found but not looked
//! into yet wait in a list; if the host has no memory for a longer one, marked objects are looked through again.

use super::{Heap, types::Shape};
use crate::object::Class;
use alloc::vec::Vec;

/// The state of marking.
#[derive(Default)]
pub(super) struct Marking {
    /// A bit for each word of the heap.
    bits: Vec<u64>,
    /// Objects to look into, by word. Ones that did not fit are marked only.
    waiting: Vec<u32>,
    overflowed: bool,
    /// The most that may wait, for tests.
    #[cfg(test)]
    pub(super) max_waiting: Option<usize>,
}

impl Marking {
    /// Gets ready for a heap of so many words.
    pub(super) fn reserve(&mut self, words: usize) -> bool {
        let needed = words.div_ceil(64);
        let more = needed.saturating_sub(self.bits.len());
        if self.bits.try_reserve_exact(more).is_err() {
            return false;
        }
        self.bits.resize(needed, 0);
        true
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        self.waiting.clear();
        self.overflowed = false;
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

    /// The first marked word from `from` on.
    pub(super) fn first_marked(&self, from: usize) -> Option<usize> {
        let mut index = from / 64;
        let mut bits = self.bits.get(index)? & (u64::MAX << (from % 64));
        while bits == 0 {
            index += 1;
            bits = *self.bits.get(index)?;
        }
        Some(index * 64 + bits.trailing_zeros() as usize)
    }

    #[inline]
    fn wait(&mut self, word: usize) {
        #[cfg(test)]
        if self.max_waiting.is_some_and(|max| self.waiting.len() >= max) {
            self.overflowed = true;
            return;
        }
        if self.waiting.len() == self.waiting.capacity() && self.waiting.try_reserve(1).is_err() {
            self.overflowed = true;
            return;
        }
        self.waiting.push(word as u32);
    }
}

impl Heap {
    /// Begins a collection: nothing is marked, all room is given back.
    pub(crate) fn start_marking(&mut self) {
        self.close_room();
        self.marking.clear();
    }

    /// Marks what a word of the hierarchy of `any` or `extern` refers to, if it is an object.
    #[inline]
    pub(crate) fn mark(&mut self, word: u64) {
        if word != 0 && word & 7 == 0 && self.marking.set(word as usize / 8) {
            self.marking.wait(word as usize / 8);
        }
    }

    /// Marks all objects that marked ones lead to. Host values and exceptions that are met go to `other`.
    pub(crate) fn trace(&mut self, other: &mut dyn FnMut(Class, u64)) {
        loop {
            while let Some(word) = self.marking.waiting.pop() {
                self.trace_object(word as usize, other);
            }
            if !core::mem::take(&mut self.marking.overflowed) {
                return;
            }
            let mut next = self.marking.first_marked(0);
            while let Some(word) = next {
                self.trace_object(word, other);
                while let Some(word) = self.marking.waiting.pop() {
                    self.trace_object(word as usize, other);
                }
                next = self.marking.first_marked(word + 1);
            }
        }
    }

    fn trace_object(&mut self, word: usize, other: &mut dyn FnMut(Class, u64)) {
        let header = self.words[word];
        match self.types.shape(header) {
            Shape::Struct { first, count, .. } => {
                for index in first..first + count {
                    let (offset, class) = self.types.traced[index as usize];
                    self.trace_word(word + offset as usize / 8, class, other);
                }
            }
            Shape::Array { traced: Some(class), .. } => {
                for element in 0..(header >> 32) as usize {
                    self.trace_word(word + 1 + element, class, other);
                }
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
