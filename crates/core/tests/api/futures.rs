//! Calls that are futures: whatever waits, fails or is dropped in them, the store is as it was.

use crate::{linked, module};
use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use windlass::{
    AsContextMut, Caller, Config, Engine, Event, ExternRef, Func, FuncType, Instance, Linker,
    Metering, Pending, ResourceLimiter, Result, Rooted, Store, ThrownException, Trap, TypedFunc,
    Val, ValType,
};

type Boxed<'a, R> = Box<dyn Future<Output = R> + Send + 'a>;

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until it is done. How often it was pending comes with the result.
fn count<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = pin!(future);
    let mut pending = 0;
    loop {
        match poll(future.as_mut()) {
            Poll::Ready(output) => return (output, pending),
            Poll::Pending => pending += 1,
        }
    }
}

fn finish<F: Future>(future: F) -> F::Output {
    count(future).0
}

/// Is pending so many times.
async fn rest(times: i32) {
    let mut left = times;
    poll_fn(|_| {
        left -= 1;
        if left < 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn metered() -> Engine {
    Engine::new(Config::new().consume_fuel(true)).unwrap()
}

/// `later` waits as often as it is told and returns twice that.
fn linker(engine: &Engine) -> Linker<Vec<i32>> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap_async("env", "later", |mut caller: Caller<'_, Vec<i32>>, (n,): (i32,)| {
            Box::new(async move {
                caller.data_mut().push(n);
                rest(n).await;
                caller.data_mut().push(-n);
                2 * n
            })
        })
        .unwrap();
    linker
}

const RUN: &str = r#"
    (import "env" "later" (func $later (param i32) (result i32)))
    (func (export "run") (param i32) (result i32)
      (i32.add
        (call $later (local.get 0))
        (call $later (i32.add (local.get 0) (i32.const 1)))))
    (func (export "spin") (param i32)
      (loop $next (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "id") (param i32) (result i32) (local.get 0))
    (func (export "trap") (result i32) (drop (call $later (i32.const 1))) unreachable)"#;

fn run_of(instance: &Instance, store: &Store<Vec<i32>>) -> TypedFunc<i32, i32> {
    instance.get_typed_func(store, "run").unwrap()
}

#[test]
fn a_typed_execution_gives_typed_results() {
    let mut store = Store::new(&Engine::default(), ());
    let ask = Func::wrap(&mut store, |n: i32| -> Result<(i32, i64)> {
        if n == 0 { Err(Pending::new("what?").into()) } else { Ok((n, 2)) }
    });
    let ask = ask.typed::<i32, (i32, i64)>(&store).unwrap();
    let mut execution = ask.start(&mut store, 7).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished((7, 2))));
    assert!(execution.has_ended());
    let mut execution = ask.start(&mut store, 0).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::HostPending(_)));
    execution.resume(&mut store, &[Val::I32(5), Val::I64(-1)]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished((5, -1))));
    assert!(ask.start(&mut Store::<()>::default(), 0).is_err());
}

#[test]
fn host_functions_are_awaited() {
    let (mut store, instance) = linked(&linker(&Engine::default()), Vec::new(), RUN);
    let run = run_of(&instance, &store);
    let (outcome, pending) = count(run.call_async(&mut store, 3));
    assert_eq!((outcome.unwrap(), pending), (14, 7));
    assert_eq!(store.data()[..], [3, -3, 4, -4]);
    let run = instance.get_func(&store, "run").unwrap();
    let mut results = [Val::I32(0)];
    finish(run.call_async(&mut store, &[Val::I32(0)], &mut results)).unwrap();
    assert_eq!(results[0].i32(), Some(2));
    let none = finish(run.call_async(&mut store, &[Val::I32(0)], &mut []));
    assert_eq!(none.unwrap_err().to_string(), "expected room for 1 result, found 0");
}

