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

/// As much as the nodes take that one change of a map makes: a dozen levels, as no map here has.
const NODES: usize = 8 << 10;

/// Whether the host has memory for a change of a map. Maps themselves can't fail: so what they take
/// is asked for, and given back, before anything is changed.
pub(crate) fn room_for_nodes() -> Result<(), Errno> {
    Ok(Vec::<u8>::new().try_reserve_exact(NODES)?)
}
