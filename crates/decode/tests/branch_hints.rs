//! Branch hints: what is read, and every way in which their section can be wrong.

use windlass_decode::{BranchHint, Features, Module};

/// Two functions, the first imported; the second has `if` at byte 2 and `br_if` at byte 7 of its
/// body.
const BEFORE: &[u8] =
    b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0\x02\x05\x01\0\0\0\0\x03\x02\x01\0";
const CODE: &[u8] = b"\x0a\x0d\x01\x0b\0\x20\0\x04\x40\x20\0\x0d\0\x0b\x0b";
const IF: u8 = 3;
const BR_IF: u8 = 7;

fn section(contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 26 + contents.len() as u8, 25];
    bytes.extend(b"metadata.code.branch_hint");
    bytes.extend(contents);
    bytes
}

fn check(parts: &[&[u8]]) -> Result<Vec<BranchHint>, String> {
    let bytes = parts.concat();
    let module = Module::decode(&bytes, Features::ALL).expect("hints never break a module");
    BranchHint::check(&module, &bytes, Features::ALL).map_err(|error| error.to_string())
}

fn hints(contents: &[u8]) -> Result<Vec<BranchHint>, String> {
    check(&[BEFORE, &section(contents), CODE])
}

fn error(contents: &[u8]) -> String {
    hints(contents).expect_err("something is wrong")
}

#[test]
fn hints_name_instructions() {
    let hints = hints(&[1, 1, 2, IF, 1, 0, BR_IF, 1, 1]).unwrap();
    let found: Vec<_> = hints.iter().map(|hint| (hint.func, hint.likely)).collect();
    assert_eq!(found, [(1, false), (1, true)]);
    assert_eq!(hints[1].offset - hints[0].offset, usize::from(BR_IF - IF));
    assert_eq!(check(&[BEFORE, CODE]), Ok(Vec::new()));
}

#[test]
fn targets_are_conditional_branches() {
    for distance in [0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 120] {
        let error = error(&[1, 1, 1, distance, 1, 0]);
        assert!(error.starts_with("invalid target of a branch hint (at"), "{distance}: {error}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (contents, words) in [
        (&[][..], "unexpected end"),
        (&[1, 1, 1, IF, 1], "unexpected end"),
        (&[1, 0, 1, IF, 1, 0], "branch hints of a function without a body"),
        (&[1, 2, 1, IF, 1, 0], "branch hints of a function without a body"),
        (&[2, 1, 0, 1, 0], "functions of branch hints out of order"),
        (&[1, 1, 2, BR_IF, 1, 0, IF, 1, 0], "branch hints out of order"),
        (&[1, 1, 2, IF, 1, 0, IF, 1, 0], "branch hints out of order"),
        (&[1, 1, 1, IF, 2, 0, 0], "a branch hint is not one byte long"),
        (&[1, 1, 1, IF, 1, 2], "a branch hint is neither 0 nor 1"),
        (&[0, 0], "section size mismatch"),
    ] {
        let error = error(contents);
        assert!(error.starts_with(words), "{contents:?}: {error}");
    }
}

#[test]
fn the_section_comes_once_and_before_the_code() {
    let empty = section(&[0]);
    let twice = check(&[BEFORE, &empty, &empty, CODE]).unwrap_err();
    assert!(twice.starts_with("multiple sections of branch hints"), "{twice}");
    let late = check(&[BEFORE, CODE, &empty]).unwrap_err();
    assert!(late.starts_with("misplaced section of branch hints"), "{late}");
}
