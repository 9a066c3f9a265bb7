//! Integers that are made narrower and wider, by all chains of a few instructions: what comes out
//! is what each instruction for itself makes of its operand, wherever it goes.

use windlass::{Config, Engine, Instance, Metering, Module, Store, Val};

/// How long a chain is.
const LENGTH: usize = 3;
/// How many chains a module has functions for.
const PIECE: usize = 64;
const INPUTS: [u64; 4] = [0, 0xffff_ffff_8000_0000, 0x1234_5678_9abc_def0, 0xffff_ffff];

/// An instruction, with a constant before it: its name, whether it takes and gives 64 bits, and
/// what it computes.
type Step = (&'static str, bool, bool, fn(u64) -> u64);

fn low(value: u64) -> u64 {
    value & 0xffff_ffff
}

const STEPS: [Step; 14] = [
    ("i32.wrap_i64", true, false, low),
    ("i64.extend_i32_u", false, true, |a| a),
    ("i64.extend_i32_s", false, true, |a| (a as u32).cast_signed() as i64 as u64),
    ("i64.const 0x100000001 i64.add", true, true, |a| a.wrapping_add(0x1_0000_0001)),
    ("i64.const -3 i64.mul", true, true, |a| a.wrapping_mul(3).wrapping_neg()),
    ("i64.const 0x7f00000007 i64.and", true, true, |a| a & 0x7f_0000_0007),
    ("i64.const 28 i64.shr_u", true, true, |a| a >> 28),
    ("i64.extend32_s", true, true, |a| (a as u32).cast_signed() as i64 as u64),
    ("i64.eqz", true, false, |a| u64::from(a == 0)),
    ("i32.const -5 i32.add", false, false, |a| low(a.wrapping_sub(5))),
    ("i32.const 12 i32.shl", false, false, |a| low(a << 12)),
    ("i32.extend8_s", false, false, |a| low((a as u8).cast_signed() as i64 as u64)),
    ("i32.eqz", false, false, |a| u64::from(a == 0)),
    ("i32.const 9 i32.gt_u", false, false, |a| u64::from(a > 9)),
];

/// All chains that begin with a value of this width, and the widths of what they give.
fn chains(is64: bool) -> Vec<(Vec<Step>, bool)> {
    let mut all = vec![(Vec::new(), is64)];
    let mut longest = all.clone();
    for _ in 0..LENGTH {
        let longer = longest.iter().flat_map(|(chain, is64)| {
            let fitting = STEPS.into_iter().filter(move |step| step.1 == *is64);
            fitting.map(move |step| ([&chain[..], &[step]].concat(), step.2))
        });
        longest = longer.collect();
        all.extend_from_slice(&longest);
    }
    all
}

fn name(is64: bool) -> &'static str {
    if is64 { "i64" } else { "i32" }
}

/// A function of a chain. Its result comes out as it is; from a local from which a loop computes it
/// again; from a branch; a sum; and from memory, at the address that it is.
fn function(index: usize, chain: &[Step], from: bool, to: bool) -> String {
    let of = |is64: bool, convert: &'static str| if is64 { "" } else { convert };
    let own: String = chain.iter().map(|step| format!(" {}", step.0)).collect();
    let (wide, narrow) = (of(to, "i64.extend_i32_u"), of(!to, "i32.wrap_i64"));
    // What a loop computes again has the width of what it began with.
    let again = if from { wide } else { narrow };
    format!(
        "(func (export \"{index}\") (param {from}) (result i64 i64 i64 i64 i64)
          (local $x {from}) (local $n i32)
          local.get 0 {own} {wide}
          local.get 0 local.set $x
          loop
            local.get $x {own} {again} local.set $x
            local.get $n i32.const 1 i32.add local.tee $n i32.const 3 i32.lt_u br_if 0
          end
          local.get $x {from_wide}
          block (result i64) i64.const 7 local.get 0 {own} {narrow} br_if 0 drop i64.const 9 end
          local.get 0 {own} local.get 0 {own} {to}.add {wide}
          local.get 0 {own} {narrow} i32.const 255 i32.and i64.load8_u)\n",
        from_wide = of(from, "i64.extend_i32_u"),
        from = name(from),
        to = name(to),
    )
}

/// What the function has to give.
fn expected(chain: &[Step], from: bool, to: bool, input: u64) -> [u64; 5] {
    let compute = |input: u64| chain.iter().fold(input, |value, step| step.3(value));
    let own = compute(input);
    let again = (0..3).fold(input, |value, _| {
        let value = compute(value);
        if from { value } else { low(value) }
    });
    let sum = own.wrapping_add(own);
    let sum = if to { sum } else { low(sum) };
    [own, again, if low(own) == 0 { 9 } else { 7 }, sum, (own & 0xff) ^ 0x5a]
}

#[test]
fn integers_are_as_wide_as_they_are_made() {
    let memory: String = (0..=255_u8).map(|byte| format!("\\{:02x}", byte ^ 0x5a)).collect();
    let mut count = 0;
    for metering in [Metering::None, Metering::Fuel] {
        let engine = Engine::new(Config::new().metering(metering).verify_code(true))
            .expect("the settings are fine");
        for from in [true, false] {
            for piece in chains(from).chunks(PIECE) {
                let functions: String = (0..)
                    .zip(piece)
                    .map(|(index, (chain, to))| function(index, chain, from, *to))
                    .collect();
                let text =
                    format!("(module (memory 1) (data (i32.const 0) \"{memory}\") {functions})");
                let wasm = wat::parse_str(text).expect("the text is a module");
                let module = Module::new(&engine, wasm).expect("the module is valid");
                let mut store = Store::new(&engine, ());
                if metering == Metering::Fuel {
                    store.set_fuel(1 << 40).expect("it counts fuel");
                }
                let instance = Instance::new(&mut store, &module, &[]).expect("no imports");
                for (index, (chain, to)) in piece.iter().enumerate() {
                    let func = instance.get_func(&store, &index.to_string()).expect("exported");
                    for input in INPUTS {
                        let input = if from { input } else { low(input) };
                        let argument =
                            if from { Val::from(input) } else { Val::from(low(input) as u32) };
                        let mut results = [Val::I64(0); 5];
                        func.call(&mut store, &[argument], &mut results).expect("no trap");
                        let results = results.map(|value| value.unwrap_i64().cast_unsigned());
                        let names: Vec<&str> = chain.iter().map(|step| step.0).collect();
                        let wanted = expected(chain, from, *to, input);
                        assert_eq!(results, wanted, "{metering:?}: {names:?} of {input:#x}");
                        count += 1;
                    }
                }
            }
        }
    }
    assert!(count > 4000, "{count}");
}
