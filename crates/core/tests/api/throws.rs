//! Throws through many frames: they can be interrupted, and go on where they were.

use crate::module;
use std::sync::Arc;
use windlass::{
    Caller, Config, Engine, Error, Event, ExnRef, ExternRef, Features, FuncType, InterruptHandle,
    Linker, Metering, ResourceLimiter, RootScope, Store, Tag, TagType, ThrownException, Trap, Val,
    ValType,
};

/// `run` catches what is thrown so many calls further in: by `throw`, by `throw_ref` of a local and
/// of an operand, by `rethrow`, and by a host function.
const TEXT: &str = r#"
    (import "env" "throw" (func $host_throw))
    (import "env" "mark" (func $mark))
    (tag $t (export "t") (param i32))
    (memory 0)
    (func $down (param $n i32) (param $how i32) (local $e exnref)
      (if (local.get $n)
        (then
          (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $how))
          (return)))
      (block $throw (block $local (block $operand (block $host
        (br_table $throw $local $operand $host (local.get $how)))
      (call $host_throw))
      (block $h (result i32 exnref)
        (try_table (catch_ref $t $h) (throw $t (i32.const 7)))
        (unreachable))
      (drop (memory.grow (i32.const 1)))
      (throw_ref))
      (block $h (result i32 exnref)
        (try_table (catch_ref $t $h) (throw $t (i32.const 7)))
        (unreachable))
      (local.set $e)
      (drop)
      (drop (memory.grow (i32.const 1)))
      (throw_ref (local.get $e)))
      (drop (memory.grow (i32.const 1)))
      (throw $t (i32.const 7)))
    (func (export "run") (param $n i32) (param $how i32) (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (call $down (local.get $n) (local.get $how)))
        (i32.const -1))
      (call $mark))"#;

/// The same with `rethrow`.
const LEGACY: &str = r#"
    (import "env" "throw" (func $host_throw))
    (import "env" "mark" (func $mark))
    (tag $t (export "t") (param i32))
    (memory 0)
    (func $down (param $n i32)
      (if (local.get $n)
        (then
          (call $down (i32.sub (local.get $n) (i32.const 1)))
          (return)))
      try
        (throw $t (i32.const 7))
      catch $t
        drop
        (drop (memory.grow (i32.const 1)))
        rethrow 0
      end)
    (func (export "run") (param $n i32) (param i32) (result i32)
      try (result i32)
        (call $down (local.get $n))
        i32.const -1
      catch $t
      end
      (call $mark))"#;

/// Each call catches what is thrown further in, and throws it again.
const AGAIN: &str = r#"
    (import "env" "throw" (func $host_throw))
    (import "env" "mark" (func $mark))
    (tag $t (export "t") (param i32))
    (memory 0)
    (func $down (param $n i32)
      (if (i32.eqz (local.get $n))
        (then
          (drop (memory.grow (i32.const 1)))
          (throw $t (i32.const 7))))
      (block $h (result exnref)
        (try_table (catch_all_ref $h) (call $down (i32.sub (local.get $n) (i32.const 1))))
        (return))
      (throw_ref))
    (func (export "run") (param $n i32) (param i32) (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (call $down (local.get $n)))
        (i32.const -1))
      (call $mark))"#;

/// The guest is interrupted whenever its memory grows: what comes next is the throw.
#[derive(Default)]
struct Seen {
    interrupt: Option<InterruptHandle>,
    marks: u32,
}

impl Seen {
    fn stop(&self) {
        if let Some(interrupt) = &self.interrupt {
            interrupt.interrupt();
        }
    }
}

impl ResourceLimiter for Seen {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.stop();
        Ok(true)
    }
    fn gc_heap_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
}

fn linker(engine: &Engine) -> Linker<Seen> {
    let mut linker = Linker::new(engine);
    let throw = |mut caller: Caller<'_, Seen>| -> Result<(), Error> {
        caller.data().stop();
        let tag = caller.get_export("t").and_then(|export| export.into_tag()).unwrap();
        let exception = ExnRef::new(&mut caller, &tag, &[Val::I32(7)])?;
        Ok(caller.throw(exception)?)
    };
    linker.func_wrap("env", "throw", throw).unwrap();
    let mark = |mut caller: Caller<'_, Seen>| caller.data_mut().marks += 1;
    linker.func_wrap("env", "mark", mark).unwrap();
    linker
}

