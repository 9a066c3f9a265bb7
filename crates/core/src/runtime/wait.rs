//! [`Waiters`], the threads that wait at addresses of a shared memory. An [`Interrupt`] wakes them.
//! Without `std` nothing can wait: whoever would have to gets [`Waited::Unable`].

use crate::interrupt::Interrupt;
use core::time::Duration;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// With `std` nothing is `Unable`; without, nothing else can happen than that and no wait.
#[allow(dead_code)]
pub(crate) enum Waited {
    /// It was notified.
    Notified,
    /// The value was another one: it did not wait.
    Mismatch,
    TimedOut,
    /// It was interrupted, when so much of the timeout was left.
    Interrupted(Option<Duration>),
    /// There is no way to wait on this host.
    Unable,
}

pub(crate) use imp::Waiters;

#[cfg(feature = "std")]
mod imp {
    use super::{Interrupt, Waited};
    use crate::interrupt::Sleeper;
    use alloc::{sync::Arc, vec::Vec};
    use core::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };
    use std::{
        sync::{Mutex, MutexGuard, PoisonError},
        thread::{self, Thread},
        time::Instant,
    };

    /// Who waits at which address, first come first served. Each is a thread of the system: there
    /// are not many.
    #[derive(Default)]
    pub(crate) struct Waiters(Mutex<Vec<(u64, Arc<Waiter>)>>);

    struct Waiter {
        thread: Thread,
        notified: AtomicBool,
    }

    /// What is behind these locks is never left half-changed: poison is ignored.
    fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Waiters {
        /// Waits until another thread notifies `address`, unless `as_expected` says no. No
        /// notification comes between that question and the waiting. Without a timeout it waits as
        /// long as it takes.
        pub(crate) fn wait(
            &self,
            address: u64,
            as_expected: impl FnOnce() -> bool,
            timeout: Option<Duration>,
            interrupt: Option<&Interrupt>,
        ) -> Waited {
            let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let waiter = Arc::new(Waiter { thread: thread::current(), notified: false.into() });
            {
                let mut waiting = locked(&self.0);
                if !as_expected() {
                    return Waited::Mismatch;
                }
                waiting.push((address, waiter.clone()));
            }
            let _sleeper = interrupt.map(Sleeper::new);
            loop {
                if waiter.notified.load(Ordering::Acquire) {
                    return Waited::Notified;
                }
                let left = deadline.map(|time| time.saturating_duration_since(Instant::now()));
                let end = match left {
                    _ if interrupt.is_some_and(Interrupt::is_raised) => Waited::Interrupted(left),
                    Some(Duration::ZERO) => Waited::TimedOut,
                    _ => {
                        left.map_or_else(thread::park, thread::park_timeout);
                        continue;
                    }
                };
                // A notification that came first counts: the notifier has counted it.
                return if self.give_up(&waiter) { end } else { Waited::Notified };
            }
        }

        /// Takes a waiter out; false if it was notified already.
        fn give_up(&self, waiter: &Arc<Waiter>) -> bool {
            let mut waiting = locked(&self.0);
            let place = waiting.iter().position(|(_, other)| Arc::ptr_eq(other, waiter));
            place.map(|place| waiting.remove(place)).is_some()
        }

        /// Wakes at most `count` threads that wait at `address`, in the order in which they came;
        /// returns how many.
        pub(crate) fn notify(&self, address: u64, count: u32) -> u32 {
            let mut woken = 0;
            locked(&self.0).retain(|(at, waiter)| {
                let wakes = *at == address && woken < count;
                if wakes {
                    woken += 1;
                    waiter.notified.store(true, Ordering::Release);
                    waiter.thread.unpark();
                }
                !wakes
            });
            woken
        }
    }

    #[cfg(test)]
    impl Waiters {
        /// How many wait.
        pub(super) fn count(&self) -> usize {
            locked(&self.0).len()
        }
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    use super::{Interrupt, Waited};
    use core::time::Duration;

    /// Nobody: there is no operating system to wait with.
    #[derive(Default)]
    pub(crate) struct Waiters;

    impl Waiters {
        pub(crate) fn wait(
            &self,
            _: u64,
            as_expected: impl FnOnce() -> bool,
            timeout: Option<Duration>,
            _: Option<&Interrupt>,
        ) -> Waited {
            match timeout {
                _ if !as_expected() => Waited::Mismatch,
                Some(Duration::ZERO) => Waited::TimedOut,
                _ => Waited::Unable,
            }
        }

        pub(crate) fn notify(&self, _: u64, _: u32) -> u32 {
            0
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::{thread, time::Instant};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_does_not_wait() {
        let waiters = Waiters::default();
        assert_eq!(waiters.wait(0, || false, None, None), Waited::Mismatch);
        assert_eq!(waiters.wait(0, || true, Some(Duration::ZERO), None), Waited::TimedOut);
        assert_eq!(waiters.notify(0, u32::MAX), 0);
    }

    #[test]
    fn timeouts_are_not_short() {
        let waiters = Waiters::default();
        let (start, timeout) = (Instant::now(), Duration::from_millis(30));
        // A token from before must not end it early.
        thread::current().unpark();
        assert_eq!(waiters.wait(0, || true, Some(timeout), None), Waited::TimedOut);
        assert!(start.elapsed() >= timeout);
    }

    #[test]
    fn notifications_go_to_an_address_in_order() {
        let waiters = Waiters::default();
        let order = std::sync::Mutex::new(alloc::vec::Vec::new());
        let at = |address, count| loop {
            match waiters.notify(address, count) {
                0 => thread::yield_now(),
                woken => break woken,
            }
        };
        thread::scope(|scope| {
            for (index, address) in [(0, 8), (1, 16), (2, 16)] {
                let before = waiters.count();
                let (waiters, order) = (&waiters, &order);
                scope.spawn(move || {
                    assert_eq!(waiters.wait(address, || true, Some(LONG), None), Waited::Notified);
                    order.lock().unwrap().push(index);
                });
                while waiters.count() == before {
                    thread::yield_now();
                }
            }
            assert_eq!(waiters.notify(24, 5), 0);
            assert_eq!(waiters.notify(16, 0), 0);
            assert_eq!(at(16, 1), 1);
            while order.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            assert_eq!((at(16, u32::MAX), at(8, u32::MAX)), (1, 1));
        });
        assert_eq!(order.lock().unwrap()[0], 1);
        assert_eq!(waiters.count(), 0);
    }

    #[test]
    fn an_interrupt_wakes() {
        let (waiters, interrupt) = (Waiters::default(), Interrupt::new());
        thread::scope(|scope| {
            let wait = scope.spawn(|| waiters.wait(0, || true, Some(LONG), Some(&interrupt)));
            while waiters.count() == 0 {
                thread::yield_now();
            }
            interrupt.raise();
            let Waited::Interrupted(Some(left)) = wait.join().unwrap() else { panic!("no") };
            assert!(left <= LONG && left > LONG / 2);
        });
        assert_eq!((waiters.count(), interrupt.is_raised()), (0, true));
        assert_eq!(
            waiters.wait(0, || true, None, Some(&interrupt)),
            Waited::Interrupted(None),
            "the flag was there before"
        );
    }
}
