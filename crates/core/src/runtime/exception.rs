//! [`Exceptions`]: the exceptions of a store that something refers to. An exception that is caught
//! without a reference never gets here. The driver adds to it and reads it; a collector marks and
//! sweeps it. It must never free what was marked.

use super::{StoreInner, collection::part};
use crate::object_type::Class;
use alloc::{boxed::Box, vec::Vec};
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
    /// Places for exceptions. There are never fewer.
    entries: Vec<Exception>,
    free: Vec<u32>,
    /// Marked ones whose fields the collector has not seen.
    waiting: Vec<u32>,
    /// Bytes of all that are used, and of their fields alone.
    bytes: usize,
    fields: usize,
    /// How many bytes all of this may take before somebody is asked.
    room: usize,
    /// Bytes that were in use after the last collection.
    live: usize,
}

/// The least step of growth, in bytes.
const MIN_STEP: usize = 64 << 10;
/// The least number of places that are added at once.
const MIN_ENTRIES: usize = 64;
/// What a place takes: itself, and a number in both lists.
const ENTRY: usize = size_of::<Exception>() + 2 * size_of::<u32>();

/// What the host takes for so many fields: allocators keep a word beside each piece of memory, and
/// none is small.
fn fields_cost(fields: usize) -> usize {
    if fields == 0 { 0 } else { (8 * fields + 8).next_multiple_of(16).max(32) }
}

impl Exceptions {
    /// A new exception; returns the reference as it lies in slots. There must be room: see
    /// `has_room`. None if the host has no memory.
    pub(crate) fn add(&mut self, tag: u32, fields: &[u64]) -> Option<u64> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.add_entry(fields.len())?,
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
        self.fields += fields_cost(fields.len());
        Some(u64::from(index) + 1)
    }

    /// One more entry, and room for it in both lists: a collection never allocates.
    fn add_entry(&mut self, fields: usize) -> Option<u32> {
        let index = u32::try_from(self.entries.len()).ok()?;
        if self.is_full() {
            let more = self.steps().into_iter().find(|&more| self.fits(more, fields))?;
            // The larger one last: it tells what is held.
            let count = self.entries.len() + more;
            self.free.try_reserve_exact(count - self.free.len()).ok()?;
            self.waiting.try_reserve_exact(count - self.waiting.len()).ok()?;
            self.entries.try_reserve_exact(more).ok()?;
        }
        self.entries.push(Exception::default());
        Some(index)
    }

    /// What an exception with so many slots of fields takes.
    pub(crate) fn cost(fields: usize) -> usize {
        ENTRY + fields_cost(fields)
    }

    /// What all of this takes of the host.
    fn held(&self) -> usize {
        self.entries.capacity() * ENTRY + self.fields
    }

    /// Whether another exception needs more places.
    fn is_full(&self) -> bool {
        self.free.is_empty() && self.entries.len() == self.entries.capacity()
    }

    /// How many places may be added for another exception, the best first: never so few that they
    /// are moved often.
    fn steps(&self) -> [usize; 2] {
        let len = self.entries.len();
        if self.is_full() { [len, len / 8].map(|step| step.max(MIN_ENTRIES)) } else { [0, 0] }
    }

    /// Whether there is room for so many places more, and for an exception.
    fn fits(&self, more: usize, fields: usize) -> bool {
        self.held() + more * ENTRY + fields_cost(fields) <= self.room
    }

    /// Whether there is room for one with so many slots of fields.
    pub(crate) fn has_room(&self, fields: usize) -> bool {
        self.fits(self.steps()[1], fields)
    }

    /// Whether there is none, however much a collection frees.
    pub(crate) fn is_too_large(&self, fields: usize) -> bool {
        let places = self.entries.capacity().max(MIN_ENTRIES);
        places * ENTRY + fields_cost(fields) > self.room
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

    /// How many bytes more exceptions should be allowed to take, so that one with so many slots of
    /// fields fits: the best first.
    pub(crate) fn growth(&self, fields: usize) -> [usize; 3] {
        let held = self.held() + fields_cost(fields);
        let [much, little] = self.steps().map(|more| {
            let needed = held + more * ENTRY;
            needed.saturating_sub(self.room)
        });
        [much.max(self.room).max(MIN_STEP), much, little]
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
                    self.fields -= fields_cost(entry.fields.len());
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
            slots += ty.slots() as u16;
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
        exceptions.grow(10_000);
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
        let mut steps = 0;
        for n in 0..10_000 {
            if !exceptions.has_room(100) {
                let [best, much, least] = exceptions.growth(100);
                assert!(least <= much && much <= best);
                exceptions.grow(best);
                steps += 1;
            }
            exceptions.add(n, &[0; 100]).unwrap();
        }
        assert!(steps < 12 && exceptions.allocated() == exceptions.used());
    }

    /// What is allocated, word by word of each list.
    fn taken(exceptions: &Exceptions) -> usize {
        let entries = exceptions.entries.capacity() * size_of::<Exception>();
        let lists = (exceptions.free.capacity() + exceptions.waiting.capacity()) * 4;
        let fields = exceptions.entries.iter().map(|entry| entry.fields.capacity() * 8);
        entries + lists + fields.sum::<usize>()
    }

    #[test]
    fn nothing_is_held_that_has_not_been_allowed() {
        for fields in [0, 1, 7] {
            // With the best growth, and where no more than is needed is allowed.
            for choice in [0, 2] {
                let mut exceptions = Exceptions::default();
                let mut steps = 0;
                for n in 0..20_000 {
                    if !exceptions.has_room(fields) {
                        exceptions.grow(exceptions.growth(fields)[choice]);
                        steps += 1;
                    }
                    assert!(exceptions.has_room(fields) && !exceptions.is_too_large(fields));
                    exceptions.add(n, &[1; 7][..fields]).unwrap();
                    assert!(exceptions.held() <= exceptions.room());
                    assert!(n % 1000 > 0 || taken(&exceptions) <= exceptions.room());
                }
                assert!(steps < 60 || choice > 0 && fields > 0, "{steps}");
                sweep(&mut exceptions);
                assert_eq!(exceptions.used(), 0);
                // The places are there still.
                assert!(taken(&exceptions) <= exceptions.held());
                assert!(exceptions.held() >= 20_000 * ENTRY);
            }
        }
    }
}
