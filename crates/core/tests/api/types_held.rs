//! Types are held by modules, stores, linkers and the embedder; the engine frees what nobody holds,
//! and gives its number to other types only then.

use crate::module;
use std::sync::atomic::{AtomicU32, Ordering};
use windlass::{
    ArrayRef, ArrayRefPre, ArrayType, CompilationMode, Config, Engine, ExternType, FieldType,
    Finality, Func, FuncType, Global, GlobalType, HeapType, Instance, Linker, Module, Mutability,
    RefType, StorageType, Store, StructRef, StructRefPre, StructType, Tag, TagType, Val, ValType,
};

/// A module whose types no other has: functions, groups that refer to each other, sub- and
/// supertypes.
fn unlike(number: u32) -> Vec<u8> {
    let fields: String =
        (0..16).map(|bit| if number >> bit & 1 == 0 { " i32" } else { " i64" }).collect();
    let text = format!(
        r#"(module
            (type $base (sub (struct (field{fields}))))
            (rec (type $a (sub $base (struct (field{fields}) (field (ref null $b)))))
                 (type $b (array (mut (ref null $a)))))
            (type $f (func (param{fields}) (result (ref null $b))))
            (global (export "g") (ref null $a) (ref.null $a))
            (table (export "t") 1 (ref null $f))
            (func (export "f") (type $f) (ref.null $b))
            (func (export "make") (result anyref) (array.new_default $b (i32.const 3))))"#
    );
    wat::parse_str(text).expect("the text is right")
}

#[test]
fn modules_that_are_gone_hold_nothing() {
    let engine = Engine::default();
    let kept = Module::new(&engine, unlike(0)).unwrap();
    let held = engine.types_held();
    for number in 1..10_000 {
        let module = Module::new(&engine, unlike(number)).unwrap();
        // All have the type of `make`.
        assert_eq!(engine.types_held(), 2 * held - 1);
        // Looking at names and kinds does not keep types.
        assert_eq!(module.exports().filter(|export| export.name() == "g").count(), 1);
    }
    assert_eq!(engine.types_held(), held);
    drop(kept);
    assert_eq!(engine.types_held(), 0);
}

#[test]
fn refused_modules_enter_nothing() {
    let wrong = r#"(module (type $f (func (param f32 f64))) (type (struct (field (ref $f))))
        (func (type $f) (i32.add (local.get 0) (local.get 1)) drop))"#;
    let late = r#"(module (type $f (func (param f32 f64))) (export "none" (func 5)))"#;
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation] {
        let engine = Engine::new(Config::new().compilation_mode(mode)).unwrap();
        for text in [wrong, late] {
            let wasm = wat::parse_str(text).unwrap();
            assert!(Module::new(&engine, &wasm).is_err(), "{text}");
            assert!(Module::validate(&engine, &wasm).is_err(), "{text}");
            assert_eq!(engine.types_held(), 0, "{text}");
        }
        Module::validate(&engine, &unlike(1)).unwrap();
        assert_eq!(engine.types_held(), 0);
    }
}

#[test]
fn a_type_that_the_host_holds_stays_what_it_is() {
    let engine = Engine::default();
    let module = Module::new(&engine, unlike(5)).unwrap();
    let Some(ExternType::Global(global)) = module.get_export("g") else { panic!("a global") };
    let Some(ExternType::Table(table)) = module.get_export("t") else { panic!("a table") };
    let (ty, heap) = (global.content(), table.element().heap_type());
    let import = module.exports().next().unwrap().ty();
    drop(module);
    for number in 100..200 {
        drop(Module::new(&engine, unlike(number)).unwrap());
    }
    let others: Vec<Module> =
        (200..300).map(|number| Module::new(&engine, unlike(number)).unwrap()).collect();
    let heap_type = ty.as_ref().unwrap().heap_type();
    let structure = heap_type.as_concrete_struct(&engine).expect("a structure type");
    assert_eq!(structure.fields().len(), 17);
    assert_eq!(structure.field(0).unwrap().element_type(), ValType::I64.into());
    assert_eq!(structure.field(1).unwrap().element_type(), ValType::I32.into());
    let base = structure.supertype().expect("a supertype");
    assert_eq!(base.fields().len(), 16);
    assert!(heap_type.matches(&engine, &HeapType::from(&base)));
    assert!(heap_type.matches(&engine, &HeapType::Struct));
    let func = heap.as_concrete_func(&engine).expect("a function type");
    assert_eq!((func.params().len(), func.results().len()), (16, 1));
    assert_eq!(import, ExternType::Global(GlobalType::new(ty, Mutability::Const)));
    // The same type again, from the bytes.
    let again = Module::new(&engine, unlike(5)).unwrap();
    let Some(ExternType::Global(same)) = again.get_export("g") else { panic!("a global") };
    assert_eq!(same.content(), ty);
    let mut store = Store::new(&engine, ());
    Global::new(&mut store, global, Val::null_ref(heap_type)).unwrap();
    for other in &others {
        let Some(ExternType::Global(other)) = other.get_export("g") else { panic!("a global") };
        assert!(!other.content().matches(&engine, &ty));
    }
}

