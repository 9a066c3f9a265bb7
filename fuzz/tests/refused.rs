//! The host has no memory for the n-th allocation, for each n of some programs: whoever asked gets
//! an error, and the next attempt works. What ends the process instead is a closed list of places,
//! those that SECURITY.md speaks of.
//!
//! `cargo test --test refused -- --sites` prints what ends the process, and from where. A program
//! runs in a process of its own, which is started again behind each allocation that ended it; the
//! standard library tells from where.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    collections::BTreeMap,
    env,
    io::Write,
    process::{Command, ExitCode},
};
use windlass::{
    CompilationMode, Config, Engine, Error, Event, ExternRef, Features, Instance, Linker, Memory,
    MemoryType, Metering, Module, RootScope, Store, Val,
};

/// The functions that may end the process: what asks for a single piece, or for a list of the
/// host's own that is one longer.
const PLACES: [&str; 29] = [
    // One for each engine, module, store, linker.
    "windlass::engine::",
    "windlass::module::",
    "windlass::api::store::Store<T>::new",
    "windlass::runtime::store::StoreInner::new",
    "windlass::api::linker::Linker<T>",
    "windlass::api::instance_pre::",
    "windlass_decode::sections::import::",
    // One for each error, each type.
    "windlass_decode::error::Error::new",
    "windlass_decode::sections::types::",
    "windlass_validate::slab::",
    "windlass_validate::types::",
    "windlass::object_type::",
    "windlass::types::",
    "<windlass_decode::types::FuncType as core::clone::Clone>::clone",
    "windlass_validate::registry::",
    "windlass_validate::enter::",
    "windlass_validate::text::",
    "windlass_validate::context::",
    "windlass::runtime::store::StoreInner::hold_type",
    // One for each host function, instance and its parts.
    "windlass::api::func::",
    "windlass::runtime::instance::",
    "windlass::runtime::exception::",
    // One for each call from the host, each call of a backtrace.
    "windlass::driver::threads::Threads::",
    "windlass::driver::thread::Thread",
    "windlass::driver::handle::ThreadHandle::pair",
    "windlass::api::execution::",
    "windlass::backtrace::",
    // One for each reference and value that the host holds.
    "windlass::runtime::roots::",
    "windlass::runtime::store::StoreInner::add_host_value",
];

/// What of a program is tried.
type Program = fn(&Refusing) -> Result<(), Error>;

const PROGRAMS: [(&str, Program); 6] = [
    ("make", make),
    ("call", call),
    ("collect", collect),
    ("link", link),
    ("grow", grow),
    ("pause", pause),
];

/// A module with something of everything.
const TEXT: &str = r#"(module $everything
    (type $point (struct (field (mut i64)) (field (ref null $point))))
    (type $array (array (mut i32)))
    (type $unary (func (param i32) (result i32)))
    (import "host" "f" (func $f (param i32) (result i32)))
    (table $t 3 10 funcref) (memory $m 1 4) (global $g (mut i32) (i32.const 7))
    (global $list (mut (ref null $point)) (ref.null $point))
    (tag $tag (param i32))
    (export "memory" (memory $m)) (export "table" (table $t)) (export "g" (global $g))
    (elem (i32.const 0) func $twice $thrice) (elem $passive func $twice)
    (data (i32.const 16) "some bytes") (data $d "passive")
    (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $thrice (type $unary) (return_call $twice (local.get 0)))
    (func (export "call") (param i32) (result i32) (local i64 f64 v128)
      (memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 7))
      (table.init $t $passive (i32.const 2) (i32.const 0) (i32.const 1))
      (block $done (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (global.set $g (i32.add (global.get $g) (call_indirect $t (type $unary)
          (call $f (local.get 0)) (i32.and (local.get 0) (i32.const 1)))))
        (br $again)))
      (call $catch (global.get $g)))
    (func $catch (param i32) (result i32)
      (block $h (result i32 exnref)
        (try_table (catch_ref $tag $h) (throw $tag (local.get 0)))
        (unreachable))
      (drop))
    (func $recurse (export "recurse") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $recurse (i32.sub (local.get 0) (i32.const 1)))))))
    (func (export "objects") (param i32)
      (loop $next
        (global.set $list (struct.new $point (i64.const 1) (global.get $list)))
        (drop (array.new $array (i32.const 1) (i32.const 100)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "grow") (param i32) (result i32)
      (drop (table.grow $t (ref.null func) (i32.const 2)))
      (memory.grow (local.get 0))))"#;

fn wasm() -> Vec<u8> {
    wat::parse_str(TEXT).expect("the text is a module")
}

fn config(mode: CompilationMode) -> Config {
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Fuel).compilation_mode(mode);
    config
}

