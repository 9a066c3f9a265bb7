//! Programs in C and C++ that use the library: our examples, by each compiler, with a sanitizer and
//! in valgrind; those that come with the standard header; one that is built by CMake. `capi` calls
//! it.

use super::{Steps, TARGET, install::versions, output};
use crate::{
    commands::{is_there, succeeds},
    packages, root,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What all compilers get: no warning is let through.
const WARNINGS: [&str; 5] = ["-g", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// The crate that brings the standard header's programs.
const STANDARD: &str = "wasmer-c-api = { version = \"7\", default-features = false }";

/// What they say that our engine must have said itself.
const TOLD: [(&str, &str); 4] = [
    ("hello", "Hello World!"),
    ("trap", "> callback abort"),
    ("finalize", "Live count 0"),
    ("reflect", "export 0 \"func\""),
];

/// How a program is linked.
#[derive(Clone, Copy)]
enum Library {
    Shared,
    Static,
}

/// A compiler with its arguments for a source file; none if it is not there.
fn compiler(name: &str, source: &Path) -> Option<Command> {
    let is_cpp = source.extension().is_some_and(|extension| extension == "cc");
    let (program, standard) = match (name, is_cpp) {
        ("gcc", true) => ("g++", "-std=c++17"),
        ("clang", true) => ("clang++", "-std=c++17"),
        (name, _) => (name, "-std=c11"),
    };
    is_there(program, &["--version"]).then(|| {
        let mut command = Command::new(program);
        command.arg(standard);
        command
    })
}

/// Compiles a program.
fn compile(mut cc: Command, source: &Path, to: &Path, stage: &Path, library: Library) -> bool {
    let lib = stage.join("lib");
    cc.arg("-I").arg(stage.join("include")).arg(source).arg("-o").arg(to);
    match library {
        Library::Shared => {
            cc.arg("-L").arg(&lib).arg("-lwindlass");
            cc.arg(format!("-Wl,-rpath,{}", lib.display()));
        }
        Library::Static => {
            cc.arg(lib.join("libwindlass.a")).args(["-ldl", "-lm"]);
        }
    }
    succeeds(cc.arg("-lpthread"))
}

/// Runs a program; what it prints is shown if it fails.
fn runs(command: &mut Command) -> bool {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            print!("{}", String::from_utf8_lossy(&output.stderr));
            println!("{}", output.status);
            false
        }
        Err(error) => {
            println!("{}: {error}", command.get_program().to_string_lossy());
            false
        }
    }
}

/// The files of a folder with such an extension, in order.
fn sources(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one = |path: &PathBuf| {
        path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension))
    };
    let mut sources: Vec<_> = entries.map(|entry| entry.path()).filter(is_one).collect();
    sources.sort();
    sources
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Our examples.
pub(super) fn examples(stage: &Path, steps: &mut Steps) {
    let bin = root().join(TARGET).join("examples");
    let sources = sources(&root().join("crates/capi/examples"), &["c", "cc"]);
    steps.note("there are examples", !sources.is_empty() && fs::create_dir_all(&bin).is_ok());
    type Way = (&'static str, &'static str, &'static [&'static str], Library);
    let ways: [Way; 3] = [
        ("gcc", "gcc", &[], Library::Shared),
        ("clang", "clang", &[], Library::Static),
        ("AddressSanitizer", "gcc", &["-fsanitize=address,undefined"], Library::Static),
    ];
    for (way, cc, args, library) in ways {
        for source in &sources {
            let name = stem(source);
            let step = format!("example {name}, {way}");
            let Some(mut cc) = compiler(cc, source) else {
                steps.skip(&step, &format!("there is no {cc}"));
                continue;
            };
            cc.args(WARNINGS).args(args);
            let to = bin.join(format!("{name}-{way}"));
            let good = compile(cc, source, &to, stage, library);
            // What a sanitizer finds after `main` ends the program with its own status.
            steps.note(&step, good && runs(&mut Command::new(&to)));
        }
    }
    valgrind(&bin, &sources, steps);
}

