//! The module `spectest` that scripts import from. What its functions print is for people who run
//! the reference interpreter; here it goes nowhere.

use windlass::{
    Engine, Error, Features, Func, FuncType, Global, GlobalType, Linker, Memory, MemoryType,
    Mutability, Ref, RefType, SharedMemory, Store, Table, TableType, Val, ValType,
};

const MODULE: &str = "spectest";

/// Defines `spectest` in `linker`.
pub(crate) fn define(linker: &mut Linker<()>, store: &mut Store<()>) -> Result<(), Error> {
    functions(linker, store)?;
    globals(linker, store)?;

    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2)))?;
    linker.define(&*store, MODULE, "memory", memory)?;
    if Features::BUILT.contains(Features::THREADS) {
        let shared_memory = SharedMemory::new(store.engine(), MemoryType::shared(1, 2))?;
        linker.define(&*store, MODULE, "shared_memory", shared_memory)?;
    }
    let table =
        Table::new(&mut *store, TableType::new(RefType::FUNCREF, 10, Some(20)), Ref::Func(None))?;
    linker.define(&*store, MODULE, "table", table)?;
    let table =
        Table::new(&mut *store, TableType::new64(RefType::FUNCREF, 10, Some(20)), Ref::Func(None))?;
    linker.define(&*store, MODULE, "table64", table)?;
    Ok(())
}

fn functions(linker: &mut Linker<()>, store: &mut Store<()>) -> Result<(), Error> {
    use ValType::{F32, F64, I32, I64};
    let functions: [(&str, &[ValType]); 7] = [
        ("print", &[]),
        ("print_i32", &[I32]),
        ("print_i64", &[I64]),
        ("print_f32", &[F32]),
        ("print_f64", &[F64]),
        ("print_i32_f32", &[I32, F32]),
        ("print_f64_f64", &[F64, F64]),
    ];
    let engine: Engine = store.engine().clone();
    for (name, params) in functions {
        let ty = FuncType::new(&engine, params.iter().copied(), []);
        let function = Func::new(&mut *store, ty, |_, _, _| Ok(()));
        linker.define(&*store, MODULE, name, function)?;
    }
    Ok(())
}

fn globals(linker: &mut Linker<()>, store: &mut Store<()>) -> Result<(), Error> {
    let globals = [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6f64.to_bits())),
    ];
    for (name, ty, value) in globals {
        let global = Global::new(&mut *store, GlobalType::new(ty, Mutability::Const), value)?;
        linker.define(&*store, MODULE, name, global)?;
    }
    Ok(())
}
