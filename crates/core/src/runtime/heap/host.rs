//! [`HostValues`]: the values of the host that guests hold as references: an arena whose places are
//! used again when a collection found nothing that refers to them. A collection marks and sweeps;
//! values are dropped, which is the embedder's code, only when it has done everything else: by
//! [`HostValues::drop_next`].

use crate::runtime::collection::part;
use alloc::{boxed::Box, vec::Vec};
use core::any::Any;

type Value = Box<dyn Any + Send + Sync>;

/// The host values of a store.
#[derive(Default)]
pub(crate) struct HostValues {
    entries: Vec<Entry>,
    /// The places that are empty.
    free: Vec<u32>,
    /// The places whose values are to be dropped.
    dead: Vec<u32>,
    /// What all values take that are not dropped yet.
    held: usize,
    /// How many values are used, and how many the last collection found alive.
    count: usize,
    live: usize,
}

struct Entry {
    value: Option<Value>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Used,
    /// Used, and found by a running collection.
    Marked,
    /// Empty, or to be dropped.
    Dead,
}

/// The reference to the host value with this index, as it lies in slots.
pub(crate) const fn host_reference(index: u32) -> u64 {
    (index as u64) << 3 | HOST_TAG
}

/// The three low bits of references to host values.
const HOST_TAG: u64 = 2;
/// So many bytes a value counts for when collections are due.
const COST: usize = 64;

impl HostValues {
    /// What a value of so many bytes takes, without what it holds elsewhere: nobody knows that.
    pub(crate) fn cost(size: usize) -> usize {
        COST.saturating_add(size)
    }

    /// What all values take.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Adds a value; returns its index. None if there are too many, or the host has no memory.
    pub(crate) fn add(&mut self, value: Value) -> Option<u32> {
        let cost = HostValues::cost(size_of_val(&*value));
        let index = self.put(value)?;
        self.held = self.held.saturating_add(cost);
        Some(index)
    }

    fn put(&mut self, value: Value) -> Option<u32> {
        let entry = Entry { value: Some(value), state: State::Used };
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = entry;
            self.count += 1;
            return Some(index);
        }
        let index = u32::try_from(self.entries.len()).ok().filter(|&index| index < u32::MAX)?;
        self.entries.try_reserve(1).ok()?;
        // Room for its place in both lists, so that sweeping never allocates.
        for list in [&mut self.free, &mut self.dead] {
            list.try_reserve((self.entries.len() + 1).saturating_sub(list.len())).ok()?;
        }
        self.entries.push(entry);
        self.count += 1;
        Some(index)
    }

    /// The value with this index; none if it was collected.
    pub(crate) fn get(&self, index: u32) -> Option<&(dyn Any + Send + Sync)> {
        self.entries.get(index as usize)?.value.as_deref()
    }

    /// As `get`, to be changed.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut (dyn Any + Send + Sync)> {
        self.entries.get_mut(index as usize)?.value.as_deref_mut()
    }

    /// How many values there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.value.is_some()).count()
    }

    /// Marks what a word of the hierarchy of `any` or `extern` refers to, if it is a host value.
    pub(crate) fn mark(&mut self, word: u64) {
        if word & 7 == HOST_TAG
            && let Some(entry) = self.entries.get_mut((word >> 3) as usize)
            && entry.state == State::Used
        {
            entry.state = State::Marked;
        }
    }

    /// Takes back the marks that a collection has left, from `at` on: whether these were all.
    pub(crate) fn unmark(&mut self, at: &mut usize, left: &mut usize) -> bool {
        let len = self.entries.len();
        for entry in &mut self.entries[part(at, left, len)] {
            if entry.state == State::Marked {
                entry.state = State::Used;
            }
        }
        *at == len
    }

    /// From `at` on, values that are not marked are to be dropped, and the others are unmarked:
    /// whether that is done. Nothing is dropped here.
    pub(crate) fn sweep(&mut self, at: &mut usize, left: &mut usize) -> bool {
        let len = self.entries.len();
        for index in part(at, left, len) {
            let entry = &mut self.entries[index];
            match entry.state {
                State::Dead => {}
                State::Marked => entry.state = State::Used,
                State::Used => {
                    entry.state = State::Dead;
                    self.dead.push(index as u32);
                    self.count -= 1;
                }
            }
        }
        let is_done = *at == len;
        if is_done {
            self.live = self.count;
        }
        is_done
    }

    /// What the values count for, in bytes: nobody knows what they take.
    pub(crate) fn used(&self) -> usize {
        self.count * COST
    }

    /// As `used`, of those that came since the last collection.
    pub(crate) fn allocated(&self) -> usize {
        self.count.saturating_sub(self.live) * COST
    }

    /// Drops one of the values that are to be dropped, if there is one. This is the embedder's
    /// code: the store must be fit for use. If it panics, the others wait for the next call.
    pub(crate) fn drop_next(&mut self) -> bool {
        let Some(index) = self.dead.pop() else { return false };
        let value = self.entries[index as usize].value.take();
        self.free.push(index);
        if let Some(value) = &value {
            self.held = self.held.saturating_sub(HostValues::cost(size_of_val(&**value)));
        }
        drop(value);
        true
    }
}
