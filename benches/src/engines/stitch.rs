//! Stitch.

use super::{Engine, Error, Guest};
use ::makepad_stitch::{Func, Linker, Module, Store, Val};

pub(super) struct Stitch;

struct Instance {
    store: Store,
    run: Func,
}

impl Engine for Stitch {
    fn name(&self) -> &'static str {
        "stitch"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let engine = ::makepad_stitch::Engine::new();
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(engine);
        let mut linker = Linker::new();
        linker.define("host", "step", Func::wrap(&mut store, |x: i32| -> i32 { x + 1 }));
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.exported_func("run").ok_or("no export `run`")?;
        Ok(Box::new(Instance { store, run }))
    }
}

impl Guest for Instance {
    fn run(&mut self, size: i32) -> Result<i64, Error> {
        let mut results = [Val::I64(0)];
        self.run.call(&mut self.store, &[Val::I32(size)], &mut results)?;
        Ok(results[0].to_i64().ok_or("result of another type")?)
    }
}
