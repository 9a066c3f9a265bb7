//! The official WebAssembly test suite, for the tests of the project: [`files`] are its scripts,
//! [`modules`] what a script says about modules. How they run on Windlass is in `tests/suite`.
#![forbid(unsafe_code)]

mod files;
mod modules;
#[path = "../../crates/wast/src/unfold.rs"]
mod unfold;

pub use files::{File, files};
pub use modules::{Case, Verdict, modules};

use std::{env, path::PathBuf};

/// The folder with the complete suite, if the environment names one.
pub fn complete_suite() -> Option<PathBuf> {
    env::var_os("WINDLASS_TESTSUITE").filter(|value| !value.is_empty()).map(PathBuf::from)
}
