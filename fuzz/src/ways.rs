//! [`same_in_all`]: executes a module in every way that an engine has: each metering, at once and
//! in slices, eagerly and lazily translated, fused and unfused. Results, traps, memories, tables,
//! globals, and the fuel that is left, are the same in all. `seen` says how they are told.

mod imports;
mod seen;

use std::fmt::Write;
use windlass::{
    CompilationMode, Config, Engine, Error, Event, ExternType, Features, Func, Instance, Metering,
    Module, Store, StoreLimits, StoreLimitsBuilder, Trap, Val,
};
use windlass_differential::Random;

/// A way of executing.
#[derive(Clone, Copy, Debug)]
struct Way {
    metering: Metering,
    mode: CompilationMode,
    fuse: bool,
    /// With so much fuel at a time, paused in between.
    slice: Option<u64>,
}

const WAYS: [Way; 8] = {
    use CompilationMode::{Eager, Lazy, LazyTranslation};
    use Metering::{Fuel, Interrupt, None as Unmetered};
    let slice = None;
    [
        Way { metering: Unmetered, mode: LazyTranslation, fuse: true, slice },
        Way { metering: Unmetered, mode: Eager, fuse: false, slice },
        Way { metering: Interrupt, mode: Lazy, fuse: true, slice },
        Way { metering: Interrupt, mode: Eager, fuse: false, slice },
        Way { metering: Fuel, mode: Eager, fuse: true, slice },
        Way { metering: Fuel, mode: LazyTranslation, fuse: false, slice },
        Way { metering: Fuel, mode: Lazy, fuse: true, slice: Some(1) },
        Way { metering: Fuel, mode: Eager, fuse: false, slice: Some(37) },
    ]
};

/// The fuel of a program that may not end by itself, and of one that does: its size is random, and
/// one of 20,000 took more than the former.
const FUEL: u64 = 300_000;
const ENOUGH_FUEL: u64 = 100 * FUEL;
/// How many sets of arguments each function is called with.
const SETS: usize = 2;

/// What a program did, as text; how far it can be compared with other ways.
#[derive(Default)]
struct Transcript {
    text: String,
    /// Whether a limit of the host was reached: what follows is each way's own affair.
    cut: bool,
    fuel: Option<u64>,
}

/// Executes the exported functions of a module in every way, and returns a digest of what it did.
/// One that does not end by itself is only executed with fuel. `canonical` asks the engine to make
/// NaNs canonical.
///
/// # Panics
/// If two ways differ.
pub(crate) fn same_in_all(wasm: &[u8], seed: u64, ends: bool, canonical: bool) -> u64 {
    let ways = WAYS.iter().filter(|way| ends || way.metering == Metering::Fuel);
    let mut first: Option<(&Way, Transcript)> = None;
    let mut fuel = None;
    for way in ways {
        let random = &mut Random::new(seed);
        let Some(transcript) = execute(wasm, *way, canonical, ends, random) else { return 0 };
        if let Some(left) = transcript.fuel.filter(|_| !transcript.cut) {
            let expected = *fuel.get_or_insert(left);
            assert_eq!(left, expected, "{way:?}: fuel is left as nowhere else");
        }
        match &first {
            None => first = Some((way, transcript)),
            Some((other, expected)) => {
                if let Some(difference) = difference(expected, &transcript) {
                    panic!("{other:?} and {way:?} differ: {difference}");
                }
            }
        }
    }
    // What a build cuts, another may not: there is nothing to compare then.
    first
        .filter(|(_, transcript)| !transcript.cut)
        .map_or(1, |(_, transcript)| crate::digest(&transcript.text) ^ fuel.unwrap_or(0))
}

/// The first line that differs, up to where one of them was cut.
fn difference(a: &Transcript, b: &Transcript) -> Option<String> {
    let (mut lines, mut others) = (a.text.lines(), b.text.lines());
    loop {
        match (lines.next(), others.next()) {
            (None, None) => return None,
            (None, _) if a.cut => return None,
            (_, None) if b.cut => return None,
            (line, other) if line == other => {}
            (line, other) => return Some(format!("\n  {line:?}\n  {other:?}")),
        }
    }
}

