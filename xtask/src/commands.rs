//! The commands that run one thing: cargo with the right arguments. `main` and `gates` call them.
//! True, or [`Outcome::Passed`], if what they run succeeds.

use crate::{
    choose::{self, Wanted},
    root,
};
use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// How a gate ended.
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// It could not run, for this reason.
    Skipped(String),
}

impl From<bool> for Outcome {
    fn from(good: bool) -> Outcome {
        if good { Outcome::Passed } else { Outcome::Failed }
    }
}

/// What Miri runs: tests of what is unsafe in the engine, alone and through the interface, that
/// neither loop long, as over the bytes of a page, nor fill a stack or a heap, nor panic or compile
/// again and again. In a build without `fast`, which has a tenth of the handlers: making an engine
/// takes Miri seconds there, and minutes with them.
const MIRI: [&str; 12] = [
    // In the crate: what holds words and references.
    "runtime::elements::",
    "runtime::roots::tests::owned",
    "runtime::roots::tests::scopes",
    "driver::handle::",
    // Through the interface.
    "calls::",
    "exceptions::a_",
    "host::",
    "memory::",
    "pausing::",
    "reentrance::",
    "references::",
    "objects::",
];

/// What of that is left out: it takes long, or more memory than Miri lets there be, or loses a box
/// as `ci/address-sanitizer.txt` says, or asks for the verifier, which knows handlers by their
/// addresses, of which Miri makes a new one each time.
const NOT_IN_MIRI: [&str; 14] = [
    "a_loop_of_throws",
    "garbage_of_the_host",
    "runtime::memory::",
    "guest_objects::a_host_function_collects",
    "guest_objects::lists",
    "host::a_panic",
    "host::closures",
    "host_memory::a_module_s_memory",
    "host_memory::the_host_makes_one",
    "small_calls::",
    "source_panics",
    "source_that_panics",
    "too_deep",
    "what_cannot_be_allocated",
];

/// What Miri runs with all handlers: a few tests that execute many kinds of them.
const FAST_IN_MIRI: [&str; 4] = [
    "calls::typed_functions_return_values",
    "exceptions::a_host_function_catches",
    "pausing::executions_are_independent",
    "references::host_values_come_back",
];

/// The features of a build with handlers for slots only, for tests of the whole interface.
pub(crate) const ALL_BUT_FAST: &str =
    "exceptions,gc,listings,memory64,messages,names,proposals,simd,std,tail-calls,threads";

/// A command in a folder of the repository.
pub(crate) fn command(folder: &str, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root().join(folder)).args(args);
    command
}

/// Runs a command, and tells if it can't be run.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("{}: {error}", command.get_program().to_string_lossy());
            false
        }
    }
}

