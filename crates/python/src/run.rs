//! Runs guests. While one runs, other Python threads do, too; unless there are views of its
//! memories, which they could look into: then it has the GIL, and gives it up now and then, as
//! Python code does. Now and then it is looked whether a signal has come.

use crate::{
    callback::{Awaited, Returned},
    convert, errors,
    pulse::Watch,
    stack,
    store::{Context, Shared},
};
use pyo3::{prelude::*, sync::PyOnceLock};
use std::{any::Any, cell::Cell, sync::atomic::Ordering, thread};
use windlass::{Error, Event, Execution, Trap, Val};

/// How a part of a call ended.
pub(crate) enum Outcome {
    Finished(Box<[Val]>),
    OutOfFuel,
    /// It was interrupted, or its deadline came.
    Interrupted,
    /// A host function waits.
    Pending(Box<Awaited>),
    /// It has run for a while.
    Yielded,
}

thread_local! {
    static IS_MAIN: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Whether this is the thread that looks after signals.
pub(crate) fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    if let Some(is_main) = IS_MAIN.get() {
        return Ok(is_main);
    }
    static MAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let main = errors::helper(py, "threading", "main_thread", &MAIN)?.call0()?.getattr("ident")?;
    let is_main = errors::helper(py, "threading", "get_ident", &CURRENT)?.call0()?.eq(main)?;
    IS_MAIN.set(Some(is_main));
    Ok(is_main)
}

/// In the child of a fork, the thread that forked is the main one.
pub(crate) fn forget_thread() {
    IS_MAIN.set(None);
}

/// Runs until something stops it that is not ours to look after; `slices`: or for a while.
pub(crate) fn run(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    execution: &mut Execution,
    slices: bool,
) -> PyResult<Outcome> {
    stack::check().map_err(|error| errors::raise(py, error))?;
    let is_main = is_main_thread(py)?;
    let watched = slices || is_main || shared.is_pinned();
    let handle = shared.handle.as_ref().filter(|_| watched);
    let _watch = handle.and_then(Watch::new);
    if is_main {
        // A signal that came before the watch did.
        py.check_signals()?;
    }
    loop {
        let event = go(py, shared, context, execution);
        let raised = shared.take_raised();
        match event {
            Err(error) => return Err(raised.unwrap_or_else(|| errors::raise(py, error))),
            Ok(Event::Finished(values)) => return Ok(Outcome::Finished(values)),
            Ok(Event::OutOfFuel) => return Ok(Outcome::OutOfFuel),
            Ok(Event::HostPending(pending)) => match pending.into_request().downcast() {
                Ok(returned) => {
                    let Returned { value, types } = *returned;
                    let values = convert::results(shared, context, &types, value.bind(py))?;
                    let resumed = execution.resume(&mut *context, &values);
                    resumed.map_err(|error| errors::raise(py, error))?;
                }
                Err(request) => return awaited(py, request),
            },
            Ok(Event::Interrupted) => {
                if let Some(raised) = raised {
                    return Err(raised);
                }
                py.check_signals()?;
                if shared.is_to_stop(true) {
                    return Ok(Outcome::Interrupted);
                }
                if slices {
                    return Ok(Outcome::Yielded);
                }
                if shared.is_pinned() {
                    py.detach(thread::yield_now);
                }
            }
            Ok(_) => return Err(errors::failed(py, "an event of an unknown kind")),
        }
    }
}

/// Runs, with the GIL if there are views.
fn go(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    execution: &mut Execution,
) -> Result<Event, Error> {
    let detached = !shared.is_pinned();
    // A host function of another guest of this store may be what runs this one.
    let outer = shared.detached.swap(detached, Ordering::Relaxed);
    let event = match detached {
        true => py.detach(|| execution.run(&mut *context)),
        false => execution.run(&mut *context),
    };
    shared.detached.store(outer, Ordering::Relaxed);
    event
}

fn awaited(py: Python<'_>, request: Box<dyn Any + Send>) -> PyResult<Outcome> {
    match request.downcast() {
        Ok(awaited) => Ok(Outcome::Pending(awaited)),
        Err(_) => Err(errors::failed(py, "a request of an unknown kind")),
    }
}

/// Runs to the end: whatever stops the guest is an exception.
pub(crate) fn finish(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    execution: &mut Execution,
) -> PyResult<Box<[Val]>> {
    match run(py, shared, context, execution, false)? {
        Outcome::Finished(values) => Ok(values),
        outcome => Err(stopped(py, context, execution, outcome)),
    }
}

/// The exception for what stopped a guest.
pub(crate) fn stopped(
    py: Python<'_>,
    context: &mut Context<'_>,
    execution: &Execution,
    outcome: Outcome,
) -> PyErr {
    let trap = match outcome {
        Outcome::OutOfFuel => Trap::OutOfFuel,
        Outcome::Pending(awaited) => {
            // Nobody will await it.
            let _ = awaited.awaitable.call_method0(py, "close");
            return errors::failed(
                py,
                "an asynchronous host function needs a call by `call_async`",
            );
        }
        _ => Trap::Interrupted,
    };
    let place = execution.backtrace(&*context).ok().flatten();
    errors::trapped(py, trap, place.as_ref())
}

/// Calls a function.
pub(crate) fn call(
    py: Python<'_>,
    shared: &Shared,
    context: &mut Context<'_>,
    func: windlass::Func,
    args: &[Val],
) -> PyResult<Py<PyAny>> {
    let started: Result<Execution, Error> = func.start(&mut *context, args);
    let mut execution = started.map_err(|error| errors::raise(py, error))?;
    let values = finish(py, shared, context, &mut execution)?;
    convert::results_to_py(py, shared, context, &values)
}