#[test]
fn host_functions_by_type_have_values() {
    let mut store = Store::new(&Engine::default(), 10);
    let types = [ValType::I32, ValType::I64];
    let ty = FuncType::new(store.engine(), types, [ValType::I64, ValType::I32]);
    let swap = Func::new_async(&mut store, ty, |mut caller, params, results| {
        Box::new(async move {
            rest(2).await;
            *caller.data_mut() += 1;
            results.copy_from_slice(&[params[1], params[0]]);
            Ok(())
        })
    });
    let swap = swap.typed::<(i32, i64), (i64, i32)>(&store).unwrap();
    assert_eq!(finish(swap.call_async(&mut store, (1, 2))).unwrap(), (2, 1));
    assert_eq!(*store.data(), 11);
}

/// However often it was polled before.
#[test]
fn a_dropped_call_leaves_the_store_usable() {
    let engine = Engine::new(Config::new().consume_fuel(true).max_nested_calls(3)).unwrap();
    let (mut store, instance) = linked(&linker(&engine), Vec::new(), RUN);
    store.set_fuel(1_000_000).unwrap();
    store.fuel_async_yield_interval(Some(1)).unwrap();
    let run = run_of(&instance, &store);
    let id = instance.get_typed_func::<i32, i32>(&store, "id").unwrap();
    let (_, pending) = count(run.call_async(&mut store, 2));
    for polls in 0..=pending {
        let mut call = Box::pin(run.call_async(&mut store, 2));
        (0..polls).for_each(|_| assert!(poll(call.as_mut()).is_pending()));
        drop(call);
        store.gc();
        assert_eq!(id.call(&mut store, 5).unwrap(), 5);
        assert_eq!(finish(run.call_async(&mut store, 1)).unwrap(), 6);
    }
}

/// What was rooted for a host function is given up with it; until then it is kept.
#[test]
fn references_live_as_long_as_the_host_function() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    type Reference = Option<Rooted<ExternRef>>;
    linker
        .func_wrap_async("env", "keep", |mut caller: Caller<'_, ()>, (value,): (Reference,)| {
            Box::new(async move {
                caller.gc();
                rest(1).await;
                caller.gc();
                value
            }) as Boxed<'_, Reference>
        })
        .unwrap();
    let text = r#"
        (import "env" "keep" (func $keep (param externref) (result externref)))
        (func (export "run") (param externref) (result externref)
          (call $keep (call $keep (local.get 0))))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<Reference, Reference>(&store, "run").unwrap();
    let value = Arc::new(5);
    for polls in 0..3 {
        let mut scope = windlass::RootScope::new(&mut store);
        let reference = ExternRef::new(&mut scope, value.clone()).unwrap();
        let mut call = Box::pin(run.call_async(&mut scope, Some(reference)));
        let mut outcome = Poll::Pending;
        (0..=polls).for_each(|_| outcome = poll(call.as_mut()));
        drop(call);
        if polls == 2 {
            let Poll::Ready(Ok(Some(found))) = outcome else { panic!("{outcome:?}") };
            assert!(Rooted::ref_eq(&scope, &found, &reference).unwrap());
        }
        drop(scope);
        store.gc();
        assert_eq!(Arc::strong_count(&value), 1, "after {polls}");
    }
}

#[test]
fn a_panic_of_a_host_future_ends_its_call_alone() {
    let engine = Engine::new(Config::new().max_nested_calls(3)).unwrap();
    let mut linker = linker(&engine);
    linker
        .func_wrap_async("env", "bad", |_: Caller<'_, Vec<i32>>, (n,): (i32,)| {
            assert!(n > 0, "at once");
            Box::new(async move {
                rest(n).await;
                assert!(n == 0, "later");
            }) as Boxed<'_, ()>
        })
        .unwrap();
    let text = format!(
        r#"(import "env" "bad" (func $bad (param i32)))
        {RUN} (func (export "bad") (param i32) (call $bad (local.get 0)))"#
    );
    let (mut store, instance) = linked(&linker, Vec::new(), &text);
    let bad = instance.get_typed_func::<i32, ()>(&store, "bad").unwrap();
    for n in [0, 1, 2, 0, 1, 2] {
        let call = AssertUnwindSafe(|| finish(bad.call_async(&mut store, n)));
        assert!(catch_unwind(call).is_err());
        let run = run_of(&instance, &store);
        assert_eq!(finish(run.call_async(&mut store, 1)).unwrap(), 6);
    }
}

