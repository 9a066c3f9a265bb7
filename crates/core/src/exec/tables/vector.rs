//! Which handler a vector instruction has for given places of its operands. What the other files
//! are for the scalar ones. A vector is in a slot, in its accumulator or, as a second operand, in
//! the code; a result goes to a slot and the accumulator, or to the accumulator alone.

use super::{
    FewDests, LoadLaneTables, Maybe, StoreLaneTables, TernTable, VectorBinTable, VectorLoadTables,
    VectorStoreTables, VectorUnTable, h,
};
use crate::exec::{
    handlers::{
        call::Return,
        memory::{Any, Base, GlobalGet, GlobalSet, Indexed, Load, LoadOp, Store, StoreOp, Wrapped},
        numeric::{Bin, BinOp, Copy, Select, Un, UnOp},
        vector::{
            Extract, ExtractOp, LoadLane, LoadLaneOp, Replace, ReplaceOp, Shift, ShiftOp, Shuffle,
            ShuffleOp, StoreLane, StoreLaneOp, Tern, TernOp,
        },
    },
    machine::{
        dispatch::{Handler, Step, run, run_fast},
        place::{Acc, Const, Dest, P0, P1, Place, Slot, SlotOnly, Src},
    },
    meaning::v128::Simd,
};
use core::marker::PhantomData;

/// The handler with this body, for the CPUs with more if `FAST`.
const fn pick<S: Step, const FAST: bool>() -> Maybe {
    Some(if FAST { run_fast::<S> as Handler } else { run::<S> })
}

const NONE: FewDests = [None; 2];

macro_rules! two_dests {
    ($body:ident < $($arg:ty),+ >) => {
        [h::<$body<$($arg),+, Slot>>(), h::<$body<$($arg),+, Acc>>()]
    };
    ($fast:ident, $body:ident < $($arg:ty),+ >) => {
        [pick::<$body<$($arg),+, Slot>, $fast>(), pick::<$body<$($arg),+, Acc>, $fast>()]
    };
}

/// Of a vector.
pub(crate) struct OfVector<O, const FAST: bool>(PhantomData<O>);
impl<O: UnOp, const FAST: bool> OfVector<O, FAST> {
    pub(crate) const TABLE: &'static VectorUnTable =
        &[two_dests!(FAST, Un<O, Slot>), NONE, two_dests!(FAST, Un<O, Acc>), NONE, NONE];
}

/// Of a scalar.
pub(crate) struct OfScalar<O, const FAST: bool>(PhantomData<O>);
impl<O: UnOp, const FAST: bool> OfScalar<O, FAST> {
    pub(crate) const TABLE: &'static VectorUnTable = &[
        two_dests!(FAST, Un<O, Slot>),
        NONE,
        two_dests!(FAST, Un<O, Acc>),
        two_dests!(FAST, Un<O, P0>),
        two_dests!(FAST, Un<O, P1>),
    ];
}

/// Of two vectors.
pub(crate) struct OfVectors<O, const FAST: bool>(PhantomData<O>);
impl<O: BinOp, const FAST: bool> OfVectors<O, FAST> {
    pub(crate) const TABLE: &'static VectorBinTable = &[
        [
            two_dests!(FAST, Bin<O, Slot, Slot>),
            two_dests!(FAST, Bin<O, Slot, Const>),
            if O::OP.commutes() { NONE } else { two_dests!(FAST, Bin<O, Slot, Acc>) },
        ],
        [NONE; 3],
        [two_dests!(FAST, Bin<O, Acc, Slot>), two_dests!(FAST, Bin<O, Acc, Const>), NONE],
    ];
}

pub(crate) struct OfTern<O, const FAST: bool>(PhantomData<O>);
impl<O: TernOp, const FAST: bool> OfTern<O, FAST> {
    pub(crate) const TABLE: &'static TernTable = &[
        two_dests!(FAST, Tern<O, Slot, Slot, Slot>),
        two_dests!(FAST, Tern<O, Acc, Slot, Slot>),
        two_dests!(FAST, Tern<O, Slot, Acc, Slot>),
        two_dests!(FAST, Tern<O, Slot, Slot, Acc>),
    ];
}

