//! [`Engine`] and [`Config`]: what modules and stores share.

use alloc::sync::Arc;
use windlass_decode::Features;

/// How a running guest is kept in check. Chosen once per engine: code is translated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Metering {
    /// Not at all: fastest.
    #[default]
    None,
    /// It looks at an interrupt flag at function entries and loop iterations.
    Interrupt,
    /// It counts fuel, and looks at the interrupt flag.
    Fuel,
}

/// Settings of an [`Engine`].
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) features: Features,
    pub(crate) metering: Metering,
}

/// What modules and stores share. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<EngineInner>);

pub(crate) struct EngineInner {
    pub(crate) config: Config,
}
