//! The functions of preview1 as a guest sees them: what they answer, and which error numbers.

mod fuel;
mod guest;
mod hooks;
mod interrupts;
mod links;
#[cfg(all(feature = "std", unix))]
mod threads;

use guest::{Guest, MEMORY_SIZE};
use std::time::Duration;
use windlass::{Engine, Linker, Module, Store};
use windlass_wasi::{
    Errno, I32Exit, InputStream, MemoryInputPipe, MonotonicClock, RandomSource, WallClock, WasiCtx,
    WasiCtxBuilder,
};

const SUCCESS: i32 = 0;
const BADF: i32 = Errno::BadF as i32;
const FAULT: i32 = Errno::Fault as i32;
const INVAL: i32 = Errno::Inval as i32;

/// Addresses in the guest's memory.
const END: u64 = MEMORY_SIZE as u64;
const AT: u64 = 1024;

#[test]
fn arguments() {
    let mut guest = Guest::new(|wasi| {
        wasi.arg("program").args(&["", "two words"]);
    });
    assert_eq!(guest.call("args_sizes_get", &[AT, AT + 4]), SUCCESS);
    assert_eq!((guest.get_u32(1024), guest.get_u32(1028)), (3, 8 + 1 + 10));
    assert_eq!(guest.call("args_get", &[AT, 2000]), SUCCESS);
    let pointers = [guest.get_u32(1024), guest.get_u32(1028), guest.get_u32(1032)];
    assert_eq!(pointers, [2000, 2008, 2009]);
    assert_eq!(guest.get(2000, 19), b"program\0\0two words\0");

    assert_eq!(guest.call("args_sizes_get", &[END, AT]), FAULT);
    assert_eq!(guest.call("args_sizes_get", &[AT, END - 3]), FAULT);
    assert_eq!(guest.call("args_get", &[END - 4, 2000]), FAULT);
    assert_eq!(guest.call("args_get", &[AT, END - 18]), FAULT);
    assert_eq!(guest.call("args_get", &[AT, u64::from(u32::MAX)]), FAULT);
    assert_eq!(guest.call("args_get", &[AT, END - 19]), SUCCESS);
}

/// What is no UTF-8 is not changed.
#[test]
fn arguments_and_variables_are_bytes() {
    let mut guest = Guest::new(|wasi| {
        wasi.arg(b"caf\xe9").args(&[[0xff, 0xfe]]);
        wasi.env("A", [0x80]).envs(&[(b"\xff", b"1")]);
    });
    assert_eq!(guest.call("args_get", &[AT, 2000]), SUCCESS);
    assert_eq!(guest.get(2000, 8), b"caf\xe9\0\xff\xfe\0");
    assert_eq!(guest.call("environ_get", &[AT, 2000]), SUCCESS);
    assert_eq!(guest.get(2000, 8), b"A=\x80\0\xff=1\0");
}

/// Addresses need not be aligned.
#[test]
fn addresses_anywhere() {
    let mut guest = Guest::new(|wasi| {
        wasi.arg("program");
    });
    for odd in 1..8 {
        let at = 1024 + odd;
        assert_eq!(guest.call("args_sizes_get", &[at, at + 4]), SUCCESS);
        assert_eq!(guest.call("clock_time_get", &[1, 0, at]), SUCCESS);
        guest.put(500, b"x");
        guest.put_iovecs(100 + odd as u32, &[(500, 1)]);
        assert_eq!(guest.call("fd_write", &[1, 100 + odd, 1, at]), SUCCESS);
        assert_eq!(guest.get_u32(at as u32), 1);
    }
    assert_eq!(guest.stdout.contents(), b"xxxxxxx");
}

