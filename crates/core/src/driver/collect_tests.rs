//! What collections cost, counted in words looked at and bytes allocated; what maps of frames take;
//! and collections that are interrupted.

use super::frame_maps::{FrameMaps, LISTED, MOST_KEPT};
use crate::{
    AsContextMut, Caller, Config, Engine, Error, Event, ExternRef, Global, Instance, Linker,
    Metering, Module, ResourceLimiter, RootScope, Store, Trap, Val, api::store::InterruptHandle,
    runtime::StoreInner,
};
use alloc::{format, string::String};

/// Lets the heap have so many bytes, and interrupts the guest when it is asked, if wanted.
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) interrupts: Option<InterruptHandle>,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _: usize, new: usize, _: Option<usize>) -> Result<bool, Error> {
        if let Some(handle) = &self.interrupts {
            handle.interrupt();
        }
        Ok(new <= self.bytes)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
}

const PROGRAM: &str = r#"
    (type $node (struct (field i64) (field (mut (ref null $node)))))
    (tag $t (param i64 i64 i64 i64))
    (global $list (export "list") (mut (ref null $node)) (ref.null $node))
    (table $table 0 anyref)
    (func (export "grow") (param $n i32)
      (drop (table.grow $table (ref.i31 (i32.const 1)) (local.get $n))))
    (func (export "hold") (param $n i64)
      (loop $next
        (global.set $list (struct.new $node (local.get $n) (global.get $list)))
        (br_if $next (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1)))))))
    (func (export "churn") (param $n i64)
      (loop $next
        (drop (struct.new $node (local.get $n) (ref.null $node)))
        (br_if $next (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1)))))))
    (func (export "throws") (param $n i64)
      (loop $next
        (block $caught (result exnref)
          (try_table (catch_all_ref $caught)
            (throw $t (local.get $n) (local.get $n) (local.get $n) (local.get $n)))
          (unreachable))
        (drop)
        (br_if $next (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1)))))))
    (func (export "sum") (result i64) (local $sum i64) (local $node (ref null $node))
      (local.set $node (global.get $list))
      (block $done
        (loop $next
          (br_if $done (ref.is_null (local.get $node)))
          (local.set $sum (i64.add (local.get $sum) (struct.get $node 0 (local.get $node))))
          (local.set $node (struct.get $node 1 (local.get $node)))
          (br $next)))
      (local.get $sum))"#;

/// The bytes of a node.
const NODE: usize = 24;

