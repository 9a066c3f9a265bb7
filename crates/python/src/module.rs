//! [`Module`], [`wat2wasm`] and [`wasm2wat`].

use crate::{
    convert,
    engine::Engine,
    errors,
    types::{export_to_py, import_to_py},
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyString, PyTuple},
};
use std::path::PathBuf;

/// A module: decoded and validated once, then shared by stores.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Module {
    pub(crate) module: windlass::Module,
}

/// The bytes of a module, which is given as bytes, or as text.
fn bytes(wasm: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = wasm.cast::<PyString>() {
        return Ok(text.to_string_lossy().into_owned().into_bytes());
    }
    if convert::is_number(wasm)? {
        return Err(PyTypeError::new_err("expected bytes or text, not a number"));
    }
    let bytes = wasm.py().get_type::<PyBytes>().call1((wasm,))?;
    Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec())
}

#[pymethods]
impl Module {
    /// A module from its bytes, or from the text format.
    #[new]
    fn new(py: Python<'_>, engine: &Bound<'_, Engine>, wasm: &Bound<'_, PyAny>) -> PyResult<Self> {
        let bytes = bytes(wasm)?;
        let engine = &engine.get().engine;
        let made = py.detach(|| windlass::Module::new(engine, bytes));
        Ok(Module { module: made.map_err(|error| errors::raise(py, error))? })
    }

    /// A module from a file.
    #[staticmethod]
    fn from_file(py: Python<'_>, engine: &Bound<'_, Engine>, path: PathBuf) -> PyResult<Module> {
        let bytes = std::fs::read(&path).map_err(|error| errors::file(py, error, &path))?;
        let engine = &engine.get().engine;
        let made = py.detach(|| windlass::Module::new(engine, bytes));
        Ok(Module { module: made.map_err(|error| errors::raise(py, error))? })
    }

    /// The module in the binary format: an interpreter has no machine code to keep.
    fn serialize<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.module.bytes())
    }

    /// A module from what `serialize` gave, which is checked as any other.
    #[staticmethod]
    fn deserialize(
        py: Python<'_>,
        engine: &Bound<'_, Engine>,
        encoded: &Bound<'_, PyAny>,
    ) -> PyResult<Module> {
        Module::new(py, engine, encoded)
    }

    /// The same from a file.
    #[staticmethod]
    fn deserialize_file(
        py: Python<'_>,
        engine: &Bound<'_, Engine>,
        path: PathBuf,
    ) -> PyResult<Module> {
        Module::from_file(py, engine, path)
    }

    /// Raises if the bytes are no valid module.
    #[staticmethod]
    fn validate(
        py: Python<'_>,
        engine: &Bound<'_, Engine>,
        wasm: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let bytes = bytes(wasm)?;
        let engine = &engine.get().engine;
        let valid = py.detach(|| windlass::Module::validate(engine, &bytes));
        valid.map_err(|error| errors::raise(py, error))
    }

    /// The name that the module gives itself.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.module.name()
    }

    /// What it imports.
    #[getter]
    fn imports<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.module.imports().map(|import| import_to_py(py, &import)).collect()
    }

    /// What it exports.
    #[getter]
    fn exports<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.module.exports().map(|export| export_to_py(py, &export)).collect()
    }

    /// The contents of its custom sections of this name.
    fn custom_sections<'py>(&self, py: Python<'py>, name: &str) -> Vec<Bound<'py, PyBytes>> {
        self.module.custom_sections(name).map(|bytes| PyBytes::new(py, bytes)).collect()
    }

    /// For `with`, whose end does nothing: what nobody refers to any more ends by itself.
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyTuple>) {}
}

/// The binary format of a module in the text format.
#[pyfunction]
pub(crate) fn wat2wasm<'py>(py: Python<'py>, wat: &str) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = wat::parse_str(wat).map_err(|error| errors::failed(py, error))?;
    Ok(PyBytes::new(py, &bytes))
}

/// The text format of a module in the binary format.
#[pyfunction]
pub(crate) fn wasm2wat(py: Python<'_>, wasm: &Bound<'_, PyAny>) -> PyResult<String> {
    wasmprinter::print_bytes(bytes(wasm)?).map_err(|error| errors::failed(py, error))
}
