//! Calls that are paused and go on. An `Execution` is a call as a value: it stops when its fuel is
//! used, when it is interrupted, or when a host function has no answer yet, and goes on when the
//! host wants. No thread waits meanwhile, and a guest that is dropped never goes on.

use windlass::{
    Caller, Config, Engine, Event, Linker, Module, Pending, Result, Store, TypedFunc, Val,
};

/// Asks the host for the price of each thing, and adds them up.
const GUEST: &str = r#"
    (import "host" "price" (func $price (param i32) (result i32)))
    (func (export "total") (param $things i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $things (i32.sub (local.get $things) (i32.const 1)))
        (local.set $sum (i32.add (local.get $sum) (call $price (local.get $things))))
        (br_if $next (local.get $things)))
      (local.get $sum))"#;

/// What the guest wants to know: the host function hands it to whoever runs the guest.
struct Question {
    thing: i32,
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, GUEST)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "price", |_: Caller<'_, ()>, thing: i32| -> Result<i32> {
        // Not an error, but "ask later": the guest is paused in this call.
        Err(Pending::new(Question { thing }).into())
    })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let total: TypedFunc<i32, i32> = instance.get_typed_func(&store, "total")?;

    let mut execution = total.start(&mut store, 4)?;
    let (mut questions, mut refuelled) = (0, 0);
    let sum = loop {
        match execution.run(&mut store)? {
            Event::Finished(sum) => break sum,
            // A slice was used: others could run here.
            Event::OutOfFuel => {
                refuelled += 1;
                store.set_fuel(20)?;
            }
            Event::HostPending(pending) => {
                let question = pending.request().downcast_ref::<Question>().expect("ours");
                questions += 1;
                execution.resume(&mut store, &[Val::I32(10 * question.thing)])?;
            }
            // Nobody interrupts here.
            _ => {}
        }
    };
    println!("{sum}, after {questions} questions and {refuelled} slices of fuel");
    assert_eq!((sum, questions), (60, 4));
    assert!(refuelled > 1);

    // One that is given up leaves the store as it is.
    let mut given_up = total.start(&mut store, 4)?;
    store.set_fuel(1_000)?;
    assert!(matches!(given_up.run(&mut store)?, Event::HostPending(_)));
    drop(given_up);
    assert!(total.start(&mut store, 1).is_ok());
    Ok(())
}
