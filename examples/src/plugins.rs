//! Guests that are not trusted: a host of plugins that limits what they take, stops those that run
//! too long, survives those that trap, and replaces one by a newer version while it runs.

use std::collections::BTreeMap;
use windlass::{
    Caller, Config, Engine, Error, Instance, Linker, Module, Result, Store, StoreLimits,
    StoreLimitsBuilder, Trap, TypedFunc,
};

/// What a plugin can reach: nothing but what is here.
struct Host {
    notes: Vec<i32>,
    limits: StoreLimits,
}

/// A plugin that is loaded.
struct Plugin {
    store: Store<Host>,
    handle: TypedFunc<i32, i32>,
}

/// So much may all that a plugin makes the host hold take, and so much fuel a call of it.
const MEMORY: usize = 1 << 20;
const FUEL: u64 = 100_000;

impl Plugin {
    fn load(linker: &Linker<Host>, code: &str) -> Result<Plugin> {
        let module = Module::new(linker.engine(), code)?;
        let limits = StoreLimitsBuilder::new().total_size(MEMORY).instances(1).build();
        let mut store = Store::new(linker.engine(), Host { notes: Vec::new(), limits });
        store.limiter(|host| &mut host.limits);
        // Its start function, too, is a guest's code.
        store.set_fuel(FUEL)?;
        let instance: Instance = linker.instantiate(&mut store, &module)?;
        let handle = instance.get_typed_func(&store, "handle")?;
        Ok(Plugin { store, handle })
    }

    /// Asks the plugin. Each call has fuel of its own.
    fn handle(&mut self, request: i32) -> Result<i32> {
        self.store.set_fuel(FUEL)?;
        self.handle.call(&mut self.store, request)
    }
}

/// All plugins, by name.
struct Plugins {
    linker: Linker<Host>,
    loaded: BTreeMap<String, Plugin>,
}

impl Plugins {
    fn new() -> Result<Plugins> {
        let engine = Engine::new(Config::new().consume_fuel(true).max_wasm_stack(1 << 18))?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap(
            "host",
            "note",
            |mut caller: Caller<'_, Host>, note: i32| -> Result<()> {
                // What the host does for a guest is limited by the host.
                if caller.data().notes.len() == 100 {
                    return Err(Error::msg("too many notes"));
                }
                caller.data_mut().notes.push(note);
                Ok(())
            },
        )?;
        Ok(Plugins { linker, loaded: BTreeMap::new() })
    }

    /// Loads a plugin, or a new version of it. If that fails, the old one stays.
    fn load(&mut self, name: &str, code: &str) -> Result<()> {
        let plugin = Plugin::load(&self.linker, code)?;
        self.loaded.insert(name.into(), plugin);
        Ok(())
    }

    fn ask(&mut self, name: &str, request: i32) -> Result<i32> {
        let plugin = self.loaded.get_mut(name).ok_or_else(|| Error::msg("no such plugin"))?;
        plugin.handle(request)
    }
}

pub(crate) fn main() -> Result<()> {
    let mut plugins = Plugins::new()?;
    let adds = |n: i32| {
        format!(
            r#"(import "host" "note" (func $note (param i32)))
               (func (export "handle") (param i32) (result i32)
                 (call $note (local.get 0))
                 (i32.add (local.get 0) (i32.const {n})))"#
        )
    };
    plugins.load("adder", &adds(1))?;
    assert_eq!(plugins.ask("adder", 41)?, 42);

    // A new version, which goes into force at once. One that is broken does not.
    plugins.load("adder", &adds(100))?;
    assert_eq!(plugins.ask("adder", 41)?, 141);
    assert!(plugins.load("adder", r#"(func (export "handle"))"#).is_err());
    assert_eq!(plugins.ask("adder", 1)?, 101);
    assert_eq!(plugins.loaded["adder"].store.data().notes, [41, 1]);

    // Whatever a plugin does, it ends with an error, and the others go on.
    let function = |body: &str| {
        format!(r#"(memory 1) (func $f (export "handle") (param i32) (result i32) {body})"#)
    };
    plugins.load("endless", &function("(loop $l (br $l)) (unreachable)"))?;
    plugins.load("deep", &function("(call $f (local.get 0))"))?;
    plugins.load("wrong", &function("(i32.load (i32.const -4))"))?;
    for (name, trap) in [
        ("endless", Trap::OutOfFuel),
        ("deep", Trap::StackOverflow),
        ("wrong", Trap::MemoryOutOfBounds),
    ] {
        let error = plugins.ask(name, 0).unwrap_err();
        println!("{name}: {}", error.trap().expect("a trap"));
        assert_eq!(error.trap(), Some(trap), "{name}");
    }
    // Memory that it does not get is no error: it is told so.
    plugins.load("greedy", &function("(memory.grow (i32.const 100))"))?;
    assert_eq!(plugins.ask("greedy", 0)?, -1);
    assert_eq!(plugins.ask("adder", 2)?, 102);
    Ok(())
}
