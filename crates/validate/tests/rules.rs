//! Single rules, each with a module that keeps it and one that breaks it, and what the error says.

use windlass_decode::{Features, Instrs, Module, Reader, ValType};
use windlass_validate::{
    Context, Error, FrameKind, FuncValidator, InvalidKind, Scratch, TypeRegistry, validate,
};

fn check(text: &str, features: Features) -> Result<(), Error> {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    validate(&bytes, features).map(drop)
}

#[track_caller]
fn valid(text: &str) {
    if let Err(error) = check(text, Features::ALL) {
        panic!("{text}: {error}");
    }
}

#[track_caller]
fn invalid(text: &str, words: &str) {
    let error = check(text, Features::ALL).expect_err(text);
    assert!(!error.is_malformed(), "{text}: {error}");
    let kind = error.invalid().expect("a broken rule").to_string();
    assert_eq!(kind, words, "{text}");
}

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    // What has no pointer is an error, too: that there was no memory for one.
    assert_eq!(size_of::<Result<(), Error>>(), 2 * size_of::<usize>());
}

#[test]
fn contexts_and_registries_go_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Context>();
    shared::<TypeRegistry>();
    shared::<Scratch>();
    shared::<Error>();
}

#[test]
fn errors_say_what_where_and_what_was_expected() {
    let text = "(module (func (param i64) local.get 0 i32.eqz drop))";
    let error = check(text, Features::WASM3).expect_err(text);
    assert_eq!(
        error.to_string(),
        "type mismatch: instruction requires [i32] but stack has [i64] (at offset 0x1a)"
    );
    assert_eq!(error.offset(), 0x1a);
    let kind = InvalidKind::Operands { expected: "i32".into(), found: "i64".into() };
    assert_eq!(error.invalid(), Some(&kind));

    let error = validate(b"\0asm\x01\0\0\0\x0d", Features::WASM3).expect_err("cut off");
    assert!(error.is_malformed() && error.invalid().is_none() && error.malformed_by().is_some());
}

#[test]
fn types_are_shown_with_the_modules_own_indices() {
    invalid(
        "(module (type (func)) (type $s (struct)) (type $t (array i8))
            (func (param (ref null $s)) (result (ref $t)) local.get 0))",
        "type mismatch: instruction requires [(ref 2)] but stack has [(ref null 1)]",
    );
}

#[test]
fn operands_left_over() {
    invalid(
        "(module (func (result i32) i64.const 1 i32.const 2))",
        "type mismatch: block requires [i32] but stack has [i64 i32]",
    );
}

#[test]
fn operands_do_not_come_from_outside_the_block() {
    invalid(
        "(module (func i32.const 1 (block drop)))",
        "type mismatch: instruction requires [t] but stack has []",
    );
    invalid(
        "(module (func (result i32) i32.const 1 i32.const 2 (block i32.add drop)))",
        "type mismatch: instruction requires [i32 i32] but stack has []",
    );
    invalid(
        "(module (func (result i32) i32.const 1 (block i32.const 2 i32.add drop) i32.const 0))",
        "type mismatch: instruction requires [i32 i32] but stack has [i32]",
    );
}

#[test]
fn unreachable_code_has_what_is_missing_but_nothing_else() {
    valid("(module (func (result i32) unreachable i32.add))");
    valid("(module (func (result i32) unreachable select))");
    valid("(module (func unreachable ref.as_non_null ref.is_null drop))");
    valid("(module (func (result (ref any)) unreachable any.convert_extern))");
    valid("(module (type $a (array i32)) (func unreachable array.new_fixed $a 9999 drop))");
    invalid(
        "(module (func (result i32) unreachable i64.const 1 i32.add))",
        "type mismatch: instruction requires [i32 i32] but stack has [i64]",
    );
    invalid(
        "(module (func (result i32) unreachable ref.null any i32.const 1 select))",
        "type mismatch: the pair of operands of select is bot anyref, which does not match \
         two numbers or vectors of one type",
    );
}