/// Executes it in one way; none if its imports can't be given.
fn execute(
    wasm: &[u8],
    way: Way,
    canonical: bool,
    ends: bool,
    random: &mut Random,
) -> Option<Transcript> {
    let mut config = Config::new();
    config.features(Features::ALL).metering(way.metering).compilation_mode(way.mode);
    config.fuse(way.fuse).canonicalize_nans(canonical).max_wasm_stack(256 << 10);
    config.verify_code(true);
    let engine = Engine::new(&config).expect("the settings are valid");
    let module = match Module::new(&engine, wasm) {
        Ok(module) => module,
        Err(error) => panic!("{way:?}: it is valid, but: {error}"),
    };
    let limits = StoreLimitsBuilder::new().memory_size(1 << 21).table_elements(4000);
    let mut store = Store::new(&engine, limits.gc_heap_size(4 << 20).build());
    store.limiter(|limits| limits);
    if way.metering == Metering::Fuel {
        let fuel = if ends { ENOUGH_FUEL } else { FUEL };
        store.set_fuel(fuel).expect("it counts fuel");
    }
    let imports = imports::all(&mut store, &module)?;
    let mut run = Run { way, ends, transcript: Transcript::default(), store };
    let instance = match Instance::new(&mut run.store, &module, &imports) {
        Ok(instance) => Some(instance),
        Err(error) => {
            run.tell("instantiation", Err(error));
            None
        }
    };
    if let Some(instance) = instance {
        run.calls(&instance, &module, random);
        if !run.transcript.cut {
            seen::state(&mut run.transcript.text, &instance, &mut run.store);
        }
    }
    run.transcript.fuel = run.store.get_fuel().ok();
    Some(run.transcript)
}

/// A program while it is executed.
struct Run {
    way: Way,
    /// Whether it runs without fuel, too.
    ends: bool,
    transcript: Transcript,
    store: Store<StoreLimits>,
}

impl Run {
    /// Calls each exported function with a few sets of arguments.
    fn calls(&mut self, instance: &Instance, module: &Module, random: &mut Random) {
        for export in module.exports() {
            let ExternType::Func(ty) = export.ty() else { continue };
            for _ in 0..SETS {
                let bits: Vec<u64> = ty.params().map(|_| random.bits()).collect();
                let func = instance.get_func(&self.store, export.name()).expect("it is exported");
                let params = ty.params().zip(bits);
                let args: Option<Vec<Val>> =
                    params.map(|(ty, bits)| imports::value(&mut self.store, &ty, bits)).collect();
                let Some(args) = args else { continue };
                let ended = self.call(&func, &args);
                self.tell(export.name(), ended);
                if self.transcript.cut {
                    return;
                }
            }
        }
    }

    fn call(&mut self, func: &Func, args: &[Val]) -> Result<Vec<Val>, Error> {
        if let Some(slice) = self.way.slice {
            return self.call_in_slices(func, args, slice);
        }
        let count = func.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); count];
        func.call(&mut self.store, args, &mut results)?;
        Ok(results)
    }

    /// Gives the fuel that is there bit by bit; what is left goes back to the rest.
    fn call_in_slices(&mut self, func: &Func, args: &[Val], slice: u64) -> Result<Vec<Val>, Error> {
        let mut spare = self.store.get_fuel()?;
        self.store.set_fuel(0)?;
        let mut execution = func.start(&mut self.store, args)?;
        let event = loop {
            match execution.run(&mut self.store) {
                Ok(Event::OutOfFuel) if spare > 0 => {
                    // A program may want more at once than slices give: they grow.
                    let more = slice.max(self.store.get_fuel()?).min(spare);
                    spare -= more;
                    self.store.set_fuel(self.store.get_fuel()? + more)?;
                }
                // A call that can't be paused takes all.
                Ok(Event::OutOfFuel) => {
                    self.store.set_fuel(0)?;
                    break Err(Trap::OutOfFuel.into());
                }
                other => break other,
            }
        };
        self.store.set_fuel(spare + self.store.get_fuel()?)?;
        match event? {
            Event::Finished(results) => Ok(results.into_vec()),
            other => panic!("nothing asked for {other:?}"),
        }
    }

    /// Notes how something ended.
    fn tell(&mut self, what: &str, ended: Result<Vec<Val>, Error>) {
        let text = &mut self.transcript.text;
        let before = text.len();
        let _ = write!(text, "{}: ", what.escape_debug());
        match ended {
            Ok(values) => {
                for value in values {
                    let _ = write!(text, "{} ", seen::value(&mut self.store, &value));
                }
            }
            Err(error) => match error.trap() {
                // Limits of the host: when they are reached is not part of what a program does.
                Some(Trap::StackOverflow | Trap::AllocationTooLarge) => self.transcript.cut = true,
                Some(Trap::OutOfFuel) if self.ends => self.transcript.cut = true,
                Some(trap) => {
                    let _ = write!(text, "{trap:?}");
                }
                None => {
                    let _ = write!(text, "{}", error.root_cause());
                }
            },
        }
        text.push('\n');
        if self.transcript.cut {
            text.truncate(before);
        }
    }
}
