//! `memory.grow` and `table.grow`. What may not grow fails before anything is paid; what may is
//! paid, then grown. From when the limits have allowed it until it has ended, what grows counts
//! with what it asked for; a thread that ends, or is dropped, in the middle gives that back.

use super::{bulk::Rest, grown};
use crate::{
    costs,
    driver::{
        metering::users_cost,
        thread::{Exit, Thread},
    },
    exec::SlowOp,
    runtime::{
        Embedder, Growable, Grown, StoreInner, grow_memory_at, may_grow_memory, may_grow_table,
    },
};

/// A table or memory that is going to grow: nobody sees it before it has.
#[derive(Clone, Copy)]
pub(crate) struct Growing {
    what: Growable,
    /// The size now, for which the limits allow the rest.
    old: u64,
    /// What it counts for, if the rest is allowed.
    held: usize,
    /// Of a table: how many of the new elements lie there already, and how many are paid.
    filled: u64,
    paid: u64,
    /// Whose the new elements are that lie there: ours, as long as the table says the same.
    preparation: u64,
}

impl Growing {
    /// One that the limits have just allowed.
    fn new(store: &StoreInner, what: Growable, old: u64, paid: u64, preparation: u64) -> Growing {
        Growing { what, old, held: store.held_by(what), filled: 0, paid, preparation }
    }

    /// Whether the limits were asked about just this, and what they allowed is still kept for it.
    fn is_allowed(&self, store: &StoreInner, what: Growable, old: u64) -> bool {
        (self.what, self.old) == (what, old) && self.held <= store.held_by(what)
    }
}

impl Thread {
    /// `memory.grow`: slot `delta` in pages.
    #[inline(never)]
    pub(crate) fn grow_memory(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let instr = self.slow_instr(SlowOp::MemoryGrow);
        let (index, delta) = (instr.memory(store.inner(), instr.first), instr.slots[0]);
        let is64 = store.inner().memories[index].ty.limits.is64;
        let what = Growable::Memory(index as u32);
        let old = loop {
            let memory = &store.inner().memories[index];
            let (size, page) = (memory.bytes.len() as u64, memory.ty.page_size_log2);
            // Others may have grown it meanwhile: then the limits are asked again.
            let is_allowed = |growing: Growing| growing.is_allowed(store.inner(), what, size);
            if !self.growing.is_some_and(is_allowed) {
                if !may_grow_memory(store.limited(), index as u32, delta)? {
                    break None;
                }
                self.growing = Some(Growing::new(store.inner(), what, size, 0, 0));
            }
            let users = store.inner().memories[index].users.len();
            let cost = costs::amount(delta << page).saturating_add(users_cost(users));
            self.charge(store.inner(), cost)?;
            match grow_memory_at(store.limited(), index as u32, size, delta, true)? {
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
        self.end_growth(store.inner(), old.is_some());
        self.slow_instr(SlowOp::MemoryGrow).slots[0] = grown(old, is64);
        self.refresh(store.inner());
        Ok(())
    }

    /// `table.grow`: slots `init, delta`.
    #[inline(never)]
    pub(crate) fn grow_table(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let instr = self.slow_instr(SlowOp::TableGrow);
        let (index, init) = (instr.table(store.inner(), instr.first), instr.slots[0]);
        let is64 = store.inner().tables[index].ty.limits.is64;
        let delta = instr.slots[1];
        let what = Growable::Table(index as u32);
        let old = loop {
            let old = store.inner().tables[index].elements.len() as u64;
            let preparation = store.inner().tables[index].elements.preparation();
            let mut growing = match self.growing {
                Some(growing)
                    if growing.preparation == preparation
                        && growing.is_allowed(store.inner(), what, old) =>
                {
                    growing
                }
                // Others have grown it meanwhile, or want to: the limits are asked again, and it is
                // filled again.
                before => {
                    if !may_grow_table(store.limited(), index as u32, delta)? {
                        break None;
                    }
                    let (paid, inner) = (before.map_or(0, |growing| growing.paid), store.inner());
                    let preparation = inner.tables[index].elements.preparation();
                    Growing::new(inner, what, old, paid, preparation)
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
        self.end_growth(store.inner(), old.is_some());
        self.slow_instr(SlowOp::TableGrow).slots[0] = grown(old, is64);
        self.refresh(store.inner());
        Ok(())
    }

    /// The growth has ended; if it was not done, what it was allowed is given back.
    fn end_growth(&mut self, store: &mut StoreInner, is_done: bool) {
        if let Some(growing) = self.growing.take()
            && !is_done
        {
            store.release(growing.what);
        }
    }

    /// The growth that this is in the middle of, if any, will never be done.
    pub(crate) fn abandon_growth(&mut self, store: &mut StoreInner) {
        self.end_growth(store, false);
    }
}
