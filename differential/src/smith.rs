//! Modules by wasm-smith: every feature that both engines execute, in any combination.

use crate::Random;
use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// How many loop iterations and calls a module may make.
const STEPS: u32 = 1000;

/// The module of this seed, which ends by itself; none if the bytes do not make one.
pub fn module(seed: u64) -> Option<Vec<u8>> {
    let mut random = Random::new(seed);
    let input = random.bytes(8192);
    from_input(&mut Unstructured::new(&input), &mut random).ok()
}

/// A module that ends by itself, made of the bytes of a fuzzer.
///
/// # Errors
/// If the bytes do not make one.
pub fn from_input(input: &mut Unstructured<'_>, random: &mut Random) -> arbitrary::Result<Vec<u8>> {
    let config = Config {
        canonicalize_nans: true,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        export_everything: true,
        gc_enabled: false,
        max_imports: 0,
        min_funcs: 2,
        max_funcs: 8,
        min_globals: 2,
        min_memories: 1,
        max_memories: if random.chance(50) { 1 } else { 3 },
        max_memory32_bytes: 1 << 18,
        max_memory64_bytes: 1 << 18,
        memory64_enabled: random.chance(50),
        memory_offset_choices: wasm_smith::MemoryOffsetChoices(100, 5, 1),
        max_instructions: 50 + random.below(400),
        min_tables: 1,
        max_tables: 3,
        max_table_elements: 100,
        memory_max_size_required: true,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let mut module = Module::new(config, input)?;
    module.ensure_termination(STEPS).map_err(|_| arbitrary::Error::IncorrectFormat)?;
    Ok(module.to_bytes())
}
