//! [`HostValues`]: the values of the host that guests hold as references: an arena whose places are used again
//! when a collection found nothing that refers to them.

use alloc::{boxed::Box, vec::Vec};
use core::any::Any;

type Value = Box<dyn Any + Send + Sync>;

/// The host values of a store.
#[derive(Default)]
pub(crate) struct HostValues {
    entries: Vec<Entry>,
    /// The places that are empty.
    free: Vec<u32>,
}

struct Entry {
    value: Option<Value>,
    is_marked: bool,
}

/// The reference to the host value with this index, as it lies in slots.
pub(crate) const fn host_reference(index: u32) -> u64 {
    (index as u64) << 3 | HOST_TAG
}

/// The three low bits of references to host values.
const HOST_TAG: u64 = 2;

impl HostValues {
    /// Adds a value; returns its index. None if there are too many, or the host has no memory.
    pub(crate) fn add(&mut self, value: Value) -> Option<u32> {
        let entry = Entry { value: Some(value), is_marked: false };
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = entry;
            return Some(index);
        }
        let index = u32::try_from(self.entries.len()).ok().filter(|&index| index < u32::MAX)?;
        self.entries.try_reserve(1).ok()?;
        // Room for its place in the list of empty ones, so that sweeping never allocates.
        self.free.try_reserve(self.entries.len() + 1).ok()?;
        self.entries.push(entry);
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
        self.entries.len() - self.free.len()
    }

    /// Marks what a word of the hierarchy of `any` or `extern` refers to, if it is a host value.
    pub(crate) fn mark(&mut self, word: u64) {
        if word & 7 == HOST_TAG
            && let Some(entry) = self.entries.get_mut((word >> 3) as usize)
        {
            entry.is_marked = true;
        }
    }

    /// Takes all marks back.
    pub(crate) fn unmark(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.is_marked = false);
    }

    /// Drops the values that are not marked, and unmarks the others.
    pub(crate) fn sweep(&mut self) {
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let is_marked = core::mem::take(&mut entry.is_marked);
            if !is_marked && entry.value.take().is_some() {
                self.free.push(index as u32);
            }
        }
    }
}
