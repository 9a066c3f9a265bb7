//! Mistakes that were made once.

use windlass::{Engine, Instance, Module, Store};

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