/// Stops once in the middle, where everything is collected that nobody needs; then the exception is
/// caught.
fn is_interrupted_on_its_way(text: &str, how: i32) {
    let features = Features::WASM3 | Features::LEGACY_EXCEPTIONS;
    let config = Config::new().metering(Metering::Interrupt).features(features).clone();
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, Seen::default());
    let instance = linker(&engine).instantiate(&mut store, &module(&engine, text)).unwrap();
    store.data_mut().interrupt = Some(store.interrupt_handle().unwrap());
    store.limiter(|seen| seen);
    let run = instance.get_func(&store, "run").unwrap();
    let mut execution = run.start(&mut store, &[Val::I32(60_000), Val::I32(how)]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
    assert_eq!(store.data().marks, 0, "it has not been caught");
    assert!(!store.has_pending_exception());
    store.gc();
    match execution.run(&mut store).unwrap() {
        Event::Finished(values) => assert_eq!(values[0].i32(), Some(7)),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.data().marks, 1);

    // A call that cannot be paused ends; the next is not touched.
    let call = |store: &mut Store<Seen>| {
        let mut results = [Val::I32(0)];
        let called = run.call(store, &[Val::I32(60_000), Val::I32(how)], &mut results);
        called.map(|()| results[0].unwrap_i32())
    };
    assert_eq!(call(&mut store).unwrap_err().trap(), Some(Trap::Interrupted));
    store.data_mut().interrupt = None;
    assert_eq!(call(&mut store).unwrap(), 7);
}

#[test]
fn a_throw_is_interrupted() {
    is_interrupted_on_its_way(TEXT, 0);
}

#[test]
fn a_reference_that_is_thrown_again_is_interrupted() {
    is_interrupted_on_its_way(TEXT, 1);
    is_interrupted_on_its_way(TEXT, 2);
    is_interrupted_on_its_way(LEGACY, 0);
}

#[test]
fn many_throws_with_nothing_between_are_interrupted() {
    is_interrupted_on_its_way(AGAIN, 0);
}

#[test]
fn a_throw_by_the_host_is_interrupted() {
    is_interrupted_on_its_way(TEXT, 3);
}

/// Wherever an execution is out of fuel, and be it between a throw of the host and the clause,
/// collections free what nobody needs.
#[test]
fn garbage_is_collected_when_a_throw_by_the_host_is_not_paid() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let ty = TagType::new(FuncType::new(&engine, [ValType::EXTERNREF], []));
    let tag = Tag::new(&mut store, &ty).unwrap();
    linker.define(&store, "env", "t", tag).unwrap();
    let throw = move |mut caller: Caller<'_, ()>| -> Result<(), Error> {
        let value = ExternRef::new(&mut caller, 7_u32)?;
        let exception = ExnRef::new(&mut caller, &tag, &[value.into()])?;
        Ok(caller.throw(exception)?)
    };
    linker.func_wrap("env", "throw", throw).unwrap();
    let text = format!(
        r#"{}
        (import "env" "throw" (func $throw))
        (func (export "run") (result externref)
          (block $caught (result externref)
            (try_table (catch 0 $caught) (call $throw))
            (unreachable)))"#,
        r#"(import "env" "t" (tag (param externref)))"#.repeat(30)
    );
    let instance = linker.instantiate(&mut store, &module(&engine, &text)).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    let mut execution = run.start(&mut store, &[]).unwrap();
    let mut pauses = 0;
    let values = loop {
        match execution.run(&mut store).unwrap() {
            Event::OutOfFuel => store.set_fuel(1).unwrap(),
            Event::Finished(values) => break values,
            other => panic!("{other:?}"),
        }
        let garbage = Arc::new(());
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, garbage.clone()).unwrap();
        drop(scope);
        store.gc();
        assert_eq!(Arc::strong_count(&garbage), 1, "after {pauses} pauses");
        pauses += 1;
    };
    assert!(pauses > 2 * 29, "the search was paid");
    let value = values[0].unwrap_externref().unwrap();
    assert_eq!(value.data(&store).unwrap().unwrap().downcast_ref(), Some(&7_u32));
}

