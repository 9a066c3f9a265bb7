//! `windlass dump`: the functions of a module, instruction by instruction beside their byte offsets.

use crate::terminal::{Failure, HEADING, print, read};
use clap::Args;
use std::{
    fmt::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use windlass_decode::{Body, Features, Instrs, NameSection};
use windlass_validate::validate;

/// Show the code of functions
#[derive(Args)]
pub(crate) struct Dump {
    /// Module, .wasm or .wat
    file: PathBuf,

    /// Function, by index or name; all that the module defines if left out
    func: Option<String>,
}

impl Dump {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let file = read(&self.file)?;
        let bytes = wat::parse_bytes(&file).map_err(|e| self.failure(e))?;
        let (module, context) = validate(&bytes, Features::ALL).map_err(|e| self.failure(e))?;
        let names = NameSection::decode(&module, &bytes);
        let imported = context.imported.funcs;
        let defined = || (imported..).zip(&module.bodies);
        let is_wanted = |index: u32, wanted: &str| {
            wanted.parse() == Ok(index) || names.funcs.get(index) == Some(wanted)
        };
        let chosen: Vec<(u32, &Body)> = match &self.func {
            None => defined().collect(),
            Some(wanted) => defined().filter(|(index, _)| is_wanted(*index, wanted)).collect(),
        };
        if let (Some(wanted), true) = (&self.func, chosen.is_empty()) {
            let file = self.file.display();
            return Err(Failure::usage(format_args!("{file} defines no function {wanted:?}")));
        }
        for (index, body) in chosen {
            let name = names.funcs.get(index).unwrap_or_default();
            let listing = listing(&bytes, body).map_err(|e| self.failure(e))?;
            print(format_args!("{HEADING}func {index} {name}{HEADING:#}\n{listing}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn failure(&self, error: impl fmt::Display) -> Failure {
        Failure::new(format_args!("{}: {error}", self.file.display()))
    }
}

/// The instructions of a function, a line each.
fn listing(bytes: &[u8], body: &Body) -> Result<String, windlass_decode::Error> {
    let mut text = String::new();
    let mut instrs = Instrs::at(bytes, body.code.start, Features::ALL);
    while instrs.reader.offset() < body.code.end {
        let instr = instrs.next_instr()?;
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:#8x}  {}", instr.offset, instr.op.info().mnemonic);
    }
    Ok(text)
}
