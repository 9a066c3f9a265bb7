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
mod variable;
pub(crate) mod vector;
pub(crate) mod vector_ops;

use super::machine::{
    dispatch::{Handler, Step, run},
    place::{Dest, Place},
};
pub(crate) use call::{call_indirect, call_ref, enter, plain, reload, return_one, small_bulk};
pub(crate) use canonical::canonical;
pub(crate) use control::{
    br, br_and, br_table, br_test, charge, latch_test, load_pins, loop_enter,
};
use core::marker::PhantomData;
pub(crate) use numeric::{negated, stand_in};
pub(crate) use reference::{non_null, ref_func, table_get, table_size};
pub(crate) use variable::{copy, global_get, global_set, select};
use windlass_decode::{Features, MemoryType, Op, cut};

pub(crate) type Maybe = Option<Handler>;

/// Whether there are handlers for operands in registers, and for instructions that are joined.
/// Without, the translator leaves all operands in slots and in the code.
pub(crate) const FAST: bool = cfg!(feature = "fast");
/// What of WebAssembly is in the build: there are no handlers for the rest.
pub(crate) const SIMD: bool = Features::BUILT.contains(Features::SIMD);
pub(crate) const GC: bool = Features::BUILT.contains(Features::GC);
pub(crate) const EXCEPTIONS: bool = Features::BUILT.contains(Features::EXCEPTIONS);
pub(crate) const THREADS: bool = Features::BUILT.contains(Features::THREADS);
pub(crate) const MEMORY64: bool = Features::BUILT.contains(Features::MEMORY64);

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
/// By the sort of memory.
pub(crate) type AnyTable = [Handler; 4];

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
    const HANDLER: Maybe = match S::CHOICE {
        Some(name) if !set::admits(name) => None,
        _ => Some(run::<S> as Handler),
    };
}

