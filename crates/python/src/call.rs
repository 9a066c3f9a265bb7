//! Calls of Python functions that run for as long as they like: host functions, and streams of
//! WASI.
//!
//! Before Python 3.14, a daemon thread that wants the GIL back when the interpreter has ended is
//! ended by `pthread_exit`, which unwinds its stack. Rust's frames are not made for that: the
//! process would abort in the middle of its exit. So the unwinding stops here, at the innermost of
//! them: the thread waits until the process is gone.

use pyo3::{ffi, prelude::*, types::PyTuple};
use std::thread;

/// Hangs the thread when it is dropped, which happens only if the stack is unwound.
struct Hang;

impl Drop for Hang {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

// The interpreter's function, declared as one that the stack may be unwound through.
#[cfg(unix)]
unsafe extern "C-unwind" {
    fn PyObject_CallObject(
        callable: *mut ffi::PyObject,
        args: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}
#[cfg(not(unix))]
use ffi::PyObject_CallObject;

/// Calls a callable.
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let hang = Hang;
    // SAFETY: both are objects that live, the second is a tuple, and `callable` shows that this
    // thread has the GIL. The function does not unwind but by `pthread_exit`, which `hang` stops.
    let result = unsafe { PyObject_CallObject(callable.as_ptr(), args.as_ptr()) };
    std::mem::forget(hang);
    // SAFETY: the function returns an object that is the caller's, or null and an exception.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}
