//! A guest with two memories, one for what comes in and one for its own.

use windlass::{Engine, Instance, Module, Result, Store};

const GUEST: &str = r#"
    (memory $input (export "input") 1)
    (memory $own (export "own") 1)
    (func (export "keep") (param $length i32)
      (memory.copy $own $input (i32.const 100) (i32.const 0) (local.get $length)))
    (func (export "first") (result i32 i32)
      (i32.load8_u $input (i32.const 0))
      (i32.load8_u $own (i32.const 100)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let input = instance.get_memory(&mut store, "input").expect("it is exported");
    let own = instance.get_memory(&mut store, "own").expect("it is exported");

    input.write(&mut store, 0, b"request")?;
    instance.get_typed_func::<i32, ()>(&mut store, "keep")?.call(&mut store, 7)?;
    input.write(&mut store, 0, b"next")?;
    assert_eq!(&own.data(&store)[100..107], b"request");
    let first = instance.get_typed_func::<(), (i32, i32)>(&mut store, "first")?;
    assert_eq!(first.call(&mut store, ())?, ('n' as i32, 'r' as i32));
    println!("{} bytes come in, {} are kept", input.data_size(&store), own.data_size(&store));
    Ok(())
}
