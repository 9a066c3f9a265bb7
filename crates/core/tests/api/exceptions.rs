//! Exceptions: between functions, instances, the host and executions.

use crate::{linked, module};
use windlass::{
    Caller, Config, Engine, Error, Event, ExnRef, ExternType, Features, Func, FuncType, Instance,
    LinkError, Linker, Metering, Module, Pending, Store, Tag, TagType, ThrownException, Trap, Val,
    ValType,
};

fn instance(text: &str) -> (Store<()>, Instance) {
    linked(&Linker::new(&Engine::default()), (), text)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, arg: i32) -> Result<i32, Error> {
    instance.get_typed_func::<i32, i32>(&*store, name).unwrap().call(store, arg)
}

#[test]
fn deep_stacks_are_left_at_once() {
    let (mut store, instance) = instance(
        r#"(tag $t (param i32 v128 i64))
           (func $down (param $n i32) (result i32) (local $x i64) (local $y f64)
             (local.set $x (i64.extend_i32_u (local.get $n)))
             (local.set $y (f64.convert_i64_u (local.get $x)))
             (if (i32.eqz (local.get $n))
               (then (throw $t (i32.const 7) (v128.const i64x2 8 9) (i64.const 10))))
             (i32.add (call $down (i32.sub (local.get $n) (i32.const 1)))
               (i32.trunc_f64_s (f64.add (local.get $y) (f64.convert_i64_u (local.get $x))))))
           (func (export "run") (param $n i32) (result i32) (local $v v128)
             (block $caught (result i32 v128 i64)
               (try_table (result i32) (catch $t $caught) (call $down (local.get $n)))
               (return))
             (drop) (local.set $v)
             (i32.add (i32.wrap_i64 (i64x2.extract_lane 1 (local.get $v)))))"#,
    );
    for depth in [0, 1, 5, 100, 3, 9_000, 0, 20_000] {
        assert_eq!(call(&mut store, instance, "run", depth).unwrap(), 16);
    }
}

#[test]
fn the_stack_overflows_in_no_clause() {
    let (mut store, instance) = instance(
        r#"(func $f (export "f") (param i32) (result i32)
             (block $caught
               (try_table (result i32) (catch_all $caught) (call $f (local.get 0)))
               (return))
             (i32.const 1))"#,
    );
    let error = call(&mut store, instance, "f", 0).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
    assert!(!store.has_pending_exception());
}

