//! `sock_*` on a listener of the host.

use crate::world::{BUFFER, RESULT, World, call};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};
use windlass_wasi::{Dialect, Errno, WasiCtxBuilder};

const LISTENER: u32 = 3;

fn world() -> (World, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_socket(listener);
    (World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "sockets", host: None }, client)
}

fn accept(w: &mut World) -> u32 {
    call!(w, sock_accept, LISTENER, 0, RESULT).unwrap();
    w.u32(RESULT)
}

fn receive(w: &mut World, fd: u32, len: u32, flags: u32) -> Result<Vec<u8>, Errno> {
    let (iovs, count) = w.iovecs(&[(BUFFER, 0), (BUFFER, len)]);
    call!(w, sock_recv, fd, iovs, count, flags, RESULT, RESULT + 4)?;
    Ok(w.get(BUFFER, w.u32(RESULT)))
}

fn send(w: &mut World, fd: u32, bytes: &[u8], flags: u32) -> Result<u32, Errno> {
    w.put(BUFFER, bytes);
    let (iovs, count) = w.iovecs(&[(BUFFER, 1), (BUFFER + 1, bytes.len() as u32 - 1)]);
    call!(w, sock_send, fd, iovs, count, flags, RESULT)?;
    Ok(w.u32(RESULT))
}

#[test]
fn a_conversation() {
    let (mut w, mut client) = world();
    let fd = accept(&mut w);
    assert_eq!(fd, 4);
    client.write_all(b"question").unwrap();
    assert_eq!(receive(&mut w, fd, 4, 1), Ok(b"ques".to_vec()), "a look");
    assert_eq!(receive(&mut w, fd, 8, 2), Ok(b"question".to_vec()), "all of it");
    assert_eq!(send(&mut w, fd, b"answer", 0), Ok(6));
    assert_eq!(w.write(fd, b"!"), Ok(1), "fd_write does it, too");
    assert_eq!(call!(w, sock_shutdown, fd, 2), Ok(()));
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer!");
    client.write_all(b"bye").unwrap();
    drop(client);
    assert_eq!(w.read(fd, 10), Ok(b"bye".to_vec()));
    assert_eq!(receive(&mut w, fd, 10, 2), Ok(vec![]), "the end");
    call!(w, fd_fdstat_get, fd, BUFFER).unwrap();
    assert_eq!(w.memory[BUFFER as usize], 6, "a stream socket");
    assert_eq!(w.close(fd), Ok(()));
    assert_eq!(receive(&mut w, fd, 1, 0), Err(Errno::BadF));
}

#[test]
fn nonblocking() {
    let (mut w, client) = world();
    let fd = accept(&mut w);
    call!(w, fd_fdstat_set_flags, LISTENER, 4).unwrap();
    assert_eq!(call!(w, sock_accept, LISTENER, 0, RESULT), Err(Errno::Again));
    call!(w, fd_fdstat_set_flags, fd, 4).unwrap();
    assert_eq!(receive(&mut w, fd, 1, 0), Err(Errno::Again));
    assert_eq!(w.read(fd, 1), Err(Errno::Again));
    let other = TcpStream::connect(client.peer_addr().unwrap()).unwrap();
    let mut subscription = [0; 48];
    subscription[8] = 1;
    subscription[16] = LISTENER as u8;
    w.put(BUFFER, &subscription);
    let dialect = Dialect::Preview1;
    call!(w, poll_oneoff, dialect, BUFFER, BUFFER + 100, 1, RESULT).unwrap();
    assert_eq!(w.u32(RESULT), 1);
    assert_eq!(call!(w, sock_accept, LISTENER, 4, RESULT), Ok(()));
    let second = w.u32(RESULT);
    assert_eq!(receive(&mut w, second, 1, 0), Err(Errno::Again), "as the flag says");
    drop(other);
    subscription[16] = second as u8;
    w.put(BUFFER, &subscription);
    call!(w, poll_oneoff, dialect, BUFFER, BUFFER + 100, 1, RESULT).unwrap();
    assert_eq!((w.u64(BUFFER + 116), w.memory[BUFFER as usize + 124]), (0, 1), "hung up");
}

#[test]
fn errors() {
    let (mut w, _client) = world();
    let fd = accept(&mut w);
    for fd in [0, 1] {
        assert_eq!(call!(w, sock_accept, fd, 0, RESULT), Err(Errno::NotSock));
        assert_eq!(receive(&mut w, fd, 1, 0), Err(Errno::NotSock));
        assert_eq!(send(&mut w, fd, b"x", 0), Err(Errno::NotSock));
        assert_eq!(call!(w, sock_shutdown, fd, 3), Err(Errno::NotSock));
    }
    assert_eq!(call!(w, sock_accept, 99, 0, RESULT), Err(Errno::BadF));
    assert_eq!(call!(w, sock_accept, fd, 0, RESULT), Err(Errno::Inval), "it does not listen");
    assert_eq!(call!(w, sock_accept, LISTENER, 1, RESULT), Err(Errno::Inval));
    assert_eq!(receive(&mut w, LISTENER, 1, 0), Err(Errno::NotConn));
    assert_eq!(send(&mut w, LISTENER, b"x", 0), Err(Errno::NotConn));
    assert_eq!(call!(w, sock_shutdown, LISTENER, 3), Err(Errno::NotConn));
    assert_eq!(receive(&mut w, fd, 1, 4), Err(Errno::Inval));
    assert_eq!(send(&mut w, fd, b"x", 1), Err(Errno::Inval));
    for how in [0, 4] {
        assert_eq!(call!(w, sock_shutdown, fd, how), Err(Errno::Inval));
    }
    assert_eq!(w.read(LISTENER, 1), Err(Errno::BadF));
    assert_eq!(w.write(LISTENER, b"x"), Err(Errno::BadF));
    assert_eq!(w.seek(fd, 0, 0), Err(Errno::SPipe));
}
