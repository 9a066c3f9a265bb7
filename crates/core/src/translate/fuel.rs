//! What code costs in fuel. Costs are counted by Wasm operator, never by cell, so they do not
//! depend on fusion, build or host.
//!
//! A *region* is a stretch of code that is paid for as a whole when it is entered: the function's
//! body, a loop's body (each time round), each arm of an `if`, and code that only a branch leads
//! to. What a block inside a region may skip by branching out is paid for all the same. Where
//! interrupts are looked for only, regions are counted, too: one that takes long is divided, so
//! that there is a look in its middle.

use super::{Translator, state::State, work};
use crate::{
    Metering,
    costs::{self, MAX_REGION},
    exec::{Cell, code::maps::Stopped, tables},
};
use alloc::{collections::TryReserveError, vec::Vec};
use windlass_decode::{FuncType, Op};
use windlass_validate::shed;

/// The version of the table of costs and of the rules of this file. It changes when a program's
/// fuel would change.
///
/// What costs what, as of version 6, which differs from 5 in that functions of WASI cost more that
/// wait for the disk, make something on it, give up names or list them; as 5 does from 4 in that a
/// branch whose condition is a constant costs what any branch does, and so does what follows it,
/// and in that further indices of a tag cost more; 4 from 3 in that waits that sleep, and functions
/// of WASI that make, move or remove directories, cost more, and 3 from 2 in that any of WASI's
/// cost something:
///
/// | what | units |
/// |---|---|
/// | `nop`, `drop`, `unreachable`, `block`, `else`, `end`, `try_table`, `catch`, `catch_all`, `delegate` | 0 |
/// | any instruction that is not named here | 1 |
/// | `call`, `return_call` | 5 |
/// | these, of an imported function | 7 more |
/// | `call_indirect`, `call_ref`, `return_call_indirect`, `return_call_ref` | 12 |
/// | each parameter and each result of a call | 1 |
/// | `throw`, `throw_ref`, `rethrow` | 20 |
/// | `struct.new`, `struct.new_default`, `struct.new_desc`, `struct.new_default_desc`, `array.new`, `array.new_default`, `array.new_fixed`, `array.new_data`, `array.new_elem` | 3 |
/// | `memory.size`, `data.drop`, `elem.drop`, `i64.add128`, `i64.sub128`, `i64.mul_wide_s`, `i64.mul_wide_u` | 5 |
/// | `memory.fill`, `memory.copy`, `memory.init`, `table.fill`, `table.copy`, `table.init` | 6 |
/// | `array.fill`, `array.copy`, `array.init_data`, `array.init_elem` | 6 |
/// | `memory.atomic.notify` | 10 |
/// | `memory.atomic.wait32`, `memory.atomic.wait64` | 40 |
/// | such a wait that does not end at once, the value being the expected one and the timeout not 0 | 1,200 more |
/// | `memory.grow`, `table.grow` | 100 |
/// | each 8 slots that a function's entry sets to zero (a vector has two), or that a return, a tail call, a branch or a throw moves | 1 |
/// | each frame that a throw leaves or lands in, for each index beyond the first that its module has for the tag | 10 |
/// | each 64 bytes that an instruction moves or sets, and by which a memory or table grows (an element of a table has 8) | 1 |
/// | each 4 indices beyond the first that instances have for a memory or table that grows | 1 |
/// | each 16 bytes of a structure, or of an array by `array.new_fixed`, headers included | 1 |
/// | another array whose elements take 64 bytes or more | 8 |
/// | each 16 bytes of such an array, without header | 1 |
///
/// Parts of a unit are dropped. A stretch of code is paid when it is entered: a function's body, a
/// loop's (each time round), an arm of an `if`, code that only a branch leads to, and the rest of
/// such a stretch once 100,000 units are spent in it. What is in it is paid even if a branch passes
/// over it, or a trap ends it. Amounts that are known only when an instruction is executed are paid
/// then, piece by piece, once it is known that it neither traps nor fails; what could not grow
/// after all is given back. An array is paid as a whole, before room is made for it: if a
/// collection shows that there is none, that is given back, too.
///
/// An instantiation pays for what may be more than its module is long, beside its start function:
/// for tables whose elements are not null, as they are filled (64 bytes a unit); for arrays by
/// `array.new` and `array.new_default` in constant expressions, as above but for the instruction
/// itself; and for a structure by `struct.new_default` there, if it takes 64 bytes or more, 1 for
/// each 16. If the fuel does not suffice, it ends with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel).
///
/// Beside that nothing is charged. What a collection costs is in the price of what is allocated,
/// leaving frames by a throw in that of their calls. Translation, when a function is called for the
/// first time, and the validation that may come with it are free: a module's code is shared by all
/// stores, and fuel does not depend on who calls first. What a host function does is the host's,
/// unless it takes fuel for it ([`Caller::consume_fuel`](crate::Caller)), as those of WASI do:
/// `windlass_wasi::preview1` has their table.
///
/// The costs are such that a unit takes less than 20 nanoseconds of a present CPU on average,
/// whatever a program does (first accesses to memory and host functions apart); a plain loop takes
/// less than one. The program `fuel` of the directory `benches` measures it.
pub const FUEL_VERSION: u32 = 6;

/// So many costs are written in one step.
const PIECE: usize = 64;

/// The regions of a function.
#[derive(Default)]
pub(super) struct Regions {
    costs: Vec<u64>,
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

