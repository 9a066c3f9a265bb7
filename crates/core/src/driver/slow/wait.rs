//! `memory.atomic.wait32`, `memory.atomic.wait64` and `memory.atomic.notify`, which the driver
//! executes.

use super::SlowInstr;
use crate::{
    SharedMemory, Trap,
    driver::thread::{Exit, Thread},
    exec::SlowOp,
    runtime::{Bytes, MemoryEntity, SLEEP_COST, StoreInner, Waited, shared_memory::check_atomic},
};
use core::time::Duration;

impl Thread {
    /// `wait32` and `wait64`. Falling asleep and waking up is paid, if it comes to that.
    pub(crate) fn wait(&mut self, op: SlowOp, store: &mut StoreInner) -> Result<(), Exit> {
        let cost = if self.slow_instr(op).sleeps(store)? { SLEEP_COST } else { 0 };
        self.charge(store, cost)?;
        if self.slow_instr(op).wait(store)? {
            return Ok(());
        }
        self.refund(store, cost);
        self.again();
        store.interrupt.clear();
        Err(Exit::Interrupted)
    }
}

impl SlowInstr<'_> {
    /// `notify`: slots `address, count`.
    pub(crate) fn notify(&mut self, store: &StoreInner) -> Result<(), Trap> {
        let memory = self.atomic_memory(store);
        let address = self.address(memory, 4)?;
        let count = self.slots[1] as u32;
        // Nobody can wait at a memory that is not shared.
        self.slots[0] = match &memory.bytes {
            Bytes::Shared(memory) => memory.waiters().notify(address, count).into(),
            Bytes::Own(_) => 0,
        };
        Ok(())
    }

    /// `wait32` and `wait64`: slots `address, expected value, timeout in nanoseconds` (negative:
    /// none). False if it was interrupted: executed again, it waits for the rest of the time.
    fn wait(&mut self, store: &StoreInner) -> Result<bool, Trap> {
        let (memory, address) = self.wait_place(store)?;
        let as_expected = || self.is_expected(memory, address);
        let timeout = u64::try_from(self.slots[2] as i64).ok().map(Duration::from_nanos);
        let interrupt = Some(&*store.interrupt);
        self.slots[0] = match memory.waiters().wait(address, as_expected, timeout, interrupt) {
            Waited::Notified => 0,
            Waited::Mismatch => 1,
            Waited::TimedOut => 2,
            Waited::Interrupted(left) => {
                let left = left.and_then(|left| i64::try_from(left.as_nanos()).ok());
                self.slots[2] = left.unwrap_or(-1) as u64;
                return Ok(false);
            }
            Waited::Unable => return Err(Trap::CannotSuspend),
        };
        Ok(true)
    }

    /// Whether a wait does not end at once, as it looks now.
    fn sleeps(&self, store: &StoreInner) -> Result<bool, Trap> {
        let (memory, address) = self.wait_place(store)?;
        Ok(self.slots[2] != 0 && self.is_expected(memory, address))
    }

    /// Where a wait is to be.
    fn wait_place<'s>(&self, store: &'s StoreInner) -> Result<(&'s SharedMemory, u64), Trap> {
        let memory = self.atomic_memory(store);
        let is_wide = self.op == SlowOp::MemoryAtomicWait64;
        let address = self.address(memory, if is_wide { 8 } else { 4 })?;
        match &memory.bytes {
            Bytes::Shared(memory) => Ok((memory, address)),
            Bytes::Own(_) => Err(Trap::ExpectedSharedMemory),
        }
    }

    /// Whether the value at the place is the one that a wait expects.
    fn is_expected(&self, memory: &SharedMemory, address: u64) -> bool {
        let (at, expected) = (address as usize, self.slots[1]);
        match self.op {
            SlowOp::MemoryAtomicWait64 => memory.bytes().load64(at) == expected,
            _ => memory.bytes().load32(at) == expected as u32,
        }
    }

    fn atomic_memory<'s>(&self, store: &'s StoreInner) -> &'s MemoryEntity {
        let index = store.instances[self.instance].memories[self.first as usize];
        &store.memories[index as usize]
    }

    /// The address of `size` bytes that can be accessed atomically.
    fn address(&self, memory: &MemoryEntity, size: u64) -> Result<u64, Trap> {
        let address = self.slots[0].checked_add(self.offset).ok_or(Trap::MemoryOutOfBounds)?;
        check_atomic(address, size, memory.bytes.len())?;
        Ok(address)
    }
}
