//! [`Global`], [`Table`], [`Tag`], and [`Ref`], a reference that Python holds.

use crate::{
    convert, errors,
    store::{self, Context, Shared},
    types,
};
use pyo3::{exceptions::PyIndexError, prelude::*};
use windlass::{AnyRef, ExnRef, ExternRef, OwnedRooted, Rooted, Val};

/// A global of a store.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Global {
    pub(crate) global: windlass::Global,
    pub(crate) store: u64,
}

#[pymethods]
impl Global {
    /// A global of this type with this value.
    #[new]
    fn new(
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        ty: &Bound<'_, PyAny>,
        val: &Bound<'_, PyAny>,
    ) -> PyResult<Global> {
        let (shared, ty) = (store::of(store)?, types::global_type(ty)?);
        shared.with(py, |py, context| {
            let val = convert::to_val(&shared, context, ty.content(), val)?;
            let global = windlass::Global::new(context, ty, val);
            let global = global.map_err(|error| errors::raise(py, error))?;
            Ok(Global { global, store: shared.id })
        })
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ty = store::with(py, store, (self.store, "global"), |_, _, context| {
            Ok(self.global.ty(context))
        })?;
        types::global_type_to_py(py, &ty)
    }

    /// The value.
    fn value(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        store::with(py, store, (self.store, "global"), |py, shared, context| {
            let value = self.global.get(&mut *context);
            convert::to_py(py, shared, context, value)
        })
    }

    /// Sets the value, if the global is mutable.
    fn set_value(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        val: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        store::with(py, store, (self.store, "global"), |py, shared, context| {
            let ty = self.global.ty(&mut *context).content();
            let val = convert::to_val(shared, context, ty, val)?;
            self.global.set(context, val).map_err(|error| errors::raise(py, error))
        })
    }
}

/// A table of a store.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Table {
    pub(crate) table: windlass::Table,
    pub(crate) store: u64,
}

#[pymethods]
impl Table {
    /// A table of this type; each element is `init`.
    #[new]
    fn new(
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        ty: &Bound<'_, PyAny>,
        init: &Bound<'_, PyAny>,
    ) -> PyResult<Table> {
        let (shared, ty) = (store::of(store)?, types::table_type(ty)?);
        shared.with(py, |py, context| {
            let init = convert::to_val(&shared, context, ty.element().into(), init)?;
            let table = windlass::Table::new(context, ty, reference(py, init)?);
            let table = table.map_err(|error| errors::raise(py, error))?;
            Ok(Table { table, store: shared.id })
        })
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ty = store::with(py, store, (self.store, "table"), |_, _, context| {
            Ok(self.table.ty(context))
        })?;
        types::table_type_to_py(py, &ty)
    }

    /// How many elements it has.
    fn size(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<u64> {
        store::with(py, store, (self.store, "table"), |_, _, context| Ok(self.table.size(context)))
    }

    /// Adds elements, each `init`; returns how many there were.
    fn grow(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        amt: u64,
        init: &Bound<'_, PyAny>,
    ) -> PyResult<u64> {
        store::with(py, store, (self.store, "table"), |py, shared, context| {
            let init = self.element(py, shared, context, init)?;
            self.table.grow(context, amt, init).map_err(|error| errors::raise(py, error))
        })
    }

    /// An element; None if it is null, or beyond the end.
    fn get(&self, py: Python<'_>, store: &Bound<'_, PyAny>, idx: u64) -> PyResult<Py<PyAny>> {
        store::with(py, store, (self.store, "table"), |py, shared, context| {
            match self.table.get(&mut *context, idx) {
                Some(element) => convert::to_py(py, shared, context, element.into()),
                None => Ok(py.None()),
            }
        })
    }

    /// Sets an element.
    fn set(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        idx: u64,
        val: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        store::with(py, store, (self.store, "table"), |py, shared, context| {
            let val = self.element(py, shared, context, val)?;
            self.table.set(context, idx, val).map_err(|error| errors::raise(py, error))
        })
    }
}

impl Table {
    fn element(
        &self,
        py: Python<'_>,
        shared: &Shared,
        context: &mut Context<'_>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<windlass::Ref> {
        let ty = self.table.ty(&mut *context).element();
        reference(py, convert::to_val(shared, context, ty.into(), value)?)
    }
}

fn reference(py: Python<'_>, value: Val) -> PyResult<windlass::Ref> {
    value.as_ref().ok_or_else(|| errors::failed(py, "no reference"))
}

/// A tag of exceptions.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Tag {
    pub(crate) tag: windlass::Tag,
    pub(crate) store: u64,
}

