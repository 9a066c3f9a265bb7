//! `cargo xtask gates`: what must hold and takes longer than `.ci/run`. Each gate passes, fails, or
//! is skipped for a reason that is printed: what is missing on this machine never looks like
//! success.

use crate::{
    builds, capi,
    commands::{self, Outcome, command, is_there, succeeds},
    cross, embedded, features, instructions, newer, python, root, sanitize, soak,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Instant,
};

type Gate = (&'static str, fn() -> Outcome);

const GATES: &[Gate] = &[
    ("profiles", || succeeds(&mut command(".", "bash", &["ci/profiles.sh"])).into()),
    ("other builds", builds::builds),
    ("library tests", || commands::library().into()),
    ("verify", || commands::verify().into()),
    ("differential", || commands::differential(&["--release".to_string()]).into()),
    ("newer tests", newer::newer),
    ("fuzz seeds", soak::seeds),
    ("oracles", || soak::oracles("1000")),
    ("command size", command_size),
    ("instructions", || instructions::instructions(false)),
    ("profiling", profiling),
    ("own instruction set", own_set),
    ("features", || features::features().into()),
    ("sizes", || commands::sizes(&[]).into()),
    ("package", || commands::package(&[]).into()),
    ("oldest", oldest),
    ("attacks", || release("benches/attacks", &[])),
    ("latency", || release("benches/attacks", &["--", "latency"])),
    // Beside other engines: that all of them is there to be run.
    ("benches", || succeeds(&mut command("benches", "cargo", &["check", "--all-targets"])).into()),
    // Without other engines.
    ("fuel", || release("benches", &["--bin", "fuel", "--no-default-features"])),
    ("wasi-testsuite", wasi_testsuite),
    ("capi", || capi::test().into()),
    ("tiny embedding in C", tiny),
    ("gc-stress", || commands::gc_stress().into()),
    ("miri", || commands::miri(&[])),
    ("address sanitizer", sanitize::address),
    ("thread sanitizer", sanitize::thread),
    ("cross", cross::gate),
    ("deny", deny),
    ("python", python::check),
    ("embedded", embedded::embedded),
];

/// The most that the command may take in a release build, stripped, in bytes: on x86-64 it took
/// 6,446,808 when this was written: a quarter is the engine, 0.8 MB the parser and printer of text.
/// Who makes it larger says why, and measures again.
const LARGEST: u64 = 6_600_000;

/// Runs the gates whose names contain one of the words, or all. True if none failed.
pub(crate) fn run(words: &[String]) -> bool {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let gates: Vec<&Gate> = GATES.iter().filter(|(name, _)| wanted(name)).collect();
    if gates.is_empty() {
        let names: Vec<&str> = GATES.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
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

/// Builds the command as users do. Gates share it.
pub(crate) fn release_command() -> bool {
    succeeds(&mut command(".", "cargo", &["build", "--release", "--package", "windlass-cli"]))
}

fn command_size() -> Outcome {
    if !is_there("strip", &["--version"]) {
        return Outcome::Skipped("there is no `strip`: it comes with binutils".to_string());
    }
    let stripped = "target/release/windlass.stripped";
    let strip = ["-o", stripped, "target/release/windlass"];
    if !release_command() || !succeeds(&mut command(".", "strip", &strip)) {
        return Outcome::Failed;
    }
    match fs::metadata(root().join(stripped)) {
        Ok(file) => {
            println!("windlass: {} bytes, at most {LARGEST}", file.len());
            (file.len() <= LARGEST).into()
        }
        Err(error) => {
            eprintln!("{stripped}: {error}");
            Outcome::Failed
        }
    }
}

fn tiny() -> Outcome {
    match is_there("gcc", &["--version"]) {
        true => capi::size().into(),
        false => Outcome::Skipped("there is no `gcc`".to_string()),
    }
}

/// A program that ends by an exit of its own.
const EXITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 3))))"#;

