//! [`Memory`], whose bytes Python sees without a copy while a [`Pin`] lives, and [`SharedMemory`],
//! whose bytes are copied: guests change them at any time.

use crate::{
    convert,
    engine::Engine,
    errors,
    store::{self, Context, Shared, Store},
    types,
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyByteArray, PyBytes, PySlice},
};
use windlass::{AsContext, AsContextMut, MemoryPin};

/// A memory of a store.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Memory {
    pub(crate) memory: windlass::Memory,
    pub(crate) store: u64,
}

/// Bytes that are given as `bytes`, `bytearray` or what `bytes` can be made of.
fn with_bytes<R>(value: &Bound<'_, PyAny>, f: impl FnOnce(&[u8]) -> PyResult<R>) -> PyResult<R> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return f(bytes.as_bytes());
    }
    if convert::is_number(value)? {
        return Err(PyTypeError::new_err("expected bytes, not a number"));
    }
    let bytes = value.py().get_type::<PyBytes>().call1((value,))?;
    f(bytes.cast::<PyBytes>()?.as_bytes())
}

/// A part that is given as in a slice.
fn range(
    py: Python<'_>,
    size: usize,
    start: Option<isize>,
    stop: Option<isize>,
) -> PyResult<std::ops::Range<usize>> {
    let end = isize::try_from(size)?;
    let indices = PySlice::new(py, start.unwrap_or(0), stop.unwrap_or(end), 1).indices(end)?;
    let start = usize::try_from(indices.start)?;
    Ok(start..start + indices.slicelength)
}

fn out_of_range() -> PyErr {
    PyIndexError::new_err("index out of range")
}

/// Where something is written: at an index as in a list, which counts from the end if it is
/// negative.
fn place(size: usize, start: Option<isize>, len: usize) -> PyResult<usize> {
    let start = match start.unwrap_or(0) {
        start if start < 0 => size.checked_sub(start.unsigned_abs()).ok_or_else(out_of_range)?,
        start => start.unsigned_abs(),
    };
    let end = start.checked_add(len).filter(|&end| end <= size).ok_or_else(out_of_range)?;
    Ok(end - len)
}

#[pymethods]
impl Memory {
    /// A memory of this type.
    #[new]
    fn new(py: Python<'_>, store: &Bound<'_, PyAny>, ty: &Bound<'_, PyAny>) -> PyResult<Memory> {
        let (shared, ty) = (store::of(store)?, types::memory_type(ty)?);
        if ty.is_shared() {
            return Err(PyTypeError::new_err("a shared memory is a `SharedMemory`"));
        }
        shared.with(py, |py, context| {
            let memory = windlass::Memory::new(context, ty);
            let memory = memory.map_err(|error| errors::raise(py, error))?;
            Ok(Memory { memory, store: shared.id })
        })
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ty = store::with(py, store, (self.store, "memory"), |_, _, context| {
            Ok(self.memory.ty(context))
        })?;
        types::memory_type_to_py(py, &ty)
    }

    /// Adds pages; returns how many there were. Raises `MemoryInUse`, a `BufferError`, if the
    /// memory would have to move and there are views of it.
    fn grow(&self, py: Python<'_>, store: &Bound<'_, PyAny>, delta: u64) -> PyResult<u64> {
        store::with(py, store, (self.store, "memory"), |py, shared, context| {
            let grown = self.memory.grow(&mut *context, delta);
            grown.map_err(|error| match self.is_held(shared, context, delta) {
                true => errors::viewed(py, format!("{error}: there are views of it")),
                false => errors::raise(py, error),
            })
        })
    }

