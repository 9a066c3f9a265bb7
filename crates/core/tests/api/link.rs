//! Linking: imports are found by name, checked against types, and errors say what does not fit.

use crate::{instantiation_error, linked, module};
use windlass::{
    Engine, Extern, Func, Global, GlobalType, Instance, LinkError, LinkErrorKind, Linker, Memory,
    MemoryType, Mutability, Ref, RefType, Store, Table, TableType, Val, ValType,
};

fn link_error(text: &str, imports: impl FnOnce(&mut Store<()>) -> Extern) -> LinkError {
    let mut store = Store::new(&Engine::default(), ());
    let import = imports(&mut store);
    let error = instantiation_error(&mut store, text, &[import]);
    error.downcast_ref::<LinkError>().expect("a link error").clone()
}

fn message(text: &str, imports: impl FnOnce(&mut Store<()>) -> Extern) -> String {
    link_error(text, imports).to_string()
}

#[test]
fn an_unknown_import_names_module_name_and_type() {
    let engine = Engine::default();
    let linker: Linker<()> = Linker::new(&engine);
    let module = module(&engine, r#"(import "env" "f" (func (param i32 f64) (result i64)))"#);
    let error = linker.instantiate(Store::new(&engine, ()), &module).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown import for `env`::`f`: \
         expected func (i32, f64) -> (i64), found nothing of this name"
    );
    let error = error.downcast::<LinkError>().unwrap();
    assert_eq!(error.kind(), LinkErrorKind::UnknownImport);
    assert_eq!((error.module(), error.name()), ("env", "f"));
}

