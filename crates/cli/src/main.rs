//! The `windlass` command: runs, checks and inspects WebAssembly modules. Each subcommand has a
//! file of its own; what they share of speaking to the user is in `terminal`.
//!
//! Exit codes: 0; 1 for a file that can't be used or fails its check; 2 for a wrong use of the
//! command; 134 for a trap; a guest's own code if it calls `proc_exit`.
#![forbid(unsafe_code)]

mod budget;
mod describe;
mod dump;
mod inspect;
#[cfg(feature = "profile")]
mod profile;
mod run;
mod terminal;
mod units;
mod validate;
mod values;
mod wast;
mod world;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A fast WebAssembly interpreter.
#[derive(Parser)]
#[command(name = "windlass", version, arg_required_else_help = true)]
struct Windlass {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(Box<run::Run>),
    Validate(validate::Validate),
    Wast(wast::Wast),
    Inspect(inspect::Inspect),
    Dump(dump::Dump),
    #[cfg(feature = "profile")]
    Profile(Box<profile::Profile>),
}

fn main() -> ExitCode {
    let result = match Windlass::parse().command {
        Command::Run(command) => command.execute(),
        Command::Validate(command) => command.execute(),
        Command::Wast(command) => command.execute(),
        Command::Inspect(command) => command.execute(),
        Command::Dump(command) => command.execute(),
        #[cfg(feature = "profile")]
        Command::Profile(command) => command.execute(),
    };
    result.unwrap_or_else(|failure| failure.report())
}
