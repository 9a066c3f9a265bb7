//! The interpreters, behind one trait. Each is in a file of its own and behind a feature of its
//! own, and is set up as its documentation recommends for speed.

#[cfg(feature = "pulley")]
mod pulley;
#[cfg(feature = "silverfir")]
mod silverfir;
#[cfg(feature = "stitch")]
mod stitch;
#[cfg(feature = "tinywasm")]
mod tinywasm;
#[cfg(feature = "wasmi")]
mod wasmi;
mod windlass;

/// What goes wrong in an engine, as it tells it.
pub type Error = Box<dyn std::error::Error>;

/// An interpreter.
pub trait Engine {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Makes an instance of a module: decodes, validates, translates as the engine does by default,
    /// and links `host.step`, a function that adds one to its argument.
    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error>;
}

/// An instance.
pub trait Guest {
    /// Calls the export `run`.
    fn run(&mut self, size: i32) -> Result<i64, Error>;
}

/// Every engine that this build has. The first is the one that the others are compared with.
pub fn engines() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(windlass::Windlass),
        #[cfg(feature = "wasmi")]
        Box::new(wasmi::Wasmi),
        #[cfg(feature = "silverfir")]
        Box::new(silverfir::Silverfir),
        #[cfg(feature = "stitch")]
        Box::new(stitch::Stitch),
        #[cfg(feature = "pulley")]
        Box::new(pulley::Pulley),
        #[cfg(feature = "tinywasm")]
        Box::new(tinywasm::Tinywasm),
    ]
}
