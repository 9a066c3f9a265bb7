//! How far a guest gets is counted in fuel. The same code takes the same fuel on every machine, so
//! it can be a limit, or a price.

use windlass::{Config, Engine, Instance, Module, Result, Store, Trap};

const FIBONACCI: &str = r#"
    (func $fibonacci (export "fibonacci") (param $n i32) (result i32)
      (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
        (then (local.get $n))
        (else (i32.add
          (call $fibonacci (i32.sub (local.get $n) (i32.const 1)))
          (call $fibonacci (i32.sub (local.get $n) (i32.const 2)))))))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, FIBONACCI)?;
    let mut store = Store::new(&engine, ());
    store.set_fuel(10_000)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let fibonacci = instance.get_typed_func::<i32, i32>(&mut store, "fibonacci")?;
    for n in 1.. {
        let before = store.get_fuel()?;
        match fibonacci.call(&mut store, n) {
            Ok(value) => println!("fibonacci({n}) = {value}, for {}", before - store.get_fuel()?),
            Err(error) => {
                assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
                println!("fibonacci({n}) takes more than is left");
                break;
            }
        }
    }
    // Filled up, it goes on.
    store.set_fuel(10_000)?;
    assert_eq!(fibonacci.call(&mut store, 10)?, 55);
    Ok(())
}
