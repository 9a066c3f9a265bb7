//! The official WebAssembly test suite on Windlass. There is nothing in this library: see
//! `tests/suite`.
#![forbid(unsafe_code)]
