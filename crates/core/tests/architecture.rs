//! What ARCHITECTURE.md says of unsafe code is so: it is where that states. What else it says,
//! `layers.rs` and `xtask` check. And the numbers of `docs/limits.md` are those of the code.

use std::fs;
use std::path::{Path, PathBuf};

/// The only places of unsafe code; the second list is exempt from the first.
const UNSAFE: [&str; 10] = [
    // For other languages, each with rules of its own.
    "capi/src/",
    "python/src/call.rs",
    "python/src/store.rs",
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

/// The invariants of unsafe code name tests, by file and function.
#[test]
fn tests_of_invariants_exist() {
    let text = read(&root().join("crates/core/src/exec/mod.rs")).replace("//!", "");
    let mut count = 0;
    for named in text.split("Test:").skip(1) {
        let mut code = named.split('`').skip(1).step_by(2);
        let (file, test) = (code.next().unwrap(), code.next().unwrap());
        let tests = read(&root().join("crates/core").join(file));
        assert!(tests.contains(&format!("fn {test}() {{")), "{file} has no {test}");
        count += 1;
    }
    assert!(count >= 12, "{count} tests are named");
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

/// The numbers of `docs/limits.md` are those that stand in the code; and all limits of decoding are
/// told there.
#[test]
fn limits_are_announced() {
    let (mut told, mut code) = (Vec::new(), String::new());
    for line in read(&root().join("docs/limits.md")).lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, _, number, place, _] = cells[..] else { continue };
        let place = place.trim_matches('`');
        match number.replace(',', "").parse::<u64>() {
            Ok(number) => {
                let found = number_of(&code, place);
                assert_eq!(found, Some(number), "{place}: what docs/limits.md says is not so");
                told.push(place.to_string());
            }
            Err(_) if place.ends_with(".rs") => code = read(&root().join(place)),
            Err(_) => assert!(number.ends_with(':'), "{line}: there is no number"),
        }
    }
    let limits = read(&root().join("crates/decode/src/limits.rs"));
    let names = limits.lines().filter_map(|line| line.strip_prefix("pub const "));
    for name in names.filter_map(|rest| rest.split(':').next()) {
        assert!(told.iter().any(|told| told == name), "docs/limits.md does not tell {name}");
    }
    assert!(told.len() > 35, "{} limits", told.len());
}

/// The number that code gives to a constant or a field of this name.
fn number_of(code: &str, name: &str) -> Option<u64> {
    code.lines().find_map(|line| {
        let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let value = match line.strip_prefix("const ") {
            Some(rest) => rest.strip_prefix(name)?.strip_prefix(": ")?.split_once(" = ")?.1,
            None => line.strip_prefix(name)?.strip_prefix(": ")?,
        };
        let value = value.strip_suffix([';', ','])?.replace('_', "");
        let parts: Option<Vec<u64>> = value.split(" << ").map(|part| part.parse().ok()).collect();
        match parts?[..] {
            [number] => Some(number),
            [number, bits] => Some(number << bits),
            _ => None,
        }
    })
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
