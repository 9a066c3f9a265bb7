//! Who has no standard library on an operating system is linked without tables of unwinding.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=no-unwinding.ld");
    if env::var_os("CARGO_FEATURE_BARE").is_some() {
        let folder = env!("CARGO_MANIFEST_DIR");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/no-unwinding.ld");
    }
}
