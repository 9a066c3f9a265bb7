//! A WASI program with streams of the host's making: any reader as its standard input, any writer
//! or a pipe in memory as its output, which the host reads while the program runs. The host keeps
//! state of its own beside the program's world, and learns with what code the program ended.

use std::{
    io::{self, Cursor, Write},
    sync::{Arc, Mutex},
};
use windlass::{Caller, Engine, Linker, Module, Result, Store};
use windlass_wasi::{
    I32Exit, MemoryOutputPipe, ReadStream, WasiCtx, WasiCtxBuilder, WriteStream, add_to_linker,
};

/// Copies its input to its output, five bytes at a time; complains on its standard error, tells the
/// host after each part, and exits with 3.
const GUEST: &str = r#"
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "host" "progress" (func $progress))
    (memory (export "memory") 1)
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 100))
      (loop $again
        (i32.store (i32.const 4) (i32.const 5))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (if (i32.load (i32.const 4))
          (then
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $progress)
            (br $again))))
      (call $exit (i32.const 3)))"#;

/// What a store holds: the program's world, and what is the host's own.
struct Host {
    wasi: WasiCtx,
    output: MemoryOutputPipe,
    seen: Vec<usize>,
}

/// A writer of the host: makes the letters capital ones.
struct Capitals(Arc<Mutex<Vec<u8>>>);

impl Write for Capitals {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend(bytes.to_ascii_uppercase());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    // Where the program's world is in the host's data.
    add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
    linker.func_wrap("host", "progress", |mut caller: Caller<'_, Host>| {
        let host = caller.data_mut();
        host.seen.push(host.output.contents().len());
    })?;

    // It takes 4096 bytes; clones share what was written.
    let output = MemoryOutputPipe::new(4096);
    let capitals = Arc::new(Mutex::new(Vec::new()));
    let wasi = WasiCtxBuilder::new()
        .stdin(ReadStream(Cursor::new("twelve bytes")))
        .stdout(output.clone())
        .stderr(WriteStream(Capitals(capitals.clone())))
        .build();
    let mut store = Store::new(&engine, Host { wasi, output, seen: Vec::new() });
    let instance = linker.instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let error = start.call(&mut store, ()).unwrap_err();

    // The end of a program comes as an error, since it goes through all that the guest was doing.
    let code = error.downcast_ref::<I32Exit>().expect("no other error").0;
    println!("exit code {code}, output seen while it ran: {:?}", store.data().seen);
    assert_eq!(code, 3);
    assert_eq!(store.data().seen, [5, 10, 12]);
    assert_eq!(store.data().output.contents(), b"twelve bytes");
    assert_eq!(*capitals.lock().expect("nobody panics with it"), b"TWELVE BYTES");
    Ok(())
}
