//! Generated modules do the same on Windlass and on another interpreter.
//!
//! `WINDLASS_SEEDS=FROM..TO` tries other seeds than the quick test's. A failure names the seed, and
//! leaves the module in the folder for temporary files.

use std::{env, fs, ops::Range};
use windlass_differential::{compare, program, smith};

/// Structured programs of the quick test that the other engine gets wrong: V8 agrees with Windlass.
const THEIRS_IS_WRONG: [u64; 2] = [6, 84];

/// The seeds of a quick test, or those that the environment asks for.
fn seeds(quick: Range<u64>) -> Range<u64> {
    let Ok(wanted) = env::var("WINDLASS_SEEDS") else { return quick };
    let range = wanted.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        Some(from..to)
    });
    range.unwrap_or_else(|| panic!("WINDLASS_SEEDS={wanted}: expected two numbers, FROM..TO"))
}

/// Compares the engines on the modules of these seeds and tells all that differ.
fn run(name: &str, seeds: Range<u64>, module: impl Fn(u64) -> Option<Vec<u8>>) {
    let total = seeds.end - seeds.start;
    let (mut compared, mut differ) = (0, Vec::new());
    for seed in seeds {
        let Some(wasm) = module(seed) else { continue };
        match compare(&wasm, seed) {
            Ok(was_compared) => compared += u64::from(was_compared),
            Err(error) => {
                let path = env::temp_dir().join(format!("windlass-{name}-{seed}.wasm"));
                fs::write(&path, &wasm).expect("the temporary folder can be written");
                differ.push(format!("seed {seed} ({}): {error}", path.display()));
            }
        }
    }
    assert!(differ.is_empty(), "{} of {total} differ:\n{}", differ.len(), differ.join("\n"));
    println!("{name}: {compared} of {total} seeds compared");
    assert!(compared * 2 >= total, "{compared} of {total} seeds were compared");
}

#[test]
fn modules_of_wasm_smith() {
    run("smith", seeds(0..200), smith::module);
}

#[test]
fn structured_programs() {
    run("program", seeds(0..400), |seed| {
        if THEIRS_IS_WRONG.contains(&seed) {
            return None;
        }
        let text = program::text(seed);
        Some(wat::parse_str(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}")))
    });
}
