//! `windlass wast`: runs test scripts, a line a file, and tells the directives that failed.

use crate::terminal::{BAD, Failure, GOOD, Lines, print, read, shown};
use clap::Args;
use std::{fmt::Write, path::PathBuf, process::ExitCode};
use windlass::{Config, Engine, Features};
use windlass_wast::{Report, Runner};

/// Run test scripts of the official suite's format
#[derive(Args)]
pub(crate) struct Wast {
    /// Test scripts (.wast)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Count fuel while running, this much for each script
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
}

impl Wast {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let mut config = Config::new();
        config.features(Features::ALL).consume_fuel(self.fuel.is_some());
        let mut runner = Runner::new(Engine::new(&config).map_err(Failure::new)?);
        if let Some(fuel) = self.fuel {
            runner.fuel(fuel);
        }
        let mut code = ExitCode::SUCCESS;
        for file in &self.files {
            let text = match read(file) {
                Ok(bytes) => bytes,
                Err(failure) => {
                    code = failure.report();
                    continue;
                }
            };
            let report = runner.run(&String::from_utf8_lossy(&text));
            print(summary(&shown(file), &report))?;
            if !report.is_success() {
                code = ExitCode::FAILURE;
            }
        }
        Ok(code)
    }
}

/// The line of a file, and one for each directive that failed.
fn summary(name: &str, report: &Report) -> String {
    let (style, verdict) = if report.is_success() { (GOOD, "ok") } else { (BAD, "FAILED") };
    let mut text = format!("{name}: {style}{verdict}{style:#}: {report}\n");
    for failure in report.failures() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name}:{}", Lines(&failure.to_string()));
    }
    text
}
