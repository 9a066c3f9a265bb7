//! Numeric instructions compute what a second definition says: for operands in locals, and for
//! constants, which the translator folds. The instructions are those of the table, all of them.
//!
//! `definitions` and `vectors` have the second definitions, which share nothing with the engine's.

mod definitions;
mod vectors;

use arbitrary::{Result, Unstructured};
use definitions::Defined;
use std::fmt::Write;
use vectors::Lanes;
use windlass::{CompilationMode, Config, Engine, Instance, Module, Store, Trap, Val};
use windlass_decode::{ImmKind, Op, Shape, ValType};

/// How many instructions a module has.
const OPS: usize = 12;

/// Instructions with one result, of numbers and vectors.
fn is_numeric(op: &Op) -> bool {
    use Shape::{bin, cmp, test, try_bin, try_un, un};
    matches!(op.info().shape, un | bin | cmp | test | try_un | try_bin) || is_of_vectors(op)
}

/// Those of vectors, but for constants and memory.
fn is_of_vectors(op: &Op) -> bool {
    use Shape::{v_bin, v_extract, v_replace, v_shift, v_shuffle, v_splat, v_tern, v_test, v_un};
    matches!(
        op.info().shape,
        v_un | v_bin | v_tern | v_shift | v_test | v_shuffle | v_splat | v_extract | v_replace
    )
}

/// An instruction with operands.
struct Case {
    op: Op,
    args: Vec<u128>,
    /// The lanes that it names.
    lanes: Vec<u8>,
}

impl Case {
    fn new(op: Op, input: &mut Unstructured<'_>) -> Result<Case> {
        let args: Result<Vec<u128>> =
            op.info().params.iter().map(|ty| operand(*ty, input)).collect();
        let (count, most) = match op.info().imm {
            ImmKind::lanes => (16, 31),
            ImmKind::lane => (1, 128 / lane_width(op.mnemonic()) - 1),
            _ => (0, 0),
        };
        let lanes: Result<Vec<u8>> = (0..count).map(|_| input.int_in_range(0..=most)).collect();
        Ok(Case { op, args: args?, lanes: lanes? })
    }

    /// What it must compute; a scalar is one lane.
    fn expected(&self) -> std::result::Result<Lanes, Trap> {
        let name = self.op.mnemonic();
        if is_of_vectors(&self.op) {
            return Ok(vectors::defined(name, &self.args, &self.lanes));
        }
        let scalars = self.args.iter().map(|bits| u64::try_from(*bits).expect("it is no vector"));
        match definitions::scalar(name, &scalars.collect::<Vec<u64>>()) {
            Defined::Trap(trap) => Err(trap),
            lane => Ok(vec![(64, lane)]),
        }
    }
}

/// The width of the lanes of `i16x8.splat` and others.
fn lane_width(mnemonic: &str) -> u8 {
    let width = mnemonic[1..].split('x').next().and_then(|width| width.parse().ok());
    width.expect("names of instructions with lanes begin so")
}

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let ops: Vec<Op> = Op::ALL.into_iter().filter(is_numeric).collect();
    let mut cases = Vec::new();
    for _ in 0..OPS {
        let op = *input.choose(&ops)?;
        cases.push(Case::new(op, input)?);
    }
    try_all(&cases, input.arbitrary()?);
    Ok(cases.len() as u64)
}

/// Computes the cases in each form.
fn try_all(cases: &[Case], canonical: bool) {
    let mut config = Config::new();
    config.compilation_mode(CompilationMode::Eager).canonicalize_nans(canonical);
    let engine = Engine::new(&config).expect("the settings are valid");
    let wasm = wat::parse_str(text(cases)).expect("the text is a module");
    let module = Module::new(&engine, wasm).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    for (index, case) in cases.iter().enumerate() {
        for form in FORMS {
            let func = instance.get_func(&store, &format!("{form}{index}"));
            let mut results = [Val::I32(0)];
            let func = func.expect("it is exported");
            let called = func.call(&mut store, &values(case), &mut results);
            let found = match called {
                Ok(()) => Ok(bits(&results[0])),
                Err(error) => Err(error.trap().expect("nothing else can fail")),
            };
            let expected = case.expected();
            assert!(
                agree(&expected, found, canonical),
                "{form}: {} {:x?} {:?}: {found:x?}, expected {expected:x?}",
                case.op.mnemonic(),
                case.args,
                case.lanes,
            );
        }
    }
}

fn agree(
    expected: &std::result::Result<Lanes, Trap>,
    found: std::result::Result<u128, Trap>,
    strict: bool,
) -> bool {
    let (lanes, found) = match (expected, found) {
        (Ok(lanes), Ok(found)) => (lanes, found),
        (Err(trap), Err(found)) => return *trap == found,
        _ => return false,
    };
    let mut at = 0;
    lanes.iter().all(|(width, lane)| {
        let bits = found >> at & ((1 << width) - 1);
        at += width;
        lane_agrees(*lane, u64::try_from(bits).expect("a lane has at most 64 bits"), strict)
    })
}

