//! What a program run by `windlass run` sees of the world: the flags that give it directories,
//! variables, streams, sockets, clocks and randomness. Without them it sees nothing but its
//! arguments and the standard streams.

use crate::{
    budget::Budget,
    misplaced, stdio,
    terminal::{Failure, read_at_most, shown, suggest},
    units,
};
use clap::Args;
use clap_lex::OsStrExt as _;
use std::{
    ffi::{OsStr, OsString},
    fmt::Display,
    fs::File,
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use windlass::Escaped;
use windlass_wasi::{
    DeterministicClock, DirPerms, FilePerms, FileStream, MemoryFs, Outside, SeededRandom, WasiCtx,
    WasiCtxBuilder,
};

/// What the program sees.
#[derive(Args)]
#[command(next_help_heading = "What the program sees")]
pub(crate) struct World {
    /// Give the program a directory, under another name with ::GUEST; with :ro it can change
    /// nothing
    #[arg(long, value_name = "HOST[::GUEST][:ro]")]
    dir: Vec<OsString>,

    /// Give the program a directory in memory, / or another, empty or with what is in an archive or
    /// a directory; without --max-memory it takes at most 1 GiB
    #[arg(long, value_name = "TAR|DIR[::GUEST]", require_equals = true)]
    memfs: Option<Option<OsString>>,

    /// Set a variable of the program's environment; NAME alone takes the value from this one
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,

    /// Set the variables in a file, each on a line of its own as for --env; lines that are empty or
    /// begin with # are none
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// Give the program all variables of this environment
    #[arg(long)]
    inherit_env: bool,

    /// Tell the program that this is its name, instead of the name of its file
    #[arg(long, value_name = "NAME")]
    argv0: Option<OsString>,

    /// Give the program a file as its standard input
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,

    /// Give the program a socket that listens at this address: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    tcp_listen: Vec<String>,

    /// Give the program clocks that start in 2000 and know nothing of this machine
    #[arg(long)]
    deterministic_clock: bool,

    /// Let the program have at most this many files, directories and connections open
    #[arg(long, value_name = "N", value_parser = units::number, allow_hyphen_values = true)]
    max_files: Option<u64>,

    /// Give the program random numbers that follow from this one
    #[arg(long, value_name = "N", value_parser = units::number, allow_hyphen_values = true)]
    random_seed: Option<u64>,

    /// Don't explain why a program that failed could not find its files
    #[arg(long)]
    no_hints: bool,
}

/// Where deterministic time starts, and how far it goes when it is read.
const START: Duration = Duration::from_secs(946_684_800);
const STEP: Duration = Duration::from_micros(1);

impl World {
    /// The context of a program with this name and these arguments. Files in memory take of
    /// `budget`, and at most `files` bytes.
    pub(crate) fn wasi(
        &self,
        program: &OsStr,
        args: &[OsString],
        budget: &Budget,
        files: u64,
    ) -> Result<WasiCtx, Failure> {
        let mut wasi = WasiCtxBuilder::new();
        stdio::give(&mut wasi);
        wasi.arg(self.argv0.as_deref().unwrap_or(program).as_encoded_bytes());
        for arg in args {
            wasi.arg(arg.as_encoded_bytes());
        }
        if self.inherit_env {
            wasi.inherit_env();
        }
        for file in &self.env_file {
            set_variables(&mut wasi, file)?;
        }
        for variable in &self.env {
            set_variable(&mut wasi, variable)
                .map_err(|wrong| misused("--env ", variable.as_ref(), wrong))?;
        }
        if let Some(path) = &self.stdin {
            wasi.stdin(FileStream(input(path).map_err(|error| unusable("--stdin ", path, error))?));
        }
        for address in &self.tcp_listen {
            let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput => {
                    let form = "HOST:PORT is wanted, as in 127.0.0.1:8080";
                    let why = format_args!("{error}: {form}");
                    misused("--tcp-listen ", address.as_ref(), why)
                }
                _ => unusable("--tcp-listen ", address.as_ref(), error),
            })?;
            wasi.preopened_socket(listener);
        }
        if let Some(source) = &self.memfs {
            give_memory(&mut wasi, source.as_deref().unwrap_or_default(), budget, files)?;
        }
        for dir in &self.dir {
            give_dir(&mut wasi, dir)?;
        }
        if self.deterministic_clock {
            let clock = DeterministicClock::new(START, STEP);
            wasi.wall_clock(clock.clone()).monotonic_clock(clock);
        }
        if let Some(count) = self.max_files {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            wasi.max_descriptors(count);
        }
        if let Some(seed) = self.random_seed {
            wasi.secure_random(SeededRandom::new(seed));
        }
        Ok(wasi.build())
    }

    /// Whether there is a directory in memory, and nothing to be in it.
    pub(crate) fn has_empty_memory(&self) -> bool {
        self.memfs == Some(None)
    }

    /// Explains why a program that failed may have failed, with these arguments.
    pub(crate) fn hint(&self, wasi: &WasiCtx, args: &[OsString]) {
        if self.no_hints {
            return;
        }
        match wasi.outside() {
            Some(Outside::Path(path)) => {
                suggest(format_args!("the program tried to open {path:?}; give it with --dir"))
            }
            Some(Outside::Directory) if self.dir.is_empty() && self.memfs.is_none() => {
                suggest(
                    "the program looked for files, and has no directory; give it one with --dir",
                );
            }
            _ => return,
        }
        if let Some(misplaced) = misplaced(args) {
            suggest(misplaced);
        }
    }
}

