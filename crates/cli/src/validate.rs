//! `windlass validate`: says of each file whether it is a valid module, and if not, what is wrong
//! and where; for people and (`--json`) for programs.

use crate::{
    features::Allowed,
    terminal::{BAD, Failure, GOOD, complain, module, print, read_module, shown},
    text::Malformed,
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use windlass::{Config, Engine, Error, ModuleError};

/// Check that files are valid modules
#[derive(Args)]
pub(crate) struct Validate {
    /// Modules, .wasm or .wat, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    allowed: Allowed,

    /// Print JSON: a list with an object for each file
    #[arg(long)]
    json: bool,
}

impl Validate {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let features = self.allowed.features();
        let engine = Engine::new(Config::new().features(features)).map_err(Failure::new)?;
        let mut code = ExitCode::SUCCESS;
        let mut verdicts = Vec::new();
        for file in &self.files {
            let verdict = read_module(file).map(|bytes| check(&engine, file, &bytes));
            if !matches!(verdict, Ok(Ok(()))) {
                code = ExitCode::FAILURE;
            }
            match self.json {
                true => verdicts.push(object(file, verdict)),
                false => tell(&shown(file), verdict)?,
            }
        }
        if self.json {
            print(format_args!("{:#}\n", Value::from(verdicts)))?;
        }
        Ok(code)
    }
}

fn check(engine: &Engine, file: &Path, bytes: &[u8]) -> Result<(), Error> {
    module(engine, file, bytes).map(drop)
}

/// For people.
fn tell(name: &str, verdict: Result<Result<(), Error>, Failure>) -> Result<(), Failure> {
    match verdict {
        Ok(Ok(())) => print(format_args!("{name}: {GOOD}valid{GOOD:#}\n")),
        Ok(Err(error)) => {
            print(format_args!("{name}: {BAD}invalid{BAD:#}\n"))?;
            complain(&format!("{name}: {error}"));
            Ok(())
        }
        Err(failure) => {
            failure.report();
            Ok(())
        }
    }
}

/// For programs; what is not known is null. `offset` is in bytes of the binary format, `line` and
/// `column` are of the text; of one that can't be parsed, `error` does not repeat them.
fn object(file: &Path, verdict: Result<Result<(), Error>, Failure>) -> Value {
    let (error, place) = match &verdict {
        Ok(Ok(())) => (None, None),
        Ok(Err(error)) => (Some(error.to_string()), error.downcast_ref::<ModuleError>()),
        Err(failure) => (Some(failure.to_string()), None),
    };
    let function =
        place.and_then(|place| Some(json!({"index": place.func()?, "name": place.func_name()})));
    let malformed = match &verdict {
        Ok(Err(error)) => error.downcast_ref::<Malformed>(),
        _ => None,
    };
    let error = malformed.map(Malformed::reason).or(error);
    let parsed = malformed.map(|text| (text.line, text.column));
    let (line, column) = place.and_then(ModuleError::line).or(parsed).unzip();
    json!({
        "file": file.to_string_lossy(),
        "valid": error.is_none(),
        "error": error,
        "offset": place.map(ModuleError::offset),
        "function": function,
        "line": line,
        "column": column,
    })
}
