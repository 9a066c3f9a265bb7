//! Values and items, from Python and to Python.

use crate::{
    errors,
    func::Func,
    items::{Global, Held, Ref, Table, Tag},
    kept::Key,
    memory::{Memory, SharedMemory},
    store::{Context, Shared},
    val,
};
use pyo3::{
    IntoPyObjectExt,
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyTuple},
};
use windlass::{
    AnyRef, AsContext, Extern, ExternRef, HeapType, I31, RefType, Rooted, Val, ValType,
};

/// A Python object that guests hold as an `externref`.
struct Host(Key);

/// The value of this type that stands for the object.
pub(crate) fn to_val(
    shared: &Shared,
    context: &mut Context<'_>,
    ty: ValType,
    value: &Bound<'_, PyAny>,
) -> PyResult<Val> {
    match ty {
        ValType::Ref(ty) => reference(shared, context, ty, value),
        ty => number(ty, value).or_else(|error| match val::of_type(value, ty)? {
            Some(value) => number(ty, &value),
            None => Err(error),
        }),
    }
}

/// The same for a type that is no reference's.
pub(crate) fn number(ty: ValType, value: &Bound<'_, PyAny>) -> PyResult<Val> {
    Ok(match ty {
        ValType::I32 => Val::I32(match value.extract::<i64>() {
            Ok(wide) => match (i32::try_from(wide), u32::try_from(wide)) {
                (Ok(value), _) => value,
                (_, Ok(value)) => value.cast_signed(),
                _ => return Err(PyOverflowError::new_err(format!("{wide} is no i32"))),
            },
            Err(error) => return Err(wrong(value, ty, error)),
        }),
        ValType::I64 => Val::I64(match value.extract::<i64>() {
            Ok(value) => value,
            Err(error) if !error.is_instance_of::<PyOverflowError>(value.py()) => {
                return Err(wrong(value, ty, error));
            }
            Err(_) => match value.extract::<u64>() {
                Ok(value) => value.cast_signed(),
                Err(error) => return Err(wrong(value, ty, error)),
            },
        }),
        ValType::F32 => match value.extract::<f64>() {
            Ok(value) => Val::F32((value as f32).to_bits()),
            Err(error) => return Err(wrong(value, ty, error)),
        },
        ValType::F64 => match value.extract::<f64>() {
            Ok(value) => Val::F64(value.to_bits()),
            Err(error) => return Err(wrong(value, ty, error)),
        },
        ValType::V128 => match vector(value) {
            Ok(bits) => Val::V128(bits.into()),
            Err(error) => return Err(wrong(value, ty, error)),
        },
        ValType::Ref(_) => return Err(wrong(value, ty, PyTypeError::new_err(""))),
    })
}

/// A vector: a number, or 16 bytes, the lowest first.
fn vector(value: &Bound<'_, PyAny>) -> PyResult<u128> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        let wrong = |_| PyValueError::new_err(format!("a v128 has 16 bytes, not {}", bytes.len()));
        return Ok(u128::from_le_bytes(bytes.try_into().map_err(wrong)?));
    }
    value.extract()
}

/// The exception for what stands for no value of the type. What the value's own code raised, such
/// as its `__index__`, comes out as it is.
#[cold]
fn wrong(value: &Bound<'_, PyAny>, ty: ValType, error: PyErr) -> PyErr {
    let py = value.py();
    if error.is_instance_of::<PyOverflowError>(py) {
        return PyOverflowError::new_err(format!("{value} is no {ty}"));
    }
    if !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let name = errors::type_name(value);
    let told = format!("expected a value of type {ty}, found one of type `{name}`");
    let told = PyTypeError::new_err(told);
    told.set_cause(py, Some(error));
    told
}

/// Whether it is a number, or an object that stands for one.
pub(crate) fn is_number(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.get_type().hasattr("__index__")
}

fn reference(
    shared: &Shared,
    context: &mut Context<'_>,
    ty: RefType,
    value: &Bound<'_, PyAny>,
) -> PyResult<Val> {
    let py = value.py();
    let given = val::of_type(value, ty.into())?;
    let value = given.as_ref().unwrap_or(value);
    if value.is_none() {
        return Ok(Val::null_ref(ty.heap_type()));
    }
    if let Ok(held) = value.cast::<Ref>() {
        let held = held.get();
        shared.check(py, held.store, "reference")?;
        return Ok(held.val(context));
    }
    match ty.heap_type().top() {
        HeapType::Func => {
            let func = value.cast::<Func>();
            let func = func.map_err(|error| wrong(value, ty.into(), error.into()))?.get();
            shared.check(py, func.store, "function")?;
            Ok(Val::FuncRef(Some(func.func)))
        }
        HeapType::Extern => {
            let made = ExternRef::new(context, Host(shared.kept.hold(value.clone().unbind())));
            Ok(made.map_err(|error| errors::raise(py, error))?.into())
        }
        HeapType::Any => {
            let number: i32 = value.extract().map_err(|error| wrong(value, ty.into(), error))?;
            let number = I31::new_i32(number);
            let number = number.ok_or_else(|| PyOverflowError::new_err("too large for an i31"))?;
            Ok(AnyRef::from_i31(context, number).into())
        }
        _ => Err(wrong(value, ty.into(), PyTypeError::new_err(""))),
    }
}

