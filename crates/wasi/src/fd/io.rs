//! `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`: bytes between a descriptor and buffers of the
//! guest. Buffers are handed on where they lie, several at once; nothing is allocated but a piece
//! at a time where other threads use the memory. A call transfers at most as much as the memory
//! has, and looks between pieces whether it is to end.

use crate::{
    Errno, GuestMemory, WasiCtx,
    ctx::FileRef,
    descriptor::Kind,
    fuel,
    iovecs::{Buffers, Iovecs},
    rights,
    types::fdflags,
};

/// Reads from where the descriptor is, which then moves on.
///
/// Files fill all buffers as far as they reach. Streams and connections fill no more than the first
/// buffer: reading on could wait although there is something to return.
///
/// Parameters: `fd`; `iovs`, the list of buffers, and `iovs_len`, how many; `read`, where the count
/// of bytes goes. 0 is the end.
///
/// Errors: `EBADF` if it is not open to be read; `ENOTCAPABLE` if the right was given up; `EISDIR`
/// for a directory; `EAGAIN` if it would wait and has the flag `NONBLOCK`; `EINTR` if it waits and
/// is interrupted; `EFAULT`; errors of the host.
///
/// ```text
/// iovs ─▶ ┌──────────┬──────────┬──────────┬──────────┬─
///         │ u32: ptr │ u32: len │ u32: ptr │ u32: len │ ... iovs_len times
///         └────┬─────┴──────────┴──────────┴──────────┴─
///              └─▶ ┌───────────┐       read ─▶ ┌─────┐
///                  │ len bytes │ written       │ u32 │ written
///                  └───────────┘               └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_read>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/readv.html>.
pub fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    read: u32,
) -> Result<(), Errno> {
    memory.check(read, 4)?;
    let count = match check(ctx, fd, false)? {
        Access::Places => {
            let FileRef { file, fs, .. } = ctx.file(fd, rights::FD_READ, Errno::BadF)?;
            let count = scatter(memory, iovs, iovs_len, |buffers, done| {
                fs.read_at(file.handle, buffers, file.offset + u64::from(done))
            })?;
            file.offset += u64::from(count);
            count
        }
        Access::Stream => stream(ctx, memory, fd, iovs, iovs_len, READ, |ctx, memory, buffers| {
            let read = |buffers: &mut [&mut [u8]]| ctx.receive(fd, buffers, false);
            Ok(memory.scatter(&buffers.first(), read)?.0)
        })?,
    };
    memory.write_u32(read, count)
}

/// Writes to where the descriptor is, which then moves on; with the flag `APPEND`, to the end of
/// the file.
///
/// Parameters: `fd`; `iovs`, the list of buffers, and `iovs_len`, how many; `written`, where the
/// count of bytes goes. It can be less than all.
///
/// Errors: `EBADF` if it is not open to be written; `ENOTCAPABLE` if the right was given up;
/// `EISDIR` for a directory; `ENOSPC`; `EFBIG`; `EPIPE`; `EAGAIN` if it would wait and has the flag
/// `NONBLOCK`; `EINTR` if it is interrupted before anything is written; `EFAULT`; errors of the
/// host.
///
/// ```text
/// iovs ─▶ ┌──────────┬──────────┬──────────┬──────────┬─
///         │ u32: ptr │ u32: len │ u32: ptr │ u32: len │ ... iovs_len times
///         └────┬─────┴──────────┴──────────┴──────────┴─
///              └─▶ ┌───────────┐    written ─▶ ┌─────┐
///                  │ len bytes │ read          │ u32 │ written
///                  └───────────┘               └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_write>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/writev.html>.
pub fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    written: u32,
) -> Result<(), Errno> {
    memory.check(written, 4)?;
    let count = match check(ctx, fd, true)? {
        Access::Places => write_file(ctx, memory, fd, iovs, iovs_len)?,
        Access::Stream => {
            stream(ctx, memory, fd, iovs, iovs_len, WRITE, |ctx, memory, buffers| {
                memory.gather(buffers, |buffers| ctx.send(fd, buffers))
            })?
        }
    };
    memory.write_u32(written, count)
}

/// How a descriptor is read or written.
enum Access {
    /// It has offsets, and never waits for long.
    Places,
    /// It comes and goes.
    Stream,
}

/// Checks that a descriptor can be read (or written) at all.
fn check(ctx: &WasiCtx, fd: u32, writing: bool) -> Result<Access, Errno> {
    let descriptor = ctx.table.get(fd)?;
    let (allowed, places) = match &descriptor.kind {
        Kind::File(file) => (if writing { file.write } else { file.read }, file.seekable()),
        Kind::Input(_) => (!writing, false),
        Kind::Output(_) => (writing, false),
        Kind::Connection(_) => (true, false),
        Kind::Directory(_) => return Err(Errno::IsDir),
        Kind::Listener(_) => (false, false),
    };
    if !allowed {
        return Err(Errno::BadF);
    }
    descriptor.check(if writing { rights::FD_WRITE } else { rights::FD_READ })?;
    Ok(if places { Access::Places } else { Access::Stream })
}

impl WasiCtx {
    /// Reads from a stream that is ready, or only looks at what could be read.
    pub(crate) fn receive(
        &mut self,
        fd: u32,
        buffers: &mut [&mut [u8]],
        peek: bool,
    ) -> Result<usize, Errno> {
        let [buffer, ..] = &mut *buffers else { return Ok(0) };
        match self.table.get(fd)?.kind {
            Kind::File(_) => {
                let FileRef { file, fs, .. } = self.file(fd, rights::FD_READ, Errno::BadF)?;
                fs.read(file.handle, buffers)
            }
            Kind::Input(index) => self.input(index)?.read(buffer),
            #[cfg(feature = "std")]
            Kind::Connection(index) => self.socket(index)?.receive(buffer, peek),
            _ => {
                let _ = peek;
                Err(Errno::BadF)
            }
        }
    }

