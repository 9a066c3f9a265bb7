//! Which handler a vector instruction has for given places of its operands. What the other files
//! are for the scalar ones. A vector is in a slot, in its accumulator or, as a second operand, in
//! the code; a result goes to a slot and the accumulator, or to the accumulator alone.

use super::{
    ANY_MEMORY, ByFewPlaces, Chosen, FAST, FewDests, LoadLaneTables, Maybe, PLACES, SIMD,
    StoreLaneTables, THREADS, TernTable, VectorBinTable, VectorLoadTables, VectorStoreTables,
    VectorUnTable, cut, h,
};
use crate::exec::{
    handlers::{
        call::Return,
        memory::{
            Any, AnyGlobalGet, AnyGlobalSet, Base, Indexed, Load, LoadOp, Store, StoreOp, Wrapped,
        },
        numeric::{Bin, BinOp, Copy, Select, Un, UnOp},
        vector::{
            Extract, ExtractOp, LoadLane, LoadLaneOp, Replace, ReplaceOp, Shift, ShiftOp, Shuffle,
            ShuffleOp, StoreLane, StoreLaneOp, Tern, TernOp,
        },
    },
    machine::{
        dispatch::Step,
        place::{Acc, Const, Dest, P0, P1, Place, Slot, SlotOnly, Src},
    },
    meaning::v128::Simd,
};
use core::marker::PhantomData;

/// For every CPU.
pub(crate) const EVERY: u8 = 0;
/// For the CPUs with more.
pub(crate) const MORE: u8 = 1;
/// For those without, where these have others: a CPU of the last ten years never needs them, so
/// there are none for operands in registers, whatever the set says.
pub(crate) const LESS: u8 = 2;

/// The handler with this body, if it is in the set, for such CPUs.
const fn pick<S: Step, const CPU: u8>() -> Maybe {
    match CPU {
        MORE => Chosen::<S>::NATIVE,
        LESS if !S::IS_ALWAYS_THERE => None,
        _ => Chosen::<S>::HANDLER,
    }
}

const NONE: FewDests = cut([None; 2]);
const NO_FEW: ByFewPlaces = cut([None; 3]);

macro_rules! two_dests {
    ($body:ident < $($arg:ty),+ >) => {
        cut([h::<$body<$($arg),+, Slot>>(), h::<$body<$($arg),+, Acc>>()])
    };
    ($cpu:ident, $body:ident < $($arg:ty),+ >) => {
        cut([pick::<$body<$($arg),+, Slot>, $cpu>(), pick::<$body<$($arg),+, Acc>, $cpu>()])
    };
}

/// Of a vector.
pub(crate) struct OfVector<O, const CPU: u8>(PhantomData<O>);
impl<O: UnOp, const CPU: u8> OfVector<O, CPU> {
    pub(crate) const TABLE: &'static VectorUnTable =
        &cut([two_dests!(CPU, Un<O, Slot>), NONE, two_dests!(CPU, Un<O, Acc>), NONE, NONE]);
}

/// Of a scalar.
pub(crate) struct OfScalar<O, const CPU: u8>(PhantomData<O>);
impl<O: UnOp, const CPU: u8> OfScalar<O, CPU> {
    pub(crate) const TABLE: &'static VectorUnTable = &cut([
        two_dests!(CPU, Un<O, Slot>),
        NONE,
        two_dests!(CPU, Un<O, Acc>),
        two_dests!(CPU, Un<O, P0>),
        two_dests!(CPU, Un<O, P1>),
    ]);
}

/// Of two vectors.
pub(crate) struct OfVectors<O, const CPU: u8>(PhantomData<O>);
impl<O: BinOp, const CPU: u8> OfVectors<O, CPU> {
    pub(crate) const TABLE: &'static VectorBinTable = &cut([
        cut([
            two_dests!(CPU, Bin<O, Slot, Slot>),
            two_dests!(CPU, Bin<O, Slot, Const>),
            if O::OP.commutes() { NONE } else { two_dests!(CPU, Bin<O, Slot, Acc>) },
        ]),
        cut([NONE; 3]),
        cut([two_dests!(CPU, Bin<O, Acc, Slot>), two_dests!(CPU, Bin<O, Acc, Const>), NONE]),
    ]);
}

pub(crate) struct OfTern<O, const CPU: u8>(PhantomData<O>);
impl<O: TernOp, const CPU: u8> OfTern<O, CPU> {
    pub(crate) const TABLE: &'static TernTable = &cut([
        two_dests!(CPU, Tern<O, Slot, Slot, Slot>),
        two_dests!(CPU, Tern<O, Acc, Slot, Slot>),
        two_dests!(CPU, Tern<O, Slot, Acc, Slot>),
        two_dests!(CPU, Tern<O, Slot, Slot, Acc>),
    ]);
}

