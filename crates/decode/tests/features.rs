//! Each feature switched off alone: what needs it is refused, and the message names it.

mod bodies;

use windlass_decode::{Features, Module};

/// For each feature that decoding can see: the features it builds on, and modules that need it and
/// nothing else beyond 1.0.
const NEEDS: [(Features, Features, &[&str]); 19] = [
    (Features::MUTABLE_GLOBAL, Features::NONE, &[r#"(import "" "" (global (mut i32)))"#]),
    (Features::SIGN_EXTENSION, Features::NONE, &["(func (drop (i32.extend8_s (i32.const 1))))"]),
    (
        Features::SATURATING_FLOAT_TO_INT,
        Features::NONE,
        &["(func (drop (i32.trunc_sat_f32_s (f32.const 1))))"],
    ),
    (
        Features::MULTI_VALUE,
        Features::NONE,
        &[
            "(func (result i32 i32) unreachable)",
            "(func (block (type 0)) ) (type (func (param i64)))",
        ],
    ),
    (
        Features::BULK_MEMORY,
        Features::NONE,
        &[
            "(data \"\")",
            "(elem func)",
            "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
        ],
    ),
    (
        Features::REFERENCE_TYPES,
        Features::NONE,
        &[
            "(func (param externref))",
            "(func (local funcref))",
            "(func (drop (ref.null func)))",
            "(table 1 externref)",
        ],
    ),
    (
        Features::SIMD,
        Features::NONE,
        &["(func (param v128))", "(global v128 (v128.const i32x4 0 0 0 0))"],
    ),
    (Features::RELAXED_SIMD, Features::SIMD, &["(func i8x16.relaxed_swizzle)"]),
    (Features::WIDE_ARITHMETIC, Features::NONE, &["(func i64.add128)"]),
    (Features::TAIL_CALL, Features::NONE, &["(func return_call 0)"]),
    (
        Features::MEMORY64,
        Features::NONE,
        &["(memory i64 1)", "(table i64 1 funcref)", r#"(import "" "" (memory i64 1))"#],
    ),
    (
        Features::FUNCTION_REFERENCES,
        Features::REFERENCE_TYPES,
        &[
            "(type (func)) (func (param (ref 0)))",
            "(table 1 (ref null func) (ref.null func))",
            "(func (drop (ref.null 0)))",
        ],
    ),
    (
        Features::GC,
        Features::WASM2.union(Features::FUNCTION_REFERENCES),
        &[
            "(type (struct))",
            "(type (array i8))",
            "(rec)",
            "(type (sub (func)))",
            "(func (param anyref))",
            "(func (param (ref none)))",
        ],
    ),
    (
        Features::EXCEPTIONS,
        Features::WASM2,
        &["(tag)", r#"(import "" "" (tag))"#, "(func (param exnref))", "(func try_table end)"],
    ),
    (Features::LEGACY_EXCEPTIONS, Features::NONE, &["(func try end)"]),
    (Features::THREADS, Features::NONE, &["(memory 1 1 shared)", "(func atomic.fence)"]),
    (Features::CUSTOM_PAGE_SIZES, Features::NONE, &["(memory 1 (pagesize 1))"]),
    (
        Features::CUSTOM_DESCRIPTORS,
        Features::WASM3,
        &[
            "(rec (type (descriptor 1) (struct)) (type (describes 0) (struct)))",
            "(type (func)) (func (param (ref (exact 0))))",
            "(type (func)) (import \"\" \"\" (func (exact (type 0))))",
            "(type (struct)) (func unreachable ref.get_desc 0)",
        ],
    ),
    (
        Features::COMPACT_IMPORTS,
        Features::NONE,
        &[
            r#"(import "m" (item "a" (memory 1)) (item "b" (func)))"#,
            r#"(import "m" (item "a") (item "b") (global i32))"#,
        ],
    ),
];

#[test]
fn a_feature_is_needed_and_enough() {
    for (feature, base, modules) in NEEDS {
        let name = feature.names().next().unwrap();
        for text in modules {
            let bytes = wat::parse_str(format!("(module {text})")).expect(text);
            let without = Features::ALL.difference(feature);
            let message = bodies::decode(&bytes, without).expect_err(text);
            let expected = format!("needs the feature {name}, which is switched off");
            assert!(message.contains(&expected), "{text}: {message}");
            bodies::decode(&bytes, base.union(feature).union(Features::MUTABLE_GLOBAL))
                .unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }
}

#[test]
fn sections_of_a_switched_off_feature() {
    let data_count = b"\0asm\x01\0\0\0\x0c\x01\x00";
    let error = Module::decode(data_count, Features::WASM1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed section id: the data count section needs the feature bulk-memory, \
         which is switched off (at offset 0x8)"
    );
}

/// Before these features, memory and table indices were bytes kept free.
#[test]
fn reserved_bytes() {
    // memory.size with an index in two bytes, call_indirect with table 1, a load with memory 1.
    for (code, feature) in [
        (&b"\x3f\x80\x00\x0b"[..], Features::MULTI_MEMORY),
        (b"\x11\x00\x01\x0b", Features::REFERENCE_TYPES),
        (b"\x28\x42\x01\x00\x0b", Features::MULTI_MEMORY),
    ] {
        let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec();
        bytes.extend([code.len() as u8 + 3, 1, code.len() as u8 + 1, 0]);
        bytes.extend(code);
        bodies::decode(&bytes, Features::ALL).unwrap();
        let message = bodies::decode(&bytes, Features::ALL.difference(feature)).unwrap_err();
        assert!(
            message.starts_with("zero byte expected")
                || message.starts_with("malformed memop flags"),
            "{message}"
        );
    }
}
