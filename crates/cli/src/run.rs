//! `windlass run`: runs a WASI program, or a function of a module.

use crate::{
    budget::{Budget, StoreBudget},
    terminal::{Failure, complain, print, read, shown},
    units, values,
    world::World,
};
use clap::Args;
use std::{
    ffi::OsString,
    panic,
    path::PathBuf,
    process::{self, ExitCode},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};
use windlass::{
    Config, Engine, Error, Escaped, ExternType, Features, Func, Instance, InterruptHandle, Linker,
    Metering, Module, Store, Val, ValType,
};
use windlass_wasi::{I32Exit, SharedWasiCtx, WasiThreads};

/// Run a program, or a function of a module
#[derive(Args)]
pub(crate) struct Run {
    /// Call this exported function with ARGS as its arguments, and print its results
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,

    /// Stop the program when it has used this much fuel
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,

    /// Stop the program after this time: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    timeout: Option<Duration>,

    /// Let all that the program makes the host hold (memories, tables, objects, instances,
    /// translated code, stacks, threads, files in memory) together take at most this: 64KiB, 512MiB
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    max_memory: Option<u64>,

    #[command(flatten)]
    world: World,

    /// Module, .wasm or .wat
    file: PathBuf,

    /// Arguments for the program or the function
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// What a thread's store holds for us.
struct Host {
    wasi: SharedWasiCtx,
    budget: StoreBudget,
}

/// How deep calls from host to guest may nest, and the native stack of a thread that runs guests,
/// which has room for that.
const NESTED_CALLS: usize = 1000;
const STACK_SIZE: usize = 64 << 20;

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
        let bytes = read(&self.file)?;
        let invalid = |error| Failure::new(format_args!("{}: {error}", shown(&self.file)));
        let mut config = self.config();
        let mut module = Engine::new(&config)
            .and_then(|engine| Module::new(&engine, &bytes))
            .map_err(invalid)?;
        if WasiThreads::<Host>::are_in(&module) && self.metering() == Metering::None {
            // One thread can end the others.
            config.metering(Metering::Interrupt);
            module = Engine::new(&config)
                .and_then(|engine| Module::new(&engine, &bytes))
                .map_err(invalid)?;
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
            self.world.hint(&store.data().wasi.lock());
        }
        match result {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(Ended::Failure(failure)) => Err(failure),
            Err(Ended::Error(error)) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => process::exit(exit.0),
                None if error.trap().is_some() => Err(Failure::trap(error)),
                None => Err(Failure::new(error)),
            },
        }
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.features(Features::ALL);
        config.metering(self.metering());
        config.max_nested_calls(NESTED_CALLS);
        config
    }

    fn metering(&self) -> Metering {
        match (self.fuel, self.timeout) {
            (Some(_), _) => Metering::Fuel,
            (None, Some(_)) => Metering::Interrupt,
            (None, None) => Metering::None,
        }
    }

    fn store(&self, engine: &Engine) -> Result<Store<Host>, Failure> {
        let budget = Budget::new(self.max_memory.unwrap_or(u64::MAX));
        // One limit for everything, if there is one; files in memory have one in any case.
        let files = self.max_memory.map_or(1 << 30, |_| u64::MAX);
        let wasi = self.world.wasi(self.file.as_os_str(), &self.args, &budget, files)?;
        let host = Host { wasi: SharedWasiCtx::new(wasi), budget: StoreBudget::new(budget) };
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
            return self.call(store, module, &linker);
        }
        take_shared_memories(store, module)?;
        let engine = store.engine().clone();
        let threads = WasiThreads::new(&mut linker, store, module, move |host: &Host| {
            let (wasi, budget) = (host.wasi.clone(), host.budget.another());
            let mut store = Store::new(&engine, Host { wasi, budget });
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
        let instance = linker.instantiate(&mut *store, module)?;
        let Some(name) = &self.invoke else {
            let start = self.function(store, &instance, "_start").map_err(|_| {
                let file = shown(&self.file);
                Failure::new(format_args!(
                    "{file} has no _start: use --invoke NAME{}",
                    hint(module)
                ))
            })?;
            return Ok(start.call(&mut *store, &[], &mut [])?);
        };
        let func = self.function(store, &instance, name)?;
        let args = self.arguments(store, func)?;
        if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
            initialize.call(&mut *store, &[], &mut [])?;
        }
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        func.call(&mut *store, &args, &mut results)?;
        Ok(results.iter().try_for_each(|value| print(values::show(&*store, value) + "\n"))?)
    }

    fn function(
        &self,
        store: &mut Store<Host>,
        instance: &Instance,
        name: &str,
    ) -> Result<Func, Failure> {
        instance.get_func(store, name).ok_or_else(|| {
            Failure::usage(format_args!("{} exports no function {name:?}", shown(&self.file)))
        })
    }

    /// The arguments for `func` by its parameters' types.
    fn arguments(&self, store: &Store<Host>, func: Func) -> Result<Vec<Val>, Failure> {
        let ty = func.ty(store);
        let (wanted, given) = (ty.params().len(), self.args.len());
        if wanted != given {
            return Err(Failure::usage(format_args!(
                "the function takes {wanted} arguments ({ty}), {given} are given"
            )));
        }
        let parse = |(arg, ty): (&OsString, ValType)| {
            let text = arg.to_str().ok_or_else(|| format!("{arg:?} is no value of type {ty}"));
            text.and_then(|text| values::parse(text, ty)).map_err(Failure::usage)
        };
        self.args.iter().zip(ty.params()).map(parse).collect()
    }
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
                    "the shared memory {:?} {:?} can have {bytes} bytes: more than --max-memory",
                    import.module(),
                    import.name()
                )));
            }
        }
    }
    Ok(())
}

/// The functions that could be invoked.
fn hint(module: &Module) -> String {
    let functions = module.exports().filter(|export| matches!(export.ty(), ExternType::Func(_)));
    let names = functions.map(|export| Escaped(export.name()).to_string());
    let names: Vec<String> = names.take(10).collect();
    if names.is_empty() { String::new() } else { format!(" (it exports {})", names.join(", ")) }
}

/// Why the program did not end by returning.
enum Ended {
    Failure(Failure),
    Error(Error),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended::Failure(failure)
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Error(error)
    }
}

/// Stops the program when its time is up. Dropped, it lets it run.
struct Watchdog {
    _done: mpsc::Sender<()>,
    guest: Arc<OnceLock<InterruptHandle>>,
}

/// How long a program may take to notice that its time is up. It takes longer in a call of the host
/// that can't be interrupted, or on a machine that is very busy: nobody can tell which.
const GRACE: Duration = Duration::from_millis(500);

impl Watchdog {
    fn start(timeout: Duration) -> Watchdog {
        let (_done, wait) = mpsc::channel::<()>();
        let guest = Arc::<OnceLock<InterruptHandle>>::default();
        let watched = guest.clone();
        let timed_out = move |time| wait.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
        thread::spawn(move || {
            if timed_out(timeout) {
                let guest = watched.get();
                if let Some(guest) = guest {
                    guest.interrupt();
                }
                if timed_out(GRACE) {
                    complain(match guest {
                        Some(_) => "interrupted: the program did not stop by itself in time",
                        None => "interrupted, before the program began",
                    });
                    process::exit(134);
                }
            }
        });
        Watchdog { _done, guest }
    }

    /// What it stops.
    fn watch(&self, guest: InterruptHandle) {
        // It is called once.
        let _ = self.guest.set(guest);
    }
}
