//! `cargo xtask soak coverage MINUTES [TARGET]`: which lines of which files the inputs of seeds
//! reach, by the compiler's own counters. `main` calls it; it needs the component `llvm-tools`.

use crate::{
    builds,
    commands::{Outcome, command, is_there, succeeds},
    root,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is not ours, or is there for the tests alone: parts of paths.
const OTHERS: &str = "/registry/|/rustc/|/rustlib/|/fuzz/|/differential/|_tests?.rs|/tests/";

/// Tries the targets, or one, for so many minutes each, and prints a line for each file.
pub(crate) fn coverage(minutes: &str, target: Option<&str>) -> Outcome {
    let Some((host, tools)) = tools() else { return Outcome::Failed };
    let tool = |name: &str| tools.join(name).to_string_lossy().into_owned();
    if !is_there(&tool("llvm-cov"), &["--version"]) {
        return Outcome::Skipped("rustup component add llvm-tools".to_string());
    }
    let folder = root().join(builds()).join("coverage");
    let (counts, merged) = (folder.join("counts"), folder.join("merged"));
    let _ = fs::remove_dir_all(&counts);
    // With a target of its own, cargo leaves its scripts uncounted.
    let run = ["run", "--quiet", "--bin", "soak", "--target", &host, "--target-dir"];
    let mut soak = command("fuzz", "cargo", &run);
    soak.arg(&folder).args(["--", "minutes", minutes]).args(target);
    soak.env("RUSTFLAGS", "-Cinstrument-coverage");
    soak.env("LLVM_PROFILE_FILE", counts.join("%p.profraw"));
    let good = succeeds(&mut soak);
    let mut merge = command(".", &tool("llvm-profdata"), &["merge", "--sparse", "--output"]);
    let mut report = command(".", &tool("llvm-cov"), &["report", "--ignore-filename-regex"]);
    report.args([OTHERS, "--show-branch-summary=false", "--show-region-summary=false"]);
    report.arg("--instr-profile").arg(&merged);
    report.arg(folder.join(&host).join("debug/soak"));
    (succeeds(merge.arg(&merged).arg(&counts)) && succeeds(&mut report) && good).into()
}

/// This machine's name, and where the compiler has its tools.
fn tools() -> Option<(String, PathBuf)> {
    let ask = |args: &[&str]| {
        let output = command("fuzz", "rustc", args).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let version = ask(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "))?.to_string();
    let sysroot = ask(&["--print", "sysroot"])?;
    let tools = Path::new(sysroot.trim()).join("lib/rustlib").join(&host).join("bin");
    Some((host, tools))
}