#[test]
fn a_mismatch_names_both_types() {
    let func = |store: &mut Store<()>| Func::wrap(store, |_: i32| {}).into();
    assert_eq!(
        message(r#"(import "env" "f" (func (param i64)))"#, func),
        "incompatible import type for `env`::`f`: \
         expected func (i64) -> (), found func (i32) -> ()"
    );
    assert_eq!(
        message(r#"(import "env" "m" (memory 1))"#, func),
        "incompatible import type for `env`::`m`: expected memory 1.., found func (i32) -> ()"
    );
    let memory =
        |store: &mut Store<()>| Memory::new(store, MemoryType::new(1, Some(3))).unwrap().into();
    assert_eq!(
        message(r#"(import "env" "m" (memory 2 3))"#, memory),
        "incompatible import type for `env`::`m`: expected memory 2..3, found memory 1..3"
    );
    assert_eq!(
        message(r#"(import "env" "m" (memory i64 1 3))"#, memory),
        "incompatible import type for `env`::`m`: expected memory i64 1..3, found memory 1..3"
    );
    let table = |store: &mut Store<()>| {
        let ty = TableType::new(RefType::FUNCREF, 5, None);
        Table::new(store, ty, Ref::Func(None)).unwrap().into()
    };
    assert_eq!(
        message(r#"(import "env" "t" (table 5 externref))"#, table),
        "incompatible import type for `env`::`t`: \
         expected table 5.. externref, found table 5.. funcref"
    );
    assert_eq!(
        message(r#"(import "env" "t" (table 5 9 funcref))"#, table),
        "incompatible import type for `env`::`t`: \
         expected table 5..9 funcref, found table 5.. funcref"
    );
    let global = |store: &mut Store<()>| {
        let ty = GlobalType::new(ValType::I32, Mutability::Var);
        Global::new(store, ty, Val::I32(0)).unwrap().into()
    };
    assert_eq!(
        message(r#"(import "env" "g" (global i32))"#, global),
        "incompatible import type for `env`::`g`: expected global i32, found global (mut i32)"
    );
}

#[test]
fn sizes_at_present_count_for_imports() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let module = module(&engine, r#"(import "env" "m" (memory 2))"#);
    assert!(Instance::new(&mut store, &module, &[memory.into()]).is_err());
    memory.grow(&mut store, 1).unwrap();
    Instance::new(&mut store, &module, &[memory.into()]).unwrap();
}

#[test]
fn a_wrong_number_of_imports_is_an_error() {
    let mut store = Store::new(&Engine::default(), ());
    let one = r#"(import "env" "f" (func))"#;
    let error = instantiation_error(&mut store, one, &[]);
    let expected = "the module has 1 import, but 0 are given; nothing is given for `env`::`f`";
    assert_eq!(error.to_string(), expected);
    let func = Func::wrap(&mut store, || {}).into();
    let two = r#"(import "env" "f" (func)) (import "env" "g\nh" (func))"#;
    let error = instantiation_error(&mut store, two, std::slice::from_ref(&func));
    let expected = "the module has 2 imports, but 1 is given; nothing is given for `env`::`g\\nh`";
    assert_eq!(error.to_string(), expected);
    let error = instantiation_error(&mut store, one, &[func.clone(), func]);
    assert_eq!(error.to_string(), "the module has 1 import, but 2 are given");
}

#[test]
fn names_are_defined_once_unless_shadowing_is_allowed() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("env", "f", || 1).unwrap();
    let error = linker.func_wrap("env", "f", || 2).unwrap_err();
    assert_eq!(error.to_string(), "`env`::`f` is defined already");
    linker.allow_shadowing(true).func_wrap("env", "f", || 2).unwrap();
    let text = r#"(import "env" "f" (func (result i32))) (export "f" (func 0))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 2);
}

#[test]
fn instances_are_linked_to_each_other() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let library = module(
        &engine,
        r#"(memory (export "memory") 1)
           (global $calls (export "calls") (mut i32) (i32.const 0))
           (func (export "_initialize") (i32.store (i32.const 8) (i32.const 77)))
           (func (export "add") (param i32 i32) (result i32)
             (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
             (i32.add (local.get 0) (local.get 1)))"#,
    );
    linker.module(&mut store, "library", &library).unwrap();
    linker.alias("library", "add", "math", "plus").unwrap();
    linker.alias_module("library", "copy").unwrap();
    let user = module(
        &engine,
        r#"(import "math" "plus" (func $plus (param i32 i32) (result i32)))
           (import "copy" "calls" (global $calls (mut i32)))
           (import "library" "memory" (memory 1))
           (func (export "run") (result i32 i32)
             (call $plus (i32.load (i32.const 8)) (i32.const 1))
             (global.get $calls))"#,
    );
    let instance = linker.instantiate(&mut store, &user).unwrap();
    let run = instance.get_typed_func::<(), (i32, i32)>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), (78, 1));
    assert_eq!(run.call(&mut store, ()).unwrap(), (78, 2));
}

#[test]
fn aliases_of_nothing_are_errors() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    assert!(linker.alias("a", "b", "c", "d").is_err());
    assert!(linker.alias_module("a", "b").is_err());
}

#[test]
fn unknown_functions_can_fail_only_when_called() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let text = r#"(import "env" "f" (func $f (param i32)))
                  (func (export "call") (call $f (i32.const 1)))
                  (func (export "don't"))"#;
    linker.define_unknown_imports_as_traps(&module(&engine, text)).unwrap();
    let (mut store, instance) = linked(&linker, (), text);
    instance.get_typed_func::<(), ()>(&store, "don't").unwrap().call(&mut store, ()).unwrap();
    let call = instance.get_typed_func::<(), ()>(&store, "call").unwrap();
    let error = call.call(&mut store, ()).unwrap_err();
    assert!(error.to_string().starts_with("unknown import: `env`::`f` is not defined\n"));
}

#[test]
fn one_linker_serves_several_stores() {
    let engine = Engine::default();
    let mut linker: Linker<i32> = Linker::new(&engine);
    linker.func_wrap("env", "id", |caller: windlass::Caller<'_, i32>| *caller.data()).unwrap();
    let text = r#"(import "env" "id" (func (result i32))) (export "id" (func 0))"#;
    for id in 0..3 {
        let (mut store, instance) = linked(&linker, id, text);
        let f = instance.get_typed_func::<(), i32>(&store, "id").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), id);
    }
}

#[test]
fn segments_are_copied_in_order_until_one_does_not_fit() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let module = module(
        &engine,
        r#"(import "env" "m" (memory 1))
           (data (i32.const 0) "first") (data (i32.const 65535) "too long")
             (data (i32.const 9) "x")"#,
    );
    let error = Instance::new(&mut store, &module, &[memory.into()]).unwrap_err();
    assert_eq!(error.trap(), Some(windlass::Trap::MemoryOutOfBounds));
    assert_eq!(&memory.data(&store)[..10], b"first\0\0\0\0\0");
}

