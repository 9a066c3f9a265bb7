//! Fuel, and interruption from other threads.

use crate::{linked, module};
use std::time::Duration;
use windlass::{
    Caller, Config, Engine, Error, Event, ExternRef, Func, Instance, Metering, Store, Trap,
    TypedFunc, Val,
};

const LOOPS: &str = r#"
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (local.get $n)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))
    (func (export "forever") (loop $again (br $again)))
    (func $f (export "recursion") (call $f))"#;

fn metered(metering: Metering) -> (Store<()>, Instance) {
    let engine = Engine::new(Config::new().metering(metering)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, LOOPS), &[]).unwrap();
    (store, instance)
}

fn sum(store: &Store<()>, instance: &Instance) -> TypedFunc<u32, u32> {
    instance.get_typed_func(store, "sum").unwrap()
}

#[test]
fn fuel_is_used_in_proportion_to_work() {
    let (mut store, instance) = metered(Metering::Fuel);
    let sum = sum(&store, &instance);
    let mut used = |n| {
        store.set_fuel(1 << 40).unwrap();
        assert_eq!(sum.call(&mut store, n).unwrap(), n * (n + 1) / 2);
        (1 << 40) - store.get_fuel().unwrap()
    };
    let (small, large, larger) = (used(100), used(1100), used(2100));
    assert!(small >= 100, "{small}");
    assert_eq!(larger - large, large - small);
    assert_eq!((large - small) % 1000, 0);
    assert_eq!(used(100), small);
}

#[test]
fn a_call_without_fuel_traps() {
    let (mut store, instance) = metered(Metering::Fuel);
    let sum = sum(&store, &instance);
    assert_eq!(sum.call(&mut store, 10).unwrap_err().trap(), Some(Trap::OutOfFuel));
    store.set_fuel(1000).unwrap();
    assert_eq!(sum.call(&mut store, 1_000_000).unwrap_err().trap(), Some(Trap::OutOfFuel));
    store.set_fuel(1000).unwrap();
    assert_eq!(sum.call(&mut store, 10).unwrap(), 55);
}

#[test]
fn an_execution_goes_on_with_new_fuel_and_uses_as_much_in_all() {
    let (mut store, instance) = metered(Metering::Fuel);
    let args = [windlass::Val::I32(1000)];
    store.set_fuel(1 << 40).unwrap();
    sum(&store, &instance).call(&mut store, 1000).unwrap();
    let whole = (1 << 40) - store.get_fuel().unwrap();

    let func = instance.get_func(&store, "sum").unwrap();
    store.set_fuel(0).unwrap();
    let mut execution = func.start(&mut store, &args).unwrap();
    let (mut pauses, mut given) = (0u64, 0);
    let values = loop {
        match execution.run(&mut store).unwrap() {
            Event::Finished(values) => break values,
            Event::OutOfFuel => {
                pauses += 1;
                given += 100;
                let left = store.get_fuel().unwrap();
                store.set_fuel(left + 100).unwrap();
            }
            event => panic!("{event:?}"),
        }
    };
    assert_eq!(values[0].i32(), Some(500_500));
    assert_eq!(given - store.get_fuel().unwrap(), whole);
    assert_eq!(pauses, whole.div_ceil(100));
}

#[test]
fn fuel_needs_an_engine_that_counts_it() {
    for metering in [Metering::None, Metering::Interrupt] {
        let (mut store, _) = metered(metering);
        assert!(store.set_fuel(1).is_err());
        assert!(store.get_fuel().is_err());
    }
}

#[test]
fn a_guest_is_interrupted_from_another_thread() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        for name in ["forever", "recursion"] {
            let (mut store, instance) = metered(metering);
            if metering == Metering::Fuel {
                store.set_fuel(u64::MAX).unwrap();
            }
            let handle = store.interrupt_handle().unwrap();
            let forever = instance.get_typed_func::<(), ()>(&store, name).unwrap();
            let thread = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                handle.interrupt();
            });
            let trap = forever.call(&mut store, ()).unwrap_err().trap();
            thread.join().unwrap();
            // The recursion may be at the end of its stack before.
            let overflow = name == "recursion" && trap == Some(Trap::StackOverflow);
            assert!(overflow || trap == Some(Trap::Interrupted), "{trap:?}");
        }
    }
}

