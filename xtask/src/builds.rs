//! `cargo xtask gates "other builds"`: dispatch by tail calls in builds that `ci/profiles.sh` does
//! not make. In each, handlers are disassembled.

use crate::{
    commands::{Outcome, command, is_there, succeeds},
    root,
};
use std::env::consts::ARCH;

/// A way to build: what it is, with which compiler, link-time optimisation and flags; and whether
/// handlers may have frames there.
type Build = (&'static str, &'static str, &'static str, &'static str, bool);

const BUILDS: [Build; 6] = [
    ("thin link-time optimisation", "", "thin", "", false),
    ("the CPU's vectors of 512 bits", "", "off", "-C target-cpu=x86-64-v4", false),
    ("frame pointers", "", "off", "-C force-frame-pointers=yes", true),
    ("coverage", "", "off", "-C instrument-coverage", true),
    ("a newer compiler", "+nightly", "off", "", false),
    ("a newer compiler, fat link-time optimisation", "+nightly", "fat", "", false),
];

pub(crate) fn builds() -> Outcome {
    if ARCH != "x86_64" || !is_there("objdump", &["--version"]) {
        return Outcome::Skipped("it takes an x86-64 and `objdump`, of binutils".to_string());
    }
    if !is_there("cargo", &["+nightly", "--version"]) {
        return Outcome::Skipped("rustup toolchain install nightly".to_string());
    }
    BUILDS.iter().all(is_good).into()
}

fn is_good(&(name, compiler, lto, flags, has_frames): &Build) -> bool {
    println!("-- {name}");
    let folder = "target/builds";
    let mut cargo = command(".", "cargo", &[]);
    cargo.args(Some(compiler).filter(|compiler| !compiler.is_empty()));
    cargo.args(["build", "--release", "--quiet", "--package", "windlass-cli"]);
    cargo.args(["--target-dir", folder]);
    cargo.env("RUSTFLAGS", format!("-C symbol-mangling-version=v0 {flags}"));
    // Where coverage is built in, what runs while it is built writes it.
    cargo.env("LLVM_PROFILE_FILE", root().join(folder).join("%p.profraw"));
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none").env("CARGO_PROFILE_RELEASE_LTO", lto);
    let mut look = command(".", "python3", &["ci/disassembly.py"]);
    look.args(has_frames.then_some("--lax")).arg(format!("{folder}/release/windlass"));
    succeeds(&mut cargo) && succeeds(&mut look)
}
