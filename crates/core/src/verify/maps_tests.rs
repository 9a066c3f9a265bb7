//! The maps of frames that the translator makes are what the verifier knows: at every place of
//! functions with many references; and each of them, changed in many ways, is refused.

use super::{Fault, Progress, Subject};
use crate::{
    Config, Engine, Features, Metering, Module,
    exec::code::maps::{Places, Run, Stopped},
    object_type::Class,
    translate::{MapJob, Maps, Parts, translated},
};
use alloc::{format, string::String, vec::Vec};

/// References on the operand stack wherever code can stop.
const TEXT: &str = r#"(module
    (type $s (sub (struct (field (mut anyref)) (field i32))))
    (type $a (array (mut anyref)))
    (tag $e (param anyref)) (memory 1) (table $t 4 anyref)
    (func $two (param anyref) (result anyref externref) (unreachable))
    (func $new (result (ref $s)) (struct.new_default $s))
    (func (param anyref i32) (result anyref) (local externref i64 funcref) (local $x exnref)
      (call $new) (call $new)
      (memory.grow (i32.const 1))
      (if (result anyref) (then (call $new)) (else (ref.i31 (local.get 1))))
      (struct.new $s (local.get 1))
      (loop $l (param anyref) (result anyref)
        (call $two) (local.set 2)
        (br_if $l (local.get 1)))
      (array.new $a (local.get 1))
      (drop)
      ;; A constant is no object: it is in no map, and is used all the same.
      (array.new $a (ref.i31 (i32.const 3)) (local.get 1))
      (drop)
      (ref.test (ref $s)) (local.set 1)
      (table.grow $t (local.get 1)) (local.set 1)
      (block $c (result anyref)
        (try_table (result anyref) (catch $e $c)
          (call $new) (call $two (call $new)) (drop) (throw $e)))
      (loop $m (local.set 3 (i64.add (local.get 3) (i64.const 1)))
        (br_if $m (i64.lt_s (local.get 3) (i64.const 9))))
      (array.new_fixed $a 2 (call $new) (call $new))
      (drop))
    (func (param $p (ref null $s)) (result i32)
      (block $b (result anyref exnref)
        (call $new)
        (try_table (param anyref) (catch_ref $e $b)
          (drop) (struct.set $s 0 (local.get $p) (call $new)) (call $new) (throw $e))
        (unreachable))
      (call $new) (drop) (throw_ref))
    (func (param i32) (result anyref)
      (call $new)
      try (result anyref)
        (call $new)
      catch_all
        (call $new) (drop) rethrow 0
      end
      (drop)))"#;

fn module(metering: Metering) -> Module {
    parsed(TEXT, metering)
}

fn parsed(text: &str, metering: Metering) -> Module {
    let wasm = wat::parse_str(text).expect("the text is a module");
    let mut config = Config::new();
    config.features(Features::ALL).metering(metering).verify_code(true);
    let engine = Engine::new(&config).expect("the settings are fine");
    Module::from_binary(&engine, &wasm).expect("the module is valid")
}

/// Every word of a function's code, as a place of either kind, with the maps.
fn all_maps(module: &Module, defined: usize, parts: &Parts) -> (Vec<(usize, Stopped)>, Maps) {
    let both = |word| [(word, Stopped::Called), (word, Stopped::Before)];
    let wanted: Vec<_> = (0..=parts.code.len()).flat_map(both).collect();
    let mut job = MapJob::new(wanted.clone()).expect("there is memory");
    // They are verified there, too.
    let Ok(maps) = job[0].run(module.0.source(), defined, &mut || false) else {
        panic!("{defined}: it was translated before, and its maps are right")
    };
    (wanted, maps)
}

fn verify(
    module: &Module,
    defined: usize,
    parts: &Parts,
    wanted: &[(usize, Stopped)],
    maps: &Maps,
) -> Result<(), Fault> {
    let Maps { locals, places, runs } = maps;
    let maps = Some(Places { wanted, parts: places, runs, locals });
    let subject = Subject { maps, ..module.0.source().subject_of(defined, parts) };
    let mut progress = Progress::default();
    while progress.step(subject)? {}
    Ok(())
}

/// Other runs in place of one.
fn changes(own: Run) -> Vec<Vec<Run>> {
    let other = if own.class == Class::Any { Class::Exn } else { Class::Any };
    let one = |first| alloc::vec![Run { first, ..own }];
    let mut changes = alloc::vec![alloc::vec![], alloc::vec![Run { class: other, ..own }]];
    changes.extend([-90, -1, 90].map(|by| one(own.first + by)));
    changes.push(alloc::vec![Run { count: own.count - 1, ..own }]);
    changes.push(alloc::vec![Run { count: own.count + 90, ..own }]);
    changes
}

