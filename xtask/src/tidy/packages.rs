//! Packages: each crate that is published has what those who find it read first, and documents each
//! of its features.

use super::File;

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) {
    let mut count = 0;
    for manifest in files.iter().filter(|file| is_published(file)) {
        count += 1;
        let crate_ = manifest.path.trim_end_matches("Cargo.toml");
        let text = |name: &str| {
            let path = format!("{crate_}{name}");
            files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
        };
        if text("README.md").is_none() {
            complaints.push(format!("{crate_}README.md does not exist"));
        }
        for key in ["description", "license", "repository", "keywords", "categories"] {
            let is_there = |line: &str| line.split(['.', ' ', '=']).next() == Some(key);
            if !manifest.text.lines().any(is_there) {
                complaints.push(format!("{}: no {key}", manifest.path));
            }
        }
        if !manifest.text.contains("\n[package.metadata.docs.rs]\n") {
            complaints.push(format!("{}: says nothing to docs.rs", manifest.path));
        }
        let documents = text("src/lib.rs").or_else(|| text("README.md")).unwrap_or_default();
        for (feature, has_comment) in features(&manifest.text) {
            if !has_comment {
                complaints.push(format!("{}: {feature} has no comment", manifest.path));
            }
            if !documents.contains(&format!("- `{feature}`")) {
                complaints.push(format!("{crate_}: nothing documents the feature {feature}"));
            }
        }
    }
    if count < 6 {
        complaints.push(format!("{count} crates are published: are they found?"));
    }
}

fn is_published(file: &File) -> bool {
    let name = file.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
    // Workspaces of their own are other languages' packages.
    name.is_some_and(|name| !name.contains('/'))
        && file.text.contains("version.workspace = true")
        && !file.text.contains("publish = false")
}

/// The features of a manifest but `default`, and whether a comment stands above each.
fn features(manifest: &str) -> Vec<(&str, bool)> {
    let section = manifest.split_once("\n[features]\n").map_or("", |(_, rest)| rest);
    let section = section.split("\n[").next().unwrap_or_default();
    let mut before = "";
    let mut features = Vec::new();
    for line in section.lines() {
        if let Some((name, _)) = line.split_once(" = ")
            && !line.starts_with(['#', ' '])
            && name != "default"
        {
            features.push((name, before.starts_with("## ")));
        }
        before = line;
    }
    features
}

#[cfg(test)]
#[test]
fn features_are_found() {
    let text =
        "[package]\n\n[features]\ndefault = [\"a\"]\n## One.\na = []\nb = [\n    \"x = y\",\n]\n\n";
    let text = text.to_owned() + "[dependencies]\nc = \"1\"\n";
    assert_eq!(features(&text), [("a", true), ("b", false)]);
}