#[test]
fn an_interrupt_stops_one_guest() {
    let (mut store, instance) = metered(Metering::Interrupt);
    let sum = sum(&store, &instance);
    store.interrupt_handle().unwrap().interrupt();
    assert_eq!(sum.call(&mut store, 3).unwrap_err().trap(), Some(Trap::Interrupted));
    assert_eq!(sum.call(&mut store, 3).unwrap(), 6);
}

#[test]
fn an_interrupted_execution_goes_on() {
    let (mut store, instance) = metered(Metering::Interrupt);
    let handle = store.interrupt_handle().unwrap();
    let func = instance.get_func(&store, "sum").unwrap();
    let mut execution = func.start(&mut store, &[windlass::Val::I32(10)]).unwrap();
    for _ in 0..3 {
        handle.interrupt();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
    }
    let Event::Finished(values) = execution.run(&mut store).unwrap() else {
        panic!("not finished")
    };
    assert_eq!(values[0].i32(), Some(55));
}

#[test]
fn interruption_needs_an_engine_that_looks() {
    assert!(metered(Metering::None).0.interrupt_handle().is_err());
}

#[test]
fn an_interrupt_that_comes_late_can_be_taken_back() {
    let (mut store, instance) = metered(Metering::Interrupt);
    let sum = sum(&store, &instance);
    let handle = store.interrupt_handle().unwrap();
    assert_eq!(sum.call(&mut store, 3).unwrap(), 6);
    handle.interrupt();
    assert!(handle.is_interrupted());
    handle.clear_interrupt();
    assert_eq!(sum.call(&mut store, 3).unwrap(), 6);
    handle.interrupt();
    store.clear_interrupt();
    assert_eq!(sum.call(&mut store, 3).unwrap(), 6);
    // One that is not taken back waits for the next call.
    handle.interrupt();
    assert_eq!(sum.call(&mut store, 3).unwrap_err().trap(), Some(Trap::Interrupted));
}

#[test]
fn a_host_function_that_returns_lets_an_interrupt_in() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut linker = windlass::Linker::new(&engine);
    let stop = |caller: Caller<'_, u32>| caller.interrupt_handle().unwrap().interrupt();
    linker.func_wrap("", "stop", stop).unwrap();
    linker.func_wrap("", "note", |mut caller: Caller<'_, u32>| *caller.data_mut() += 1).unwrap();
    let text = r#"(import "" "stop" (func $stop)) (import "" "note" (func $note))
        (func (export "run") (call $stop) (call $note))"#;
    let (mut store, instance) = linked(&linker, 0, text);
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap_err().trap(), Some(Trap::Interrupted));
    assert_eq!(*store.data(), 0, "there is no loop nor function between the two");
    let mut execution = run.func().start(&mut store, &[]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
    assert_eq!(*store.data(), 1);
}

#[test]
fn guests_stop_at_their_deadline_and_after_it() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let (mut store, instance) = metered(metering);
        if metering == Metering::Fuel {
            store.set_fuel(u64::MAX).unwrap();
        }
        let engine = store.engine().clone();
        let sum = sum(&store, &instance);
        let call = |store: &mut Store<()>| sum.call(store, 3).map_err(|error| error.trap());
        let ticks = |n| (0..n).for_each(|_| engine.increment_epoch());
        ticks(5);
        assert_eq!(call(&mut store), Ok(6), "there is no deadline");
        store.set_epoch_deadline(2).unwrap();
        ticks(1);
        assert_eq!(call(&mut store), Ok(6));
        ticks(1);
        for _ in 0..2 {
            assert_eq!(call(&mut store), Err(Some(Trap::Interrupted)));
            store.clear_interrupt();
        }
        store.set_epoch_deadline(u64::MAX).unwrap();
        ticks(1);
        assert_eq!(call(&mut store), Ok(6));
        store.set_epoch_deadline(0).unwrap();
        assert_eq!(call(&mut store), Err(Some(Trap::Interrupted)));
        // An interrupt beside it is one of its own.
        store.interrupt_handle().unwrap().interrupt();
        store.set_epoch_deadline(1).unwrap();
        assert_eq!(call(&mut store), Err(Some(Trap::Interrupted)));
        assert_eq!(call(&mut store), Ok(6));
    }
}

