//! `wasi`: what calls of WASI cost, side by side: a guest writes and reads a file in small and in
//! large pieces. Prints a table of CPU times, the kernel's included: the least of several rounds.
//!
//! Usage: `wasi [ROUNDS [ENGINE]...]`. Makes a file of 100 MB in a new directory among the system's
//! temporary files.

use std::{env, fs, path::Path, time::Duration};
use windlass_benches::{clock, engines::Error, table::Table};

/// What the guest does: an export of it, the length of its buffer, how often.
const WORK: &[(&str, &str, i32, i32)] = &[
    ("write 16 B", "write", 16, 500_000),
    ("read 16 B", "read", 16, 500_000),
    ("write 64 KiB", "write", 1 << 16, 1_600),
    ("read 64 KiB", "read", 1 << 16, 1_600),
];

/// Runs an export of a module, with a directory.
type Run = fn(&[u8], &Path, &str, (i32, i32)) -> Result<(i64, Duration), Error>;

const ENGINES: [(&str, Run); 4] =
    [("windlass", windlass), ("shared", windlass_shared), ("wasmi", wasmi), ("pulley", pulley)];

fn main() -> Result<(), Error> {
    let mut args = env::args().skip(1);
    let rounds = args.next().map_or(Ok(5), |rounds| rounds.parse::<u32>())?;
    let names: Vec<String> = args.collect();
    let mut engines = ENGINES.to_vec();
    engines.retain(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    if engines.is_empty() {
        return Err(
            format!("no such engine; there are {:?}", ENGINES.map(|engine| engine.0)).into()
        );
    }
    let dir = env::temp_dir().join(format!("windlass-wasi-{}", std::process::id()));
    fs::create_dir(&dir)?;
    let result = compare(&engines, &dir, rounds.max(1));
    fs::remove_dir_all(&dir)?;
    result
}

fn compare(engines: &[(&str, Run)], dir: &Path, rounds: u32) -> Result<(), Error> {
    let wasm = wat::parse_str(include_str!("../../kernels/wasi.wat"))?;
    let mut table = Table::new("work", &engines.iter().map(|engine| engine.0).collect::<Vec<_>>())?;
    for &(name, export, len, times) in WORK {
        let mut least = vec![None; engines.len()];
        for _ in 0..rounds {
            for ((engine, run), least) in engines.iter().zip(&mut least) {
                let (bytes, time) = run(&wasm, dir, export, (len, times))
                    .map_err(|error| format!("{name} in {engine}: {error}"))?;
                if bytes != i64::from(len) * i64::from(times) {
                    return Err(format!("{name} in {engine}: {bytes} bytes").into());
                }
                *least = (*least).into_iter().chain([time]).min();
            }
        }
        table.row(name, &least)?;
    }
    Ok(table.mean()?)
}

fn windlass(
    wasm: &[u8],
    dir: &Path,
    export: &str,
    work: (i32, i32),
) -> Result<(i64, Duration), Error> {
    use windlass_wasi::WasiCtx;
    let mut linker = ::windlass::Linker::new(&::windlass::Engine::default());
    windlass_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    run_windlass(&linker, windlass_ctx(dir)?, wasm, export, work)
}

/// With the context behind a lock, as the command has it.
fn windlass_shared(
    wasm: &[u8],
    dir: &Path,
    export: &str,
    work: (i32, i32),
) -> Result<(i64, Duration), Error> {
    use windlass_wasi::SharedWasiCtx;
    let mut linker = ::windlass::Linker::new(&::windlass::Engine::default());
    windlass_wasi::add_shared_to_linker(&mut linker, |wasi: &mut SharedWasiCtx| wasi)?;
    run_windlass(&linker, SharedWasiCtx::new(windlass_ctx(dir)?), wasm, export, work)
}

fn windlass_ctx(dir: &Path) -> Result<windlass_wasi::WasiCtx, Error> {
    use windlass_wasi::{DirPerms, FilePerms, WasiCtxBuilder};
    Ok(WasiCtxBuilder::new().preopened_dir(dir, "/", DirPerms::all(), FilePerms::all())?.build())
}

fn run_windlass<T: 'static>(
    linker: &::windlass::Linker<T>,
    data: T,
    wasm: &[u8],
    export: &str,
    work: (i32, i32),
) -> Result<(i64, Duration), Error> {
    let engine = linker.engine();
    let module = ::windlass::Module::new(engine, wasm)?;
    let mut store = ::windlass::Store::new(engine, data);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(i32, i32), i64>(&store, export)?;
    let (result, time) = clock::timed(|| run.call(&mut store, work));
    Ok((result?, time))
}

fn wasmi(
    wasm: &[u8],
    dir: &Path,
    export: &str,
    work: (i32, i32),
) -> Result<(i64, Duration), Error> {
    use ::wasmi::{Engine, Linker, Module, Store};
    use wasmi_wasi::{Dir, WasiCtx, WasiCtxBuilder, ambient_authority};
    let engine = Engine::default();
    let dir = Dir::open_ambient_dir(dir, ambient_authority())?;
    let ctx = WasiCtxBuilder::new().preopened_dir(dir, "/")?.build();
    let mut linker = Linker::new(&engine);
    wasmi_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let run = instance.get_typed_func::<(i32, i32), i64>(&store, export)?;
    let (result, time) = clock::timed(|| run.call(&mut store, work));
    Ok((result?, time))
}

fn pulley(
    wasm: &[u8],
    dir: &Path,
    export: &str,
    work: (i32, i32),
) -> Result<(i64, Duration), Error> {
    use wasmtime::{Config, Engine, Linker, Module, Store};
    use wasmtime_wasi::{DirPerms, FilePerms, WasiCtxBuilder, p1};
    let mut config = Config::new();
    config.target("pulley64")?;
    let engine = Engine::new(&config)?;
    let mut builder = WasiCtxBuilder::new();
    // As its documentation recommends for speed where nothing is asynchronous.
    builder.allow_blocking_current_thread(true);
    builder.preopened_dir(dir, "/", DirPerms::all(), FilePerms::all())?;
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |wasi: &mut p1::WasiP1Ctx| wasi)?;
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, builder.build_p1());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(i32, i32), i64>(&mut store, export)?;
    let (result, time) = clock::timed(|| run.call(&mut store, work));
    Ok((result?, time))
}
