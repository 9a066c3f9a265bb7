//! [`Engine`]: settings that modules and stores share, from a `Config`, which is Python's.

use crate::errors;
use pyo3::{prelude::*, sync::PyOnceLock, types::PyTuple};
use std::sync::{Mutex, PoisonError};
use windlass::{CompilationMode, Config, Metering};

/// What modules and stores share.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Engine {
    pub(crate) engine: windlass::Engine,
    /// How often it was incremented: the library's own count, which it does not tell.
    epoch: Mutex<u64>,
}

impl Engine {
    /// The engine of stores and modules that are made without one.
    pub(crate) fn default_one(py: Python<'_>) -> PyResult<Py<Engine>> {
        static DEFAULT: PyOnceLock<Py<Engine>> = PyOnceLock::new();
        let make = || Py::new(py, Engine::new(py, None)?);
        Ok(DEFAULT.get_or_try_init(py, make)?.clone_ref(py))
    }

    pub(crate) fn epoch(&self) -> u64 {
        *self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch in which `set` was called.
    pub(crate) fn deadline(
        &self,
        set: impl FnOnce() -> windlass::Result<()>,
    ) -> windlass::Result<u64> {
        let epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        set().map(|()| *epoch)
    }
}

/// How deep calls from Python to guests nest: each takes a part of the native stack, and Python's
/// own calls do, too. With the library's 200 a debugging build took more than 2 MiB.
const NESTED_CALLS: usize = 64;

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (config=None))]
    fn new(py: Python<'_>, config: Option<&Bound<'_, PyAny>>) -> PyResult<Engine> {
        let mut settings = Config::new();
        settings.metering(Metering::Interrupt).max_nested_calls(NESTED_CALLS);
        if let Some(config) = config {
            apply(&mut settings, config)?;
        }
        let engine = windlass::Engine::new(&settings).map_err(|error| errors::raise(py, error))?;
        Ok(Engine { engine, epoch: Mutex::new(0) })
    }

    /// Another epoch begins: stops guests whose deadline it is.
    fn increment_epoch(&self) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch = epoch.saturating_add(1);
        self.engine.increment_epoch();
    }

    /// For `with`, whose end does nothing: what nobody refers to any more ends by itself.
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyTuple>) {}
}

/// A setting that is on or off.
type Switch = fn(&mut Config, bool) -> &mut Config;

/// The settings that are on or off, and are left alone if they are None.
const SWITCHES: [(&str, Switch); 16] = [
    ("wasm_multi_value", Config::wasm_multi_value),
    ("wasm_bulk_memory", Config::wasm_bulk_memory),
    ("wasm_reference_types", Config::wasm_reference_types),
    ("wasm_simd", Config::wasm_simd),
    ("wasm_relaxed_simd", Config::wasm_relaxed_simd),
    ("wasm_tail_call", Config::wasm_tail_call),
    ("wasm_extended_const", Config::wasm_extended_const),
    ("wasm_multi_memory", Config::wasm_multi_memory),
    ("wasm_memory64", Config::wasm_memory64),
    ("wasm_function_references", Config::wasm_function_references),
    ("wasm_gc", Config::wasm_gc),
    ("wasm_exceptions", Config::wasm_exceptions),
    ("wasm_threads", Config::wasm_threads),
    ("wasm_wide_arithmetic", Config::wasm_wide_arithmetic),
    ("wasm_custom_page_sizes", Config::wasm_custom_page_sizes),
    ("canonicalize_nans", Config::canonicalize_nans),
];

fn apply(settings: &mut Config, config: &Bound<'_, PyAny>) -> PyResult<()> {
    for (name, set) in SWITCHES {
        if let Some(on) = config.getattr(name)?.extract::<Option<bool>>()? {
            set(settings, on);
        }
    }
    let is = |name: &str| config.getattr(name)?.extract::<bool>();
    settings.metering(
        match (is("consume_fuel")?, is("interrupts")? || is("epoch_interruption")?) {
            (true, _) => Metering::Fuel,
            (false, true) => Metering::Interrupt,
            (false, false) => Metering::None,
        },
    );
    settings.max_wasm_stack(config.getattr("max_wasm_stack")?.extract()?);
    let mode: String = config.getattr("compilation_mode")?.extract()?;
    settings.compilation_mode(match mode.as_str() {
        "eager" => CompilationMode::Eager,
        "lazy" => CompilationMode::Lazy,
        _ => CompilationMode::LazyTranslation,
    });
    Ok(())
}