#[test]
fn environment() {
    let mut guest = Guest::new(|wasi| {
        wasi.env("A", "1").envs(&[("EMPTY", "")]);
    });
    assert_eq!(guest.call("environ_sizes_get", &[AT, AT + 4]), SUCCESS);
    assert_eq!((guest.get_u32(1024), guest.get_u32(1028)), (2, 4 + 7));
    assert_eq!(guest.call("environ_get", &[AT, 2000]), SUCCESS);
    assert_eq!(guest.get(2000, 11), b"A=1\0EMPTY=\0");
    assert_eq!(guest.call("environ_get", &[END, 2000]), FAULT);

    let mut guest = Guest::new(|_| ());
    assert_eq!(guest.call("environ_sizes_get", &[AT, AT + 4]), SUCCESS);
    assert_eq!(guest.get_u64(1024), 0);
}

struct Fixed;

impl WallClock for Fixed {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }
    fn now(&self) -> Duration {
        Duration::from_secs(1_700_000_000)
    }
}

impl MonotonicClock for Fixed {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(20)
    }
    fn now(&self) -> Duration {
        Duration::from_nanos(12345)
    }
}

#[test]
fn clocks() {
    let mut guest = Guest::new(|wasi| {
        wasi.wall_clock(Fixed).monotonic_clock(Fixed);
    });
    assert_eq!(guest.call("clock_res_get", &[0, AT]), SUCCESS);
    assert_eq!(guest.get_u64(1024), 1000);
    assert_eq!(guest.call("clock_res_get", &[1, AT]), SUCCESS);
    assert_eq!(guest.get_u64(1024), 20);
    assert_eq!(guest.call("clock_time_get", &[0, 1, AT]), SUCCESS);
    assert_eq!(guest.get_u64(1024), 1_700_000_000_000_000_000);
    assert_eq!(guest.call("clock_time_get", &[1, 1, AT]), SUCCESS);
    assert_eq!(guest.get_u64(1024), 12345);
    for id in [2, 3, 4, u64::from(u32::MAX)] {
        assert_eq!(guest.call("clock_time_get", &[id, 1, AT]), INVAL);
        assert_eq!(guest.call("clock_res_get", &[id, AT]), INVAL);
    }
    assert_eq!(guest.call("clock_time_get", &[0, 1, END - 7]), FAULT);
    assert_eq!(guest.call("clock_res_get", &[0, END - 7]), FAULT);
}

#[cfg(feature = "std")]
#[test]
fn clocks_of_the_host() {
    let mut guest = Guest::new(|_| ());
    let mut time = |id| {
        assert_eq!(guest.call("clock_time_get", &[id, 1, AT]), SUCCESS);
        guest.get_u64(1024)
    };
    assert!(time(0) > 1_600_000_000_000_000_000);
    let start = time(1);
    std::thread::sleep(Duration::from_millis(2));
    assert!(time(1) >= start + 2_000_000);
}

struct Sevens;

impl RandomSource for Sevens {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        bytes.fill(7);
        Ok(())
    }
}

#[test]
fn randomness() {
    let mut guest = Guest::new(|wasi| {
        wasi.secure_random(Sevens);
    });
    assert_eq!(guest.call("random_get", &[AT, 3]), SUCCESS);
    assert_eq!(guest.get(1024, 4), [7, 7, 7, 0]);
    assert_eq!(guest.call("random_get", &[END, 0]), SUCCESS);
    assert_eq!(guest.call("random_get", &[END, 1]), FAULT);
    assert_eq!(guest.call("random_get", &[AT, u64::from(u32::MAX)]), FAULT);

    let mut guest = Guest::new(|_| ());
    if cfg!(not(feature = "std")) {
        assert_eq!(guest.call("random_get", &[AT, 32]), Errno::NotSup as i32);
        return;
    }
    assert_eq!(guest.call("random_get", &[AT, 32]), SUCCESS);
    assert_eq!(guest.call("random_get", &[AT + 32, 32]), SUCCESS);
    assert_ne!(guest.get(1024, 32), guest.get(1056, 32));
}

