//! WASI: what a guest sees, from a `WasiConfig`, which is Python's (`windlass._wasi`).

use crate::{call::call, errors, kept::Key, store::Shared};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyString, PyTuple},
};
use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, Weak},
    thread,
};
use windlass_wasi::{
    DirPerms, Errno, FilePerms, FileStream, MemoryInputPipe, MemoryOutputPipe, OutputStream,
    WasiCtx, WasiCtxBuilder,
};

/// What a guest has written, in memory; at most `capacity` bytes, then writing fails.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct OutputPipe(MemoryOutputPipe);

#[pymethods]
impl OutputPipe {
    #[new]
    #[pyo3(signature = (capacity=64 << 20))]
    fn new(capacity: usize) -> OutputPipe {
        OutputPipe(MemoryOutputPipe::new(capacity))
    }

    /// The bytes so far.
    fn contents<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.contents())
    }

    /// The same as text; what is no UTF-8 is replaced.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.contents()).into_owned()
    }
}

/// A Python function that gets what a guest writes. If it raises, the guest is stopped by that.
struct Callback {
    function: Key,
    shared: Weak<Shared>,
}

impl OutputStream for Callback {
    fn write(&mut self, buffers: &[&[u8]]) -> Result<usize, Errno> {
        let bytes = buffers.concat();
        let shared = self.shared.upgrade().ok_or(Errno::Io)?;
        let written = Python::attach(|py| {
            let function = shared.kept.of_key(py, &self.function);
            let gone = || errors::failed(py, "the store is being collected");
            let args = PyTuple::new(py, [PyBytes::new(py, &bytes)])?;
            call(function.ok_or_else(gone)?.bind(py), &args)?;
            Ok(bytes.len())
        });
        written.map_err(|error| {
            shared.stop_with(error);
            if let Some(handle) = &shared.handle {
                handle.interrupt();
            }
            Errno::Io
        })
    }
}

/// What a guest sees: what the `WasiConfig` says.
pub(crate) fn context(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    shared: &Arc<Shared>,
) -> PyResult<WasiCtx> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(&config.getattr("argv")?.extract::<Vec<String>>()?);
    builder.envs(&config.getattr("env")?.extract::<Vec<(String, String)>>()?);
    input(&mut builder, &config.getattr("stdin")?)?;
    for is_error in [false, true] {
        let name = if is_error { "stderr" } else { "stdout" };
        output(&mut builder, &config.getattr(name)?, is_error, shared)?;
    }
    let dirs = config.getattr("preopens")?;
    for (path, name, mutable) in dirs.extract::<Vec<(PathBuf, String, bool)>>()? {
        preopen(&mut builder, &path, &name, mutable)
            .map_err(|error| errors::file(py, error, &path))?;
    }
    let weak = Arc::downgrade(shared);
    builder.on_interrupt(move || weak.upgrade().is_none_or(|shared| ends(&shared)));
    Ok(builder.build())
}

#[cfg(unix)]
fn preopen(
    builder: &mut WasiCtxBuilder,
    path: &std::path::Path,
    name: &str,
    mutable: bool,
) -> std::io::Result<()> {
    let (dirs, files) = match mutable {
        true => (DirPerms::all(), FilePerms::all()),
        false => (DirPerms::READ, FilePerms::READ),
    };
    builder.preopened_dir(path, name, dirs, files).map(|_| ())
}

#[cfg(not(unix))]
fn preopen(_: &mut WasiCtxBuilder, _: &std::path::Path, _: &str, _: bool) -> std::io::Result<()> {
    let _ = (DirPerms::READ, FilePerms::READ);
    Err(std::io::ErrorKind::Unsupported.into())
}

fn input(builder: &mut WasiCtxBuilder, given: &Bound<'_, PyAny>) -> PyResult<()> {
    if given.is_none() {
        return Ok(());
    }
    if let Ok(bytes) = given.cast::<PyBytes>() {
        builder.stdin(MemoryInputPipe::new(bytes.as_bytes()));
    } else if given.cast::<PyString>().is_ok_and(|name| name == "inherit") {
        builder.inherit_stdin();
    } else {
        let path = given.extract::<PathBuf>()?;
        let file = File::open(&path).map_err(|error| errors::file(given.py(), error, &path))?;
        builder.stdin(FileStream(file));
    }
    Ok(())
}

fn output(
    builder: &mut WasiCtxBuilder,
    given: &Bound<'_, PyAny>,
    is_error: bool,
    shared: &Arc<Shared>,
) -> PyResult<()> {
    fn set(builder: &mut WasiCtxBuilder, is_error: bool, stream: impl OutputStream + 'static) {
        if is_error {
            builder.stderr(stream)
        } else {
            builder.stdout(stream)
        };
    }
    if given.is_none() {
        return Ok(());
    }
    if let Ok(pipe) = given.cast::<OutputPipe>() {
        set(builder, is_error, pipe.get().0.clone());
    } else if given.cast::<PyString>().is_ok_and(|name| name == "inherit") {
        if is_error {
            builder.inherit_stderr()
        } else {
            builder.inherit_stdout()
        };
    } else if given.is_callable() {
        let function = shared.kept.hold(given.clone().unbind());
        set(builder, is_error, Callback { function, shared: Arc::downgrade(shared) });
    } else if let Ok(path) = given.extract::<PathBuf>() {
        let file = File::create(&path).map_err(|error| errors::file(given.py(), error, &path))?;
        set(builder, is_error, FileStream(file));
    } else {
        let name = errors::type_name(given);
        return Err(PyTypeError::new_err(format!("no stream can be made of `{name}`")));
    }
    Ok(())
}

/// Asked when a function of WASI that waits finds its guest interrupted. If that was the pulse, it
/// is looked whether a signal has come, and the function goes on.
fn ends(shared: &Shared) -> bool {
    let signal = Python::attach(|py| {
        let checked = py.check_signals();
        if shared.is_pinned() {
            // The GIL was not free.
            py.detach(thread::yield_now);
        }
        checked
    });
    if let Err(error) = signal {
        shared.stop_with(error);
        return true;
    }
    if shared.is_to_stop(false) {
        return true;
    }
    if let Some(handle) = &shared.handle {
        handle.clear_interrupt();
    }
    false
}
