//! Functions that wait for the host, and how an interrupt ends them. Who asks whether there is one
//! is counted: no test here depends on time.

use crate::world::{BUFFER, RESULT, ROOT, Scratch, World, call};
use std::{
    cell::Cell,
    fs::File,
    io::{Read, Write, pipe},
    net::{TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::PathBuf,
    thread,
};
use windlass::{Config, Engine, MemoryType, Metering, SharedMemory};
use windlass_wasi::{
    Dialect, DirPerms, Errno, FilePerms, FileStream, GuestMemory, InputStream, OutputStream,
    RandomSource, WasiCtxBuilder, fdflags, oflags, preview1, rights,
};

fn world(set: impl FnOnce(&mut WasiCtxBuilder)) -> World {
    let mut builder = WasiCtxBuilder::new();
    set(&mut builder);
    World { ctx: builder.build(), memory: vec![0; 1 << 20], name: "waiting", host: None }
}

fn stream(fd: impl Into<OwnedFd>) -> FileStream {
    FileStream(File::from(fd.into()))
}

/// Calls a function, which is interrupted when it has asked three times whether it is.
macro_rules! interrupted {
    ($world:expr, $name:ident $(, $arg:expr)*) => {{
        let asked = Cell::new(0);
        let interrupted = || {
            asked.set(asked.get() + 1);
            asked.get() >= 3
        };
        preview1::$name(
            &mut $world.ctx,
            &mut GuestMemory::new(&mut $world.memory).interrupted_by(&interrupted),
            $($arg),*
        )
    }};
}

#[test]
fn standard_input() {
    let (from, mut to) = pipe().unwrap();
    let mut w = world(|builder| {
        builder.stdin(stream(from));
    });
    let (iovs, count) = w.iovecs(&[(BUFFER, 100)]);
    assert_eq!(interrupted!(w, fd_read, 0, iovs, count, RESULT), Err(Errno::Intr));
    to.write_all(b"some").unwrap();
    assert_eq!(interrupted!(w, fd_read, 0, iovs, count, RESULT), Ok(()));
    assert_eq!(w.get(BUFFER, w.u32(RESULT)), b"some");
    thread::scope(|scope| {
        scope.spawn(|| to.write_all(b"more").unwrap());
        assert_eq!(w.read(0, 100), Ok(b"more".to_vec()));
    });
    drop(to);
    assert_eq!(w.read(0, 100), Ok(b"".to_vec()));
}

/// A pipe that is full: what went in is told, and then that nothing does.
#[test]
fn standard_output() {
    let (mut from, to) = pipe().unwrap();
    let mut w = world(|builder| {
        builder.stdout(stream(to));
    });
    w.memory.fill(b'x');
    let (iovs, count) = w.iovecs(&[(BUFFER, 900_000)]);
    assert_eq!(interrupted!(w, fd_write, 1, iovs, count, RESULT), Ok(()));
    let mut written = w.u32(RESULT) as usize;
    assert!((4096..900_000).contains(&written), "{written}");
    // There may have been an interrupt, and still room.
    while interrupted!(w, fd_write, 1, iovs, count, RESULT) != Err(Errno::Intr) {
        written += w.u32(RESULT) as usize;
    }
    call!(w, fd_fdstat_set_flags, 1, fdflags::NONBLOCK.into()).unwrap();
    assert_eq!(call!(w, fd_write, 1, iovs, count, RESULT), Err(Errno::Again));
    call!(w, fd_fdstat_set_flags, 1, 0).unwrap();
    // Without an interrupt all is written, however slowly it is read.
    let reader = thread::spawn(move || {
        let mut read = Vec::new();
        from.read_to_end(&mut read).unwrap();
        read.len()
    });
    let (iovs, count) = w.iovecs(&[(BUFFER, 300_000), (BUFFER, 0), (BUFFER, 700_000)]);
    call!(w, fd_write, 1, iovs, count, RESULT).unwrap();
    assert_eq!(w.u32(RESULT), 1_000_000);
    w.close(1).unwrap();
    assert_eq!(reader.join().unwrap(), written + 1_000_000);
}

/// A terminal whose reader has stopped takes a little, and then nothing, but nobody waits in it.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_nobody_reads() {
    use rustix::{fs, pty};
    let reader = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
    pty::grantpt(&reader).unwrap();
    pty::unlockpt(&reader).unwrap();
    let name = pty::ptsname(&reader, Vec::new()).unwrap();
    let flags = fs::OFlags::RDWR | fs::OFlags::NOCTTY;
    let terminal = fs::open(&*name, flags, fs::Mode::empty()).unwrap();
    let mut w = world(|builder| {
        builder.stdout(stream(terminal.try_clone().unwrap()));
    });
    w.memory.fill(b'x');
    let (iovs, count) = w.iovecs(&[(BUFFER, 300_000), (BUFFER, 600_000)]);
    let mut written = 0;
    while interrupted!(w, fd_write, 1, iovs, count, RESULT) != Err(Errno::Intr) {
        written += w.u32(RESULT) as usize;
    }
    assert!((1..900_000).contains(&written), "{written}");
    call!(w, fd_fdstat_set_flags, 1, fdflags::NONBLOCK.into()).unwrap();
    assert_eq!(call!(w, fd_write, 1, iovs, count, RESULT), Err(Errno::Again));
    call!(w, fd_fdstat_set_flags, 1, 0).unwrap();
    let flags = fs::fcntl_getfl(&terminal).unwrap();
    assert!(!flags.contains(fs::OFlags::NONBLOCK), "others don't notice");

    let all = written + 900_000;
    let reader = thread::spawn(move || {
        let (mut reader, mut read) = (File::from(reader), 0);
        while read < all {
            read += reader.read(&mut [0; 4096]).unwrap();
        }
        read
    });
    call!(w, fd_write, 1, iovs, count, RESULT).unwrap();
    assert_eq!(w.u32(RESULT), 900_000);
    assert_eq!(reader.join().unwrap(), all);
}

