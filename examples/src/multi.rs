//! Functions with several results, and functions whose types the host learns at run time: then
//! arguments and results are `Val`s.

use windlass::{Engine, Func, FuncType, Instance, Module, Result, Store, Val, ValType};

const GUEST: &str = r#"
    (import "host" "swap" (func $swap (param i32 i64) (result i64 i32)))
    (func (export "twice") (param i32 i64) (result i32 i64) (local $last i32)
      (call $swap (local.get 0) (local.get 1))
      (local.set $last)
      (local.set 1)
      (i32.add (local.get $last) (i32.const 1))
      (i64.add (local.get 1) (i64.const 1)))
    (func (export "ten") (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, GUEST)?;

    // A host function whose type is a value.
    let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::I64, ValType::I32]);
    let swap = Func::new(&mut store, ty, |_, args, results| {
        results[0] = args[1];
        results[1] = args[0];
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[swap.into()])?;

    // Several results are a tuple.
    let twice = instance.get_typed_func::<(i32, i64), (i32, i64)>(&mut store, "twice")?;
    assert_eq!(twice.call(&mut store, (1, 2))?, (2, 3));

    // Without types: as many places as the type has results.
    let ten = instance.get_func(&mut store, "ten").expect("it is exported");
    let mut results = vec![Val::I64(0); ten.ty(&store).results().len()];
    ten.call(&mut store, &[Val::I64(7)], &mut results)?;
    println!("{} results: {results:?}", results.len());
    assert!(results.iter().all(|value| value.unwrap_i64() == 7));
    Ok(())
}
