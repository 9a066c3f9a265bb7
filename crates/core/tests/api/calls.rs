//! Calls of guests, typed and untyped, and their errors.

use crate::instance;
use windlass::{Func, Trap, Val};

const FAC: &str = r#"
    (func $fac (export "fac") (param i64) (result i64)
      (if (result i64) (i64.eqz (local.get 0))
        (then (i64.const 1))
        (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
    (func (export "nothing"))
    (memory (export "memory") 1)"#;

#[test]
fn typed_functions_return_values() {
    let (mut store, instance) = instance(FAC);
    let fac = instance.get_typed_func::<i64, i64>(&store, "fac").unwrap();
    assert_eq!(fac.call(&mut store, 20).unwrap(), 2_432_902_008_176_640_000);
    let fac = instance.get_typed_func::<(u64,), (u64,)>(&store, "fac").unwrap();
    assert_eq!(fac.call(&mut store, (5,)).unwrap(), (120,));
    let swap = instance.get_typed_func::<(i32, f64), (f64, i32)>(&store, "swap").unwrap();
    assert_eq!(swap.call(&mut store, (-1, 0.5)).unwrap(), (0.5, -1));
    instance.get_typed_func::<(), ()>(&store, "nothing").unwrap().call(&mut store, ()).unwrap();
}

#[test]
fn untyped_functions_fill_results() {
    let (mut store, instance) = instance(FAC);
    let swap = instance.get_func(&store, "swap").unwrap();
    let mut results = [Val::I32(0), Val::I32(0)];
    swap.call(&mut store, &[Val::I32(-1), Val::from(0.5f64)], &mut results).unwrap();
    assert_eq!(results[0].f64(), Some(0.5));
    assert_eq!(results[1].i32(), Some(-1));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (mut store, instance) = instance(FAC);
    let swap = instance.get_func(&store, "swap").unwrap();
    let args = [Val::I32(-1), Val::from(0.5f64)];
    let mut results = [Val::I32(0); 3];
    let mut call = |args: &[Val], count: usize| {
        swap.call(&mut store, args, &mut results[..count]).map_err(|error| error.to_string())
    };
    assert_eq!(call(&args[..1], 2).unwrap_err(), "expected 2 arguments, found 1");
    assert_eq!(call(&args, 1).unwrap_err(), "expected room for 2 results, found 1");
    assert_eq!(call(&args, 3).unwrap_err(), "expected room for 2 results, found 3");
    assert_eq!(
        call(&[args[0], args[0]], 2).unwrap_err(),
        "argument 2 of 2: type mismatch: expected a value of type f64, found i32"
    );
    assert!(call(&args, 2).is_ok());
}

#[test]
fn typed_functions_are_checked() {
    let (store, instance) = instance(FAC);
    let error = instance.get_typed_func::<i32, ()>(&store, "fac").unwrap_err();
    assert_eq!(
        error.to_string(),
        "type mismatch: expected a function of type (i32) -> (), found (i64) -> (i64), \
         under the name `fac`"
    );
    let error = instance.get_typed_func::<(), ()>(&store, "none").unwrap_err();
    let expected = "no function is exported under the name `none`; \
                    there are `fac`, `swap`, `nothing`";
    assert_eq!(error.to_string(), expected);
    assert!(instance.get_typed_func::<(), ()>(&store, "memory").is_err());
}

#[test]
fn a_trap_leaves_the_store_usable() {
    let (mut store, instance) = instance(
        r#"(global $count (mut i32) (i32.const 0))
           (func (export "run") (param i32) (result i32)
             (global.set $count (i32.add (global.get $count) (i32.const 1)))
             (i32.add (i32.div_u (i32.const 1) (local.get 0)) (global.get $count)))"#,
    );
    let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
    for _ in 0..3 {
        let error = run.call(&mut store, 0).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::IntegerDivideByZero));
    }
    assert_eq!(run.call(&mut store, 1).unwrap(), 5);
}

#[test]
fn exports_come_in_order_with_their_types() {
    let (store, instance) = instance(FAC);
    let exports: Vec<_> =
        instance.exports(&store).map(|e| format!("{}: {}", e.name(), e.ty(&store))).collect();
    assert_eq!(
        exports,
        [
            "fac: func (i64) -> (i64)",
            "swap: func (i32, f64) -> (f64, i32)",
            "nothing: func () -> ()",
            "memory: memory 1.."
        ]
    );
    assert!(instance.get_export(&store, "other").is_none());
    assert_eq!(instance.module(&store).exports().len(), 4);
}

#[test]
fn functions_of_guests_are_equal_to_themselves() {
    let (mut store, instance) = instance(FAC);
    let fac = instance.get_func(&store, "fac").unwrap();
    assert_eq!(instance.get_func(&store, "fac"), Some(fac));
    assert_ne!(instance.get_func(&store, "swap"), Some(fac));
    assert_ne!(Func::wrap(&mut store, || {}), fac);
}