/// A module of an engine, and a store with an instance of it.
fn guest() -> (Store<()>, Instance) {
    let engine = Engine::new(&config(CompilationMode::Eager)).expect("the settings are valid");
    let module = Module::new(&engine, wasm()).expect("it is valid");
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "f", |n: i32| n + 1).expect("the name is free");
    let mut store = Store::new(&engine, ());
    store.set_fuel(u64::MAX).expect("it counts fuel");
    let instance = linker.instantiate(&mut store, &module).expect("there is memory");
    (store, instance)
}

/// Not translated: the checker of translated code, which is part of this build, needs memory of its
/// own, and ends the process without. `garbage.rs` in the engine's tests has that.
fn make(refusing: &Refusing) -> Result<(), Error> {
    let wasm = wasm();
    let config = config(CompilationMode::LazyTranslation);
    refusing.starts_here();
    let engine = Engine::new(&config)?;
    let made = Module::new(&engine, &wasm).map(drop);
    refusing.ends_here();
    Module::new(&engine, &wasm).expect("there is memory again");
    made
}

fn call(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    refusing.starts_here();
    let mut run = || {
        let call = instance.get_typed_func::<i32, i32>(&store, "call")?;
        call.call(&mut store, 5)?;
        let recurse = instance.get_typed_func::<i32, i32>(&store, "recurse")?;
        recurse.call(&mut store, 3000).map(drop)
    };
    let ended = run();
    refusing.ends_here();
    run().expect("there is memory again");
    ended
}

fn collect(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let objects = instance.get_typed_func::<i32, ()>(&store, "objects")?;
    refusing.starts_here();
    let ended = objects.call(&mut store, 2000);
    store.gc();
    let mut scope = RootScope::new(&mut store);
    let rooted = ExternRef::new(&mut scope, 7).and_then(|value| value.to_owned_rooted(&mut scope));
    drop(scope);
    refusing.ends_here();
    objects.call(&mut store, 10).expect("there is memory again");
    ended.and(rooted.map(drop))
}

fn link(refusing: &Refusing) -> Result<(), Error> {
    let engine = Engine::new(&config(CompilationMode::Eager))?;
    let module = Module::new(&engine, wasm())?;
    refusing.starts_here();
    let mut linker = Linker::new(&engine);
    let mut attempt = || -> Result<(), Error> {
        linker.func_wrap("host", "f", |n: i32| n + 1)?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX)?;
        linker.instantiate_pre(&module)?.instantiate(&mut store)?;
        linker.instantiate(&mut store, &module).map(drop)
    };
    let linked = attempt();
    refusing.ends_here();
    linked
}

fn grow(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow")?;
    refusing.starts_here();
    let mut attempt = || -> Result<(), Error> {
        grow.call(&mut store, 1)?;
        let memory = Memory::new(&mut store, MemoryType::new(1, Some(4)))?;
        memory.grow(&mut store, 1).map(drop)
    };
    let grown = attempt();
    refusing.ends_here();
    grown
}

fn pause(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let recurse = instance.get_func(&store, "recurse").expect("it is exported");
    store.set_fuel(0)?;
    refusing.starts_here();
    let mut attempt = || -> Result<(), Error> {
        let mut execution = recurse.start(&mut store, &[Val::I32(2000)])?;
        while let Event::OutOfFuel = execution.run(&mut store)? {
            execution.backtrace(&store)?;
            store.set_fuel(5000)?;
        }
        Ok(())
    };
    let paused = attempt();
    refusing.ends_here();
    paused
}

/// Which allocation is refused.
struct Refusing(usize);

impl Refusing {
    /// Begins to count.
    fn starts_here(&self) {
        LEFT.set(Some(self.0));
    }

    /// Counts no longer.
    fn ends_here(&self) {
        LEFT.set(None);
    }
}