/// The examples that gcc has made, in valgrind: no wrong access, nothing lost.
fn valgrind(bin: &Path, sources: &[PathBuf], steps: &mut Steps) {
    if !is_there("valgrind", &["--version"]) {
        return steps.skip("examples, valgrind", "there is no valgrind");
    }
    for source in sources {
        let name = stem(source);
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["-q", "--leak-check=full", "--error-exitcode=9"]);
        let good = runs(valgrind.arg(bin.join(format!("{name}-gcc"))));
        steps.note(&format!("example {name}, valgrind"), good);
    }
}

/// The programs that come with the standard header, unmodified, compiled with our header.
pub(super) fn standard(stage: &Path, steps: &mut Steps) {
    let step = "programs of the standard header";
    let Some(folder) = fetched() else {
        return steps.skip(step, "the crate that has them can't be fetched");
    };
    let sources = sources(&folder, &["c"]);
    steps.note("there are 13 of them", sources.len() == 13);
    let bin = root().join(TARGET).join("standard-bin");
    let _ = fs::create_dir_all(&bin);
    for source in sources {
        let name = stem(&source);
        let step = format!("standard {name}");
        let Some(cc) = compiler("gcc", Path::new("a")).or_else(|| compiler("clang", &source))
        else {
            steps.skip(&step, "there is no C compiler");
            continue;
        };
        let to = bin.join(&name);
        let mut cc = cc;
        cc.args(["-std=gnu11", "-w"]);
        let compiled = compile(cc, &source, &to, stage, Library::Shared);
        let told = compiled.then(|| output(&folder, &to.to_string_lossy(), &[])).flatten();
        let good = told.is_some_and(|told| {
            let wanted = TOLD.iter().find(|(whose, _)| *whose == name);
            let good = wanted.is_none_or(|(_, text)| told.contains(text));
            good && !told.contains("> Error")
        });
        steps.note(&step, good);
    }
}

/// Real programs in hosts in C: CPython, SQLite, and a plugin in Rust.
pub(super) fn real(stage: &Path, steps: &mut Steps) {
    const SCRIPT: &str = "import re; assert re.findall('[a-z]+', 'one 2 three')[1] == 'three'";
    let cpython = ["-I", "-S", "-c", SCRIPT];
    let programs: [(&str, &str, Option<PathBuf>, &[&str]); 3] = [
        ("CPython", "wasi.c", packages::CPYTHON.file(), &cpython),
        ("SQLite", "programs/sqlite.c", packages::SQLITE.file(), &[]),
        ("a plugin in Rust", "programs/rust_plugin.c", packages::plugin(), &[]),
    ];
    for (name, host, guest, args) in programs {
        let source = root().join("crates/capi/examples").join(host);
        let Some(guest) = guest else {
            steps.skip(name, "it can't be brought, or not be compiled");
            continue;
        };
        let Some(mut cc) = compiler("gcc", &source).or_else(|| compiler("clang", &source)) else {
            steps.skip(name, "there is no C compiler");
            continue;
        };
        cc.args(WARNINGS);
        let to = root().join(TARGET).join("real").with_extension(stem(&source));
        let good = compile(cc, &source, &to, stage, Library::Shared);
        steps.note(name, good && runs(Command::new(to).arg(guest).args(args)));
    }
}