    /// The size in pages.
    fn size(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<u64> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            Ok(self.memory.size(context))
        })
    }

    /// The size in bytes.
    fn data_len(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<usize> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            Ok(self.memory.data_size(context))
        })
    }

    /// How many bytes a page has.
    fn page_size(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<u64> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            Ok(self.memory.page_size(context))
        })
    }

    /// log2 of that.
    fn page_size_log2(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<u8> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            Ok(self.memory.ty(context).page_size_log2())
        })
    }

    /// A copy of the bytes from `start` to `stop`, which are as in slices.
    #[pyo3(signature = (store, start=None, stop=None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
        start: Option<isize>,
        stop: Option<isize>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            let data = self.memory.data(context.as_context());
            Ok(PyByteArray::new(py, &data[range(py, data.len(), start, stop)?]))
        })
    }

    /// Writes bytes at `start`; returns how many.
    #[pyo3(signature = (store, value, start=None))]
    fn write(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        start: Option<isize>,
    ) -> PyResult<usize> {
        with_bytes(value, |bytes| {
            store::with(py, store, (self.store, "memory"), |_, _, context| {
                let data = self.memory.data_mut(context.as_context_mut());
                let start = place(data.len(), start, bytes.len())?;
                data[start..][..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            })
        })
    }

    /// A byte, or a copy of several: `index` is a number or a slice.
    fn get_item<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        store::with(py, store, (self.store, "memory"), |_, _, context| {
            let data = self.memory.data(context.as_context());
            if let Ok(slice) = index.cast::<PySlice>() {
                let indices = slice.indices(isize::try_from(data.len())?)?;
                if indices.step == 1 {
                    let start = usize::try_from(indices.start)?;
                    let len = indices.slicelength;
                    return Ok(PyBytes::new(py, &data[start..][..len]).into_any());
                }
                return Err(PyValueError::new_err("only slices without a step"));
            }
            // What is no index raises what it raises; one that is too large is out of range.
            let at = index.extract().map_err(|error: PyErr| {
                if error.is_instance_of::<PyOverflowError>(py) { out_of_range() } else { error }
            });
            let at = place(data.len(), Some(at?), 1)?;
            Ok(data[at].into_pyobject(py)?.into_any())
        })
    }

    /// Keeps the memory where it is: the address and the size in bytes, for views.
    fn pin(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<Pin> {
        store::with(py, store, (self.store, "memory"), |py, shared, context| {
            let (object, pin) = (shared.object(py)?, self.memory.pin(&mut *context));
            let data = self.memory.data_mut(context.as_context_mut());
            let (address, size) = (data.as_mut_ptr().expose_provenance(), data.len());
            shared.pin(self.memory);
            Ok(Pin { store: object, memory: self.memory, _pin: pin, address, size })
        })
    }

    /// The bytes, without a copy, as a `ctypes` array of `size` bytes from `offset` on. While it or
    /// a view of it lives, the memory stays where it is: where it could only grow by moving, it
    /// does not grow.
    #[pyo3(signature = (store, size=None, offset=0))]
    fn get_buffer_ptr<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
        size: Option<usize>,
        offset: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        static ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let pin = self.pin(py, store)?;
        let rest = pin.size.checked_sub(offset).ok_or_else(out_of_range)?;
        let size = size.unwrap_or(rest);
        if size > rest {
            return Err(out_of_range());
        }
        let address = pin.address + offset;
        errors::helper(py, "windlass._views", "array", &ARRAY)?.call1((pin, address, size))
    }

    /// The bytes, without a copy, as a `memoryview`: see `get_buffer_ptr`.
    fn view<'py>(&self, py: Python<'py>, store: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        static VIEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let array = self.get_buffer_ptr(py, store, None, 0)?;
        errors::helper(py, "windlass._views", "view", &VIEW)?.call1((array,))
    }

    /// A pointer to the bytes, for `ctypes`. Whoever uses it keeps within the size; it keeps the
    /// memory where it is as long as it lives itself.
    fn data_ptr<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static POINTER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let array = self.get_buffer_ptr(py, store, None, 0)?;
        errors::helper(py, "windlass._views", "pointer", &POINTER)?.call1((array,))
    }
}

impl Memory {
    /// Whether it is views of it that keep it from growing.
    fn is_held(&self, shared: &Shared, context: &mut Context<'_>, delta: u64) -> bool {
        if !shared.is_viewed(self.memory) {
            return false;
        }
        let (ty, stable) = (self.memory.ty(&mut *context), self.memory.stable_size(&mut *context));
        let pages = self.memory.size(&mut *context).checked_add(delta);
        let pages = pages.filter(|&pages| ty.maximum().is_none_or(|most| pages <= most));
        let bytes = pages.and_then(|pages| pages.checked_mul(ty.page_size()));
        bytes.and_then(|bytes| usize::try_from(bytes).ok()).is_some_and(|bytes| bytes > stable)
    }
}

/// While it lives, a memory is not moved, and its store lives.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Pin {
    store: Py<Store>,
    memory: windlass::Memory,
    _pin: MemoryPin,
    #[pyo3(get)]
    address: usize,
    #[pyo3(get)]
    size: usize,
}

#[pymethods]
impl Pin {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.store)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.store.get().shared.unpin(self.memory);
    }
}

/// A memory that stores on several threads use at once. Its bytes are copied.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct SharedMemory {
    pub(crate) memory: windlass::SharedMemory,
}

#[pymethods]
impl SharedMemory {
    /// A shared memory of this type.
    #[new]
    fn new(
        py: Python<'_>,
        engine: &Bound<'_, Engine>,
        ty: &Bound<'_, PyAny>,
    ) -> PyResult<SharedMemory> {
        let made = windlass::SharedMemory::new(&engine.get().engine, types::memory_type(ty)?);
        Ok(SharedMemory { memory: made.map_err(|error| errors::raise(py, error))? })
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        types::memory_type_to_py(py, &self.memory.ty())
    }

    /// Adds pages; returns how many there were.
    fn grow(&self, py: Python<'_>, delta: u64) -> PyResult<u64> {
        self.memory.grow(delta).map_err(|error| errors::raise(py, error))
    }

    /// The size in pages.
    fn size(&self) -> u64 {
        self.memory.size()
    }

    /// The size in bytes.
    fn data_len(&self) -> usize {
        self.memory.data_size()
    }

    /// A copy of the bytes from `start` to `stop`, which are as in slices.
    #[pyo3(signature = (start=None, stop=None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        start: Option<isize>,
        stop: Option<isize>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let range = range(py, self.memory.data_size(), start, stop)?;
        PyByteArray::new_with(py, range.len(), |bytes| {
            self.memory.read(range.start, bytes).map_err(|_| out_of_range())
        })
    }

    /// Writes bytes at `start`; returns how many.
    #[pyo3(signature = (value, start=None))]
    fn write(&self, value: &Bound<'_, PyAny>, start: Option<isize>) -> PyResult<usize> {
        with_bytes(value, |bytes| {
            let start = place(self.memory.data_size(), start, bytes.len())?;
            self.memory.write(start, bytes).map_err(|_| out_of_range())?;
            Ok(bytes.len())
        })
    }
}
