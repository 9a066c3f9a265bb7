//! wasmi, in its default configuration.

use super::{Engine, Error, Guest};
use ::wasmi::{Linker, Module, Store, TypedFunc};

pub(super) struct Wasmi;

struct Instance {
    store: Store<()>,
    run: TypedFunc<i32, i64>,
}

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        "wasmi"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let engine = ::wasmi::Engine::default();
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "step", |x: i32| x + 1)?;
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let run = instance.get_typed_func(&store, "run")?;
        Ok(Box::new(Instance { store, run }))
    }
}

impl Guest for Instance {
    fn run(&mut self, size: i32) -> Result<i64, Error> {
        Ok(self.run.call(&mut self.store, size)?)
    }
}
