//! Execution of translated code.

mod code;
mod thread;

pub(crate) use code::{CodeTable, FuncCode};
pub(crate) use thread::{BacktraceFrame, Exit, Thread};
