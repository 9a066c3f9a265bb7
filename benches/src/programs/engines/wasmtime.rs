//! Wasmtime: its interpreter, for which Cranelift compiles to bytecode, and the code of Cranelift
//! itself, which shows how far a compiler goes. Both compile all of a module while it is loaded.

use super::{Engine, alike::alike};
use std::convert::identity;
use wasmtime::Config;

alike!(
    wasmtime, instantiate, wasmtime::Error::msg,
    f32: identity, identity::<u32>, f64: identity, identity::<u64>
);

/// What runs a program: the name, and the target that Cranelift compiles for if it is not the host.
#[derive(Clone, Copy)]
pub(super) struct Wasmtime(&'static str, Option<&'static str>);

pub(super) const PULLEY: Wasmtime = Wasmtime("pulley", Some("pulley64"));
pub(super) const CRANELIFT: Wasmtime = Wasmtime("cranelift", None);

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        self.0
    }

    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error> {
        let mut config = Config::new();
        if let Some(target) = self.1 {
            config.target(target)?;
        }
        let engine = wasmtime::Engine::new(&config)?;
        instantiate(&engine, Store::new(&engine, ()), module, host, world)
    }
}
