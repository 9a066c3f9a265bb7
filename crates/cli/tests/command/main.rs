//! The command from outside: exit codes, what goes to stdout, what goes to stderr.

mod arguments;
mod inspect;
mod messages;
mod run;
#[cfg(target_os = "linux")]
mod terminal;
mod world;

use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What a call of the command did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Calls the command, with nothing on stdin.
fn windlass(args: &[&str]) -> Done {
    windlass_with_input(args, b"")
}

fn windlass_with_input(args: &[&str], input: &[u8]) -> Done {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(args)
        .env("WINDLASS_TEST_INHERITED", "from outside")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A program that does not read all of it closes the pipe: no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    Done {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Calls the command with a standard input that stays open and silent until it has ended. If that
/// takes very long, it is killed.
fn windlass_with_silent_input(args: &[&str]) -> Done {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stdin = child.stdin.take().expect("a pipe");
    for _ in 0..6000 {
        if child.try_wait().expect("the command runs").is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let _ = child.kill();
    let output = child.wait_with_output().expect("the command ends");
    drop(stdin);
    Done {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program of ours.
fn program(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name);
    path.to_str().expect("a path in Unicode").to_owned()
}

/// A file with these contents, for one test.
fn file(name: &str, contents: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, contents).expect("the file can be written");
    path.to_str().expect("a path in Unicode").to_owned()
}

#[test]
fn wrong_use_exits_2() {
    for args in [
        &[][..],
        &["frobnicate"],
        &["run"],
        &["run", "--fuel", "lots", "x.wasm"],
        &["run", "--timeout", "soon", "x.wasm"],
        &["run", "--fuel", "1.5k", "x.wasm"],
        &["run", "--max-stack", "deep", "x.wasm"],
        &["run", "--max-memory", "1.5", "x.wasm"],
        &["run", "--no-such-option", "x.wasm"],
        &["validate"],
        &["wast"],
        &["inspect"],
        &["dump"],
        &["explore"],
    ] {
        let done = windlass(args);
        assert_eq!(done.code, 2, "{args:?}: {}", done.stderr);
        assert!(!done.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn help_and_version() {
    let done = windlass(&["--help"]);
    assert_eq!(done.code, 0);
    for name in ["run", "validate", "wast", "inspect", "dump", "explore"] {
        assert!(done.stdout.contains(name), "{}", done.stdout);
    }
    assert!(!done.stdout.contains('\x1b'), "no colours in a pipe");
    let done = windlass(&["run", "--help"]);
    for option in ["--invoke", "--fuel", "--timeout", "--max-memory", "--env"] {
        assert!(done.stdout.contains(option), "{}", done.stdout);
    }
    let (heading, rest) = done.stdout.split_once("What the program sees:").expect("two headings");
    assert!(
        heading.contains("--max-stack") && rest.contains("\nArguments:\n  <FILE>..."),
        "{rest}"
    );
    assert!(done.stdout.lines().all(|line| line.chars().count() <= 100), "{}", done.stdout);
    let version = concat!("windlass ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(windlass(&["-V"]).stdout, version);
    let done = windlass(&["--version"]).stdout;
    assert!(done.starts_with(version), "{done}");
    for part in ["\nbackend: ", "\nWebAssembly features: ", "memory64"] {
        assert!(done.contains(part), "{done}");
    }
    assert!(!done.contains("none"), "{done}");
}

#[test]
fn bad_files() {
    let missing = program("no such file.wasm");
    let empty = file("empty.wasm", b"");
    let garbage = file("garbage.wasm", b"\0asm\x01\0\0\0\xff");
    let text = file("text.wat", b"(module (func");
    for command in ["run", "validate", "inspect", "dump", "explore"] {
        for bad in [&missing, &empty, &garbage, &text] {
            let done = windlass(&[command, bad]);
            // An empty file is an empty module in the text format.
            if bad == &empty && done.code == 0 {
                continue;
            }
            assert_eq!(done.code, 1, "{command} {bad}: {}", done.stderr);
            assert!(done.stderr.starts_with("error: "), "{command} {bad}: {}", done.stderr);
            assert!(done.stderr.contains(bad.as_str()), "{command} {bad}: {}", done.stderr);
        }
    }
}

#[test]
fn validate() {
    let valid = program("reactor.wat");
    let invalid = file("invalid.wat", b"(module (func (result i32) i64.const 0))");
    let done = windlass(&["validate", &valid]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_eq!(done.stdout, format!("{valid}: valid\n"));

    let done = windlass(&["validate", &invalid, &valid]);
    assert_eq!(done.code, 1);
    assert_eq!(done.stdout, format!("{invalid}: invalid\n{valid}: valid\n"));
    assert!(done.stderr.contains("type mismatch"), "{}", done.stderr);
    assert!(done.stderr.contains("offset 0x"), "{}", done.stderr);
}

#[test]
fn wast() {
    let good = program("good.wast");
    let done = windlass(&["wast", &good]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_eq!(
        done.stdout,
        format!(
            "{good}: ok: 3 passed, 0 failed (module 1/1, assert_return 1/1, assert_malformed 1/1)\n"
        )
    );

    let bad = program("script.wast");
    let done = windlass(&["wast", &bad, &good]);
    assert_eq!(done.code, 1);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            format!(
                "{bad}: FAILED: 3 passed, 1 failed \
                    (module 1/1, assert_return 1/2, assert_invalid 1/1)"
            ),
            format!("  {bad}:3:2: assert_return: returned i32 2, expected i32 3"),
        ]
    );
    assert!(lines[2].starts_with(&format!("{good}: ok")));
    let last = "2 files: 1 ok, 1 failed; 6 directives passed, 1 failed";
    assert_eq!(lines[3..], [last]);
    assert_eq!(windlass(&["wast", "--fuel", "1000", &good]).code, 0);
    let done = windlass(&["wast", "--fuel", "0", &good]);
    assert_eq!(done.code, 1);
    assert!(done.stdout.contains("all fuel consumed"), "{}", done.stdout);
}

#[test]
fn wast_for_programs() {
    let (good, bad) = (program("good.wast"), program("script.wast"));
    let junit = file("junit.xml", b"");
    let missing = "no/such<\u{1}>&.wast";
    let done = windlass(&["wast", "--json", "--junit", &junit, &bad, &good, missing]);
    assert_eq!((done.code, done.stderr.as_str()), (1, ""));
    let json: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(json["success"], false);
    assert_eq!(json["files"], json!({"passed": 1, "failed": 2}));
    assert_eq!(json["directives"], json!({"passed": 6, "failed": 1}));
    let scripts = &json["scripts"];
    assert_eq!(scripts[0]["file"], *bad);
    assert_eq!(scripts[0]["directives"]["assert_return"], json!({"passed": 1, "failed": 1}));
    let reason = "returned i32 2, expected i32 3";
    let failure = json!({"line": 3, "column": 2, "directive": "assert_return", "reason": reason});
    assert_eq!(scripts[0]["failures"], json!([failure]));
    assert_eq!((&scripts[1]["success"], &scripts[1]["failed"]), (&json!(true), &json!(0)));
    assert!(scripts[2]["error"].as_str().unwrap().starts_with("cannot read no/such"), "{json}");

    let junit = std::fs::read_to_string(junit).unwrap();
    for part in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "\n<testsuites name=\"windlass wast\" tests=\"3\" \
            failures=\"2\" time=\"",
        "<failure message=\"1 of 4 directives failed\">",
        ":3:2: assert_return: returned i32 2, expected i32 3</failure>",
        "<testcase name=\"no/such&lt;\\u{1}&gt;&amp;.wast\"",
    ] {
        assert!(junit.contains(part), "{part}\nin\n{junit}");
    }
    assert_eq!(junit.matches("<testcase").count(), 3);
    assert!(!junit.contains('\u{1}'));
}

#[test]
fn features() {
    let vectors = file("features.wat", b"(module (func (param v128)))");
    let run = |command, features, file: &str| windlass(&[command, "--features", features, file]);
    assert_eq!(run("validate", "wasm2", &vectors).code, 0);
    assert_eq!(run("validate", "wasm1,simd", &vectors).code, 0);
    let done = run("validate", "-simd", &vectors);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("feature simd"), "{}", done.stderr);
    assert_eq!(run("validate", "wasm4", &vectors).code, 2);
    let program =
        file("features_run.wat", b"(module (func (export \"_start\")) (func (param v128)))");
    assert_eq!(run("run", "wasm2", &program).code, 0);
    let done = run("run", "-simd", &program);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("feature simd"), "{}", done.stderr);
    let script = file("features.wast", b"(module (func (param v128)))");
    assert_eq!(run("wast", "all", &script).code, 0);
    assert_eq!(run("wast", "wasm3,-simd", &script).code, 1);
}

#[test]
fn validate_for_programs() {
    let invalid = file("validate_json.wat", b"(module\n (func $f (result i32) i64.const 0))");
    let text = file("validate_json_text.wat", b"(module (func");
    let valid = program("reactor.wat");
    let done = windlass(&["validate", "--json", &valid, &invalid, &text, "no/such.wasm"]);
    assert_eq!((done.code, done.stderr.as_str()), (1, ""));
    let json: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let fields = ["error", "offset", "function", "line", "column"];
    assert_eq!((&json[0]["file"], &json[0]["valid"]), (&json!(valid), &json!(true)));
    for field in fields {
        assert_eq!(json[0].get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!((&json[1]["valid"], &json[1]["offset"]), (&json!(false), &json!(0x1a)));
    assert_eq!(json[1]["function"], json!({"index": 0, "name": "f"}));
    assert_eq!((&json[1]["line"], &json[1]["column"]), (&json!(2), &json!(24)));
    assert!(json[1]["error"].as_str().unwrap().contains("type mismatch"), "{json}");
    assert_eq!(json[2]["offset"], Value::Null);
    assert!(json[3]["error"].as_str().unwrap().starts_with("cannot read no/such"), "{json}");
}

/// What a module calls itself and its parts can't act on the terminal, begin lines of its own or
/// turn the direction of text.
#[test]
fn names_of_modules_do_no_harm() {
    const NAME: &str = r"a\u{9b}2J\u{202e}\u{1b}]0;b\u{07}\0derror: forged\0a";
    let module = |parts: &str| format!("(module (@name \"{NAME}\") {parts})").into_bytes();
    let func = format!("(func (@name \"{NAME}\") (export \"{NAME}\") unreachable)");
    let named = file("named.wat", &module(&func));
    let started = file("started.wat", &module(&format!("{func} (start 0)")));
    let import = format!("(import \"{NAME}\" \"{NAME}\" (func))");
    let imports = file("imports.wat", &module(&import));
    let twice = file("twice.wat", &module(&func.repeat(2)));
    let script = file(
        "named.wast",
        format!("(module {func}) (invoke \"{NAME}\") (module {import})").as_bytes(),
    );
    let calls: &[(&[&str], usize)] = &[
        (&["run", &named], 1),
        (&["run", &started], 2),
        (&["run", &imports], 2),
        (&["run", "no\u{9b}such\u{202e}file\n"], 1),
        (&["dump", &named], 1),
        (&["explore", &named], 1),
        (&["inspect", &named], 2),
        (&["validate", &twice], 1),
        (&["wast", &script], 2),
    ];
    for (args, names) in calls {
        let Done { stdout, stderr, .. } = windlass(args);
        let shown = stdout + &stderr;
        assert!(shown.matches("\\u{202e}").count() >= *names, "{args:?}: {shown:?}");
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(harmful), "{args:?}: {shown:?}");
        assert!(
            !shown.lines().any(|line| line.starts_with("error: forged")),
            "{args:?}: {shown:?}"
        );
    }
}

/// In other builds it says which one has it.
#[test]
#[cfg(not(feature = "profile"))]
fn profile() {
    for args in [&["profile", "x.wasm"][..], &["profile", "--help"]] {
        let done = windlass(args);
        assert_eq!(done.code, 2);
        assert!(done.stderr.contains("--features profile"), "{}", done.stderr);
    }
}