#[test]
fn a_reader_that_is_gone() {
    let (from, to) = pipe().unwrap();
    let mut w = world(|builder| {
        builder.stdout(stream(to));
    });
    drop(from);
    assert_eq!(w.write(1, b"x"), Err(Errno::Pipe));
}

/// A world with a pipe of the host under the name `pipe`.
#[cfg(target_os = "linux")]
fn with_a_pipe() -> (World, PathBuf) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let scratch = Scratch::new();
    let path = scratch.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let mut w = world(|builder| {
        let (dirs, files) = (DirPerms::all(), FilePerms::all());
        builder.preopened_dir(scratch.path(), "/", dirs, files).unwrap();
    });
    w.host = Some(scratch);
    (w, path)
}

#[cfg(target_os = "linux")]
#[test]
fn a_named_pipe_without_a_partner() {
    let (mut w, path) = with_a_pipe();
    w.put(BUFFER, b"pipe");
    let (read, write) = (rights::FD_READ, rights::FD_WRITE);
    let open = |w: &mut World, rights, flags: u16| {
        interrupted!(w, path_open, ROOT, 1, BUFFER, 4, 0, rights, 0, flags.into(), RESULT)
            .map(|()| w.u32(RESULT))
    };
    assert_eq!(open(&mut w, write, 0), Err(Errno::Intr), "it waits for a reader");
    assert_eq!(open(&mut w, write, fdflags::NONBLOCK), Err(Errno::Nxio));
    let fd = open(&mut w, read, 0).unwrap();
    let (iovs, count) = w.iovecs(&[(BUFFER + 100, 100)]);
    let answer = interrupted!(w, fd_read, fd, iovs, count, RESULT);
    assert_eq!(answer, Err(Errno::Intr), "it waits for a writer");
    let mut writer = File::options().write(true).open(&path).unwrap();
    let answer = interrupted!(w, fd_read, fd, iovs, count, RESULT);
    assert_eq!(answer, Err(Errno::Intr), "it waits for data");
    writer.write_all(b"data").unwrap();
    assert_eq!(w.read(fd, 100), Ok(b"data".to_vec()));
    drop(writer);
    assert_eq!(w.read(fd, 100), Ok(vec![]), "the end");
    w.close(fd).unwrap();

    let reader = thread::spawn(move || std::fs::read(path).unwrap());
    let fd = w.open_at(ROOT, "pipe", true, 0, write, 0).unwrap();
    assert_eq!(w.write(fd, b"to a reader"), Ok(11));
    w.close(fd).unwrap();
    assert_eq!(reader.join().unwrap(), b"to a reader");
}

