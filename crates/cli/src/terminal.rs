//! Speaking to the user: [`Failure`], and output that survives a closed pipe. Colours appear on a
//! terminal only, and nothing but them: what a module or a file is called is [`Escaped`], by who
//! shows it, and messages are once more, line by line.

use crate::{text, units};
use anstyle::{AnsiColor, Style};
use std::{
    fmt::{self, Display},
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};
use windlass::{Engine, Error, Escaped, Module, ModuleError};
use windlass_decode::limits::MODULE_BYTES;

/// How the word "error" looks.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The exit code of a program whose time is up, as of the command `timeout`.
pub(crate) const TIMED_OUT: u8 = 124;
/// How good news looks.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// How bad news looks.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// How headings look.
pub(crate) const HEADING: Style = Style::new().bold();

/// Why a subcommand gives up, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Failure {
    /// A file (or an address) can't be used, or a file fails its check.
    pub(crate) fn new(message: impl Display) -> Failure {
        Failure { message: message.to_string(), code: 1 }
    }

    /// The command was used wrongly.
    pub(crate) fn usage(message: impl Display) -> Failure {
        Failure { message: message.to_string(), code: 2 }
    }

    /// The guest trapped.
    pub(crate) fn trap(message: impl Display) -> Failure {
        Failure { message: message.to_string(), code: 134 }
    }

    /// With another line, which says more.
    pub(crate) fn and(mut self, line: Option<String>) -> Failure {
        self.message.extend(line.map(|line| format!("\n{line}")));
        self
    }

    /// The file can't be used, for this reason.
    pub(crate) fn of(file: &Path, reason: impl Display) -> Failure {
        Failure::new(format_args!("{}: {reason}", shown(file)))
    }

    /// The guest's time was up.
    pub(crate) fn timeout(message: impl Display) -> Failure {
        Failure { message: message.to_string(), code: TIMED_OUT }
    }

    /// Prints the message; the exit code is for `main` to return.
    pub(crate) fn report(self) -> ExitCode {
        complain(&self.message);
        ExitCode::from(self.code)
    }
}

/// Prints an error to stderr.
pub(crate) fn complain(message: &str) {
    // There is no one left to tell when stderr is closed.
    let message = Lines(message.trim_end());
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {message}");
}

/// Prints an explanation to stderr, of an error that the program itself told.
pub(crate) fn suggest(message: impl Display) {
    let message = message.to_string();
    let _ = writeln!(anstream::stderr(), "{HEADING}hint:{HEADING:#} {}", Lines(&message));
}

/// Prints to stdout. A reader that went away is no failure of ours.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let written = write!(stdout, "{text}").and_then(|()| stdout.flush());
    written.err().and_then(stdout_failure).map_or(Ok(()), Err)
}

/// Why nothing can be written to stdout, if that is a failure.
pub(crate) fn stdout_failure(error: io::Error) -> Option<Failure> {
    let is_ours = error.kind() != io::ErrorKind::BrokenPipe;
    is_ours.then(|| Failure::new(format_args!("cannot write to stdout: {error}")))
}

/// Whether standard input was read, of which nothing is left.
static STDIN_IS_READ: AtomicBool = AtomicBool::new(false);

/// Reads a file, whose name an error tells; `-` is standard input, once.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if path == Path::new("-") {
        if STDIN_IS_READ.swap(true, Ordering::Relaxed) {
            return Err(Failure::usage("standard input is read once, and - is given twice"));
        }
        read_at_most(io::stdin().lock(), MODULE_BYTES as u64)
    } else {
        File::open(path).and_then(|file| read_at_most(file, MODULE_BYTES as u64))
    };
    bytes.map_err(|error| Failure::new(format_args!("cannot read {}: {error}", shown(path))))
}

/// Reads all of something that may have so many bytes: a device may have no end.
pub(crate) fn read_at_most(source: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = units::show_size(most);
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most}"),
        ));
    }
    Ok(bytes)
}

/// Reads a module. A line before it that says who runs it (`#!`) is not part of it; in the text
/// format, the others keep their numbers.
pub(crate) fn read_module(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = read(path)?;
    if bytes.starts_with(b"#!") {
        let line = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let rest = bytes.get(line..).unwrap_or_default();
        if rest.starts_with(b"\n\0asm") {
            bytes.drain(..=line);
        } else if windlass_decode::is_text(rest) {
            bytes.drain(..line);
        }
    }
    Ok(bytes)
}

/// Makes a module of a file's bytes. What is wrong in a text is told with the file's name.
pub(crate) fn load(engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Module, Failure> {
    module(engine, path, bytes).map_err(|error| Failure::of(path, error))
}

/// As [`load`], for who needs the engine's error, or [`text::Malformed`].
pub(crate) fn module(engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Module, Error> {
    Module::new(engine, bytes).map_err(|error| match str::from_utf8(bytes) {
        // The engine has parsed it without a name: only then is it no `ModuleError`.
        Ok(text) if windlass_decode::is_text(bytes) && !error.is::<ModuleError>() => {
            text::encode(path, text).err().map_or(error, Error::new)
        }
        _ => error,
    })
}

/// A path as people may see it.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    if path.as_os_str().is_empty() {
        return "\"\"".to_owned();
    }
    Escaped(&path.to_string_lossy()).to_string()
}

/// Shows a message of several lines, each of them [`Escaped`].
pub(crate) struct Lines<'a>(pub(crate) &'a str);

impl Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.split('\n').enumerate() {
            f.write_str(if number == 0 { "" } else { "\n" })?;
            Escaped(line).fmt(f)?;
        }
        Ok(())
    }
}
