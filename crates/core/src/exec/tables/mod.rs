//! [`Handlers`]: all handlers of one instruction, in a table over the places of its operands, which
//! the compiler fills from the generic bodies; a file for each topic. The translator picks handlers
//! here and nowhere else.

#[macro_use]
mod macros;
pub(crate) mod blocks;
mod call;
mod canonical;
mod control;
#[cfg(test)]
mod facts_tests;
pub(crate) mod fusions;
mod memory;
mod numeric;
pub(crate) mod object;
pub(crate) mod ops;
mod reference;
mod set;
mod sparse;
mod variable;
pub(crate) mod vector;
pub(crate) mod vector_ops;

use super::{
    machine::{
        dispatch::{Handler, Step, handler_fast},
        place::{Dest, Place},
    },
    meaning::native,
};
pub(crate) use call::{call_indirect, call_ref, enter, plain, reload, return_one, small_bulk};
pub(crate) use canonical::canonical;
pub(crate) use control::{
    br, br_and, br_table, br_test, charge, latch_test, load_pins, loop_enter,
};
use core::marker::PhantomData;
use fusions::Role;
pub(crate) use numeric::{negated, stand_in};
pub(crate) use reference::{non_null, ref_func, table_get, table_size};
pub(crate) use sparse::Table;
use sparse::tables;
pub(crate) use variable::{copy, gather, global_get, global_set, select};
use windlass_decode::{Features, MemoryType, Op, cut};

/// What a cell begins with, and what the cell is in sequences: the translator needs both.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) handler: Handler,
    pub(crate) role: Role,
}

impl Entry {
    /// That of a body which is always there.
    const fn of<S: Step>() -> Entry {
        const { Entry { handler: S::HANDLER, role: Role::of::<S>() } }
    }

    /// That of cells that are in no sequence.
    pub(crate) fn alone(handler: Handler) -> Entry {
        Entry { handler, role: Role::NONE }
    }
}

pub(crate) type Maybe = Option<Entry>;

/// Whether there are handlers for operands in registers, and for instructions that are joined.
/// Without, the translator leaves all operands in slots and in the code.
pub(crate) const FAST: bool = cfg!(feature = "fast");
/// What of WebAssembly is in the build: there are no handlers for the rest.
pub(crate) const SIMD: bool = Features::BUILT.contains(Features::SIMD);
pub(crate) const GC: bool = Features::BUILT.contains(Features::GC);
pub(crate) const EXCEPTIONS: bool = Features::BUILT.contains(Features::EXCEPTIONS);
pub(crate) const THREADS: bool = Features::BUILT.contains(Features::THREADS);
pub(crate) const LEGACY: bool = Features::BUILT.contains(Features::LEGACY_EXCEPTIONS);
pub(crate) const DESCRIPTORS: bool = Features::BUILT.contains(Features::CUSTOM_DESCRIPTORS);
pub(crate) const TAIL_CALLS: bool = Features::BUILT.contains(Features::TAIL_CALL);
pub(crate) const WIDE_ARITHMETIC: bool = Features::BUILT.contains(Features::WIDE_ARITHMETIC);
/// Whether there are memories that not all handlers of loads and stores reach.
pub(crate) const ANY_MEMORY: bool = THREADS
    || Features::BUILT.contains(Features::MEMORY64)
    || Features::BUILT.contains(Features::MULTI_MEMORY);

/// How many of the places there are handlers for: the first of [`Place`]. Tables have no more.
pub(crate) const PLACES: usize = if FAST { 5 } else { 2 };
/// The same of [`Dest`].
pub(crate) const DESTS: usize = if FAST { 4 } else { 1 };
/// How many tables there are of what joins instructions.
pub(crate) const JOINED: usize = FAST as usize;
/// The ways that conditional branches go: the first of [`Way`](super::machine::place::Way).
pub(crate) const WAYS: usize = if FAST { 4 } else { 1 };

/// By the place of an operand.
pub(crate) type ByPlace<T = Maybe> = [T; PLACES];
/// By destination.
pub(crate) type ByDest = [Maybe; DESTS];
/// By operand and destination.
pub(crate) type UnTable = ByPlace<ByDest>;
/// By both operands and destination.
pub(crate) type BinTable = ByPlace<ByPlace<ByDest>>;
/// By both operands.
pub(crate) type PairTable = ByPlace<ByPlace>;
/// By whether other threads use the memory.
pub(crate) type AnyTable = [Maybe; 2];

const NO_DEST: ByDest = [None; DESTS];

