//! `fd_*`: functions on open descriptors. A file for each kind: reading and writing; the file's
//! place and size; listing of directories; what is known and set. Here: closing and renumbering,
//! and preopened directories.

pub(crate) mod attributes;
pub(crate) mod io;
pub(crate) mod listing;
pub(crate) mod space;

use crate::{Errno, GuestMemory, WasiCtx, descriptor::Kind, fuel};

/// Closes a descriptor. Its number is free again.
///
/// Parameters: `fd`.
///
/// Errors: `EBADF` if it is not open.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_close>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/close.html>.
pub fn fd_close(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    let descriptor = ctx.table.remove(fd)?;
    ctx.release(descriptor);
    Ok(())
}

/// Moves a descriptor to another number. What was open there is closed; the old number is free.
///
/// Parameters: `fd`, the old number; `to`, the new one, which is also open.
///
/// Errors: `EBADF` if one of them is not open.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_renumber>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/dup2.html>.
pub fn fd_renumber(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    to: u32,
) -> Result<(), Errno> {
    if let Some(replaced) = ctx.table.renumber(fd, to)? {
        ctx.release(replaced);
    }
    Ok(())
}

/// Tells of a directory that was opened for the guest. A guest asks for 3, 4, ... until an error.
///
/// Parameters: `fd`; `prestat`, where the record goes.
///
/// Errors: `EBADF` if it is not open, or was not opened for the guest; `EFAULT`.
///
/// ```text
/// prestat ─▶ ┌─────────┬─────────┬───────────────┐
///            │ tag u8  │ 3 bytes │ u32: length   │ written
///            │ 0 = dir │         │ of its name   │
///            └─────────┴─────────┴───────────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_prestat_get>,
/// and has no POSIX counterpart.
pub fn fd_prestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    prestat: u32,
) -> Result<(), Errno> {
    match preopen(ctx, fd) {
        Ok(name) => {
            let len = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
            let mut record = [0; 8];
            record[4..8].copy_from_slice(&len.to_le_bytes());
            memory.write(prestat, &record)
        }
        Err(error) => {
            ctx.note_no_directory(fd);
            Err(error)
        }
    }
}

/// Tells the name of a directory that was opened for the guest. It has no NUL at its end.
///
/// Parameters: `fd`; `path` and `path_len`, the buffer for the name.
///
/// Errors: `EBADF` as [`fd_prestat_get`]; `ENAMETOOLONG` if the buffer is too short; `EFAULT`.
///
/// ```text
/// path ─▶ ┌───┬───┬───┬───┬───┬─────────────┐
///         │ / │ d │ a │ t │ a │ not touched │ path_len bytes
///         └───┴───┴───┴───┴───┴─────────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_prestat_dir_name>,
/// and has no POSIX counterpart.
pub fn fd_prestat_dir_name(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let name = preopen(ctx, fd)?;
    if name.len() > path_len as usize {
        return Err(Errno::NameTooLong);
    }
    memory.charge(fuel::bytes(name.len() as u64));
    memory.write(path, name.as_bytes())
}

/// The guest's name of a preopened directory.
fn preopen(ctx: &WasiCtx, fd: u32) -> Result<&str, Errno> {
    match &ctx.table.get(fd)?.kind {
        Kind::Directory(dir) => dir.preopen.as_deref().ok_or(Errno::BadF),
        _ => Err(Errno::BadF),
    }
}
