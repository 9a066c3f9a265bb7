//! Runner of WebAssembly test scripts (`.wast`) for the Windlass interpreter.
//!
//! [`Runner::run`] runs a script and returns a [`Report`] that has every directive, as passed or as
//! failed with line, column and reason. What can't be run is a failure: nothing is skipped.
//!
//! ```
//! use windlass::Engine;
//! use windlass_wast::{Kind, Runner};
//!
//! let report = Runner::new(Engine::default()).run(r#"
//!     (module (func (export "answer") (result i32) (i32.const 42)))
//!     (assert_return (invoke "answer") (i32.const 42))
//!     (assert_return (invoke "answer") (i32.const 43))
//! "#);
//! assert_eq!(report.passed(Kind::AssertReturn), 1);
//! let failure = &report.failures()[0];
//! assert_eq!((failure.line, failure.kind), (4, Kind::AssertReturn));
//! assert_eq!(failure.reason, "returned i32 42, expected i32 43");
//! ```
#![forbid(unsafe_code)]

mod message;
mod reference;
mod report;
mod runner;
mod script;
mod source;
mod spectest;
mod unfold;
mod values;

pub use report::{Failure, Kind, Report};
pub use runner::Runner;

/// The examples in a page of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/conformance.md")]
struct Conformance;
