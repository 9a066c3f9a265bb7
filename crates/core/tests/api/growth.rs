//! Growth of memories and tables: who sees it, what it costs, and what it counts as.

use crate::{linked, module};
use windlass::{
    Caller, Config, Engine, Event, Execution, Extern, ExternRef, Instance, Linker, Memory,
    MemoryType, Metering, Ref, RefType, RootScope, Store, StoreLimits, StoreLimitsBuilder, Table,
    TableType, Trap, Val,
};

const OWNER: &str = r#"
    (memory (export "memory") 1)
    (table (export "table") 1 funcref)
    (func $f (result i32) (i32.const 42))
    (elem declare func $f)
    (func (export "grow")
      (drop (memory.grow (i32.const 1)))
      (i32.store (i32.const 65536) (i32.const 7))
      (drop (table.grow (ref.func $f) (i32.const 3))))"#;

const USER: &str = r#"
    (import "owner" "memory" (memory $m 1))
    (import "owner" "memory" (memory $n 1))
    (import "owner" "table" (table $other 1 funcref))
    (import "owner" "table" (table $t 1 funcref))
    (import "owner" "grow" (func $grow))
    (type $f (func (result i32)))
    (func (export "sum") (result i32)
      (call $grow)
      (i32.add
        (call_indirect $t (type $f) (i32.const 3))
        (i32.add
          (i32.load $m (i32.const 65536))
          (i32.load $n (i32.const 65536)))))"#;

#[test]
fn growth_in_another_instance_is_seen_at_once() {
    let mut store = Store::new(&Engine::default(), ());
    let owner = module(&store.engine().clone(), OWNER);
    let owner = Instance::new(&mut store, &owner, &[]).unwrap();
    let mut linker = Linker::new(&store.engine().clone());
    linker.instance(&mut store, "owner", owner).unwrap();
    let user = module(&store.engine().clone(), USER);
    let user = linker.instantiate(&mut store, &user).unwrap();
    let sum = user.get_typed_func::<(), i32>(&store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 42 + 7 + 7);
    assert_eq!(sum.call(&mut store, ()).unwrap(), 42 + 7 + 7);
    // An instance that fails after it was noted leaves nothing that is kept up to date.
    let mut imports: Vec<Extern> = Vec::new();
    for name in ["memory", "memory", "table", "table", "grow"] {
        imports.push(owner.get_export(&store, name).unwrap());
    }
    let bad = format!("{USER} (data (i32.const -1) \"x\")");
    let bad = module(&store.engine().clone(), &bad);
    assert!(Instance::new(&mut store, &bad, &imports).is_err());
    assert_eq!(sum.call(&mut store, ()).unwrap(), 42 + 7 + 7);
}

/// To be settled it is moved, also while a guest waits that uses it.
#[test]
fn a_memory_that_the_host_settles_is_where_its_guests_look() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let settle = |mut caller: Caller<'_, ()>| {
        let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
        let stable = memory.stable_size(&mut caller);
        let address = memory.data(&caller).as_ptr();
        memory.data_mut(&mut caller)[0] += 1;
        assert_eq!(memory.stable_size(&mut caller), stable);
        assert_eq!(memory.data(&caller).as_ptr(), address);
        stable as i64
    };
    linker.func_wrap("host", "settle", settle).unwrap();
    let text = r#"
        (import "host" "settle" (func $settle (result i64)))
        (memory (export "memory") 1)
        (func (export "run") (result i64) (local $size i64)
          (i32.store8 (i32.const 0) (i32.const 41))
          (local.set $size (call $settle))
          (if (i32.ne (i32.load8_u (i32.const 0)) (i32.const 42)) (then (unreachable)))
          (i32.store8 (i32.const 1) (i32.const 7))
          (local.get $size))"#;
    let mut store = Store::new(linker.engine(), ());
    let module = module(linker.engine(), text);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i64>(&store, "run").unwrap();
    let stable = run.call(&mut store, ()).unwrap();
    assert!(stable >= 1 << 16);
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert_eq!(memory.data(&store)[..2], [42, 7]);
    let address = memory.data(&store).as_ptr();
    assert_eq!(memory.stable_size(&mut store) as i64, stable);
    if stable >= 1 << 17 {
        memory.grow(&mut store, 1).unwrap();
        assert_eq!(memory.data(&store).as_ptr(), address);
        assert_eq!(memory.data(&store)[..2], [42, 7]);
    }
}

