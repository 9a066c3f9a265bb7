//! `soak`: tries targets with the inputs of seeds, without cargo-fuzz and on any compiler.
//! `cargo xtask soak` calls it; each find is told with its seed and kept as a file.

use std::{
    collections::BTreeMap,
    env, fs,
    ops::Range,
    panic,
    process::ExitCode,
    time::{Duration, Instant},
};
use windlass_fuzz::{TARGETS, Target};

const HELP: &str = "\
Usage: soak minutes MINUTES [TARGET [FIRST]]
       soak seeds TARGET FROM..TO    each seed with the digest of what was seen
       soak seed TARGET SEED         one, which may panic
       soak export FOLDER FROM..TO   modules for other engines, with transcripts";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let good = match args[..] {
        ["minutes", minutes] => minutes.parse().ok().map(|minutes| all(minutes, None, 0)),
        ["minutes", minutes, name] => {
            minutes.parse().ok().map(|minutes| all(minutes, Some(name), 0))
        }
        ["minutes", minutes, name, first] => {
            let numbers = minutes.parse().ok().zip(first.parse().ok());
            numbers.map(|(minutes, first)| all(minutes, Some(name), first))
        }
        ["seeds", name, range] => find(name).zip(parse(range)).map(|(target, seeds)| {
            for seed in seeds {
                match target.attempt_seed(seed) {
                    Some(digest) => println!("{seed} {digest:016x}"),
                    None => println!("{seed} -"),
                }
            }
            true
        }),
        ["seed", name, seed] => find(name).zip(seed.parse().ok()).map(|(target, seed)| {
            println!("{:?}", target.attempt_seed(seed));
            true
        }),
        ["export", folder, range] => parse(range).map(|seeds| export(folder, seeds)),
        _ => None,
    };
    match good {
        Some(true) => ExitCode::SUCCESS,
        Some(false) => ExitCode::FAILURE,
        None => {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            eprintln!("{HELP}\n\nTargets: {}", names.join(", "));
            ExitCode::from(2)
        }
    }
}

fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

fn parse(range: &str) -> Option<Range<u64>> {
    let (from, to) = range.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// Writes the cases of these seeds into a folder.
fn export(folder: &str, seeds: Range<u64>) -> bool {
    let write = |seed: u64, case: windlass_fuzz::oracle::Case| {
        let name = format!("{folder}/{seed}{}", if case.has_objects { "-gc" } else { "" });
        fs::write(format!("{name}.wasm"), case.wasm)?;
        fs::write(format!("{name}.txt"), case.transcript)
    };
    let cases = seeds.filter_map(|seed| Some((seed, windlass_fuzz::oracle::case(seed)?)));
    let written: Result<Vec<()>, _> = cases.map(|(seed, case)| write(seed, case)).collect();
    if let Err(error) = &written {
        eprintln!("{folder}: {error}");
    }
    written.is_ok()
}

/// Tries one target, or each, for so long; true if nothing was found.
fn all(minutes: u64, name: Option<&str>, first: u64) -> bool {
    let chosen: Vec<&'static Target> =
        TARGETS.iter().filter(|target| name.is_none_or(|name| name == target.name)).collect();
    if chosen.is_empty() {
        eprintln!("there is no such target");
        return false;
    }
    let each = |target: &&'static Target| soak(target, Duration::from_secs(60 * minutes), first);
    chosen.iter().filter(|target| !each(target)).count() == 0
}

/// Tries seeds until the time is over.
fn soak(target: &'static Target, time: Duration, first: u64) -> bool {
    let start = Instant::now();
    let (mut tried, mut made) = (0_u64, 0_u64);
    let mut finds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    while start.elapsed() < time {
        let seed = first + tried;
        tried += 1;
        // Targets share nothing between attempts.
        match panic::catch_unwind(|| target.attempt_seed(seed)) {
            Ok(digest) => made += u64::from(digest.is_some()),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                let short: String = message.chars().take(60).collect();
                finds.entry(short).or_insert((seed, 0)).1 += 1;
                keep(target, seed);
            }
        }
    }
    println!(
        "{}: seeds {first}..{}: {tried} executions, {made} with an input, in {} s; {} finds",
        target.name,
        first + tried,
        start.elapsed().as_secs(),
        finds.values().map(|(_, count)| count).sum::<u64>(),
    );
    for (message, (seed, count)) in &finds {
        println!("  {count} times, first with seed {seed}: {message}");
    }
    finds.is_empty()
}

/// Keeps the input where cargo-fuzz keeps those that it finds.
fn keep(target: &Target, seed: u64) {
    let folder = format!("artifacts/{}", target.name);
    let kept = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(format!("{folder}/seed-{seed}"), target.bytes(seed)));
    if let Err(error) = kept {
        eprintln!("{folder}: {error}");
    }
}