#[test]
fn the_start_function_runs() {
    let mut store = Store::new(&Engine::default(), 0);
    let count = Func::wrap(&mut store, |mut caller: windlass::Caller<'_, i32>, n: i32| {
        *caller.data_mut() += n;
    });
    let text = r#"(import "env" "count" (func $count (param i32)))
                  (func $start (call $count (i32.const 5))) (start $start)"#;
    let module = module(&store.engine().clone(), text);
    Instance::new(&mut store, &module, &[count.into()]).unwrap();
    assert_eq!(*store.data(), 5);
}

#[test]
fn tables_are_filled_by_segments() {
    let (mut store, instance) = crate::instance(
        r#"(table (export "t") 4 funcref)
           (func $f (result i32) (i32.const 1))
           (elem (i32.const 1) func $f)
           (elem (table 0) (offset (i32.const 3)) funcref (ref.func $f))"#,
    );
    let table = instance.get_table(&store, "t").unwrap();
    let nulls = (0..4).map(|i| table.get(&mut store, i).unwrap().is_null()).collect::<Vec<_>>();
    assert_eq!(nulls, [true, false, true, false]);
}

/// What a linker with these functions says about the imports of `text`.
fn unlinked(names: &[(&str, &str)], text: &str) -> LinkError {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    for (module, name) in names {
        linker.func_wrap(module, name, || {}).unwrap();
    }
    let module = module(&linker.engine().clone(), text);
    linker.instantiate_pre(&module).unwrap_err().downcast().unwrap()
}

#[test]
fn all_that_is_missing_is_told_with_what_was_meant() {
    let names = [("env", "log_line"), ("wasi", "fd_read"), ("env", "exit")];
    let text = r#"(import "env" "log_lines" (func))
                  (import "env" "exit" (func))
                  (import "env" "fd_read" (func))
                  (import "evn" "exit" (func))
                  (import "env" "something" (memory 1))"#;
    let error = unlinked(&names, text);
    let expected = "\
unknown import for `env`::`log_lines`: expected func () -> (), found nothing of this name, \
but there is `env`::`log_line`
unknown import for `env`::`fd_read`: expected func () -> (), found nothing of this name, \
but there is `wasi`::`fd_read`
unknown import for `evn`::`exit`: expected func () -> (), found nothing of this name, \
but there is `env`::`exit`
unknown import for `env`::`something`: expected memory 1.., found nothing of this name";
    assert_eq!(error.to_string(), expected);
    let others: Vec<_> = error.others().iter().map(LinkError::name).collect();
    assert_eq!(others, ["fd_read", "exit", "something"]);
    let other = error.others()[0].to_string();
    assert_eq!(other.lines().count(), 1, "each tells of itself alone: {other}");
}

#[test]
fn a_link_error_does_not_grow_with_the_module() {
    let imports: String = (0..1000).map(|i| format!("(import \"m\" \"{i}\" (func))")).collect();
    let error = unlinked(&[], &imports);
    assert_eq!(error.others().len(), 15);
    let text = error.to_string();
    assert_eq!(text.lines().count(), 17);
    assert!(text.ends_with("\nand 984 more"), "{text}");
}

#[test]
fn all_imports_of_wrong_types_are_told() {
    let mut store = Store::new(&Engine::default(), ());
    let f = Func::wrap(&mut store, || 1);
    let text = r#"(import "a" "f" (func)) (import "a" "g" (func (result i32)))
                  (import "a" "h" (func (param i64)))"#;
    let error = instantiation_error(&mut store, text, &[f.into(), f.into(), f.into()]);
    let expected = "\
incompatible import type for `a`::`f`: expected func () -> (), found func () -> (i32)
incompatible import type for `a`::`h`: expected func (i64) -> (), found func () -> (i32)";
    assert_eq!(error.to_string(), expected);
    let names = [("a", "f"), ("a", "g"), ("a", "h")];
    let error = unlinked(&names, text);
    assert_eq!((error.kind(), error.name()), (LinkErrorKind::IncompatibleImportType, "g"));
    assert_eq!(error.others()[0].name(), "h");
}

