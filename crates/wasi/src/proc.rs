//! `proc_exit` and `sched_yield`, and [`I32Exit`], the error by which a guest ends itself.

use crate::{
    WasiCtx,
    abi::{Errno, GuestMemory},
};
use core::fmt;

/// The guest called `proc_exit` with this code. It comes as an error out of the call that ran the
/// guest; get it with `Error::downcast_ref`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I32Exit(pub i32);

impl I32Exit {
    /// The code as the host's process would report it.
    pub const fn process_exit_code(self) -> i32 {
        self.0
    }
}

impl fmt::Display for I32Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exited with code {}", self.0)
    }
}

impl core::error::Error for I32Exit {}

pub(crate) fn sched_yield(_: &mut WasiCtx, _: &mut GuestMemory<'_>) -> Result<(), Errno> {
    std::thread::yield_now();
    Ok(())
}
