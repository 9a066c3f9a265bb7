//! `cargo xtask features`: the cargo features of the engine, one by one and together. Each
//! combination builds, passes what it should of the official suite, and refuses the rest; the suite
//! tells how many files that were.

use crate::commands::{ALL_BUT_FAST, command, succeeds};

/// Those that leave something of WebAssembly, or of the engine, out of the build. There is also
/// `messages`: the suite compares texts, so it always has it; what refuses is tried without.
const FEATURES: [&str; 11] = [
    "exceptions",
    "fast",
    "gc",
    "listings",
    "memory64",
    "names",
    "proposals",
    "simd",
    "tail-calls",
    "threads",
    "verify",
];

/// Combinations that the suite runs with, beside the default: none; all but one.
fn combinations() -> Vec<String> {
    [String::new()].into_iter().chain(FEATURES.iter().map(|feature| all_but(feature))).collect()
}

/// All but one.
pub(crate) fn all_but(left_out: &str) -> String {
    let others = FEATURES.iter().copied().filter(|feature| *feature != left_out);
    others.collect::<Vec<_>>().join(",")
}

/// Builds the library with each feature alone, without the standard library, and runs the suite
/// with the combinations.
pub(crate) fn features() -> bool {
    let cargo = |args: &[&str], features: &str| {
        println!("-- {} with {features:?}", args[0]);
        let (own, others) =
            args.split_at(args.iter().position(|&a| a == "--").unwrap_or(args.len()));
        let mut cargo = command(".", "cargo", own);
        cargo.args(["--no-default-features", "--features", features]).args(others);
        succeeds(cargo.env("CARGO_TARGET_DIR", "target/features"))
    };
    let check = ["check", "--quiet", "--package", "windlass", "--package", "windlass-wasi"];
    let suite =
        ["test", "--quiet", "--package", "windlass-spec-tests", "--test", "suite", "--", "--quiet"];
    let builds = FEATURES.iter().all(|feature| cargo(&check, &format!("windlass/{feature}")));
    let passes = combinations().iter().all(|features| cargo(&suite, features));
    // What each leaves out is refused; and all of the interface, with slots only.
    let refused = ["test", "--quiet", "--package", "windlass", "--test", "features"];
    let refuses = combinations().iter().all(|features| cargo(&refused, &format!("std,{features}")));
    let api = ["test", "--quiet", "--package", "windlass", "--test", "api"];
    // WASI with files in memory, without the host's clocks.
    let wasi = ["test", "--quiet", "--package", "windlass-wasi", "--test", "preview1"];
    builds && passes && refuses && cargo(&api, ALL_BUT_FAST) && cargo(&wasi, "")
}
