//! Types, modules and linkers of another engine, and what belongs to a store of it: an error, or
//! the panic that the documentation promises, where the number of the type exists in the own engine
//! too.

use crate::module;
use std::panic::{AssertUnwindSafe, catch_unwind};
use windlass::{
    ArrayRefPre, ArrayType, Engine, ExnRef, Extern, ExternRef, FieldType, Finality, Func, FuncType,
    Global, GlobalType, HeapType, Instance, Linker, Memory, MemoryType, Module, Mutability, Ref,
    RefType, SharedMemory, StorageType, Store, StructRef, StructRefPre, StructType, Table,
    TableType, Tag, TagType, Val, ValType,
};

/// What there is of an engine. Number for number, types differ in kind from those of the other one.
struct Side {
    engine: Engine,
    store: Store<()>,
    func: FuncType,
    structure: StructType,
    array: ArrayType,
}

fn byte() -> FieldType {
    FieldType::new(Mutability::Var, StorageType::I8)
}

impl Side {
    fn own() -> Side {
        let engine = Engine::default();
        let structure = StructType::new(&engine, []).unwrap();
        let array = ArrayType::new(&engine, byte()).unwrap();
        let func = FuncType::new(&engine, [], []);
        Side { store: Store::new(&engine, ()), engine, func, structure, array }
    }

    fn other() -> Side {
        let engine = Engine::default();
        let func = FuncType::new(&engine, [], []);
        let structure = StructType::new(&engine, [byte()]).unwrap();
        let array = ArrayType::new(&engine, byte()).unwrap();
        Side { store: Store::new(&engine, ()), engine, func, structure, array }
    }

    /// The types that are defined, and null of them.
    fn heaps(&self) -> [HeapType; 3] {
        [(&self.func).into(), (&self.structure).into(), (&self.array).into()]
    }
}

fn nullable(heap: HeapType) -> ValType {
    RefType::new(true, heap).into()
}

/// Checks that it panics with words about another engine or store, not for want of a place in a
/// list.
fn panics(what: &str, f: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err(what);
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    assert!(message.contains("belongs to another"), "{what}: {message}");
}

/// Checks that it is an error with words about another engine or store.
fn fails<V>(what: &str, result: Result<V, windlass::Error>) {
    let error = result.err().expect(what).to_string();
    assert!(error.contains("belongs to another"), "{what}: {error}");
}

#[test]
fn types_of_different_engines_differ() {
    let (own, other) = (Side::own(), Side::other());
    for heap in own.heaps() {
        assert!(!other.heaps().contains(&heap));
        assert_eq!(nullable(heap), nullable(heap));
    }
    assert_ne!(own.func, other.func);
    assert_ne!(TagType::new(own.func), TagType::new(other.func));
    assert_ne!(own.array, other.array);
}

#[test]
fn types_are_small() {
    assert!(size_of::<HeapType>() <= 16);
    assert!(size_of::<RefType>() <= 20 && size_of::<ValType>() <= 20);
    assert!(size_of::<FieldType>() <= 24);
    fn is_copy<T: Copy>() {}
    is_copy::<(HeapType, RefType, ValType, FieldType, GlobalType, TableType)>();
}

#[test]
fn types_of_another_engine_match_nothing() {
    let (own, other) = (Side::own(), Side::other());
    let engine = &own.engine;
    for heap in other.heaps() {
        assert!(!heap.matches(engine, &heap) && !heap.matches(engine, &heap.top()));
        assert!(!heap.bottom().matches(engine, &heap));
        assert!(own.heaps().iter().all(|own| !own.matches(engine, &heap)));
        assert!(own.heaps().iter().all(|own| !heap.matches(engine, own)));
        assert!(!nullable(heap).matches(engine, &nullable(heap)));
        let field = FieldType::new(Mutability::Const, nullable(heap).into());
        assert!(!field.matches(engine, &field));
        assert!(heap.as_concrete_func(engine).is_none());
        assert!(heap.as_concrete_struct(engine).is_none());
        assert!(heap.as_concrete_array(engine).is_none());
        assert!(!Val::null_ref(heap).matches_ty(&own.store, &nullable(heap)).unwrap());
        assert!(!Ref::null(heap).matches_ty(&own.store, &RefType::new(true, heap)).unwrap());
    }
    assert!(!own.func.matches(&other.func) && !own.structure.matches(&other.structure));
    assert!(!own.array.matches(&other.array));
}

