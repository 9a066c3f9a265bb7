//! Validator of WebAssembly modules: the algorithm of the specification (3.0, section 3 and the
//! appendix "Validation Algorithm"), over the modules that `windlass-decode` reads.
//!
//! [`validate`] checks a whole module. An engine takes the parts: a [`TypeRegistry`] for all its
//! modules, a [`Context`] a module, which has checked everything but the function bodies, and a
//! [`FuncValidator`] a body, whose type stack the translator reads as it goes.
//!
//! ```
//! use windlass_decode::Features;
//! use windlass_validate::validate;
//!
//! // A function that should give an `i32`, but drops it.
//! let bytes = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\
//!     \x0a\x07\x01\x05\0\x41\x01\x1a\x0b";
//! let error = validate(bytes, Features::WASM3).unwrap_err();
//! assert!(!error.is_malformed());
//! assert_eq!(
//!     error.to_string(),
//!     "type mismatch: instruction requires [i32] but stack has [] (at offset 0x1b)"
//! );
//! ```
//!
//! # Cargo features
//!
//! - `simd` (on by default): vectors.
//! - `gc` (on by default): structures, arrays, casts, typed references to functions.
//! - `exceptions` (on by default): `throw` and `try_table`.
//! - `threads` (on by default): shared memories and atomic instructions.
//! - `memory64` (on by default): memories and tables with 64-bit addresses, and several memories.
//! - `tail-calls` (on by default): `return_call` and the like.
//! - `proposals` (on by default): what WebAssembly 3.0 has not: custom descriptors (with `gc`), the
//!   legacy `try` (with `exceptions`), 128-bit arithmetic, groups of imports.
//! - `messages` (on by default): errors tell all that is known.
//! - `names` (on by default): the custom section `name` is read.
//! - `fast` (on by default): common instructions are checked, and lists sorted, by more code.
//!
//! A module that needs what a build is without is refused, by an error that names the feature.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod const_expr;
mod context;
mod control;
mod descriptor;
mod enter;
mod error;
mod exception;
mod frame;
mod func;
mod gc;
mod hierarchy;
mod index;
mod limits;
mod lists;
mod locals;
mod memory;
mod module;
mod operand;
mod ordered;
mod quick;
mod reference;
mod registry;
mod room;
mod segment;
mod signature;
mod slab;
mod sort;
mod stack;
mod subtype;
mod table;
mod text;
mod tree;
mod types;
mod variable;
mod work;

pub use context::{Context, Imported};
pub use enter::SharedTypes;
pub use error::{Error, InvalidKind};
pub use func::{Frame, FrameKind, FuncValidator, Scratch, shed, validate_body};
pub use index::Index;
pub use operand::Operand;
pub use ordered::Ordered;
pub use registry::{NewGroup, TypeId, TypeRegistry};
pub use sort::{sort, sort_numbers};
pub use subtype::limits_match;

use windlass_decode::{Features, Module};

/// Decodes and validates a whole module. Its types are in the context: see [`Context::new`].
///
/// # Errors
/// The first thing that is malformed or not valid, or that needs a feature which is switched off
/// or not built, with its place; or that the host has no memory.
pub fn validate(bytes: &[u8], features: Features) -> Result<(Module, Context), Error> {
    let mut module = Module::decode(bytes, features)?;
    let context = Context::new(&mut module, bytes, features)?;
    let mut scratch = Scratch::default();
    for index in 0..module.bodies.len() {
        validate_body(&context, &module, bytes, index, &mut scratch)?;
    }
    Ok((module, context))
}
