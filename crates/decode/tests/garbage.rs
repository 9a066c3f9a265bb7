//! No bytes make the decoder panic, hang or ask for much memory: truncated modules, modules with
//! flipped bits or replaced bytes, counts that promise more than there is.

mod bodies;

use proptest::{collection::vec, prelude::*, sample::Index};
use std::sync::LazyLock;
use wasmparser::{Validator, WasmFeatures};
use windlass_decode::{Error, Features, Module, NameSection};

/// Something of everything, sections of all kinds among it.
const TEXT: &str = r#"(module $everything
    (rec (type $s (sub (struct (field $f (mut i8)) (field (ref null $a)))))
         (type $a (array (mut i16))))
    (type $sub (sub final $s (struct (field (mut i8)) (field (ref null $a)) (field anyref))))
    (type $f (func (param i32 i64 f32 f64 v128 funcref) (result i32 externref)))
    (type $g (func))
    (import "m" "f" (func $imported (type $g)))
    (import "m" "t" (table 1 2 funcref))
    (rec (type $x (descriptor $y) (struct (field i32)))
         (type $y (describes $x) (struct (field (ref null (exact $x))))))
    (import "m" (item "exact" (func (exact (type $g)))) (item "other" (func (type $g))))
    (import "m" "mem" (memory $shared 1 2 shared))
    (import "m" "g" (global (mut (ref null $s))))
    (import "m" "e" (tag (param i32)))
    (table $t 3 (ref null $g) (ref.null $g))
    (table $u i64 3 10 externref)
    (memory $big i64 1 5)
    (memory 1 (pagesize 1))
    (tag $e (type $g))
    (global $k i32 (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const -3))))
    (global (ref $a) (array.new_fixed $a 2 (i32.const 1) (i32.const 2)))
    (export "f" (func $body)) (export "t" (table $t)) (export "mem" (memory $big))
    (export "g" (global $k)) (export "e" (tag $e))
    (start $body)
    (elem (i32.const 0) func $imported)
    (elem (table $u) (offset (i64.const 0)) externref (ref.null extern))
    (elem (table 0) (i32.const 0) funcref (ref.func $body))
    (elem func $body) (elem declare func $body)
    (elem externref (ref.null extern)) (elem declare funcref (ref.null func))
    (data (i32.const 0) "one") (data (memory $big) (i64.const 0) "two") (data $d "three")
    (func $body (type $g) (local i32 i32 i64 (ref null $s) v128)
        (block $out
            (block (loop (br_table 1 2 0 (i32.const 7))))
            (block $caught (result exnref)
                (try_table (catch $e 1) (catch_all_ref $caught) (throw $e)) (unreachable))
            (throw_ref))
        (drop (if (result i32) (i32.const 1) (then (i32.const -1)) (else (i32.const 70000))))
        (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))
        (drop (i64.load $big offset=4294967296 (i64.const 123456789012)))
        (memory.init $big $d (i64.const 0) (i32.const 0) (i32.const 0))
        (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
            (v128.const i32x4 1 2 3 4) (local.get 4)))
        (drop (v128.load8_lane 3 (i32.const 0) (local.get 4)))
        (drop (f64.add (f64.const 1.5) (f64.promote_f32 (f32.const -0.5))))
        (drop (block (result anyref) (br_on_cast 0 anyref (ref $s) (local.get 3))))
        (drop (ref.test (ref i31) (local.get 3)))
        (drop (ref.get_desc $x (struct.new_default_desc $x (struct.new_default $y))))
        (drop (ref.cast_desc_eq (ref (exact $x)) (local.get 3) (struct.new_default $y)))
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (atomic.fence) (drop (i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))
        (call_indirect $t (type $g) (i32.const 0)) (return_call $imported))
    (func (type $g))
    (@custom "more" "bytes"))"#;

fn everything() -> Vec<u8> {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let bytes = wat::parse_str(TEXT).unwrap();
        validate(&bytes).unwrap();
        bytes
    });
    BYTES.clone()
}

