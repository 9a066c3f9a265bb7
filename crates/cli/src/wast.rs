//! `windlass wast`: runs test scripts, a line a file, and tells the directives that failed; for
//! people, for programs (`--json`), and for services that show results of tests (`--junit`).

use crate::{
    features::Allowed,
    junit as xml,
    terminal::{BAD, Failure, GOOD, HEADING, Lines, print, read, shown},
    units,
};
use clap::Args;
use serde_json::{Map, Value, json};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};
use windlass::{Config, Engine};
use windlass_wast::{Kind, Report, Runner};

/// Run test scripts of the official suite's format
#[derive(Args)]
pub(crate) struct Wast {
    /// Test scripts (.wast), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Count fuel while running, this much for each script: 100000, 100k, 5M, 1G
    #[arg(long, value_name = "N", value_parser = units::count, allow_hyphen_values = true)]
    fuel: Option<u64>,

    #[command(flatten)]
    allowed: Allowed,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Write a report in JUnit's format to this file, too: a test case for each script; to standard
    /// output if it is -, and then nothing else
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What came of a script.
pub(crate) struct Outcome {
    /// Its file, as people may see it.
    pub(crate) name: String,
    /// None if it could not be read, for this reason.
    pub(crate) report: Result<Report, String>,
    pub(crate) time: Duration,
}

impl Wast {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let mut config = Config::new();
        let features = self.allowed.features();
        config.features(features).consume_fuel(self.fuel.is_some());
        let mut runner = Runner::new(Engine::new(&config).map_err(Failure::new)?);
        if let Some(fuel) = self.fuel {
            runner.fuel(fuel);
        }
        let junit = self.junit.as_deref();
        let is_junit_all = junit == Some(Path::new("-"));
        if self.json && is_junit_all {
            return Err(Failure::usage("--junit -: with --json, the report needs a file"));
        }
        let mut outcomes = Vec::new();
        for file in &self.files {
            let outcome = run(&runner, file);
            if !self.json && !is_junit_all {
                outcome.tell()?;
            }
            outcomes.push(outcome);
        }
        if self.json {
            print(format_args!("{:#}\n", json(&outcomes)))?;
        } else if outcomes.len() > 1 && !is_junit_all {
            print(summary(&outcomes))?;
        }
        if let Some(file) = junit {
            let report = xml::report("windlass wast", &outcomes).map_err(Failure::new)?;
            if is_junit_all {
                print(String::from_utf8_lossy(&report))?;
                return Ok(code(&outcomes));
            }
            fs::write(file, report).map_err(|error| Failure::of(file, error))?;
        }
        Ok(code(&outcomes))
    }
}

fn code(outcomes: &[Outcome]) -> ExitCode {
    let is_success = outcomes.iter().all(Outcome::is_success);
    if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(runner: &Runner, file: &Path) -> Outcome {
    let start = Instant::now();
    let report = match read(file) {
        Ok(bytes) if bytes.starts_with(b"\0asm") => {
            let why = "this is a binary module, and no script: it is for windlass run";
            Err(Failure::of(file, why).to_string())
        }
        Ok(text) => Ok(runner.run(&String::from_utf8_lossy(&text))),
        Err(failure) => Err(failure.to_string()),
    };
    Outcome { name: shown(file), report, time: start.elapsed() }
}

impl Outcome {
    pub(crate) fn is_success(&self) -> bool {
        self.report.as_ref().is_ok_and(Report::is_success)
    }

    /// The line of a file, and one for each directive that failed.
    fn tell(&self) -> Result<(), Failure> {
        let report = match &self.report {
            Ok(report) => report,
            Err(reason) => {
                Failure::new(reason).report();
                return Ok(());
            }
        };
        let name = &self.name;
        let (style, verdict) = if report.is_success() { (GOOD, "ok") } else { (BAD, "FAILED") };
        let mut text = format!("{name}: {style}{verdict}{style:#}: {report}\n");
        for failure in report.failures() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {name}:{}", Lines(&failure.to_string()));
        }
        print(text)
    }

    fn json(&self) -> Value {
        let Ok(report) = &self.report else {
            let error = self.report.as_ref().err();
            return json!({"file": self.name, "success": false, "error": error});
        };
        let count = |&kind: &Kind| {
            let (passed, failed) = (report.passed(kind), report.failed(kind));
            let counts = json!({"passed": passed, "failed": failed});
            (passed + failed > 0).then(|| (kind.name().to_owned(), counts))
        };
        let failures = report.failures().iter().map(|failure| {
            json!({
                "line": failure.line,
                "column": failure.column,
                "directive": failure.kind.name(),
                "reason": failure.reason,
            })
        });
        json!({
            "file": self.name,
            "success": report.is_success(),
            "passed": report.total_passed(),
            "failed": report.failures().len(),
            "directives": Kind::ALL.iter().filter_map(count).collect::<Map<_, _>>(),
            "failures": failures.collect::<Vec<_>>(),
        })
    }
}

/// How many files there are, how many of them failed, and how many directives passed and failed.
fn totals(outcomes: &[Outcome]) -> [usize; 4] {
    let reports = || outcomes.iter().filter_map(|outcome| outcome.report.as_ref().ok());
    [
        outcomes.len(),
        outcomes.iter().filter(|outcome| !outcome.is_success()).count(),
        reports().map(Report::total_passed).sum(),
        reports().map(|report| report.failures().len()).sum(),
    ]
}

/// The last line.
fn summary(outcomes: &[Outcome]) -> String {
    let [files, bad, passed, failed] = totals(outcomes);
    format!(
        "{HEADING}{files} files: {} ok, {bad} failed; {passed} directives passed, {failed} \
         failed{HEADING:#}\n",
        files - bad
    )
}

fn json(outcomes: &[Outcome]) -> Value {
    let [files, bad, passed, failed] = totals(outcomes);
    json!({
        "success": bad == 0,
        "files": {"passed": files - bad, "failed": bad},
        "directives": {"passed": passed, "failed": failed},
        "scripts": outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
    })
}