/// The most bytes that a file of variables may have.
const ENV_FILE: u64 = 16 << 20;

/// `--env-file`
fn set_variables(wasi: &mut WasiCtxBuilder, file: &Path) -> Result<(), Failure> {
    let text = File::open(file).and_then(|file| read_at_most(file, ENV_FILE));
    let text = text.map_err(|error| unusable("--env-file ", file, error))?;
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if matches!(line.trim_ascii_start().first(), None | Some(b'#')) {
            continue;
        }
        set_line(wasi, line).map_err(|wrong| {
            Failure::usage(format_args!("--env-file {}:{number}: {wrong}", shown(file)))
        })?;
    }
    Ok(())
}

/// A line of an environment file: bytes, which need not be what names are on this system.
fn set_line(wasi: &mut WasiCtxBuilder, line: &[u8]) -> Result<(), String> {
    match line.iter().position(|&byte| byte == b'=') {
        Some(0) => return Err(NO_NAME.into()),
        Some(at) => {
            wasi.env(&line[..at], &line[at + 1..]);
        }
        // A name alone is looked up here, where names are not just bytes on all systems.
        None => {
            let name = str::from_utf8(line).map_err(|error| error.to_string())?;
            set_variable(wasi, name.as_ref())?;
        }
    }
    Ok(())
}

const NO_NAME: &str = "a variable has a name before =";

/// `NAME=VALUE`, or `NAME`, whose value is that of here.
fn set_variable(wasi: &mut WasiCtxBuilder, variable: &OsStr) -> Result<(), String> {
    let (name, value) = match variable.split_once("=") {
        Some((name, _)) if name.is_empty() => return Err(NO_NAME.into()),
        Some((name, value)) => (name, value.to_owned()),
        None if variable.is_empty() => return Err(NO_NAME.into()),
        None => {
            let value = std::env::var_os(variable).ok_or_else(|| {
                let name = Escaped(&variable.to_string_lossy()).to_string();
                format!("no variable {name} is set here: its value is given as {name}=VALUE")
            })?;
            (variable, value)
        }
    };
    wasi.env(name.as_encoded_bytes(), value.as_encoded_bytes());
    Ok(())
}

