//! [`add_to_linker`]: the 46 functions of `wasi_snapshot_preview1` under their names. One row a function:
//! its parameters, and the function of this crate that does it; a row without one answers `ENOSYS`.

use crate::{
    I32Exit, WasiCtx,
    abi::{Errno, GuestMemory},
    args, clock, fd, proc, random,
};
use windlass::{Caller, Error, Extern, Linker};

/// The name of the module that guests import from.
const MODULE: &str = "wasi_snapshot_preview1";

macro_rules! functions {
    ($linker:ident, $get:ident: $($name:ident($($param:ident: $ty:ty),*) $(=> $file:ident)?;)*) => {
        $(
            $linker.func_wrap(
                MODULE,
                stringify!($name),
                move |#[allow(unused_mut)] mut caller: Caller<'_, T>, $($param: $ty),*| -> Result<u32, Error> {
                    functions!(@body caller, $get, $name, [$($param)*] $(, $file)?)
                },
            )?;
        )*
    };
    (@body $caller:ident, $get:ident, $name:ident, [$($param:ident)*], $file:ident) => {
        call(&mut $caller, $get, |ctx, memory| $file::$name(ctx, memory, $($param),*))
    };
    (@body $caller:ident, $get:ident, $name:ident, [$($param:ident)*]) => {{
        let _ = ($caller, $($param),*);
        Ok(Errno::NoSys as u32)
    }};
}

/// Defines the functions of `wasi_snapshot_preview1` in `linker`. `get` finds the context in the
/// store's data. The guest must export its memory as `memory`, as the specification wants it.
///
/// This layer has arguments, environment, standard streams, clocks and randomness; the functions of
/// files, sockets and polling link and answer `ENOSYS`.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static,
) -> Result<(), Error> {
    functions! { linker, get:
        args_get(pointers: u32, buffer: u32) => args;
        args_sizes_get(count: u32, size: u32) => args;
        environ_get(pointers: u32, buffer: u32) => args;
        environ_sizes_get(count: u32, size: u32) => args;
        clock_res_get(id: u32, resolution: u32) => clock;
        clock_time_get(id: u32, precision: u64, time: u32) => clock;
        fd_advise(fd: u32, offset: u64, len: u64, advice: u32);
        fd_allocate(fd: u32, offset: u64, len: u64);
        fd_close(fd: u32) => fd;
        fd_datasync(fd: u32);
        fd_fdstat_get(fd: u32, stat: u32) => fd;
        fd_fdstat_set_flags(fd: u32, flags: u32);
        fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64);
        fd_filestat_get(fd: u32, stat: u32);
        fd_filestat_set_size(fd: u32, size: u64);
        fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32);
        fd_pread(fd: u32, iovs: u32, iovs_len: u32, offset: u64, read: u32);
        fd_prestat_get(fd: u32, prestat: u32) => fd;
        fd_prestat_dir_name(fd: u32, path: u32, path_len: u32);
        fd_pwrite(fd: u32, iovs: u32, iovs_len: u32, offset: u64, written: u32);
        fd_read(fd: u32, iovs: u32, iovs_len: u32, read: u32) => fd;
        fd_readdir(fd: u32, buffer: u32, len: u32, cookie: u64, used: u32);
        fd_renumber(fd: u32, to: u32);
        fd_seek(fd: u32, offset: u64, whence: u32, position: u32) => fd;
        fd_sync(fd: u32);
        fd_tell(fd: u32, position: u32);
        fd_write(fd: u32, iovs: u32, iovs_len: u32, written: u32) => fd;
        path_create_directory(fd: u32, path: u32, path_len: u32);
        path_filestat_get(fd: u32, flags: u32, path: u32, path_len: u32, stat: u32);
        path_filestat_set_times(
            fd: u32, flags: u32, path: u32, path_len: u32, atim: u64, mtim: u64, fst_flags: u32);
        path_link(
            old_fd: u32, old_flags: u32, old_path: u32, old_len: u32,
            new_fd: u32, new_path: u32, new_len: u32);
        path_open(
            fd: u32, dirflags: u32, path: u32, path_len: u32, oflags: u32,
            base: u64, inheriting: u64, fdflags: u32, opened: u32);
        path_readlink(fd: u32, path: u32, path_len: u32, buffer: u32, len: u32, used: u32);
        path_remove_directory(fd: u32, path: u32, path_len: u32);
        path_rename(
            fd: u32, old_path: u32, old_len: u32, new_fd: u32, new_path: u32, new_len: u32);
        path_symlink(old_path: u32, old_len: u32, fd: u32, new_path: u32, new_len: u32);
        path_unlink_file(fd: u32, path: u32, path_len: u32);
        poll_oneoff(subscriptions: u32, events: u32, count: u32, stored: u32);
        proc_raise(signal: u32);
        random_get(buffer: u32, len: u32) => random;
        sched_yield() => proc;
        sock_accept(fd: u32, flags: u32, accepted: u32);
        sock_recv(
            fd: u32, iovs: u32, iovs_len: u32, flags: u32, read: u32, out_flags: u32);
        sock_send(fd: u32, iovs: u32, iovs_len: u32, flags: u32, written: u32);
        sock_shutdown(fd: u32, how: u32);
    }
    linker.func_wrap(MODULE, "proc_exit", |code: u32| -> Result<(), Error> {
        Err(Error::new(I32Exit(code as i32)))
    })?;
    Ok(())
}

/// Runs a function on the context and the guest's memory; what it answers becomes an error number.
fn call<T>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut WasiCtx,
    function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno>,
) -> Result<u32, Error> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(Error::msg("a WASI guest must export its memory as \"memory\""));
    };
    let (bytes, data) = memory.data_and_store_mut(caller);
    Ok(function(get(data), &mut GuestMemory::new(bytes)).map_or_else(|errno| errno as u32, |()| 0))
}
