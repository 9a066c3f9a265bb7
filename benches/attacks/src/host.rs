//! What attacks import, and the store that they run in. Used by `run` and `latency`.

use windlass::{Caller, Engine, Error, Linker, Module, Store};
use windlass_wasi::{
    DirPerms, FilePerms, MemoryFs, SharedWasiCtx, WasiCtx, WasiThreads, add_shared_to_linker,
};

/// The data of a store.
pub(crate) struct Host {
    wasi: SharedWasiCtx,
    /// Something has happened that has no price in fuel: a collection by the host, a call of WASI.
    pub(crate) has_priceless: bool,
}

/// More descriptors than an attack opens, so that they are not the limit.
const DESCRIPTORS: usize = 1 << 20;

/// A store with an empty directory in memory.
pub(crate) fn store(engine: &Engine) -> Store<Host> {
    let mut wasi = WasiCtx::builder();
    wasi.max_descriptors(DESCRIPTORS);
    // Nothing else is preopened under this name.
    let _ = wasi.preopened_fs(MemoryFs::new(), "/", DirPerms::all(), FilePerms::all());
    let wasi = SharedWasiCtx::new(wasi.build());
    Store::new(engine, Host { wasi, has_priceless: false })
}

/// `h.f` does nothing; `h.gc` collects. And the functions of WASI.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>, Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("h", "f", || {})?;
    linker.func_wrap("h", "gc", |mut caller: Caller<'_, Host>| {
        caller.data_mut().has_priceless = true;
        caller.gc();
    })?;
    add_shared_to_linker(&mut linker, |host: &mut Host| {
        host.has_priceless = true;
        &mut host.wasi
    })?;
    Ok(linker)
}

/// Runs a program that starts threads.
pub(crate) fn run_threads(store: &mut Store<Host>, module: &Module) -> Result<(), Error> {
    let engine = store.engine().clone();
    let mut linker = linker(&engine)?;
    let new_store = move |host: &Host| {
        let host = Host { wasi: host.wasi.clone(), has_priceless: false };
        let mut store = Store::new(&engine, host);
        // There is a price, but who pays does not matter.
        let _ = store.set_fuel(u64::MAX);
        store
    };
    let threads = WasiThreads::new(&mut linker, store, module, new_store)?;
    store.data_mut().has_priceless = true;
    threads.run(store, |store| {
        let instance = linker.instantiate(&mut *store, module)?;
        let run = instance.get_func(&mut *store, "run");
        run.map_or(Ok(()), |run| run.call(store, &[], &mut []))
    })
}
