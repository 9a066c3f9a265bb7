//! One attack of one size: its phases, each timed. It prints a line for each and must never end by
//! a panic.

use crate::attacks::Attack;
use crate::host::{self, Host};
use std::{fs, time::Instant};
use windlass::{CompilationMode, Config, Engine, Error, Features, Metering, Module};
use windlass_wasi::WasiThreads;

/// What is measured of a module: it prints a line for each phase.
pub(crate) type Phases = fn(&[u8]) -> Result<(), Error>;

/// Runs the attack and prints what it took.
pub(crate) fn run(attack: &Attack, count: usize, phases: Phases) {
    let bytes = (attack.make)(count);
    println!("bytes {}", attack.size(count).max(bytes.len()));
    if let Err(error) = phases(&bytes) {
        let text = error.root_cause().to_string();
        println!("note ({})", text.lines().next().unwrap_or_default());
    }
    println!("peak {}", peak().unwrap_or(0));
}

/// Each phase, once.
pub(crate) fn phases(bytes: &[u8]) -> Result<(), Error> {
    let config = |mode| {
        Config::new()
            .features(Features::ALL)
            .metering(Metering::Fuel)
            .compilation_mode(mode)
            .clone()
    };
    let lazy = Engine::new(&config(CompilationMode::Lazy))?;
    let eager = Engine::new(&config(CompilationMode::Eager))?;
    timed("validate", || Module::validate(&lazy, bytes))?;
    let module = timed("translate", || Module::new(&eager, bytes))?;
    let mut store = host::store(&eager);
    store.set_fuel(u64::MAX)?;
    let outcome = if WasiThreads::<Host>::are_in(&module) {
        timed("run", || host::run_threads(&mut store, &module))
    } else {
        let linker = host::linker(&eager)?;
        let instance = timed("start", || linker.instantiate(&mut store, &module))?;
        let Some(run) = instance.get_func(&store, "run") else { return Ok(()) };
        timed("run", || run.call(&mut store, &[], &mut []))
    };
    let used = u64::MAX - store.get_fuel()?;
    println!("fuel {}", if store.data().has_priceless { f64::INFINITY } else { used as f64 });
    if let Err(error) = outcome {
        timed("trap", || {
            println!("note ({})", error.root_cause());
            error.to_string().len()
        });
    }
    timed("collect", || store.gc());
    timed("drop", || drop((store, module)));
    Ok(())
}

pub(crate) fn timed<R>(phase: &str, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    println!("{phase} {:.6}", start.elapsed().as_secs_f64());
    result
}

/// The peak of this process's memory in bytes, where the system tells.
pub(crate) fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}
