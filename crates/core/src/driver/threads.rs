//! [`Threads`]: the threads of a store: those of calls that have not ended, and those that wait for
//! the next call. The API takes one for each call from the host and gives it back; collections ask
//! what all of them refer to. The store of `runtime` knows nothing of it: [`Threaded`] has both.
//! Threads are dropped last of all, when what is noted is true again: that may run code of the
//! embedder's.

use super::{frame_maps::FrameMaps, handle::ThreadHandle, translation::Parked};
use crate::{
    Error, OutOfMemory, Trap,
    runtime::{Embedder, StoreId, StoreInner},
};
use alloc::vec::Vec;

/// The least number of threads among which to look for dropped ones.
const MANY: usize = 16;

/// An embedder's store with its threads.
pub(crate) trait Threaded: Embedder {
    /// The entities, and the threads that run on them.
    fn parts(&mut self) -> (&mut StoreInner, &mut Threads);
}

/// The threads of a store.
pub(crate) struct Threads {
    store: StoreId,
    /// All of them: running, called back from, paused, or at rest.
    pub(super) kept: Vec<ThreadHandle>,
    /// From how many on it is worth looking whether some were dropped.
    many: usize,
    /// Those that no call uses: they are at rest, and keep the stacks that they have grown.
    idle: Vec<ThreadHandle>,
    /// How many calls from the host are running, one inside the other.
    nested_calls: usize,
    /// Whether a guest runs for which it was looked already what is free: one that asks for more
    /// again and again has nobody look again and again.
    is_searched: bool,
    /// The translation that was interrupted, if there is one.
    pub(super) parked: Vec<Parked>,
    /// Where frames of running code have references.
    pub(super) maps: FrameMaps,
}

impl Threads {
    /// None yet, for this store.
    pub(crate) fn new(store: StoreId) -> Threads {
        Threads {
            store,
            kept: Vec::new(),
            many: MANY,
            idle: Vec::new(),
            nested_calls: 0,
            is_searched: false,
            parked: Vec::new(),
            maps: FrameMaps::default(),
        }
    }

    /// A thread for a call from the host.
    ///
    /// # Errors
    /// A trap if too many such calls are nested; if the host has no memory for it.
    #[inline]
    pub(crate) fn enter(&mut self, store: &mut StoreInner) -> Result<ThreadHandle, Error> {
        self.enter_again(store)?;
        store.touch();
        let thread = self.idle.pop().or_else(|| self.one_more(store));
        if thread.is_none() {
            self.nested_calls -= 1;
        }
        Ok(thread.ok_or(OutOfMemory {})?)
    }

    /// The thread on which the next call of this function from the host can be all of it at once:
    /// as long as it only runs code, it is no call that others must know of.
    #[inline]
    pub(crate) fn at_rest(&self, store: &StoreInner, func: u32) -> Option<&ThreadHandle> {
        let has_room = self.nested_calls < store.engine.config().max_nested_calls;
        self.idle.last().filter(|thread| has_room && thread.can_call_at_once(store, func))
    }

    /// The call on the thread that `at_rest` has given has stopped: from now on it is one.
    #[inline]
    pub(crate) fn enter_stopped(&mut self) -> Option<ThreadHandle> {
        self.nested_calls += 1;
        self.is_searched = false;
        self.idle.pop()
    }

    /// A thread, with room to keep it and to have it rest; none if the host has no memory for it.
    #[cold]
    fn one_more(&mut self, store: &mut StoreInner) -> Option<ThreadHandle> {
        if self.kept.len() >= self.many {
            self.forget_dropped(store);
            self.many = (2 * self.kept.len()).max(MANY);
        }
        self.kept.try_reserve(1).ok()?;
        // All can be at rest at once.
        let at_rest = self.idle.len();
        self.idle.try_reserve((self.kept.len() + 1).saturating_sub(at_rest)).ok()?;
        let [kept, thread] = ThreadHandle::pair(self.store)?;
        self.kept.push(kept);
        Some(thread)
    }

    /// As `enter`, for a call that has a thread.
    #[inline]
    pub(crate) fn enter_again(&mut self, store: &StoreInner) -> Result<(), Trap> {
        if self.nested_calls >= store.engine.config().max_nested_calls {
            return Err(Trap::StackOverflow);
        }
        self.nested_calls += 1;
        self.is_searched = false;
        Ok(())
    }

    /// Ends a call from the host, or pauses it; the thread of one that has ended can serve another.
    #[inline]
    pub(crate) fn leave(&mut self, store: &mut StoreInner, ended: Option<ThreadHandle>) {
        self.nested_calls -= 1;
        self.is_searched = false;
        let Some(thread) = ended else { return };
        store.touch();
        let thrown = thread.rest(store);
        self.idle.push(thread);
        drop(thrown);
    }

    /// Sets how much fuel the store has. What running host functions and paused threads owe is paid
    /// first; what dropped ones owed is forgotten.
    pub(crate) fn set_fuel(&mut self, store: &mut StoreInner, fuel: u64) {
        let mut fuel = store.pay_owed(fuel);
        if store.has_debts {
            self.forget_dropped(store);
            for thread in &self.kept {
                fuel = thread.settle(store, fuel);
            }
            store.has_debts = self.kept.iter().any(|thread| thread.is_in_debt(store));
        }
        store.fuel = fuel;
    }

    /// Forgets paused threads that nobody can run any more.
    pub(crate) fn forget_dropped(&mut self, store: &mut StoreInner) {
        let mut index = 0;
        while let Some(thread) = self.kept.get(index) {
            if thread.is_shared() {
                index += 1;
                continue;
            }
            thread.let_go(store);
            store.held.stacks -= thread.stack_bytes(store);
            drop(self.kept.swap_remove(index));
        }
    }

    /// Frees the stacks that no call uses, and what dropped calls held. Whether there was any.
    pub(crate) fn free_stacks(&mut self, store: &mut StoreInner) -> bool {
        if core::mem::replace(&mut self.is_searched, self.nested_calls > 0) {
            return false;
        }
        let before = store.total();
        self.idle.clear();
        self.forget_dropped(store);
        store.total() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Error};
    use std::{
        fmt,
        panic::{AssertUnwindSafe, catch_unwind},
    };

    /// An error of the embedder's that can't be dropped in peace.
    struct Bomb;

    impl fmt::Debug for Bomb {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Bomb")
        }
    }

    impl fmt::Display for Bomb {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self, f)
        }
    }

    impl core::error::Error for Bomb {}

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the embedder's code fails");
        }
    }

    #[test]
    fn a_drop_that_panics_loses_no_other_thread() {
        let mut store = StoreInner::new(StoreId::next(), &Engine::default());
        let mut threads = Threads::new(store.id);
        let [first, second, third] = [(); 3].map(|()| {
            let thread = threads.enter(&mut store).expect("there are few");
            threads.leave(&mut store, None);
            thread
        });
        first.throw_from_host(&mut store, 0, Error::new(Bomb));
        drop((first, second));
        let forget = AssertUnwindSafe(|| threads.forget_dropped(&mut store));
        assert!(catch_unwind(forget).is_err());
        assert!(threads.kept.iter().any(|kept| kept.is(&third)));
        threads.forget_dropped(&mut store);
        assert_eq!(threads.kept.len(), 1);
    }
}
