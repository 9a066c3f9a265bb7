//! What code costs in fuel. Costs are counted by Wasm operator, never by cell, so they do not depend on
//! fusion, build or host.
//!
//! A *region* is a stretch of code that is paid for as a whole when it is entered: the function's body, a
//! loop's body (each time round), each arm of an `if`, and code that only a branch leads to. What a
//! block inside a region may skip by branching out is paid for all the same.

use super::{Translator, safepoint::Stopped};
use crate::{
    Metering,
    exec::{Cell, select},
};
use alloc::vec::Vec;
use windlass_decode::Op;

/// The version of the table of costs and of the rules of this file. It changes when a program's fuel
/// would change.
pub const FUEL_VERSION: u32 = 1;

/// What an operator costs. What bulk operations cost when they run, is in `exec/metering.rs`.
pub(crate) fn cost(op: Op) -> u32 {
    match op {
        Op::Nop | Op::Block | Op::Loop | Op::Else | Op::End | Op::Drop | Op::Unreachable => 0,
        Op::TryTable | Op::Try | Op::Catch | Op::CatchAll | Op::Delegate => 0,
        Op::Throw | Op::ThrowRef | Op::Rethrow => 20,
        Op::Call | Op::ReturnCall => 5,
        Op::CallIndirect | Op::ReturnCallIndirect | Op::CallRef | Op::ReturnCallRef => 8,
        Op::MemoryGrow | Op::TableGrow => 100,
        _ => 1,
    }
}

/// The regions of a function.
#[derive(Default)]
pub(super) struct Regions {
    costs: Vec<u32>,
    current: RegionId,
    /// Words with a region's cost in their upper half.
    sites: Vec<(usize, RegionId)>,
}

/// A region by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RegionId(usize);

impl Regions {
    pub(super) fn clear(&mut self) {
        self.costs.clear();
        self.sites.clear();
        self.current = RegionId::default();
    }

    pub(super) fn current(&self) -> RegionId {
        self.current
    }

    pub(super) fn set(&mut self, region: RegionId) {
        self.current = region;
    }
}

impl Translator<'_> {
    fn counts_fuel(&self) -> bool {
        self.source.metering == Metering::Fuel
    }

    /// Counts an operator into the current region.
    pub(super) fn count(&mut self, op: Op) {
        if self.counts_fuel() {
            let cost = cost(op);
            let total = &mut self.regions.costs[self.regions.current.0];
            *total = total.saturating_add(cost);
        }
    }

    /// Counts bytes that an operator sets into the current region, as bulk operations count theirs.
    pub(super) fn count_bytes(&mut self, bytes: u32) {
        if self.counts_fuel() {
            let total = &mut self.regions.costs[self.regions.current.0];
            *total = total.saturating_add(bytes / 64);
        }
    }

    /// Begins a region that the cell with this operand word pays for.
    pub(super) fn open_region(&mut self, word: usize) {
        if self.counts_fuel() {
            self.regions.costs.push(0);
            self.regions.current = RegionId(self.regions.costs.len() - 1);
            self.cost_site(word, self.regions.current);
        }
    }

    /// Begins a region here, with a cell that pays for it.
    pub(super) fn open_arm(&mut self) {
        if self.counts_fuel()
            && let Some(handler) = select::charge(self.source.metering)
        {
            let at = self.builder.cell(handler, "charge");
            self.builder.push(0);
            self.open_region(at);
            self.can_stop(Stopped::Before);
        }
    }

    /// The upper half of this word is to be the cost of `region`.
    pub(super) fn cost_site(&mut self, word: usize, region: RegionId) {
        if self.counts_fuel() {
            self.regions.sites.push((word, region));
        }
    }

    /// Writes all costs into their words.
    pub(super) fn finish_costs(&mut self) {
        for &(word, RegionId(region)) in &self.regions.sites {
            let cost = u64::from(self.regions.costs[region]);
            let low = self.builder.code[word].bits() & 0xffff_ffff;
            self.builder.code[word] = Cell::word(low | cost << 32);
        }
    }
}
