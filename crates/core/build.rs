//! Chooses the dispatch backend, and makes the tables of the instruction set.

#[path = "src/exec/machine/name.rs"]
#[allow(dead_code)]
mod name;
#[path = "build/set.rs"]
mod set;

use std::{
    env::var,
    fs,
    path::{Path, PathBuf},
    process,
};

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
    println!("cargo::rustc-check-cfg=cfg(common_bodies)");
    let is_fast = var("CARGO_FEATURE_FAST").is_ok();
    // The other half of a word that has an address says what a body works with that cells share.
    if !is_fast && var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "32") {
        println!("cargo::rustc-cfg=common_bodies");
    }
    let arch = var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let target = var("TARGET").unwrap_or_default();
    // Where operands lie in slots alone, three registers do. The first Thumb can't jump like that,
    // and vectors are not inlined everywhere.
    let few = !is_fast
        && var("CARGO_FEATURE_SIMD").is_err()
        && (arch == "riscv32"
            || ["thumbv7", "thumbv8m.main"].iter().any(|thumb| target.starts_with(thumb)));
    let registers = few || matches!(arch.as_str(), "x86_64" | "aarch64" | "riscv64");
    // Less optimised, what handlers call is not inlined, and a local whose address is passed spoils
    // the jump: for the smallest code, too, but where the machine code was looked at.
    let optimised = match var("OPT_LEVEL").as_deref() {
        Ok("2" | "3" | "s") => true,
        Ok("z") => few,
        _ => false,
    };
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
    const GENERAL: &str = "instruction-set.txt";
    const TESTS: &str = "src/translate/block_tests.txt";
    const MEANINGS: &str = "src/exec/meaning/num.rs";
    println!("cargo::rerun-if-env-changed={FILE}");
    let is_profile = var("CARGO_FEATURE_PROFILE").is_ok();
    let named = var(FILE).unwrap_or_default();
    // A profile tells what a program would do with the handlers of the set, each for itself, or
    // with all there can be.
    let all = is_profile && named == "all";
    let path = PathBuf::from(if named.is_empty() || all { GENERAL } else { &named });
    println!("cargo::rerun-if-changed={}", path.display());
    println!("cargo::rerun-if-changed={GENERAL}");
    println!("cargo::rerun-if-changed={MEANINGS}");
    let read = |path: &Path| match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            // A relative one is sought here, in the crate's folder, and not where cargo was called.
            let sought = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            fail(&format!("{FILE}: {}: {error}", sought.display()))
        }
    };
    let (text, general) = (read(&path), read(GENERAL.as_ref()));
    let ops = set::block::functions(&read(MEANINGS.as_ref()));
    let is_fast = var("CARGO_FEATURE_FAST").is_ok();
    if !is_fast && !named.is_empty() {
        println!("cargo::warning={FILE} is not used: that takes the feature `fast`");
    }
    let text = if is_fast { text.as_str() } else { "" };
    // Without optimisation a few do for tests; all take minutes to compile.
    let most = if var("OPT_LEVEL").is_ok_and(|level| matches!(level.as_str(), "0" | "1")) {
        200
    } else {
        usize::MAX
    };
    let version = var("CARGO_PKG_VERSION").unwrap_or_default();
    let (general, version) = (general.as_str(), version.as_str());
    let reading = set::Reading { general, version, ops: &ops, most, plain: is_profile, all };
    let write = |name: &str, path: &Path, text: &str| {
        let tables = match set::tables(&path.display().to_string(), text, &reading) {
            Ok(tables) => tables,
            Err(error) => fail(&format!("{}:{error}", path.display())),
        };
        let out = PathBuf::from(var("OUT_DIR").expect("cargo says where files go")).join(name);
        fs::write(&out, tables).expect("cargo's folder can be written");
    };
    write("set.rs", &path, text);
    // The engine's own tests have blocks.
    println!("cargo::rerun-if-changed={TESTS}");
    let tests = if is_fast { read(TESTS.as_ref()) } else { String::new() };
    write("set-of-tests.rs", TESTS.as_ref(), &tests);
}

/// Ends the build: cargo shows the text as an error.
fn fail(error: &str) -> ! {
    println!("cargo::error={error}");
    process::exit(1)
}
