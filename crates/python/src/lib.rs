//! Windlass for Python: the native half of the package `windlass`, the module
//! `windlass._windlass`. Python files beside it give its classes the shapes that people know; they
//! are the only ones that import it.
//!
//! A store is used by one thread at a time: [`store::Shared`] says how. Guests run without the GIL:
//! [`run`] says when, and how they are stopped.
//!
//! Unsafe code is in `store.rs` and `call.rs` alone.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod call;
mod callback;
mod convert;
mod ending;
mod engine;
mod errors;
mod execution;
mod func;
mod instance;
mod items;
mod kept;
mod linker;
mod memory;
mod module;
mod pulse;
mod run;
mod stack;
#[allow(unsafe_code)]
mod store;
mod types;
mod val;
mod wasi;

/// The native module.
#[pyo3::pymodule]
mod _windlass {
    use pyo3::{prelude::*, types::PyModule};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use crate::{
        engine::Engine,
        errors::Backtrace,
        execution::Execution,
        func::{BoundFunc, Func},
        instance::Instance,
        items::{Global, Ref, Table, Tag},
        linker::{InstancePre, Linker},
        memory::{Memory, Pin, SharedMemory},
        module::{Module, wasm2wat, wat2wasm},
        pulse::after_fork,
        store::{Caller, Store},
        types::{ValType, check_memory_type, check_table_type},
        val::Val,
        wasi::OutputPipe,
    };
}
