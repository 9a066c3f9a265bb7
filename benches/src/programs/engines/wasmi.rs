//! wasmi, in its default configuration but for when it translates.

use super::{Engine, Translation, alike::alike};
use wasmi::{CompilationMode, Config, F32, F64};

alike!(
    wasmi, instantiate_and_start, wasmi::Error::new,
    f32: F32::from_bits, F32::to_bits, f64: F64::from_bits, F64::to_bits
);

pub(super) struct Wasmi(wasmi::Engine);

impl Wasmi {
    pub(super) fn of(translation: Translation) -> Wasmi {
        let mut config = Config::default();
        if translation == Translation::Loading {
            config.compilation_mode(CompilationMode::Eager);
        }
        Wasmi(wasmi::Engine::new(&config))
    }
}

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        "wasmi"
    }

    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error> {
        instantiate(&self.0, Store::new(&self.0, ()), module, host, world)
    }
}
