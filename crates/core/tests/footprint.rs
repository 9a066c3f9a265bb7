//! What a small guest makes the host hold, beside linear memory: an allocator counts. Its numbers
//! for machines with 32 bits tells `cargo xtask embedded`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use windlass::{Config, Engine, Linker, MemoryPool, Module, Store};

thread_local! {
    /// Bytes that this thread has allocated and not freed, and the most there were.
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, with a count of the bytes.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: it hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get() + layout.size());
        MOST.set(MOST.get().max(HELD.get()));
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What is held since then, and the most that was held in between.
fn since(before: usize) -> (usize, usize) {
    (HELD.get() - before, MOST.replace(HELD.get()) - before)
}

/// The example's, of ten functions.
const SORT: &str = include_str!("../../../examples/embedded/guests/sort.wat");

#[test]
fn a_small_guest_takes_little() {
    let wasm: &'static [u8] = wat::parse_str(SORT).expect("the text is right").leak();
    let memory = Arc::new(MemoryPool::new([vec![0; 1 << 16].leak()]));
    let engine = Engine::new(Config::new().max_wasm_stack(1 << 10).memory_source(memory)).unwrap();
    let before = HELD.get();
    MOST.set(before);
    let module = Module::from_static(&engine, wasm).unwrap();
    let (module_takes, most) = since(before);
    println!("{module_takes} bytes after the module, {most} at most");
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let (instance_takes, most) = since(before);
    println!("{instance_takes} bytes after the instance, {most} at most");
    let run = instance.get_typed_func::<u32, u32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, 100).unwrap(), 0);
    let (call_takes, most) = since(before);
    println!("{call_takes} bytes after a call, {most} at most");
    assert!(call_takes <= 24 << 10, "{call_takes} bytes");
    assert!(most <= 64 << 10, "{most} bytes at most");
    drop((store, module, linker));
    assert!(since(before).0 <= 64, "what is left are names of files and the like");
}
