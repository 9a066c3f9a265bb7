//! [`Lock`], the reader-writer lock around the engine's types, [`TryLock`], which one need not wait
//! for, and [`Once`], a value made when first needed. With `std` they are the standard library's;
//! without, spinning ones, since waiting needs an operating system. Held only for short look-ups
//! and additions.

#[cfg(feature = "std")]
mod imp {
    use std::sync::{Mutex, PoisonError, RwLock, TryLockError};

    pub(crate) use std::sync::OnceLock as Once;

    pub(super) struct Imp<T>(RwLock<T>);

    impl<T> Imp<T> {
        pub(super) fn new(value: T) -> Imp<T> {
            Imp(RwLock::new(value))
        }

        // Nothing that changes what is behind the lock panics, and whoever only looks leaves it as
        // it was: poison is ignored.
        pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            f(&self.0.read().unwrap_or_else(PoisonError::into_inner))
        }

        pub(super) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
        }
    }

    #[derive(Default)]
    pub(super) struct TryImp<T>(Mutex<T>);

    impl<T> TryImp<T> {
        pub(super) fn new(value: T) -> TryImp<T> {
            TryImp(Mutex::new(value))
        }

        pub(super) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        pub(super) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
            match self.0.try_lock() {
                Ok(mut value) => Some(f(&mut value)),
                Err(TryLockError::Poisoned(poisoned)) => Some(f(&mut poisoned.into_inner())),
                Err(TryLockError::WouldBlock) => None,
            }
        }
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    /// A value made when first needed.
    pub(crate) struct Once<T>(spin::Once<T>);

    impl<T> Once<T> {
        pub(crate) const fn new() -> Once<T> {
            Once(spin::Once::new())
        }

        pub(crate) fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
            self.0.call_once(f)
        }
    }

    impl<T> Default for Once<T> {
        fn default() -> Once<T> {
            Once::new()
        }
    }

    impl<T: Clone> Clone for Once<T> {
        fn clone(&self) -> Once<T> {
            let value = self.0.get().cloned();
            Once(value.map_or_else(spin::Once::new, spin::Once::initialized))
        }
    }

    pub(super) struct Imp<T>(spin::RwLock<T>);

    impl<T> Imp<T> {
        pub(super) fn new(value: T) -> Imp<T> {
            Imp(spin::RwLock::new(value))
        }

        pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            f(&self.readable())
        }

        pub(super) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.writable())
        }

        #[inline(never)]
        fn readable(&self) -> spin::RwLockReadGuard<'_, T> {
            self.0.read()
        }

        #[inline(never)]
        fn writable(&self) -> spin::RwLockWriteGuard<'_, T> {
            self.0.write()
        }
    }

    #[derive(Default)]
    pub(super) struct TryImp<T>(spin::Mutex<T>);

    impl<T> TryImp<T> {
        pub(super) fn new(value: T) -> TryImp<T> {
            TryImp(spin::Mutex::new(value))
        }

        pub(super) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock())
        }

        pub(super) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
            self.0.try_lock().map(|mut value| f(&mut value))
        }
    }
}

pub(crate) use imp::Once;

/// A value that many read and few change.
pub(crate) struct Lock<T>(imp::Imp<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Lock<T> {
        Lock(imp::Imp::new(value))
    }

    /// Looks at the value.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.0.read(f)
    }

    /// Changes the value.
    pub(crate) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.0.write(f)
    }
}

/// A value that is held for short times only, and that one can leave alone if somebody else holds
/// it.
#[derive(Default)]
pub(crate) struct TryLock<T>(imp::TryImp<T>);

impl<T> TryLock<T> {
    #[allow(dead_code)] // What can wait needs `std`.
    pub(crate) fn new(value: T) -> TryLock<T> {
        TryLock(imp::TryImp::new(value))
    }

    /// Works with the value, when nobody else does.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.0.with(f)
    }

    /// Works with the value, if nobody else does; never waits.
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.try_with(f)
    }
}
