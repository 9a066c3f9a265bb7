//! What cargo features leave out: a module that needs it is refused, by an error that names the
//! feature, and is accepted by builds that have it. `cargo xtask features` runs this with each
//! combination that matters.

use std::sync::Arc;
use windlass::{
    Config, Engine, ExternRef, Features, Finality, FuncType, MemoryType, Module, RootScope,
    SharedMemory, Store, Val, ValType,
};

/// For each cargo feature: whether this build has it, and modules that need it.
const NEED: [(&str, bool, &[&str]); 7] = [
    (
        "simd",
        cfg!(feature = "simd"),
        &[
            "(func (drop (v128.const i64x2 0 0)))",
            "(func (param v128))",
            "(func (param i32) (drop (i8x16.splat (local.get 0))))",
            "(memory 1) (func (param i32) (drop (v128.load (local.get 0))))",
        ],
    ),
    (
        "gc",
        cfg!(feature = "gc"),
        &[
            "(type (struct))",
            "(type (array i8))",
            "(func (param (ref func)))",
            "(func (param i31ref))",
            "(func (param funcref) (drop (ref.as_non_null (local.get 0))))",
        ],
    ),
    (
        "exceptions",
        cfg!(feature = "exceptions"),
        &["(tag)", "(func (param exnref))", "(func (try_table))"],
    ),
    (
        "threads",
        cfg!(feature = "threads"),
        &["(memory 1 1 shared)", "(memory 1) (func (atomic.fence))"],
    ),
    (
        "memory64",
        cfg!(feature = "memory64"),
        &[
            "(memory i64 1)",
            "(table i64 1 funcref)",
            "(memory 1) (memory 1)",
            r#"(import "" "" (memory 1)) (import "" "" (memory 1))"#,
            r#"(import "" "" (memory 1)) (memory 1)"#,
        ],
    ),
    (
        "tail-calls",
        cfg!(feature = "tail-calls"),
        &[
            "(func $f (return_call $f))",
            "(table 1 funcref) (func (return_call_indirect (i32.const 0)))",
        ],
    ),
    (
        "proposals",
        cfg!(feature = "proposals"),
        &["(func (param i64) (drop (drop (i64.add128 (local.get 0) (local.get 0) (local.get 0) \
                (local.get 0)))))"],
    ),
];

fn engine() -> Engine {
    Engine::new(Config::new().features(Features::ALL)).expect("there is memory")
}

#[test]
fn what_a_build_leaves_out_is_refused_by_the_name_of_the_cargo_feature() {
    let engine = engine();
    for (feature, is_there, modules) in NEED {
        for text in modules {
            let bytes = wat::parse_str(format!("(module {text})")).expect("it is a module");
            match Module::new(&engine, &bytes) {
                Ok(_) => assert!(is_there, "{text} is accepted without {feature}"),
                Err(error) => {
                    assert!(!is_there, "{text}: {error:?}");
                    let text = format!("{error:?}");
                    assert!(text.contains(&format!("cargo feature `{feature}`")), "{text}");
                }
            }
        }
    }
}

#[test]
fn the_set_of_what_is_built_says_the_same() {
    for (features, is_there) in [
        (Features::SIMD | Features::RELAXED_SIMD, cfg!(feature = "simd")),
        (Features::GC | Features::FUNCTION_REFERENCES, cfg!(feature = "gc")),
        (Features::EXCEPTIONS, cfg!(feature = "exceptions")),
        (Features::LEGACY_EXCEPTIONS, cfg!(all(feature = "exceptions", feature = "proposals"))),
        (Features::CUSTOM_DESCRIPTORS, cfg!(all(feature = "gc", feature = "proposals"))),
        (Features::WIDE_ARITHMETIC | Features::COMPACT_IMPORTS, cfg!(feature = "proposals")),
        (Features::TAIL_CALL, cfg!(feature = "tail-calls")),
        (Features::THREADS, cfg!(feature = "threads")),
        (Features::MEMORY64 | Features::MULTI_MEMORY, cfg!(feature = "memory64")),
        (Features::CUSTOM_PAGE_SIZES | Features::BULK_MEMORY, true),
    ] {
        assert_eq!(Features::BUILT.contains(features), is_there, "{features:?}");
    }
}

