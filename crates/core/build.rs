//! Chooses the dispatch backend: tail calls where the compiler turns a call in tail position into a
//! jump (optimised builds for CPUs whose calling convention has registers enough), a loop
//! elsewhere.

use std::env::var;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    let arch = var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let registers = matches!(arch.as_str(), "x86_64" | "aarch64" | "riscv64");
    // Less optimised, what handlers call is not inlined, and a local whose address is passed spoils
    // the jump.
    let optimised = var("OPT_LEVEL").is_ok_and(|level| matches!(level.as_str(), "2" | "3" | "s"));
    // Debug assertions put calls into handlers, and Miri interprets unoptimised code.
    let checked = var("CARGO_CFG_DEBUG_ASSERTIONS").is_ok() || var("CARGO_CFG_MIRI").is_ok();
    let asked_for_loop = var("CARGO_FEATURE_LOOP_DISPATCH").is_ok();
    if registers && optimised && !checked && !asked_for_loop {
        println!("cargo::rustc-cfg=tail_calls");
    }
}
