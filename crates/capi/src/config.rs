//! `wasm_config_t` and `wasm_engine_t`.

use crate::entry::{Mut, Name, Own, entries, lock, text};
use std::sync::Mutex;
use windlass::{CompilationMode, Config, Engine, Metering};

/// The settings of an engine.
pub struct wasm_config_t(Mutex<Config>);

/// What stores and modules belong to. Threads can share it.
pub struct wasm_engine_t(pub(crate) Engine);

type Switch = fn(&mut Config, bool) -> &mut Config;

/// The features that have a switch, by the names of their proposals.
const FEATURES: [(&str, Switch); 16] = [
    ("multi-value", Config::wasm_multi_value),
    ("bulk-memory", Config::wasm_bulk_memory),
    ("reference-types", Config::wasm_reference_types),
    ("simd", Config::wasm_simd),
    ("relaxed-simd", Config::wasm_relaxed_simd),
    ("tail-call", Config::wasm_tail_call),
    ("extended-const", Config::wasm_extended_const),
    ("multi-memory", Config::wasm_multi_memory),
    ("memory64", Config::wasm_memory64),
    ("function-references", Config::wasm_function_references),
    ("gc", Config::wasm_gc),
    ("exceptions", Config::wasm_exceptions),
    ("legacy-exceptions", Config::wasm_legacy_exceptions),
    ("threads", Config::wasm_threads),
    ("wide-arithmetic", Config::wasm_wide_arithmetic),
    ("custom-page-sizes", Config::wasm_custom_page_sizes),
];

/// Changes settings.
pub(crate) fn set(config: Mut<'_, wasm_config_t>, f: impl FnOnce(&mut Config)) {
    if let Some(Ok(mut config)) = config.map(|config| lock(&config.0)) {
        f(&mut config);
    }
}

/// How deep calls from the host to guests nest by default: each takes a part of the native stack,
/// also of callbacks. With the library's 200 a debugging build took more than 1 MiB.
const NESTED_CALLS: usize = 64;

/// The settings by default.
fn default_config() -> Config {
    let mut config = Config::new();
    config.max_nested_calls(NESTED_CALLS);
    config
}

entries! {
    /// The settings by default.
    fn wasm_config_new() -> Own<wasm_config_t> {
        Some(Box::new(wasm_config_t(Mutex::new(default_config()))))
    }

    /// Deletes them.
    fn wasm_config_delete(config: Own<wasm_config_t>) {
        drop(config);
    }

    /// An engine with the settings by default.
    fn wasm_engine_new() -> Own<wasm_engine_t> {
        Some(Box::new(wasm_engine_t(Engine::new(&default_config()).ok()?)))
    }

    /// An engine with these settings, which it takes; null if they don't fit together.
    fn wasm_engine_new_with_config(config: Own<wasm_config_t>) -> Own<wasm_engine_t> {
        let config = config?;
        let config = lock(&config.0).ok()?;
        Some(Box::new(wasm_engine_t(Engine::new(&config).ok()?)))
    }

    /// Gives the engine up: it ends with the last that belongs to it.
    fn wasm_engine_delete(engine: Own<wasm_engine_t>) {
        drop(engine);
    }

    /// Whether guests pay fuel. They can be interrupted then, too.
    fn windlass_config_consume_fuel(config: Mut<'_, wasm_config_t>, enable: bool) {
        set(config, |config| {
            config.consume_fuel(enable);
        });
    }

    /// Whether guests can be interrupted.
    fn windlass_config_interruptible(config: Mut<'_, wasm_config_t>, enable: bool) {
        let metering = if enable { Metering::Interrupt } else { Metering::None };
        set(config, |config| {
            config.metering(metering);
        });
    }

    /// Whether functions are validated with the module and translated with it, not when they are
    /// called first.
    fn windlass_config_compile_eagerly(config: Mut<'_, wasm_config_t>, enable: bool) {
        let default = CompilationMode::LazyTranslation;
        let mode = if enable { CompilationMode::Eager } else { default };
        set(config, |config| {
            config.compilation_mode(mode);
        });
    }

    /// The most that a call's value stack may take, in bytes.
    fn windlass_config_max_wasm_stack(config: Mut<'_, wasm_config_t>, bytes: usize) {
        set(config, |config| {
            config.max_wasm_stack(bytes);
        });
    }

    /// How deep calls from the host to guests may nest: 64 by default.
    fn windlass_config_max_nested_calls(config: Mut<'_, wasm_config_t>, depth: usize) {
        set(config, |config| {
            config.max_nested_calls(depth);
        });
    }

    /// Whether all NaNs that instructions make have the same bits.
    fn windlass_config_canonicalize_nans(config: Mut<'_, wasm_config_t>, enable: bool) {
        set(config, |config| {
            config.canonicalize_nans(enable);
        });
    }

    /// Switches a feature; false if it is not known.
    fn windlass_config_feature(config: Mut<'_, wasm_config_t>, name: Name, enable: bool) -> bool {
        // SAFETY: the caller's.
        let name = unsafe { text(name) };
        let known = FEATURES.iter().find(|(known, _)| Some(*known) == name);
        if let Some((_, switch)) = known {
            set(config, |config| {
            switch(config, enable);
        });
        }
        known.is_some() && config.is_some()
    }

    /// Lets time pass for the deadlines of the engine's stores; from any thread.
    fn windlass_engine_increment_epoch(engine: Mut<'_, wasm_engine_t>) {
        if let Some(engine) = engine {
            engine.0.increment_epoch();
        }
    }
}
