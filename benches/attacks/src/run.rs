//! One attack of one size: its phases, each timed. It prints a line for each and must never end by
//! a panic.

use crate::attacks::Attack;
use std::{fs, time::Instant};
use windlass::{
    Caller, CompilationMode, Config, Engine, Error, Features, Linker, Metering, Module, Store,
};

/// Runs the attack and prints what it took.
pub(crate) fn run(attack: &Attack, count: usize) {
    let bytes = (attack.make)(count);
    println!("bytes {}", bytes.len());
    if let Err(error) = phases(&bytes) {
        let text = error.root_cause().to_string();
        println!("note ({})", text.lines().next().unwrap_or_default());
    }
    println!("peak {}", peak().unwrap_or(0));
}

fn phases(bytes: &[u8]) -> Result<(), Error> {
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
    let mut store = Store::new(&eager, false);
    store.set_fuel(u64::MAX)?;
    let instance = timed("start", || linker(&eager)?.instantiate(&mut store, &module))?;
    let Some(run) = instance.get_func(&store, "run") else { return Ok(()) };
    let outcome = timed("run", || run.call(&mut store, &[], &mut []));
    let used = u64::MAX - store.get_fuel()?;
    println!("fuel {}", if *store.data() { f64::INFINITY } else { used as f64 });
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

/// `h.f` does nothing; `h.gc` collects, which the data of the store tells.
fn linker(engine: &Engine) -> Result<Linker<bool>, Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("h", "f", || {})?;
    linker.func_wrap("h", "gc", |mut caller: Caller<'_, bool>| {
        *caller.data_mut() = true;
        caller.gc();
    })?;
    Ok(linker)
}

fn timed<R>(phase: &str, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    println!("{phase} {:.6}", start.elapsed().as_secs_f64());
    result
}

/// The peak of this process's memory in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}
