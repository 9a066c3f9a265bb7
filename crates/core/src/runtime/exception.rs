//! [`Exceptions`]: the exceptions of a store that something refers to. An exception that is caught
//! without a reference never gets here. The driver adds to it and reads it; a collector marks and
//! sweeps it. It must never free what was marked.

use super::{StoreInner, collection::part};
use crate::object_type::Class;
use alloc::{boxed::Box, vec::Vec};
use windlass_decode::ValType;
use windlass_validate::TypeId;

/// A tag: what tells kinds of exceptions apart. Its identity is its index in the store.
pub(crate) struct TagEntity {
    /// A function type without results.
    pub(crate) ty: TypeId,
    /// How many slots the fields of its exceptions take.
    pub(crate) slots: u16,
    /// The slots that have references among them.
    pub(crate) references: Box<[(u16, Class)]>,
    /// The instance that defines it, and its index there; `NO_INSTANCE` if the host does.
    pub(crate) instance: u32,
    pub(crate) index: u32,
}

/// An exception.
#[derive(Default)]
pub(crate) struct Exception {
    /// The store's index of its tag.
    pub(crate) tag: u32,
    /// Its fields, as they lie in slots.
    pub(crate) fields: Vec<u64>,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    Used,
    /// Used, and found by a running collection.
    Marked,
}

/// The exceptions of a store.
#[derive(Default)]
pub(crate) struct Exceptions {
    entries: Vec<Exception>,
    free: Vec<u32>,
    /// Marked ones whose fields the collector has not seen.
    waiting: Vec<u32>,
    /// Bytes of all that are used, and how many they may be before somebody is asked.
    bytes: usize,
    room: usize,
    /// Bytes that were in use after the last collection.
    live: usize,
}

/// The least step of growth, in bytes.
const MIN_STEP: usize = 64 << 10;

impl Exceptions {
    /// A new exception; returns the reference as it lies in slots. There must be room: see
    /// `has_room`. None if the host has no memory.
    pub(crate) fn add(&mut self, tag: u32, fields: &[u64]) -> Option<u64> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.add_entry()?,
        };
        let entry = &mut self.entries[index as usize];
        if entry.fields.try_reserve_exact(fields.len()).is_err() {
            self.free.push(index);
            return None;
        }
        entry.fields.extend_from_slice(fields);
        entry.tag = tag;
        entry.state = State::Used;
        self.bytes += Exceptions::cost(fields.len());
        Some(u64::from(index) + 1)
    }

    /// One more entry, and room for it in both lists: a collection never allocates.
    fn add_entry(&mut self) -> Option<u32> {
        let index = u32::try_from(self.entries.len()).ok()?;
        self.entries.try_reserve(1).ok()?;
        let count = self.entries.capacity();
        self.free.try_reserve(count - self.free.len().min(count)).ok()?;
        self.waiting.try_reserve(count - self.waiting.len().min(count)).ok()?;
        self.entries.push(Exception::default());
        Some(index)
    }

    /// What an exception with so many slots of fields takes.
    pub(crate) fn cost(fields: usize) -> usize {
        size_of::<Exception>() + 8 * fields
    }

    /// Whether there is room for one that takes `size` bytes.
    pub(crate) fn has_room(&self, size: usize) -> bool {
        size <= self.room - self.bytes
    }

    /// Bytes of all that are used.
    pub(crate) fn used(&self) -> usize {
        self.bytes
    }

    /// Bytes of those that came since the last collection.
    pub(crate) fn allocated(&self) -> usize {
        self.bytes.saturating_sub(self.live)
    }

    /// The bytes that exceptions may take.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// How many bytes more exceptions should be allowed to take, so that one of `size` bytes fits:
    /// the best first.
    pub(crate) fn growth(&self, size: usize) -> [usize; 2] {
        let needed = size.saturating_sub(self.room - self.bytes);
        [needed.max(self.room).max(MIN_STEP), needed]
    }

    /// Exceptions may take `more` bytes.
    pub(crate) fn grow(&mut self, more: usize) {
        self.room += more;
    }

    /// The exception that a reference, which is not null, refers to.
    pub(crate) fn get(&self, reference: u64) -> &Exception {
        &self.entries[reference as usize - 1]
    }

    /// Notes that a reference was found: what it refers to stays.
    pub(crate) fn mark(&mut self, reference: u64) {
        let Some(index) = reference.checked_sub(1) else { return };
        let state = &mut self.entries[index as usize].state;
        if *state == State::Used {
            *state = State::Marked;
            self.waiting.push(index as u32);
        }
    }

    /// A reference to an exception that was marked, whose fields are to be marked: each once.
    pub(crate) fn next_marked(&mut self) -> Option<u64> {
        Some(u64::from(self.waiting.pop()?) + 1)
    }

    /// From `at` on, frees what was not marked: whether that is done.
    pub(crate) fn sweep(&mut self, at: &mut usize, left: &mut usize) -> bool {
        let len = self.entries.len();
        for index in part(at, left, len) {
            let entry = &mut self.entries[index];
            match entry.state {
                State::Free => {}
                State::Marked => entry.state = State::Used,
                State::Used => {
                    self.bytes -= Exceptions::cost(entry.fields.len());
                    // No more memory is kept than is counted.
                    entry.fields = Vec::new();
                    entry.state = State::Free;
                    self.free.push(index as u32);
                }
            }
        }
        let is_done = *at == len;
        if is_done {
            self.live = self.bytes;
        }
        is_done
    }

    /// Takes back the marks that a collection has left, from `at` on: whether these were all.
    pub(crate) fn unmark(&mut self, at: &mut usize, left: &mut usize) -> bool {
        self.waiting.clear();
        let len = self.entries.len();
        for entry in &mut self.entries[part(at, left, len)] {
            if entry.state == State::Marked {
                entry.state = State::Used;
            }
        }
        *at == len
    }
}

