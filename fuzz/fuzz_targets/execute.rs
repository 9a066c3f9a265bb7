//! Generated modules, executed: results, traps, globals and memories are those of another interpreter.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use wasm_smith::{Config, Module};

fuzz_target!(|program: Program| {
    let Some(mut ours) = Ours::new(&program.0) else { return };
    let Some(mut theirs) = Theirs::new(&program.0) else { return };
    for name in ours.functions() {
        let (our_end, their_end) = (ours.call(&name), theirs.call(&name));
        // How deep calls may nest is each engine's own affair.
        if our_end == End::Exhausted || their_end == End::Exhausted {
            return;
        }
        assert_eq!(our_end, their_end, "{name}");
    }
    assert_eq!(ours.state(), theirs.state());
});

/// How a call ended. Floats are compared by their bits: the generator makes NaNs canonical.
#[derive(Debug, PartialEq)]
enum End {
    Results(Vec<Scalar>),
    Trap,
    Exhausted,
}

/// A number, as bits.
#[derive(Debug, PartialEq)]
enum Scalar {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    /// A reference: only whether it is null.
    Null(bool),
}

/// The contents of the exported globals and memories, in order of their names.
#[derive(Debug, PartialEq, Default)]
struct State {
    globals: Vec<(String, Scalar)>,
    memories: Vec<(String, Vec<u8>)>,
}

/// A module of what both engines execute, that ends by itself.
#[derive(Debug)]
struct Program(Vec<u8>);

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Program> {
        let config = Config {
            allow_start_export: true,
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
            min_funcs: 1,
            relaxed_simd_enabled: false,
            shared_everything_threads_enabled: false,
            simd_enabled: false,
            threads_enabled: false,
            wide_arithmetic_enabled: false,
            ..Config::default()
        };
        let mut module = Module::new(config, input)?;
        module.ensure_termination(1000).map_err(|_| arbitrary::Error::IncorrectFormat)?;
        Ok(Program(module.to_bytes()))
    }
}