/// The host function calls the guest that called it, as often as that asks for it.
fn recursive(engine: &Engine) -> (Store<()>, TypedFunc<i32, i32>) {
    let mut linker: Linker<()> = Linker::new(engine);
    linker
        .func_wrap_async("env", "back", |mut caller: Caller<'_, ()>, (n,): (i32,)| {
            Box::new(async move {
                rest(1).await;
                let run = caller.get_export("run").and_then(|run| run.into_func()).unwrap();
                let run = run.typed::<i32, i32>(&caller)?;
                Ok(run.call_async(&mut caller, n - 1).await? + 1)
            }) as Boxed<'_, Result<i32>>
        })
        .unwrap();
    let text = r#"
        (import "env" "back" (func $back (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
          (if (result i32) (local.get 0) (then (call $back (local.get 0))) (else (i32.const 0))))"#;
    let (store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func(&store, "run").unwrap();
    (store, run)
}

#[test]
fn calls_nest_as_deep_as_others_and_no_deeper() {
    let deep = || {
        let (mut store, run) = recursive(&Engine::default());
        assert_eq!(count(run.call_async(&mut store, 199)).0.unwrap(), 199);
        let error = finish(run.call_async(&mut store, -1)).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::StackOverflow));
        // What was counted is counted no more, also after a drop.
        let mut call = Box::pin(run.call_async(&mut store, -1));
        (0..150).for_each(|_| assert!(poll(call.as_mut()).is_pending()));
        drop(call);
        assert_eq!(finish(run.call_async(&mut store, 199)).unwrap(), 199);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(deep).unwrap().join().unwrap();
}

#[test]
fn who_wakes_before_the_poll_loses_nothing() {
    let (mut store, instance) = linked(&linker(&metered()), Vec::new(), RUN);
    store.set_fuel(1_000_000).unwrap();
    store.fuel_async_yield_interval(Some(100)).unwrap();
    let spin = instance.get_typed_func::<i32, ()>(&store, "spin").unwrap();
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    waker.wake_by_ref();
    let mut call = pin!(spin.call_async(&mut store, 1000));
    let mut polls = 0;
    loop {
        let outcome = call.as_mut().poll(&mut Context::from_waker(&waker));
        if outcome.is_ready() {
            break;
        }
        polls += 1;
        // Each time that it lets others run, it asks to be polled again.
        assert_eq!(bell.0.load(Ordering::Relaxed), 1 + polls);
    }
    assert!(polls > 20, "{polls}");
}

#[test]
fn fuel_is_the_same_however_often_calls_yield() {
    const FUEL: u64 = 1_000_000;
    let mut linker = linker(&metered());
    let costly = |mut caller: Caller<'_, Vec<i32>>, n: u64| -> Result<u64> {
        let before = caller.get_fuel()?;
        caller.consume_fuel(n)?;
        assert_eq!(caller.get_fuel()?, before - n);
        Ok(before)
    };
    linker.func_wrap("env", "costly", costly).unwrap();
    let text = r#"
        (import "env" "costly" (func $costly (param i64) (result i64)))
        (memory 4)
        (func (export "run") (param i32) (result i64)
          (loop $next
            (drop (call $costly (i64.const 30)))
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
            (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (call $costly (i64.const 0)))"#;
    let (mut store, instance) = linked(&linker, Vec::new(), text);
    let run = instance.get_typed_func::<i32, i64>(&store, "run").unwrap();
    store.set_fuel(FUEL).unwrap();
    let seen = run.call(&mut store, 20).unwrap();
    let used = FUEL - store.get_fuel().unwrap();
    let mut pauses = Vec::new();
    for interval in [None, Some(1), Some(7), Some(1000), Some(used / 2), Some(u64::MAX)] {
        store.set_fuel(FUEL).unwrap();
        store.fuel_async_yield_interval(interval).unwrap();
        let (outcome, pending) = count(run.call_async(&mut store, 20));
        assert_eq!(outcome.unwrap(), seen, "{interval:?}: what the host sees");
        assert_eq!(FUEL - store.get_fuel().unwrap(), used, "{interval:?}");
        pauses.push(pending);
        // What is not enough is not enough by any other way either.
        for fuel in [0, used / 2, used - 1] {
            store.set_fuel(fuel).unwrap();
            let error = finish(run.call_async(&mut store, 20)).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::OutOfFuel), "{interval:?}");
            assert!(error.backtrace().is_some());
            assert_eq!(store.get_fuel().unwrap(), 0);
        }
        store.set_fuel(used).unwrap();
        finish(run.call_async(&mut store, 20)).unwrap();
        assert_eq!(store.get_fuel().unwrap(), 0);
    }
    assert!(pauses[1] >= 40 && pauses[2] >= 40, "{pauses:?}");
    assert!(pauses[3] >= 10 && pauses[3] <= used as usize / 1000, "{pauses:?}");
    assert_eq!((pauses[0], pauses[5]), (0, 0));
    assert!(pauses[4] >= 1 && pauses[4] <= 2, "{pauses:?}");
    // Other calls don't yield.
    store.set_fuel(FUEL).unwrap();
    store.fuel_async_yield_interval(Some(1)).unwrap();
    assert_eq!(run.call(&mut store, 20).unwrap(), seen);
    assert_eq!(FUEL - store.get_fuel().unwrap(), used);
}

