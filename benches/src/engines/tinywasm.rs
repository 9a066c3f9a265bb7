//! tinywasm, in its default configuration.

use super::{Engine, Error, Guest};
use ::tinywasm::{FunctionTyped, HostFunction, Imports, ModuleInstance, Store};

pub(super) struct Tinywasm;

struct Instance {
    store: Store,
    run: FunctionTyped<i32, i64>,
}

impl Engine for Tinywasm {
    fn name(&self) -> &'static str {
        "tinywasm"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let module = ::tinywasm::parse_bytes(wasm)?;
        let mut store = Store::default();
        let mut imports = Imports::new();
        imports.define("host", "step", HostFunction::from(|_, x: i32| Ok(x + 1)));
        let instance = ModuleInstance::instantiate(&mut store, &module, Some(&imports))?;
        let run = instance.func::<i32, i64>(&store, "run")?;
        Ok(Box::new(Instance { store, run }))
    }
}

impl Guest for Instance {
    fn run(&mut self, size: i32) -> Result<i64, Error> {
        Ok(self.run.call(&mut self.store, size)?)
    }
}
