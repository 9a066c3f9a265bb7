//! Windlass alone, by criterion: execution of the kernels at a small size, start-up step by step,
//! and calls between guest and host. `cargo bench` compares with the run before.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use windlass::{CompilationMode, Config, Engine, Features, Instance, Linker, Module, Store, Val};
use windlass_benches::{
    kernels::{ENTRY, HOST_CALLS, KERNELS, Kernel},
    startup,
};

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = execution, start_up, calls
}
criterion_main!(benches);

/// An instance of a kernel, in a store of its own.
fn instantiate(engine: &Engine, module: &Module) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "step", |x: i32| x + 1).expect("the name is free");
    let instance = linker.instantiate(&mut store, module).expect("all imports are defined");
    (store, instance)
}

fn load(kernel: &Kernel) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let module = Module::new(&engine, kernel.wasm()).expect("a kernel is valid");
    instantiate(&engine, &module)
}

fn execution(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("execution");
    for kernel in KERNELS {
        let (mut store, instance) = load(kernel);
        let run = instance.get_typed_func::<i32, i64>(&mut store, "run").expect("it exports `run`");
        group.bench_function(kernel.name, |bencher| {
            bencher.iter(|| run.call(&mut store, kernel.small).expect("no kernel traps"));
        });
    }
}

fn start_up(criterion: &mut Criterion) {
    let wasm = startup::large_module(1000);
    let lazy = Engine::default();
    let eager = Engine::new(Config::new().compilation_mode(CompilationMode::Eager))
        .expect("valid settings");
    let mut group = criterion.benchmark_group("start-up");
    group.throughput(Throughput::Bytes(wasm.len() as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| windlass_decode::Module::decode(&wasm, Features::default()));
    });
    group.bench_function("decode and validate", |bencher| {
        bencher.iter(|| windlass_validate::validate(&wasm, Features::default()));
    });
    group.bench_function("module", |bencher| bencher.iter(|| Module::new(&lazy, &wasm)));
    group.bench_function("module, translated", |bencher| {
        bencher.iter(|| Module::new(&eager, &wasm));
    });
    let module = Module::new(&lazy, &wasm).expect("the module is valid");
    group.bench_function("instance", |bencher| {
        bencher.iter(|| instantiate(&lazy, &module));
    });
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calls");
    let (mut store, instance) = load(&ENTRY);
    let run = instance.get_func(&mut store, "run").expect("it exports `run`");
    group.bench_function("guest, untyped", |bencher| {
        let mut results = [Val::I64(0)];
        bencher.iter(|| run.call(&mut store, &[Val::I32(1)], &mut results));
    });
    let run = run.typed::<i32, i64>(&store).expect("it is of this type");
    group.bench_function("guest, typed", |bencher| bencher.iter(|| run.call(&mut store, 1)));

    let (mut store, instance) = load(&HOST_CALLS);
    let run = instance.get_typed_func::<i32, i64>(&mut store, "run").expect("it exports `run`");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("host, 1000 times", |bencher| bencher.iter(|| run.call(&mut store, 1000)));
}