#[test]
fn deadlines_slice_an_execution() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut linker = windlass::Linker::new(&engine);
    let tick = |caller: Caller<'_, ()>| caller.engine().increment_epoch();
    linker.func_wrap("", "tick", tick).unwrap();
    let text = r#"(import "" "tick" (func $tick))
        (func (export "run") (param $n i32)
          (loop (call $tick)
            (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_func(&store, "run").unwrap();
    store.set_epoch_deadline(10).unwrap();
    let mut execution = run.start(&mut store, &[windlass::Val::I32(95)]).unwrap();
    let mut stops = 0;
    while !matches!(execution.run(&mut store).unwrap(), Event::Finished(_)) {
        stops += 1;
        store.set_epoch_deadline(10).unwrap();
    }
    assert_eq!(stops, 9);
}

#[test]
fn a_deadline_needs_an_engine_that_looks() {
    let (mut store, _) = metered(Metering::None);
    assert!(store.set_epoch_deadline(1).is_err());
}

#[test]
fn an_execution_that_is_dropped_owes_nothing() {
    let (mut store, instance) = metered(Metering::Fuel);
    let func = instance.get_func(&store, "sum").unwrap();
    let args = [windlass::Val::I32(1)];
    let mut other = func.start(&mut store, &args).unwrap();
    assert!(matches!(other.run(&mut store).unwrap(), Event::OutOfFuel));
    let mut execution = func.start(&mut store, &args).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    store.set_fuel(1).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 0);
    drop(execution);
    drop(other);
    store.set_fuel(1).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 1);
    // A call that can't go on owes nothing either.
    assert_eq!(
        sum(&store, &instance).call(&mut store, 1).unwrap_err().trap(),
        Some(Trap::OutOfFuel)
    );
    assert_eq!(store.get_fuel().unwrap(), 0);
    store.set_fuel(3).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 3);
}

#[test]
fn what_one_execution_owes_is_paid_before_another_runs() {
    let (mut store, instance) = metered(Metering::Fuel);
    let func = instance.get_func(&store, "sum").unwrap();
    let args = [windlass::Val::I32(100)];
    store.set_fuel(1 << 20).unwrap();
    sum(&store, &instance).call(&mut store, 100).unwrap();
    let cost = (1 << 20) - store.get_fuel().unwrap();
    let mut executions = [(); 3].map(|()| func.start(&mut store, &args).unwrap());
    store.set_fuel(0).unwrap();
    let mut given = 0;
    while executions.iter().any(|execution| !execution.has_ended()) {
        for execution in executions.iter_mut().filter(|execution| !execution.has_ended()) {
            execution.run(&mut store).unwrap();
        }
        let left = store.get_fuel().unwrap();
        store.set_fuel(left + 5).unwrap();
        given += 5;
    }
    assert_eq!(given - store.get_fuel().unwrap(), 3 * cost);
}

#[test]
fn an_execution_that_is_interrupted_again_and_again_gets_on() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let engine = Engine::new(Config::new().metering(metering)).unwrap();
        let mut store = Store::new(&engine, ());
        let text = r#"(func $sum (export "sum") (param $n i64) (result i64) (local $m i64)
            (local $r anyref)
            (local.set $m (i64.sub (local.get $n) (i64.const 1)))
            (local.set $r (ref.i31 (i32.const 5)))
            (if (result i64) (i64.eqz (local.get $n))
              (then (i64.const 0))
              (else (i64.add (local.get $n) (call $sum (local.get $m))))))"#;
        let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
        let sum = instance.get_func(&store, "sum").unwrap();
        if metering == Metering::Fuel {
            store.set_fuel(1 << 20).unwrap();
            sum.typed::<i64, i64>(&store).unwrap().call(&mut store, 100).unwrap();
        }
        let used = store.get_fuel().ok().map(|left| (1 << 20) - left);
        let mut execution = sum.start(&mut store, &[windlass::Val::I64(100)]).unwrap();
        let mut events = (0..1000).map(|_| {
            store.interrupt_handle().unwrap().interrupt();
            // Where a function has been entered, what it refers to is known.
            store.gc();
            execution.run(&mut store).unwrap()
        });
        let finished = events.find(|event| !matches!(event, Event::Interrupted));
        let Some(Event::Finished(values)) = finished else { panic!("{finished:?}") };
        assert_eq!(values[0].i64(), Some(5050));
        assert_eq!(store.get_fuel().ok().map(|left| (1 << 20) - left), used.map(|used| 2 * used));
    }
}

