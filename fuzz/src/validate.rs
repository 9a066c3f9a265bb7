//! Generated modules, some of them with bytes changed: our verdict is wasmparser's.

use crate::modules;
use arbitrary::{Result, Unstructured};
use wasm_smith::{Config, Module};
use wasmparser::{Validator, WasmFeatures};
use windlass_decode::Features;

/// The features of WebAssembly 3.0, and custom descriptors.
const FEATURES: WasmFeatures =
    WasmFeatures::WASM3.difference(WasmFeatures::THREADS).union(WasmFeatures::CUSTOM_DESCRIPTORS);

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let config = Config {
        allow_invalid_funcs: input.ratio(1, 4)?,
        custom_descriptors_enabled: input.ratio(1, 4)?,
        custom_page_sizes_enabled: false,
        compact_imports_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 3,
        max_tables: 4,
        ..Config::default()
    };
    let mut bytes = Module::new(config, input)?.to_bytes();
    modules::damage(&mut bytes, input)?;
    Ok(u64::from(is_valid(&bytes)))
}

/// Compares the verdicts.
fn is_valid(bytes: &[u8]) -> bool {
    let ours = Features::WASM3 | Features::CUSTOM_DESCRIPTORS;
    let ours = windlass_validate::validate(bytes, ours);
    let theirs = Validator::new_with_features(FEATURES).validate_all(bytes);
    let valid = ours.is_ok();
    match (ours, theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        // The limits of implementations differ.
        (Err(error), Ok(_)) if error.to_string().contains("exceeds the limit") => {}
        (Err(error), Ok(_)) => panic!("valid for wasmparser; ours: {error}"),
        (Ok(_), Err(error)) if is_old_rule(&error.to_string()) => {}
        (Ok(_), Err(error)) => panic!("valid for us; wasmparser: {error}"),
    }
    valid
}

/// Rules for descriptors that the proposal had once, and wasmparser still has.
fn is_old_rule(error: &str) -> bool {
    let rules = [
        "descriptor and described type must have the same finality",
        "sub type with descriptor must have super type with descriptor",
    ];
    rules.iter().any(|rule| error.contains(rule))
}
