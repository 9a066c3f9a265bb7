//! A file by itself: its lines have 100 columns, there are not too many of them, and it says what
//! it is.

use super::File;

const COLUMNS: usize = 100;
const LINES: usize = 800;

/// Tables, which are wide or long: a row is a line. With the reason.
const TABLES: [(&str, &str); 1] = [("crates/decode/src/ops.rs", "the table of instructions")];

/// Files that say nothing about themselves, since others show or compile them.
const SHOWN: &str = "spec-tests/programs/sources/";

/// What instructions compute. Handlers are made of it, which call nothing.
const MEANING: [&str; 2] =
    ["crates/core/src/exec/meaning/num.rs", "crates/core/src/exec/meaning/simd.rs"];

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) {
    for (table, _) in TABLES {
        if !files.iter().any(|file| file.path == table) {
            complaints.push(format!("{table}: does not exist, but is named as a table"));
        }
    }
    for file in files {
        check_one(file, complaints);
    }
}

fn check_one(file: &File, complaints: &mut Vec<String>) {
    let path = &file.path;
    let is_table = TABLES.iter().any(|(table, _)| table == path);
    let is_ours = ["rs", "md", "toml", "sh", "py"].contains(&file.extension()) || path == ".ci/run";
    if is_ours && !is_table {
        for line in long_lines(&file.text) {
            complaints.push(format!("{path}:{line}: more than {COLUMNS} columns"));
        }
    }
    if file.extension() != "rs" || path.starts_with(SHOWN) {
        return;
    }
    let lines = file.text.lines().count();
    if lines > LINES && !is_table {
        complaints.push(format!("{path}: {lines} lines, more than {LINES}"));
    }
    if MEANING.contains(&path.as_str()) {
        for line in not_inlined(&file.text) {
            complaints.push(format!("{path}:{line}: handlers call nothing: #[inline(always)]"));
        }
    }
    if !file.text.starts_with("//! ") {
        complaints.push(format!("{path}: does not begin with `//! `: what is it?"));
    }
    let stem = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if ["utils", "util", "helpers", "helper", "common", "misc"].contains(&stem) {
        complaints.push(format!("{path}: name the topic"));
    }
}

/// The numbers of the lines that are too long and could be broken. Those can't: rows of tables,
/// what stands in a fence as `text` (drawings, listings), and a single word.
fn long_lines(text: &str) -> Vec<usize> {
    let mut drawing = false;
    let mut long = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim_start().trim_start_matches(['/', '!', '#']).trim();
        if content.starts_with("```") {
            drawing = content == "```text";
        }
        let is_whole = content.starts_with('|') || drawing || !content.contains(' ');
        if line.chars().count() > COLUMNS && !is_whole {
            long.push(number);
        }
    }
    long
}

/// What stands before functions that handlers are made of. Bodies that cells have in common call.
const INLINED: [&str; 2] = ["#[inline(always)]", "#[cfg_attr(not(common_bodies), inline(always))]"];

/// The numbers of the lines at which functions begin that are not inlined always.
fn not_inlined(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut before = "";
    for (number, line) in (1..).zip(text.lines().map(str::trim_start)) {
        let begins = line.starts_with("fn ") || line.starts_with("pub(crate) fn ");
        if begins && !INLINED.contains(&before) {
            found.push(number);
        }
        before = line;
    }
    found
}

#[cfg(test)]
#[test]
fn functions_that_are_not_inlined_are_found() {
    let [inlined, function] = ["#[inline(always)]", "pub(crate) fn f() {}"];
    let text = format!("{inlined}\n{function}\n{function}\n#[inline]\n    fn g() {{}}");
    assert_eq!(not_inlined(&text), [3, 5]);
}

#[cfg(test)]
#[test]
fn lines_that_could_be_broken_are_found() {
    let words = "word ".repeat(25);
    let word = "x".repeat(120);
    let text = format!(
        "{words}\n/// {words}\n| {words}\n//! | {words}\n{word}\n/// {word}\n\
        ```text\n{words}\n```\n{words}"
    );
    assert_eq!(long_lines(&text), [1, 2, 10]);
    assert_eq!(long_lines(&"é".repeat(100)), []);
}
