//! Shared memories: several stores on several threads of the host, atomic instructions, waiting.

use crate::{instantiation_error, module};
use std::{
    thread,
    time::{Duration, Instant},
};
use windlass::{
    Caller, Config, Engine, Event, Extern, Features, Func, Instance, LinkError, Linker, Memory,
    MemoryType, Metering, SharedMemory, Store, StoreLimits, StoreLimitsBuilder, Trap, TypedFunc,
    Val, WaitResult,
};

const LONG: Duration = Duration::from_secs(60);

fn engine(metering: Metering) -> Engine {
    Engine::new(Config::new().features(Features::ALL).metering(metering)).unwrap()
}

/// An instance in a store of its own, which imports the memory as `env.memory`.
fn over(memory: &SharedMemory, engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let _ = store.set_fuel(u64::MAX);
    let mut linker = Linker::new(engine);
    linker.define(&store, "env", "memory", memory.clone()).unwrap();
    let instance = linker.instantiate(&mut store, &module(engine, text)).unwrap();
    (store, instance)
}

/// A memory of one page, and the engine.
fn page() -> (Engine, SharedMemory) {
    let engine = engine(Metering::None);
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    (engine, memory)
}

fn u32_at(memory: &SharedMemory, at: usize) -> u32 {
    let mut bytes = [0; 4];
    memory.read(at, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

/// Each thread adds to counters of all widths, which are neighbours, and takes a lock to add to one
/// that is not atomic.
const COUNT: &str = r#"
    (import "env" "memory" (memory 1 4 shared))
    (func $lock
      (loop $again
        (if (i32.atomic.rmw.cmpxchg (i32.const 32) (i32.const 0) (i32.const 1))
          (then
            (drop (memory.atomic.wait32 (i32.const 32) (i32.const 1) (i64.const 1000000)))
            (br $again)))))
    (func $unlock
      (i32.atomic.store (i32.const 32) (i32.const 0))
      (drop (memory.atomic.notify (i32.const 32) (i32.const 1))))
    (func (export "count") (param $n i32)
      (loop $again
        (drop (i32.atomic.rmw8.add_u (i32.const 0) (i32.const 1)))
        (drop (i32.atomic.rmw8.sub_u (i32.const 1) (i32.const 1)))
        (drop (i32.atomic.rmw16.add_u (i32.const 2) (i32.const 1)))
        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
        (drop (i64.atomic.rmw.add (i32.const 8) (i64.const 0x100000001)))
        (drop (i64.atomic.rmw32.sub_u (i32.const 16) (i64.const 1)))
        (call $lock)
        (i64.store offset=1 (i32.const 40) (i64.add (i64.load offset=1 (i32.const 40))
          (i64.const 1)))
        (call $unlock)
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#;

#[test]
fn counters_of_all_widths() {
    for metering in [Metering::None, Metering::Fuel] {
        let engine = engine(metering);
        let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
        let (threads, each) = (4u32, 2000u32);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let (mut store, instance) = over(&memory, &engine, COUNT);
                    let count = instance.get_typed_func::<u32, ()>(&store, "count").unwrap();
                    count.call(&mut store, each).unwrap();
                });
            }
        });
        let n = threads * each;
        let mut bytes = [0; 49];
        memory.read(0, &mut bytes).unwrap();
        assert_eq!(bytes[..2], [n as u8, (n as u8).wrapping_neg()]);
        assert_eq!(bytes[2..4], (n as u16).to_le_bytes());
        assert_eq!(u32_at(&memory, 4), n);
        assert_eq!(bytes[8..16], (u64::from(n) * 0x1_0000_0001).to_le_bytes());
        assert_eq!(u32_at(&memory, 16), n.wrapping_neg());
        assert_eq!(u32_at(&memory, 20), 0, "what is narrower leaves its neighbours alone");
        assert_eq!(bytes[41..49], u64::from(n).to_le_bytes());
    }
}