#[test]
fn locals_are_found_in_short_bodies() {
    // More locals than the body has bytes.
    valid("(module (func (local i32 i32 i32 i32 i64 i64 f32) local.get 6 drop))");
    valid("(module (func (param f64) (local i32 i32 i32 i32 i64 i64) f64.const 1 local.set 0))");
    invalid("(module (func (param i32) (local i32 i32) local.get 3 drop))", "unknown local 3");
}

#[test]
fn locals_without_default_are_set_before_they_are_read() {
    valid(
        "(module (func (param (ref any)) \
            (local (ref any)) local.get 0 local.set 1 local.get 1 drop))",
    );
    valid(
        "(module (func (param (ref any)) (local (ref any))
            (block local.get 0 local.set 1 local.get 1 drop)))",
    );
    invalid(
        "(module (func (param (ref any)) (local (ref any))
            (block local.get 0 local.set 1) local.get 1 drop))",
        "uninitialized local 1",
    );
    invalid(
        "(module (func (param (ref any)) (local (ref any))
            i32.const 0 (if (then local.get 0 local.set 1) (else local.get 1 drop))))",
        "uninitialized local 1",
    );
}

#[test]
fn hierarchies_of_types_have_a_limited_depth() {
    let chain = |depth: usize| {
        let types: String =
            (1..=depth).map(|i| format!("(type (sub {} (struct)))", i - 1)).collect();
        format!("(module (type (sub (struct))) {types})")
    };
    valid(&chain(63));
    invalid(&chain(64), "sub type 64 has more than 63 super types above it");
}

#[test]
fn supertypes_come_before_and_are_open() {
    valid("(module (rec (type (sub (func))) (type (sub 0 (func)))))");
    invalid(
        "(module (type (func)) (type (sub 0 (func))))",
        "sub type 1 does not match super type 0",
    );
    invalid("(module (rec (type (sub 1 (func))) (type (sub (func)))))", "unknown type 1");
    invalid(
        "(module (type (sub (struct))) (type (sub 0 (array i8))))",
        "sub type 1 does not match super type 0",
    );
}

#[test]
fn sizes_of_memories_and_tables() {
    valid("(module (memory 65536 65536))");
    valid("(module (memory i64 0x1000000000000))");
    valid("(module (memory 0xffffffff (pagesize 1)))");
    invalid("(module (memory 65537))", "memory size must be at most 65536 pages (4GiB): 65537");
    invalid(
        "(module (memory i64 0x1000000000001))",
        "memory size must be at most 281474976710656 pages (16EiB): 281474976710657",
    );
    invalid("(module (memory 2 1))", "size minimum must not be greater than maximum: 2 > 1");
    invalid("(module (table 2 1 funcref))", "size minimum must not be greater than maximum: 2 > 1");
    invalid("(module (memory 1 shared))", "shared memory must have maximum");
}

#[test]
fn tables_of_references_that_are_never_null_need_a_value() {
    valid("(module (func $f) (table 1 (ref func) (ref.func $f)))");
    let bytes = b"\0asm\x01\0\0\0\x04\x05\x01\x64\x70\x00\x01";
    let error = validate(bytes, Features::WASM3).expect_err("no value");
    assert!(error.to_string().starts_with("type mismatch"), "{error}");
}

#[test]
fn constant_expressions() {
    valid(
        "(module (global i32 (i32.const 1)) (global i32 (i32.add (global.get 0) (i32.const 1))))",
    );
    valid("(module (func) (global funcref (ref.func 0)) (func (drop (ref.func 0))))");
    invalid(
        "(module (global i32 (i32.clz (i32.const 1))))",
        "constant expression required: i32.clz",
    );
    invalid(
        "(module (global (mut i32) (i32.const 1)) (global i32 (global.get 0)))",
        "constant expression required: global.get 0",
    );
    invalid("(module (global i32 (global.get 1)) (global i32 (i32.const 1)))", "unknown global 1");
    invalid(
        "(module (table 1 funcref (global.get 0)) (global funcref (ref.null func)))",
        "unknown global 0",
    );
    let local = "(module (global i32 (i32.const 1)) (global i32 (global.get 0)))";
    assert!(check(local, Features::WASM2).is_err(), "only imported globals before 3.0");
    assert!(check(local, Features::WASM3).is_ok());
}