#[test]
fn an_interval_is_refused_where_it_means_nothing() {
    let mut store = Store::new(&metered(), ());
    let error = store.fuel_async_yield_interval(Some(0)).unwrap_err().to_string();
    assert_eq!(error, "the interval at which calls yield is at least 1 unit of fuel");
    assert!(Store::<()>::default().fuel_async_yield_interval(Some(1)).is_err());
}

/// A limiter of the embedder's that fails at its second question.
struct Fragile(u32);

impl ResourceLimiter for Fragile {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        self.0 += 1;
        assert!(self.0 < 2, "the embedder's code fails");
        Ok(true)
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_limiter_that_panics_takes_no_fuel_away() {
    let engine = metered();
    let text = r#"(memory 1) (func (export "grow") (drop (memory.grow (i32.const 1))))"#;
    let mut store = Store::new(&engine, Fragile(0));
    store.limiter(|limiter| limiter);
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let grow = instance.get_typed_func::<(), ()>(&store, "grow").unwrap();
    store.set_fuel(1_000_000).unwrap();
    store.fuel_async_yield_interval(Some(10_000)).unwrap();
    let call = AssertUnwindSafe(|| finish(grow.call_async(&mut store, ())));
    assert!(catch_unwind(call).is_err());
    let left = store.get_fuel().unwrap();
    assert!((990_000..1_000_000).contains(&left), "{left}");
}

#[test]
fn errors_come_through() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut linker = linker(&engine);
    linker
        .func_wrap_async("env", "fail", |_: Caller<'_, Vec<i32>>, (n,): (i32,)| {
            Box::new(async move {
                rest(1).await;
                match n {
                    0 => Err("12x".parse::<i32>().unwrap_err().into()),
                    _ => Err(Pending::new(n).into()),
                }
            }) as Boxed<'_, Result<()>>
        })
        .unwrap();
    let text = format!(
        r#"(import "env" "fail" (func $fail (param i32)))
        {RUN} (func $f (export "fail") (param i32) (call $fail (local.get 0)))"#
    );
    let (mut store, instance) = linked(&linker, Vec::new(), &text);
    let fail = instance.get_typed_func::<i32, ()>(&store, "fail").unwrap();
    let error = finish(fail.call_async(&mut store, 0)).unwrap_err();
    assert!(error.is::<std::num::ParseIntError>());
    assert_eq!(error.backtrace().unwrap().frames()[0].func_name(), Some("f"));
    // Results that nobody can give.
    let error = finish(fail.call_async(&mut store, 1)).unwrap_err();
    assert_eq!(error.downcast_ref::<Pending>().unwrap().request().downcast_ref(), Some(&1));
    assert!(error.backtrace().is_some());
    let trap = instance.get_typed_func::<(), i32>(&store, "trap").unwrap();
    let error = finish(trap.call_async(&mut store, ())).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::Unreachable));
    store.interrupt_handle().unwrap().interrupt();
    let error = finish(run_of(&instance, &store).call_async(&mut store, 1)).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::Interrupted));
    assert_eq!(finish(run_of(&instance, &store).call_async(&mut store, 1)).unwrap(), 6);
}

