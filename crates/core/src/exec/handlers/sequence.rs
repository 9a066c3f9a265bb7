//! [`Sequence`]: several cells that follow each other, executed by one handler. Which there are
//! says the instruction set.

use crate::exec::machine::{
    Machine,
    context::Stop,
    dispatch::{Handler, Step},
};
use core::marker::PhantomData;

/// Executes a cell of `A`, and the next in memory, which is one of `B`. Each part finds `ip` where
/// it would be without the other: so what stops in the second stops there, and that cell keeps its
/// own handler for whoever comes to it otherwise.
// Where profiles are made, there are no sequences.
#[cfg_attr(feature = "profile", allow(dead_code))]
#[cfg_attr(not(feature = "fast"), allow(dead_code))]
pub(crate) struct Sequence<A, B>(PhantomData<(A, B)>);
impl<A: Step, B: Step> Step for Sequence<A, B> {
    const FALLS_THROUGH: bool = B::FALLS_THROUGH;
    const ALONE: &'static Handler = &A::HANDLER;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        const { assert!(A::FALLS_THROUGH, "a branch or call comes last") };
        // SAFETY: I1 to I4, for both: behind the cell of `A`, at whose end `ip` is, there is one
        // of `B`.
        unsafe {
            A::begin(m)?;
            m.ip = m.ip.add(1);
            B::step(m)
        }
    }
}
