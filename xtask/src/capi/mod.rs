//! `cargo xtask capi`: builds the library for C, installs it, and tests it by programs in C and
//! C++. `main` and `gates` call it. What a missing tool prevents is told as skipped.

mod headers;
mod install;
mod programs;

use crate::{
    commands::{command, succeeds},
    root,
};
use std::path::{Path, PathBuf};

/// Where all of it is built, from the root.
const TARGET: &str = "target/capi";

/// The names that the library shows: nothing else.
const PREFIXES: [&str; 3] = ["wasm_", "windlass_", "wasi_"];

/// How many steps went wrong, and how many could not be taken.
#[derive(Default)]
struct Steps {
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Steps {
    /// Tells how a step went.
    fn note(&mut self, step: &str, good: bool) {
        println!("{}: {step}", if good { "passed" } else { "FAILED" });
        if !good {
            self.failed.push(step.to_string());
        }
    }

    fn skip(&mut self, step: &str, why: &str) {
        println!("skipped: {step}: {why}");
        self.skipped.push(step.to_string());
    }
}

/// Builds, installs into a folder of the build, and tests. True if nothing went wrong.
pub(crate) fn test() -> bool {
    let mut steps = Steps::default();
    let Some(stage) = staged() else { return false };
    headers::check(&stage, &mut steps);
    programs::examples(&stage, &mut steps);
    programs::standard(&stage, &mut steps);
    programs::real(&stage, &mut steps);
    programs::cmake(&stage, &mut steps);
    println!("capi: {} failed, {} skipped", steps.failed.len(), steps.skipped.len());
    for step in &steps.failed {
        println!("FAILED: {step}");
    }
    steps.failed.is_empty()
}

/// A debugging build, installed.
fn staged() -> Option<PathBuf> {
    let stage = root().join(TARGET).join("stage");
    (build(&[]) && install::install(&root().join(TARGET).join("debug"), &stage)).then_some(stage)
}

/// `cargo xtask capi install FOLDER`: a release build, installed.
pub(crate) fn install(prefix: &str) -> bool {
    let Ok(prefix) = std::path::absolute(prefix) else { return false };
    build(&["--release"]) && install::install(&root().join(TARGET).join("release"), &prefix)
}

/// `cargo xtask capi size`: what a program takes that runs a module and has all of the library that
/// it needs in it, built for size.
pub(crate) fn size() -> bool {
    let target = root().join(TARGET);
    let stage = target.join("small-stage");
    let args = ["--profile", "small", "--no-default-features"];
    build(&args) && install::install(&target.join("small"), &stage) && programs::size(&stage)
}

fn build(args: &[&str]) -> bool {
    let manifest = ["build", "--manifest-path", "crates/capi/Cargo.toml"];
    let mut cargo = command(".", "cargo", &manifest);
    succeeds(cargo.args(["--target-dir", TARGET]).args(args))
}

/// What a command prints, if it succeeds.
fn output(folder: &Path, program: &str, args: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program).current_dir(folder).args(args).output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => {
            eprint!("{program}: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            eprintln!("{program}: {error}");
            None
        }
    }
}
