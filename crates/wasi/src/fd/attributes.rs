//! What is known of a descriptor and its file, and what can be set: `fd_fdstat_*`,
//! `fd_filestat_get`, `fd_filestat_set_times`.

use crate::{
    Dialect, DirPerms, Errno, FilePerms, FileType, GuestMemory, WasiCtx,
    descriptor::Kind,
    fs::{Metadata, SetTime},
    rights,
    types::{fdflags, filestat, flags, fstflags},
};

/// Tells what a descriptor is open to, its flags and its rights.
///
/// Parameters: `fd`; `stat`, where the record goes.
///
/// Errors: `EBADF`; `EFAULT`.
///
/// ```text
/// stat ─▶ ┌──────────┬────────┬────────────┬─────────┬──────────────────┬────────────────────────┐
///         │ u8: type │ 1 byte │ u16: flags │ 4 bytes │ u64: base rights │ u64: inheriting rights │ written
///         └──────────┴────────┴────────────┴─────────┴──────────────────┴────────────────────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_fdstat_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fcntl.html>.
pub fn fd_fdstat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    let file_type = file_type(ctx, fd)?;
    let descriptor = ctx.table.get(fd)?;
    let mut record = [0; 24];
    record[0] = file_type as u8;
    record[2..4].copy_from_slice(&descriptor.flags.to_le_bytes());
    record[8..16].copy_from_slice(&descriptor.rights.base.to_le_bytes());
    record[16..24].copy_from_slice(&descriptor.rights.inheriting.to_le_bytes());
    memory.write(stat, &record)
}

fn file_type(ctx: &mut WasiCtx, fd: u32) -> Result<FileType, Errno> {
    let terminal = match ctx.table.get(fd)?.kind {
        Kind::File(ref file) => return Ok(file.file_type),
        Kind::Directory(_) => return Ok(FileType::Directory),
        Kind::Listener(_) | Kind::Connection(_) => return Ok(FileType::SocketStream),
        Kind::Input(index) => ctx.input(index)?.is_terminal(),
        Kind::Output(index) => ctx.output(index)?.is_terminal(),
    };
    Ok(if terminal { FileType::CharacterDevice } else { FileType::Unknown })
}

/// Sets the flags of a descriptor: all of them can be changed at any time.
///
/// Parameters: `fd`; `new_flags`: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync.
///
/// Errors: `EBADF`; `EINVAL` if there is no such flag; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_fdstat_set_flags>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fcntl.html>.
pub fn fd_fdstat_set_flags(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    new_flags: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check(rights::FD_FDSTAT_SET_FLAGS)?;
    let new_flags = flags(new_flags, fdflags::ALL)?;
    descriptor.flags = new_flags;
    Ok(())
}

/// Gives up rights of a descriptor. From then on what they allow is refused.
///
/// Parameters: `fd`; `base`, the rights that are kept; `inheriting`, those that are kept for what
/// is opened in it.
///
/// Errors: `EBADF`; `ENOTCAPABLE` if a right would be added.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_fdstat_set_rights>,
/// and has no POSIX counterpart.
pub fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    base: u64,
    inheriting: u64,
) -> Result<(), Errno> {
    ctx.table.get_mut(fd)?.rights.shrink(base, inheriting)
}

/// Tells what is known of what a descriptor is open to. Of streams and sockets, that is the type
/// only.
///
/// Parameters: `fd`; `stat`, where the record goes.
///
/// Errors: `EBADF`; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// stat ─▶ ┌──────────┬──────────┬──────────┬─────────┬────────────┬───────────┬───────────┬───────────┬───────────┐
///         │ u64: dev │ u64: ino │ u8: type │ 7 bytes │ u64: nlink │ u64: size │ u64: atim │ u64: mtim │ u64: ctim │ written
///         └──────────┴──────────┴──────────┴─────────┴────────────┴───────────┴───────────┴───────────┴───────────┘
/// ```
///
/// In `wasi_unstable` only 3 bytes follow the type, and `nlink` is a u32.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_filestat_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fstat.html>.
pub fn fd_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    dialect: Dialect,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    descriptor.check(rights::FD_FILESTAT_GET)?;
    let metadata = match descriptor.kind {
        Kind::File(ref file) => ctx.filesystems[file.fs].metadata(file.handle)?,
        Kind::Directory(ref dir) => ctx.filesystems[dir.fs].metadata(dir.handle)?,
        _ => Metadata {
            device: 0,
            inode: 0,
            file_type: file_type(ctx, fd)?,
            links: 0,
            size: 0,
            accessed: 0,
            modified: 0,
            changed: 0,
        },
    };
    let (record, len) = filestat(dialect, &metadata);
    memory.write(stat, &record[..len])
}

/// Sets the times of what a descriptor is open to.
///
/// Parameters: `fd`; `atim` and `mtim`, nanoseconds since 1970; `fst_flags`, which of them are set:
/// 1 `atim`, 2 last access to now, 4 `mtim`, 8 last change to now.
///
/// Errors: `EBADF`; `EINVAL` if there is no such flag, a time is set twice, or it has no times;
/// `EROFS` if the preopened directory can't be changed; `EPERM`; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_filestat_set_times>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/futimens.html>.
pub fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    atim: u64,
    mtim: u64,
    fst_flags: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    descriptor.check(rights::FD_FILESTAT_SET_TIMES)?;
    let (accessed, modified) = times(atim, mtim, fst_flags)?;
    let (fs, handle, allowed) = match &descriptor.kind {
        Kind::File(file) => (file.fs, file.handle, file.perms.contains(FilePerms::WRITE)),
        Kind::Directory(dir) => (dir.fs, dir.handle, dir.perms.contains(DirPerms::MUTATE)),
        _ => return Err(Errno::Inval),
    };
    if !allowed {
        return Err(Errno::RoFs);
    }
    let now = ctx.time(0).unwrap_or(u64::MAX);
    let fs = ctx.filesystems[fs].as_mut();
    fs.set_now(&|| now);
    fs.set_times(handle, accessed, modified)
}

/// What the flags say of the times of access and of change.
pub(crate) fn times(atim: u64, mtim: u64, fst_flags: u32) -> Result<(SetTime, SetTime), Errno> {
    let flags = flags(fst_flags, fstflags::ALL)?;
    let time = |given, now, time| match (flags & given != 0, flags & now != 0) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(SetTime::At(time)),
        (false, true) => Ok(SetTime::Now),
        (false, false) => Ok(SetTime::Keep),
    };
    let accessed = time(fstflags::ATIM, fstflags::ATIM_NOW, atim)?;
    Ok((accessed, time(fstflags::MTIM, fstflags::MTIM_NOW, mtim)?))
}