/// Two players in turn: each waits until the other's counter is as high as its own, or one higher
/// if that one leads, and counts.
const PING_PONG: &str = r#"
    (import "env" "memory" (memory 1 4 shared))
    (func (export "play") (param $mine i32) (param $theirs i32) (param $lead i32) (param $n i32)
      (local $i i32) (local $wanted i32)
      (loop $round
        (local.set $wanted (i32.add (local.get $i) (local.get $lead)))
        (loop $wait
          (if (i32.ne (i32.atomic.load (local.get $theirs)) (local.get $wanted))
            (then
              (drop (memory.atomic.wait32
                (local.get $theirs) (i32.sub (local.get $wanted) (i32.const 1)) (i64.const -1)))
              (br $wait))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (i32.atomic.store (local.get $mine) (local.get $i))
        (drop (memory.atomic.notify (local.get $mine) (i32.const 1)))
        (br_if $round (i32.lt_u (local.get $i) (local.get $n)))))"#;

#[test]
fn ping_pong() {
    let (engine, memory) = page();
    let play = |mine: u32, theirs: u32, lead: u32| {
        let (mut store, instance) = over(&memory, &engine, PING_PONG);
        let play = instance.get_typed_func::<(u32, u32, u32, u32), ()>(&store, "play").unwrap();
        play.call(&mut store, (mine, theirs, lead, 1000)).unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| play(64, 0, 1));
        play(0, 64, 0);
    });
    assert_eq!([u32_at(&memory, 0), u32_at(&memory, 64)], [1000, 1000]);
    assert_eq!([memory.atomic_notify(0, 9), memory.atomic_notify(64, 9)], [Ok(0), Ok(0)]);
}

/// Message passing: whoever sees the flag sees what was written before, with plain accesses of any
/// alignment.
const MESSAGES: &str = r#"
    (import "env" "memory" (memory 1 4 shared))
    (func (export "send") (param $n i32) (local $i i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (i32.store offset=103 (i32.const 0) (local.get $i))
        (v128.store offset=201 (i32.const 0) (i32x4.splat (local.get $i)))
        (memory.fill (i32.const 301) (local.get $i) (i32.const 77))
        (i32.atomic.store (i32.const 0) (local.get $i))
        (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))
        (loop $taken
          (br_if $taken (i32.ne (i32.atomic.load (i32.const 4)) (local.get $i))))
        (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func (export "receive") (param $n i32) (result i32) (local $i i32) (local $wrong i32)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (loop $there
          (br_if $there (i32.ne (i32.atomic.load (i32.const 0)) (local.get $i))))
        (local.set $wrong (i32.or (local.get $wrong)
          (i32.xor (i32.load offset=103 (i32.const 0)) (local.get $i))))
        (local.set $wrong (i32.or (local.get $wrong)
          (v128.any_true (v128.xor (v128.load offset=201 (i32.const 0))
            (i32x4.splat (local.get $i))))))
        (memory.copy (i32.const 400) (i32.const 301) (i32.const 77))
        (local.set $wrong (i32.or (local.get $wrong)
          (i32.xor (i32.load8_u (i32.const 476)) (i32.and (local.get $i) (i32.const 255)))))
        (i32.atomic.store (i32.const 4) (local.get $i))
        (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
      (local.get $wrong))"#;

#[test]
fn messages_arrive_whole() {
    let (engine, memory) = page();
    let n = 3000u32;
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut store, instance) = over(&memory, &engine, MESSAGES);
            let send = instance.get_typed_func::<u32, ()>(&store, "send").unwrap();
            send.call(&mut store, n).unwrap();
        });
        let (mut store, instance) = over(&memory, &engine, MESSAGES);
        let receive = instance.get_typed_func::<u32, u32>(&store, "receive").unwrap();
        assert_eq!(receive.call(&mut store, n).unwrap(), 0);
    });
}

/// `(value at an address, number of pages, growth, wait)`
const REST: &str = r#"
    (import "env" "memory" (memory 1 4 shared))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "size") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "see") (param $at i32) (result i32)
      ;; Loads beyond what this store has seen of the memory, as soon as a flag says that
      ;; it is there.
      (loop $wait (br_if $wait (i32.eqz (i32.atomic.load (i32.const 0)))))
      (i32.load (local.get $at)))
    (func (export "wait") (param i32 i64) (result i32)
      (memory.atomic.wait32 (local.get 0) (i32.const 0) (local.get 1)))"#;