/// The object that stands for the value.
pub(crate) fn to_py(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    value: Val,
) -> PyResult<Py<PyAny>> {
    match value {
        Val::I32(value) => value.into_py_any(py),
        Val::I64(value) => value.into_py_any(py),
        Val::F32(bits) => f32::from_bits(bits).into_py_any(py),
        Val::F64(bits) => f64::from_bits(bits).into_py_any(py),
        Val::V128(value) => value.as_u128().into_py_any(py),
        Val::FuncRef(Some(func)) => Func::new_in(shared.id, func).into_py_any(py),
        Val::ExternRef(Some(value)) => extern_to_py(py, shared, context, value),
        Val::AnyRef(Some(value)) => {
            let number = value.as_i31(context.as_context());
            match number.map_err(|error| errors::raise(py, error))? {
                Some(number) => number.get_i32().into_py_any(py),
                None => held(py, shared, Held::any(context, value)),
            }
        }
        Val::ExnRef(Some(value)) => held(py, shared, Held::exn(context, value)),
        _ => Ok(py.None()),
    }
}

fn extern_to_py(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    value: Rooted<ExternRef>,
) -> PyResult<Py<PyAny>> {
    let data = value.data(context.as_context()).map_err(|error| errors::raise(py, error))?;
    match data.and_then(|data| data.downcast_ref::<Host>()) {
        Some(Host(key)) => {
            let gone = || errors::failed(py, "the store is being collected");
            shared.kept.of_key(py, key).ok_or_else(gone)
        }
        None => held(py, shared, Held::external(context, value)),
    }
}

fn held(py: Python<'_>, shared: &Shared, held: windlass::Result<Held>) -> PyResult<Py<PyAny>> {
    let held = held.map_err(|error| errors::raise(py, error))?;
    Ref { store: shared.id, held }.into_py_any(py)
}

/// What a call gives: nothing, a value, or a list of them.
pub(crate) fn results_to_py(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    values: &[Val],
) -> PyResult<Py<PyAny>> {
    match values {
        [] => Ok(py.None()),
        [value] => to_py(py, shared, context, *value),
        values => {
            let values = values.iter().map(|value| to_py(py, shared, context, *value));
            values.collect::<PyResult<Vec<_>>>()?.into_py_any(py)
        }
    }
}

/// The arguments of a call.
pub(crate) fn arguments(
    shared: &Shared,
    context: &mut Context<'_>,
    types: impl ExactSizeIterator<Item = ValType>,
    values: &Bound<'_, PyTuple>,
    skip: usize,
) -> PyResult<Vec<Val>> {
    let given = values.len().saturating_sub(skip);
    if given != types.len() {
        let message = format!("expected {} arguments, found {given}", types.len());
        return Err(PyTypeError::new_err(message));
    }
    let values = values.iter().skip(skip).zip(types);
    values.map(|(value, ty)| to_val(shared, context, ty, &value)).collect()
}

/// What a host function returned.
pub(crate) fn results(
    shared: &Shared,
    context: &mut Context<'_>,
    types: &[ValType],
    value: &Bound<'_, PyAny>,
) -> PyResult<Vec<Val>> {
    match types {
        [] if value.is_none() => Ok(Vec::new()),
        [] => Err(PyTypeError::new_err(format!(
            "the host function has no results, but returned one of type `{}`",
            errors::type_name(value)
        ))),
        [ty] => Ok(vec![to_val(shared, context, *ty, value)?]),
        types => {
            let values = value.try_iter()?.collect::<PyResult<Vec<_>>>()?;
            if values.len() != types.len() {
                let (wanted, given) = (types.len(), values.len());
                let message = format!("expected {wanted} results, found {given}");
                return Err(PyTypeError::new_err(message));
            }
            let values = values.iter().zip(types);
            values.map(|(value, ty)| to_val(shared, context, *ty, value)).collect()
        }
    }
}

/// The object that stands for an item.
pub(crate) fn item_to_py(py: Python<'_>, store: u64, item: Extern) -> PyResult<Py<PyAny>> {
    match item {
        Extern::Func(func) => Func::new_in(store, func).into_py_any(py),
        Extern::Memory(memory) => Memory { memory, store }.into_py_any(py),
        Extern::SharedMemory(memory) => SharedMemory { memory }.into_py_any(py),
        Extern::Table(table) => Table { table, store }.into_py_any(py),
        Extern::Global(global) => Global { global, store }.into_py_any(py),
        Extern::Tag(tag) => Tag { tag, store }.into_py_any(py),
        _ => Err(errors::failed(py, "an item of an unknown kind")),
    }
}

/// The item that an object stands for.
pub(crate) fn item(shared: &Shared, value: &Bound<'_, PyAny>) -> PyResult<Extern> {
    let py = value.py();
    if let Ok(func) = value.cast::<Func>() {
        shared.check(py, func.get().store, "function")?;
        return Ok(func.get().func.into());
    }
    if let Ok(memory) = value.cast::<Memory>() {
        shared.check(py, memory.get().store, "memory")?;
        return Ok(memory.get().memory.into());
    }
    if let Ok(memory) = value.cast::<SharedMemory>() {
        return Ok(memory.get().memory.clone().into());
    }
    if let Ok(table) = value.cast::<Table>() {
        shared.check(py, table.get().store, "table")?;
        return Ok(table.get().table.into());
    }
    if let Ok(global) = value.cast::<Global>() {
        shared.check(py, global.get().store, "global")?;
        return Ok(global.get().global.into());
    }
    if let Ok(tag) = value.cast::<Tag>() {
        shared.check(py, tag.get().store, "tag")?;
        return Ok(tag.get().tag.into());
    }
    let name = errors::type_name(value);
    Err(PyTypeError::new_err(format!(
        "expected a Func, Memory, SharedMemory, Table, Global or Tag, not `{name}`"
    )))
}