#[pymethods]
impl Tag {
    /// A tag of this type, another one than all others.
    #[new]
    fn new(py: Python<'_>, store: &Bound<'_, PyAny>, ty: &Bound<'_, PyAny>) -> PyResult<Tag> {
        let shared = store::of(store)?;
        let ty = types::tag_type(&shared.engine.get().engine, ty)?;
        shared.with(py, |py, context| {
            let tag = windlass::Tag::new(context, &ty).map_err(|error| errors::raise(py, error))?;
            Ok(Tag { tag, store: shared.id })
        })
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let owner = (self.store, "tag");
        let ty = store::with(py, store, owner, |_, _, context| Ok(self.tag.ty(&*context)))?;
        types::tag_type_to_py(py, &ty)
    }

    /// Whether both are the same tag of the store.
    fn eq(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        other: &Bound<'_, Tag>,
    ) -> PyResult<bool> {
        let shared = store::of(store)?;
        shared.check(py, other.get().store, "tag")?;
        store::with(py, store, (self.store, "tag"), |_, _, context| {
            Ok(windlass::Tag::eq(&self.tag, &other.get().tag, &*context))
        })
    }
}

/// A guest's reference, which keeps what it refers to alive: a structure, an array, an exception,
/// or one that hides as a host value.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Ref {
    pub(crate) store: u64,
    pub(crate) held: Held,
}

pub(crate) enum Held {
    Any(OwnedRooted<AnyRef>),
    Extern(OwnedRooted<ExternRef>),
    Exn(OwnedRooted<ExnRef>),
}

impl Held {
    pub(crate) fn any(context: &mut Context<'_>, value: Rooted<AnyRef>) -> windlass::Result<Held> {
        Ok(Held::Any(value.to_owned_rooted(context)?))
    }

    pub(crate) fn external(
        context: &mut Context<'_>,
        value: Rooted<ExternRef>,
    ) -> windlass::Result<Held> {
        Ok(Held::Extern(value.to_owned_rooted(context)?))
    }

    pub(crate) fn exn(context: &mut Context<'_>, value: Rooted<ExnRef>) -> windlass::Result<Held> {
        Ok(Held::Exn(value.to_owned_rooted(context)?))
    }
}

impl Ref {
    /// The value. The reference must be of this store.
    pub(crate) fn val(&self, context: &mut Context<'_>) -> Val {
        match &self.held {
            Held::Any(value) => value.to_rooted(context).into(),
            Held::Extern(value) => value.to_rooted(context).into(),
            Held::Exn(value) => value.to_rooted(context).into(),
        }
    }
}

#[pymethods]
impl Ref {
    /// The fields of a structure or an exception, or the elements of an array.
    fn fields(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyAny>>> {
        store::with(py, store, (self.store, "reference"), |py, shared, context| {
            let fields = self.field_vals(context).map_err(|error| errors::raise(py, error))?;
            let none = || PyIndexError::new_err("the reference has no fields");
            let fields = fields.ok_or_else(none)?.into_iter();
            fields.map(|value| convert::to_py(py, shared, context, value)).collect()
        })
    }
}

impl Ref {
    fn field_vals(&self, context: &mut Context<'_>) -> windlass::Result<Option<Vec<Val>>> {
        match &self.held {
            Held::Any(value) => {
                let value = value.to_rooted(&mut *context);
                if let Some(structure) = value.as_struct(&mut *context)? {
                    return Ok(Some(structure.fields(context)?.collect()));
                }
                let array = value.as_array(&mut *context)?;
                array.map(|array| Ok(array.elems(context)?.collect())).transpose()
            }
            Held::Exn(value) => Ok(Some(value.to_rooted(&mut *context).fields(context)?.collect())),
            Held::Extern(_) => Ok(None),
        }
    }
}
