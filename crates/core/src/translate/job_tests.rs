//! Tests of jobs that are interrupted.

use super::{Interrupted, Job, POLL, Stage, Translated, translate};
use crate::{
    CompilationMode, Config, Engine, Event, Features, Instance, Metering, Module, Store, Trap, Val,
    translate::{Failure, Recording},
};
use alloc::{format, string::String, vec::Vec};

/// Control of every kind, locals of every kind, long enough for many looks at the flag.
const PART: &str = r"
    (block (result i32) (block (result i32)
        (try_table (catch $e 0) (throw $e (local.get 0)))
        (loop $l
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
        (if (result i32) (local.get 0)
            (then (call 0 (local.get 1)))
            (else (local.set 2 (f64.const 1)) (local.get 30000)))))
    local.get 0 local.get 1 i32.const 7 local.set 1 select
    (block (block (block (br_table 0 1 2 (local.get 0)))))
    (loop $m (local.set 2 (f64.mul (local.get 2) (f64.const 0.5))) (br_if $m
        (f64.gt (local.get 2) (f64.const 1))))
    try i32.const 1 throw $e catch $e drop local.get 0 if rethrow 1 end catch_all end
    drop";

fn module(mode: CompilationMode, end: &str) -> Module {
    let declared = "i32 ".repeat(30_000);
    let body: String = PART.repeat(30);
    let text = format!(
        "(tag $e (param i32))
         (func (export \"f\") (param i32) (result i32) (local i32 f64 {declared}) {body} {end})"
    );
    let wasm = wat::parse_str(text).expect("the text is a module");
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Fuel).compilation_mode(mode);
    let engine = Engine::new(&config).expect("the settings are fine");
    Module::from_binary(&engine, &wasm).expect("the module is valid, or is not looked at")
}

/// Goes on until it is done or fails, `interrupted` after each [`POLL`] instructions; and how often
/// it was, but for the verifier: its pieces are of another size, and have tests of their own.
fn run(module: &Module, interrupted: Interrupted<'_>) -> (Result<Translated, Failure>, usize) {
    let mut job = Job::default();
    let late = module.0.validates_late();
    let mut interrupts = 0;
    loop {
        match job.run(module.0.source(), 0, late, interrupted) {
            Err(Failure::Interrupted) if job.stage == Stage::Verify => {}
            Err(Failure::Interrupted) => interrupts += 1,
            done => {
                assert_eq!(job.stage, Stage::Idle);
                return (done, interrupts);
            }
        }
    }
}

fn bits(translated: &Translated) -> Vec<u64> {
    translated.code.iter().map(|cell| cell.bits()).collect()
}

#[test]
fn an_interrupted_job_goes_on_where_it_was() {
    for (mode, passes) in [(CompilationMode::Lazy, 3), (CompilationMode::LazyTranslation, 2)] {
        let module = module(mode, "local.get 0");
        let Ok(whole) = translate(module.0.source(), 0) else { panic!("it can be translated") };
        let (Ok(pieces), interrupts) = run(&module, &mut || true) else {
            panic!("it can be translated in pieces")
        };
        assert_eq!(bits(&whole), bits(&pieces));
        assert_eq!(whole.catches, pieces.catches);
        // Each pass over the body was interrupted as often as it can be: no instruction was seen
        // twice.
        let instrs = {
            let body = &module.0.decoded.bodies[0];
            let mut instrs = module.0.instrs(&body.code);
            core::iter::from_fn(|| {
                (!instrs.reader.is_empty()).then(|| instrs.next_instr().ok()).flatten()
            })
            .count()
        };
        assert!(interrupts > 5);
        // And the cells, when sequences were looked for.
        let Ok((lines, _)) = crate::translate::record(module.0.source(), 0, Recording::Offsets)
        else {
            panic!("it can be translated")
        };
        let pieces = lines.len() / POLL;
        assert_eq!(interrupts, passes * (instrs / POLL) + pieces);
    }
}

#[test]
fn what_is_found_late_is_found_in_pieces_too() {
    let module = module(CompilationMode::Lazy, "f64.const 0");
    let mut messages = Vec::new();
    for interrupts in [false, true] {
        let (Err(Failure::Invalid(error)), times) = run(&module, &mut || interrupts) else {
            panic!("it is not valid")
        };
        assert_eq!(times > 0, interrupts);
        messages.push(format!("{error}"));
    }
    assert_eq!(messages[0], messages[1]);
    assert!(messages[0].contains("type mismatch"), "{}", messages[0]);
}

#[test]
fn memory_is_used_again_and_nothing_shows() {
    let module = module(CompilationMode::LazyTranslation, "local.get 0");
    let mut job = Job::default();
    let codes: Vec<_> = (0..2)
        .map(|_| {
            let Ok(translated) = job.run(module.0.source(), 0, false, &mut || false) else {
                panic!("it can be translated")
            };
            (bits(&translated), translated.catches)
        })
        .collect();
    assert_eq!(codes[0], codes[1]);
}

#[test]
fn an_execution_takes_its_translation_up_again() {
    let module = module(CompilationMode::Lazy, "local.get 0");
    let mut store = Store::new(module.engine(), ());
    store.set_fuel(1_000_000).expect("it is metered");
    let instance = Instance::new(&mut store, &module, &[]).expect("nothing is missing");
    let func = instance.get_func(&store, "f").expect("it is exported");
    let handle = store.interrupt_handle().expect("it can be interrupted");
    let mut execution = func.start(&mut store, &[Val::I32(0)]).expect("that is its type");
    let mut interrupts = 0;
    while module.0.code.translated(0).is_none() {
        handle.interrupt();
        let event = execution.run(&mut store).expect("it does not trap");
        assert!(matches!(event, Event::Interrupted));
        interrupts += 1;
        assert!(interrupts < 1_000, "it makes progress");
    }
    assert!(interrupts > 5);
    let event = execution.run(&mut store).expect("it does not trap");
    assert!(matches!(event, Event::Finished(_)));
}

#[test]
fn a_call_that_cannot_be_paused_ends_and_the_next_one_begins_anew() {
    let module = module(CompilationMode::Lazy, "local.get 0");
    let mut store = Store::new(module.engine(), ());
    store.set_fuel(1_000_000).expect("it is metered");
    let instance = Instance::new(&mut store, &module, &[]).expect("nothing is missing");
    let func = instance.get_typed_func::<i32, i32>(&store, "f").expect("that is its type");
    let handle = store.interrupt_handle().expect("it can be interrupted");
    for _ in 0..2 {
        handle.interrupt();
        let trap = func.call(&mut store, 0).expect_err("it is interrupted").trap();
        assert_eq!(trap, Some(Trap::Interrupted));
        assert!(module.0.code.translated(0).is_none());
    }
    assert_eq!(func.call(&mut store, 0).expect("it does not trap"), 0);
}

#[test]
fn a_large_function_leaves_little_memory_behind() {
    let blocks = 100_000;
    let parts = ["block ", "memory.size drop ", "end "].map(|part| part.repeat(blocks));
    let text = format!("(memory 1) (func {})", parts.concat());
    let wasm = wat::parse_str(text).expect("the text is a module");
    let module = Module::from_binary(&Engine::default(), &wasm).expect("the module is valid");
    let mut job = Job::default();
    let mut looks = 0;
    let run = |job: &mut Job, interrupts: &mut dyn FnMut() -> bool| {
        job.run(module.0.source(), 0, false, interrupts).is_ok()
    };
    // It is freed in pieces, and what was freed is not needed to go on.
    while !run(&mut job, &mut || true) {
        looks += usize::from(job.stage == Stage::Shed);
    }
    assert!(looks > 2, "{looks}");
    assert!(job.state.frames.capacity() < blocks / 2, "{}", job.state.frames.capacity());
    let words = job.state.builder.code.capacity();
    assert!(words < 3 * blocks, "{words}");
    let Ok(whole) = translate(module.0.source(), 0) else { panic!("it can be translated") };
    assert!(whole.code.len() > 3 * blocks);
}
