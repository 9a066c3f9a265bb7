//! Implementation limits: what is at the limit decodes, what is above does not.

use windlass_decode::{Features, Module, limits};

fn leb128(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn with_count(count: usize, element: &[u8]) -> Vec<u8> {
    [leb128(count as u64), element.repeat(count)].concat()
}

/// Decodes a module of these sections.
fn decode(sections: &[(u8, Vec<u8>)]) -> Result<Module, String> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, contents) in sections {
        bytes.push(*id);
        bytes.extend(leb128(contents.len() as u64));
        bytes.extend(contents);
    }
    Module::decode(&bytes, Features::ALL).map_err(|error| error.to_string())
}

#[test]
fn counts_of_sections() {
    let cases: [(u8, u32, &[u8], &str); 7] = [
        (1, limits::REC_GROUPS, b"\x60\0\0", "the number of recursion groups"),
        (2, limits::IMPORTS, b"\0\0\0\0", "the number of imports"),
        (4, limits::TABLES, b"\x70\0\0", "the number of tables"),
        (5, limits::MEMORIES, b"\0\0", "the number of memories"),
        (6, limits::GLOBALS, b"\x7f\0\x41\0\x0b", "the number of globals"),
        (7, limits::EXPORTS, b"\0\0\0", "the number of exports"),
        (11, limits::DATA, b"\x01\0", "the number of data segments"),
    ];
    for (id, limit, element, what) in cases {
        decode(&[(id, with_count(limit as usize, element))]).unwrap();
        let error = decode(&[(id, with_count(limit as usize + 1, element))]).unwrap_err();
        assert!(error.starts_with(&format!("{what} exceeds the limit of {limit} (at ")), "{error}");
    }
}

#[test]
fn sizes_of_types() {
    let groups = |types: usize| {
        // Two groups; a group takes as many types as a module.
        let group = [b"\x4e".to_vec(), with_count(types, b"\x5f\0")].concat();
        [vec![2], group, b"\x4e\x01\x5f\0".to_vec()].concat()
    };
    decode(&[(1, groups(limits::TYPES as usize - 1))]).unwrap();
    let error = decode(&[(1, groups(limits::TYPES as usize))]).unwrap_err();
    assert!(error.starts_with("the number of types exceeds"), "{error}");

    let func = |params, results| {
        [b"\x01\x60".to_vec(), with_count(params, b"\x7f"), with_count(results, b"\x7e")].concat()
    };
    decode(&[(1, func(1000, 1000))]).unwrap();
    assert!(decode(&[(1, func(1001, 0))]).unwrap_err().contains("parameters"));
    assert!(decode(&[(1, func(0, 1001))]).unwrap_err().contains("results"));
}

#[test]
fn locals() {
    let module = |runs: &[u64]| {
        let mut body = leb128(runs.len() as u64);
        for &run in runs {
            body.extend(leb128(run));
            body.push(0x7f);
        }
        body.push(0x0b);
        let code = [vec![1], leb128(body.len() as u64), body].concat();
        decode(&[(1, b"\x01\x60\0\0".to_vec()), (3, vec![1, 0]), (10, code)])
    };
    module(&[limits::LOCALS - 1, 0, 1]).unwrap();
    for runs in [&[limits::LOCALS, 1][..], &[u32::MAX.into(); 3]] {
        assert!(module(runs).unwrap_err().starts_with("too many locals"));
    }
}

#[test]
fn names() {
    let export = |len: usize| [vec![1], leb128(len as u64), vec![b'x'; len], vec![0, 0]].concat();
    decode(&[(7, export(limits::NAME_BYTES as usize))]).unwrap();
    let error = decode(&[(7, export(limits::NAME_BYTES as usize + 1))]).unwrap_err();
    assert!(error.starts_with("the length of a name exceeds"), "{error}");
}
