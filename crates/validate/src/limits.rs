//! Types of memories and tables: the rules for their sizes (3.0, section 3.2.1 and following).
//! Called by `module`.

use crate::{Context, Error, InvalidKind};
use windlass_decode::{Features, Limits, MemoryType, TableType};

fn check_order(limits: &Limits) -> Result<(), Error> {
    match limits.max {
        Some(max) if limits.min > max => {
            Err(InvalidKind::SizeMinimum { min: limits.min, max }.into())
        }
        _ => Ok(()),
    }
}

/// The larger of the two sizes.
fn largest(limits: &Limits) -> u64 {
    limits.min.max(limits.max.unwrap_or(0))
}

impl Context {
    pub(crate) fn check_memory(&self, ty: &MemoryType) -> Result<(), Error> {
        let page = ty.page_size_log2;
        if page != 16 && page != 0 {
            return Err(InvalidKind::InvalidCustomPageSize(page).into());
        }
        let bytes = if ty.limits.is64 { "16EiB" } else { "4GiB" };
        let max = ty.max_pages();
        let found = largest(&ty.limits);
        if found > max {
            return Err(InvalidKind::MemorySize { max, bytes, found }.into());
        }
        check_order(&ty.limits)?;
        if ty.shared && ty.limits.max.is_none() {
            return Err(InvalidKind::SharedWithoutMaximum.into());
        }
        Ok(())
    }

    pub(crate) fn check_table(&self, ty: &TableType) -> Result<TableType, Error> {
        let max = if ty.limits.is64 { u64::MAX } else { u32::MAX.into() };
        let found = largest(&ty.limits);
        if found > max {
            return Err(InvalidKind::TableSize { max, found }.into());
        }
        check_order(&ty.limits)?;
        Ok(TableType { element: self.canonical_ref(ty.element)?, limits: ty.limits })
    }

    /// Before multi-memory there is at most one memory.
    pub(crate) fn add_memory(&mut self, ty: &MemoryType) -> Result<(), Error> {
        self.check_memory(ty)?;
        if !self.memories.is_empty() && !self.features.contains(Features::MULTI_MEMORY) {
            return Err(InvalidKind::MultipleMemories.into());
        }
        self.memories.push(*ty);
        Ok(())
    }

    /// Before reference types there is at most one table.
    pub(crate) fn add_table(&mut self, ty: &TableType) -> Result<(), Error> {
        let ty = self.check_table(ty)?;
        if !self.tables.is_empty() && !self.features.contains(Features::REFERENCE_TYPES) {
            return Err(InvalidKind::MultipleTables.into());
        }
        self.tables.push(ty);
        Ok(())
    }
}