#[test]
fn locals_have_their_latest_values() {
    // Each local is used in the loop, so that some of each type are in registers.
    let (mut store, instance) = instance(
        r#"(tag $t)
           (func $may_throw (param i32)
             (if (i32.and (local.get 0) (i32.const 1)) (then (throw $t))))
           (func (export "run") (param $n i32) (result i32)
             (local $a i32) (local $b i64) (local $c f64) (local $d f64) (local $e f32)
               (local $f f32)
             (loop $next
               (block $caught
                 (try_table (catch $t $caught)
                   (local.set $a (i32.add (local.get $a) (i32.const 1)))
                   (local.set $b (i64.add (local.get $b) (i64.const 2)))
                   (local.set $c (f64.add (local.get $c) (f64.const 3)))
                   (local.set $d (f64.add (local.get $d) (local.get $c)))
                   (local.set $e (f32.add (local.get $e) (f32.const 5)))
                   (local.set $f (f32.add (local.get $f) (local.get $e)))
                   (call $may_throw (local.get $n))
                   (local.set $a (i32.add (local.get $a) (i32.const 100)))))
               (local.set $c (f64.add (local.get $c) (f64.const 1)))
               (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
             (i32.add (local.get $a)
               (i32.add (i32.wrap_i64 (local.get $b))
                 (i32.trunc_f64_s (f64.add (local.get $d)
                   (f64.promote_f32 (f32.add (local.get $e) (local.get $f))))))))"#,
    );
    let expected = |n: i32| {
        let (mut c, mut d, mut e, mut f) = (0, 0, 0, 0);
        for _ in 0..n {
            (c, e) = (c + 3, e + 5);
            (d, f) = (d + c, f + e);
            c += 1;
        }
        n + n / 2 * 100 + 2 * n + d + e + f
    };
    for n in [1, 2, 7, 100] {
        assert_eq!(call(&mut store, instance, "run", n).unwrap(), expected(n), "{n}");
    }
}

/// A tag, and functions of an instance that throw it: at once, in a tail call, or what a function
/// given to it throws.
const THROWER: &str = r#"
    (tag $t (export "t") (param i32))
    (memory (export "memory") 1)
    (func $throw (export "throw") (param i32) (result i32)
      (drop (memory.grow (i32.const 1)))
      (i32.store (i32.const 0) (local.get 0))
      (throw $t (local.get 0)))
    (func (export "tail") (param i32) (result i32) (return_call $throw (local.get 0)))
    (table $table (export "table") 1 funcref)
    (type $f (func (param i32) (result i32)))
    (func (export "indirect") (param i32) (result i32)
      (drop (call_indirect (type $f) (local.get 0) (i32.const 0))) (unreachable))"#;

#[test]
fn from_instance_to_instance() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.module(&mut store, "thrower", &module(&engine, THROWER)).unwrap();
    let text = r#"
        (import "thrower" "t" (tag $t (param i32)))
        (import "thrower" "throw" (func $throw (param i32) (result i32)))
        (import "thrower" "tail" (func $tail (param i32) (result i32)))
        (import "thrower" "indirect" (func $indirect (param i32) (result i32)))
        (import "thrower" "table" (table 1 funcref))
        (tag $own (param i32))
        (memory 1) (global $g (mut i32) (i32.const 0))
        (func $back (param i32) (result i32)
          (block $own (result i32)
            (try_table (catch $own $own) (drop (call $throw (local.get 0))))
            (unreachable)))
        (elem (i32.const 0) $back)
        (func (export "run") (param $which i32) (result i32)
          (i32.store (i32.const 0) (i32.const 1000))
          (block $caught (result i32)
            (try_table (result i32) (catch $own $caught) (catch $t $caught)
              (if (result i32) (i32.eqz (local.get $which))
                (then (call $throw (i32.const 1)))
                (else (if (result i32) (i32.eq (local.get $which) (i32.const 1))
                  (then (call $tail (i32.const 2)))
                  (else (call $indirect (i32.const 3)))))))
            (drop) (i32.const -1))
          ;; The memory is this instance's again, of the size that it had.
          (i32.add (i32.load (i32.const 0)))
          (i32.add (memory.size)))"#;
    let instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    for _ in 0..3 {
        for which in 0..3 {
            let result = call(&mut store, instance, "run", which).unwrap();
            assert_eq!(result, 1001 + 1 + which);
        }
    }
}

#[test]
fn tags_are_told_apart_by_identity() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let text = r#"
        (import "a" "x" (tag $x)) (import "a" "y" (tag $y))
        (func (export "run") (param i32) (result i32)
          (block $y
            (block $x
              (try_table (catch $y $y) (catch $x $x) (throw $x))
              (unreachable))
            (return (i32.const 1)))
          (i32.const 2))"#;
    let module = module(&engine, text);
    let ty = TagType::new(FuncType::new(&engine, [], []));
    let [x, y] = [(); 2].map(|()| Tag::new(&mut store, &ty).unwrap());
    let mut run = |x: Tag, y: Tag| {
        let instance = Instance::new(&mut store, &module, &[x.into(), y.into()]).unwrap();
        call(&mut store, instance, "run", 0).unwrap()
    };
    assert_eq!(run(x, y), 1);
    assert_eq!(run(x, x), 2, "it is both");
}

#[test]
fn tags_are_linked_by_type() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = module(&engine, r#"(import "a" "t" (tag (param i32))) (export "u" (tag 0))"#);
    let ty = |params: &[ValType]| TagType::new(FuncType::new(&engine, params.iter().copied(), []));
    let good = Tag::new(&mut store, &ty(&[ValType::I32])).unwrap();
    let bad = Tag::new(&mut store, &ty(&[ValType::I64])).unwrap();
    let instance = Instance::new(&mut store, &module, &[good.into()]).unwrap();
    assert_eq!(instance.get_tag(&store, "u"), Some(good));
    let error = Instance::new(&mut store, &module, &[bad.into()]).unwrap_err();
    assert!(error.is::<LinkError>());
    assert!(error.to_string().contains("expected tag (i32), found tag (i64)"), "{error}");
    let Some(ExternType::Tag(found)) = module.get_export("u") else { panic!("no tag") };
    assert_eq!(found, ty(&[ValType::I32]));

    let with_result = TagType::new(FuncType::new(&engine, [], [ValType::I32]));
    assert!(Tag::new(&mut store, &with_result).is_err());
    let other = TagType::new(FuncType::new(&Engine::default(), [], []));
    assert!(Tag::new(&mut store, &other).is_err());
}

