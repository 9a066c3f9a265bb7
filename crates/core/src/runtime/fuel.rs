//! What amounts cost in fuel, for whoever does the work: the driver for guests, and instantiation
//! for itself, which pays here. What instructions cost beside amounts is in `costs.rs`; the table
//! that users read is in the documentation of [`FUEL_VERSION`](crate::FUEL_VERSION). Nothing here
//! may depend on the build, or on when garbage is collected.

use super::StoreInner;
use crate::{Metering, Trap, exec::handlers::object::SMALL_ARRAY};

/// So many bytes are moved or set at once: a multiple of what a unit of fuel moves, so that the sum
/// of the pieces' costs does not depend on it.
pub(crate) const PIECE: u64 = 1 << 20;

/// What a wait costs that does not end at once, beside the operator: the system has the thread
/// sleep and wakes it, however short that is.
pub(crate) const SLEEP_COST: u64 = 1200;

/// What an array costs whose elements take so many bytes, beside the operator. What code makes
/// itself, since it is small, costs no more.
pub(crate) fn array_cost(bytes: u64) -> u64 {
    if bytes < SMALL_ARRAY { 0 } else { 8 + bytes / 16 }
}

/// What a structure of so many bytes costs an instantiation that names no field of it. A small one
/// takes little more than the expression itself.
pub(crate) fn default_struct_cost(bytes: u64) -> u64 {
    if bytes < SMALL_ARRAY { 0 } else { bytes / 16 }
}

impl StoreInner {
    /// Pays for a piece of an instantiation's work that is more than its module is long.
    ///
    /// # Errors
    /// [`Trap::Interrupted`] if it is to end: then the flag is cleared. [`Trap::OutOfFuel`] if the
    /// fuel does not suffice: then it is used up.
    pub(crate) fn pay(&mut self, cost: u64) -> Result<(), Trap> {
        if cost == 0 {
            return Ok(());
        }
        self.look()?;
        if self.engine.config().metering == Metering::Fuel {
            let left = self.fuel.checked_sub(cost);
            self.fuel = left.unwrap_or(0);
            left.ok_or(Trap::OutOfFuel)?;
        }
        Ok(())
    }

    /// Looks whether an instantiation is to end, between two pieces of what is paid.
    ///
    /// # Errors
    /// As for `pay`.
    pub(crate) fn look(&mut self) -> Result<(), Trap> {
        if self.interrupt.is_raised() {
            self.interrupt.clear();
            return Err(Trap::Interrupted);
        }
        Ok(())
    }
}
