//! [`add_to_linker`]: the functions of `wasi_snapshot_preview1` and `wasi_unstable` under their
//! names. One row a function: its parameters, and where it is; `dialect` if the two modules differ
//! in it.

#[cfg(feature = "std")]
use crate::SharedWasiCtx;
use crate::{
    Dialect, WasiCtx, args, clock,
    errno::Errno,
    fd,
    fuel::{self, Meter},
    memory::{GuestMemory, Progress},
    path, poll, proc, random, sock,
};
use core::cell::Cell;
use windlass::{AsContextMut, Caller, Error, Extern, Linker};

macro_rules! functions {
    ($linker:ident, $module:ident, $dialect:ident, $get:ident:
        $($name:ident($($param:ident: $ty:ty),*) => $($file:ident)::+ $([$extra:ident])?;)*) => {
        $(
            let cost = fuel::call(stringify!($name));
            $linker.func_wrap(
                $module,
                stringify!($name),
                move |mut caller: Caller<'_, T>, $($param: $ty),*| -> Result<u32, Error> {
                    call(&mut caller, $get, cost, |ctx, memory| {
                        $($file::)+$name(ctx, memory, $(functions!(@$extra $dialect),)? $($param),*)
                    })
                },
            )?;
        )*
    };
    (@dialect $dialect:ident) => { $dialect };
}

/// Defines the functions of `wasi_snapshot_preview1` and of `wasi_unstable` in `linker`. `get`
/// finds the context in the store's data. The guest must export its memory as `memory`, as the
/// specification wants it.
///
/// If guests of the engine can be interrupted, a function that waits, or works for long, ends soon
/// after an interrupt, mostly with `EINTR`; then the guest is stopped. What waits in the embedder's
/// own streams ends when they return. [`WasiCtxBuilder::on_interrupt`](crate::WasiCtxBuilder) may
/// say that it is to go on.
///
/// # Errors
/// If one of the names is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static,
) -> Result<(), Error> {
    define_all(linker, Own(get))
}

/// As [`add_to_linker`], for a context that several threads use. Each function has it for itself
/// while it runs, and gives it back while it waits.
///
/// # Errors
/// If one of the names is defined already.
#[cfg(feature = "std")]
pub fn add_shared_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut SharedWasiCtx + Send + Sync + Copy + 'static,
) -> Result<(), Error> {
    define_all(linker, Locked(get))
}

/// How functions get at the context in the store's data.
trait Find<T>: Send + Sync + Copy + 'static {
    fn with<R>(self, data: &mut T, f: impl FnOnce(&mut WasiCtx) -> R) -> R;

    /// Whether other threads wait for it meanwhile.
    fn is_shared(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy)]
struct Own<F>(F);
impl<T, F: Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static> Find<T> for Own<F> {
    fn with<R>(self, data: &mut T, f: impl FnOnce(&mut WasiCtx) -> R) -> R {
        f((self.0)(data))
    }
}

#[cfg(feature = "std")]
#[derive(Clone, Copy)]
struct Locked<F>(F);
#[cfg(feature = "std")]
impl<T, F: Fn(&mut T) -> &mut SharedWasiCtx + Send + Sync + Copy + 'static> Find<T> for Locked<F> {
    fn with<R>(self, data: &mut T, f: impl FnOnce(&mut WasiCtx) -> R) -> R {
        f(&mut (self.0)(data).lock())
    }

    fn is_shared(&self) -> bool {
        true
    }
}

fn define_all<T: 'static>(linker: &mut Linker<T>, get: impl Find<T>) -> Result<(), Error> {
    define(linker, "wasi_unstable", Dialect::Unstable, get)?;
    let (module, _dialect) = ("wasi_snapshot_preview1", Dialect::Preview1);
    functions! { linker, module, _dialect, get:
        sock_accept(fd: u32, flags: u32, accepted: u32) => sock;
    }
    define(linker, module, Dialect::Preview1, get)
}

