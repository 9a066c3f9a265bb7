//! How much code a function may become: what a few bytes can ask for, and what limits say.

use crate::module;
use windlass::{
    CodeTooLarge, CompilationMode, Config, Engine, Error, Instance, Module, ModuleError, Store, Val,
};

/// A module in the binary format: a function without parameters and with so many `i32` results,
/// exported as `f`; it has an `i32` local, which is 0.
fn results_and_body(results: usize, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    let mut types = vec![1, 0x60, 0];
    leb(results, &mut types);
    types.extend(vec![0x7f; results]);
    section(1, &types, &mut bytes);
    section(3, &[1, 0], &mut bytes);
    section(7, b"\x01\x01f\0\0", &mut bytes);
    let mut code = vec![1];
    leb(body.len() + 3, &mut code);
    code.extend([1, 1, 0x7f]);
    code.extend(body);
    section(10, &code, &mut bytes);
    bytes
}

fn section(id: u8, contents: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(id);
    leb(contents.len(), bytes);
    bytes.extend(contents);
}

fn leb(mut number: usize, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

const BLOCK: u8 = 0x02;
const BR: u8 = 0x0c;
const BR_TABLE: u8 = 0x0e;
const END: u8 = 0x0b;
const I32_CONST: u8 = 0x41;
/// A branch to the innermost label that is not taken, and one that is.
const BR_IF: [u8; 4] = [0x20, 0, 0x0d, 0];
const BR_IF_NOT: [u8; 5] = [0x20, 0, 0x45, 0x0d, 0];

/// A block with so many results, and in it branches to its label, with a value too many below the
/// operands: none of them are in place.
fn out_of_place(results: usize, branches: &[u8]) -> Vec<u8> {
    let mut body = vec![BLOCK, 0, I32_CONST, 42];
    for value in 0..results {
        body.extend([I32_CONST, value as u8 & 0x3f]);
    }
    body.extend(branches);
    body.extend([END, END]);
    results_and_body(results, &body)
}

/// So many branches that are not taken, and one that is.
fn not_taken(branches: usize) -> Vec<u8> {
    let mut all = BR_IF.repeat(branches);
    all.extend([BR, 0]);
    all
}

/// The cells and words of the code of function 0.
fn size(bytes: &[u8]) -> (u64, usize) {
    let module = Module::from_binary(&Engine::default(), bytes).expect("a valid module");
    module.code_size(0).expect("it can be translated")
}

/// The results of function 0.
fn results(bytes: &[u8], count: usize) -> Vec<i32> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::from_binary(&engine, bytes).expect("a valid module");
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let func = instance.get_func(&store, "f").expect("it is exported");
    let mut results = vec![Val::I32(0); count];
    func.call(&mut store, &[], &mut results).expect("it returns");
    results.iter().map(|value| value.i32().expect("an i32")).collect()
}

#[test]
fn branches_with_many_operands_are_a_few_words() {
    let [few, many] = [1_000, 3_000].map(|branches| {
        let bytes = out_of_place(1_000, &not_taken(branches));
        (bytes.len(), size(&bytes).1)
    });
    assert!(many.1 - few.1 <= 2 * (many.0 - few.0), "{few:?} {many:?}");
}

#[test]
fn what_was_gigabytes_of_code_is_translated_and_runs() {
    // 900 KB: distances of branches were cut to 32 bits.
    let bytes = out_of_place(1_000, &not_taken(225_000));
    assert!(bytes.len() > 900_000);
    let (cells, words) = size(&bytes);
    assert!(cells < bytes.len() as u64 && words < 2 * bytes.len(), "{cells} {words}");
    let values: Vec<i32> = (0..1_000).map(|value| value & 0x3f).collect();
    assert_eq!(results(&bytes, 1_000), values);
}

