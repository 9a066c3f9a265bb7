//! [`Counter`]: numbers that are given once in the life of the process. They tell engines apart,
//! and stores (by [`StoreId`]), so that nothing of one is taken for something of another. A number
//! must never come again.

use core::num::NonZeroU64;
use core::sync::atomic::Ordering;

#[cfg(target_has_atomic = "64")]
use core::sync::atomic::AtomicU64 as Atomic;

/// Hosts without 64-bit atomics have 2^32 - 1 numbers.
#[cfg(not(target_has_atomic = "64"))]
use core::sync::atomic::AtomicU32 as Atomic;

/// Gives each number once.
pub(crate) struct Counter(Atomic);

impl Counter {
    /// Starts at 1.
    pub(crate) const fn new() -> Counter {
        Counter(Atomic::new(1))
    }

    /// The next number; none when all are given.
    pub(crate) fn next(&self) -> Option<NonZeroU64> {
        let given = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
        #[allow(clippy::useless_conversion)] // The numbers of some hosts are narrower.
        NonZeroU64::new(u64::from(given.ok()?))
    }
}

/// Tells stores apart, so that a handle is not used with another store. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StoreId(NonZeroU64);

impl StoreId {
    /// # Panics
    /// On a host without 64-bit atomics, if the process has made 2^32 - 1 stores before.
    pub(crate) fn next() -> StoreId {
        static NEXT: Counter = Counter::new();
        match NEXT.next() {
            Some(number) => StoreId(number),
            None => panic!("the process has made too many stores"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_instead_of_beginning_again() {
        let counter = Counter(Atomic::new(0));
        counter.0.fetch_sub(2, Ordering::Relaxed);
        assert!(counter.next().is_some());
        assert!(counter.next().is_none() && counter.next().is_none());
        assert_eq!(Counter::new().next(), NonZeroU64::new(1));
    }
}
