//! Executions: calls that wait for host functions.

use crate::linked;
use windlass::{
    Caller, Config, Engine, Error, Event, ExnRef, ExternRef, Func, Linker, Metering, Module,
    Pending, Rooted, Store, Val,
};

/// A question to the embedder.
#[derive(Debug, PartialEq)]
struct Question(i32);

fn linker() -> Linker<()> {
    let mut linker = Linker::new(&Engine::default());
    linker
        .func_wrap("env", "ask", |n: i32| -> Result<(i32, i64), Error> {
            Err(Pending::new(Question(n)).into())
        })
        .unwrap();
    linker.func_wrap("env", "now", || 1000).unwrap();
    linker
}

const RUN: &str = r#"
    (import "env" "ask" (func $ask (param i32) (result i32 i64)))
    (import "env" "now" (func $now (result i32)))
    (func (export "run") (param $n i32) (result i64) (local $a i32) (local $b i64)
      (call $ask (local.get $n))
      (local.set $b)
      (local.set $a)
      (call $ask (i32.add (local.get $a) (call $now)))
      (local.set $b (i64.add (local.get $b)))
      (local.set $a)
      (i64.add (local.get $b) (i64.extend_i32_s (local.get $a))))"#;

fn question(event: Event) -> Question {
    match event {
        Event::HostPending(pending) => *pending.into_request().downcast().unwrap(),
        event => panic!("{event:?}"),
    }
}

#[test]
fn a_host_function_is_completed_later() {
    let (mut store, instance) = linked(&linker(), (), RUN);
    let run = instance.get_func(&store, "run").unwrap();
    let mut execution = run.start(&mut store, &[Val::I32(1)]).unwrap();
    assert_eq!(question(execution.run(&mut store).unwrap()), Question(1));
    execution.resume(&mut store, &[Val::I32(20), Val::I64(300)]).unwrap();
    assert_eq!(question(execution.run(&mut store).unwrap()), Question(1020));
    execution.resume(&mut store, &[Val::I32(5), Val::I64(600)]).unwrap();
    let Event::Finished(values) = execution.run(&mut store).unwrap() else {
        panic!("not finished")
    };
    assert_eq!(values[0].i64(), Some(905));
    assert!(execution.has_ended());
}

#[test]
fn executions_are_independent() {
    let (mut store, instance) = linked(&linker(), (), RUN);
    let run = instance.get_func(&store, "run").unwrap();
    let mut executions: Vec<_> =
        (0..10).map(|n| run.start(&mut store, &[Val::I32(n)]).unwrap()).collect();
    for (n, execution) in (0..).zip(&mut executions) {
        assert_eq!(question(execution.run(&mut store).unwrap()), Question(n));
    }
    for (n, execution) in (0..10).zip(&mut executions).rev() {
        execution.resume(&mut store, &[Val::I32(n), Val::I64(0)]).unwrap();
        assert_eq!(question(execution.run(&mut store).unwrap()), Question(n + 1000));
    }
    for (n, mut execution) in (0..).zip(executions) {
        execution.resume(&mut store, &[Val::I32(n), Val::I64(100)]).unwrap();
        let Event::Finished(values) = execution.run(&mut store).unwrap() else { panic!() };
        assert_eq!(values[0].i64(), Some(100 + i64::from(n)));
    }
}

