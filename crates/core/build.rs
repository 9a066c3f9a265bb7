//! Chooses the dispatch backend, and makes the tables of the instruction set.

#[path = "src/exec/machine/name.rs"]
#[allow(dead_code)]
mod name;
#[path = "build/set.rs"]
mod set;

use std::{env::var, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/exec/machine/name.rs");
    backend();
    instruction_set();
}

/// Tail calls where the compiler turns a call in tail position into a jump (optimised builds for
/// CPUs whose calling convention has registers enough), a loop elsewhere.
fn backend() {
    println!("cargo::rustc-check-cfg=cfg(tail_calls)");
    let arch = var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let registers = matches!(arch.as_str(), "x86_64" | "aarch64" | "riscv64");
    // Less optimised, what handlers call is not inlined, and a local whose address is passed spoils
    // the jump.
    let optimised = var("OPT_LEVEL").is_ok_and(|level| matches!(level.as_str(), "2" | "3" | "s"));
    // Miri interprets unoptimised code. Debug assertions put calls into handlers, and so rule jumps
    // out, too: the crate sees them itself, as not every cargo tells of them here.
    let interpreted = var("CARGO_CFG_MIRI").is_ok();
    let asked_for_loop =
        var("CARGO_FEATURE_LOOP_DISPATCH").is_ok() || var("CARGO_FEATURE_PROFILE").is_ok();
    if registers && optimised && !interpreted && !asked_for_loop {
        println!("cargo::rustc-cfg=tail_calls");
    }
}

/// The file of the instruction set that an embedder names, or ours.
fn instruction_set() {
    const FILE: &str = "WINDLASS_INSTRUCTION_SET";
    println!("cargo::rerun-if-env-changed={FILE}");
    let path = match var(FILE) {
        Ok(path) if !path.is_empty() => PathBuf::from(path),
        _ => PathBuf::from("instruction-set.txt"),
    };
    println!("cargo::rerun-if-changed={}", path.display());
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => panic!("{FILE}: {}: {error}", path.display()),
    };
    let is_fast = var("CARGO_FEATURE_FAST").is_ok();
    if !is_fast && var(FILE).is_ok_and(|path| !path.is_empty()) {
        println!("cargo::warning={FILE} is not used: that takes the feature `fast`");
    }
    // A profile counts what a program would do with all handlers, each for itself.
    let is_plain = !is_fast || var("CARGO_FEATURE_PROFILE").is_ok();
    let text = if is_plain { "" } else { &text };
    // Without optimisation a few do for tests; all take minutes to compile.
    let most = if var("OPT_LEVEL").is_ok_and(|level| matches!(level.as_str(), "0" | "1")) {
        200
    } else {
        usize::MAX
    };
    let tables = match set::tables(text, most) {
        Ok(tables) => tables,
        Err(error) => panic!("{}:{error}", path.display()),
    };
    let out = PathBuf::from(var("OUT_DIR").expect("cargo says where files go")).join("set.rs");
    fs::write(&out, tables).expect("cargo's folder can be written");
}
