//! Windlass, in its default configuration but for when it translates, or with an engine that is
//! given.

use super::{Engine, Translation, alike::alike};
use std::convert::identity;
use windlass::{CompilationMode, Config, Metering};

alike!(
    windlass, instantiate, windlass::Error::msg,
    f32: identity, identity::<u32>, f64: identity, identity::<u64>
);

/// Windlass.
pub struct Windlass {
    engine: windlass::Engine,
    metering: Metering,
}

impl Windlass {
    pub(super) fn of(translation: Translation) -> Windlass {
        Windlass::metered(translation, Metering::None)
    }

    pub(super) fn metered(translation: Translation, metering: Metering) -> Windlass {
        let mut config = Config::new();
        config.metering(metering);
        if translation == Translation::Loading {
            config.compilation_mode(CompilationMode::Eager);
        }
        let engine = windlass::Engine::new(&config).expect("nothing of it contradicts itself");
        Windlass { engine, metering }
    }

    /// With this engine, which has no metering.
    pub fn new(engine: &windlass::Engine) -> Windlass {
        Windlass { engine: engine.clone(), metering: Metering::None }
    }

    /// With fuel.
    pub fn fueled() -> Windlass {
        Windlass::metered(Translation::Default, Metering::Fuel)
    }
}

impl Engine for Windlass {
    fn name(&self) -> &'static str {
        match self.metering {
            Metering::Fuel => "windlass-fuel",
            Metering::Interrupt => "windlass-interrupts",
            _ => "windlass",
        }
    }

    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error> {
        let mut store = Store::new(&self.engine, ());
        if self.metering == Metering::Fuel {
            store.set_fuel(u64::MAX)?;
        }
        instantiate(&self.engine, store, module, host, world)
    }
}
