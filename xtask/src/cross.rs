//! `cargo xtask cross [TARGET]...`: the tests and the official suite on other CPUs, in emulators,
//! and builds for CPUs without an operating system. A host whose tools are not there is skipped,
//! with what installs them. `main` and `gates` call it; nothing is changed outside of the folder
//! for builds.

use crate::{
    builds,
    commands::{Outcome, command, is_there, succeeds},
};
use std::process::Command;

/// A host that something other than this machine runs programs for.
struct Host {
    target: &'static str,
    /// The compiler of C that links for it, and what Debian calls it and its library.
    linker: &'static str,
    packages: &'static str,
    /// What runs its programs.
    runner: &'static [&'static str],
    /// The prefix of its disassembler, if dispatch is by tail calls there: then everything is a
    /// release build, and the handlers are looked at.
    tail: Option<&'static str>,
}

/// The addresses that a program of 64 bits has in an emulator, which keeps a record of each page
/// that was ever mapped: of all that memories reserve to grow into, it would be tens of gigabytes.
const ADDRESSES: &str = "0x1000000000";

/// Smallest first.
const HOSTS: [Host; 5] = [
    // Most CPUs that run x86-64 run it, too; the libraries are enough.
    Host {
        target: "i686-unknown-linux-gnu",
        linker: "i686-linux-gnu-gcc",
        packages: "gcc-i686-linux-gnu libc6-dev-i386-cross",
        runner: &[
            "env",
            "LD_LIBRARY_PATH=/usr/i686-linux-gnu/lib",
            "/usr/i686-linux-gnu/lib/ld-linux.so.2",
        ],
        tail: None,
    },
    Host {
        target: "s390x-unknown-linux-gnu",
        linker: "s390x-linux-gnu-gcc",
        packages: "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user",
        runner: &["qemu-s390x", "-R", ADDRESSES, "-L", "/usr/s390x-linux-gnu"],
        tail: None,
    },
    Host {
        target: "armv7-unknown-linux-gnueabihf",
        linker: "arm-linux-gnueabihf-gcc",
        packages: "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user",
        runner: &["qemu-arm", "-L", "/usr/arm-linux-gnueabihf"],
        tail: None,
    },
    Host {
        target: "aarch64-unknown-linux-gnu",
        linker: "aarch64-linux-gnu-gcc",
        packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
        runner: &["qemu-aarch64", "-R", ADDRESSES, "-L", "/usr/aarch64-linux-gnu"],
        tail: Some("aarch64-linux-gnu-"),
    },
    Host {
        target: "riscv64gc-unknown-linux-gnu",
        linker: "riscv64-linux-gnu-gcc",
        packages: "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user",
        runner: &["qemu-riscv64", "-R", ADDRESSES, "-L", "/usr/riscv64-linux-gnu"],
        tail: Some("riscv64-linux-gnu-"),
    },
];

/// Without an operating system: built, not run.
const BARE: [&str; 2] = ["thumbv7em-none-eabi", "riscv32imac-unknown-none-elf"];

/// The crates whose tests run there. Those of the command start it, which an emulator of programs
/// does not do for them.
const CRATES: [&str; 5] = ["-decode", "-validate", "", "-wast", "-wasi"];

/// Tests that are left out, each for its reason.
const LEFT_OUT: [&str; 0] = [];

/// All hosts, or those with one of the words in their names: a line for each.
pub(crate) fn cross(words: &[String]) -> Vec<(&'static str, Outcome)> {
    let wanted = |target: &str| words.is_empty() || words.iter().any(|w| target.contains(&**w));
    let bare =
        BARE.into_iter().filter(|target| wanted(target)).map(|target| (target, bare(target)));
    let hosts = HOSTS.iter().filter(|host| wanted(host.target));
    bare.chain(hosts.map(|host| (host.target, host.run()))).collect()
}

/// All of them as one gate: skipped are those that can't run.
pub(crate) fn gate() -> Outcome {
    let mut skipped = Vec::new();
    for (target, outcome) in cross(&[]) {
        match outcome {
            Outcome::Passed => println!("passed: {target}"),
            Outcome::Failed => return Outcome::Failed,
            Outcome::Skipped(reason) => skipped.push(format!("{target}: {reason}")),
        }
    }
    if skipped.is_empty() { Outcome::Passed } else { Outcome::Skipped(skipped.join("; ")) }
}

fn bare(target: &str) -> Outcome {
    if let Some(skipped) = missing(target) {
        return skipped;
    }
    let args = ["check", "--package", "windlass", "--package", "windlass-wasi"];
    let mut check = command(".", "cargo", &args);
    succeeds(check.args(["--no-default-features", "--target", target])).into()
}

/// That the standard library is not there for a target, if it isn't.
fn missing(target: &str) -> Option<Outcome> {
    let there = is_there("rustup", &["target", "add", target]);
    (!there).then(|| Outcome::Skipped(format!("rustup target add {target}")))
}

impl Host {
    fn run(&self) -> Outcome {
        // A runner that can't run anything ends with another error than "not found".
        if !is_there(self.linker, &["--version"]) || !self.has_runner() {
            return Outcome::Skipped(format!("apt-get install {}", self.packages));
        }
        if let Some(skipped) = missing(self.target) {
            return skipped;
        }
        let mut tests = self.cargo(&["test", "--no-fail-fast"]);
        for name in CRATES {
            tests.arg(format!("--package=windlass{name}"));
        }
        tests.args(["--lib", "--tests", "--"]);
        for test in LEFT_OUT {
            tests.args(["--skip", test]);
        }
        let mut suite = self.cargo(&["test", "--package=windlass-spec-tests", "--test=suite"]);
        suite.args(["--", "--quiet"]);
        // What `ci/profiles.sh` gives on x86-64.
        if self.tail.is_some() {
            suite.env("WINDLASS_SPEC_STACK", "262144");
        }
        (succeeds(&mut tests) & succeeds(&mut suite) & self.handlers_are_leaves()).into()
    }

    fn has_runner(&self) -> bool {
        let [program, .., last] = self.runner else { return false };
        match *program {
            "env" => is_there(last, &["--help"]),
            emulator => is_there(emulator, &["--version"]),
        }
    }

    /// Cargo, for this host.
    fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = command(".", "cargo", args);
        cargo.args(["--target", self.target]);
        if self.tail.is_some() {
            cargo.arg("--release");
        }
        let name = self.target.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{name}_LINKER"), self.linker);
        cargo.env(format!("CARGO_TARGET_{name}_RUNNER"), self.runner.join(" "));
        // The machine code has names that tell which handler it is.
        let flags = "-C symbol-mangling-version=v0";
        cargo.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), flags);
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
        cargo
    }

    /// Whether the handlers of a release build are what tail calls need, where they are used.
    fn handlers_are_leaves(&self) -> bool {
        let Some(prefix) = self.tail else { return true };
        let objdump = format!("{prefix}objdump");
        let program = builds().join(self.target).join("release/windlass");
        let mut build = self.cargo(&["build", "--package=windlass-cli"]);
        let mut look = command(".", "python3", &["ci/disassembly.py", "--objdump", &objdump]);
        succeeds(&mut build) && succeeds(look.arg(program))
    }
}
