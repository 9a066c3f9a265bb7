//! How large memories and tables may become: the limits of their types and of the host. What the
//! embedder allows is asked by the store.

use windlass_decode::{MemoryType, TableType};

/// A growth that the type allows, in bytes or elements: what a limiter is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) current: usize,
    pub(crate) desired: usize,
    /// The largest size that the type allows, if it says so.
    pub(crate) maximum: Option<usize>,
    /// As `maximum`; without one in the type, the largest size that addresses can reach.
    pub(crate) most: usize,
}

/// How a growth ended that the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grown {
    Done,
    /// The host has no memory for it.
    Failed,
    /// The size is another one by now: the limits have to be asked again.
    Changed,
    /// The guest is to be interrupted. Nothing has changed that can be seen; asked again, it goes
    /// on.
    Stopped,
}

impl Growth {
    /// What it takes more, of a table that nothing was allowed before.
    pub(crate) fn table_bytes(&self) -> usize {
        (self.desired - self.current).saturating_mul(8)
    }
}

/// The growth of a memory of `current` bytes by `delta` pages; none if its type or the host's
/// address space does not allow it.
pub(crate) fn memory_growth(ty: &MemoryType, current: usize, delta: u64) -> Option<Growth> {
    let page = ty.page_size_log2;
    let desired = (current as u64).checked_add(bytes(delta, page)?)?;
    let addressable = bytes(ty.max_pages(), page).unwrap_or(u64::MAX);
    let maximum = ty.limits.max.map(|pages| bytes(pages, page).unwrap_or(u64::MAX));
    growth(current, desired, maximum, addressable)
}

/// The growth of a table of `current` elements by `delta`.
pub(crate) fn table_growth(ty: &TableType, current: usize, delta: u64) -> Option<Growth> {
    let desired = (current as u64).checked_add(delta)?;
    let addressable = if ty.limits.is64 { u64::MAX } else { u32::MAX.into() };
    growth(current, desired, ty.limits.max, addressable)
}

fn growth(current: usize, desired: u64, maximum: Option<u64>, addressable: u64) -> Option<Growth> {
    let most = maximum.unwrap_or(addressable).min(addressable);
    if desired > most {
        return None;
    }
    let host = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    let desired = usize::try_from(desired).ok()?;
    Some(Growth { current, desired, maximum: maximum.map(host), most: host(most) })
}

fn bytes(pages: u64, page_size_log2: u8) -> Option<u64> {
    let page_size_log2 = u32::from(page_size_log2);
    // A product is more code.
    (page_size_log2 <= pages.leading_zeros()).then(|| pages << page_size_log2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryType, RefType, TableType};

    #[test]
    fn memories_stop_at_their_maximum_and_at_their_addresses() {
        let page = 1 << 16;
        let small = MemoryType::new(1, Some(3)).0;
        assert_eq!(memory_growth(&small, page, 2).unwrap().desired, 3 * page);
        assert_eq!(memory_growth(&small, page, 2).unwrap().maximum, Some(3 * page));
        assert!(memory_growth(&small, page, 3).is_none());
        assert!(memory_growth(&small, page, u64::MAX).is_none());
        let open = MemoryType::new(0, None).0;
        assert!(memory_growth(&open, page, 65_536).is_none());
        assert_eq!(memory_growth(&open, page, 65_535).is_some(), usize::BITS > 32);
        let wide = MemoryType::new64(0, None).0;
        assert_eq!(memory_growth(&wide, page, 65_536).is_some(), usize::BITS > 32);
        assert!(memory_growth(&wide, page, 1 << 48).is_none());
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn sizes_have_as_many_bits_as_addresses() {
        let open = |is64, page_size_log2| {
            let ty = if is64 { MemoryType::new64(0, None) } else { MemoryType::new(0, None) };
            windlass_decode::MemoryType { page_size_log2, ..ty.0 }
        };
        // Pages, and whether a memory can have so many.
        let all = u64::from(u32::MAX);
        for (is64, page, pages, can) in [
            (false, 0, all, true),
            (false, 0, all + 1, false),
            (false, 16, 1 << 16, true),
            (false, 16, (1 << 16) + 1, false),
            (true, 0, all + 1, true),
            (true, 0, u64::MAX, true),
            (true, 16, (1 << 48) - 1, true),
            (true, 16, 1 << 48, false),
        ] {
            let ty = open(is64, page);
            assert_eq!(memory_growth(&ty, 0, pages).is_some(), can, "{is64} {page} {pages}");
            let size = 1 << page;
            assert_eq!(memory_growth(&ty, size, pages - 1).is_some(), can, "{is64} {page} {pages}");
            // What the type says changes nothing of that.
            let limits = windlass_decode::Limits { max: Some(u64::MAX), ..ty.limits };
            let ty = windlass_decode::MemoryType { limits, ..ty };
            assert_eq!(memory_growth(&ty, 0, pages).is_some(), can, "{is64} {page} {pages}");
        }
    }

    #[test]
    fn tables_stop_at_their_maximum_and_at_their_indices() {
        let small = TableType::new(RefType::FUNCREF, 0, Some(10)).to_decoded();
        assert_eq!(table_growth(&small, 4, 6).unwrap().desired, 10);
        assert!(table_growth(&small, 4, 7).is_none());
        let open = TableType::new(RefType::FUNCREF, 0, None).to_decoded();
        assert!(table_growth(&open, 1, u32::MAX.into()).is_none());
        assert!(table_growth(&open, 1, u64::MAX).is_none());
    }
}
