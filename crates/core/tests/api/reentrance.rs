//! Calls that go back and forth between host and guest.

use crate::linked;
use windlass::{Caller, Config, Engine, Error, Linker, Trap};

/// `down` in the guest calls `down` of the host with one less, which calls the guest's, and so on;
/// each leaves its mark.
const TEXT: &str = r#"
    (import "env" "down" (func $down (param i32) (result i64)))
    (memory (export "memory") 1)
    (func (export "down") (param $n i32) (result i64) (local $mark i64)
      (if (i32.eqz (local.get $n)) (then (return (i64.const 1))))
      (local.set $mark (i64.extend_i32_u (local.get $n)))
      (drop (memory.grow (i32.const 1)))
      (i64.add
        (i64.mul (call $down (i32.sub (local.get $n) (i32.const 1))) (i64.const 3))
        (local.get $mark)))"#;

fn linker(engine: &Engine) -> Linker<Vec<u32>> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap(
            "env",
            "down",
            |mut caller: Caller<'_, Vec<u32>>, n: u32| -> Result<u64, Error> {
                caller.data_mut().push(n);
                let down = caller.get_export("down").and_then(|f| f.into_func()).unwrap();
                let result = down.typed::<u32, u64>(&caller)?.call(&mut caller, n)?;
                caller.data_mut().push(100 + n);
                Ok(result)
            },
        )
        .unwrap();
    linker
}

fn expected(n: u64) -> u64 {
    if n == 0 { 1 } else { 3 * expected(n - 1) + n }
}

#[test]
fn host_and_guest_call_each_other() {
    let (mut store, instance) = linked(&linker(&Engine::default()), vec![], TEXT);
    let down = instance.get_typed_func::<u32, u64>(&store, "down").unwrap();
    assert_eq!(down.call(&mut store, 3).unwrap(), expected(3));
    assert_eq!(store.data(), &[2, 1, 0, 100, 101, 102]);
    assert_eq!(down.call(&mut store, 30).unwrap(), expected(30));
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert_eq!(memory.size(&store), 34);
}

#[test]
fn with_fuel_for_all_of_them() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let (mut store, instance) = linked(&linker(&engine), vec![], TEXT);
    let down = instance.get_typed_func::<u32, u64>(&store, "down").unwrap();
    let mut used = |n| {
        store.set_fuel(1_000_000).unwrap();
        assert_eq!(down.call(&mut store, n).unwrap(), expected(n.into()));
        1_000_000 - store.get_fuel().unwrap()
    };
    let (one, two, ten) = (used(1), used(2), used(10));
    assert_eq!(ten - two, 8 * (two - one));
    store.set_fuel(two).unwrap();
    assert_eq!(down.call(&mut store, 3).unwrap_err().trap(), Some(Trap::OutOfFuel));
}

#[test]
fn too_deep_is_a_trap() {
    let (mut store, instance) = linked(&linker(&Engine::default()), vec![], TEXT);
    let down = instance.get_typed_func::<u32, u64>(&store, "down").unwrap();
    assert_eq!(down.call(&mut store, 100_000).unwrap_err().trap(), Some(Trap::StackOverflow));
    assert_eq!(down.call(&mut store, 3).unwrap(), expected(3));
}

#[test]
fn an_error_inside_can_be_handled_by_the_host() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("env", "try", |mut caller: Caller<'_, ()>| -> Result<i32, Error> {
            let fail = caller.get_export("fail").and_then(|f| f.into_func()).unwrap();
            match fail.call(&mut caller, &[], &mut []) {
                Ok(()) => Ok(0),
                Err(error) if error.trap() == Some(Trap::Unreachable) => Ok(1),
                Err(error) => Err(error),
            }
        })
        .unwrap();
    let text = r#"(import "env" "try" (func $try (result i32)))
                  (func (export "fail") unreachable)
                  (func (export "run") (result i32) (i32.add (call $try) (call $try)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 2);
}

#[test]
fn a_host_function_makes_instances() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let inner = crate::module(&engine, r#"(func (export "seven") (result i32) (i32.const 7))"#);
    linker
        .func_wrap("env", "make", move |mut caller: Caller<'_, ()>| -> Result<i32, Error> {
            let instance = windlass::Instance::new(&mut caller, &inner, &[])?;
            instance.get_typed_func::<(), i32>(&caller, "seven")?.call(&mut caller, ())
        })
        .unwrap();
    let text = r#"(import "env" "make" (func $make (result i32)))
                  (func (export "run") (result i32) (i32.add (call $make) (call $make)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 14);
}
