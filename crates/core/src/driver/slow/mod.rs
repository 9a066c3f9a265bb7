//! Instructions that the driver executes. Their operands lie in consecutive slots, and their
//! results go there. Those that take long are in [`bulk`], [`growth`], [`array`] and [`wait`].

pub(crate) mod array;
pub(crate) mod bulk;
pub(crate) mod growth;
pub(crate) mod wait;

use super::{
    thread::{Exit, Thread},
    threads::Threaded,
};
use crate::{
    Trap,
    exec::{
        SlowOp,
        meaning::num,
        tables::{GC, THREADS, WIDE_ARITHMETIC},
    },
    runtime::StoreInner,
};

/// The most slots that one uses.
const SLOW_SLOTS: usize = 6;

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

impl Thread {
    /// Executes the instruction of the cell that stopped.
    #[inline(never)]
    pub(crate) fn slow(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        use SlowOp::*;
        let Some(op) = SlowOp::from_number(self.field(0) as u16) else {
            unreachable!("the translator writes numbers of slow instructions")
        };
        self.poll(store.inner())?;
        match op {
            MemoryGrow => self.grow_memory(store)?,
            TableGrow => self.grow_table(store)?,
            MemoryAtomicWait32 | MemoryAtomicWait64 if THREADS => self.wait(op, store.inner())?,
            MemoryCopy | MemoryFill | MemoryInit | TableFill | TableCopy | TableInit
            | ArrayFill | ArrayCopy | ArrayInitData | ArrayInitElem => self.bulk(op, store)?,
            ArrayNew | ArrayNewDefault | ArrayNewData | ArrayNewElem if GC => {
                self.array_new(op, store)?;
            }
            MemorySize | DataDrop | ElemDrop | MemoryAtomicNotify | I64Add128 | I64Sub128
            | I64MulWideS | I64MulWideU => {
                self.slow_instr(op).execute(store.inner()).map_err(Exit::Trap)?;
            }
            // Modules with these were refused.
            MemoryAtomicWait32 | MemoryAtomicWait64 | ArrayNew | ArrayNewDefault | ArrayNewData
            | ArrayNewElem => op.misplaced(),
        }
        self.advance();
        Ok(())
    }

    /// The instruction of the cell that stopped.
    pub(crate) fn slow_instr(&mut self, op: SlowOp) -> SlowInstr<'_> {
        let base = self.slot_index(self.field(1));
        SlowInstr {
            op,
            // SAFETY: I1.
            first: unsafe { self.cx.saved.high(0) } as u32,
            second: self.word(1) as u32,
            offset: self.word(1),
            instance: self.cx.instance as usize,
            slots: self.stack.slots_mut(base, SLOW_SLOTS),
        }
    }
}

impl SlowInstr<'_> {
    /// Executes one that takes little time whatever its operands are.
    pub(crate) fn execute(mut self, store: &mut StoreInner) -> Result<(), Trap> {
        use SlowOp::*;
        match self.op {
            I64Add128 if WIDE_ARITHMETIC => self.wide(|[a, b, c, d]| num::i64_add128(a, b, c, d)),
            I64Sub128 if WIDE_ARITHMETIC => self.wide(|[a, b, c, d]| num::i64_sub128(a, b, c, d)),
            I64MulWideS if WIDE_ARITHMETIC => self.wide(|[a, b, ..]| num::i64_mul_wide_s(a, b)),
            I64MulWideU if WIDE_ARITHMETIC => self.wide(|[a, b, ..]| num::i64_mul_wide_u(a, b)),
            MemoryAtomicNotify if THREADS => return self.notify(store),
            MemorySize => self.slots[0] = store.memories[self.memory(store, self.first)].pages(),
            DataDrop => store.instances[self.instance].data_dropped[self.first as usize] = true,
            ElemDrop => drop(store.drop_elements(self.instance, self.first as usize)),
            I64Add128 | I64Sub128 | I64MulWideS | I64MulWideU | MemoryGrow | MemoryCopy
            | MemoryFill | MemoryInit | TableGrow | TableFill | TableCopy | TableInit
            | MemoryAtomicNotify | MemoryAtomicWait32 | MemoryAtomicWait64 | ArrayNew
            | ArrayNewDefault | ArrayNewData | ArrayNewElem | ArrayFill | ArrayCopy
            | ArrayInitData | ArrayInitElem => self.op.misplaced(),
        }
        Ok(())
    }

    pub(crate) fn memory(&self, store: &StoreInner, index: u32) -> usize {
        store.instances[self.instance].memories[index as usize] as usize
    }

    pub(crate) fn table(&self, store: &StoreInner, index: u32) -> usize {
        store.instances[self.instance].tables[index as usize] as usize
    }

    /// The bytes of a data segment that are left of it.
    pub(crate) fn data_segment<'s>(&self, store: &'s StoreInner, segment: u32) -> &'s [u8] {
        let instance = &store.instances[self.instance];
        let module = &instance.module.0;
        match instance.data_dropped[segment as usize] {
            true => &[],
            false => &module.bytes[module.decoded.data[segment as usize].bytes.clone()],
        }
    }

    fn wide(self, meaning: impl Fn([i64; 4]) -> (i64, i64)) {
        let (low, high) = meaning([0, 1, 2, 3].map(|i| self.slots[i] as i64));
        self.slots[0] = low as u64;
        self.slots[1] = high as u64;
    }
}

/// The result of `memory.grow` and `table.grow`: the old size, or -1.
pub(crate) fn grown(size: Option<u64>, is64: bool) -> u64 {
    size.unwrap_or(if is64 { u64::MAX } else { u32::MAX.into() })
}

pub(crate) fn operands(slots: &[u64]) -> [u64; 3] {
    [slots[0], slots[1], slots[2]]
}

/// `len` from `at` on, if that is within `size`.
pub(crate) fn range(at: u64, len: u64, size: usize) -> Option<core::ops::Range<usize>> {
    let end = at.checked_add(len).filter(|&end| end <= size as u64)?;
    Some(at as usize..end as usize)
}
