//! Call hooks: they are told whenever control passes between host and guest, may do with the store
//! what host functions may, and can end calls.

use crate::{linked, module};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use windlass::{
    AsContextMut,
    CallHook::{self, *},
    Caller, Config, Engine, Error, Event, ExternRef, Func, Instance, Linker, Pending, Rooted,
    Store, Trap, Val,
};

/// What was told, in order.
type Told = Vec<CallHook>;

const CALL: [CallHook; 2] = [CallingWasm, ReturningFromWasm];
const CALL_OF_HOST: [CallHook; 4] =
    [CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm];

fn listen(store: &mut Store<Told>) {
    store.call_hook(|mut store, hook| {
        store.data_mut().push(hook);
        Ok(())
    });
}

fn told(store: &mut Store<Told>) -> Told {
    std::mem::take(store.data_mut())
}

/// `env.host` gives what it gets, or fails, asks, or panics.
fn linker<T: 'static>(engine: &Engine) -> Linker<T> {
    let mut linker = Linker::new(engine);
    let host = |n: i32| match n {
        -1 => Err(Error::msg("the host fails")),
        -2 => Err(Pending::new(()).into()),
        -3 => panic!("the host panics"),
        _ => Ok(n),
    };
    linker.func_wrap("env", "host", host).unwrap();
    linker
}

const GUEST: &str = r#"(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (func (export "host") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "tail") (param i32) (result i32) (return_call $host (local.get 0)))
    (func (export "trap") (unreachable))
    (func (export "spin") (loop (br 0)))
    (export "import" (func $host)))"#;

fn guest(engine: &Engine) -> (Store<Told>, Instance) {
    let (mut store, instance) = linked(&linker(engine), Told::new(), GUEST);
    listen(&mut store);
    (store, instance)
}

#[test]
fn every_way_into_a_guest_and_out_of_it_is_told() {
    let engine = Engine::default();
    let (mut store, instance) = guest(&engine);
    for name in ["host", "tail", "import"] {
        let typed = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
        assert_eq!(typed.call(&mut store, 5).unwrap(), 5);
        assert_eq!(told(&mut store), CALL_OF_HOST, "{name}, typed");

        let func = instance.get_func(&store, name).unwrap();
        let mut results = [Val::I32(0)];
        func.call(&mut store, &[Val::I32(6)], &mut results).unwrap();
        assert_eq!((results[0].unwrap_i32(), told(&mut store)), (6, CALL_OF_HOST.to_vec()));

        let mut execution = func.start(&mut store, &[Val::I32(7)]).unwrap();
        assert_eq!(told(&mut store), [], "nothing runs yet");
        let event = execution.run(&mut store).unwrap();
        assert!(matches!(event, Event::Finished(results) if results[0].unwrap_i32() == 7));
        assert_eq!(told(&mut store), CALL_OF_HOST, "{name}, pausable");
    }

    let start = r#"(import "env" "host" (func $host (param i32) (result i32)))
        (func $start (drop (call $host (i32.const 1)))) (start $start)"#;
    linker(&engine).instantiate(&mut store, &module(&engine, start)).unwrap();
    assert_eq!(told(&mut store), CALL_OF_HOST);
    linker(&engine).instantiate(&mut store, &module(&engine, GUEST)).unwrap();
    assert_eq!(told(&mut store), [], "no code has run");
}

#[test]
fn nothing_is_told_of_a_call_that_does_not_begin() {
    let (mut store, instance) = guest(&Engine::default());
    let func = instance.get_func(&store, "host").unwrap();
    assert!(func.call(&mut store, &[], &mut []).is_err());
    assert_eq!(told(&mut store), []);
}

#[test]
fn calls_that_fail_return_too() {
    let (mut store, instance) = guest(&Engine::default());
    let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
    let error = host.call(&mut store, -1).unwrap_err();
    assert!(error.to_string().starts_with("the host fails"));
    assert_eq!(told(&mut store), CALL_OF_HOST);
    let trap = instance.get_typed_func::<(), ()>(&store, "trap").unwrap();
    assert_eq!(trap.call(&mut store, ()).unwrap_err().trap(), Some(Trap::Unreachable));
    assert_eq!(told(&mut store), CALL);
}