pub(crate) struct OfShift<O, const FAST: bool>(PhantomData<O>);
impl<O: ShiftOp, const FAST: bool> OfShift<O, FAST> {
    pub(crate) const TABLE: &'static VectorBinTable = &[
        [
            two_dests!(FAST, Shift<O, Slot, Slot>),
            two_dests!(FAST, Shift<O, Slot, Const>),
            two_dests!(FAST, Shift<O, Slot, Acc>),
        ],
        [NONE; 3],
        [
            two_dests!(FAST, Shift<O, Acc, Slot>),
            two_dests!(FAST, Shift<O, Acc, Const>),
            two_dests!(FAST, Shift<O, Acc, Acc>),
        ],
    ];
}

pub(crate) struct OfExtract<O>(PhantomData<O>);
impl<O: ExtractOp> OfExtract<O> {
    pub(crate) const TABLE: &'static VectorUnTable =
        &[two_dests!(Extract<O, Slot>), NONE, two_dests!(Extract<O, Acc>), NONE, NONE];
}

pub(crate) struct OfReplace<O>(PhantomData<O>);
impl<O: ReplaceOp> OfReplace<O> {
    pub(crate) const TABLE: &'static VectorBinTable = &[
        [two_dests!(Replace<O, Slot, Slot>), NONE, two_dests!(Replace<O, Slot, Acc>)],
        [NONE; 3],
        [two_dests!(Replace<O, Acc, Slot>), NONE, two_dests!(Replace<O, Acc, Acc>)],
    ];
}

pub(crate) struct OfShuffle<O, const FAST: bool>(PhantomData<O>);
impl<O: ShuffleOp, const FAST: bool> OfShuffle<O, FAST> {
    pub(crate) const TABLE: &'static VectorBinTable = &[
        [two_dests!(FAST, Shuffle<O, Slot, Slot>), NONE, two_dests!(FAST, Shuffle<O, Slot, Acc>)],
        [NONE; 3],
        [two_dests!(FAST, Shuffle<O, Acc, Slot>), NONE, NONE],
    ];
}

/// A table over the two parts of an address, which commute; `$none` where there is none.
macro_rules! address_pairs {
    ($none:expr, $entry:ident) => {
        [
            [$entry!(Slot, Slot), $none, $none, $none, $none],
            [$none; 5],
            [$entry!(Acc, Slot), $none, $none, $entry!(Acc, P0), $entry!(Acc, P1)],
            [$entry!(P0, Slot), $none, $none, $entry!(P0, P0), $entry!(P0, P1)],
            [$entry!(P1, Slot), $none, $none, $none, $entry!(P1, P1)],
        ]
    };
}

pub(crate) struct OfLoad<O>(PhantomData<O>);
impl<O: LoadOp> OfLoad<O> {
    pub(crate) const TABLE: &'static VectorLoadTables = &VectorLoadTables {
        base: [
            two_dests!(Load<O, Base<Slot>>),
            two_dests!(Load<O, Base<Const>>),
            two_dests!(Load<O, Base<Acc>>),
            two_dests!(Load<O, Base<P0>>),
            two_dests!(Load<O, Base<P1>>),
        ],
        wrapped: [
            two_dests!(Load<O, Wrapped<Slot>>),
            NONE,
            two_dests!(Load<O, Wrapped<Acc>>),
            two_dests!(Load<O, Wrapped<P0>>),
            two_dests!(Load<O, Wrapped<P1>>),
        ],
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
                    [h::<Store<O, Base<$a>, Slot>>(), None, h::<Store<O, Base<$a>, Acc>>()]
                };
            }
            [row!(Slot), row!(Const), row!(Acc), row!(P0), row!(P1)]
        },
        wrapped: {
            macro_rules! row {
                ($a:ident) => {
                    [h::<Store<O, Wrapped<$a>, Slot>>(), None, h::<Store<O, Wrapped<$a>, Acc>>()]
                };
            }
            [row!(Slot), [None; 3], row!(Acc), row!(P0), row!(P1)]
        },
        indexed: {
            macro_rules! entry {
                ($a:ident, $b:ident) => {
                    [
                        h::<Store<O, Indexed<$a, $b, 0>, Slot>>(),
                        None,
                        h::<Store<O, Indexed<$a, $b, 0>, Acc>>(),
                    ]
                };
            }
            address_pairs!([None; 3], entry)
        },
        any: any_table!(Store<O, Slot>),
    };
}

