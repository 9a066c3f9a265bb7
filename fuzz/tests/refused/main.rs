//! The host has no memory for the n-th allocation, for each n of some programs: whoever asked gets
//! an error, and the next attempt works. What ends the process instead is a closed list of places,
//! those that SECURITY.md speaks of.
//!
//! `cargo test --test refused -- --sites` prints what ends the process, and from where; with
//! `--generated 20`, so many generated programs are tried instead of one, which takes minutes. A
//! program runs in a process of its own, which is started again behind each allocation that ended
//! it; the standard library tells from where.
#![allow(unsafe_code)]

mod programs;

use programs::{Program, named};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    collections::BTreeMap,
    env,
    io::Write,
    process::{Command, ExitCode},
};

/// The functions that may end the process, by file: what asks for a single piece, or for a list of
/// the host's own that is one longer, or shorter.
const PLACES: [&str; 25] = [
    // One for each engine, module, store, linker.
    "core/engine.rs new",
    "core/module.rs make",
    "core/module.rs object_types",
    "core/api/store.rs new",
    "core/runtime/store.rs new",
    "core/api/instance_pre.rs new",
    // One for each type.
    "decode/types.rs clone",
    "core/object_type/mod.rs of",
    "core/types/func.rs ",
    "core/runtime/store.rs hold_type",
    "validate/registry.rs alone",
    "validate/registry.rs enter",
    // One for each host function and tag.
    "core/api/func.rs ",
    "core/api/func/host.rs into_host",
    "core/runtime/exception.rs add_tag",
    // What computes for a call from the host, and a module that imports are from: as much was there
    // a moment before.
    "core/driver/thread.rs {closure#0}",
    "decode/error.rs {closure#0}",
    // One for each reference and value that the host holds.
    "core/runtime/roots.rs own",
    "core/runtime/roots.rs root",
    "core/runtime/store.rs add_host_value",
    // Nodes of the maps of files in memory, and a name: as much was there a moment before.
    "wasi/fs/memory/tree.rs put_name",
    "wasi/fs/memory/contents.rs write_block",
    "wasi/fs/memory/contents.rs reserve",
    "wasi/fs/memory/contents.rs set_len",
    "wasi/fs/memory/contents.rs cut_reserved",
];

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

/// Does something with all memory that it wants.
fn unrefused<T>(work: impl FnOnce() -> T) -> T {
    let left = LEFT.replace(None);
    let done = work();
    LEFT.set(left);
    done
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
fn child(program: &Program, from: usize) -> ExitCode {
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

/// The functions of Windlass in a backtrace, the innermost first: file and name, without its path,
/// which those that are inlined don't have there.
fn place(backtrace: &str) -> Vec<String> {
    let lines: Vec<&str> = backtrace.lines().map(str::trim).collect();
    let function = |frame: &[&str]| {
        let [name, at] = frame else { return None };
        let (_, name) = name.split_once(": ")?;
        let (_, at) = at.strip_prefix("at ")?.rsplit_once("/crates/")?;
        let file = at.split(':').next()?.replace("/src", "");
        let plain = without_arguments(&name.replace("->", ""));
        Some(format!("{file} {}", plain.rsplit("::").next().unwrap_or_default()))
    };
    lines.windows(2).filter_map(function).take(3).collect()
}

/// A name without what stands in angle brackets.
fn without_arguments(name: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        depth += usize::from(*c == '<');
        let is_outside = depth == 0;
        depth -= usize::from(*c == '>' && depth > 0);
        is_outside
    };
    name.chars().filter(outside).collect()
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [word, name, from] = args.as_slice()
        && word == "--child"
    {
        let program = named(name).expect("it is known");
        return child(&*program, from.parse().expect("it is a number"));
    }
    let sites = args.iter().any(|arg| arg == "--sites");
    let generated = args.iter().skip_while(|arg| *arg != "--generated").nth(1);
    let generated = generated.map_or(1, |count| count.parse().expect("it is a number"));
    let mut bad = Vec::new();
    let mut idle: Vec<&str> = PLACES.to_vec();
    let mut all = 0;
    for name in programs::names(generated) {
        let outcome = outcome(&name);
        all += outcome.tried;
        let (tried, without, ended) = (outcome.tried, outcome.without, outcome.ended.len());
        println!("{name}: {tried} refused, {without} done without, {ended} ended the process");
        bad.extend(outcome.strange.iter().map(|error| format!("{name}: {error}")));
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for place in outcome.ended {
            let first = place.first().cloned().unwrap_or_default();
            let told = place.join(" < ");
            if !PLACES.iter().any(|known| first.starts_with(known)) {
                bad.push(format!("{name} ends the process: {told}"));
            }
            idle.retain(|known| !first.starts_with(known));
            *places.entry(told).or_default() += 1;
        }
        for (place, count) in places.iter().filter(|_| sites) {
            println!("  {count} {place}");
        }
    }
    println!("{all} refused in all");
    bad.extend(idle.iter().map(|known| format!("nothing ends the process in {known}: strike it")));
    for bad in &bad {
        println!("{bad}");
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
