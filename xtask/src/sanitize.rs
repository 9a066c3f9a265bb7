//! `cargo xtask sanitize [NAME]`: the compiler's sanitizers, of a nightly compiler. That of
//! addresses over the official suite and the tests of the interface; that of threads over what
//! several threads use. Both on the loop, as builds for tests are. `main` and `gates` call it.

use crate::{
    builds,
    commands::{Outcome, command, is_there, succeeds},
    root,
};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";

type Sanitizer = (&'static str, fn() -> Outcome);

const SANITIZERS: [Sanitizer; 2] = [("address", address), ("thread", thread)];

/// The same packages each time: with others cargo would choose other features, and build anew.
const PACKAGES: [&str; 3] =
    ["--package=windlass", "--package=windlass-wasi", "--package=windlass-spec-tests"];

/// What several threads use, and the tests that do: words of their names, after the target.
const SHARED: [&[&str]; 4] = [
    // Shared memories of several stores, and modules and engines of several threads.
    &["--test=api", "--", "threads::", "stores::", "what_can_be_is_shared"],
    // Code that is published while others run it; entries of types.
    &["--lib", "--", "translation::", "shared", "held", "handle::"],
    &["--test=preview1", "--", "threads::"],
    &["--test=suite", "--", "threads/"],
];

/// All sanitizers, or those with one of the words in their names: a line for each.
pub(crate) fn sanitize(words: &[String]) -> Vec<(&'static str, Outcome)> {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let wanted = SANITIZERS.iter().filter(|(name, _)| wanted(name));
    wanted.map(|(name, run)| (*name, run())).collect()
}

pub(crate) fn names() -> Vec<&'static str> {
    SANITIZERS.iter().map(|(name, _)| *name).collect()
}

/// The official suite and the tests of the interface with the sanitizer of addresses.
/// `ci/address-sanitizer.txt` says what it need not report as leaked.
pub(crate) fn address() -> Outcome {
    if let Some(skipped) = missing(&[]) {
        return skipped;
    }
    let args = ["--no-fail-fast", "--lib", "--test=api", "--test=determinism", "--test=suite"];
    let mut tests = sanitized("address", &args);
    let known = root().join("ci/address-sanitizer.txt");
    tests.env("LSAN_OPTIONS", format!("suppressions={}", known.display()));
    // Tests ask for more memory than there can be, and want to be told.
    tests.env("ASAN_OPTIONS", "allocator_may_return_null=1");
    // The sanitizer itself takes more addresses than a test leaves to its process.
    let leave_out = ["--skip", "a_process_with_a_limit_keeps_addresses_for_itself"];
    succeeds(tests.args(["--", "--quiet"]).args(leave_out)).into()
}

/// The tests of what threads share with the sanitizer of threads, which the standard library has to
/// be built with, too. `ci/thread-sanitizer.txt` says what it need not report.
pub(crate) fn thread() -> Outcome {
    if let Some(skipped) = missing(&["rust-src"]) {
        return skipped;
    }
    let known = root().join("ci/thread-sanitizer.txt");
    let options = format!("suppressions={} halt_on_error=1", known.display());
    let tests = |args: &&[&str]| {
        let mut tests = sanitized("thread", &["-Zbuild-std"]);
        succeeds(tests.args(*args).env("TSAN_OPTIONS", &options))
    };
    SHARED.iter().fold(true, |good, args| tests(args) & good).into()
}

fn missing(components: &[&str]) -> Option<Outcome> {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Some(Outcome::Skipped(format!("only on {TARGET}")));
    }
    if !is_there("cargo", &["+nightly", "--version"]) {
        return Some(Outcome::Skipped("rustup toolchain install nightly".to_string()));
    }
    let add = [&["component", "add", "--toolchain", "nightly"], components].concat();
    let there = components.is_empty() || is_there("rustup", &add);
    (!there).then(|| Outcome::Skipped(format!("rustup {}", add.join(" "))))
}

/// Tests, in a folder of their own: all is built with the sanitizer.
fn sanitized(name: &str, args: &[&str]) -> Command {
    let mut tests = command(".", "cargo", &["+nightly", "test", "--target", TARGET]);
    let folder = builds().join(format!("sanitizer-{name}"));
    tests.arg("--target-dir").arg(folder).args(PACKAGES).args(args);
    tests.env("RUSTFLAGS", format!("-Zsanitizer={name}"));
    tests
}
