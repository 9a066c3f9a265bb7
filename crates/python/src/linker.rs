//! [`Linker`]: what modules import, by name.

use crate::{
    callback, convert,
    ending::let_go,
    engine::Engine,
    errors,
    instance::{self, Instance},
    kept::next_number,
    module::Module,
    store::{self, Context, Data, Shared},
    types,
};
use pyo3::{PyTraverseError, PyVisit, prelude::*, types::PyTuple};
use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use windlass::Extern;

/// Callables with their numbers, by the names of module and function.
type Callables = HashMap<(String, String), (u64, Py<PyAny>)>;

/// What modules import, by name. Python functions in it belong to no store: each store that an
/// instance is made in gets them.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Linker {
    engine: Py<Engine>,
    linker: Mutex<windlass::Linker<Data>>,
    /// The numbers of the functions, and what they call. Here, where the garbage collector of
    /// Python can see them.
    callables: Mutex<Callables>,
}

impl Linker {
    fn linker(&self) -> MutexGuard<'_, windlass::Linker<Data>> {
        self.linker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn callables(&self) -> MutexGuard<'_, Callables> {
        self.callables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn define_callable(
        &self,
        py: Python<'_>,
        (module, name): (&str, &str),
        ty: windlass::FuncType,
        func: Bound<'_, PyAny>,
        access_caller: bool,
    ) -> PyResult<()> {
        errors::callable(&func)?;
        let number = next_number();
        let host = callback::host(number, &ty, access_caller);
        self.linker().func_new(module, name, ty, host).map_err(|error| errors::raise(py, error))?;
        let key = (module.to_owned(), name.to_owned());
        let old = self.callables().insert(key, (number, func.unbind()));
        drop(old);
        Ok(())
    }

    /// What is defined under the name, for a store.
    fn find(
        &self,
        py: Python<'_>,
        shared: &Shared,
        context: &mut Context<'_>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let item = self.linker().get(&mut *context, module, name)?;
        let callable = {
            let callables = self.callables();
            let found = callables.get(&(module.to_owned(), name.to_owned()));
            found.map(|(number, callable)| (*number, callable.clone_ref(py)))
        };
        if let Some((number, callable)) = callable {
            shared.kept.keep(number, callable);
        }
        Some(item)
    }
}

#[pymethods]
impl Linker {
    #[new]
    fn new(engine: Py<Engine>) -> Linker {
        let linker = Mutex::new(windlass::Linker::new(&engine.get().engine));
        Linker { engine, linker, callables: Mutex::default() }
    }

    /// The engine.
    #[getter]
    fn engine(&self, py: Python<'_>) -> Py<Engine> {
        self.engine.clone_ref(py)
    }

    /// Whether names can be defined again.
    #[setter]
    fn allow_shadowing(&self, allow: bool) {
        self.linker().allow_shadowing(allow);
    }

    /// Defines an item of a store.
    fn define(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        module: &str,
        name: &str,
        item: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let shared = store::of(store)?;
        let item = convert::item(&shared, item)?;
        shared.with(py, |py, context| {
            let mut linker = self.linker();
            let defined = linker.define(&*context, module, name, item);
            defined.map(|_| ()).map_err(|error| errors::raise(py, error))
        })?;
        let old = self.callables().remove(&(module.to_owned(), name.to_owned()));
        drop(old);
        Ok(())
    }

    /// Defines a Python function. With `access_caller` it gets a `Caller` first. Without a type,
    /// annotations tell it: see `windlass.functype`.
    #[pyo3(signature = (module, name, ty, func, access_caller=false))]
    fn define_func(
        &self,
        py: Python<'_>,
        module: &str,
        name: &str,
        ty: Option<Bound<'_, PyAny>>,
        func: Bound<'_, PyAny>,
        access_caller: bool,
    ) -> PyResult<()> {
        let ty = types::given_or_hinted(ty, &func, access_caller)?;
        let ty = types::func_type(&self.engine.get().engine, &ty)?;
        self.define_callable(py, (module, name), ty, func, access_caller)
    }

    /// Defines a Python function for an import of a module, with exactly the import's type.
    #[pyo3(signature = (wasm, module, name, func, access_caller=false))]
    fn define_import(
        &self,
        py: Python<'_>,
        wasm: &Bound<'_, Module>,
        module: &str,
        name: &str,
        func: Bound<'_, PyAny>,
        access_caller: bool,
    ) -> PyResult<()> {
        let imports = wasm.get().module.imports();
        let mut types = imports.filter_map(|import| match import.ty() {
            windlass::ExternType::Func(ty) => {
                (import.module() == module && import.name() == name).then_some(ty)
            }
            _ => None,
        });
        let none = || errors::failed(py, format!("no function `{module}`::`{name}` is imported"));
        let ty = types.next().ok_or_else(none)?;
        drop(types);
        self.define_callable(py, (module, name), ty, func, access_caller)
    }

    /// Defines the exports of an instance under the name of a module.
    fn define_instance(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        name: &str,
        instance: &Bound<'_, Instance>,
    ) -> PyResult<()> {
        let shared = store::of(store)?;
        shared.check(py, instance.get().store, "instance")?;
        shared.with(py, |py, context| {
            let mut linker = self.linker();
            let defined = linker.instance(&*context, name, instance.get().instance);
            defined.map(|_| ()).map_err(|error| errors::raise(py, error))
        })
    }

