//! Calls that cross between host and guest again and again: what one has left behind is nothing to
//! the next, whichever way it has ended.

use super::module;
use windlass::{
    Caller, Config, Engine, Error, Func, FuncType, Instance, Linker, Store, Trap, TypedFunc, Val,
    ValType,
};

const GUEST: &str = r#"(module
    (import "host" "step" (func $step (param i32) (result i32)))
    (func (export "add") (param i32 i64) (result i64)
        (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
    (func (export "trap") (param i32 i64) (result i64) (unreachable))
    (func $deep (export "deep") (param i32 i64) (result i64)
        (if (result i64) (i32.eqz (local.get 0))
            (then (local.get 1))
            (else (i64.add (i64.const 1)
                (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))))
    (func (export "host") (param i32 i64) (result i64)
        (i64.extend_i32_s (call $step (local.get 0))))
    (func (export "six") (param i32 i64 f32 f64 v128 funcref)
        (result funcref v128 f64 f32 i64 i32)
        (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0)))"#;

type Binary = TypedFunc<(i32, i64), i64>;

fn setup() -> (Store<u32>, impl Fn(&mut Store<u32>, &str) -> Binary) {
    let engine = Engine::default();
    let module = module(&engine, GUEST);
    let mut linker = Linker::new(&engine);
    let step = |mut caller: Caller<'_, u32>, n: i32| -> Result<i32, Error> {
        *caller.data_mut() += 1;
        if n < 0 { Err(Error::msg("less than nothing")) } else { Ok(n + 1) }
    };
    linker.func_wrap("host", "step", step).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, move |store, name| instance.get_typed_func(store, name).unwrap())
}

#[test]
fn a_call_follows_one_that_ended_in_any_way() {
    let (mut store, get) = setup();
    let [add, trap, deep, host] = ["add", "trap", "deep", "host"].map(|name| get(&mut store, name));
    for round in 0..3 {
        assert_eq!(add.call(&mut store, (round, 5)).unwrap(), i64::from(round) + 5);
        let error = trap.call(&mut store, (1, 2)).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::Unreachable));
        assert_eq!(error.backtrace().unwrap().frames().len(), 1);
        assert_eq!(add.call(&mut store, (-1, 1)).unwrap(), 0);
        // The stack grows while it runs, and stays as large.
        assert_eq!(deep.call(&mut store, (3_000, 7)).unwrap(), 3_007);
        assert_eq!(host.call(&mut store, (41, 0)).unwrap(), 42);
        assert!(host.call(&mut store, (-1, 0)).unwrap_err().to_string().contains("nothing"));
        assert_eq!(add.call(&mut store, (2, 2)).unwrap(), 4);
        let error = deep.call(&mut store, (i32::MAX, 0)).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::StackOverflow));
    }
    assert_eq!(*store.data(), 6);
}

#[test]
fn all_kinds_of_values_cross_without_static_types() {
    let (mut store, get) = setup();
    let own = *get(&mut store, "add").func();
    let params = [
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::from(1.5f32),
        Val::from(-2.5f64),
        Val::from(u128::MAX - 7),
        Val::from(own),
    ];
    let ty = {
        let all = [
            ValType::I32,
            ValType::I64,
            ValType::F32,
            ValType::F64,
            ValType::V128,
            ValType::FUNCREF,
        ];
        FuncType::new(store.engine(), all, all.into_iter().rev())
    };
    let reverse = Func::new(&mut store, ty, |_, params, results| {
        results.iter_mut().rev().zip(params).for_each(|(result, param)| *result = *param);
        Ok(())
    });
    let caller = module(store.engine(), GUEST);
    let step = Func::wrap(&mut store, |n: i32| n);
    let guest = Instance::new(&mut store, &caller, &[step.into()]).unwrap();
    let guest = guest.get_func(&mut store, "six").unwrap();
    for _ in 0..3 {
        for func in [reverse, guest] {
            let mut results = [Val::I32(0); 6];
            func.call(&mut store, &params, &mut results).unwrap();
            results.reverse();
            assert_eq!(format!("{results:?}"), format!("{params:?}"));
            let error = func.call(&mut store, &params[..5], &mut results).unwrap_err();
            assert!(error.to_string().contains("expected 6 arguments"), "{error}");
            let mut wrong = params;
            wrong[3] = Val::I32(0);
            assert!(func.call(&mut store, &wrong, &mut results).is_err());
        }
    }
}

#[test]
fn what_belongs_to_another_store_is_refused_and_the_next_call_runs() {
    let (mut store, _) = setup();
    let (mut other, get) = setup();
    let foreign = *get(&mut other, "add").func();
    let wasm = r#"(func (export "is_null") (param funcref) (result i32)
        (ref.is_null (local.get 0)))"#;
    let module = module(store.engine(), wasm);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let is_null = instance.get_typed_func::<Option<Func>, i32>(&mut store, "is_null").unwrap();
    for _ in 0..3 {
        assert!(is_null.call(&mut store, Some(foreign)).is_err());
        assert!(is_null.func().call(&mut store, &[foreign.into()], &mut [Val::I32(0)]).is_err());
        assert!(is_null.call(&mut other, None).is_err());
        assert_eq!(is_null.call(&mut store, None).unwrap(), 1);
    }
}

#[test]
fn calls_inside_each_other_end_at_the_limit_however_often_they_were_made() {
    let engine = Engine::new(Config::new().max_nested_calls(3)).unwrap();
    let wasm = r#"(import "host" "again" (func $again (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (call $again (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 7))))"#;
    let module = module(&engine, wasm);
    let mut linker: Linker<()> = Linker::new(&engine);
    let again = |mut caller: Caller<'_, ()>, n: i32| {
        let run = caller.get_export("run").and_then(|export| export.into_func()).unwrap();
        run.typed::<i32, i32>(&caller)?.call(&mut caller, n)
    };
    linker.func_wrap("host", "again", again).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for _ in 0..3 {
        assert_eq!(run.call(&mut store, 0).unwrap(), 7);
        assert_eq!(run.call(&mut store, 2).unwrap(), 7);
        let error = run.call(&mut store, 3).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::StackOverflow));
    }
}
