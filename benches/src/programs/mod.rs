//! The corpus: real programs from package registries, pinned by checksum, each with a driver, an
//! input of our own and the checksum of its result. `programs` measures them in several engines;
//! what chooses the instruction set iterates over [`all`] and runs those of [`Split::Choose`] by
//! [`Program::run`]. A program executes exactly the same instructions in every run: nothing here
//! may depend on the time, on chance or on the host's files.

mod checksum;
pub mod code;
mod drive;
pub mod engines;
pub mod host;
mod inputs;
mod invoke;
pub mod module;
pub mod package;
pub mod run;
mod wasi;

use crate::clock::timed;
use engines::{Engine, Windlass};
use host::{Error, Host, HostFn, World};
use module::Module;
use package::Package;
use run::Run;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What a program may be used for. It is fixed for good: what was chosen by a program can't be
/// judged by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Choosing the instruction set.
    Choose,
    /// Only judging what was chosen by others.
    Judge,
}

/// A program with its work.
pub struct Program {
    /// Its name here.
    pub name: &'static str,
    /// What it is.
    pub kind: &'static str,
    /// The language that most of it is written in.
    pub language: &'static str,
    /// What it may be used for.
    pub split: Split,
    /// Where it comes from.
    pub package: Package,
    /// What the checksum of its result is.
    pub checksum: u64,
    /// How many pages its memory begins with, at least.
    pages: u32,
    /// What it imports beside WASI.
    host: Host,
    /// What it works on, unless that is a file of a package.
    input: fn() -> Vec<u8>,
    /// The file that it works on.
    file: Option<Package>,
    /// What it sees of the host, by its input.
    world: fn(&[u8]) -> World,
    /// Its work.
    drive: fn(&mut Run, &[u8]) -> Result<(), Error>,
}

/// A program that is ready to run: its module and its input.
pub struct Prepared {
    program: &'static Program,
    module: Module,
    input: Vec<u8>,
}

/// What a run gave.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The checksum of its result.
    pub checksum: u64,
    /// The CPU time from the bytes of the module to an instance.
    pub load: Duration,
    /// The CPU time of the work in that instance.
    pub work: Duration,
}

/// Every program, those for choosing first.
pub fn all() -> impl Iterator<Item = &'static Program> {
    drive::PROGRAMS.iter()
}

impl Program {
    /// The program of that name.
    pub fn named(name: &str) -> Option<&'static Program> {
        all().find(|program| program.name == name)
    }

    /// Its module, from the registry or from where it was kept, and its input.
    ///
    /// # Errors
    /// If the module can't be had.
    pub fn prepare(&'static self) -> Result<Prepared, Error> {
        let module = Module::new(&self.package.file()?, self.pages)
            .map_err(|error| format!("{}: {error}", self.name))?;
        let input = match &self.file {
            Some(file) => file.file()?,
            None => (self.input)(),
        };
        Ok(Prepared { program: self, module, input })
    }

    /// Runs it in Windlass; tells the checksum, which is the one that was expected.
    ///
    /// # Errors
    /// If it can't be had, if it does not run, or if its checksum is another.
    pub fn run(&'static self, engine: &windlass::Engine) -> Result<u64, Error> {
        Ok(self.prepare()?.run(&Windlass::new(engine))?.checksum)
    }
}

impl Prepared {
    /// Runs it in an engine.
    ///
    /// # Errors
    /// If it does not run, or if its checksum is not the one that was expected.
    pub fn run(&self, engine: &dyn Engine) -> Result<Outcome, Error> {
        let outcome = self.run_unchecked(engine)?;
        let (found, expected) = (outcome.checksum, self.program.checksum);
        if found != expected {
            let name = self.program.name;
            return Err(format!("{name}: checksum {found:#x} instead of {expected:#x}").into());
        }
        Ok(outcome)
    }

    /// As [`Prepared::run`], whatever the checksum is: to find what it is.
    ///
    /// # Errors
    /// If it does not run.
    pub fn run_unchecked(&self, engine: &dyn Engine) -> Result<Outcome, Error> {
        let program = self.program;
        let named = |error: Error| format!("{} in {}: {error}", program.name, engine.name());
        let mut world = (program.world)(&self.input);
        world.input.clone_from(&self.input);
        let world = Arc::new(Mutex::new(world));
        let (guest, load) = timed(|| engine.load(&self.module, program.host, &world));
        let mut run = Run::new(guest.map_err(named)?, world);
        let (result, work) = timed(|| (program.drive)(&mut run, &self.input));
        result.map_err(named)?;
        Ok(Outcome { checksum: run.checksum()?, load, work })
    }
}

/// Which function an import is.
fn resolve(host: Host, module: &str, name: &str) -> HostFn {
    let wasi = || (module == "wasi_snapshot_preview1").then(|| wasi::named(name)).flatten();
    host(module, name).or_else(wasi).unwrap_or(host::missing)
}