#[test]
fn growth_by_the_host_is_seen_after_its_call() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("owner", "grow", |mut caller: Caller<'_, ()>| {
            let memory = caller.get_export("m").and_then(Extern::into_memory).unwrap();
            let table = caller.get_export("t").and_then(Extern::into_table).unwrap();
            memory.grow(&mut caller, 100).unwrap();
            memory.data_mut(&mut caller)[65536] = 7;
            let f = caller.get_export("f").and_then(Extern::into_func).unwrap();
            table.grow(&mut caller, 1000, Ref::Func(Some(f))).unwrap();
        })
        .unwrap();
    let text = r#"(import "owner" "grow" (func $grow))
        (memory (export "m") 1) (table (export "t") 1 funcref)
        (type $f (func (result i32)))
        (func (export "f") (result i32) (i32.const 42))
        (func (export "sum") (result i32)
          (call $grow)
          (i32.add
            (call_indirect (type $f) (i32.const 1000))
            (i32.load (i32.const 65536))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let sum = instance.get_typed_func::<(), i32>(&store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 49);
}

/// Copying it would take 4 GB.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn a_large_memory_grows_where_it_is() {
    let (mut store, instance) = crate::instance(
        r#"(memory (export "m") 0xffff)
           (func (export "g") (result i32) (memory.grow (i32.const 1)))"#,
    );
    let memory = instance.get_memory(&store, "m").unwrap();
    let base = memory.data(&store).as_ptr();
    let grow = instance.get_typed_func::<(), i32>(&store, "g").unwrap();
    assert_eq!([0; 2].map(|_| grow.call(&mut store, ()).unwrap()), [0xffff, -1]);
    assert_eq!(memory.data(&store).as_ptr(), base);
    assert_eq!(memory.data_size(&store), 1 << 32);
}

/// Terabytes that nobody touches.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn large_memories_that_nobody_touches_cost_nothing() {
    let engine = Engine::default();
    let module =
        module(&engine, r#"(memory (export "m") 16384) (data (i32.const 0x3ffffff0) "end")"#);
    let mut store = Store::new(&engine, ());
    for _ in 0..1000 {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&store, "m").unwrap();
        assert_eq!(memory.data(&store)[0x3fff_fff0..][..4], *b"end\0");
    }
}

fn limited(limits: StoreLimits, text: &str) -> (Store<StoreLimits>, Instance) {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    store.set_fuel(u64::MAX / 2).unwrap();
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    (store, instance)
}

const RECURSES: &str = r#"
    (memory (export "m") 1)
    (table (export "t") 1 externref)
    (type $array (array i64))
    (global $a (mut (ref null $array)) (ref.null $array))
    (func (export "grow_memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32)
      (table.grow (ref.null extern) (local.get 0)))
    (func (export "allocate") (param i32) (result i32)
      (global.set $a (array.new_default $array (local.get 0)))
      (i32.const 0))
    (func $recurse (export "recurse") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0))
        (then (i32.const 0))
        (else
          (i32.add (i32.const 1) (call $recurse (i32.sub (local.get 0) (i32.const 1)))))))"#;

#[test]
fn one_number_limits_all_together() {
    let call = |store: &mut Store<StoreLimits>, instance: &Instance, name: &str, by: i32| {
        instance.get_typed_func::<i32, i32>(&mut *store, name).unwrap().call(store, by)
    };
    const MIB: usize = 1 << 20;
    let small = || limited(StoreLimitsBuilder::new().total_size(MIB).build(), RECURSES);
    // One takes nearly all of it; then there is no room for more of another, though there was
    // before.
    let firsts = [("grow_memory", 13), ("grow_table", 100_000), ("allocate", 100_000)];
    let seconds =
        [("grow_memory", 3), ("grow_table", 30_000), ("allocate", 30_000), ("recurse", 10_000)];
    let is_done =
        |store: &mut Store<StoreLimits>, instance: &Instance, name: &str, by: i32| match call(
            store, instance, name, by,
        ) {
            Ok(result) => result != -1,
            Err(error) => {
                let trap = error.trap();
                assert!(matches!(trap, Some(Trap::StackOverflow | Trap::AllocationTooLarge)));
                false
            }
        };
    for (second, by) in seconds {
        let (mut store, instance) = small();
        assert!(is_done(&mut store, &instance, second, by), "{second}");
        for (first, most) in firsts {
            let (mut store, instance) = small();
            assert!(is_done(&mut store, &instance, first, most), "{first}");
            assert!(!is_done(&mut store, &instance, second, by), "{first}, {second}");
        }
    }
}