pub(crate) struct OfShift<O, const CPU: u8>(PhantomData<O>);
impl<O: ShiftOp, const CPU: u8> OfShift<O, CPU> {
    pub(crate) const TABLE: &'static VectorBinTable = &cut([
        cut([
            two_dests!(CPU, Shift<O, Slot, Slot>),
            two_dests!(CPU, Shift<O, Slot, Const>),
            two_dests!(CPU, Shift<O, Slot, Acc>),
        ]),
        cut([NONE; 3]),
        cut([
            two_dests!(CPU, Shift<O, Acc, Slot>),
            two_dests!(CPU, Shift<O, Acc, Const>),
            two_dests!(CPU, Shift<O, Acc, Acc>),
        ]),
    ]);
}

pub(crate) struct OfExtract<O>(PhantomData<O>);
impl<O: ExtractOp> OfExtract<O> {
    pub(crate) const TABLE: &'static VectorUnTable =
        &cut([two_dests!(Extract<O, Slot>), NONE, two_dests!(Extract<O, Acc>), NONE, NONE]);
}

pub(crate) struct OfReplace<O>(PhantomData<O>);
impl<O: ReplaceOp> OfReplace<O> {
    pub(crate) const TABLE: &'static VectorBinTable = &cut([
        cut([two_dests!(Replace<O, Slot, Slot>), NONE, two_dests!(Replace<O, Slot, Acc>)]),
        cut([NONE; 3]),
        cut([two_dests!(Replace<O, Acc, Slot>), NONE, two_dests!(Replace<O, Acc, Acc>)]),
    ]);
}

pub(crate) struct OfShuffle<O, const CPU: u8>(PhantomData<O>);
impl<O: ShuffleOp, const CPU: u8> OfShuffle<O, CPU> {
    pub(crate) const TABLE: &'static VectorBinTable = &cut([
        cut([
            two_dests!(CPU, Shuffle<O, Slot, Slot>),
            NONE,
            two_dests!(CPU, Shuffle<O, Slot, Acc>),
        ]),
        cut([NONE; 3]),
        cut([two_dests!(CPU, Shuffle<O, Acc, Slot>), NONE, NONE]),
    ]);
}

/// A table over the two parts of an address, which commute; `$none` where there is none.
macro_rules! address_pairs {
    ($none:expr, $entry:ident) => {
        cut([cut([
            cut([$entry!(Slot, Slot), $none, $none, $none, $none]),
            [$none; PLACES],
            cut([$entry!(Acc, Slot), $none, $none, $entry!(Acc, P0), $entry!(Acc, P1)]),
            cut([$entry!(P0, Slot), $none, $none, $entry!(P0, P0), $entry!(P0, P1)]),
            cut([$entry!(P1, Slot), $none, $none, $none, $entry!(P1, P1)]),
        ])])
    };
}

pub(crate) struct OfLoad<O>(PhantomData<O>);
impl<O: LoadOp> OfLoad<O> {
    pub(crate) const TABLE: &'static VectorLoadTables = &VectorLoadTables {
        base: cut([
            two_dests!(Load<O, Base<Slot>>),
            two_dests!(Load<O, Base<Const>>),
            two_dests!(Load<O, Base<Acc>>),
            two_dests!(Load<O, Base<P0>>),
            two_dests!(Load<O, Base<P1>>),
        ]),
        wrapped: cut([cut([
            two_dests!(Load<O, Wrapped<Slot>>),
            NONE,
            two_dests!(Load<O, Wrapped<Acc>>),
            two_dests!(Load<O, Wrapped<P0>>),
            two_dests!(Load<O, Wrapped<P1>>),
        ])]),
        indexed: {
            macro_rules! entry {
                ($a:ident, $b:ident) => {
                    two_dests!(Load<O, Indexed<$a, $b, 0>>)
                };
            }
            address_pairs!(NONE, entry)
        },
        any: any_table!(Load<O, Slot>),
    };
}

