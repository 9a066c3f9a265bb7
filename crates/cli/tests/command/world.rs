//! What `windlass run` lets a program see of the world.

use crate::{file, program, windlass, windlass_with_input};
use std::{fs, path::PathBuf};

/// An empty directory, for one test.
fn directory(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).expect("the directory can be made");
    path.to_str().expect("a path in Unicode").to_owned()
}

const BADF: i32 = 8;
const NOENT: i32 = 44;
const PERM: i32 = 63;

#[test]
fn directories() {
    let dir = directory("directories");
    fs::write(format!("{dir}/file"), "content").unwrap();
    let cat = program("cat.wat");
    for flag in [dir.clone(), format!("{dir}::/name"), format!("{dir}:ro"), format!("{dir}::/:ro")]
    {
        let done = windlass(&["run", "--dir", &flag, &cat, "file"]);
        assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (0, "content", ""));
        assert_eq!(windlass(&["run", "--dir", &flag, &cat, "other"]).code, NOENT);
    }
    let done = windlass(&["run", "--dir", "no/such/directory", &cat, "file"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("--dir no/such/directory"), "{}", done.stderr);
    assert!(!done.stderr.contains("::"), "{}", done.stderr);
    let done = windlass(&["run", "--dir", "no/such/directory:ro", &cat, "file"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.starts_with("error: --dir no/such/directory: "), "{}", done.stderr);
    assert!(!done.stderr.contains("::"), "{}", done.stderr);
    let done = windlass(&["run", "--dir", &format!("{dir}::/data:rw"), &cat, "file"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("there is no :rw"), "{}", done.stderr);
    // As other commands have it.
    let done = windlass(&["run", "--dir", &format!("{dir}:/data"), &cat, "file"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains(&format!("{dir}::/data")), "{}", done.stderr);
}

#[test]
fn files_in_memory() {
    let dir = directory("files_in_memory");
    fs::write(format!("{dir}/file"), "content").unwrap();
    let cat = program("cat.wat");
    let done = windlass(&["run", &format!("--memfs={dir}"), &cat, "file"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "content"));
    let done = windlass(&["run", &format!("--memfs={dir}::/data"), &cat, "file"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "content"));
    assert_eq!(windlass(&["run", "--memfs", &cat, "file"]).code, NOENT);
    let done = windlass(&["run", &format!("--memfs={cat}"), &cat, "file"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("no tar archive"), "{}", done.stderr);
    let short = file("files_in_memory_short", b"no archive");
    let done = windlass(&["run", &format!("--memfs={short}"), &cat, "file"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("no tar archive"), "{}", done.stderr);
}

#[test]
fn hints() {
    let dir = directory("hints");
    let cat = program("cat.wat");
    let done = windlass(&["run", &cat, "file"]);
    assert_eq!(done.code, BADF);
    assert!(done.stderr.contains("hint: the program looked for files"), "{}", done.stderr);
    let done = windlass(&["run", "--dir", &dir, &cat, "/data/file"]);
    assert_eq!(done.code, PERM);
    assert!(done.stderr.contains("tried to open \"/data/file\""), "{}", done.stderr);
    // Also of a program that opens its file without a look at the directories.
    let bare = file(
        "bare.wat",
        br#"(module
          (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1) (data (i32.const 0) "file")
          (func (export "_start")
            (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
              (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))))"#,
    );
    let done = windlass(&["run", &bare]);
    assert_eq!(done.code, BADF);
    assert!(done.stderr.contains("hint: the program looked for files"), "{}", done.stderr);
    let done = windlass(&["run", "--no-hints", &cat, "file"]);
    assert_eq!((done.code, done.stderr.as_str()), (BADF, ""));
    let done = windlass(&["run", "--dir", &dir, &cat, "file"]);
    assert_eq!((done.code, done.stderr.as_str()), (NOENT, ""), "nothing to give");
}

#[test]
fn standard_input_from_a_file() {
    let input = file("standard_input_from_a_file", b"from the file");
    let done = windlass_with_input(&["run", "--stdin", &input, &program("echo.wat")], b"not this");
    assert_eq!(done.stdout, "from the file");
    assert_eq!(windlass(&["run", "--stdin", "no/such/file", &program("echo.wat")]).code, 1);
}

#[test]
fn variables_without_a_name() {
    let file = file("no_name.env", b"A=1\n=x\n");
    for flag in ["--env==x", "--env=", &format!("--env-file={file}")] {
        let done = windlass(&["run", flag, &program("environ.wat")]);
        assert_eq!(done.code, 2, "{}", done.stderr);
        assert!(done.stderr.contains("a variable has a name before ="), "{}", done.stderr);
    }
}

#[test]
fn the_whole_environment() {
    let done = windlass(&["run", "--inherit-env", &program("environ.wat")]);
    assert!(done.stdout.contains("WINDLASS_TEST_INHERITED=from outside\0"), "{}", done.stdout);
}

/// What the host calls things may be anything; arguments and variables reach the program unchanged.
#[cfg(target_os = "linux")]
#[test]
fn bytes_that_are_not_unicode() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Command};
    let environ = std::fs::read_to_string(program("environ.wat")).unwrap();
    let folder = std::path::PathBuf::from(file("bytes", b"")).with_file_name("bytes-folder");
    let args = folder.join(OsStr::from_bytes(b"caf\xe9.wat"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&args, environ.replace("environ_", "args_")).unwrap();
    let run = |args: &[&OsStr]| {
        Command::new(env!("CARGO_BIN_EXE_windlass")).arg("run").args(args).output().unwrap()
    };
    let wrong = OsStr::from_bytes(b"\xff\x80");
    let done = run(&[args.as_os_str(), wrong]);
    assert!(done.stdout.ends_with(b"caf\xe9.wat\0\xff\x80\0"), "{done:?}");

    let environ = program("environ.wat");
    let variable = OsStr::from_bytes(b"A\xff=\x80");
    let done = run(&["--env".as_ref(), variable, environ.as_ref()]);
    assert_eq!(done.stdout, b"A\xff=\x80\0", "{done:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(["run", "--inherit-env", &environ]).env_clear().env("B", wrong);
    let done = command.output().unwrap();
    assert_eq!(done.stdout, b"B=\xff\x80\0", "{done:?}");

    let host = folder.join(wrong);
    std::fs::create_dir_all(&host).unwrap();
    std::fs::write(host.join("file"), "contents").unwrap();
    let cat = program("cat.wat");
    let dir = |after: &str| [host.as_os_str().as_bytes(), after.as_bytes()].concat();
    for after in ["::/data", "::/data:ro"] {
        let given = dir(after);
        let done = run(&["--dir", "", &cat, "file"].map(|arg| match arg {
            "" => OsStr::from_bytes(&given),
            arg => arg.as_ref(),
        }));
        assert_eq!(done.stdout, b"contents", "{done:?}");
    }
    let done = run(&["--dir".as_ref(), OsStr::from_bytes(&dir(":ro")), cat.as_ref()]);
    let message = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(message.contains("is not UTF-8: give it a name that is, with ::GUEST"), "{message}");
    let reactor = program("reactor.wat");
    let done = run(&["--invoke", "add", &reactor, "1", "2"].map(|arg| match arg {
        "2" => wrong,
        arg => arg.as_ref(),
    }));
    let message = String::from_utf8(done.stderr).unwrap();
    assert!(message.contains(r#""\xFF\x80" is no value of type i32"#), "{message}");
}

#[test]
fn the_same_every_time() {
    let dice = program("dice.wat");
    let run = |flags: &[&str]| {
        let mut args = vec!["run"];
        args.extend(flags);
        args.push(&dice);
        let done = windlass(&args);
        assert_eq!(done.code, 0);
        done.stdout
    };
    let same = ["--deterministic-clock", "--random-seed", "7"];
    assert_eq!(run(&same), run(&same));
    assert_ne!(run(&same), run(&["--deterministic-clock", "--random-seed", "8"]));
    assert_ne!(run(&same[1..]), run(&same[1..]), "the host's clocks");
}

#[test]
fn waiting() {
    let sleeper = program("sleeper.wat");
    let done = windlass(&["run", "--deterministic-clock", &sleeper]);
    assert_eq!(done.code, 10, "no real hour: {}", done.stderr);
    let done = windlass(&["run", "--timeout", "100ms", &sleeper]);
    assert_eq!(done.code, 124, "also in a poll");
    assert!(done.stderr.contains("error: timed out: "), "{}", done.stderr);
    assert!(!done.stderr.contains("did not stop"), "it noticed by itself: {}", done.stderr);
}

#[test]
fn sockets() {
    assert_eq!(windlass(&["run", "--tcp-listen", "nowhere", &program("echo.wat")]).code, 2);
    let done = windlass(&["run", "--tcp-listen", "127.0.0.1:0", &program("echo.wat")]);
    assert_eq!(done.code, 0, "{}", done.stderr);
}
