//! `cargo xtask gates`: what must hold and takes longer than `.ci/run`. Each gate passes, fails, or
//! is skipped for a reason that is printed: what is missing on this machine never looks like
//! success.

use crate::commands::{self, Outcome, command, is_there, succeeds};
use std::{env, fs, path::PathBuf, time::Instant};

type Gate = (&'static str, fn() -> Outcome);

const GATES: [Gate; 8] = [
    ("profiles", || succeeds(&mut command(".", "bash", &["ci/profiles.sh"])).into()),
    ("differential", || commands::differential(&["--release".to_string()]).into()),
    ("sizes", sizes),
    ("attacks", || release("benches/attacks", &[])),
    ("fuel", || release("benches", &["--bin", "fuel"])),
    ("wasi-testsuite", wasi_testsuite),
    ("miri", || commands::miri(&[])),
    ("address sanitizer", address_sanitizer),
];

/// The most that the command may take, stripped, in a release build, in bytes.
const LARGEST: u64 = 12 << 20;

/// Runs the gates whose names contain one of the words, or all. True if none failed.
pub(crate) fn run(words: &[String]) -> bool {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let gates: Vec<&Gate> = GATES.iter().filter(|(name, _)| wanted(name)).collect();
    if gates.is_empty() {
        let names = GATES.map(|(name, _)| name).join(", ");
        eprintln!("there are the gates {names}");
        return false;
    }
    let mut good = true;
    let mut lines = Vec::new();
    for (name, gate) in gates {
        println!("== {name}");
        let start = Instant::now();
        let outcome = gate();
        lines.push(line(name, &outcome) + &format!(" ({} s)", start.elapsed().as_secs()));
        good &= !matches!(outcome, Outcome::Failed);
    }
    println!("\n== summary\n{}", lines.join("\n"));
    good
}

/// Prints how a gate ended. False if it failed.
pub(crate) fn report(name: &str, outcome: Outcome) -> bool {
    println!("{}", line(name, &outcome));
    !matches!(outcome, Outcome::Failed)
}

fn line(name: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("passed: {name}"),
        Outcome::Failed => format!("FAILED: {name}"),
        Outcome::Skipped(reason) => format!("skipped: {name}: {reason}"),
    }
}

/// Runs a program of a workspace of its own.
fn release(folder: &str, args: &[&str]) -> Outcome {
    succeeds(command(folder, "cargo", &["run", "--release", "--quiet"]).args(args)).into()
}

fn sizes() -> Outcome {
    let build = ["build", "--release", "--package", "windlass-cli", "--target-dir", "target/sizes"];
    if !succeeds(command(".", "cargo", &build).env("CARGO_PROFILE_RELEASE_STRIP", "symbols")) {
        return Outcome::Failed;
    }
    match fs::metadata(crate::root().join("target/sizes/release/windlass")) {
        Ok(file) => {
            println!("windlass: {} bytes, at most {LARGEST}", file.len());
            (file.len() <= LARGEST).into()
        }
        Err(error) => Outcome::Skipped(error.to_string()),
    }
}

/// The official tests of WASI, in the folder that a variable names.
fn wasi_testsuite() -> Outcome {
    let Some(folder) = env::var_os("WINDLASS_WASI_TESTSUITE").map(PathBuf::from) else {
        return Outcome::Skipped(
            "WINDLASS_WASI_TESTSUITE names no checkout, of branch prod/testsuite-base".to_string(),
        );
    };
    if !succeeds(&mut command(".", "cargo", &["build", "--release", "--package", "windlass-cli"])) {
        return Outcome::Failed;
    }
    let root = crate::root();
    let tests = ["assemblyscript/testsuite", "c/testsuite", "rust/testsuite/wasm32-wasip1"]
        .map(|tests| folder.join("tests").join(tests));
    let groups = tests.iter().flat_map(fs::read_dir).flatten().flatten();
    let groups: Vec<PathBuf> =
        groups.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    let groups = if groups.is_empty() { tests.to_vec() } else { groups };
    let mut runner = command(".", "python3", &[]);
    runner.arg(folder.join("test-runner/wasi_test_runner.py")).arg("-t").args(groups);
    runner.arg("-r").arg(root.join("spec-tests/wasi/windlass.py"));
    runner.env("WINDLASS", root.join("target/release/windlass"));
    succeeds(&mut runner).into()
}

/// The tests of the engine's interface with the sanitizer of addresses.
fn address_sanitizer() -> Outcome {
    let target = "x86_64-unknown-linux-gnu";
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Outcome::Skipped(format!("only on {target}"));
    }
    if !is_there("cargo", &["+nightly", "--version"]) {
        return Outcome::Skipped("rustup toolchain install nightly".to_string());
    }
    let args = ["+nightly", "test", "--package", "windlass", "--test", "api", "--target", target];
    let mut command = command(".", "cargo", &args);
    command.args(["--target-dir", "target/sanitizer"]).env("RUSTFLAGS", "-Zsanitizer=address");
    succeeds(&mut command).into()
}
