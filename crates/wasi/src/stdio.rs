//! Standard input and output: [`InputStream`] and [`OutputStream`], which `fd_read` and `fd_write` use;
//! the host's own streams; and pipes in memory, for embedders and tests. No allocation per call,
//! except that a memory pipe grows.

use std::{
    io::{self, IoSlice, IsTerminal, Read, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// Where a guest reads from.
pub trait InputStream: Send {
    /// Reads at most `buffer.len()` bytes; 0 is the end. Blocks until there is something.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Whether a person types it.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// Where a guest writes to.
pub trait OutputStream: Send {
    /// Writes some of the bytes, first to last, and tells how many.
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Whether a person reads it.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// The host's standard input.
pub(crate) struct HostStdin;

impl InputStream for HostStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(buffer)
    }

    fn is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }
}

/// The host's standard output. What the guest writes has left when the call returns: guests buffer
/// for themselves.
pub(crate) struct HostStdout;

impl OutputStream for HostStdout {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_vectored(buffers)?;
        stdout.flush()?;
        Ok(written)
    }

    fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }
}

/// The host's standard error.
pub(crate) struct HostStderr;

impl OutputStream for HostStderr {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        io::stderr().lock().write_vectored(buffers)
    }

    fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }
}

/// Input that is at its end, and output that goes nowhere.
pub(crate) struct Null;

impl InputStream for Null {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl OutputStream for Null {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(buffers.iter().map(|b| b.len()).sum())
    }
}

/// Input from bytes in memory.
#[derive(Clone, Debug)]
pub struct MemoryInputPipe(io::Cursor<Vec<u8>>);

impl MemoryInputPipe {
    /// The guest will read `bytes`, then the end.
    pub fn new(bytes: impl Into<Vec<u8>>) -> MemoryInputPipe {
        MemoryInputPipe(io::Cursor::new(bytes.into()))
    }
}

impl InputStream for MemoryInputPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
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
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl OutputStream for MemoryOutputPipe {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = 0;
        for buffer in buffers {
            let room = self.capacity.saturating_sub(bytes.len());
            let part = &buffer[..buffer.len().min(room)];
            bytes.extend_from_slice(part);
            written += part.len();
        }
        if written == 0 && buffers.iter().any(|b| !b.is_empty()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(written)
    }
}
