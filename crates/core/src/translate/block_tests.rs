//! Blocks do what their cells do, one by one: the same results, traps, places and fuel, wherever
//! they stop. The build has blocks of the code here, in `block_tests.txt`, which `cargo xtask
//! bless` rewrites when code is translated otherwise.

use super::{Parts, translated};
use crate::{
    Config, Engine, Event, Instance, Metering, Module, Store,
    exec::{Cell, cells::Layouts, tables::blocks::blocks},
    verify::Progress,
};
use alloc::{format, string::String, vec::Vec};

/// Loops in loops, with arms, several types, memory, a division, a global, a call in the middle, a
/// table of branches, a loop in which only some turns go through a call.
const TEXT: &str = r#"(module
    (memory (export "m") 1)
    (global $g (mut i64) (i64.const 5))
    (func $leaf (param i32) (result i32)
        (block (result i32) (i32.mul (local.get 0) (i32.const 3))))
    (func (export "loops") (param $n i32) (param $d i32) (result i64)
      (local $i i32) (local $j i32) (local $x i64) (local $f f64) (local $k i32) (local $s f32)
      (loop $outer
        (local.set $j (i32.const 0))
        (loop $inner
          (i32.store offset=8 (i32.shl (local.get $j) (i32.const 2))
            (i32.xor (i32.add (local.get $i) (local.get $j)) (i32.load8_u (local.get $j))))
          (if (i32.and (local.get $j) (i32.const 1))
            (then (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 31))
                    (i64.load32_u offset=8 (i32.shl (local.get $j) (i32.const 2))))))
            (else (local.set $f (f64.add (local.get $f) (f64.convert_i32_s (local.get $j))))))
          (local.set $k (i32.add (local.get $k)
            (i32.div_s (i32.const 100) (i32.sub (local.get $d) (local.get $j)))))
          (local.set $s (select (f32.const 1.5) (local.get $s)
            (i32.gt_u (local.get $k) (local.get $j))))
          (br_if $inner (i32.lt_u
            (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 6))))
        (global.set $g (i64.xor (global.get $g) (local.get $x)))
        (br_if $outer (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (i64.add (i64.add (global.get $g) (i64.extend_i32_u (local.get $k)))
        (i64.add (i64.trunc_sat_f64_s (local.get $f)) (i64.trunc_sat_f32_s (local.get $s)))))
    (func (export "calls") (param $n i32) (param $d i32) (result i64)
      (local $i i32) (local $sum i64)
      (loop $next
        (block $done
          (block $two (block $one (block $zero
            (br_table $zero $one $two (i32.rem_u (local.get $i) (local.get $d))))
            (local.set $sum (i64.add (local.get $sum) (i64.const 7)))
            (br $done))
            (local.set $sum (i64.add (local.get $sum)
              (i64.extend_i32_u (call $leaf (local.get $i)))))
            (br $done))
          (local.set $sum (i64.shl (local.get $sum) (i64.const 1))))
        (i64.store (i32.mul (local.get $i) (i32.const 4096)) (local.get $sum))
        (br_if $next (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $sum)))"#;

/// The functions that have loops, among those that the module defines.
const FUNCS: [(usize, &str); 2] = [(1, "loops"), (2, "calls")];
/// Arguments with which they return, divide by zero, and access what is out of bounds.
const ARGS: [(i32, i32); 6] = [(5, 17), (1, 9), (3, 4), (9, 3), (40, 5), (4, 0)];
const METERINGS: [Metering; 3] = [Metering::None, Metering::Interrupt, Metering::Fuel];

fn engine(metering: Metering, fuse: bool) -> Engine {
    let mut config = Config::new();
    config.metering(metering).fuse(fuse).verify_code(true);
    config.features(crate::Features::BUILT);
    Engine::new(&config).expect("the settings are fine")
}

fn module(engine: &Engine, text: &str) -> Module {
    let wasm = wat::parse_str(text).expect("the text is a module");
    Module::from_binary(engine, &wasm).expect("the module is valid")
}

/// How a call ended: with a number, or with a trap somewhere.
type Outcome = Result<i64, (String, Vec<usize>)>;

fn outcome(result: Result<i64, crate::Error>) -> Outcome {
    result.map_err(|error| {
        let frames = error.backtrace().map_or(&[][..], |trace| trace.frames());
        let offsets = frames.iter().map(|frame| frame.module_offset()).collect();
        (format!("{:?}", error.trap()), offsets)
    })
}

/// Calls a function, `slice` units of fuel at a time if that is counted; also tells what was left
/// in memory, and how often it stopped.
fn call(module: &Module, name: &str, args: (i32, i32), slice: u64) -> (Outcome, Vec<u8>, u64) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).expect("it can be instantiated");
    let func = instance.get_typed_func::<(i32, i32), i64>(&store, name).expect("it is exported");
    let metering = module.engine().config().metering;
    let is_fueled = metering == Metering::Fuel;
    let is_interrupted = metering == Metering::Interrupt && slice > 0;
    let mut execution = func.start(&mut store, args).expect("there is memory");
    let (mut stops, mut spent) = (0, 0);
    let result = loop {
        if is_interrupted {
            store.interrupt_handle().expect("it is metered").interrupt();
        }
        match execution.run(&mut store) {
            Ok(Event::Finished(value)) => break Ok(value),
            Ok(Event::OutOfFuel) if is_fueled => {
                spent += slice;
                store.set_fuel(slice).expect("fuel is counted");
            }
            Ok(Event::Interrupted) => {}
            Ok(event) => panic!("{event:?}"),
            Err(error) => break Err(error),
        }
        stops += 1;
        assert!(stops < 100_000, "it gets on");
    };
    let left = if is_fueled { store.get_fuel().expect("fuel is counted") } else { 0 };
    let memory = instance.get_memory(&store, "m").expect("it is exported").data(&store).to_vec();
    let cost = if is_fueled { spent - left } else { stops };
    (outcome(result), memory, cost)
}