pub(super) fn program(bytes: usize) -> (Store<Limits>, Instance) {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let module = Module::new(&engine, wat::parse_str(PROGRAM).unwrap()).unwrap();
    let mut store = Store::new(&engine, Limits { bytes, interrupts: None });
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

pub(super) fn call(
    store: &mut Store<Limits>,
    instance: &Instance,
    name: &str,
    n: usize,
) -> Result<(), Error> {
    let func = instance.get_typed_func::<i64, ()>(&*store, name)?;
    func.call(store, n as i64)
}

pub(super) fn inner<T>(store: &mut Store<T>) -> &mut StoreInner {
    &mut store.as_context_mut().0.inner
}

fn maps<T>(store: &mut Store<T>) -> &FrameMaps {
    &store.as_context_mut().0.threads.maps
}

/// The bytes that collections have looked at since the last time.
fn looked_at<T>(store: &mut Store<T>) -> usize {
    8 * core::mem::take(&mut inner(store).pace.looked_at)
}

/// What `cargo xtask gc-stress` relies on.
#[cfg(feature = "gc-stress")]
#[test]
fn every_allocation_collects() {
    let (mut store, instance) = program(usize::MAX);
    for name in ["hold", "churn", "throws"] {
        let before = inner(&mut store).pace.collections;
        call(&mut store, &instance, name, 50).unwrap();
        assert!(inner(&mut store).pace.collections >= before + 50, "{name}");
    }
    let sum = instance.get_typed_func::<(), i64>(&store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 50 * 51 / 2);
}

#[test]
fn a_large_table_is_looked_at_as_often_as_its_size_is_allocated() {
    let (mut store, instance) = program(usize::MAX);
    let grow = instance.get_typed_func::<i32, ()>(&store, "grow").unwrap();
    grow.call(&mut store, 2 << 20).unwrap();
    call(&mut store, &instance, "churn", 3 << 20).unwrap();
    let looked_at = looked_at(&mut store);
    assert!(inner(&mut store).pace.collections > 3);
    assert!(looked_at < 2 * (3 << 20) * NODE, "{looked_at}");
}

#[test]
fn exceptions_are_not_collected_at_the_price_of_a_large_heap() {
    let (mut store, instance) = program(usize::MAX);
    call(&mut store, &instance, "hold", 1 << 20).unwrap();
    looked_at(&mut store);
    call(&mut store, &instance, "throws", 1 << 19).unwrap();
    let looked_at = looked_at(&mut store);
    assert!(inner(&mut store).exceptions.used() > 0);
    let size = crate::runtime::Exceptions::cost(4);
    assert!(looked_at < 2 * (1 << 19) * size + 2 * (1 << 20) * NODE, "{looked_at}");
}

#[test]
fn a_heap_that_is_almost_full_is_not_collected_for_a_few_objects() {
    let bytes = 2 << 20;
    let mut traps = 0;
    for percent in [10, 50, 70, 80, 90, 95, 98, 99] {
        let (mut store, instance) = program(bytes);
        call(&mut store, &instance, "hold", bytes / 100 * percent / NODE).unwrap();
        looked_at(&mut store);
        let done = call(&mut store, &instance, "churn", 1 << 18);
        let allocated = if done.is_ok() { NODE << 18 } else { 0 };
        let looked_at = looked_at(&mut store);
        assert!(looked_at <= 8 * allocated + 2 * bytes, "{percent} %: {looked_at}");
        assert!(percent >= 90 || done.is_ok(), "{percent} %");
        if let Err(error) = done {
            assert_eq!(error.trap(), Some(Trap::AllocationTooLarge));
            traps += 1;
        }
        let sum = instance.get_typed_func::<(), i64>(&store, "sum").unwrap();
        let held = (bytes / 100 * percent / NODE) as i64;
        assert_eq!(sum.call(&mut store, ()).unwrap(), held * (held + 1) / 2);
    }
    assert!(traps > 1);
}

#[test]
fn host_values_that_are_dropped_at_once_are_collected() {
    let mut store = Store::new(&Engine::default(), ());
    for i in 0..200_000 {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, i).unwrap();
    }
    let inner = inner(&mut store);
    assert!(inner.externs.len() < 100_000, "{}", inner.externs.len());
    let looked_at = 8 * inner.pace.looked_at;
    assert!(looked_at < 2 * 200_000 * 64, "{looked_at}");
}

#[test]
fn interrupted_collections_go_on_where_they_were() {
    let (mut store, instance) = program(6 << 20);
    call(&mut store, &instance, "hold", 200_000).unwrap();
    let handle = store.interrupt_handle().unwrap();
    store.data_mut().interrupts = Some(handle.clone());
    let churn = instance.get_func(&store, "churn").unwrap();
    let mut execution = churn.start(&mut store, &[Val::I64(2_000_000)]).unwrap();
    let (mut parked, mut slices) = (0, 0);
    loop {
        match execution.run(&mut store).unwrap() {
            Event::Finished(_) => break,
            Event::Interrupted => slices += 1,
            event => panic!("{event:?}"),
        }
        if inner(&mut store).parked.is_some() {
            parked += 1;
            // The next slice sees the interrupt as soon as it begins.
            handle.interrupt();
        }
    }
    let pace = &inner(&mut store).pace;
    assert!(parked > 3 * pace.collections && pace.collections > 2, "{parked} {}", pace.collections);
    // A slice did not begin again: all together looked at what collections look at.
    assert!(pace.looked_at < pace.collections * 2_000_000, "{}", pace.looked_at);
    assert!(parked < 100 * pace.collections && slices >= parked);
    let sum = instance.get_typed_func::<(), i64>(&store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 200_000 * 200_001 / 2);
}

