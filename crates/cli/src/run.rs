//! `windlass run`: runs a WASI program, or a function of a module.

use crate::{
    budget::{Budget, StoreBudget},
    call::{Call, Ended},
    features::Allowed,
    preload::Preload,
    terminal::{Failure, load, read_module, shown},
    units,
    watchdog::Watchdog,
    world::World,
};
use clap::Args;
use std::{
    ffi::{OsStr, OsString},
    panic,
    path::Path,
    process::{self, ExitCode},
    thread,
    time::Duration,
};
use windlass::{
    Config, Engine, Error, ExternType, Linker, Metering, Module, Store, ThrownException, Trap,
};
use windlass_decode::Count;
use windlass_wasi::{I32Exit, SharedWasiCtx, WasiThreads};

/// Run a program, or a function of a module
///
/// What follows FILE belongs to the program: options of this command come before it.
#[derive(Args)]
#[command(override_usage = "windlass run [OPTIONS] <FILE> [ARGS]...")]
pub(crate) struct Run {
    /// Call this exported function with ARGS as its arguments, and print its results
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,

    /// Let the program import what the module in FILE exports, under this name
    #[arg(long, value_name = "NAME=FILE")]
    preload: Vec<OsString>,

    #[command(flatten)]
    allowed: Allowed,

    /// Stop the program when it has used this much fuel: 100000, 100k, 5M, 1G
    #[arg(long, value_name = "N", value_parser = units::count, allow_hyphen_values = true)]
    fuel: Option<u64>,

    /// Stop the program after this time: 500ms, 10s, 2m; seconds if no unit is said
    #[arg(long, value_name = "TIME", value_parser = units::duration, allow_hyphen_values = true)]
    timeout: Option<Duration>,

    /// Let all that the program makes the host hold (memories, tables, objects, instances,
    /// translated code, stacks, threads, files in memory) together take at most this: 64KiB, 512MiB
    #[arg(long, value_name = "SIZE", value_parser = units::size, allow_hyphen_values = true)]
    max_memory: Option<u64>,

    /// Let the program's functions call each other as deep as a stack of this size allows; 8MiB if
    /// nothing else is said
    #[arg(long, value_name = "SIZE", value_parser = units::size, allow_hyphen_values = true)]
    max_stack: Option<u64>,

    #[command(flatten)]
    world: World,

    /// Module, .wasm or .wat, or - for standard input; what follows it is for the program, or for
    /// the function
    #[arg(
        help_heading = "Arguments",
        value_name = "FILE",
        required = true,
        trailing_var_arg = true
    )]
    program: Vec<OsString>,
}

/// What a thread's store holds for us.
pub(crate) struct Host {
    wasi: SharedWasiCtx,
    pub(crate) budget: StoreBudget,
    /// The names of the modules that were preloaded.
    pub(crate) preloaded: Vec<String>,
}

/// How deep calls from host to guest may nest, and the native stack of a thread that runs guests,
/// which has room for that.
const NESTED_CALLS: usize = 1000;
const STACK_SIZE: usize = 64 << 20;

/// The stack of the program's own calls, if nothing is said.
const GUEST_STACK: u64 = 8 << 20;

