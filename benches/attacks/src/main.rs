//! Modules that try to make Windlass slow or large, with growing sizes. For each attack and each of
//! its phases, prints the time, the peak of memory, and the exponent of growth: 1 is linear, and
//! lists that outgrow the CPU's caches are a little above. What is steeper, takes long for its
//! size, or runs long for its fuel, is marked.
//!
//! Usage: `windlass-attacks [latency] [--max BYTES] [ATTACK]...`. Every run is a process of its
//! own, which is ended after a minute. With `latency`, prints the longest time from an interrupt to
//! its effect instead: `pieces`, if a run is interrupted again and again; `calls`, until a call
//! ends. More than 20 ms is marked.

mod attacks;
mod host;
mod latency;
mod run;
mod wasi;
mod wasm;

use attacks::{ATTACKS, Attack};
use std::{
    collections::BTreeMap,
    env,
    io::{self, BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The largest size of a module; smaller ones are an eighth, a quarter and half of it.
const MAX_BYTES: usize = 1 << 20;
/// Steeper growth than this is marked, where it takes long enough to tell.
const MAX_EXPONENT: f64 = 1.4;
const TELLING: f64 = 0.1;
/// More time for a byte of the module than this is marked, in microseconds, and more memory, in
/// bytes.
const MAX_TIME: f64 = 1.0;
const MAX_MEMORY: f64 = 150.0;
/// More time for a unit of fuel than this is marked, in nanoseconds.
const MAX_FUEL_TIME: f64 = 20.0;
/// An interrupt is to take effect within so long, in seconds.
const MAX_LATENCY: f64 = 0.02;
/// The modes of the processes for single runs.
const ONE: &str = "--one";
const ONE_LATENCY: &str = "--one-latency";
/// What every process takes, in bytes.
const OWN_MEMORY: f64 = 24e6;
const PATIENCE: Duration = Duration::from_secs(60);

/// What one run has told: seconds by phase, in order; the size of the module; and the peak of
/// memory, in bytes.
#[derive(Default)]
struct Told {
    phases: Vec<(String, f64)>,
    bytes: f64,
    peak: f64,
    /// What `run` has used; infinite if it has collected by the host, which has no price.
    fuel: f64,
    note: String,
}

fn main() -> ExitCode {
    let mut args: Vec<String> = env::args().skip(1).collect();
    if let [mode, name, count] = &args[..]
        && let Some(attack) = ATTACKS.iter().find(|attack| attack.name == name)
        && let Ok(count) = count.parse()
        && let Some(phases) = match mode.as_str() {
            ONE => Some(run::phases as run::Phases),
            ONE_LATENCY => Some(latency::phases as _),
            _ => None,
        }
    {
        run::run(attack, count, phases);
        return ExitCode::SUCCESS;
    }
    let latency = args.first().is_some_and(|arg| arg == "latency");
    args.drain(..usize::from(latency));
    let mut max = MAX_BYTES;
    if args.first().is_some_and(|arg| arg == "--max") {
        let Some(Ok(bytes)) = args.get(1).map(|bytes| bytes.parse()) else {
            eprintln!("usage: windlass-attacks [latency] [--max BYTES] [ATTACK]...");
            return ExitCode::from(2);
        };
        max = bytes;
        args.drain(..2);
    }
    println!("{:<18} {:<10} {:>8} {:>9} {:>8} {:>6}", "attack", "phase", "KB", "s", "MB", "growth");
    let table = if latency { latency_table } else { table };
    let mut marked = 0;
    for attack in ATTACKS.iter().filter(|a| args.is_empty() || args.iter().any(|n| n == a.name)) {
        match table(attack, max) {
            Ok(more) => marked += more,
            Err(error) => {
                eprintln!("{}: {error}", attack.name);
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{marked} marked");
    if marked == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs an attack with growing sizes and prints its rows; returns how many are marked.
fn table(attack: &Attack, max: usize) -> io::Result<usize> {
    let mut seen: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut last = Told::default();
    let mut is_late = false;
    let most = (max / attack.unit).min(attack.most);
    for part in [8, 4, 2, 1] {
        (last, is_late) = child(ONE, attack.name, (most / part).max(1))?;
        for (phase, seconds) in &last.phases {
            seen.entry(phase.clone()).or_default().push(*seconds);
        }
        if is_late {
            break;
        }
    }
    let mut marked = 0;
    for (phase, seconds) in &last.phases {
        let times = &seen[phase];
        let growth = exponent(times);
        let is_steep = growth.is_some_and(|growth| growth > MAX_EXPONENT);
        let is_slow = match phase.as_str() {
            "run" => seconds * 1e9 / last.fuel > MAX_FUEL_TIME,
            _ => seconds * 1e6 / last.bytes > MAX_TIME,
        };
        let is_slow = is_slow && *seconds > TELLING;
        let is_large = last.peak - OWN_MEMORY > last.bytes * MAX_MEMORY;
        let mark = match (is_steep, is_slow, is_large) {
            (true, ..) => " STEEP",
            (_, true, _) => " SLOW",
            (.., true) => " LARGE",
            _ => "",
        };
        marked += usize::from(!mark.is_empty());
        let growth = growth.map_or("-".to_owned(), |growth| format!("{growth:.2}"));
        println!(
            "{:<18} {phase:<10} {:>8.0} {seconds:>9.3} {:>8.1} {growth:>6}{mark} {}",
            attack.name,
            last.bytes / 1e3,
            last.peak / 1e6,
            last.note,
        );
    }
    Ok(marked + late(attack, &last, is_late))
}

/// Says if an attack did not end well; how many are marked for it.
fn late(attack: &Attack, last: &Told, is_late: bool) -> usize {
    if is_late {
        println!("{:<18} LATE: more than {PATIENCE:?}, or it died {}", attack.name, last.note);
    }
    usize::from(is_late)
}

/// Interrupts an attack of the full size and prints its rows; returns how many are marked.
fn latency_table(attack: &Attack, max: usize) -> io::Result<usize> {
    let most = (max / attack.unit).min(attack.most);
    let (told, is_late) = child(ONE_LATENCY, attack.name, most.max(1))?;
    let mut marked = late(attack, &told, is_late);
    for (phase, seconds) in &told.phases {
        // The others are the host's.
        let is_slow = *seconds > MAX_LATENCY && ["pieces", "calls"].contains(&phase.as_str());
        marked += usize::from(is_slow);
        println!(
            "{:<18} {phase:<10} {:>8.0} {seconds:>9.4} {:>8.1} {:>6}{} {}",
            attack.name,
            told.bytes / 1e3,
            told.peak / 1e6,
            "-",
            if is_slow { " SLOW" } else { "" },
            told.note,
        );
    }
    Ok(marked)
}

/// The growth over the last two doublings, if they take long enough.
fn exponent(times: &[f64]) -> Option<f64> {
    let [.., first, _, last] = times else { return None };
    (*last > TELLING).then(|| (last / first.max(1e-6)).log2() / 2.0)
}

/// Runs an attack in a process of its own; also says whether it did not end well.
fn child(mode: &str, name: &str, count: usize) -> io::Result<(Told, bool)> {
    let mut child = Command::new(env::current_exe()?)
        .args([mode, name, &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take();
    let reader = thread::spawn(move || output.map(|output| read(BufReader::new(output))));
    let has_ended = ends_well(&mut child)?;
    let told = reader.join().ok().flatten().unwrap_or_default();
    Ok((told, !has_ended))
}

fn ends_well(child: &mut Child) -> io::Result<bool> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

/// Reads lines of a name and a value.
fn read(lines: impl BufRead) -> Told {
    let mut told = Told::default();
    for line in lines.lines().map_while(Result::ok) {
        let Some((name, value)) = line.split_once(' ') else { continue };
        match (name, value.parse()) {
            ("bytes", Ok(value)) => told.bytes = value,
            ("peak", Ok(value)) => told.peak = value,
            ("fuel", Ok(value)) => told.fuel = value,
            ("note", _) => told.note = value.to_owned(),
            (phase, Ok(value)) => told.phases.push((phase.to_owned(), value)),
            _ => {}
        }
    }
    told
}
