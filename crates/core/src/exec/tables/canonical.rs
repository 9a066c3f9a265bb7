//! Handlers that make NaNs canonical.

use super::{Maybe, SIMD, h};
use crate::exec::{
    handlers::{
        canonical::{F32, F32x4, F64, F64x2},
        numeric::Un,
    },
    machine::place::{Dest, Place, Slot},
};
use windlass_decode::Nans;

/// `d = canonical a`, both in slots: programs that are measured never ask for others.
pub(crate) fn canonical(nans: Nans, a: Place, d: Dest) -> Maybe {
    match (nans, a, d) {
        (Nans::F32, Place::Slot, Dest::Slot) => h::<Un<F32, Slot, Slot>>(),
        (Nans::F64, Place::Slot, Dest::Slot) => h::<Un<F64, Slot, Slot>>(),
        (Nans::F32x4, Place::Slot, Dest::Slot) if SIMD => h::<Un<F32x4, Slot, Slot>>(),
        (Nans::F64x2, Place::Slot, Dest::Slot) if SIMD => h::<Un<F64x2, Slot, Slot>>(),
        _ => None,
    }
}
