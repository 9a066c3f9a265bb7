//! `cargo xtask`: what contributors run, by name. `tidy` is a test of this crate, too. It has no
//! dependencies, so that it is there at once; what needs a tool that is not there says so.
#![forbid(unsafe_code)]

mod builds;
mod capi;
mod chart;
mod choose;
mod commands;
mod coverage;
mod cross;
mod embedded;
mod features;
mod gates;
mod instructions;
mod newer;
mod packages;
mod python;
mod sanitize;
mod soak;
mod tidy;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

const HELP: &str = "\
Usage: cargo xtask COMMAND [ARGS]...

  test [ARGS]       the tests: `cargo test --workspace ARGS`
  tail [FILTER]     the official suite with dispatch by tail calls: a release build
  newer             official tests of proposals that are newer than those of the quick tests
  verify            the verifier of code, in release builds: the suite and generated modules
  bless             rewrites the listings in crates/core/tests/translate
  cross [TARGET]... the tests and the suite on other CPUs, in emulators
  miri [FILTER]     a part of the tests of the engine in Miri
  asm WORD [FILE]   the machine code of the handlers that have WORD in their names: of a release
                    build, or of this program
  tidy              what can be checked of the house rules
  capi              the library for C: builds, installs, tests it by programs in C and C++
  capi install FOLDER
                    installs a release build of it
  capi size         what a tiny program that contains it takes
  differential      generated modules on Windlass and another engine
  soak MINUTES [TARGET]
                    fuzzes each target, or one, for so long: by cargo-fuzz where it is
  soak seeds        each target of fuzz with a few fixed seeds
  soak builds N     N generated modules: the loop, tail calls and gc-stress do the same
  soak oracles N    the same on V8 and Wasmtime, out of process
  soak coverage MINUTES [TARGET]
                    which lines of which files the seeds reach that fit into so long
  gc-stress         the suite and the differential runs with a collection at every allocation
  sanitize [address|thread]
                    tests of the engine with the compiler's sanitizers
  choose HANDLERS SEQUENCES PROFILE...
                    makes the file of the instruction set from profiles
  chart             draws docs/speed.svg of the tables in the README
  package           the packages of all crates that are published, built from what is in them
  instructions      how many machine instructions programs take, against what was noted;
                    with --bless it is noted anew
  features          the engine with each of its cargo features and without: builds, and the suite
  sizes [WORD]      how many bytes small embeddings take, against their bounds; `sizes map WORD`
                    tells where these are
  embedded          runs guests on emulated microcontrollers: a Cortex-M4 and a RISC-V
  python            the package for Python: builds it, installs it, tests it
  gates [NAME]...   all that takes longer than .ci/run
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let Some((command, rest)) = args.split_first() else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let good = match (command.as_str(), rest) {
        ("test", _) => commands::test(rest),
        ("tail", _) => commands::tail(rest),
        ("newer", []) => gates::report("newer", newer::newer()),
        ("verify", []) => commands::verify(),
        ("bless", []) => commands::bless(),
        ("miri", _) => gates::report("miri", commands::miri(rest)),
        ("cross", _) => all_good(cross::cross(rest), &cross::names()),
        ("sanitize", _) => all_good(sanitize::sanitize(rest), &sanitize::names()),
        ("asm", [word]) => commands::asm(word, None),
        ("asm", [word, program]) => commands::asm(word, Some(program)),
        ("tidy", []) => tell(&tidy::complaints(&root())),
        ("differential", _) => commands::differential(rest),
        ("soak", [seeds]) if seeds == "seeds" => gates::report("fuzz seeds", soak::seeds()),
        ("soak", [builds, count]) if builds == "builds" && is_count(count) => soak::builds(count),
        ("soak", [oracles, count]) if oracles == "oracles" && is_count(count) => {
            gates::report("oracles", soak::oracles(count))
        }
        ("soak", [coverage, minutes, target @ ..])
            if coverage == "coverage" && is_count(minutes) && target.len() <= 1 =>
        {
            let target = target.first().map(String::as_str);
            gates::report("coverage", coverage::coverage(minutes, target))
        }
        ("soak", [minutes]) => soak::soak(minutes, None),
        ("soak", [minutes, target]) => soak::soak(minutes, Some(target)),
        ("gc-stress", []) => commands::gc_stress(),
        ("choose", [handlers, sequences, profiles @ ..]) if !profiles.is_empty() => {
            commands::choose(handlers, sequences, profiles)
        }
        ("chart", []) => chart::chart(),
        ("package", _) => commands::package(rest),
        ("instructions", []) => gates::report("instructions", instructions::instructions(false)),
        ("instructions", [bless]) if bless == "--bless" => {
            gates::report("instructions", instructions::instructions(true))
        }
        ("capi", []) => capi::test(),
        ("capi", [install, folder]) if install == "install" => capi::install(folder),
        ("capi", [size]) if size == "size" => capi::size(),
        ("features", []) => features::features(),
        ("sizes", _) => commands::sizes(rest),
        ("embedded", []) => gates::report("embedded", embedded::embedded()),
        ("python", []) => gates::report("python", python::check()),
        ("gates", _) => gates::run(rest),
        ("help" | "--help", _) => {
            print!("{HELP}");
            true
        }
        _ => {
            eprint!(
                "cargo xtask {}: no such command, or other arguments\n\n{HELP}",
                args.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints complaints; true if there are none.
fn tell(complaints: &[String]) -> bool {
    for complaint in complaints {
        println!("{complaint}");
    }
    println!("tidy: {} complaints", complaints.len());
    complaints.is_empty()
}

fn is_count(word: &str) -> bool {
    word.parse::<u32>().is_ok()
}

/// Reports all; true if none failed and there are any of these.
fn all_good(outcomes: Vec<(&'static str, commands::Outcome)>, names: &[&str]) -> bool {
    let any = !outcomes.is_empty();
    if !any {
        eprintln!("there are {}", names.join(", "));
    }
    outcomes.into_iter().fold(any, |good, (name, outcome)| gates::report(name, outcome) & good)
}

/// The folder that cargo builds in.
fn builds() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the repository").to_path_buf()
}
