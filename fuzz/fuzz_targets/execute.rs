//! Generated modules, executed: results, traps, globals and memories are those of another
//! interpreter, in every way of metering. The modules and the comparison are those of
//! `differential`; here the fuzzer chooses instead of a seed.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use windlass_differential::{Random, compare, smith};

fuzz_target!(|program: Program| {
    if let Err(difference) = compare(&program.wasm, program.seed) {
        panic!("{difference}");
    }
});

/// A module, and the seed of the arguments that its functions get.
#[derive(Debug)]
struct Program {
    wasm: Vec<u8>,
    seed: u64,
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Program> {
        let seed = input.arbitrary()?;
        let wasm = smith::from_input(input, &mut Random::new(seed))?;
        Ok(Program { wasm, seed })
    }
}
