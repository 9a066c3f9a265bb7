//! Numeric instructions compute what a second definition says: for operands in locals, and for
//! constants, which the translator folds. The instructions are those of the table, all of them.
//!
//! `definitions` has the second definitions, which share nothing with the engine's.

mod definitions;

use arbitrary::{Result, Unstructured};
use definitions::Defined;
use std::fmt::Write;
use windlass::{CompilationMode, Config, Engine, Instance, Module, Store, Val};
use windlass_decode::{Op, Shape, ValType};

/// How many instructions a module has.
const OPS: usize = 12;

/// Instructions with one result, of numbers.
fn is_numeric(op: &Op) -> bool {
    use Shape::{bin, cmp, test, try_bin, try_un, un};
    matches!(op.info().shape, un | bin | cmp | test | try_un | try_bin)
}

/// An instruction with operands.
struct Case {
    op: Op,
    args: Vec<u64>,
}

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let ops: Vec<Op> = Op::ALL.into_iter().filter(is_numeric).collect();
    let mut cases = Vec::new();
    for _ in 0..OPS {
        let op = *input.choose(&ops)?;
        let args: Result<Vec<u64>> =
            op.info().params.iter().map(|ty| operand(*ty, input)).collect();
        cases.push(Case { op, args: args? });
    }
    let canonical = input.arbitrary()?;
    let mut config = Config::new();
    config.compilation_mode(CompilationMode::Eager).canonicalize_nans(canonical);
    let engine = Engine::new(&config).expect("the settings are valid");
    let wasm = wat::parse_str(text(&cases)).expect("the text is a module");
    let module = Module::new(&engine, wasm).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    for (index, case) in cases.iter().enumerate() {
        for form in FORMS {
            let func = instance.get_func(&store, &format!("{form}{index}"));
            let args: Vec<Val> = values(case);
            let mut results = [Val::I32(0)];
            let func = func.expect("it is exported");
            let called = func.call(&mut store, &args, &mut results);
            let found = match called {
                Ok(()) => Ok(bits(&results[0])),
                Err(error) => Err(error.trap().expect("nothing else can fail")),
            };
            let expected = definitions::defined(case.op.mnemonic(), &case.args);
            let name = case.op.mnemonic();
            assert!(
                agree(expected, found, canonical),
                "{form}: {name} {:x?}: {found:x?}, expected {expected:x?}",
                case.args
            );
        }
    }
    Ok(cases.len() as u64)
}

fn agree(expected: Defined, found: std::result::Result<u64, windlass::Trap>, strict: bool) -> bool {
    let is_nan = |bits: u64, quiet: u64, all: u64| match strict {
        true => bits == quiet,
        false => bits & quiet == quiet && bits <= all,
    };
    match (expected, found) {
        (Defined::Bits(bits), Ok(found)) => bits == found,
        (Defined::NanF32, Ok(found)) => is_nan(found, 0x7fc0_0000, 0xffff_ffff),
        (Defined::NanF64, Ok(found)) => is_nan(found, 0x7ff8_0000_0000_0000, u64::MAX),
        (Defined::Trap(trap), Err(found)) => trap == found,
        _ => false,
    }
}

/// Operands in locals, in constants, and both.
const FORMS: [&str; 4] = ["locals", "constants", "first", "second"];

fn text(cases: &[Case]) -> String {
    let mut text = String::from("(module");
    for (index, case) in cases.iter().enumerate() {
        let info = case.op.info();
        let params: String = info.params.iter().map(|ty| format!(" {}", name(*ty))).collect();
        for form in FORMS {
            let mut operands = String::new();
            for (at, (ty, bits)) in info.params.iter().zip(&case.args).enumerate() {
                let is_constant = match form {
                    "locals" => false,
                    "constants" => true,
                    "first" => at == 0,
                    _ => at == 1,
                };
                operands += &match is_constant {
                    true => constant(*ty, *bits),
                    false => format!("(local.get {at})"),
                };
            }
            let _ = write!(
                text,
                "(func (export \"{form}{index}\") (param{params}) (result {}) ({} {operands}))",
                name(info.results[0]),
                info.mnemonic
            );
        }
    }
    text + ")"
}

fn name(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        _ => unreachable!("numeric instructions have numbers"),
    }
}

fn constant(ty: ValType, bits: u64) -> String {
    match ty {
        ValType::I32 => format!("(i32.const {:#x})", bits & 0xffff_ffff),
        ValType::I64 => format!("(i64.const {bits:#x})"),
        // Of any bits.
        ValType::F32 => format!("(f32.reinterpret_i32 (i32.const {:#x}))", bits & 0xffff_ffff),
        _ => format!("(f64.reinterpret_i64 (i64.const {bits:#x}))"),
    }
}

fn values(case: &Case) -> Vec<Val> {
    let value = |(ty, bits): (&ValType, &u64)| match ty {
        ValType::I32 => Val::I32(((bits & 0xffff_ffff) as u32).cast_signed()),
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32((bits & 0xffff_ffff) as u32),
        _ => Val::F64(*bits),
    };
    case.op.info().params.iter().zip(&case.args).map(value).collect()
}

fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        other => unreachable!("{other:?} is no number"),
    }
}

/// The bits of an operand: any, or such that something happens at them.
fn operand(ty: ValType, input: &mut Unstructured<'_>) -> Result<u64> {
    let any: u64 = input.arbitrary()?;
    let (width, mantissa) = match ty {
        ValType::I32 => (32, 0),
        ValType::F32 => (32, 23),
        ValType::F64 => (64, 52),
        _ => (64, 0),
    };
    let bits = match input.int_in_range(0..=4)? {
        0 => any,
        // Near zero, of either sign.
        1 => (any % 70).wrapping_sub(35),
        // Near a power of two.
        2 => (1_u64 << (any % width)).wrapping_add(any >> 32 & 7).wrapping_sub(3),
        // Near the bits of a float that is an integer, or a half.
        3 if width == 32 => {
            let float = (((any >> 16) % 1_000) as f32 / 2.0) * 2_f32.powi((any % 80) as i32 - 10);
            let sign = (any >> 63) << 31;
            u64::from(float.to_bits()).wrapping_add(any >> 8 & 3).wrapping_sub(1) ^ sign
        }
        3 => {
            let float = (((any >> 16) % 1_000) as f64 / 2.0) * 2_f64.powi((any % 80) as i32 - 10);
            let sign = any >> 63 << 63;
            float.to_bits().wrapping_add(any >> 8 & 3).wrapping_sub(1) ^ sign
        }
        // Infinities, NaNs, the largest and the smallest floats.
        _ if mantissa > 0 => {
            let exponent = (1_u64 << (width - 1 - mantissa)) - 1;
            let part = *input.choose(&[0, 1, exponent - 1, exponent])?;
            let fraction = match any % 4 {
                0 => 0,
                1 => 1,
                2 => (1 << mantissa) - 1,
                _ => any >> 3 & ((1 << mantissa) - 1),
            };
            (any >> 63) << (width - 1) | part << mantissa | fraction
        }
        _ => *input.choose(&[0, 1, 1 << 31, (1 << 31) - 1, u64::MAX, 1 << 63, !(1 << 63)])?,
    };
    Ok(if width == 32 { bits & 0xffff_ffff } else { bits })
}
