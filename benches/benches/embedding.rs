//! What an embedder pays around its guests, by criterion, beside wasmi: stores with an instance,
//! one after the other and all kept, and calls from the host to a guest and back. Both engines run
//! the same modules.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::{hint::black_box, time::Duration};
use windlass_benches::kernels::{ENTRY, HOST_CALLS};

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = instances, many_instances, calls
}
criterion_main!(benches);

/// How many stores are kept at a time.
const MANY: u64 = 1000;

/// How often a guest calls the host.
const CALLS: i32 = 1000;

/// A small module as compilers make them, with so many pages of memory.
fn small(pages: u32) -> Vec<u8> {
    let memory = match pages {
        0 => String::new(),
        pages => format!("(memory (export \"memory\") {pages}) (data (i32.const 8) \"hello\")"),
    };
    let text = format!(
        "(module
           (import \"host\" \"step\" (func $step (param i32) (result i32)))
           {memory}
           (table 4 funcref) (elem (i32.const 0) $run)
           (global (mut i32) (i32.const 5))
           (func $run (export \"run\") (param i32) (result i64)
             (i64.extend_i32_s (call $step (local.get 0)))))"
    );
    wat::parse_str(text).expect("the text is a module")
}

const SIZES: [(&str, u32); 3] = [("no memory", 0), ("1 page", 1), ("17 pages", 17)];

/// The same for each engine, whose types have the same names.
macro_rules! engine {
    ($engine:ident, $prepared:ty, $prepare:expr, $instantiate:expr) => {
        mod $engine {
            use ::$engine::*;

            pub(super) const NAME: &str = stringify!($engine);

            pub(super) struct Prepared(Engine, $prepared);

            pub(super) fn prepare(wasm: &[u8]) -> Prepared {
                let engine = Engine::default();
                let module = Module::new(&engine, wasm).expect("the module is valid");
                let mut linker = Linker::new(&engine);
                linker.func_wrap("host", "step", |x: i32| x + 1).expect("the name is free");
                let prepare: fn(Linker<()>, Module) -> $prepared = $prepare;
                Prepared(engine, prepare(linker, module))
            }

            pub(super) fn make(Prepared(engine, prepared): &Prepared) -> (Store<()>, Instance) {
                let mut store = Store::new(engine, ());
                let instantiate: fn(&$prepared, &mut Store<()>) -> Instance = $instantiate;
                let instance = instantiate(prepared, &mut store);
                (store, instance)
            }

            pub(super) fn typed(wasm: &[u8]) -> impl FnMut(i32) -> i64 + use<> {
                let (mut store, instance) = make(&prepare(wasm));
                let run = instance.get_typed_func::<i32, i64>(&store, "run").expect("it is there");
                move |n| run.call(&mut store, n).expect("it does not trap")
            }

            pub(super) fn untyped(wasm: &[u8]) -> impl FnMut(i32) -> i64 + use<> {
                let (mut store, instance) = make(&prepare(wasm));
                let run = instance.get_func(&store, "run").expect("it is there");
                move |n| {
                    let mut results = [Val::I64(0)];
                    run.call(&mut store, &[Val::I32(n)], &mut results).expect("it does not trap");
                    results[0].i64().expect("an i64")
                }
            }
        }
    };
}

engine!(
    windlass,
    InstancePre<()>,
    |linker, module| linker.instantiate_pre(&module).expect("all imports are defined"),
    |prepared, store| prepared.instantiate(store).expect("it can be made")
);
// It has nothing that is prepared further.
engine!(
    wasmi,
    (Linker<()>, Module),
    |linker, module| (linker, module),
    |(linker, module), store| linker.instantiate_and_start(store, module).expect("it can be made")
);

/// One store with an instance after the other.
fn instances(criterion: &mut Criterion) {
    for (size, pages) in SIZES {
        let wasm = small(pages);
        let mut group = criterion.benchmark_group(format!("instance, {size}"));
        let prepared = windlass::prepare(&wasm);
        group.bench_function(windlass::NAME, |bencher| bencher.iter(|| windlass::make(&prepared)));
        let prepared = wasmi::prepare(&wasm);
        group.bench_function(wasmi::NAME, |bencher| bencher.iter(|| wasmi::make(&prepared)));
    }
}

/// A thousand, all kept.
fn many_instances(criterion: &mut Criterion) {
    let wasm = small(1);
    let mut group = criterion.benchmark_group(format!("{MANY} instances, 1 page"));
    group.throughput(Throughput::Elements(MANY));
    let prepared = windlass::prepare(&wasm);
    group.bench_function(windlass::NAME, |bencher| {
        bencher.iter(|| (0..MANY).map(|_| windlass::make(&prepared)).collect::<Vec<_>>());
    });
    let prepared = wasmi::prepare(&wasm);
    group.bench_function(wasmi::NAME, |bencher| {
        bencher.iter(|| (0..MANY).map(|_| wasmi::make(&prepared)).collect::<Vec<_>>());
    });
}

/// From the host to a guest that does next to nothing, and from a guest to the host.
fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("host to guest, typed");
    let (mut ours, mut theirs) = (windlass::typed(&ENTRY.wasm()), wasmi::typed(&ENTRY.wasm()));
    group.bench_function(windlass::NAME, |bencher| bencher.iter(|| ours(black_box(1))));
    group.bench_function(wasmi::NAME, |bencher| bencher.iter(|| theirs(black_box(1))));
    group.finish();

    let mut group = criterion.benchmark_group("host to guest, untyped");
    let (mut ours, mut theirs) = (windlass::untyped(&ENTRY.wasm()), wasmi::untyped(&ENTRY.wasm()));
    group.bench_function(windlass::NAME, |bencher| bencher.iter(|| ours(black_box(1))));
    group.bench_function(wasmi::NAME, |bencher| bencher.iter(|| theirs(black_box(1))));
    group.finish();

    let mut group = criterion.benchmark_group(format!("guest to host, {CALLS} times"));
    group.throughput(Throughput::Elements(CALLS as u64));
    let wasm = HOST_CALLS.wasm();
    let (mut ours, mut theirs) = (windlass::typed(&wasm), wasmi::typed(&wasm));
    group.bench_function(windlass::NAME, |bencher| bencher.iter(|| ours(CALLS)));
    group.bench_function(wasmi::NAME, |bencher| bencher.iter(|| theirs(CALLS)));
}
