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
    /// Features of the crate `windlass`.
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

/// WebAssembly 2.0 without vectors; 3.0 without vectors; 3.0.
const TWO: &str = "";
const THREE: &str = "windlass/exceptions,windlass/gc,windlass/memory64";
const FULL: &str =
    "windlass/exceptions,windlass/gc,windlass/memory64,windlass/names,windlass/simd,windlass/std";
const DEFAULT: &str = "windlass/default";

pub(crate) const BUILDS: [Build; 6] = [
    Build { name: "ARM, 2.0", target: ARM, profile: "small", features: TWO, most: 185_600 },
    Build { name: "ARM, 3.0", target: ARM, profile: "small", features: THREE, most: 255_100 },
    Build { name: "RISC-V, 2.0", target: RISCV, profile: "small", features: TWO, most: 224_300 },
    Build { name: "RISC-V, 3.0", target: RISCV, profile: "small", features: THREE, most: 301_000 },
    Build { name: "x86-64, compact", target: X86, profile: "small", features: FULL, most: 952_500 },
    Build {
        name: "x86-64, default",
        target: X86,
        profile: "fast",
        features: DEFAULT,
        most: 2_893_700,
    },
];

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
        // What nothing refers to is left out, and functions that are alike are one; without an
        // operating system, `start` begins.
        let flags = match self.target {
            ARM | RISCV => {
                "-C link-arg=--gc-sections -C link-arg=--icf=all -C link-arg=--entry=start"
            }
            _ => "",
        };
        if !is_good(cargo.env("RUSTFLAGS", flags)) {
            return Built::Failed;
        }
        Built::At(to.join(self.target).join(self.profile).join("embedding"))
    }
}

fn is_good(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