#[test]
fn functions_are_declared_before_bodies_refer_to_them() {
    invalid("(module (func $f (drop (ref.func $f))))", "undeclared function reference 0");
    valid("(module (func $f (export \"f\") (drop (ref.func $f))))");
    valid("(module (elem declare func $f) (func $f (drop (ref.func $f))))");
    valid("(module (elem declare funcref (ref.func $f)) (func $f (drop (ref.func $f))))");
    // The start function is not declared by that.
    invalid(
        "(module (start $f) (func $f (drop (ref.func $f))))",
        "undeclared function reference 0",
    );
}

#[test]
fn atomic_accesses_are_aligned() {
    let access = |align| {
        format!(
            "(module (memory 1 1 shared)
                (func i32.const 0 i32.const 0 i64.atomic.rmw16.xor_u align={align} drop))"
        )
        .replace("i32.const 0 i64", "i64.const 0 i64")
    };
    valid(&access(2));
    invalid(&access(1), "atomic alignment must be natural: 2^0 bytes of 2^1");
    invalid(&access(4), "alignment must not be larger than natural: 2^2 bytes of 2^1");
}

#[test]
fn features_that_are_off_are_refused() {
    let cases = [
        (
            "(module (memory 1) (memory 1))",
            Features::MULTI_MEMORY,
            "multiple memories: a second one needs the feature multi-memory, which is switched off",
        ),
        (
            "(module (table 1 funcref) (table 1 funcref))",
            Features::REFERENCE_TYPES,
            "multiple tables: a second one needs the feature reference-types",
        ),
        ("(module (func (result i32 i32) unreachable))", Features::MULTI_VALUE, "a function with"),
        (
            "(module (func i32.const 1 (block (param i32) drop)))",
            Features::MULTI_VALUE,
            "a block with",
        ),
        (
            "(module (global (export \"a\") (mut i32) (i32.const 0)))",
            Features::MUTABLE_GLOBAL,
            "the export",
        ),
        (
            "(module (global i32 (i32.add (i32.const 1) (i32.const 1))))",
            Features::EXTENDED_CONST,
            "constant",
        ),
    ];
    for (text, feature, words) in cases {
        assert!(check(text, Features::ALL).is_ok(), "{text}");
        let error =
            check(text, Features::WASM2.union(Features::EXTENDED_CONST).difference(feature));
        let error = error.expect_err(text);
        assert!(error.to_string().starts_with(words), "{text}: {error}");
    }
}

#[test]
fn a_few_bytes_cannot_fill_the_memory() {
    // 7 MB of code that would push 3.5 billion operands.
    let results = "i64 ".repeat(1_000);
    let text = format!("(module (type (func (result {results}))) (func (type 0) unreachable))");
    let mut bytes = wat::parse_str(text).expect("the text is right");
    bytes.truncate(bytes.len() - 2 - 5);
    let mut code = vec![0];
    (0..3_500_000).for_each(|_| code.extend([0x10, 0]));
    code.push(0x0b);
    let leb = |value: usize| {
        [0, 7, 14, 21]
            .map(|shift| (value >> shift) as u8 & 0x7f | if shift < 21 { 0x80 } else { 0 })
    };
    let section = bytes.iter().rposition(|&byte| byte == 3).expect("a function section");
    bytes.truncate(section + 4);
    bytes.push(10);
    bytes.extend(leb(code.len() + 5));
    bytes.push(1);
    bytes.extend(leb(code.len()));
    bytes.extend(code);
    let error = validate(&bytes, Features::WASM3).expect_err("too many operands");
    assert!(error.to_string().contains("operands on the stack exceeds the limit"), "{error}");
}