/// The folder with the programs, fetched by cargo into its own cache.
fn fetched() -> Option<PathBuf> {
    let folder = root().join(TARGET).join("standard");
    fs::create_dir_all(&folder).ok()?;
    let manifest = format!(
        "[workspace]\n[package]\nname = \"standard\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\npath = \"lib.rs\"\n[dependencies]\n{STANDARD}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).ok()?;
    fs::write(folder.join("lib.rs"), "").ok()?;
    let metadata = output(&folder, "cargo", &["metadata", "--format-version", "1", "--quiet"])?;
    // The only path in it that ends so.
    let paths = metadata.split('"').filter(|text| text.ends_with("Cargo.toml"));
    let named = |path: &&str| path.contains("wasmer-c-api-7");
    let manifest = paths.into_iter().find(named)?;
    let programs = Path::new(manifest).parent()?.join("tests/wasm-c-api/example");
    programs.is_dir().then_some(programs)
}

/// What CMake is to make of the installed package: programs with each library, and nothing for
/// those who want another interface.
const CMAKE: &str = r#"cmake_minimum_required(VERSION 3.13)
project(hello C)
foreach(version 0 0.1 99 @INTERFACE@0 @INTERFACE@.999)
  find_package(windlass ${version} QUIET)
  if(windlass_FOUND)
    message(FATAL_ERROR "${version} is not @VERSION@")
  endif()
endforeach()
if(NOT CMAKE_VERSION VERSION_LESS 3.19)
  find_package(windlass 0.1...<@VERSION@ QUIET)
  if(windlass_FOUND)
    message(FATAL_ERROR "a range is not kept to")
  endif()
  find_package(windlass 0.1...99 REQUIRED)
endif()
find_package(windlass @VERSION@ EXACT REQUIRED)
find_package(windlass @INTERFACE@ REQUIRED)
foreach(library windlass static)
  add_executable(hello-${library} "@SOURCE@")
  target_link_libraries(hello-${library} PRIVATE windlass::${library})
endforeach()
"#;

/// A program that CMake builds with the installed package, and one that pkg-config finds.
pub(super) fn cmake(stage: &Path, steps: &mut Steps) {
    let folder = root().join(TARGET).join("cmake");
    let example = root().join("crates/capi/examples/hello.c");
    if is_there("cmake", &["--version"]) {
        let _ = fs::remove_dir_all(&folder);
        let (version, interface) = versions().unwrap_or_default();
        let text = CMAKE.replace("@VERSION@", &version).replace("@INTERFACE@", &interface);
        let text = text.replace("@SOURCE@", &example.to_string_lossy());
        let build = folder.join("build");
        let made = fs::create_dir_all(&build)
            .and_then(|()| fs::write(folder.join("CMakeLists.txt"), text));
        let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.display());
        let good = made.is_ok()
            && output(&build, "cmake", &[&prefix, ".."]).is_some()
            && output(&build, "cmake", &["--build", "."]).is_some()
            && runs(&mut Command::new(build.join("hello-windlass")))
            && runs(&mut Command::new(build.join("hello-static")));
        steps.note("CMake package", good);
    } else {
        steps.skip("CMake package", "there is no cmake");
    }
    if is_there("pkg-config", &["--version"]) {
        let mut pkg_config = Command::new("pkg-config");
        pkg_config.env("PKG_CONFIG_PATH", stage.join("lib/pkgconfig"));
        let flags = pkg_config.args(["--cflags", "--libs", "windlass"]).output();
        let flags = flags
            .map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
        let good = ["include", "lib"]
            .iter()
            .all(|folder| flags.contains(&*stage.join(folder).to_string_lossy()));
        steps.note("pkg-config file", good && flags.contains("-lwindlass"));
    } else {
        steps.skip("pkg-config file", "there is no pkg-config");
    }
}

/// The most that the tiny program may take, in bytes: on x86-64 it took 742,272 when this was
/// written. Who makes it larger says why, and measures again.
const LARGEST: u64 = 790_000;

/// Tells what a tiny program takes; false if that is too much.
pub(super) fn size(stage: &Path) -> bool {
    let source = root().join("crates/capi/examples/tiny/tiny.c");
    let to = root().join(TARGET).join("tiny");
    let Some(mut cc) = compiler("gcc", &source) else { return false };
    cc.args(["-Os", "-s", "-Wl,--gc-sections"]);
    if !compile(cc, &source, &to, stage, Library::Static) || !runs(&mut Command::new(&to)) {
        return false;
    }
    let bytes = fs::metadata(&to).map_or(u64::MAX, |file| file.len());
    println!("a tiny embedding: {bytes} bytes, at most {LARGEST}");
    bytes <= LARGEST
}
