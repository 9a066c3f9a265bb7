//! [`ValType`], and the way from Python's descriptions of types (`windlass._types`) to the
//! library's and back.

use crate::errors;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::PyList,
};
use std::{collections::hash_map::DefaultHasher, hash::Hasher};
use windlass::{
    ExternType, Finality, FuncType, GlobalType, HeapType, MemoryType, MemoryTypeBuilder,
    Mutability, RefType, TableType, TagType,
};

/// The type of a value.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct ValType(pub(crate) windlass::ValType);

const NULLABLE: [(&str, HeapType); 12] = [
    ("funcref", HeapType::Func),
    ("externref", HeapType::Extern),
    ("anyref", HeapType::Any),
    ("eqref", HeapType::Eq),
    ("i31ref", HeapType::I31),
    ("structref", HeapType::Struct),
    ("arrayref", HeapType::Array),
    ("exnref", HeapType::Exn),
    ("nullref", HeapType::None),
    ("nullfuncref", HeapType::NoFunc),
    ("nullexternref", HeapType::NoExtern),
    ("nullexnref", HeapType::NoExn),
];

fn named(name: &str) -> Option<windlass::ValType> {
    Some(match name {
        "i32" => windlass::ValType::I32,
        "i64" => windlass::ValType::I64,
        "f32" => windlass::ValType::F32,
        "f64" => windlass::ValType::F64,
        "v128" => windlass::ValType::V128,
        name => {
            let (_, heap) = NULLABLE.iter().find(|(known, _)| *known == name)?;
            RefType::new(true, *heap).into()
        }
    })
}

#[pymethods]
impl ValType {
    /// The type with this name in the text format, such as "i32" or "externref".
    #[new]
    fn new(name: &str) -> PyResult<ValType> {
        let unknown = || PyValueError::new_err(format!("no type `{name}`"));
        named(name).map(ValType).ok_or_else(unknown)
    }

    #[staticmethod]
    fn i32() -> ValType {
        ValType(windlass::ValType::I32)
    }

    #[staticmethod]
    fn i64() -> ValType {
        ValType(windlass::ValType::I64)
    }

    #[staticmethod]
    fn f32() -> ValType {
        ValType(windlass::ValType::F32)
    }

    #[staticmethod]
    fn f64() -> ValType {
        ValType(windlass::ValType::F64)
    }

    #[staticmethod]
    fn v128() -> ValType {
        ValType(windlass::ValType::V128)
    }

    #[staticmethod]
    fn externref() -> ValType {
        ValType(RefType::new(true, HeapType::Extern).into())
    }

    #[staticmethod]
    fn funcref() -> ValType {
        ValType(RefType::new(true, HeapType::Func).into())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("ValType({})", self.0)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<ValType>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.0.to_string().as_bytes());
        hasher.finish()
    }
}

/// A type that is given as a `ValType` or by its name.
pub(crate) fn val_type(value: &Bound<'_, PyAny>) -> PyResult<windlass::ValType> {
    if let Ok(ty) = value.cast::<ValType>() {
        return Ok(ty.get().0);
    }
    match value.extract::<String>() {
        Ok(name) => Ok(ValType::new(&name)?.0),
        Err(_) => {
            let name = errors::type_name(value);
            Err(PyTypeError::new_err(format!("expected a ValType, not {name}")))
        }
    }
}

fn val_types(list: &Bound<'_, PyAny>) -> PyResult<Vec<windlass::ValType>> {
    list.try_iter()?.map(|value| val_type(&value?)).collect()
}

/// A `FuncType` of Python.
pub(crate) fn func_type(engine: &windlass::Engine, ty: &Bound<'_, PyAny>) -> PyResult<FuncType> {
    let params = val_types(&ty.getattr("params")?)?;
    let results = val_types(&ty.getattr("results")?)?;
    let made =
        FuncType::with_finality_and_supertype(engine, Finality::Final, None, params, results);
    made.map_err(|error| errors::raise(ty.py(), error))
}

/// Minimum and maximum of a `Limits`.
fn limits(ty: &Bound<'_, PyAny>) -> PyResult<(u64, Option<u64>)> {
    let limits = ty.getattr("limits")?;
    Ok((limits.getattr("min")?.extract()?, limits.getattr("max")?.extract()?))
}

fn small(size: u64) -> PyResult<u32> {
    size.try_into().map_err(|_| PyValueError::new_err("too large for 32 bits"))
}

pub(crate) fn memory_type(ty: &Bound<'_, PyAny>) -> PyResult<MemoryType> {
    let (min, max) = limits(ty)?;
    let flag = |name: &str| ty.getattr(name)?.extract::<bool>();
    let mut builder = MemoryTypeBuilder::new();
    builder.min(min).max(max).memory64(flag("is_64")?).shared(flag("is_shared")?);
    builder.page_size_log2(ty.getattr("page_size_log2")?.extract()?);
    builder.build().map_err(|error| PyValueError::new_err(error.to_string()))
}