#[test]
fn the_translator_sees_the_stacks() {
    let text = "(module (func (param i32) (result i64)
        (loop (result i64) local.get 0 (br_if 0 (local.get 0)) drop i64.const 5 br 1)))";
    let bytes = wat::parse_str(text).expect("the text is right");
    let mut module = Module::decode(&bytes, Features::WASM3).expect("well-formed");
    let ctx = Context::new(&mut module, &bytes, Features::WASM3).expect("valid");
    let mut func = FuncValidator::new(&ctx, &module, 0, Scratch::default()).expect("a body");
    let code = &module.bodies[0].code;
    let mut instrs = Instrs::new(Reader::new(&bytes[code.clone()], code.start), Features::WASM3);
    let mut seen = Vec::new();
    while !func.is_finished() {
        let instr = instrs.next_instr().expect("well-formed");
        func.step(&instr).expect("valid");
        let operands: Vec<_> = func.operands().iter().map(|ty| ty.val_type()).collect();
        seen.push((func.frames().len(), func.is_reachable(), operands));
    }
    func.finish(code.end).expect("complete");
    let (i32, i64) = (Some(ValType::I32), Some(ValType::I64));
    let expected = [
        (2, true, vec![]),         // loop
        (2, true, vec![i32]),      // local.get
        (2, true, vec![i32, i32]), // local.get
        (2, true, vec![i32]),      // br_if
        (2, true, vec![]),         // drop
        (2, true, vec![i64]),      // i64.const
        (2, false, vec![]),        // br
        (1, true, vec![i64]),      // end
        (0, false, vec![]),        // end
    ];
    assert_eq!(seen, expected);
    assert_eq!((func.num_locals(), func.local_type(0), func.local_type(1)), (1, i32, None));

    // Again, with the same memory.
    func.reset(&module, 0).expect("a body");
    let frame = func.label(0).expect("the function's frame");
    assert_eq!((frame.kind, func.label(1)), (FrameKind::Func, None));
    assert_eq!(ctx.label_types(frame), [ValType::I64]);
}

#[test]
fn bodies_end_where_they_end() {
    // Two functions' worth of instructions in one body.
    let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x0b\x01\x0b";
    let error = validate(bytes, Features::WASM3).expect_err("too long");
    assert!(error.is_malformed(), "{error}");
    // The last byte looks like `end`, but is an immediate.
    let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x41\x0b\x0b";
    let error = validate(bytes, Features::WASM3).expect_err("operand left");
    assert!(!error.is_malformed(), "{error}");
    let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x01\x41\x0b";
    let error = validate(bytes, Features::WASM3).expect_err("no end");
    assert!(error.is_malformed(), "{error}");
}

#[test]
fn casts_between_unrelated_types_came_with_custom_descriptors() {
    let text = "(module (func (result anyref) (br_on_cast 0 structref arrayref (unreachable))))";
    let bytes = wat::parse_str(text).expect("the text is right");
    let error = validate(&bytes, Features::WASM3).expect_err("unrelated").to_string();
    assert!(error.starts_with("type mismatch: the type to cast to"), "{error}");
    validate(&bytes, Features::WASM3 | Features::CUSTOM_DESCRIPTORS).expect("valid");
    let across = text.replace("arrayref", "funcref").replace("result anyref", "result funcref");
    let bytes = wat::parse_str(across).expect("the text is right");
    validate(&bytes, Features::ALL).expect_err("of two hierarchies");
}

#[test]
fn a_descriptor_and_what_it_describes_are_final_or_not() {
    let text = "(module (rec (type $a (sub (descriptor $b) (struct)))
        (type $b (sub final (describes $a) (struct)))))";
    let bytes = wat::parse_str(text).expect("the text is right");
    validate(&bytes, Features::ALL).expect("valid");
    let error = validate(&bytes, Features::WASM3).expect_err("switched off").to_string();
    assert!(error.contains("needs the feature custom-descriptors"), "{error}");
}

/// Groups that differ in their clauses alone are different, and those that agree are one.
#[test]
fn clauses_are_part_of_types() {
    let described = "(type (descriptor 1) (struct)) (type (describes 0) (struct))";
    let again = described.replace("descriptor 1", "descriptor 3").replace("scribes 0", "scribes 2");
    let plain = "(type (struct)) (type (struct))";
    let text = format!("(module (rec {described}) (rec {again}) (rec {plain}))");
    let bytes = wat::parse_str(text).expect("the text is right");
    let (_, context) = validate(&bytes, Features::ALL).expect("valid");
    let [a, b, again, _, plain, _] = context.type_ids[..] else { panic!() };
    assert_eq!(a, again);
    assert!(a != plain && b != plain && a != b);
    assert_eq!(context.types[2].descriptor, Some(b.0));
    assert_eq!(context.types[3].describes, Some(a.0));
}
