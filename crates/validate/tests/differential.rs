//! The same verdict as `wasmparser` on generated modules, as they are and with bytes changed.
//!
//! `WINDLASS_SEEDS=from..to` tries other seeds than the quick test's.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};
use wasmparser::{Validator, WasmFeatures};
use windlass_decode::{Features, Instrs, Module as Decoded, Op};
use windlass_validate::{Context, FuncValidator, Scratch, validate};

/// Feature sets that both sides know.
const FEATURES: [(Features, WasmFeatures); 4] = [
    (
        Features::ALL,
        WasmFeatures::WASM3
            .union(WasmFeatures::WIDE_ARITHMETIC)
            .union(WasmFeatures::CUSTOM_PAGE_SIZES)
            .union(WasmFeatures::CUSTOM_DESCRIPTORS)
            .union(WasmFeatures::COMPACT_IMPORTS)
            .union(WasmFeatures::LEGACY_EXCEPTIONS),
    ),
    (Features::WASM3, WasmFeatures::WASM3.difference(WasmFeatures::THREADS)),
    (Features::WASM2, WasmFeatures::WASM2),
    // wasmparser takes every kind of element segment even before bulk memory.
    (
        Features::WASM1.union(Features::BULK_MEMORY),
        WasmFeatures::WASM1.union(WasmFeatures::BULK_MEMORY),
    ),
];

/// A small generator of numbers (xorshift), the same on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 32) as usize % limit.max(1)
    }
}

/// A module of the seed's own kind: small or larger, of more or fewer features, some with invalid
/// function bodies.
fn generate(seed: u64) -> Option<Vec<u8>> {
    let mut random = Random::new(seed);
    let input: Vec<u8> = (0..2048).flat_map(|_| random.next().to_le_bytes()).collect();
    let mut input = Unstructured::new(&input);
    let old = seed % 4 == 3;
    let config = Config {
        min_types: 4,
        min_funcs: 3,
        min_memories: 1,
        min_tables: 1,
        min_globals: 2,
        max_instructions: 20 + seed as usize % 200,
        max_types: 12,
        max_funcs: 8,
        max_imports: 8,
        max_memories: if old { 1 } else { 3 },
        max_tables: if old { 1 } else { 4 },
        allow_invalid_funcs: seed % 5 == 4,
        compact_imports_enabled: !old && seed % 4 == 2,
        custom_page_sizes_enabled: !old,
        custom_descriptors_enabled: !old && seed % 4 == 1,
        gc_enabled: !old,
        exceptions_enabled: !old,
        memory64_enabled: !old,
        threads_enabled: !old && seed.is_multiple_of(2),
        tail_call_enabled: !old,
        extended_const_enabled: !old,
        relaxed_simd_enabled: !old,
        wide_arithmetic_enabled: !old,
        simd_enabled: seed % 8 != 7,
        ..Config::default()
    };
    Some(Module::new(config, &mut input).ok()?.to_bytes())
}

/// Changes, removes or repeats a few bytes.
fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(8) / 6 {
        if bytes.len() < 9 {
            break;
        }
        // Mostly behind the middle, where code is; the header is not worth the trouble.
        let start = if random.below(3) == 0 { 8 } else { 8 + (bytes.len() - 8) / 2 };
        let at = start + random.below(bytes.len() - start);
        match random.below(8) {
            0 => _ = bytes.remove(at),
            1 => bytes.insert(at, random.next() as u8),
            2 => bytes.truncate(at),
            3 | 4 => bytes[at] = bytes[8 + random.below(bytes.len() - 8)],
            5 => bytes[at] = bytes[at].wrapping_add(1),
            6 => bytes[at] ^= 1 << random.below(8),
            _ => bytes[at] = random.next() as u8,
        }
    }
    bytes
}

/// Replaces an instruction by another one with the same form of immediate: the module stays
/// well-formed, so that validation and not decoding has to say something.
fn exchange(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let module = Decoded::decode(bytes, Features::ALL).ok()?;
    let body = module.bodies.get(random.below(module.bodies.len()))?;
    let mut instrs = Instrs::at(bytes, body.code.start, Features::ALL);
    let mut found = Vec::new();
    while instrs.reader.offset() < body.code.end {
        found.push(instrs.next_instr().ok()?);
    }
    let old = found.get(random.below(found.len()))?;
    let code = old.op.info().code;
    // Opcodes of one byte, or of a prefix and a byte (or two, as they are written).
    let at = if code > 0xff { old.offset + 1 } else { old.offset };
    let alike = |op: &&Op| {
        let (new, old) = (op.info(), old.op.info());
        let same_length = (new.code & 0xffff < 0x80) == (code & 0xffff < 0x80) || code <= 0xff;
        new.imm == old.imm && new.code >> 16 == code >> 16 && same_length
    };
    let all: Vec<&Op> = Op::ALL.iter().filter(alike).collect();
    let new = all.get(random.below(all.len()))?.info().code & 0xffff;
    let mut bytes = bytes.to_vec();
    if code <= 0xff || new < 0x80 {
        bytes[at] = new as u8;
    } else {
        bytes[at] = new as u8 | 0x80;
        bytes[at + 1] = (new >> 7) as u8;
    }
    Some(bytes)
}

