//! A WASI program with files of its own: some in memory, which vanish with the host's last clone of
//! them, and a directory of the host that it can only read. It reaches nothing else.

use windlass::{Engine, Linker, Module, Result, Store};
use windlass_wasi::{DirPerms, FilePerms, MemoryFs, WasiCtx, WasiCtxBuilder, add_to_linker};

/// Copies `input` of its second directory (descriptor 4) to `output` of its first (3). Returns the
/// last error number; 0 is none.
const COPY: &str = r#"
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 100) "input")
    (data (i32.const 110) "output")
    (func $copy (export "copy") (param $from i32) (result i32) (local $error i32)
      ;; To read: the right 2, fd_read.
      (local.tee $error (call $open (local.get $from) (i32.const 0) (i32.const 100) (i32.const 5)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 20)))
      (if (then (return (local.get $error))))
      ;; To write, and to be made if it is not there: the right 64, fd_write.
      (local.tee $error (call $open (i32.const 3) (i32.const 0) (i32.const 110) (i32.const 6)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 24)))
      (if (then (return (local.get $error))))
      (i32.store (i32.const 0) (i32.const 1000))
      (i32.store (i32.const 4) (i32.const 1000))
      (local.tee $error
        (call $read (i32.load (i32.const 20)) (i32.const 0) (i32.const 1) (i32.const 4)))
      (if (then (return (local.get $error))))
      (call $write (i32.load (i32.const 24)) (i32.const 0) (i32.const 1) (i32.const 8)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;

    // A directory of the host with a file in it.
    let folder = std::env::temp_dir().join(format!("windlass-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("input"), "from the host")?;

    // Clones share the files: the host keeps one. They take at most 1 MiB.
    let files = MemoryFs::with_limit(1 << 20);
    let wasi = WasiCtxBuilder::new()
        .preopened_fs(files.clone(), "/", DirPerms::all(), FilePerms::all())?
        .preopened_dir(&folder, "/host", DirPerms::READ, FilePerms::READ)?
        .build();
    let mut store = Store::new(&engine, wasi);
    let module = Module::new(&engine, COPY)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let copy = instance.get_typed_func::<i32, i32>(&mut store, "copy")?;
    assert_eq!(copy.call(&mut store, 4)?, 0);
    let copied = files.read("output")?;
    println!("{}", String::from_utf8_lossy(&copied));
    assert_eq!(copied, b"from the host");

    // What the host writes, the guest reads.
    files.write("input", "from memory")?;
    assert_eq!(copy.call(&mut store, 3)?, 0);
    assert!(files.read("output")?.starts_with(b"from memory"));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