#[test]
fn finding_maps_is_interrupted_and_goes_on() {
    // So large a function that translating it again takes many steps.
    let text = format!(
        r#"(type $s (struct (field i64)))
           (func (export "f") (result i32) (local (ref null $s)) (local $n i32)
             {}
             (local.set $n (i32.const 100000))
             (loop $next
               (local.set 0 (struct.new $s (i64.const 1)))
               (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
             (i32.wrap_i64 (struct.get $s 0 (local.get 0))))"#,
        "(local.set $n (i32.add (local.get $n) (i32.const 1)))".repeat(2000)
    );
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, Limits { bytes: 256 << 10, interrupts: None });
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let handle = store.interrupt_handle().unwrap();
    let f = instance.get_func(&store, "f").unwrap();
    let mut execution = f.start(&mut store, &[]).unwrap();
    store.data_mut().interrupts = Some(handle.clone());
    let before = crate::translate::maps_made();
    let listed = LISTED.get();
    let mut waited = 0;
    loop {
        match execution.run(&mut store).unwrap() {
            Event::Finished(values) => break assert_eq!(values[0].i32(), Some(1)),
            Event::Interrupted => {}
            event => panic!("{event:?}"),
        }
        if maps(&mut store).is_interrupted() {
            waited += 1;
        }
        if inner(&mut store).parked.is_some() {
            handle.interrupt();
        }
    }
    assert!(waited > 10 && inner(&mut store).pace.collections > 1, "{waited}");
    assert_eq!(crate::translate::maps_made() - before, 1);
    // A collection that goes on does not look for frames again.
    assert_eq!(LISTED.get() - listed, inner(&mut store).pace.collections);
}

/// Uses the store in a way that a stopped collection must not go on after.
fn disturb(store: &mut Store<Limits>, instance: &Instance, list: Global, round: usize) {
    let mut scope = RootScope::new(store);
    match round % 4 {
        0 => {
            // The list without its first node.
            let first = list.get(&mut scope).unwrap_anyref().unwrap();
            let first = first.as_struct(&mut scope).unwrap().unwrap();
            let rest = first.field(&mut scope, 1).unwrap();
            list.set(&mut scope, rest).unwrap();
        }
        1 => drop(ExternRef::new(&mut scope, round).unwrap()),
        2 => scope.as_context_mut().gc(),
        _ => {
            let sum = instance.get_typed_func::<(), i64>(&scope, "sum").unwrap();
            assert!(sum.call(&mut scope, ()).unwrap() > 0);
        }
    }
}

#[test]
fn a_stopped_collection_is_given_up_when_the_store_is_used() {
    let (mut store, instance) = program(6 << 20);
    call(&mut store, &instance, "hold", 200_000).unwrap();
    let list = instance.get_global(&store, "list").unwrap();
    let handle = store.interrupt_handle().unwrap();
    store.data_mut().interrupts = Some(handle.clone());
    let churn = instance.get_func(&store, "churn").unwrap();
    let mut execution = churn.start(&mut store, &[Val::I64(3_000_000)]).unwrap();
    let (mut stops, mut rounds) = (0, 0);
    while !execution.has_ended() {
        execution.run(&mut store).unwrap();
        if inner(&mut store).parked.is_none() {
            continue;
        }
        stops += 1;
        if stops % 7 == 0 && rounds < 8 {
            disturb(&mut store, &instance, list, rounds);
            assert!(inner(&mut store).parked.is_none());
            rounds += 1;
        } else {
            handle.interrupt();
        }
    }
    assert_eq!(rounds, 8);
    // Two nodes are gone from the list.
    let sum = instance.get_typed_func::<(), i64>(&store, "sum").unwrap();
    store.gc();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 200_000 * 200_001 / 2 - 1 - 2);
}

