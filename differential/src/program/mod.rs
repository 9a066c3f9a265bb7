//! Structured programs, as text: straight lines, branches and loops that write locals while their
//! old values are on the operand stack, more locals than any engine pins, addresses made by
//! additions and shifts, integers made narrower and wider, blocks that pass values: what a
//! translator folds, fuses and retargets. At its end a function adds all its locals to globals.
//!
//! Every program ends: loops count, and functions call only later ones. NaNs come from arithmetic
//! with bits that the specification leaves open, so they are made canonical before their bits can
//! be seen.

mod expr;
mod func;
mod stmt;

use crate::Random;
use func::Func;
use std::fmt::Write;

/// A type of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    I32,
    I64,
    F32,
    F64,
}

const TYPES: [Type; 4] = [Type::I32, Type::I64, Type::F32, Type::F64];

impl Type {
    fn name(self) -> &'static str {
        ["i32", "i64", "f32", "f64"][self as usize]
    }

    fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }

    fn random(random: &mut Random) -> Type {
        random.pick(&[Type::I32, Type::I32, Type::I32, Type::I64, Type::I64, Type::F32, Type::F64])
    }
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq)]
struct Signature {
    params: Vec<Type>,
    results: Vec<Type>,
}

impl Signature {
    fn random(random: &mut Random) -> Signature {
        let mut types =
            |most: usize| (0..random.below(most + 1)).map(|_| Type::random(random)).collect();
        Signature { params: types(5), results: types(3) }
    }
}

/// `(param ..)`, `(result ..)` or `(local ..)`; nothing if there are none.
fn list(word: &str, types: &[Type]) -> String {
    let names = types.iter().map(|ty| format!(" {}", ty.name()));
    if types.is_empty() { String::new() } else { format!(" ({word}{})", names.collect::<String>()) }
}

/// The text of the program of this seed.
pub fn text(seed: u64) -> String {
    let mut random = Random::new(seed);
    let count = 1 + random.below(4);
    let signatures: Vec<Signature> = (0..count).map(|_| Signature::random(&mut random)).collect();
    let mut text = String::from(
        "(module\n(memory (export \"m0\") 1 2)\n(memory (export \"m1\") i64 1 1)\n(table funcref \
            (elem",
    );
    for index in 0..count {
        let _ = write!(text, " $f{index}");
    }
    text.push_str("))\n");
    for (index, ty) in TYPES.iter().enumerate() {
        let ty = ty.name();
        let _ = writeln!(text, "(global (export \"g{index}\") (mut {ty}) ({ty}.const {index}))");
    }
    for (index, Signature { params, results }) in signatures.iter().enumerate() {
        let (params, results) = (list("param", params), list("result", results));
        let _ = writeln!(text, "(type $t{index} (func{params}{results}))");
    }
    let data: String = random.bytes(256).iter().map(|byte| format!("\\{byte:02x}")).collect();
    let _ = writeln!(text, "(data (i32.const 0) \"{data}\")");
    for index in 0..count {
        text.push_str(&Func::text(&mut random, &signatures, index));
    }
    text.push_str(")\n");
    text
}