thread_local! {
    /// After how many more allocations one is refused, once.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// The system's allocator, which refuses what it is told to.
struct Refuses;

#[global_allocator]
static ALLOCATOR: Refuses = Refuses;

/// Whether this allocation is the one to be refused; after it, none is.
fn is_refused() -> bool {
    let Some(left) = LEFT.get() else { return false };
    LEFT.set(left.checked_sub(1));
    if left == 0 {
        REFUSED.set(true);
    }
    left == 0
}

// SAFETY: it hands on to the system's allocator, unchanged, whatever it does not refuse.
unsafe impl GlobalAlloc for Refuses {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_refused() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What errors say that are about memory.
const KNOWN: [&str; 5] =
    ["memory", "cannot allocate", "room", "the heap is full", "call stack exhausted"];

/// Tries a program with each allocation refused from the one with this number on, and tells how it
/// ended: the last line is that of the one which ended the process, or `end`.
fn child(program: Program, from: usize) -> ExitCode {
    for refused in from.. {
        println!("{refused}");
        let _ = std::io::stdout().flush();
        let ended = program(&Refusing(refused));
        LEFT.set(None);
        let was_refused = REFUSED.replace(false);
        match ended {
            Ok(()) if !was_refused => {
                println!("end");
                return ExitCode::SUCCESS;
            }
            // Some can do without: a table of hints, a larger list than is needed.
            Ok(()) => println!("without"),
            Err(error) => {
                let text = format!("{error:#}");
                if !KNOWN.iter().any(|known| text.contains(known)) {
                    println!("error {text}");
                }
            }
        }
    }
    unreachable!("a program allocates finitely often")
}

/// What became of a program's allocations.
#[derive(Default)]
struct Outcome {
    tried: usize,
    without: usize,
    /// Errors that are about something else.
    strange: Vec<String>,
    /// From where the process was ended: the functions of Windlass, the innermost first.
    ended: Vec<Vec<String>>,
}

/// Runs a program in a process of its own: whether it came to its end, and what it told.
fn run(name: &str, from: usize) -> (bool, String, String) {
    let myself = env::current_exe().expect("it is running");
    let mut child = Command::new(myself);
    child.args(["--child", name, &from.to_string()]).env("RUST_BACKTRACE", "1");
    let output = child.output().expect("it can be started again");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn outcome(name: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let mut from = 0;
    loop {
        let (well, told, backtrace) = run(name, from);
        outcome.without += told.lines().filter(|line| *line == "without").count();
        let strange = told.lines().filter_map(|line| line.strip_prefix("error "));
        outcome.strange.extend(strange.map(str::to_string));
        let last = told.lines().filter_map(|line| line.parse().ok()).next_back();
        let last: usize = last.expect("it tries one at least");
        outcome.tried = last;
        if well {
            return outcome;
        }
        outcome.ended.push(place(&backtrace));
        from = last + 1;
    }
}

/// The functions of Windlass in a backtrace, the innermost first.
fn place(backtrace: &str) -> Vec<String> {
    let names = backtrace.lines().filter_map(|line| line.trim().split_once(": "));
    let names = names.map(|(_, name)| name.to_string());
    names.filter(|name| name.contains("windlass")).take(3).collect()
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [word, name, from] = args.as_slice()
        && word == "--child"
    {
        let program = PROGRAMS.iter().find(|(known, _)| known == name).expect("it is known").1;
        return child(program, from.parse().expect("it is a number"));
    }
    let sites = args.iter().any(|arg| arg == "--sites");
    let mut bad = Vec::new();
    for (name, _) in PROGRAMS {
        let outcome = outcome(name);
        let (tried, without, ended) = (outcome.tried, outcome.without, outcome.ended.len());
        println!("{name}: {tried} refused, {without} done without, {ended} ended the process");
        bad.extend(outcome.strange.iter().map(|error| format!("{name}: {error}")));
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for place in outcome.ended {
            let first = place.first().cloned().unwrap_or_default();
            let told = place.join(" < ");
            if !PLACES.iter().any(|known| first.contains(known)) {
                bad.push(format!("{name} ends the process: {told}"));
            }
            *places.entry(told).or_default() += 1;
        }
        for (place, count) in places.iter().filter(|_| sites) {
            println!("  {count} {place}");
        }
    }
    for bad in &bad {
        println!("{bad}");
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
