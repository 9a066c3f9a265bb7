//! Handlers that move values: copies, `select`, globals.

use super::{ByDest, ByPlace, FAST, JOINED, Maybe, cut, h};
use crate::exec::{
    handlers::{
        memory::{AnyGlobalGet, AnyGlobalSet, GlobalGet, GlobalSet},
        numeric::{Copy, Gather, Select},
    },
    machine::{
        Value,
        place::{Acc, Const, Dest, Kind, Named, P0, P1, Place, Slot, SlotOnly},
    },
};
use core::marker::PhantomData;

/// `d = a` that leaves accumulators alone; `d` is a slot or pinned (with its slot).
pub(crate) fn copy(kind: Kind, a: Place, d: Dest) -> Maybe {
    /// A slot, and the two that are pinned.
    const TARGETS: usize = if FAST { 3 } else { 1 };
    struct Of<T>(PhantomData<T>);
    impl<T: Value + Named> Of<T> {
        const TABLE: &'static ByPlace<[Maybe; TARGETS]> = &cut([
            cut([
                h::<Copy<T, Slot, SlotOnly>>(),
                h::<Copy<T, Slot, P0>>(),
                h::<Copy<T, Slot, P1>>(),
            ]),
            cut([
                h::<Copy<T, Const, SlotOnly>>(),
                h::<Copy<T, Const, P0>>(),
                h::<Copy<T, Const, P1>>(),
            ]),
            cut([h::<Copy<T, Acc, SlotOnly>>(), h::<Copy<T, Acc, P0>>(), h::<Copy<T, Acc, P1>>()]),
            cut([h::<Copy<T, P0, SlotOnly>>(), None, h::<Copy<T, P0, P1>>()]),
            cut([h::<Copy<T, P1, SlotOnly>>(), h::<Copy<T, P1, P0>>(), None]),
        ]);
    }
    let column = match d {
        Dest::Slot => 0,
        Dest::P0 => 1,
        Dest::P1 => 2,
        Dest::Acc => return None,
    };
    by_kind!(kind, |T| Of::<T>::TABLE[a as usize][column], super::vector::copy(a, d))
}

/// Moves two or three slots to as many that lie side by side.
pub(crate) fn gather(count: usize) -> Maybe {
    match count {
        2 if FAST => h::<Gather<2>>(),
        3 if FAST => h::<Gather<3>>(),
        _ => None,
    }
}

/// `select` of slots or constants by a condition in a slot or the accumulator.
pub(crate) fn select(kind: Kind, x: Place, y: Place, c: Place, d: Dest) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + Named> Of<T> {
        const TABLE: &'static [[[ByDest; 1 + JOINED]; 2]; 2] = &[
            [
                cut([dests!(Select<T, Slot, Slot, Slot>), dests!(Select<T, Slot, Slot, Acc>)]),
                cut([dests!(Select<T, Slot, Const, Slot>), dests!(Select<T, Slot, Const, Acc>)]),
            ],
            [
                cut([dests!(Select<T, Const, Slot, Slot>), dests!(Select<T, Const, Slot, Acc>)]),
                cut([dests!(Select<T, Const, Const, Slot>), dests!(Select<T, Const, Const, Acc>)]),
            ],
        ];
    }
    let value = |place| match place {
        Place::Slot => Some(0),
        Place::Const => Some(1),
        _ => None,
    };
    let condition = match c {
        Place::Slot => 0,
        Place::Acc => 1,
        _ => return None,
    };
    by_kind!(
        kind,
        |T| *Of::<T>::TABLE[value(x)?][value(y)?].get(condition)?.get(d as usize)?,
        super::vector::select(x, y, c, d)
    )
}

/// `global.get`, of one that the module defines or of any.
pub(crate) fn global_get(kind: Kind, is_own: bool, d: Dest) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + Named> Of<T> {
        const OWN: &'static ByDest = &dests!(GlobalGet<T>);
    }
    by_kind!(
        kind,
        |T| match d {
            _ if FAST && is_own => Of::<T>::OWN[d as usize],
            Dest::Slot if !is_own => h::<AnyGlobalGet<T, Slot>>(),
            _ => None,
        },
        if is_own { None } else { super::vector::global_get(d) }
    )
}

/// `global.set`, of one that the module defines or of any.
pub(crate) fn global_set(kind: Kind, is_own: bool, a: Place) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + Named> Of<T> {
        const OWN: &'static ByPlace = &over_places!(GlobalSet<T>);
    }
    by_kind!(
        kind,
        |T| match a {
            _ if FAST && is_own => Of::<T>::OWN[a as usize],
            Place::Slot if !is_own => h::<AnyGlobalSet<T, Slot>>(),
            _ => None,
        },
        if is_own { None } else { super::vector::global_set(a) }
    )
}
