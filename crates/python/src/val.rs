//! [`Val`], a value with its type, for programs that say it. Where a value is wanted, the object
//! alone will do; `convert` asks here what a `Val` stands for.

use crate::{convert, errors, types::ValType};
use pyo3::{
    IntoPyObjectExt, PyTraverseError, PyVisit,
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use windlass::{HeapType, RefType};

/// A value with its type.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Val {
    ty: windlass::ValType,
    value: Py<PyAny>,
}

/// What a `Val` stands for, where a value of this type is wanted; nothing if it is none.
///
/// # Errors
/// If it is of another type.
pub(crate) fn of_type<'py>(
    value: &Bound<'py, PyAny>,
    ty: windlass::ValType,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Ok(given) = value.cast::<Val>() else { return Ok(None) };
    let given = given.get();
    if given.ty != ty {
        let message = format!("expected a value of type {ty}, found one of type {}", given.ty);
        return Err(PyTypeError::new_err(message));
    }
    Ok(Some(given.value.bind(value.py()).clone()))
}

/// A number, as results of this type are.
fn number(ty: windlass::ValType, value: &Bound<'_, PyAny>) -> PyResult<Val> {
    let py = value.py();
    let value = match convert::number(ty, value)? {
        windlass::Val::I32(value) => value.into_py_any(py)?,
        windlass::Val::I64(value) => value.into_py_any(py)?,
        windlass::Val::F32(bits) => f32::from_bits(bits).into_py_any(py)?,
        windlass::Val::F64(bits) => f64::from_bits(bits).into_py_any(py)?,
        windlass::Val::V128(value) => value.as_u128().into_py_any(py)?,
        _ => return Err(errors::failed(py, "no number")),
    };
    Ok(Val { ty, value })
}

fn reference(heap: HeapType, value: Py<PyAny>) -> Val {
    Val { ty: RefType::new(true, heap).into(), value }
}

#[pymethods]
impl Val {
    #[staticmethod]
    fn i32(val: &Bound<'_, PyAny>) -> PyResult<Val> {
        number(windlass::ValType::I32, val)
    }

    #[staticmethod]
    fn i64(val: &Bound<'_, PyAny>) -> PyResult<Val> {
        number(windlass::ValType::I64, val)
    }

    #[staticmethod]
    fn f32(val: &Bound<'_, PyAny>) -> PyResult<Val> {
        number(windlass::ValType::F32, val)
    }

    #[staticmethod]
    fn f64(val: &Bound<'_, PyAny>) -> PyResult<Val> {
        number(windlass::ValType::F64, val)
    }

    #[staticmethod]
    fn v128(val: &Bound<'_, PyAny>) -> PyResult<Val> {
        number(windlass::ValType::V128, val)
    }

    /// Any object; None is null.
    #[staticmethod]
    #[pyo3(signature = (extern_))]
    fn externref(extern_: Py<PyAny>) -> Val {
        reference(HeapType::Extern, extern_)
    }

    /// A `Func`; None is null.
    #[staticmethod]
    fn funcref(py: Python<'_>, f: Option<Py<crate::func::Func>>) -> PyResult<Val> {
        Ok(reference(HeapType::Func, f.into_py_any(py)?))
    }

    /// The null of a type of references.
    #[staticmethod]
    fn ref_null(py: Python<'_>, ty: &Bound<'_, PyAny>) -> PyResult<Val> {
        match crate::types::val_type(ty)? {
            ty @ windlass::ValType::Ref(_) => Ok(Val { ty, value: py.None() }),
            ty => Err(PyValueError::new_err(format!("{ty} is no type of references"))),
        }
    }

    /// The type.
    #[getter]
    #[pyo3(name = "type")]
    fn get_type(&self) -> ValType {
        ValType(self.ty)
    }

    /// The object.
    #[getter]
    fn value(&self, py: Python<'_>) -> Py<PyAny> {
        self.value.clone_ref(py)
    }

    /// Whether the other is a `Val` of the same type and value, or an equal object.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let value = self.value.bind(other.py());
        match other.cast::<Val>() {
            Ok(other) => Ok(self.ty == other.get().ty && value.eq(&other.get().value)?),
            Err(_) => value.eq(other),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Val({}, {})", self.ty, self.value.bind(py).repr()?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.value)
    }
}
