//! `latency`: how long it takes from an interrupt to the end of the call, for one attack of one
//! size.
//! Called by `main`, in a process of its own. It must never end by a panic.

use crate::{
    attacks::make_garbage,
    host::{self, Host, linker},
    run::timed,
    wasm::Wasm,
};
use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};
use windlass::{
    CompilationMode, Config, Engine, Error, Event, Features, Func, InterruptHandle, Linker,
    Metering, Module, Store,
};

/// So long runs are let run before each interrupt.
const REST: Duration = Duration::from_micros(500);
/// A run is given up after so long.
const LONG: Duration = Duration::from_secs(4);
/// How often everything is measured: others use the machine, too, and the best of the worst counts.
const TIMES: usize = 2;
/// How many calls are interrupted, at moments spread over the time of a run.
const MOMENTS: u32 = 4;

/// How long interrupts take, and what nothing interrupts.
pub(crate) fn phases(bytes: &[u8]) -> Result<(), Error> {
    let mut worst = [f64::INFINITY; 2];
    let mut at = 0.0;
    for _ in 0..TIMES {
        let Some(scan) = scan(bytes)? else { return Ok(()) };
        if scan.worst < worst[0] {
            (worst[0], at) = (scan.worst, scan.at);
        }
        worst[1] = calls(bytes, scan.time)?.min(worst[1]);
    }
    println!("pieces {:.6}", worst[0]);
    println!("calls {:.6}", worst[1]);
    println!("note (worst after {at:.3} s)");
    // What nothing interrupts: the host has asked for it.
    let (mut store, module, _) = timed("start", || start(bytes))?;
    timed("collect", || store.gc());
    timed("drop", || drop((store, module)));
    Ok(())
}

/// A new engine, so that nothing is translated yet.
fn start(bytes: &[u8]) -> Result<(Store<Host>, Module, Option<Func>), Error> {
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Interrupt);
    let engine = Engine::new(config.compilation_mode(CompilationMode::Lazy))?;
    let module = Module::new(&engine, bytes)?;
    let mut store = host::store(&engine);
    let instance = linker_of(&engine, &mut store)?.instantiate(&mut store, &module)?;
    let run = instance.get_func(&store, "run");
    Ok((store, module, run))
}

/// As `linker`, but a guest makes garbage until there are collections: those that a host function
/// asks for are its own.
fn linker_of(engine: &Engine, store: &mut Store<Host>) -> Result<Linker<Host>, Error> {
    let mut wasm = Wasm::default();
    make_garbage(&mut wasm, 2_500);
    let gc = linker(engine)?.instantiate(&mut *store, &Module::new(engine, wasm.bytes())?)?;
    let mut linker = linker(engine)?;
    linker.allow_shadowing(true);
    if let Some(run) = gc.get_func(&mut *store, "run") {
        linker.define(&*store, "h", "gc", run)?;
    }
    Ok(linker)
}

/// What one run has told, in seconds: the longest time to an interrupt's effect, when that was, and
/// how long it ran.
struct Scan {
    worst: f64,
    at: f64,
    time: f64,
}

/// Interrupts a run again and again: so no piece of it that takes long is missed. None if nothing
/// runs.
fn scan(bytes: &[u8]) -> Result<Option<Scan>, Error> {
    let (mut store, _module, Some(run)) = start(bytes)? else { return Ok(None) };
    let mut execution = run.start(&mut store, &[])?;
    let begin = Instant::now();
    let mut scan = Scan { worst: 0.0, at: 0.0, time: 0.0 };
    with_interrupts(store.interrupt_handle()?, |ask, raised| {
        while begin.elapsed() < LONG {
            // The other thread ends later.
            let _ = ask.send(REST);
            let event = execution.run(&mut store);
            let seconds = since(raised);
            if seconds > scan.worst {
                (scan.worst, scan.at) = (seconds, begin.elapsed().as_secs_f64());
            }
            if !matches!(event, Ok(Event::Interrupted)) {
                break;
            }
        }
    });
    scan.time = begin.elapsed().as_secs_f64();
    Ok(Some(scan))
}

/// The longest time that a call takes to end after an interrupt, of several that are interrupted at
/// different moments.
fn calls(bytes: &[u8], time: f64) -> Result<f64, Error> {
    let mut worst = 0.0_f64;
    for moment in 1..=MOMENTS {
        let (mut store, _module, Some(run)) = start(bytes)? else { return Ok(0.0) };
        with_interrupts(store.interrupt_handle()?, |ask, raised| {
            let part = f64::from(moment) / f64::from(MOMENTS + 1);
            let _ = ask.send(Duration::from_secs_f64(time * part));
            // How it ends does not matter.
            let _ = run.call(&mut store, &[], &mut []);
            worst = worst.max(since(raised));
        });
    }
    Ok(worst)
}

/// When the last interrupt came, if it has not been looked at.
type Raised = Mutex<Option<Instant>>;

/// Works while another thread interrupts, after the time it is asked to.
fn with_interrupts(handle: InterruptHandle, work: impl FnOnce(Sender<Duration>, &Raised)) {
    let raised = Raised::default();
    let (ask, asked) = channel();
    thread::scope(|scope| {
        let raised = &raised;
        scope.spawn(move || interrupt(&handle, &asked, raised));
        work(ask, raised);
    });
}

fn interrupt(handle: &InterruptHandle, asked: &Receiver<Duration>, raised: &Raised) {
    while let Ok(after) = asked.recv() {
        thread::sleep(after);
        *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        handle.interrupt();
    }
}

fn since(raised: &Raised) -> f64 {
    let raised = raised.lock().unwrap_or_else(PoisonError::into_inner).take();
    raised.map_or(0.0, |raised| raised.elapsed().as_secs_f64())
}
