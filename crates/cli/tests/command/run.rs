//! `windlass run`.

use crate::{Done, file, program, windlass, windlass_with_input, windlass_with_silent_input};
use std::{path::Path, time::Instant};

fn invoke(name: &str, args: &[&str]) -> Done {
    let reactor = program("reactor.wat");
    let mut all = vec!["run", "--invoke", name, &reactor];
    all.extend(args);
    windlass(&all)
}

#[test]
fn hello() {
    let done = windlass(&["run", &program("hello.wat"), "world", "--fuel", "-x"]);
    assert_eq!(done.stdout, "hello, world\n");
    assert_eq!((done.code, done.stderr.as_str()), (4, ""), "the guest's own exit code");
}

#[test]
fn standard_input() {
    let input: Vec<u8> = (0..100_000u32).map(|i| (i % 96 + 32) as u8).collect();
    let done = windlass_with_input(&["run", &program("echo.wat")], &input);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_eq!(done.stdout.as_bytes(), input);
    assert_eq!(windlass(&["run", &program("echo.wat")]).stdout, "");
}

#[test]
fn threads() {
    let threads = program("threads.wat");
    for flags in [&[][..], &["--fuel", "1000000"], &["--timeout", "60s"]] {
        let done = windlass(&[&["run"], flags, &[&threads]].concat());
        assert_eq!((done.code, done.stdout.as_str()), (0, "counted\n"), "{}", done.stderr);
    }
    // Whichever thread ends the program, all others end: those that wait and those that run.
    for (name, code) in [("exits", 7), ("traps", 134), ("returns", 0)] {
        let done = windlass(&["run", "--timeout", "60s", "--invoke", name, &threads]);
        assert_eq!(done.code, code, "{name}: {}", done.stderr);
        assert!(!done.stderr.contains("timed out"), "{name}: {}", done.stderr);
    }
}

