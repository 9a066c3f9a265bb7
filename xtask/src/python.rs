//! `cargo xtask python`: the package for Python, as somebody gets it who installs it: a wheel, in
//! an environment of its own under `target`; its tests, its types and its examples. Changes nothing
//! outside of `target`.

use crate::{
    commands::{Outcome, command, is_there, succeeds},
    packages, root,
};
use std::path::Path;

const PACKAGE: &str = "crates/python";

/// What the tests need.
const TOOLS: [&str; 4] = ["maturin>=1.8,<2", "pytest", "mypy", "numpy"];

/// Examples that need nothing else, each with its arguments.
const EXAMPLES: [&[&str]; 5] = [
    &["examples/hello.py"],
    &["examples/plugin_host.py"],
    &["examples/fuel_over_time.py", "--no-plot"],
    &["examples/speed.py", "--quick"],
    &["examples/stores.py"],
];

/// Whether the stubs say what the native module has. That a class can't be a base together with
/// another one, a Python without `disjoint_base` has no way to say.
const STUBTEST: [&str; 5] = [
    "-m",
    "mypy.stubtest",
    "windlass._windlass",
    "--ignore-missing-stub",
    "--ignore-disjoint-bases",
];

/// Builds the wheel, installs it and checks it.
pub(crate) fn check() -> Outcome {
    if !is_there("python3", &["-c", "import venv, ensurepip"]) {
        return Outcome::Skipped("apt-get install python3 python3-venv".to_string());
    }
    let folder = root().join("target/python");
    let venv = folder.join("venv");
    let python = venv.join("bin/python").to_string_lossy().into_owned();
    let has_venv = Path::new(&python).exists()
        || succeeds(command(".", "python3", &["-m", "venv"]).arg(&venv));
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    if !has_venv || !succeeds(command(".", &python, &install).args(TOOLS)) {
        return Outcome::Skipped(format!("pip install {}", TOOLS.join(" ")));
    }
    let wheels = folder.join("wheels");
    // What was built before may have another version.
    let _ = std::fs::remove_dir_all(&wheels);
    let mut build = command(PACKAGE, &python, &["-m", "maturin", "build", "--out"]);
    build.arg(&wheels).env("CARGO_TARGET_DIR", &folder).env("VIRTUAL_ENV", &venv);
    let reinstall = ["--force-reinstall", "--no-deps", "--no-index", "windlass", "--find-links"];
    let mut installs = command(".", &python, &install);
    installs.args(reinstall).arg(&wheels);
    if !succeeds(&mut build) || !succeeds(&mut installs) {
        return Outcome::Failed;
    }
    let passes = |args: &[&str]| succeeds(&mut command(PACKAGE, &python, args));
    let mut pytest = command(PACKAGE, &python, &["-m", "pytest", "-q", "-rs"]);
    let programs = [
        ("CPYTHON", packages::CPYTHON.file()),
        ("SQLITE", packages::SQLITE.file()),
        ("PLUGIN", packages::plugin()),
    ];
    for (name, file) in programs {
        pytest.envs(file.map(|file| (format!("WINDLASS_{name}"), file)));
    }
    let good = succeeds(pytest.args(["-p", "no:cacheprovider"]))
        & passes(&["-m", "mypy", "-p", "windlass", "--cache-dir", "/dev/null"])
        & passes(&["-m", "mypy", "tests", "examples", "--cache-dir", "/dev/null"])
        & passes(&STUBTEST);
    (good & EXAMPLES.iter().all(|example| passes(example))).into()
}
