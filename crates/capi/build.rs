//! Names the shared library by its major version, as the loader looks for it. Called by cargo only;
//! must never depend on what is installed.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" || os == "android" || os.ends_with("bsd") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libwindlass.so.0");
    }
}
