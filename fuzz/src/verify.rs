//! Generated modules are translated for each kind of metering, with and without fused cells: what
//! is valid becomes code that the verifier takes, with all that collections are told of its frames,
//! and code that can be shown.

use crate::modules;
use arbitrary::{Result, Unstructured};
use windlass::{CodeTooLarge, CompilationMode, Config, Engine, Features, Metering, Module};

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let mut bytes = modules::any(input)?;
    if input.ratio(1, 4)? {
        modules::damage(&mut bytes, input)?;
    }
    let is_valid = windlass_validate::validate(&bytes, Features::ALL).is_ok();
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        for fuse in [true, false] {
            let mut config = Config::new();
            config.features(Features::ALL).metering(metering).fuse(fuse).verify_code(true);
            config.canonicalize_nans(metering == Metering::Interrupt);
            translate(&bytes, &config, is_valid);
        }
    }
    Ok(u64::from(is_valid))
}

/// Translates everything at once, and has the code verified.
fn translate(bytes: &[u8], config: &Config, is_valid: bool) {
    let engine = Engine::new(config.clone().compilation_mode(CompilationMode::Eager));
    let engine = engine.expect("the settings are valid");
    match Module::new(&engine, bytes) {
        Ok(module) => {
            assert!(is_valid, "invalid, but translated");
            let decoded = windlass_decode::Module::decode(bytes, Features::ALL);
            let decoded = decoded.expect("it was decoded before");
            for func in 0..decoded.imports.len() + decoded.bodies.len() {
                // Imports that are no functions, and imported functions, have none.
                let func = u32::try_from(func).expect("there are less");
                let listing = module.listing(func).map(|listing| listing.to_string());
                assert!(listing.is_none_or(|text| !text.is_empty()));
                if let Err(error) = module.verify_maps(func) {
                    panic!("function {func}: {error}");
                }
            }
        }
        Err(error) if error.downcast_ref::<CodeTooLarge>().is_some() => {}
        Err(error) => assert!(!is_valid, "valid, but: {error}"),
    }
}
