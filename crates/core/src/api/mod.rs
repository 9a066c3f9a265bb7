//! The public API, a file for each type, named as in the specification and in Wasmtime. It turns
//! handles and values of the embedder into indices and slots, with checks that they belong to the
//! store, and calls what is below. Nothing below names it.

pub(crate) mod call_hook;
pub(crate) mod caller;
pub(crate) mod exception;
pub(crate) mod execution;
pub(crate) mod externs;
pub(crate) mod func;
pub(crate) mod futures;
pub(crate) mod global;
pub(crate) mod instance;
pub(crate) mod instance_pre;
pub(crate) mod linker;
pub(crate) mod memory;
mod nearest;
pub(crate) mod reference;
pub(crate) mod store;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod value;
