//! The Windlass WebAssembly interpreter.
//!
//! An [`Engine`] has the settings. A [`Module`] is made once and shared. A [`Store`] holds running guests and the
//! embedder's data; a [`Linker`] finds what modules import. Names and ways are those of Wasmtime.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod backtrace;
mod caller;
mod config;
mod engine;
mod error;
#[allow(unsafe_code)]
mod exec;
mod execution;
mod externs;
mod func;
mod global;
mod instance;
mod limits;
mod linker;
mod lock;
mod memory;
mod module;
mod runtime;
mod store;
mod table;
mod translate;
mod trap;
mod types;
mod unsupported;
mod value;

pub use backtrace::{FrameInfo, WasmBacktrace};
pub use caller::Caller;
pub use config::{CompilationMode, Config, Metering};
pub use engine::Engine;
pub use exec::BACKEND;
pub use error::{Error, LinkError, LinkErrorKind, ModuleError, Unsupported};
pub use execution::{Event, Execution, Pending};
pub use externs::{Export, Extern};
#[doc(hidden)]
pub use func::WithCaller;
pub use func::{Func, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy};
pub use global::Global;
pub use instance::Instance;
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::Linker;
pub use memory::{Memory, MemoryAccessError};
pub use module::Module;
pub use store::{AsContext, AsContextMut, InterruptHandle, Store, StoreContext, StoreContextMut};
pub use table::Table;
pub use trap::Trap;
pub use types::{
    ConcreteType, ExportType, ExternType, FuncType, GlobalType, HeapType, ImportType, MemoryType,
    Mutability, RefType, TableType, ValType,
};
pub use value::{ExternRef, FuncRef, Ref, V128, Val};
pub use windlass_decode::Features;

/// The result of this crate's functions.
pub type Result<T, E = Error> = core::result::Result<T, E>;
