//! No dead file: every source is a target of cargo, or a module of one that is.

use super::File;
use std::collections::{BTreeMap, BTreeSet};

/// Sources that a compiler is given without cargo.
const SOURCES: [&str; 3] =
    ["spec-tests/programs/sources/", "crates/capi/examples/programs/", "fuzz/tests/rust/"];

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) {
    let texts: BTreeMap<&str, &File> =
        files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut reached = BTreeSet::new();
    for manifest in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        for target in targets(folder, &manifest.text, &texts) {
            reach(&target, true, &texts, &mut reached);
        }
    }
    for file in files {
        let alone = SOURCES.iter().any(|folder| file.path.starts_with(folder));
        let is_source = file.extension() == "rs" && !alone;
        if is_source && !reached.contains(&file.path) {
            complaints.push(format!("{}: no target and no module", file.path));
        }
    }
}

/// The sources of a package's targets: where cargo looks for them, or where its manifest says.
fn targets(folder: &str, manifest: &str, texts: &BTreeMap<&str, &File>) -> Vec<String> {
    let named = manifest.lines().filter_map(|line| line.strip_prefix("path = \""));
    let mut targets: Vec<String> =
        named.map(|rest| format!("{folder}{}", rest.trim_end_matches('"'))).collect();
    for path in texts.keys().filter_map(|path| path.strip_prefix(folder)) {
        let parts: Vec<&str> = path.split('/').collect();
        let is_target = matches!(
            parts[..],
            ["build.rs"]
                | ["src", "lib.rs" | "main.rs"]
                | ["src", "bin", _]
                | ["src", "bin", _, "main.rs"]
                | ["tests" | "examples" | "benches", _]
                | ["tests" | "examples" | "benches", _, "main.rs"]
        );
        if is_target {
            targets.push(format!("{folder}{path}"));
        }
    }
    targets.retain(|path| texts.contains_key(path.as_str()));
    targets
}

/// Notes a source and its modules.
fn reach(path: &str, is_root: bool, texts: &BTreeMap<&str, &File>, reached: &mut BTreeSet<String>) {
    let Some(file) = texts.get(path).filter(|file| file.extension() == "rs") else { return };
    if !reached.insert(path.to_string()) {
        return;
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let modules = match name.trim_end_matches(".rs") {
        _ if is_root => folder.to_string(),
        "mod" => folder.to_string(),
        stem => format!("{folder}/{stem}"),
    };
    let mut elsewhere = None;
    for line in file.code().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            elsewhere = rest.split('"').next();
        } else if let Some(module) = module(line) {
            let places = match elsewhere.take() {
                Some(path) => [normal(&format!("{folder}/{path}")), String::new()],
                None => [format!("{modules}/{module}.rs"), format!("{modules}/{module}/mod.rs")],
            };
            for place in places {
                reach(&place, false, texts, reached);
            }
        }
    }
}

/// The name of the module that a line declares as a file of its own.
fn module(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["mod", name] => Some(name),
        [visible, "mod", name] if visible.starts_with("pub") => Some(name),
        _ => None,
    }
}

/// A path without `..`.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => _ = parts.pop(),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
#[test]
fn a_file_that_nothing_names_is_dead() {
    let file = |path: &str, text: &str| File { path: path.to_string(), text: text.to_string() };
    let files = [
        file("a/Cargo.toml", "[[bin]]\npath = \"odd/start.rs\"\n"),
        file("a/odd/start.rs", "mod near;"),
        file("a/odd/near.rs", ""),
        file("a/src/lib.rs", "pub(crate) mod b;\n// mod dead;\n#[path = \"../far/e.rs\"]\nmod e;"),
        file("a/src/b.rs", "mod c;"),
        file("a/src/b/c.rs", ""),
        file("a/far/e.rs", ""),
        file("a/src/dead.rs", ""),
        file("a/src/c.rs", ""),
    ];
    let mut complaints = Vec::new();
    check(&files, &mut complaints);
    let dead =
        ["a/src/dead.rs", "a/src/c.rs"].map(|path| format!("{path}: no target and no module"));
    assert_eq!(complaints, dead);
}
