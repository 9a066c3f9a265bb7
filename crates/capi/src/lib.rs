//! Windlass for C: the functions that `include/wasm.h` and `include/windlass.h` declare.
//!
//! Programs in C call it; `README.md` beside it says who owns what. Each function is made by
//! [`entries!`](entry::entries), which catches panics: nothing must ever unwind into C. Its types
//! tell what its caller owes: see [`entry`].
//!
//! A handle holds its store, and a store holds no handle: so there are no cycles, and what C has
//! deletes in any order.
#![allow(non_camel_case_types, reason = "the names are those of C")]

mod callback;
mod config;
mod control;
mod entry;
mod exception;
mod execution;
mod externs;
mod func;
mod global;
mod info;
mod instance;
mod linker;
mod memory;
mod module;
mod objects;
mod reference;
mod source;
mod stack;
mod store;
mod table;
mod trap;
mod types;
mod value;
mod vector;
#[cfg(feature = "wasi")]
mod wasi;