#[test]
fn errors_tell_all_that_is_known_or_fixed_words() {
    let engine = engine();
    let error = |text: &str| {
        let wasm = wat::parse_str(text).expect("it is a module");
        Module::new(&engine, wasm).expect_err("it is not valid").to_string()
    };
    let told = error("(module (func (drop (local.get 3))))");
    let offset = "(at offset 0x17)";
    match cfg!(feature = "messages") {
        true => assert_eq!(told, format!("unknown local 3 {offset} in function 0")),
        false => assert_eq!(told, format!("unknown index {offset}")),
    }
    let told = error("(module (func (drop (i32.add (i64.const 1)))))");
    let whole = "type mismatch: instruction requires [i32 i32] but stack has [i64]";
    assert_eq!(told.starts_with(whole), cfg!(feature = "messages"), "{told}");
    assert!(told.starts_with("type mismatch"), "{told}");
    let mut store = windlass::Store::new(&engine, ());
    let module = Module::new(&engine, b"\0asm\x01\0\0\0").expect("it is one");
    let instance = windlass::Instance::new(&mut store, &module, &[]).expect("it fits");
    let none = instance.get_typed_func::<(), ()>(&store, "go").expect_err("it is not there");
    assert!(none.to_string().starts_with("no function is exported"), "{none}");
    assert_eq!(none.to_string().contains("`go`"), cfg!(feature = "messages"), "{none}");
}

/// What every build has: the items, too, whose features it may be without.
#[test]
fn all_else_runs_in_every_build() {
    let metered = Engine::new(Config::new().features(Features::ALL).consume_fuel(true));
    let engine = metered.expect("there is memory");
    let text = r#"(module
        (memory 1)
        (global $g (mut i64) (i64.const 5))
        (table 1 funcref) (elem (i32.const 0) $double)
        (type $one (func (param i32) (result i32)))
        (func $double (type $one) (i32.shl (local.get 0) (i32.const 1)))
        (func (export "run") (param i32) (result i32)
            (local $sum i32)
            (loop $again
                (i32.store (i32.shl (local.get 0) (i32.const 2)) (local.get 0))
                (local.set $sum (i32.add (local.get $sum)
                    (i32.load (i32.shl (local.get 0) (i32.const 2)))))
                (global.set $g (i64.add (global.get $g) (i64.const 1)))
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (call_indirect (type $one) (local.get $sum) (i32.const 0))))"#;
    let module = Module::new(&engine, wat::parse_str(text).expect("it is a module"));
    let mut store = windlass::Store::new(&engine, ());
    let instance =
        windlass::Instance::new(&mut store, &module.expect("it is valid"), &[]).expect("it fits");
    let run = instance.get_typed_func::<i32, i32>(&store, "run").expect("it is exported");
    store.set_fuel(10_000).expect("it is metered");
    assert_eq!(run.call(&mut store, 10).expect("it returns"), 110);
    // With every set of features the same.
    assert_eq!(10_000 - store.get_fuel().expect("it is metered"), 230);
    assert!(matches!(Val::V128(7u128.into()), Val::V128(v) if v.as_u128() == 7));
    assert_eq!(FuncType::new(&engine, [ValType::V128], []).params().len(), 1);
}

#[test]
fn host_values_are_collected_where_there_is_a_collector_and_else_end_with_their_store() {
    let mut store = Store::new(&engine(), ());
    let value = Arc::new(());
    {
        let mut scope = RootScope::new(&mut store);
        for _ in 0..100 {
            ExternRef::new(&mut scope, value.clone()).expect("there is room");
        }
    }
    store.gc();
    let collects = cfg!(any(feature = "gc", feature = "exceptions", feature = "gc-stress"));
    assert_eq!(Arc::strong_count(&value), if collects { 1 } else { 101 });
    drop(store);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_shared_memory_of_the_host_needs_what_guests_need_for_theirs() {
    let made = SharedMemory::new(&engine(), MemoryType::shared(1, 1));
    assert_eq!(made.is_ok(), cfg!(feature = "threads"));
    match made {
        Ok(memory) => assert_eq!(memory.size(), 1),
        Err(error) => assert!(error.to_string().contains("cargo feature `threads`"), "{error}"),
    }
}

#[test]
fn a_function_type_with_a_supertype_needs_what_casts_need() {
    let engine = engine();
    let of = |finality, supertype: Option<&FuncType>| {
        FuncType::with_finality_and_supertype(&engine, finality, supertype, [], [])
    };
    let parent = of(Finality::NonFinal, None).expect("it has none");
    let child = of(Finality::Final, Some(&parent));
    assert_eq!(child.is_ok(), cfg!(feature = "gc"));
    match child {
        Ok(ty) => assert!(ty.matches(&parent)),
        Err(error) => assert!(error.to_string().contains("cargo feature `gc`"), "{error}"),
    }
}