/// The build that makes profiles: it profiles a program twice, and makes the same of it; and one
/// that exits.
fn profiling() -> Outcome {
    let file = |name: &str| root().join("target/sets").join(name);
    let profiled = |profile: &Path| {
        let run = ["run", "--package", "windlass-cli", "--features", "profile", "--quiet", "--"];
        let mut profiled = command(".", "cargo", &run);
        profiled.env("CARGO_TARGET_DIR", "target/sets").args(["profile", "--profile"]).arg(profile);
        profiled
    };
    let made = |number: usize| {
        let (profile, set) = (file(&format!("{number}.txt")), file(&format!("{number}.set")));
        let mut words = profiled(&profile);
        words.arg("--instruction-set").arg(&set).args(["examples/words.wasm", "5"]);
        // Code lies elsewhere each time, in another order.
        words.env("MALLOC_MMAP_THRESHOLD_", (1000 * number).to_string());
        let text = fs::File::open(root().join("README.md")).ok()?;
        let ran = succeeds(words.stdin(text));
        let [profile, set] =
            [profile, set].map(|path| fs::read_to_string(path).unwrap_or_default());
        (ran && !profile.is_empty() && set.contains("\nblock ")).then_some((profile, set))
    };
    let exits = || {
        let (guest, profile) = (file("exits.wat"), file("exits.txt"));
        let made = fs::write(&guest, EXITS).and_then(|()| fs::write(&profile, ""));
        let ended = profiled(&profile).arg(&guest).status();
        made.is_ok()
            && ended.is_ok_and(|status| status.code() == Some(3))
            && fs::read_to_string(&profile).is_ok_and(|text| text.contains("CallImport"))
    };
    (made(1).is_some_and(|first| made(2) == Some(first)) && exits()).into()
}

/// The example with an engine for one program: its file is made again, the engine is built with it,
/// and the program runs in blocks.
fn own_set() -> Outcome {
    let run = |features: &[&str]| {
        let mut run = command("examples/own-set", "cargo", &["run", "--release", "--quiet"]);
        run.args(features).env("CARGO_TARGET_DIR", "target");
        run
    };
    let file = root().join("examples/own-set/own-set.txt");
    let before = fs::read_to_string(&file).unwrap_or_default();
    if !succeeds(&mut run(&["--features", "profile"])) {
        return Outcome::Failed;
    }
    let is_same = fs::read_to_string(&file).is_ok_and(|after| after == before);
    if !is_same {
        println!("examples/own-set/own-set.txt was made again: it is to be committed");
    }
    (succeeds(&mut run(&[])) && is_same).into()
}

/// The packages, with the oldest compiler that they promise. What the tests take may want a newer.
fn oldest() -> Outcome {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    let promised = |line: &str| Some(line.strip_prefix("rust-version = ")?.replace('"', ""));
    let Some(version) = manifest.lines().find_map(promised) else { return Outcome::Failed };
    let cargo = ["run", &version, "cargo"];
    if !is_there("rustup", &[&cargo[..], &["--version"]].concat()) {
        return Outcome::Skipped(format!("rustup toolchain install {version}"));
    }
    let packages = ["windlass", "windlass-wasi", "windlass-wast", "windlass-cli"];
    let mut check = command(".", "rustup", &cargo);
    check.args(["check", "--all-features"]).args(packages.iter().flat_map(|name| ["-p", name]));
    succeeds(check.env("CARGO_TARGET_DIR", "target/oldest")).into()
}

/// The official tests of WASI, in the folder that a variable names: with files of the host, and in
/// memory.
fn wasi_testsuite() -> Outcome {
    let Some(folder) = env::var_os("WINDLASS_WASI_TESTSUITE").map(PathBuf::from) else {
        return Outcome::Skipped(
            "WINDLASS_WASI_TESTSUITE names no checkout, of branch prod/testsuite-base".to_string(),
        );
    };
    let tests = ["assemblyscript", "c", "rust"]
        .map(|language| folder.join("tests").join(language).join("testsuite/wasm32-wasip1"));
    if let Some(missing) = tests.iter().find(|tests| !tests.is_dir()) {
        return Outcome::Skipped(format!("{} is not there", missing.display()));
    }
    if !is_there("python3", &["-c", "import colorama, requests"]) {
        return Outcome::Skipped("pip install colorama requests".to_string());
    }
    if !release_command() {
        return Outcome::Failed;
    }
    let passes = |in_memory: &str| {
        let mut runner = command(".", "python3", &[]);
        runner.arg(folder.join("test-runner/wasi_test_runner.py")).arg("-t").args(&tests);
        runner.arg("-r").arg(root().join("spec-tests/wasi/windlass.py"));
        runner.env("WINDLASS", root().join("target/release/windlass"));
        succeeds(runner.env("WINDLASS_MEMFS", in_memory))
    };
    (passes("") & passes("1")).into()
}

/// What is taken from others: licenses, registries, crates that are not wanted, for all that is
/// published. `deny.toml` says.
fn deny() -> Outcome {
    if !is_there("cargo", &["deny", "--version"]) {
        return Outcome::Skipped("cargo install --locked cargo-deny".to_string());
    }
    let judge = |folder: &&str| {
        println!("{folder}");
        let mut cargo = command(folder, "cargo", &["deny", "--config"]);
        let check = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
        succeeds(cargo.arg(root().join("deny.toml")).args(check))
    };
    let published = [".", "crates/capi", "crates/python"];
    (published.iter().filter(|folder| !judge(folder)).count() == 0).into()
}
