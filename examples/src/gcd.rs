//! A function of a guest, with its types: the greatest common divisor. That the types are right is
//! checked once, by `get_typed_func`; calls are quick then.

use windlass::{Instance, Module, Result, Store};

const EUCLID: &str = r#"
    (func (export "gcd") (param $a i32) (param $b i32) (result i32) (local $rest i32)
      (loop $again
        (if (local.get $b)
          (then
            (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
            (local.set $a (local.get $b))
            (local.set $b (local.get $rest))
            (br $again))))
      (local.get $a))"#;

pub(crate) fn main() -> Result<()> {
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), EUCLID)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let gcd = instance.get_typed_func::<(i32, i32), i32>(&mut store, "gcd")?;
    let divisor = gcd.call(&mut store, (1_071, 462))?;
    println!("1071 and 462 are multiples of {divisor}");
    assert_eq!(divisor, 21);

    let wrong = instance.get_typed_func::<i64, i64>(&mut store, "gcd");
    assert!(wrong.is_err(), "these are not its types");
    Ok(())
}
