//! `windlass dump`: the translated code of a module's functions beside the byte offsets of the Wasm
//! that it was made from.

use crate::terminal::{Failure, HEADING, print, read_module, shown};
use clap::Args;
use std::{fmt, path::PathBuf, process::ExitCode};
use windlass::{Config, Engine, Escaped, Features, Module};
use windlass_decode as decode;

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
        let file = read_module(&self.file)?;
        let bytes = wat::parse_bytes(&file).map_err(|e| self.failure(e))?;
        let engine = Engine::new(Config::new().features(Features::ALL)).map_err(Failure::new)?;
        let module = Module::from_binary(&engine, &bytes).map_err(|e| self.failure(e))?;
        for (index, name) in self.functions(&bytes)? {
            print(format_args!("{HEADING}func {index} {}{HEADING:#}\n", Escaped(&name)))?;
            match module.listing(index) {
                Some(listing) => print(format_args!("{listing}\n"))?,
                None => return Err(self.failure(format_args!("function {index}: no code"))),
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The functions that are asked for, with their names.
    fn functions(&self, bytes: &[u8]) -> Result<Vec<(u32, String)>, Failure> {
        let module =
            decode::Module::decode(bytes, Features::ALL).map_err(|error| self.failure(error))?;
        let is_func = |import: &&decode::Import| matches!(import.ty, decode::ImportType::Func(_));
        let imported = module.imports.iter().filter(is_func).count() as u32;
        let names = decode::NameSection::decode(&module, bytes).funcs;
        let name = |index: u32| names.get(index).unwrap_or_default().to_owned();
        let functions = (imported..).take(module.bodies.len()).map(|index| (index, name(index)));
        let Some(wanted) = &self.func else { return Ok(functions.collect()) };
        let is_wanted =
            |(index, name): &(u32, String)| wanted.parse() == Ok(*index) || name == wanted;
        let found: Vec<_> = functions.filter(is_wanted).collect();
        if found.is_empty() {
            let file = shown(&self.file);
            return Err(Failure::usage(format_args!("{file} defines no function {wanted:?}")));
        }
        Ok(found)
    }

    fn failure(&self, error: impl fmt::Display) -> Failure {
        Failure::new(format_args!("{}: {error}", shown(&self.file)))
    }
}
