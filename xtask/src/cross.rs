//! `cargo xtask cross [TARGET]...`: the tests and the official suite on other CPUs and another
//! system, in emulators, and builds for CPUs without an operating system. A host whose tools are
//! not there is skipped, with what installs them. `main` and `gates` call it; nothing is changed
//! outside of the folder for builds.

use crate::{
    builds,
    commands::{Outcome, command, is_there, succeeds, with_tail_calls},
    root,
};
use std::{fs, path::PathBuf, process::Command};

/// A host that something other than this machine runs programs for.
struct Host {
    target: &'static str,
    /// The compiler of C that links for it, and what Debian calls it and its library.
    linker: &'static str,
    packages: &'static str,
    /// What runs its programs.
    runner: &'static [&'static str],
    /// The prefix of its disassembler, if dispatch is by tail calls there: then the engine is
    /// optimised, and the handlers of a release build are looked at.
    tail: Option<&'static str>,
}

/// The addresses that a program of 64 bits has in an emulator, which keeps a record of each page
/// that was ever mapped: of all that memories reserve to grow into, it would be tens of gigabytes.
const ADDRESSES: &str = "0x1000000000";

const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// Smallest first.
const HOSTS: [Host; 6] = [
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
    Host {
        target: WINDOWS,
        linker: "x86_64-w64-mingw32-gcc",
        packages: "wine wine64 gcc-mingw-w64-x86-64",
        runner: &["wine"],
        tail: Some("x86_64-w64-mingw32-"),
    },
];

/// Without an operating system: built, not run.
const BARE: [&str; 2] = ["thumbv7em-none-eabi", "riscv32imac-unknown-none-elf"];

/// The crates whose tests run there, and which: those of the command start it, which an emulator
/// of programs does not do for them; others read files of the repository, or try tens of thousands
/// of generated modules, which is the same work on any host.
const CRATES: [&str; 6] = ["-decode", "-validate", "", "-wast", "-wasi", "-spec-tests"];
const TESTS: [&str; 7] =
    ["api", "determinism", "regressions", "suite", "preview1", "files", "held"];

/// What is left out of them, by words of their names: what takes most of the time and does the same
/// work on any host, an emulator doing it some twenty times as slowly; and what starts itself anew.
const LEFT_OUT: [(&str, &str); 9] = [
    ("a_process_with_a_limit", "starts itself, without an emulator"),
    ("large_memories_that_nobody_touches", "more addresses than the emulator has"),
    ("work::tests", "large code, to see that work is in proportion"),
    ("work_tests", "large code, to see that work is in proportion"),
    ("what_was_gigabytes_of_code", "large code"),
    ("try_blocks_and_clauses_have_a_limit", "large code"),
    ("modules_that_are_gone", "tens of thousands of modules"),
    ("the_suite_decodes_as_it_says", "the suite is run, too"),
    ("verdicts_and_words_are_the_suites", "the suite is run, too"),
];

/// How many of the sequences of the instruction set are there for the tests where the engine is
/// optimised: as many as there are where it is not. The handlers of all are looked at.
const SEQUENCES: usize = 200;

/// All hosts, or those with one of the words in their names: a line for each.
pub(crate) fn cross(words: &[String]) -> Vec<(&'static str, Outcome)> {
    let wanted = |target: &str| words.is_empty() || words.iter().any(|w| target.contains(&**w));
    let bare =
        BARE.into_iter().filter(|target| wanted(target)).map(|target| (target, bare(target)));
    let hosts = HOSTS.iter().filter(|host| wanted(host.target));
    bare.chain(hosts.map(|host| (host.target, host.run()))).collect()
}