#[test]
fn growth_is_seen_by_other_threads() {
    let (engine, memory) = page();
    let (mut store, instance) = over(&memory, &engine, REST);
    let at = 65_536 + 5;
    thread::scope(|scope| {
        let seen = scope.spawn(|| {
            let (mut store, instance) = over(&memory, &engine, REST);
            let load = instance.get_typed_func::<u32, u32>(&store, "load").unwrap();
            let early = load.call(&mut store, at).unwrap_err().trap();
            let see = instance.get_typed_func::<u32, u32>(&store, "see").unwrap();
            let late = see.call(&mut store, at).unwrap();
            let beyond = load.call(&mut store, 3 * 65_536).unwrap_err().trap();
            (early, late, beyond)
        });
        // Time for the other store to see the memory as it is.
        thread::sleep(Duration::from_millis(20));
        let grow = instance.get_typed_func::<u32, i32>(&store, "grow").unwrap();
        assert_eq!(grow.call(&mut store, 2).unwrap(), 1);
        let put = instance.get_typed_func::<(u32, u32), ()>(&store, "store").unwrap();
        put.call(&mut store, (at, 77)).unwrap();
        memory.write(0, &[1]).unwrap();
        let out_of_bounds = Some(Trap::MemoryOutOfBounds);
        assert_eq!(seen.join().unwrap(), (out_of_bounds, 77, out_of_bounds));
    });
    assert_eq!(memory.size(), 3);
    // Growth by the host is seen, too: by `memory.size` and by what runs next.
    memory.grow(1).unwrap();
    let size = instance.get_typed_func::<(), i32>(&store, "size").unwrap();
    assert_eq!(size.call(&mut store, ()).unwrap(), 4);
    let load = instance.get_typed_func::<u32, u32>(&store, "load").unwrap();
    assert_eq!(load.call(&mut store, 4 * 65_536 - 4).unwrap(), 0);
    let grow = instance.get_typed_func::<u32, i32>(&store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
}

/// A guest that waits for the host meanwhile has no old copy of the length, either.
#[test]
fn growth_that_one_guest_has_seen_is_seen_by_those_that_wait() {
    let (engine, memory) = page();
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    linker.define(&store, "env", "memory", memory.clone()).unwrap();
    let grow = move |mut caller: Caller<'_, ()>| {
        memory.grow(1).unwrap();
        let load = caller.get_export("load").and_then(Extern::into_func).unwrap();
        let load = load.typed::<(), i32>(&caller).unwrap();
        assert_eq!(load.call(&mut caller, ()).unwrap(), 0);
    };
    linker.func_wrap("env", "grow", grow).unwrap();
    let text = r#"
        (import "env" "memory" (memory 1 4 shared))
        (import "env" "grow" (func $grow))
        (func $load (export "load") (result i32) (i32.load (i32.const 0x10000)))
        (func (export "run") (result i32)
          (drop (i32.load (i32.const 0)))
          (call $grow)
          (call $load))"#;
    let instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 0);
}

fn wait(memory: &SharedMemory, engine: &Engine) -> (Store<()>, TypedFunc<(u32, i64), u32>) {
    let (store, instance) = over(memory, engine, REST);
    let wait = instance.get_typed_func::<(u32, i64), u32>(&store, "wait").unwrap();
    (store, wait)
}

#[test]
fn waits_end() {
    let (engine, memory) = page();
    let (mut store, wait) = wait(&memory, &engine);
    let start = Instant::now();
    assert_eq!(wait.call(&mut store, (8, 20_000_000)).unwrap(), 2);
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(wait.call(&mut store, (8, 0)).unwrap(), 2);
    thread::scope(|scope| {
        let woken = scope.spawn(move || wait.call(&mut store, (8, -1)).unwrap());
        while memory.atomic_notify(8, 1) == Ok(0) {
            thread::yield_now();
        }
        assert_eq!(woken.join().unwrap(), 0);
    });
    memory.write(8, &[1]).unwrap();
    let (mut store, wait) = self::wait(&memory, &engine);
    assert_eq!(wait.call(&mut store, (8, -1)).unwrap(), 1, "the value is another one");
    assert_eq!(wait.call(&mut store, (9, -1)).unwrap_err().trap(), Some(Trap::UnalignedAtomic));
    let beyond = wait.call(&mut store, (65_536, -1)).unwrap_err().trap();
    assert_eq!(beyond, Some(Trap::MemoryOutOfBounds));
}

