//! [`Config::canonicalize_nans`]: results that are NaN have one pattern of bits, all others are as
//! without it.

use crate::module;
use windlass::{Config, Engine, Instance, Store, TypedFunc};

/// The instructions of one type that may make NaNs, with the number of their operands.
const SCALAR: &[(&str, usize)] = &[
    ("add", 2),
    ("sub", 2),
    ("mul", 2),
    ("div", 2),
    ("min", 2),
    ("max", 2),
    ("sqrt", 1),
    ("ceil", 1),
    ("floor", 1),
    ("trunc", 1),
    ("nearest", 1),
];

const RELAXED: &[(&str, usize)] =
    &[("relaxed_madd", 3), ("relaxed_nmadd", 3), ("relaxed_min", 2), ("relaxed_max", 2)];

/// Bits of doubles; of floats, the upper half. Quiet and signalling NaNs of both signs are among
/// them.
const OPERANDS: &[u64] = &[
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xc004_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff0_0000_1000_0001,
    0xfff4_5678_9abc_def0,
    0xffff_ffff_ffff_ffff,
];

/// A function of three i64 that returns the bits of what `expression` makes of `$a`, `$b`, `$c`.
struct Calculation {
    name: String,
    text: String,
    /// How wide the floats are in the result.
    width: u32,
}

fn calculations() -> Vec<Calculation> {
    let mut all = Vec::new();
    let get = |ty: &str, n: usize| -> String {
        ["$a", "$b", "$c"][..n].iter().map(|local| operand(ty, local)).collect()
    };
    for (op, n) in SCALAR {
        for (ty, width) in [("f32", 32), ("f64", 64)] {
            let text = format!("({ty}.{op} {})", get(ty, *n));
            // In a local of a loop, which may be kept in a register.
            let looped = format!(
                "(local.set $x (i32.const 2)) (loop $l (local.set $r{width} {text})
                   (br_if $l (local.tee $x (i32.sub (local.get $x) (i32.const 1)))))
                 (local.get $r{width})"
            );
            for (name, text) in [("", text), (" looped", looped)] {
                let name = format!("{ty}.{op}{name}");
                all.push(Calculation { name, text: bits(ty, &text), width });
            }
        }
    }
    for (op, n) in SCALAR.iter().chain(RELAXED) {
        for (ty, width) in [("f32x4", 32), ("f64x2", 64)] {
            let text = bits(ty, &format!("({ty}.{op} {})", get(ty, *n)));
            all.push(Calculation { name: format!("{ty}.{op}"), text, width });
        }
    }
    for (op, from, to, width) in [
        ("f32.demote_f64", "f64", "f32", 32),
        ("f64.promote_f32", "f32", "f64", 64),
        ("f32x4.demote_f64x2_zero", "f64x2", "f32x4", 32),
        ("f64x2.promote_low_f32x4", "f32x4", "f64x2", 64),
    ] {
        let text = bits(to, &format!("({op} {})", get(from, 1)));
        all.push(Calculation { name: op.into(), text, width });
    }
    // A constant NaN that is computed when the function is translated.
    let text = bits("f64", "(f64.add (f64.const -nan:0x4) (f64.const 1))");
    all.push(Calculation { name: "constant".into(), text, width: 64 });
    all
}

/// A local's bits as a value of this type.
fn operand(ty: &str, local: &str) -> String {
    match ty {
        "f32" => format!(
            "(f32.reinterpret_i32 (i32.wrap_i64 (i64.shr_u (local.get {local}) (i64.const 32))))"
        ),
        "f64" => format!("(f64.reinterpret_i64 (local.get {local}))"),
        _ => format!("(i64x2.splat (local.get {local}))"),
    }
}

/// The bits of a value of this type.
fn bits(ty: &str, value: &str) -> String {
    match ty {
        "f32" => format!("{value} i32.reinterpret_f32 i64.extend_i32_u"),
        "f64" => format!("{value} i64.reinterpret_f64"),
        _ => format!("{value} i64x2.extract_lane 0"),
    }
}

type Function = TypedFunc<(u64, u64, u64), u64>;

fn functions(canonical: bool, all: &[Calculation]) -> (Store<()>, Vec<Function>) {
    let functions: String = all
        .iter()
        .map(|Calculation { name, text, .. }| {
            format!(
                "(func (export \"{name}\") (param $a i64) (param $b i64) (param $c i64) (result i64)
                   (local $x i32) (local $r32 f32) (local $r64 f64) {text})"
            )
        })
        .collect();
    let engine = Engine::new(Config::new().canonicalize_nans(canonical)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, &functions), &[]).unwrap();
    let functions = all.iter().map(|c| instance.get_typed_func(&store, &c.name).unwrap()).collect();
    (store, functions)
}

/// The bits with canonical NaNs, lane by lane.
fn canonical(bits: u64, width: u32) -> u64 {
    let single = |bits: u64| match f32::from_bits(bits as u32).is_nan() {
        true => 0x7fc0_0000,
        false => bits & 0xffff_ffff,
    };
    match width {
        32 => single(bits) | single(bits >> 32) << 32,
        _ if f64::from_bits(bits).is_nan() => 0x7ff8_0000_0000_0000,
        _ => bits,
    }
}

#[test]
fn nans_that_are_made_have_one_pattern_of_bits() {
    let all = calculations();
    let (mut plain_store, plain) = functions(false, &all);
    let (mut store, functions) = functions(true, &all);
    let mut changed = 0;
    for (calculation, (plain, function)) in all.iter().zip(plain.iter().zip(&functions)) {
        for &a in OPERANDS {
            for &b in OPERANDS {
                let args = (a, b, a.rotate_left(1));
                let plain = plain.call(&mut plain_store, args).unwrap();
                let found = function.call(&mut store, args).unwrap();
                let expected = canonical(plain, calculation.width);
                let name = &calculation.name;
                assert_eq!(found, expected, "{name} {a:#x} {b:#x}: {found:#x}, not {expected:#x}");
                changed += usize::from(found != plain);
            }
        }
    }
    assert!(changed > 1000, "NaNs were not tested: {changed}");
}

#[test]
fn what_only_copies_bits_keeps_nans() {
    let engine = Engine::new(Config::new().canonicalize_nans(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let text = r#"(func (export "f") (param i32) (result i32)
        (i32.reinterpret_f32 (f32.neg (f32.copysign
            (f32.abs (f32.reinterpret_i32 (local.get 0))) (f32.const -1)))))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let f = instance.get_typed_func::<u32, u32>(&store, "f").unwrap();
    assert_eq!(f.call(&mut store, 0xffa0_1234).unwrap(), 0x7fa0_1234);
}
