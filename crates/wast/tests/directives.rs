//! Each directive, as it passes and as it fails. A runner that lets something through would make
//! the whole suite worthless: so here is what must fail.

use windlass::{Config, Engine, Features};
use windlass_wast::{Kind, Report, Runner};

fn run(script: &str) -> Report {
    let engine = Engine::new(Config::new().features(Features::ALL)).expect("an engine");
    Runner::new(engine).run(script)
}

/// All directives pass.
#[track_caller]
fn passes(script: &str) -> Report {
    let report = run(script);
    assert!(report.is_success(), "{:#?}", report.failures());
    report
}

/// The last directive fails, alone, for a reason with these words.
#[track_caller]
fn fails(script: &str, kind: Kind, words: &str) {
    let report = run(script);
    let [failure] = report.failures() else {
        panic!("one failure, not {report}: {:#?}", report.failures())
    };
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.reason.contains(words), "{failure}");
}

const FUNCTIONS: &str = r#"(module
    (func (export "one") (result i32) (i32.const 1))
    (func (export "two") (result i32 i64) (i32.const 1) (i64.const 2))
    (func (export "trap") (unreachable))
    (func (export "id") (param f32) (result f32) (local.get 0))
    (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
    (global (export "g") i32 (i32.const 7)))
"#;

#[track_caller]
fn with_functions_fails(directive: &str, kind: Kind, words: &str) {
    fails(&format!("{FUNCTIONS}{directive}"), kind, words);
}

#[test]
fn everything_that_passes() {
    let report = passes(&format!(
        r#"{FUNCTIONS}
        (invoke "one")
        (assert_return (invoke "one") (i32.const 1))
        (assert_return (invoke "two") (i32.const 1) (i64.const 2))
        (assert_return (invoke "id" (f32.const nan:0x400001)) (f32.const nan:arithmetic))
        (assert_return (get "g") (i32.const 7))
        (assert_trap (invoke "trap") "unreachable")
        (assert_trap (module (func $f unreachable) (start $f)) "unreachable")
        (assert_exhaustion (invoke "deep") "call stack exhausted")
        (assert_invalid (module (func (result i32))) "type mismatch")
        (assert_malformed (module binary "") "unexpected end")
        (assert_malformed (module quote "(func (local.get $x))") "unknown local")
        (assert_unlinkable (module (import "a" "b" (func))) "unknown import")
        (module $A (global (export "x") (mut i32) (i32.const 1))
          (func (export "set") (param i32) (global.set 0 (local.get 0))))
        (register "a")
        (register "also" $A)
        (module (import "a" "x" (global (mut i32))) (import "also" "set" (func $set (param i32)))
          (func (export "x") (result i32) (call $set (i32.const 5)) (global.get 0)))
        (assert_return (invoke "x") (i32.const 5))
        (assert_return (get $A "x") (i32.const 5))
        (module definition $D (global (export "x") i32 (i32.const 3)))
        (module instance $I $D)
        (assert_return (get $I "x") (i32.const 3))
        (module instance $J $A)
        (assert_return (get $J "x") (i32.const 1))
        (module (func (export "r") (result i32) (i32.const 9)))
        (register "R")
        (module)
        (assert_return (invoke $R "r") (i32.const 9))
        (module $R (func (export "r") (result i32) (i32.const 10)))
        (assert_return (invoke $R "r") (i32.const 10))
        (module quote "(func (export \"q\"))")
        (invoke "q")
        (module binary "\00asm\01\00\00\00")
        "#
    ));
    assert_eq!(report.passed(Kind::AssertReturn), 10);
    assert_eq!(report.passed(Kind::Module), 8);
    assert_eq!(report.total_passed(), 33);
}

#[test]
fn spectest() {
    passes(
        r#"(module
          (import "spectest" "print_i32" (func $print (param i32)))
          (import "spectest" "global_i64" (global $g i64))
          (import "spectest" "global_f32" (global $f f32))
          (import "spectest" "memory" (memory 1 2))
          (import "spectest" "table" (table 10 20 funcref))
          (import "spectest" "table64" (table i64 10 20 funcref))
          (func (export "run") (result i64 f32 i32)
            (call $print (i32.const 13)) (global.get $g) (global.get $f) (memory.size)))
        (assert_return (invoke "run") (i64.const 666) (f32.const 666.6) (i32.const 1))"#,
    );
}

