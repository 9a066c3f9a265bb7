//! What the command says of files that are no modules, and of modules that are not valid.

use crate::{file, program, windlass, windlass_with_input};
use serde_json::{Value, json};

/// What a subcommand says of a file with these bytes, behind the file's name.
fn said(command: &str, name: &str, bytes: &[u8]) -> String {
    let path = file(name, bytes);
    let done = windlass(&[command, &path]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    let start = format!("error: {path}: ");
    let said = done.stderr.strip_prefix(&start).expect("it names the file");
    said.trim_end().replace(&path, "FILE")
}

#[test]
fn files_that_are_no_modules_are_called_what_they_are() {
    for command in ["run", "validate", "inspect", "dump"] {
        let said = |bytes: &[u8]| said(command, &format!("{command}-mistaken.wasm"), bytes);
        assert_eq!(said(b""), "unexpected end: there is nothing in it (at offset 0x0)");
        assert_eq!(
            said(b"\x1f\x8b\x08\0\0\0\0\0"),
            "magic header not detected: this is compressed by gzip, and has to be unpacked first \
             (at offset 0x0)"
        );
        for (bytes, by) in [
            (&b"\x28\xb5\x2f\xfd\x24\0"[..], "zstd"),
            (b"\xfd7zXZ\0\0\x04", "xz"),
            (b"BZh91AY&SYabcdefgh", "bzip2"),
            (b"\x04\x22\x4d\x18\x64\x40", "LZ4"),
        ] {
            assert_eq!(
                said(bytes),
                format!(
                    "magic header not detected: this is compressed by {by}, and has to be \
                     unpacked first (at offset 0x0)"
                )
            );
        }
        assert_eq!(
            said(b"\xef\xbb\xbf\0asm\x01\0\0\0"),
            "magic header not detected: this module has a byte order mark before it, which has to \
             be removed (at offset 0x0)"
        );
        assert_eq!(
            said(b"#!/bin/sh\necho $1\n"),
            "magic header not detected: this is a script, whose first line says what runs it \
             (at offset 0x0)"
        );
        assert_eq!(
            said(b"var x = 1;\n"),
            "magic header not detected: this is text, but not that of a module, which begins with \
             ( or ;; (at offset 0x0)"
        );
        assert_eq!(
            said(b"\xef\xbb\xbf(module)"),
            "magic header not detected: this is text that begins with a byte order mark, which \
             has to be removed (at offset 0x0)"
        );
        assert_eq!(
            said(b"(component)"),
            "this is the text of a component, and a module is wanted: build for wasm32-wasip1 \
             (at offset 0x0)"
        );
        assert_eq!(
            said(b"\0asm\x0d\0\x01\0"),
            "unknown binary version: this is a component, and a module is wanted: build for \
             wasm32-wasip1 (at offset 0x4)"
        );
        assert_eq!(
            said(b"\0asm\x01\0\0\0\x01\x7f\x01"),
            "length out of bounds: the section has 127 bytes, of which 1 are there: is the file \
             truncated? (at offset 0xa)"
        );
    }
}

#[test]
fn errors_in_texts_name_the_file_and_the_line() {
    for command in ["run", "validate", "dump"] {
        let name = format!("{command}-bad.wat");
        assert_eq!(
            said(command, &name, b"(module\n  (func $f\n    (drop (i32.eqz (i64.const 0)))))"),
            "type mismatch: instruction requires [i32] but stack has [i64] (at offset 0x19) \
             in function 0 (\"f\"), line 3, column 12 of the text"
        );
    }
    for command in ["run", "validate", "inspect", "dump"] {
        let parsing = said(command, "parsing.wat", b"(module\n  (funk))");
        assert!(parsing.contains("--> FILE:2:4\n"), "{command}: {parsing}");
    }
    // What the end of a function finds wrong is what stands before it.
    let text = b"(module\n  (func (result i64)\n    i32.const 1\n    i32.const 2\n    i32.add))";
    let end = said("validate", "end.wat", text);
    assert!(end.ends_with("line 5, column 5 of the text"), "{end}");
    for command in ["run", "validate", "dump"] {
        let bytes = said(command, "bytes.wat", b"(module \xff)");
        assert_eq!(bytes, "malformed UTF-8 encoding (at offset 0x8)", "{command}");
    }
}

#[test]
fn what_a_feature_is_needed_for() {
    let module = file("two_memories.wat", b"(module (memory 1) (memory 1))");
    let done = windlass(&["validate", "--features", "wasm2", &module]);
    let expected = "needs the feature multi-memory, which is switched off";
    assert!(done.stderr.contains(expected), "{}", done.stderr);
}

/// What `windlass` says of a wrong call, whose exit code is this.
fn refused(code: i32, args: &[&str]) -> String {
    let done = windlass(args);
    assert_eq!(done.code, code, "{args:?}: {}", done.stderr);
    done.stderr
}

#[test]
fn options_that_follow_the_file() {
    let reactor = program("reactor.wat");
    let line = "--invoke follows FILE, and so is the program's: options of run come before FILE\n";
    let said = refused(1, &["run", &reactor, "--invoke", "add", "1", "2"]);
    let start = format!("error: {reactor} has no _start: use --invoke NAME (it exports ");
    assert!(said.starts_with(&start) && said.ends_with(&format!(")\n{line}")), "{said}");
    let line = "--fuel follows FILE, and so is the program's: options of run come before FILE\n";
    for args in [&["--fuel=9", "1", "2"][..], &["--fuel", "9"]] {
        let said = refused(2, &[&["run", "--invoke", "add", &reactor][..], args].concat());
        assert!(said.ends_with(&format!("\n{line}")), "{said}");
    }
    // What stands behind -- is meant as it is, and a program's own options are no concern of ours.
    for args in [&["--", "--fuel"][..], &["--fuels", "-x"], &["fuel"]] {
        let said = refused(1, &[&["run", &reactor][..], args].concat());
        assert!(!said.contains("follows FILE"), "{said}");
    }
    let done = windlass(&["run", &program("cat.wat"), "--dir", "."]);
    assert!(done.stderr.contains("hint: --dir follows FILE, and so is"), "{}", done.stderr);
}

#[test]
fn values_that_are_none() {
    let functions = file(
        "values.wat",
        br#"(module (func (export "i") (param i32 i64)) (func (export "f") (param f32 f64))
          (func (export "v") (param v128)) (func (export "r") (param externref (ref extern))))"#,
    );
    let said = |name: &str, args: &[&str]| {
        refused(2, &[&["run", "--invoke", name, &functions][..], args].concat())
    };
    let i32s = "a whole number is wanted from -2147483648 to 4294967295, as in 42, -1 or 0xff";
    for text in ["2.5", "99999999999"] {
        assert_eq!(
            said("i", &[text, "1"]),
            format!("error: argument 1 of \"i\": {text:?} is no value of type i32: {i32s}\n")
        );
    }
    assert_eq!(
        said("i", &["1", "x"]),
        "error: argument 2 of \"i\": \"x\" is no value of type i64: a whole number is wanted \
         from -9223372036854775808 to 18446744073709551615, as in 42, -1 or 0xff\n"
    );
    assert_eq!(
        said("f", &["1", "one"]),
        "error: argument 2 of \"f\": \"one\" is no value of type f64: a number is wanted, as in \
         2.5, -1e9, 0x1p3, inf, nan or nan:0x123\n"
    );
    assert_eq!(
        said("v", &["i32x4:1"]),
        "error: argument 1 of \"v\": \"i32x4:1\" is no value of type v128: lanes are wanted or \
         all bits, as in i32x4:1,2,3,4 or 0xff\n"
    );
    assert!(said("r", &["x", "null"]).ends_with("externref: only null can be given\n"));
    let said = said("r", &["null", "null"]);
    assert!(said.ends_with("none can be given on a command line\n"), "{said}");
    let done = windlass(&["run", "--invoke", "v", &functions, "i32x4:1,2,3,4"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn what_tools_make_for_others() {
    let says = |imports: &[(&str, &str)]| {
        let imports =
            imports.iter().map(|(module, name)| format!("(import \"{module}\" \"{name}\" (func))"));
        let text = format!("(module {})", imports.collect::<String>());
        let said = refused(1, &["run", &file("made_for_others.wat", text.as_bytes())]);
        said.lines().filter(|line| !line.contains("unknown import")).collect::<Vec<_>>().join("\n")
    };
    let bindgen = "__wbindgen_externref_xform__ is the JavaScript of wasm-bindgen, and the module \
                   made for a browser: build for wasm32-wasip1, without wasm-bindgen";
    for (imports, expected) in [
        (&[("gojs", "runtime.wasmExit")][..], {
            "gojs is what Go has in browsers: build with GOOS=wasip1 GOARCH=wasm"
        }),
        (&[("env", "emscripten_resize_heap")], {
            "env is the JavaScript of Emscripten: link with -sSTANDALONE_WASM, or build with the \
             WASI SDK"
        }),
        (&[("__wbindgen_placeholder__", "f"), ("__wbindgen_externref_xform__", "g")], { bindgen }),
        (&[("wasix_32v1", "fd_dup")], {
            "wasix_32v1 is WASIX, which is not there: build for wasm32-wasip1"
        }),
        (&[("GOT.mem", "x")], { "GOT.mem is what loads shared libraries: link it statically" }),
        (&[("wasi_ephemeral_nn", "load")], {
            "a module that has them can be given with --preload wasi_ephemeral_nn=FILE"
        }),
    ] {
        assert_eq!(says(imports), expected.to_owned());
    }
}

#[test]
fn preloads_that_do_not_help() {
    let needs = file("preload_needs.wat", br#"(module (import "a" "f" (func)))"#);
    for (text, has) in [("(module)", "exports nothing"), ("(func (export \"g\"))", "has g")] {
        let given = format!("a={}", file("preload_other.wat", text.as_bytes()));
        let said = refused(1, &["run", "--preload", &given, &needs]);
        assert!(said.ends_with(&format!("\na was preloaded, and {has}\n")), "{said}");
        assert!(!said.contains("--preload"), "{said}");
    }
    let args = ["run", "--preload", "a=-", "--preload", "b=-", &needs];
    let done = windlass_with_input(&args, b"(module (func (export \"f\")))");
    let expected = "error: standard input is read once, and - is given twice\n";
    assert_eq!((done.code, done.stderr.as_str()), (2, expected));
    let done = windlass_with_input(&["validate", "-", "-"], b"(module)");
    assert_eq!((done.code, done.stderr.as_str()), (1, expected));
}

#[test]
fn texts_that_cannot_be_parsed_for_programs() {
    let text = file("syntax.wat", b"(module\n  (funk))");
    let done = windlass(&["validate", "--json", &text]);
    let json: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!((&json[0]["line"], &json[0]["column"]), (&json!(2), &json!(4)));
    assert_eq!(json[0]["error"], "expected valid module field");
    assert_eq!((done.code, &json[0]["offset"]), (1, &Value::Null));
}

#[test]
fn inspect_says_what_validate_says() {
    let text = b"(module\n  (func $f\n    (drop (i32.eqz (i64.const 0)))))";
    let path = file("inspect_located.wat", text);
    let said = refused(1, &["validate", &path]);
    let why = said.trim_end().strip_prefix(&format!("error: {path}: ")).expect("its name");
    assert!(why.ends_with("in function 0 (\"f\"), line 3, column 12 of the text"), "{why}");
    let shown = windlass(&["inspect", &path]).stdout;
    assert!(shown.contains(&format!("valid:     no: {why}\n")), "{shown}");
    assert!(windlass(&["inspect", "--help"]).stdout.contains("- for standard input"));
}

#[test]
fn variables_that_are_not_set() {
    let set = file("not_set.env", b"# comment\nA=1\nWINDLASS_TEST_NOT_SET\n");
    let environ = program("environ.wat");
    let why = "no variable WINDLASS_TEST_NOT_SET is set here: its value is given as \
               WINDLASS_TEST_NOT_SET=VALUE\n";
    let said = refused(2, &["run", "--env-file", &set, &environ]);
    assert_eq!(said, format!("error: --env-file {set}:3: {why}"));
    let said = refused(2, &["run", "--env", "WINDLASS_TEST_NOT_SET", &environ]);
    assert_eq!(said, format!("error: --env WINDLASS_TEST_NOT_SET: {why}"));
}

#[test]
fn directories_where_a_module_is_wanted() {
    let dir = env!("CARGO_TARGET_TMPDIR");
    let said = refused(1, &["run", "--memfs", dir, &program("cat.wat")]);
    let end = format!("\n--memfs takes what is to be in it behind =, as in --memfs={dir}\n");
    assert!(said.ends_with(&end), "{said}");
    let archive = file("not_given.tar", b"no module");
    let said = refused(1, &["run", "--memfs", &archive, &program("cat.wat")]);
    assert!(said.ends_with(&format!("as in --memfs={archive}\n")), "{said}");
    let said = refused(1, &["run", dir]);
    let end = format!("\na directory is given to a program by --dir {dir}, before FILE\n");
    assert!(said.ends_with(&end), "{said}");
}

#[test]
fn amounts_and_options_that_begin_with_a_hyphen() {
    for (args, why) in [
        (&["--timeout", "-1s"][..], "\"-1s\" is negative"),
        (&["--fuel", "-1"], "\"-1\" is negative"),
        (&["--bogus"], "unexpected argument '--bogus' found"),
    ] {
        let said = refused(2, &[&["run"][..], args, &["x.wasm"]].concat());
        assert!(said.lines().next().is_some_and(|line| line.ends_with(why)), "{said}");
        assert!(!said.contains("-- -"), "{said}");
    }
    let said = refused(2, &["wast", "--fuel", "-1", "x.wast"]);
    assert!(said.contains("\"-1\" is negative"), "{said}");
    let said = refused(2, &["validate", "--features", "", "x.wasm"]);
    assert!(said.contains(": a name is missing; known are none, wasm1, "), "{said}");
}

#[test]
fn lines_of_text_that_are_too_long_to_be_shown() {
    let long = format!("(module\n  (func{}(foo)))", " nop".repeat(10_000));
    let path = file("long_line.wat", long.as_bytes());
    let said = refused(1, &["run", &path]);
    assert!(said.ends_with(&format!("\n     --> {path}:2:40009\n")), "{said}");
    assert!(said.len() < 1000, "{said}");
}

#[test]
fn scripts_where_a_module_is_wanted() {
    let path = file("script.wast", b"(module) (assert_invalid (module) \"\")");
    for command in ["run", "validate", "inspect", "dump"] {
        let said = refused(1, &[command, &path]);
        assert!(said.ends_with("\na test script is run by windlass wast\n"), "{said}");
    }
}

#[test]
fn modules_where_a_script_is_wanted() {
    let path = file("module_for_wast.wasm", b"\0asm\x01\0\0\0");
    let why = "this is a binary module, and no script: it is for windlass run";
    assert_eq!(refused(1, &["wast", &path]), format!("error: {path}: {why}\n"));
    let script = file("no_module.wast", b"(invoke \"f\")");
    let said = windlass(&["wast", &script]).stdout;
    assert!(said.contains("no module comes before it"), "{said}");
}

/// What can't be used has one exit code, whichever option it is given to.
#[test]
fn files_that_cannot_be_used() {
    let echo = program("echo.wat");
    let dir = env!("CARGO_TARGET_TMPDIR");
    let environment = format!("--env-file={dir}");
    for (args, start) in [
        (&["--stdin", "no/such", &echo][..], "--stdin no/such: "),
        (&["--stdin", dir, &echo], &format!("--stdin {dir}: ")),
        (&["--env-file", "no/such", &echo], "--env-file no/such: "),
        (&[&environment, &echo], "--env-file "),
        (&["--memfs=no/such", &echo], "--memfs=no/such: "),
        (&["--dir", "no/such", &echo], "--dir no/such: "),
        (&["--dir", &echo, &echo], &format!("--dir {echo}: ")),
        (&["--preload", "a=no/such", &echo], "cannot read no/such: "),
        (&["no/such"], "cannot read no/such: "),
        (&[""], "cannot read \"\": "),
    ] {
        let said = refused(1, &[&["run"][..], args].concat());
        assert!(said.starts_with(&format!("error: {start}")), "{said}");
    }
}

/// What has no end is read as far as it can be used.
#[cfg(unix)]
#[test]
fn files_without_an_end() {
    let echo = program("echo.wat");
    for (args, said) in [
        (&["--env-file=/dev/zero", &echo][..], "--env-file /dev/zero: it has more than 16MiB"),
        (
            &["--max-memory=4MiB", "--memfs=/dev/zero", &echo],
            "--memfs=/dev/zero: it has more than 4MiB",
        ),
    ] {
        assert_eq!(refused(1, &[&["run"][..], args].concat()), format!("error: {said}\n"));
    }
}

#[test]
fn help_names_the_features() {
    for command in ["run", "validate", "wast"] {
        let help = windlass(&[command, "--help"]).stdout;
        let words: Vec<&str> = help.split_whitespace().collect();
        for name in ["wasm2,", "bulk-memory,", "compact-imports"] {
            assert!(words.contains(&name), "{help}");
        }
    }
}

#[test]
fn addresses_that_are_none() {
    let said = refused(2, &["run", "--tcp-listen", "nowhere", &program("cat.wat")]);
    assert!(said.ends_with(": HOST:PORT is wanted, as in 127.0.0.1:8080\n"), "{said}");
}

#[test]
fn directives_that_fail() {
    let script = file(
        "directives_that_fail.wast",
        br#"(module (func (export "f") (result f32) (f32.const 1))
          (func (export "v") (result v128) (v128.const i32x4 1 2 3 4)) (global (export "x") i32
          (i32.const 1)))
        (assert_return (invoke "f") (f32.const nan:canonical))
        (assert_return (invoke "v") (v128.const f64x2 0x1p1 nan:arithmetic))
        (invoke "g")
        (assert_return (get "f") (i32.const 1))"#,
    );
    let done = windlass(&["wast", &script]);
    let lines: Vec<&str> = done.stdout.lines().collect();
    for (line, end) in lines.iter().skip(1).zip([
        "expected f32 nan:canonical",
        "expected v128 f64x2 2 nan:arithmetic",
        "no function \"g\" is exported (but \"f\", \"v\")",
        "no global \"f\" is exported (but \"x\")",
    ]) {
        assert!(line.ends_with(end), "{line}");
    }
    assert_eq!((done.code, lines.len()), (1, 5), "{}", done.stdout);
}

#[test]
fn mistyped_subcommands() {
    for (typed, meant) in [("rnu", "run"), ("valdate", "validate"), ("wats", "wast")] {
        let said = refused(2, &[typed]);
        assert!(said.contains(&format!("'{meant}'")), "{said}");
        assert!(said.contains(&format!("there is no file '{typed}' either")), "{said}");
    }
    assert!(!refused(2, &["frobnicate"]).contains("similar"));
}

/// Whatever the command's file is called.
#[test]
#[cfg(unix)]
fn usage_names_the_command() {
    use std::os::unix::process::CommandExt;
    let mut windlass = std::process::Command::new(env!("CARGO_BIN_EXE_windlass"));
    let done = windlass.arg0("wl").args(["validate", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(help.contains("Usage: windlass validate ") && !help.contains("wl "), "{help}");
}

#[test]
fn reports_on_standard_output() {
    let good = program("good.wast");
    let done = windlass(&["wast", "--junit", "-", &good, &good]);
    assert!(done.stdout.starts_with("<?xml ") && done.stdout.ends_with("</testsuites>\n"));
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let said = refused(2, &["wast", "--junit", "-", "--json", &good]);
    assert_eq!(said, "error: --junit -: with --json, the report needs a file\n");
}