pub(crate) fn table_type(ty: &Bound<'_, PyAny>) -> PyResult<TableType> {
    let (min, max) = limits(ty)?;
    match (val_type(&ty.getattr("element")?)?, ty.getattr("is_64")?.extract()?) {
        (windlass::ValType::Ref(element), false) => {
            Ok(TableType::new(element, small(min)?, max.map(small).transpose()?))
        }
        (windlass::ValType::Ref(element), true) => Ok(TableType::new64(element, min, max)),
        _ => Err(PyTypeError::new_err("elements of tables are references")),
    }
}

/// Raises if there is no such type of memories.
#[pyfunction(name = "_check_memory_type")]
pub(crate) fn check_memory_type(ty: &Bound<'_, PyAny>) -> PyResult<()> {
    memory_type(ty).map(drop)
}

/// Raises if there is no such type of tables.
#[pyfunction(name = "_check_table_type")]
pub(crate) fn check_table_type(ty: &Bound<'_, PyAny>) -> PyResult<()> {
    table_type(ty).map(drop)
}

/// A `TagType` of Python.
pub(crate) fn tag_type(engine: &windlass::Engine, ty: &Bound<'_, PyAny>) -> PyResult<TagType> {
    Ok(TagType::new(func_type(engine, &ty.getattr("functype")?)?))
}

pub(crate) fn global_type(ty: &Bound<'_, PyAny>) -> PyResult<GlobalType> {
    let mutability = match ty.getattr("mutable")?.extract()? {
        true => Mutability::Var,
        false => Mutability::Const,
    };
    Ok(GlobalType::new(val_type(&ty.getattr("content")?)?, mutability))
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let import = || Ok::<_, PyErr>(py.import("windlass._types")?.into_any().unbind());
    MODULE.get_or_try_init(py, import)?.bind(py).getattr(name)
}

fn list<'py>(
    py: Python<'py>,
    types: impl Iterator<Item = windlass::ValType>,
) -> PyResult<Bound<'py, PyList>> {
    let types: Vec<Py<ValType>> =
        types.map(|ty| Py::new(py, ValType(ty))).collect::<PyResult<_>>()?;
    PyList::new(py, types)
}

pub(crate) fn func_type_to_py<'py>(py: Python<'py>, ty: &FuncType) -> PyResult<Bound<'py, PyAny>> {
    class(py, "FuncType")?.call1((list(py, ty.params())?, list(py, ty.results())?))
}

pub(crate) fn memory_type_to_py<'py>(
    py: Python<'py>,
    ty: &MemoryType,
) -> PyResult<Bound<'py, PyAny>> {
    let limits = class(py, "Limits")?.call1((ty.minimum(), ty.maximum()))?;
    class(py, "MemoryType")?.call1((limits, ty.is_64(), ty.is_shared(), ty.page_size_log2()))
}

pub(crate) fn table_type_to_py<'py>(
    py: Python<'py>,
    ty: &TableType,
) -> PyResult<Bound<'py, PyAny>> {
    let limits = class(py, "Limits")?.call1((ty.minimum(), ty.maximum()))?;
    class(py, "TableType")?.call1((ValType(ty.element().into()), limits, ty.is_64()))
}

pub(crate) fn global_type_to_py<'py>(
    py: Python<'py>,
    ty: &GlobalType,
) -> PyResult<Bound<'py, PyAny>> {
    class(py, "GlobalType")?.call1((ValType(ty.content()), ty.mutability() == Mutability::Var))
}

pub(crate) fn tag_type_to_py<'py>(py: Python<'py>, ty: &TagType) -> PyResult<Bound<'py, PyAny>> {
    class(py, "TagType")?.call1((func_type_to_py(py, ty.ty())?,))
}

pub(crate) fn extern_type_to_py<'py>(
    py: Python<'py>,
    ty: &ExternType,
) -> PyResult<Bound<'py, PyAny>> {
    match ty {
        ExternType::Func(ty) => func_type_to_py(py, ty),
        ExternType::Memory(ty) => memory_type_to_py(py, ty),
        ExternType::Table(ty) => table_type_to_py(py, ty),
        ExternType::Global(ty) => global_type_to_py(py, ty),
        ExternType::Tag(ty) => tag_type_to_py(py, ty),
        _ => Err(errors::failed(py, "an item of an unknown kind")),
    }
}

/// An `ImportType`.
pub(crate) fn import_to_py<'py>(
    py: Python<'py>,
    import: &windlass::ImportType<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let ty = extern_type_to_py(py, &import.ty())?;
    class(py, "ImportType")?.call1((import.module(), import.name(), ty))
}

/// An `ExportType`.
pub(crate) fn export_to_py<'py>(
    py: Python<'py>,
    export: &windlass::ExportType<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    class(py, "ExportType")?.call1((export.name(), extern_type_to_py(py, &export.ty())?))
}

/// The type that is given, or the one that annotations tell.
pub(crate) fn given_or_hinted<'py>(
    ty: Option<Bound<'py, PyAny>>,
    func: &Bound<'py, PyAny>,
    access_caller: bool,
) -> PyResult<Bound<'py, PyAny>> {
    static HINTED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    match ty {
        Some(ty) => Ok(ty),
        None => errors::helper(func.py(), "windlass._hints", "functype", &HINTED)?
            .call1((func, access_caller)),
    }
}