#[test]
fn types_of_the_embedder_are_held_by_their_values() {
    let engine = Engine::default();
    let func = FuncType::new(&engine, [ValType::I64, ValType::F32], []);
    let open = Finality::NonFinal;
    let field = FieldType::new(Mutability::Var, StorageType::I16);
    let base = StructType::with_finality_and_supertype(&engine, open, None, [field]).unwrap();
    let sub = StructType::with_finality_and_supertype(&engine, open, Some(&base), [field, field]);
    let array = ArrayType::new(&engine, field).unwrap();
    assert_eq!(engine.types_held(), 4);
    let (func, copy) = (func.clone(), func);
    drop(func);
    // The subtype keeps its supertype.
    drop(base);
    assert_eq!(engine.types_held(), 4);
    let sub = sub.unwrap();
    assert_eq!(sub.supertype().unwrap().fields().len(), 1);
    drop((copy, sub, array));
    assert_eq!(engine.types_held(), 0);
    // What was made a type of values stays.
    let kept = HeapType::from(FuncType::new(&engine, [ValType::V128], []));
    assert_eq!(engine.types_held(), 1);
    assert_eq!(kept.as_concrete_func(&engine).unwrap().to_string(), "(v128) -> ()");
}

#[test]
fn stores_and_linkers_hold_the_types_of_host_functions() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    let ty = FuncType::new(&engine, [ValType::F64, ValType::F64], [ValType::F64]);
    linker.func_new("", "f", ty, |_, _, _| Ok(())).unwrap();
    linker.func_wrap("", "g", |_: i64, _: f32| ()).unwrap();
    let mut store = Store::new(&engine, ());
    let tag_type = TagType::new(FuncType::new(&engine, [ValType::V128], []));
    let tag = Tag::new(&mut store, &tag_type).unwrap();
    drop(tag_type);
    let wrapped = Func::wrap(&mut store, |_: f32, _: i64, _: f32| ());
    let linked = linker.get(&mut store, "", "f").unwrap().into_func().unwrap();
    assert_eq!(engine.types_held(), 4);
    drop(linker);
    assert_eq!(engine.types_held(), 3);
    for number in 0..20 {
        drop(Module::new(&engine, unlike(number)).unwrap());
    }
    let others = Module::new(&engine, unlike(20)).unwrap();
    assert_eq!(tag.ty(&store).to_string(), "(v128)");
    assert_eq!(wrapped.ty(&store).to_string(), "(f32, i64, f32) -> ()");
    assert_eq!(linked.ty(&store).to_string(), "(f64, f64) -> (f64)");
    drop((others, store));
    assert_eq!(engine.types_held(), 0);
}

#[test]
fn a_module_lives_on_in_its_instances() {
    let engine = Engine::default();
    let text = r#"
        (type $s (sub (struct (field i32))))
        (type $t (sub $s (struct (field i32 i32))))
        (type $f (sub (func (result i32))))
        (type $g (sub $f (func (result i32))))
        (type $h (func (result i32)))
        (table funcref (elem $five $six))
        (func $five (type $g) (i32.const 5))
        (func $six (type $h) (i32.const 6))
        (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0)))
        (func (export "make") (result anyref) (struct.new $t (i32.const 1) (i32.const 2)))
        (func (export "is") (param anyref) (result i32) (ref.test (ref $s) (local.get 0)))"#;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let churn = |store: &mut Store<()>| {
        for number in 0..50 {
            let other = Module::new(&engine, unlike(number)).unwrap();
            let instance = Instance::new(&mut *store, &other, &[]).unwrap();
            let make = instance.get_func(&*store, "make").unwrap();
            make.call(&mut *store, &[], &mut [Val::I32(0)]).unwrap();
        }
    };
    churn(&mut store);
    let call = instance.get_typed_func::<i32, i32>(&store, "call").unwrap();
    assert_eq!(call.call(&mut store, 0).unwrap(), 5);
    assert!(call.call(&mut store, 1).is_err(), "a function of another type");
    let mut made = [Val::null_any_ref()];
    let make = instance.get_func(&store, "make").unwrap();
    make.call(&mut store, &[], &mut made).unwrap();
    let is = instance.get_func(&store, "is").unwrap();
    let mut result = [Val::I32(0)];
    is.call(&mut store, &made, &mut result).unwrap();
    assert_eq!(result[0].i32(), Some(1));
    drop(store);
    assert_eq!(engine.types_held(), 0);
}

