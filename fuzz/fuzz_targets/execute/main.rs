//! Generated modules, executed: results, traps, globals and memories are those of another
//! interpreter.
#![no_main]

mod ours;
mod theirs;

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use wasm_smith::{Config, Module};

fuzz_target!(|program: Program| {
    let ours = ours::Guest::new(&program.wasm, program.seed);
    let theirs = theirs::Guest::new(&program.wasm);
    let (mut ours, mut theirs) = match (ours, theirs) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        (None, None) => return,
        (ours, _) => panic!("instantiated: ours {}, theirs {}", ours.is_some(), ours.is_none()),
    };
    for name in ours.functions() {
        let (our_end, their_end) =
            (ours.call(&name, program.seed), theirs.call(&name, program.seed));
        // How deep calls may nest is each engine's own affair.
        if our_end == End::Exhausted || their_end == End::Exhausted {
            return;
        }
        assert_eq!(our_end, their_end, "{name}");
    }
    assert_eq!(ours.state(), theirs.state());
});

/// How a call ended.
#[derive(Debug, PartialEq)]
enum End {
    Results(Vec<Scalar>),
    Trap,
    Exhausted,
}

/// A value that both engines know. Floats are bits: the generator makes NaNs canonical.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scalar {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    /// A reference, of which only this can be compared.
    IsNull(bool),
}

/// Exported globals and memories by their names.
#[derive(Debug, Default, PartialEq)]
struct State {
    globals: Vec<(String, Scalar)>,
    memories: Vec<(String, Vec<u8>)>,
}

/// The `index`th argument of a call, before it becomes a value of some type.
fn argument(seed: u64, index: usize) -> u64 {
    seed.rotate_left(7 * index as u32)
}

/// A module of what both engines execute, that ends by itself.
#[derive(Debug)]
struct Program {
    wasm: Vec<u8>,
    seed: u64,
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Program> {
        let seed = input.arbitrary()?;
        let config = Config {
            canonicalize_nans: true,
            compact_imports_enabled: false,
            custom_page_sizes_enabled: false,
            exceptions_enabled: false,
            export_everything: true,
            gc_enabled: false,
            max_imports: 0,
            max_memories: 3,
            max_memory32_bytes: 1 << 20,
            max_memory64_bytes: 1 << 20,
            max_table_elements: 1000,
            max_tables: 3,
            memory_max_size_required: true,
            min_funcs: 1,
            relaxed_simd_enabled: false,
            shared_everything_threads_enabled: false,
            simd_enabled: false,
            table_max_size_required: true,
            threads_enabled: false,
            wide_arithmetic_enabled: false,
            ..Config::default()
        };
        let mut module = Module::new(config, input)?;
        module.ensure_termination(1000).map_err(|_| arbitrary::Error::IncorrectFormat)?;
        Ok(Program { wasm: module.to_bytes(), seed })
    }
}
