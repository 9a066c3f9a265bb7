//! Stores: what belongs to one is not used with another.

use crate::{instance, module};
use windlass::{
    Engine, Extern, ExternRef, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType,
    Mutability, Ref, RefType, Rooted, Store, Table, TableType, Val, ValType,
};

#[test]
fn handles_of_another_store_are_errors() {
    let mut own = Store::new(&Engine::default(), ());
    let mut other = Store::new(own.engine(), ());
    let func = Func::wrap(&mut other, || {});
    let value = ExternRef::new(&mut other, 1).unwrap();
    let table_type = TableType::new(RefType::FUNCREF, 1, None);
    let table = Table::new(&mut other, table_type, Ref::Func(None)).unwrap();
    let memory = Memory::new(&mut other, MemoryType::new(1, None)).unwrap();
    let global_type = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut other, global_type, Val::I32(1)).unwrap();

    let messages = [
        func.call(&mut own, &[], &mut []).unwrap_err(),
        func.start(&mut own, &[]).unwrap_err(),
        func.typed::<(), ()>(&own).unwrap_err(),
        value.data(&own).unwrap_err(),
        table.set(&mut own, 0, Ref::Func(None)).unwrap_err(),
        table.grow(&mut own, 1, Ref::Func(None)).unwrap_err(),
        table.fill(&mut own, 0, Ref::Func(None), 1).unwrap_err(),
        memory.grow(&mut own, 1).unwrap_err(),
        global.set(&mut own, Val::I32(1)).unwrap_err(),
    ]
    .map(|error| error.to_string());
    let expected = [
        "function",
        "function",
        "function",
        "host value",
        "table",
        "table",
        "table",
        "memory",
        "global",
    ]
    .map(|what| format!("the {what} belongs to another store"));
    assert_eq!(messages, expected);
}

#[test]
fn values_of_another_store_are_errors() {
    let mut own = Store::new(&Engine::default(), ());
    let mut other = Store::new(own.engine(), ());
    let func = Func::wrap(&mut other, || {});
    let value = ExternRef::new(&mut other, 1).unwrap();
    let take = Func::wrap(&mut own, |_: Option<Func>, _: Option<Rooted<ExternRef>>| {});
    let nulls = [Val::FuncRef(None), Val::ExternRef(None)];
    take.call(&mut own, &nulls, &mut []).unwrap();
    assert!(take.call(&mut own, &[func.into(), nulls[1]], &mut []).is_err());
    assert!(take.call(&mut own, &[nulls[0], value.into()], &mut []).is_err());
    let typed = take.typed::<(Option<Func>, Option<Rooted<ExternRef>>), ()>(&own).unwrap();
    typed.call(&mut own, (None, None)).unwrap();
    assert!(typed.call(&mut own, (Some(func), None)).is_err());
    assert!(typed.call(&mut own, (None, Some(value))).is_err());
    let give = Func::wrap(&mut own, move || Some(func));
    assert!(give.call(&mut own, &[], &mut [Val::I32(0)]).is_err());
    let table_type = TableType::new(RefType::FUNCREF, 1, None);
    assert!(Table::new(&mut own, table_type, func.into()).is_err());
    let global_type = GlobalType::new(ValType::EXTERNREF, Mutability::Var);
    assert!(Global::new(&mut own, global_type, value.into()).is_err());
}

#[test]
fn items_of_another_store_are_not_linked() {
    let engine = Engine::default();
    let mut own = Store::new(&engine, ());
    let mut other = Store::new(&engine, ());
    let func = Func::wrap(&mut other, || {});
    let module = module(&engine, r#"(import "env" "f" (func))"#);
    let error = Instance::new(&mut own, &module, &[func.into()]).unwrap_err();
    assert_eq!(error.to_string(), "the item belongs to another store");
    let mut linker = Linker::new(&engine);
    assert!(linker.define(&own, "env", "f", func).is_err());
    linker.define(&other, "env", "f", func).unwrap();
    assert!(linker.instantiate(&mut own, &module).is_err());
    linker.instantiate(&mut other, &module).unwrap();
}

#[test]
fn modules_of_another_engine_are_errors() {
    let module = module(&Engine::default(), "(module)");
    let mut store = Store::new(&Engine::default(), ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.to_string(), "the module belongs to another engine than the store");
    assert!(Linker::new(store.engine()).instantiate(&mut store, &module).is_err());
}

#[test]
#[should_panic(expected = "the memory belongs to another store")]
fn reading_a_memory_of_another_store_panics() {
    let (store, instance) = instance(r#"(memory (export "memory") 1)"#);
    let memory = instance.get_memory(&store, "memory").unwrap();
    memory.data(&Store::new(store.engine(), ()));
}

#[test]
#[should_panic(expected = "the instance belongs to another store")]
fn exports_of_an_instance_of_another_store_panic() {
    let (store, instance) = instance(r#"(memory (export "memory") 1)"#);
    instance.get_export(Store::new(store.engine(), ()), "memory");
}

#[test]
fn data_is_the_embedders() {
    let mut store = Store::new(&Engine::default(), vec![1]);
    store.data_mut().push(2);
    let func = Func::wrap(&mut store, |mut caller: windlass::Caller<'_, Vec<i32>>| {
        caller.data_mut().push(3);
        caller.data().len() as i32
    });
    let mut results = [Val::I32(0)];
    func.call(&mut store, &[], &mut results).unwrap();
    assert_eq!(results[0].i32(), Some(3));
    assert!(matches!(Extern::from(func).ty(&store), windlass::ExternType::Func(_)));
    assert_eq!(store.into_data(), [1, 2, 3]);
}