/// Rules for descriptors that the proposal had once, and wasmparser still has.
fn is_old_rule(error: &str) -> bool {
    let rules = [
        "descriptor and described type must have the same finality",
        "sub type with descriptor must have super type with descriptor",
    ];
    rules.iter().any(|rule| error.contains(rule))
}

#[derive(Default)]
struct Tally {
    bytes: usize,
    valid: usize,
    refused: usize,
    differences: Vec<String>,
}

impl Tally {
    fn compare(&mut self, what: &str, bytes: &[u8]) {
        for (ours, theirs) in FEATURES {
            let ours_says = validate(bytes, ours);
            let theirs_says = Validator::new_with_features(theirs).validate_all(bytes);
            match (&ours_says, &theirs_says) {
                (Ok(_), Ok(_)) => self.valid += 1,
                (Err(_), Err(_)) => self.refused += 1,
                // The limits of implementations differ.
                (Err(error), Ok(_)) if error.to_string().contains("exceeds the limit") => {}
                (Ok(_), Err(error)) if is_old_rule(&error.to_string()) => {}
                _ => {
                    let ours_says = ours_says.map(|_| "valid");
                    let theirs_says = theirs_says.map(|_| "valid");
                    self.differences.push(format!(
                        "{what} with {ours:?}: ours {ours_says:?}, wasmparser's {theirs_says:?}"
                    ));
                }
            }
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("WINDLASS_SEEDS") else { return 0..300 };
    let (from, to) = text.split_once("..").expect("a range");
    from.parse().expect("a number")..to.parse().expect("a number")
}

#[test]
fn verdicts_are_wasmparsers() {
    let mut tally = Tally::default();
    for seed in seeds() {
        let Some(bytes) = generate(seed) else { continue };
        tally.bytes += bytes.len();
        tally.compare(&format!("seed {seed}"), &bytes);
        let mut random = Random::new(!seed);
        for mutation in 0..20 {
            let bytes = mutate(&bytes, &mut random);
            tally.compare(&format!("seed {seed}, mutation {mutation}"), &bytes);
        }
        for exchanged in 0..20 {
            let Some(bytes) = exchange(&bytes, &mut random) else { continue };
            tally.compare(&format!("seed {seed}, exchange {exchanged}"), &bytes);
        }
    }
    println!("{} bytes generated", tally.bytes);
    println!("{} valid, {} refused by both", tally.valid, tally.refused);
    let count = tally.differences.len();
    assert!(count == 0, "{count} differences:\n{}", tally.differences.join("\n"));
    assert!(tally.valid > 100 && tally.refused > 100);
}

/// Checks each body instruction by instruction, in both ways that there are; tells how many
/// instructions there were. The module is not valid as a whole if none is returned.
fn in_both_ways(bytes: &[u8]) -> Option<usize> {
    let mut module = Decoded::decode(bytes, Features::ALL).ok()?;
    let ctx = Context::new(&mut module, bytes, Features::ALL).ok()?;
    let mut count = 0;
    for (index, body) in module.bodies.iter().enumerate() {
        let [mut one, mut other] = [(); 2].map(|()| {
            FuncValidator::new(&ctx, &module, index, Scratch::default()).expect("there is a body")
        });
        let code = &bytes[..body.code.end];
        let [mut run, mut step] =
            [(); 2].map(|()| Instrs::at(code, body.code.start, Features::ALL));
        while !step.reader.is_empty() {
            let stepped =
                step.next_instr().map_err(Into::into).and_then(|instr| other.step(&instr));
            let ran = one.run(&mut run, 1);
            let [ran, stepped] =
                [ran.map(|_| ()), stepped].map(|result| result.map_err(|e| e.to_string()));
            assert_eq!(ran, stepped);
            if ran.is_err() {
                return Some(count);
            }
            assert_eq!(run.reader.offset(), step.reader.offset());
            assert_eq!((one.operands(), one.frames()), (other.operands(), other.frames()));
            count += 1;
        }
        let [one, other] =
            [one, other].map(|by| by.finish(body.code.end).map_err(|e| e.to_string()));
        assert_eq!(one, other);
    }
    Some(count)
}

#[test]
fn common_instructions_are_checked_as_all_others() {
    let mut count = 0;
    for seed in 0..60 {
        let Some(bytes) = generate(seed) else { continue };
        count += in_both_ways(&bytes).unwrap_or_default();
        let mut random = Random::new(!seed);
        for _ in 0..20 {
            in_both_ways(&mutate(&bytes, &mut random));
            exchange(&bytes, &mut random).and_then(|bytes| in_both_ways(&bytes));
        }
    }
    assert!(count > 1_000, "{count}");
}
