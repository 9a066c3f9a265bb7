//! [`Execution`]: a call that can be paused, for `call_async` and for those who want more.

use crate::{
    callback::Awaited,
    convert,
    ending::let_go,
    errors,
    run::{self, Outcome},
    store,
};
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call that can be paused. `run` runs it until it finishes or something stops it.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Execution {
    store: u64,
    inner: Mutex<Inner>,
}

/// Locked only by who has the GIL, and never while Python code runs.
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

    /// Takes it out, to be run or resumed.
    fn take(&self, py: Python<'_>) -> PyResult<windlass::Execution> {
        let execution = self.inner().execution.take();
        execution.ok_or_else(|| errors::failed(py, "the execution has ended, or runs"))
    }

    /// Something of the host function that waits.
    fn pending<R>(&self, py: Python<'_>, f: impl FnOnce(&Awaited) -> R) -> PyResult<R> {
        let found = match &self.inner().last {
            Some(Outcome::Pending(awaited)) => Some(f(awaited)),
            _ => None,
        };
        found.ok_or_else(|| errors::failed(py, "no host function is pending"))
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
        store::with(py, store, (self.store, "execution"), |py, shared, context| {
            let mut execution = self.take(py)?;
            let outcome = match run::run(py, shared, context, &mut execution, slices) {
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
                    Some(convert::results_to_py(py, shared, context, values)?)
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
        self.pending(py, |awaited| awaited.awaitable.clone_ref(py))
    }

    /// Gives what the awaitable gave.
    fn resume(
        &self,
        py: Python<'_>,
        store: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        store::with(py, store, (self.store, "execution"), |py, shared, context| {
            let types = self.pending(py, |awaited| awaited.types.clone())?;
            let values = convert::results(shared, context, &types, value)?;
            let mut execution = self.take(py)?;
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
        store::with(py, store, (self.store, "execution"), |py, _, context| {
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

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        if let Some(Outcome::Pending(awaited)) = &inner.last {
            visit.call(&awaited.awaitable)?;
        }
        visit.call(&inner.result)
    }

    fn __clear__(&self) {
        let mut inner = self.inner();
        let taken = (inner.last.take(), inner.result.take());
        drop(inner);
        let_go(taken);
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.__clear__();
    }
}