#[test]
fn sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut w = world(|builder| {
        builder.preopened_socket(listener);
    });
    assert_eq!(interrupted!(w, sock_accept, 3, 0, RESULT), Err(Errno::Intr));
    let mut client = TcpStream::connect(address).unwrap();
    call!(w, sock_accept, 3, 0, RESULT).unwrap();
    let fd = w.u32(RESULT);
    let (iovs, count) = w.iovecs(&[(BUFFER, 100), (BUFFER + 100, 900_000)]);
    let answer = interrupted!(w, sock_recv, fd, iovs, count, 0, RESULT, RESULT + 4);
    assert_eq!(answer, Err(Errno::Intr));
    assert_eq!(interrupted!(w, fd_read, fd, iovs, count, RESULT), Err(Errno::Intr));
    client.write_all(b"some").unwrap();
    let answer = interrupted!(w, sock_recv, fd, iovs, count, 2, RESULT, RESULT + 4);
    assert_eq!((answer, w.u32(RESULT)), (Ok(()), 4), "all that came before the interrupt");
    // It is full when nothing goes in any more; the host may go on to make room.
    while interrupted!(w, sock_send, fd, iovs, count, 0, RESULT) != Err(Errno::Intr) {}
    while interrupted!(w, fd_write, fd, iovs, count, RESULT) != Err(Errno::Intr) {}
}

/// There is one wait for all descriptors, and what comes in any of them ends it.
#[test]
fn many_descriptors() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (from, _to) = pipe().unwrap();
    let mut w = world(|builder| {
        builder.stdin(stream(from)).preopened_socket(listener);
    });
    let count = 3000;
    for index in 0..count {
        let mut record = [0; 48];
        record[8] = 1;
        record[16] = if index == count / 2 { 3 } else { 0 };
        w.put(BUFFER + 48 * index, &record);
    }
    let events = BUFFER + 48 * count;
    let dialect = Dialect::Preview1;
    let asked = Cell::new(0);
    let interrupted = || {
        asked.set(asked.get() + 1);
        asked.get() > 30
    };
    let mut memory = GuestMemory::new(&mut w.memory).interrupted_by(&interrupted);
    let answer =
        preview1::poll_oneoff(&mut w.ctx, &mut memory, dialect, BUFFER, events, count, RESULT);
    assert_eq!(answer, Err(Errno::Intr), "it also asks while it looks at so many");
    let client = thread::spawn(move || TcpStream::connect(address).unwrap());
    call!(w, poll_oneoff, dialect, BUFFER, events, count, RESULT).unwrap();
    assert_eq!(w.u32(RESULT), 1);
    drop(client.join());
}

/// A stream of the embedder that is never ready, and so never asked for bytes.
struct Never;

impl InputStream for Never {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Errno> {
        unreachable!("it is not ready")
    }
    fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(false)
    }
}

#[test]
fn streams_of_the_embedder() {
    let mut w = world(|builder| {
        builder.stdin(Never);
    });
    let (iovs, count) = w.iovecs(&[(BUFFER, 1)]);
    assert_eq!(interrupted!(w, fd_read, 0, iovs, count, RESULT), Err(Errno::Intr));
}

