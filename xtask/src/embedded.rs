//! `cargo xtask embedded`: builds `examples/embedded` for two microcontrollers, looks whether its
//! handlers end in jumps, and runs it on emulated ones. `main` and `gates` call it. A machine whose
//! tools are missing is told as skipped.

use crate::commands::{Outcome, command, is_there, succeeds};
use std::{
    process::Child,
    thread,
    time::{Duration, Instant},
};

/// A machine: target, emulator, and what that is told.
struct Machine {
    target: &'static str,
    qemu: &'static str,
    package: &'static str,
    args: &'static [&'static str],
}

const MACHINES: [Machine; 2] = [
    Machine {
        target: "thumbv7em-none-eabihf",
        qemu: "qemu-system-arm",
        package: "qemu-system-arm",
        args: &["-M", "mps2-an386"],
    },
    Machine {
        target: "riscv32imac-unknown-none-elf",
        qemu: "qemu-system-riscv32",
        package: "qemu-system-misc",
        args: &["-M", "virt", "-bios", "none"],
    },
];

/// Where it is built, from the example's folder.
const TARGET: &str = "../../target/embedded";

/// The programs of the example.
const PROGRAMS: [&str; 2] = ["guests", "wasi"];

/// Who takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

pub(crate) fn embedded() -> Outcome {
    let (mut skipped, mut failed) = (Vec::new(), false);
    for machine in MACHINES {
        println!("-- {}", machine.target);
        match machine.run() {
            Outcome::Passed => {}
            Outcome::Failed => failed = true,
            Outcome::Skipped(reason) => skipped.push(reason),
        }
    }
    match (failed, &skipped[..]) {
        (true, _) => Outcome::Failed,
        (false, []) => Outcome::Passed,
        (false, _) => Outcome::Skipped(skipped.join("; ")),
    }
}

impl Machine {
    fn run(&self) -> Outcome {
        if !is_there(self.qemu, &["--version"]) {
            return Outcome::Skipped(format!("apt-get install {}", self.package));
        }
        if !is_there("rustup", &["target", "add", self.target]) {
            return Outcome::Skipped(format!("rustup target add {}", self.target));
        }
        let args = ["build", "--release", "--target", self.target, "--target-dir", TARGET];
        let mut cargo = command("examples/embedded", "cargo", &args);
        // Names that tell the bodies of handlers.
        if !succeeds(cargo.env("RUSTFLAGS", "-C symbol-mangling-version=v0")) || !self.jumps() {
            return Outcome::Failed;
        }
        PROGRAMS.iter().all(|program| self.emulate(program)).into()
    }

    /// Whether handlers go on by jumps, where the machine code can be read.
    fn jumps(&self) -> bool {
        const READER: &str = "llvm-objdump";
        if !is_there(READER, &["--version"]) || !is_there("python3", &["--version"]) {
            println!("the machine code is not looked at: apt-get install llvm python3");
            return true;
        }
        let program = format!("{TARGET}/{}/release/{}", self.target, PROGRAMS[0]);
        let args = ["../../ci/disassembly.py", "--small", "--objdump", READER, &program];
        succeeds(&mut command("examples/embedded", "python3", &args))
    }

    /// Whether a program ends well, in time.
    fn emulate(&self, program: &str) -> bool {
        let kernel = format!("{TARGET}/{}/release/{program}", self.target);
        let mut qemu = command("examples/embedded", self.qemu, self.args);
        // Each instruction is a nanosecond, so that clocks count them.
        qemu.args(["-nographic", "-icount", "shift=0", "-kernel", &kernel]);
        qemu.args(["-semihosting-config", "enable=on,target=native"]);
        match qemu.spawn() {
            Ok(child) => ends_well(child),
            Err(error) => {
                eprintln!("{}: {error}", self.qemu);
                false
            }
        }
    }
}

fn ends_well(mut child: Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < LONGEST {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Err(error) => {
                eprintln!("{error}");
                break;
            }
        }
    }
    eprintln!("it does not end");
    // It may have ended by now.
    let _ = child.kill().and_then(|()| child.wait());
    false
}