#[test]
fn types_of_another_engine_make_no_types() {
    let (own, other) = (Side::own(), Side::other());
    let engine = &own.engine;
    let open = Finality::NonFinal;
    for heap in other.heaps() {
        let ty = nullable(heap);
        let field = FieldType::new(Mutability::Var, ty.into());
        panics("FuncType::new", || _ = FuncType::new(engine, [ty], []));
        panics("FuncType::new", || _ = FuncType::new(engine, [], [ty]));
        let func = FuncType::with_finality_and_supertype(engine, open, None, [ty], []);
        fails("FuncType::with_finality_and_supertype", func);
        fails("StructType::new", StructType::new(engine, [byte(), field]));
        fails("ArrayType::new", ArrayType::new(engine, field));
    }
    let func = FuncType::with_finality_and_supertype(engine, open, Some(&other.func), [], []);
    fails("a function's supertype", func);
    let sup = Some(&other.structure);
    let structure = StructType::with_finality_and_supertype(engine, open, sup, [byte()]);
    fails("a structure's supertype", structure);
    let array = ArrayType::with_finality_and_supertype(engine, open, Some(&other.array), byte());
    fails("an array's supertype", array);
}

#[test]
fn types_of_another_engine_make_nothing_in_a_store() {
    let (mut own, other) = (Side::own(), Side::other());
    let store = &mut own.store;
    for heap in other.heaps() {
        let table = TableType::new(RefType::new(true, heap), 1, None);
        fails("Table::new", Table::new(&mut *store, table, Ref::null(heap)));
        let global = GlobalType::new(nullable(heap), Mutability::Var);
        fails("Global::new", Global::new(&mut *store, global, Val::null_ref(heap)));
    }
    fails("Tag::new", Tag::new(&mut *store, &TagType::new(other.func.clone())));
    fails("StructRefPre::new", StructRefPre::new(&mut *store, other.structure));
    fails("ArrayRefPre::new", ArrayRefPre::new(&mut *store, other.array));
    let ty = other.func;
    panics("Func::new", || _ = Func::new(&mut *store, ty.clone(), |_, _, _| Ok(())));
    let mut linker: Linker<()> = Linker::new(&own.engine);
    let func = linker.func_new("", "f", ty, |_, _, _| Ok(()));
    fails("Linker::func_new", func.map(drop));
}

/// What a reference is tested for and cast to has the engine's number, not that of the other.
#[test]
fn a_function_is_no_object_of_another_engine() {
    let (mut own, other) = (Side::own(), Side::other());
    let func = Func::wrap(&mut own.store, || {});
    let structure = StructRefPre::new(&mut own.store, own.structure.clone()).unwrap();
    let structure = StructRef::new(&mut own.store, &structure, &[]).unwrap();
    for heap in other.heaps() {
        for value in [Val::from(func), Val::from(structure)] {
            assert!(!value.matches_ty(&own.store, &nullable(heap)).unwrap(), "{heap}");
        }
        assert!(!structure.to_anyref().matches_ty(&own.store, heap).unwrap());
        assert!(!structure.to_eqref().matches_ty(&own.store, heap).unwrap());
    }
    assert!(!structure.matches_ty(&own.store, &other.structure).unwrap());
}

const TEXT: &str = r#"
    (import "env" "f" (func))
    (memory (export "m") 1)
    (func (export "g"))"#;

#[test]
fn modules_and_linkers_of_another_engine_are_errors() {
    let (mut own, mut other) = (Side::own(), Side::other());
    let foreign: Module = module(&other.engine, TEXT);
    let empty = module(&other.engine, "(module)");
    let mut linker: Linker<()> = Linker::new(&own.engine);
    linker.func_wrap("env", "f", || {}).unwrap();

    fails("Instance::new", Instance::new(&mut own.store, &empty, &[]));
    fails("Linker::instantiate, module", linker.instantiate(&mut own.store, &foreign));
    fails("Linker::instantiate, both", linker.instantiate(&mut other.store, &foreign));
    fails("Linker::module", linker.module(&mut own.store, "", &foreign).map(drop));
    fails("Linker::module, both", linker.module(&mut other.store, "", &foreign).map(drop));
    fails("define_unknown_imports_as_traps", linker.define_unknown_imports_as_traps(&foreign));
    fails("of a module without imports", linker.define_unknown_imports_as_traps(&empty));
    assert!(linker.get(&mut other.store, "env", "f").is_none());
    assert!(linker.get(&mut own.store, "env", "f").is_some());

    let memory = Memory::new(&mut other.store, MemoryType::new(1, None)).unwrap();
    fails("Linker::define", linker.define(&own.store, "", "m", memory).map(drop));
    fails("Linker::define, both", linker.define(&other.store, "", "m", memory).map(drop));
    let instance = Instance::new(&mut other.store, &empty, &[]).unwrap();
    fails("Linker::instance", linker.instance(&own.store, "", instance).map(drop));
    fails("Linker::instance, both", linker.instance(&other.store, "", instance).map(drop));
    let shared = SharedMemory::new(&other.engine, MemoryType::shared(1, 1)).unwrap();
    fails("a shared memory", linker.define(&own.store, "", "m", shared).map(drop));
}