/// Imports `host.f`, which throws `t` or returns, and catches what it throws in each way there is.
const CATCHER: &str = r#"
    (import "host" "f" (func $f (param i32) (result i32)))
    (tag $t (export "t") (param i32 f64))
    (type $i (func (param i32) (result i32)))
    (table funcref (elem $f))
    (func (export "call") (param $n i32) (result i32)
      (block $caught (result i32 f64)
        (try_table (catch $t $caught) (return (call $f (local.get $n))))
        (unreachable))
      (drop) (return (i32.add (i32.const 1000))))
    (func (export "indirect") (param $n i32) (result i32)
      (block $caught (result i32 f64)
        (try_table (catch $t $caught)
          (return (call_indirect (type $i) (local.get $n) (i32.const 0))))
        (unreachable))
      (drop) (return (i32.add (i32.const 2000))))
    (func $tail (export "tail") (param $n i32) (result i32)
      (block $caught
        (try_table (catch_all $caught) (return_call $f (local.get $n)))
        (unreachable))
      (i32.const -1))
    (func (export "outside") (param $n i32) (result i32)
      (block $caught (result i32 f64)
        (try_table (catch $t $caught) (return (call $tail (local.get $n))))
        (unreachable))
      (drop) (return (i32.add (i32.const 3000))))"#;

fn thrower() -> Linker<()> {
    let mut linker = Linker::new(&Engine::default());
    let f = |mut caller: Caller<'_, ()>, n: i32| -> Result<i32, Error> {
        if n % 2 == 0 {
            return Ok(n);
        }
        let tag = caller.get_export("t").and_then(|tag| tag.into_tag()).unwrap();
        let exception = ExnRef::new(&mut caller, &tag, &[Val::I32(n), Val::from(0.5)])?;
        Ok(caller.throw(exception)?)
    };
    linker.func_wrap("host", "f", f).unwrap();
    linker
}

#[test]
fn a_host_function_throws() {
    let (mut store, instance) = linked(&thrower(), (), CATCHER);
    for n in 0..10 {
        for (name, caught) in [("call", 1000), ("indirect", 2000), ("outside", 3000)] {
            let expected = if n % 2 == 0 { n } else { caught + n };
            assert_eq!(call(&mut store, instance, name, n).unwrap(), expected, "{name} {n}");
            assert!(!store.has_pending_exception());
        }
    }
    // A tail call leaves the try block that it is in.
    let error = call(&mut store, instance, "tail", 5).unwrap_err();
    assert!(error.is::<ThrownException>());
    let exception = store.take_pending_exception().unwrap();
    assert_eq!(exception.field(&mut store, 0).unwrap().i32(), Some(5));
    assert!(exception.field(&mut store, 2).is_err());
}

#[test]
fn a_host_function_that_the_host_calls_throws() {
    let mut store = Store::new(&Engine::default(), ());
    let ty = TagType::new(FuncType::new(store.engine(), [], []));
    let tag = Tag::new(&mut store, &ty).unwrap();
    let throw = move |mut caller: Caller<'_, ()>| -> Result<(), Error> {
        let exception = ExnRef::new(&mut caller, &tag, &[])?;
        Ok(caller.throw(exception)?)
    };
    let func = Func::wrap(&mut store, throw);
    let error = func.call(&mut store, &[], &mut []).unwrap_err();
    assert!(error.is::<ThrownException>() && error.backtrace().is_none());
    let exception = store.take_pending_exception().unwrap();
    assert_eq!(exception.tag(&store).unwrap(), tag);
}

