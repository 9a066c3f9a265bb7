//! WASI preview1 for the Windlass WebAssembly interpreter.
//!
//! [`WasiCtxBuilder`] says what the guest sees; [`add_to_linker`] gives the guest its functions;
//! the guest may end itself by [`I32Exit`]. Nothing of the host is visible to a guest unless the
//! builder gives it.
//!
//! ```
//! use windlass::{Engine, Linker, Module, Store};
//! use windlass_wasi::{DirPerms, FilePerms, MemoryFs, WasiCtx, WasiCtxBuilder};
//!
//! let files = MemoryFs::new();
//! let wasi = WasiCtxBuilder::new()
//!     .arg("program")
//!     .preopened_fs(files.clone(), "/", DirPerms::all(), FilePerms::all())?
//!     .build();
//! let engine = Engine::default();
//! let mut store = Store::new(&engine, wasi);
//! let mut linker = Linker::new(&engine);
//! windlass_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
//! # let wasm = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
//! let module = Module::new(&engine, wasm)?;
//! let instance = linker.instantiate(&mut store, &module)?;
//! instance.get_typed_func::<(), ()>(&store, "_start")?.call(&mut store, ())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Files
//!
//! A guest sees directories of the host ([`WasiCtxBuilder::preopened_dir`]), and file systems of
//! the embedder ([`WasiCtxBuilder::preopened_fs`]) such as [`MemoryFs`], which needs no operating
//! system. Paths mean the same in all of them: the walk along a path is this crate's, one component
//! at a time. A [`FileSystem`] is never asked for `..` and never follows a link.
//!
//! # Functions
//!
//! [`preview1`] documents what each function does, as Rust functions on a [`WasiCtx`] and a
//! [`GuestMemory`]. They can be used without this crate's engine.
//!
//! # Cargo features
//!
//! - `std` (on by default): the host's files, streams, sockets, clocks and random numbers, and
//!   threads. Without it everything is in memory, and the crate needs `alloc` only.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

mod args;
mod builder;
mod clock;
mod ctx;
mod descriptor;
mod errno;
mod fd;
mod fs;
mod fuel;
#[cfg(feature = "std")]
mod host_stdio;
mod iovecs;
mod link;
mod lists;
mod memory;
mod path;
mod poll;
mod proc;
mod random;
mod sock;
#[cfg(feature = "std")]
mod socket;
mod stdio;
#[cfg(feature = "std")]
mod threads;
mod types;
mod wait;

pub use builder::WasiCtxBuilder;
pub use clock::{DeterministicClock, MonotonicClock, WallClock};
pub use ctx::{Outside, WasiCtx};
pub use descriptor::{DirPerms, FilePerms};
pub use errno::Errno;
pub use fs::{
    Advice, DirEntry, FileSystem, Handle, Metadata, OpenOptions, SetTime,
    memory::{MemoryFs, contents::MemoryBudget},
    tar::TarError,
};
#[cfg(feature = "std")]
pub use host_stdio::{FileStream, ReadStream, WriteStream};
#[cfg(feature = "std")]
pub use link::add_shared_to_linker;
pub use link::add_to_linker;
pub use memory::GuestMemory;
pub use proc::I32Exit;
pub use random::{RandomSource, SeededRandom};
pub use stdio::{InputStream, MemoryInputPipe, MemoryOutputPipe, OutputStream};
#[cfg(feature = "std")]
pub use threads::{SharedWasiCtx, WasiThreads};
pub use types::{Dialect, FileType, fdflags, fstflags, oflags, rights};

