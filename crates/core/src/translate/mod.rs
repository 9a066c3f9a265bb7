//! From Wasm to threaded code.
