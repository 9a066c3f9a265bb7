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