#[test]
fn a_guest_that_waits_is_interrupted() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let engine = engine(metering);
        let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
        let (mut store, wait) = wait(&memory, &engine);
        let handle = store.interrupt_handle().unwrap();
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                handle.interrupt();
            });
            for timeout in [-1, i64::MAX] {
                let error = wait.call(&mut store, (8, timeout)).unwrap_err();
                assert_eq!(error.trap(), Some(Trap::Interrupted));
                assert!(error.backtrace().is_some());
                assert_eq!(memory.atomic_notify(8, 9), Ok(0), "it does not wait any more");
                handle.interrupt();
            }
        });
        assert!(start.elapsed() < LONG);
    }
}

#[test]
fn an_interrupted_wait_goes_on() {
    let engine = engine(Metering::Interrupt);
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    let (mut store, instance) = over(&memory, &engine, REST);
    let wait: Func = instance.get_func(&store, "wait").unwrap();
    let handle = store.interrupt_handle().unwrap();
    // A timeout goes on with what was left of it.
    let timeout = Duration::from_millis(60);
    let arguments = [Val::I32(8), Val::I64(timeout.as_nanos() as i64)];
    let mut execution = wait.start(&mut store, &arguments).unwrap();
    let start = Instant::now();
    for _ in 0..3 {
        handle.interrupt();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
        thread::sleep(Duration::from_millis(10));
    }
    let Event::Finished(results) = execution.run(&mut store).unwrap() else { panic!("it ends") };
    assert_eq!(results[0].unwrap_i32(), 2);
    assert!(start.elapsed() >= Duration::from_millis(60));
    // One that goes on can be notified.
    let mut execution = wait.start(&mut store, &[Val::I32(8), Val::I64(-1)]).unwrap();
    handle.interrupt();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
    thread::scope(|scope| {
        scope.spawn(|| {
            while memory.atomic_notify(8, 1) == Ok(0) {
                thread::yield_now();
            }
        });
        let Event::Finished(results) = execution.run(&mut store).unwrap() else {
            panic!("it ends")
        };
        assert_eq!(results[0].unwrap_i32(), 0);
    });
}

#[test]
fn the_host_waits_and_notifies() {
    let (_, memory) = page();
    assert_eq!(memory.atomic_wait32(4, 1, None), Ok(WaitResult::Mismatch));
    assert_eq!(memory.atomic_wait64(8, 0, Some(Duration::ZERO)), Ok(WaitResult::TimedOut));
    assert_eq!(memory.atomic_wait32(2, 0, None), Err(Trap::UnalignedAtomic));
    assert_eq!(memory.atomic_wait64(4, 0, None), Err(Trap::UnalignedAtomic));
    assert_eq!(memory.atomic_wait32(65_536, 0, None), Err(Trap::MemoryOutOfBounds));
    assert_eq!(memory.atomic_notify(u64::MAX - 3, 1), Err(Trap::MemoryOutOfBounds));
    thread::scope(|scope| {
        let waiters: Vec<_> =
            (0..3).map(|_| scope.spawn(|| memory.atomic_wait64(8, 0, Some(LONG)))).collect();
        let mut woken = 0;
        while woken < 3 {
            woken += memory.atomic_notify(8, 2).unwrap();
        }
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Ok(WaitResult::Ok));
        }
    });
}

