//! What is the command's and what is the program's on a command line; files, standard input and
//! what else modules come from.

use crate::{Done, file, program, windlass, windlass_with_input};
use std::fs;

/// A program's arguments as `args.wat` prints them.
fn arguments(done: &Done) -> Vec<&str> {
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.stdout);
    done.stdout.split_terminator('\0').collect()
}

#[test]
fn what_follows_the_file_is_the_programs() {
    let args = program("args.wat");
    let given = ["--help", "-V", "--fuel", "x", "--", "--", "-", "", "two words"];
    let expected = [&["args.wat"][..], &given].concat();
    assert_eq!(arguments(&windlass(&[&["run", &args][..], &given].concat())), expected);
    assert_eq!(arguments(&windlass(&[&[&*args][..], &given].concat())), expected);
    let done = windlass(&["run", "--env", "A=B", "--", &args, "--help"]);
    assert_eq!(arguments(&done), ["args.wat", "--help"]);
}

#[test]
fn run_can_be_left_out() {
    let reactor = program("reactor.wat");
    let done = windlass(&["--invoke", "add", &reactor, "-1", "2"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "1\n"), "{}", done.stderr);
    // The name of a subcommand stays one, and what looks like no file is a mistyped one.
    assert_eq!(windlass(&["validate", &reactor]).code, 0);
    let done = windlass(&["valdate", &reactor]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("unrecognized subcommand"), "{}", done.stderr);
    assert!(done.stderr.contains("there is no file 'valdate' either"), "{}", done.stderr);
    assert!(done.stderr.contains("'validate'"), "{}", done.stderr);
    let done = windlass(&["no/such.wasm"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("cannot read no/such.wasm"), "{}", done.stderr);
}

#[test]
fn from_standard_input() {
    let text = fs::read(program("args.wat")).unwrap();
    let wasm = wat::parse_bytes(&text).unwrap();
    for module in [&text[..], &wasm] {
        for command in [&["run", "-", "x"][..], &["-", "x"]] {
            assert_eq!(arguments(&windlass_with_input(command, module)), ["-", "x"]);
        }
    }
    assert_eq!(windlass_with_input(&["validate", "-"], &wasm).stdout, "standard input: valid\n");
    let done = windlass_with_input(&["run", "-"], b"(module (func $f) (func $f))");
    assert_eq!(done.code, 1);
    assert!(done.stderr.starts_with("error: standard input: "), "{}", done.stderr);
}

#[test]
fn other_names() {
    let args = program("args.wat");
    let done = windlass(&["run", "--argv0", "/bin/other name", &args, "x"]);
    assert_eq!(arguments(&done), ["/bin/other name", "x"]);
}

/// A file can say who runs it; lines keep their numbers.
#[test]
#[cfg(unix)]
fn executable_files() {
    use std::os::unix::fs::PermissionsExt;
    let text = fs::read(program("args.wat")).unwrap();
    let wasm = wat::parse_bytes(&text).unwrap();
    let first = format!("#!{}\n", env!("CARGO_BIN_EXE_windlass"));
    for (name, rest) in [("executable.wat", &text[..]), ("executable.wasm", &wasm)] {
        let path = file(name, &[first.as_bytes(), rest].concat());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let output = std::process::Command::new(&path).args(["--help", "x"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.stdout, [name, "--help", "x", ""].join("\0").as_bytes());
    }
    let wrong = file("executable_wrong.wat", format!("{first}(module\n  nonsense)").as_bytes());
    let done = windlass(&[&wrong]);
    assert!(done.stderr.contains(":3:3"), "{}", done.stderr);
}

#[test]
#[cfg(unix)]
fn files_with_any_name() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let wat = file("any_name.wat", &fs::read(program("reactor.wat")).unwrap());
    let path = std::path::Path::new(&wat).with_file_name(OsStr::from_bytes(b"any\xff.wat"));
    fs::rename(&wat, &path).unwrap();
    for command in [
        &["validate"][..],
        &["inspect"],
        &["dump"],
        &["run", "--argv0", "x", "--invoke", "initialized"],
    ] {
        let mut windlass = std::process::Command::new(env!("CARGO_BIN_EXE_windlass"));
        let output = windlass.args(command).arg(&path).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn default_functions_of_reactors() {
    let done = windlass(&["run", &program("default.wat"), "a", "--b"]);
    assert_eq!(arguments(&done), ["a", "--b"]);
    for (name, type_) in [("", "(i32) -> ()"), ("_start", "() -> (i32)")] {
        let text = match name {
            "" => "(module (func (export \"\") (param i32)))",
            _ => "(module (func (export \"_start\") (result i32) (i32.const 0)))",
        };
        let done = windlass(&["run", &file("no_default.wat", text.as_bytes())]);
        assert_eq!(done.code, 1);
        for part in [&format!("{name:?} is no function"), type_] {
            assert!(done.stderr.contains(part), "{}", done.stderr);
        }
    }
}

#[test]
fn modules_before_the_program() {
    let library = file(
        "preload.wat",
        br#"(module
          (global $n (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $n (i32.const 40)))
          (func (export "f") (result i32) (global.get $n)))"#,
    );
    let second = file(
        "preload_second.wat",
        br#"(module (import "first" "f" (func (result i32)))
          (func (export "g") (result i32) (i32.add (call 0) (i32.const 2))))"#,
    );
    let main = file(
        "preload_main.wat",
        br#"(module (import "second" "g" (func (result i32))) (export "main" (func 0)))"#,
    );
    let (first, second) = (format!("first={library}"), format!("second={second}"));
    let flags = ["run", "--preload", &first, "--preload", &second, "--invoke", "main", &main];
    assert_eq!(windlass(&flags).stdout, "42\n");
    let done = windlass(&["run", "--preload", &second, &main]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("preload_second.wat: unknown import"), "{}", done.stderr);
    // What is preloaded and does not have the import says what it has.
    let other = format!("second={library}");
    let done = windlass(&["run", "--preload", &other, &main]);
    assert!(
        done.stderr.ends_with("\nsecond was preloaded, and has _initialize, f\n"),
        "{}",
        done.stderr
    );
    assert_eq!(windlass(&["run", "--preload", "nothing", &main]).code, 2);
    let done = windlass(&["run", "--preload", &first, &program("threads.wat")]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("--preload: a program with threads"), "{}", done.stderr);
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = windlass(&["completions", shell]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        for word in ["max-stack", "inspect"] {
            assert!(done.stdout.contains(word), "{shell}: {}", done.stdout);
        }
        let has_profile = cfg!(feature = "profile");
        assert_eq!(done.stdout.contains("profile"), has_profile, "{shell}: {}", done.stdout);
    }
    assert_eq!(windlass(&["completions", "cobol"]).code, 2);
    // Also where `run` is left out.
    let bash = windlass(&["completions", "bash"]).stdout;
    let (_, own) = bash.split_once("\n        windlass)\n").expect("what follows the command");
    let words = own.lines().next().expect("its words");
    for word in ["--preload", "--max-stack", "--dir", "--help", "inspect"] {
        assert!(words.contains(word), "{word} in {words}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn help_that_cannot_be_written() {
    for args in [&["--version"][..], &["--help"], &["run", "--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut windlass = std::process::Command::new(env!("CARGO_BIN_EXE_windlass"));
        let done = windlass.args(args).stdout(full).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert!(done.stderr.starts_with(b"error: cannot write to stdout: "), "{done:?}");
    }
}