/// How many cells of a function have a block's handler.
fn count_blocks(code: &[Cell]) -> usize {
    let bits = |handler| Cell::of_handler(handler).bits();
    let handlers: Vec<u64> = blocks().map(|(handler, _)| bits(handler)).collect();
    code.iter().filter(|word| handlers.contains(&word.bits())).count()
}

#[test]
fn blocks_do_what_their_cells_do() {
    for metering in METERINGS {
        let [plain, fused] = [false, true].map(|fuse| module(&engine(metering, fuse), TEXT));
        for (defined, name) in FUNCS {
            let has = count_blocks(&translated(fused.0.source(), defined).code);
            assert!(has > 0, "{name} has no block: `cargo xtask bless`");
            for args in ARGS {
                for slice in [1_000_000, 1, 7, 40, 0] {
                    let slice = if metering == Metering::Fuel { slice.max(1) } else { slice };
                    let [by_cells, by_blocks] =
                        [&plain, &fused].map(|module| call(module, name, args, slice));
                    assert_eq!(by_cells, by_blocks, "{metering:?} {name} {args:?} {slice}");
                }
            }
        }
    }
}

/// What a block leaves to others is executed by another block, as often as not.
#[test]
fn every_block_is_found_in_the_code_that_it_was_made_of() {
    let bits = |handler| Cell::of_handler(handler).bits();
    let mut missing: Vec<u64> = blocks().map(|(handler, _)| bits(handler)).collect();
    for metering in METERINGS {
        let module = module(&engine(metering, true), TEXT);
        for (defined, _) in FUNCS {
            let code = translated(module.0.source(), defined).code;
            missing.retain(|handler| code.iter().all(|word| word.bits() != *handler));
        }
    }
    assert_eq!(missing.len(), 0, "of {}", blocks().count());
}