#[test]
fn what_is_missing_and_what_has_another_type_are_told_together() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let mut store = Store::new(linker.engine(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    linker.func_wrap("h", "io", || {}).unwrap();
    linker.define(&store, "h", "memory", memory).unwrap();
    let text = r#"(import "h" "nothing" (func)) (import "h" "io" (func (param i32)))
                  (import "h" "io" (func)) (import "h" "memory" (memory 2))"#;
    let module = module(&linker.engine().clone(), text);
    let lines = [
        "unknown import for `h`::`nothing`: expected func () -> (), found nothing of this name",
        "incompatible import type for `h`::`io`: expected func (i32) -> (), found func () -> ()",
        "incompatible import type for `h`::`memory`: expected memory 2.., found memory 1..",
    ];
    // What is in the store has a type only there.
    let prepared = linker.instantiate_pre(&module).unwrap_err();
    assert_eq!(prepared.to_string(), lines[..2].join("\n"));
    let all = lines.join("\n");
    assert_eq!(linker.instantiate(&mut store, &module).unwrap_err().to_string(), all);
    assert_eq!(linker.module(&mut store, "m", &module).unwrap_err().to_string(), all);
    // In another store it can't be looked at.
    let other = Store::new(linker.engine(), ());
    let error = linker.instantiate(other, &module).unwrap_err();
    assert_eq!(error.to_string(), lines[..2].join("\n"));
    linker.func_wrap("h", "nothing", || {}).unwrap();
    let told: LinkError = linker.instantiate(&mut store, &module).unwrap_err().downcast().unwrap();
    assert_eq!((told.name(), told.others()[0].name()), ("io", "memory"));
}

#[test]
fn a_prepared_module_keeps_what_was_found() {
    let engine = Engine::default();
    let mut linker: Linker<u32> = Linker::new(&engine);
    linker.func_wrap("env", "f", || 1).unwrap();
    let text = r#"(import "env" "f" (func $f (result i32)))
                  (global $g (mut i32) (i32.const 0))
                  (func $start (global.set $g (i32.const 10))) (start $start)
                  (func (export "f") (result i32) (i32.add (call $f) (global.get $g)))"#;
    let prepared = linker.instantiate_pre(&module(&engine, text)).unwrap();
    linker.allow_shadowing(true).func_wrap("env", "f", || 2).unwrap();
    for data in 0..3 {
        let mut store = Store::new(&engine, data);
        for _ in 0..2 {
            let instance = prepared.clone().instantiate(&mut store).unwrap();
            let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
            assert_eq!(f.call(&mut store, ()).unwrap(), 11);
        }
    }
    fn shared<V: Send + Sync + Clone>(_: &V) {}
    shared(&prepared);
}

#[test]
fn a_prepared_module_is_for_stores_of_its_engine_that_have_its_imports() {
    let engine = Engine::default();
    let [mut store, mut other] = [(), ()].map(|()| Store::new(&engine, ()));
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define(&store, "env", "m", memory).unwrap();
    let module = module(&engine, r#"(import "env" "m" (memory 1)) (export "m" (memory 0))"#);
    let prepared = linker.instantiate_pre(&module).unwrap();
    let instance = prepared.instantiate(&mut store).unwrap();
    assert_eq!(instance.get_memory(&store, "m"), Some(memory));
    let error = prepared.instantiate(&mut other).unwrap_err();
    assert_eq!(error.to_string(), "the item belongs to another store");
    let error = prepared.instantiate(Store::<()>::default()).unwrap_err();
    assert_eq!(error.to_string(), "the module belongs to another engine than the store");
    let error = Linker::<()>::new(&Engine::default()).instantiate_pre(&module).unwrap_err();
    assert_eq!(error.to_string(), "the module belongs to another engine than the linker");
}

#[test]
fn names_are_listed_for_each_store() {
    let engine = Engine::default();
    let [mut store, mut other] = [(), ()].map(|()| Store::new(&engine, ()));
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("b", "f", || 1).unwrap().define(&store, "a", "m", memory).unwrap();
    let names = |store: &mut Store<()>| {
        let names = linker.iter(store).map(|(module, name, _)| format!("{module}.{name}"));
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&mut store), ["a.m", "b.f"]);
    assert_eq!(names(&mut other), ["b.f"]);
    assert!(names(&mut Store::default()).is_empty());
    let (_, _, item) = linker.iter(&mut store).next().unwrap();
    assert_eq!(item.into_memory(), Some(memory));
}

#[test]
fn a_module_has_one_function_that_it_stands_for() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("both", "", || 1).unwrap().func_wrap("both", "_start", || 2).unwrap();
    linker.func_wrap("start", "_start", || 2).unwrap();
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    linker.define(&store, "memory", "", memory).unwrap();
    for (name, result) in [("both", 1), ("start", 2)] {
        let func = linker.get_default(&mut store, name).unwrap();
        let func = func.typed::<(), i32>(&store).unwrap();
        assert_eq!(func.call(&mut store, ()).unwrap(), result, "{name}");
    }
    let nothing = linker.get_default(&mut store, "none").unwrap().typed::<(), ()>(&store).unwrap();
    nothing.call(&mut store, ()).unwrap();
    let error = linker.get_default(&mut store, "memory").unwrap_err();
    assert_eq!(error.to_string(), "`memory`::`` is no function");
}

