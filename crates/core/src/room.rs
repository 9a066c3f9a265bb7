//! Lists that are made so that a host without memory for them gets an error: [`list`] and [`push`].
//! Used wherever something is kept for each part of a module or of a function; what fails says what
//! it was for.

use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};

/// As many items as there are, kept.
pub(crate) fn list<T>(
    items: impl ExactSizeIterator<Item = T>,
) -> Result<Box<[T]>, TryReserveError> {
    let mut list = Vec::new();
    list.try_reserve_exact(items.len())?;
    list.extend(items);
    Ok(list.into())
}

/// Adds to a list whose length nobody knows before.
#[inline]
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), TryReserveError> {
    list.try_reserve(1)?;
    list.push(item);
    Ok(())
}
