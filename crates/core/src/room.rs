//! Lists, texts and boxes that are made so that a host without memory for them gets an error:
//! [`list`], [`push`], [`text`], [`boxed`], [`fitted`]. Used wherever something is kept for each
//! part of a module or of a function, and for errors; what fails says what it was for.

use alloc::{boxed::Box, collections::TryReserveError, string::String, vec::Vec};
pub(crate) use windlass_decode::boxed;

/// As many items as there are, kept.
pub(crate) fn list<T>(
    items: impl ExactSizeIterator<Item = T>,
) -> Result<Box<[T]>, TryReserveError> {
    let mut list = Vec::new();
    list.try_reserve_exact(items.len())?;
    list.extend(items);
    Ok(list.into())
}

/// A copy of a text.
pub(crate) fn text(text: &str) -> Result<Box<str>, TryReserveError> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len())?;
    copy.push_str(text);
    Ok(copy.into())
}

/// Adds to a list whose length nobody knows before.
#[inline]
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), TryReserveError> {
    list.try_reserve(1)?;
    // There is room: what makes more need not be linked for this.
    if list.len() < list.capacity() {
        list.push(item);
    }
    Ok(())
}

/// The items of a list whose length nobody knew before, in just the room that they need: making a
/// list smaller may take memory, too.
pub(crate) fn fitted<T>(mut items: Vec<T>) -> Result<Box<[T]>, TryReserveError> {
    if items.len() < items.capacity() {
        let mut fitted = Vec::new();
        fitted.try_reserve_exact(items.len())?;
        fitted.append(&mut items);
        items = fitted;
    }
    Ok(items.into())
}

/// Gives back what a list has reserved beyond its length, if the host has the memory to move it.
pub(crate) fn shrink<T>(list: &mut Vec<T>) {
    let mut smaller = Vec::new();
    if list.len() < list.capacity() && smaller.try_reserve_exact(list.len()).is_ok() {
        smaller.append(list);
        *list = smaller;
    }
}
