//! `sock_*`: connections of sockets that the embedder opened. A guest can open none itself. Without
//! the standard library there are no sockets: everything is `ENOTSOCK`.

use crate::{Errno, GuestMemory, WasiCtx, descriptor::Kind, rights};
#[cfg(feature = "std")]
use crate::{
    descriptor::{Descriptor, Rights},
    fd::io::{WRITE, Way, stream},
    types::{fdflags, flags},
};
#[cfg(feature = "std")]
use std::net::Shutdown;

/// `riflags`
#[cfg(feature = "std")]
const PEEK: u16 = 1;
#[cfg(feature = "std")]
const WAITALL: u16 = 2;

/// The number of the socket that a descriptor is open to, and whether it listens.
fn socket(ctx: &WasiCtx, fd: u32, right: u64) -> Result<(usize, bool), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let socket = match descriptor.kind {
        Kind::Listener(index) => (index, true),
        Kind::Connection(index) => (index, false),
        _ => return Err(Errno::NotSock),
    };
    descriptor.check(right)?;
    Ok(socket)
}

/// Accepts a connection. Waits for one, unless the listener has the flag `NONBLOCK`.
///
/// Parameters: `fd`, the listener; `flags`, those of the connection: 4 nonblock; `accepted`, where
/// its descriptor goes.
///
/// Errors: `EBADF`; `ENOTSOCK`; `EINVAL` if it does not listen, or there is no such flag; `EAGAIN`;
/// `EINTR`; `EMFILE`; `ENOTCAPABLE`; `EFAULT`; errors of the host.
///
/// ```text
/// accepted ─▶ ┌─────┐
///             │ u32 │ written
///             └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_accept>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/accept.html>.
#[cfg(feature = "std")]
pub fn sock_accept(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    flags: u32,
    accepted: u32,
) -> Result<(), Errno> {
    memory.check(accepted, 4)?;
    let (index, listens) = socket(ctx, fd, rights::SOCK_ACCEPT)?;
    if !listens {
        return Err(Errno::Inval);
    }
    let flags = self::flags(flags, fdflags::NONBLOCK.into())?;
    ctx.table.make_room()?;
    // What is closed needs no memory.
    ctx.sockets.try_reserve(1)?;
    ctx.free_sockets.try_reserve(ctx.sockets.len() + 1 - ctx.free_sockets.len())?;
    ctx.await_ready(memory, fd, false)?;
    let connection = loop {
        match ctx.socket(index)?.accept() {
            // Another one was quicker.
            Err(Errno::Again) => ctx.await_again(memory, fd, false)?,
            result => break result?,
        }
    };
    let place = ctx.free_sockets.pop().unwrap_or_else(|| {
        ctx.sockets.push(None);
        ctx.sockets.len() - 1
    });
    ctx.sockets[place] = Some(connection);
    let rights = Rights::new(rights::STREAM, 0);
    let number = ctx.table.insert(Descriptor { kind: Kind::Connection(place), flags, rights });
    memory.write_u32(accepted, number)
}

/// Receives from a connection into the first buffer that has room.
///
/// Parameters: `fd`; `iovs` and `iovs_len`, the buffers, as in
/// [`fd_read`](crate::preview1::fd_read); `ri_flags`: 1 leave what is received, 2 wait until all
/// buffers are full or the other side is done; `read`, where the count of bytes goes; `out_flags`,
/// where flags go: none.
///
/// Errors: `EBADF`; `ENOTSOCK`; `ENOTCONN` for a listener; `EINVAL` if there is no such flag;
/// `EAGAIN`; `ECONNRESET`; `ENOTCAPABLE`; `EFAULT`.
///
/// ```text
/// read ─▶ ┌─────┐             out_flags ─▶ ┌─────┐
///         │ u32 │ written                  │ u16 │ written
///         └─────┘                          └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_recv>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/recvmsg.html>.
#[cfg(feature = "std")]
#[allow(clippy::too_many_arguments)]
pub fn sock_recv(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    ri_flags: u32,
    read: u32,
    out_flags: u32,
) -> Result<(), Errno> {
    memory.check(read, 4)?;
    memory.check(out_flags, 2)?;
    let (_, listens) = socket(ctx, fd, rights::FD_READ)?;
    let flags = flags(ri_flags, (PEEK | WAITALL).into())?;
    if listens {
        return Err(Errno::NotConn);
    }
    // Only looking at what is there can't wait for more.
    let peek = flags & PEEK != 0;
    let way = Way { writing: false, all: flags & WAITALL != 0 && !peek };
    let count = stream(ctx, memory, fd, iovs, iovs_len, way, |ctx, memory, buffers| {
        let receive = |buffers: &mut [&mut [u8]]| ctx.receive(fd, buffers, peek);
        Ok(memory.scatter(&buffers.first(), receive)?.0)
    })?;
    memory.write(out_flags, &[0, 0])?;
    memory.write_u32(read, count)
}