#[test]
fn misuse_is_an_error_and_does_no_harm() {
    let (mut store, instance) = linked(&linker(), (), RUN);
    let run = instance.get_func(&store, "run").unwrap();
    assert!(run.start(&mut store, &[]).is_err());
    let mut execution = run.start(&mut store, &[Val::I32(1)]).unwrap();
    assert!(execution.resume(&mut store, &[]).is_err());
    assert!(execution.run(Store::new(&Engine::default(), ())).is_err());
    question(execution.run(&mut store).unwrap());
    assert!(execution.run(&mut store).is_err());
    assert!(execution.resume(&mut store, &[]).is_err());
    assert!(execution.resume(&mut store, &[Val::I64(1), Val::I64(1)]).is_err());
    let mut other = Store::new(&Engine::default(), ());
    assert!(execution.resume(&mut other, &[Val::I32(1), Val::I64(1)]).is_err());
    execution.resume(&mut store, &[Val::I32(1), Val::I64(1)]).unwrap();
    assert!(execution.resume(&mut store, &[Val::I32(1), Val::I64(1)]).is_err());
    question(execution.run(&mut store).unwrap());
    execution.resume(&mut store, &[Val::I32(1), Val::I64(1)]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
    assert!(execution.run(&mut store).is_err());
}

#[test]
fn a_call_that_cannot_be_paused_fails() {
    let (mut store, instance) = linked(&linker(), (), RUN);
    let run = instance.get_typed_func::<i32, i64>(&store, "run").unwrap();
    let error = run.call(&mut store, 1).unwrap_err();
    assert!(error.to_string().starts_with("a host function is pending"), "{error}");
    let pending = error.downcast::<Pending>().unwrap();
    assert_eq!(pending.request().downcast_ref(), Some(&Question(1)));
}

#[test]
fn a_pending_function_in_a_nested_call_is_an_error_there() {
    let mut linker = linker();
    linker
        .func_wrap("env", "nested", |mut caller: Caller<'_, ()>| -> Result<i32, Error> {
            let run = caller.get_export("run").and_then(|f| f.into_func()).unwrap();
            let error = run.call(&mut caller, &[Val::I32(1)], &mut [Val::I64(0)]).unwrap_err();
            Ok(i32::from(error.is::<Pending>()))
        })
        .unwrap();
    let text = format!(
        r#"(import "env" "nested" (func $nested (result i32)))
           {RUN}
           (func (export "outer") (result i32) (call $nested))"#
    );
    let (mut store, instance) = linked(&linker, (), &text);
    let outer = instance.get_func(&store, "outer").unwrap();
    let mut execution = outer.start(&mut store, &[]).unwrap();
    let Event::Finished(values) = execution.run(&mut store).unwrap() else {
        panic!("not finished")
    };
    assert_eq!(values[0].i32(), Some(1));
}

/// Nor does the host function that made that call ask by passing its error on.
#[test]
fn a_request_in_a_nested_call_is_nobodys_outside() {
    let mut linker = linker();
    linker
        .func_wrap("env", "nested", |mut caller: Caller<'_, ()>| -> Result<i32, Error> {
            let run = caller.get_export("run").and_then(|f| f.into_func()).unwrap();
            run.call(&mut caller, &[Val::I32(1)], &mut [Val::I64(0)])?;
            Ok(1)
        })
        .unwrap();
    let text = format!(
        r#"(import "env" "nested" (func $nested (result i32)))
           {RUN}
           (func (export "outer") (result i32) (call $nested))"#
    );
    let (mut store, instance) = linked(&linker, (), &text);
    let outer = instance.get_func(&store, "outer").unwrap();
    let mut execution = outer.start(&mut store, &[]).unwrap();
    let error = execution.run(&mut store).unwrap_err();
    assert_eq!(error.downcast::<Pending>().unwrap().request().downcast_ref(), Some(&Question(1)));
    assert!(execution.has_ended());
}

#[test]
fn a_host_function_is_an_execution_too() {
    let mut store = Store::new(&Engine::default(), ());
    let value = ExternRef::new(&mut store, 5).unwrap();
    let func =
        Func::wrap(&mut store, move |n: i32| -> Result<(i32, Option<Rooted<ExternRef>>), Error> {
            if n == 0 { Err(Pending::new(()).into()) } else { Ok((n, Some(value))) }
        });
    let mut execution = func.start(&mut store, &[Val::I32(3)]).unwrap();
    let Event::Finished(values) = execution.run(&mut store).unwrap() else {
        panic!("not finished")
    };
    assert_eq!(values[0].i32(), Some(3));
    let result = values[1].unwrap_externref().unwrap();
    assert!(Rooted::ref_eq(&store, &result, &value).unwrap());
    let mut execution = func.start(&mut store, &[Val::I32(0)]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::HostPending(_)));
    execution.resume(&mut store, &[Val::I32(9), Val::ExternRef(None)]).unwrap();
    let Event::Finished(values) = execution.run(&mut store).unwrap() else {
        panic!("not finished")
    };
    assert!(values[0].i32() == Some(9) && values[1].unwrap_externref().is_none());
}

