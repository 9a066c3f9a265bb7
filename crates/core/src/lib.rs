//! The Windlass WebAssembly interpreter.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod engine;
#[allow(unsafe_code)]
mod exec;
mod module;
mod runtime;
mod translate;
mod trap;

pub use engine::{Config, Engine, Metering};
pub use module::Module;
pub use trap::Trap;
