//! [`Thread`]: a computation: value stack, position, and the driver that runs it.

use crate::{
    Module, Trap,
    runtime::{Embedder, StoreInner},
};
use alloc::vec::Vec;

/// A computation that can be paused: it owns its value stack and never uses the native stack for
/// guest calls.
pub(crate) struct Thread {}

/// Why [`Thread::run`] returned.
pub(crate) enum Exit {
    /// The function returned: see [`Thread::results`].
    Finished,
    /// It trapped: see [`Thread::backtrace`]. It can't go on.
    Trap(Trap),
    /// It called the host function `func` (index in the store) from `instance`:
    /// [`Thread::host_slots`] has the arguments and takes the results; then `run` goes on.
    HostCall { func: u32, instance: u32 },
    /// The fuel does not suffice for the next stretch: `run` tries again.
    OutOfFuel,
    /// The interrupt flag was set (it is cleared): `run` goes on.
    Interrupted,
}

/// A frame of a backtrace, innermost first.
pub(crate) struct BacktraceFrame {
    pub(crate) module: Module,
    /// Index in the module's function index space.
    pub(crate) func: u32,
    /// Byte offset in the module of the instruction.
    pub(crate) offset: usize,
}

impl Thread {
    /// A computation that has not started.
    pub(crate) fn new() -> Thread {
        Thread {}
    }

    /// Starts a call of the store's function `func` with arguments in slots. Reuses the stack that this
    /// thread has. A host function is fine too: `run` then asks for it at once.
    pub(crate) fn start(
        &mut self,
        store: &mut StoreInner,
        func: u32,
        args: &[u64],
    ) -> Result<(), Trap> {
        let _ = (store, func, args);
        Err(Trap::StackOverflow)
    }

    /// Runs until there is something for the caller to do.
    pub(crate) fn run(&mut self, store: &mut dyn Embedder) -> Exit {
        let _ = store;
        Exit::Trap(Trap::Unreachable)
    }

    /// The results of the finished function, in slots.
    pub(crate) fn results(&self) -> &[u64] {
        &[]
    }

    /// The slots of a pending host call: arguments from the first on, and room for the results there.
    /// As long as the larger of the two.
    pub(crate) fn host_slots(&mut self) -> &mut [u64] {
        &mut []
    }

    /// Where the guest is: after a trap, or in a host call.
    pub(crate) fn backtrace(&self, store: &StoreInner) -> Vec<BacktraceFrame> {
        let _ = store;
        Vec::new()
    }
}