#[test]
fn a_host_function_catches() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let catch = |mut caller: Caller<'_, ()>, n: i32| -> Result<i32, Error> {
        let throw = caller.get_export("throw").and_then(|f| f.into_func()).unwrap();
        match throw.typed::<i32, i32>(&caller)?.call(&mut caller, n) {
            Err(error) if error.is::<ThrownException>() => {
                let exception = caller.take_pending_exception().unwrap();
                let field = exception.field(&mut caller, 0)?.unwrap_i32();
                // Odd ones go on, as another exception with the same tag.
                if field % 2 == 0 {
                    return Ok(field);
                }
                let tag = exception.tag(&caller)?;
                let next = ExnRef::new(&mut caller, &tag, &[Val::I32(10 * field)])?;
                Ok(caller.throw(next)?)
            }
            other => other,
        }
    };
    linker.func_wrap("host", "catch", catch).unwrap();
    let text = r#"
        (import "host" "catch" (func $catch (param i32) (result i32)))
        (tag $t (param i32))
        (func (export "throw") (param i32) (result i32)
          (if (i32.eqz (local.get 0)) (then (unreachable)))
          (throw $t (local.get 0)))
        (func (export "run") (param i32) (result i32)
          (block $caught (result i32)
            (try_table (result i32) (catch $t $caught) (call $catch (local.get 0)))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    assert_eq!(call(&mut store, instance, "run", 4).unwrap(), 4);
    assert_eq!(call(&mut store, instance, "run", 5).unwrap(), 50);
    assert_eq!(call(&mut store, instance, "run", 0).unwrap_err().trap(), Some(Trap::Unreachable));
}

#[test]
fn an_exception_that_nobody_catches_is_told_with_its_backtrace() {
    let (mut store, instance) = instance(
        r#"(tag $oops (param i32 f64))
           (func $inner (param i32) (throw $oops (local.get 0) (f64.const 1.5)))
           (func $outer (export "outer") (param i32) (result i32)
             (block $other
               (try_table (catch_all_ref $other) (call $inner (local.get 0)))
               (unreachable))
             (throw_ref))"#
            .replace("(block $other", "(block $other (result exnref)")
            .as_str(),
    );
    let error = call(&mut store, instance, "outer", 5).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "uncaught exception with tag oops (i32, f64)");
    let names = |error: &Error| -> Vec<String> {
        let frames = error.backtrace().unwrap().frames().iter();
        frames.map(|frame| frame.func_name().unwrap_or("?").to_owned()).collect()
    };
    assert_eq!(names(&error), ["outer"], "where it was thrown last");
    let thrown = error.downcast_ref::<ThrownException>().unwrap();
    assert_eq!(thrown.tag_type().ty().params().len(), 2);
    let exception = store.take_pending_exception().unwrap();
    let fields: Vec<_> = exception.fields(&mut store).unwrap().collect();
    assert_eq!((fields[0].i32(), fields[1].f64()), (Some(5), Some(1.5)));
    assert!(exception.tag(Store::<()>::default()).is_err(), "of another store");
}

#[test]
fn backtraces_go_through_the_host() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let through = |mut caller: Caller<'_, ()>| -> Result<(), Error> {
        let throw = caller.get_export("throw").and_then(|f| f.into_func()).unwrap();
        throw.call(&mut caller, &[], &mut [])
    };
    linker.func_wrap("host", "through", through).unwrap();
    let text = r#"(import "host" "through" (func $through))
                  (tag $t)
                  (func $throw (export "throw") (throw $t))
                  (func $run (export "run") (call $through))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_func(&store, "run").unwrap();
    let error = run.call(&mut store, &[], &mut []).unwrap_err();
    let frames = error.backtrace().unwrap().frames();
    let names: Vec<_> = frames.iter().filter_map(|frame| frame.func_name()).collect();
    assert_eq!(names, ["throw", "run"]);
}

#[test]
fn a_start_function_throws() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let text = r#"(tag $t (param i32)) (func $start (throw $t (i32.const 3))) (start $start)"#;
    let error = Instance::new(&mut store, &module(&engine, text), &[]).unwrap_err();
    assert!(error.is::<ThrownException>());
    let exception = store.take_pending_exception().unwrap();
    assert_eq!(exception.field(&mut store, 0).unwrap().i32(), Some(3));
}

