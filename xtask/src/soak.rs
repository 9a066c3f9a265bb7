//! `cargo xtask soak`: the targets of `fuzz`, for so long: by cargo-fuzz where it is, else with the
//! inputs of seeds, on any compiler. Also their quick tests, and the comparison of builds.

use crate::{
    commands::{Outcome, command, is_there, succeeds},
    root,
};
use std::{env, fs, process::Stdio};

/// Fuzzes one target, or each, for so many minutes; true if nothing is found.
pub(crate) fn soak(minutes: &str, target: Option<&str>) -> bool {
    let Ok(seconds) = minutes.parse::<u64>().map(|minutes| minutes * 60) else {
        eprintln!("expected a number of minutes, not {minutes}");
        return false;
    };
    if !is_there("cargo", &["+nightly", "fuzz", "--version"]) {
        println!("no cargo-fuzz for a nightly compiler: with seeds, and not led by coverage");
        let args = ["run", "--quiet", "--bin", "soak", "--", "minutes", minutes];
        return succeeds(command("fuzz", "cargo", &args).args(target));
    }
    let targets = match target {
        Some(target) => vec![target.to_string()],
        None => targets(),
    };
    let time = format!("-max_total_time={seconds}");
    let each = |target: &String| {
        println!("== {target}");
        // What it finds is written there; it begins with that, and with what is kept.
        let kept = format!("fuzz/inputs/{target}");
        let found = format!("fuzz/corpus/{target}");
        if let Err(error) = fs::create_dir_all(root().join(&found)) {
            eprintln!("{found}: {error}");
            return false;
        }
        let run = ["+nightly", "fuzz", "run", "--features", "libfuzzer", target, &found, &kept];
        let how = ["--", "-len_control=0", "-max_len=8192", "-timeout=60", &time];
        succeeds(command(".", "cargo", &run).args(how))
    };
    targets.iter().filter(|target| !each(target)).count() == 0
}

/// The targets, as cargo-fuzz knows them.
fn targets() -> Vec<String> {
    let Ok(files) = fs::read_dir(root().join("fuzz/fuzz_targets")) else { return Vec::new() };
    let mut names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".rs")?.to_string()))
        .collect();
    names.sort();
    names
}

/// The targets with a few fixed seeds each.
pub(crate) fn seeds() -> Outcome {
    succeeds(&mut command("fuzz", "cargo", &["test", "--quiet"])).into()
}

/// Builds whose guests must do the same: the loop, tail calls, a collection at every allocation.
const BUILDS: [(&str, &[&str]); 3] = [
    ("loop", &["--features", "loop-dispatch"]),
    ("tail calls", &["--profile", "tail"]),
    ("gc-stress", &["--features", "gc-stress"]),
];

/// What guests do with the seeds below `count`, told by each build; true if they agree.
pub(crate) fn builds(count: &str) -> bool {
    let mut good = true;
    for target in ["execute", "programs"] {
        let mut first: Option<String> = None;
        for (name, how) in BUILDS {
            let mut run = command("fuzz", "cargo", &["run", "--quiet", "--bin", "soak"]);
            run.args(how).args(["--", "seeds", target, &format!("0..{count}")]);
            let told = match run.stderr(Stdio::inherit()).output() {
                Ok(output) if output.status.success() => output.stdout,
                _ => {
                    println!("{target}: the build with {name} fails");
                    return false;
                }
            };
            let told = String::from_utf8_lossy(&told).into_owned();
            let expected = first.get_or_insert_with(|| told.clone());
            let differ: Vec<&str> = told
                .lines()
                .zip(expected.lines())
                .filter(|(line, other)| line != other && !is_cut(line) && !is_cut(other))
                .map(|(line, _)| line.split(' ').next().unwrap_or_default())
                .collect();
            println!("{target}, {name}: {} seeds, {} differ", told.lines().count(), differ.len());
            if !differ.is_empty() {
                println!("  seeds {}", differ.join(" "));
                good = false;
            }
        }
    }
    good
}

/// Whether a limit of the host was reached, which is each build's own affair.
fn is_cut(line: &str) -> bool {
    line.ends_with(" 0000000000000001")
}

/// What other engines do with the modules of the seeds below `count`: V8 in a Node that has all
/// proposals (`npm install node@26`; `WINDLASS_NODE` names it), and Wasmtime for Python.
pub(crate) fn oracles(count: &str) -> Outcome {
    let folder = root().join("target/oracles");
    let _ = fs::remove_dir_all(&folder);
    let range = format!("0..{count}");
    let mut export = command("fuzz", "cargo", &["run", "--quiet", "--bin", "soak", "--", "export"]);
    if fs::create_dir_all(&folder).is_err() || !succeeds(export.arg(&folder).arg(range)) {
        return Outcome::Failed;
    }
    let node = env::var("WINDLASS_NODE").unwrap_or_else(|_| "node".to_string());
    // Older ones lack what the modules have.
    let is_new = ["-e", "process.exit(parseInt(process.versions.node) >= 26 ? 0 : 1)"];
    let has_node = is_there(&node, &is_new);
    let has_python = is_there("python3", &["-c", "import wasmtime"]);
    let mut good = true;
    if has_node {
        good &= succeeds(command(".", &node, &["fuzz/oracles/v8.mjs"]).arg(&folder));
    }
    if has_python {
        let script = ["fuzz/oracles/wasmtime_oracle.py"];
        good &= succeeds(command(".", "python3", &script).arg(&folder));
    }
    match (good, has_node && has_python) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Passed,
        (true, false) => Outcome::Skipped(format!(
            "{}{}",
            if has_node { "" } else { "npm install node@26, named by WINDLASS_NODE; " },
            if has_python { "" } else { "pip install wasmtime" },
        )),
    }
}
