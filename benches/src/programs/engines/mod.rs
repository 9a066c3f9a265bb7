//! The engines that run programs, each in a file and behind a feature of its own, as
//! [`crate::engines`] has them for kernels.

#[cfg(feature = "silverfir")]
mod silverfir;
#[cfg(feature = "wasmi")]
mod wasmi;
mod windlass;

pub use windlass::Windlass;

use super::{
    host::{Error, Host, SharedWorld},
    module::Module,
    run::Guest,
};

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

/// Every engine of this build. The first is the one that the others are compared with.
pub fn engines() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Windlass::default()),
        #[cfg(feature = "wasmi")]
        Box::new(wasmi::Wasmi),
        #[cfg(feature = "silverfir")]
        Box::new(silverfir::Silverfir),
    ]
}
