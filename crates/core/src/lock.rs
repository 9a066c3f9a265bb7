//! [`Lock`], the reader-writer lock around the engine's types, and [`Once`], a value made when first needed. With
//! `std` they are the standard library's; without, spinning ones, since waiting needs an operating system. Held
//! only for short look-ups and additions.

#[cfg(feature = "std")]
mod imp {
    use std::sync::{PoisonError, RwLock};

    pub(crate) use std::sync::OnceLock as Once;

    pub(super) struct Imp<T>(RwLock<T>);

    impl<T> Imp<T> {
        pub(super) fn new(value: T) -> Imp<T> {
            Imp(RwLock::new(value))
        }

        // What is behind the lock only ever gets additions: a panic elsewhere can't leave it half-changed
        // in a way that matters, so poison is ignored.
        pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            f(&self.0.read().unwrap_or_else(PoisonError::into_inner))
        }

        pub(super) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
        }
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    /// A value made when first needed.
    pub(crate) struct Once<T>(spin::Once<T>);

    impl<T> Once<T> {
        pub(crate) fn new() -> Once<T> {
            Once(spin::Once::new())
        }

        pub(crate) fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
            self.0.call_once(f)
        }
    }

    pub(super) struct Imp<T>(spin::RwLock<T>);

    impl<T> Imp<T> {
        pub(super) fn new(value: T) -> Imp<T> {
            Imp(spin::RwLock::new(value))
        }

        pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
            f(&self.0.read())
        }

        pub(super) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.write())
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