#[test]
fn atomic_instructions_trap() {
    let engine = engine(Metering::None);
    let widths =
        [("i32", "", 4), ("i64", "", 8), ("i32", "8", 1), ("i32", "16", 2), ("i64", "32", 4)];
    for (ty, width, size) in widths {
        let unsigned = if width.is_empty() { "" } else { "_u" };
        for (memory, address) in [("1 1 shared", "i32"), ("1 1", "i32"), ("i64 1 1 shared", "i64")]
        {
            let address_of = |i: usize| format!("(local.get {i})");
            let a = address_of(0);
            let text = format!(
                r#"(memory {memory})
                (func (export "load") (param {address})
                  (drop ({ty}.atomic.load{width}{unsigned} {a})))
                (func (export "store") (param {address})
                  ({ty}.atomic.store{width} {a} ({ty}.const 1)))
                (func (export "rmw") (param {address})
                  (drop ({ty}.atomic.rmw{width}.xchg{unsigned} {a} ({ty}.const 1))))
                (func (export "cmpxchg") (param {address})
                  (drop ({ty}.atomic.rmw{width}.cmpxchg{unsigned} offset=8 {a} ({ty}.const 0)
                    ({ty}.const 1))))"#
            );
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
            for name in ["load", "store", "rmw", "cmpxchg"] {
                let func = instance.get_func(&store, name).unwrap();
                let mut call = |at: i64| {
                    let at = if address == "i64" { Val::I64(at) } else { Val::I32(at as i32) };
                    func.call(&mut store, &[at], &mut []).map_err(|error| error.trap().unwrap())
                };
                let offset = if name == "cmpxchg" { 8 } else { 0 };
                let last = 65_536 - size - offset;
                assert_eq!(call(last), Ok(()), "{name} {ty} {width}");
                assert_eq!(call(last + size), Err(Trap::MemoryOutOfBounds), "{name} {ty} {width}");
                assert_eq!(call(-size), Err(Trap::MemoryOutOfBounds), "{name} {ty} {width}");
                if size > 1 {
                    assert_eq!(call(1), Err(Trap::UnalignedAtomic), "{name} {ty} {width}");
                    assert_eq!(call(size / 2), Err(Trap::UnalignedAtomic), "{name} {ty} {width}");
                }
            }
        }
    }
}

