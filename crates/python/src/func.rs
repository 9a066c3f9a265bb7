//! [`Func`], a function of a store, and [`BoundFunc`], one with its store.

use crate::{
    callback, convert, errors,
    execution::Execution,
    kept::next_number,
    run,
    store::{self, Context, Shared, Store},
    types,
};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyTypeError, prelude::*, types::PyTuple};
use std::sync::OnceLock;
use windlass::FuncType;

/// A function of a store: a guest's, or a Python function that guests can call.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Func {
    pub(crate) func: windlass::Func,
    pub(crate) store: u64,
    ty: OnceLock<FuncType>,
}

impl Func {
    pub(crate) fn new_in(store: u64, func: windlass::Func) -> Func {
        Func { func, store, ty: OnceLock::new() }
    }

    fn ty(&self, context: &Context<'_>) -> &FuncType {
        self.ty.get_or_init(|| self.func.ty(context))
    }

    /// Calls it with these arguments, but for the first ones.
    fn call(
        &self,
        py: Python<'_>,
        shared: &Shared,
        args: &Bound<'_, PyTuple>,
        skip: usize,
    ) -> PyResult<Py<PyAny>> {
        shared.check(py, self.store, "function")?;
        shared.with(py, |py, context| {
            let types = self.ty(context).params();
            let args = convert::arguments(shared, context, types, args, skip)?;
            run::call(py, shared, context, self.func, &args)
        })
    }

    fn begin(
        &self,
        py: Python<'_>,
        shared: &Shared,
        args: &Bound<'_, PyTuple>,
        skip: usize,
    ) -> PyResult<Execution> {
        shared.check(py, self.store, "function")?;
        shared.with(py, |py, context| {
            let types = self.ty(context).params();
            let args = convert::arguments(shared, context, types, args, skip)?;
            let started = self.func.start(&mut *context, &args);
            Ok(Execution::new(shared.id, started.map_err(|error| errors::raise(py, error))?))
        })
    }
}

/// The store that is the first argument.
fn first<'py>(args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    args.get_item(0).map_err(|_| PyTypeError::new_err("the store is missing"))
}

#[pymethods]
impl Func {
    /// A Python function that guests of the store can call. With `access_caller` it gets a `Caller`
    /// first. Without a type, annotations tell it: see `windlass.functype`.
    #[new]
    #[pyo3(signature = (store, ty, func, access_caller=false))]
    fn new(
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        ty: Option<Bound<'_, PyAny>>,
        func: Bound<'_, PyAny>,
        access_caller: bool,
    ) -> PyResult<Func> {
        let shared = store::of(store)?;
        errors::callable(&func)?;
        let ty = types::given_or_hinted(ty, &func, access_caller)?;
        let ty = types::func_type(&shared.engine.get().engine, &ty)?;
        let number = next_number();
        let made = shared.with(py, |_, context| {
            let host = callback::host(number, &ty, access_caller);
            Ok(windlass::Func::new(context, ty, host))
        })?;
        shared.kept.keep(number, func.unbind());
        Ok(Func::new_in(shared.id, made))
    }

    /// The type.
    #[pyo3(name = "type")]
    fn get_type<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let owner = (self.store, "function");
        let ty = store::with(py, store, owner, |_, _, context| Ok(self.ty(context).clone()))?;
        types::func_type_to_py(py, &ty)
    }

    /// Calls it: the store comes first, then the arguments.
    #[pyo3(signature = (*args))]
    fn __call__(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        let shared = store::of(&first(args)?)?;
        self.call(py, &shared, args, 1)
    }

    /// A call that can be paused; it does not run yet.
    #[pyo3(signature = (*args))]
    fn start(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Execution> {
        let shared = store::of(&first(args)?)?;
        self.begin(py, &shared, args, 1)
    }

    /// Calls it; while host functions of it are awaited, other tasks run.
    #[pyo3(signature = (*args))]
    fn call_async<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let store = first(args)?;
        let shared = store::of(&store)?;
        let execution = self.begin(py, &shared, args, 1)?;
        py.import("windlass._aio")?.getattr("finish")?.call1((execution, store))
    }

    /// The function with its store.
    fn bind(&self, py: Python<'_>, store: &Bound<'_, Store>, name: String) -> PyResult<BoundFunc> {
        store.get().shared.check(py, self.store, "function")?;
        let func = Func { func: self.func, store: self.store, ty: self.ty.clone() };
        Ok(BoundFunc { store: store.clone().unbind(), func, name })
    }
}

/// A function with its store: called with its arguments alone.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct BoundFunc {
    store: Py<Store>,
    func: Func,
    name: String,
}

#[pymethods]
impl BoundFunc {
    #[pyo3(signature = (*args))]
    fn __call__(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        self.func.call(py, &self.store.get().shared, args, 0)
    }

    /// Calls it; while host functions of it are awaited, other tasks run.
    #[pyo3(signature = (*args))]
    fn call_async<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let execution = self.func.begin(py, &self.store.get().shared, args, 0)?;
        let finish = py.import("windlass._aio")?.getattr("finish")?;
        finish.call1((execution, self.store.clone_ref(py)))
    }

    /// A call that can be paused; it does not run yet.
    #[pyo3(signature = (*args))]
    fn start(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<Execution> {
        self.func.begin(py, &self.store.get().shared, args, 0)
    }

    /// The type.
    #[getter]
    #[pyo3(name = "type")]
    fn get_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.func.get_type(py, self.store.bind(py))
    }

    /// The name that it is exported under.
    #[getter]
    fn __name__(&self) -> &str {
        &self.name
    }

    /// The store.
    #[getter]
    fn store(&self, py: Python<'_>) -> Py<Store> {
        self.store.clone_ref(py)
    }

    /// The function without its store.
    #[getter]
    fn func(&self) -> Func {
        Func { func: self.func.func, store: self.func.store, ty: self.func.ty.clone() }
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        // If the store is in use, and nobody has asked before, the type can't be told.
        let shared = &self.store.get().shared;
        let ty = shared.with(py, |_, context| Ok(self.func.ty(context).to_string()));
        let ty = self.func.ty.get().map(|ty| ty.to_string()).or(ty.ok());
        ty.map_or_else(
            || format!("<wasm function {}>", self.name),
            |ty| format!("<wasm function {} {ty}>", self.name),
        )
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.store)
    }
}
