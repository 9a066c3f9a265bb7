//! Instructions that the driver executes: bulk operations, growth, tables, segments. Their operands
//! lie in consecutive slots, and their results go there.

use super::{Exit, num};
use crate::{
    Trap,
    runtime::{Embedder, StoreInner},
};
use windlass_decode::Op;

macro_rules! slow_ops {
    ($($op:ident)*) => {
        /// An instruction that the driver executes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum SlowOp {
            $($op,)*
        }

        impl SlowOp {
            const ALL: &[SlowOp] = &[$(SlowOp::$op),*];

            /// The slow instruction for an opcode, if it is one.
            pub(crate) fn of(op: Op) -> Option<SlowOp> {
                match op {
                    $(Op::$op => Some(SlowOp::$op),)*
                    _ => None,
                }
            }

            /// From its number in code.
            pub(crate) fn from_number(number: u16) -> Option<SlowOp> {
                SlowOp::ALL.get(usize::from(number)).copied()
            }
        }
    };
}
slow_ops! {
    MemorySize MemoryGrow MemoryCopy MemoryFill MemoryInit DataDrop
    TableGrow TableFill TableCopy TableInit ElemDrop
    MemoryAtomicNotify MemoryAtomicWait32 MemoryAtomicWait64
    I64Add128 I64Sub128 I64MulWideS I64MulWideU
    ArrayNew ArrayNewDefault ArrayNewData ArrayNewElem
    ArrayFill ArrayCopy ArrayInitData ArrayInitElem
}

/// One slow instruction: what it is, its immediates, its operands.
pub(crate) struct SlowInstr<'a> {
    pub(crate) op: SlowOp,
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// Of an address.
    pub(crate) offset: u64,
    /// Operands from the first on; results go there.
    pub(crate) slots: &'a mut [u64],
    /// The running instance.
    pub(crate) instance: usize,
}

