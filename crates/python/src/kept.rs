//! [`Kept`]: the Python objects that a store's functions, streams and guests hold. They lie in one
//! table, where the garbage collector of Python sees them: only so can cycles through a store be
//! collected. What holds one has its number, or a [`Key`].
//!
//! The table is locked only by who has the GIL, and never while Python code runs: so the collector
//! finds it unlocked, or locked during all of a collection.

use crate::ending::let_go;
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Objects of a store, by number.
#[derive(Default)]
pub(crate) struct Kept {
    objects: Mutex<HashMap<u64, Py<PyAny>>>,
    ended: Arc<Ended>,
}

/// The numbers of keys that were dropped, on whatever thread.
#[derive(Default)]
struct Ended {
    numbers: Mutex<Vec<u64>>,
    are_some: AtomicBool,
}

/// Stands for an object: when it is dropped, the object goes soon, see [`Kept::sweep`].
pub(crate) struct Key {
    number: u64,
    ended: Arc<Ended>,
}

impl Drop for Key {
    fn drop(&mut self) {
        lock(&self.ended.numbers).push(self.number);
        self.ended.are_some.store(true, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that was not given before.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Kept {
    /// Keeps an object under a number until the store ends.
    pub(crate) fn keep(&self, number: u64, object: Py<PyAny>) {
        let old = lock(&self.objects).insert(number, object);
        drop(old);
    }

    /// Keeps an object as long as the key lives.
    pub(crate) fn hold(&self, object: Py<PyAny>) -> Key {
        let number = next_number();
        self.keep(number, object);
        Key { number, ended: self.ended.clone() }
    }

    /// The object with this number; none if the collector has taken it.
    pub(crate) fn get(&self, py: Python<'_>, number: u64) -> Option<Py<PyAny>> {
        lock(&self.objects).get(&number).map(|object| object.clone_ref(py))
    }

    /// The object of a key.
    pub(crate) fn of_key(&self, py: Python<'_>, key: &Key) -> Option<Py<PyAny>> {
        self.get(py, key.number)
    }

    /// Lets go of the objects whose keys were dropped: runs Python code.
    pub(crate) fn sweep(&self, _: Python<'_>) {
        if !self.ended.are_some.swap(false, Ordering::Acquire) {
            return;
        }
        let numbers = mem::take(&mut *lock(&self.ended.numbers));
        let gone: Vec<_> = {
            let mut objects = lock(&self.objects);
            numbers.iter().filter_map(|number| objects.remove(number)).collect()
        };
        drop(gone);
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(objects) = self.objects.try_lock() else { return Ok(()) };
        objects.values().try_for_each(|object| visit.call(object))
    }

    /// The collector has found the store to be garbage.
    pub(crate) fn clear(&self) {
        let objects = mem::take(&mut *lock(&self.objects));
        let_go(objects);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.clear();
    }
}
