//! What a store's contents must be: plain data that the steps change beside the store.

use std::collections::BTreeMap;

/// The most pages that the guest's memory has, and elements that its table has.
pub(super) const MOST_PAGES: u64 = 6;
pub(super) const MOST_ELEMENTS: u64 = 20;

/// What instances share: a memory, a table of host values, a global.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) pages: u64,
    /// What was stored, by address: each a multiple of 8.
    pub(super) words: BTreeMap<u64, i64>,
    pub(super) table: Vec<Option<u64>>,
    pub(super) global: i64,
}

impl Place {
    pub(super) fn new() -> Place {
        Place { pages: 1, words: BTreeMap::new(), table: vec![None; 2], global: 0 }
    }

    pub(super) fn word(&self, address: u64) -> Option<i64> {
        let fits = address + 8 <= self.pages << 16;
        fits.then(|| self.words.get(&address).copied().unwrap_or(0))
    }
}

/// What an instance has for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// The numbers in its list on the heap.
    pub(super) list: Vec<i64>,
    /// How far its counter has come: at least, at most. Calls that have not ended are in between.
    pub(super) counted: (i64, i64),
}

impl Own {
    pub(super) fn sum(&self) -> i64 {
        self.list.iter().fold(0, |sum: i64, n| sum.wrapping_add(*n))
    }
}
