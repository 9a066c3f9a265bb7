//! `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`: bytes between a descriptor and buffers of the guest. Buffers are
//! handed on where they lie, several at once; nothing is allocated.

use crate::{
    Errno, GuestMemory, WasiCtx, ctx::FileRef, descriptor::Kind, memory::BATCH, rights,
    types::fdflags,
};
use core::time::Duration;

/// Reads from where the descriptor is, which then moves on.
///
/// Files fill all buffers as far as they reach. Streams and connections fill no more than the first
/// buffer: reading on could wait although there is something to return.
///
/// Parameters: `fd`; `iovs`, the list of buffers, and `iovs_len`, how many; `read`, where the count of bytes goes. 0 is
/// the end.
///
/// Errors: `EBADF` if it is not open to be read; `ENOTCAPABLE` if the right was given up; `EISDIR` for a directory;
/// `EAGAIN` if it would wait and has the flag `NONBLOCK`; `EFAULT`; errors of the host.
///
/// ```text
/// iovs ─▶ ┌──────────┬──────────┬──────────┬──────────┬─
///         │ u32: ptr │ u32: len │ u32: ptr │ u32: len │ ... iovs_len times
///         └────┬─────┴──────────┴──────────┴──────────┴─
///              └─▶ ┌───────────┐       read ─▶ ┌─────┐
///                  │ len bytes │ written       │ u32 │ written
///                  └───────────┘               └─────┘
/// ```
pub fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    read: u32,
) -> Result<(), Errno> {
    memory.check(read, 4)?;
    let descriptor = ctx.table.get(fd)?;
    let nonblocking = descriptor.flags & fdflags::NONBLOCK != 0;
    let count = match descriptor.kind {
        Kind::File(_) => {
            let FileRef { file, fs, .. } = ctx.file(fd, rights::FD_READ, Errno::BadF)?;
            if !file.read {
                return Err(Errno::BadF);
            }
            if file.seekable() {
                let count = scatter(memory, iovs, iovs_len, |buffers, done| {
                    fs.read_at(file.handle, buffers, file.offset + u64::from(done))
                })?;
                file.offset += u64::from(count);
                count
            } else {
                once(memory, iovs, iovs_len, |buffer| fs.read(file.handle, &mut [buffer]))?
            }
        }
        Kind::Input(index) => {
            descriptor.check(rights::FD_READ)?;
            let stream = ctx.input(index)?;
            if nonblocking && !stream.is_ready(Duration::ZERO)? {
                return Err(Errno::Again);
            }
            once(memory, iovs, iovs_len, |buffer| stream.read(buffer))?
        }
        #[cfg(feature = "std")]
        Kind::Connection(index) => {
            descriptor.check(rights::FD_READ)?;
            let socket = ctx.socket(index)?;
            once(memory, iovs, iovs_len, |buffer| socket.receive(&mut [buffer], false))?
        }
        Kind::Directory(_) => return Err(Errno::IsDir),
        _ => return Err(Errno::BadF),
    };
    memory.write_u32(read, count)
}

/// Writes to where the descriptor is, which then moves on; with the flag `APPEND`, to the end of the file.
///
/// Parameters: `fd`; `iovs`, the list of buffers, and `iovs_len`, how many; `written`, where the count of bytes goes.
/// It can be less than all.
///
/// Errors: `EBADF` if it is not open to be written; `ENOTCAPABLE` if the right was given up; `EISDIR` for a directory;
/// `ENOSPC`; `EFBIG`; `EPIPE`; `EAGAIN` if it would wait and has the flag `NONBLOCK`; `EFAULT`; errors of the host.
///
/// ```text
/// iovs ─▶ ┌──────────┬──────────┬──────────┬──────────┬─
///         │ u32: ptr │ u32: len │ u32: ptr │ u32: len │ ... iovs_len times
///         └────┬─────┴──────────┴──────────┴──────────┴─
///              └─▶ ┌───────────┐    written ─▶ ┌─────┐
///                  │ len bytes │ read          │ u32 │ written
///                  └───────────┘               └─────┘
/// ```
pub fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    written: u32,
) -> Result<(), Errno> {
    memory.check(written, 4)?;
    let descriptor = ctx.table.get(fd)?;
    let nonblocking = descriptor.flags & fdflags::NONBLOCK != 0;
    let count = match descriptor.kind {
        Kind::File(_) => write_file(ctx, memory, fd, iovs, iovs_len)?,
        Kind::Output(index) => {
            descriptor.check(rights::FD_WRITE)?;
            let stream = ctx.output(index)?;
            if nonblocking && !stream.is_ready(Duration::ZERO)? {
                return Err(Errno::Again);
            }
            gather(memory, iovs, iovs_len, |buffers, _| stream.write(buffers))?
        }
        #[cfg(feature = "std")]
        Kind::Connection(index) => {
            descriptor.check(rights::FD_WRITE)?;
            let socket = ctx.socket(index)?;
            gather(memory, iovs, iovs_len, |buffers, _| socket.send(buffers))?
        }
        Kind::Directory(_) => return Err(Errno::IsDir),
        _ => return Err(Errno::BadF),
    };
    memory.write_u32(written, count)
}

