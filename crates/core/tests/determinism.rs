//! SECURITY.md promises that a module does the same everywhere: each program of
//! `tests/determinism`, and each instruction, has results, traps, memories and fuel of which the
//! digests are in `digests.txt` there. Whoever runs this on another host, in another build or with
//! another instruction set, compares with those. `BLESS=1 cargo test` writes them anew; then every
//! other host has to agree.

use std::{
    env,
    fmt::{self, Write},
    fs,
    path::PathBuf,
};
use windlass::{
    CompilationMode, Config, Engine, Event, Extern, FUEL_VERSION, Features, Func, Instance,
    Metering, Module, Store, Trap, Val, ValType,
};
use windlass_decode::{ImmKind, Op, Shape};

const PLENTY: u64 = 1 << 40;

/// So much fuel at a time: where that pauses has to be the same everywhere, too.
const SLICE: u64 = 1000;

#[test]
fn everything_is_as_on_every_host() {
    let mut now = format!("# Fuel is that of FUEL_VERSION {FUEL_VERSION}.\n");
    let mut programs: Vec<_> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 5, "{} programs", programs.len());
    for path in programs {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("it can be read");
        let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        write!(now, "\n# {name}\n{}", program(&name, &wasm)).expect("a text has room");
    }
    write!(now, "\n# instructions\n{}", instructions()).expect("a text has room");

    let path = folder().join("digests.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &now).expect("it can be written");
    }
    let then = fs::read_to_string(&path).expect("it can be read").replace("\r\n", "\n");
    let differences: Vec<_> = now
        .lines()
        .zip(then.lines())
        .filter(|(now, then)| now != then)
        .map(|(now, then)| format!("{now}\n    instead of\n{then}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(now.lines().count(), then.lines().count());
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/determinism")
}

/// How a program runs: none of this may be seen.
#[derive(Clone, Copy, Debug)]
struct Way {
    fuse: bool,
    eager: bool,
    /// Paused whenever this much fuel is used, at the least.
    slice: u64,
}

/// All exported functions without parameters, one after the other: a line for each.
fn program(name: &str, wasm: &[u8]) -> String {
    let way = Way { fuse: true, eager: false, slice: PLENTY };
    let lines = run(wasm, way);
    for (fuse, eager, slice) in
        [(false, false, PLENTY), (true, true, PLENTY), (true, false, SLICE), (false, true, 77)]
    {
        let way = Way { fuse, eager, slice };
        let others = run(wasm, way);
        for (line, other) in lines.lines().zip(others.lines()) {
            // What is not executed at once is told with the pauses behind it.
            assert!(other.starts_with(line), "{name}, {way:?}:\n{other}\n    instead of\n{line}");
        }
    }
    run(wasm, Way { slice: SLICE, ..way })
}

fn run(wasm: &[u8], way: Way) -> String {
    let mode = if way.eager { CompilationMode::Eager } else { CompilationMode::Lazy };
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Fuel).canonicalize_nans(true);
    let engine = Engine::new(config.fuse(way.fuse).compilation_mode(mode)).expect("settings");
    let module = Module::new(&engine, wasm).expect("a valid module");
    let mut store = Store::new(&engine, ());
    store.set_fuel(PLENTY).expect("fuel is metered");
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let mut lines = String::new();
    for export in module.exports() {
        let Some(func) = instance.get_func(&store, export.name()) else { continue };
        if func.ty(&store).params().len() == 0 {
            let line = call(&mut store, &instance, func, way.slice);
            writeln!(lines, "{}: {line}", export.name()).expect("a text has room");
        }
    }
    lines
}

/// How a call ends, what it used, and what it left; then where it paused, if it did.
fn call(store: &mut Store<()>, instance: &Instance, func: Func, slice: u64) -> String {
    let (mut used, mut pauses, mut states) = (0, 0, Digest::default());
    store.set_fuel(slice).expect("fuel is metered");
    let mut execution = func.start(&mut *store, &[]).expect("it takes nothing");
    let (end, left) = loop {
        let event = execution.run(&mut *store);
        let left = store.get_fuel().expect("fuel is metered");
        match event {
            Ok(Event::OutOfFuel) => {
                pauses += 1;
                used += slice - left;
                if slice == SLICE {
                    states.add(&state(store, instance).0.to_le_bytes());
                }
                store.set_fuel(slice).expect("fuel is metered");
            }
            Ok(Event::Finished(results)) => break (results_line(&results), left),
            Ok(other) => panic!("nothing asked for {other:?}"),
            Err(error) => break (error.trap().expect("a trap").message().to_string(), left),
        }
    };
    drop(execution);
    let line = format!("{end}, fuel {}, state {}", used + slice - left, state(store, instance));
    if pauses == 0 { line } else { format!("{line}, {pauses} pauses {states}") }
}

fn results_line(results: &[Val]) -> String {
    results.iter().map(|value| format!("{value:x?}")).collect::<Vec<_>>().join(" ")
}

