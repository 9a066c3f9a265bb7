//! The Windlass WebAssembly interpreter.
//!
//! An [`Engine`] has the settings. A [`Module`] is made once and shared. A [`Store`] holds running
//! guests and the embedder's data. A [`Linker`] finds what modules import; an [`Instance`] has what
//! they export. Names and ways are those of Wasmtime, so that programs can switch.
//!
//! ```
//! use windlass::{Caller, Engine, Linker, Module, Result, Store};
//!
//! fn main() -> Result<()> {
//!     let engine = Engine::default();
//!     let wasm = wat::parse_str(
//!         r#"(import "host" "add" (func $add (param i32)))
//!            (func (export "count") (param $n i32)
//!              (loop $next
//!                (call $add (local.get $n))
//!                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#,
//!     )?;
//!     let module = Module::new(&engine, wasm)?;
//!     let mut linker = Linker::new(&engine);
//!     linker.func_wrap("host", "add", |mut caller: Caller<'_, i32>, n: i32| {
//!         *caller.data_mut() += n;
//!     })?;
//!     let mut store = Store::new(&engine, 0);
//!     let instance = linker.instantiate(&mut store, &module)?;
//!     let count = instance.get_typed_func::<i32, ()>(&store, "count")?;
//!     count.call(&mut store, 10)?;
//!     assert_eq!(*store.data(), 55);
//!     Ok(())
//! }
//! ```
//!
//! # Guests that are not trusted
//!
//! A guest reaches nothing but what it imports. What it takes is limited by [`Store::limiter`]
//! (memories, tables, objects, value stacks, instances, or all in bytes) and
//! [`Config::max_wasm_stack`]; how long it runs by fuel ([`Config::consume_fuel`]) or from another
//! thread ([`InterruptHandle`]). Whatever stops it can be gone on from: an [`Execution`] is a call
//! that can be paused.
//!
//! # Async
//!
//! [`TypedFunc::call_async`] makes a call a future, and [`Linker::func_wrap_async`] makes host
//! functions of what returns futures: the guest waits, and the thread can do something else. Any
//! executor will do. [`Store::fuel_async_yield_interval`] has guests that compute let others run.
//!
//! # References
//!
//! What guests hold as references, the host holds as [`Rooted`] values: structures ([`StructRef`]),
//! arrays ([`ArrayRef`]), numbers ([`I31`]), host values ([`ExternRef`]), exceptions ([`ExnRef`]).
//! They keep what they refer to alive for a scope: a call of a host function, or a [`RootScope`];
//! [`OwnedRooted`] ones as long as wanted.
//!
//! ```
//! use windlass::*;
//!
//! fn main() -> Result<()> {
//!     let mut store = Store::<()>::default();
//!     let point = [FieldType::new(Mutability::Var, ValType::F64.into()); 2];
//!     let point = StructType::new(store.engine(), point)?;
//!     let points = StructRefPre::new(&mut store, point)?;
//!     let kept = {
//!         let mut scope = RootScope::new(&mut store);
//!         let fields = [Val::from(1.5f64), Val::from(2.5f64)];
//!         let point = StructRef::new(&mut scope, &points, &fields)?;
//!         point.to_owned_rooted(&mut scope)?
//!     };
//!     store.gc();
//!     assert_eq!(kept.field(&mut store, 1)?.f64(), Some(2.5));
//!     Ok(())
//! }
//! ```
//!
//! # Cargo features
//!
//! - `std` (on by default): without it the crate needs `alloc` only.
//! - `fast` (on by default): handlers for operands in registers and for sequences of instructions.
//!   Without it the engine takes less than half of the code, and guests take longer; results and
//!   fuel are the same.
//! - `simd` (on by default): vectors, relaxed ones too.
//! - `gc` (on by default): structures, arrays, casts, typed references to functions. Without it and
//!   `exceptions` nothing is collected: an [`ExternRef`] stays until its store is dropped.
//! - `exceptions` (on by default): `throw` and `try_table`.
//! - `threads` (on by default): shared memories and atomic instructions.
//! - `memory64` (on by default): memories and tables with 64-bit addresses, and several memories.
//! - `tail-calls` (on by default): `return_call` and the like.
//! - `proposals` (on by default): what WebAssembly 3.0 has not: custom descriptors (with `gc`), the
//!   legacy `try` (with `exceptions`), 128-bit arithmetic, groups of imports.
//! - `messages` (on by default): errors tell all that is known; without, what is wrong in fixed
//!   words, and where.
//! - `listings` (on by default): [`Module::listing`] shows translated code; without, it has none.
//! - `verify` (on by default): `Config::verify_code`, of which programs that never call it have
//!   nothing. Builds with debug assertions verify anyway.
//! - `names` (on by default): names of functions, from the section `name`, in backtraces.
//! - `wat`: [`Module::new`] reads the text format too.
//! - `anyhow`: `?` makes an `anyhow::Error` of an [`Error`]; `Error::from_anyhow` does the reverse.
//! - `demangle`: names of Rust and C++ in backtraces and errors are shown as people wrote them,
//!   unless they are very long.
//! - `loop-dispatch`: dispatch by a loop even where tail calls work.
//! - `gc-stress`: for tests: collects garbage at every allocation, and overwrites what is free.
//! - `profile`: counts what is executed, for the choice of the instruction set; slow.
//!   `take_profile` tells it, and makes a program's own instruction set of it.
//!
//! What a build is without is refused: a module that needs it is an error that names the feature,
//! whatever the configuration says. All items of this crate are there nevertheless.
//! [`Features::BUILT`] is what of WebAssembly a build has.
//!
//! What a build has is not all switched on: a [`Config`] begins with WebAssembly 3.0. Threads,
//! 128-bit arithmetic, pages of one byte, custom descriptors, groups of imports and the legacy
//! `try` are switched on by [`Config::wasm_threads`] and its like, or by [`Config::features`].
//!
//! The environment variable `WINDLASS_INSTRUCTION_SET` names, at build time, a file with an
//! instruction set other than ours: of the programs that an embedder runs, with handlers for whole
//! parts of their code. `docs/instruction-set.md` says how one is made.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod api;
mod backtrace;
mod config;
mod costs;
mod demangle;
#[allow(unsafe_code)]
mod driver;
mod engine;
mod error;
#[allow(unsafe_code)]
mod exec;
mod interrupt;
mod limits;
mod lock;
mod memory_source;
mod module;
mod object_type;
mod room;
mod runtime;
mod translate;
mod trap;
mod types;
mod unique;
mod verify;

