//! `--max-memory`: one number for all that a program can make the host hold. [`Budget`] is that
//! number, [`StoreBudget`] what one store takes of it; files in memory take of it, too. `run` makes
//! it, the engine asks it.

use crate::units;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use windlass::{Error, ResourceLimiter};
use windlass_wasi::MemoryBudget;

/// How many bytes are left, for all threads of the program together. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Budget {
    left: Arc<AtomicU64>,
    /// What there was at first; none if nothing is limited.
    limit: Option<u64>,
}

impl Budget {
    pub(crate) fn new(limit: Option<u64>) -> Budget {
        Budget { left: Arc::new(AtomicU64::new(limit.unwrap_or(u64::MAX))), limit }
    }

    /// What there was at first; none if nothing is limited.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }
}

impl MemoryBudget for Budget {
    fn take(&self, bytes: u64) -> bool {
        let take = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What a store takes; it gives all of it back when it is dropped.
pub(crate) struct StoreBudget {
    budget: Budget,
    /// What its thread takes; none if there is not so much left.
    thread: Option<u64>,
    /// All that it has taken, with that.
    taken: u64,
}

/// What a thread of the program takes of the host beside its store: of its native stack, and of the
/// system. Guests take no native stack, and no function of WASI calls them back.
const THREAD: u64 = 128 << 10;

impl StoreBudget {
    pub(crate) fn new(budget: Budget) -> StoreBudget {
        StoreBudget { budget, thread: Some(0), taken: 0 }
    }

    /// Of the same budget, for the store of another thread. If there is not so much left, the store
    /// may have nothing.
    pub(crate) fn another(&self) -> StoreBudget {
        let budget = self.budget.clone();
        let thread = budget.take(THREAD).then_some(THREAD);
        StoreBudget { budget, thread, taken: thread.unwrap_or(0) }
    }

    /// Takes bytes that no store takes, for as long as the program runs; whether there are so many
    /// left.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        self.budget.take(bytes)
    }

    /// What an error that the engine makes of our refusal says, with the option that wanted it;
    /// none if it is another error.
    pub(crate) fn explain(&self, error: &Error) -> Option<String> {
        let limit = units::show_size(self.budget.limit?);
        let message = error.to_string();
        let (what, place) = message.split_once('\n').unwrap_or((&message, ""));
        let is_ours = error.trap().is_none() && what.starts_with("resource limit exceeded");
        is_ours.then(|| format!("{what}: --max-memory allows {limit} in all\n{place}"))
    }
}

impl Drop for StoreBudget {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

impl ResourceLimiter for StoreBudget {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }

    /// All that guests make a store hold, at once.
    fn total_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
        let Some(thread) = self.thread else { return Ok(false) };
        let [current, desired] =
            [current, desired].map(|size| (size as u64).saturating_add(thread));
        // What was allowed may have failed, and what was held may be free again.
        self.budget.give_back(self.taken.saturating_sub(current));
        self.taken = self.taken.min(current);
        let more = desired.saturating_sub(self.taken);
        if !self.budget.take(more) {
            return Ok(false);
        }
        self.taken += more;
        Ok(true)
    }
}
