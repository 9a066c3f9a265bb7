//! Errors take no memory that the host has not: whatever goes wrong when it has none, or some for a
//! few allocations, is an error, and never the end of the process. Nor does what is asked for grow
//! by more than is needed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use windlass::{
    Caller, CompilationMode, Config, Engine, Error, ExternRef, Func, Instance, LinkError, Linker,
    Module, ModuleError, OutOfMemory, OwnedRooted, Store, Trap, TypedFunc,
};

thread_local! {
    /// How many allocations of this thread are still to succeed.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    /// How many bytes this thread may take beside those that it gives back, if that is limited.
    static ROOM: Cell<Option<usize>> = const { Cell::new(None) };
    /// The largest piece that was asked for, in bytes.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which may have no memory.
struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn is_left(size: usize) -> bool {
    LARGEST.set(LARGEST.get().max(size));
    let left = LEFT.get();
    if left != u64::MAX {
        LEFT.set(left.saturating_sub(1));
    }
    let has_room = take(size);
    left > 0 && has_room
}

fn take(size: usize) -> bool {
    let Some(room) = ROOM.get() else { return true };
    let rest = room.checked_sub(size);
    ROOM.set(rest.or(Some(room)));
    rest.is_some()
}

fn give_back(size: usize) {
    ROOM.set(ROOM.get().map(|room| room + size));
}

// SAFETY: what it gives comes from the system's allocator; it may give nothing.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match is_left(layout.size()) {
            // SAFETY: the caller keeps the contract, which is the same.
            true => unsafe { System.alloc(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match is_left(size) {
            true => {
                give_back(layout.size());
                // SAFETY: as above.
                unsafe { System.realloc(place, layout, size) }
            }
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        give_back(layout.size());
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

/// What comes of something for which there are so many bytes.
fn with_room_for<R>(bytes: usize, f: impl FnOnce() -> R) -> R {
    ROOM.set(Some(bytes));
    let result = f();
    ROOM.set(None);
    result
}

/// What comes of something, and the largest piece of memory that it has asked for.
fn largest_for<R>(f: impl FnOnce() -> R) -> (R, usize) {
    LARGEST.set(0);
    let result = f();
    (result, LARGEST.get())
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

/// Each of them has a name of its own for the module that it is from.
#[test]
fn modules_with_imports_from_many() {
    let one = |n| format!(r#"(import "{n}" "f" (global i32))"#);
    let wasm = binary(&(0..30).map(one).collect::<String>());
    let features = windlass::Features::WASM3;
    for bytes in (0..100_000).step_by(4) {
        match with_room_for(bytes, || windlass_decode::Module::decode(&wasm, features)) {
            Ok(module) => return assert_eq!(module.imports.len(), 30),
            Err(error) => assert_eq!(*error.kind(), windlass_decode::ErrorKind::OutOfMemory),
        }
    }
    panic!("it needs more and more");
}

/// A guest, a function of the host's, the guest again: each such call needs something that computes
/// it.
#[test]
fn calls_within_calls() {
    let text = r#"(import "" "" (func $again (param i32)))
        (func (export "f") (param i32)
            (if (local.get 0) (then (call $again (i32.sub (local.get 0) (i32.const 1))))))"#;
    let mut store = Store::<Option<TypedFunc<i32, ()>>>::default();
    let again = Func::wrap(&mut store, |mut caller: Caller<'_, Option<_>>, n: i32| {
        let f: TypedFunc<i32, ()> = caller.data().unwrap();
        f.call(&mut caller, n)
    });
    let module = Module::new(store.engine(), binary(text)).unwrap();
    let f = Instance::new(&mut store, &module, &[again.into()]).unwrap();
    let f = f.get_typed_func::<i32, ()>(&store, "f").unwrap();
    *store.data_mut() = Some(f);
    f.call(&mut store, 1).unwrap();
    // What a call has made serves the next.
    let mut deepest = 0;
    for bytes in (0..30_000).step_by(100) {
        let can = with_room_for(bytes, || f.call(&mut store, deepest + 1)).is_ok();
        deepest = if can && deepest < 50 { deepest + 1 } else { deepest };
    }
    assert!(deepest > 5, "{deepest}");
    f.call(&mut store, deepest + 10).unwrap();
}

#[test]
fn a_collection_takes_no_memory_to_forget_what_the_host_dropped() {
    let mut store = Store::<()>::default();
    let held = |store: &mut Store<()>| -> Vec<OwnedRooted<ExternRef>> {
        let one = |n: i32| {
            let rooted = ExternRef::new(&mut *store, n).unwrap();
            rooted.to_owned_rooted(&mut *store).unwrap()
        };
        (0..1000).map(one).collect()
    };
    drop(held(&mut store));
    with_memory_for(0, || store.gc());
    // Their places are used again.
    let again = held(&mut store);
    let last = again[999].to_rooted(&mut store);
    let value = last.data(&store).unwrap();
    assert_eq!(value.and_then(|value| value.downcast_ref()), Some(&999));
}

#[test]
fn imports_and_exports_are_listed() {
    let many = |one: &str| (0..500).map(|n| one.replace('#', &n.to_string())).collect::<String>();
    let imports = many(r#"(import "env" "g#" (global i32))"#);
    let text = format!("(module {imports} {})", many(r#"(export "e#" (global #))"#));
    let module = Module::new(&Engine::default(), binary(&text)).unwrap();
    let count = || {
        let (mut imports, mut exports) = (module.imports(), module.exports());
        assert_eq!((imports.len(), exports.len()), (500, 500));
        assert_eq!((imports.next().unwrap().name(), exports.next().unwrap().name()), ("g0", "e0"));
        assert_eq!((imports.len(), exports.len()), (499, 499));
        (imports.count(), exports.count())
    };
    assert_eq!(with_memory_for(0, count), (499, 499));
}

/// However long the tag's name is: a guest throws again and again.
#[test]
fn exceptions_that_leave_a_call() {
    let mut store = Store::<()>::default();
    let name = "n".repeat(1 << 20);
    let text = format!(r#"(module (tag ${name}) (func (export "f") (throw ${name})))"#);
    let module = Module::new(store.engine(), binary(&text)).unwrap();
    let f = Instance::new(&mut store, &module, &[]).unwrap();
    let f = f.get_typed_func::<(), ()>(&store, "f").unwrap();
    assert!(f.call(&mut store, ()).is_err());
    let (error, largest) = largest_for(|| f.call(&mut store, ()).unwrap_err());
    assert!(largest < 10_000, "{largest} bytes");
    assert!(error.root_cause().to_string().contains(&name));
}

/// A target of a `br_table` takes a few words, not all that an operator can need.
#[test]
fn tables_of_branches() {
    let labels = 60_000;
    let targets = "0 1 ".repeat(labels / 2);
    let text = format!(
        r#"(func (export "f") (param i32) (result i32)
            (block (block (br_table {targets} 0 (local.get 0))) (return (i32.const 1)))
            (i32.const 2))"#
    );
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), binary(&text)).unwrap();
    let f = Instance::new(&mut store, &module, &[]).unwrap();
    let f = f.get_typed_func::<i32, i32>(&store, "f").unwrap();
    let (result, largest) = largest_for(|| f.call(&mut store, 1));
    assert_eq!(result.unwrap(), 2);
    assert!(largest <= 64 * labels, "{largest} bytes");
}