#[test]
fn stacks_of_paused_executions_count() {
    let limits = StoreLimitsBuilder::new().stack_size(80 << 10).build();
    let (mut store, instance) = limited(limits, RECURSES);
    let recurse = instance.get_func(&store, "recurse").unwrap();
    let mut paused = Vec::new();
    let error = loop {
        match recurse.start(&mut store, &[Val::I32(1)]) {
            Ok(execution) => paused.push(execution),
            Err(error) => break error,
        }
    };
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
    assert_eq!(paused.len(), 10, "each has 8 KiB");
    paused.pop();
    paused.push(recurse.start(&mut store, &[Val::I32(1)]).unwrap());
    assert!(recurse.start(&mut store, &[Val::I32(1)]).is_err());
    // All that is free serves one that needs it.
    paused.clear();
    let mut results = [Val::I32(0)];
    recurse.call(&mut store, &[Val::I32(1000)], &mut results).unwrap();
    assert_eq!(results[0].unwrap_i32(), 1000);
    let error = recurse.call(&mut store, &[Val::I32(10_000)], &mut results).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
}

#[test]
fn what_is_refused_does_not_count() {
    let limits = StoreLimitsBuilder::new().total_size(1 << 20).memories(2).build();
    let (mut store, _) = limited(limits, RECURSES);
    let engine = store.engine().clone();
    let refused = module(&engine, "(memory 8) (memory 1)");
    for _ in 0..5 {
        assert!(Instance::new(&mut store, &refused, &[]).is_err());
    }
    Memory::new(&mut store, MemoryType::new(14, None)).unwrap();
    let ty = TableType::new(RefType::EXTERNREF, 8193, None);
    assert!(Table::new(&mut store, ty, Ref::Extern(None)).is_err());
}

#[test]
fn a_shared_memory_counts_with_its_maximum() {
    let engine = Engine::new(Config::new().wasm_threads(true)).unwrap();
    let mut store =
        Store::new(&engine, StoreLimitsBuilder::new().total_size((1 << 20) + 4096).build());
    store.limiter(|limits| limits);
    let large = module(&engine, "(memory 1 17 shared)");
    assert!(Instance::new(&mut store, &large, &[]).is_err());
    Instance::new(&mut store, &module(&engine, "(memory 1 16 shared)"), &[]).unwrap();
    assert!(Memory::new(&mut store, MemoryType::new(1, None)).is_err());
}

const SLOW_TABLE: &str = r#"
    (table $t (export "t") 0 600000 anyref) (memory (export "m") 0)
    (func (export "a") (result i32) (table.grow $t (ref.i31 (i32.const 1)) (i32.const 500000)))
    (func (export "b") (result i32) (table.grow $t (ref.i31 (i32.const 2)) (i32.const 50000)))
    (func (export "at") (param i32) (result i32)
      (i31.get_u (ref.cast (ref i31) (table.get $t (local.get 0)))))"#;

/// An execution of `a`, in the middle of what it does.
fn growing(store: &mut Store<StoreLimits>, instance: Instance) -> Execution {
    let func = instance.get_func(&*store, "a").unwrap();
    let mut execution = func.start(&mut *store, &[]).unwrap();
    for _ in 0..2 {
        store.interrupt_handle().unwrap().interrupt();
        assert!(matches!(execution.run(&mut *store).unwrap(), Event::Interrupted));
    }
    execution
}

fn result(event: Event) -> i32 {
    let Event::Finished(results) = event else { panic!("{event:?}") };
    results[0].unwrap_i32()
}

#[test]
fn a_table_that_grows_in_pieces_grows_at_once() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut store = Store::new(&engine, StoreLimits::default());
    let instance = Instance::new(&mut store, &module(&engine, SLOW_TABLE), &[]).unwrap();
    let table = instance.get_table(&store, "t").unwrap();
    let mut first = growing(&mut store, instance);
    assert_eq!(table.size(&store), 0);
    // Another one grows it meanwhile: that is before, and its elements stay its own.
    let second = instance.get_typed_func::<(), i32>(&store, "b").unwrap();
    assert_eq!(second.call(&mut store, ()).unwrap(), 0);
    assert_eq!(result(first.run(&mut store).unwrap()), 50_000);
    assert_eq!(table.size(&store), 550_000);
    let at = instance.get_typed_func::<i32, i32>(&store, "at").unwrap();
    let values = [0, 49_999, 50_000, 549_999].map(|index| at.call(&mut store, index).unwrap());
    assert_eq!(values, [2, 2, 1, 1]);
}

#[test]
fn a_table_that_may_not_grow_any_more_has_not_grown() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let limits = StoreLimitsBuilder::new().total_size(5 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module(&engine, SLOW_TABLE), &[]).unwrap();
    let mut execution = growing(&mut store, instance);
    // Something else takes what is left.
    let memory = instance.get_memory(&store, "m").unwrap();
    assert!(memory.grow(&mut store, 40).is_ok());
    assert_eq!(result(execution.run(&mut store).unwrap()), -1);
    assert_eq!(instance.get_table(&store, "t").unwrap().size(&store), 0);
}

