//! Documents: the paths that they name exist, and the one that is read first is short.

use super::File;
use std::path::Path;

/// So many lines can be read in one go.
const ARCHITECTURE: usize = 150;

/// What paths begin with. (A change log names what once was.)
const FOLDERS: [&str; 10] = [
    "crates",
    "spec-tests",
    "benches",
    "differential",
    "fuzz",
    "xtask",
    "examples",
    ".ci",
    "ci",
    ".cargo",
];

pub(super) fn check(root: &Path, files: &[File], complaints: &mut Vec<String>) {
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension() == "md") {
        if file.path == "ARCHITECTURE.md" && file.text.lines().count() > ARCHITECTURE {
            complaints.push(format!("{}: more than {ARCHITECTURE} lines", file.path));
        }
        if file.path == "CHANGELOG.md" {
            continue;
        }
        for path in paths(&file.text) {
            count += 1;
            if !root.join(path).exists() {
                complaints.push(format!("{}: {path} does not exist", file.path));
            }
        }
    }
    if count < 50 {
        complaints.push(format!("the documents name {count} paths: are they found?"));
    }
}

/// The paths in a document: what stands between backquotes, and where links lead.
fn paths(text: &str) -> Vec<&str> {
    // Every other piece between backquotes is code.
    let code = text.split('`').skip(1).step_by(2).filter(|code| {
        let first = code.split('/').next().unwrap_or_default();
        code.contains('/') && !code.contains(char::is_whitespace) && FOLDERS.contains(&first)
    });
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    code.chain(links.filter(|link| !link.contains("://") && !link.starts_with('#'))).collect()
}

#[cfg(test)]
#[test]
fn paths_are_found() {
    let text =
        "`crates/x/y.rs` and `a/b`, [a link](LICENSE), `ci/z --all` <https://x/y> [w](http://v)";
    assert_eq!(paths(text), ["crates/x/y.rs", "LICENSE"]);
}