/// The text of a program with a function `f` whose import collects, in a store.
fn collecting(text: &str) -> (Store<()>, Instance, usize) {
    let engine = Engine::default();
    let wasm = wat::parse_str(format!(r#"(import "host" "gc" (func $gc)) {text}"#)).unwrap();
    let bytes = wasm.len();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "gc", |mut caller: Caller<'_, ()>| caller.gc()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Module::new(&engine, wasm).unwrap()).unwrap();
    (store, instance, bytes)
}

#[test]
fn maps_of_many_places_take_what_the_function_takes() {
    // So many references on the operand stack, and so many places.
    let (refs, calls) = (15_000, 100);
    let make = "(call $make)".repeat(refs);
    let (gc, drops) = ("(call $gc)".repeat(calls), "(drop)".repeat(refs));
    let text = format!(
        r#"(func $make (result anyref) (ref.i31 (i32.const 1)))
           (func (export "f") {make} {gc} {drops})"#
    );
    let (mut store, instance, bytes) = collecting(&text);
    let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
    f.call(&mut store, ()).unwrap();
    let bytes_of_maps = maps(&mut store).bytes();
    assert!(bytes_of_maps < 128 * calls + 4096, "{bytes_of_maps}");
    let inner = inner(&mut store);
    assert_eq!(inner.pace.collections, calls);
    // Each place was found by translating once, and each collection looked at the slots.
    assert!(inner.pace.looked_at < calls * (refs + 8 * bytes + 10_000));
}

#[test]
fn locals_are_in_maps_once() {
    let (locals, calls) = (15_000, 100);
    let (types, gc) = ("anyref ".repeat(locals), "(call $gc)".repeat(calls));
    let text = format!(r#"(func (export "f") (local {types}) {gc})"#);
    let (mut store, instance, _) = collecting(&text);
    let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
    f.call(&mut store, ()).unwrap();
    let bytes_of_maps = maps(&mut store).bytes();
    assert!(bytes_of_maps < 128 * calls + 4096, "{bytes_of_maps}");
    let inner = inner(&mut store);
    assert_eq!(inner.pace.collections, calls);
}

#[test]
fn frames_that_stopped_at_many_places_of_a_function_translate_it_once() {
    // A function that calls itself from as many places as it is deep.
    let depth = 500;
    let calls: String = (0..depth)
        .map(|i| {
            format!(
                r#"(if (i32.eq (local.get 0) (i32.const {i}))
                     (then (local.set 1 (call $f (i32.const {}))) (return (local.get 1))))"#,
                i + 1
            )
        })
        .collect();
    let text = format!(
        r#"(func $f (export "f") (param i32) (result i32) (local i32) (local anyref)
             (local.set 2 (ref.i31 (i32.const 1)))
             {calls}
             (call $gc) (local.get 0))"#
    );
    let (mut store, instance, bytes) = collecting(&text);
    let f = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
    let before = crate::translate::maps_made();
    assert_eq!(f.call(&mut store, 0).unwrap(), depth);
    assert_eq!(crate::translate::maps_made() - before, 1);
    let looked_at = inner(&mut store).pace.looked_at;
    assert!(looked_at < 8 * bytes + 10 * depth as usize + 1000, "{looked_at}");
    // The second time nothing is translated.
    assert_eq!(f.call(&mut store, 0).unwrap(), depth);
    assert_eq!(crate::translate::maps_made() - before, 1);
}

#[test]
fn maps_that_take_much_are_not_kept() {
    // References and numbers by turns: runs of one.
    let (locals, funcs) = (20_000, 8);
    let types = "anyref i32 ".repeat(locals / 2);
    let text: String = (0..funcs)
        .map(|i| format!(r#"(func (export "f{i}") (local {types}) (call $gc))"#))
        .collect();
    let (mut store, instance, _) = collecting(&text);
    let mut most = 0;
    for round in 0..2 {
        for i in 0..funcs {
            let f = instance.get_typed_func::<(), ()>(&store, &format!("f{i}")).unwrap();
            f.call(&mut store, ()).unwrap();
            most = most.max(maps(&mut store).bytes());
        }
        assert_eq!(inner(&mut store).pace.collections, (round + 1) * funcs);
    }
    assert!(most <= MOST_KEPT, "{most}");
}

/// What makes arrays, paid by fuel, with so many bytes for the heap.
fn paying(bytes: usize) -> (Store<Limits>, Instance) {
    let text = r#"(type $a (array (mut i8))) (type $n (struct (field i64 (ref null $n))))
        (global $list (mut (ref null $n)) (ref.null $n))
        (func (export "array") (param i64)
          (drop (array.new_default $a (i32.wrap_i64 (local.get 0)))))
        (func (export "hold") (param $n i64)
          (loop $next
            (global.set $list (struct.new $n (local.get $n) (global.get $list)))
            (br_if $next
              (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1)))))))"#;
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, Limits { bytes, interrupts: None });
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

