//! The verifier of code as embedders meet it: a call whose function is verified can be interrupted
//! there, and goes on.

use crate::module;
use std::fmt::Write;
use windlass::{Config, Engine, Event, Instance, Metering, Store};

/// Some hundred instructions, which are translated in no time. To verify them takes long: calls
/// leave so many results, of two types, and branches bring both.
fn text(times: usize) -> String {
    let many = |ty: &str| format!("(result {})", format!("(ref null {ty}) ").repeat(900));
    let [low, high] = ["$s", "$t"].map(many);
    let [lows, highs] = ["call $low ", "call $high "].map(|call| call.repeat(20));
    let drops = "drop ".repeat(20 * 900);
    let mut text = format!(
        r#"(type $s (sub (struct))) (type $t (sub $s (struct (field i32))))
        (func $low {low} unreachable) (func $high {high} unreachable)
        (func $one (result (ref null $s)) unreachable) (func $other (result i32) unreachable)
        (func (export "run") (param i32) (result i32)
          (if (local.get 0) (then
            (block {lows} (br_if 0 (local.get 0)) {drops} {highs}"#
    );
    for _ in 0..times {
        text.push_str("(drop (call $one)) (br_if 0 (local.get 0))");
        text.push_str("(drop (call $other)) (br_if 0 (local.get 0))");
    }
    write!(text, "unreachable))) (i32.const 7))").unwrap();
    text
}

/// How often a call is interrupted, if it is asked to stop again and again: and how it ends.
fn interrupted(metering: Metering, text: &str, fuel: u64) -> (usize, Result<(i32, u64), String>) {
    let engine = Engine::new(Config::new().metering(metering).verify_code(true)).unwrap();
    let module = module(&engine, text);
    let mut store = Store::new(&engine, ());
    if metering == Metering::Fuel {
        store.set_fuel(fuel).unwrap();
    }
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
    let mut execution = run.start(&mut store, 0).unwrap();
    let mut times = 0;
    loop {
        if fuel != 0 {
            store.interrupt_handle().unwrap().interrupt();
        }
        match execution.run(&mut store) {
            Ok(Event::Interrupted) => times += 1,
            Ok(Event::Finished(result)) => {
                return (times, Ok((result, store.get_fuel().unwrap_or(0))));
            }
            Err(error) => return (times, Err(error.to_string())),
            other => panic!("{other:?}"),
        }
        store.gc();
        // Another store has the function from here on, or goes on with its own.
        if times == 10 {
            let mut other = Store::new(&engine, ());
            let instance = Instance::new(&mut other, &module, &[]).unwrap();
            let run = instance.get_typed_func::<i32, i32>(&other, "run").unwrap();
            let mut abandoned = run.start(&mut other, 0).unwrap();
            other.interrupt_handle().unwrap().interrupt();
            assert!(matches!(abandoned.run(&mut other).unwrap(), Event::Interrupted));
        }
    }
}

#[test]
fn a_verification_is_interrupted_and_goes_on() {
    let text = text(4);
    let (times, result) = interrupted(Metering::Interrupt, &text, 1);
    assert!(times > 50, "{times}");
    assert_eq!(result.unwrap().0, 7);
    let (times, result) = interrupted(Metering::Fuel, &text, 1_000);
    assert!(times > 50, "{times}");
    let (_, left) = result.unwrap();
    assert!(left > 0 && left < 1_000, "{left}");
}
