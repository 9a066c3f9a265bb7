//! The documentation of each function links what it follows: its section of the text of WASI, and
//! the function of POSIX that it is like, or says that there is none.

use crate::guest::FUNCTIONS;
use std::{fs, path::Path};

const WASI: &str = "https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md";
const POSIX: &str = "https://pubs.opengroup.org/onlinepubs/9799919799/functions/";

/// All source text below a directory.
fn sources(dir: &Path, text: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else {
            *text += &fs::read_to_string(path).unwrap();
        }
    }
}

/// The documentation of a function, as in the source.
fn documentation(text: &str, name: &str) -> String {
    let at = text.find(&format!("\npub fn {name}(")).expect(name);
    let lines = text[..at].lines().rev().skip_while(|line| line.starts_with("#["));
    let lines = lines.take_while(|line| line.starts_with("///"));
    lines.collect::<Vec<&str>>().join("\n")
}

#[test]
fn each_function_links_what_it_follows() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    for (name, _) in FUNCTIONS {
        let found = documentation(&text, name);
        assert!(found.contains(&format!("<{WASI}#{name}>")), "{name} links no text of WASI");
        let page = found.split(POSIX).nth(1).and_then(|rest| rest.split_once(".html>"));
        let page = page.map_or("", |(page, _)| page);
        let is_name = page.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
        let has_page = is_name && !page.is_empty();
        let says_none = found.contains("has no POSIX counterpart");
        assert!(has_page != says_none, "{name} links no text of POSIX: {page:?}");
    }
}
