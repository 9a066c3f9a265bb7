//! The host's streams as streams of a guest: those of the process, and any reader or writer. Nothing is
//! buffered here: guests buffer for themselves.

use crate::{Errno, InputStream, OutputStream};
use std::{
    io::{self, IsTerminal, Read, Write},
    time::Duration,
};

/// The host's standard input.
pub(crate) struct HostStdin;

impl InputStream for HostStdin {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        Ok(rustix::io::read(io::stdin(), buffer)?)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        Ok(io::stdin().lock().read(buffer)?)
    }

    fn is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }

    #[cfg(unix)]
    fn is_ready(&mut self, wait: Duration) -> Result<bool, Errno> {
        use std::os::fd::AsFd;
        crate::wait::ready(io::stdin().as_fd(), false, wait)
    }
}

/// Implements [`OutputStream`] for a stream of the process.
macro_rules! output {
    ($(#[$doc:meta])* $name:ident = $stream:path) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl OutputStream for $name {
            #[cfg(unix)]
            fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
                let slices: [io::IoSlice<'_>; crate::memory::BATCH] = std::array::from_fn(|i| {
                    io::IoSlice::new(buffers.get(i).copied().unwrap_or_default())
                });
                Ok(rustix::io::writev($stream(), &slices[..buffers.len().min(slices.len())])?)
            }

            #[cfg(not(unix))]
            fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
                write_all(&mut $stream().lock(), buffers)
            }

            fn is_terminal(&self) -> bool {
                $stream().is_terminal()
            }

            #[cfg(unix)]
            fn is_ready(&mut self, wait: Duration) -> Result<bool, Errno> {
                use std::os::fd::AsFd;
                crate::wait::ready($stream().as_fd(), true, wait)
            }
        }
    };
}

output! {
    /// The host's standard output.
    HostStdout = io::stdout
}
output! {
    /// The host's standard error.
    HostStderr = io::stderr
}

/// Input from a reader of the host: a file, a pipe, a decoder.
pub struct ReadStream<R>(pub R);

impl<R: Read + Send> InputStream for ReadStream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        Ok(self.0.read(buffer)?)
    }
}

/// Output to a writer of the host: a file, a pipe, an encoder. It is flushed after every write.
pub struct WriteStream<W>(pub W);

impl<W: Write + Send> OutputStream for WriteStream<W> {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        write_all(&mut self.0, buffers)
    }
}

fn write_all(writer: &mut impl Write, buffers: &[&[u8]]) -> Result<usize, Errno> {
    let mut written = 0;
    for buffer in buffers {
        writer.write_all(buffer)?;
        written += buffer.len();
    }
    writer.flush()?;
    Ok(written)
}
