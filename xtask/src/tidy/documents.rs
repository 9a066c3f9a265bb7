//! Documents: the paths that they name exist, the one that is read first is short, and functions of
//! WASI tell what they follow.

use super::File;
use crate::chart;
use std::path::Path;

/// So many lines can be read in one go.
const ARCHITECTURE: usize = 150;

/// What paths begin with. (A change log names what once was.)
const FOLDERS: [&str; 12] = [
    "crates",
    "spec-tests",
    "benches",
    "differential",
    "fuzz",
    "xtask",
    "examples",
    "docs",
    ".github",
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
        let named = paths(&file.text).map(|path| (root.join(path), path));
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        let linked = links(&file.text).map(|link| (root.join(folder).join(link), link));
        for (path, name) in named.chain(linked) {
            count += 1;
            if !path.exists() {
                complaints.push(format!("{}: {name} does not exist", file.path));
            }
        }
    }
    if count < 50 {
        complaints.push(format!("the documents name {count} paths: are they found?"));
    }
    let pages = files.iter().filter(|file| file.extension() == "md");
    for (page, name) in pages.flat_map(|page| untold(&page.text).map(move |name| (page, name))) {
        complaints.push(format!("{}: its programs use the crate `{name}`: say so", page.path));
    }
    picture(files, complaints);
    wasi(files, complaints);
}

/// The crates of others that a page's programs use, and that the page tells nobody to take.
fn untold(page: &str) -> impl Iterator<Item = &'static str> {
    let programs = || page.split("```rust").skip(1).filter_map(|rest| rest.split("```").next());
    ["anyhow", "thiserror", "tokio", "wat"].into_iter().filter(move |name| {
        let used = format!("{name}::");
        let words = |text: &str| text.split([' ', '(', '[', '\n']).any(|w| w.starts_with(&used));
        let told = [format!("`{name}`"), format!("\n{name} = ")];
        programs().any(words) && !told.iter().any(|told| page.contains(told))
    })
}

/// The chart in the README is that of its tables.
fn picture(files: &[File], complaints: &mut Vec<String>) {
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map(|file| file.text.as_str()).unwrap_or_default()
    };
    match chart::draw(text("README.md")) {
        Ok(chart) if chart == text(chart::CHART) => {}
        Ok(_) => {
            let what = "not that of the tables in README.md; `cargo xtask chart` draws it";
            complaints.push(format!("{}: {what}", chart::CHART));
        }
        Err(error) => complaints.push(format!("{}: {error}", chart::CHART)),
    }
}

/// Each function that WASI's list links has documentation that leads to its text in WASI, and to
/// that of POSIX, or says that there is none.
fn wasi(files: &[File], complaints: &mut Vec<String>) {
    let of_wasi = || files.iter().filter(|file| file.path.starts_with("crates/wasi/src/"));
    let list = of_wasi().filter(|file| file.path.ends_with("/link.rs"));
    // A row each; three that end the guest or wait are linked by themselves.
    let letters = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_name = |name: &&str| name.contains('_') && letters(name);
    let rows = list.flat_map(|file| file.code()).filter(|line| !line.starts_with("         "));
    let rows = rows.filter_map(|row| row.strip_prefix("        ")?.split_once('('));
    let others = ["poll_oneoff", "proc_exit", "proc_raise"];
    let names: Vec<&str> = rows.map(|(name, _)| name).filter(is_name).chain(others).collect();
    for name in &names {
        let defined = format!("\npub fn {name}(");
        let before = of_wasi().find_map(|file| Some(file.text.split_once(&defined)?.0));
        let documentation = before.and_then(|text| text.rsplit("\n\n").next()).unwrap_or_default();
        let follows = documentation.contains(&format!("/docs.md#{name}>"));
        let posix = ["//pubs.opengroup.org/", "no POSIX counterpart"];
        if !follows || !posix.iter().any(|posix| documentation.contains(posix)) {
            complaints.push(format!("crates/wasi: {name} does not tell what it follows"));
        }
    }
    let count = names.len();
    if count < 46 {
        complaints.push(format!("WASI has 46 functions, not {count}: are they found?"));
    }
}

/// The paths in a document, from the root: some of what stands between backquotes.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    // Every other piece between backquotes is code.
    text.split('`').skip(1).step_by(2).filter(|code| {
        let first = code.split('/').next().unwrap_or_default();
        code.contains('/') && !code.contains(char::is_whitespace) && FOLDERS.contains(&first)
    })
}

/// Where links lead, from where the document is.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    links.filter(|link| !link.contains("://") && !link.is_empty())
}

#[cfg(test)]
#[test]
fn crates_that_a_page_does_not_name_are_found() {
    let program = "```rust\nmodule(wat::parse_str(text));\nlet n: anyhow::Result<()>;\n```\n";
    assert_eq!(untold(program).collect::<Vec<_>>(), ["anyhow", "wat"]);
    let told = format!("Take `anyhow`.\n```toml\nwat = \"1\"\n```\n{program}");
    assert_eq!(untold(&told).count(), 0);
    assert_eq!(untold("windlass_wat::x wat::y").count(), 0, "it is no program");
}

#[cfg(test)]
#[test]
fn paths_and_links_are_found() {
    let text = "`crates/x/y.rs` and `a/b`, [a link](LICENSE), `ci/z --all` <https://x/y> \
        [w](http://v) [below](#here) [there](../d.md#there)";
    assert_eq!(paths(text).collect::<Vec<_>>(), ["crates/x/y.rs"]);
    assert_eq!(links(text).collect::<Vec<_>>(), ["LICENSE", "../d.md"]);
}
