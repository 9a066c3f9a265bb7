//! How much native stack calls take that go back and forth between host and guest: see
//! `Config::max_nested_calls`.

use crate::linked;
use std::{hint::black_box, thread};
use windlass::{Caller, Config, Engine, Error, Func, Linker, Trap, Val};

/// What the host function keeps on its stack.
const FRAME: usize = 4096;

/// How deep the calls have come, and where on the stack the first and the last were.
#[derive(Default)]
struct Depth {
    levels: usize,
    first: usize,
    last: usize,
}

/// The guest calls the host, which calls the guest, until the guest has done so `levels` times or
/// traps.
fn recursion(engine: &Engine, levels: i32) -> (Result<(), Error>, Depth) {
    let mut linker: Linker<Depth> = Linker::new(engine);
    let back = |mut caller: Caller<'_, Depth>, n: i32| -> Result<i32, Error> {
        let mut frame = [0u8; FRAME];
        let here = black_box(&mut frame).as_ptr() as usize;
        let depth = caller.data_mut();
        depth.levels += 1;
        depth.last = here;
        if depth.first == 0 {
            depth.first = here;
        }
        let f = caller.get_export("f").and_then(|f| f.into_func()).unwrap();
        let mut results = [Val::I32(0)];
        f.call(&mut caller, &[Val::I32(n - 1)], &mut results)?;
        black_box(&mut frame);
        Ok(results[0].unwrap_i32())
    };
    linker.func_wrap("env", "back", back).unwrap();
    let text = r#"
        (import "env" "back" (func $back (param i32) (result i32)))
        (func (export "f") (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.add (call $back (local.get 0)) (i32.const 1)))
            (else (i32.const 0))))"#;
    let (mut store, instance) = linked(&linker, Depth::default(), text);
    let f = instance.get_func(&store, "f").unwrap();
    let outcome = f.call(&mut store, &[Val::I32(levels)], &mut [Val::I32(0)]);
    (outcome, store.into_data())
}

fn on_a_stack_of<R: Send + 'static>(bytes: usize, run: impl FnOnce() -> R + Send + 'static) -> R {
    thread::Builder::new().stack_size(bytes).spawn(run).unwrap().join().unwrap()
}

#[test]
fn the_default_depth_fits_the_usual_stack_of_a_thread() {
    let depth = on_a_stack_of(2 << 20, || {
        let (outcome, depth) = recursion(&Engine::default(), i32::MAX);
        assert_eq!(outcome.unwrap_err().trap(), Some(Trap::StackOverflow));
        depth
    });
    let default = 200;
    assert_eq!(depth.levels, default);
    let used = depth.first - depth.last;
    println!("{} bytes a level", used / (depth.levels - 1));
    // A quarter is left for what is above and below.
    assert!(used < 3 << 19, "{used}");
}

#[test]
fn with_more_stack_calls_go_deeper() {
    let engine = Engine::new(Config::new().max_nested_calls(2000)).unwrap();
    let levels = on_a_stack_of(2000 * (16 << 10), move || {
        let (outcome, depth) = recursion(&engine, 1999);
        outcome.unwrap();
        assert_eq!(depth.levels, 1999);
        let (outcome, depth) = recursion(&engine, i32::MAX);
        assert_eq!(outcome.unwrap_err().trap(), Some(Trap::StackOverflow));
        depth.levels
    });
    assert_eq!(levels, 2000);
}

/// A host function that nothing but the host calls.
#[test]
fn the_host_alone_goes_no_deeper() {
    let levels = on_a_stack_of(2 << 20, || {
        let mut store = windlass::Store::new(&Engine::default(), (None::<Func>, 0));
        let call = |mut caller: Caller<'_, (Option<Func>, usize)>| -> Result<(), Error> {
            black_box(&mut [0u8; FRAME]);
            caller.data_mut().1 += 1;
            let own = caller.data().0.expect("set below");
            own.call(&mut caller, &[], &mut [])
        };
        let func = Func::wrap(&mut store, call);
        store.data_mut().0 = Some(func);
        let error = func.call(&mut store, &[], &mut []).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::StackOverflow));
        store.data().1
    });
    assert_eq!(levels, 200);
}
