//! What code pays is what the body costs: every amount, where it is paid, and what is told of
//! labels, with changes.

use super::{Fault, tests::verify};
use crate::{
    Config, Engine, Features, Metering, Module,
    exec::{
        Cell,
        cells::{Layouts, Part},
    },
    translate::{Parts, translated},
};
use alloc::{format, string::String, vec::Vec};

/// Regions of every kind: loops with calls and without, arms, labels that only branches lead to,
/// clauses new and old, and blocks whose branches return.
const TEXT: &str = r#"(module
    (type $s (struct (field i64) (field i64) (field f64)))
    (type $a (array (mut i64)))
    (import "m" "f" (func $import (param i32) (result i32)))
    (tag $t (param i32)) (memory 1) (table 4 funcref)
    (type $f (func (param i32) (result i32)))
    (func $leaf (type $f) (block (result i32) (i32.add (local.get 0) (i32.const 1))))
    (func $other (type $f) (block (result i32) (i32.add (local.get 0) (i32.const 2))))
    (func $wide (param i32) (result i64 i64 i64 i64 i64 i64 i64 i64)
      (block $b (result i64 i64 i64 i64 i64 i64 i64 i64)
        (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
        (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8)
        (br_if $b (local.get 0)) (br $b)))
    (func (param i32) (result i32) (local i32 i64 i64 i64 i64 i64 i64 i64 i64)
      (loop $l
        (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
        (br_if $l (i32.lt_s (local.get 1) (i32.const 9))))
      (loop $m
        (if (local.get 0)
          (then (local.set 1 (call $leaf (local.get 1))))
          (else (local.set 1 (i32.mul (i32.const 3) (call $import (local.get 1))))))
        (br_if $m (i32.eqz (local.get 1))))
      (block $b
        (block $c
          (if (local.get 1) (then (br $c)))
          (br_table $b $c (local.get 0)))
        (drop (memory.grow (i32.const 1)))
        (br $b))
      (drop (call_indirect (type $f) (local.get 1) (i32.const 0)))
      (drop (struct.new $s (i64.const 1) (i64.const 2) (f64.const 3)))
      (drop (array.new_fixed $a 2 (i64.const 1) (i64.const 2)))
      (if (result i32) (local.get 1)
        (then (return_call $other (local.get 0)))
        (else (i32.const 7))))
    (func (param i32) (result i32)
      (block $b (result i32)
        (try_table (result i32) (catch $t $b)
          (if (local.get 0) (then (throw $t (i32.const 3))))
          (call $leaf (local.get 0)))
        (return))
      (if (param i32) (local.get 0)
        (then (drop) (block $in (br_if $in (local.get 0)) (br $in)) (return (i32.const 2)))
        (else (drop)))
      (i32.const 9))
    (func (param i32) (result i32)
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      try (result i32)
        (call $leaf (local.get 0))
      catch $t
        try (result i32)
          (call $leaf (local.get 0))
        catch_all
          (drop (memory.size)) rethrow 1
        end
        (i32.add)
      end)
    (func (param i32) (result i32)
      (block $b (result i32)
        (if (local.get 0) (then (br $b (i32.const 1))))
        (br_if $b (i32.const 4) (i32.const 1)) (drop)
        (br $b (i32.const 5)))
      (return)))"#;

fn module(metering: Metering) -> Module {
    let wasm = wat::parse_str(TEXT).expect("the text is a module");
    let mut config = Config::new();
    config.features(Features::ALL).metering(metering).verify_code(true);
    let engine = Engine::new(&config).expect("the settings are fine");
    Module::from_binary(&engine, &wasm).expect("the module is valid")
}

/// The functions of the module, translated.
fn functions(module: &Module) -> impl Iterator<Item = (usize, Parts)> {
    let source = module.0.source();
    (0..source.decoded.bodies.len()).map(move |defined| (defined, translated(source, defined)))
}

/// The words whose upper halves are what cells pay.
fn payments(parts: &Parts) -> Vec<usize> {
    let (mut words, mut at) = (Vec::new(), 0);
    while let Some(layout) = parts.code.get(at).and_then(|&word| Layouts::get().of(word).next()) {
        match layout.part {
            Part::Enter(..) => words.push(at + 3),
            Part::LoopEnter(_) | Part::LoopEnterPinned(_) | Part::Charge(_) => words.push(at + 1),
            _ => {}
        }
        let targets =
            if layout.part == Part::BrTable { parts.code[at + 1].bits() >> 32 } else { 0 };
        at += 1 + layout.words + targets as usize;
    }
    words
}

fn is_about_payment(verdict: Result<(), Fault>) -> bool {
    verdict.is_err_and(|fault| fault.what.starts_with("I15"))
}

#[test]
fn every_amount_is_what_operators_cost() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let (module, mut regions) = (module(metering), 0);
        for (defined, mut parts) in functions(&module) {
            assert_eq!(verify(&module, defined, &parts), Ok(()), "{metering:?} {defined}");
            for word in payments(&parts) {
                regions += 1;
                let own = parts.code[word].bits();
                for bit in 32..64 {
                    parts.code[word] = Cell::word(own ^ 1 << bit);
                    let verdict = verify(&module, defined, &parts);
                    assert!(is_about_payment(verdict), "{metering:?} {defined} {word} {bit}");
                }
                parts.code[word] = Cell::word(own);
            }
        }
        // Arms are regions where fuel is counted.
        let expected = if metering == Metering::Fuel { 25 } else { 9 };
        assert!(regions >= expected, "{regions} regions");
    }
}

