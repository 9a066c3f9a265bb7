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
    let error = instantiation_error(&mut store, r#"(import "env" "f" (func))"#, &[]);
    assert_eq!(error.to_string(), "the module has 1 imports, but 0 are given");
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