const NO_PLACE: ByPlace = [None; PLACES];

const NO_PAIR: PairTable = [NO_PLACE; PLACES];

const NO_BIN: BinTable = [[NO_DEST; PLACES]; PLACES];

const fn h<S: Step>() -> Maybe {
    Chosen::<S>::HANDLER
}

/// A handler, if it is in the set: as a constant, so that no other is made.
struct Chosen<S>(PhantomData<S>);

impl<S: Step> Chosen<S> {
    const IS_THERE: bool = match S::CHOSEN_AS {
        Some(name) => S::IS_ALWAYS_THERE || set::admits(name),
        None => true,
    };
    const HANDLER: Maybe = if Self::IS_THERE { Some(Entry::of::<S>()) } else { None };
    /// The same for the CPUs with more.
    const NATIVE: Maybe = if Self::IS_THERE {
        Some(Entry { handler: handler_fast::<S>(), role: Role::of::<S>() })
    } else {
        None
    };
}

/// What of a memory that can be any tells how it is accessed: how wide addresses are, and whether
/// other threads use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Own32,
    Own64,
    Shared32,
    Shared64,
}

impl Sort {
    pub(crate) const ALL: [Sort; 4] = [Sort::Own32, Sort::Own64, Sort::Shared32, Sort::Shared64];

    /// The sort of a memory of this type.
    pub(crate) fn of(ty: &MemoryType) -> Sort {
        match (ty.shared, ty.limits.is64) {
            (false, false) => Sort::Own32,
            (false, true) => Sort::Own64,
            (true, false) => Sort::Shared32,
            (true, true) => Sort::Shared64,
        }
    }

    /// Whether addresses have 64 bits.
    pub(crate) fn is64(self) -> bool {
        matches!(self, Sort::Own64 | Sort::Shared64)
    }

    /// Whether other threads use it.
    fn is_shared(self) -> bool {
        matches!(self, Sort::Shared32 | Sort::Shared64)
    }
}

/// By destination: a slot or the accumulator.
pub(crate) type FewDests = [Maybe; 1 + JOINED];
/// By the place of a vector: a slot, a constant, the accumulator.
pub(crate) type ByFewPlaces<T = Maybe> = [T; 2 + JOINED];
/// By operand and destination.
pub(crate) type VectorUnTable = ByPlace<FewDests>;
/// By both operands and destination.
pub(crate) type VectorBinTable = ByFewPlaces<ByFewPlaces<FewDests>>;
/// By which of the three operands is in the accumulator (none, first, second, third), and
/// destination.
pub(crate) type TernTable = [FewDests; WAYS];

/// Every handler of a simple instruction.
#[derive(Clone, Copy)]
pub(crate) enum Handlers {
    Un(Table<UnTable>),
    Bin(Table<BinTable>),
    Cmp(Table<CmpTables>),
    Load(Table<LoadTables>),
    Store(Table<StoreTables>),
    VectorUn(Table<VectorUnTable>),
    VectorBin(Table<VectorBinTable>),
    VectorTern(Table<TernTable>),
    VectorLoad(Table<VectorLoadTables>),
    VectorStore(Table<VectorStoreTables>),
    LoadLane(Table<LoadLaneTables>),
    StoreLane(Table<StoreLaneTables>),
    /// It has none: the translator makes it of others.
    None,
}