    /// See [`State::shed`].
    pub(super) fn shed(&mut self) -> bool {
        shed(&mut self.costs) || shed(&mut self.sites)
    }

    /// Takes room for so many regions, and words with their costs.
    pub(super) fn reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.costs.try_reserve(more)?;
        self.sites.try_reserve(more)
    }

    /// How many there are of both.
    #[cfg(debug_assertions)]
    pub(super) fn lens(&self) -> [usize; 2] {
        [self.costs.len(), self.sites.len()]
    }

    pub(super) fn current(&self) -> RegionId {
        self.current
    }

    pub(super) fn set(&mut self, region: RegionId) {
        self.current = region;
    }

    fn add(&mut self, units: u64) {
        self.costs[self.current.0] += units;
    }

    fn cost(&self) -> u64 {
        self.costs[self.current.0]
    }
}

impl Translator<'_> {
    fn counts_fuel(&self) -> bool {
        self.source.metering == Metering::Fuel
    }

    fn is_metered(&self) -> bool {
        self.source.metering != Metering::None
    }

    /// Counts an operator into the current region.
    pub(super) fn count(&mut self, op: Op) {
        if self.is_metered() {
            self.count_units(costs::operator(op).into());
        }
    }

    /// Counts slots that are moved or set.
    pub(super) fn count_slots(&mut self, slots: usize) {
        self.count_units(costs::slots(slots));
    }

    /// Counts the values that a call takes and gives.
    pub(super) fn count_values(&mut self, ty: &FuncType) {
        self.count_units(costs::values(ty));
    }

    /// Counts a call by name.
    pub(super) fn count_callee(&mut self, is_imported: bool) {
        self.count_units(costs::callee(is_imported));
    }

    /// Counts the size of an object that is made.
    pub(super) fn count_object(&mut self, bytes: u32) {
        self.count_units(costs::object(bytes.into()));
    }

    fn count_units(&mut self, units: u64) {
        if self.is_metered() {
            self.regions.add(units);
        }
    }

    /// Begins another region between two instructions, if the current one has become too expensive;
    /// tells whether it has.
    pub(super) fn divide_region(&mut self) -> bool {
        if !self.is_metered() || self.regions.cost() < MAX_REGION {
            return false;
        }
        if self.unreachable.is_some() || self.frames.is_empty() {
            return false;
        }
        self.settle_locals();
        self.builder.forget();
        self.open_part();
        true
    }

    /// Begins a region that the cell with this operand word pays for.
    pub(super) fn open_region(&mut self, word: usize) {
        if self.is_metered() {
            self.regions.costs.push(0);
            self.regions.current = RegionId(self.regions.costs.len() - 1);
            self.cost_site(word, self.regions.current);
        }
    }

    /// Begins a region here, with a cell that pays for it.
    pub(super) fn open_arm(&mut self) {
        if self.counts_fuel() {
            self.open_part();
        }
    }

    fn open_part(&mut self) {
        if let Some(entry) = tables::charge(self.source.metering) {
            let at = self.builder.cell(entry, "charge");
            self.builder.push(0);
            self.open_region(at);
            self.has_paid();
        }
    }

    /// Pays for what a function does whose operators follow here, as its entry would.
    pub(super) fn pay_for_callee(&mut self, cost: u64) {
        if self.counts_fuel()
            && let Some(entry) = tables::charge(Metering::Fuel)
        {
            self.builder.forget();
            self.builder.cell(entry, format_args!("charge {cost}"));
            self.builder.push(cost << 32);
            self.has_paid();
        }
    }

    /// Behind a cell that pays, code can have stopped.
    pub(super) fn has_paid(&mut self) {
        if self.is_metered() {
            self.can_stop(Stopped::Before);
        }
    }

    /// The upper half of this word is to be the cost of `region`.
    pub(super) fn cost_site(&mut self, word: usize, region: RegionId) {
        if self.is_metered() {
            self.regions.sites.push((word, region));
        }
    }

    /// At the end, writes some of the costs into their words. Whether there were any.
    pub(super) fn finish_costs(&mut self) -> bool {
        let State { regions, builder, .. } = &mut self.state;
        let rest = regions.sites.len().saturating_sub(PIECE);
        let has_some = !regions.sites.is_empty();
        for (word, RegionId(region)) in regions.sites.drain(rest..) {
            work::count(1);
            // Regions are divided long before; one instruction costs little beside that.
            let cost = regions.costs[region].min(u32::MAX.into());
            let low = builder.code[word].bits() & 0xffff_ffff;
            builder.code[word] = Cell::word(low | cost << 32);
        }
        has_some
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// Rows of the table above that name instructions.
    fn documented() -> BTreeMap<&'static str, u32> {
        let rows = include_str!("fuel.rs").lines().filter_map(|line| line.strip_prefix("/// | `"));
        let mut costs = BTreeMap::new();
        for row in rows {
            let (names, units) =
                row.trim_end_matches(" |").rsplit_once(" | ").expect("two columns");
            for name in names.split('`').filter(|part| !part.is_empty() && *part != ", ") {
                assert_eq!(costs.insert(name, units.parse().expect("a number")), None, "{name}");
            }
        }
        costs
    }

    #[test]
    fn operators_cost_what_the_documentation_says() {
        let mut documented = documented();
        for op in Op::ALL {
            let units = documented.remove(op.mnemonic()).unwrap_or(1);
            assert_eq!(costs::operator(op), units, "{}", op.mnemonic());
        }
        assert!(documented.is_empty(), "not instructions: {documented:?}");
    }
}
