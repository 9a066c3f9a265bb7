//! The verifier finds what is wrong: code of real functions with one word changed.

use super::{Fault, Progress, SMALL_FRAME};
use crate::{
    Config, Engine, Features, Metering, Module,
    exec::{
        Catches, Cell,
        cells::{Field, Layouts, Part},
        machine::place::Way,
        tables::br_test,
    },
    translate::{Parts, listed, translated},
};
use alloc::{format, vec::Vec};

/// Locals of every type, pinned and not; a loop, branches, calls of every sort, all kinds of
/// indices.
const TEXT: &str = r#"(module
    (import "m" "f" (func $import (param i32) (result i32)))
    (memory 1) (memory 1) (table 4 funcref) (global (mut i64) (i64.const 0))
    (type $t (func (param i32 f64) (result i32)))
    (func $callee (type $t) (block (result i32) (local.get 0)))
    (func $two (param i32) (result i32 i64) (local.get 0) (i64.const 7))
    (func (export "f") (type $t) (local i32 i32 i64 f64 f64)
        (loop $l
            (local.set 2 (i32.add (local.get 2) (i32.load offset=4 (local.get 0))))
            (i32.store (i32.add (local.get 0) (i32.shl (local.get 3) (i32.const 2))) (local.get 2))
            (local.set 5 (f64.add (local.get 5) (local.get 1)))
            (local.set 6 (f64.mul (local.get 6) (local.get 5)))
            (br_if $l (i32.lt_s (local.tee 3 (i32.add (local.get 3) (i32.const 1))) (i32.const 9))))
        (global.set 0 (i64.add (global.get 0) (i64.load 1 (local.get 0))))
        (memory.copy (local.get 0) (i32.const 1) (i32.const 2))
        (block $b (block $c (block $d
            (br_table $b $c $d (local.get 2)))))
        (if (call_indirect (type $t) (local.get 2) (local.get 1) (local.get 3))
            (then (return (call $import (local.get 0)))))
        (local.set 4 (call $two (local.get 0)) (local.set 3))
        (select (local.get 2) (local.get 3) (i32.gt_u (local.get 0) (local.get 2)))
        (call $callee (local.get 1))
        (return_call $callee (local.get 1))))"#;

fn module(metering: Metering) -> Module {
    let text = TEXT.replace(
        "(local.set 4 (call $two (local.get 0)) (local.set 3))",
        "(call $two (local.get 0)) (local.set 4) (local.set 3)",
    );
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::new(Config::new().metering(metering).verify_code(true))
        .expect("the settings are fine");
    Module::from_binary(&engine, &wasm).expect("the module is valid")
}

/// The verifier's verdict on a function's code.
pub(super) fn verify(module: &Module, defined: usize, parts: &Parts) -> Result<(), Fault> {
    let subject = module.0.source().subject_of(defined, parts);
    let mut progress = Progress::default();
    while progress.step(subject)? {}
    Ok(())
}

/// The verdict on the last function with its code changed.
fn verdict(module: &Module, change: impl FnOnce(&mut Vec<Cell>)) -> Result<(), Fault> {
    let mut parts = translated(module.0.source(), 2);
    change(&mut parts.code);
    verify(module, 2, &parts)
}

/// The words where cells begin, with the text of each.
fn cells(module: &Module) -> Vec<(usize, alloc::string::String)> {
    listed(module.0.source(), 2)
}

/// How the branch back to the start of the loop begins: that depends on the instruction set.
fn back(module: &Module) -> &'static str {
    let has_latch = cells(module).iter().any(|(_, line)| line.starts_with("latch"));
    if has_latch { "latch" } else { "br if i32.lt_s" }
}

/// Where the first cell is whose text begins so.
fn find(module: &Module, text: &str) -> usize {
    let cells = cells(module);
    let cell = cells.iter().find(|(_, line)| line.starts_with(text));
    cell.unwrap_or_else(|| panic!("no cell {text}: {cells:#?}")).0
}