#[test]
fn a_null_reference_is_not_thrown() {
    let (mut store, instance) = instance(
        r#"(func (export "f") (param i32) (result i32)
             (block $caught
               (try_table (catch_all $caught) (throw_ref (ref.null exn))))
             (i32.const 1))"#,
    );
    let error = call(&mut store, instance, "f", 0).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::NullExceptionReference));
}

#[test]
fn references_to_exceptions_are_values() {
    let (mut store, instance) = instance(
        r#"(tag $t (export "t") (param i64))
           (global $last (export "last") (mut exnref) (ref.null exn))
           (table $all (export "all") 4 exnref)
           (func (export "throw") (param exnref) (result exnref)
             (block $caught (result exnref)
               (try_table (catch_all_ref $caught) (throw_ref (local.get 0)))
               (unreachable))
             (global.set $last)
             (table.set $all (i32.const 2) (global.get $last))
             (global.get $last))"#,
    );
    let tag = instance.get_tag(&store, "t").unwrap();
    let exception = ExnRef::new(&mut store, &tag, &[Val::I64(-9)]).unwrap();
    let throw = instance.get_func(&store, "throw").unwrap();
    let mut results = [Val::I32(0)];
    throw.call(&mut store, &[exception.into()], &mut results).unwrap();
    let global = instance.get_global(&store, "last").unwrap().get(&mut store);
    let element = instance.get_table(&store, "all").unwrap().get(&mut store, 2).unwrap();
    for value in [results[0], global, element.into()] {
        let same = value.unwrap_exnref().unwrap();
        assert_eq!(same.tag(&store).unwrap(), tag);
        assert_eq!(same.field(&mut store, 0).unwrap().i64(), Some(-9));
    }
    assert!(ExnRef::new(&mut store, &tag, &[Val::I32(1)]).is_err(), "another type");
    assert!(ExnRef::new(&mut store, &tag, &[]).is_err(), "too few");
    assert!(throw.call(&mut store, &[Val::FuncRef(None)], &mut results).is_err());
}

