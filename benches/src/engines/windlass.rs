//! Windlass, in its default configuration.

use super::{Engine, Error, Guest};
use ::windlass::{Linker, Module, Store, TypedFunc};

pub(super) struct Windlass;

struct Instance {
    store: Store<()>,
    run: TypedFunc<i32, i64>,
}

impl Engine for Windlass {
    fn name(&self) -> &'static str {
        "windlass"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let engine = ::windlass::Engine::default();
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
