//! `cargo xtask instructions`: how many machine instructions a dozen programs take, and how many
//! handlers there are, held against what was noted. Times differ from run to run and by where code
//! happens to lie; these don't. Called by `main` and as a gate; it must never write the notes by
//! itself.

use crate::{
    commands::{Outcome, command, is_there},
    root,
};
use std::{collections::BTreeMap, fmt::Write, fs, process::Stdio};

/// What was noted, for a compiler and a machine: instructions by program.
const NOTES: &str = "benches/instructions.txt";

/// Programs of `benches/kernels`, and for how long they run: some tens of millions of instructions.
const PROGRAMS: [(&str, &str); 12] = [
    ("crc32.wasm", "16"),
    ("eh_near.wat", "80000"),
    ("gc_trees.wat", "20"),
    ("json.wasm", "10"),
    ("lz.wasm", "4"),
    ("nbody.wasm", "12000"),
    ("quicksort.wasm", "1"),
    ("sha256.wasm", "2"),
    ("simd_blur.wasm", "300"),
    ("strings.wasm", "8"),
    ("trees.wasm", "12"),
    ("vm.wasm", "340"),
];

/// So much more, in percent, is a fault.
const MORE: u64 = 2;

/// The most handlers of a release build, and the most bytes of them together. When this was
/// written there were 6,994, of 398,123 bytes.
const HANDLERS: (usize, u64) = (7_200, 405_000);

/// Counts, and compares with the notes; or writes them anew.
pub(crate) fn instructions(bless: bool) -> Outcome {
    for (tool, package) in [("valgrind", "valgrind"), ("nm", "binutils")] {
        if !is_there(tool, &["--version"]) {
            return Outcome::Skipped(format!("there is no `{tool}`: apt-get install {package}"));
        }
    }
    if !crate::gates::release_command() {
        return Outcome::Failed;
    }
    let Some(here) = machine() else { return Outcome::Failed };
    let mut counts = BTreeMap::new();
    for (program, size) in PROGRAMS {
        let Some(count) = count(program, size) else {
            eprintln!("{program}: valgrind counted nothing");
            return Outcome::Failed;
        };
        counts.insert(program.to_string(), count);
    }
    if bless {
        let mut text = format!("{here}\n");
        for (program, count) in &counts {
            writeln!(text, "{program} {count}").expect("text can be written");
        }
        return fs::write(root().join(NOTES), text).is_ok().into();
    }
    let notes = fs::read_to_string(root().join(NOTES)).unwrap_or_default();
    let mut lines = notes.lines();
    let is_same = lines.next() == Some(&*here);
    let more = compare(&counts, lines);
    if !is_same {
        println!("noted for another compiler or machine than {here}: nothing is compared");
    }
    // Both are looked at, whatever the first says.
    let few = handlers_are_few();
    ((more == 0 || !is_same) && few).into()
}

/// Prints the counts beside the notes. Returns how many have become too large, or are not noted.
fn compare<'a>(counts: &BTreeMap<String, u64>, lines: impl Iterator<Item = &'a str>) -> usize {
    let noted: BTreeMap<&str, u64> = lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(program, count)| Some((program, count.parse().ok()?)))
        .collect();
    let mut faults = 0;
    for (program, &count) in counts {
        let Some(&before) = noted.get(program.as_str()) else {
            println!("{program:16} {count:12}  not noted");
            faults += 1;
            continue;
        };
        let percent = (count as f64 / before as f64 - 1.0) * 100.0;
        let is_fault = 100 * count > (100 + MORE) * before;
        let mark = if is_fault { "  FAULT" } else { "" };
        println!("{program:16} {count:12} {percent:+7.2} %{mark}");
        faults += usize::from(is_fault);
    }
    faults
}

/// The compiler and the kind of machine, in a line.
fn machine() -> Option<String> {
    let output = command(".", "rustc", &["--version"]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    Some(format!("{} on {}", version.trim(), std::env::consts::ARCH))
}

/// How many instructions a program takes.
fn count(program: &str, size: &str) -> Option<u64> {
    let tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let mut valgrind = command(".", "valgrind", &tool);
    valgrind.args(["target/release/windlass", "run", "--invoke", "run"]);
    valgrind.args([&format!("benches/kernels/{program}"), size]);
    let output = valgrind.stdout(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    // `==1== I   refs:      1,234`
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("refs:"))?;
    let number: String = line.rsplit(' ').next()?.chars().filter(char::is_ascii_digit).collect();
    number.parse().ok()
}

/// Counts the handlers of the command, and their bytes; whether there are no more than there may
/// be.
fn handlers_are_few() -> bool {
    let output = command(".", "nm", &["-S", "target/release/windlass"]).output();
    let Ok(output) = output else { return false };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut count, mut bytes) = (0, 0);
    for line in text.lines() {
        let mut words = line.split(' ');
        let (Some(_), Some(size), Some("t" | "T"), Some(name)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if ["dispatch", "backend", "run"].iter().all(|part| name.contains(part)) {
            count += 1;
            bytes += u64::from_str_radix(size, 16).unwrap_or(0);
        }
    }
    let (most, most_bytes) = HANDLERS;
    println!("{count} handlers (at most {most}), {bytes} bytes (at most {most_bytes})");
    count > 0 && count <= most && bytes <= most_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
        counts.iter().map(|&(program, count)| (program.to_string(), count)).collect()
    }

    #[test]
    fn two_percent_more_are_a_fault() {
        let notes = "a 1000\nb 1000";
        let faults = |now: &[(&str, u64)]| compare(&counts(now), notes.lines());
        assert_eq!(faults(&[("a", 1020), ("b", 900)]), 0);
        assert_eq!(faults(&[("a", 1021), ("b", 1000)]), 1);
        // What nobody has noted can't be compared.
        assert_eq!(faults(&[("c", 1)]), 1);
    }

    #[test]
    fn the_notes_name_all_programs() {
        let notes = fs::read_to_string(root().join(NOTES)).unwrap();
        for (program, _) in PROGRAMS {
            assert!(
                notes.lines().any(|line| line.starts_with(&format!("{program} "))),
                "{program}"
            );
        }
    }
}