/// Counts how often it is asked, and for how much at most.
#[derive(Default)]
struct Counter(std::sync::Arc<std::sync::Mutex<(usize, usize)>>);

impl Counter {
    fn count(&self, len: usize) {
        let mut counts = self.0.lock().unwrap();
        *counts = (counts.0 + 1, counts.1.max(len));
    }
}

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        self.count(bytes.len());
        Ok(())
    }
}

impl OutputStream for Counter {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        self.count(len);
        Ok(len)
    }
}

impl InputStream for Counter {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.count(buffer.len());
        Ok(buffer.len())
    }
}

#[test]
fn random_bytes_come_in_pieces() {
    let counter = Counter::default();
    let counts = counter.0.clone();
    let mut w = world(|builder| {
        builder.secure_random(counter);
    });
    assert_eq!(call!(w, random_get, 0, 1 << 20), Ok(()));
    assert_eq!(*counts.lock().unwrap(), (16, 1 << 16));
    assert_eq!(interrupted!(w, random_get, 0, 1 << 20), Err(Errno::Intr));
    assert_eq!(counts.lock().unwrap().0, 16 + 3);
}

/// What other threads use is copied, but never much at once.
#[test]
fn shared_memories_are_copied_in_pieces() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let shared = SharedMemory::new(&engine, MemoryType::shared(400, 400)).unwrap();
    let (input, output) = (Counter::default(), Counter::default());
    let counts = [input.0.clone(), output.0.clone()];
    let mut builder = WasiCtxBuilder::new();
    let mut ctx = builder.stdin(input).stdout(output).build();
    for index in 0..20 {
        shared.write(8 * index, &0u32.to_le_bytes()).unwrap();
        shared.write(8 * index + 4, &(400u32 << 16).to_le_bytes()).unwrap();
    }
    let mut memory = GuestMemory::shared(&shared);
    preview1::fd_write(&mut ctx, &mut memory, 1, 0, 20, 200).unwrap();
    let mut memory = GuestMemory::shared(&shared);
    preview1::fd_read(&mut ctx, &mut memory, 0, 152, 1, 200).unwrap();
    let [read, written] = counts.map(|counts| *counts.lock().unwrap());
    assert_eq!(written, (400, 1 << 16), "400 pages in so many pieces");
    assert_eq!(read, (1, 1 << 16));
    // A path that is too long is not copied at all.
    let mut memory = GuestMemory::shared(&shared);
    let answer = preview1::path_create_directory(&mut ctx, &mut memory, 3, 0, 400 << 16);
    assert_eq!(answer, Err(Errno::NameTooLong));
}

/// Files go in pieces, too, and an interrupt between two of them leaves a part.
#[test]
fn files_go_in_pieces() {
    let files = windlass_wasi::MemoryFs::new();
    let mut w = world(|builder| {
        builder.preopened_fs(files, "/", DirPerms::all(), FilePerms::all()).unwrap();
    });
    w.memory = vec![1; 8 << 20];
    let fd = w.open("f", oflags::CREAT, rights::FD_READ | rights::FD_WRITE).unwrap();
    let (iovs, count) = w.iovecs(&[(BUFFER, 7 << 20)]);
    assert_eq!(interrupted!(w, fd_write, fd, iovs, count, RESULT), Ok(()));
    assert_eq!(w.u32(RESULT), 3 << 20);
    assert_eq!(interrupted!(w, fd_pwrite, fd, iovs, count, 0, RESULT), Ok(()));
    assert_eq!(w.u32(RESULT), 3 << 20);
    call!(w, fd_pwrite, fd, iovs, count, 0, RESULT).unwrap();
    assert_eq!(w.u32(RESULT), 7 << 20);
    assert_eq!(interrupted!(w, fd_pread, fd, iovs, count, 0, RESULT), Ok(()));
    assert_eq!(w.u32(RESULT), 3 << 20);
}
