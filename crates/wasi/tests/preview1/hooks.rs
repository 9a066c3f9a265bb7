//! Functions of WASI are host functions: an embedder's call hook is told of them.

use crate::guest;
use windlass::{CallHook, Engine, Linker, Module, Store};
use windlass_wasi::{WasiCtx, WasiCtxBuilder};

#[test]
fn a_call_hook_is_told_of_functions_of_wasi() {
    let engine = Engine::default();
    let mut linker: Linker<(WasiCtx, Vec<CallHook>)> = Linker::new(&engine);
    windlass_wasi::add_to_linker(&mut linker, |(wasi, _)| wasi).unwrap();
    let mut store = Store::new(&engine, (WasiCtxBuilder::new().build(), Vec::new()));
    let module = Module::new(&engine, guest::module()).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    store.call_hook(|mut store, passage| {
        store.data_mut().1.push(passage);
        Ok(())
    });
    let run = instance.get_typed_func::<(), i32>(&store, "sched_yield").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 0);
    let expected = [
        CallHook::CallingWasm,
        CallHook::CallingHost,
        CallHook::ReturningFromHost,
        CallHook::ReturningFromWasm,
    ];
    assert_eq!(store.data().1, expected);
}
