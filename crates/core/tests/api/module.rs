//! Modules: what they tell of themselves, and which are refused.

use crate::module;
use windlass::{
    CompilationMode, Config, Engine, ExternType, Features, Instance, Module, ModuleError, Store,
};

fn bytes(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is right")
}

#[test]
fn imports_and_exports_are_told_in_order() {
    let text = r#"
        (module $name
          (import "a" "f" (func (param i32) (result externref)))
          (import "a" "m" (memory 1 2))
          (import "b" "f" (func))
          (import "b" "g" (global (mut i64)))
          (import "b" "t" (table 3 funcref))
          (func (param f32 f64))
          (export "z" (func 2)) (export "a" (memory 0)) (export "m" (global 0))
            (export "t" (table 0)))"#;
    let module = module(&Engine::default(), text);
    assert_eq!(module.name(), Some("name"));
    let imports: Vec<_> =
        module.imports().map(|i| format!("{}.{} {}", i.module(), i.name(), i.ty())).collect();
    assert_eq!(
        imports,
        [
            "a.f func (i32) -> (externref)",
            "a.m memory 1..2",
            "b.f func () -> ()",
            "b.g global (mut i64)",
            "b.t table 3.. funcref"
        ]
    );
    let exports: Vec<_> = module.exports().map(|e| format!("{} {}", e.name(), e.ty())).collect();
    assert_eq!(
        exports,
        ["z func (f32, f64) -> ()", "a memory 1..2", "m global (mut i64)", "t table 3.. funcref"]
    );
    assert!(matches!(module.get_export("m"), Some(ExternType::Global(_))));
    assert!(matches!(module.get_export("z"), Some(ExternType::Func(_))));
    assert!(module.get_export("b").is_none());
}