#[test]
fn maps_say_what_the_verifier_knows() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        let module = module(metering);
        let (mut references, mut refused, mut passed) = (0, 0, Vec::new());
        for defined in 0..module.0.source().decoded.bodies.len() {
            let parts = translated(module.0.source(), defined);
            let (wanted, mut maps) = all_maps(&module, defined, &parts);
            assert_eq!(verify(&module, defined, &parts, &wanted, &maps), Ok(()), "{metering:?}");
            // Each run of operands, and a place without a map.
            let (runs, places) = (maps.runs.clone(), maps.places.clone());
            for (index, part) in places.iter().enumerate() {
                let Some(part) = part.clone() else { continue };
                let mut verdict = |maps: &Maps, what: String| match verify(
                    &module, defined, &parts, &wanted, maps,
                ) {
                    Ok(()) => passed.push(format!("{:?}: {what}", wanted[index])),
                    Err(_) => refused += 1,
                };
                for run in part.clone() {
                    references += runs[run].count;
                    for change in changes(runs[run]) {
                        let with = [&runs[part.start..run], &change, &runs[run + 1..part.end]];
                        let from = maps.runs.len();
                        maps.runs.extend(with.concat());
                        maps.places[index] = Some(from..maps.runs.len());
                        verdict(&maps, format!("{change:?}, not {:?}", runs[run]));
                    }
                }
                if !part.is_empty() {
                    maps.places[index] = None;
                    verdict(&maps, "none".into());
                }
                maps.places[index] = Some(part);
            }
            // Each run of locals.
            let locals = maps.locals.clone();
            for run in 0..locals.len() {
                for change in changes(locals[run]) {
                    maps.locals = [&locals[..run], &change, &locals[run + 1..]].concat();
                    let verdict = verify(&module, defined, &parts, &wanted, &maps);
                    assert!(verdict.is_err(), "{defined}: locals {change:?}");
                }
            }
        }
        assert!(references > 30 && refused > 150, "{references} references, {refused} refused");
        // A reference may be left out that is dropped before it is used, and a place that code
        // comes to without stopping.
        let is_harmless = |what: &String| {
            what.contains(": [], not") || what.ends_with("none") || what.contains("count")
        };
        assert!(passed.iter().all(is_harmless) && 3 * passed.len() < refused, "{passed:#?}");
    }
}

/// Numbers by chance, the same for the same seed.
fn random(state: &mut u64, n: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as usize % n.max(1)
}

/// Whatever is told, by chance: what passes tells of no slot that no right map tells of.
#[test]
fn random_maps_are_refused_or_tell_of_less() {
    let (mut refused, mut passed) = (0, 0);
    let module = module(Metering::Fuel);
    for defined in 0..module.0.source().decoded.bodies.len() {
        let parts = translated(module.0.source(), defined);
        let (wanted, right) = all_maps(&module, defined, &parts);
        let told = |maps: &Maps, index: usize| -> Vec<(i32, Class)> {
            let part = maps.places[index].clone().unwrap_or_default();
            maps.runs[part].iter().copied().flat_map(Run::slots).collect()
        };
        let stops: Vec<usize> =
            (0..wanted.len()).filter(|&index| right.places[index].is_some()).collect();
        for seed in 1..1_000_u64 {
            if stops.is_empty() {
                break;
            }
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let Maps { locals, places, runs } = &right;
            let mut maps =
                Maps { locals: locals.clone(), places: places.clone(), runs: runs.clone() };
            let index = stops[random(&mut state, stops.len())];
            let own = maps.places[index].clone().unwrap_or_default();
            let from = maps.runs.len();
            // What the place has, in part; what another has; and something else.
            let other = stops[random(&mut state, stops.len())];
            let other = maps.places[other].clone().unwrap_or_default();
            for run in own.chain(other) {
                let mut run = maps.runs[run];
                match random(&mut state, 8) {
                    0 => run.first += 1,
                    1 => run.first -= 1,
                    2 => run.count += 1,
                    3 => run.count = run.count.saturating_sub(1),
                    4 => run.class = [Class::Any, Class::Exn][random(&mut state, 2)],
                    5 => continue,
                    _ => {}
                }
                maps.runs.push(run);
            }
            let len = maps.runs.len();
            maps.runs[from..].sort_by_key(|run| run.first);
            maps.places[index] = Some(from..len);
            if verify(&module, defined, &parts, &wanted, &maps).is_err() {
                refused += 1;
                continue;
            }
            passed += 1;
            // What was dropped lies in its slot still, until a collection is not told of it.
            for slot in told(&maps, index) {
                let is_there = stops.iter().any(|&stop| told(&right, stop).contains(&slot));
                assert!(is_there, "{defined}: {:?}: {slot:?}", wanted[index]);
            }
        }
    }
    assert!(refused > 1_000 && passed > 100, "{refused} are refused, {passed} are not");
}

