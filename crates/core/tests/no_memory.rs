//! Errors take no memory that the host has not: whatever goes wrong when it has none, or some for a
//! few allocations, is an error, and never the end of the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use windlass::{
    CompilationMode, Config, Engine, Error, Func, Instance, LinkError, Linker, Module, ModuleError,
    OutOfMemory, Store, Trap,
};

thread_local! {
    /// How many allocations of this thread are still to succeed.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The system's allocator, which may have no memory.
struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn is_left() -> bool {
    let left = LEFT.get();
    if left != u64::MAX {
        LEFT.set(left.saturating_sub(1));
    }
    left > 0
}

// SAFETY: what it gives comes from the system's allocator; it may give nothing.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match is_left() {
            // SAFETY: the caller keeps the contract, which is the same.
            true => unsafe { System.alloc(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match is_left() {
            // SAFETY: as above.
            true => unsafe { System.realloc(place, layout, size) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What comes of something for which there is memory for so many allocations.
fn with_memory_for<R>(allocations: u64, f: impl FnOnce() -> R) -> R {
    LEFT.set(allocations);
    let result = f();
    LEFT.set(u64::MAX);
    result
}

/// Has it fail with memory for no allocation, for one, and so on, until it needs no more. It is
/// what `is_whole` knows in the end, and before that what there was no memory for.
fn fails_at_each(mut fails: impl FnMut() -> Error, is_whole: impl Fn(&Error) -> bool) {
    let error = with_memory_for(0, &mut fails);
    assert!(error.is::<OutOfMemory>(), "{error:?}");
    let errors = (1..100).map(|left| with_memory_for(left, &mut fails));
    let whole = errors.inspect(|error| assert!(error.is::<OutOfMemory>() || is_whole(error)));
    assert!(whole.last().is_some_and(|error| is_whole(&error)));
}

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is right")
}

#[test]
fn traps() {
    let engine = Engine::new(Config::new().wasm_backtrace_max_frames(5)).unwrap();
    let text = r#"(func $f (export "f") (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $f (i32.sub (local.get 0) (i32.const 1))))"#;
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, binary(text)).unwrap();
    let f = Instance::new(&mut store, &module, &[]).unwrap();
    let f = f.get_typed_func::<i32, ()>(&store, "f").unwrap();
    // Translates it, and makes the stack large enough.
    assert!(f.call(&mut store, 10).is_err());
    let is_trap = |error: &Error| error.trap() == Some(Trap::Unreachable);
    fails_at_each(|| f.call(&mut store, 10).unwrap_err(), is_trap);
    let whole = with_memory_for(50, || f.call(&mut store, 10).unwrap_err());
    assert_eq!(whole.backtrace().unwrap().frames().len(), 5);
}

#[test]
fn errors_of_the_host_s_functions() {
    let mut store = Store::<()>::default();
    let host = Func::wrap(&mut store, || -> Result<(), Error> { Err(Trap::Unreachable.into()) });
    let text = r#"(import "" "" (func $f)) (func (export "f") (call $f))"#;
    let module = Module::new(store.engine(), binary(text)).unwrap();
    let f = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    let f = f.get_typed_func::<(), ()>(&store, "f").unwrap();
    assert!(f.call(&mut store, ()).is_err());
    let is_trap = |error: &Error| error.trap() == Some(Trap::Unreachable);
    fails_at_each(|| f.call(&mut store, ()).unwrap_err(), is_trap);
}

#[test]
fn imports_that_are_missing() {
    let engine = Engine::default();
    let text = r#"(import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref))"#;
    let module = Module::new(&engine, binary(text)).unwrap();
    let linker = Linker::<()>::new(&engine);
    let fails = || linker.instantiate_pre(&module).map(drop).unwrap_err();
    fails_at_each(fails, |error| error.is::<LinkError>());
    let mut store = Store::new(&engine, ());
    let none = || Instance::new(&mut store, &module, &[]).unwrap_err();
    fails_at_each(none, |error| error.to_string().contains("2 imports"));
}

#[test]
fn modules_that_are_not_valid() {
    let engine = Engine::default();
    let malformed = b"\0asm\x01\0\0\0\x7f";
    let fails = || Module::new(&engine, malformed).unwrap_err();
    fails_at_each(fails, |error| error.is::<ModuleError>());
    let wasm = binary(r#"(func (param i32) (result i64) (local.get 0))"#);
    let fails = || Module::new(&engine, &wasm).unwrap_err();
    let is_of_the_body = |error: &Error| error.to_string().contains("type mismatch");
    let is_whole = |error: &Error| error.is::<ModuleError>();
    fails_at_each(fails, is_whole);
    assert!(is_of_the_body(&fails()));
}

#[test]
fn contexts() {
    let fails = || Error::from(Trap::Unreachable).context("what was done");
    let error = with_memory_for(2, fails);
    // There was memory for the error, and none for what was to stand before it.
    assert_eq!((error.trap(), error.to_string()), (Some(Trap::Unreachable), "unreachable".into()));
    assert_eq!(fails().to_string(), "what was done");
}

/// Each allocation of a first call is refused once: those of validation and translation, and the
/// last, for the place where the code is found.
#[test]
fn functions_that_are_translated_when_they_are_called() {
    let engine = Engine::new(Config::new().compilation_mode(CompilationMode::Lazy)).unwrap();
    let text = r#"(func $g (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func (export "f") (param i32) (result i32) (local i32)
            (loop (local.set 1 (call $g (local.get 0))) (br_if 0 (i32.eqz (local.get 1))))
            (local.get 1))
        (func (export "first"))"#;
    let wasm = binary(text);
    for left in 0..1000 {
        let module = Module::new(&engine, &wasm).unwrap();
        let mut store = Store::new(&engine, ());
        let f = Instance::new(&mut store, &module, &[]).unwrap();
        // The store makes what computes for the first call that it has.
        f.get_typed_func::<(), ()>(&store, "first").unwrap().call(&mut store, ()).unwrap();
        let f = f.get_typed_func::<i32, i32>(&store, "f").unwrap();
        match with_memory_for(left, || f.call(&mut store, 14)) {
            Ok(result) => {
                assert_eq!(result, 42);
                assert!(left > 10, "{left} allocations");
                return;
            }
            Err(error) => {
                let is_told = error.is::<OutOfMemory>() || error.to_string().contains("memory");
                assert!(is_told || error.trap().is_some(), "{left}: {error:?}");
                // Nothing is left half done.
                assert_eq!(f.call(&mut store, 14).unwrap(), 42);
            }
        }
    }
    panic!("it needs more and more");
}
