//! `windlass validate`: says of each file whether it is a valid module, and if not, what is wrong
//! and where.

use crate::terminal::{BAD, Failure, GOOD, complain, print, read, shown};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};
use windlass::{Config, Engine, Error, Features, Module};

/// Check that files are valid modules
#[derive(Args)]
pub(crate) struct Validate {
    /// Modules, .wasm or .wat
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Validate {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let engine = Engine::new(Config::new().features(Features::ALL)).map_err(Failure::new)?;
        let mut code = ExitCode::SUCCESS;
        for file in &self.files {
            let name = shown(file);
            match read(file) {
                Err(failure) => code = failure.report(),
                Ok(bytes) => match check(&engine, &bytes) {
                    Ok(()) => print(format_args!("{name}: {GOOD}valid{GOOD:#}\n"))?,
                    Err(error) => {
                        print(format_args!("{name}: {BAD}invalid{BAD:#}\n"))?;
                        complain(&format!("{name}: {error}"));
                        code = ExitCode::FAILURE;
                    }
                },
            }
        }
        Ok(code)
    }
}

fn check(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
    Module::validate(engine, &wat::parse_bytes(bytes)?)
}
