//! `memory.grow` and `table.grow`. What may not grow fails before anything is paid; what may is paid, then grown.

use super::{bulk::Rest, grown};
use crate::{
    driver::{
        metering::amount_cost,
        thread::{Exit, Thread},
    },
    exec::SlowOp,
    runtime::{Embedder, Grown},
};

/// A table that is growing in pieces, or a memory that may.
#[derive(Clone, Copy)]
pub(crate) struct Growing {
    /// The size before.
    old: u64,
    /// The size so far, for which the limits allow what is left.
    len: u64,
    /// What the store held in all when they were asked.
    total: usize,
}

impl Thread {
    /// `memory.grow`: slot `delta` in pages.
    pub(crate) fn grow_memory(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let instr = self.slow_instr(SlowOp::MemoryGrow);
        let (index, delta) = (instr.memory(store.inner(), instr.first), instr.slots[0]);
        let is64 = store.inner().memories[index].ty.limits.is64;
        let old = loop {
            let memory = &store.inner().memories[index];
            let (size, page) = (memory.bytes.len() as u64, memory.ty.page_size_log2);
            // Others may have grown it or something else meanwhile: then the limits are asked again.
            let total = store.inner().total();
            if self.growing.is_none_or(|growing| (growing.len, growing.total) != (size, total)) {
                if !store.may_grow_memory(index as u32, delta)? {
                    break None;
                }
                let total = store.inner().total();
                self.growing = Some(Growing { old: size >> page, len: size, total });
            }
            let cost = amount_cost(delta << page);
            self.charge(store.inner(), cost)?;
            match store.grow_memory_at(index as u32, size, delta)? {
                Grown::Done => break self.growing.map(|growing| growing.old),
                Grown::Failed => {
                    self.refund(store.inner(), cost);
                    break None;
                }
                Grown::Changed => self.refund(store.inner(), cost),
                Grown::Stopped => {
                    self.refund(store.inner(), cost);
                    self.poll_midway(store.inner())?;
                }
            }
        };
        self.growing = None;
        self.slow_instr(SlowOp::MemoryGrow).slots[0] = grown(old, is64);
        self.refresh(store.inner());
        Ok(())
    }

    /// `table.grow`: slots `init, delta`.
    pub(crate) fn grow_table(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let instr = self.slow_instr(SlowOp::TableGrow);
        let (index, init) = (instr.table(store.inner(), instr.first), instr.slots[0]);
        let is64 = store.inner().tables[index].ty.limits.is64;
        let old = loop {
            let delta = self.slow_instr(SlowOp::TableGrow).slots[1];
            let len = store.inner().tables[index].elements.len() as u64;
            // Others may have grown it or something else since a piece before.
            let total = store.inner().total();
            if self.growing.is_none_or(|growing| (growing.len, growing.total) != (len, total)) {
                if !store.may_grow_table(index as u32, delta)? {
                    break None;
                }
                let old = self.growing.map_or(len, |growing| growing.old);
                self.growing = Some(Growing { old, len, total: store.inner().total() });
            }
            let (count, cost) = Rest { len: delta, size: 8 }.piece();
            self.charge(store.inner(), cost)?;
            store.inner().extend_table(index as u32, count as usize, init);
            self.slow_instr(SlowOp::TableGrow).slots[1] -= count;
            if let Some(growing) = &mut self.growing {
                growing.len += count;
                growing.total = store.inner().total();
            }
            if count == delta {
                break self.growing.map(|growing| growing.old);
            }
            self.poll_midway(store.inner())?;
        };
        self.growing = None;
        self.slow_instr(SlowOp::TableGrow).slots[0] = grown(old, is64);
        self.refresh(store.inner());
        Ok(())
    }
}
