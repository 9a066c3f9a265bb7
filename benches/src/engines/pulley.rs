//! Wasmtime's Pulley: modules are compiled by Cranelift, optimised for speed, to bytecode that is
//! interpreted.

use super::{Engine, Error, Guest};
use ::wasmtime::{Collector, Config, Linker, Module, Store, TypedFunc};

pub(super) struct Pulley;

struct Instance {
    store: Store<()>,
    run: TypedFunc<i32, i64>,
}

impl Engine for Pulley {
    fn name(&self) -> &'static str {
        "pulley"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let mut config = Config::new();
        config.target("pulley64")?;
        config.wasm_gc(true).wasm_function_references(true).wasm_exceptions(true);
        config.collector(Collector::Copying);
        let engine = ::wasmtime::Engine::new(&config)?;
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "step", |x: i32| x + 1)?;
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func(&mut store, "run")?;
        Ok(Box::new(Instance { store, run }))
    }
}

impl Guest for Instance {
    fn run(&mut self, size: i32) -> Result<i64, Error> {
        Ok(self.run.call(&mut self.store, size)?)
    }
}