impl SlowInstr<'_> {
    /// The fuel that it costs beside what the table of costs says: by the amount that it moves.
    pub(crate) fn bulk_cost(&self, store: &StoreInner) -> u64 {
        use SlowOp::*;
        match self.op {
            MemoryCopy | MemoryFill | MemoryInit => self.slots[2] / 64,
            TableFill | TableCopy | TableInit => self.slots[2] / 8,
            TableGrow => self.slots[1] / 8,
            _ => self.array_bytes(store) / 64,
        }
    }

    /// Executes it, if it does not wait.
    pub(crate) fn execute(mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        use SlowOp::*;
        match self.op {
            MemoryGrow => {
                let memory = self.memory(store.inner(), self.first);
                let is64 = store.inner().memories[memory].ty.limits.is64;
                let size = store.grow_memory(memory as u32, self.slots[0])?;
                self.slots[0] = grown(size, is64);
            }
            TableGrow => {
                let table = self.table(store.inner(), self.first);
                let is64 = store.inner().tables[table].ty.limits.is64;
                let size = store.grow_table(table as u32, self.slots[1], self.slots[0])?;
                self.slots[0] = grown(size, is64);
            }
            I64Add128 | I64Sub128 | I64MulWideS | I64MulWideU => self.wide(),
            MemoryAtomicNotify => self.notify(store.inner())?,
            MemorySize | MemoryCopy | MemoryFill | MemoryInit | DataDrop => {
                self.memory_op(store.inner())?;
            }
            ArrayNew | ArrayNewDefault | ArrayNewData | ArrayNewElem | ArrayFill | ArrayCopy
            | ArrayInitData | ArrayInitElem => self.array_op(store.inner())?,
            _ => self.table_op(store.inner())?,
        }
        Ok(())
    }

    fn memory(&self, store: &StoreInner, index: u32) -> usize {
        store.instances[self.instance].memories[index as usize] as usize
    }

    fn table(&self, store: &StoreInner, index: u32) -> usize {
        store.instances[self.instance].tables[index as usize] as usize
    }

    fn memory_op(self, store: &mut StoreInner) -> Result<(), Trap> {
        const TRAP: Trap = Trap::MemoryOutOfBounds;
        match self.op {
            SlowOp::MemorySize => {
                self.slots[0] = store.memories[self.memory(store, self.first)].pages();
            }
            SlowOp::MemoryFill => {
                let memory = self.memory(store, self.first);
                let bytes = &mut store.memories[memory].bytes;
                let [at, value, len] = operands(self.slots);
                let range = range(at, len, bytes.len()).ok_or(TRAP)?;
                bytes.fill(range.start, range.len(), value as u8);
            }
            SlowOp::MemoryCopy => {
                let (to, from) = (self.memory(store, self.first), self.memory(store, self.second));
                let [to_at, from_at, len] = operands(self.slots);
                let size = |memory: usize| store.memories[memory].bytes.len();
                let to_range = range(to_at, len, size(to)).ok_or(TRAP)?;
                let from_at = range(from_at, len, size(from)).ok_or(TRAP)?.start;
                let (to_at, len) = (to_range.start, to_range.len());
                if to == from {
                    store.memories[to].bytes.copy_within(to_at, from_at, len);
                } else if let Ok([to, from]) = store.memories.get_disjoint_mut([to, from]) {
                    to.bytes.copy(to_at, &from.bytes, from_at, len);
                }
            }
            SlowOp::MemoryInit => {
                let memory = self.memory(store, self.second);
                let instance = &store.instances[self.instance];
                let segment = self.first as usize;
                let module = &instance.module.0;
                let data = match instance.data_dropped[segment] {
                    true => &[][..],
                    false => &module.bytes[module.decoded.data[segment].bytes.clone()],
                };
                let bytes = &mut store.memories[memory].bytes;
                let [to, from, len] = operands(self.slots);
                let from = range(from, len, data.len()).ok_or(TRAP)?;
                let to = range(to, len, bytes.len()).ok_or(TRAP)?;
                bytes.write(to.start, &data[from]);
            }
            _ => store.instances[self.instance].data_dropped[self.first as usize] = true,
        }
        Ok(())
    }

    fn table_op(self, store: &mut StoreInner) -> Result<(), Trap> {
        const TRAP: Trap = Trap::TableOutOfBounds;
        match self.op {
            SlowOp::TableFill => {
                let table = self.table(store, self.first);
                let elements = &mut store.tables[table].elements;
                let [at, value, len] = operands(self.slots);
                let range = range(at, len, elements.len()).ok_or(TRAP)?;
                elements[range].fill(value);
            }
            SlowOp::TableCopy => {
                let (to, from) = (self.table(store, self.first), self.table(store, self.second));
                let [to_at, from_at, len] = operands(self.slots);
                let size = |table: usize| store.tables[table].elements.len();
                let to_range = range(to_at, len, size(to)).ok_or(TRAP)?;
                let from_range = range(from_at, len, size(from)).ok_or(TRAP)?;
                if to == from {
                    store.tables[to].elements.copy_within(from_range, to_range.start);
                } else if let Ok([to, from]) = store.tables.get_disjoint_mut([to, from]) {
                    to.elements[to_range].copy_from_slice(&from.elements[from_range]);
                }
            }
            SlowOp::TableInit => {
                let table = self.table(store, self.second);
                let elements = &mut store.tables[table].elements;
                let segment = &store.instances[self.instance].elements[self.first as usize];
                let [to, from, len] = operands(self.slots);
                let from = range(from, len, segment.len()).ok_or(TRAP)?;
                let to = range(to, len, elements.len()).ok_or(TRAP)?;
                elements[to].copy_from_slice(&segment[from]);
            }
            _ => store.instances[self.instance].elements[self.first as usize] = [].into(),
        }
        Ok(())
    }

    fn wide(self) {
        let x = |i: usize| self.slots[i] as i64;
        let (low, high) = match self.op {
            SlowOp::I64Add128 => num::i64_add128(x(0), x(1), x(2), x(3)),
            SlowOp::I64Sub128 => num::i64_sub128(x(0), x(1), x(2), x(3)),
            SlowOp::I64MulWideS => num::i64_mul_wide_s(x(0), x(1)),
            _ => num::i64_mul_wide_u(x(0), x(1)),
        };
        self.slots[0] = low as u64;
        self.slots[1] = high as u64;
    }
}

/// The result of `memory.grow` and `table.grow`: the old size, or -1.
fn grown(size: Option<u64>, is64: bool) -> u64 {
    size.unwrap_or(if is64 { u64::MAX } else { u32::MAX.into() })
}

fn operands(slots: &[u64]) -> [u64; 3] {
    [slots[0], slots[1], slots[2]]
}

/// `len` from `at` on, if that is within `size`.
fn range(at: u64, len: u64, size: usize) -> Option<core::ops::Range<usize>> {
    let end = at.checked_add(len).filter(|&end| end <= size as u64)?;
    Some(at as usize..end as usize)
}
