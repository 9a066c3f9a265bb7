//! Generated modules, some of them with bytes changed: our verdict is wasmparser's.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use wasm_smith::{Config, Module};
use wasmparser::{Validator, WasmFeatures};
use windlass_decode::Features;

fuzz_target!(|bytes: Bytes| {
    let ours = Features::WASM3 | Features::CUSTOM_DESCRIPTORS;
    let ours = windlass_validate::validate(&bytes.0, ours);
    let theirs = Validator::new_with_features(FEATURES).validate_all(&bytes.0);
    match (ours, theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        // The limits of implementations differ.
        (Err(error), Ok(_)) if error.to_string().contains("exceeds the limit") => {}
        (Err(error), Ok(_)) => panic!("valid for wasmparser; ours: {error}"),
        (Ok(_), Err(error)) if is_old_rule(&error.to_string()) => {}
        (Ok(_), Err(error)) => panic!("valid for us; wasmparser: {error}"),
    }
});

/// The features of WebAssembly 3.0, and custom descriptors.
const FEATURES: WasmFeatures =
    WasmFeatures::WASM3.difference(WasmFeatures::THREADS).union(WasmFeatures::CUSTOM_DESCRIPTORS);

/// Rules for descriptors that the proposal had once, and wasmparser still has.
fn is_old_rule(error: &str) -> bool {
    let rules = [
        "descriptor and described type must have the same finality",
        "sub type with descriptor must have super type with descriptor",
    ];
    rules.iter().any(|rule| error.contains(rule))
}

/// What is validated.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl<'a> Arbitrary<'a> for Bytes {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Bytes> {
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
        for _ in 0..input.int_in_range(0..=3)? {
            let at = input.choose_index(bytes.len())?;
            bytes[at] = input.arbitrary()?;
        }
        Ok(Bytes(bytes))
    }
}