#[test]
fn a_guest_catches_what_a_host_future_throws() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap_async("env", "rethrow", |mut caller: Caller<'_, ()>, (): ()| {
            Box::new(async move {
                rest(1).await;
                let throw = caller.get_export("throw").and_then(|f| f.into_func()).unwrap();
                let error = throw.call_async(&mut caller, &[], &mut []).await.unwrap_err();
                assert!(error.is::<ThrownException>());
                Err(error)
            }) as Boxed<'_, Result<()>>
        })
        .unwrap();
    let text = r#"
        (import "env" "rethrow" (func $rethrow))
        (tag $t (param i32))
        (func (export "throw") (throw $t (i32.const 7)))
        (func (export "run") (result i32)
          (block $caught (result i32)
            (try_table (catch $t $caught) (call $rethrow))
            (i32.const 0)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(finish(run.call_async(&mut store, ())).unwrap(), 7);
}

#[test]
fn wrong_use_is_an_error() {
    const MESSAGE: &str =
        "an async host function was called in a call that is not: use `call_async`";
    let (mut store, instance) = linked(&linker(&Engine::default()), Vec::new(), RUN);
    let run = run_of(&instance, &store);
    let error = run.call(&mut store, 1).unwrap_err();
    assert_eq!(error.root_cause().to_string(), MESSAGE);
    let mut other = Store::new(store.engine(), Vec::<i32>::new());
    assert!(finish(run.call_async(&mut other, 1)).is_err());
    let run = instance.get_func(&store, "run").unwrap();
    let mut results = [Val::I32(0)];
    assert!(finish(run.call_async(&mut store, &[], &mut results)).is_err());
    // Who runs executions himself can give results in the future's place.
    let mut execution = run.start(&mut store, &[Val::I32(1)]).unwrap();
    for _ in 0..2 {
        assert!(matches!(execution.run(&mut store).unwrap(), Event::HostPending(_)));
        execution.resume(&mut store, &[Val::I32(9)]).unwrap();
    }
    assert!(
        matches!(execution.run(&mut store).unwrap(), Event::Finished(v) if v[0].i32() == Some(18))
    );
    // A call inside that is none.
    let mut linker = linker(store.engine());
    linker
        .func_wrap("env", "inside", move |mut caller: Caller<'_, Vec<i32>>| -> Result<()> {
            let f = caller.get_export("run").and_then(|f| f.into_func()).unwrap();
            f.call(&mut caller, &[Val::I32(1)], &mut [Val::I32(0)])
        })
        .unwrap();
    let text = format!(
        r#"(import "env" "inside" (func $inside)) {RUN} (func (export "outer") (call $inside))"#
    );
    let (mut store, instance) = linked(&linker, Vec::new(), &text);
    let outer = instance.get_typed_func::<(), ()>(&store, "outer").unwrap();
    let error = finish(outer.call_async(&mut store, ())).unwrap_err();
    assert_eq!(error.root_cause().to_string(), MESSAGE);
}