/// The heap of a store has learned of the types of a module that could not be instantiated.
#[test]
fn what_a_heap_knows_is_held() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    // The data does not fit: the instantiation fails after the types are known.
    for number in 0..40usize {
        let text = format!(
            r#"(type $s (sub (struct (field i64 {}))))
               (type $t (sub $s (struct (field i64 {} anyref))))
               (global (ref $t) (struct.new_default $t))
               (memory 1)
               (data (i32.const 65536) "x")"#,
            "i32 ".repeat(number),
            "i32 ".repeat(number)
        );
        assert!(Instance::new(&mut store, &module(&engine, &text), &[]).is_err());
        // Other types, with numbers that would be free.
        let fields = (0..number + 1).map(|_| FieldType::new(Mutability::Var, ValType::F64.into()));
        let ty = StructType::new(&engine, fields).unwrap();
        let allocator = StructRefPre::new(&mut store, ty).unwrap();
        let values = vec![Val::from(1.5f64); number + 1];
        let structure = StructRef::new(&mut store, &allocator, &values).unwrap();
        let byte = FieldType::new(Mutability::Var, StorageType::I8);
        let array = ArrayType::new(&engine, byte).unwrap();
        let allocator = ArrayRefPre::new(&mut store, array).unwrap();
        ArrayRef::new(&mut store, &allocator, &Val::I32(7), 100).unwrap();
        store.gc();
        let fields = structure.fields(&mut store).unwrap();
        assert!(fields.into_iter().all(|field| field.f64() == Some(1.5)));
    }
    drop(store);
    assert_eq!(engine.types_held(), 0);
}

#[test]
fn threads_enter_and_drop_the_same_types() {
    let engine = Engine::default();
    let rounds = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let (engine, rounds) = (&engine, &rounds);
            scope.spawn(move || {
                for round in 0..200 {
                    let number = (thread + round) % 3;
                    let module = Module::new(engine, unlike(number)).unwrap();
                    let Some(ExternType::Func(ty)) = module.get_export("f") else {
                        panic!("a function")
                    };
                    drop(module);
                    assert_eq!(ty.params().len(), 16);
                    let first = if number & 1 == 0 { ValType::I32 } else { ValType::I64 };
                    assert_eq!(ty.params().next(), Some(first));
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(rounds.into_inner(), 800);
    assert_eq!(engine.types_held(), 0);
}

#[test]
fn a_reference_type_to_a_type_keeps_it() {
    let engine = Engine::default();
    let inner = FuncType::new(&engine, [ValType::F32], []);
    let reference = RefType::new(true, HeapType::from(&inner));
    let outer = FuncType::new(&engine, [reference.into()], []);
    drop(inner);
    assert_eq!(engine.types_held(), 2);
    let ValType::Ref(param) = outer.params().next().unwrap() else { panic!("a reference") };
    assert_eq!(param, reference);
    drop(outer);
    assert_eq!(engine.types_held(), 1);
}

#[test]
fn casts_know_the_supertypes_of_host_functions() {
    let engine = Engine::default();
    let ty = |finality, sup| {
        FuncType::with_finality_and_supertype(&engine, finality, sup, [], []).unwrap()
    };
    let parent = ty(Finality::NonFinal, None);
    let child = ty(Finality::Final, Some(&parent));
    let mut store = Store::new(&engine, ());
    let func = Func::new(&mut store, child, |_, _, _| Ok(()));
    let text = r#"
        (type $parent (sub (func)))
        (func (export "test") (param funcref) (result i32) (ref.test (ref $parent)
          (local.get 0)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let test = instance.get_func(&store, "test").unwrap();
    let mut results = [Val::I32(0)];
    test.call(&mut store, &[Val::FuncRef(Some(func))], &mut results).unwrap();
    assert_eq!(results[0].i32(), Some(1));
}

#[test]
fn groups_can_be_empty() {
    for text in ["(rec)", "(rec) (type (func))", "(type (func)) (rec) (type (func (param i64)))"] {
        let wasm = wat::parse_str(format!("(module {text} (rec))")).unwrap();
        Module::new(&Engine::default(), wasm).unwrap();
    }
}