#[test]
fn many_operands_are_moved_over_themselves() {
    // One slot down: all slots but one are read and written.
    for count in [2, 3, 4, 17, 1_000] {
        let expected: Vec<i32> = (0..count).map(|value| value & 0x3f).collect();
        let by_table = [I32_CONST, 0, BR_TABLE, 0, 0];
        for branches in [&[BR, 0][..], &by_table, &BR_IF_NOT] {
            let mut branches = branches.to_vec();
            branches.extend([BR, 0]);
            let bytes = out_of_place(count as usize, &branches);
            assert_eq!(results(&bytes, count as usize), expected, "{count} {branches:?}");
        }
    }
}

#[test]
fn values_of_all_kinds_are_moved() {
    let (mut store, instance) = crate::instance(
        r#"(func (export "f") (param i32 i64 f32 f64) (result i32 i64 f32 f64 v128 i32)
             (local v128)
             (local.set 4 (v128.const i64x2 11 12))
             (block $b (result i32 i64 f32 f64 v128 i32)
               (i64.const 99) (i64.const 98)
               (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i32.const 7)
               (br_if $b (local.get 0))
               (br $b)))
           (func (export "g") (param i32) (result i64 i64)
             (local v128)
             (call 0 (local.get 0) (i64.const 2) (f32.const 3) (f64.const 4))
             (drop) (local.set 1) (drop) (drop) (drop) (drop)
             (i64x2.extract_lane 0 (local.get 1)) (i64x2.extract_lane 1 (local.get 1)))"#,
    );
    let lanes = instance.get_typed_func::<i32, (i64, i64)>(&store, "g").unwrap();
    for taken in [0, 1] {
        assert_eq!(lanes.call(&mut store, taken).unwrap(), (11, 12));
    }
    let f = instance.get_func(&store, "f").unwrap();
    let mut results = vec![Val::I32(0); 6];
    let args = [Val::I32(1), Val::I64(-2), Val::F32(3), Val::F64(4)];
    f.call(&mut store, &args, &mut results).unwrap();
    assert_eq!(results[0].i32(), Some(1));
    assert_eq!(results[1].i64(), Some(-2));
    assert_eq!(results[5].i32(), Some(7));
}

#[test]
fn nested_blocks_and_tables_make_code_in_proportion() {
    // Each table leads to a label nearby and to the function's, for which it needs a way round.
    let nested = |depth: usize| {
        let mut body = [BLOCK, 0x40].repeat(depth);
        for left in (1..=depth).rev() {
            body.extend([0x20, 0, BR_TABLE, 3, 0]);
            leb(left, &mut body);
            body.push(0);
            leb(left, &mut body);
            body.push(END);
        }
        body.push(END);
        let bytes = results_and_body(0, &body);
        (bytes.len(), size(&bytes).1)
    };
    let [few, many] = [1_000, 50_000].map(nested);
    assert!(many.1 - few.1 <= 8 * (many.0 - few.0), "{few:?} {many:?}");
}

/// A function of a few bytes that makes arrays of 1,000 values: by default, it is too large.
fn wide_arrays(count: usize) -> String {
    let results = "i32 ".repeat(1_000);
    let zeros = "(i32.const 0)".repeat(1_000);
    let made = "(drop (array.new_fixed $a 1000 (call $values)))".repeat(count);
    format!(
        r#"(type $a (array i32))
           (func $values (result {results}) {zeros})
           (func $wide (export "f") {made})"#
    )
}

fn in_mode(mode: CompilationMode, config: &mut Config, text: &str) -> Result<(), Error> {
    let engine = Engine::new(config.compilation_mode(mode))?;
    let module = Module::new(&engine, wat::parse_str(text).expect("the text is right"))?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    instance.get_typed_func::<(), ()>(&store, "f")?.call(&mut store, ())
}

const MODES: [CompilationMode; 3] =
    [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy];

