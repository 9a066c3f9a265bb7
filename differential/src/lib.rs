//! Two engines, one program: generated modules run on Windlass, in all its ways of metering, and on
//! another interpreter. Results, traps, globals and memories must be the same.
//!
//! [`smith`] and [`program`] make modules, which `fuzz` uses too; `ours` and `theirs` run them,
//! [`compare`] judges. Used by the tests of this crate.
#![forbid(unsafe_code)]

#[cfg(feature = "wasmi")]
mod compare;
#[cfg(feature = "wasmi")]
mod ours;
pub mod program;
mod random;
pub mod smith;
#[cfg(feature = "wasmi")]
mod theirs;

#[cfg(feature = "wasmi")]
pub use compare::{End, Scalar, compare};
pub use random::Random;