#[test]
fn what_moves_much_is_interrupted_in_its_middle() {
    // Four pieces each.
    let cases = [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304))",
        "(memory.copy (i32.const 1) (i32.const 0) (i32.const 4194303))",
        "(drop (table.grow $t (ref.null func) (i32.const 524288)))",
        "(table.copy $u $u (i32.const 0) (i32.const 1) (i32.const 524287))",
    ];
    for body in cases {
        let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
        let mut linker = windlass::Linker::new(&engine);
        let stop = |caller: Caller<'_, ()>| caller.interrupt_handle().unwrap().interrupt();
        linker.func_wrap("", "stop", stop).unwrap();
        let text = format!(
            r#"(import "" "stop" (func $stop)) (memory 65) (table $t 0 funcref)
                (table $u 524288 funcref)
            (func (export "run") (call $stop) {body})"#
        );
        let (mut store, instance) = linked(&linker, (), &text);
        let run = instance.get_func(&store, "run").unwrap();
        let mut execution = run.start(&mut store, &[]).unwrap();
        let mut stops = 0;
        while matches!(execution.run(&mut store).unwrap(), Event::Interrupted) {
            stops += 1;
            store.interrupt_handle().unwrap().interrupt();
        }
        // When the host has returned, before the instruction, and after three pieces.
        assert_eq!(stops, 5, "{body}");
    }
}

/// The fuel that a host function takes, beyond what there is: it is owed, and the results wait.
/// What is left of it when it is interrupted may be so little that code does it by itself: what
/// comes then is interrupted as always.
#[test]
fn what_follows_a_large_fill_is_interrupted() {
    const SIZE: usize = (1 << 20) + 100;
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let engine = Engine::new(Config::new().metering(metering)).unwrap();
        let module = module(
            &engine,
            &format!(
                r#"(memory (export "m") 20) (func (export "f")
                (memory.fill (i32.const 0) (i32.const 1) (i32.const {SIZE}))
                (drop (memory.grow (i32.const 1)))
                (drop (memory.grow (i32.const 1))))"#
            ),
        );
        let mut store = Store::new(&engine, ());
        let _ = store.set_fuel(1 << 30);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&store, "m").unwrap();
        let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
        let mut execution = f.start(&mut store, ()).unwrap();
        let mut seen = Vec::new();
        loop {
            store.interrupt_handle().unwrap().interrupt();
            match execution.run(&mut store).unwrap() {
                Event::Interrupted => {
                    let is_filled = memory.data(&store)[SIZE - 1] == 1;
                    seen.push((is_filled, memory.size(&store)));
                }
                Event::Finished(()) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(seen.contains(&(true, 20)) && seen.contains(&(true, 21)), "{metering:?}: {seen:?}");
    }
}

