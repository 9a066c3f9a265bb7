//! Lists as long as a guest says: where the host has no memory for them, it is `ENOMEM`. Whatever a
//! guest makes grow, and is not a piece of a fixed size, goes through here.

use crate::Errno;
use alloc::{collections::TryReserveError, string::String, vec::Vec};

impl From<TryReserveError> for Errno {
    fn from(_: TryReserveError) -> Errno {
        Errno::NoMem
    }
}

/// A copy of some bytes.
pub(crate) fn copy(bytes: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// Some bytes as text; what is not UTF-8 is replaced.
pub(crate) fn text(bytes: &[u8]) -> Result<String, Errno> {
    let mut text = String::new();
    text.try_reserve(bytes.len())?;
    for chunk in bytes.utf8_chunks() {
        text.try_reserve(chunk.valid().len() + char::REPLACEMENT_CHARACTER.len_utf8())?;
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Ok(text)
}

/// What a node of a map takes at most, with what the allocator takes: `BTreeMap` has 11 entries in
/// one, and 12 addresses of others.
pub(crate) const fn node<K, V>() -> usize {
    11 * (size_of::<K>() + size_of::<V>()) + 16 * size_of::<usize>()
}

/// Whether the host has memory for a change of a map with so many entries, whose nodes take so many
/// bytes, and for `more` bytes. Maps can't fail: so what they may take is asked for, and given
/// back, before anything is changed.
pub(crate) fn room_for_nodes(entries: usize, node: usize, more: usize) -> Result<(), Errno> {
    // One for each level, and a new one above them. There are more than four below each.
    let levels = 2 + entries.max(1).ilog2() as usize / 2;
    let bytes = levels.saturating_mul(node).saturating_add(more);
    let mut asked = Vec::<u8>::new();
    asked.try_reserve_exact(bytes)?;
    // The compiler may leave out what is given back unused.
    core::hint::black_box(asked.as_ptr());
    Ok(())
}