#[test]
fn calls_from_host_functions_are_told_inside() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let host = |mut caller: Caller<'_, Told>, n: i32| -> Result<(), Error> {
        let Some(run) = caller.get_export("run").and_then(|export| export.into_func()) else {
            return Err(Error::msg("no run"));
        };
        if n > 0 { run.call(&mut caller, &[Val::I32(n - 1)], &mut []) } else { Ok(()) }
    };
    linker.func_wrap("env", "host", host).unwrap();
    let text = r#"(import "env" "host" (func $host (param i32)))
        (func (export "run") (param i32) (call $host (local.get 0)))"#;
    let (mut store, instance) = linked(&linker, Told::new(), text);
    listen(&mut store);
    let run = instance.get_typed_func::<i32, ()>(&store, "run").unwrap();
    run.call(&mut store, 1).unwrap();
    let [into, host, back, out] = CALL_OF_HOST;
    assert_eq!(told(&mut store), [into, host, into, host, back, out, back, out]);
}

#[test]
fn pausing_leaves_the_guest_and_going_on_comes_back() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let (mut store, instance) = guest(&engine);
    store.set_fuel(1000).unwrap();
    let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
    let mut execution = spin.start(&mut store, ()).unwrap();
    for _ in 0..2 {
        assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
        assert_eq!(told(&mut store), CALL);
        store.set_fuel(1000).unwrap();
    }

    let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
    let mut execution = host.start(&mut store, -2).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::HostPending(_)));
    assert_eq!(told(&mut store), CALL_OF_HOST);
    execution.resume(&mut store, &[Val::I32(3)]).unwrap();
    assert_eq!(told(&mut store), []);
    assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(3)));
    assert_eq!(told(&mut store), CALL);
}

/// Polls until it is done.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[test]
fn futures_leave_the_guest_while_they_wait() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("env", "host", |mut caller: Caller<'_, Told>, (n,): (i32,)| {
            Box::new(async move {
                // What has been told when it runs.
                assert_eq!(std::mem::take(caller.data_mut()), CALL_OF_HOST);
                n
            })
        })
        .unwrap();
    let (mut store, instance) = linked(&linker, Told::new(), GUEST);
    listen(&mut store);
    let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
    assert_eq!(finish(host.call_async(&mut store, 4)).unwrap(), 4);
    assert_eq!(told(&mut store), CALL);
}

/// An error of the hook's.
#[derive(Debug, PartialEq)]
struct Refused(CallHook);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused: {:?}", self.0)
    }
}

impl std::error::Error for Refused {}

#[test]
fn an_error_of_the_hook_ends_the_call() {
    let engine = Engine::default();
    for at in CALL_OF_HOST {
        // It comes in place of a result, and of another error.
        for arg in [1, -1] {
            let (mut store, instance) = guest(&engine);
            store.call_hook(move |mut store, hook| {
                store.data_mut().push(hook);
                if hook == at { Err(Refused(at).into()) } else { Ok(()) }
            });
            let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
            let mut expected: Vec<CallHook> =
                CALL_OF_HOST.into_iter().take_while(|hook| *hook != at).collect();
            expected.push(at);
            // Whoever was told that the guest runs is told that it does not.
            if matches!(at, CallingHost | ReturningFromHost) {
                expected.push(ReturningFromWasm);
            }
            let error = host.call(&mut store, arg).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Refused(at)));
            let frames = error.backtrace().map_or(0, |place| place.frames().len());
            assert_eq!(frames, usize::from(at != ReturningFromWasm || arg < 0), "{at:?}");
            assert_eq!(told(&mut store), expected);

            let mut execution = host.start(&mut store, arg).unwrap();
            let error = execution.run(&mut store).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Refused(at)));
            assert!(execution.has_ended());
            assert_eq!(told(&mut store), expected);

            let error = finish(host.call_async(&mut store, arg)).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Refused(at)));
            assert_eq!(told(&mut store), expected);

            store.call_hook(|_, _| Ok(()));
            assert_eq!(host.call(&mut store, 9).unwrap(), 9, "the store can be used on");
        }
    }
}

#[test]
fn a_panic_leaves_the_hook_in_place() {
    let (mut store, instance) = guest(&Engine::default());
    let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| host.call(&mut store, -3))).is_err());
    assert_eq!(told(&mut store), [CallingWasm, CallingHost]);
    assert_eq!(host.call(&mut store, 1).unwrap(), 1);
    assert_eq!(told(&mut store), CALL_OF_HOST);

    store.call_hook(|mut store, hook| {
        store.data_mut().push(hook);
        if hook == CallingHost { panic!("the hook panics") } else { Ok(()) }
    });
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| host.call(&mut store, 1))).is_err());
        assert_eq!(told(&mut store), [CallingWasm, CallingHost]);
    }
}

#[test]
fn what_the_hook_calls_is_not_told() {
    let (mut store, instance) = guest(&Engine::default());
    let host = instance.get_typed_func::<i32, i32>(&store, "host").unwrap();
    let inner = instance.get_typed_func::<i32, i32>(&store, "tail").unwrap();
    store.call_hook(move |mut store, hook| {
        store.data_mut().push(hook);
        assert_eq!(inner.call(&mut store, 2)?, 2);
        Ok(())
    });
    assert_eq!(host.call(&mut store, 1).unwrap(), 1);
    assert_eq!(told(&mut store), CALL_OF_HOST);
}

