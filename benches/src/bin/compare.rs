//! `compare`: runs the kernels in each engine, side by side, and prints a table. See `--help`.

use std::{
    io::{Write, stdout},
    process::{self, ExitCode},
    time::Duration,
};
use windlass_benches::{
    clock,
    engines::{Engine, Error, Guest, engines},
    kernels::{ENTRY, HOST_CALLS, KERNELS, Kernel, PROPOSAL_KERNELS},
    startup,
    table::{Table, milliseconds},
};

const HELP: &str = "\
Usage: compare [OPTIONS] [KERNEL]...
       compare --only ENGINE KERNEL [SIZE]

Runs the kernels in each engine and prints a table of CPU times: the least of several rounds, in
which the engines take turns. A ratio above 1 says that the engine of that column takes longer than
the first one. The results of all engines are checked; an engine that can't load a kernel has no
time. The rows below the mean are calls between guest and host: `host_calls` from the guest, `entry`
from the host.

  KERNEL              kernels to run: all whose name contains one of these; by default all but
                      those of proposals that not every engine has: `simd`, `gc`, `eh` (exceptions)
  --rounds N          how often each runs (default 5)
  --engines A,B       which engines; the first is compared with (default: all that are built in)
  --small             run small sizes: to see that all works; the times say little
  --startup           measure start-up instead: from the bytes of a module to the first result,
                      and the peak of memory with the largest of the modules
  --only ENGINE KERNEL [SIZE]
                      run one kernel once, for a profiler; KERNEL can be a file that exports `run`;
                      prints the result, the CPU time and the peak of memory
  --list              list engines and kernels
";

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| options.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    command: Command,
    engines: Vec<Box<dyn Engine>>,
    kernels: Vec<String>,
    rounds: u32,
    small: bool,
}