#[test]
fn instances_and_their_element_segments_count() {
    let engine = Engine::default();
    let elements = "$f ".repeat(20_000);
    let text = format!(
        r#"(memory (export "memory") 1) (func $f) (elem $e func {elements})
           (func (export "drop") (elem.drop $e))"#
    );
    let with = |bytes| {
        let mut store = Store::new(&engine, StoreLimitsBuilder::new().total_size(bytes).build());
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &module(&engine, &text), &[]);
        (store, instance)
    };
    let page = 1 << 16;
    let segment = 20_000 * 8;
    assert!(with(page + segment).1.is_err(), "the instance itself takes something");
    let (mut store, instance) = with(page + segment + (16 << 10));
    let instance = instance.unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert!(memory.grow(&mut store, 1).is_err());
    instance.get_typed_func::<(), ()>(&store, "drop").unwrap().call(&mut store, ()).unwrap();
    memory.grow(&mut store, 2).unwrap();
    assert!(memory.grow(&mut store, 1).is_err());
    // Functions and globals of which there are many.
    let globals = module(&engine, &"(global i32 (i32.const 0))".repeat(20_000));
    assert!(Instance::new(&mut store, &globals, &[]).is_err());
}

#[test]
fn host_values_count() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().total_size(1 << 20).build());
    store.limiter(|limits| limits);
    let mut held = Vec::new();
    let error = loop {
        let mut scope = RootScope::new(&mut store);
        match ExternRef::new(&mut scope, [0_u8; 1000]) {
            Ok(value) => held.push(value.to_owned_rooted(&mut scope).unwrap()),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("host values"), "{error}");
    assert!((900..1049).contains(&held.len()), "{}", held.len());
    assert!(Memory::new(&mut store, MemoryType::new(1, None)).is_err());
    // Those that nobody holds make room.
    held.truncate(800);
    let value = ExternRef::new(&mut store, [0_u8; 1000]).unwrap();
    assert!(value.data(&store).unwrap().is_some());
    Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
}

#[test]
fn code_that_guests_have_translated_counts() {
    let large = "(local.set 0 (i32.add (local.get 0) (i32.const 3)))".repeat(10_000);
    let text = format!(
        r#"(func (export "small")) (func (export "large") (param i32) {large})
           (func (export "other") (param i32) {large})"#
    );
    let limits = StoreLimitsBuilder::new().total_size(250_000).build();
    let (mut store, instance) = limited(limits, &text);
    instance.get_typed_func::<(), ()>(&store, "small").unwrap().call(&mut store, ()).unwrap();
    let mut call =
        |name: &str| instance.get_typed_func::<i32, ()>(&store, name).unwrap().call(&mut store, 1);
    call("large").unwrap();
    for _ in 0..2 {
        let error = call("other").unwrap_err();
        assert!(error.to_string().contains("translated code"), "{error}");
        assert!(error.trap().is_none());
    }
    // What is there costs nothing more.
    call("large").unwrap();
}

#[test]
fn two_that_grow_a_table_in_turns_keep_their_elements_apart() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let text = r#"
        (table $t (export "t") 0 1200000 anyref)
        (func (export "grow") (param i32) (result i32)
          (table.grow $t (ref.i31 (local.get 0)) (i32.const 500000)))
        (func (export "at") (param i32) (result i32)
          (i31.get_u (ref.cast (ref i31) (table.get $t (local.get 0)))))"#;
    for dropped in [false, true] {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
        let grow = instance.get_func(&store, "grow").unwrap();
        let start = |store: &mut Store<()>, value| {
            let mut execution = grow.start(&mut *store, &[Val::I32(value)]).unwrap();
            store.interrupt_handle().unwrap().interrupt();
            assert!(matches!(execution.run(&mut *store).unwrap(), Event::Interrupted));
            execution
        };
        let mut first = start(&mut store, 1);
        let mut second = Some(start(&mut store, 2));
        if dropped {
            second = None;
            store.gc();
        }
        // In turns, each with an interrupt: both come to an end.
        let mut olds = Vec::new();
        for _ in 0..20 {
            for execution in [Some(&mut first), second.as_mut()].into_iter().flatten() {
                if olds.len() < 1 + usize::from(!dropped) && !execution.has_ended() {
                    store.interrupt_handle().unwrap().interrupt();
                    if let Event::Finished(results) = execution.run(&mut store).unwrap() {
                        olds.push(results[0].unwrap_i32());
                    }
                }
            }
        }
        store.clear_interrupt();
        assert_eq!(olds, if dropped { vec![0] } else { vec![0, 500_000] });
        let at = instance.get_typed_func::<i32, i32>(&store, "at").unwrap();
        let [a, b] = [0, 499_999].map(|index| at.call(&mut store, index).unwrap());
        assert_eq!(a, b, "the elements of one are alike");
    }
}
