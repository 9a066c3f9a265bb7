//! A memory that guests on several threads share, as programs with threads need it: atomic
//! instructions, and waiting for each other. The host may look at it, too.

use std::thread;
use windlass::{Config, Engine, Linker, MemoryType, Module, Result, SharedMemory, Store};

/// Adds to a counter, and the last one wakes who waits for that.
const GUEST: &str = r#"
    (import "host" "memory" (memory 1 1 shared))
    (func (export "work") (param $times i32)
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br_if $again (local.get $times)))
      (drop (i32.atomic.rmw.sub (i32.const 8) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 8) (i32.const -1))))
    (func (export "wait") (result i32) (local $working i32)
      (loop $again
        (local.set $working (i32.atomic.load (i32.const 8)))
        (if (local.get $working)
          (then
            (drop (memory.atomic.wait32 (i32.const 8) (local.get $working) (i64.const -1)))
            (br $again))))
      (i32.atomic.load (i32.const 0)))"#;

const WORKERS: i32 = 3;
const TIMES: i32 = 1_000;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().wasm_threads(true))?;
    let module = Module::new(&engine, GUEST)?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
    memory.write(8, &WORKERS.to_le_bytes())?;
    // Each thread has a store of its own, whose guest imports the same memory.
    let guest = || {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.define(&store, "host", "memory", memory.clone())?;
        let instance = linker.instantiate(&mut store, &module)?;
        Ok::<_, windlass::Error>((store, instance))
    };
    let sum = thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let (mut store, instance) = guest()?;
                instance.get_typed_func::<i32, ()>(&store, "work")?.call(&mut store, TIMES)
            });
        }
        let (mut store, instance) = guest()?;
        instance.get_typed_func::<(), i32>(&store, "wait")?.call(&mut store, ())
    })?;
    println!("{WORKERS} guests counted to {sum}");
    assert_eq!(sum, WORKERS * TIMES);
    let mut bytes = [0; 4];
    memory.read(0, &mut bytes)?;
    assert_eq!(i32::from_le_bytes(bytes), sum);
    Ok(())
}