#[test]
fn wrong_results() {
    let wrong = |directive, words| with_functions_fails(directive, Kind::AssertReturn, words);
    wrong(r#"(assert_return (invoke "one") (i32.const 2))"#, "returned i32 1, expected i32 2");
    wrong(r#"(assert_return (invoke "one"))"#, "returned i32 1, expected nothing");
    wrong(r#"(assert_return (invoke "one") (i32.const 1) (i32.const 1))"#, "expected i32 1, i32 1");
    wrong(r#"(assert_return (invoke "trap"))"#, "unreachable");
    wrong(r#"(assert_return (get "g") (i32.const 8))"#, "returned i32 7");
    wrong(r#"(assert_return (invoke "none"))"#, "no function \"none\"");
    wrong(r#"(assert_return (get "one"))"#, "no global \"one\"");
    wrong(r#"(assert_return (invoke $other "one"))"#, "no such instance");
    wrong(r#"(assert_return (invoke "one" (i32.const 1)) (i32.const 1))"#, "");
}

#[test]
fn wrong_traps() {
    let wrong = |directive, words| with_functions_fails(directive, Kind::AssertTrap, words);
    wrong(r#"(assert_trap (invoke "one") "unreachable")"#, "returned i32 1");
    wrong(r#"(assert_trap (invoke "trap") "integer overflow")"#, "ended by \"unreachable\"");
    wrong(r#"(assert_trap (invoke "none") "unreachable")"#, "no function");
    wrong(r#"(assert_trap (module (func)) "unreachable")"#, "returned nothing");
    wrong(r#"(assert_trap (module (import "a" "b" (func))) "unknown import")"#, "ended by");
    with_functions_fails(
        r#"(assert_exhaustion (invoke "one") "call stack exhausted")"#,
        Kind::AssertExhaustion,
        "returned i32 1",
    );
    with_functions_fails(
        r#"(assert_exception (invoke "trap"))"#,
        Kind::AssertException,
        "unreachable",
    );
    with_functions_fails(
        r#"(assert_exception (invoke "one"))"#,
        Kind::AssertException,
        "returned i32 1",
    );
}

#[test]
fn wrong_modules() {
    fails("(module (func (result i32)))", Kind::Module, "type mismatch");
    fails(r#"(module binary "")"#, Kind::Module, "unexpected end");
    fails(r#"(module (import "a" "b" (func)))"#, Kind::Module, "unknown import");
    fails("(module (func $f unreachable) (start $f))", Kind::Module, "unreachable");
    fails("(module definition (func (result i32)))", Kind::Definition, "type mismatch");
    fails("(module instance $I $D)", Kind::Instance, "no such module");
    fails(r#"(register "a" $A)"#, Kind::Register, "no such instance");
    fails(r#"(invoke "f")"#, Kind::Invoke, "no module comes before it");
    fails(
        r#"(assert_invalid (module (func)) "type mismatch")"#,
        Kind::AssertInvalid,
        "accepted, expected \"type mismatch\"",
    );
    fails(
        r#"(assert_invalid (module (func (result i32))) "unknown local")"#,
        Kind::AssertInvalid,
        "type mismatch",
    );
    fails(
        r#"(assert_malformed (module quote "(func)") "unexpected token")"#,
        Kind::AssertMalformed,
        "accepted",
    );
    fails(
        r#"(assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end")"#,
        Kind::AssertMalformed,
        "accepted",
    );
    fails(
        r#"(assert_unlinkable (module (func)) "unknown import")"#,
        Kind::AssertUnlinkable,
        "linked",
    );
    fails(
        r#"(assert_unlinkable (module (import "spectest" "memory" (func))) "unknown import")"#,
        Kind::AssertUnlinkable,
        "incompatible import type",
    );
}

#[test]
fn what_follows_a_failure_fails_for_its_reason() {
    let report = run(r#"(module $A (func (export "f") (result i32)))
        (register "a" $A)
        (invoke "f")
        (module (import "a" "f" (func)))
        (assert_return (invoke $A "f"))"#);
    assert_eq!(report.total_passed(), 0);
    assert_eq!(report.failures().len(), 5);
    for failure in report.failures() {
        assert!(failure.reason.contains("type mismatch"), "{failure}");
    }
}

#[test]
fn what_is_not_supported_fails() {
    fails(
        "(module) (assert_suspension (invoke \"f\") \"x\")",
        Kind::AssertSuspension,
        "not supported",
    );
}

/// Two threads: one waits for what the other writes.
const THREADS: &str = r#"
    (module $Mem (memory (export "shared") 1 1 shared))
    (thread $A (shared (module $Mem))
      (register "mem" $Mem)
      (module (memory (import "mem" "shared") 1 1 shared)
        (func (export "run") (result i32)
          (loop $again
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000000)))
            (br_if $again (i32.eqz (i32.atomic.load (i32.const 0)))))
          (i32.load (i32.const 4))))
      (assert_return (invoke "run") (i32.const 42)))
    (thread $B (shared (module $Mem))
      (register "mem" $Mem)
      (module (memory (import "mem" "shared") 1 1 shared)
        (func (export "run")
          (i32.store (i32.const 4) (i32.const 42))
          (i32.atomic.store (i32.const 0) (i32.const 1))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))
      (invoke "run"))
    (wait $A)
    (wait $B)
    (register "Mem" $Mem)
    (module (memory (import "Mem" "shared") 1 1 shared)
      (func (export "check") (result i32) (i32.load (i32.const 4))))
    (assert_return (invoke "check") (i32.const 42))"#;

#[test]
fn threads_run_at_once() {
    let report = passes(THREADS);
    assert_eq!(report.passed(Kind::AssertReturn), 2);
    assert_eq!((report.passed(Kind::Thread), report.passed(Kind::Wait)), (2, 2));
}

/// A thread in a thread, as deep as that: each hands on what it was given.
fn nested(depth: usize, innermost: &str) -> String {
    let mut script = innermost.to_owned();
    for level in 0..depth {
        script = format!("(thread $T{level} (shared (module $Mem)) {script}) (wait $T{level})");
    }
    format!(
        r#"(module $Mem (memory (export "shared") 1 1 shared)) {script}
           (register "mem" $Mem)
           (module (memory (import "mem" "shared") 1 1 shared)
             (func (export "get") (result i32) (i32.load (i32.const 0))))
           (assert_return (invoke "get") (i32.const 42))"#
    )
}

#[test]
fn threads_hand_on_what_they_were_given() {
    let innermost = r#"(register "mem" $Mem)
        (module (memory (import "mem" "shared") 1 1 shared)
          (func (export "run") (i32.store (i32.const 0) (i32.const 42))))
        (invoke "run")"#;
    for depth in [1, 2, 20] {
        let report = passes(&nested(depth, innermost));
        assert_eq!((report.passed(Kind::Thread), report.passed(Kind::Wait)), (depth, depth));
    }
    // An instance of its own takes the place of what a thread was given: the thread in it writes
    // there.
    let own = format!(
        r#"{innermost}
           (module $Mem (memory (export "shared") 1 1 shared)
             (func (export "get") (result i32) (i32.load (i32.const 0))))
           (thread $T (shared (module $Mem)) {})
           (wait $T)
           (assert_return (invoke $Mem "get") (i32.const 7))"#,
        innermost.replace("42", "7")
    );
    passes(&nested(1, &own));
}

#[test]
fn what_fails_in_a_thread_fails() {
    let wrong = "(module) (thread $T (module) (assert_return (invoke \"f\")))";
    fails(&format!("{wrong} (wait $T)"), Kind::AssertReturn, "no function");
    fails(wrong, Kind::AssertReturn, "no function");
    fails("(module) (wait $T)", Kind::Wait, "no such thread");
    fails("(module) (thread $T (shared (module $M)))", Kind::Thread, "no such instance");
    fails("(module $M) (thread $T (register \"m\" $M))", Kind::Register, "no such instance");
}

#[test]
fn text_that_is_no_script() {
    fails("(module", Kind::Script, "expected");
    fails("(module)\n  (frobnicate)", Kind::Script, "");
    let report = run("(module)\n  (frobnicate)");
    assert_eq!((report.failures()[0].line, report.failures()[0].column), (2, 4));
}

/// Text with `(do` is looked at for legacy exceptions, whatever else is in it.
#[test]
fn text_that_is_no_script_nor_folded_exceptions() {
    let deep = "(".repeat(1_000_000);
    for text in [";", "a ; b", "\u{a0}", "(; \u{3000}\u{e9} ", "\"\\", ")", &deep] {
        for text in [format!("(do {text}"), format!("{text} (docs/errors.md) {text}")] {
            assert_eq!(Runner::new(Engine::default()).run(&text).failures().len(), 1);
        }
    }
}

#[test]
fn folded_legacy_exceptions() {
    let passes_in_try = |body: &str| {
        let func = format!("(func (export \"f\") (try {body}))");
        passes(&format!("(module (tag) {func})(assert_return (invoke \"f\"))"));
    };
    let body = "(do\t(throw 0))\r\n(catch\t0 (drop (i32.const 1)))";
    passes_in_try(body);
    passes_in_try(&format!("(do (try {body})) (catch_all unreachable)"));
}

#[test]
fn places() {
    let report = run("(module)\n\n  (assert_invalid (module)\n \"x\")\n(invoke \"f\")");
    let places: Vec<_> = report.failures().iter().map(|f| (f.line, f.column)).collect();
    assert_eq!(places, [(3, 4), (5, 2)]);
}

#[test]
fn fuel_is_for_the_whole_script() {
    let engine = Engine::new(Config::new().consume_fuel(true)).expect("an engine");
    let script = r#"(module (func (export "spin") (param i32)
            (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
        (invoke "spin" (i32.const 100))
        (invoke "spin" (i32.const 100))"#;
    let report = |fuel| Runner::new(engine.clone()).fuel(fuel).run(script);
    assert!(report(1 << 20).is_success());
    let failed = report(10);
    assert_eq!(failed.failures().len(), 2);
    assert!(failed.failures()[0].reason.contains("all fuel consumed"), "{}", failed.failures()[0]);
}
