//! Instructions that move as much as the guest says: they are checked as a whole, then done in
//! pieces. Each piece is paid before it is done, and between two of them the driver looks for
//! interrupts. How far it is, lies in the operands' slots; for arrays that are being made, in the
//! thread.

use super::{SlowInstr, operands, range};
use crate::{
    Trap, costs,
    driver::thread::{Exit, Thread},
    exec::{SlowOp, handlers::bulk::MOST, tables::GC},
    runtime::{Embedder, PIECE, StoreInner},
};

/// What an instruction has still to do.
#[derive(Clone, Copy)]
pub(crate) struct Rest {
    /// Bytes or elements.
    pub(crate) len: u64,
    /// Bytes of each.
    pub(crate) size: u64,
}

impl Rest {
    /// How many come next, and the fuel for them.
    pub(crate) fn piece(self) -> (u64, u64) {
        let count = self.len.min(PIECE / self.size);
        (count, costs::amount(count * self.size))
    }
}

impl Thread {
    /// Executes an instruction that moves many.
    pub(crate) fn bulk(&mut self, op: SlowOp, store: &mut dyn Embedder) -> Result<(), Exit> {
        loop {
            let rest = self.slow_instr(op).rest(store.inner()).map_err(Exit::Trap)?;
            let (count, cost) = rest.piece();
            self.charge(store.inner(), cost)?;
            self.slow_instr(op).piece(store.inner(), count);
            if count == rest.len {
                return Ok(());
            }
            // What is so little is done without a look: the cell would do it by itself, and the
            // driver would not learn that it has gone on.
            if rest.len - count > MOST.into() {
                self.poll_midway(store.inner())?;
            }
        }
    }
}

impl SlowInstr<'_> {
    /// What is left to do.
    ///
    /// # Errors
    /// If that is out of bounds, wholly or in part.
    fn rest(&self, store: &StoreInner) -> Result<Rest, Trap> {
        use SlowOp::*;
        let memory = |index| Some(store.memories[self.memory(store, index)].bytes.len());
        let table = |index| Some(store.tables[self.table(store, index)].elements.len());
        let data = || Some(self.data_segment(store, self.first).len());
        let element = || Some(store.instances[self.instance].elements[self.first as usize].len());
        let bytes = (1, Trap::MemoryOutOfBounds);
        let references = (8, Trap::TableOutOfBounds);
        let (to_size, from_size, (size, trap)) = match self.op {
            MemoryFill => (memory(self.first), None, bytes),
            MemoryCopy => (memory(self.first), memory(self.second), bytes),
            MemoryInit => (memory(self.second), data(), bytes),
            TableFill => (table(self.first), None, references),
            TableCopy => (table(self.first), table(self.second), references),
            TableInit => (table(self.second), element(), references),
            ArrayFill | ArrayCopy | ArrayInitData | ArrayInitElem if GC => {
                return self.array_rest(store);
            }
            other => other.misplaced(),
        };
        let [to, from, len] = operands(self.slots);
        let fits = |at, size: Option<usize>| size.is_none_or(|size| range(at, len, size).is_some());
        if fits(to, to_size) && fits(from, from_size) { Ok(Rest { len, size }) } else { Err(trap) }
    }

    /// Does the next `count` of what is left, which are within bounds.
    fn piece(&mut self, store: &mut StoreInner, count: u64) {
        use SlowOp::*;
        match self.op {
            MemoryFill => self.memory_fill(store, count),
            MemoryCopy => self.memory_copy(store, count),
            MemoryInit => self.memory_init(store, count),
            TableFill => self.table_fill(store, count),
            TableCopy => self.table_copy(store, count),
            TableInit => self.table_init(store, count),
            ArrayFill | ArrayCopy | ArrayInitData | ArrayInitElem if GC => {
                self.array_piece(store, count);
            }
            other => other.misplaced(),
        }
    }

    /// Where the next `count` of a copy lie, and notes that they are done. If `backwards`, the last
    /// come first: what is copied is not overwritten before.
    fn next(&mut self, count: u64, backwards: bool) -> [usize; 3] {
        let [to, from, len] = operands(self.slots);
        let skipped = if backwards { len - count } else { 0 };
        if !backwards {
            (self.slots[0], self.slots[1]) = (to + count, from + count);
        }
        self.slots[2] = len - count;
        [to + skipped, from + skipped, count].map(|n| n as usize)
    }

    fn memory_fill(&mut self, store: &mut StoreInner, count: u64) {
        let memory = self.memory(store, self.first);
        let value = self.slots[1] as u8;
        let [at, _, len] = self.next(count, false);
        self.slots[1] = value.into();
        store.memories[memory].bytes.fill(at, len, value);
    }

    fn memory_copy(&mut self, store: &mut StoreInner, count: u64) {
        let (to, from) = (self.memory(store, self.first), self.memory(store, self.second));
        let backwards = self.slots[0] > self.slots[1];
        let [to_at, from_at, len] = self.next(count, backwards);
        if to == from {
            store.memories[to].bytes.copy_within(to_at, from_at, len);
        } else if let Ok([to, from]) = store.memories.get_disjoint_mut([to, from]) {
            to.bytes.copy(to_at, &from.bytes, from_at, len);
        }
    }

    fn memory_init(&mut self, store: &mut StoreInner, count: u64) {
        let memory = self.memory(store, self.second);
        let StoreInner { memories, instances, .. } = store;
        let module = &instances[self.instance].module.0;
        let segment = module.decoded.data[self.first as usize].bytes.clone();
        let [to, from, len] = self.next(count, false);
        memories[memory].bytes.write(to, &module.bytes[segment][from..from + len]);
    }

    fn table_fill(&mut self, store: &mut StoreInner, count: u64) {
        let table = self.table(store, self.first);
        let value = self.slots[1];
        let [at, _, len] = self.next(count, false);
        self.slots[1] = value;
        store.tables[table].elements[at..at + len].fill(value);
    }

    fn table_copy(&mut self, store: &mut StoreInner, count: u64) {
        let (to, from) = (self.table(store, self.first), self.table(store, self.second));
        let backwards = self.slots[0] > self.slots[1];
        let [to_at, from_at, len] = self.next(count, backwards);
        if to == from {
            store.tables[to].elements.copy_within(from_at..from_at + len, to_at);
        } else if let Ok([to, from]) = store.tables.get_disjoint_mut([to, from]) {
            let from = &from.elements[from_at..from_at + len];
            to.elements[to_at..to_at + len].copy_from_slice(from);
        }
    }

    fn table_init(&mut self, store: &mut StoreInner, count: u64) {
        let table = self.table(store, self.second);
        let [to, from, len] = self.next(count, false);
        let StoreInner { tables, instances, .. } = store;
        let segment = &instances[self.instance].elements[self.first as usize];
        tables[table].elements[to..to + len].copy_from_slice(&segment[from..from + len]);
    }
}
