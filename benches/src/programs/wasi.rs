//! The functions of `wasi_snapshot_preview1` as [`HostFn`]s: those of `windlass-wasi`, on memory as
//! bytes. So every engine gets the same answers.

use super::host::{Error, HostFn, Value, World};
use std::slice::Iter;
use windlass_wasi::{Dialect, Errno, GuestMemory, preview1};

/// The arguments that are left.
struct Args<'a>(Iter<'a, Value>);

impl Args<'_> {
    fn next(&mut self) -> Result<Value, Error> {
        Ok(*self.0.next().ok_or("too few arguments")?)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.next()?.u32()
    }

    fn u64(&mut self) -> Result<u64, Error> {
        self.next()?.u64()
    }
}

fn answer(result: Result<(), Errno>) -> Value {
    Value::from(result.map_or_else(|errno| errno as u32, |()| 0))
}

macro_rules! functions {
    ($($name:ident($($ty:ident),*) $([$dialect:ident])?;)*) => {
        /// The function of that name.
        pub(super) fn named(name: &str) -> Option<HostFn> {
            $(
                fn $name(
                    world: &mut World,
                    memory: &mut [u8],
                    args: &[Value],
                ) -> Result<Option<Value>, Error> {
                    let mut _args = Args(args.iter());
                    Ok(Some(answer(preview1::$name(
                        &mut world.wasi,
                        &mut GuestMemory::new(memory),
                        $(Dialect::$dialect,)?
                        $(_args.$ty()?),*
                    ))))
                }
            )*
            match name {
                $(stringify!($name) => Some($name),)*
                "proc_exit" => Some(proc_exit),
                _ => None,
            }
        }
    };
}

functions! {
    args_get(u32, u32);
    args_sizes_get(u32, u32);
    clock_res_get(u32, u32);
    clock_time_get(u32, u64, u32);
    environ_get(u32, u32);
    environ_sizes_get(u32, u32);
    fd_advise(u32, u64, u64, u32);
    fd_allocate(u32, u64, u64);
    fd_close(u32);
    fd_datasync(u32);
    fd_fdstat_get(u32, u32);
    fd_fdstat_set_flags(u32, u32);
    fd_fdstat_set_rights(u32, u64, u64);
    fd_filestat_get(u32, u32) [Preview1];
    fd_filestat_set_size(u32, u64);
    fd_filestat_set_times(u32, u64, u64, u32);
    fd_pread(u32, u32, u32, u64, u32);
    fd_prestat_dir_name(u32, u32, u32);
    fd_prestat_get(u32, u32);
    fd_pwrite(u32, u32, u32, u64, u32);
    fd_read(u32, u32, u32, u32);
    fd_readdir(u32, u32, u32, u64, u32);
    fd_renumber(u32, u32);
    fd_seek(u32, u64, u32, u32) [Preview1];
    fd_sync(u32);
    fd_tell(u32, u32);
    fd_write(u32, u32, u32, u32);
    path_create_directory(u32, u32, u32);
    path_filestat_get(u32, u32, u32, u32, u32) [Preview1];
    path_filestat_set_times(u32, u32, u32, u32, u64, u64, u32);
    path_link(u32, u32, u32, u32, u32, u32, u32);
    path_open(u32, u32, u32, u32, u32, u64, u64, u32, u32);
    path_readlink(u32, u32, u32, u32, u32, u32);
    path_remove_directory(u32, u32, u32);
    path_rename(u32, u32, u32, u32, u32, u32);
    path_symlink(u32, u32, u32, u32, u32);
    path_unlink_file(u32, u32, u32);
    poll_oneoff(u32, u32, u32, u32) [Preview1];
    random_get(u32, u32);
    sched_yield();
}

fn proc_exit(world: &mut World, _: &mut [u8], args: &[Value]) -> Result<Option<Value>, Error> {
    let code = Args(args.iter()).u32()?;
    world.exit = Some(code);
    Err(format!("exit with {code}").into())
}
