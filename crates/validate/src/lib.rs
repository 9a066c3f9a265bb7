//! Validator of WebAssembly modules.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

/// A type in the engine's registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(pub u32);

/// What function validation and translation need of a module.
pub struct Context {}
