//! Sockets: listeners that the embedder opened, and the connections that they accepted. A guest can
//! open none itself. `sock` uses it, and `fd_read` and `fd_write` for connections. Nothing here
//! waits: what would is `EAGAIN`, and `wait` does the waiting.

use crate::Errno;
use std::{
    io::{IoSlice, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
};

/// A listener or a connection.
pub(crate) enum Socket {
    Listener(TcpListener),
    Connection(TcpStream),
}

impl Socket {
    pub(crate) fn accept(&self) -> Result<Socket, Errno> {
        match self {
            Socket::Listener(listener) => {
                let stream = listener.accept()?.0;
                stream.set_nonblocking(true)?;
                Ok(Socket::Connection(stream))
            }
            Socket::Connection(_) => Err(Errno::Inval),
        }
    }

    fn connection(&self) -> Result<&TcpStream, Errno> {
        match self {
            Socket::Connection(stream) => Ok(stream),
            Socket::Listener(_) => Err(Errno::NotConn),
        }
    }

    /// Fills a buffer as far as there is something.
    pub(crate) fn receive(&self, buffer: &mut [u8], peek: bool) -> Result<usize, Errno> {
        let mut stream = self.connection()?;
        if peek { Ok(stream.peek(buffer)?) } else { Ok(stream.read(buffer)?) }
    }

    pub(crate) fn send(&self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let mut stream = self.connection()?;
        let slices: [IoSlice<'_>; crate::iovecs::BATCH] =
            std::array::from_fn(|i| IoSlice::new(buffers.get(i).copied().unwrap_or_default()));
        Ok(stream.write_vectored(&slices[..buffers.len().min(slices.len())])?)
    }

    /// Whether the other side is done, and all that it sent is received. For a socket that is
    /// ready.
    pub(crate) fn has_hung_up(&self) -> bool {
        self.receive(&mut [0], true) == Ok(0)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        Ok(self.connection()?.shutdown(how)?)
    }

    /// Whether receiving (or sending, or accepting) would not wait.
    #[cfg(unix)]
    pub(crate) fn is_ready(&self, writing: bool) -> Result<bool, Errno> {
        crate::wait::is_ready(self.host_fd(), writing)
    }

    /// It can't be told; then it says `EAGAIN`.
    #[cfg(not(unix))]
    pub(crate) fn is_ready(&self, _writing: bool) -> Result<bool, Errno> {
        Ok(true)
    }

    #[cfg(unix)]
    pub(crate) fn host_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        use std::os::fd::AsFd;
        match self {
            Socket::Listener(listener) => listener.as_fd(),
            Socket::Connection(stream) => stream.as_fd(),
        }
    }
}
