//! The builds that are measured, each with the most that it may take.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A build of the embedding.
pub(crate) struct Build {
    pub(crate) name: &'static str,
    target: &'static str,
    profile: &'static str,
    /// Of the compiler.
    flags: &'static str,
    /// Of the embedding and of the crate `windlass`.
    features: &'static str,
    /// The most code and constants, in bytes. Who makes it larger says why.
    pub(crate) most: u64,
}

/// What became of one.
pub(crate) enum Built {
    /// The program, with its symbols.
    At(PathBuf),
    /// It can't be built on this machine.
    Skipped(String),
    Failed,
}

const ARM: &str = "thumbv7em-none-eabihf";
const RISCV: &str = "riscv32imac-unknown-none-elf";
const X86: &str = "x86_64-unknown-linux-gnu";

/// WebAssembly 2.0 without vectors; 3.0 without vectors; 3.0; 3.0 without the standard library.
const TWO: &str = "";
const THREE: &str = "windlass/exceptions,windlass/gc,windlass/memory64,windlass/tail-calls";
const FULL: &str = "windlass/exceptions,windlass/gc,windlass/memory64,windlass/names,\
    windlass/simd,windlass/std,windlass/tail-calls";
const BARE: &str = "bare,windlass/exceptions,windlass/gc,windlass/memory64,windlass/names,\
    windlass/simd,windlass/tail-calls";
const DEFAULT: &str = "windlass/default";

/// What nothing refers to is left out, and functions that are alike are one; without an operating
/// system, `start` begins.
const COLLECTED: &str = "-C link-arg=--gc-sections -C link-arg=--icf=all -C link-arg=--entry=start";
/// And less is inlined.
const CALLING: &str = "-C link-arg=--gc-sections -C link-arg=--icf=all \
    -C link-arg=--entry=start -C llvm-args=-inline-threshold=0";
/// The linker optimises, and packs what the loader does to addresses; nothing is unwound.
const LINKED: &str = "-C linker-plugin-lto -C force-unwind-tables=no \
    -C link-arg=-Wl,-z,pack-relative-relocs";
/// And what is alike in functions is a function.
const OUTLINED: &str = "-C linker-plugin-lto -C force-unwind-tables=no \
    -C link-arg=-Wl,-z,pack-relative-relocs \
    -C link-arg=-Wl,-mllvm,-enable-machine-outliner=always \
    -C link-arg=-Wl,-mllvm,-inline-threshold=0";

pub(crate) const BUILDS: [Build; 9] = [
    build("ARM, 2.0", ARM, "small", CALLING, TWO, 149_200),
    build("ARM, 3.0", ARM, "small", CALLING, THREE, 206_400),
    build("RISC-V, 2.0", RISCV, "small", COLLECTED, TWO, 180_700),
    build("RISC-V, 3.0", RISCV, "small", COLLECTED, THREE, 249_300),
    build("x86-64, compact", X86, "small", "", FULL, 824_400),
    build("x86-64, compact, flags", X86, "linked", OUTLINED, FULL, 762_300),
    build("x86-64, compact, flags, no std", X86, "linked", OUTLINED, BARE, 396_000),
    build("x86-64, default", X86, "fast", "", DEFAULT, 2_026_000),
    build("x86-64, default, flags, s", X86, "linked-s", LINKED, DEFAULT, 1_477_200),
];

const fn build(
    name: &'static str,
    target: &'static str,
    profile: &'static str,
    flags: &'static str,
    features: &'static str,
    most: u64,
) -> Build {
    Build { name, target, profile, flags, features, most }
}

impl Build {
    /// Builds it.
    pub(crate) fn make(&self) -> Built {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some(root) = folder.ancestors().nth(2) else { return Built::Failed };
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", self.target]).stderr(Stdio::null());
        if !self.target.starts_with(std::env::consts::ARCH) && !is_good(&mut rustup) {
            return Built::Skipped(format!("rustup target add {}", self.target));
        }
        let to = root.join("target/sizes");
        let mut cargo = Command::new("cargo");
        cargo.current_dir(folder).args(["build", "--quiet", "--package", "embedding"]);
        cargo.args(["--no-default-features", "--features", self.features]);
        cargo.args(["--target", self.target, "--profile", self.profile, "--target-dir"]).arg(&to);
        if !is_good(cargo.env("RUSTFLAGS", self.flags)) {
            return Built::Failed;
        }
        Built::At(to.join(self.target).join(self.profile).join("embedding"))
    }
}

fn is_good(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
