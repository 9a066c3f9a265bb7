//! Builds small embeddings of Windlass and tells how many bytes of code and constants they take.
//!
//! ```text
//! cargo run --release                 all builds, against the bounds
//! cargo run --release -- map BUILD    where the bytes of one are: crates, and the largest symbols
//! ```
//!
//! `cargo xtask sizes` runs it. A target that can't be installed is skipped, and said to be.

mod build;
mod map;

use build::{BUILDS, Build, Built};
use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => all(""),
        [word] => all(word),
        ["map", word] => map_of(word),
        _ => {
            eprintln!("usage: [WORD] | map WORD");
            ExitCode::from(2)
        }
    }
}

/// Measures the builds whose names contain a word; fails if one is larger than it may be, or was
/// not built.
fn all(word: &str) -> ExitCode {
    let mut good = true;
    let builds: Vec<&Build> = BUILDS.iter().filter(|build| build.name.contains(word)).collect();
    if builds.is_empty() {
        let names: Vec<&str> = BUILDS.iter().map(|build| build.name).collect();
        eprintln!("no build has `{word}` in its name: there are {}", names.join("; "));
        return ExitCode::FAILURE;
    }
    println!("{:<32} {:>9} {:>9} {:>9}  at most", "build", "code", "constants", "both");
    for build in builds {
        match build.make() {
            Built::At(path) => match map::Sections::read(&path) {
                Ok(found) => {
                    let both = found.code + found.constants;
                    let verdict = if both <= build.most { "" } else { "  TOO LARGE" };
                    println!(
                        "{:<32} {:>9} {:>9} {:>9} {:>8}{verdict}",
                        build.name, found.code, found.constants, both, build.most
                    );
                    good &= both <= build.most;
                }
                Err(error) => {
                    println!("{:<32} FAILED: {error}", build.name);
                    good = false;
                }
            },
            Built::Skipped(reason) => println!("{:<32} skipped: {reason}", build.name),
            Built::Failed => {
                println!("{:<32} FAILED to build", build.name);
                good = false;
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn map_of(word: &str) -> ExitCode {
    let Some(build) = BUILDS.iter().find(|build| build.name.contains(word)) else {
        eprintln!("there is no build with {word} in its name");
        return ExitCode::FAILURE;
    };
    let Built::At(path) = build.make() else { return ExitCode::FAILURE };
    match map::print(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
