//! Names of handlers, for profiles and tests: where the loop calls handlers, one that is called
//! without a context tells its name, and does nothing.

use super::{Cell, Machine};
use alloc::string::String;
use core::{cell::Cell as Told, ptr};

std::thread_local! {
    /// What a handler was asked for.
    static NAME: Told<&'static str> = const { Told::new("") };
}

/// A handler without a context tells its name.
pub(super) fn tell(name: &'static str) {
    NAME.set(name);
}

/// The name of the handler in a word of code that begins a cell.
///
/// # Safety
/// I1: it does.
pub(crate) unsafe fn name(word: u64) -> String {
    let mut m = Machine::new(ptr::null(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the caller's promise; without a context, a handler does nothing but tell its name.
    let told = unsafe { (Cell::word(word).handler)(&mut m) };
    debug_assert!(told.is_ok());
    without_paths(NAME.get())
}

/// The name of a type without the modules that it and its parameters are in.
pub(super) fn without_paths(name: &str) -> String {
    let mut short = String::new();
    for word in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        short.push_str(word.rsplit("::").next().unwrap_or(word));
    }
    short
}