pub(crate) struct OfStore<O>(PhantomData<O>);
impl<O: StoreOp> OfStore<O> {
    pub(crate) const TABLE: &'static VectorStoreTables = &VectorStoreTables {
        base: {
            macro_rules! row {
                ($a:ident) => {
                    cut([h::<Store<O, Base<$a>, Slot>>(), None, h::<Store<O, Base<$a>, Acc>>()])
                };
            }
            cut([row!(Slot), row!(Const), row!(Acc), row!(P0), row!(P1)])
        },
        wrapped: {
            macro_rules! row {
                ($a:ident) => {
                    cut([
                        h::<Store<O, Wrapped<$a>, Slot>>(),
                        None,
                        h::<Store<O, Wrapped<$a>, Acc>>(),
                    ])
                };
            }
            cut([cut([row!(Slot), NO_FEW, row!(Acc), row!(P0), row!(P1)])])
        },
        indexed: {
            macro_rules! entry {
                ($a:ident, $b:ident) => {
                    cut([
                        h::<Store<O, Indexed<$a, $b, 0>, Slot>>(),
                        None,
                        h::<Store<O, Indexed<$a, $b, 0>, Acc>>(),
                    ])
                };
            }
            address_pairs!(NO_FEW, entry)
        },
        any: any_table!(Store<O, Slot>),
    };
}

pub(crate) struct OfLoadLane<O>(PhantomData<O>);
impl<O: LoadLaneOp> OfLoadLane<O> {
    pub(crate) const TABLE: &'static LoadLaneTables = &LoadLaneTables {
        base: cut([
            Self::row::<Slot>(),
            Self::row::<Const>(),
            Self::row::<Acc>(),
            Self::row::<P0>(),
            Self::row::<P1>(),
        ]),
        any: any_table!(LoadLane<O, Slot, Slot>),
    };

    const fn row<A: Src>() -> ByFewPlaces<FewDests> {
        cut([two_dests!(LoadLane<O, Base<A>, Slot>), NONE, two_dests!(LoadLane<O, Base<A>, Acc>)])
    }
}

pub(crate) struct OfStoreLane<O>(PhantomData<O>);
impl<O: StoreLaneOp> OfStoreLane<O> {
    pub(crate) const TABLE: &'static StoreLaneTables = &StoreLaneTables {
        base: cut([
            Self::row::<Slot>(),
            Self::row::<Const>(),
            Self::row::<Acc>(),
            Self::row::<P0>(),
            Self::row::<P1>(),
        ]),
        any: any_table!(StoreLane<O, Slot>),
    };

    const fn row<A: Src>() -> ByFewPlaces {
        cut([h::<StoreLane<O, Base<A>, Slot>>(), None, h::<StoreLane<O, Base<A>, Acc>>()])
    }
}

/// `d = a` that leaves accumulators alone.
pub(crate) fn copy(a: Place, d: Dest) -> Maybe {
    if !SIMD {
        return None;
    }
    match (a, d) {
        (Place::Slot, Dest::Slot) => h::<Copy<Simd, Slot, SlotOnly>>(),
        (Place::Acc, Dest::Slot) if FAST => h::<Copy<Simd, Acc, SlotOnly>>(),
        _ => None,
    }
}

/// `v128.const`
pub(crate) fn constant(d: Dest) -> Maybe {
    if !SIMD {
        return None;
    }
    few(const { two_dests!(Copy<Simd, Const>) }, d)
}

/// `select` of slots by a condition in a slot or the accumulator.
pub(crate) fn select(x: Place, y: Place, c: Place, d: Dest) -> Maybe {
    if !SIMD {
        return None;
    }
    match (x, y, c) {
        (Place::Slot, Place::Slot, Place::Slot) => {
            few(const { two_dests!(Select<Simd, Slot, Slot, Slot>) }, d)
        }
        (Place::Slot, Place::Slot, Place::Acc) if FAST => {
            few(const { two_dests!(Select<Simd, Slot, Slot, Acc>) }, d)
        }
        _ => None,
    }
}

/// `global.get`
pub(crate) fn global_get(d: Dest) -> Maybe {
    if !SIMD {
        return None;
    }
    few(const { two_dests!(AnyGlobalGet<Simd>) }, d)
}

/// `global.set`
pub(crate) fn global_set(a: Place) -> Maybe {
    if !SIMD {
        return None;
    }
    match a {
        Place::Slot => h::<AnyGlobalSet<Simd, Slot>>(),
        Place::Acc if FAST => h::<AnyGlobalSet<Simd, Acc>>(),
        _ => None,
    }
}

/// `return` of one value
pub(crate) fn return_one(a: Place) -> Maybe {
    if !SIMD {
        return None;
    }
    match a {
        Place::Slot => h::<Return<Simd, Slot>>(),
        Place::Acc if FAST => h::<Return<Simd, Acc>>(),
        _ => None,
    }
}

fn few(dests: FewDests, d: Dest) -> Maybe {
    *dests.get(d as usize)?
}
