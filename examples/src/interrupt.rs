//! Stopping a guest from another thread, wherever it is. It costs less than fuel, and needs no
//! number that says how much is enough.

use std::{thread, time::Duration};
use windlass::{Config, Engine, Instance, Metering, Module, Result, Store, Trap};

const FOREVER: &str = r#"(func (export "run") (loop $again (br $again)))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    let module = Module::new(&engine, FOREVER)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;

    // The handle can go to any thread, to one that handles signals, or to a timer.
    let handle = store.interrupt_handle()?;
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        handle.interrupt();
    });
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupted));
    println!("{error}");
    other.join().expect("the thread ends");
    Ok(())
}
