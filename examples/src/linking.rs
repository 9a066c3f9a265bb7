//! Modules that import each other, found by name: a library, a program that uses it, and WASI.

use windlass::{Engine, Linker, Module, Result, Store};
use windlass_wasi::{MemoryOutputPipe, WasiCtx, WasiCtxBuilder, add_to_linker};

/// Doubles a number, and has the memory that both write to.
const LIBRARY: &str = r#"
    (memory (export "memory") 1)
    (data (i32.const 8) "linked\n")
    (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))"#;

const PROGRAM: &str = r#"
    (import "library" "memory" (memory 1))
    (import "library" "double" (func $double (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (export "memory" (memory 0))
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 8))
      (i32.store (i32.const 4) (i32.const 7))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0)))
      (call $double (i32.const 21)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let library = Module::new(&engine, LIBRARY)?;
    let program = Module::new(&engine, PROGRAM)?;

    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let output = MemoryOutputPipe::new(100);
    let mut store = Store::new(&engine, WasiCtxBuilder::new().stdout(output.clone()).build());

    // What the library exports can be imported under its name from now on.
    let library = linker.instantiate(&mut store, &library)?;
    linker.instance(&mut store, "library", library)?;
    let program = linker.instantiate(&mut store, &program)?;
    let run = program.get_typed_func::<(), i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, ())?, 42);
    assert_eq!(output.contents(), b"linked\n");
    print!("{}", String::from_utf8_lossy(&output.contents()));
    Ok(())
}
