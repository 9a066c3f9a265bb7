//! `windlass dump`: the translated code of a module's functions beside the byte offsets of the Wasm that it comes
//! from.

use crate::terminal::{Failure, HEADING, print, read};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};
use windlass::{Config, Engine, Features, Module};

/// Show the translated code of functions
#[derive(Args)]
pub(crate) struct Dump {
    /// Module, .wasm or .wat
    file: PathBuf,

    /// Function, by index or name; all that the module defines if left out
    func: Option<String>,
}

impl Dump {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let bytes = read(&self.file)?;
        let engine = Engine::new(Config::new().features(Features::ALL)).map_err(Failure::new)?;
        let module = Module::new(&engine, &bytes)
            .map_err(|error| Failure::new(format_args!("{}: {error}", self.file.display())))?;
        for index in self.functions(&module)? {
            let name = module.func_name(index).unwrap_or("");
            let listing = module.listing(index).map_err(Failure::new)?;
            print(format_args!("{HEADING}func {index} {name}{HEADING:#}\n{listing}\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The indices of the functions that are asked for.
    fn functions(&self, module: &Module) -> Result<Vec<u32>, Failure> {
        let defined = module.defined_functions();
        let Some(wanted) = &self.func else { return Ok(defined.collect()) };
        let index = match wanted.parse() {
            Ok(index) => Some(index).filter(|index| defined.contains(index)),
            Err(_) => defined.into_iter().find(|index| module.func_name(*index) == Some(wanted)),
        };
        let file = self.file.display();
        index
            .map(|index| vec![index])
            .ok_or_else(|| Failure::usage(format_args!("{file} defines no function {wanted:?}")))
    }
}
