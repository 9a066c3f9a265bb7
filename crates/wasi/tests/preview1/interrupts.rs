//! Interrupts that come while a function waits, and who says whether it ends.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use windlass::{Config, Engine, Error, InterruptHandle, Linker, Metering, Module, Store, Trap};
use windlass_wasi::{Errno, MonotonicClock, WasiCtx, WasiCtxBuilder};

type Handle = Arc<Mutex<Option<InterruptHandle>>>;

/// Virtual time, in which sleeps end early and are interrupted, but not the last one.
struct Interrupting(Mutex<Duration>, Handle);

impl MonotonicClock for Interrupting {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn sleep(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap();
        *now += duration.min(Duration::from_millis(10));
        if *now >= SLEPT {
            return;
        }
        self.1.lock().unwrap().as_ref().unwrap().interrupt();
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

/// How long the guest sleeps.
const SLEPT: Duration = Duration::from_millis(25);

/// Sleeps for so long, and gives the error number.
const SLEEP: &str = r#"
    (import "wasi_snapshot_preview1" "poll_oneoff"
      (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global (export "told") (mut i32) (i32.const -1))
    (func (export "sleep")
      (i32.store offset=16 (i32.const 0) (i32.const 1))
      (i64.store offset=24 (i32.const 0) (i64.const 25000000))
      (global.set 0 (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))"#;

/// What the call gave, and what the guest was told.
fn sleep(wasi: &mut WasiCtxBuilder, handle: &Handle) -> (Result<(), Error>, Option<i32>) {
    wasi.monotonic_clock(Interrupting(Mutex::default(), handle.clone()));
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let mut linker = Linker::new(&engine);
    windlass_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi).unwrap();
    let mut store = Store::new(&engine, wasi.build());
    *handle.lock().unwrap() = store.interrupt_handle().ok();
    let instance = linker.instantiate(&mut store, &Module::new(&engine, SLEEP).unwrap()).unwrap();
    let sleep = instance.get_typed_func::<(), ()>(&store, "sleep").unwrap();
    let result = sleep.call(&mut store, ());
    let told = instance.get_global(&store, "told").unwrap();
    (result, told.get(&mut store).i32())
}

#[test]
fn an_interrupt_ends_the_function_and_stops_the_guest() {
    let (result, told) = sleep(&mut WasiCtxBuilder::new(), &Handle::default());
    assert_eq!(result.unwrap_err().trap(), Some(Trap::Interrupted));
    assert_eq!(told, Some(-1));
}

#[test]
fn the_embedder_may_say_that_it_goes_on() {
    let handle = Handle::default();
    let asked = Arc::new(Mutex::new(0));
    let (taken_back, count) = (handle.clone(), asked.clone());
    let goes_on = move || {
        *count.lock().unwrap() += 1;
        taken_back.lock().unwrap().as_ref().unwrap().clear_interrupt();
        false
    };
    let (result, told) = sleep(WasiCtxBuilder::new().on_interrupt(goes_on), &handle);
    result.unwrap();
    assert_eq!((told, *asked.lock().unwrap()), (Some(0), 2));
}

#[test]
fn the_embedder_may_say_that_it_ends() {
    let (result, told) = sleep(WasiCtxBuilder::new().on_interrupt(|| true), &Handle::default());
    assert_eq!(result.unwrap_err().trap(), Some(Trap::Interrupted));
    assert_eq!((told, Errno::Intr as i32), (Some(-1), 27));
}
