//! [`ThreadHandle`]: a thread that its call and its store share, so that a collection finds what
//! paused calls and those that wait for the host refer to. This file is the only way to a thread
//! for the rest of the crate.
//!
//! Whoever uses a thread shows that it has borrowed the store that the thread belongs to (I9): so
//! no two do so at once, but for what is done while it runs or its slots are lent, which is looked
//! after here.

use super::{
    thread::{Exit, Held, Thread},
    threads::Threaded,
    unwind::HostThrow,
};
use crate::{
    Error,
    backtrace::CodePlace,
    runtime::{Embedder, StoreId, StoreInner},
};
use alloc::{sync::Arc, vec::Vec};
use core::cell::{Cell, UnsafeCell};
use windlass_decode::shared;

/// A thread, shared between the call that runs it and its store.
#[derive(Clone)]
pub(crate) struct ThreadHandle(Arc<ThreadCell>);

struct ThreadCell {
    /// Whose it is.
    store: StoreId,
    thread: UnsafeCell<Thread>,
    /// Changed only by who has the store to be changed.
    usage: Cell<Usage>,
}

/// What is done with a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    Free,
    /// It starts or runs: nobody else uses it.
    Runs,
    /// Somebody has the slots of a host function or of results: they stay where they are, and are
    /// read and written by nobody else.
    Lent,
}

// SAFETY: whatever reaches the thread or its usage has its store borrowed (I9), and a thread
// belongs to one store; each function below checks it.
unsafe impl Send for ThreadCell {}
// SAFETY: as above.
unsafe impl Sync for ThreadCell {}

/// While it lives, a thread is used so.
struct Using<'a>(&'a Cell<Usage>);

impl Drop for Using<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.set(Usage::Free);
    }
}

impl ThreadHandle {
    /// A thread of this store that has not started, for the store and for its call; none if the
    /// host has no memory for it.
    pub(crate) fn pair(store: StoreId) -> Option<[ThreadHandle; 2]> {
        let (thread, usage) = (UnsafeCell::new(Thread::new()?), Cell::new(Usage::Free));
        let handle = ThreadHandle(shared(ThreadCell { store, thread, usage })?);
        Some([handle.clone(), handle])
    }

    /// Whether both are the same thread.
    #[cfg(test)]
    pub(crate) fn is(&self, other: &ThreadHandle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether this is the thread at that address.
    pub(crate) fn is_at(&self, thread: Option<&Thread>) -> bool {
        thread.is_some_and(|thread| core::ptr::eq(thread, self.0.thread.get()))
    }

    /// Whether someone beside the store has it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Begins to use it. The caller has the store with this number to be changed.
    ///
    /// # Panics
    /// If it is another store's, or is used already.
    #[inline]
    fn using(&self, store: StoreId, usage: Usage) -> Using<'_> {
        assert!(self.0.store == store, "a thread of this store");
        assert!(self.0.usage.get() == Usage::Free, "a thread does one thing at a time");
        self.0.usage.set(usage);
        Using(&self.0.usage)
    }

    /// The thread, for a moment in which neither code runs nor lent slots are looked at.
    ///
    /// # Panics
    /// If it is another store's, or runs.
    #[inline]
    fn with<R>(
        &self,
        store: &mut StoreInner,
        f: impl FnOnce(&mut Thread, &mut StoreInner) -> R,
    ) -> R {
        assert!(self.0.store == store.id, "a thread of this store");
        assert!(self.0.usage.get() != Usage::Runs, "the thread does not run");
        // SAFETY: I9: the store is borrowed to be changed, and whoever runs the thread would have
        // been noted. `f` is a method of the thread, which does not come back here; who has lent
        // slots has no reference to the thread.
        f(unsafe { &mut *self.0.thread.get() }, store)
    }

