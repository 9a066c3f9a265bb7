//! The name section: what is read, and what is kept when it breaks.

use windlass_decode::{Error, Features, Module, NameSection};

/// A module whose custom section `name` has these contents, and then `rest`.
fn module_then(contents: &[u8], rest: &[u8]) -> (Module, Vec<u8>) {
    let mut bytes = b"\0asm\x01\0\0\0\0".to_vec();
    bytes.push(5 + contents.len() as u8);
    bytes.extend(b"\x04name");
    bytes.extend(contents);
    bytes.extend(rest);
    (Module::decode(&bytes, Features::ALL).expect("names never break a module"), bytes)
}

fn decode(contents: &[u8]) -> NameSection {
    let (module, bytes) = module_then(contents, &[]);
    let names = NameSection::decode(&module, &bytes);
    assert_eq!(names.funcs, NameSection::decode_funcs(&module, &bytes));
    names
}

fn check(contents: &[u8]) -> Result<NameSection, Error> {
    let (module, bytes) = module_then(contents, &[]);
    NameSection::check(&module, &bytes)
}

#[test]
fn names_of_everything() {
    let bytes = wat::parse_str(
        r#"(module $m
            (type $t (struct (field $x i32) (field $y i64)))
            (type $f (func (param i32)))
            (import "" "" (func $imported (type $f)))
            (func $main (type $f) (param $p i32) (local $l i64)
                (block $outer (loop $inner)))
            (func)
            (func $last)
            (table $tab 0 funcref)
            (memory $mem 0)
            (tag $tag)
            (global $glob i32 (i32.const 0))
            (elem $el func)
            (data $dat ""))"#,
    )
    .unwrap();
    let module = Module::decode(&bytes, Features::ALL).unwrap();
    let names = NameSection::check(&module, &bytes).unwrap();
    assert_eq!(names, NameSection::decode(&module, &bytes));
    assert_eq!(names.funcs, NameSection::decode_funcs(&module, &bytes));
    assert_eq!(names.module.as_deref(), Some("m"));
    let funcs: Vec<_> = names.funcs.iter().collect();
    assert_eq!(funcs, [(0, "imported"), (1, "main"), (3, "last")]);
    assert_eq!(names.funcs.get(1), Some("main"));
    assert_eq!(names.funcs.get(2), None);
    assert_eq!(names.funcs.len(), 3);
    assert_eq!(names.locals.get((1, 0)), Some("p"));
    assert_eq!(names.locals.get((1, 1)), Some("l"));
    assert_eq!(names.locals.get((0, 1)), None);
    assert_eq!(names.labels.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["outer", "inner"]);
    assert_eq!(names.types.get(0), Some("t"));
    assert_eq!(names.types.get(1), Some("f"));
    assert_eq!(names.fields.get((0, 1)), Some("y"));
    assert_eq!(names.tables.get(0), Some("tab"));
    assert_eq!(names.memories.get(0), Some("mem"));
    assert_eq!(names.globals.get(0), Some("glob"));
    assert_eq!(names.elements.get(0), Some("el"));
    assert_eq!(names.data.get(0), Some("dat"));
    assert_eq!(names.tags.get(0), Some("tag"));
}

#[test]
fn names_before_an_error_are_kept() {
    // Two functions; the text of the second is not UTF-8.
    let contents = b"\x00\x02\x01m\x01\x07\x02\x00\x01a\x01\x01\xff";
    let names = decode(contents);
    assert_eq!(names.module.as_deref(), Some("m"));
    assert_eq!(names.funcs.iter().collect::<Vec<_>>(), [(0, "a")]);
    let error = check(contents).unwrap_err();
    assert_eq!(error.to_string(), "malformed UTF-8 encoding (at offset 0x1b)");
}

#[test]
fn broken_sections_are_reported_on_demand_only() {
    let cases: [(&[u8], &str); 7] = [
        (b"\x01", "unexpected end"),
        (b"\x01\x09\x00", "length out of bounds"),
        (b"\x01\x05\x02\x00\x01a\x01", "unexpected end"),
        (b"\x01\x02\x00\x00", "subsection size mismatch"),
        (b"\x01\x07\x02\x01\x01a\x00\x01b", "name out of order"),
        (b"\x01\x01\x00\x01\x01\x00", "subsection of names out of order"),
        (b"\x01\x06\xff\xff\xff\xff\x0f\x00", "unexpected end"),
    ];
    for (contents, words) in cases {
        decode(contents);
        let error = check(contents).unwrap_err().to_string();
        assert!(error.starts_with(words), "{contents:x?}: {error}");
    }
}

#[test]
fn unknown_subsections_are_skipped() {
    let names = check(b"\x01\x04\x01\x05\x01a\x7f\x03abc").unwrap();
    assert_eq!(names.funcs.get(5), Some("a"));
}

#[test]
fn a_name_section_comes_once_and_last() {
    let (module, bytes) = module_then(b"", b"\x01\x01\x00");
    let error = NameSection::check(&module, &bytes).unwrap_err();
    assert!(error.to_string().starts_with("misplaced name section"));
    let (module, bytes) = module_then(b"\x00\x02\x01a", b"\x00\x09\x04name\x00\x02\x01b");
    let error = NameSection::check(&module, &bytes).unwrap_err();
    assert!(error.to_string().starts_with("multiple name sections"));
    assert_eq!(NameSection::decode(&module, &bytes).module.as_deref(), Some("a"));
    let bytes = b"\0asm\x01\0\0\0";
    let module = Module::decode(bytes, Features::ALL).unwrap();
    assert_eq!(NameSection::check(&module, bytes).unwrap(), NameSection::default());
}
