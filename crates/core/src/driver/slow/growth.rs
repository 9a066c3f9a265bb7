//! `memory.grow` and `table.grow`. What may not grow fails before anything is paid; what may is
//! paid, then grown.

use super::{bulk::Rest, grown};
use crate::{
    driver::{
        metering::users_cost,
        thread::{Exit, Thread},
    },
    exec::SlowOp,
    runtime::{Embedder, Grown, amount_cost},
};

/// A table or memory that is going to grow: nobody sees it before it has.
#[derive(Clone, Copy)]
pub(crate) struct Growing {
    /// The size now, for which the limits allow the rest.
    old: u64,
    /// Of a table: how many of the new elements lie there already, and how many are paid.
    filled: u64,
    paid: u64,
    /// Whose the new elements are that lie there: ours, as long as the table says the same.
    preparation: u64,
    /// What the store held in all when the limits were asked.
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
            // Others may have grown it or something else meanwhile: then the limits are asked
            // again.
            let total = store.inner().total();
            if self.growing.is_none_or(|growing| (growing.old, growing.total) != (size, total)) {
                if !store.may_grow_memory(index as u32, delta)? {
                    break None;
                }
                let total = store.inner().total();
                self.growing =
                    Some(Growing { old: size, filled: 0, paid: 0, preparation: 0, total });
            }
            let users = store.inner().memories[index].users.len();
            let cost = amount_cost(delta << page).saturating_add(users_cost(users));
            self.charge(store.inner(), cost)?;
            match store.grow_memory_at(index as u32, size, delta)? {
                Grown::Done => break Some(size >> page),
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
        let delta = instr.slots[1];
        let old = loop {
            let old = store.inner().tables[index].elements.len() as u64;
            let total = store.inner().total();
            let preparation = store.inner().tables[index].elements.preparation();
            let is_same = |growing: &Growing| {
                let known = (growing.old, growing.total, growing.preparation);
                known == (old, total, preparation)
            };
            let mut growing = match self.growing {
                Some(growing) if is_same(&growing) => growing,
                // Others have grown it or something else meanwhile, or want to: the limits are
                // asked again, and it is filled again.
                before => {
                    if !store.may_grow_table(index as u32, delta)? {
                        break None;
                    }
                    let (paid, inner) = (before.map_or(0, |growing| growing.paid), store.inner());
                    let preparation = inner.tables[index].elements.preparation();
                    Growing { old, filled: 0, paid, preparation, total: inner.total() }
                }
            };
            let (count, cost) = Rest { len: delta - growing.filled, size: 8 }.piece();
            let is_new = growing.filled >= growing.paid;
            if is_new {
                self.growing = Some(growing);
                let is_last = growing.filled + count == delta;
                let users = if is_last { store.inner().tables[index].users.len() } else { 0 };
                self.charge(store.inner(), cost.saturating_add(users_cost(users)))?;
                growing.paid += count;
            }
            let elements = &mut store.inner().tables[index].elements;
            growing.preparation = elements.prepare(growing.filled as usize, count as usize, init);
            growing.filled += count;
            self.growing = Some(growing);
            if growing.filled == delta {
                store.inner().extend_table(index as u32);
                break Some(old);
            }
            // What is filled again is not waited for, so that two who grow a table in turns end.
            if is_new {
                self.poll_midway(store.inner())?;
            }
        };
        self.growing = None;
        self.slow_instr(SlowOp::TableGrow).slots[0] = grown(old, is64);
        self.refresh(store.inner());
        Ok(())
    }
}
