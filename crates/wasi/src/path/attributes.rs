//! What is known of what a path leads to, and what can be set: `path_filestat_get`,
//! `path_filestat_set_times`, `path_readlink`.

use super::locate;
use crate::{
    Dialect, Errno, FileType, GuestMemory, WasiCtx,
    descriptor::may_set_times,
    fd::attributes::times,
    fuel, rights,
    types::{filestat, follows},
};

/// Tells what is known of what a path leads to.
///
/// Parameters: `fd`, the directory that the path begins in; `lookupflags`: 1 follow the last
/// component if it is a link; `path` and `path_len`; `stat`, where the record goes, that of
/// [`fd_filestat_get`](crate::preview1::fd_filestat_get).
///
/// Errors: `EBADF`; `ENOTDIR`; `ENOENT`; `ELOOP`; `EPERM` if the path is absolute or leads out of
/// `fd`; `EACCES`; `EINVAL`; `ENAMETOOLONG`; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// path ─▶ ┌────────────────┐     stat ─▶ ┌───────────────────────────┐
///         │ path_len bytes │ read        │ 64 bytes (56 in unstable) │ written
///         └────────────────┘             └───────────────────────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_filestat_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fstatat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    dialect: Dialect,
    fd: u32,
    lookupflags: u32,
    path: u32,
    path_len: u32,
    stat: u32,
) -> Result<(), Errno> {
    let follow = follows(lookupflags)?;
    let mut located = locate(ctx, memory, fd, rights::PATH_FILESTAT_GET, path, path_len)?;
    let (record, len) = filestat(dialect, &located.walk.metadata(follow)?);
    memory.write(stat, &record[..len])
}

/// Sets the times of what a path leads to.
///
/// Parameters: `fd`, `lookupflags`, `path`, `path_len` as [`path_filestat_get`]; `atim`, `mtim`,
/// `fst_flags` as [`fd_filestat_set_times`](crate::preview1::fd_filestat_set_times).
///
/// Errors: as [`path_filestat_get`]; `EINVAL` if a time is set twice; `EROFS` if the preopened
/// directory can't be changed.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_filestat_set_times>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/utimensat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_filestat_set_times(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookupflags: u32,
    path: u32,
    path_len: u32,
    atim: u64,
    mtim: u64,
    fst_flags: u32,
) -> Result<(), Errno> {
    let follow = follows(lookupflags)?;
    let (accessed, modified) = times(atim, mtim, fst_flags)?;
    let mut located = locate(ctx, memory, fd, rights::PATH_FILESTAT_SET_TIMES, path, path_len)?;
    let file_type = located.walk.metadata(follow)?.file_type;
    if !may_set_times(located.dir.perms, located.dir.file_perms, file_type) {
        return Err(Errno::RoFs);
    }
    let dir = located.walk.dir();
    match located.walk.name() {
        None => located.walk.fs.set_times(dir, accessed, modified),
        Some(_) => located
            .walk
            .at(|fs, dir, name| fs.set_times_at(dir, name, accessed, modified), Errno::Inval),
    }
}

/// Tells where a symbolic link leads. What does not fit is left out.
///
/// Parameters: `fd`, the directory that the path begins in; `path` and `path_len`; `buffer` and
/// `len`, where the target goes; `used`, where the count of its bytes goes.
///
/// Errors: `EINVAL` if it is no link; `EILSEQ` if it leads to what is not UTF-8; else as
/// [`path_filestat_get`].
///
/// ```text
/// path ─▶ ┌────────────────┐     buffer ─▶ ┌────────┬─────────────┐     used ─▶ ┌─────┐
///         │ path_len bytes │ read          │ target │ not touched │            │ u32 │ written
///         └────────────────┘               └────────┴─────────────┘            └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_readlink>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/readlinkat.html>.
#[allow(clippy::too_many_arguments)]
pub fn path_readlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
    buffer: u32,
    len: u32,
    used: u32,
) -> Result<(), Errno> {
    memory.check(used, 4)?;
    memory.check(buffer, len)?;
    let mut located = locate(ctx, memory, fd, rights::PATH_READLINK, path, path_len)?;
    let walk = &mut located.walk;
    if walk.slash() && walk.metadata(true)?.file_type == FileType::Directory {
        return Err(Errno::Inval);
    }
    let target = walk.at(|fs, dir, name| fs.read_link(dir, name), Errno::Inval)?;
    core::str::from_utf8(&target).map_err(|_| Errno::IlSeq)?;
    let count = target.len().min(len as usize);
    drop(located);
    memory.charge(fuel::bytes(count as u64));
    memory.write(buffer, &target[..count])?;
    memory.write_u32(used, count as u32)
}
