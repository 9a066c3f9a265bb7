//! Lists and texts that are made so that a host without memory for them gets an error: [`list`],
//! [`push`] and [`text`].
//! Used wherever something is kept for each part of a module or of a function; what fails says what
//! it was for.

use alloc::{boxed::Box, collections::TryReserveError, string::String, vec::Vec};

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
