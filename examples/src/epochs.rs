//! Deadlines for many guests with one clock: the engine counts epochs, which one thread increments
//! now and then, and each store says how many more it may see.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};
use windlass::{Config, Engine, Instance, Metering, Module, Result, Store, Trap};

const GUEST: &str = r#"
    (func (export "short") (result i32) (i32.const 1))
    (func (export "endless") (loop $again (br $again)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    let module = Module::new(&engine, GUEST)?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // The clock of all guests of the engine.
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
                engine.increment_epoch();
            }
        });
        let guests: Vec<_> = (0..3).map(|_| scope.spawn(|| guest(&engine, &module))).collect();
        let results: Result<()> =
            guests.into_iter().try_for_each(|guest| guest.join().expect("it ends"));
        done.store(true, Ordering::Relaxed);
        results
    })
}

fn guest(engine: &Engine, module: &Module) -> Result<()> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[])?;
    // Far away: it will not be met.
    store.set_epoch_deadline(1_000_000)?;
    assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "short")?.call(&mut store, ())?, 1);
    // Two epochs from now.
    store.set_epoch_deadline(2)?;
    let endless = instance.get_typed_func::<(), ()>(&mut store, "endless")?;
    let error = endless.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupted));
    println!("{error}");
    Ok(())
}