/// Ends as the program did. A build that counts has more to say before that.
fn ended(code: i32) -> ExitCode {
    if cfg!(feature = "profile") {
        return u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    process::exit(code)
}

impl Run {
    /// Runs the program on a thread of its own, whose stack is as large as it has to be wherever we
    /// are.
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let run = move || self.execute_here();
        let thread = thread::Builder::new().name("guest".into()).stack_size(STACK_SIZE).spawn(run);
        let thread = thread.map_err(|error| {
            Failure::new(format_args!(
                "cannot start a thread with {STACK_SIZE} bytes of stack: {error}"
            ))
        })?;
        thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }

    fn execute_here(self) -> Result<ExitCode, Failure> {
        // Also what comes before the guest takes time.
        let watchdog = self.timeout.map(Watchdog::start);
        let file = self.file();
        let bytes = read_module(file).map_err(|failure| failure.and(self.mistaken()))?;
        let mut config = self.config();
        let load = |config: &Config| {
            let engine = Engine::new(config).map_err(Failure::new)?;
            load(&engine, file, &bytes).map_err(|failure| failure.and(self.mistaken()))
        };
        let mut module = load(&config)?;
        if WasiThreads::<Host>::are_in(&module) && self.metering() == Metering::None {
            // One thread can end the others.
            config.metering(Metering::Interrupt);
            module = load(&config)?;
        }
        let engine = module.engine().clone();
        let mut store = self.store(&engine)?;
        if let Some(watchdog) = &watchdog {
            watchdog.watch(store.interrupt_handle().map_err(Failure::new)?);
        }
        let result = self.run(&mut store, &module);
        if let Err(Ended::Error(error)) = &result
            && error.downcast_ref() != Some(&I32Exit(0))
        {
            self.world.hint(&store.data().wasi.lock(), self.args());
        }
        match result {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(Ended::Failure(failure)) => Err(failure),
            Err(Ended::Error(error)) => match (error.downcast_ref::<I32Exit>(), error.trap()) {
                (Some(exit), _) => Ok(ended(exit.0)),
                (None, Some(Trap::Interrupted)) if watchdog.is_some_and(|w| w.has_fired()) => {
                    let time = units::show_duration(self.timeout.unwrap_or_default());
                    let what = format!("timed out: --timeout allows {time}");
                    Err(Failure::timeout(stopped(what, &error)))
                }
                (None, Some(Trap::OutOfFuel)) => {
                    let fuel = self.fuel.unwrap_or_default();
                    let what = format!("{}: --fuel allows {fuel}", Trap::OutOfFuel.message());
                    Err(Failure::trap(stopped(what, &error)))
                }
                (None, Some(Trap::StackOverflow)) => {
                    let what = format!("{}: {}", Trap::StackOverflow.message(), self.stack());
                    Err(Failure::trap(stopped(what, &error)))
                }
                (None, Some(_)) => Err(Failure::trap(format_args!("{error:#}"))),
                (None, None) if error.is::<ThrownException>() => Err(Failure::trap(error)),
                (None, None) => Err(match store.data().budget.explain(&error) {
                    Some(message) => Failure::of(file, message),
                    None => Failure::new(error),
                }),
            },
        }
    }

    /// The module's file, or `-`.
    fn file(&self) -> &Path {
        self.program.first().map_or(Path::new("-"), Path::new)
    }

    /// What to say if the file is no module, but what an option was to be given.
    fn mistaken(&self) -> Option<String> {
        let file = shown(self.file());
        if self.world.has_empty_memory() {
            return Some(format!(
                "--memfs takes what is to be in it behind =, as in --memfs={file}"
            ));
        }
        let is_dir = self.file().is_dir();
        is_dir.then(|| format!("a directory is given to a program by --dir {file}, before FILE"))
    }

    /// What follows it.
    fn args(&self) -> &[OsString] {
        self.program.get(1..).unwrap_or_default()
    }

    /// What the program is called, for itself.
    fn name(&self) -> &OsStr {
        self.file().file_name().unwrap_or_else(|| self.file().as_os_str())
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.features(self.allowed.features());
        config.metering(self.metering());
        config.max_nested_calls(NESTED_CALLS);
        let stack = self.max_stack.unwrap_or(GUEST_STACK);
        config.max_wasm_stack(usize::try_from(stack).unwrap_or(usize::MAX));
        config
    }

    /// What limits the stack.
    fn stack(&self) -> String {
        let stack = units::show_size(self.max_stack.unwrap_or(GUEST_STACK));
        match self.max_memory.map(units::show_size) {
            None => format!("--max-stack allows {stack}"),
            Some(all) => format!("--max-stack allows {stack}, and --max-memory {all} in all"),
        }
    }

    fn metering(&self) -> Metering {
        match (self.fuel, self.timeout) {
            (Some(_), _) => Metering::Fuel,
            (None, Some(_)) => Metering::Interrupt,
            (None, None) => Metering::None,
        }
    }

    fn store(&self, engine: &Engine) -> Result<Store<Host>, Failure> {
        let budget = Budget::new(self.max_memory);
        // One limit for everything, if there is one; files in memory have one in any case.
        let files = self.max_memory.map_or(1 << 30, |_| u64::MAX);
        let wasi = self.world.wasi(self.name(), self.args(), &budget, files)?;
        let (wasi, budget) = (SharedWasiCtx::new(wasi), StoreBudget::new(budget));
        let host = Host { wasi, budget, preloaded: Vec::new() };
        let mut store = Store::new(engine, host);
        store.limiter(|host| &mut host.budget);
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel).map_err(Failure::new)?;
        }
        Ok(store)
    }

    fn run(&self, store: &mut Store<Host>, module: &Module) -> Result<(), Ended> {
        let mut linker = Linker::new(store.engine());
        windlass_wasi::add_shared_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
        if !WasiThreads::<Host>::are_in(module) {
            for preload in &self.preload {
                Preload::parse(preload)?.define(&mut linker, store)?;
            }
            return self.call(store, module, &linker);
        }
        if !self.preload.is_empty() {
            return Err(Failure::usage(
                "--preload: a program with threads has a store for each, which a module that is \
                 preloaded would have to be in",
            )
            .into());
        }
        take_shared_memories(store, module)?;
        let engine = store.engine().clone();
        let threads = WasiThreads::new(&mut linker, store, module, move |host: &Host| {
            let (wasi, budget) = (host.wasi.clone(), host.budget.another());
            let mut store = Store::new(&engine, Host { wasi, budget, preloaded: Vec::new() });
            store.limiter(|host| &mut host.budget);
            store
        })?;
        threads.stack_size(STACK_SIZE).run(store, |store| self.call(store, module, &linker))
    }

    fn call(
        &self,
        store: &mut Store<Host>,
        module: &Module,
        linker: &Linker<Host>,
    ) -> Result<(), Ended> {
        let file = self.file();
        let instance = linker
            .instantiate(&mut *store, module)
            .map_err(|error| Ended::instantiating(file, error, store, linker))?;
        let invoke = self.invoke.as_deref();
        Call { file, invoke, args: self.args() }.call(store, &instance)
    }
}

/// What has stopped the guest, and where that was.
fn stopped(what: String, error: &Error) -> String {
    error.backtrace().map(|place| format!("{what}\n{place}")).unwrap_or(what)
}

/// Counts the memories that the threads of a program share: all that they can ever be is set aside
/// at once.
fn take_shared_memories(store: &Store<Host>, module: &Module) -> Result<(), Failure> {
    for import in module.imports() {
        if let ExternType::Memory(ty) = import.ty()
            && ty.is_shared()
        {
            let pages = ty.maximum().unwrap_or(u64::MAX);
            let bytes = pages.saturating_mul(ty.page_size());
            if !store.data().budget.take(bytes) {
                return Err(Failure::new(format_args!(
                    "the shared memory {:?} {:?} can have {}: more than --max-memory",
                    import.module(),
                    import.name(),
                    Count(bytes, "byte")
                )));
            }
        }
    }
    Ok(())
}
