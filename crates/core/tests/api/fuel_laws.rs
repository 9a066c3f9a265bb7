//! Laws of fuel: what calls use adds up, in any order, whatever was called before, and however much
//! there is at a time.

use crate::module;
use std::collections::BTreeMap;
use windlass::{CompilationMode, Config, Engine, Event, Instance, Metering, Store, Val};

/// What each takes does not depend on what was called before.
const TEXT: &str = r#"
    (memory 1) (type $a (array (mut i16))) (type $s (struct (field i32) (field f64)))
    (table $t 4 funcref) (elem (table $t) (i32.const 0) func $mix $fib $loop)
    (tag $e (param i32))
    (func $mix (param i32) (result i32)
      (i32.xor (i32.mul (local.get 0) (i32.const 31)) (i32.const 7)))
    (func $fib (export "fib") (param $n i32) (result i32)
      (local.set $n (i32.and (local.get $n) (i32.const 7)))
      (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
        (then (call $mix (local.get $n)))
        (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
    (func $loop (export "loop") (param $n i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $mix (local.get $n))))
        (br_if $next (i32.and (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
          (i32.const 31))))
      (local.get $sum))
    (func (export "fill") (param $n i32) (result i32)
      (memory.fill (local.get $n) (i32.const 5) (i32.and (local.get $n) (i32.const 8191)))
      (memory.copy (i32.const 4) (i32.const 0) (i32.and (local.get $n) (i32.const 255)))
      (i32.const 0))
    (func (export "trap") (param $n i32) (result i32)
      (i32.load (i32.shl (local.get $n) (i32.const 8))))
    (func (export "make") (param $n i32) (result i32)
      (drop (struct.new $s (local.get $n) (f64.const 1)))
      (array.len (array.new_default $a (i32.and (local.get $n) (i32.const 1023)))))
    (func (export "indirect") (param $n i32) (result i32)
      (call_indirect $t (param i32) (result i32) (local.get $n)
        (i32.and (local.get $n) (i32.const 3))))
    (func (export "throw") (param $n i32) (result i32)
      (block $b (result i32)
        (try_table (catch $e $b)
          (if (i32.and (local.get $n) (i32.const 1)) (then (throw $e (local.get $n)))))
        (i32.const 1)))"#;

const NAMES: [&str; 7] = ["fib", "loop", "fill", "trap", "make", "indirect", "throw"];

/// A store with an instance.
fn guest(engine: &Engine) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module(engine, TEXT), &[]).unwrap();
    (store, instance)
}

/// What a call gives, and the fuel that it uses, with so much at a time.
fn call(
    (store, instance): &mut (Store<()>, Instance),
    (name, n): (&'static str, i32),
    slice: u64,
) -> (String, u64) {
    let func = instance.get_func(&*store, name).unwrap();
    let mut execution = func.start(&mut *store, &[Val::I32(n)]).unwrap();
    let mut given = 0;
    store.set_fuel(0).unwrap();
    let ended = loop {
        let left = store.get_fuel().unwrap();
        store.set_fuel(left + slice).unwrap();
        given += slice;
        match execution.run(&mut *store) {
            Ok(Event::OutOfFuel) => {}
            Ok(Event::Finished(results)) => break format!("{:?}", results[0].i32()),
            Ok(event) => panic!("{event:?}"),
            Err(error) => break format!("{:?}", error.trap()),
        }
    };
    (ended, given - store.get_fuel().unwrap())
}

#[test]
fn what_calls_use_adds_up() {
    const PLENTY: u64 = 1 << 30;
    let mut state = 0x2545_f491_u32;
    let mut random = |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    let mut alone: BTreeMap<(&str, i32), (String, u64)> = BTreeMap::new();
    let mut seen = [0; NAMES.len()];
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        let mut config = Config::new();
        config.metering(Metering::Fuel).compilation_mode(mode).verify_code(true);
        let engine = Engine::new(&config).unwrap();
        for round in 0..60 {
            let mut together = guest(&engine);
            let (mut sum, mut expected) = (0, 0);
            for _ in 0..1 + random(12) {
                let number = random(NAMES.len() as u32) as usize;
                let what = (NAMES[number], random(300) as i32);
                seen[number] += 1;
                let one = alone
                    .entry(what)
                    .or_insert_with(|| call(&mut guest(&engine), what, PLENTY))
                    .clone();
                let slice = [1, 7, 50, PLENTY][random(4) as usize];
                let found = call(&mut together, what, slice);
                assert_eq!(found, one, "{mode:?}, round {round}, {what:?}, {slice} at a time");
                (sum, expected) = (sum + found.1, expected + one.1);
                if random(5) == 0 {
                    together.0.gc();
                }
            }
            assert_eq!(sum, expected, "{mode:?}, round {round}");
        }
    }
    assert!(seen.iter().all(|&times| times > 20), "{seen:?}");
    let traps =
        alone.values().filter(|(ended, _)| ended.contains("Some(MemoryOutOfBounds")).count();
    assert!(traps > 5, "{traps}");
}