/// What two regions pay exchanged: the sum is the same.
#[test]
fn amounts_are_paid_where_they_are_due() {
    let (module, mut exchanged) = (module(Metering::Fuel), 0);
    for (defined, mut parts) in functions(&module) {
        let words = payments(&parts);
        for pair in words.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|word| parts.code[word].bits());
            if a >> 32 == b >> 32 {
                continue;
            }
            let paying = |own: u64, other: u64| Cell::word(own & 0xffff_ffff | other >> 32 << 32);
            (parts.code[pair[0]], parts.code[pair[1]]) = (paying(a, b), paying(b, a));
            assert!(is_about_payment(verify(&module, defined, &parts)), "{defined} {pair:?}");
            (parts.code[pair[0]], parts.code[pair[1]]) = (Cell::word(a), Cell::word(b));
            exchanged += 1;
        }
    }
    assert!(exchanged > 10, "{exchanged}");
}

/// What is told of labels can't hide a region, nor make one.
#[test]
fn what_is_told_of_labels_is_not_believed() {
    let (mut taken, mut refused) = (Vec::new(), 0);
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let module = module(metering);
        for (defined, mut parts) in functions(&module) {
            let body = module.0.source().decoded.bodies[defined].code.clone();
            let own = parts.landed.clone();
            let without = (0..own.len()).map(|index| {
                let mut landed = own.clone();
                landed.remove(index);
                landed
            });
            let with = body.filter(|offset| !own.contains(offset)).map(|offset| {
                let mut landed = own.clone();
                landed.push(offset);
                landed.sort_unstable();
                landed
            });
            for landed in without.chain(with).collect::<Vec<_>>() {
                parts.landed = landed;
                match verify(&module, defined, &parts) {
                    Ok(()) => taken.push(format!("{metering:?} {defined} {:?}", parts.landed)),
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > 300, "{refused} are refused");
    // Behind that label comes the end of the function, which costs nothing.
    assert_eq!(taken, ["Interrupt 2 []"]);
}

/// A function is called that is another of the same type, and costs the same.
#[test]
fn calls_are_those_of_the_body() {
    let module = module(Metering::Fuel);
    let table = module.0.source().code;
    let (leaf, other) = (Cell::of_code(table.current(0)), Cell::of_code(table.current(1)));
    let mut changed = 0;
    for (defined, mut parts) in functions(&module) {
        for word in 0..parts.code.len() {
            if parts.code[word].bits() == leaf.bits() {
                parts.code[word] = Cell::word(other.bits());
                let verdict = verify(&module, defined, &parts);
                assert!(is_about_payment(verdict), "{defined} {word}");
                parts.code[word] = Cell::word(leaf.bits());
                changed += 1;
            }
        }
    }
    assert!(changed >= 4, "{changed} calls");
}

/// A stretch of code that is expensive is paid in parts; what is in them is counted, too.
#[test]
fn parts_are_paid() {
    let body: String = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(60_000);
    let text = format!("(module (func (param i32) {body}))");
    let wasm = wat::parse_str(text).expect("the text is a module");
    for metering in [Metering::Interrupt, Metering::Fuel] {
        let mut config = Config::new();
        config.metering(metering);
        let engine = Engine::new(&config).expect("the settings are fine");
        let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
        let mut parts = translated(module.0.source(), 0);
        let words = payments(&parts);
        assert_eq!(words.len(), 3);
        assert_eq!(verify(&module, 0, &parts), Ok(()));
        parts.code[words[1]] = Cell::word(parts.code[words[1]].bits() - (1 << 32));
        assert!(is_about_payment(verify(&module, 0, &parts)));
    }
}