/// What a handler has to know of a memory that it can be any: how wide addresses are, and whether
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

    /// Whether the build has such memories.
    pub(crate) fn is_built(self) -> bool {
        match self {
            Sort::Own32 => true,
            Sort::Own64 => MEMORY64,
            Sort::Shared32 => THREADS,
            Sort::Shared64 => MEMORY64 && THREADS,
        }
    }

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
    Un(&'static UnTable),
    Bin(&'static BinTable),
    Cmp(&'static CmpTables),
    Load(&'static LoadTables),
    Store(&'static StoreTables),
    VectorUn(&'static VectorUnTable),
    VectorBin(&'static VectorBinTable),
    VectorTern(&'static TernTable),
    VectorLoad(&'static VectorLoadTables),
    VectorStore(&'static VectorStoreTables),
    LoadLane(&'static LoadLaneTables),
    StoreLane(&'static StoreLaneTables),
    /// It has none: the translator makes it of others.
    None,
}

/// The handlers of a comparison.
pub(crate) struct CmpTables {
    /// To a truth value.
    pub(crate) value: BinTable,
    /// Into a selection of slots.
    pub(crate) select: [BinTable; JOINED],
    /// Into a branch if true: by way (jump; again unmetered, interruptible, fueled).
    pub(crate) branch: [PairTable; WAYS],
    /// Into a branch if false, where no other comparison says it.
    pub(crate) branch_not: [PairTable; WAYS],
    /// Into the latch of a loop: `[jump, again][x, swapped][b]`; x is in a slot or pinned.
    pub(crate) latch: [[[PairTable; 2]; 2]; JOINED],
}

/// The handlers of a load.
pub(crate) struct LoadTables {
    pub(crate) base: UnTable,
    /// From an address with a constant added.
    pub(crate) wrapped: [UnTable; JOINED],
    pub(crate) indexed: [BinTable; JOINED],
    /// By the log2 of the scale, from 1 on.
    pub(crate) scaled: [[BinTable; 3]; JOINED],
    /// From a base in a memory that is shared.
    pub(crate) shared: [UnTable; JOINED],
    /// From any memory.
    pub(crate) any: AnyTable,
}

/// The handlers of a store.
pub(crate) struct StoreTables {
    /// By address and value.
    pub(crate) base: PairTable,
    pub(crate) wrapped: [PairTable; JOINED],
    /// By value and the two parts of the address.
    pub(crate) indexed: [ByPlace<PairTable>; JOINED],
    pub(crate) scaled: [[ByPlace<PairTable>; 3]; JOINED],
    /// To a base in a memory that is shared.
    pub(crate) shared: [PairTable; JOINED],
    pub(crate) any: AnyTable,
}

/// The handlers of a load of a vector.
pub(crate) struct VectorLoadTables {
    pub(crate) base: VectorUnTable,
    pub(crate) wrapped: [VectorUnTable; JOINED],
    pub(crate) indexed: [ByPlace<ByPlace<FewDests>>; JOINED],
    pub(crate) any: AnyTable,
}

/// The handlers of a store of a vector.
pub(crate) struct VectorStoreTables {
    /// By address and value.
    pub(crate) base: ByPlace<ByFewPlaces>,
    pub(crate) wrapped: [ByPlace<ByFewPlaces>; JOINED],
    /// By the two parts of the address and value.
    pub(crate) indexed: [ByPlace<ByPlace<ByFewPlaces>>; JOINED],
    pub(crate) any: AnyTable,
}

/// The handlers of a load of a lane.
pub(crate) struct LoadLaneTables {
    /// By address, vector, destination.
    pub(crate) base: ByPlace<ByFewPlaces<FewDests>>,
    pub(crate) any: AnyTable,
}

/// The handlers of a store of a lane.
pub(crate) struct StoreLaneTables {
    /// By address and vector.
    pub(crate) base: ByPlace<ByFewPlaces>,
    pub(crate) any: AnyTable,
}

/// The handlers of a simple instruction.
pub(crate) fn handlers(op: Op) -> Handlers {
    match ops::scalar(op) {
        Handlers::None if SIMD => vector_ops::vector(op),
        handlers => handlers,
    }
}

impl Handlers {
    /// Of one operand.
    pub(crate) fn un(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Un(table) => table[a as usize][d as usize],
            Handlers::VectorUn(table) => *table[a as usize].get(d as usize)?,
            _ => None,
        }
    }

    /// Of two operands.
    pub(crate) fn bin(self, a: Place, b: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Bin(table) => table[a as usize][b as usize][d as usize],
            Handlers::Cmp(tables) => tables.value[a as usize][b as usize][d as usize],
            Handlers::VectorBin(table) => {
                *table.get(a as usize)?.get(b as usize)?.get(d as usize)?
            }
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
        *table[row].get(d as usize)?
    }

    /// A load from a base.
    pub(crate) fn load(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Load(tables) => tables.base[a as usize][d as usize],
            Handlers::VectorLoad(tables) => *tables.base[a as usize].get(d as usize)?,
            _ => None,
        }
    }

    /// A load from an address with a constant added.
    pub(crate) fn load_wrapped(self, a: Place, d: Dest) -> Maybe {
        match self {
            Handlers::Load(tables) => tables.wrapped.first()?[a as usize][d as usize],
            Handlers::VectorLoad(tables) => *tables.wrapped.first()?[a as usize].get(d as usize)?,
            _ => None,
        }
    }

    /// A load from a base and an index, scaled by a power of two.
    pub(crate) fn load_indexed(self, a: Place, b: Place, shift: u32, d: Dest) -> Maybe {
        match (self, shift) {
            (Handlers::Load(tables), 0) => {
                tables.indexed.first()?[a as usize][b as usize][d as usize]
            }
            (Handlers::Load(tables), shift) => {
                let scaled = tables.scaled.first()?.get(shift as usize - 1)?;
                scaled[a as usize][b as usize][d as usize]
            }
            (Handlers::VectorLoad(tables), 0) => {
                *tables.indexed.first()?[a as usize][b as usize].get(d as usize)?
            }
            _ => None,
        }
    }

    /// A store to a base.
    pub(crate) fn store(self, a: Place, v: Place) -> Maybe {
        match self {
            Handlers::Store(tables) => tables.base[a as usize][v as usize],
            Handlers::VectorStore(tables) => *tables.base[a as usize].get(v as usize)?,
            _ => None,
        }
    }

    /// A load of a number from a base in memory 0, which is shared.
    pub(crate) fn load_shared(self, a: Place, d: Dest) -> Maybe {
        let Handlers::Load(tables) = self else { return None };
        tables.shared.first()?[a as usize][d as usize]
    }

    /// A store of a number to a base in memory 0, which is shared.
    pub(crate) fn store_shared(self, a: Place, v: Place) -> Maybe {
        let Handlers::Store(tables) = self else { return None };
        tables.shared.first()?[a as usize][v as usize]
    }

    /// A store to an address with a constant added.
    pub(crate) fn store_wrapped(self, a: Place, v: Place) -> Maybe {
        match self {
            Handlers::Store(tables) => tables.wrapped.first()?[a as usize][v as usize],
            Handlers::VectorStore(tables) => {
                *tables.wrapped.first()?[a as usize].get(v as usize)?
            }
            _ => None,
        }
    }

    /// A store to a base and an index, scaled by a power of two.
    pub(crate) fn store_indexed(self, a: Place, b: Place, shift: u32, v: Place) -> Maybe {
        match (self, shift) {
            (Handlers::Store(tables), 0) => {
                tables.indexed.first()?[v as usize][a as usize][b as usize]
            }
            (Handlers::Store(tables), shift) => {
                let scaled = tables.scaled.first()?.get(shift as usize - 1)?;
                scaled[v as usize][a as usize][b as usize]
            }
            (Handlers::VectorStore(tables), 0) => {
                *tables.indexed.first()?[a as usize][b as usize].get(v as usize)?
            }
            _ => None,
        }
    }

    /// A load of a lane from a base.
    pub(crate) fn load_lane(self, a: Place, v: Place, d: Dest) -> Maybe {
        let Handlers::LoadLane(tables) = self else { return None };
        *tables.base[a as usize].get(v as usize)?.get(d as usize)?
    }

    /// A store of a lane to a base.
    pub(crate) fn store_lane(self, a: Place, v: Place) -> Maybe {
        let Handlers::StoreLane(tables) = self else { return None };
        *tables.base[a as usize].get(v as usize)?
    }

    /// A load or store in any memory, whose operands and result are in slots.
    pub(crate) fn any(self, sort: Sort) -> Maybe {
        let any = match self {
            Handlers::Load(tables) => &tables.any,
            Handlers::Store(tables) => &tables.any,
            Handlers::VectorLoad(tables) => &tables.any,
            Handlers::VectorStore(tables) => &tables.any,
            Handlers::LoadLane(tables) => &tables.any,
            Handlers::StoreLane(tables) => &tables.any,
            _ => return None,
        };
        Some(any[sort as usize])
    }
}
