//! Host functions: parameters, results, errors, what they reach of the store.

use crate::{linked, module};
use windlass::{
    Caller, Engine, Error, ExternRef, Func, FuncType, Instance, Linker, Rooted, Store, Trap, V128,
    Val, ValType,
};

/// Calls a host function that multiplies each of its parameters by its place, through a guest and
/// directly.
macro_rules! arity {
    ($($count:literal: $($param:ident)*;)*) => {
        #[test]
        fn closures_take_0_to_16_parameters() {
            $({
                let mut store = Store::new(&Engine::default(), 1000i64);
                #[allow(unused_assignments, unused_mut)]
                let func = Func::wrap(&mut store, |$($param: i64),*| -> i64 {
                    let (mut sum, mut place) = (0, 0);
                    $(place += 1; sum += place * $param;)*
                    let _ = place;
                    sum
                });
                #[allow(unused_assignments, unused_mut)]
                let with_caller =
                    Func::wrap(&mut store, |caller: Caller<'_, i64> $(, $param: i64)*| {
                    let (mut sum, mut place) = (*caller.data(), 0);
                    $(place += 1; sum += place * $param;)*
                    let _ = place;
                    sum
                });
                let sum = (0..=$count).map(|n: i64| n * (n + 1)).sum::<i64>();
                check(&mut store, func, $count, sum);
                check(&mut store, with_caller, $count, 1000 + sum);
            })*
        }
    };
}

fn check<T>(store: &mut Store<T>, func: Func, count: usize, expected: i64) {
    let args: Vec<_> = (1..=count as i64).map(|n| Val::I64(n + 1)).collect();
    let mut results = [Val::I32(0)];
    func.call(&mut *store, &args, &mut results).unwrap();
    assert_eq!(results[0].i64(), Some(expected), "{count} parameters, called directly");
    let params = "i64 ".repeat(count);
    let consts: String = (1..=count).map(|n| format!("(i64.const {})", n + 1)).collect();
    let text = format!(
        r#"(import "env" "f" (func $f (param {params}) (result i64)))
           (func (export "g") (result i64) (call $f {consts}))"#
    );
    let module = module(&store.engine().clone(), &text);
    let instance = Instance::new(&mut *store, &module, &[func.into()]).unwrap();
    let g = instance.get_typed_func::<(), i64>(&mut *store, "g").unwrap();
    assert_eq!(g.call(store, ()).unwrap(), expected, "{count} parameters");
}

arity! {
    0: ;
    1: a;
    2: a b;
    3: a b c;
    4: a b c d;
    5: a b c d e;
    6: a b c d e f;
    7: a b c d e f g;
    8: a b c d e f g h;
    9: a b c d e f g h i;
    10: a b c d e f g h i j;
    11: a b c d e f g h i j k;
    12: a b c d e f g h i j k l;
    13: a b c d e f g h i j k l m;
    14: a b c d e f g h i j k l m n;
    15: a b c d e f g h i j k l m n o;
    16: a b c d e f g h i j k l m n o p;
}

#[test]
fn every_type_goes_both_ways() {
    let mut store = Store::new(&Engine::default(), ());
    let nan = f32::from_bits(0x7fa0_1234);
    type All = (i32, u32, i64, u64, f32, f64, V128, Option<Func>, Option<Rooted<ExternRef>>);
    let swap = Func::wrap(
        &mut store,
        |a: i32,
         b: u32,
         c: i64,
         d: u64,
         e: f32,
         f: f64,
         g: V128,
         h: Option<Func>,
         i: Option<Rooted<ExternRef>>|
         -> All {
            (a.wrapping_neg(), !b, c.wrapping_neg(), !d, e, -f, V128::from(!g.as_u128()), h, i)
        },
    );
    let value = ExternRef::new(&mut store, "value").unwrap();
    let typed = swap.typed::<All, All>(&store).unwrap();
    let vector = V128::from(u128::MAX - 5);
    let args = (i32::MIN, 1, i64::MIN, 1, nan, 0.5, vector, Some(swap), Some(value));
    let (a, b, c, d, e, f, g, h, i) = typed.call(&mut store, args).unwrap();
    assert_eq!((a, b, c, d), (i32::MIN, !1, i64::MIN, !1));
    assert_eq!((e.to_bits(), f), (nan.to_bits(), -0.5));
    assert_eq!((g.as_u128(), h), (5, Some(swap)));
    assert!(Rooted::ref_eq(&store, &i.unwrap(), &value).unwrap());
    let args = (1, 0, 1, 0, 0.0, 0.0, V128::from(0), None, None);
    let (a, b, c, d, .., h, i) = typed.call(&mut store, args).unwrap();
    assert_eq!((a, b, c, d, h), (-1, u32::MAX, -1, u64::MAX, None));
    assert!(i.is_none());
}

#[test]
fn results_can_be_many_and_more_than_the_parameters() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("env", "spread", |n: i32| (n, n + 1, f64::from(n) / 2.0, n as i64)).unwrap();
    let text = r#"(import "env" "spread" (func $spread (param i32) (result i32 i32 f64 i64)))
                  (func (export "run") (param i32) (result i64 f64 i32 i32)
                    (local i32 i32 f64 i64)
                    (call $spread (local.get 0))
                    (local.set 4) (local.set 3) (local.set 2) (local.set 1)
                    (local.get 4) (local.get 3) (local.get 2) (local.get 1))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<i32, (i64, f64, i32, i32)>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, 7).unwrap(), (7, 3.5, 8, 7));
}

