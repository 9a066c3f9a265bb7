//! What the benchmarks share: the [`kernels`] that are run, the [`engines`] that run them, the
//! [`clock`] and the [`table`]. Used by `compare` and by the criterion benchmarks; it never
//! measures by itself.

pub mod clock;
pub mod engines;
pub mod kernels;
pub mod startup;
pub mod table;
