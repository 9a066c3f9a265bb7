//! Sockets: listeners that the embedder opened, and the connections that they accepted. A guest can open none
//! itself. `sock` uses it, and `fd_read` and `fd_write` for connections.

use crate::Errno;
use std::{
    io::{IoSlice, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    time::Duration,
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
                // Some systems let it inherit the listener's mode.
                stream.set_nonblocking(false)?;
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

    /// Fills the first buffer that has room.
    pub(crate) fn receive(&self, buffers: &mut [&mut [u8]], peek: bool) -> Result<usize, Errno> {
        let mut stream = self.connection()?;
        match buffers.iter_mut().find(|buffer| !buffer.is_empty()) {
            Some(buffer) if peek => Ok(stream.peek(buffer)?),
            Some(buffer) => Ok(stream.read(buffer)?),
            None => Ok(0),
        }
    }

    pub(crate) fn send(&self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let mut stream = self.connection()?;
        let slices: [IoSlice<'_>; crate::memory::BATCH] =
            std::array::from_fn(|i| IoSlice::new(buffers.get(i).copied().unwrap_or_default()));
        Ok(stream.write_vectored(&slices[..buffers.len().min(slices.len())])?)
    }

    /// Whether the other side is done, and all that it sent is received. For a socket that is ready.
    pub(crate) fn has_hung_up(&self) -> bool {
        self.receive(&mut [&mut [0]], true) == Ok(0)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        Ok(self.connection()?.shutdown(how)?)
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
        match self {
            Socket::Listener(listener) => listener.set_nonblocking(nonblocking)?,
            Socket::Connection(stream) => stream.set_nonblocking(nonblocking)?,
        }
        Ok(())
    }

    #[cfg(unix)]
    pub(crate) fn is_ready(&self, writing: bool, wait: Duration) -> Result<bool, Errno> {
        use std::os::fd::AsFd;
        let fd = match self {
            Socket::Listener(listener) => listener.as_fd(),
            Socket::Connection(stream) => stream.as_fd(),
        };
        crate::wait::ready(fd, writing, wait)
    }

    #[cfg(not(unix))]
    pub(crate) fn is_ready(&self, _writing: bool, _wait: Duration) -> Result<bool, Errno> {
        Ok(true)
    }
}
