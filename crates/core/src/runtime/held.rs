//! [`Held`]: what guests make a store hold, as the limits count it. What is going to grow counts
//! from when the limits allow it, and until its growth has ended: `resources` asks and counts, and
//! whoever grows something gives back what a growth that was not done has taken.

use super::{Heap, StoreInner};

/// What guests make the store hold, in bytes, beside its heap, exceptions and host values.
#[derive(Clone, Copy, Default)]
pub(crate) struct Held {
    /// Own ones by their size, shared ones that guests made by their maximum.
    pub(crate) memories: usize,
    pub(crate) tables: usize,
    /// The value stacks of all threads.
    pub(crate) stacks: usize,
    /// What instances are, and their element segments that are not dropped.
    pub(crate) instances: usize,
    /// The code that was translated when guests of this store called it first.
    pub(crate) code: usize,
}

/// Something of the store that grows, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growable {
    Memory(u32),
    Table(u32),
}

impl StoreInner {
    /// What guests make the store hold, in bytes.
    pub(crate) fn total(&self) -> usize {
        let Held { memories, tables, stacks, instances, code } = self.held;
        let (heap, exceptions) = (Heap::held(self.heap.granted()), self.exceptions.room());
        let parts = [tables, stacks, instances, code, heap, exceptions, self.externs.held()];
        parts.into_iter().fold(memories, usize::saturating_add)
    }

    /// What it counts for, in bytes: what lies in it, and what a growth that has not ended was
    /// allowed beside that.
    pub(crate) fn held_by(&self, what: Growable) -> usize {
        match what {
            Growable::Memory(index) => self.memories[index as usize].held,
            Growable::Table(index) => self.tables[index as usize].held,
        }
    }

    /// From now on it counts for `bytes` at least, which the limits allow.
    pub(crate) fn hold(&mut self, what: Growable, bytes: usize) {
        self.count(what, self.held_by(what).max(bytes));
    }

    /// A growth has ended that was not done, or will never be: what lies beyond the size is given
    /// back, also if another growth relies on it, which asks again.
    pub(crate) fn release(&mut self, what: Growable) {
        match what {
            Growable::Memory(index) => {
                let entity = &mut self.memories[index as usize];
                if let Some(held) = entity.bytes.release() {
                    self.count(what, held);
                    self.memory_moved(index);
                }
            }
            Growable::Table(index) => {
                let held = self.tables[index as usize].elements.release();
                self.count(what, held.saturating_mul(8));
                self.table_moved(index);
            }
        }
    }

    /// It counts for so many bytes now.
    fn count(&mut self, what: Growable, bytes: usize) {
        let (held, sum) = match what {
            Growable::Memory(index) => {
                (&mut self.memories[index as usize].held, &mut self.held.memories)
            }
            Growable::Table(index) => {
                (&mut self.tables[index as usize].held, &mut self.held.tables)
            }
        };
        *sum = sum.saturating_sub(*held).saturating_add(bytes);
        *held = bytes;
    }

    /// Forgets the tables and memories from these on, which nothing refers to.
    pub(crate) fn truncate_growables(&mut self, tables: usize, memories: usize) {
        let tables_held = self.tables.iter().skip(tables).map(|table| table.held);
        let memories_held = self.memories.iter().skip(memories).map(|memory| memory.held);
        let sum = |bytes: &mut dyn Iterator<Item = usize>| bytes.fold(0, usize::saturating_add);
        let (tables_held, memories_held) = (sum(&mut { tables_held }), sum(&mut { memories_held }));
        self.held.tables = self.held.tables.saturating_sub(tables_held);
        self.held.memories = self.held.memories.saturating_sub(memories_held);
        self.tables.truncate(tables);
        self.truncate_memories(memories);
    }
}
