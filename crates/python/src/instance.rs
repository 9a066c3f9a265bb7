//! [`Instance`]: a module with its imports, in a store.

use crate::{
    convert, errors,
    module::Module,
    run,
    store::{self, Shared},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyDict};
use windlass::{AsContext, Extern};

/// An instance of a module.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Instance {
    pub(crate) instance: windlass::Instance,
    pub(crate) store: u64,
}

/// Makes an instance and runs its start function.
pub(crate) fn instantiate(
    py: Python<'_>,
    shared: &Shared,
    module: &windlass::Module,
    imports: impl FnOnce(Python<'_>, &mut store::Context<'_>) -> PyResult<Vec<Extern>>,
) -> PyResult<Instance> {
    shared.with(py, |py, context| {
        let imports = imports(py, context)?;
        let made = windlass::Instance::start(&mut *context, module, &imports);
        let (instance, start) = made.map_err(|error| errors::raise(py, error))?;
        if let Some(mut start) = start {
            run::finish(py, shared, context, &mut start)?;
        }
        Ok(Instance { instance, store: shared.id })
    })
}

#[pymethods]
impl Instance {
    /// Makes an instance; its imports are in the order of `Module.imports`.
    #[new]
    fn new(
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        module: &Bound<'_, Module>,
        imports: &Bound<'_, PyAny>,
    ) -> PyResult<Instance> {
        let shared = store::of(store)?;
        let items = imports.try_iter()?.map(|item| convert::item(&shared, &item?));
        let items: Vec<Extern> = items.collect::<PyResult<_>>()?;
        instantiate(py, &shared, &module.get().module, |_, _| Ok(items))
    }

    /// What it exports: an `InstanceExports`.
    fn exports<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let owner = (self.store, "instance");
        let items: Vec<(String, Extern)> = store::with(py, store, owner, |_, _, context| {
            let exports = self.instance.exports(context.as_context());
            Ok(exports.map(|export| (export.name().to_owned(), export.into_extern())).collect())
        })?;
        let exports = PyDict::new(py);
        for (name, item) in items {
            exports.set_item(name, convert::item_to_py(py, self.store, item)?)?;
        }
        errors::helper(py, "windlass._exports", "InstanceExports", &CLASS)?.call1((exports,))
    }
}