/// Places where what one way has is not what another has, or that no way leads to.
const MEETINGS: &str = r#"(module (type $s (struct (field i32))) (tag $e)
    (func $new (result (ref $s)) (struct.new_default $s))
    (func $number (result i64) (i64.const 8))
    ;; Code stops after it paid for the arm, with a reference that others have not.
    (func (param i32) (result i32)
      (block $b
        (drop (call $number))
        (br_if $b (local.get 0))
        (call $new)
        (if (local.get 0) (then))
        (drop))
      (i32.add (local.get 0) (i32.const 1)))
    ;; What is made at the same place stops without it.
    (func (param i32) (result (ref $s))
      (block $b
        (drop (call $number))
        (br_if $b (local.get 0))
        (call $new)
        (if (local.get 0) (then))
        (drop))
      (struct.new $s (i32.const 1)))
    ;; A throw leads there.
    (func (param i32) (result i32)
      (block $b
        (try_table (catch_all $b)
          (drop (call $number))
          (call $new)
          (if (local.get 0) (then))
          (drop)))
      (i32.add (local.get 0) (i32.const 1)))
    ;; Nothing is thrown, so nothing is caught; but there would be a place to stop.
    (func (param i32) (result (ref $s))
      (call $new)
      (block $b (result exnref)
        (call $new)
        (try_table (catch_all_ref $b) (nop))
        (br_if 1 (local.get 0))
        (return))
      (drop)
      (if (local.get 0) (then (drop (call $new))))
      (drop (struct.new_default $s)))
    ;; Loops, whose starts others come to, again and again.
    (func (param i32) (result (ref $s))
      (call $new)
      (loop $l (param (ref $s)) (result (ref $s))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (local.get 0))
        (loop $m
          (br_if $m (local.get 0)))))
    ;; In the slot of an operand that is a constant lies what was dropped there before: it is told
    ;; of nowhere in the loop, from which a branch or a throw leads back.
    (func (param i32) (result i32)
      (drop (call $new))
      (i32.const 5)
      (loop $l
        (drop (call $new))
        (br_if $l (local.get 0))))
    (func (param i32) (result i32)
      (drop (call $new))
      (i32.const 5)
      (loop $l
        (try_table (catch_all $l)
          (block (br_if 0 (local.get 0)) (try_table (catch $e $l) (drop (call $new))))))))"#;

/// Code can stop at a place that others come to, too: what it has there is told, and what they
/// don't have is not taken for a fault; nor is what is told of places where it never stops.
#[test]
fn what_others_bring_is_nothing_to_who_has_stopped() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        let module = parsed(MEETINGS, metering);
        for defined in 0..module.0.source().decoded.bodies.len() {
            let parts = translated(module.0.source(), defined);
            let (wanted, maps) = all_maps(&module, defined, &parts);
            assert_eq!(verify(&module, defined, &parts, &wanted, &maps), Ok(()), "{defined}");
        }
    }
}

/// There are maps exactly where code can stop.
#[test]
fn where_code_does_not_stop_is_no_map() {
    let module = module(Metering::Fuel);
    let defined = 2;
    let parts = translated(module.0.source(), defined);
    let (wanted, mut maps) = all_maps(&module, defined, &parts);
    let cells = crate::translate::listed(module.0.source(), defined);
    let mut refused = 0;
    for (index, &(word, stopped)) in wanted.iter().enumerate() {
        let is_cell = stopped == Stopped::Before && cells.iter().any(|&(at, _)| at == word);
        if maps.places[index].is_none() && is_cell && word > 0 {
            maps.places[index] = Some(0..0);
            let fault = verify(&module, defined, &parts, &wanted, &maps).expect_err("a fault");
            assert!(fault.what.starts_with("I10: there is no map"), "{fault}");
            maps.places[index] = None;
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}