pub(crate) fn names() -> Vec<&'static str> {
    BARE.into_iter().chain(HOSTS.iter().map(|host| host.target)).collect()
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
        if self.target == WINDOWS && !has_random_numbers() {
            return Outcome::Failed;
        }
        (self.tests() & self.small() & self.handlers_are_leaves()).into()
    }

    /// The tests and the suite, with a set that does not take half an hour to compile.
    fn tests(&self) -> bool {
        let mut tests = self.cargo(&["test", "--no-fail-fast"]);
        // Scripts are read slowly enough in an emulator; and nobody reads backtraces there.
        tests.args(["--config", "profile.test.package.wast.opt-level=1"]);
        tests.args(["--config", "profile.test.debug=false"]);
        if self.tail.is_some() {
            let Some(set) = few_sequences() else { return false };
            tests.env("WINDLASS_INSTRUCTION_SET", set);
            // What `ci/profiles.sh` gives on x86-64.
            tests.env("WINDLASS_SPEC_STACK", "262144");
            with_tail_calls(&mut tests);
        }
        for name in CRATES {
            tests.arg(format!("--package=windlass{name}"));
        }
        tests.arg("--lib").args(TESTS.map(|test| format!("--test={test}")));
        tests.args(["--", "--quiet"]);
        for (word, reason) in LEFT_OUT {
            println!("left out: {word}: {reason}");
            tests.args(["--skip", word]);
        }
        succeeds(&mut tests)
    }

    /// The suite without `fast`, on 32-bit hosts: there small builds have bodies in common.
    fn small(&self) -> bool {
        if !["i686", "armv7"].iter().any(|arch| self.target.starts_with(arch)) {
            return true;
        }
        let mut suite = self.cargo(&["test", "--package=windlass-spec-tests", "--test=suite"]);
        let features = crate::features::all_but("fast");
        suite.args(["--no-default-features", "--features", &features]);
        suite.args(["--config", "profile.test.debug=false", "--", "--quiet"]);
        succeeds(&mut suite)
    }

    fn has_runner(&self) -> bool {
        match self.runner {
            ["env", .., loader] => is_there(loader, &["--help"]),
            [emulator, ..] => is_there(emulator, &["--version"]),
            [] => false,
        }
    }

    /// Cargo, for this host.
    fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = command(".", "cargo", args);
        cargo.args(["--target", self.target]);
        let name = self.target.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{name}_LINKER"), self.linker);
        cargo.env(format!("CARGO_TARGET_{name}_RUNNER"), self.runner.join(" "));
        // The machine code has names that tell which handler it is.
        let flags = "-C symbol-mangling-version=v0";
        cargo.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), flags);
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
        if self.target == WINDOWS {
            cargo.env("WINEDEBUG", "-all").env("WINEPREFIX", folder().join("wine"));
        }
        cargo
    }

    /// Whether the handlers of a release build are what tail calls need, where they are used.
    fn handlers_are_leaves(&self) -> bool {
        let Some(prefix) = self.tail else { return true };
        let objdump = format!("{prefix}objdump");
        let name = if self.target == WINDOWS { "windlass.exe" } else { "windlass" };
        let program = folder().join(self.target).join("release").join(name);
        let mut build = self.cargo(&["build", "--release", "--package=windlass-cli"]);
        let mut look = command(".", "python3", &["ci/disassembly.py", "--objdump", &objdump]);
        succeeds(&mut build) && succeeds(look.arg(program))
    }
}

/// Where cargo builds, from wherever that is read.
fn folder() -> PathBuf {
    root().join(builds())
}

/// Writes a file of the instruction set with its first sequences, and says where it is.
fn few_sequences() -> Option<PathBuf> {
    let mut left = SEQUENCES;
    let mut is_taken = |line: &&str| {
        let is_sequence = line.starts_with("sequence ");
        let is_taken = !is_sequence || left > 0;
        left = left.saturating_sub(usize::from(is_sequence));
        is_taken
    };
    let whole = fs::read_to_string(root().join("crates/core/instruction-set.txt")).ok()?;
    let lines: Vec<&str> = whole.lines().filter(|line| is_taken(line)).collect();
    let path = folder().join("few-sequences.txt");
    fs::create_dir_all(folder()).and_then(|()| fs::write(&path, lines.join("\n"))).ok()?;
    Some(path)
}

/// Wine 8 lacks a library that the standard library takes random numbers from: it is made, beside
/// the tests.
fn has_random_numbers() -> bool {
    let folder = folder().join(WINDOWS).join("debug/deps");
    let library = folder.join("bcryptprimitives.dll");
    let gcc = ["-shared", "-x", "c", "ci/bcryptprimitives.c", "-ladvapi32", "-o"];
    let mut make = command(".", "x86_64-w64-mingw32-gcc", &gcc);
    fs::create_dir_all(&folder).is_ok() && succeeds(make.arg(library))
}
