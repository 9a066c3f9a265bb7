//! Garbage collection as guests and the embedder see it: nothing that is reachable is lost, and
//! what is not is used again.

use windlass::{
    AsContextMut, Caller, Config, Engine, Event, Func, Instance, Linker, Module, Store,
    StoreLimits, StoreLimitsBuilder, Trap, Val,
};

const PROGRAM: &str = include_str!("programs/heap.wat");

fn limits(bytes: usize) -> StoreLimits {
    StoreLimitsBuilder::new().gc_heap_size(bytes).build()
}

/// The program in a store whose heap has at most so many bytes. Its import calls `deep` again, down
/// to 0.
fn program(config: &mut Config, bytes: usize) -> (Store<StoreLimits>, Instance) {
    let engine = Engine::new(config).expect("an engine");
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "again", again).expect("a new name");
    let module = Module::new(&engine, wat::parse_str(PROGRAM).expect("the text is right"));
    let mut store = Store::new(&engine, limits(bytes));
    store.limiter(|limits| limits);
    let _ = store.as_context_mut().set_fuel(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &module.expect("a valid module"));
    (store, instance.expect("an instance"))
}

fn again(mut caller: Caller<'_, StoreLimits>, n: i32) -> windlass::Result<i32> {
    if n == 0 {
        return Ok(0);
    }
    let Some(deep) = caller.get_export("deep").and_then(windlass::Extern::into_func) else {
        return Err(windlass::Error::msg("it exports deep"));
    };
    deep.typed::<i32, i32>(&caller)?.call(&mut caller, n - 1)
}

/// All engines that differ in how code can stop.
fn configs() -> [Config; 3] {
    let mut fueled = Config::new();
    fueled.consume_fuel(true);
    let mut interruptible = Config::new();
    interruptible.metering(windlass::Metering::Interrupt);
    [Config::new(), fueled, interruptible]
}

#[test]
fn millions_of_objects_fit_in_a_small_heap() {
    let (mut store, instance) = program(&mut Config::new(), 256 << 10);
    let lists = instance.get_typed_func::<(i32, i32), i64>(&store, "lists").unwrap();
    // A list of 1000 sums up to 499500; two more are kept.
    assert_eq!(lists.call(&mut store, (2000, 1000)).unwrap(), 2002 * 499_500);
    let trees = instance.get_typed_func::<(i32, i32), i32>(&store, "trees").unwrap();
    assert_eq!(trees.call(&mut store, (500, 10)).unwrap(), 500 * 2047);
    let rings = instance.get_typed_func::<i32, i64>(&store, "rings").unwrap();
    assert_eq!(rings.call(&mut store, 1_000_000).unwrap(), 3_000_000);
}

#[test]
fn objects_of_all_kinds_keep_what_they_hold() {
    for mut config in configs() {
        let (mut store, instance) = program(&mut config, 64 << 10);
        let arrays = instance.get_typed_func::<i32, i32>(&store, "arrays").unwrap();
        assert_eq!(arrays.call(&mut store, 200_000).unwrap(), 200_000);
    }
}

#[test]
fn frames_below_calls_of_the_host_keep_their_references() {
    for mut config in configs() {
        let (mut store, instance) = program(&mut config, 64 << 10);
        let deep = instance.get_typed_func::<i32, i32>(&store, "deep").unwrap();
        for _ in 0..20 {
            assert_eq!(deep.call(&mut store, 50).unwrap(), 4 * 51);
        }
    }
}

#[test]
fn a_full_heap_is_a_trap() {
    for mut config in configs() {
        let (mut store, instance) = program(&mut config, 1 << 20);
        for name in ["hoard", "huge"] {
            let call = instance.get_typed_func::<(), ()>(&store, name).unwrap();
            let error = call.call(&mut store, ()).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::AllocationTooLarge), "{name}: {error}");
        }
        // The store can be used further: what was hoarded is garbage.
        let trees = instance.get_typed_func::<(i32, i32), i32>(&store, "trees").unwrap();
        assert_eq!(trees.call(&mut store, (100, 10)).unwrap(), 100 * 2047);
    }
}