/// What is measured: something with a guest, for a size.
type Work = fn(&mut (dyn Guest + 'static), i32) -> Result<i64, Error>;

/// Enters the guest `size` times.
fn enter_often(guest: &mut (dyn Guest + 'static), size: i32) -> Result<i64, Error> {
    (0..size).try_fold(0, |sum, i| Ok(sum + guest.run(i)?))
}

enum Command {
    Help,
    List,
    Kernels,
    Startup,
    Only,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Error> {
        let mut options = Options {
            command: Command::Kernels,
            engines: engines(),
            kernels: Vec::new(),
            rounds: 5,
            small: false,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--help" | "-h" => options.command = Command::Help,
                "--list" => options.command = Command::List,
                "--startup" => options.command = Command::Startup,
                "--only" => options.command = Command::Only,
                "--rounds" => options.rounds = value()?.parse::<u32>()?.max(1),
                "--small" => options.small = true,
                "--engines" => {
                    options.engines = value()?.split(',').map(engine).collect::<Result<_, _>>()?;
                }
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}; see --help").into());
                }
                _ => options.kernels.push(arg),
            }
        }
        Ok(options)
    }

    fn run(&self) -> Result<(), Error> {
        match self.command {
            Command::Help => Ok(stdout().write_all(HELP.as_bytes())?),
            Command::List => self.list(),
            Command::Kernels => self.compare_kernels(),
            Command::Startup => self.compare_startup(),
            Command::Only => self.only(),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.engines.iter().map(|engine| engine.name()).collect()
    }

    fn list(&self) -> Result<(), Error> {
        let mut out = stdout();
        writeln!(out, "engines: {}\nkernels and their sizes:", self.names().join(", "))?;
        for kernel in KERNELS.iter().chain(PROPOSAL_KERNELS).chain([&HOST_CALLS, &ENTRY]) {
            writeln!(out, "  {} {}", kernel.name, kernel.size)?;
        }
        Ok(())
    }

    fn chosen(&self, kernel: &Kernel) -> bool {
        self.kernels.is_empty() || self.kernels.iter().any(|part| kernel.name.contains(part))
    }

    fn compare_kernels(&self) -> Result<(), Error> {
        let mut table = Table::new("kernel", &self.names())?;
        // Not every engine has these: they have to be asked for.
        let more: &[Kernel] = if self.kernels.is_empty() { &[] } else { PROPOSAL_KERNELS };
        for kernel in KERNELS.iter().chain(more).filter(|kernel| self.chosen(kernel)) {
            table.row(kernel.name, &self.measure(kernel, Guest::run)?)?;
        }
        table.mean()?;
        if self.chosen(&HOST_CALLS) {
            table.row(HOST_CALLS.name, &self.measure(&HOST_CALLS, Guest::run)?)?;
        }
        if self.chosen(&ENTRY) {
            table.row(ENTRY.name, &self.measure(&ENTRY, enter_often)?)?;
        }
        Ok(())
    }

    /// The least time that each engine takes for `work` with the kernel; none of one that can't
    /// load it.
    fn measure(&self, kernel: &Kernel, work: Work) -> Result<Vec<Option<Duration>>, Error> {
        let wasm = kernel.wasm();
        let size = if self.small { kernel.small } else { kernel.size };
        let mut expected = (!self.small).then_some(kernel.checksum);
        self.least(kernel.name, |engine| {
            let Ok(mut guest) = engine.load(&wasm) else { return Ok(None) };
            let (result, time) = clock::timed(|| work(&mut *guest, size));
            let result = result?;
            let expected = *expected.get_or_insert(result);
            if result != expected {
                return Err(format!("result {result:#x}, expected {expected:#x}").into());
            }
            Ok(Some(time))
        })
    }

    /// Calls `measure` with each engine in turn, several times, and takes the least time of each.
    fn least(
        &self,
        what: &str,
        mut measure: impl FnMut(&dyn Engine) -> Result<Option<Duration>, Error>,
    ) -> Result<Vec<Option<Duration>>, Error> {
        let mut least = vec![None; self.engines.len()];
        for _ in 0..self.rounds {
            for (engine, least) in self.engines.iter().zip(&mut least) {
                let time = measure(&**engine)
                    .map_err(|error| format!("{what} in {}: {error}", engine.name()))?;
                *least = (*least).into_iter().chain(time).min();
            }
        }
        Ok(least)
    }

    fn compare_startup(&self) -> Result<(), Error> {
        let mut table = Table::new("functions", &self.names())?;
        for functions in [1, 100, 10_000] {
            let wasm = startup::large_module(functions);
            let times = self.least("start-up", |engine| {
                let (result, time) = clock::timed(|| engine.load(&wasm)?.run(1));
                result.map(|_| Some(time))
            })?;
            table.row(&functions.to_string(), &times)?;
        }
        self.peaks(&startup::large_module(10_000))
    }

    /// Prints the peak of memory of each engine with that module, each in a process of its own.
    fn peaks(&self, wasm: &[u8]) -> Result<(), Error> {
        let file = std::env::temp_dir().join(format!("compare-{}.wasm", std::process::id()));
        std::fs::write(&file, wasm)?;
        for name in self.names() {
            let mut only = process::Command::new(std::env::current_exe()?);
            let output = only.args(["--only", name]).arg(&file).arg("1").output()?;
            let output = String::from_utf8_lossy(&output.stdout);
            let peak = output.lines().last().unwrap_or_default();
            writeln!(stdout(), "{name}: {peak}")?;
        }
        Ok(std::fs::remove_file(file)?)
    }

    fn only(&self) -> Result<(), Error> {
        let [name, kernel, size @ ..] = self.kernels.as_slice() else {
            return Err("--only needs an engine and a kernel".into());
        };
        let (wasm, default) = match Kernel::named(kernel) {
            Some(kernel) => (kernel.wasm(), kernel.size),
            None if kernel.contains('.') => (std::fs::read(kernel)?, 1),
            None => return Err(format!("no kernel {kernel}; see --list").into()),
        };
        let size = size.first().map_or(Ok(default), |size| size.parse())?;
        let engine = engine(name)?;
        let (result, time) = clock::timed(|| engine.load(&wasm)?.run(size));
        writeln!(stdout(), "{kernel}({size}) = {:#x}\n{:.3} ms", result?, milliseconds(time))?;
        if let Some(peak) = clock::peak_memory() {
            writeln!(stdout(), "{peak} KiB at most")?;
        }
        Ok(())
    }
}

fn engine(name: &str) -> Result<Box<dyn Engine>, Error> {
    let found = engines().into_iter().find(|engine| engine.name() == name);
    found.ok_or_else(|| format!("this build has no engine {name}; see --list").into())
}
