//! A guest that calls the host. An `Engine` has the settings, a `Module` is the guest's code, a
//! `Store` holds what runs and the host's own data, an `Instance` is a guest that can be called.

use windlass::{Caller, Engine, Func, Instance, Module, Result, Store};

/// The host's own data: host functions get it from their caller.
struct Host {
    name: String,
    greetings: usize,
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    // Binary or text; text needs the feature `wat`.
    let module = Module::new(
        &engine,
        r#"(module
             (import "host" "greet" (func $greet))
             (func (export "run") (call $greet) (call $greet)))"#,
    )?;
    let mut store = Store::new(&engine, Host { name: "windlass".into(), greetings: 0 });
    let greet = Func::wrap(&mut store, |mut caller: Caller<'_, Host>| {
        println!("hello from {}", caller.data().name);
        caller.data_mut().greetings += 1;
    });

    // Imports are given in the order of the module; a `Linker` finds them by name.
    let instance = Instance::new(&mut store, &module, &[greet.into()])?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    run.call(&mut store, ())?;
    assert_eq!(store.data().greetings, 2);
    Ok(())
}
