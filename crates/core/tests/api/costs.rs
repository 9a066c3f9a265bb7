//! What amounts cost in fuel, as the documentation of `FUEL_VERSION` says.

use crate::module;
use windlass::{Config, Engine, Event, Func, Instance, Store, Val};

const DECLARATIONS: &str = r#"(import "" "" (func $host))
    (memory 1) (table $t 1000 funcref) (elem $e funcref (ref.null func) (ref.null func))
    (data $d "0123456789012345678901234567890123456789012345678901234567890123")
    (type $i (array (mut i32))) (type $s (struct (field i64 i64 i64 i64 i64 i64 i64)))
    (type $many (func (param i64 i64 i64 i64 i64 i64 i64 i64)
      (result i64 i64 i64 i64 i64 i64 i64 i64)))
    (tag $tag (param i64 i64 i64 i64 i64 i64 i64 i64))
    (func $none)
    (func $locals (local i64 i64 i64 i64 i64 i64 i64 i64 v128 v128 v128 v128))
    (func $many (type $many)
      (local.get 0) (local.get 1) (local.get 2) (local.get 3)
      (local.get 4) (local.get 5) (local.get 6) (local.get 7))"#;

const PLENTY: u64 = 1 << 40;

/// The fuel that a function with this body uses.
fn used(body: &str) -> u64 {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let text = format!(r#"{DECLARATIONS} (func (export "run") {body})"#);
    let host = Func::wrap(&mut store, || {});
    let instance = Instance::new(&mut store, &module(&engine, &text), &[host.into()]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    store.set_fuel(PLENTY).unwrap();
    run.call(&mut store, ()).unwrap();
    PLENTY - store.get_fuel().unwrap()
}

#[test]
fn instructions_and_amounts_cost_what_the_documentation_says() {
    // Three constants are in the cost of most.
    let cases = [
        ("", 0),
        ("(drop (i32.const 1))", 1),
        // A branch that is always taken, or never: what follows is counted.
        ("(block (br_if 0 (i32.const 1)) (drop (i32.const 1)))", 3),
        ("(block (br_if 0 (i32.add (i32.const 1) (i32.const 0))) (drop (i32.const 1)))", 5),
        ("(block (br_if 0 (i32.eqz (i32.const 1))) (drop (i32.const 1)))", 4),
        ("(block (drop (br_on_null 0 (ref.null func))) (drop (i32.const 1)))", 3),
        (
            "(block (result (ref i31)) (br_on_non_null 0 (ref.i31 (i32.const 1))) (unreachable)) \
                (drop)",
            3,
        ),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 63))", 3 + 6),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 6400))", 3 + 6 + 100),
        ("(memory.copy (i32.const 0) (i32.const 64) (i32.const 6463))", 3 + 6 + 100),
        ("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 64))", 3 + 6 + 1),
        ("(drop (memory.grow (i32.const 0)))", 1 + 100),
        ("(drop (memory.grow (i32.const 2)))", 1 + 100 + 2 * 1024),
        ("(drop (memory.grow (i32.const 65536)))", 1 + 100),
        ("(table.fill $t (i32.const 0) (ref.null func) (i32.const 807))", 3 + 6 + 100),
        ("(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 16))", 3 + 6 + 2),
        ("(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))", 3 + 6),
        ("(drop (table.grow $t (ref.null func) (i32.const 80)))", 2 + 100 + 10),
        ("(drop (table.grow $t (ref.null func) (i32.const -1)))", 2 + 100),
        ("(drop (array.new_default $i (i32.const 15)))", 1 + 3),
        ("(drop (array.new_default $i (i32.const 16)))", 1 + 3 + 8 + 4),
        ("(drop (array.new $i (i32.const 7) (i32.const 1600)))", 2 + 3 + 8 + 400),
        (
            "(array.fill $i (array.new_default $i (i32.const 15)) (i32.const 0) (i32.const 1) \
                (i32.const 15))",
            4 + 3 + 6,
        ),
        ("(drop (struct.new_default $s))", 3 + 64 / 16),
        ("(drop (array.new_fixed $i 2 (i32.const 1) (i32.const 2)))", 2 + 3 + 1),
        ("(call $none)", 5),
        ("(call $host)", 5 + 7),
        ("(call $locals)", 5 + 2),
        // Eight results are moved by the callee.
        (
            "(i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
            (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
            (call $many) drop drop drop drop drop drop drop drop",
            8 + 5 + 16 + 8 + 1,
        ),
        // A branch moves eight.
        (
            "(block (result i64 i64 i64 i64 i64 i64 i64 i64) (i64.const 0)
              (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
              (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
              (br 0))
            drop drop drop drop drop drop drop drop",
            9 + 1 + 1,
        ),
    ];
    for (body, cost) in cases {
        assert_eq!(used(body), cost, "{body}");
    }
}

#[test]
fn a_long_stretch_of_code_is_paid_in_parts() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let step = r#"(drop (memory.grow (i32.const 0)))
        (global.set $done (i32.add (global.get $done) (local.get $one)))"#;
    let text = format!(
        r#"(memory 0) (global $done (export "done") (mut i32) (i32.const 0))
        (func (export "run") (param $one i32) {})"#,
        step.repeat(3000)
    );
    let instance = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    let done = instance.get_global(&store, "done").unwrap();
    store.set_fuel(150_000).unwrap();
    let mut execution = run.start(&mut store, &[Val::I32(1)]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    let steps = done.get(&mut store).i32().unwrap();
    assert!(steps > 900 && steps < 1000, "{steps}");
    store.set_fuel(PLENTY).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
    assert_eq!(done.get(&mut store).i32(), Some(3000));
}

/// A memory or table is known to instances by as many indices as they import it under: all are told
/// when it grows.
#[test]
fn growth_of_what_is_imported_many_times_costs_more() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let used = |what: &str, ty: &str, grow: &str, imports: usize| {
        let mut store = Store::new(&engine, ());
        let text = format!(r#"({what} (export "x") {ty})"#);
        let owner = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
        let x = owner.get_export(&mut store, "x").unwrap();
        let import = format!(r#"(import "" "" ({what} {ty}))"#).repeat(imports);
        let text = format!(r#"{import} (func (export "run") (drop {grow}))"#);
        let given = vec![x; imports];
        let instance = Instance::new(&mut store, &module(&engine, &text), &given).unwrap();
        let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
        store.set_fuel(PLENTY).unwrap();
        run.call(&mut store, ()).unwrap();
        PLENTY - store.get_fuel().unwrap()
    };
    let table = |imports| {
        used("table", "1 funcref", "(table.grow 0 (ref.null func) (i32.const 1))", imports)
    };
    assert_eq!(table(40_000) - table(1), 40_000 / 4);
    let memory = |imports| used("memory", "1", "(memory.grow 0 (i32.const 1))", imports);
    assert_eq!(memory(100) - memory(1), 100 / 4);
}

#[test]
fn a_wait_that_sleeps_costs_more() {
    let engine = Engine::new(Config::new().consume_fuel(true).wasm_threads(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let text = r#"(memory 1 1 shared)
        (func (export "wait") (param i32 i64) (result i32)
          (memory.atomic.wait32 (i32.const 0) (local.get 0) (local.get 1)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let wait = instance.get_func(&store, "wait").unwrap();
    for (value, timeout, result, cost) in [(1, -1, 1, 0), (0, 0, 2, 0), (0, 1, 2, 1200)] {
        for slice in [1, 50, PLENTY] {
            let mut wait = wait.start(&mut store, &[Val::I32(value), Val::I64(timeout)]).unwrap();
            let mut given = 0;
            let results = loop {
                store.set_fuel(slice).unwrap();
                given += slice;
                match wait.run(&mut store).unwrap() {
                    Event::Finished(results) => break results,
                    Event::OutOfFuel => {}
                    event => panic!("{event:?}"),
                }
            };
            let used = given - store.get_fuel().unwrap();
            assert_eq!((results[0].i32(), used), (Some(result), 3 + 40 + cost), "{slice}");
        }
    }
}