#[test]
fn unknown_imports_can_be_default_values() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("env", "known", || 7).unwrap();
    let text = r#"
        (import "env" "known" (func $known (result i32)))
        (import "env" "f" (func $f (param i32) (result i32 f64 externref)))
        (import "env" "g" (global $g i64))
        (import "env" "m" (memory 2 3)) (import "env" "t" (table 5 funcref))
        (import "env" "e" (tag (param i32)))
        (func (export "run") (result i32)
          (call $f (i32.const 5)) (drop (ref.is_null)) drop
          (i32.wrap_i64 (global.get $g)) (i32.add) (memory.size) (i32.add)
          (table.size) (i32.add) (call $known) (i32.add))"#;
    linker.define_unknown_imports_as_default_values(&mut store, &module(&engine, text)).unwrap();
    let instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 2 + 5 + 7);
    for (text, ty) in [
        (r#"(import "x" "x" (func (result (ref func))))"#, "func () -> ((ref func))"),
        (r#"(import "x" "x" (global (ref extern)))"#, "global (ref extern)"),
        (r#"(import "x" "x" (table 1 (ref func)))"#, "table 1.. (ref func)"),
    ] {
        let module = module(&engine, text);
        let error = linker.define_unknown_imports_as_default_values(&mut store, &module);
        let expected = format!("`x`::`x` has no default value: {ty}");
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_function_that_is_not_exported_is_told_with_those_that_are() {
    let text = r#"(memory (export "memory") 1) (func $f (export "fib")) (export "main" (func $f))
                  (export "ma\nin" (func $f))"#;
    let (store, instance) = crate::instance(text);
    let error = |name| instance.get_typed_func::<(), ()>(&store, name).unwrap_err().to_string();
    let expected = "no function is exported under the name `mian`; \
                    there are `main`, `fib`, `ma\\nin`";
    assert_eq!(error("mian"), expected);
    let expected = "`memory` is a memory, no function; there are `fib`, `main`, `ma\\nin`";
    assert_eq!(error("memory"), expected);
    let (store, instance) = crate::instance(r#"(func (export "one"))"#);
    let error = instance.get_typed_func::<(), ()>(&store, "f").unwrap_err();
    let expected = "no function is exported under the name `f`; there is `one`";
    assert_eq!(error.to_string(), expected);
    let (store, instance) = crate::instance("(memory 1)");
    let error = instance.get_typed_func::<(), ()>(&store, "f").unwrap_err();
    assert_eq!(error.to_string(), "no function is exported under the name `f`; no function is");
    let many: String = (0..20).map(|i| format!("(func (export \"f{i}\"))")).collect();
    let (store, instance) = crate::instance(&many);
    let error = instance.get_typed_func::<(), ()>(&store, "run").unwrap_err().to_string();
    assert!(error.ends_with("`f14`, `f15` and 4 more"), "{error}");
}

#[test]
fn imports_in_groups_are_linked_as_others() {
    let text = r#"(import "m" (item "a" (func $a (result i32))) (item "b" (global $b i32)))
        (func (export "sum") (result i32) (i32.add (call $a) (global.get $b)))"#;
    let wasm = wat::parse_str(text).unwrap();
    let error = windlass::Module::new(&Engine::default(), &wasm).unwrap_err().to_string();
    assert!(error.contains("needs the feature compact-imports"), "{error}");
    let engine = Engine::new(windlass::Config::new().wasm_compact_imports(true)).unwrap();
    let module = windlass::Module::new(&engine, &wasm).unwrap();
    let names: Vec<_> = module.imports().map(|import| (import.module(), import.name())).collect();
    assert_eq!(names, [("m", "a"), ("m", "b")]);
    let mut store = Store::new(&engine, ());
    let given = r#"(func (export "a") (result i32) (i32.const 40))
        (global (export "b") i32 (i32.const 2))"#;
    let given = windlass::Module::new(&engine, wat::parse_str(given).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.module(&mut store, "m", &given).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let sum = instance.get_typed_func::<(), i32>(&store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 42);
}