fn write_file(
    ctx: &mut WasiCtx,
    memory: &GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
) -> Result<u32, Errno> {
    let FileRef { file, fs, flags } = ctx.changed_file(fd, rights::FD_WRITE, Errno::BadF)?;
    if !file.write {
        return Err(Errno::BadF);
    }
    if !file.seekable() {
        return gather(memory, iovs, iovs_len, |buffers, _| fs.write(file.handle, buffers));
    }
    let mut offset = file.offset;
    let count = gather(memory, iovs, iovs_len, |buffers, _| {
        if flags & fdflags::APPEND != 0 {
            let (count, end) = fs.append(file.handle, buffers)?;
            offset = end;
            Ok(count)
        } else {
            let count = fs.write_at(file.handle, buffers, offset)?;
            offset += count as u64;
            Ok(count)
        }
    })?;
    file.offset = offset;
    store(&mut FileRef { file, fs, flags })?;
    Ok(count)
}

/// Waits until what was written is stored, if the flags say so.
fn store(FileRef { file, fs, flags }: &mut FileRef<'_>) -> Result<(), Errno> {
    if *flags & fdflags::SYNC != 0 {
        fs.sync(file.handle, false)
    } else if *flags & fdflags::DSYNC != 0 {
        fs.sync(file.handle, true)
    } else {
        Ok(())
    }
}

/// Reads from a place in a file. The descriptor stays where it is.
///
/// Parameters: as [`fd_read`]; `offset`, the place.
///
/// Errors: as [`fd_read`]; `ESPIPE` if it has no places; `EINVAL` if the offset is beyond 2^63.
pub fn fd_pread(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    offset: u64,
    read: u32,
) -> Result<(), Errno> {
    memory.check(read, 4)?;
    let FileRef { file, fs, .. } = ctx.file(fd, rights::FD_READ, Errno::SPipe)?;
    if !file.read {
        return Err(Errno::BadF);
    }
    check_place(file.seekable(), offset)?;
    let count = scatter(memory, iovs, iovs_len, |buffers, done| {
        fs.read_at(file.handle, buffers, offset + u64::from(done))
    })?;
    memory.write_u32(read, count)
}

/// Writes to a place in a file, also with the flag `APPEND`. The descriptor stays where it is.
///
/// Parameters: as [`fd_write`]; `offset`, the place.
///
/// Errors: as [`fd_write`]; `ESPIPE` if it has no places; `EINVAL` if the offset is beyond 2^63.
pub fn fd_pwrite(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    offset: u64,
    written: u32,
) -> Result<(), Errno> {
    memory.check(written, 4)?;
    let mut opened = ctx.changed_file(fd, rights::FD_WRITE, Errno::SPipe)?;
    let FileRef { file, fs, .. } = &mut opened;
    if !file.write {
        return Err(Errno::BadF);
    }
    check_place(file.seekable(), offset)?;
    let count = gather(memory, iovs, iovs_len, |buffers, done| {
        fs.write_at(file.handle, buffers, offset + u64::from(done))
    })?;
    store(&mut opened)?;
    memory.write_u32(written, count)
}

fn check_place(seekable: bool, offset: u64) -> Result<(), Errno> {
    match i64::try_from(offset) {
        _ if !seekable => Err(Errno::SPipe),
        Ok(_) => Ok(()),
        Err(_) => Err(Errno::Inval),
    }
}

/// Writes all buffers, a batch at a time, until less than all of a batch is taken. `write` also gets how much
/// was written before.
pub(crate) fn gather(
    memory: &GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    mut write: impl FnMut(&[&[u8]], u32) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    let mut total = 0u32;
    let mut index = 0;
    while index < iovs_len {
        let batch = (iovs_len - index).min(BATCH as u32);
        match memory.gather(iovs, index, batch, |buffers| write_some(buffers, total, &mut write)) {
            Ok((count, wanted)) => {
                total += count as u32;
                if (count as u64) < wanted {
                    break;
                }
            }
            // What was already written is told first; the error comes back with the next call.
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
        index += batch;
    }
    Ok(total)
}

/// Writes buffers, if all that is written can still be told to the guest.
fn write_some(
    buffers: &[&[u8]],
    before: u32,
    write: &mut impl FnMut(&[&[u8]], u32) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let wanted: u64 = buffers.iter().map(|buffer| buffer.len() as u64).sum();
    if wanted == 0 {
        return Ok(0);
    }
    let room = u32::MAX - before;
    if wanted <= u64::from(room) {
        return write(buffers, before);
    }
    // Buffers may overlap, so that together they are longer than the memory.
    let Some(first) = buffers.iter().find(|buffer| !buffer.is_empty()) else { return Ok(0) };
    let first = &first[..first.len().min(room as usize)];
    if first.is_empty() { Ok(0) } else { write(&[first], before) }
}

/// Fills all buffers, a batch at a time, until less than all of a batch is filled. `read` also gets how
/// much was read before.
fn scatter(
    memory: &mut GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    mut read: impl FnMut(&mut [&mut [u8]], u32) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    let mut total = 0u32;
    let mut index = 0;
    while index < iovs_len {
        let done = memory.scatter(iovs, index, iovs_len - index, |buffers| {
            let wanted: u64 = buffers.iter().map(|buffer| buffer.len() as u64).sum();
            match wanted {
                0 => Ok(0),
                // More could not be told to the guest. Only buffers that overlap are so long.
                _ if wanted > u64::from(u32::MAX - total) => Ok(0),
                _ => read(buffers, total),
            }
        });
        match done {
            Ok((count, wanted, buffers)) => {
                total += count as u32;
                if (count as u64) < wanted {
                    break;
                }
                index += buffers;
            }
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(total)
}

/// Fills the first buffer that has room, by one call of `read`.
pub(crate) fn once(
    memory: &mut GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    read: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    for index in 0..iovs_len {
        let (ptr, len) = memory.iovec(iovs, index)?;
        memory.check(ptr, len)?;
        if len > 0 {
            return Ok(memory.fill(ptr, len, read)? as u32);
        }
    }
    Ok(0)
}
