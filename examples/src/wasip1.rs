//! A WASI program. It sees nothing of the host but what the builder gives it; it ends by returning
//! from `_start`, or by `proc_exit`.

use windlass::{Engine, Linker, Module, Result, Store};
use windlass_wasi::{WasiCtx, WasiCtxBuilder, add_to_linker};

/// As compilers make it for wasm32-wasip1, only shorter.
const HELLO: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello from a WASI program\n")
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 26))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
        (then unreachable)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;

    let wasi = WasiCtxBuilder::new().inherit_stdio().arg("hello").env("LANG", "C").build();
    let mut store = Store::new(&engine, wasi);
    let module = Module::new(&engine, HELLO)?;
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
}