/// `HOST[::GUEST]`: a path of the host, which may be anything, and a name for the guest.
fn split(text: &OsStr) -> (&OsStr, Option<&OsStr>) {
    text.split_once("::").map_or((text, None), |(host, guest)| (host, Some(guest)))
}

/// What the guest calls a directory is UTF-8, as all of its paths.
fn guest_name<'a>(flag: &str, name: &'a OsStr) -> Result<&'a str, Failure> {
    name.to_str().ok_or_else(|| {
        let name = shown(name.as_ref());
        let hint = "is not UTF-8: give it a name that is, with ::GUEST";
        Failure::usage(format_args!("{flag}{name}: what the program calls it {hint}"))
    })
}

/// `HOST[::GUEST][:ro]`
fn give_dir(wasi: &mut WasiCtxBuilder, text: &OsStr) -> Result<(), Failure> {
    let (host, guest) = split(text);
    let name = guest_name("--dir ", guest.unwrap_or(host))?;
    let (name, perms) = match name.strip_suffix(":ro") {
        Some(name) => (name, (DirPerms::READ, FilePerms::READ)),
        None => (name, (DirPerms::all(), FilePerms::all())),
    };
    if name.ends_with(":rw") {
        let hint = "without :ro the program can change what is there; there is no :rw";
        return Err(misused("--dir ", text.as_ref(), hint));
    }
    let (host, guest) = (guest.map_or(name.as_ref(), |_| host), name);
    #[cfg(any(unix, windows))]
    return match wasi.preopened_dir(host, guest, perms.0, perms.1) {
        Ok(_) => Ok(()),
        Err(error) => Err(match host.split_once(":") {
            Some((before, _)) if text.split_once("::").is_none() => {
                let hint = format!(
                    "a name for the program follows ::, as in {}::/data",
                    shown(before.as_ref())
                );
                misused("--dir ", host.as_ref(), format_args!("{error}; {hint}"))
            }
            _ => unusable("--dir ", host.as_ref(), error),
        }),
    };
    #[cfg(not(any(unix, windows)))]
    {
        let _ = (wasi, host, guest, perms);
        Err(Failure::usage(
            "--dir needs a Unix system or Windows; --memfs=DIR gives the program a copy",
        ))
    }
}

/// `[TAR|DIR][::GUEST]`
fn give_memory(
    wasi: &mut WasiCtxBuilder,
    text: &OsStr,
    budget: &Budget,
    most: u64,
) -> Result<(), Failure> {
    let (source, guest) = split(text);
    let guest = guest.map_or(Ok("/"), |name| guest_name("--memfs=", name))?;
    let source = Path::new(source);
    let files = MemoryFs::with_budget(most, Arc::new(budget.clone()));
    if source.is_dir() {
        files.copy_host_dir(source).map_err(|error| unusable("--memfs=", source, error))?;
    } else if !source.as_os_str().is_empty() {
        // What may lie in memory is more than its archive has.
        let most = budget.limit().unwrap_or(most);
        let archive = File::open(source).and_then(|file| read_at_most(file, most));
        let archive = archive.map_err(|error| unusable("--memfs=", source, error))?;
        files.unpack_tar(&archive).map_err(|error| unusable("--memfs=", source, error))?;
    }
    wasi.preopened_fs(files, guest, DirPerms::all(), FilePerms::all()).map_err(Failure::new)?;
    Ok(())
}

/// The file for `--stdin`. A directory can be opened, and not be read.
fn input(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let is_dir = file.metadata()?.is_dir();
    if is_dir { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
}

/// What a flag was given is not what it takes. `flag` has what is between it and its value, too.
fn misused(flag: &str, what: &Path, error: impl Display) -> Failure {
    Failure::usage(format_args!("{flag}{}: {error}", shown(what)))
}

/// What a flag was given can't be used.
fn unusable(flag: &str, what: &Path, error: impl Display) -> Failure {
    Failure::new(format_args!("{flag}{}: {error}", shown(what)))
}
