//! `fd_*`: the table of descriptors, and reading, writing and asking about them. The only descriptors of
//! this layer are the three standard streams; none is a directory.

use crate::{
    WasiCtx,
    abi::{Errno, FileType, GuestMemory, rights},
    stdio::{InputStream, OutputStream},
};
use std::io::IoSlice;

/// What a descriptor is open to.
pub(crate) enum Descriptor {
    Input(Box<dyn InputStream>),
    Output(Box<dyn OutputStream>),
}

impl Descriptor {
    fn file_type(&self) -> FileType {
        let terminal = match self {
            Descriptor::Input(stream) => stream.is_terminal(),
            Descriptor::Output(stream) => stream.is_terminal(),
        };
        if terminal { FileType::CharacterDevice } else { FileType::Unknown }
    }

    fn rights(&self) -> u64 {
        rights::POLL_FD_READWRITE
            | match self {
                Descriptor::Input(_) => rights::FD_READ,
                Descriptor::Output(_) => rights::FD_WRITE,
            }
    }
}

/// The open descriptors by number.
pub(crate) struct Descriptors(Vec<Option<Descriptor>>);

impl Descriptors {
    pub(crate) fn new(
        stdin: Box<dyn InputStream>,
        stdout: Box<dyn OutputStream>,
        stderr: Box<dyn OutputStream>,
    ) -> Descriptors {
        Descriptors(vec![
            Some(Descriptor::Input(stdin)),
            Some(Descriptor::Output(stdout)),
            Some(Descriptor::Output(stderr)),
        ])
    }

    fn get(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::BadF)
    }

    fn close(&mut self, fd: u32) -> Result<(), Errno> {
        let slot = self.0.get_mut(fd as usize).ok_or(Errno::BadF)?;
        slot.take().map(drop).ok_or(Errno::BadF)
    }
}

pub(crate) fn fd_close(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    ctx.descriptors.close(fd)
}

/// Fills the first buffer that has room: a short read is always allowed, and reading on could block
/// although there is something to return.
pub(crate) fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    read: u32,
) -> Result<(), Errno> {
    let Descriptor::Input(stream) = ctx.descriptors.get(fd)? else { return Err(Errno::BadF) };
    // The place of the answer is checked first: what is read must not be lost.
    memory.write_u32(read, 0)?;
    for index in 0..iovs_len {
        let (ptr, len) = memory.iovec(iovs, index)?;
        let buffer = memory.bytes_mut(ptr, len)?;
        if !buffer.is_empty() {
            let count = stream.read(buffer)?;
            return memory.write_u32(read, count as u32);
        }
    }
    Ok(())
}

/// How many buffers are handed to the host at once.
const BATCH: u32 = 16;

pub(crate) fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    written: u32,
) -> Result<(), Errno> {
    let Descriptor::Output(stream) = ctx.descriptors.get(fd)? else { return Err(Errno::BadF) };
    memory.write_u32(written, 0)?;
    let mut total = 0u32;
    let mut index = 0;
    while index < iovs_len {
        let batch = BATCH.min(iovs_len - index);
        match write_batch(stream.as_mut(), memory, iovs, index, batch, u32::MAX - total) {
            Ok((count, whole)) => {
                total += count;
                if !whole {
                    break;
                }
            }
            // What was already written is told first; the error comes back with the next call.
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
        index += batch;
    }
    memory.write_u32(written, total)
}

/// Writes the buffers from the `first`th on, but no more than `limit` bytes. Returns how much was
/// written, and whether that was all.
fn write_batch(
    stream: &mut dyn OutputStream,
    memory: &GuestMemory<'_>,
    iovs: u32,
    first: u32,
    count: u32,
    limit: u32,
) -> Result<(u32, bool), Errno> {
    let mut slices = [IoSlice::new(&[]); BATCH as usize];
    let mut wanted = 0u64;
    let mut room = limit as usize;
    for (index, slice) in slices.iter_mut().enumerate().take(count as usize) {
        let (ptr, len) = memory.iovec(iovs, first + index as u32)?;
        let bytes = memory.bytes(ptr, len)?;
        wanted += bytes.len() as u64;
        let part = &bytes[..bytes.len().min(room)];
        room -= part.len();
        *slice = IoSlice::new(part);
    }
    if wanted == 0 {
        return Ok((0, true));
    }
    let written = stream.write(&slices[..count as usize])?;
    Ok((written as u32, written as u64 == wanted))
}

pub(crate) fn fd_seek(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    _offset: u64,
    _whence: u32,
    _position: u32,
) -> Result<(), Errno> {
    ctx.descriptors.get(fd)?;
    Err(Errno::SPipe)
}

pub(crate) fn fd_fdstat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.descriptors.get(fd)?;
    // filetype: u8, (pad), flags: u16, (pad), rights_base: u64, rights_inheriting: u64
    let mut record = [0; 24];
    record[0] = descriptor.file_type() as u8;
    record[8..16].copy_from_slice(&descriptor.rights().to_le_bytes());
    memory.write(stat, &record)
}

/// No descriptor is a directory that was opened for the guest.
pub(crate) fn fd_prestat_get(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    _prestat: u32,
) -> Result<(), Errno> {
    ctx.descriptors.get(fd)?;
    Err(Errno::BadF)
}