/// What comes of a call with so much fuel, and how much it uses.
fn paid(
    (store, instance): &mut (Store<Limits>, Instance),
    fuel: u64,
    name: &str,
    n: usize,
) -> (Option<Trap>, u64) {
    store.set_fuel(fuel).unwrap();
    let done = call(store, instance, name, n);
    (done.err().map(|error| error.trap().unwrap()), fuel - store.get_fuel().unwrap())
}

const PLENTY: u64 = 1 << 40;

#[test]
fn an_array_is_paid_before_memory_is_touched_for_it() {
    let mut guest = paying(usize::MAX);
    let bytes = 64 << 20;
    for _ in 0..3 {
        assert_eq!(paid(&mut guest, 1000, "array", bytes), (Some(Trap::OutOfFuel), 1000));
        assert_eq!(inner(&mut guest.0).heap.size(), 0);
    }
    let (trap, small) = paid(&mut guest, PLENTY, "array", 0);
    assert_eq!(trap, None);
    let all = small + 8 + (bytes as u64) / 16;
    assert_eq!(paid(&mut guest, PLENTY, "array", bytes), (None, all));
    // There is room now, which does not make it cheaper, and it is paid to the last unit.
    guest.0.gc();
    assert_eq!(paid(&mut guest, all - 1, "array", bytes), (Some(Trap::OutOfFuel), all - 1));
    assert_eq!(paid(&mut guest, all, "array", bytes), (None, all));
    // What there will never be room for is no matter of fuel.
    let mut guest = paying(1 << 20);
    let (trap, used) = paid(&mut guest, 1000, "array", bytes);
    assert_eq!(trap, Some(Trap::AllocationTooLarge));
    assert!(used < 100, "{used}");
}

#[test]
fn nothing_is_collected_for_an_array_that_is_not_paid() {
    let mut guest = paying(2 << 20);
    assert_eq!(paid(&mut guest, PLENTY, "hold", (3 << 19) / NODE).0, None);
    let collections = inner(&mut guest.0).pace.collections;
    for _ in 0..3 {
        assert_eq!(paid(&mut guest, 1000, "array", 1 << 20), (Some(Trap::OutOfFuel), 1000));
    }
    assert_eq!(inner(&mut guest.0).pace.collections, collections);
    // When it was paid, and all that is there is alive, it is given back.
    let (trap, used) = paid(&mut guest, PLENTY, "array", 1 << 20);
    assert_eq!(trap, Some(Trap::AllocationTooLarge));
    assert!(used < 100, "{used}");
    assert_eq!(inner(&mut guest.0).pace.collections, collections + 1);
}
