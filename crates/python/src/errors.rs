//! Errors of the library as exceptions, whose classes are in `windlass._errors`. What a Python
//! function raised comes out of a guest as itself.

use pyo3::{
    exceptions::{PyOSError, PyTypeError},
    prelude::*,
    sync::PyOnceLock,
    types::PyType,
};
use std::{fmt, io, path::Path};
use windlass::{Error, LinkError, ModuleError, ThrownException, Trap, WasmBacktrace};
use windlass_wasi::I32Exit;

/// What a Python function raised, on its way through a guest.
#[derive(Debug)]
pub(crate) struct Raised(pub(crate) PyErr);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Raised {}

/// A call of a guest: see [`Backtrace::frames`].
type Call = (u32, Option<String>, Option<String>, usize, usize);

/// Where a guest was; looked up when it is asked for.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Backtrace(WasmBacktrace);

#[pymethods]
impl Backtrace {
    /// The calls, the innermost first, each as (function, its name, its module's name, offset in
    /// the module, offset in the function).
    fn frames(&self) -> Vec<Call> {
        let frames = self.0.frames().iter();
        let frame = |frame: &windlass::FrameInfo| {
            let name = |name: Option<&str>| name.map(String::from);
            let module = name(frame.module().name());
            let offsets = (frame.module_offset(), frame.func_offset());
            (frame.func_index(), name(frame.func_name()), module, offsets.0, offsets.1)
        };
        frames.map(frame).collect()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let import = || Ok::<_, PyErr>(py.import("windlass._errors")?.into_any().unbind());
    MODULE.get_or_try_init(py, import)?.bind(py).getattr(name)
}

fn exception<'py, A>(py: Python<'py>, name: &str, args: A) -> PyErr
where
    A: pyo3::call::PyCallArgs<'py>,
{
    match class(py, name).and_then(|class| class.call1(args)) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// A `WindlassError`.
pub(crate) fn failed(py: Python<'_>, message: impl fmt::Display) -> PyErr {
    exception(py, "WindlassError", (message.to_string(),))
}

/// A `MemoryInUse`.
pub(crate) fn viewed(py: Python<'_>, message: impl fmt::Display) -> PyErr {
    exception(py, "MemoryInUse", (message.to_string(),))
}

/// What went wrong with a file: an `OSError` of the right kind that names it, as Python's own do.
pub(crate) fn file(py: Python<'_>, error: io::Error, path: &Path) -> PyErr {
    static MESSAGE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let Some(code) = error.raw_os_error() else { return error.into() };
    if cfg!(windows) {
        // The fourth is the system's number, from which Python finds out the others.
        return PyOSError::new_err((0, error.to_string(), path.as_os_str().to_owned(), code));
    }
    let message = helper(py, "os", "strerror", &MESSAGE).and_then(|tells| tells.call1((code,)));
    match message {
        Ok(message) => PyOSError::new_err((code, message.unbind(), path.as_os_str().to_owned())),
        Err(raised) => raised,
    }
}

/// What is said where guests use no fuel: what to do about it.
pub(crate) fn no_fuel(py: Python<'_>, _: Error) -> PyErr {
    failed(py, "the engine does not count fuel: one with `Config(consume_fuel=True)` does")
}

/// A `StoreInUse`.
pub(crate) fn in_use(py: Python<'_>, message: &str) -> PyErr {
    exception(py, "StoreInUse", (message,))
}

/// A `Trap`: its message, its code and where it was.
pub(crate) fn trapped(py: Python<'_>, trap: Trap, place: Option<&WasmBacktrace>) -> PyErr {
    let place = place.map(|place| Backtrace(place.clone()));
    exception(py, "Trap", (trap.message(), format!("{trap:?}"), place))
}

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    if let Some(trap) = error.trap() {
        return trapped(py, trap, error.backtrace());
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return exception(py, "ExitTrap", (exit.0,));
    }
    let name = if error.is::<ModuleError>() {
        "CompileError"
    } else if error.is::<LinkError>() {
        "LinkError"
    } else if error.is::<ThrownException>() {
        "UncaughtException"
    } else {
        "WindlassError"
    };
    match error.downcast::<Raised>() {
        Ok(Raised(raised)) => raised,
        Err(error) => exception(py, name, (error.to_string(),)),
    }
}

/// What a module of Python has under a name; looked up once.
pub(crate) fn helper<'py>(
    py: Python<'py>,
    module: &str,
    name: &str,
    cell: &PyOnceLock<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let import = || Ok::<_, PyErr>(py.import(module)?.getattr(name)?.unbind());
    Ok(cell.get_or_try_init(py, import)?.bind(py).clone())
}

/// A name for messages about what has another type than it should.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    let ty: Bound<'_, PyType> = value.get_type();
    ty.name().map_or_else(|_| "?".into(), |name| name.to_string())
}

/// Fails if it can't be called.
pub(crate) fn callable(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.is_callable() {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("a `{}` cannot be called", type_name(value))))
}