/// Frames further in, from which the host has passed an exception on, are told also if the search
/// is interrupted.
#[test]
fn what_the_host_passes_on_keeps_its_frames() {
    let mut config = Config::new();
    config.metering(Metering::Interrupt);
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::new(&engine);
    let pass = |mut caller: Caller<'_, bool>| -> Result<(), Error> {
        let inner = caller.get_export("inner").and_then(|export| export.into_func()).unwrap();
        let thrown = inner.call(&mut caller, &[], &mut []);
        if *caller.data() {
            caller.interrupt_handle()?.interrupt();
        }
        thrown
    };
    linker.func_wrap("env", "pass", pass).unwrap();
    let text = r#"
        (import "env" "pass" (func $pass))
        (tag $t)
        (func $inner (export "inner") (throw $t))
        (func $outer (export "outer") (param $n i32)
          (if (local.get $n)
            (then (return (call $outer (i32.sub (local.get $n) (i32.const 1))))))
          (call $pass))"#;
    let module = module(&engine, text);
    let frames = [false, true].map(|stops| {
        let mut store = Store::new(&engine, stops);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let outer = instance.get_func(&store, "outer").unwrap();
        let mut execution = outer.start(&mut store, &[Val::I32(60_000)]).unwrap();
        let mut event = execution.run(&mut store);
        assert_eq!(matches!(event, Ok(Event::Interrupted)), stops);
        if stops {
            event = execution.run(&mut store);
        }
        let error = event.unwrap_err();
        assert!(error.is::<ThrownException>() && store.has_pending_exception());
        let frames = error.backtrace().unwrap().frames().iter();
        frames.map(|frame| frame.func_name().map(String::from)).collect::<Vec<_>>()
    });
    assert_eq!(frames[0][..2], [Some("inner".into()), Some("outer".into())]);
    assert_eq!(frames[0], frames[1]);
}

/// A tag that a module imports again and again is looked for under each index, in each frame.
#[test]
fn further_indices_of_a_tag_cost_fuel() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let used = |imports: usize, depth: i32| {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let ty = TagType::new(FuncType::new(&engine, [], []));
        let tag = Tag::new(&mut store, &ty).unwrap();
        linker.define(&store, "env", "t", tag).unwrap();
        let text = format!(
            r#"{}
            (func $down (param i32)
              (if (i32.eqz (local.get 0)) (then (throw 0)))
              (call $down (i32.sub (local.get 0) (i32.const 1))))
            (func (export "run") (param i32)
              (block $caught (try_table (catch 0 $caught) (call $down (local.get 0)))))"#,
            r#"(import "env" "t" (tag))"#.repeat(imports)
        );
        let instance = linker.instantiate(&mut store, &module(&engine, &text)).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&store, "run").unwrap();
        store.set_fuel(1 << 40).unwrap();
        run.call(&mut store, depth).unwrap();
        (1 << 40) - store.get_fuel().unwrap()
    };
    assert_eq!(used(3, 1000) - used(1, 1000), 2 * 10 * 1002);
    assert_eq!(used(3, 2000) - used(1, 2000), 2 * 10 * 2002);
}

/// However often a module imports a tag, a throw looks whether it is to stop.
#[test]
fn a_search_among_many_indices_is_interrupted() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut store = Store::new(&engine, Seen::default());
    store.limiter(|seen| seen);
    let mut linker = Linker::new(&engine);
    let tag = Tag::new(&mut store, &TagType::new(FuncType::new(&engine, [], []))).unwrap();
    linker.define(&store, "env", "t", tag).unwrap();
    let text = format!(
        r#"{}
        (memory 0)
        (func (export "run") (result i32)
          (block $first (block $last
            (try_table (catch 3 $first)
              (try_table (catch 149_999 $last)
                (drop (memory.grow (i32.const 1)))
                (throw 5)))
            (unreachable))
            (return (i32.const 7)))
          (i32.const 8))"#,
        r#"(import "env" "t" (tag))"#.repeat(150_000)
    );
    let instance = linker.instantiate(&mut store, &module(&engine, &text)).unwrap();
    store.data_mut().interrupt = Some(store.interrupt_handle().unwrap());
    let run = instance.get_func(&store, "run").unwrap();
    let mut execution = run.start(&mut store, &[]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Interrupted));
    match execution.run(&mut store).unwrap() {
        Event::Finished(values) => assert_eq!(values[0].i32(), Some(7)),
        other => panic!("{other:?}"),
    }
}