#[test]
fn untyped_host_functions_work_alike() {
    let engine = Engine::default();
    let mut linker: Linker<Vec<String>> = Linker::new(&engine);
    let ty = FuncType::new(&engine, [ValType::I32, ValType::F32], [ValType::I64, ValType::I32]);
    linker
        .func_new("env", "f", ty, |mut caller, params, results| {
            caller.data_mut().push(format!("{params:?} {results:?}"));
            results[0] = Val::I64(params[0].unwrap_i32().into());
            Ok(())
        })
        .unwrap();
    let text = r#"(import "env" "f" (func $f (param i32 f32) (result i64 i32)))
                  (func (export "g") (result i64 i32) (call $f (i32.const -3) (f32.const 1)))"#;
    let (mut store, instance) = linked(&linker, vec![], text);
    let g = instance.get_typed_func::<(), (i64, i32)>(&store, "g").unwrap();
    assert_eq!(g.call(&mut store, ()).unwrap(), (-3, 0));
    assert_eq!(store.data(), &["[I32(-3), F32(1065353216)] [I64(0), I32(0)]"]);
}

#[test]
fn a_result_of_another_type_is_an_error() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [], [ValType::I32]);
    let func = Func::new(&mut store, ty, |_, _, results| {
        results[0] = Val::F64(0);
        Ok(())
    });
    let error = func.call(&mut store, &[], &mut [Val::I32(0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "host function's result 1 of 1: type mismatch: expected a value of type i32, found f64"
    );
}

#[test]
fn errors_of_the_host_come_out_as_they_are() {
    #[derive(Debug)]
    struct Exit(i32);
    impl std::fmt::Display for Exit {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "exit with {}", self.0)
        }
    }
    impl std::error::Error for Exit {}

    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("env", "exit", |n: i32| -> Result<(), Error> { Err(Exit(n).into()) }).unwrap();
    linker
        .func_wrap("env", "trap", || -> Result<i32, Error> { Err(Trap::IntegerOverflow.into()) })
        .unwrap();
    let text = r#"(import "env" "exit" (func $exit (param i32)))
                  (import "env" "trap" (func $trap (result i32)))
                  (func (export "exit") (call $exit (i32.const 3)) (unreachable))
                  (func (export "trap") (result i32) (call $trap))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let exit = instance.get_typed_func::<(), ()>(&store, "exit").unwrap();
    let error = exit.call(&mut store, ()).unwrap_err();
    assert!(error.to_string().starts_with("exit with 3\nwasm backtrace:\n"));
    assert_eq!(error.downcast::<Exit>().unwrap().0, 3);
    let trap = instance.get_typed_func::<(), i32>(&store, "trap").unwrap();
    assert_eq!(trap.call(&mut store, ()).unwrap_err().trap(), Some(Trap::IntegerOverflow));
    // The store can go on.
    assert!(exit.call(&mut store, ()).is_err());
}

#[test]
fn the_caller_reaches_memory_and_data_at_once() {
    let mut linker: Linker<Vec<u8>> = Linker::new(&Engine::default());
    linker
        .func_wrap(
            "env",
            "log",
            |mut caller: Caller<'_, Vec<u8>>, at: u32, len: u32| -> Result<u32, Error> {
                let memory = caller.get_export("memory").and_then(|m| m.into_memory());
                let memory = memory.ok_or(Error::msg("no memory"))?;
                let (bytes, log) = memory.data_and_store_mut(&mut caller);
                let range = at as usize..(at + len) as usize;
                log.extend_from_slice(&bytes[range.clone()]);
                bytes[range].fill(b'-');
                Ok(len)
            },
        )
        .unwrap();
    let text = r#"(import "env" "log" (func $log (param i32 i32) (result i32)))
                  (memory (export "memory") 1) (data (i32.const 4) "hello")
                  (func (export "run") (result i32)
                    (drop (call $log (i32.const 4) (i32.const 5)))
                    (i32.load8_u (i32.const 8)))"#;
    let (mut store, instance) = linked(&linker, vec![], text);
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), i32::from(b'-'));
    assert_eq!(store.data(), b"hello");
}

#[test]
fn a_host_function_that_grows_memory_is_seen_by_the_guest() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("env", "grow", |mut caller: Caller<'_, ()>| -> Result<(), Error> {
            let memory = caller.get_export("memory").and_then(|m| m.into_memory()).unwrap();
            memory.grow(&mut caller, 10)?;
            memory.write(&mut caller, 10 * 65_536, &[42])?;
            Ok(())
        })
        .unwrap();
    let text = r#"(import "env" "grow" (func $grow))
                  (memory (export "memory") 1)
                  (func (export "run") (result i32)
                    (i32.store8 (i32.const 0) (i32.const 1))
                    (call $grow)
                    (i32.add (i32.load8_u (i32.const 655360)) (i32.load8_u (i32.const 0))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 43);
}

#[test]
fn a_panic_of_a_host_function_leaves_the_store_usable() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("env", "panic", |yes: i32| assert!(yes == 0, "as asked for")).unwrap();
    let text = r#"(import "env" "panic" (func $panic (param i32)))
                  (func (export "run") (param i32) (result i32)
                    (call $panic (local.get 0)) (i32.const 5))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
    for _ in 0..150 {
        let call = std::panic::AssertUnwindSafe(|| run.call(&mut store, 1));
        assert!(std::panic::catch_unwind(call).is_err());
    }
    assert_eq!(run.call(&mut store, 0).unwrap(), 5);
}