#[test]
fn a_start_function_may_wait() {
    let engine = Engine::default();
    let linker = linker(&engine);
    let text = r#"
        (import "env" "later" (func $later (param i32) (result i32)))
        (global $g (export "g") (mut i32) (i32.const 0))
        (func $start (global.set $g (call $later (i32.const 3))))
        (start $start)"#;
    let mut store = Store::new(&engine, Vec::new());
    let module = module(&engine, text);
    let (instance, pending) = count(linker.instantiate_async(&mut store, &module));
    assert_eq!(pending, 3);
    let global = instance.unwrap().get_global(&store, "g").unwrap();
    assert_eq!(global.get(&mut store).i32(), Some(6));
    assert!(linker.instantiate(&mut store, &module).is_err());
}

#[test]
fn calls_go_to_other_threads_if_the_data_does() {
    fn sent<F: Future<Output: Send> + Send>(future: F) -> F::Output {
        let future = Box::pin(future);
        std::thread::scope(|scope| scope.spawn(|| finish(future)).join().unwrap())
    }
    let engine = Engine::default();
    let linker = linker(&engine);
    let mut store = Store::new(&engine, Vec::new());
    let module = module(&engine, RUN);
    let instance = sent(linker.instantiate_async(&mut store, &module)).unwrap();
    let run = run_of(&instance, &store);
    assert_eq!(sent(run.call_async(&mut store, 1)).unwrap(), 6);
    let mut results = [Val::I32(0)];
    sent(run.func().call_async(&mut store.as_context_mut(), &[Val::I32(1)], &mut results)).unwrap();
    assert_eq!(results[0].i32(), Some(6));
    // Others stay where they are.
    let mut local = Store::new(&engine, std::rc::Rc::new(5));
    let get = Func::wrap(&mut local, |caller: Caller<'_, std::rc::Rc<i32>>| **caller.data());
    let get = get.typed::<(), i32>(&local).unwrap();
    assert_eq!(finish(get.call_async(&mut local, ())).unwrap(), 5);
}

/// A request that was got elsewhere is no request of one's own: neither its arguments nor its
/// results are what the function that passes it on has.
#[test]
fn a_request_that_is_passed_on_is_not_awaited() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, None);
    // The request of a function that gives an integer, kept.
    let asked = Func::wrap_async(&mut store, |_: Caller<'_, Option<Pending>>, (): ()| {
        Box::new(async { 0x5ec2e7_i64 }) as Boxed<'_, i64>
    });
    let mut execution = asked.start(&mut store, &[]).unwrap();
    let Event::HostPending(pending) = execution.run(&mut store).unwrap() else { panic!() };
    *store.data_mut() = Some(pending);
    // A function that gives a reference passes it on.
    let passes_on = Func::wrap(
        &mut store,
        |mut caller: Caller<'_, Option<Pending>>| -> Result<Option<Rooted<ExternRef>>> {
            match caller.data_mut().take() {
                Some(pending) => Err(pending.into()),
                None => Ok(None),
            }
        },
    );
    let typed = passes_on.typed::<(), Option<Rooted<ExternRef>>>(&store).unwrap();
    let error = finish(typed.call_async(&mut store, ())).unwrap_err();
    assert!(error.to_string().contains("async host function"), "{error}");
    // One of the very type is not awaited in its place, either.
    let mut execution = asked.start(&mut store, &[]).unwrap();
    let Event::HostPending(pending) = execution.run(&mut store).unwrap() else { panic!() };
    *store.data_mut() = Some(pending);
    let same = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Pending>>| -> Result<i64> {
        Err(caller.data_mut().take().unwrap().into())
    });
    let typed = same.typed::<(), i64>(&store).unwrap();
    assert!(finish(typed.call_async(&mut store, ())).is_err());
}