/// Whether a command is there and succeeds, without a word.
pub(crate) fn is_there(program: &str, args: &[&str]) -> bool {
    let quiet = command(".", program, args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Makes the packages, and builds each from what is in it. Nothing is published.
pub(crate) fn package(args: &[String]) -> bool {
    forget_packages();
    let mut cargo = command(".", "cargo", &["package", "--workspace", "--allow-dirty"]);
    // What is not published has no need to be a package.
    let others = ["windlass-example-no-std", "windlass-examples", "windlass-spec-tests", "xtask"];
    for member in others {
        cargo.args(["--exclude", member]);
    }
    succeeds(cargo.args(args))
}

/// Cargo takes a package that it has once unpacked for the same as long as the version is: packages
/// would be built with what others of them had in them the last time.
fn forget_packages() {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folders = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten();
    let named = |start: &'static str| {
        move |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(start)
    };
    // What comes from the network is in folders that begin with the host's name.
    let local = home.into_iter().flat_map(|home| folders(home.join("registry/src")));
    for registry in local.filter(named("-")) {
        for package in folders(registry.path()).filter(named("windlass")) {
            // What can't be removed, cargo will complain about.
            let _ = fs::remove_dir_all(package.path());
        }
    }
}

pub(crate) fn test(args: &[String]) -> bool {
    succeeds(command(".", "cargo", &["test", "--workspace"]).args(args))
}

pub(crate) fn tail(filter: &[String]) -> bool {
    succeeds(suite_in_release().args(filter))
}

fn suite_in_release() -> Command {
    let args = ["test", "--release", "--package", "windlass-spec-tests", "--test", "suite", "--"];
    let mut suite = command(".", "cargo", &args);
    // Tail calls don't need more of the native stack, however long the chain: what
    // `ci/profiles.sh` gives is enough.
    suite.env("WINDLASS_SPEC_STACK", "262144").arg("--quiet");
    suite
}

/// The verifier where the compiler optimises, and lets handlers of several types share one address:
/// it refuses nothing of the official suite, nor of generated modules.
pub(crate) fn verify() -> bool {
    let seeds =
        ["--quiet", "--profile", "tail", "--bin", "soak", "--", "seeds", "verify", "0..3000"];
    let run = [&["run"][..], &seeds].concat();
    succeeds(suite_in_release().env("WINDLASS_SPEC_VERIFY", "1"))
        && succeeds(command("fuzz", "cargo", &run).stdout(Stdio::null()))
}

/// Has tests built with the engine as in a release build, which tail calls want.
pub(crate) fn with_tail_calls(tests: &mut Command) -> &mut Command {
    for setting in ["opt-level=2", "debug-assertions=false", "overflow-checks=false"] {
        tests.args(["--config", &format!("profile.test.package.windlass.{setting}")]);
    }
    tests
}

/// The tests inside the crates, with the whole set of handlers and with tail calls: debug builds
/// have some of the sequences, join no identical functions, and dispatch by the loop.
pub(crate) fn library() -> bool {
    let mut tests = command(".", "cargo", &["test", "--workspace", "--lib"]);
    tests.env("CARGO_TARGET_DIR", "target/library");
    with_tail_calls(&mut tests).args(["--config", "profile.test.debug=false", "--", "--quiet"]);
    succeeds(&mut tests)
}

pub(crate) fn bless() -> bool {
    let args = ["test", "--package", "windlass", "--test", "translate"];
    let blocks = ["test", "--package", "windlass", "--lib", "blocks_are_those_of_the_tests"];
    succeeds(command(".", "cargo", &args).env("BLESS", "1"))
        && succeeds(command(".", "cargo", &blocks).env("BLESS", "1"))
}

pub(crate) fn differential(args: &[String]) -> bool {
    succeeds(command("differential", "cargo", &["test"]).args(args))
}

/// The suite and the differential runs where each allocation collects; and first tests that it
/// does.
pub(crate) fn gc_stress() -> bool {
    let stressed = |folder, args: &[&str]| {
        let all = [&["test", "--features", "gc-stress"], args].concat();
        succeeds(&mut command(folder, "cargo", &all))
    };
    stressed(".", &["--package", "windlass", "--lib", "every_allocation"])
        && stressed(".", &["--package", "windlass-spec-tests", "--test", "suite"])
        && stressed("differential", &[])
}

/// Measures small embeddings.
pub(crate) fn sizes(args: &[String]) -> bool {
    let run = ["run", "--quiet", "--target-dir", "../../target/sizes", "--"];
    succeeds(command("benches/sizes", "cargo", &run).args(args))
}

/// The builds that Miri runs: whether with handlers for slots only, and for which CPU. Where
/// addresses have 32 bits, small builds have other handlers.
const BUILDS: [(&str, bool, Option<&str>); 3] = [
    ("slots only", true, None),
    ("slots only, 32 bits", true, Some("i686-unknown-linux-gnu")),
    ("all handlers", false, None),
];

/// The rules by which Miri judges what pointers may do. Which Rust will have is not decided.
const BORROWS: [(&str, &str); 2] =
    [("Stacked Borrows", ""), ("Tree Borrows", "-Zmiri-tree-borrows")];

pub(crate) fn miri(filter: &[String]) -> Outcome {
    if !is_there("cargo", &["+nightly", "miri", "--version"]) {
        return Outcome::Skipped(
            "rustup component add miri rust-src --toolchain nightly".to_string(),
        );
    }
    let leave_out = NOT_IN_MIRI.iter().flat_map(|word| ["--skip", word]);
    let (slots, all): (Vec<&str>, Vec<&str>) = match filter {
        [] => (MIRI.iter().copied().chain(leave_out).collect(), FAST_IN_MIRI.to_vec()),
        _ => (Vec::new(), filter.iter().map(String::as_str).collect()),
    };
    let mut good = true;
    for (name, rules) in BORROWS {
        for (build, slots_only, target) in BUILDS {
            let tests = if slots_only { &slots } else { &all };
            if !tests.is_empty() {
                println!("{name}, {build}");
                good &= succeeds(&mut interpreted(rules, slots_only, target, tests));
            }
        }
    }
    good.into()
}

/// Tests of the engine in Miri, by some rules: those with one of the words in their names.
fn interpreted(rules: &str, slots_only: bool, target: Option<&str>, tests: &[&str]) -> Command {
    let mut command = command(".", "cargo", &["+nightly", "miri", "test", "--no-fail-fast"]);
    command.args(["--package", "windlass", "--lib", "--test", "api"]);
    if slots_only {
        command.args(["--no-default-features", "--features", ALL_BUT_FAST]);
    }
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    // Code has addresses of handlers and code in words, as numbers: Miri has to take those back for
    // pointers. Tests read the clock.
    let flags = format!("-Zmiri-disable-isolation -Zmiri-permissive-provenance {rules}");
    command.env("MIRIFLAGS", flags);
    // A panic that a test wants would be told with a backtrace, which takes Miri minutes.
    command.env("RUST_BACKTRACE", "0");
    // The verifier of code would look at tens of thousands of handlers first.
    command.env("CARGO_PROFILE_TEST_DEBUG_ASSERTIONS", "false");
    command.env("CARGO_PROFILE_TEST_OVERFLOW_CHECKS", "true");
    // How long each takes.
    command.args(["--", "-Zunstable-options", "--report-time"]).args(tests);
    command
}

/// Prints the machine code of the handlers whose names contain a word: in a program that is there,
/// or else in a build which is one of those that `ci/profiles.sh` makes and judges.
pub(crate) fn asm(handler: &str, program: Option<&str>) -> bool {
    let folder = "target/profiles";
    let built = format!("{folder}/release/windlass");
    let build = ["build", "--release", "--package", "windlass-cli", "--target-dir", folder];
    let mut cargo = command(".", "cargo", &build);
    cargo.env("RUSTFLAGS", "-C symbol-mangling-version=v0");
    for (setting, value) in
        [("STRIP", "none"), ("OPT_LEVEL", "3"), ("LTO", "off"), ("CODEGEN_UNITS", "16")]
    {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    let is_there = program.is_some() || succeeds(&mut cargo);
    let program = program.unwrap_or(&built);
    let show = ["ci/disassembly.py", "--show", handler, program];
    is_there && succeeds(&mut command(".", "python3", &show))
}

/// Makes the file of the instruction set from profiles.
pub(crate) fn choose(handlers: &str, sequences: &str, profiles: &[String]) -> bool {
    let (Ok(handlers), Ok(sequences)) = (handlers.parse(), sequences.parse()) else {
        eprintln!("expected how many handlers and sequences");
        return false;
    };
    let paths: Vec<PathBuf> = profiles.iter().map(PathBuf::from).collect();
    let file = root().join("crates/core/instruction-set.txt");
    let done = choose::choose(&paths, Wanted { handlers, sequences })
        .and_then(|text| std::fs::write(&file, text));
    if let Err(error) = &done {
        eprintln!("{error}");
    }
    done.is_ok()
}