#[test]
fn writing() {
    let mut guest = Guest::new(|_| ());
    guest.put(0, b"hello world");
    guest.put_iovecs(100, &[(0, 6), (50, 0), (6, 5)]);
    assert_eq!(guest.call("fd_write", &[1, 100, 3, AT]), SUCCESS);
    assert_eq!(guest.get_u32(1024), 11);
    assert_eq!(guest.call("fd_write", &[2, 100, 1, AT]), SUCCESS);
    assert_eq!(guest.call("fd_write", &[1, 100, 0, AT]), SUCCESS);
    assert_eq!(guest.get_u32(1024), 0);
    assert_eq!(guest.stdout.contents(), b"hello world");
    assert_eq!(guest.stderr.contents(), b"hello ");
}

#[test]
fn writing_many_buffers() {
    let mut guest = Guest::new(|_| ());
    guest.put(0, b"abcdefghij");
    let iovecs: Vec<(u32, u32)> = (0..100).map(|i| (i % 10, 1)).collect();
    guest.put_iovecs(100, &iovecs);
    assert_eq!(guest.call("fd_write", &[1, 100, 100, AT]), SUCCESS);
    assert_eq!(guest.get_u32(1024), 100);
    assert_eq!(guest.stdout.contents(), b"abcdefghij".repeat(10));
}

#[test]
fn writing_more_than_fits() {
    let mut guest = Guest::new(|_| ());
    guest.put_iovecs(100, &[(2000, 600), (2000, 600)]);
    assert_eq!(guest.call("fd_write", &[1, 100, 2, AT]), SUCCESS);
    assert_eq!(guest.get_u32(1024), 1000);
    assert_eq!(guest.call("fd_write", &[1, 100, 1, AT]), Errno::NoSpc as i32);
    assert_eq!(guest.stdout.contents().len(), 1000);
}

#[test]
fn writing_wrongly() {
    let mut guest = Guest::new(|_| ());
    guest.put_iovecs(100, &[(0, 1), (MEMORY_SIZE, 1), (u32::MAX, u32::MAX)]);
    for fd in [0, 3, u64::from(u32::MAX)] {
        assert_eq!(guest.call("fd_write", &[fd, 100, 1, AT]), BADF);
    }
    assert_eq!(guest.call("fd_write", &[1, 100, 2, AT]), FAULT);
    assert_eq!(guest.call("fd_write", &[1, 116, 1, AT]), FAULT);
    assert_eq!(guest.call("fd_write", &[1, END - 7, 1, AT]), FAULT);
    assert_eq!(guest.call("fd_write", &[1, 100, 1, END]), FAULT);
    assert_eq!(guest.call("fd_write", &[1, u64::from(u32::MAX), 1, AT]), FAULT);
    assert_eq!(guest.stdout.contents(), b"", "a call that fails writes nothing");
}

#[test]
fn reading() {
    let mut guest = Guest::new(|wasi| {
        wasi.stdin(MemoryInputPipe::new("hello world"));
    });
    guest.put_iovecs(100, &[(500, 0), (200, 6), (206, 100)]);
    assert_eq!(guest.call("fd_read", &[0, 100, 3, AT]), SUCCESS);
    assert_eq!((guest.get_u32(1024), guest.get(200, 8)), (6, b"hello \0\0".to_vec()));
    assert_eq!(guest.call("fd_read", &[0, 116, 1, AT]), SUCCESS);
    assert_eq!((guest.get_u32(1024), guest.get(206, 6)), (5, b"world\0".to_vec()));
    assert_eq!(guest.call("fd_read", &[0, 116, 1, AT]), SUCCESS);
    assert_eq!(guest.get_u32(1024), 0, "the end");
}