#[test]
fn paused_executions_keep_their_references() {
    let mut config = Config::new();
    config.consume_fuel(true);
    let (mut store, instance) = program(&mut config, 256 << 10);
    let arrays = instance.get_func(&store, "arrays").unwrap();
    let lists = instance.get_func(&store, "lists").unwrap();
    let trees = instance.get_func(&store, "trees").unwrap();
    store.set_fuel(0).unwrap();
    let starts: [(&Func, Vec<Val>); 4] = [
        (&arrays, vec![Val::I32(2000)]),
        (&lists, vec![Val::I32(20), Val::I32(100)]),
        (&trees, vec![Val::I32(20), Val::I32(6)]),
        (&arrays, vec![Val::I32(3000)]),
    ];
    let mut running: Vec<_> = starts
        .iter()
        .enumerate()
        .map(|(index, (func, args))| (index, func.start(&mut store, args).unwrap()))
        .collect();
    let mut results = vec![0; running.len()];
    let mut turns = 0;
    while !running.is_empty() {
        turns += 1;
        let mut next = Vec::new();
        for (index, mut execution) in running {
            // Little fuel, of another amount each time, so that code stops everywhere.
            store.set_fuel(100 + turns % 97).unwrap();
            match execution.run(&mut store).unwrap() {
                Event::Finished(values) => {
                    results[index] = match values[0] {
                        Val::I32(value) => value.into(),
                        Val::I64(value) => value,
                        _ => unreachable!("integers only"),
                    };
                }
                Event::OutOfFuel => next.push((index, execution)),
                event => panic!("{event:?}"),
            }
        }
        running = next;
    }
    assert!(turns > 500, "{turns} turns");
    assert_eq!(results, [2000, 22 * 4950, 20 * 127, 3000]);
}

#[test]
fn dropped_executions_are_forgotten() {
    let mut config = Config::new();
    config.consume_fuel(true);
    let (mut store, instance) = program(&mut config, 1 << 20);
    let lists = instance.get_func(&store, "lists").unwrap();
    for _ in 0..1000 {
        store.set_fuel(5000).unwrap();
        let mut execution = lists.start(&mut store, &[Val::I32(9), Val::I32(9000)]).unwrap();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    }
    store.set_fuel(u64::MAX / 2).unwrap();
    let trees = instance.get_typed_func::<(i32, i32), i32>(&store, "trees").unwrap();
    assert_eq!(trees.call(&mut store, (10, 12)).unwrap(), 10 * 8191);
}

/// Where one way has paid, and dropped a reference at the same place, and another comes with a
/// number in its slot: what is made there collects, and looks for no reference in the slot.
#[test]
fn what_was_dropped_behind_a_payment_is_no_reference() {
    const TEXT: &str = r#"(module (type $s (struct (field i64 i64)))
      (func $number (result i64) (block (result i64) (i64.const 0x7fff_ffff_fff8)))
      (func $new (result (ref $s)) (block (result (ref $s)) (struct.new_default $s)))
      (func (export "run") (param $n i32) (result i32)
        (loop $l
          (block $b
            (drop (call $number))
            (br_if $b (local.get $n))
            (call $new)
            (if (local.get $n) (then))
            (drop))
          (drop (struct.new $s (i64.const 1) (i64.const 2)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $n)))"#;
    for verify in [false, true] {
        for mut config in configs() {
            let engine = Engine::new(config.verify_code(verify)).expect("an engine");
            let module = Module::new(&engine, wat::parse_str(TEXT).expect("the text is right"));
            let mut store = Store::new(&engine, limits(64 << 10));
            store.limiter(|limits| limits);
            let _ = store.as_context_mut().set_fuel(u64::MAX / 2);
            let instance = Instance::new(&mut store, &module.expect("a valid module"), &[]);
            let run = instance.expect("an instance").get_typed_func::<i32, i32>(&store, "run");
            assert_eq!(run.expect("a function").call(&mut store, 20_000).expect("no trap"), 0);
        }
    }
}
