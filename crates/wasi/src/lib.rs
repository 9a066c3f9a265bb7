//! WASI preview1 for the Windlass WebAssembly interpreter.
//!
//! [`WasiCtxBuilder`] says what the guest sees; [`add_to_linker`] gives the guest its functions; the guest
//! may end itself by [`I32Exit`].
#![forbid(unsafe_code)]

mod abi;
mod args;
mod clock;
mod ctx;
mod fd;
mod link;
mod proc;
mod random;
mod stdio;

pub use abi::Errno;
pub use clock::{MonotonicClock, WallClock};
pub use ctx::{WasiCtx, WasiCtxBuilder};
pub use link::add_to_linker;
pub use proc::I32Exit;
pub use random::RandomSource;
pub use stdio::{InputStream, MemoryInputPipe, MemoryOutputPipe, OutputStream};