    /// Writes some bytes to a stream that is ready.
    pub(crate) fn send(&mut self, fd: u32, buffers: &[&[u8]]) -> Result<usize, Errno> {
        match self.table.get(fd)?.kind {
            Kind::File(_) => {
                let FileRef { file, fs, .. } =
                    self.changed_file(fd, rights::FD_WRITE, Errno::BadF)?;
                fs.write(file.handle, buffers)
            }
            Kind::Output(index) => self.output(index)?.write(buffers),
            #[cfg(feature = "std")]
            Kind::Connection(index) => self.socket(index)?.send(buffers),
            _ => Err(Errno::BadF),
        }
    }
}

/// How a stream is used: whether it is written, and whether all buffers are to be transferred.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) writing: bool,
    pub(crate) all: bool,
}

const READ: Way = Way { writing: false, all: false };
pub(crate) const WRITE: Way = Way { writing: true, all: true };

/// Transfers buffers from or to a stream: waits until it is ready, lets `step` transfer some, and
/// goes on if all are wanted. What was transferred when an error comes is told first; the error
/// comes back with the next call.
pub(crate) fn stream(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    Way { writing, all }: Way,
    mut step: impl FnMut(&mut WasiCtx, &mut GuestMemory<'_>, &Buffers) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    let mut iovecs = Iovecs::new(memory, iovs, iovs_len);
    let done = loop {
        let buffers = iovecs.next(memory);
        let result = buffers.and_then(|buffers| {
            if buffers.len() == 0 {
                return Ok(0);
            }
            ctx.await_ready(memory, fd, writing)?;
            let mut count = step(ctx, memory, &buffers);
            while count == Err(Errno::Again) && ctx.says_again(fd) {
                // Another one was quicker.
                ctx.await_again(memory, fd, writing)?;
                count = step(ctx, memory, &buffers);
            }
            iovecs.advance(memory, &buffers, count?);
            count
        });
        let done = memory.progress.bytes;
        match result {
            Err(error) if done == 0 || ctx.is_put_off() => return Err(error),
            Ok(0) | Err(_) => break done,
            Ok(_) if !all || memory.interrupted() => break done,
            Ok(_) => {}
        }
    };
    memory.charge(fuel::bytes(done));
    Ok(done)
}

fn write_file(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
) -> Result<u32, Errno> {
    let FileRef { file, fs, flags } = ctx.changed_file(fd, rights::FD_WRITE, Errno::BadF)?;
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
    store(memory, &mut FileRef { file, fs, flags })?;
    Ok(count)
}

/// Waits until what was written is stored, if the flags say so.
fn store(
    memory: &GuestMemory<'_>,
    FileRef { file, fs, flags }: &mut FileRef<'_>,
) -> Result<(), Errno> {
    if *flags & (fdflags::SYNC | fdflags::DSYNC) != 0 {
        memory.charge(fuel::STORED);
    }
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
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_pread>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/pread.html>.
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
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_pwrite>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/pwrite.html>.
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
    store(memory, &mut opened)?;
    memory.write_u32(written, count)
}

fn check_place(seekable: bool, offset: u64) -> Result<(), Errno> {
    match i64::try_from(offset) {
        _ if !seekable => Err(Errno::SPipe),
        Ok(_) => Ok(()),
        Err(_) => Err(Errno::Inval),
    }
}

/// Writes all buffers to a file, a piece at a time, until less than all of a piece is taken.
/// `write` also gets how much was written before.
fn gather(
    memory: &mut GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    mut write: impl FnMut(&[&[u8]], u32) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    pieces(memory, iovs, iovs_len, |memory, buffers, done| {
        let count = memory.gather(buffers, |buffers| write(buffers, done))?;
        Ok((count, buffers.len()))
    })
}

/// Fills all buffers from a file, a piece at a time, until less than all of a piece is filled.
/// `read` also gets how much was read before.
fn scatter(
    memory: &mut GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    mut read: impl FnMut(&mut [&mut [u8]], u32) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    pieces(memory, iovs, iovs_len, |memory, buffers, done| {
        memory.scatter(buffers, |buffers| read(buffers, done))
    })
}

/// Transfers buffers, a piece at a time: `transfer` tells how many bytes it did, of how many.
fn pieces(
    memory: &mut GuestMemory<'_>,
    iovs: u32,
    iovs_len: u32,
    mut transfer: impl FnMut(&mut GuestMemory<'_>, &Buffers, u32) -> Result<(usize, usize), Errno>,
) -> Result<u32, Errno> {
    let mut iovecs = Iovecs::new(memory, iovs, iovs_len);
    loop {
        let done = memory.progress.bytes;
        let result = iovecs.next(memory).and_then(|buffers| {
            let (count, wanted) = match buffers.len() {
                0 => (0, 1),
                _ => transfer(memory, &buffers, done)?,
            };
            iovecs.advance(memory, &buffers, count);
            Ok(count < wanted || memory.interrupted())
        });
        match result {
            // What was already transferred is told first; the error comes back with the next call.
            Err(error) if done == 0 => return Err(error),
            Ok(true) | Err(_) => break,
            Ok(false) => {}
        }
    }
    memory.charge(fuel::bytes(memory.progress.bytes));
    Ok(memory.progress.bytes)
}