/// Of each block, some of its words are changed: then it is not used, and what is done is what the
/// changed code says. The verifier refuses it if it is used all the same.
#[test]
fn code_that_is_no_block_is_executed_as_any() {
    let changes = [
        ("(i64.const 31)", "(i64.const 33)"),
        ("(i32.const 100)", "(i32.const 99)"),
        ("(i32.const 6)", "(i32.const 5)"),
        ("offset=8", "offset=12"),
    ];
    for (change, changed) in changes {
        let text = TEXT.replace(change, changed);
        let [plain, fused] = [false, true].map(|fuse| module(&engine(Metering::None, fuse), &text));
        let [by_cells, by_blocks] =
            [&plain, &fused].map(|module| call(module, "loops", (5, 17), 0));
        assert_eq!(by_cells, by_blocks, "{change}");
    }
}

#[test]
fn the_verifier_compares_blocks_word_by_word() {
    for metering in METERINGS {
        let module = module(&engine(metering, true), TEXT);
        let (mut compared, mut left) = (0, 0);
        for (defined, _) in FUNCS {
            let mut parts = translated(module.0.source(), defined);
            assert_eq!(verify(&module, defined, &parts), Ok(()));
            let starts: Vec<usize> = (0..parts.code.len())
                .filter(|&at| count_blocks(&parts.code[at..=at]) > 0)
                .collect();
            for at in starts {
                let cells = Layouts::get().blocks(parts.code[at]).next().expect("it is a block");
                let mut word = at;
                for (index, (handler, words)) in cells.clone().into_iter().enumerate() {
                    let count = words.map_or_else(|count| count, <[u64]>::len);
                    for changed in word..=word + count {
                        // The block's own handler is what is believed.
                        let is_block = changed == at;
                        let is_other = index > 0 && changed == word;
                        if is_block || (words.is_err() && !is_other) {
                            left += 1;
                            continue;
                        }
                        let own = parts.code[changed];
                        let bits = if is_other { own.bits() ^ handler } else { own.bits() ^ 1 };
                        parts.code[changed] = Cell::word(bits);
                        assert!(verify(&module, defined, &parts).is_err(), "word {changed}");
                        parts.code[changed] = own;
                        compared += 1;
                    }
                    word += 1 + count;
                }
            }
        }
        assert!(compared > 50 && left < compared, "{compared} words, {left} left");
    }
}

/// What is out of bounds may be tried again where memories are shared: there are no blocks then.
#[cfg(feature = "threads")]
#[test]
fn modules_with_shared_memories_have_no_blocks() {
    let text = TEXT.replace("1)\n    (global", "1) (memory 1 1 shared)\n    (global");
    let module = module(&engine(Metering::None, true), &text);
    for (defined, _) in FUNCS {
        assert_eq!(count_blocks(&translated(module.0.source(), defined).code), 0);
    }
    // The verifier refuses them there.
    let own = self::module(&engine(Metering::None, true), TEXT);
    let parts = translated(own.0.source(), 1);
    let refused = verify(&module, 1, &parts).expect_err("it has a block");
    assert_eq!(refused.what, "I6: a block where memories are shared");
}

fn verify(module: &Module, defined: usize, parts: &Parts) -> Result<(), crate::verify::Fault> {
    let subject = module.0.source().subject_of(defined, parts);
    let mut progress = Progress::default();
    while progress.step(subject)? {}
    Ok(())
}

#[cfg(all(feature = "std", any(not(tail_calls), debug_assertions)))]
mod file {
    use super::*;
    use crate::exec::cells::{own_set, profiled::profiled};
    use std::{env, fs, path::Path};

    /// The file has the blocks that are chosen if each cell of these functions is executed once.
    #[test]
    fn blocks_are_those_of_the_tests() {
        let mut functions = Vec::new();
        for metering in METERINGS {
            let module = module(&engine(metering, false), TEXT);
            for (defined, _) in FUNCS {
                let code = translated(module.0.source(), defined).code;
                let words: Vec<u64> = code.iter().map(|word| word.bits()).collect();
                functions.push(profiled(&words, |_| 1).expect("it is code"));
            }
        }
        let text = own_set::choose(&functions, own_set::Wanted::default());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/translate/block_tests.txt");
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &text).expect("it can be written");
        }
        let known = fs::read_to_string(&path).expect("it is there");
        assert_eq!(known, text, "`cargo xtask bless` rewrites the file");
    }
}
