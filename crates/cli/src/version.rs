//! What `windlass --version` says: how this command was built, and what WebAssembly it understands.

use windlass::{BACKEND, Features};

/// Of the features in `Cargo.toml`, those that this command was built with.
const BUILT_WITH: [(&str, bool); 2] =
    [("loop-dispatch", cfg!(feature = "loop-dispatch")), ("profile", cfg!(feature = "profile"))];

/// The version, with the backend and the features.
pub(crate) fn long() -> String {
    let built: Vec<&str> =
        BUILT_WITH.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    let built = if built.is_empty() {
        String::new()
    } else {
        format!("\nbuilt with: {}", built.join(", "))
    };
    let wasm: Vec<&str> = Features::ALL.names().collect();
    format!(
        "{}\nbackend: {BACKEND}{built}\nWebAssembly features: {}",
        env!("CARGO_PKG_VERSION"),
        wasm.join(", ")
    )
}