#[test]
fn a_memory_that_is_not_shared_has_no_waiters() {
    let engine = engine(Metering::None);
    let mut store = Store::new(&engine, ());
    let text = r#"(memory 1 1)
        (func (export "wait") (param i32) (result i32)
          (memory.atomic.wait64 (local.get 0) (i64.const 0) (i64.const -1)))
        (func (export "notify") (param i32) (result i32)
          (memory.atomic.notify (local.get 0) (i32.const 1)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let [wait, notify] =
        ["wait", "notify"].map(|name| instance.get_typed_func::<u32, u32>(&store, name).unwrap());
    let mut trap = |func: &TypedFunc<u32, u32>, at| func.call(&mut store, at).unwrap_err().trap();
    assert_eq!(trap(&wait, 8), Some(Trap::ExpectedSharedMemory));
    assert_eq!(trap(&wait, 4), Some(Trap::UnalignedAtomic));
    assert_eq!(trap(&notify, 2), Some(Trap::UnalignedAtomic));
    assert_eq!(trap(&notify, 65_536), Some(Trap::MemoryOutOfBounds));
    assert_eq!(notify.call(&mut store, 65_532).unwrap(), 0);
}

/// The same functions on a shared memory and on one of its own leave the same bytes and results.
#[test]
fn plain_accesses_do_what_they_do_elsewhere() {
    let engine = engine(Metering::None);
    let run = |memory: &str| {
        let text = include_str!("threads.wat").replace("(; MEMORY ;)", memory);
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
        let run = instance.get_typed_func::<u32, u64>(&store, "run").unwrap();
        let results: Vec<u64> = (0..40).map(|at| run.call(&mut store, at).unwrap()).collect();
        let mut bytes = vec![0; 65_536];
        match instance.get_export(&store, "memory").unwrap() {
            Extern::Memory(memory) => memory.read(&store, 0, &mut bytes).unwrap(),
            Extern::SharedMemory(memory) => memory.read(0, &mut bytes).unwrap(),
            other => panic!("{other:?}"),
        }
        let edges: Vec<_> =
            ["load", "store", "load128", "store128", "lane", "copy", "fill", "init"]
                .iter()
                .flat_map(|name| {
                    let edge = instance.get_typed_func::<u32, ()>(&store, name).unwrap();
                    (65_519..65_540)
                        .map(|at| edge.call(&mut store, at).map_err(|error| error.trap()))
                        .collect::<Vec<_>>()
                })
                .collect();
        (results, bytes, edges)
    };
    let own = run("1 1");
    let shared = run("1 1 shared");
    assert_eq!(own.0, shared.0);
    assert!(own.1 == shared.1, "the bytes are the same");
    assert_eq!(own.2, shared.2);
    let traps = own.2.iter().filter(|edge| edge.is_err()).count();
    assert!(traps > 20 && traps < own.2.len() - 20, "{traps}");
}

#[test]
fn shared_memories_are_linked_by_their_type() {
    let engine = engine(Metering::None);
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4)).unwrap();
    let mut store = Store::new(&engine, ());
    let import = |ty: &str| format!(r#"(import "env" "memory" (memory {ty}))"#);
    for ty in ["1 4", "2 4 shared", "1 3 shared", "i64 1 4 shared"] {
        let error = instantiation_error(&mut store, &import(ty), &[memory.clone().into()]);
        assert!(error.is::<LinkError>(), "{ty}: {error}");
    }
    let own = Memory::new(&mut store, MemoryType::new(1, Some(4))).unwrap();
    let error = instantiation_error(&mut store, &import("1 4 shared"), &[own.into()]);
    assert!(
        error.to_string().contains("expected memory 1..4 shared, found memory 1..4"),
        "{error}"
    );
    let other = SharedMemory::new(&self::engine(Metering::None), memory.ty()).unwrap();
    let error = instantiation_error(&mut store, &import("1 4 shared"), &[other.into()]);
    assert!(error.to_string().contains("another engine"), "{error}");

    // Its size now is what counts. Exported again, it is the same memory.
    memory.grow(1).unwrap();
    let text = r#"(import "a" "b" (memory $m 2 4 shared)) (import "a" "c" (memory $n 1 9 shared))
        (export "m" (memory $m)) (export "n" (memory $n)) (memory $own (export "own") 1 1 shared)"#;
    let imports = [memory.clone().into(), memory.clone().into()];
    let instance = Instance::new(&mut store, &module(&engine, text), &imports).unwrap();
    assert_eq!(instance.get_shared_memory(&store, "m"), Some(memory.clone()));
    assert_eq!(instance.get_shared_memory(&store, "n"), Some(memory.clone()));
    assert_eq!(instance.get_memory(&store, "m"), None);
    let own = instance.get_export(&store, "own").unwrap();
    assert_eq!(own.ty(&store).to_string(), "memory 1..1 shared");
    assert_ne!(own.into_shared_memory(), Some(memory));
}

#[test]
fn what_can_not_be_made() {
    let engine = engine(Metering::None);
    let mut store = Store::new(&engine, ());
    assert!(Memory::new(&mut store, MemoryType::shared(1, 1)).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::new(1, Some(1))).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::shared(2, 1)).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::shared(0, 65_537)).is_err());
    let error = SharedMemory::new(&engine, MemoryType::shared64(1, 1 << 48)).unwrap_err();
    assert_eq!(error.to_string(), "cannot set aside 281474976710656 pages for a shared memory");
    let huge = module(&engine, "(memory i64 1 0x1000000000000 shared)");
    assert!(Instance::new(&mut store, &huge, &[]).is_err());
    // All that 32-bit addresses reach, though hardly any of it is real.
    #[cfg(target_pointer_width = "64")]
    assert!(SharedMemory::new(&engine, MemoryType::shared(1, 65_536)).is_ok());
}

#[test]
fn limits_of_a_store() {
    let engine = engine(Metering::None);
    let limits = StoreLimitsBuilder::new().memory_size(2 << 16).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits: &mut StoreLimits| limits);
    let text = r#"(memory (export "m") 1 9 shared)
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let grow = instance.get_typed_func::<(), i32>(&store, "grow").unwrap();
    assert_eq!([0; 3].map(|_| grow.call(&mut store, ()).unwrap()), [1, -1, -1]);
    assert_eq!(instance.get_shared_memory(&store, "m").unwrap().grow(3).unwrap(), 2);
    assert!(Instance::new(&mut store, &module(&engine, "(memory 3 9 shared)"), &[]).is_err());
}
