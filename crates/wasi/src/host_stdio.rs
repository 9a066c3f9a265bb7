//! The host's streams as streams of a guest: those of the process, open files, and any reader or
//! writer. Nothing is buffered here: guests buffer for themselves.

use crate::{Errno, InputStream, OutputStream};
use std::{
    fs::File,
    io::{Read, Write},
};

#[cfg(unix)]
pub(crate) use unix::{HostStderr, HostStdin, HostStdout};

/// An open file, pipe or terminal of the host as input or output of a guest. On Unix a guest that
/// waits for it can be interrupted; elsewhere reading and writing block.
///
/// Pipes and terminals stay as they are: they are not made nonblocking, since others may use them.
#[derive(Debug)]
pub struct FileStream(pub File);

/// Input from a reader of the host, such as a decoder. A guest that waits for it can't be
/// interrupted while the reader blocks: see [`FileStream`] for files, pipes and terminals.
pub struct ReadStream<R>(pub R);

impl<R: Read + Send> InputStream for ReadStream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        Ok(self.0.read(buffer)?)
    }
}

/// Output to a writer of the host, such as an encoder. It is flushed after every write. A guest
/// that waits for it can't be interrupted while the writer blocks: see [`FileStream`] for files,
/// pipes and terminals.
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

#[cfg(unix)]
mod unix {
    use super::FileStream;
    use crate::{Errno, InputStream, OutputStream, iovecs::BATCH, wait};
    use rustix::{
        fs::{FileType, Mode, OFlags},
        io::{self, retry_on_intr},
        stdio,
        termios::{isatty, ttyname},
    };
    use std::{
        array,
        io::IoSlice,
        os::fd::{AsFd, BorrowedFd, OwnedFd},
        vec::Vec,
    };

    /// So much can be written to a pipe that is ready without waiting.
    const PIPE_BUF: usize =
        if cfg!(any(target_os = "linux", target_os = "android")) { 4096 } else { 512 };
    /// So much is written to a terminal of which nothing better is known.
    const LINE: usize = 64;

    /// Writes some of the bytes, without waiting. What can make a writer wait gets no more than it
    /// surely takes when it is ready. A terminal may then take very little: it is opened once more,
    /// nonblocking, so that it takes what it can; others who have it open don't notice.
    fn write(fd: BorrowedFd<'_>, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let file_type = FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode);
        match file_type {
            FileType::RegularFile | FileType::BlockDevice => write_most(fd, buffers, usize::MAX),
            FileType::CharacterDevice if isatty(fd) => match reopen(fd) {
                Some(own) => write_most(own.as_fd(), buffers, usize::MAX),
                None => write_most(fd, buffers, LINE),
            },
            _ => write_most(fd, buffers, PIPE_BUF),
        }
    }

    /// Writes some of the first `room` bytes.
    fn write_most(fd: BorrowedFd<'_>, buffers: &[&[u8]], mut room: usize) -> Result<usize, Errno> {
        let slices: [IoSlice<'_>; BATCH] = array::from_fn(|i| {
            let buffer = buffers.get(i).copied().unwrap_or_default();
            let (part, _) = buffer.split_at(buffer.len().min(room));
            room -= part.len();
            IoSlice::new(part)
        });
        Ok(retry_on_intr(|| io::writev(fd, &slices[..buffers.len().min(BATCH)]))?)
    }

    /// The same terminal, nonblocking; none if it has no name here, or can't be opened.
    fn reopen(terminal: BorrowedFd<'_>) -> Option<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let name = ttyname(terminal, Vec::new()).ok()?;
        retry_on_intr(|| rustix::fs::open(&*name, flags, Mode::empty())).ok()
    }

    macro_rules! input {
        ($name:ty, $self:ident, $fd:expr) => {
            impl InputStream for $name {
                fn read(&mut $self, buffer: &mut [u8]) -> Result<usize, Errno> {
                    Ok(retry_on_intr(|| io::read($fd, &mut *buffer))?)
                }

                fn is_terminal(&$self) -> bool {
                    isatty($fd)
                }

                fn is_ready(&mut $self) -> Result<bool, Errno> {
                    wait::is_ready($fd, false)
                }

                fn host_fd(&$self) -> Option<BorrowedFd<'_>> {
                    Some($fd)
                }
            }
        };
    }

    macro_rules! output {
        ($name:ty, $self:ident, $fd:expr) => {
            impl OutputStream for $name {
                fn write(&mut $self, buffers: &[&[u8]]) -> Result<usize, Errno> {
                    write($fd, buffers)
                }

                fn is_terminal(&$self) -> bool {
                    isatty($fd)
                }

                fn is_ready(&mut $self) -> Result<bool, Errno> {
                    wait::is_ready($fd, true)
                }

                fn host_fd(&$self) -> Option<BorrowedFd<'_>> {
                    Some($fd)
                }
            }
        };
    }

    /// The host's standard input.
    pub(crate) struct HostStdin;
    /// The host's standard output.
    pub(crate) struct HostStdout;
    /// The host's standard error.
    pub(crate) struct HostStderr;

    input!(HostStdin, self, stdio::stdin());
    output!(HostStdout, self, stdio::stdout());
    output!(HostStderr, self, stdio::stderr());
    input!(FileStream, self, self.0.as_fd());
    output!(FileStream, self, self.0.as_fd());
}

#[cfg(not(unix))]
pub(crate) use elsewhere::{HostStderr, HostStdin, HostStdout};

#[cfg(not(unix))]
mod elsewhere {
    use super::{FileStream, write_all};
    use crate::{Errno, InputStream, OutputStream};
    use std::io::{self, IsTerminal, Read};

    /// The host's standard input.
    pub(crate) struct HostStdin;

    impl InputStream for HostStdin {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
            Ok(io::stdin().lock().read(buffer)?)
        }

        fn is_terminal(&self) -> bool {
            io::stdin().is_terminal()
        }
    }

    macro_rules! output {
        ($(#[$doc:meta])* $name:ident = $stream:path) => {
            $(#[$doc])*
            pub(crate) struct $name;

            impl OutputStream for $name {
                fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
                    write_all(&mut $stream().lock(), buffers)
                }

                fn is_terminal(&self) -> bool {
                    $stream().is_terminal()
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

    impl InputStream for FileStream {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
            Ok(self.0.read(buffer)?)
        }
    }

    impl OutputStream for FileStream {
        fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
            write_all(&mut self.0, buffers)
        }
    }
}