pub(crate) struct OfLoadLane<O>(PhantomData<O>);
impl<O: LoadLaneOp> OfLoadLane<O> {
    pub(crate) const TABLE: &'static LoadLaneTables = &LoadLaneTables {
        base: [
            Self::row::<Slot>(),
            Self::row::<Const>(),
            Self::row::<Acc>(),
            Self::row::<P0>(),
            Self::row::<P1>(),
        ],
        any: any_table!(LoadLane<O, Slot, Slot>),
    };

    const fn row<A: Src>() -> [FewDests; 3] {
        [two_dests!(LoadLane<O, Base<A>, Slot>), NONE, two_dests!(LoadLane<O, Base<A>, Acc>)]
    }
}

pub(crate) struct OfStoreLane<O>(PhantomData<O>);
impl<O: StoreLaneOp> OfStoreLane<O> {
    pub(crate) const TABLE: &'static StoreLaneTables = &StoreLaneTables {
        base: [
            Self::row::<Slot>(),
            Self::row::<Const>(),
            Self::row::<Acc>(),
            Self::row::<P0>(),
            Self::row::<P1>(),
        ],
        any: any_table!(StoreLane<O, Slot>),
    };

    const fn row<A: Src>() -> [Maybe; 3] {
        [h::<StoreLane<O, Base<A>, Slot>>(), None, h::<StoreLane<O, Base<A>, Acc>>()]
    }
}

/// `d = a` that leaves accumulators alone.
pub(crate) fn copy(a: Place, d: Dest) -> Maybe {
    match (a, d) {
        (Place::Slot, Dest::Slot) => h::<Copy<Simd, Slot, SlotOnly>>(),
        (Place::Acc, Dest::Slot) => h::<Copy<Simd, Acc, SlotOnly>>(),
        _ => None,
    }
}

/// `v128.const`
pub(crate) fn constant(d: Dest) -> Maybe {
    few(two_dests!(Copy<Simd, Const>), d)
}

/// `select` of slots by a condition in a slot or the accumulator.
pub(crate) fn select(x: Place, y: Place, c: Place, d: Dest) -> Maybe {
    match (x, y, c) {
        (Place::Slot, Place::Slot, Place::Slot) => {
            few(two_dests!(Select<Simd, Slot, Slot, Slot>), d)
        }
        (Place::Slot, Place::Slot, Place::Acc) => few(two_dests!(Select<Simd, Slot, Slot, Acc>), d),
        _ => None,
    }
}

/// `global.get`
pub(crate) fn global_get(d: Dest) -> Maybe {
    few(two_dests!(GlobalGet<Simd>), d)
}

/// `global.set`
pub(crate) fn global_set(a: Place) -> Maybe {
    match a {
        Place::Slot => h::<GlobalSet<Simd, Slot>>(),
        Place::Acc => h::<GlobalSet<Simd, Acc>>(),
        _ => None,
    }
}

/// `return` of one value
pub(crate) fn return_one(a: Place) -> Maybe {
    match a {
        Place::Slot => h::<Return<Simd, Slot>>(),
        Place::Acc => h::<Return<Simd, Acc>>(),
        _ => None,
    }
}

fn few(dests: FewDests, d: Dest) -> Maybe {
    *dests.get(d as usize)?
}
