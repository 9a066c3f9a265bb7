//! Makes the guests' binaries of their text, and tells the linker of the machine's memory.

use std::{env, fs, path::Path};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo says where");
    for guest in ["sort", "crc", "files"] {
        let text = format!("guests/{guest}.wat");
        println!("cargo::rerun-if-changed={text}");
        let binary = wat::parse_file(&text).expect("the text is a module");
        fs::write(Path::new(&out).join(guest).with_extension("wasm"), binary).expect("a file");
    }
    let machine = match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("arm") => "cortex-m4",
        Ok("riscv32") => "riscv32",
        // There is nothing to run it on.
        _ => return,
    };
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where");
    println!("cargo::rustc-link-search={root}/{machine}");
    println!("cargo::rerun-if-changed={machine}/memory.x");
    if machine == "riscv32" {
        println!("cargo::rustc-link-arg=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg=-Tlink.x");
}