fn lane_agrees(expected: Defined, found: u64, strict: bool) -> bool {
    let is_nan = |bits: u64, quiet: u64, all: u64| match strict {
        true => bits == quiet,
        false => bits & quiet == quiet && bits <= all,
    };
    match expected {
        Defined::Bits(bits) => bits == found,
        Defined::NanF32 => is_nan(found, 0x7fc0_0000, 0xffff_ffff),
        Defined::NanF64 => is_nan(found, 0x7ff8_0000_0000_0000, u64::MAX),
        Defined::Trap(_) => false,
    }
}

/// Operands in locals, in constants, and some of both.
const FORMS: [&str; 4] = ["locals", "constants", "first", "second"];

fn text(cases: &[Case]) -> String {
    let mut text = String::from("(module");
    for (index, case) in cases.iter().enumerate() {
        let info = case.op.info();
        let params: String = info.params.iter().map(|ty| format!(" {}", name(*ty))).collect();
        let result = name(info.results[0]);
        let lanes: String = case.lanes.iter().map(|lane| format!(" {lane}")).collect();
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
                "(func (export \"{form}{index}\") (param{params}) (result {result}) \
                 ({}{lanes} {operands}))",
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
        ValType::V128 => "v128",
        _ => unreachable!("numeric instructions have numbers"),
    }
}

fn constant(ty: ValType, bits: u128) -> String {
    match ty {
        ValType::I32 => format!("(i32.const {bits:#x})"),
        ValType::I64 => format!("(i64.const {bits:#x})"),
        // Of any bits.
        ValType::F32 => format!("(f32.reinterpret_i32 (i32.const {bits:#x}))"),
        ValType::F64 => format!("(f64.reinterpret_i64 (i64.const {bits:#x}))"),
        _ => {
            let (low, high) = (bits & u128::from(u64::MAX), bits >> 64);
            format!("(v128.const i64x2 {low:#x} {high:#x})")
        }
    }
}

fn values(case: &Case) -> Vec<Val> {
    let value = |(ty, bits): (&ValType, &u128)| match ty {
        ValType::V128 => Val::V128((*bits).into()),
        ValType::I64 => Val::I64(low(*bits).cast_signed()),
        ValType::F64 => Val::F64(low(*bits)),
        ty => {
            let bits = u32::try_from(*bits).expect("it has at most 32 bits");
            if *ty == ValType::I32 { Val::I32(bits.cast_signed()) } else { Val::F32(bits) }
        }
    };
    case.op.info().params.iter().zip(&case.args).map(value).collect()
}

fn low(bits: u128) -> u64 {
    u64::try_from(bits).expect("it has at most 64 bits")
}

fn bits(value: &Val) -> u128 {
    match value {
        Val::I32(value) => value.cast_unsigned().into(),
        Val::I64(value) => value.cast_unsigned().into(),
        Val::F32(bits) => (*bits).into(),
        Val::F64(bits) => (*bits).into(),
        Val::V128(bits) => bits.as_u128(),
        other => unreachable!("{other:?} is no number"),
    }
}

/// The bits of an operand; those of a vector are of lanes of some width.
fn operand(ty: ValType, input: &mut Unstructured<'_>) -> Result<u128> {
    if ty != ValType::V128 {
        return lane(ty, input).map(u128::from);
    }
    let kinds = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
    let kind = *input.choose(&kinds)?;
    // Lanes narrower than numbers: bytes at the edges, of which pairs are edges, too.
    if input.ratio(1, 3)? {
        let byte = |input: &mut Unstructured<'_>| -> Result<u8> {
            let any = input.arbitrary()?;
            Ok(*input.choose(&[0, 0, 1, 0x7f, 0x80, 0xff, 0xff, any])?)
        };
        let bytes: Result<Vec<u8>> = (0..16).map(|_| byte(input)).collect();
        return Ok(u128::from_le_bytes(bytes?.try_into().expect("there are 16")));
    }
    let width = if matches!(kind, ValType::I32 | ValType::F32) { 32 } else { 64 };
    let mut bits = 0;
    for at in (0..128).step_by(width) {
        bits |= u128::from(lane(kind, input)?) << at;
    }
    Ok(bits)
}

/// The bits of a number: any, or such that something happens at them.
fn lane(ty: ValType, input: &mut Unstructured<'_>) -> Result<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_differential::Random;

    #[test]
    fn every_instruction_does_what_its_second_definition_says() {
        let ops: Vec<Op> = Op::ALL.into_iter().filter(is_numeric).collect();
        assert!(ops.len() > 340, "{} instructions", ops.len());
        for (at, op) in ops.into_iter().enumerate() {
            let bytes = Random::new(at as u64).bytes(8192);
            let input = &mut Unstructured::new(&bytes);
            let cases: Result<Vec<Case>> = (0..24).map(|_| Case::new(op, input)).collect();
            try_all(&cases.expect("there are bytes"), at % 2 == 0);
        }
    }
}