/// Defines what both modules have.
fn define<T: 'static>(
    linker: &mut Linker<T>,
    module: &'static str,
    dialect: Dialect,
    get: impl Find<T>,
) -> Result<(), Error> {
    functions! { linker, module, dialect, get:
        args_get(pointers: u32, buffer: u32) => args;
        args_sizes_get(count: u32, size: u32) => args;
        clock_res_get(id: u32, resolution: u32) => clock;
        clock_time_get(id: u32, precision: u64, time: u32) => clock;
        environ_get(pointers: u32, buffer: u32) => args;
        environ_sizes_get(count: u32, size: u32) => args;
        fd_advise(fd: u32, offset: u64, len: u64, advice: u32) => fd::space;
        fd_allocate(fd: u32, offset: u64, len: u64) => fd::space;
        fd_close(fd: u32) => fd;
        fd_datasync(fd: u32) => fd::space;
        fd_fdstat_get(fd: u32, stat: u32) => fd::attributes;
        fd_fdstat_set_flags(fd: u32, flags: u32) => fd::attributes;
        fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) => fd::attributes;
        fd_filestat_get(fd: u32, stat: u32) => fd::attributes[dialect];
        fd_filestat_set_size(fd: u32, size: u64) => fd::space;
        fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32) => fd::attributes;
        fd_pread(fd: u32, iovs: u32, iovs_len: u32, offset: u64, read: u32) => fd::io;
        fd_prestat_dir_name(fd: u32, path: u32, path_len: u32) => fd;
        fd_prestat_get(fd: u32, prestat: u32) => fd;
        fd_pwrite(fd: u32, iovs: u32, iovs_len: u32, offset: u64, written: u32) => fd::io;
        fd_read(fd: u32, iovs: u32, iovs_len: u32, read: u32) => fd::io;
        fd_readdir(fd: u32, buffer: u32, len: u32, cookie: u64, used: u32) => fd::listing;
        fd_renumber(fd: u32, to: u32) => fd;
        fd_seek(fd: u32, offset: u64, whence: u32, position: u32) => fd::space[dialect];
        fd_sync(fd: u32) => fd::space;
        fd_tell(fd: u32, position: u32) => fd::space;
        fd_write(fd: u32, iovs: u32, iovs_len: u32, written: u32) => fd::io;
        path_create_directory(fd: u32, path: u32, path_len: u32) => path::entries;
        path_filestat_get(fd: u32, flags: u32, path: u32, path_len: u32, stat: u32)
            => path::attributes[dialect];
        path_filestat_set_times(
            fd: u32, flags: u32, path: u32, path_len: u32, atim: u64, mtim: u64, fst_flags: u32)
            => path::attributes;
        path_link(
            old_fd: u32, old_flags: u32, old_path: u32, old_len: u32,
            new_fd: u32, new_path: u32, new_len: u32) => path::entries;
        path_open(
            fd: u32, dirflags: u32, path: u32, path_len: u32, oflags: u32,
            base: u64, inheriting: u64, fdflags: u32, opened: u32) => path::open;
        path_readlink(fd: u32, path: u32, path_len: u32, buffer: u32, len: u32, used: u32)
            => path::attributes;
        path_remove_directory(fd: u32, path: u32, path_len: u32) => path::entries;
        path_rename(
            fd: u32, old_path: u32, old_len: u32, new_fd: u32, new_path: u32, new_len: u32)
            => path::entries;
        path_symlink(old_path: u32, old_len: u32, fd: u32, new_path: u32, new_len: u32)
            => path::entries;
        path_unlink_file(fd: u32, path: u32, path_len: u32) => path::entries;
        random_get(buffer: u32, len: u32) => random;
        sched_yield() => proc;
        sock_recv(fd: u32, iovs: u32, iovs_len: u32, flags: u32, read: u32, out_flags: u32) => sock;
        sock_send(fd: u32, iovs: u32, iovs_len: u32, flags: u32, written: u32) => sock;
        sock_shutdown(fd: u32, how: u32) => sock;
    }
    define_others(linker, module, dialect, get)
}

