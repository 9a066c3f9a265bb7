//! Programs of real compilers, in C, C++ and Rust, do the same fused and unfused, translated at
//! once and when they are called, at once and in slices: what they return, print and have in
//! memory, and the fuel that is left, also where that ends in the middle. The programs are those of
//! this project's benchmarks, examples and tests, and of the folder `rust` beside this.

use std::{fs, path::PathBuf, time::Duration};
use windlass::{
    CompilationMode, Config, Engine, Error, Event, Features, Instance, Linker, Memory, Metering,
    Module, Store, Trap, Val,
};
use windlass_wasi::{
    DeterministicClock, I32Exit, MemoryInputPipe, MemoryOutputPipe, SeededRandom, WasiCtx,
    WasiCtxBuilder, add_to_linker,
};

/// Where the programs are, and how many there are at least.
const FOLDERS: [(&str, usize); 4] = [
    ("../benches/kernels", 20),
    ("../crates/cli/tests/programs", 5),
    ("../examples", 1),
    ("tests/rust", 2),
];

/// The fuel of a program. Some end before, some don't.
const FUEL: u64 = 1_000_000;

/// A way of executing.
#[derive(Clone, Copy, Debug)]
struct Way {
    fuse: bool,
    mode: CompilationMode,
    /// So much fuel at a time.
    slice: u64,
}

const WAYS: [Way; 5] = {
    use CompilationMode::{Eager, Lazy, LazyTranslation};
    [
        Way { fuse: true, mode: Lazy, slice: FUEL },
        Way { fuse: false, mode: Eager, slice: FUEL },
        Way { fuse: true, mode: Eager, slice: 9973 },
        Way { fuse: false, mode: LazyTranslation, slice: 9973 },
        Way { fuse: false, mode: Lazy, slice: 37 },
    ]
};

/// What a program has done.
#[derive(Debug, PartialEq)]
struct Done {
    ended: String,
    fuel: u64,
    memory: u64,
    printed: Vec<u8>,
}

#[test]
fn compiled_programs_do_the_same_in_every_way() {
    let mut ended = 0;
    for path in programs() {
        let wasm = fs::read(&path).expect("it can be read");
        let first = run(&wasm, WAYS[0]);
        for way in &WAYS[1..] {
            assert_eq!(run(&wasm, *way), first, "{}: {way:?}", path.display());
        }
        ended += usize::from(first.fuel > 0);
    }
    assert!(ended > 5, "{ended} programs came to their end");
}

fn programs() -> Vec<PathBuf> {
    let below = |(folder, least): (&str, usize)| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = fs::read_dir(&folder).expect("the folder is there");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("it can be listed").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
            .collect();
        assert!(paths.len() >= least, "{}: {} programs", folder.display(), paths.len());
        paths.sort();
        paths
    };
    FOLDERS.into_iter().flat_map(below).collect()
}

fn run(wasm: &[u8], way: Way) -> Done {
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Fuel);
    config.fuse(way.fuse).compilation_mode(way.mode);
    let engine = Engine::new(&config).expect("the settings are valid");
    let module = Module::new(&engine, wasm).expect("it is valid");
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).expect("the names are free");
    let printed = MemoryOutputPipe::new(1 << 20);
    let mut store = Store::new(&engine, context(&printed));
    store.set_fuel(FUEL).expect("it counts fuel");
    let instance = linker.instantiate(&mut store, &module).expect("there is memory");
    let ended = match execute(&mut store, &instance, way.slice) {
        Ok(values) => format!("{values:?}"),
        Err(error) => match (error.trap(), error.downcast_ref::<I32Exit>()) {
            (Some(trap), _) => format!("{trap:?}"),
            (None, Some(exit)) => format!("exit {}", exit.0),
            (None, None) => error.to_string(),
        },
    };
    let memory: Memory = instance.get_memory(&store, "memory").expect("it is exported");
    let memory = digest(memory.data(&store));
    let fuel = store.get_fuel().expect("it counts fuel");
    Done { ended, fuel, memory, printed: printed.contents() }
}

/// Runs a program with so much fuel at a time, until all is used up.
fn execute(store: &mut Store<WasiCtx>, instance: &Instance, slice: u64) -> Result<Vec<Val>, Error> {
    let start = instance.get_func(&*store, "_start");
    let (func, args) = match start.or_else(|| instance.get_func(&*store, "run")) {
        Some(func) if func.ty(&*store).params().len() == 1 => (func, vec![Val::I32(3)]),
        Some(func) => (func, Vec::new()),
        None => panic!("it has no start"),
    };
    let mut spare = store.get_fuel()?;
    store.set_fuel(0)?;
    let mut execution = func.start(&mut *store, &args)?;
    let event = loop {
        let there = store.get_fuel()?;
        // What wants more at once than a slice: slices grow.
        let more = slice.max(there).min(spare);
        spare -= more;
        store.set_fuel(there + more)?;
        match execution.run(&mut *store) {
            Ok(Event::OutOfFuel) if spare > 0 => {}
            Ok(Event::OutOfFuel) => return Err(Trap::OutOfFuel.into()),
            other => break other,
        }
    };
    store.set_fuel(spare + store.get_fuel()?)?;
    match event? {
        Event::Finished(results) => Ok(results.into_vec()),
        other => panic!("nothing asked for {other:?}"),
    }
}

/// The same for each.
fn context(printed: &MemoryOutputPipe) -> WasiCtx {
    let clock = || DeterministicClock::new(Duration::from_secs(1), Duration::from_micros(1));
    let mut builder = WasiCtxBuilder::new();
    builder.arg("program").arg("5");
    builder.stdin(MemoryInputPipe::new("some words and some more of some words\n".repeat(50)));
    builder.stdout(printed.clone()).stderr(printed.clone());
    builder.wall_clock(clock()).monotonic_clock(clock()).secure_random(SeededRandom::new(1));
    builder.build()
}

/// FNV-1a.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
