//! Crates: each depends on those below it alone, and has as much unsafe code as is known.

use super::File;

/// Each crate, lowest first, and those of the project that it may depend on.
const CRATES: [(&str, &[&str]); 8] = [
    ("decode", &[]),
    ("validate", &["windlass-decode"]),
    ("core", &["windlass-decode", "windlass-validate"]),
    ("wasi", &["windlass"]),
    ("capi", &["windlass", "windlass-wasi"]),
    ("wast", &["windlass", "windlass-decode"]),
    (
        "cli",
        &["windlass", "windlass-decode", "windlass-validate", "windlass-wasi", "windlass-wast"],
    ),
    ("python", &["windlass", "windlass-wasi"]),
];

/// How many unsafe blocks and implementations each crate has, which somebody has read; the others
/// have none. In the engine, its test of architecture says in which files.
const UNSAFE: [(&str, usize); 7] = [
    ("examples/embedded/src/", 4),
    ("crates/core/src/", 374),
    ("crates/core/tests/garbage.rs", 3),
    ("crates/core/tests/no_memory.rs", 4),
    ("crates/wasi/tests/held.rs", 3),
    ("fuzz/tests/refused/main.rs", 3),
    // The allocator of a machine without an operating system, and what moves memory there.
    ("benches/sizes/embedding/src/", 7),
];

/// Crates that have rules of their own for unsafe code: bindings to other languages.
const OWN_RULES: [&str; 2] = ["crates/capi/", "crates/python/"];

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) {
    let manifests = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    for manifest in manifests.filter(|file| file.path.starts_with("crates/")) {
        depends_downwards(manifest, complaints);
    }
    let mut counts = [0; UNSAFE.len()];
    let is_free = |file: &&File| !OWN_RULES.iter().any(|own: &&str| file.path.starts_with(own));
    for file in files.iter().filter(|file| file.extension() == "rs").filter(is_free) {
        let count = unsafe_code(file);
        match UNSAFE.iter().position(|(folder, _)| file.path.starts_with(folder)) {
            Some(index) => counts[index] += count,
            None if count > 0 => complaints.push(format!("{}: unsafe code", file.path)),
            None => {}
        }
    }
    for ((folder, known), count) in UNSAFE.iter().zip(counts) {
        if count != *known {
            complaints.push(format!(
                "{folder}: {count} unsafe blocks, not {known}: is each needed and explained? Then \
                write the number into xtask/src/tidy/crates.rs"
            ));
        }
    }
}

fn depends_downwards(manifest: &File, complaints: &mut Vec<String>) {
    let name = manifest.path.trim_start_matches("crates/").trim_end_matches("/Cargo.toml");
    let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
        return complaints.push(format!("{}: what is below it?", manifest.path));
    };
    let section = manifest.text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    for line in section.lines().filter(|line| line.starts_with("windlass")) {
        let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if !allowed.contains(&used) {
            complaints.push(format!("{}: depends on {used}", manifest.path));
        }
    }
}

/// How many unsafe blocks and implementations a file has, as far as words tell.
fn unsafe_code(file: &File) -> usize {
    let mut count = 0;
    for line in file.code() {
        // Not what a text or a comment at the end says.
        let code: String = line.split('"').step_by(2).collect();
        let code = code.split("//").next().unwrap_or_default();
        count += code.matches("unsafe {").count() + code.matches("unsafe impl").count();
    }
    count
}

#[cfg(test)]
#[test]
fn unsafe_code_is_counted() {
    let text = "// unsafe { }\nlet x = unsafe { f() }; // unsafe {\nunsafe impl Send for X {}\n\
        let y = \"unsafe {\"; unsafe fn f() {}\n#![deny(unsafe_op_in_unsafe_fn)]";
    let file = File { path: "a.rs".to_string(), text: text.to_string() };
    assert_eq!(unsafe_code(&file), 2);
}
