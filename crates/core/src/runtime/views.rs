//! [`Views`]: where the memories and tables of an instance lie, as handlers read them.
//! Instantiation makes them, and growth keeps them up to date
//! ([`StoreInner::memory_moved`](super::StoreInner::memory_moved)), so that calls of host functions
//! and of other instances take the same time whatever an instance has.
#![allow(unsafe_code)]

use super::{MemoryEntity, TableEntity};
use crate::exec::machine::views::{MemoryView, TableView};
use alloc::{boxed::Box, vec::Vec};

/// The memories and tables of an instance.
pub(crate) struct Views {
    pub(crate) memories: Box<[MemoryView]>,
    pub(crate) tables: Box<[TableView]>,
}

/// An instance that has a memory or a table, and the index there: whose view is to be kept.
#[derive(Clone, Copy)]
pub(crate) struct User {
    pub(crate) instance: u32,
    pub(crate) index: u32,
}

// SAFETY: they are addresses; who uses them has the store, which owns what is there.
unsafe impl Send for Views {}
// SAFETY: as above.
unsafe impl Sync for Views {}

impl MemoryView {
    pub(crate) fn of(memory: &MemoryEntity) -> MemoryView {
        MemoryView { base: memory.bytes.base(), len: memory.bytes.len() }
    }
}

impl TableView {
    pub(crate) fn of(table: &TableEntity) -> TableView {
        TableView { base: table.elements.base(), len: table.elements.len() }
    }
}

impl Views {
    /// Those of the memories and tables with these indices in the store; none if the host has no
    /// memory.
    pub(crate) fn new(
        (memories, memory_ids): (&[MemoryEntity], &[u32]),
        (tables, table_ids): (&[TableEntity], &[u32]),
    ) -> Option<Views> {
        let mut views = (Vec::new(), Vec::new());
        views.0.try_reserve_exact(memory_ids.len()).ok()?;
        views.1.try_reserve_exact(table_ids.len()).ok()?;
        views.0.extend(memory_ids.iter().map(|&id| MemoryView::of(&memories[id as usize])));
        views.1.extend(table_ids.iter().map(|&id| TableView::of(&tables[id as usize])));
        Some(Views { memories: views.0.into(), tables: views.1.into() })
    }
}
