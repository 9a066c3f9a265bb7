//! Host functions: Python callables that guests call. One that returns an awaitable is completed
//! later, which only calls by `call_async` allow.

use crate::{
    call::call,
    convert, errors,
    errors::Raised,
    stack,
    store::{Caller, Data, Shared},
};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyFloat, PyInt, PyTuple},
};
use std::sync::{Arc, atomic::Ordering};
use windlass::{AsContextMut, Error, FuncType, Pending, Val, ValType};

/// A host function that waits: what is to be awaited, and the types of what that gives.
pub(crate) struct Awaited {
    pub(crate) awaitable: Py<PyAny>,
    pub(crate) types: Arc<[ValType]>,
}

/// A host function that has returned while its guest ran without the GIL, and that has made a view:
/// what it returned, and the types of that. The guest goes on with the GIL.
pub(crate) struct Returned {
    pub(crate) value: Py<PyAny>,
    pub(crate) types: Arc<[ValType]>,
}

/// What a call of a Python function is to the guest.
enum Outcome {
    Finished,
    Awaited(Py<PyAny>),
    Returned(Py<PyAny>),
}

/// What the library gives to a host function.
type Host<'a> = windlass::Caller<'a, Data>;

/// The host function that calls the callable which the store has under this number.
pub(crate) fn host(
    number: u64,
    ty: &FuncType,
    access_caller: bool,
) -> impl Fn(Host<'_>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static {
    let types: Arc<[ValType]> = ty.results().collect();
    move |mut caller: Host<'_>, params: &[Val], results: &mut [Val]| {
        stack::check()?;
        let Some(shared) = caller.data().shared.upgrade() else {
            return Err(Error::msg("the store of the host function is gone"));
        };
        let call = Callback { shared: &shared, number, types: &types, access_caller };
        Python::attach(|py| match call.run(py, &mut caller, params, results) {
            Ok(Outcome::Finished) => Ok(()),
            Ok(Outcome::Awaited(awaitable)) => {
                Err(Pending::new(Awaited { awaitable, types: types.clone() }).into())
            }
            Ok(Outcome::Returned(value)) => {
                Err(Pending::new(Returned { value, types: types.clone() }).into())
            }
            Err(error) => Err(Error::new(Raised(error))),
        })
    }
}

struct Callback<'a> {
    shared: &'a Arc<Shared>,
    number: u64,
    types: &'a [ValType],
    access_caller: bool,
}

impl Callback<'_> {
    /// Calls it.
    fn run(
        &self,
        py: Python<'_>,
        caller: &mut Host<'_>,
        params: &[Val],
        results: &mut [Val],
    ) -> PyResult<Outcome> {
        let Callback { shared, number, types, access_caller } = *self;
        let gone = || errors::failed(py, "the host function is gone");
        let callable = shared.kept.get(py, number).ok_or_else(gone)?;
        let mut args = Vec::with_capacity(params.len() + 1);
        let mut end = None;
        if access_caller {
            let caller = Py::new(py, Caller::new(shared.clone(), caller.instance()))?;
            args.push(caller.clone_ref(py).into_any());
            end = Some(EndOnDrop(caller));
        }
        for value in params {
            args.push(convert::to_py(py, shared, &mut caller.as_context_mut(), *value)?);
        }
        let args = PyTuple::new(py, args)?;
        let returned = shared.lend(caller.as_context_mut(), || {
            // Or else a guest that calls for ever would have all that it ever held.
            shared.kept.sweep(py);
            call(callable.bind(py), &args)
        });
        drop(end);
        let returned = returned?;
        if is_awaitable(&returned, types)? {
            return Ok(Outcome::Awaited(returned.unbind()));
        }
        if shared.is_pinned() && shared.detached.load(Ordering::Relaxed) {
            return Ok(Outcome::Returned(returned.unbind()));
        }
        let values = convert::results(shared, &mut caller.as_context_mut(), types, &returned)?;
        results.copy_from_slice(&values);
        Ok(Outcome::Finished)
    }
}

/// The caller of a host function, which ends when the function does.
struct EndOnDrop(Py<Caller>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.get().end();
    }
}

/// Whether it is to be awaited. Where a host value is wanted, an awaitable is one.
fn is_awaitable(value: &Bound<'_, PyAny>, types: &[ValType]) -> PyResult<bool> {
    static IS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if value.is_none() || matches!(types, [ValType::Ref(_)]) && !is_coroutine(value)? {
        return Ok(false);
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return Ok(false);
    }
    errors::helper(value.py(), "inspect", "isawaitable", &IS)?.call1((value,))?.is_truthy()
}

fn is_coroutine(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static IS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    errors::helper(value.py(), "inspect", "iscoroutine", &IS)?.call1((value,))?.is_truthy()
}
