//! [`case`]: modules for other engines, in other processes, with what Windlass does with them. The
//! command `soak` writes them; `oracles` has what runs them elsewhere and compares.
//!
//! A transcript has a line for each call, whose words both sides know: values by their bits, traps
//! by what kind of thing was wrong, since engines divide them differently.

use crate::modules;
use arbitrary::Unstructured;
use std::fmt::Write;
use windlass::{
    Config, Engine, Error, Extern, ExternType, FuncType, Instance, Module, Store, StoreLimits,
    StoreLimitsBuilder, Trap, Val, ValType,
};
use windlass_differential::{Random, program};

/// How many sets of arguments each function is called with.
const SETS: usize = 3;

/// A module with the transcript of what it does.
#[derive(Debug)]
pub struct Case {
    /// The module.
    pub wasm: Vec<u8>,
    /// The transcript.
    pub transcript: String,
    /// Whether it may have structures and arrays.
    pub has_objects: bool,
}

/// The case of a seed; none if the seed makes none. Every other one is a structured program.
pub fn case(seed: u64) -> Option<Case> {
    let random = &mut Random::new(seed);
    let (wasm, has_objects) = if seed.is_multiple_of(2) {
        (wat::parse_str(program::text(seed)).expect("the text is a module"), false)
    } else {
        let bytes = random.bytes(8192);
        let module = modules::portable(&mut Unstructured::new(&bytes)).ok()?;
        (module.wasm, module.has_objects)
    };
    let transcript = transcript(&wasm, random);
    Some(Case { wasm, transcript, has_objects })
}

fn transcript(wasm: &[u8], random: &mut Random) -> String {
    let engine = Engine::new(&Config::new()).expect("the settings are valid");
    let module = Module::new(&engine, wasm).expect("it is valid");
    let limits = StoreLimitsBuilder::new().gc_heap_size(8 << 20).build();
    let mut store: Store<StoreLimits> = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let mut text = String::new();
    let instance = match Instance::new(&mut store, &module, &[]) {
        Ok(instance) => instance,
        Err(error) => {
            let _ = writeln!(text, "instantiate = {}", class(&error));
            return text;
        }
    };
    for export in module.exports() {
        let ExternType::Func(ty) = export.ty() else { continue };
        if !is_plain(&ty) {
            continue;
        }
        let func = instance.get_func(&store, export.name()).expect("it is exported");
        for _ in 0..SETS {
            let args: Vec<Val> = ty.params().map(|ty| value(&ty, random.bits())).collect();
            let mut results: Vec<Val> = ty.results().map(|ty| value(&ty, 0)).collect();
            let ended = match func.call(&mut store, &args, &mut results) {
                Ok(()) => words(&results),
                Err(error) => class(&error).to_string(),
            };
            let _ = writeln!(text, "call {} {} = {ended}", hex(export.name()), words(&args));
            if ended == "limit" {
                return text;
            }
        }
    }
    state(&mut text, &mut store, &instance);
    text
}

fn state(text: &mut String, store: &mut Store<StoreLimits>, instance: &Instance) {
    let exports: Vec<(String, Extern)> = instance
        .exports(&*store)
        .map(|export| (hex(export.name()), export.into_extern()))
        .collect();
    for (name, item) in exports {
        match item {
            Extern::Global(global) => {
                let value = global.get(&mut *store);
                if is_number(&global.ty(&*store).content()) {
                    let _ = writeln!(text, "global {name} = {}", words(&[value]));
                }
            }
            Extern::Memory(memory) => {
                let data = memory.data(&*store);
                let _ = writeln!(text, "memory {name} = {} {:08x}", data.len(), crc32(data));
            }
            _ => {}
        }
    }
}

fn is_number(ty: &ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

/// Whether a function can be called from anywhere.
fn is_plain(ty: &FuncType) -> bool {
    ty.params().chain(ty.results()).all(|ty| is_number(&ty))
}

fn value(ty: &ValType, bits: u64) -> Val {
    let low = (bits & 0xffff_ffff) as u32;
    match ty {
        ValType::I32 => Val::I32(low.cast_signed()),
        ValType::I64 => Val::I64(bits.cast_signed()),
        // Not all hosts can pass the bits of a NaN.
        ValType::F32 if f32::from_bits(low).is_nan() => Val::F32(0x7fc0_0000),
        ValType::F32 => Val::F32(low),
        _ if f64::from_bits(bits).is_nan() => Val::F64(0x7ff8_0000_0000_0000),
        _ => Val::F64(bits),
    }
}

fn words(values: &[Val]) -> String {
    let word = |value: &Val| match value {
        Val::I32(value) => format!("i32:{value:x}"),
        Val::I64(value) => format!("i64:{value:x}"),
        Val::F32(bits) if f32::from_bits(*bits).is_nan() => "f32:nan".to_string(),
        Val::F64(bits) if f64::from_bits(*bits).is_nan() => "f64:nan".to_string(),
        Val::F32(bits) => format!("f32:{bits:x}"),
        Val::F64(bits) => format!("f64:{bits:x}"),
        other => unreachable!("{other:?} is no number"),
    };
    values.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// What kind of thing was wrong.
fn class(error: &Error) -> &'static str {
    let Some(trap) = error.trap() else { return "exception" };
    match trap {
        Trap::Unreachable => "unreachable",
        Trap::MemoryOutOfBounds
        | Trap::TableOutOfBounds
        | Trap::UndefinedElement
        | Trap::ArrayOutOfBounds => "bounds",
        Trap::UninitializedElement | Trap::IndirectCallTypeMismatch => "call",
        Trap::IntegerOverflow | Trap::IntegerDivideByZero | Trap::InvalidConversionToInteger => {
            "number"
        }
        Trap::CastFailure => "cast",
        Trap::StackOverflow | Trap::AllocationTooLarge => "limit",
        _ => "null",
    }
}

fn hex(name: &str) -> String {
    name.bytes().fold(String::from("x"), |text, byte| text + &format!("{byte:02x}"))
}

/// The checksum that other languages have in their libraries.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}