pub use api::call_hook::CallHook;
pub use api::caller::Caller;
pub use api::exception::ThrownException;
pub use api::execution::{Event, Execution, Pending};
pub use api::externs::{Export, Extern};
#[doc(hidden)]
pub use api::func::WithCaller;
pub use api::func::{Func, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy};
pub use api::global::Global;
pub use api::instance::Instance;
pub use api::instance_pre::InstancePre;
pub use api::linker::Linker;
pub use api::memory::{Memory, MemoryPin};
pub use api::reference::{
    AnyRef, ArrayRef, ArrayRefPre, EqRef, ExnRef, ExternRef, FuncRef, GcRef, I31, OwnedRooted, Ref,
    RootScope, Rooted, RootedGcRef, StructRef, StructRefPre,
};
pub use api::store::{
    AsContext, AsContextMut, InterruptHandle, Store, StoreContext, StoreContextMut,
};
pub use api::table::Table;
pub use api::tag::Tag;
pub use api::value::{V128, Val};
pub use backtrace::{FrameInfo, WasmBacktrace};
pub use config::{CompilationMode, Config, Metering};
pub use engine::Engine;
pub use error::{
    Chain, CodeRefused, CodeTooLarge, Context, Error, LinkError, LinkErrorKind, MemoryAccessError,
    ModuleError, OutOfMemory,
};
pub use exec::BACKEND;
#[cfg(feature = "profile")]
pub use exec::cells::{
    profile::{Profile, Stretch, take_profile},
    profiled::ProfiledCell,
};
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use memory_source::{MemoryPool, MemorySource};
pub use module::{Module, ResourcesRequired};
pub use runtime::{SharedMemory, WaitResult};
pub use translate::{FUEL_VERSION, Listing, ListingCell};
pub use trap::Trap;
pub use types::{
    ArrayType, ConcreteType, ExportType, ExternType, FieldType, Finality, FuncType, GlobalType,
    HeapType, ImportType, MemoryType, MemoryTypeBuilder, Mutability, RefType, StorageType,
    StructType, TableType, TagType, ValType,
};
pub use windlass_decode::{Escaped, Features};

/// The result of this crate's functions.
///
/// ```
/// fn answer() -> windlass::Result<i32> {
///     Ok("42".parse::<i32>()?)
/// }
/// assert_eq!(answer()?, 42);
/// # Ok::<(), windlass::Error>(())
/// ```
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What macros need.
#[doc(hidden)]
pub mod __private {
    pub use alloc::format;
}

/// The examples in the README and the guide.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/untrusted.md")]
    struct Untrusted;
    #[doc = include_str!("../../../docs/metering.md")]
    struct Metering;
    #[doc = include_str!("../../../docs/async.md")]
    struct Async;
    #[doc = include_str!("../../../docs/errors.md")]
    struct Errors;
    #[doc = include_str!("../../../docs/determinism.md")]
    struct Determinism;
    #[doc = include_str!("../../../docs/no-std.md")]
    struct NoStd;
    #[doc = include_str!("../../../docs/switching.md")]
    struct Switching;
}