/// The functions of `wasi_snapshot_preview1`, for a guest's memory as bytes.
///
/// All addresses and lengths are the guest's; each is checked, and one that is not in its memory is
/// [`Errno::Fault`]. All numbers in the guest's memory are little-endian. Where nothing else is
/// said, a function that fails has changed nothing.
///
/// An address need not be aligned, though the specification's text lets a host trap: what is read
/// and written are bytes, wherever they are.
///
/// Arguments and variables are bytes and reach the guest as the embedder gave them. Paths, names in
/// directories and what links lead to are UTF-8, as the specification says: where the guest or the
/// host has others, it is [`Errno::IlSeq`].
///
/// Rights are stored, reported and can be given up; what was given up is refused with
/// [`Errno::NotCapable`]. Otherwise what decides is how a descriptor was opened, and what its
/// preopened directory allows: programs ask for too few rights, and go on.
///
/// # Fuel
///
/// Where the engine counts fuel, a guest pays for what functions do, beside what calling them
/// costs: by what it asks and what it gets, the same on every host and file system, and however
/// long it waits. As of version 6 of [`FUEL_VERSION`](windlass::FUEL_VERSION):
///
/// | what | units |
/// |---|---|
/// | any call | 30 |
/// | `fd_advise`, `fd_allocate`, `fd_close`, `fd_datasync`, `fd_filestat_get` | 70 more |
/// | `fd_filestat_set_size`, `fd_filestat_set_times`, `fd_pread`, `fd_pwrite` | 70 more |
/// | `fd_read`, `fd_readdir`, `fd_renumber`, `fd_seek`, `fd_sync`, `fd_write` | 70 more |
/// | `path_create_directory`, `path_filestat_get`, `path_filestat_set_times` | 70 more |
/// | `path_link`, `path_open`, `path_readlink`, `path_remove_directory`, `path_rename` | 70 more |
/// | `path_symlink`, `path_unlink_file` | 70 more |
/// | `sched_yield`, `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown` | 70 more |
/// | `fd_readdir` | 100 more |
/// | `fd_advise` | 5000 more |
/// | `fd_datasync`, `fd_sync`, `path_remove_directory` | 200000 more |
/// | `path_create_directory` | 20000 more |
/// | `path_symlink` | 2000 more |
/// | `path_rename` | 500 more |
/// | `path_unlink_file` | 200 more |
/// | opening with the flag that makes a file, be it there or not | 2000 |
/// | a write by a descriptor with one of the flags `SYNC` and `DSYNC` | 200,000 |
/// | each component that a path leads along, those of links and `..` included | 100 |
/// | each argument or variable, told of or copied | 4 |
/// | each (pointer, length) pair that is given, as far as the memory has room for so many | 2 |
/// | each entry of a directory, `.` and `..` included, of which something is written | 30 |
/// | each 8 bytes of the name of such an entry | 1 |
/// | each subscription | 20 |
/// | each random byte | 1 |
/// | each 64 bytes that are read, written, sent or received, or allocated in a file | 1 |
/// | each 64 bytes that were to be allocated, but could not be, and that the file has already | 1 |
/// | each 64 bytes of a link, an argument, a variable, or a preopened directory's name | 1 |
/// | starting a thread by `wasi.thread-spawn` | 5,000 |
///
/// Parts of a unit are dropped. It is paid when the function has answered: what the fuel does not
/// suffice for is owed, as [`Caller::consume_fuel`](windlass::Caller::consume_fuel) says.
/// `proc_exit` is free.
pub mod preview1 {
    pub use crate::{
        args::{args_get, args_sizes_get, environ_get, environ_sizes_get},
        clock::{clock_res_get, clock_time_get},
        fd::{
            attributes::{
                fd_fdstat_get, fd_fdstat_set_flags, fd_fdstat_set_rights, fd_filestat_get,
                fd_filestat_set_times,
            },
            fd_close, fd_prestat_dir_name, fd_prestat_get, fd_renumber,
            io::{fd_pread, fd_pwrite, fd_read, fd_write},
            listing::fd_readdir,
            space::{
                fd_advise, fd_allocate, fd_datasync, fd_filestat_set_size, fd_seek, fd_sync,
                fd_tell,
            },
        },
        path::{
            attributes::{path_filestat_get, path_filestat_set_times, path_readlink},
            entries::{
                path_create_directory, path_link, path_remove_directory, path_rename, path_symlink,
                path_unlink_file,
            },
            open::path_open,
        },
        poll::poll_oneoff,
        proc::{proc_exit, proc_raise, sched_yield},
        random::random_get,
        sock::{sock_accept, sock_recv, sock_send, sock_shutdown},
    };
}

/// The examples in a page of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/wasi.md")]
struct Wasi;
