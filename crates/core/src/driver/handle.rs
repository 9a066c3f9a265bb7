//! [`ThreadHandle`]: a thread that its call and its store share, so that a collection finds what
//! paused calls and those that wait for the host refer to. This file is the only way to a thread
//! for the rest of the crate.

use super::thread::{Exit, Thread};
use crate::{
    Error,
    backtrace::CodePlace,
    runtime::{Embedder, StoreInner},
};
use alloc::{sync::Arc, vec::Vec};
use core::cell::UnsafeCell;

/// A thread, shared between the call that runs it and its store.
#[derive(Clone)]
pub(crate) struct ThreadHandle(Arc<ThreadCell>);

struct ThreadCell(UnsafeCell<Thread>);

// SAFETY: whatever reaches the thread has its store borrowed (I9), and a thread belongs to one
// store.
unsafe impl Send for ThreadCell {}
// SAFETY: as above.
unsafe impl Sync for ThreadCell {}

impl ThreadHandle {
    /// A thread that has not started, for its store and for its call.
    pub(crate) fn pair() -> [ThreadHandle; 2] {
        let handle = ThreadHandle(Arc::new(ThreadCell(UnsafeCell::new(Thread::new()))));
        [handle.clone(), handle]
    }

    /// The thread, for the time of one of the functions below.
    ///
    /// # Safety
    /// I9: the thread's store is borrowed by the caller, and no other reference to the thread is in
    /// use.
    #[allow(clippy::mut_from_ref)]
    unsafe fn get(&self) -> &mut Thread {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.0.0.get() }
    }

    /// The thread, to be looked at by a collection while no code runs on it.
    ///
    /// # Safety
    /// I9, as for `get`.
    pub(crate) unsafe fn look(&self) -> &Thread {
        // SAFETY: the caller's promise.
        unsafe { &*self.0.0.get() }
    }

    /// Whether both are the same thread.
    pub(crate) fn is(&self, other: &ThreadHandle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether this is the thread at that address.
    pub(crate) fn is_at(&self, thread: Option<&Thread>) -> bool {
        thread.is_some_and(|thread| core::ptr::eq(thread, self.0.0.get()))
    }

    /// Whether someone beside the store has it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// How much its value stack takes.
    pub(crate) fn stack_bytes(&self) -> usize {
        // SAFETY: I9.
        unsafe { self.look() }.stack_bytes()
    }

    /// See [`Thread::start`].
    pub(crate) fn start(
        &self,
        store: &mut dyn Embedder,
        func: u32,
        args: &[u64],
    ) -> Result<(), Error> {
        // SAFETY: I9.
        unsafe { self.get() }.start(store, func, args)
    }

    /// See [`Thread::run`].
    pub(crate) fn run(&self, store: &mut dyn Embedder) -> Exit {
        // SAFETY: I9: host functions are called when this has returned.
        unsafe { self.get() }.run(store)
    }

    /// See [`Thread::settle`].
    pub(crate) fn settle(&self, fuel: u64) -> u64 {
        // SAFETY: I9.
        unsafe { self.get() }.settle(fuel)
    }

    /// See [`Thread::is_in_debt`].
    pub(crate) fn is_in_debt(&self) -> bool {
        // SAFETY: I9.
        unsafe { self.look() }.is_in_debt()
    }

    /// See [`Thread::results`].
    pub(crate) fn results(&self) -> &[u64] {
        // SAFETY: I9.
        unsafe { self.look() }.results()
    }

    /// See [`Thread::host_slots`]. No one reads or writes these slots while a host function has
    /// them: they are in no map.
    #[allow(clippy::mut_from_ref)]
    pub(crate) fn host_slots(&self) -> &mut [u64] {
        // SAFETY: I9.
        unsafe { self.get() }.host_slots()
    }

    /// See [`Thread::hold_results`].
    pub(crate) fn hold_results(&self, func: u32) {
        // SAFETY: I9.
        unsafe { self.get() }.hold_results(func);
    }

    /// See [`Thread::throw_from_host`].
    pub(crate) fn throw_from_host(&self, reference: u64, error: Error) {
        // SAFETY: I9.
        unsafe { self.get() }.throw_from_host(reference, error);
    }

    /// See [`Thread::take_thrown`].
    pub(crate) fn take_thrown(&self) -> Option<Error> {
        // SAFETY: I9.
        unsafe { self.get() }.take_thrown()
    }

    /// See [`Thread::backtrace`].
    pub(crate) fn backtrace(&self, store: &StoreInner) -> Vec<CodePlace> {
        // SAFETY: I9.
        unsafe { self.look() }.backtrace(store)
    }
}