#[test]
fn threads_that_start_none() {
    let done = windlass(&["run", &program("threads-noop.wat")]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

/// Who waits for input ends when the program does, and when its time is up.
#[test]
#[cfg(unix)]
fn blocked_in_reading() {
    let done = windlass_with_silent_input(&["run", &program("threads-blocked.wat")]);
    assert_eq!((done.code, done.stderr.as_str()), (9, ""));
    let done = windlass_with_silent_input(&["run", "--timeout", "50ms", &program("echo.wat")]);
    assert_eq!(done.code, 124);
    assert!(done.stderr.starts_with("error: timed out: "), "{}", done.stderr);
    assert!(!done.stderr.contains("did not stop"), "it noticed by itself: {}", done.stderr);
}

#[test]
fn environment() {
    let environ = program("environ.wat");
    assert_eq!(windlass(&["run", &environ]).stdout, "", "nothing is inherited");
    let done = windlass(&["run", "--env", "A=1=2", "--env", "WINDLASS_TEST_INHERITED", &environ]);
    assert_eq!(done.stdout, "A=1=2\0WINDLASS_TEST_INHERITED=from outside\0");
    let done = windlass(&["run", "--env", "WINDLASS_TEST_NOT_SET", &environ]);
    assert_eq!(done.code, 2);
    let text = b"# not one\nA=1\n\n  # nor this\nB= x # y \nWINDLASS_TEST_INHERITED\r\n";
    let variables = file("variables.env", text);
    let done = windlass(&["run", "--env-file", &variables, "--env", "C=", &environ]);
    assert_eq!(done.stdout, "A=1\0B= x # y \0WINDLASS_TEST_INHERITED=from outside\0C=\0");
    let bytes = file("bytes.env", b"A=\xff\n# \xff\nB\xe9=1\r\nC=");
    let done = windlass(&["run", "--env-file", &bytes, &environ]);
    let lossy = String::from_utf8_lossy(b"A=\xff\0B\xe9=1\0C=\0").into_owned();
    assert_eq!((done.stdout, done.stderr), (lossy, String::new()));
    let done = windlass(&["run", "--env-file", &file("name.env", b"\xff\n"), &environ]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("name.env:1: invalid utf-8"), "{}", done.stderr);
    let done = windlass(&["run", "--env-file", "no/such/file", &environ]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("--env-file no/such/file"), "{}", done.stderr);
}

/// Programs of real compilers, in both encodings; the texts are what they print when built for the
/// host.
#[test]
fn exceptions_and_long_jumps() {
    for name in ["exceptions", "jumps"] {
        let expected = std::fs::read_to_string(program(&format!("{name}.txt"))).expect("a text");
        for encoding in ["standard", "legacy"] {
            let done = windlass(&["run", &program(&format!("{name}-{encoding}.wasm"))]);
            assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{name} {encoding}");
            assert_eq!(done.stdout, expected, "{name} {encoding}");
        }
    }
}

/// A program of a real compiler that computes everything twice: with vectors and without. It says
/// where they differ.
#[test]
fn vectors() {
    let expected = std::fs::read_to_string(program("vectors.txt")).expect("a text");
    let done = windlass(&["run", &program("vectors.wasm")]);
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (0, expected.as_str(), ""));
}

#[test]
fn the_example_of_the_readme() {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/words.wasm");
    let words = words.to_str().expect("a path in Unicode");
    let text = b"The cat and the dog.\nThe cat's dog, and THE end";
    let done = windlass_with_input(&["run", words, "3"], text);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_eq!(
        done.stdout,
        "1 lines, 11 words, 47 bytes\n       4 the\n       2 and\n       2 dog\n"
    );
}

#[test]
fn invoked_functions() {
    assert_eq!(invoke("add", &["40", "2"]).stdout, "42\n");
    assert_eq!(invoke("add", &["-1", "0xffffffff"]).stdout, "-2\n");
    assert_eq!(invoke("swap", &["-9", "1.5"]).stdout, "1.5\n-9\n");
    assert_eq!(invoke("initialized", &[]).stdout, "1\n", "_initialize has run");
    let done = invoke("_initialize", &[]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
}

#[test]
fn invoked_wrongly() {
    for (name, args, says) in [
        ("add", &["1"][..], "takes 2 arguments"),
        ("add", &["1", "2", "3"], "takes 2 arguments"),
        ("add", &["1", "two"], "\"two\""),
        ("add", &["1", "4294967296"], "i32"),
        ("memory", &[], "exports no function \"memory\": that is a memory"),
        ("nothing", &[], "exports no function \"nothing\""),
        ("ad", &[], "reactor.wat exports no function \"ad\" (it exports add, "),
        ("DIV", &[], "exports no function \"DIV\" (it exports div, "),
    ] {
        let done = invoke(name, args);
        assert_eq!(done.code, 2, "{name} {args:?}: {}", done.stderr);
        assert!(done.stderr.contains(says), "{name} {args:?}: {}", done.stderr);
    }
}

#[test]
fn traps() {
    let done = invoke("div", &["1", "0"]);
    assert_eq!((done.code, done.stdout.as_str()), (134, ""));
    assert!(done.stderr.starts_with("error: integer divide by zero\n"), "{}", done.stderr);
    let (inner, div) = (done.stderr.find("inner"), done.stderr.find("div\n"));
    assert!(inner.is_some() && inner < div, "names, innermost first: {}", done.stderr);

    let done = invoke("deep", &[]);
    assert_eq!(done.code, 134);
    let expected = "error: call stack exhausted: --max-stack allows 8MiB\n";
    assert!(done.stderr.starts_with(expected), "{}", done.stderr);
}

#[test]
fn traps_of_modules_without_names() {
    let unnamed = file("unnamed.wat", b"(module (func (export \"_start\") unreachable))");
    let done = windlass(&["run", &unnamed]);
    assert_eq!(done.code, 134);
    assert!(done.stderr.starts_with("error: unreachable\n"), "{}", done.stderr);
    assert!(done.stderr.contains("function 0"), "{}", done.stderr);
}

#[test]
fn fuel() {
    let reactor = program("reactor.wat");
    let run = |fuel, name| windlass(&["run", "--fuel", fuel, "--invoke", name, &reactor, "1", "2"]);
    assert_eq!(run("1000", "add").stdout, "3\n");
    assert_eq!(run("1k", "add").stdout, "3\n");
    assert_eq!(run("0", "add").code, 134);
    for (option, value, why) in [
        ("--fuel", "99999999999999999999", "too large: at most 18446744073709551615"),
        ("--random-seed", "x", "\"x\" is not a whole number"),
        ("--max-files", "-1", "\"-1\" is negative"),
    ] {
        let done = windlass(&["run", &format!("{option}={value}"), &reactor]);
        assert_eq!(done.code, 2);
        assert!(done.stderr.lines().next().is_some_and(|line| line.ends_with(why)), "{option}");
    }
    let done = windlass(&["run", "--fuel", "100000", "--invoke", "forever", &reactor]);
    assert_eq!(done.code, 134);
    let expected = "error: all fuel consumed: --fuel allows 100000\nwasm backtrace:\n";
    assert!(done.stderr.starts_with(expected), "{}", done.stderr);
}

#[test]
fn timeout() {
    let reactor = program("reactor.wat");
    let start = Instant::now();
    let done = windlass(&["run", "--timeout", "50ms", "--invoke", "forever", &reactor]);
    assert_eq!(done.code, 124);
    let expected = "error: timed out: --timeout allows 50ms\nwasm backtrace:\n";
    assert!(done.stderr.starts_with(expected), "{}", done.stderr);
    assert!(start.elapsed().as_secs() < 10);
    let done = windlass(&["run", "--timeout", "0s", "--invoke", "forever", &reactor]);
    assert_eq!(done.code, 124);
    let done = windlass(&["run", "--timeout", "1m", "--invoke", "add", &reactor, "1", "2"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "3\n"));
}

#[test]
fn memory_limit() {
    let reactor = program("reactor.wat");
    let grow = |size, by| {
        windlass(&["run", "--max-memory", size, "--invoke", "grow", &reactor, by]).stdout
    };
    // Also the stack takes some of it.
    assert_eq!(grow("2MiB", "15"), "1\n");
    assert_eq!(grow("2MiB", "31"), "-1\n");
    let done = windlass(&["run", "--max-memory", "1KiB", "--invoke", "grow", &reactor, "0"]);
    assert_eq!(done.code, 1, "its first page is too much: {}", done.stderr);
    for size in ["12 bytes", "64KiB"] {
        let flag = size.trim_end_matches(" bytes");
        let done = windlass(&["run", "--max-memory", flag, &reactor]);
        let start = format!("error: {reactor}: resource limit exceeded: ");
        let end = format!(": --max-memory allows {size} in all\n");
        let message = &done.stderr;
        assert!(message.starts_with(&start) && message.ends_with(&end), "{message}");
    }
}

/// The limit is one for all that a program makes the host hold.
#[test]
fn memory_limit_of_everything() {
    let run = |text: &str, flags: &[&str]| {
        let file = file("memory_limit_of_everything.wat", text.as_bytes());
        windlass(&[&["run"], flags, &[&file]].concat())
    };
    let start = r#"(func (export "_start"))"#;
    let segment = format!("(func $f) (elem func {})", "$f ".repeat(100_000));
    for (what, fits, too_much) in [
        ("(memory 16) (memory 16)", "3MiB", "2047KiB"),
        (segment.as_str(), "1MiB", "700KiB"),
        ("(memory 16) (table 131072 funcref)", "3MiB", "2047KiB"),
        (
            r#"(import "env" "memory" (memory 0 32 shared)) (func (export "wasi_thread_start")
                (param i32 i32))"#,
            "3MiB",
            "2047KiB",
        ),
    ] {
        let text = format!("(module {what} {start})");
        let done = run(&text, &["--max-memory", fits]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{what}");
        assert_eq!(run(&text, &["--max-memory", too_much]).code, 1, "{what}");
    }
    // Each thread takes something, too.
    let threads = r#"(module
        (import "env" "memory" (memory 1 1 shared))
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (func (export "wasi_thread_start") (param i32 i32)
          (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
          (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
        (func (export "_start") (local $started i32)
          (loop $more
            (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 1)) (then (unreachable)))
            (br_if $more (i32.lt_u
              (local.tee $started (i32.add (local.get $started) (i32.const 1))) (i32.const 50))))
          (loop $wait
            (local.set $started (i32.atomic.load (i32.const 0)))
            (drop (memory.atomic.wait32 (i32.const 0) (local.get $started) (i64.const 1000000)))
            (br_if $wait (i32.lt_u (local.get $started) (i32.const 50))))))"#;
    assert_eq!(run(threads, &["--max-memory", "16MiB"]).code, 0);
    // The guest gives up when it can't have another; or the instance of a thread is refused first.
    let done = run(threads, &["--max-memory", "4MiB"]);
    let refused = done.code == 1 && done.stderr.contains("resource limit exceeded");
    assert!(refused || done.code == 134, "{}: {}", done.code, done.stderr);
    const NOSPC: i32 = 51;
    let fill = program("fill.wat");
    assert_eq!(windlass(&["run", "--memfs", &fill]).code, 0);
    assert_eq!(windlass(&["run", "--memfs", "--max-memory", "8MiB", &fill]).code, 0);
    assert_eq!(windlass(&["run", "--memfs", "--max-memory", "6MiB", &fill]).code, NOSPC);
}

#[test]
fn open_files_are_limited() {
    const MFILE: i32 = 33;
    let cat = program("cat.wat");
    assert_eq!(windlass(&["run", "--memfs", "--max-files", "4", &cat, "file"]).code, MFILE);
}

#[test]
fn imports_that_are_missing() {
    let done = windlass(&["run", &program("needs.wat")]);
    assert_eq!(done.code, 1);
    for part in ["needs.wat: unknown import", "env", "missing", "(i32) -> (i64)"] {
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
    let needs = file(
        "needs_more.wat",
        br#"(module (import "a" "f" (func)) (import "wasi_snapshot_preview1" "fd_wrote" (func))
          (import "a" "g" (memory 1)))"#,
    );
    let done = windlass(&["run", &needs]);
    let lines: Vec<&str> = done.stderr.lines().collect();
    let [first, second, third, hint] = lines[..] else { panic!("{}", done.stderr) };
    assert!(first.starts_with(&format!("error: {needs}: unknown import for `a`::`f`: ")));
    assert!(second.starts_with(&format!("{needs}: unknown import for `wasi_snapshot_preview1`")));
    assert!(third.starts_with(&format!("{needs}: unknown import for `a`::`g`: ")));
    assert_eq!(hint, "a module that has them can be given with --preload a=FILE");
    let needs = file(
        "needs_all.wat",
        br#"(module (import "env" "f" (func)) (import "__wbindgen_placeholder__" "g" (func))
          (import "wasi:cli/run@0.2.0" "run" (func)))"#,
    );
    let done = windlass(&["run", &needs]);
    for part in [
        "\nwasi:cli/run@0.2.0 is an interface of components, and a module is wanted: build for \
         wasm32-wasip1\n",
        "\na module that has them can be given with --preload env=FILE\n",
    ] {
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
    // What is missing of WASI, nobody else has.
    let needs =
        file("needs_wasi.wat", br#"(module (import "wasi_snapshot_preview1" "fd_wrote" (func)))"#);
    assert!(!windlass(&["run", &needs]).stderr.contains("--preload"));
}

#[test]
fn stack_limit() {
    let deep = file(
        "stack_limit.wat",
        br#"(module (func $f (export "f") (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0)))))"#,
    );
    let run = |size, depth| windlass(&["run", "--max-stack", size, "--invoke", "f", &deep, depth]);
    assert_eq!(run("1MiB", "10000").stdout, "10000\n");
    let done = run("64KiB", "10000");
    assert_eq!(done.code, 134);
    assert!(done.stderr.contains("exhausted: --max-stack allows 64KiB\n"), "{}", done.stderr);
    let limits = ["--max-stack", "64KiB", "--max-memory", "1MiB"];
    let done = windlass(&[&["run"][..], &limits, &["--invoke", "f", &deep, "10000"]].concat());
    let expected = "--max-stack allows 64KiB, and --max-memory 1MiB in all\n";
    assert!(done.stderr.contains(expected), "{}", done.stderr);
    assert_eq!(run("64MiB", "1000000").stdout, "1000000\n");
}

/// Nobody reads any more what the program writes for ever.
#[test]
#[cfg(unix)]
fn readers_that_go_away() {
    use std::{
        io::Read,
        process::{Command, Stdio},
    };
    let yes = program("yes.wat");
    for (fd, meter) in [("1", "--fuel=1T"), ("2", "--timeout=1h"), ("1", "--argv0=x")] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_windlass"))
            .args(["run", meter, "--invoke", "to", &yes, fd])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let mut line = [0; 2];
        match fd {
            "1" => {
                stdout.read_exact(&mut line).unwrap();
                drop(stdout);
            }
            _ => {
                stderr.read_exact(&mut line).unwrap();
                drop(stderr);
            }
        }
        assert_eq!(&line, b"y\n");
        assert_eq!(child.wait().unwrap().code(), Some(141), "{fd}");
    }
}

/// Programs find a closed standard stream at its end, and what is written to one goes nowhere.
#[test]
#[cfg(unix)]
fn closed_streams() {
    let windlass = env!("CARGO_BIN_EXE_windlass");
    for (name, closed, code) in
        [("echo.wat", "<&-", 0), ("hello.wat", ">&-", 1), ("hello.wat", "2>&-", 1)]
    {
        let script = format!("exec \"$0\" run \"$1\" {closed}");
        let status = std::process::Command::new("sh")
            .args(["-c", &script, windlass, &program(name)])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(code), "{name} {closed}");
    }
}

#[test]
fn exceptions_that_nobody_catches() {
    let throws = file("throws.wat", b"(module (tag $t) (func (export \"_start\") (throw $t)))");
    let done = windlass(&["run", &throws]);
    assert_eq!(done.code, 134, "{}", done.stderr);
}

#[test]
fn initialize_has_no_parameters() {
    let text = br#"(module (func (export "_initialize") (param i32)) (func (export "f")))"#;
    let module = file("initialize.wat", text);
    let says = format!(
        "error: {module}: \"_initialize\" can't be called first: its type is (i32) -> (), \
         not () -> ()\n"
    );
    let start = file("initialize_start.wat", b"(module (func (export \"_start\")))");
    let preload = format!("a={module}");
    for args in [&["run", "--invoke", "f", &module][..], &["run", "--preload", &preload, &start]] {
        let done = windlass(args);
        assert_eq!((done.code, &done.stderr), (1, &says));
    }
}

#[test]
fn no_start() {
    let done = windlass(&["run", &program("reactor.wat")]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("--invoke"), "{}", done.stderr);
    assert!(done.stderr.contains("initialized"), "it names what could be invoked: {}", done.stderr);
}