#[test]
fn names_of_another_store_are_not_found() {
    let mut own = Side::own();
    let mut other: Store<()> = Store::new(&own.engine, ());
    let memory = Memory::new(&mut own.store, MemoryType::new(1, None)).unwrap();
    let mut linker: Linker<()> = Linker::new(&own.engine);
    linker.define(&own.store, "env", "m", memory).unwrap();
    assert!(linker.get(&mut own.store, "env", "m").is_some());
    assert!(linker.get(&mut other, "env", "m").is_none());
}

#[test]
fn what_belongs_to_a_store_of_another_engine_is_an_error() {
    let (mut own, mut other) = (Side::own(), Side::other());
    let foreign = &mut other.store;
    let func = Func::wrap(&mut *foreign, || {});
    let tag_type = TagType::new(FuncType::new(&other.engine, [], []));
    let tag = Tag::new(&mut *foreign, &tag_type).unwrap();
    let exception = ExnRef::new(&mut *foreign, &tag, &[]).unwrap();
    let structures = StructRefPre::new(&mut *foreign, other.structure).unwrap();
    let structure = StructRef::new(&mut *foreign, &structures, &[Val::I32(1)]).unwrap();
    let arrays = ArrayRefPre::new(&mut *foreign, other.array).unwrap();
    let value = ExternRef::new(&mut *foreign, 5).unwrap();
    let memory = Memory::new(&mut *foreign, MemoryType::new(1, None)).unwrap();
    let table_type = TableType::new(RefType::FUNCREF, 1, None);
    let table = Table::new(&mut *foreign, table_type, Ref::Func(None)).unwrap();
    let global_type = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut *foreign, global_type, Val::I32(1)).unwrap();
    let instance = Instance::new(&mut *foreign, &module(&other.engine, "(module)"), &[]).unwrap();
    let mut execution = func.start(&mut *foreign, &[]).unwrap();

    let store = &mut own.store;
    fails("ExnRef::new", ExnRef::new(&mut *store, &tag, &[]));
    fails("ExnRef::tag", exception.tag(&*store));
    fails("StructRef::new", StructRef::new(&mut *store, &structures, &[Val::I32(1)]));
    fails("StructRef::field", structure.field(&mut *store, 0));
    fails("StructRef::ty", structure.ty(&*store));
    fails("ArrayRef::new", windlass::ArrayRef::new(&mut *store, &arrays, &Val::I32(1), 1));
    fails("ArrayRef::new_fixed", windlass::ArrayRef::new_fixed(&mut *store, &arrays, &[]));
    fails("ExternRef::data", value.data(&*store));
    fails("Execution::run", execution.run(&mut *store));
    fails("Execution::resume", execution.resume(&mut *store, &[]));
    fails("Func::call", func.call(&mut *store, &[], &mut []));
    fails("Func::start", func.start(&mut *store, &[]));
    fails("Func::typed", func.typed::<(), ()>(&*store));
    let values = [func.into(), structure.into(), exception.into(), value.into()];
    for value in values {
        let value: Val = value;
        fails("Val::ty", value.ty(&*store));
        fails("Val::matches_ty", value.matches_ty(&*store, &ValType::I32));
        for ty in [ValType::FUNCREF, ValType::ANYREF, ValType::EXNREF, ValType::EXTERNREF] {
            if value.matches_ty(&*foreign, &ty).unwrap() {
                let global = GlobalType::new(ty, Mutability::Var);
                fails("Global::new", Global::new(&mut *store, global, value));
                let take = FuncType::new(&own.engine, [ty], []);
                let take = Func::new(&mut *store, take, |_, _, _| Ok(()));
                fails("Func::call, argument", take.call(&mut *store, &[value], &mut []));
                let give = FuncType::new(&own.engine, [], [ty]);
                let give = Func::new(&mut *store, give, move |_, _, results| {
                    results[0] = value;
                    Ok(())
                });
                let error = give.call(&mut *store, &[], &mut [Val::I32(0)]).unwrap_err();
                assert!(error.root_cause().to_string().contains("belongs to another"), "{error}");
            }
        }
    }
    let externs: [Extern; 5] =
        [func.into(), memory.into(), table.into(), global.into(), tag.into()];
    for item in externs {
        panics("Extern::ty", || _ = item.ty(&*store));
    }
    panics("Func::ty", || _ = func.ty(&*store));
    panics("Tag::ty", || _ = tag.ty(&*store));
    panics("Table::ty", || _ = table.ty(&*store));
    panics("Table::get", || _ = table.get(&mut *store, 0));
    panics("Table::size", || _ = table.size(&*store));
    panics("Global::ty", || _ = global.ty(&*store));
    panics("Global::get", || _ = global.get(&mut *store));
    panics("Memory::ty", || _ = memory.ty(&*store));
    panics("Memory::data", || _ = memory.data(&*store).len());
    panics("Instance::get_func", || _ = instance.get_func(&*store, "f"));
    panics("Instance::module", || _ = instance.module(&*store));
    panics("Store::throw", || _ = store.throw::<()>(exception));
}