/// The bytes of all exported memories, and globals that are numbers.
fn state(store: &mut Store<()>, instance: &Instance) -> Digest {
    let mut digest = Digest::default();
    let exports: Vec<_> = instance.exports(&*store).map(|export| export.into_extern()).collect();
    for item in exports {
        match item {
            Extern::Memory(memory) => digest.add(memory.data(&*store)),
            Extern::Table(table) => digest.add(&table.size(&*store).to_le_bytes()),
            Extern::Global(global) => match global.get(&mut *store) {
                Val::I32(bits) => digest.add(&bits.to_le_bytes()),
                Val::I64(bits) => digest.add(&bits.to_le_bytes()),
                _ => {}
            },
            _ => {}
        }
    }
    digest
}

/// Small numbers, extremes, and floats of both widths: zeros, infinities, NaNs of both kinds.
const WORDS: [u64; 21] = [
    0,
    1,
    31,
    0xffff_ffff_ffff_ffff,
    0x8000_0000_7fff_ffff,
    0x7fff_ffff_8000_0000,
    0x8000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x3fc0_0000_c010_0000,
    0x3ff8_0000_0000_0000,
    0xc002_0000_8000_0000,
    0x7f80_0000_ff80_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_7fc0_0000,
    0x7f80_0001_ff81_2345,
    0x7ff0_0000_0000_0123,
    0x4f00_0000_cf00_0001,
    0x43e0_0000_0000_0000,
    0x1234_5678_9abc_def0,
];

/// A line for each instruction of numbers and vectors, with the results for many operands.
fn instructions() -> String {
    let is_simple = |op: &Op| {
        let special = matches!(op.info().shape, Shape::special | Shape::constant);
        !special && op.info().imm == ImmKind::none && !op.info().params.is_empty()
    };
    let ops: Vec<Op> = Op::ALL.into_iter().filter(is_simple).collect();
    assert!(ops.len() > 350, "{} instructions", ops.len());
    let functions: String = ops.iter().map(|&op| function(op)).collect();
    let wasm = wat::parse_str(format!("(module {functions})")).expect("the text is right");
    let mut config = Config::new();
    config.features(Features::ALL).canonicalize_nans(true);
    let engine = Engine::new(&config).expect("the settings are fine");
    let module = Module::new(&engine, wasm).expect("a valid module");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let mut lines = String::new();
    for op in ops {
        let func = instance.get_func(&store, op.mnemonic()).expect("it is exported");
        writeln!(lines, "{} {}", op.mnemonic(), results(&mut store, func)).expect("there is room");
    }
    lines
}

/// A function that executes an instruction with its parameters.
fn function(op: Op) -> String {
    let info = op.info();
    let types = |types: &[windlass_decode::ValType]| {
        types.iter().map(|ty| format!(" {ty}")).collect::<String>()
    };
    let operands: String = (0..info.params.len()).map(|n| format!("local.get {n} ")).collect();
    format!(
        "(func (export \"{}\") (param{}) (result{}) {operands} {0})",
        info.mnemonic,
        types(info.params),
        types(info.results)
    )
}

/// What a function computes of all pairs of operands, and of as many triples and quadruples.
fn results(store: &mut Store<()>, func: Func) -> Digest {
    let ty = func.ty(&*store);
    let params: Vec<ValType> = ty.params().collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    let mut digest = Digest::default();
    let seconds = if params.len() > 1 { WORDS.len() } else { 1 };
    for first in 0..WORDS.len() {
        for second in 0..seconds {
            let indices = [first, second, first + 2 * second + 1, 3 * first + second + 2];
            let args: Vec<Val> =
                params.iter().zip(indices).map(|(ty, index)| operand(ty, index)).collect();
            match func.call(&mut *store, &args, &mut results) {
                Ok(()) => results.iter().for_each(|result| digest.add(&bits(result))),
                Err(error) => {
                    let trap: Trap = error.trap().expect("a trap");
                    digest.add(trap.message().as_bytes());
                }
            }
        }
    }
    digest
}

fn operand(ty: &ValType, index: usize) -> Val {
    let word = WORDS[index % WORDS.len()];
    let high = (word >> 32) as u32;
    match ty {
        ValType::I32 => Val::I32(high.cast_signed()),
        ValType::F32 => Val::F32(high),
        ValType::I64 => Val::I64(word.cast_signed()),
        ValType::F64 => Val::F64(word),
        _ => {
            let other = WORDS[(index + 7) % WORDS.len()];
            Val::V128((u128::from(other) << 64 | u128::from(word)).into())
        }
    }
}

fn bits(value: &Val) -> Vec<u8> {
    match value {
        Val::I32(x) => x.to_le_bytes().into(),
        Val::I64(x) => x.to_le_bytes().into(),
        Val::F32(x) => x.to_le_bytes().into(),
        Val::F64(x) => x.to_le_bytes().into(),
        Val::V128(x) => x.as_u128().to_le_bytes().into(),
        other => panic!("{other:?} is no number"),
    }
}

/// FNV-1a: what changes is seen, by whoever does not mean to deceive.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Digest {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