#[test]
fn reading_wrongly() {
    let mut guest = Guest::new(|wasi| {
        wasi.stdin(MemoryInputPipe::new("x"));
    });
    guest.put_iovecs(100, &[(MEMORY_SIZE, 1), (200, 1)]);
    for fd in [1, 2, 3] {
        assert_eq!(guest.call("fd_read", &[fd, 108, 1, AT]), BADF);
    }
    assert_eq!(guest.call("fd_read", &[0, 100, 1, AT]), FAULT);
    assert_eq!(guest.call("fd_read", &[0, END, 1, AT]), FAULT);
    assert_eq!(guest.call("fd_read", &[0, 108, 1, END]), FAULT);
    assert_eq!(guest.call("fd_read", &[0, 108, 1, AT]), SUCCESS);
    assert_eq!(guest.get(200, 1), b"x", "calls that failed read nothing");
}

#[test]
fn closing() {
    let mut guest = Guest::new(|_| ());
    guest.put_iovecs(100, &[(0, 1)]);
    assert_eq!(guest.call("fd_close", &[1]), SUCCESS);
    assert_eq!(guest.call("fd_close", &[1]), BADF);
    assert_eq!(guest.call("fd_close", &[3]), BADF);
    assert_eq!(guest.call("fd_write", &[1, 100, 1, AT]), BADF);
    assert_eq!(guest.call("fd_write", &[2, 100, 1, AT]), SUCCESS);
}

#[test]
fn seeking() {
    let mut guest = Guest::new(|_| ());
    assert_eq!(guest.call("fd_seek", &[1, 0, 0, AT]), Errno::SPipe as i32);
    assert_eq!(guest.call("fd_seek", &[3, 0, 0, AT]), BADF);
}

struct Keyboard;

impl InputStream for Keyboard {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::Intr)
    }
    fn is_terminal(&self) -> bool {
        true
    }
}

#[test]
fn descriptors_are_described() {
    let mut guest = Guest::new(|wasi| {
        wasi.stdin(Keyboard);
    });
    const READ: u64 = 1 << 1;
    const WRITE: u64 = 1 << 6;
    const REST: u64 = 1 << 3 | 1 << 21 | 1 << 27; // set flags, get attributes, poll
    for (fd, file_type, rights) in [(0, 2, READ | REST), (1, 0, WRITE | REST), (2, 0, WRITE | REST)]
    {
        guest.put(1024, &[0xff; 24]);
        assert_eq!(guest.call("fd_fdstat_get", &[fd, AT]), SUCCESS);
        assert_eq!(guest.get(1024, 8), [file_type, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((guest.get_u64(1032), guest.get_u64(1040)), (rights, 0));
    }
    assert_eq!(guest.call("fd_fdstat_get", &[3, AT]), BADF);
    assert_eq!(guest.call("fd_fdstat_get", &[0, END - 23]), FAULT);
    guest.put_iovecs(100, &[(0, 1)]);
    assert_eq!(guest.call("fd_read", &[0, 100, 1, AT]), Errno::Intr as i32);
}

#[test]
fn nothing_is_preopened() {
    let mut guest = Guest::new(|_| ());
    for fd in [0, 3, 4] {
        assert_eq!(guest.call("fd_prestat_get", &[fd, AT]), BADF);
    }
}

#[test]
fn yielding() {
    assert_eq!(Guest::new(|_| ()).call("sched_yield", &[]), SUCCESS);
}

#[test]
fn exiting() {
    let mut guest = Guest::new(|_| ());
    for code in [0, 1, 42, -1] {
        let error = guest.try_call("proc_exit", &[code as u64]).unwrap_err();
        assert_eq!(error.downcast_ref::<I32Exit>(), Some(&I32Exit(code)));
        assert_eq!(error.trap(), None);
    }
}

#[test]
fn a_guest_without_memory_is_told() {
    let engine = Engine::default();
    let mut store: Store<WasiCtx> = Store::new(&engine, WasiCtxBuilder::new().build());
    let mut linker = Linker::new(&engine);
    windlass_wasi::add_to_linker(&mut linker, |wasi| wasi).unwrap();
    let text = r#"(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (func (export "run") (drop (call $yield))))"#;
    let module = Module::new(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    let error = run.call(&mut store, &[], &mut []).unwrap_err();
    assert!(error.to_string().contains("must export its memory"), "{error}");
}
