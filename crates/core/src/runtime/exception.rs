//! [`Exceptions`]: the exceptions of a store that something refers to. An exception that is caught without a
//! reference never gets here. The driver adds to it and reads it; a collector marks and sweeps it. It must never
//! free what was marked.

use super::StoreInner;
use alloc::vec::Vec;
use windlass_validate::TypeId;

/// A tag: what tells kinds of exceptions apart. Its identity is its index in the store.
#[derive(Clone, Copy)]
pub(crate) struct TagEntity {
    /// A function type without results.
    pub(crate) ty: TypeId,
    /// How many slots the fields of its exceptions take.
    pub(crate) slots: u16,
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
#[allow(dead_code)] // Marks are the collector's.
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
    /// Bytes of all that are used.
    bytes: usize,
}

/// The most bytes that the exceptions of a store take.
const MAX_BYTES: usize = 1 << 28;

impl Exceptions {
    /// A new exception; returns the reference as it lies in slots. None if there is no room.
    pub(crate) fn add(&mut self, tag: u32, fields: &[u64]) -> Option<u64> {
        let bytes = self.bytes + cost(fields);
        if bytes > MAX_BYTES {
            return None;
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                // So that whatever is freed later has its place in the list.
                self.free.try_reserve(self.entries.len() + 1).ok()?;
                self.entries.try_reserve(1).ok()?;
                self.entries.push(Exception::default());
                self.entries.len() as u32 - 1
            }
        };
        let entry = &mut self.entries[index as usize];
        if entry.fields.try_reserve_exact(fields.len()).is_err() {
            self.free.push(index);
            return None;
        }
        entry.fields.extend_from_slice(fields);
        entry.tag = tag;
        entry.state = State::Used;
        self.bytes = bytes;
        Some(u64::from(index) + 1)
    }

    /// How many there were at most: no reference is larger.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The exception that a reference, which is not null, refers to.
    pub(crate) fn get(&self, reference: u64) -> &Exception {
        &self.entries[reference as usize - 1]
    }

    /// What all exceptions take.
    #[allow(dead_code)] // It and what follows are for the collector.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Notes that a reference, which is not null, was found. Whether it was not before: then the collector has
    /// to look at its fields.
    #[allow(dead_code)]
    pub(crate) fn mark(&mut self, reference: u64) -> bool {
        let state = &mut self.entries[reference as usize - 1].state;
        let first = *state == State::Used;
        if first {
            *state = State::Marked;
        }
        first
    }

    /// Frees what was not marked.
    #[allow(dead_code)]
    pub(crate) fn sweep(&mut self) {
        for (index, entry) in self.entries.iter_mut().enumerate() {
            match entry.state {
                State::Free => {}
                State::Marked => entry.state = State::Used,
                State::Used => {
                    self.bytes -= cost(&entry.fields);
                    entry.fields.clear();
                    entry.state = State::Free;
                    self.free.push(index as u32);
                }
            }
        }
    }
}

/// What an exception with these fields takes.
fn cost(fields: &[u64]) -> usize {
    size_of::<Exception>() + size_of_val(fields)
}

impl StoreInner {
    /// Makes a tag; returns its index.
    pub(crate) fn add_tag(&mut self, ty: TypeId, instance: u32, index: u32) -> u32 {
        let slots = crate::module::slots_of(&self.engine.func_type(ty).params);
        self.tags.push(TagEntity { ty, slots, instance, index });
        self.tags.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_marked_is_freed_and_used_again() {
        let mut exceptions = Exceptions::default();
        let [a, b, c] = [1, 2, 3].map(|n| exceptions.add(n, &[n.into(); 2]).unwrap());
        assert_eq!([a, b, c], [1, 2, 3]);
        let three = exceptions.bytes();
        assert!(exceptions.mark(b) && !exceptions.mark(b));
        exceptions.sweep();
        assert_eq!(exceptions.bytes(), three / 3);
        assert_eq!((exceptions.get(b).tag, &exceptions.get(b).fields[..]), (2, &[2, 2][..]));
        let again = exceptions.add(7, &[]).unwrap();
        assert!(again == a || again == c);
        assert_eq!((exceptions.get(again).tag, exceptions.get(again).fields.len()), (7, 0));
        exceptions.sweep();
        assert_eq!(exceptions.bytes(), 0);
    }

    #[test]
    fn there_is_an_end() {
        let mut exceptions = Exceptions::default();
        let fields = alloc::vec![0; 1 << 20];
        let count = (0..1000).take_while(|_| exceptions.add(0, &fields).is_some()).count();
        assert_eq!(count, MAX_BYTES / cost(&fields));
        exceptions.sweep();
        assert!(exceptions.add(0, &fields).is_some());
    }
}
