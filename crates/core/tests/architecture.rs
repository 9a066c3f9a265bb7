//! What ARCHITECTURE.md says is so: the paths it and the other documents name exist, crates and
//! layers depend on each other in the direction it states, unsafe code is where it states, and
//! every file says what it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, lowest first, and those of the project that it may depend on.
const CRATES: [(&str, &[&str]); 6] = [
    ("decode", &[]),
    ("validate", &["windlass-decode"]),
    ("core", &["windlass-decode", "windlass-validate"]),
    ("wasi", &["windlass"]),
    ("wast", &["windlass", "windlass-decode"]),
    (
        "cli",
        &["windlass", "windlass-decode", "windlass-validate", "windlass-wasi", "windlass-wast"],
    ),
];

/// The only places of unsafe code; the second list is exempt from the first.
const UNSAFE: [&str; 7] = [
    "core/src/driver/",
    "core/src/exec/",
    "core/src/runtime/elements.rs",
    "core/src/runtime/memory.rs",
    "core/src/runtime/pages.rs",
    "core/src/runtime/shared.rs",
    // Addresses that are sent, no more.
    "core/src/runtime/views.rs",
];
const NOT_UNSAFE: [&str; 2] = ["core/src/exec/meaning/num.rs", "core/src/exec/meaning/simd.rs"];

#[test]
fn named_paths_exist() {
    let mut count = 0;
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "RATIONALE.md", "SECURITY.md"] {
        let text = read(&root().join(document));
        // Every other piece between backquotes is code.
        for path in text.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
            assert!(root().join(path).exists(), "{document} names {path}, which does not exist");
            count += 1;
        }
    }
    assert!(count > 20, "the documents name {count} paths");
}

#[test]
fn it_can_be_read_in_one_go() {
    assert!(read(&root().join("ARCHITECTURE.md")).lines().count() <= 150);
}

fn is_path(code: &str) -> bool {
    let first = code.split('/').next().unwrap_or_default();
    code.contains('/') && ["crates", "spec-tests", "benches", "fuzz", ".ci", "ci"].contains(&first)
}

#[test]
fn crates_depend_downwards() {
    for (name, allowed) in CRATES {
        let Ok(manifest) = fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml")))
        else {
            continue;
        };
        let section = manifest.split("\n[dependencies]\n").nth(1).expect("it has dependencies");
        let section = section.split("\n[").next().unwrap_or_default();
        for line in section.lines().filter(|line| line.starts_with("windlass")) {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(allowed.contains(&used), "crates/{name} depends on {used}");
        }
    }
}

#[test]
fn unsafe_code_is_where_it_belongs() {
    for file in all_sources() {
        let name = file.display().to_string().replace('\\', "/");
        let here = |places: &[&str]| places.iter().any(|place| name.contains(place));
        if here(&UNSAFE) && !here(&NOT_UNSAFE) {
            continue;
        }
        for line in code(&file).lines() {
            let found =
                line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "unsafe");
            assert!(!found, "{name} has unsafe code: {line}");
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for file in all_sources() {
        let name = file.display();
        let text = read(&file);
        assert!(text.starts_with("//! "), "{name} does not begin with `//!`");
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let vague = ["utils", "util", "helpers", "helper", "common", "misc"].contains(&stem);
        assert!(!vague, "{name}: name the topic");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The file without lines that are comments.
fn code(file: &Path) -> String {
    let text = read(file);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The source files of every crate.
fn all_sources() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).expect("the folder of crates");
    crates.flat_map(|entry| sources(&entry.expect("an entry").path().join("src"))).collect()
}

/// The source files in a folder, at any depth.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