tables! {
    /// The handlers of a comparison.
    struct CmpTables {
        /// To a truth value.
        value: BinTable,
        /// Into a selection of slots.
        select: [BinTable; JOINED],
        /// Into a branch if true: by way (jump; again unmetered, interruptible, fueled).
        branch: [PairTable; WAYS],
        /// Into a branch if false, where no other comparison says it.
        branch_not: [PairTable; WAYS],
        /// Into the latch of a loop: `[jump, again][x, swapped][b]`; x is in a slot or pinned.
        latch: [[[PairTable; 2]; 2]; JOINED],
    }

    /// The handlers of a load.
    struct LoadTables {
        base: UnTable,
        /// From an address with a constant added.
        wrapped: [UnTable; JOINED],
        indexed: [BinTable; JOINED],
        /// By the log2 of the scale, from 1 on.
        scaled: [[BinTable; 3]; JOINED],
        /// From a base in a memory that is shared.
        shared: [UnTable; JOINED],
        /// From any memory.
        any: AnyTable,
    }

    /// The handlers of a store.
    struct StoreTables {
        /// By address and value.
        base: PairTable,
        wrapped: [PairTable; JOINED],
        /// By value and the two parts of the address.
        indexed: [ByPlace<PairTable>; JOINED],
        scaled: [[ByPlace<PairTable>; 3]; JOINED],
        /// To a base in a memory that is shared.
        shared: [PairTable; JOINED],
        any: AnyTable,
    }

    /// The handlers of a load of a vector.
    struct VectorLoadTables {
        base: VectorUnTable,
        wrapped: [VectorUnTable; JOINED],
        indexed: [ByPlace<ByPlace<FewDests>>; JOINED],
        any: AnyTable,
    }

    /// The handlers of a store of a vector.
    struct VectorStoreTables {
        /// By address and value.
        base: ByPlace<ByFewPlaces>,
        wrapped: [ByPlace<ByFewPlaces>; JOINED],
        /// By the two parts of the address and value.
        indexed: [ByPlace<ByPlace<ByFewPlaces>>; JOINED],
        any: AnyTable,
    }

    /// The handlers of a load of a lane.
    struct LoadLaneTables {
        /// By address, vector, destination.
        base: ByPlace<ByFewPlaces<FewDests>>,
        any: AnyTable,
    }

    /// The handlers of a store of a lane.
    struct StoreLaneTables {
        /// By address and vector.
        base: ByPlace<ByFewPlaces>,
        any: AnyTable,
    }

    /// The handlers of instructions that are not simple, where there are many for places.
    struct OtherTables {
        branch: control::BranchTables,
        object: [object::ObjectTables; GC as usize],
    }
}

/// The handlers of a simple instruction.
#[cfg_attr(feature = "fast", inline)]
pub(crate) fn handlers(op: Op) -> Handlers {
    if SIMD && native::CAN_BE_FAST {
        match sparse::of_fast(op) {
            // Nearly all instructions: the CPU is asked for the others only.
            Handlers::None => {}
            fast if native::is_fast() => return fast,
            _ => {}
        }
    }
    sparse::of(op)
}

impl Handlers {
    /// What begins so many entries behind these.
    const fn behind(self, entries: usize) -> Handlers {
        match self {
            Handlers::Un(table) => Handlers::Un(table.behind(entries)),
            Handlers::Bin(table) => Handlers::Bin(table.behind(entries)),
            Handlers::Cmp(table) => Handlers::Cmp(table.behind(entries)),
            Handlers::Load(table) => Handlers::Load(table.behind(entries)),
            Handlers::Store(table) => Handlers::Store(table.behind(entries)),
            Handlers::VectorUn(table) => Handlers::VectorUn(table.behind(entries)),
            Handlers::VectorBin(table) => Handlers::VectorBin(table.behind(entries)),
            Handlers::VectorTern(table) => Handlers::VectorTern(table.behind(entries)),
            Handlers::VectorLoad(table) => Handlers::VectorLoad(table.behind(entries)),
            Handlers::VectorStore(table) => Handlers::VectorStore(table.behind(entries)),
            Handlers::LoadLane(table) => Handlers::LoadLane(table.behind(entries)),
            Handlers::StoreLane(table) => Handlers::StoreLane(table.behind(entries)),
            Handlers::None => Handlers::None,
        }
    }

