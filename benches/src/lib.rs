//! What the benchmarks share: the [`kernels`] that are run, the [`engines`] that run them, the
//! [`clock`] and the [`table`]; and the corpus of real [`programs`]. Used by `compare`, `programs`
//! and the criterion benchmarks; it never measures by itself.

pub mod clock;
pub mod engines;
pub mod kernels;
#[cfg(feature = "programs")]
pub mod programs;
pub mod startup;
pub mod table;
