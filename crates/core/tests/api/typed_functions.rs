//! Typed references to functions: calls through them in the instance, in another one, and of the
//! host.

use crate::{instance, linked, module};
use windlass::{Engine, Func, Instance, Linker, Store, Trap, Val};

const CALLS: &str = r#"
    (type $f (func (param i32 i64) (result i64)))
    (table $t (export "t") 4 (ref null $f) (ref.func $own))
    (func $own (export "own") (type $f)
      (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
    (func (export "call") (param (ref null $f) i32) (result i64)
      (call_ref $f (local.get 1) (i64.const 5) (local.get 0)))
    (func (export "tail") (param (ref null $f) i32) (result i64)
      (return_call_ref $f (local.get 1) (i64.const 6) (local.get 0)))
    (func (export "by_table") (param i32) (result i64)
      (call_ref $f (i32.const 1) (i64.const 2) (table.get $t (local.get 0))))
    (func (export "or_zero") (param i32) (result i64)
      (block $null
        (return (call_ref $f (i32.const 3) (i64.const 4)
          (br_on_null $null (table.get $t (local.get 0))))))
      (i64.const 0))"#;

#[test]
fn calls_reach_the_instance_another_one_and_the_host() {
    let (mut store, calls) = instance(CALLS);
    let other = module(
        &store.engine().clone(),
        r#"(global $calls (mut i64) (i64.const 0))
           (func (export "f") (param i32 i64) (result i64)
             (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
             (i64.add (i64.mul (local.get 1) (i64.const 1000)) (global.get $calls)))"#,
    );
    let other = Instance::new(&mut store, &other, &[]).unwrap();
    let own = calls.get_func(&store, "own").unwrap();
    let foreign = other.get_func(&store, "f").unwrap();
    let host = Func::wrap(&mut store, |a: i32, b: i64| i64::from(a) * 10 + b);
    let mut call = |name: &str, func: Option<Func>| {
        let mut results = [Val::I64(0)];
        let caller = calls.get_func(&store, name).unwrap();
        caller.call(&mut store, &[func.into(), Val::I32(7)], &mut results)?;
        Ok::<i64, windlass::Error>(results[0].unwrap_i64())
    };
    for (func, called, tail_called) in [(own, 12, 13), (foreign, 5001, 6002), (host, 75, 76)] {
        assert_eq!(call("call", Some(func)).unwrap(), called);
        assert_eq!(call("tail", Some(func)).unwrap(), tail_called);
    }
    for name in ["call", "tail"] {
        assert_eq!(call(name, None).unwrap_err().trap(), Some(Trap::NullFunctionReference));
    }
}

#[test]
fn typed_tables_begin_as_they_are_told_and_keep_their_type() {
    let (mut store, calls) = instance(CALLS);
    let by_table = calls.get_typed_func::<i32, i64>(&store, "by_table").unwrap();
    let or_zero = calls.get_typed_func::<i32, i64>(&store, "or_zero").unwrap();
    let table = calls.get_table(&store, "t").unwrap();
    assert_eq!(by_table.call(&mut store, 3).unwrap(), 3);
    let host = Func::wrap(&mut store, |_: i32, _: i64| 9i64);
    table.set(&mut store, 2, host.into()).unwrap();
    table.set(&mut store, 1, windlass::Ref::Func(None)).unwrap();
    assert_eq!(by_table.call(&mut store, 2).unwrap(), 9);
    assert_eq!(or_zero.call(&mut store, 1).unwrap(), 0);
    assert_eq!(or_zero.call(&mut store, 0).unwrap(), 7);
    let error = by_table.call(&mut store, 4).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::TableOutOfBounds));
    let other = Func::wrap(&mut store, || 9i64);
    let error = table.set(&mut store, 0, other.into()).unwrap_err().to_string();
    assert!(error.contains("type mismatch"), "{error}");
}

#[test]
fn only_subtypes_are_imported() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("m", "f", |x: i32| x + 1).unwrap();
    let text = r#"(type $f (func (param i32) (result i32)))
        (import "m" "f" (func $f (type $f)))
        (global $g (ref $f) (ref.func $f))
        (func (export "call") (param i32) (result i32) (local $l (ref $f))
          (local.set $l (global.get $g))
          (call_ref $f (local.get 0) (local.get $l)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let call = instance.get_typed_func::<i32, i32>(&store, "call").unwrap();
    assert_eq!(call.call(&mut store, 41).unwrap(), 42);
    let open = module(
        &engine,
        r#"(type $f (sub (func (param i32) (result i32))))
        (import "m" "f" (func (type $f)))"#,
    );
    let mut store = Store::new(&engine, ());
    let error = linker.instantiate(&mut store, &open).unwrap_err().to_string();
    assert!(error.contains("incompatible import type"), "{error}");
}

#[test]
fn a_loop_through_references_needs_no_stack() {
    let (mut store, instance) = instance(
        r#"(type $f (func (param i32) (result i32)))
           (func $down (export "down") (type $f)
             (if (i32.eqz (local.get 0)) (then (return (i32.const 77))))
             (return_call_ref $f (i32.sub (local.get 0) (i32.const 1)) (ref.func $down)))"#,
    );
    let down = instance.get_typed_func::<i32, i32>(&store, "down").unwrap();
    assert_eq!(down.call(&mut store, 1_000_000).unwrap(), 77);
}
