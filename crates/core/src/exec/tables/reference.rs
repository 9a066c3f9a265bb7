//! Handlers of instructions on references and tables.

use super::{ByDest, Maybe, NO_DEST, PLACES, UnTable, cut, h};
use crate::exec::{
    handlers::reference::{NonNull, RefFunc, TableGet, TableSize},
    machine::place::{Acc, Dest, P0, P1, Place, Slot},
};

/// `ref.func`
pub(crate) fn ref_func(d: Dest) -> Maybe {
    const TABLE: ByDest = dests!(RefFunc);
    TABLE[d as usize]
}

/// `ref.as_non_null` of a reference anywhere but in the code
pub(crate) fn non_null(a: Place) -> Maybe {
    variable_places!(NonNull)[a as usize]
}

/// `table.get` by an index anywhere but in the code
pub(crate) fn table_get(a: Place, d: Dest) -> Maybe {
    const TABLE: UnTable = cut([
        dests!(TableGet<Slot>),
        NO_DEST,
        dests!(TableGet<Acc>),
        dests!(TableGet<P0>),
        dests!(TableGet<P1>),
    ]);
    TABLE[a as usize][d as usize]
}

/// `table.size`
pub(crate) fn table_size(d: Dest) -> Maybe {
    const TABLE: ByDest = dests!(TableSize);
    TABLE[d as usize]
}
