//! Collections that stop wherever they can: what there is of threads is looked at in pieces, and
//! what is given up again and again comes to an end.

use super::tests::{Limits, call, inner, program};
use crate::{
    Config, Engine, Event, Execution, Instance, Metering, Module, Store, Val, runtime::Phase,
};
use alloc::vec::Vec;

/// Calls that are paused deep in, and one that makes garbage.
const PAUSED: &str = r#"
    (type $s (struct (field i64))) (memory 0)
    (func $deep (export "deep") (param $n i32) (local anyref anyref anyref anyref anyref anyref)
      (if (local.get $n)
        (then (call $deep (i32.sub (local.get $n) (i32.const 1))))
        (else (drop (memory.grow (i32.const 1))) (loop (br 0)))))
    (func (export "churn") (param $n i32)
      (loop $next
        (drop (struct.new $s (i64.const 1)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#;

#[test]
fn what_many_threads_refer_to_is_marked_in_pieces() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let module = Module::new(&engine, wat::parse_str(PAUSED).unwrap()).unwrap();
    let mut store = Store::new(&engine, Limits { bytes: 1 << 20, interrupts: None });
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let handle = store.interrupt_handle().unwrap();
    store.data_mut().interrupts = Some(handle.clone());
    let deep = instance.get_func(&store, "deep").unwrap();
    let (calls, frames) = (30, 2_000);
    let paused: Vec<Execution> = (0..calls)
        .map(|_| {
            let mut execution = deep.start(&mut store, &[Val::I32(frames)]).unwrap();
            let event = execution.run(&mut store).unwrap();
            assert!(matches!(event, Event::Interrupted));
            execution
        })
        .collect();
    let churn = instance.get_func(&store, "churn").unwrap();
    let mut execution = churn.start(&mut store, &[Val::I32(200_000)]).unwrap();
    let (mut listed, mut marked) = (0, 0);
    while !execution.has_ended() {
        execution.run(&mut store).unwrap();
        let Some(collection) = &inner(&mut store).parked else { continue };
        match collection.phase {
            Phase::Frames if collection.list > 0 => listed += 1,
            Phase::Threads if collection.list > 0 => marked += 1,
            _ => {}
        }
        handle.interrupt();
    }
    let collections = inner(&mut store).pace.collections;
    assert!(collections > 1 && listed > collections && marked > collections, "{listed} {marked}");
    drop(paused);
}

/// Whoever uses the store while a collection has stopped has it begin again; but each goes further
/// than the one before.
#[test]
fn collections_that_are_given_up_again_and_again_come_to_an_end() {
    let (mut store, instance) = program(6 << 20);
    call(&mut store, &instance, "hold", 200_000).unwrap();
    let list = instance.get_global(&store, "list").unwrap();
    let handle = store.interrupt_handle().unwrap();
    store.data_mut().interrupts = Some(handle.clone());
    let churn = instance.get_func(&store, "churn").unwrap();
    let mut execution = churn.start(&mut store, &[Val::I64(200_000)]).unwrap();
    let (mut slices, mut given_up) = (0, 0);
    while !execution.has_ended() {
        slices += 1;
        assert!(slices < 1_000, "there is no end");
        execution.run(&mut store).unwrap();
        if inner(&mut store).parked.is_some() {
            let first = list.get(&mut store);
            list.set(&mut store, first).unwrap();
            assert!(inner(&mut store).parked.is_none());
            given_up += 1;
            handle.interrupt();
        }
    }
    let collections = inner(&mut store).pace.collections;
    assert!(collections > 1 && given_up > collections && given_up < 10 * collections, "{given_up}");
}