#[test]
fn a_pending_host_function_is_completed_in_a_try_block() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let ask = |n: i32| -> Result<i32, Error> { Err(Pending::new(n).into()) };
    linker.func_wrap("host", "f", ask).unwrap();
    let text = r#"
        (import "host" "f" (func $ask (param i32) (result i32)))
        (tag $t (param i32))
        (func $twice (param $n i32) (result i32)
          (local.set $n (call $ask (local.get $n)))
          (throw $t (i32.add (call $ask (local.get $n)) (i32.const 100))))
        (func (export "run") (param $n i32) (result i32)
          (block $caught (result i32)
            (try_table (result i32) (catch $t $caught) (call $twice (local.get $n)))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_func(&store, "run").unwrap();
    let mut all: Vec<_> = (0..5).map(|n| run.start(&mut store, &[Val::I32(n)]).unwrap()).collect();
    for round in 0..2 {
        for (n, execution) in (0..).zip(&mut all) {
            let Event::HostPending(pending) = execution.run(&mut store).unwrap() else {
                panic!("not pending")
            };
            assert_eq!(pending.request().downcast_ref(), Some(&(n + 10 * round)));
            execution.resume(&mut store, &[Val::I32(n + 10 * (round + 1))]).unwrap();
        }
    }
    for (n, mut execution) in (0..).zip(all) {
        let Event::Finished(values) = execution.run(&mut store).unwrap() else {
            panic!("not finished")
        };
        assert_eq!(values[0].i32(), Some(n + 20 + 100));
    }
}

/// Throws and catches `n` times, at a depth of three, in a loop whose start is the clause's label.
const LOOP: &str = r#"
    (tag $t (param i64))
    (global $sum (export "sum") (mut i64) (i64.const 0))
    (func $a (param i64) (throw $t (local.get 0)))
    (func $b (param i64) (if (i64.eqz (i64.const 0)) (then (call $a (local.get 0)))))
    (func (export "run") (param $n i32) (result i32) (local $x i64)
      (i64.const 0)
      (loop $next (param i64)
        (global.set $sum (i64.add (global.get $sum)))
        (if (i32.eqz (local.get $n)) (then (return (i32.const 5))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (local.set $x (i64.add (local.get $x) (i64.const 3)))
        (try_table (catch $t $next) (call $b (local.get $x))))
      (unreachable))"#;

#[test]
fn fuel_is_counted_across_throws() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let (mut store, instance) = linked(&Linker::new(&engine), (), LOOP);
    let run = instance.get_func(&store, "run").unwrap();
    let mut used = |n: i32| {
        store.set_fuel(1 << 40).unwrap();
        run.call(&mut store, &[Val::I32(n)], &mut [Val::I32(0)]).unwrap();
        (1 << 40) - store.get_fuel().unwrap()
    };
    let (one, two, many) = (used(1), used(2), used(1001));
    assert_eq!(many - one, 1000 * (two - one));
    assert!(two - one > 20, "a throw has its price");

    // In portions: the same in all.
    let sum = instance.get_global(&store, "sum").unwrap();
    sum.set(&mut store, Val::I64(0)).unwrap();
    let mut execution = run.start(&mut store, &[Val::I32(1001)]).unwrap();
    let (mut given, mut pauses) = (0, 0);
    store.set_fuel(0).unwrap();
    while let Event::OutOfFuel = execution.run(&mut store).unwrap() {
        let left = store.get_fuel().unwrap();
        store.set_fuel(left + 50).unwrap();
        (given, pauses) = (given + 50, pauses + 1);
    }
    assert_eq!(given - store.get_fuel().unwrap(), many);
    assert!(pauses > 100);
    assert_eq!(sum.get(&mut store).i64(), Some(3 * (1..=1001).sum::<i64>()));
}

/// However many legacy blocks there are, one in another or one after the other, they need slots
/// only for exceptions that are thrown again, and only as many as are caught at once.
#[test]
fn legacy_blocks_share_slots() {
    let engine =
        Engine::new(Config::new().features(Features::WASM3 | Features::LEGACY_EXCEPTIONS)).unwrap();
    let result = |body: &str| {
        let text = format!(r#"(tag $t) (func (export "f") (result i32) {body} i32.const 7)"#);
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).ok()?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
        Some(f.call(&mut store, ()).unwrap())
    };
    let again = "try try throw $t catch $t rethrow 0 end catch_all end ";
    let many = 40_000;
    for body in [
        "try delegate 0 ".repeat(many),
        format!("{} {}", "try ".repeat(many), "delegate 0 ".repeat(many)),
        format!("{} {}", "block ".repeat(many) + again, "end ".repeat(many)),
        again.repeat(many / 10),
    ] {
        assert_eq!(result(&body), Some(7), "{body:.40}");
    }
    // Each can keep its own.
    let nested = format!("{} {again} {}", "try ".repeat(many), "end ".repeat(many));
    assert_eq!(result(&nested), None);
}

#[test]
fn a_loop_of_throws_can_be_interrupted() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let (mut store, instance) = linked(&Linker::new(&engine), (), LOOP);
    let handle = store.interrupt_handle().unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(5));
        handle.interrupt();
    });
    let error = call(&mut store, instance, "run", i32::MAX).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::Interrupted));
    assert_eq!(call(&mut store, instance, "run", 3).unwrap(), 5);
}

#[test]
fn what_a_function_label_catches_is_returned() {
    let (mut store, instance) = instance(
        r#"(tag $t (param i32))
           (func $one (export "one") (param i32) (result i32)
             (try_table (catch $t 0) (throw $t (local.get 0)))
             (i32.const -1))
           (func $two (param i32) (result i32 exnref)
             (try_table (catch_ref $t 0) (throw $t (local.get 0)))
             (unreachable))
           (func (export "two") (param i32) (result i32)
             (call $two (local.get 0))
             (i32.add (ref.is_null)))
           (func $none (try_table (catch_all 0) (throw $t (i32.const 1))) (unreachable))
           (func (export "none") (param i32) (result i32) (call $none) (local.get 0))"#,
    );
    for name in ["one", "two", "none"] {
        assert_eq!(call(&mut store, instance, name, 17).unwrap(), 17, "{name}");
    }
}

#[test]
fn lazy_and_eager_translation_agree() {
    for mode in [windlass::CompilationMode::Eager, windlass::CompilationMode::Lazy] {
        let engine = Engine::new(Config::new().compilation_mode(mode)).unwrap();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wat::parse_str(LOOP).unwrap()).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        assert_eq!(call(&mut store, instance, "run", 100).unwrap(), 5);
    }
}
