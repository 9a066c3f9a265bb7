//! The `windlass` command: runs, checks and inspects WebAssembly modules. Each subcommand has a
//! file of its own; what they share of speaking to the user is in `terminal`.
//!
//! Exit codes: 0; 1 for a file or an address that can't be used, or a file that fails its check; 2
//! for a wrong use of the command; 124 when the time of `--timeout` is up; 134 for a trap, or an
//! exception that nobody catches; 141 for a program whose reader went away; a guest's own code if
//! it calls `proc_exit`.
#![forbid(unsafe_code)]

mod budget;
mod call;
mod completions;
mod describe;
mod dump;
mod explore;
mod features;
mod imports;
mod inspect;
mod junit;
mod nearest;
mod preload;
mod profile;
mod run;
mod stdio;
mod terminal;
mod text;
mod units;
mod validate;
mod values;
mod version;
mod wast;
mod watchdog;
mod world;

use clap::{
    CommandFactory, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::Path,
    process::ExitCode,
};
use terminal::{Failure, stdout_failure};
use windlass::Escaped;

/// A fast WebAssembly interpreter.
///
/// `windlass FILE [ARGS]...` is `windlass run FILE [ARGS]...`, also with options of `run` before
/// FILE.
#[derive(Parser)]
#[command(
    name = "windlass",
    bin_name = "windlass",
    version,
    long_version = version::long(),
    arg_required_else_help = true,
    override_usage = "windlass <COMMAND>\n       windlass [OPTIONS of run] <FILE> [ARGS]..."
)]
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
    Explore(dump::Explore),
    #[cfg(feature = "profile")]
    Profile(profile::Profile),
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    let args = with_command(std::env::args_os());
    #[cfg(not(feature = "profile"))]
    if args.get(1).is_some_and(|command| command == "profile") {
        return profile::not_built_in().report();
    }
    let parsed = match Windlass::try_parse_from(args) {
        Ok(parsed) => parsed,
        Err(error) => return tell(error),
    };
    let result = match parsed.command {
        Command::Run(command) => command.execute(),
        Command::Validate(command) => command.execute(),
        Command::Wast(command) => command.execute(),
        Command::Inspect(command) => command.execute(),
        Command::Dump(command) => command.execute(),
        Command::Explore(command) => command.execute(),
        #[cfg(feature = "profile")]
        Command::Profile(command) => command.execute(),
        Command::Completions(command) => command.execute(&mut with_options_of_run()),
    };
    result.unwrap_or_else(|failure| failure.report())
}

/// Prints help, the version, or what is wrong with the command line.
fn tell(mut error: clap::Error) -> ExitCode {
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) {
        let near = Windlass::command()
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .find(|name| nearest::is_like(word, name));
        let tip = format!("there is no file '{}' either", Escaped(word));
        if let Some(name) = near
            && error.get(ContextKind::SuggestedSubcommand).is_none()
        {
            let names = ContextValue::Strings(vec![name]);
            error.insert(ContextKind::SuggestedSubcommand, names);
        }
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    if error.kind() == ErrorKind::UnknownArgument {
        // That what is no option be put behind `--`: there it would be a file.
        error.insert(ContextKind::Suggested, ContextValue::None);
    }
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let printed = error.print().and_then(|()| io::stdout().flush());
    match printed {
        Err(reason) if !error.use_stderr() => {
            stdout_failure(reason).map_or_else(|| ExitCode::from(code), Failure::report)
        }
        _ => ExitCode::from(code),
    }
}

/// What shells complete: options of `run` also where that is left out.
fn with_options_of_run() -> clap::Command {
    let command = Windlass::command();
    let run = command.find_subcommand("run").map(clap::Command::get_arguments);
    let options = run.into_iter().flatten().filter(|arg| !arg.is_positional());
    let options: Vec<_> = options.cloned().collect();
    command.args(options)
}

/// What to say of a program's arguments that hold an option of `run`, which belongs before FILE.
/// Behind `--` they are meant as they are.
fn misplaced(args: &[OsString]) -> Option<String> {
    let command = Windlass::command();
    let run = command.find_subcommand("run")?;
    let name = args.iter().take_while(|arg| *arg != "--").find_map(|arg| {
        let option = arg.to_str()?.strip_prefix("--")?;
        let name = option.split_once('=').map_or(option, |(name, _)| name);
        run.get_arguments().any(|known| known.get_long() == Some(name)).then_some(name)
    })?;
    Some(format!("--{name} follows FILE, and so is the program's: options of run come before FILE"))
}

/// The command line, with the `run` that was left out of `windlass [OPTIONS] FILE [ARGS]...`.
fn with_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|first| is_of_run(first)) {
        args.insert(1, "run".into());
    }
    args
}

/// Whether the first word is no subcommand's name, but belongs to `run`: an option of it, or a
/// file. A word that is neither, nor looks like a file's name, is taken for a mistyped subcommand.
fn is_of_run(first: &OsStr) -> bool {
    let text = first.to_string_lossy();
    let mut command = Windlass::command();
    command.build();
    if command.find_subcommand(first).is_some()
        || ["-h", "--help", "-V", "--version"].contains(&&*text)
    {
        return false;
    }
    text.starts_with('-') || text.contains(['.', '/', '\\']) || Path::new(first).is_file()
}