impl StoreInner {
    /// Makes a tag; returns its index.
    pub(crate) fn add_tag(&mut self, ty: TypeId, instance: u32, index: u32) -> u32 {
        let mut slots = 0;
        let mut references = Vec::new();
        for &ty in &self.engine.func_type(ty).params {
            references.extend(self.class_of(ty).map(|class| (slots, class)));
            slots += if ty == ValType::V128 { 2 } else { 1 };
        }
        self.tags.push(TagEntity { ty, slots, references: references.into(), instance, index });
        self.tags.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In parts of one.
    fn sweep(exceptions: &mut Exceptions) {
        let mut at = 0;
        while !exceptions.sweep(&mut at, &mut 1) {}
    }

    #[test]
    fn what_is_not_marked_is_freed_and_used_again() {
        let mut exceptions = Exceptions::default();
        exceptions.grow(1000);
        let [a, b, c] = [1, 2, 3].map(|n| exceptions.add(n, &[n.into(); 2]).unwrap());
        assert_eq!([a, b, c], [1, 2, 3]);
        let three = exceptions.bytes;
        for reference in [0, b, b] {
            exceptions.mark(reference);
        }
        assert_eq!(exceptions.next_marked(), Some(b));
        assert!(exceptions.next_marked().is_none());
        sweep(&mut exceptions);
        assert_eq!(exceptions.bytes, three / 3);
        assert_eq!((exceptions.get(b).tag, &exceptions.get(b).fields[..]), (2, &[2, 2][..]));
        let again = exceptions.add(7, &[]).unwrap();
        assert!(again == a || again == c);
        assert_eq!((exceptions.get(again).tag, exceptions.get(again).fields.len()), (7, 0));
        exceptions.mark(again);
        assert!(exceptions.unmark(&mut 0, &mut usize::MAX.clone()));
        sweep(&mut exceptions);
        assert_eq!(exceptions.bytes, 0);
    }

    #[test]
    fn room_grows_in_steps() {
        let mut exceptions = Exceptions::default();
        let size = Exceptions::cost(100);
        let mut steps = 0;
        for n in 0..10_000 {
            if !exceptions.has_room(size) {
                let [best, least] = exceptions.growth(size);
                assert!(least <= size && best >= least);
                exceptions.grow(best);
                steps += 1;
            }
            exceptions.add(n, &[0; 100]).unwrap();
        }
        assert!(steps < 12 && exceptions.allocated() == exceptions.used());
    }
}
