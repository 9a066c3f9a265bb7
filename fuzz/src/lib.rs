//! What is fuzzed, as functions of bytes: each panics if it finds something. cargo-fuzz calls them
//! with bytes that it chooses by coverage (`fuzz_targets`), the command `soak` with those of seeds,
//! the tests with those of a few fixed seeds, on any compiler.

#![forbid(unsafe_code)]

mod api;
mod decode;
mod execute;
mod memory;
mod modules;
mod numeric;
pub mod oracle;
mod programs;
mod types;
mod validate;
mod verify;
mod wasi;
mod ways;

use arbitrary::{Result, Unstructured};
use windlass_differential::Random;

/// Something that is fuzzed.
#[derive(Debug)]
pub struct Target {
    /// Its name, which is that of its file, too.
    pub name: &'static str,
    /// Makes an input of bytes and tries it. Returns a digest of all that was seen, the same in all
    /// builds; an error if the bytes make no input.
    run: fn(&mut Unstructured<'_>) -> Result<u64>,
    /// How many bytes a seed makes for it, at most.
    len: usize,
    /// How many seeds its quick test tries: a few seconds.
    pub quick: u64,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "decode", run: decode::run, len: 4096, quick: 400 },
    Target { name: "validate", run: validate::run, len: 4096, quick: 400 },
    Target { name: "verify", run: verify::run, len: 8192, quick: 100 },
    Target { name: "execute", run: execute::run, len: 8192, quick: 100 },
    Target { name: "programs", run: programs::run, len: 16, quick: 100 },
    Target { name: "numeric", run: numeric::run, len: 2048, quick: 400 },
    Target { name: "types", run: types::run, len: 256, quick: 200 },
    Target { name: "memory", run: memory::run, len: 1024, quick: 100 },
    Target { name: "api", run: api::run, len: 1024, quick: 60 },
    Target { name: "wasi", run: wasi::run, len: 1024, quick: 60 },
];

/// The target of this name.
///
/// # Panics
/// If there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("the targets have fixed names")
}

impl Target {
    /// Tries an input.
    ///
    /// # Panics
    /// If it finds something.
    pub fn attempt(&self, bytes: &[u8]) {
        let _ = (self.run)(&mut Unstructured::new(bytes));
    }

    /// Tries the input of a seed: the digest of what was seen, none if the seed makes no input.
    ///
    /// # Panics
    /// If it finds something.
    pub fn attempt_seed(&self, seed: u64) -> Option<u64> {
        (self.run)(&mut Unstructured::new(&self.bytes(seed))).ok()
    }

    /// The bytes of a seed.
    pub fn bytes(&self, seed: u64) -> Vec<u8> {
        Random::new(seed).bytes(self.len)
    }
}

/// A digest of some text (FNV-1a).
fn digest(text: &str) -> u64 {
    bytes_digest(text.as_bytes())
}

fn bytes_digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
