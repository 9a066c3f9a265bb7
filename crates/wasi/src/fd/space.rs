//! Where a descriptor is in its file, and the file's room: `fd_seek`, `fd_tell`, `fd_advise`,
//! `fd_allocate`, `fd_filestat_set_size`, `fd_sync`, `fd_datasync`.

use crate::{
    Dialect, Errno, FilePerms, GuestMemory, WasiCtx, ctx::FileRef, descriptor::Kind, fs::Advice,
    fuel, rights,
};

/// Moves a descriptor in its file. It may move beyond the end: writing there fills the gap with
/// zeros.
///
/// Parameters: `fd`; `offset`, how far, as an i64; `whence`, from where: 0 from the start, 1 from
/// where it is, 2 from the end (in `wasi_unstable` 2, 0 and 1); `position`, where the new place
/// goes.
///
/// Errors: `EBADF`; `EISDIR` for a directory; `ESPIPE` if it has no places; `EINVAL` if the new
/// place is before the start, or `whence` is none of these; `EOVERFLOW` if it is beyond 2^63;
/// `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// position ─▶ ┌─────┐
///             │ u64 │ written
///             └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_seek>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/lseek.html>.
pub fn fd_seek(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    dialect: Dialect,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
) -> Result<(), Errno> {
    let FileRef { file, fs, .. } = ctx.file(fd, rights::FD_SEEK, Errno::SPipe)?;
    if !file.seekable() {
        return Err(Errno::SPipe);
    }
    let base = match (dialect, whence) {
        (Dialect::Preview1, 0) | (Dialect::Unstable, 2) => 0,
        (Dialect::Preview1, 1) | (Dialect::Unstable, 0) => file.offset,
        (Dialect::Preview1, 2) | (Dialect::Unstable, 1) => fs.metadata(file.handle)?.size,
        _ => return Err(Errno::Inval),
    };
    let place = i128::from(base) + i128::from(offset as i64);
    if place < 0 {
        return Err(Errno::Inval);
    }
    let place = i64::try_from(place).map_err(|_| Errno::Overflow)? as u64;
    memory.write_u64(position, place)?;
    file.offset = place;
    Ok(())
}

/// Tells where a descriptor is in its file.
///
/// Parameters: `fd`; `position`, where the place goes, a u64.
///
/// Errors: `EBADF`; `EISDIR`; `ESPIPE` if it has no places; `ENOTCAPABLE`; `EFAULT`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_tell>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/lseek.html>.
pub fn fd_tell(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    position: u32,
) -> Result<(), Errno> {
    let FileRef { file, .. } = ctx.file(fd, rights::FD_TELL, Errno::SPipe)?;
    if !file.seekable() {
        return Err(Errno::SPipe);
    }
    memory.write_u64(position, file.offset)
}

/// Tells the host how a part of a file will be used. It need not care.
///
/// Parameters: `fd`; `offset` and `len`, the part, to the end if `len` is 0; `advice`: 0 normal, 1
/// sequential, 2 random, 3 will need, 4 don't need, 5 no reuse.
///
/// Errors: `EBADF`, also for a directory; `ESPIPE` if it has no places; `EINVAL` if there is no
/// such advice or part; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_advise>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_fadvise.html>.
pub fn fd_advise(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    len: u64,
    advice: u32,
) -> Result<(), Errno> {
    let file = ctx.file(fd, rights::FD_ADVISE, Errno::SPipe);
    let FileRef { file, fs, .. } = match file {
        Err(Errno::IsDir) => return Err(Errno::BadF),
        file => file?,
    };
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    };
    if !file.seekable() {
        return Err(Errno::SPipe);
    }
    check_part(offset, len).map_err(|_| Errno::Inval)?;
    fs.advise(file.handle, offset, len, advice)
}

/// Makes sure that a part of a file can be written without running out of room. A file that is
/// shorter than the part becomes longer.
///
/// Parameters: `fd`; `offset` and `len`, the part.
///
/// Errors: `EBADF` if it is not open to be written; `EISDIR`; `ESPIPE` if it has no places;
/// `EINVAL` if `len` is 0; `EFBIG`; `ENOSPC`; `ENOTSUP` if the host can't; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_allocate>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/posix_fallocate.html>.
pub fn fd_allocate(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    len: u64,
) -> Result<(), Errno> {
    let FileRef { file, fs, .. } = ctx.changed_file(fd, rights::FD_ALLOCATE, Errno::SPipe)?;
    if !file.write {
        return Err(Errno::BadF);
    }
    if !file.seekable() {
        return Err(Errno::SPipe);
    }
    if len == 0 {
        return Err(Errno::Inval);
    }
    check_part(offset, len)?;
    // What is there already is looked at, whether there is room for the rest or not.
    let size = fs.metadata(file.handle)?.size;
    let there = size.saturating_sub(offset).min(len);
    memory.charge(fuel::bytes(there));
    fs.allocate(file.handle, offset, len)?;
    memory.charge(fuel::bytes(len) - fuel::bytes(there));
    Ok(())
}

/// A part of a file ends before 2^63.
fn check_part(offset: u64, len: u64) -> Result<(), Errno> {
    let end = offset.checked_add(len).ok_or(Errno::FBig)?;
    i64::try_from(end).map_err(|_| Errno::FBig)?;
    Ok(())
}

/// Cuts a file, or extends it by zeros.
///
/// Parameters: `fd`; `size`, the new size.
///
/// Errors: `EBADF` if it is not open; `EINVAL` if it is not open to be written, has no size, or the
/// size is beyond 2^63; `EISDIR`; `EFBIG`; `ENOSPC`; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_filestat_set_size>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/ftruncate.html>.
pub fn fd_filestat_set_size(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    size: u64,
) -> Result<(), Errno> {
    let right = rights::FD_FILESTAT_SET_SIZE;
    let FileRef { file, fs, .. } = ctx.changed_file(fd, right, Errno::Inval)?;
    if !file.write || !file.perms.contains(FilePerms::WRITE) || !file.seekable() {
        return Err(Errno::Inval);
    }
    i64::try_from(size).map_err(|_| Errno::Inval)?;
    fs.set_size(file.handle, size)
}

/// Waits until what was written, and what is known of the file, is stored.
///
/// Parameters: `fd`, a file or a directory.
///
/// Errors: `EBADF`; `EINVAL` for streams and sockets; `EIO`; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_sync>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html>.
pub fn fd_sync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    sync(ctx, fd, rights::FD_SYNC, false)
}

/// Waits until what was written is stored: see [`fd_sync`].
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_datasync>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/fdatasync.html>.
pub fn fd_datasync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    sync(ctx, fd, rights::FD_DATASYNC, true)
}

fn sync(ctx: &mut WasiCtx, fd: u32, right: u64, data_only: bool) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    descriptor.check(right)?;
    let (fs, handle) = match &descriptor.kind {
        Kind::File(file) => (file.fs, file.handle),
        Kind::Directory(dir) => (dir.fs, dir.handle),
        _ => return Err(Errno::Inval),
    };
    ctx.filesystems[fs].sync(handle, data_only)
}
