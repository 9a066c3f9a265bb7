//! `cargo xtask tidy`: what can be checked of the house rules (CONTRIBUTING.md), in every file of
//! the repository. A test of this crate, and so of `cargo test --workspace`. What is about the
//! layers inside the engine, its own test of architecture checks.

mod crates;
mod documents;
mod files;
mod modules;
mod packages;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// All that is wrong, a line each.
pub(crate) fn complaints(root: &Path) -> Vec<String> {
    let files = walk(root, Path::new(""));
    let mut complaints = Vec::new();
    files::check(&files, &mut complaints);
    modules::check(&files, &mut complaints);
    documents::check(root, &files, &mut complaints);
    crates::check(&files, &mut complaints);
    packages::check(&files, &mut complaints);
    complaints
}

/// A file of the repository that has text.
struct File {
    /// From the root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The file without lines that are comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}

/// The files in a folder, at any depth, but what is built, hidden or found by fuzzing.
fn walk(root: &Path, folder: &Path) -> Vec<File> {
    let mut entries: Vec<PathBuf> = fs::read_dir(root.join(folder))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| folder.join(entry.expect("an entry").file_name()))
        .collect();
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_built = ["target", "corpus", "artifacts", ".git"].contains(&name.as_str());
        let path = root.join(&entry);
        if path.is_dir() && !is_built {
            files.extend(walk(root, &entry));
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push(File { path: entry.to_string_lossy().replace('\\', "/"), text });
        }
    }
    files
}

#[cfg(test)]
#[test]
fn the_house_is_tidy() {
    let root = crate::root();
    assert!(walk(&root, Path::new("")).len() > 300, "files are missing");
    let complaints = complaints(&root);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