/// Sends to a connection.
///
/// Parameters: `fd`; `iovs` and `iovs_len`, the buffers, as in
/// [`fd_write`](crate::preview1::fd_write); `si_flags`, 0; `written`, where the count of bytes
/// goes. It can be less than all.
///
/// Errors: `EBADF`; `ENOTSOCK`; `ENOTCONN` for a listener; `EINVAL` if there are flags; `EAGAIN`;
/// `EPIPE`; `ECONNRESET`; `ENOTCAPABLE`; `EFAULT`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_send>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/sendmsg.html>.
#[cfg(feature = "std")]
pub fn sock_send(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    iovs: u32,
    iovs_len: u32,
    si_flags: u32,
    written: u32,
) -> Result<(), Errno> {
    memory.check(written, 4)?;
    let (_, listens) = socket(ctx, fd, rights::FD_WRITE)?;
    flags(si_flags, 0)?;
    if listens {
        return Err(Errno::NotConn);
    }
    let count = stream(ctx, memory, fd, iovs, iovs_len, WRITE, |ctx, memory, buffers| {
        memory.gather(buffers, |buffers| ctx.send(fd, buffers))
    })?;
    memory.write_u32(written, count)
}

/// Ends a connection in one direction or both.
///
/// Parameters: `fd`; `how`: 1 receiving, 2 sending, 3 both.
///
/// Errors: `EBADF`; `ENOTSOCK`; `ENOTCONN` for a listener, or if the other side is gone; `EINVAL`
/// if `how` is none of these; `ENOTCAPABLE`.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_shutdown>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/shutdown.html>.
#[cfg(feature = "std")]
pub fn sock_shutdown(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    how: u32,
) -> Result<(), Errno> {
    let (index, _) = socket(ctx, fd, rights::SOCK_SHUTDOWN)?;
    let how = match how {
        1 => Shutdown::Read,
        2 => Shutdown::Write,
        3 => Shutdown::Both,
        _ => return Err(Errno::Inval),
    };
    ctx.socket(index)?.shutdown(how)
}

/// Defines the functions of builds that have no sockets.
#[cfg(not(feature = "std"))]
macro_rules! without_sockets {
    ($($name:ident($($param:ident),*), $right:ident;)*) => {
        $(
            /// There are no sockets: `ENOTSOCK`, or `EBADF` if the descriptor is not open.
            #[allow(clippy::too_many_arguments)]
            pub fn $name(
                ctx: &mut WasiCtx,
                _: &mut GuestMemory<'_>,
                fd: u32,
                $($param: u32),*
            ) -> Result<(), Errno> {
                let _ = ($($param),*);
                socket(ctx, fd, rights::$right)?;
                Err(Errno::NotSock)
            }
        )*
    };
}

#[cfg(not(feature = "std"))]
without_sockets! {
    sock_accept(flags, accepted), SOCK_ACCEPT;
    sock_recv(iovs, iovs_len, ri_flags, read, out_flags), FD_READ;
    sock_send(iovs, iovs_len, si_flags, written), FD_WRITE;
    sock_shutdown(how), SOCK_SHUTDOWN;
}
