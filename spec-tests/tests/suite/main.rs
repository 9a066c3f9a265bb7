//! The official suite: a test for each script with metering off and with fuel, on the backend of
//! this build.
//!
//! | variable | meaning |
//! |---|---|
//! | `WINDLASS_TESTSUITE` | a folder with the complete suite; its files take the place of the crate's |
//! | `WINDLASS_SPEC_STACK` | the size in bytes of the native stack that each test runs on |
//! | `WINDLASS_SPEC_VERIFY` | if it is set, translated code is verified, as `Config::verify_code` says |
//!
//! Files that are known to fail are in `expected-failures.txt`. In a build that leaves some of
//! WebAssembly out, files with modules that are refused for that are counted, and nothing is
//! expected of them.

mod expected;
mod totals;

use expected::{Expected, ExpectedFailures};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    env,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use totals::Totals;
use windlass::{Config, Engine, Features, Metering};
use windlass_spec_tests::{File, complete_suite, files};
use windlass_wast::{Report, Runner};

/// How many failures of a file are shown.
const SHOWN: usize = 20;

/// More than any script needs; and so much that adding to it would overflow, if something did.
const FUEL: u64 = u64::MAX;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let extra = complete_suite();
    let files = match files(extra.as_deref()) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("WINDLASS_TESTSUITE: {error}");
            return ExitCode::from(2);
        }
    };
    let stack = match env::var("WINDLASS_SPEC_STACK").ok().map(|size| size.parse::<usize>()) {
        None => None,
        Some(Ok(size)) => Some(size),
        Some(Err(error)) => {
            eprintln!("WINDLASS_SPEC_STACK: {error}");
            return ExitCode::from(2);
        }
    };

    let expected = Arc::new(ExpectedFailures::load());
    let totals = Arc::new(Mutex::new(Totals::default()));
    let mut trials = Vec::new();
    if extra.is_some() {
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let expected = expected.clone();
        trials.push(Trial::test("expected-failures.txt", move || stale(&expected, &names)));
    }
    for file in files {
        let file = Arc::new(file);
        for metering in [Metering::None, Metering::Fuel] {
            let mode = if metering == Metering::None { "off" } else { "fuel" };
            let (file, expected, totals) = (file.clone(), expected.clone(), totals.clone());
            let name = format!("{}::{mode}", file.name);
            trials.push(Trial::test(name, move || {
                let report = run(&file, metering, stack)?;
                if needs_more(&report) {
                    let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
                    totals.leave_out(&file.name);
                    return Ok(());
                }
                totals.lock().unwrap_or_else(PoisonError::into_inner).add(&file.name, &report);
                judge(&report, expected.get(&file.name))
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        println!("{}", totals.lock().unwrap_or_else(PoisonError::into_inner));
    }
    conclusion.exit_code()
}

/// Runs a script, on a thread with a stack of the given size if there is one.
fn run(file: &Arc<File>, metering: Metering, stack: Option<usize>) -> Result<Report, Failed> {
    let file = file.clone();
    let script = move || {
        let mut config = Config::new();
        config.features(file.features()).metering(metering);
        // Another build than the default one may have no verifier, which is an error.
        config.verify_code(env::var_os("WINDLASS_SPEC_VERIFY").is_some());
        let engine = Engine::new(&config).map_err(|error| error.to_string())?;
        let mut runner = Runner::new(engine);
        if metering == Metering::Fuel {
            runner.fuel(FUEL);
        }
        Ok::<Report, String>(runner.run(&file.text))
    };
    let report = match stack {
        None => script(),
        Some(size) => thread::Builder::new()
            .stack_size(size)
            .spawn(script)
            .map_err(|error| format!("cannot start a thread: {error}"))?
            .join()
            .map_err(|_| "the test panicked")?,
    };
    Ok(report?)
}

/// Whether a module of the script was refused for what this build leaves out.
fn needs_more(report: &Report) -> bool {
    let is_left_out = |reason: &str| reason.contains("needs the cargo feature");
    Features::BUILT != Features::ALL
        && report.failures().iter().any(|failure| is_left_out(&failure.reason))
}

/// Compares what happened with what is expected.
fn judge(report: &Report, expected: Option<&Expected>) -> Result<(), Failed> {
    let Some(expected) = expected else {
        return if report.is_success() { Ok(()) } else { Err(list(report, |_| true)) };
    };
    if report.is_success() {
        return Err("passes, but is in expected-failures.txt: take it out".into());
    }
    let covered = report.failures().iter().all(|failure| expected.covers(&failure.reason));
    if covered { Ok(()) } else { Err(list(report, |reason| !expected.covers(reason))) }
}

/// The failures whose reason is chosen; the first ones in full.
fn list(report: &Report, chosen: impl Fn(&str) -> bool) -> Failed {
    let failures: Vec<_> = report.failures().iter().filter(|f| chosen(&f.reason)).collect();
    let mut lines: Vec<String> = failures.iter().take(SHOWN).map(ToString::to_string).collect();
    if failures.len() > SHOWN {
        lines.push(format!("... and {} more", failures.len() - SHOWN));
    }
    lines.join("\n").into()
}

/// Every entry of the list is a file of the suite or of the crate.
fn stale(expected: &ExpectedFailures, names: &[String]) -> Result<(), Failed> {
    let from_crate = files(None).map_err(|error| error.to_string())?;
    let known = |name: &str| {
        names.iter().any(|n| n == name) || from_crate.iter().any(|file| file.name == name)
    };
    match expected.iter().find(|entry| !known(entry.file)) {
        Some(entry) => Err(format!("there is no file {}", entry.file).into()),
        None => Ok(()),
    }
}