/// Defines those that end the guest or wait.
fn define_others<T: 'static>(
    linker: &mut Linker<T>,
    module: &'static str,
    dialect: Dialect,
    get: impl Find<T>,
) -> Result<(), Error> {
    linker.func_wrap(module, "proc_exit", |code: u32| -> Result<(), Error> {
        Err(Error::new(proc::proc_exit(code)))
    })?;
    let cost = fuel::call("proc_raise");
    linker.func_wrap(
        module,
        "proc_raise",
        move |mut caller: Caller<'_, T>, signal: u32| -> Result<u32, Error> {
            let _ = caller.consume_fuel(cost);
            match proc::proc_raise(signal) {
                Ok(None) => Ok(0),
                Ok(Some(exit)) => Err(Error::new(exit)),
                Err(errno) => Ok(errno as u32),
            }
        },
    )?;
    let cost = fuel::call("poll_oneoff");
    linker.func_wrap(
        module,
        "poll_oneoff",
        move |mut caller: Caller<'_, T>,
              subscriptions: u32,
              events: u32,
              count: u32,
              stored: u32|
              -> Result<u32, Error> {
            call(&mut caller, get, cost, |ctx, memory| {
                poll::poll_oneoff(ctx, memory, dialect, subscriptions, events, count, stored)
            })
        },
    )?;
    Ok(())
}

/// Runs a function on the context and the guest's memory; what it answers becomes an error number.
/// If the function is put off, other threads have the context while this one waits; then it is
/// called again. When it has answered, the guest pays `cost`, and for the amounts that the last
/// attempt has counted.
fn call<T>(
    caller: &mut Caller<'_, T>,
    get: impl Find<T>,
    cost: u64,
    mut function: impl FnMut(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno>,
) -> Result<u32, Error> {
    // A guest that can't be interrupted waits as long as it likes.
    let handle = caller.interrupt_handle().ok();
    let on_interrupt = get.with(caller.data_mut(), |ctx| ctx.on_interrupt.clone());
    let interrupted = || {
        handle.as_ref().is_some_and(|handle| handle.is_interrupted())
            && on_interrupt.as_ref().is_none_or(|ends| ends())
    };
    let mut progress = Progress::default();
    let units = Cell::new(cost);
    let mut has_waste = false;
    loop {
        units.set(cost);
        let mut attempt = |ctx: &mut WasiCtx, memory: GuestMemory<'_>| {
            let mut memory = memory.interrupted_by(&interrupted).metered_by(Meter::new(&units));
            (memory.puts_off, memory.progress) = (get.is_shared(), progress);
            // What a call that was interrupted has left comes first.
            if ctx.reclaim() && !interrupted() {
                return Answer::Waste;
            }
            let answer = function(ctx, &mut memory);
            progress = memory.progress;
            has_waste = ctx.reclaim();
            #[cfg(feature = "std")]
            if let Some(pause) = ctx.pause.take() {
                return Answer::Later(pause);
            }
            Answer::Now(answer)
        };
        let answer = match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => {
                let (bytes, data) = memory.data_and_store_mut(caller.as_context_mut());
                get.with(data, |ctx| attempt(ctx, GuestMemory::new(bytes)))
            }
            Some(Extern::SharedMemory(memory)) => {
                get.with(caller.data_mut(), |ctx| attempt(ctx, GuestMemory::shared(&memory)))
            }
            _ => return Err(Error::msg("a WASI guest must export its memory as \"memory\"")),
        };
        match answer {
            Answer::Now(answer) => {
                // A piece at a time: an interrupt, or another thread, may come between.
                while has_waste && !interrupted() {
                    has_waste = get.with(caller.data_mut(), WasiCtx::reclaim);
                }
                // An engine that counts none has none to take.
                let _ = caller.consume_fuel(units.get());
                return Ok(answer.map_or_else(|errno| errno as u32, |()| 0));
            }
            // An interrupt, or another thread, may come between.
            Answer::Waste => {}
            #[cfg(feature = "std")]
            Answer::Later(pause) => pause.wait(),
        }
    }
}

/// What a function says: its answer, or why it is to be called again.
enum Answer {
    Now(Result<(), Errno>),
    /// There was waste to free.
    Waste,
    /// There is something to be waited for.
    #[cfg(feature = "std")]
    Later(crate::wait::Pause),
}
