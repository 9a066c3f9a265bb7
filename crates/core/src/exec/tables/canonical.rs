//! Handlers that make NaNs canonical.

use super::{FAST, Maybe, SIMD, h};
use crate::exec::{
    handlers::{
        canonical::{F32, F32x4, F64, F64x2},
        numeric::{Un, UnOp},
    },
    machine::place::{Acc, Dest, P0, P1, Place, Slot},
};
use windlass_decode::Nans;

/// `d = canonical a`: a scalar or a vector in a slot or its accumulator. Vectors are not pinned.
pub(crate) fn canonical(nans: Nans, a: Place, d: Dest) -> Maybe {
    match nans {
        Nans::F32 => scalar::<F32>(a, d),
        Nans::F64 => scalar::<F64>(a, d),
        Nans::F32x4 | Nans::F64x2 if !SIMD => None,
        Nans::F32x4 => vector::<F32x4>(a, d),
        Nans::F64x2 => vector::<F64x2>(a, d),
    }
}

fn scalar<O: UnOp>(a: Place, d: Dest) -> Maybe {
    match (a, d) {
        _ if !FAST => vector::<O>(a, d),
        (Place::Slot, Dest::P0) => h::<Un<O, Slot, P0>>(),
        (Place::Slot, Dest::P1) => h::<Un<O, Slot, P1>>(),
        (Place::Acc, Dest::P0) => h::<Un<O, Acc, P0>>(),
        (Place::Acc, Dest::P1) => h::<Un<O, Acc, P1>>(),
        _ => vector::<O>(a, d),
    }
}

fn vector<O: UnOp>(a: Place, d: Dest) -> Maybe {
    match (a, d) {
        (Place::Slot, Dest::Slot) => h::<Un<O, Slot, Slot>>(),
        _ if !FAST => None,
        (Place::Slot, Dest::Acc) => h::<Un<O, Slot, Acc>>(),
        (Place::Acc, Dest::Slot) => h::<Un<O, Acc, Slot>>(),
        (Place::Acc, Dest::Acc) => h::<Un<O, Acc, Acc>>(),
        _ => None,
    }
}
