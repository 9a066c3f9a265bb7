//! WASI preview1 for the Windlass WebAssembly interpreter.
//!
//! [`WasiCtxBuilder`] says what the guest sees; [`add_to_linker`] gives the guest its functions; the guest
//! may end itself by [`I32Exit`].
//!
//! ```
//! use windlass::{Engine, Linker, Module, Store};
//! use windlass_wasi::{I32Exit, MemoryOutputPipe, WasiCtx, WasiCtxBuilder};
//!
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module
//!     (import "wasi_snapshot_preview1" "fd_write"
//!         (func $write (param i32 i32 i32 i32) (result i32)))
//!     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//!     (memory (export "memory") 1)
//!     (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\0a")
//!     (func (export "_start")
//!         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
//!         (call $exit (i32.const 3))))"#)?;
//!
//! let stdout = MemoryOutputPipe::new(4096);
//! let wasi = WasiCtxBuilder::new().arg("hello").stdout(stdout.clone()).build();
//! let mut store = Store::new(&engine, wasi);
//! let mut linker = Linker::new(&engine);
//! windlass_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
//! let instance = linker.instantiate(&mut store, &module)?;
//! let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
//! let error = start.call(&mut store, ()).unwrap_err();
//!
//! assert_eq!(error.downcast_ref(), Some(&I32Exit(3)));
//! assert_eq!(stdout.contents(), b"hello\n");
//! # Ok::<(), windlass::Error>(())
//! ```
#![forbid(unsafe_code)]

mod abi;
mod args;
mod clock;
mod ctx;
mod fd;
mod link;
mod proc;
mod random;
mod stdio;

pub use abi::Errno;
pub use clock::{MonotonicClock, WallClock};
pub use ctx::{WasiCtx, WasiCtxBuilder};
pub use link::add_to_linker;
pub use proc::I32Exit;
pub use random::RandomSource;
pub use stdio::{InputStream, MemoryInputPipe, MemoryOutputPipe, OutputStream};