/// What wasmparser says.
fn validate(bytes: &[u8]) -> Result<(), String> {
    let features = WasmFeatures::WASM3
        | WasmFeatures::THREADS
        | WasmFeatures::WIDE_ARITHMETIC
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::CUSTOM_DESCRIPTORS
        | WasmFeatures::COMPACT_IMPORTS;
    let mut validator = Validator::new_with_features(features);
    validator.validate_all(bytes).map(drop).map_err(|error| error.to_string())
}

/// Decodes all there is; if wasmparser finds the module valid, it must be well-formed.
fn try_everything(bytes: &[u8]) -> bool {
    if let Err(error) = Module::decode(bytes, Features::ALL) {
        assert!(error.offset() <= bytes.len(), "{error}");
    }
    let decoded = bodies::decode(bytes, Features::ALL);
    if let Ok(module) = &decoded {
        let names = NameSection::decode(module, bytes);
        let lenient_sees_all = NameSection::check(module, bytes).is_ok_and(|all| all == names);
        assert!(lenient_sees_all || NameSection::check(module, bytes).is_err());
    }
    if let (Ok(()), Err(message)) = (validate(bytes), &decoded) {
        // wasmparser takes a type index for a nullable reference to that type. The specification
        // has no such form (3.0, section 5.3.4).
        let bare_index =
            ["malformed value type", "malformed storage type", "malformed reference type"];
        assert!(bare_index.iter().any(|words| message.starts_with(words)), "valid, but: {message}");
    }
    decoded.is_ok()
}

#[test]
fn truncated_modules() {
    let bytes = everything();
    let module = Module::decode(&bytes, Features::ALL).unwrap();
    let ends: Vec<usize> = module.sections.iter().map(|section| section.range.end).collect();
    for len in 0..bytes.len() {
        if try_everything(&bytes[..len]) {
            // Where a section ends, what is before may be a module.
            assert!(len == 8 || ends.contains(&len), "{len}");
        }
    }
}

#[test]
fn flipped_bits() {
    let mut bytes = everything();
    let mut refused = 0;
    for i in 0..bytes.len() {
        for bit in 0..8 {
            bytes[i] ^= 1 << bit;
            refused += usize::from(!try_everything(&bytes));
            bytes[i] ^= 1 << bit;
        }
    }
    // Most flips change an index, a constant or a name, and not the form.
    assert!(refused > bytes.len(), "{refused}");
}

/// Every vector claims four thousand million elements.
#[test]
fn counts_are_not_trusted() {
    const COUNT: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let before_count: [(u8, &[u8]); 19] = [
        (0, b""),
        (1, b""),
        (1, b"\x01\x4e"),
        (1, b"\x01\x50"),
        (1, b"\x01\x60"),
        (1, b"\x01\x60\x00"),
        (1, b"\x01\x5f"),
        (2, b""),
        (3, b""),
        (4, b""),
        (5, b""),
        (6, b""),
        (7, b""),
        (9, b""),
        (9, b"\x01\x01\x00"),
        (9, b"\x01\x05\x70"),
        (10, b""),
        (10, b"\x01\x07"),
        (11, b"\x01\x01"),
    ];
    for (id, before) in before_count {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend([id, (before.len() + 8) as u8]);
        bytes.extend(before);
        bytes.extend(COUNT);
        bytes.extend([0; 3]);
        let error: Error = Module::decode(&bytes, Features::ALL).unwrap_err();
        let message = error.to_string();
        let expected =
            ["exceeds the limit", "unexpected end", "length out of bounds", "integer", "malformed"];
        assert!(expected.iter().any(|words| message.contains(words)), "{id} {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn replaced_bytes(places in vec((any::<Index>(), any::<u8>()), 1..5)) {
        let mut bytes = everything();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        try_everything(&bytes);
    }

    #[test]
    fn removed_and_repeated_pieces(from: Index, to: Index, target: Index) {
        let bytes = everything();
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece = &bytes[from.min(to)..from.max(to)];
        let target = target.index(bytes.len());
        try_everything(&[&bytes[..from.min(to)], &bytes[from.max(to)..]].concat());
        try_everything(&[&bytes[..target], piece, &bytes[target..]].concat());
    }

    #[test]
    fn any_bytes_after_a_header(id in 0u8..14, contents in vec(any::<u8>(), 0..60)) {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend([id, contents.len() as u8]);
        bytes.extend(contents);
        try_everything(&bytes);
    }
}
