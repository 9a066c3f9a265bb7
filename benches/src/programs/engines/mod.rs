//! The engines that run programs, each in a file and behind a feature of its own, as
//! [`crate::engines`] has them for kernels.

mod alike;
#[cfg(feature = "silverfir")]
mod silverfir;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "pulley")]
mod wasmtime;
mod windlass;

pub use windlass::Windlass;

use super::{
    host::{Error, Host, SharedWorld},
    module::Module,
    run::Guest,
};
use ::windlass::Metering;

/// An engine that runs programs.
pub trait Engine {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Makes an instance of a module whose imports are functions of `host`, in `world`.
    ///
    /// # Errors
    /// If the engine can't.
    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error>;
}

/// When functions are translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    /// All while the module is loaded, so that the work is nothing but execution.
    Loading,
    /// As the engine does by default.
    Default,
}

/// Every engine of this build. The first is the one that the others are compared with.
pub fn engines(translation: Translation) -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Windlass::of(translation)),
        #[cfg(feature = "wasmi")]
        Box::new(wasmi::Wasmi::of(translation)),
        #[cfg(feature = "silverfir")]
        Box::new(silverfir::Silverfir),
        #[cfg(feature = "pulley")]
        Box::new(wasmtime::PULLEY),
        #[cfg(feature = "pulley")]
        Box::new(wasmtime::CRANELIFT),
    ]
}

/// Windlass with fuel, and with a flag that can interrupt it: what that costs. They run if they are
/// asked for by their names.
pub fn metered(translation: Translation) -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Windlass::metered(translation, Metering::Fuel)),
        Box::new(Windlass::metered(translation, Metering::Interrupt)),
    ]
}
