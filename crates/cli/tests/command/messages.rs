//! What the command says of files that are no modules, and of modules that are not valid.

use crate::{file, windlass};

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