#[test]
fn too_much_code_is_the_same_error_in_every_mode() {
    let text = wide_arrays(100);
    let errors = MODES.map(|mode| {
        let error = in_mode(mode, &mut Config::new(), &text).unwrap_err();
        assert!(error.trap().is_none());
        error.downcast::<CodeTooLarge>().expect("the error says what it is")
    });
    let [error, ..] = &errors;
    assert!(errors.iter().all(|other| other == error));
    assert_eq!((error.func(), error.name()), (1, Some("wide")));
    assert!(error.count() > error.limit() && error.limit() >= 64, "{error}");
    let text = error.to_string();
    let said = [error.count(), error.limit()].map(|number| text.contains(&number.to_string()));
    assert!(said == [true; 2] && text.contains("function 1 (\"wide\")"), "{text}");
}

#[test]
fn try_blocks_and_clauses_have_a_limit() {
    // A block that catches everything: itself and its clause.
    let text = |blocks: usize| {
        let open = "try_table (catch_all 0) ".repeat(blocks);
        format!("(func (export \"f\") (block {open} {}))", "end ".repeat(blocks))
    };
    for mode in MODES {
        in_mode(mode, &mut Config::new(), &text(1 << 16)).unwrap();
        let error = in_mode(mode, &mut Config::new(), &text((1 << 16) + 1)).unwrap_err();
        let error = error.downcast_ref::<CodeTooLarge>().expect("the error says what it is");
        assert_eq!(error.limit(), 1 << 17);
        assert!(error.to_string().contains("try blocks and clauses"), "{error}");
    }
}

#[test]
fn limits_of_code_are_the_embedders_to_decide() {
    for mode in MODES {
        let text = wide_arrays(1);
        assert!(in_mode(mode, &mut Config::new(), &text).is_err());
        in_mode(mode, Config::new().max_code_per_byte(200), &text).unwrap();
        let mut config = Config::new();
        let small = r#"(func (export "f") (drop (i32.const 1)))"#;
        in_mode(mode, config.max_code_per_module(100), small).unwrap();
        let error = in_mode(mode, config.max_code_per_module(2), small).unwrap_err();
        assert_eq!(error.downcast_ref::<CodeTooLarge>().unwrap().limit(), 2);
    }
}

#[test]
fn limits_of_code_do_not_depend_on_metering() {
    let text = "(func (param i32) (block (loop (br_if 1 (local.get 0)) (br 0))))";
    let sizes = [windlass::Metering::None, windlass::Metering::Fuel].map(|metering| {
        let engine = Engine::new(Config::new().metering(metering)).unwrap();
        module(&engine, text).code_size(0).unwrap()
    });
    assert_eq!(sizes[0].0, sizes[1].0);
    assert_ne!(sizes[0].1, sizes[1].1);
}

#[test]
fn a_frame_that_no_cell_can_name_is_refused() {
    let locals = |count: usize| format!("(func (export \"f\") (local {}))", "i64 ".repeat(count));
    let operands = |count: usize| {
        format!("(func (export \"f\") {} {})", "i32.const 1 ".repeat(count), "drop ".repeat(count))
    };
    let both = |count: usize| {
        let (pushes, drops) = ("i32.const 1 ".repeat(2_000), "drop ".repeat(2_000));
        format!("(func (export \"f\") (local {}) {pushes} {drops})", "i64 ".repeat(count))
    };
    let vectors = |count: usize| format!("(func (export \"f\") (local {}))", "v128 ".repeat(count));
    for mode in MODES {
        for fits in [locals(32_700), operands(32_700), both(30_700), vectors(16_300)] {
            in_mode(mode, &mut Config::new(), &fits).unwrap();
        }
        for (too_large, slots) in [
            (locals(32_800), 32_800),
            (operands(32_800), 32_800),
            (both(30_800), 32_800),
            (vectors(16_400), 32_800),
            (locals(50_000), 50_000),
        ] {
            let error = in_mode(mode, &mut Config::new(), &too_large).unwrap_err();
            let error = error.downcast_ref::<ModuleError>().expect("it is not valid here");
            let text = error.to_string();
            let count = format!("function 0 needs {} slots", slots + 4);
            assert!(text.contains(&count) && text.contains("limit of 32759"), "{text}");
        }
    }
    let bytes = wat::parse_str(locals(40_000)).unwrap();
    assert!(Module::validate(&Engine::default(), &bytes).is_err());
}