    /// As `with`, to look at it only.
    #[inline]
    fn look<'s, R>(&'s self, store: &'s StoreInner, f: impl FnOnce(&'s Thread) -> R) -> R {
        assert!(self.0.store == store.id, "a thread of this store");
        assert!(self.0.usage.get() != Usage::Runs, "the thread does not run");
        // SAFETY: I9: the store is borrowed as long as the reference lives, so nobody changes the
        // thread.
        f(unsafe { &*self.0.thread.get() })
    }

    /// The thread, to be looked at by a collection while no code runs on it.
    ///
    /// # Safety
    /// I9: the caller has borrowed the store with this number, and nobody has the thread to be
    /// changed.
    ///
    /// # Panics
    /// If it is another store's.
    pub(crate) unsafe fn get(&self, store: StoreId) -> &Thread {
        assert!(self.0.store == store, "a thread of this store");
        // SAFETY: the caller's promise.
        unsafe { &*self.0.thread.get() }
    }

    /// How much its value stack takes.
    pub(crate) fn stack_bytes(&self, store: &StoreInner) -> usize {
        self.look(store, Thread::stack_bytes)
    }

    /// See [`Thread::let_go`].
    pub(crate) fn let_go(&self, store: &mut StoreInner) {
        self.with(store, |thread, store| thread.let_go(store));
    }

    /// See [`Thread::rest`].
    #[inline]
    pub(crate) fn rest(&self, store: &mut StoreInner) -> Option<HostThrow> {
        self.with(store, Thread::rest)
    }

    /// See [`Thread::start`].
    pub(crate) fn start<S: Embedder>(
        &self,
        store: &mut S,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let _using = self.using(store.inner().id, Usage::Runs);
        // SAFETY: I9: nobody else uses it as long as it is noted that it runs.
        unsafe { &mut *self.0.thread.get() }.start(store, func, put)
    }

    /// See [`Thread::can_call_at_once`].
    #[inline]
    pub(crate) fn can_call_at_once(&self, store: &StoreInner, func: u32) -> bool {
        self.look(store, |thread| thread.can_call_at_once(&store.funcs[func as usize]))
    }

    /// See [`Thread::call_at_once`].
    #[inline]
    pub(crate) fn call_at_once(
        &self,
        store: &mut StoreInner,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let _using = self.using(store.id, Usage::Runs);
        // SAFETY: as above.
        unsafe { &mut *self.0.thread.get() }.call_at_once(store, func, put)
    }

    /// See [`Thread::run`]. Host functions are called when this has returned.
    #[inline]
    pub(crate) fn run<S: Threaded>(&self, store: &mut S) -> Exit {
        let _using = self.using(store.inner().id, Usage::Runs);
        // SAFETY: as above.
        unsafe { &mut *self.0.thread.get() }.run(store)
    }

    /// See [`Thread::run_on`].
    #[inline]
    pub(crate) fn run_on<S: Threaded>(&self, store: &mut S) -> Exit {
        let _using = self.using(store.inner().id, Usage::Runs);
        // SAFETY: as above.
        unsafe { &mut *self.0.thread.get() }.run_on(store)
    }

    /// See [`Thread::settle`].
    pub(crate) fn settle(&self, store: &mut StoreInner, fuel: u64) -> u64 {
        self.with(store, |thread, _| thread.settle(fuel))
    }

    /// See [`Thread::is_in_debt`].
    pub(crate) fn is_in_debt(&self, store: &StoreInner) -> bool {
        self.look(store, Thread::is_in_debt)
    }

    /// It owes what the host function owes that it called; whether it can't go on before that is
    /// paid.
    #[inline]
    pub(crate) fn owe_for_host(&self, store: &mut StoreInner) -> bool {
        let owed = store.take_owed();
        if owed > 0 {
            self.with(store, |thread, _| thread.owe_more(owed));
        }
        owed > 0
    }

    /// Calls `f` with what [`Thread::results`] gives.
    #[inline]
    pub(crate) fn lend_results<R>(
        &self,
        store: &mut StoreInner,
        f: impl FnOnce(&mut StoreInner, &[u64]) -> R,
    ) -> R {
        let _using = self.using(store.id, Usage::Lent);
        // SAFETY: I9. As long as they are lent, the stack does not move, and nobody writes them.
        let results = unsafe { &*self.0.thread.get() }.results();
        f(store, results)
    }

    /// Calls `f` with what [`Thread::host_slots`] gives. Nobody else reads or writes these slots
    /// meanwhile: they are in no map, and no part of a frame's own words.
    #[inline]
    pub(crate) fn lend_slots<S: Embedder, R>(
        &self,
        store: &mut S,
        f: impl FnOnce(&mut S, &mut [u64]) -> R,
    ) -> R {
        let _using = self.using(store.inner().id, Usage::Lent);
        // SAFETY: I9. As long as they are lent, the stack does not move.
        let slots = unsafe { &mut *self.0.thread.get() }.host_slots();
        f(store, slots)
    }

    /// See [`Thread::hold`].
    pub(crate) fn hold(&self, store: &mut StoreInner, held: Option<Held>) {
        self.with(store, |thread, _| thread.hold(held));
    }

    /// Holds what the call has returned: see [`Thread::hold`].
    pub(crate) fn hold_own_results(&self, store: &mut StoreInner) {
        self.with(store, |thread, _| thread.hold(Some(Held::Results(thread.func))));
    }

    /// See [`Thread::throw_from_host`].
    pub(crate) fn throw_from_host(&self, store: &mut StoreInner, reference: u64, error: Error) {
        self.with(store, |thread, _| thread.throw_from_host(reference, error));
    }

    /// See [`Thread::take_thrown`].
    pub(crate) fn take_thrown(&self, store: &mut StoreInner) -> Option<Error> {
        self.with(store, |thread, _| thread.take_thrown())
    }

    /// See [`Thread::backtrace`].
    pub(crate) fn backtrace(&self, store: &StoreInner) -> Vec<CodePlace> {
        self.look(store, |thread| thread.backtrace(store))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn refuses<R>(f: impl FnOnce() -> R) {
        assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    }

    #[test]
    fn a_thread_is_used_with_its_store_only_and_for_one_thing_at_a_time() {
        let engine = Engine::default();
        let [mut store, mut other] = [(), ()].map(|()| StoreInner::new(StoreId::next(), &engine));
        let [_, thread] = ThreadHandle::pair(store.id).unwrap();
        refuses(|| thread.settle(&mut other, 1));
        refuses(|| thread.stack_bytes(&other));
        refuses(|| thread.backtrace(&other));
        refuses(|| thread.lend_results(&mut other, |_, _| ()));
        thread.lend_results(&mut store, |store, _| {
            refuses(|| thread.lend_results(store, |_, _| ()));
            assert_eq!(thread.settle(store, 1), 1, "what needs no slots can be done");
        });
        // However that ended.
        refuses(|| thread.lend_results(&mut store, |_, _| panic!("the host fails")));
        let using = thread.using(store.id, Usage::Runs);
        refuses(|| thread.settle(&mut store, 1));
        refuses(|| thread.is_in_debt(&store));
        drop(using);
        assert!(!thread.is_in_debt(&store));
    }
}