    /// Of one operand.
    pub(crate) fn un(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Un(table) => one(table, a, d),
            Handlers::VectorUn(table) => one(table, a, d),
            _ => None,
        }
    }

    /// Of two operands.
    pub(crate) fn bin(self, a: Place, b: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Bin(table) => two(table, a, b, d),
            Handlers::Cmp(tables) => two(tables.value(), a, b, d),
            Handlers::VectorBin(table) => two(table, a, b, d),
            _ => None,
        }
    }

    /// Of three operands.
    pub(crate) fn tern(self, operands: [Place; 3], d: Dest) -> Maybe {
        let Handlers::VectorTern(table) = self else { return None };
        let row = match operands {
            [Place::Slot, Place::Slot, Place::Slot] => 0,
            [Place::Acc, Place::Slot, Place::Slot] => 1,
            [Place::Slot, Place::Acc, Place::Slot] => 2,
            [Place::Slot, Place::Slot, Place::Acc] => 3,
            _ => return None,
        };
        table.row(row)?.row(d as usize)?.entry()
    }

    /// A load from a base.
    pub(crate) fn load(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Load(tables) => one(tables.base(), a, d),
            Handlers::VectorLoad(tables) => one(tables.base(), a, d),
            _ => None,
        }
    }

    /// A load from an address with a constant added.
    pub(crate) fn load_wrapped(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Load(tables) => one(tables.wrapped().row(0)?, a, d),
            Handlers::VectorLoad(tables) => one(tables.wrapped().row(0)?, a, d),
            _ => None,
        }
    }

    /// A load from a base and an index, scaled by a power of two.
    pub(crate) fn load_indexed(self, a: Place, b: Place, shift: u32, d: Dest) -> Maybe {
        match (self, shift) {
            (Handlers::Load(tables), 0) => two(tables.indexed().row(0)?, a, b, d),
            (Handlers::Load(tables), shift) => {
                two(tables.scaled().row(0)?.row(shift as usize - 1)?, a, b, d)
            }
            (Handlers::VectorLoad(tables), 0) => two(tables.indexed().row(0)?, a, b, d),
            _ => None,
        }
    }

    /// A store to a base.
    pub(crate) fn store(self, a: Place, v: Place) -> Maybe {
        match self {
            Handlers::Store(tables) => pair(tables.base(), a, v),
            Handlers::VectorStore(tables) => pair(tables.base(), a, v),
            _ => None,
        }
    }

    /// A load of a number from a base in memory 0, which is shared.
    pub(crate) fn load_shared(self, a: Place, d: Dest) -> Maybe {
        let Handlers::Load(tables) = self else { return None };
        one(tables.shared().row(0)?, a, d)
    }

    /// A store of a number to a base in memory 0, which is shared.
    pub(crate) fn store_shared(self, a: Place, v: Place) -> Maybe {
        let Handlers::Store(tables) = self else { return None };
        pair(tables.shared().row(0)?, a, v)
    }

    /// A store to an address with a constant added.
    pub(crate) fn store_wrapped(self, a: Place, v: Place) -> Maybe {
        match self {
            Handlers::Store(tables) => pair(tables.wrapped().row(0)?, a, v),
            Handlers::VectorStore(tables) => pair(tables.wrapped().row(0)?, a, v),
            _ => None,
        }
    }

    /// A store to a base and an index, scaled by a power of two.
    pub(crate) fn store_indexed(self, a: Place, b: Place, shift: u32, v: Place) -> Maybe {
        match (self, shift) {
            (Handlers::Store(tables), 0) => pair(tables.indexed().row(0)?.row(v as usize)?, a, b),
            (Handlers::Store(tables), shift) => {
                let scaled = tables.scaled().row(0)?.row(shift as usize - 1)?;
                pair(scaled.row(v as usize)?, a, b)
            }
            (Handlers::VectorStore(tables), 0) => {
                pair(tables.indexed().row(0)?.row(a as usize)?, b, v)
            }
            _ => None,
        }
    }

    /// A load of a lane from a base.
    pub(crate) fn load_lane(self, a: Place, v: Place, d: Dest) -> Maybe {
        let Handlers::LoadLane(tables) = self else { return None };
        two(tables.base(), a, v, d)
    }

    /// A store of a lane to a base.
    pub(crate) fn store_lane(self, a: Place, v: Place) -> Maybe {
        let Handlers::StoreLane(tables) = self else { return None };
        pair(tables.base(), a, v)
    }

    /// A load or store in any memory, whose operands and result are in slots.
    pub(crate) fn any(self, sort: Sort) -> Maybe {
        let any = match self {
            Handlers::Load(tables) => tables.any(),
            Handlers::Store(tables) => tables.any(),
            Handlers::VectorLoad(tables) => tables.any(),
            Handlers::VectorStore(tables) => tables.any(),
            Handlers::LoadLane(tables) => tables.any(),
            Handlers::StoreLane(tables) => tables.any(),
            _ => return None,
        };
        any.row(usize::from(sort.is_shared()))?.entry()
    }
}

/// Of an operand and a destination.
fn one<const A: usize, const D: usize>(table: Table<[[Maybe; D]; A]>, a: Place, d: Dest) -> Maybe {
    table.row(a as usize)?.row(d as usize)?.entry()
}

/// Of two operands.
pub(crate) fn pair<const A: usize, const B: usize>(
    table: Table<[[Maybe; B]; A]>,
    a: Place,
    b: Place,
) -> Maybe {
    table.row(a as usize)?.row(b as usize)?.entry()
}

/// Of two operands and a destination.
pub(crate) fn two<const A: usize, const B: usize, const D: usize>(
    table: Table<[[[Maybe; D]; B]; A]>,
    a: Place,
    b: Place,
    d: Dest,
) -> Maybe {
    one(table.row(a as usize)?, b, d)
}