/// Whether the code with `bits` flipped in operand word `word` of the cell `text` is refused for
/// this reason.
fn refused(text: &str, word: usize, bits: u64, why: &str) {
    let module = module(Metering::None);
    let at = find(&module, text);
    let fault = verdict(&module, |code| {
        code[at + 1 + word] = Cell::word(code[at + 1 + word].bits() ^ bits);
    });
    match fault {
        Err(fault) if fault.what.contains(why) => {}
        other => panic!("{text}, word {word} ^ {bits:#x}: {other:?}, expected {why}"),
    }
}

#[test]
fn code_as_translated_is_accepted() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        assert_eq!(verdict(&module(metering), |_| {}), Ok(()));
    }
}

#[test]
fn every_handler_word_is_looked_at() {
    let module = module(Metering::None);
    for (at, text) in cells(&module) {
        let fault = verdict(&module, |code| code[at] = Cell::word(code[at].bits() ^ 1));
        assert_eq!(fault, Err(Fault { at, what: "I1: not a handler" }), "{text}");
    }
}

#[cfg(feature = "fast")]
#[test]
fn what_a_sequence_says_has_to_follow() {
    // A handler of a sequence, where other cells follow than its parts.
    let module = module(Metering::None);
    let layouts = Layouts::get();
    // Those of vectors may be for other CPUs.
    let all = crate::exec::tables::fusions::sequences().count();
    let known = layouts.all_sequences().len();
    assert!(known > all - all / 20, "of {all} sequences only {known} have parts");
    let mut refused = 0;
    for (at, text) in cells(&module) {
        for (handler, parts) in layouts.all_sequences() {
            let fault = verdict(&module, |code| {
                if layouts.begins_with(code[at], parts[0]) {
                    code[at] = Cell::word(*handler);
                }
            });
            if let Err(fault) = fault {
                let what = "I1: what a sequence says follows";
                assert_eq!(fault, Fault { at, what }, "{text}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "no cell of the function is one that a sequence begins with");
}

/// Two loads whose address is in a pinned local: a sequence of loads from slots executes both, and
/// the second has its own handler beside that.
#[test]
fn a_sequence_finds_a_pinned_local_in_its_slot() {
    let text = r#"(module (memory 1) (func (param i32 i32) (result i32)
        (i32.sub (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::new(Config::new().verify_code(true)).expect("the settings are fine");
    let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
    let lines = listed(module.0.source(), 0);
    let loads: Vec<usize> =
        lines.iter().filter(|(_, line)| line.contains("load [p0")).map(|&(at, _)| at).collect();
    let [first, second] = loads[..] else { panic!("{lines:#?}") };
    let mut parts = translated(module.0.source(), 0);
    assert_eq!(verify(&module, 0, &parts), Ok(()));
    let layouts = Layouts::get();
    let word = parts.code[second];
    let is_own = |parts: &[u64]| parts.get(1).is_none_or(|&part| layouts.begins_with(word, part));
    // The instruction set of the build may have no such sequence.
    if layouts.sequences(parts.code[first]).all(is_own) {
        return;
    }
    // A field that the cell's own handler does not read.
    parts.code[second + 1] = Cell::word(parts.code[second + 1].bits() ^ 1 << 16);
    let fault = verify(&module, 0, &parts);
    assert_eq!(fault, Err(Fault { at: second, what: "I2: what a sequence reads of a cell" }));
}

#[test]
fn missing_and_additional_words_are_found() {
    let module = module(Metering::None);
    let len = cells(&module).last().expect("there is code").0;
    for at in 0..len {
        assert!(
            verdict(&module, |code| {
                code.remove(at);
            })
            .is_err(),
            "without word {at}"
        );
        assert!(verdict(&module, |code| code.insert(at, Cell::word(0))).is_err(), "0 at {at}");
    }
    assert!(verdict(&module, |code| code.truncate(len)).is_err(), "without the last cell");
}

#[test]
fn slots_are_those_of_the_frame() {
    refused("enter", 1, 1 << 47, "I2");
    refused("enter", 1, 1 << 48, "I2: enter zeroes");
    refused("enter", 0, 4, "I2");
    refused("call 0", 0, 0x4000, "I2: operands");
    refused("call 0", 0, 1 << 16, "I2: pinned locals to load");
    refused("return_call", 0, 0x4000, "I2: operands");
    refused("return_call", 0, 1 << 16, "I2: the arguments");
    refused("return_call", 0, 1 << 32, "I2: where the frame");
    refused("memory.copy", 0, 1 << 30, "I2: operands");
    refused("return acc", 0, 1, "I2: where the result");
    // Every field that names a slot, out of the frame.
    let module = module(Metering::None);
    let mut found = 0;
    for (at, _) in cells(&module) {
        for field in 0..4 {
            let far = 0x3fff << (16 * field);
            let fault = verdict(&module, |code| {
                code[at + 1] = Cell::word(code[at + 1].bits() & !(0xffff << (16 * field)) | far);
            });
            found += usize::from(fault.is_err_and(|fault| fault.what.starts_with("I2")));
        }
    }
    assert!(found > 40, "{found}");
}

/// A call would take more of the stack than is accounted for.
#[test]
fn frames_are_no_larger_than_what_is_needed() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        let module = module(metering);
        let parts = translated(module.0.source(), 2);
        let own = parts.code[2].bits();
        let counted = module.0.source().subject_of(2, &parts).frame_slots;
        let most = counted.expect("it was validated") + SMALL_FRAME;
        let with = |size: usize| {
            let bits = own & !(0xffff << 32) | (size as u64) << 32;
            verdict(&module, |code| code[2] = Cell::word(bits))
        };
        assert_eq!(with(most), Ok(()));
        let what = "I2: the frame is no larger than what the function needs";
        for size in [most + 1, most + 2, 2 * most, 0xffff] {
            assert_eq!(with(size), Err(Fault { at: 0, what }), "{size}");
        }
    }
}

#[test]
fn branches_go_to_cells() {
    refused("br_table", 1, 1, "I3");
    refused("br_table", 2, 8 << 4, "I3");
    refused(back(&module(Metering::None)), 1, 8, "I3");
    refused("br if", 1, 8, "I3");
    refused("call 1", 1, 8, "I3: the code of a function");
}

#[cfg(feature = "fast")]
#[test]
fn the_loop_is_the_innermost() {
    let module = module(Metering::None);
    let (latch, entered) = (find(&module, back(&module)), find(&module, "loop"));
    // The branch goes to another cell than the one after the loop's start.
    let fault = verdict(&module, |code| {
        let back = (entered as i32 - (latch as i32 + 1)) * 8;
        code[latch + 2] = Cell::word(crate::exec::pack_halves(back, 0));
    });
    assert!(fault.is_err_and(|fault| fault.what.starts_with("I5")), "{}", format!("{latch}"));
}

#[test]
fn indices_are_those_of_the_module() {
    refused("s7 = global", 0, 1 << 40, "I6: the index of a global");
    refused("global 0 =", 1, 8, "I6: the index of a global");
    refused("call_indirect", 1, 1 << 40, "I6: the index of a table");
    refused("call_indirect", 1, 1 << 30, "I6: the type");
    refused("call 0", 1, 8, "I6: the index of an imported function");
    refused("memory.copy", 0, 1 << 40, "I6");
    refused("memory.copy", 1, 4, "I6");
}

fn engine() -> Engine {
    Engine::new(Config::new().verify_code(true)).expect("the settings are fine")
}

/// The verdict on a function that throws and catches, with the tables of what it catches
/// changed.
fn catches_verdict(change: impl FnOnce(&mut Catches)) -> Result<(), Fault> {
    let text = r#"(module
        (tag $t (param i32 f64)) (tag $u)
        (func (param i32) (result i32) (local i64)
            (local.set 1 (i64.add (local.get 1) (i64.const 1)))
            (loop $l
              (block $a (result i32 f64 exnref)
                (try_table (catch_ref $t $a) (catch $u $l)
                  (try_table (catch_all $l) (throw $u))
                  (throw $t (local.get 0) (f64.const 1)))
                (unreachable))
              (throw_ref))
            (unreachable)))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let module = Module::from_binary(&engine(), &wasm).expect("the module is valid");
    let mut parts = translated(module.0.source(), 0);
    change(&mut parts.catches);
    verify(&module, 0, &parts)
}

#[test]
fn what_is_caught_goes_where_it_can() {
    assert_eq!(catches_verdict(|_| {}), Ok(()));
    let refused = |change: &dyn Fn(&mut Catches), what: &str| {
        let fault = catches_verdict(|catches| change(catches)).expect_err("a fault");
        assert!(fault.what.starts_with(what), "{fault}, not {what}");
    };
    refused(&|c| c.blocks[0].clauses[0].target += 1, "I3: a clause goes on");
    refused(&|c| c.blocks[1].clauses[0].target = 1 << 20, "I3: a clause goes on");
    refused(&|c| c.blocks[0].clauses[0].fields = 2, "I2: operands");
    refused(&|c| c.blocks[0].clauses[0].fields += 20, "I2: operands");
    refused(&|c| c.blocks[0].clauses[1].tag = Some(2), "I6: the index of a tag");
    refused(&|c| c.blocks[0].clauses[0].reference = Some(1), "I2: where the reference");
    refused(&|c| c.blocks[0].clauses[0].reference = Some(30), "I2: where the reference");
    refused(&|c| c.blocks[1].outer = Some(1), "I3: the outer try block");
    refused(&|c| c.spans[0].0 += 1, "I3: a try block begins");
    refused(&|c| c.spans[1].1 = Some(2), "I3: the number of a try block");
    refused(&|c| c.spans.swap(0, 1), "I3: spans");
}

#[test]
fn a_refusal_names_the_function_and_the_instruction() {
    let module = module(Metering::None);
    let at = find(&module, "memory.copy");
    let mut parts = translated(module.0.source(), 2);
    parts.code[at + 1] = Cell::word(parts.code[at + 1].bits() ^ 1 << 40);
    let fault = verify(&module, 2, &parts).expect_err("a fault");
    let refused = module.0.refused(2, fault);
    assert_eq!((refused.func(), refused.name()), (3, None));
    // The instruction is `memory.copy`, 0xfc 0x0a.
    assert_eq!(module.0.bytes[refused.offset()..][..2], [0xfc, 0x0a]);
    assert!(alloc::string::ToString::to_string(&refused).contains("I6: the index of a memory"));
}

/// What throws in a block that ends where the block around it ends, or where another begins, comes
/// to the clauses of all that are left there.
#[test]
fn what_is_thrown_comes_to_the_clauses_of_all_blocks_that_end() {
    for body in [
        // Both blocks end at one word, and what the inner one does not catch is the outer one's.
        "(try_table (catch $t $c) (try_table (catch $u $d) (call $f)))",
        // The last block begins where two others end.
        "(try_table (catch $t $c) (try_table (catch $u $d) (call $f)))
         (try_table (try_table (catch $u $d) (call $f)))",
    ] {
        let text = alloc::format!(
            "(module (tag $t) (tag $u) (func $f)
                (func (result i32)
                    (block $c (block $d {body} (return (i32.const 1))) (return (i32.const 2)))
                    (i32.const 3)))"
        );
        let wasm = wat::parse_str(text).expect("the text is a module");
        let module = Module::from_binary(&engine(), &wasm).expect("the module is valid");
        let mut parts = translated(module.0.source(), 1);
        assert_eq!(verify(&module, 1, &parts), Ok(()), "{body}");
        // The return of 3, which only what the outer block has caught leads to, is looked at.
        let at = listed(module.0.source(), 1).last().expect("there is code").0;
        parts.code[at + 1] = Cell::word(parts.code[at + 1].bits() ^ 1);
        let fault = verify(&module, 1, &parts).expect_err("a fault");
        assert_eq!((fault.at, fault.what), (at, "I2: where the result goes"), "{body}");
    }
}

/// What is in an accumulator before the cell that pays for an arm is there behind it, too.
#[cfg(feature = "fast")]
#[test]
fn arms_that_pay_keep_accumulators() {
    let text = "(module (func (param i64 i32) (result i64)
        (i64.mul (local.get 0) (i64.const 3))
        (if (param i64) (result i64) (local.get 1)
            (then (i64.const 5) (i64.sub))
            (else (drop) (i64.const 7)))))";
    let wasm = wat::parse_str(text).expect("the text is a module");
    let engine = Engine::new(Config::new().metering(Metering::Fuel).verify_code(true))
        .expect("the settings are fine");
    let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
    let parts = translated(module.0.source(), 0);
    let listed = listed(module.0.source(), 0);
    let text = |(_, line): &(usize, alloc::string::String)| line.starts_with("charge");
    let charge = listed.iter().position(text).expect("an arm pays");
    assert!(listed[charge + 1].1.contains("acc"), "{listed:?}");
    assert_eq!(verify(&module, 0, &parts), Ok(()));
}

