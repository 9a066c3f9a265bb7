//! Standard input and output: [`InputStream`] and [`OutputStream`], which `fd_read` and `fd_write`
//! use, and pipes in memory, for embedders and tests. The host's own streams are in `host_stdio`.
//! No allocation per call, except that a memory pipe grows.

use crate::Errno;
use alloc::{sync::Arc, vec::Vec};
use spin::Mutex;

/// Where a guest reads from.
pub trait InputStream: Send {
    /// Reads at most `buffer.len()` bytes; 0 is the end. Is called when [`InputStream::is_ready`].
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno>;

    /// Whether a person types it.
    fn is_terminal(&self) -> bool {
        false
    }

    /// Whether reading would not wait. Never waits itself.
    ///
    /// If it is not ready, the guest waits: until it is, until it is interrupted, or until the
    /// program ends. A stream that is always ready, but then waits in [`InputStream::read`], can't
    /// be interrupted.
    fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(true)
    }

    /// What the host can wait for to know when it is ready. Without it, the stream is asked again
    /// and again.
    #[cfg(all(feature = "std", unix))]
    fn host_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }
}

/// Where a guest writes to.
pub trait OutputStream: Send {
    /// Writes some of the bytes, first to last, and tells how many. Is called when
    /// [`OutputStream::is_ready`].
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno>;

    /// Whether a person reads it.
    fn is_terminal(&self) -> bool {
        false
    }

    /// Whether writing would not wait. Never waits itself.
    ///
    /// If it is not ready, the guest waits: until it is, until it is interrupted, or until the
    /// program ends. A stream that is always ready, but then waits in [`OutputStream::write`],
    /// can't be interrupted.
    fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(true)
    }

    /// What the host can wait for to know when it is ready. Without it, the stream is asked again
    /// and again.
    #[cfg(all(feature = "std", unix))]
    fn host_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }
}

/// Input that is at its end, and output that goes nowhere.
pub(crate) struct Null;

impl InputStream for Null {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }
}

impl OutputStream for Null {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        Ok(buffers.iter().map(|b| b.len()).sum())
    }
}

/// Input from bytes in memory.
#[derive(Clone, Debug)]
pub struct MemoryInputPipe {
    bytes: Vec<u8>,
    at: usize,
}

impl MemoryInputPipe {
    /// The guest will read `bytes`, then the end.
    pub fn new(bytes: impl Into<Vec<u8>>) -> MemoryInputPipe {
        MemoryInputPipe { bytes: bytes.into(), at: 0 }
    }
}

impl InputStream for MemoryInputPipe {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        let rest = &self.bytes[self.at..];
        let count = buffer.len().min(rest.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Output to memory. Clones share what was written: keep one and give one to the guest.
#[derive(Clone, Debug)]
pub struct MemoryOutputPipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    capacity: usize,
}

impl MemoryOutputPipe {
    /// It takes `capacity` bytes; then writing fails as on a full disk.
    pub fn new(capacity: usize) -> MemoryOutputPipe {
        MemoryOutputPipe { bytes: Arc::default(), capacity }
    }

    /// What was written so far.
    pub fn contents(&self) -> Vec<u8> {
        self.bytes.lock().clone()
    }
}

impl OutputStream for MemoryOutputPipe {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let mut bytes = self.bytes.lock();
        let mut written = 0;
        for buffer in buffers {
            let room = self.capacity.saturating_sub(bytes.len());
            let part = &buffer[..buffer.len().min(room)];
            match bytes.try_reserve(part.len()) {
                Ok(()) => bytes.extend_from_slice(part),
                Err(error) if written == 0 => return Err(error.into()),
                Err(_) => break,
            }
            written += part.len();
        }
        if written == 0 && buffers.iter().any(|b| !b.is_empty()) {
            return Err(Errno::NoSpc);
        }
        Ok(written)
    }
}
