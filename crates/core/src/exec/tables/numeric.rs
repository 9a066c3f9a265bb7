//! Handlers of numeric instructions, and of comparisons fused with what uses them.

use super::{
    BinTable, CmpTables, NO_BIN, NO_DEST, NO_PAIR, NO_PLACE, PairTable, UnTable, WAYS, cut, h,
};
use crate::exec::{
    handlers::{
        control::{Again, Bits, BrCmp, Fueled, Interruptible, Jump, Latch, Target, Unmetered},
        numeric::{Bin, BinOp, CmpOp, CmpSelect, Un, UnOp},
    },
    machine::place::{Acc, Const, P0, P1, Slot},
};
use core::marker::PhantomData;
use windlass_decode::Op;

/// The comparison that has the handlers for this one, with operands swapped; none if it has its
/// own. Of two such, the first in the table has them: `gt` is `lt`, `ge` is `le`.
pub(crate) const fn stand_in(op: Op) -> Option<Op> {
    match op.swapped() {
        Some(twin) if (twin as u16) < op as u16 => Some(twin),
        _ => None,
    }
}

/// The comparison with handlers that is true when this is false, if there is one; with operands
/// swapped or not.
pub(crate) fn negated(op: Op) -> Option<(Op, bool)> {
    let negated = op.negated()?;
    Some(stand_in(negated).map_or((negated, false), |twin| (twin, true)))
}

/// Divisions and comparisons write no pinned local: the translator adds a copy.
const fn writes_pins(op: Op) -> bool {
    !matches!(op.shape(), windlass_decode::Shape::try_bin)
}

pub(crate) struct OfUn<O>(PhantomData<O>);

impl<O: UnOp> OfUn<O> {
    pub(crate) const TABLE: &'static UnTable = &cut([
        dests!(Un<O, Slot>),
        NO_DEST,
        dests!(Un<O, Acc>),
        dests!(Un<O, P0>),
        dests!(Un<O, P1>),
    ]);
}

pub(crate) struct OfBin<O>(PhantomData<O>);

impl<O: BinOp> OfBin<O> {
    pub(crate) const TABLE: &'static BinTable = &{
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                if writes_pins(O::OP) { dests!(Bin<O, $a, $b>) } else { few_dests!(Bin<O, $a, $b>) }
            };
        }
        pairs!(NO_DEST, O::OP.commutes(), entry)
    };
}

pub(crate) struct OfCmp<O>(PhantomData<O>);

impl<O: CmpOp<A: Bits> + BinOp> OfCmp<O> {
    pub(crate) const TABLE: &'static CmpTables = &CmpTables {
        value: OfCmpBranch::<O>::VALUE,
        select: cut([OfCmpBranch::<O>::SELECT]),
        branch: OfCmpBranch::<O>::BRANCH,
        branch_not: [NO_PAIR; WAYS],
        latch: {
            macro_rules! latch {
                ($k:ty, $swap:literal) => {
                    cut([
                        cut([
                            h::<Latch<O, Slot, Slot, $k, $swap>>(),
                            h::<Latch<O, Slot, Const, $k, $swap>>(),
                            None,
                            h::<Latch<O, Slot, P0, $k, $swap>>(),
                            h::<Latch<O, Slot, P1, $k, $swap>>(),
                        ]),
                        NO_PLACE,
                        NO_PLACE,
                        cut([
                            h::<Latch<O, P0, Slot, $k, $swap>>(),
                            h::<Latch<O, P0, Const, $k, $swap>>(),
                            None,
                            None,
                            h::<Latch<O, P0, P1, $k, $swap>>(),
                        ]),
                        cut([
                            h::<Latch<O, P1, Slot, $k, $swap>>(),
                            h::<Latch<O, P1, Const, $k, $swap>>(),
                            None,
                            h::<Latch<O, P1, P0, $k, $swap>>(),
                            None,
                        ]),
                    ])
                };
            }
            cut([if stand_in(<O as CmpOp>::OP).is_some() {
                [[NO_PAIR; 2]; 2]
            } else {
                [
                    [latch!(Jump, false), latch!(Jump, true)],
                    [latch!(Again<Unmetered>, false), latch!(Again<Unmetered>, true)],
                ]
            }])
        },
    };
}

pub(crate) struct OfFloatCmp<O>(PhantomData<O>);

impl<O: CmpOp + BinOp> OfFloatCmp<O> {
    pub(crate) const TABLE: &'static CmpTables = &CmpTables {
        value: OfCmpBranch::<O>::VALUE,
        select: cut([OfCmpBranch::<O>::SELECT]),
        branch: OfCmpBranch::<O>::BRANCH,
        branch_not: OfCmpBranch::<O>::BRANCH_NOT,
        latch: cut([[[NO_PAIR; 2]; 2]]),
    };
}

struct OfCmpBranch<O>(PhantomData<O>);

impl<O: CmpOp + BinOp> OfCmpBranch<O> {
    /// `gt` and `ge` are `lt` and `le` swapped.
    const UNUSED: bool = stand_in(<O as CmpOp>::OP).is_some();

    const VALUE: BinTable = {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                few_dests!(Bin<O, $a, $b>)
            };
        }
        if Self::UNUSED { NO_BIN } else { pairs!(NO_DEST, <O as CmpOp>::OP.commutes(), entry) }
    };
    const SELECT: BinTable = {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                few_dests!(CmpSelect<O, $a, $b>)
            };
        }
        if Self::UNUSED { NO_BIN } else { pairs!(NO_DEST, <O as CmpOp>::OP.commutes(), entry) }
    };
    const BRANCH: [PairTable; WAYS] = cut([
        Self::branch::<Jump, true>(),
        Self::branch::<Again<Unmetered>, true>(),
        Self::branch::<Again<Interruptible>, true>(),
        Self::branch::<Again<Fueled>, true>(),
    ]);
    const BRANCH_NOT: [PairTable; WAYS] = if <O as CmpOp>::OP.negated().is_some() {
        [NO_PAIR; WAYS]
    } else {
        cut([
            Self::branch::<Jump, false>(),
            Self::branch::<Again<Unmetered>, false>(),
            Self::branch::<Again<Interruptible>, false>(),
            Self::branch::<Again<Fueled>, false>(),
        ])
    };

    const fn branch<K: Target, const WANTED: bool>() -> PairTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                h::<BrCmp<O, $a, $b, K, WANTED>>()
            };
        }
        if Self::UNUSED { NO_PAIR } else { pairs!(None, <O as CmpOp>::OP.commutes(), entry) }
    }
}