/// A local that is tested and brought to a label is copied to the label's slot before: the copy is
/// refined, too, whether the branch is taken if it passes or if it does not.
#[test]
fn what_is_tested_is_refined_where_it_was_copied_to() {
    let text = "(module (type $s (struct (field i32)))
        (func (param anyref) (result i32)
            (block $yes (result (ref $s))
                (br_on_cast $yes anyref (ref $s) (local.get 0))
                (drop) (return (i32.const 1)))
            (struct.get $s 0))
        (func (param anyref) (result i32)
            (block $no (result anyref)
                (br_on_cast_fail $no anyref (ref $s) (local.get 0))
                (struct.get $s 0) (return))
            (drop) (i32.const 1)))";
    let wasm = wat::parse_str(text).expect("the text is a module");
    let module = Module::from_binary(&engine(), &wasm).expect("the module is valid");
    for defined in [0, 1] {
        let parts = translated(module.0.source(), defined);
        assert_eq!(verify(&module, defined, &parts), Ok(()), "{defined}");
    }
}

/// A branch on a descriptor refines the reference where it passes, and only there.
#[test]
fn branches_on_descriptors_are_followed() {
    let text = r#"(module
        (rec (type $s (sub (descriptor $d) (struct (field i32))))
             (type $d (sub (describes $s) (struct))))
        (func (param anyref (ref null (exact $d))) (result i32)
            (block $yes (result (ref (exact $s)))
                (br_on_cast_desc_eq $yes anyref (ref (exact $s)) (local.get 0) (local.get 1))
                (drop) (return (i32.const 1)))
            (struct.get $s 0))
        (func (param anyref (ref null (exact $d))) (result i32)
            (block $no (result anyref)
                (br_on_cast_desc_eq_fail $no anyref (ref (exact $s))
                    (local.get 0) (local.get 1))
                (struct.get $s 0) (return))
            (drop) (i32.const 1)))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let mut config = Config::new();
    config.features(Features::ALL).verify_code(true);
    let engine = Engine::new(&config).expect("the settings are fine");
    let module = Module::from_binary(&engine, &wasm).expect("the module is valid");
    for defined in [0, 1] {
        let mut parts = translated(module.0.source(), defined);
        assert_eq!(verify(&module, defined, &parts), Ok(()), "{defined}");
        // The branch the other way round: what has not passed would be read as what has.
        let tests = |at: usize| {
            Layouts::get().of(parts.code[at]).find_map(|layout| match layout.part {
                Part::Branch { zero, .. } => zero.map(|zero| (layout.fields[1], zero)),
                _ => None,
            })
        };
        let cells = listed(module.0.source(), defined);
        let (at, (field, zero)) =
            cells.iter().find_map(|&(at, _)| Some((at, tests(at)?))).expect("there is a branch");
        let Field::Get(place, _) = field else { panic!("it tests something") };
        let other = br_test(false, !zero, place, Way::Jump).expect("there is one for each");
        parts.code[at] = Cell::of_handler(other.handler);
        let fault = verify(&module, defined, &parts).expect_err("a fault");
        assert!(fault.what.starts_with("I10"), "{fault}");
    }
}
