//! Generated modules: by wasm-smith with every feature that Windlass has, some of them with bytes
//! changed. Those that targets read, validate, translate and execute.

use arbitrary::{Result, Unstructured};
use wasm_smith::{Config, MemoryOffsetChoices, Module};

/// How many loop iterations and calls a module that ends by itself may make.
const STEPS: u32 = 500;

/// A module with every feature, and imports of every kind; a quarter of them have functions of
/// arbitrary bytes.
pub(crate) fn any(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let config = Config {
        allow_invalid_funcs: input.ratio(1, 4)?,
        compact_imports_enabled: input.ratio(1, 8)?,
        custom_descriptors_enabled: input.ratio(1, 4)?,
        custom_page_sizes_enabled: input.ratio(1, 8)?,
        threads_enabled: input.ratio(1, 8)?,
        wide_arithmetic_enabled: input.ratio(1, 4)?,
        shared_everything_threads_enabled: false,
        max_memories: 3,
        max_tables: 4,
        ..Config::default()
    };
    Ok(Module::new(config, input)?.to_bytes())
}

/// A module for execution: it exports everything, and its memories and tables stay small.
pub(crate) struct Executable {
    pub(crate) wasm: Vec<u8>,
    /// Whether it ends by itself, without fuel.
    pub(crate) ends: bool,
    /// Whether its own code makes NaNs canonical.
    pub(crate) canonical: bool,
}

/// Such a module. What it may do is chosen by the bytes, so that each feature is also absent.
pub(crate) fn executable(input: &mut Unstructured<'_>) -> Result<Executable> {
    let canonical = input.arbitrary()?;
    let config = Config {
        canonicalize_nans: canonical,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        custom_descriptors_enabled: input.ratio(1, 4)?,
        exceptions_enabled: input.arbitrary()?,
        export_everything: true,
        gc_enabled: input.arbitrary()?,
        max_imports: if input.arbitrary()? { 0 } else { 6 },
        min_funcs: 2,
        max_funcs: 8,
        min_globals: 1,
        min_memories: 1,
        max_memories: input.int_in_range(1..=3)?,
        max_memory32_bytes: 1 << 18,
        max_memory64_bytes: 1 << 18,
        memory64_enabled: input.arbitrary()?,
        memory_offset_choices: MemoryOffsetChoices(100, 5, 1),
        max_instructions: input.int_in_range(20..=400)?,
        min_tables: 1,
        max_tables: 3,
        max_table_elements: 100,
        memory_max_size_required: true,
        relaxed_simd_enabled: true,
        shared_everything_threads_enabled: false,
        simd_enabled: input.arbitrary()?,
        table_max_size_required: true,
        threads_enabled: false,
        wide_arithmetic_enabled: input.ratio(1, 4)?,
        ..Config::default()
    };
    let mut module = Module::new(config, input)?;
    let ends = input.ratio(3, 4)?;
    if ends {
        module.ensure_termination(STEPS).map_err(|_| arbitrary::Error::IncorrectFormat)?;
    }
    Ok(Executable { wasm: module.to_bytes(), ends, canonical })
}

/// Changes some bytes, or none.
pub(crate) fn damage(bytes: &mut [u8], input: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..input.int_in_range(0..=3)? {
        let at = input.choose_index(bytes.len())?;
        bytes[at] = input.arbitrary()?;
    }
    Ok(())
}

/// A module for other engines.
pub(crate) struct Portable {
    pub(crate) wasm: Vec<u8>,
    /// Whether it may have structures and arrays.
    pub(crate) has_objects: bool,
}

/// A module that other engines execute, too: without imports, proposals that few have, or
/// instructions whose results are the host's choice. It ends by itself and makes NaNs canonical.
pub(crate) fn portable(input: &mut Unstructured<'_>) -> Result<Portable> {
    let has_objects = input.arbitrary()?;
    let config = Config {
        canonicalize_nans: true,
        compact_imports_enabled: false,
        custom_descriptors_enabled: false,
        custom_page_sizes_enabled: false,
        exceptions_enabled: input.arbitrary()?,
        export_everything: true,
        gc_enabled: has_objects,
        max_imports: 0,
        min_funcs: 2,
        max_funcs: 8,
        max_memories: input.int_in_range(1..=2)?,
        min_memories: 1,
        max_memory32_bytes: 1 << 18,
        max_memory64_bytes: 1 << 18,
        memory64_enabled: input.arbitrary()?,
        memory_max_size_required: true,
        memory_offset_choices: MemoryOffsetChoices(100, 5, 1),
        max_instructions: input.int_in_range(20..=400)?,
        min_tables: 1,
        max_tables: 3,
        max_table_elements: 100,
        table_max_size_required: true,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        simd_enabled: input.arbitrary()?,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let mut module = Module::new(config, input)?;
    module.ensure_termination(STEPS).map_err(|_| arbitrary::Error::IncorrectFormat)?;
    Ok(Portable { wasm: module.to_bytes(), has_objects })
}
