//! [`Execution`]: a call that can be paused, for `call_async` and for those who want more.

use crate::{
    callback::Awaited,
    convert, errors,
    run::{self, Outcome},
    store,
};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call that can be paused. `run` runs it until it finishes or something stops it.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Execution {
    store: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    /// None while it runs, and when it has failed.
    execution: Option<windlass::Execution>,
    last: Option<Outcome>,
    result: Option<Py<PyAny>>,
}

impl Execution {
    pub(crate) fn new(store: u64, execution: windlass::Execution) -> Execution {
        let inner = Inner { execution: Some(execution), last: None, result: None };
        Execution { store, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Execution {
    /// Runs until something stops it, and tells what: "finished", "pending" (a host function is to
    /// be awaited), "out of fuel", "interrupted" or, with `slices`, "yielded" after some
    /// milliseconds. But for the first two, it can be run again.
    #[pyo3(signature = (store, slices=false))]
    fn run(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        slices: bool,
    ) -> PyResult<&'static str> {
        let shared = store::of(store)?;
        shared.check(py, self.store, "execution")?;
        shared.with(py, |py, context| {
            let Some(mut execution) = self.inner().execution.take() else {
                return Err(errors::failed(py, "the execution has ended, or runs"));
            };
            let outcome = match run::run(py, &shared, context, &mut execution, slices) {
                Ok(outcome) => outcome,
                Err(error) => {
                    // One that waits for results can't run, but is not ended by that.
                    if !execution.has_ended() {
                        self.inner().execution = Some(execution);
                    }
                    return Err(error);
                }
            };
            let result = match &outcome {
                Outcome::Finished(values) => {
                    Some(convert::results_to_py(py, &shared, context, values)?)
                }
                _ => None,
            };
            let told = match &outcome {
                Outcome::Finished(_) => "finished",
                Outcome::OutOfFuel => "out of fuel",
                Outcome::Interrupted => "interrupted",
                Outcome::Pending(_) => "pending",
                Outcome::Yielded => "yielded",
            };
            let new = Inner { execution: Some(execution), last: Some(outcome), result };
            let old = std::mem::replace(&mut *self.inner(), new);
            drop(old);
            Ok(told)
        })
    }

    /// What the function returned.
    #[getter]
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let result = self.inner().result.as_ref().map(|result| result.clone_ref(py));
        result.ok_or_else(|| errors::failed(py, "the execution has not finished"))
    }

    /// What is to be awaited.
    #[getter]
    fn awaitable(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match &self.inner().last {
            Some(Outcome::Pending(awaited)) => Ok(awaited.awaitable.clone_ref(py)),
            _ => Err(errors::failed(py, "no host function is pending")),
        }
    }

    /// Gives what the awaitable gave.
    fn resume(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let shared = store::of(store)?;
        shared.check(py, self.store, "execution")?;
        shared.with(py, |py, context| {
            let types = match &self.inner().last {
                Some(Outcome::Pending(awaited)) => Awaited::types(awaited),
                _ => return Err(errors::failed(py, "no host function is pending")),
            };
            let values = convert::results(&shared, context, &types, value)?;
            let Some(mut execution) = self.inner().execution.take() else {
                return Err(errors::failed(py, "the execution has ended, or runs"));
            };
            let resumed = execution.resume(&mut *context, &values);
            let mut inner = self.inner();
            inner.execution = Some(execution);
            let old = inner.last.take();
            drop(inner);
            drop(old);
            resumed.map_err(|error| errors::raise(py, error))
        })
    }

    /// Ends it: raises the trap for what stopped it.
    fn fail(&self, py: Python<'_>, store: &Bound<'_, PyAny>) -> PyResult<()> {
        let shared = store::of(store)?;
        shared.check(py, self.store, "execution")?;
        shared.with(py, |py, context| {
            let taken = {
                let mut inner = self.inner();
                inner.execution.take().zip(inner.last.take())
            };
            match taken {
                Some((execution, outcome)) => Err(run::stopped(py, context, &execution, outcome)),
                None => Err(errors::failed(py, "the execution has ended, or runs")),
            }
        })
    }
}

impl Awaited {
    fn types(&self) -> std::sync::Arc<[windlass::ValType]> {
        self.types.clone()
    }
}