#[test]
fn host_functions_take_fuel() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let costly = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: u64| {
        caller.consume_fuel(n).unwrap();
        ExternRef::new(&mut caller, n).map(Some)
    });
    let text = r#"(import "" "" (func $costly (param i64) (result externref)))
        (func (export "run") (param i64) (result externref) (call $costly (local.get 0)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[costly.into()]).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    for (func, own) in [(run, 1 + 5 + 7 + 2), (costly, 0)] {
        store.set_fuel(1000).unwrap();
        let mut execution = func.start(&mut store, &[Val::I64(100)]).unwrap();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
        assert_eq!(store.get_fuel().unwrap(), 900 - own);

        store.set_fuel(own + 40).unwrap();
        let mut execution = func.start(&mut store, &[Val::I64(100)]).unwrap();
        for paid in [50, 9, 1] {
            assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel), "{paid}");
            assert_eq!(store.get_fuel().unwrap(), 0);
            store.gc();
            store.set_fuel(paid).unwrap();
            assert_eq!(store.get_fuel().unwrap(), 0, "it is owed");
        }
        let Event::Finished(values) = execution.run(&mut store).unwrap() else { panic!() };
        let held = values[0].unwrap_externref().unwrap();
        assert_eq!(held.data(&store).unwrap().unwrap().downcast_ref(), Some(&100u64));

        store.set_fuel(own + 40).unwrap();
        let error = func.call(&mut store, &[Val::I64(100)], &mut [Val::I32(0)]).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::OutOfFuel));
        store.set_fuel(60).unwrap();
        assert_eq!(store.get_fuel().unwrap(), 60, "what a call owed that has ended is nobody's");
        // Nor are the results that were held: the next call has arguments there.
        let next = func.start(&mut store, &[Val::I64(-1)]).unwrap();
        store.gc();
        drop(next);
    }
}

/// What a host function owes is also paid by fuel that it gives itself, and what one owes that
/// fails is nobody's.
#[test]
fn host_functions_that_owe_and_go_on() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let gives = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| {
        caller.consume_fuel(30).unwrap();
        caller.set_fuel(50).unwrap();
        assert_eq!(caller.get_fuel().unwrap(), 30);
    });
    store.set_fuel(10).unwrap();
    gives.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 30);

    let fails = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> Result<(), Error> {
        caller.consume_fuel(u64::MAX).unwrap();
        caller.consume_fuel(u64::MAX).unwrap();
        Err(Error::msg("it fails"))
    });
    fails.call(&mut store, &[], &mut []).unwrap_err();
    store.set_fuel(10).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 10);

    let panics = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> () {
        caller.consume_fuel(1000).unwrap();
        panic!("on purpose");
    });
    let call = || panics.call(&mut store, &[], &mut []);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
    store.set_fuel(10).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 10);
}

/// What a host function owes is not paid by a function that it calls.
#[test]
fn what_a_host_function_owes_stays_its_own() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let text = r#"(import "" "h" (func $h (param funcref))) (import "" "n" (func $n))
        (elem declare func $n)
        (func (export "calls") (call $h (ref.func $n)))"#;
    let module = module(&engine, text);
    let mut store = Store::new(&engine, ());
    let costly = |mut caller: Caller<'_, ()>, callback: Option<Func>| {
        caller.consume_fuel(1_000_000).unwrap();
        callback.unwrap().call(&mut caller, &[], &mut []).unwrap();
    };
    let costly = Func::wrap(&mut store, costly);
    let free = Func::wrap(&mut store, || {});
    let instance = Instance::new(&mut store, &module, &[costly.into(), free.into()]).unwrap();
    store.set_fuel(1000).unwrap();
    let calls = instance.get_func(&store, "calls").unwrap();
    let mut execution = calls.start(&mut store, &[]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    store.set_fuel(900_000).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    store.set_fuel(200_000).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
}

#[test]
fn what_a_setting_forbids_is_an_error_that_names_the_setting() {
    let (mut store, _) = metered(Metering::None);
    let error = store.set_fuel(1).unwrap_err().to_string();
    assert!(error.contains("`Config::consume_fuel(true)`"), "{error}");
    let interval = store.fuel_async_yield_interval(Some(1)).unwrap_err().to_string();
    assert_eq!(interval, error);
    let error = store.set_epoch_deadline(1).unwrap_err().to_string();
    assert!(error.contains("`Config::metering(Metering::Interrupt)`"), "{error}");
    assert_eq!(store.interrupt_handle().unwrap_err().to_string(), error);
    // What they name helps.
    let mut store = Store::new(&Engine::new(Config::new().consume_fuel(true)).unwrap(), ());
    store.set_fuel(1).unwrap();
    metered(Metering::Interrupt).0.set_epoch_deadline(1).unwrap();
}
