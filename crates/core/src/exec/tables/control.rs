//! Handlers of branches and loops.

use super::{
    ByPlace, Entry, FAST, Maybe, PLACES, PairTable, WAYS, cut, h, pair, sparse, sparse::tables,
};
use crate::{
    Metering,
    exec::{
        handlers::control::{
            Again, Bits, Br, BrAnd, BrTable, BrTest, Charge, Fueled, Interruptible, Jump,
            LatchTest, LoadPins, LoopEnter, LoopEnterPinned, Target, Unmetered,
        },
        machine::place::{Acc, Const, P0, P1, Place, Slot, Way},
    },
};
use core::marker::PhantomData;

/// `br`
pub(crate) fn br(way: Way) -> Entry {
    match way {
        Way::Jump => Entry::of::<Br<Jump>>(),
        Way::Again(Metering::None) => Entry::of::<Br<Again<Unmetered>>>(),
        Way::Again(Metering::Interrupt) => Entry::of::<Br<Again<Interruptible>>>(),
        Way::Again(Metering::Fuel) => Entry::of::<Br<Again<Fueled>>>(),
    }
}

/// A branch if `a` is zero, or if it is not. `a` is an `i32` or an `i64`.
pub(crate) fn br_test(is64: bool, zero: bool, a: Place, way: Way) -> Maybe {
    struct Of<T, const ZERO: bool>(PhantomData<T>);
    impl<T: Bits, const ZERO: bool> Of<T, ZERO> {
        const TABLE: &'static [ByPlace; WAYS] = &cut([
            Self::row::<Jump>(),
            Self::row::<Again<Unmetered>>(),
            Self::row::<Again<Interruptible>>(),
            Self::row::<Again<Fueled>>(),
        ]);
        const fn row<K: Target>() -> ByPlace {
            cut([
                h::<BrTest<T, Slot, K, ZERO>>(),
                None,
                h::<BrTest<T, Acc, K, ZERO>>(),
                h::<BrTest<T, P0, K, ZERO>>(),
                h::<BrTest<T, P1, K, ZERO>>(),
            ])
        }
    }
    let table = match (is64, zero) {
        (false, false) => Of::<i32, false>::TABLE,
        (false, true) => Of::<i32, true>::TABLE,
        (true, false) => Of::<i64, false>::TABLE,
        (true, true) => Of::<i64, true>::TABLE,
    };
    table.get(way.index())?[a as usize]
}

/// The latch of a loop that counts to zero; not metered. `x` is in a slot or pinned.
pub(crate) fn latch_test(is64: bool, zero: bool, x: Place, way: Way) -> Maybe {
    /// The ways that such a latch goes.
    const LATCHES: usize = if FAST { 2 } else { 0 };
    struct Of<T, const ZERO: bool>(PhantomData<T>);
    impl<T: Bits, const ZERO: bool> Of<T, ZERO> {
        const TABLE: &'static [ByPlace; LATCHES] =
            &cut([Self::row::<Jump>(), Self::row::<Again<Unmetered>>()]);
        const fn row<K: Target>() -> ByPlace {
            cut([
                h::<LatchTest<T, Slot, K, ZERO>>(),
                None,
                None,
                h::<LatchTest<T, P0, K, ZERO>>(),
                h::<LatchTest<T, P1, K, ZERO>>(),
            ])
        }
    }
    let table = match (is64, zero) {
        (false, false) => Of::<i32, false>::TABLE,
        (false, true) => Of::<i32, true>::TABLE,
        (true, false) => Of::<i64, false>::TABLE,
        (true, true) => Of::<i64, true>::TABLE,
    };
    table.get(way.index())?[x as usize]
}

tables! {
    /// The handlers of branches that test two operands.
    struct BranchTables {
        /// If `a & b` is not zero, or if it is; of `i32`, and of `i64`; by way.
        and: [[[PairTable; JOINS]; 2]; 2],
    }
}

/// The ways that such a branch goes.
const JOINS: usize = if FAST { 4 } else { 0 };

impl BranchTables {
    pub(super) const ALL: BranchTables = BranchTables {
        and: [
            [OfAnd::<i32, false>::TABLE, OfAnd::<i32, true>::TABLE],
            [OfAnd::<i64, false>::TABLE, OfAnd::<i64, true>::TABLE],
        ],
    };
}

struct OfAnd<T, const ZERO: bool>(PhantomData<T>);
impl<T: Bits, const ZERO: bool> OfAnd<T, ZERO> {
    const TABLE: [PairTable; JOINS] = cut([
        Self::pair::<Jump>(),
        Self::pair::<Again<Unmetered>>(),
        Self::pair::<Again<Interruptible>>(),
        Self::pair::<Again<Fueled>>(),
    ]);
    const fn pair<K: Target>() -> PairTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                h::<BrAnd<T, $a, $b, K, ZERO>>()
            };
        }
        pairs!(None, true, entry)
    }
}

/// A branch if `a & b` is zero, or if it is not.
pub(crate) fn br_and(is64: bool, zero: bool, a: Place, b: Place, way: Way) -> Maybe {
    let tables = sparse::others().branch().and();
    let table = tables.row(usize::from(is64))?.row(usize::from(zero))?.row(way.index())?;
    pair(table, a, b)
}

/// `br_table` by an index anywhere but in the code.
pub(crate) fn br_table(a: Place) -> Maybe {
    variable_places!(BrTable)[a as usize]
}

/// The start of an innermost loop without calls, which may have pins of its own.
pub(crate) fn loop_enter(metering: Metering, is_pinned: bool) -> Entry {
    match (metering, FAST && is_pinned) {
        (Metering::None, false) => Entry::of::<LoopEnter<Unmetered>>(),
        (Metering::Interrupt, false) => Entry::of::<LoopEnter<Interruptible>>(),
        (Metering::Fuel, false) => Entry::of::<LoopEnter<Fueled>>(),
        (Metering::None, true) => Entry::of::<LoopEnterPinned<Unmetered>>(),
        (Metering::Interrupt, true) => Entry::of::<LoopEnterPinned<Interruptible>>(),
        (Metering::Fuel, true) => Entry::of::<LoopEnterPinned<Fueled>>(),
    }
}

/// Loads the pinned integers that it names, which nothing asks for where there are none.
pub(crate) fn load_pins() -> Entry {
    Entry::of::<LoadPins>()
}

/// A charge; nothing without metering.
pub(crate) fn charge(metering: Metering) -> Maybe {
    match metering {
        Metering::None => None,
        Metering::Interrupt => h::<Charge<Interruptible>>(),
        Metering::Fuel => h::<Charge<Fueled>>(),
    }
}
