//! [`entries!`]: what makes a Rust function one that C calls, and the types of its parameters.
//! Every module uses it. Nothing that it makes unwinds.
//!
//! # What callers owe
//! A pointer parameter has one of these types, and its caller owes what it says here; null is
//! always noticed. Nobody else must use what it points to in a conflicting way meanwhile.
//!
//! | type | in C | what it must be |
//! |---|---|---|
//! | [`Const`] | `const T*` | null, or a `T` that lives until the function returns |
//! | [`Mut`] | `T*` | the same; the function may change it, but behind locks |
//! | [`Own`] | `own T*` | null, or a `T` that this library gave away; it is taken back |
//! | [`Out`] | `own T* out` | null, or room for a `T`, with anything in it |
//! | [`InOut`] | `T*` | null, or a `T` that nobody else uses until the function returns |
//! | [`Name`] | `const char*` | null, or bytes that end with a zero |

use std::{
    ffi::{CStr, c_char},
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, TryLockError},
};
use windlass::{Error, Result};

/// A pointer to what is only read.
pub(crate) type Const<'a, T> = Option<&'a T>;

/// A pointer to what is shared and has its changing parts behind locks.
pub(crate) type Mut<'a, T> = Option<&'a T>;

/// A pointer that takes its target along.
pub(crate) type Own<T> = Option<Box<T>>;

/// A pointer to room for a result.
pub(crate) type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// A pointer to what is changed.
pub(crate) type InOut<'a, T> = Option<&'a mut T>;

/// A pointer to a text that ends with a zero.
pub(crate) type Name = *const c_char;

/// What a function returns when it can't do what it should: C has nothing else to tell by.
pub(crate) trait Failed {
    fn failed() -> Self;
}

impl<T> Failed for Option<T> {
    fn failed() -> Self {
        None
    }
}

impl<T> Failed for *mut T {
    fn failed() -> Self {
        std::ptr::null_mut()
    }
}

macro_rules! failed {
    ($($ty:ty: $value:expr;)*) => {
        $(impl Failed for $ty {
            fn failed() -> Self {
                $value
            }
        })*
    };
}

failed! {
    (): ();
    bool: false;
    u8: 0;
    u32: 0;
    u64: 0;
    usize: 0;
    i32: 0;
}

/// Runs the body of a function that C calls; if it panics, the function fails. The store has been
/// poisoned by then, if one was in use.
pub(crate) fn guard<R: Failed>(body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        // What a panic carries may itself panic when it is dropped.
        std::mem::forget(panic);
        R::failed()
    })
}

/// Fills room for a result, if there is any.
pub(crate) fn put<T>(out: Out<'_, T>, value: T) {
    if let Some(out) = out {
        out.write(value);
    }
}

/// Hands an object over, if there is room for its address; otherwise it is deleted.
pub(crate) fn hand_over<T>(out: Out<'_, *mut T>, value: Box<T>) {
    if let Some(out) = out {
        out.write(Box::into_raw(value));
    }
}

/// Takes a lock that nobody has. Who has it may be further out on this stack: a finalizer runs
/// while something is replaced; so nobody ever waits.
///
/// # Errors
/// If somebody has it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(Error::msg("it is in use")),
    }
}

/// The text of a [`Name`]; none if it is null or not UTF-8.
///
/// # Safety
/// As [`Name`] says, for as long as the text is used.
pub(crate) unsafe fn text<'a>(name: Name) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller's.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

/// Defines functions that C calls. A name in quotes is that of the symbol, for functions that
/// macros make.
macro_rules! entries {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident ($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block
    )*) => {
        $(
            $(#[$attribute])*
            ///
            /// # Safety
            /// As the types of the parameters say: see the module `entry`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? {
                $crate::entry::guard(move || $body)
            }
        )*
    };
}
pub(crate) use entries;

/// As [`entries!`], for functions whose names are put together by macros: in quotes.
macro_rules! named_entries {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident as ($symbol:expr) ($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block
    )*) => {
        $(
            $(#[$attribute])*
            ///
            /// # Safety
            /// As the types of the parameters say: see the module `entry`.
            #[unsafe(export_name = $symbol)]
            pub unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? {
                $crate::entry::guard(move || $body)
            }
        )*
    };
}
pub(crate) use named_entries;