#[test]
fn types_of_one_engine_are_equal_across_modules() {
    let engine = Engine::default();
    let ty = |text| match module(&engine, text).get_export("f") {
        Some(ExternType::Func(ty)) => ty,
        other => panic!("{other:?}"),
    };
    let first = ty(r#"(type (func)) (type (func (param i32))) (func (export "f") (type 1))"#);
    let second = ty(r#"(func (export "f") (param i32))"#);
    let third = ty(r#"(func (export "f") (param i64))"#);
    assert_eq!(first, second);
    assert_ne!(first, third);
}

#[test]
fn what_is_wrong_is_told_with_its_offset() {
    let engine = Engine::default();
    for (bytes, offset, words) in [
        (&b"\0asm\x01\0\0\0\x01\x04\x01\x61\0\0"[..], 11, "malformed"),
        (&bytes("(func (result i32) (i64.const 1))"), 0, "type mismatch"),
        (&b"\0asm\x01\0\0\0\x03\x02\x01\x07\x0a\x04\x01\x02\0\x0b"[..], 0, "unknown type"),
    ] {
        let error = Module::new(&engine, bytes).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        let error = error.downcast::<ModuleError>().unwrap();
        assert!(error.offset() >= offset && error.offset() <= bytes.len());
        assert!(Module::validate(&engine, bytes).unwrap_err().is::<ModuleError>());
    }
}

#[test]
fn features_that_are_switched_off_are_refused() {
    let wide = bytes("(func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 1)))");
    let error = Module::new(&Engine::default(), &wide).unwrap_err();
    assert!(error.to_string().contains("wide-arithmetic"), "{error}");
    let engine = Engine::new(Config::new().wasm_wide_arithmetic(true)).unwrap();
    Module::new(&engine, &wide).unwrap();
    let tail = bytes("(func $f (return_call $f))");
    Module::new(&Engine::default(), &tail).unwrap();
    let engine = Engine::new(Config::new().wasm_tail_call(false)).unwrap();
    assert!(Module::new(&engine, &tail).is_err());
    let engine = Engine::new(Config::new().features(Features::WASM1)).unwrap();
    assert!(Module::new(&engine, &tail).is_err());
    assert!(Module::new(&engine, bytes("(func)")).is_ok());
}

#[test]
fn garbage_is_an_error_or_a_module_but_never_a_panic() {
    let engine = Engine::default();
    let good = bytes(
        r#"(import "a" "b" (func)) (memory 1) (table 1 funcref) (global i32 (i32.const 1))
           (func (export "f") (param i32) (result i32) (local i64)
             (block (br_if 0 (local.get 0)) (call 0)) (i32.load (local.get 0)))
           (data (i32.const 0) "abc") (elem (i32.const 0) func 0)"#,
    );
    let mut accepted = 0;
    for i in 0..good.len() {
        let _ = Module::new(&engine, &good[..i]);
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[i] ^= 1 << bit;
            accepted += usize::from(Module::new(&engine, &bad).is_ok());
        }
    }
    assert!(accepted > 0);
}

#[test]
fn modules_are_shared_by_threads() {
    let engine = Engine::default();
    let module = module(&engine, r#"(func (export "f") (result i32) (i32.const 7))"#);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let module = module.clone();
            std::thread::spawn(move || {
                let mut store = windlass::Store::new(module.engine(), ());
                let instance = windlass::Instance::new(&mut store, &module, &[]).unwrap();
                let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
                f.call(&mut store, ()).unwrap()
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 7));
}

#[cfg(feature = "wat")]
#[test]
fn text_is_read_with_the_feature() {
    let engine = Engine::default();
    assert!(Module::new(&engine, "(module)").is_ok());
    assert!(Module::new(&engine, "(modul)").is_err());
}

#[test]
fn modules_run_alike_in_every_compilation_mode() {
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        let engine = Engine::new(Config::new().compilation_mode(mode)).unwrap();
        let text = r#"(func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
                      (func (export "f") (param i32) (result i32)
                        (call $inc (call $inc (local.get 0))))"#;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
        let f = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
        assert_eq!((f.call(&mut store, 5).unwrap(), f.call(&mut store, 6).unwrap()), (7, 8));
    }
}

#[test]
fn a_lazy_module_is_validated_when_called() {
    let engine = Engine::new(Config::new().compilation_mode(CompilationMode::Lazy)).unwrap();
    let text = r#"(func (export "good") (result i32) (i32.const 1))
                  (func (export "invalid") (result i32) (i64.const 1))
                  (func (export "calls") (result i32) (call 1))"#;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let mut call = |name| {
        let func = instance.get_typed_func::<(), i32>(&store, name).unwrap();
        func.call(&mut store, ())
    };
    assert_eq!(call("good").unwrap(), 1);
    for _ in 0..2 {
        assert!(call("invalid").unwrap_err().is::<ModuleError>());
        let error = call("calls").unwrap_err();
        assert!(error.is::<ModuleError>() && error.to_string().contains("type mismatch"));
    }
    assert_eq!(call("good").unwrap(), 1);
}

/// The message of what is wrong with a text, read as text.
#[cfg(feature = "wat")]
fn message_of_text(text: &str) -> String {
    Module::new(&Engine::default(), text).unwrap_err().to_string()
}

#[test]
fn errors_of_functions_name_them() {
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation] {
        let engine = Engine::new(Config::new().compilation_mode(mode)).unwrap();
        let message = |text| {
            let wasm = wat::parse_str(text).unwrap();
            Module::from_binary(&engine, &wasm).unwrap_err().to_string()
        };
        assert_eq!(
            message(r#"(import "a" "b" (func)) (func) (func $bad (result i32) (i64.const 1))"#),
            "type mismatch: instruction requires [i32] but stack has [i64] (at offset 0x2a) \
             in function 2 (\"bad\")"
        );
        assert_eq!(
            message("(func (drop (local.get 7)))"),
            "unknown local 7 (at offset 0x17) in function 0"
        );
        assert_eq!(message("(start 3)"), "unknown function 3 (at offset 0xa)");
    }
    // Also one that is not validated before it is called.
    let engine = Engine::new(Config::new().compilation_mode(CompilationMode::Lazy)).unwrap();
    let text = r#"(func $bad (export "f") (drop (local.get 7)))"#;
    let mut store = Store::new(&engine, ());
    let module = Module::from_binary(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_func(&store, "f").unwrap();
    let error = f.call(&mut store, &[], &mut []).unwrap_err();
    let error = error.downcast_ref::<ModuleError>().unwrap();
    assert_eq!((error.func(), error.func_name()), (Some(0), Some("bad")));
}

#[cfg(feature = "wat")]
#[test]
fn errors_in_texts_have_lines() {
    let text = r#"(module
  (import "a" "b" (func))
  (func $good)
  (func $bad (result i32)
    (if (i32.const 1)
      (then nop (drop (i32.add (i32.const 1) (i64.const 2)))))
    (i32.const 1)))"#;
    assert_eq!(
        message_of_text(text),
        "type mismatch: instruction requires [i32 i32] but stack has [i32 i64] (at offset 0x31) \
         in function 2 (\"bad\"), line 6, column 24 of the text"
    );
    // The end of a function has no place of its own.
    assert_eq!(
        message_of_text("\n(func (export \"x\") (result i32))"),
        "type mismatch: instruction requires [i32] but stack has [] (at offset 0x1f) \
         in function 0, line 2, column 2 of the text"
    );
    assert_eq!(
        message_of_text("(module\n  (funk))"),
        "expected valid module field\n     --> text:2:4\n      |\n    2 |   (funk))\n      |    ^"
    );
    let no_text = "magic header not detected: this is a page of HTML (at offset 0x0)";
    assert_eq!(message_of_text("<html>"), no_text);
    assert_eq!(message_of_text(""), "unexpected end: there is nothing in it (at offset 0x0)");
    assert_eq!(
        message_of_text(";; two parts\n(component)"),
        "this is the text of a component, and a module is wanted: build for wasm32-wasip1 \
         (at offset 0xd)"
    );
}

#[test]
fn bytes_that_are_always_there_are_not_copied() {
    let text = r#"(memory 1) (data (i32.const 0) "\2a")
        (func (export "f") (result i32) (i32.load8_u (i32.const 0)))"#;
    let bytes: &'static [u8] = wat::parse_str(text).unwrap().leak();
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        let engine = Engine::new(Config::new().compilation_mode(mode)).unwrap();
        let module = Module::from_static(&engine, bytes).unwrap();
        assert_eq!(module.bytes().as_ptr_range(), bytes.as_ptr_range());
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 42);
        assert!(Module::from_static(&engine, &bytes[..bytes.len() - 1]).is_err());
    }
}

#[test]
fn types_of_items_and_exports_are_asked_as_by_users_of_wasmtime() {
    let engine = Engine::default();
    let module = module(&engine, r#"(memory (export "m") 1 2) (func (export "f"))"#);
    let memory = module.get_export("m").unwrap();
    assert_eq!(memory.unwrap_memory().maximum(), Some(2));
    assert!(memory.func().is_none() && memory.table().is_none());
    assert!(memory.global().is_none() && memory.tag().is_none());
    let func = module.get_export("f").unwrap();
    assert_eq!(ExternType::from(func.unwrap_func().clone()), func);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let names = |exports: Vec<windlass::Export<'_>>| -> Vec<String> {
        exports.iter().map(|export| export.name().to_owned()).collect()
    };
    assert_eq!(names(instance.exports(&mut store).collect()), ["m", "f"]);
    assert_eq!(names(instance.exports(&store).collect()), ["m", "f"]);
    let named = instance.module(&mut store).name();
    assert_eq!(named, None);
}

#[test]
#[should_panic(expected = "expected the type of a function, found memory 1..2")]
fn the_type_of_another_item_is_no_function_type() {
    ExternType::Memory(windlass::MemoryType::new(1, Some(2))).unwrap_func();
}