    /// Makes an instance of a module and defines its exports under this name.
    fn define_module(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        name: &str,
        module: &Bound<'_, Module>,
    ) -> PyResult<()> {
        let instance = Bound::new(py, self.instantiate(py, store, module)?)?;
        self.define_instance(py, store, name, &instance)
    }

    /// Defines the functions of WASI. Each store says what its guests see: `Store.set_wasi`.
    fn define_wasi(&self, py: Python<'_>) -> PyResult<()> {
        let defined = windlass_wasi::add_to_linker(&mut *self.linker(), Data::wasi);
        defined.map_err(|error| errors::raise(py, error))
    }

    /// Defines what the module imports and is not defined: functions that trap.
    fn define_unknown_imports_as_traps(
        &self,
        py: Python<'_>,
        module: &Bound<'_, Module>,
    ) -> PyResult<()> {
        let defined = self.linker().define_unknown_imports_as_traps(&module.get().module);
        defined.map_err(|error| errors::raise(py, error))
    }

    /// Defines what the module imports and is not defined: functions that return zeros and nulls,
    /// and items of the store that have such values.
    fn define_unknown_imports_as_default_values(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        module: &Bound<'_, Module>,
    ) -> PyResult<()> {
        store::of(store)?.with(py, |py, context| {
            let mut linker = self.linker();
            let module = &module.get().module;
            let defined = linker.define_unknown_imports_as_default_values(context, module);
            defined.map_err(|error| errors::raise(py, error))
        })
    }

    /// The function that a module stands for: the one without a name, or `_start`, or one that does
    /// nothing.
    fn get_default(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        name: &str,
    ) -> PyResult<Py<PyAny>> {
        let shared = store::of(store)?;
        let item = shared.with(py, |py, context| {
            for each in ["", "_start"] {
                match self.find(py, &shared, context, name, each) {
                    Some(item @ Extern::Func(_)) => return Ok(item),
                    Some(_) => break,
                    None => {}
                }
            }
            let func = self.linker().get_default(context, name);
            Ok(func.map_err(|error| errors::raise(py, error))?.into())
        })?;
        convert::item_to_py(py, shared.id, item)
    }

    /// What is defined under the name, for a store.
    fn get(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        module: &str,
        name: &str,
    ) -> PyResult<Py<PyAny>> {
        let shared = store::of(store)?;
        let item =
            shared.with(py, |py, context| Ok(self.find(py, &shared, context, module, name)))?;
        match item {
            Some(item) => convert::item_to_py(py, shared.id, item),
            None => Err(errors::failed(py, format!("`{module}`::`{name}` is not defined"))),
        }
    }

    /// Makes an instance of a module.
    fn instantiate(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        module: &Bound<'_, Module>,
    ) -> PyResult<Instance> {
        let shared = store::of(store)?;
        let module = &module.get().module;
        instance::instantiate(py, &shared, module, |py, context| {
            let imports = module.imports();
            let mut items = Vec::with_capacity(imports.len());
            for import in imports {
                match self.find(py, &shared, context, import.module(), import.name()) {
                    Some(item) => items.push(item),
                    // It says what is missing.
                    None => {
                        let failed = self.linker().instantiate(&mut *context, module);
                        let error = failed.err();
                        let missing = || errors::failed(py, "an import is missing");
                        return Err(error.map_or_else(missing, |e| errors::raise(py, e)));
                    }
                }
            }
            Ok(items)
        })
    }

    /// Checks that all that the module imports is defined, and keeps it for many instances: what
    /// the linker gets later does not change them.
    fn instantiate_pre(&self, py: Python<'_>, module: Py<Module>) -> PyResult<InstancePre> {
        let linker = self.linker().clone();
        let checked = linker.instantiate_pre(&module.get().module);
        checked.map_err(|error| errors::raise(py, error))?;
        let callables = self.callables();
        let copied = callables
            .iter()
            .map(|(name, (number, callable))| (name.clone(), (*number, callable.clone_ref(py))));
        let copied = Mutex::new(copied.collect());
        drop(callables);
        let engine = self.engine.clone_ref(py);
        let linker = Linker { engine, linker: Mutex::new(linker), callables: copied };
        Ok(InstancePre { linker: Py::new(py, linker)?, module })
    }

    /// For `with`, whose end does nothing: what nobody refers to any more ends by itself.
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyTuple>) {}

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(callables) = self.callables.try_lock() {
            for (_, callable) in callables.values() {
                visit.call(callable)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let callables = mem::take(&mut *self.callables());
        let_go(callables);
    }
}

/// A module with what it imports, for instances in many stores.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct InstancePre {
    /// Nobody else has it, so that it does not change.
    linker: Py<Linker>,
    module: Py<Module>,
}

#[pymethods]
impl InstancePre {
    /// Makes an instance.
    fn instantiate(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<Instance> {
        self.linker.get().instantiate(py, store, self.module.bind(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.linker)?;
        visit.call(&self.module)
    }
}

impl Drop for Linker {
    fn drop(&mut self) {
        self.__clear__();
    }
}