/// At each passage the hook collects: arguments and results that lie nowhere else stay.
#[test]
fn collections_in_hooks_keep_arguments_and_results() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let text = r#"(module
        (import "env" "new" (func $new (param i32) (result externref)))
        (import "env" "same" (func $same (param externref i32) (result i32 externref)))
        (import "env" "later" (func $later (param externref) (result externref)))
        (func $pass (param externref) (result externref)
            (local i32)
            (call $same (local.get 0) (i32.const 7))
            (local.set 0) (drop)
            (local.get 0))
        (func (export "make") (result externref) (call $pass (call $new (i32.const 3))))
        (func (export "tail") (result externref) (return_call $new (i32.const 3)))
        (func (export "take") (param externref) (result externref)
            (return_call $pass (local.get 0)))
        (func (export "wait") (result externref) (call $later (call $new (i32.const 3))))
        (export "new" (func $new)))"#;
    let new = |mut caller: Caller<'_, ()>, n: i32| -> Result<Reference, Error> {
        Ok(Some(ExternRef::new(&mut caller, Arc::new(n))?))
    };
    let same = |value: Option<Rooted<ExternRef>>, n: i32| (n, value);
    linker.func_wrap("env", "new", new).unwrap();
    linker.func_wrap("env", "same", same).unwrap();
    linker
        .func_wrap_async("env", "later", |_: Caller<'_, ()>, (value,): (Reference,)| {
            Box::new(async move { value })
        })
        .unwrap();
    let (mut store, instance) = linked(&linker, (), text);
    store.call_hook(|mut store, _| {
        store.gc();
        // Something else lies where something was that is lost.
        for _ in 0..3 {
            ExternRef::new(&mut store, Arc::new(-1))?;
        }
        Ok(())
    });
    let number = |store: &Store<()>, value: Reference| {
        let value = value.unwrap();
        **value.data(store).unwrap().unwrap().downcast_ref::<Arc<i32>>().unwrap()
    };

    for name in ["make", "tail", "wait"] {
        let func = instance.get_typed_func::<(), Reference>(&store, name).unwrap();
        if name != "wait" {
            let value = func.call(&mut store, ()).unwrap();
            assert_eq!(number(&store, value), 3, "{name}");
        }
        let value = finish(func.call_async(&mut store, ())).unwrap();
        assert_eq!(number(&store, value), 3, "{name}, as a future");
    }
    let new = instance.get_typed_func::<i32, Reference>(&store, "new").unwrap();
    let value = new.call(&mut store, 4).unwrap();
    assert_eq!(number(&store, value), 4, "a host function that the host calls");
    let take: Func = instance.get_func(&store, "take").unwrap();
    let mut results = [Val::I32(0)];
    let value = ExternRef::new(&mut store.as_context_mut(), Arc::new(5)).unwrap();
    take.call(&mut store, &[value.into()], &mut results).unwrap();
    assert_eq!(number(&store, results[0].unwrap_externref()), 5);
}

type Reference = Option<Rooted<ExternRef>>;

/// What a guest throws whom the hook calls is not what the guest catches, nor what is pending.
#[test]
fn an_exception_on_its_way_is_not_the_hooks() {
    let engine = Engine::default();
    let module = module(
        &engine,
        r#"(module (import "env" "host" (func $host))
            (tag $t (param i32))
            (func (export "one") (throw $t (i32.const 1)))
            (func (export "two") (throw $t (i32.const 2)))
            (func (export "run") (result i32)
                (block $caught (result i32)
                    (try_table (catch $t $caught) (call $host)) (i32.const -1))))"#,
    );
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("env", "host", |mut caller: Caller<'_, Option<Func>>| -> Result<(), Error> {
            let one = caller.get_export("one").and_then(|one| one.into_func()).unwrap();
            one.call(&mut caller, &[], &mut [])
        })
        .unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = instance.get_func(&store, "two");
    store.call_hook(|mut store, hook| {
        if hook == ReturningFromWasm {
            let two = store.data().unwrap();
            two.call(&mut store, &[], &mut []).unwrap_err();
            store.gc();
        }
        Ok(())
    });
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 1);
    assert!(!store.has_pending_exception());
    let one = instance.get_func(&store, "one").unwrap();
    one.call(&mut store, &[], &mut []).unwrap_err();
    let thrown = store.take_pending_exception().unwrap();
    assert_eq!(thrown.field(&mut store, 0).unwrap().i32(), Some(1));
}