#[test]
fn an_execution_goes_to_another_thread_with_its_store() {
    let (mut store, instance) = linked(&linker(), (), RUN);
    let run = instance.get_func(&store, "run").unwrap();
    let mut execution = run.start(&mut store, &[Val::I32(1)]).unwrap();
    question(execution.run(&mut store).unwrap());
    let thread = std::thread::spawn(move || {
        execution.resume(&mut store, &[Val::I32(1), Val::I64(1)]).unwrap();
        question(execution.run(&mut store).unwrap())
    });
    assert_eq!(thread.join().unwrap(), Question(1001));
}

/// A call that is interrupted just when a host function has returned leaves nothing to the next
/// call that uses its stack: a collection would take that one's arguments for the host function's
/// results.
#[test]
fn a_stack_that_is_used_again_holds_nothing_of_the_call_before() {
    for host in [false, true] {
        let mut config = Config::new();
        config.metering(Metering::Interrupt);
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::new(&engine);
        let interrupts = |caller: Caller<'_, ()>| -> Option<Rooted<ExnRef>> {
            caller.interrupt_handle().unwrap().interrupt();
            None
        };
        linker.func_wrap("", "h", interrupts).unwrap();
        linker.func_wrap("", "k", |_: i64| {}).unwrap();
        let text = r#"
            (import "" "h" (func $h (result exnref)))
            (import "" "k" (func $k (param i64)))
            (export "k" (func $k))
            (func (export "f") (drop (call $h)))
            (func (export "g") (param i64))"#;
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.get_func(&store, "f").unwrap();
        assert!(run.call(&mut store, &[], &mut []).is_err());
        let next = instance.get_func(&store, if host { "k" } else { "g" }).unwrap();
        let mut execution = next.start(&mut store, &[Val::I64(0x7fff_dead_bee8)]).unwrap();
        store.gc();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
    }
}

#[test]
fn a_start_function_can_be_paused() {
    let linker = linker();
    let mut store = Store::new(linker.engine(), ());
    let text = r#"
        (import "env" "ask" (func $ask (param i32) (result i32 i64)))
        (global $told (export "told") (mut i32) (i32.const 0))
        (func $start (call $ask (i32.const 7)) (drop) (global.set $told))
        (start $start)"#;
    let module = Module::new(linker.engine(), wat::parse_str(text).unwrap()).unwrap();
    let ask = linker.get(&mut store, "env", "ask").unwrap();
    let (instance, start) = windlass::Instance::start(&mut store, &module, &[ask]).unwrap();
    let told = instance.get_global(&store, "told").unwrap();
    let mut start = start.expect("a start function");
    assert_eq!(question(start.run(&mut store).unwrap()), Question(7));
    let place = start.backtrace(&store).unwrap().expect("a place");
    assert_eq!(place.frames()[0].func_name(), Some("start"));
    assert!(start.backtrace(Store::new(linker.engine(), ())).is_err(), "another store");
    assert_eq!(told.get(&mut store).i32(), Some(0));
    start.resume(&mut store, &[Val::I32(42), Val::I64(0)]).unwrap();
    assert!(matches!(start.run(&mut store).unwrap(), Event::Finished(_)));
    assert!(start.backtrace(&store).unwrap().is_none(), "it has ended");
    assert_eq!(told.get(&mut store).i32(), Some(42));

    let module = Module::new(linker.engine(), wat::parse_str("(func)").unwrap()).unwrap();
    assert!(windlass::Instance::start(&mut store, &module, &[]).unwrap().1.is_none());
}
