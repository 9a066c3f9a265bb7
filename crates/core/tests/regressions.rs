//! Mistakes that were made once.

use windlass::{Config, Engine, Instance, Module, Store};

/// The parameter of an `if` is in the accumulator when the condition, a constant, is tested. The
/// first arm takes it from there; the other finds it in its slot.
#[test]
fn both_arms_of_an_if_have_its_parameter() {
    let text = r#"(module (func (export "f") (param i32 i32) (result i32)
        (i32.shr_u (local.get 0) (local.get 1))
        (if (param i32) (result i32) (i32.const 0)
            (then (local.set 1) (i32.const 1))
            (else (local.set 0) (local.get 0)))))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).expect("the module is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let f = instance.get_typed_func::<(i32, i32), i32>(&store, "f").expect("it is exported");
    assert_eq!(f.call(&mut store, (0x1230, 4)).expect("it does not trap"), 0x123);
}

/// Lists have room for as many elements as there are bytes for; elements that are too short to be
/// valid can be more, and are refused for what they are.
#[test]
fn elements_that_are_too_short_are_refused_by_their_own_error() {
    let refused = |sections: &[u8], words: &str| {
        let bytes = [b"\0asm\x01\0\0\0", sections].concat();
        let error = Module::new(&Engine::default(), bytes).expect_err("it is not valid");
        assert!(error.to_string().contains(words), "{error}");
    };
    // A function body without an `end`.
    refused(b"\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x03\x01\x01\0", "unexpected end");
    // Four constant expressions that are nothing but their ends.
    refused(b"\x09\x08\x01\x05\x70\x04\x0b\x0b\x0b\x0b", "type mismatch");
}

/// The addition that a latch takes in has read the counter from its slot, as there was no handler
/// for the pinned local at that width. The latch has to write the register, too.
#[test]
fn a_latch_counts_in_the_pinned_local_that_it_was_read_beside() {
    let text = r#"(module
        (func (export "down") (param i32) (result i32)
          (loop
            (local.set 0 (i32.wrap_i64
              (i64.add (i64.extend_i32_u (local.get 0)) (i64.const -1))))
            (br_if 0 (local.get 0)))
          (i32.add (local.get 0) (local.get 0)))
        (func (export "up") (param i32) (result i32)
          (loop
            (local.set 0 (i32.wrap_i64
              (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1))))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 9))))
          (i32.add (local.get 0) (local.get 0))))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::new(Config::new().verify_code(true)).expect("the settings are fine");
    let module = Module::new(&engine, wasm).expect("the module is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    for (name, sum) in [("down", 0), ("up", 18)] {
        let f = instance.get_typed_func::<i32, i32>(&store, name).expect("it is exported");
        assert_eq!(f.call(&mut store, 5).expect("it does not trap"), sum, "{name}");
    }
}

/// What was made narrower, and wider again, is not the number that it was made of.
#[test]
fn the_lower_half_of_a_number_is_not_all_of_it() {
    let text = r#"(module
        (func (export "one") (param i64) (result i64)
          (i64.add (i64.extend_i32_u (i32.wrap_i64 (local.get 0))) (i64.const 1)))
        (func (export "both") (param i64) (result i64)
          (i64.mul
            (i64.extend_i32_u (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 4))))
            (i64.extend_i32_u (i32.wrap_i64 (local.get 0)))))
        (func (export "test") (param i64) (result i64)
          (if (i64.eqz (i64.extend_i32_u (i32.wrap_i64 (i64.shl (local.get 0) (i64.const 28)))))
            (then (return (i64.const 3))))
          (i64.const 4)))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).expect("the module is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    for (name, result) in [("one", 0x31), ("both", 3 * 0x30), ("test", 3)] {
        let f = instance.get_typed_func::<i64, i64>(&store, name).expect("it is exported");
        let found = f.call(&mut store, 0x7_2000_0000_0030).expect("it does not trap");
        assert_eq!(found, result, "{name}");
    }
}

/// Where no branch leads back to a loop on a condition, one leads over a jump. What was in a
/// register before it is not looked for there behind it, where two ways meet.
#[test]
fn what_is_behind_a_branch_back_is_in_its_slot() {
    let conditions = ["f64.lt", "f64.gt", "f64.le", "f64.ge", "f64.ne"];
    let functions = conditions.map(|condition| {
        format!(
            "(func (export \"{condition}\") (param $x f64) (result i64)
               (local $n i64)
               (loop $again (result i64)
                 (local.set $x (f64.sub (local.get $x) (f64.const 1)))
                 (i64.xor (local.get $n) (i64.const 5))
                 (br_if $again ({condition} (local.get $x) (f64.const -5)))
                 (local.tee $n)))"
        )
    });
    let wasm = wat::parse_str(functions.concat()).expect("the text is a module");
    let engine = Engine::new(Config::new().verify_code(true)).expect("it can be verified");
    let module = Module::new(&engine, wasm).expect("the module is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    for (name, x) in conditions.into_iter().zip([-4.0, -3.0, -3.0, -3.0, -4.0]) {
        let f = instance.get_typed_func::<f64, i64>(&store, name).expect("it is exported");
        let found = f.call(&mut store, x).map_err(|error| format!("{name}: {error:#}"));
        assert_eq!(found.expect("it does not trap"), 5, "{name}");
    }
}
