//! What verification takes, in time and in memory: no more than so much for each word of code,
//! however a module is made; and it can be interrupted wherever much is to be done.

use super::{PIECE, Progress};
use crate::{CompilationMode, Config, Engine, Metering, Module, translate::translated};
use alloc::{format, string::String, vec::Vec};

/// Two thousand operands, which lie in slots, below what is done `n` times.
const DEEP: usize = 2_000;

fn deep(n: usize, each: impl Fn(usize) -> String) -> String {
    let operands = "(call $i)".repeat(DEEP);
    let body: Vec<String> = (0..n).map(each).collect();
    let drops = "(drop)".repeat(DEEP);
    format!(
        "(func $i (result i32) (block (result i32) (i32.const 1))) (func $f (param i32) (result i32)
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
        "(func $i (result i32) (block (result i32) (i32.const 1)))
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
    let engine = Engine::new(Config::new().metering(metering).verify_code(true))
        .expect("the settings are fine");
    let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
    let parts = translated(module.0.source(), 1);
    let subject = module.0.source().subject_of(1, &parts);
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

/// A thousand of a type.
const MANY: usize = 1_000;

/// What is thrown comes to clauses one by one, and the tables of clauses are looked at so: of one
/// block, of nested ones that end at one place, and at the end of the code.
#[test]
fn clauses_are_looked_at_in_pieces() {
    const CLAUSES: usize = 300;
    let types = "i32 ".repeat(MANY);
    for blocks in [1, 3, CLAUSES] {
        let clauses = "(catch 0 $caught)".repeat(CLAUSES / blocks);
        let begin = format!("(try_table {clauses} ").repeat(blocks);
        let end = ")".repeat(blocks);
        for behind in ["", "(nop) (call 0)"] {
            let text = format!(
                "(tag (param {types})) (func) (func (result {types})
                (block $caught (result {types}) {begin} (call 0) {end} {behind} unreachable))"
            );
            // Within `taken`: no step is long.
            let [steps, _] = taken(Metering::None, &text);
            // The tables, and what comes to the clauses.
            assert!(steps >= CLAUSES, "{blocks} blocks: {steps} steps");
        }
    }
}

/// Calls that give many values, which a branch drops; a function takes 7 bytes for each.
fn wasteful(calls: usize) -> Vec<u8> {
    let calls = "(block (call 0) (br 0))".repeat(calls);
    let types = "i32 ".repeat(MANY);
    let text = format!("(module (func (result {types}) unreachable) (func (export \"\") {calls}))");
    wat::parse_str(text).expect("the text is a module")
}

/// What branches bring, of which each differs in 28,000 slots from what was brought before.
fn disagreeing(branches: usize) -> Vec<u8> {
    let results = |ty: &str| format!("(result {})", format!("(ref null {ty}) ").repeat(MANY));
    let [low, high] = ["$s", "$t"].map(results);
    let drops = "drop ".repeat(28 * MANY);
    let [lows, highs] = ["call $low ", "call $high "].map(|call| call.repeat(28));
    let branch = "(br_if 0 (local.get 0))";
    let more = format!("call $one {branch} drop call $other {branch} drop ").repeat(branches / 2);
    let text = format!(
        "(module (type $s (sub (struct))) (type $t (sub $s (struct (field i32))))
        (func $low {low} unreachable) (func $high {high} unreachable)
        (func $one (result (ref null $s)) unreachable) (func $other (result i32) unreachable)
        (func (param i32) (block {lows} {branch} {drops} {highs} {more} unreachable)))"
    );
    wat::parse_str(text).expect("the text is a module")
}

/// What would take too much time or memory is an error, where verification was asked for.
#[test]
fn time_and_memory_have_a_budget() {
    const NO_BUDGET: &str = "verification of a function would take too much time or memory";
    let made = |wasm: &[u8], verify: bool| {
        let mut config = Config::new();
        config.verify_code(verify).compilation_mode(CompilationMode::Eager);
        let engine = Engine::new(&config).expect("the settings are fine");
        Module::from_binary(&engine, wasm)
    };
    for (few, many) in [(wasteful(200), wasteful(4_000)), (disagreeing(8), disagreeing(400))] {
        made(&few, true).expect("a budget is enough for some");
        let error = made(&many, true).expect_err("it is not verified");
        assert!(format!("{error}").contains(NO_BUDGET), "{error}");
    }

    let module = made(&wasteful(4_000), false).expect("nobody asked for it");
    let parts = translated(module.0.source(), 1);
    let subject = module.0.source().subject_of(1, &parts);
    let mut progress = Progress::default();
    let fault = loop {
        match progress.step(subject) {
            Ok(more) => assert!(more, "the budget is not for so much"),
            Err(fault) => break fault,
        }
    };
    assert!(fault.is_excess(), "{fault}");
    let ([granted, pairs], words) = (super::slots::granted(parts.code.len()), parts.code.len());
    assert!(granted < 3 * words + 70_000, "{granted} parts for {words} words");
    assert!(pairs < 3 * words + 70_000, "{pairs} pairs for {words} words");
}
