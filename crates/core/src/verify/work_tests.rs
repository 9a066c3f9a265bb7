//! What verification takes, in time and in memory: no more than so much for each word of code,
//! however a module is made; and it can be interrupted wherever much is to be done.

use super::{PIECE, Progress};
use crate::{Config, Engine, Metering, Module, translate::translated};
use alloc::{format, string::String, vec::Vec};

/// Two thousand operands, which lie in slots, below what is done `n` times.
const DEEP: usize = 2_000;

fn deep(n: usize, each: impl Fn(usize) -> String) -> String {
    let operands = "(call $i)".repeat(DEEP);
    let body: Vec<String> = (0..n).map(each).collect();
    let drops = "(drop)".repeat(DEEP);
    format!(
        "(func $i (result i32) (i32.const 1)) (func $f (param i32) (result i32)
        (local $r anyref) {operands} {} {drops} (local.get 0))",
        body.concat()
    )
}

/// Nested blocks, over many operands, and a jump to all of them from the innermost, once each of
/// these has been led to with other operands.
fn table(n: usize) -> String {
    let labels: Vec<String> = (0..n).map(|label| format!("{label}")).collect();
    let begin = format!("{}{}", "(local.get 0)".repeat(n), "(block ".repeat(n));
    let each: Vec<String> = labels.iter().map(|l| format!("(br_if {l} (local.get 0))")).collect();
    let end = ")".repeat(n) + &"(drop)".repeat(n);
    format!(
        "(func $i (result i32) (i32.const 1))
        (func $f (param i32) (result i32) {begin} {} (local.set 0 (call $i))
            (br_table {} (local.get 0)) {end} (local.get 0))",
        each.concat(),
        labels.join(" ")
    )
}

/// A text, of so many parts.
type Text = fn(usize) -> String;

/// Functions that get harder with the count: the last one is verified.
const TEXTS: [(&str, Text); 8] = [
    ("blocks", |n| deep(n, |_| "(block (br_if 0 (local.get 0)))".into())),
    ("loops", |n| deep(n, |_| "(loop (br_if 0 (local.get 0)))".into())),
    ("outer loops", |n| deep(n, |_| "(loop (br_if 0 (call $i)))".into())),
    ("results", |n| {
        deep(n, |_| "(block (result i32) (call $i) (br_if 0 (local.get 0))) (drop)".into())
    }),
    ("arms", |n| {
        deep(n, |_| "(if (local.get 0) (then (local.set 0 (call $i))) (else (nop)))".into())
    }),
    ("handlers", |n| {
        deep(n, |_| "(block (try_table (catch_all 0) (drop (call $i)) (drop (call $i))))".into())
    }),
    ("casts", |n| {
        deep(n, |_| {
            "(block (br_if 0 (local.get 0))
            (local.set $r (ref.cast i31ref (local.get $r))))"
                .into()
        })
    }),
    ("tables", table),
];

/// How many steps it takes, and how many parts of what is known are kept.
fn taken(metering: Metering, text: &str) -> [usize; 2] {
    let wasm = wat::parse_str(format!("(module {text})")).expect("the text is a module");
    let engine = Engine::new(Config::new().metering(metering)).expect("the settings are fine");
    let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
    let parts = translated(module.0.source(), 1);
    let subject = module.0.source().subject(1, &parts.code, &parts.catches, &parts.loops);
    let (mut progress, mut steps) = (Progress::default(), 1);
    while progress.step(subject).expect("it is let through") {
        steps += 1;
        // Then it looks whether it is to stop: what is done in one go is not much more, a type's
        // values or once all of two frames that differ.
        let work = progress.state.slots.work;
        assert!(work < PIECE + 8 * DEEP, "{work} in one step");
    }
    [steps, progress.state.slots.parts()]
}

#[test]
fn what_it_takes_is_linear_in_code() {
    for (name, text) in TEXTS {
        for metering in [Metering::None, Metering::Fuel] {
            let [[few, small], [many, large]] = [1_000, 4_000].map(|n| taken(metering, &text(n)));
            // Operands, which are the same, are in both.
            assert!(many <= 5 * few, "{name}: {few} steps become {many}");
            assert!(large <= 5 * small + 100, "{name}: {small} parts become {large}");
        }
    }
}

/// A `br_table` with many targets is looked at in pieces.
#[test]
fn a_table_is_looked_at_in_pieces() {
    let targets = "0 1 ".repeat(10 * PIECE);
    let text = format!(
        "(func) (func (param i32) (block (block (br_table {targets} (local.get 0))) (call 0)))"
    );
    let [steps, _] = taken(Metering::None, &text);
    assert!(steps >= 20, "{steps} steps");
}
