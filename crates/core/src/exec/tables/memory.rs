//! Handlers of loads and stores of numbers.

use super::{
    ANY_MEMORY, BinTable, ByPlace, LoadTables, NO_BIN, NO_DEST, NO_PAIR, NO_PLACE, PLACES,
    PairTable, StoreTables, THREADS, UnTable, cut, h,
};
use crate::exec::{
    handlers::memory::{Any, Base, Indexed, Load, LoadOp, Raw, Shared, Store, StoreOp, Wrapped},
    machine::place::{Acc, Const, P0, P1, Slot, Src},
};
use core::marker::PhantomData;

pub(crate) struct OfLoad<O>(PhantomData<O>);

impl<O: LoadOp> OfLoad<O> {
    pub(crate) const TABLE: &'static LoadTables = &LoadTables {
        base: cut([
            dests!(Load<O, Base<Slot>>),
            dests!(Load<O, Base<Const>>),
            dests!(Load<O, Base<Acc>>),
            dests!(Load<O, Base<P0>>),
            dests!(Load<O, Base<P1>>),
        ]),
        wrapped: cut([cut([
            dests!(Load<O, Wrapped<Slot>>),
            NO_DEST,
            dests!(Load<O, Wrapped<Acc>>),
            dests!(Load<O, Wrapped<P0>>),
            dests!(Load<O, Wrapped<P1>>),
        ])]),
        indexed: cut([Self::indexed::<0>()]),
        scaled: cut([[Self::indexed::<1>(), Self::indexed::<2>(), Self::indexed::<3>()]]),
        shared: cut([Self::SHARED]),
        any: any_table!(Load<O, Slot>),
    };

    const SHARED: UnTable = if THREADS {
        cut([
            dests!(Load<O, Shared<Base<Slot>>>),
            dests!(Load<O, Shared<Base<Const>>>),
            dests!(Load<O, Shared<Base<Acc>>>),
            dests!(Load<O, Shared<Base<P0>>>),
            dests!(Load<O, Shared<Base<P1>>>),
        ])
    } else {
        [NO_DEST; PLACES]
    };

    const fn indexed<const SHIFT: u32>() -> BinTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                dests!(Load<O, Indexed<$a, $b, SHIFT>>)
            };
        }
        if SHIFT > 0 && 1 << SHIFT != <O::Raw as Raw>::SIZE {
            return NO_BIN;
        }
        variable_pairs!(NO_DEST, SHIFT == 0, entry)
    }
}

pub(crate) struct OfStore<O>(PhantomData<O>);

impl<O: StoreOp> OfStore<O> {
    pub(crate) const TABLE: &'static StoreTables = &StoreTables {
        base: {
            macro_rules! entry {
                ($a:ident, $v:ident) => {
                    h::<Store<O, Base<$a>, $v>>()
                };
            }
            by_value!(entry, by_value_row!(Const, entry))
        },
        wrapped: {
            macro_rules! entry {
                ($a:ident, $v:ident) => {
                    h::<Store<O, Wrapped<$a>, $v>>()
                };
            }
            cut([by_value!(entry, NO_PLACE)])
        },
        indexed: cut([Self::all_indexed::<0>()]),
        scaled: cut([[
            Self::all_indexed::<1>(),
            Self::all_indexed::<2>(),
            Self::all_indexed::<3>(),
        ]]),
        shared: cut([Self::SHARED]),
        any: any_table!(Store<O, Slot>),
    };

    const SHARED: PairTable = if THREADS {
        macro_rules! entry {
            ($a:ident, $v:ident) => {
                h::<Store<O, Shared<Base<$a>>, $v>>()
            };
        }
        by_value!(entry, by_value_row!(Const, entry))
    } else {
        NO_PAIR
    };

    const fn all_indexed<const SHIFT: u32>() -> ByPlace<PairTable> {
        cut([
            Self::indexed::<Slot, SHIFT>(),
            Self::indexed::<Const, SHIFT>(),
            Self::indexed::<Acc, SHIFT>(),
            Self::indexed::<P0, SHIFT>(),
            Self::indexed::<P1, SHIFT>(),
        ])
    }

    const fn indexed<V: Src, const SHIFT: u32>() -> PairTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                h::<Store<O, Indexed<$a, $b, SHIFT>, V>>()
            };
        }
        if SHIFT > 0 && 1 << SHIFT != <O::Raw as Raw>::SIZE {
            return NO_PAIR;
        }
        variable_pairs!(None, SHIFT == 0, entry)
    }
}
