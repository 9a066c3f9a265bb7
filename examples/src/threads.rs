//! One module on several threads: an engine and its modules can be used by all, and each thread has
//! a store of its own. A store can also move from one thread to another.

use std::thread;
use windlass::{Caller, Engine, Linker, Module, Result, Store};

const GUEST: &str = r#"
    (import "host" "thread" (func $thread (result i32)))
    (func (export "run") (result i32) (i32.mul (call $thread) (i32.const 10)))"#;

/// A guest on one thread; its store comes back with what it counted.
fn guest(engine: &Engine, module: &Module, number: i32) -> Result<(i32, Store<usize>)> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "thread", move |mut caller: Caller<'_, usize>| {
        *caller.data_mut() += 1;
        number
    })?;
    let mut store = Store::new(engine, 0);
    let instance = linker.instantiate(&mut store, module)?;
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    for _ in 0..10 {
        run.call(&mut store, ())?;
    }
    Ok((run.call(&mut store, ())?, store))
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let threads: Vec<_> = (0..4)
        .map(|number| {
            // Copies of the same: they cost nothing.
            let (engine, module) = (engine.clone(), module.clone());
            thread::spawn(move || guest(&engine, &module, number))
        })
        .collect();
    for (number, thread) in (0..).zip(threads) {
        let (result, store) = thread.join().expect("it ends")?;
        println!("thread {number} returned {result}, after {} calls", store.data());
        assert_eq!((result, *store.data()), (10 * number, 11));
    }
    Ok(())
}
