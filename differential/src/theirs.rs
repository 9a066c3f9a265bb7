//! The program on wasmi.

use crate::compare::{Call, End, Scalar, State};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmi::{
    CompilationMode, Config, Engine, Extern, F32, F64, Instance, Linker, Module, Nullable, Store,
    TrapCode, Val, ValType,
};
use windlass::Trap;

pub(crate) struct Guest {
    store: Store<()>,
    instance: Instance,
}

/// How instantiation ended.
pub(crate) enum Start {
    Ready(Guest),
    Trapped,
    /// The engine itself finds that it has translated something wrongly.
    Broken,
}

impl Guest {
    /// The program, instantiated.
    pub(crate) fn new(wasm: &[u8]) -> Result<Start, String> {
        let engine = Engine::new(Config::default().compilation_mode(CompilationMode::Eager));
        let Ok(module) = catch_unwind(AssertUnwindSafe(|| Module::new(&engine, wasm))) else {
            return Ok(Start::Broken);
        };
        let module = module.map_err(|error| format!("theirs: {error}"))?;
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        match linker.instantiate_and_start(&mut store, &module) {
            Ok(instance) => Ok(Start::Ready(Guest { store, instance })),
            Err(_) => Ok(Start::Trapped),
        }
    }
}

impl crate::compare::Guest for Guest {
    fn call(&mut self, call: &Call) -> End {
        let func = self.instance.get_func(&self.store, &call.name).expect("it is exported");
        let ty = func.ty(&self.store);
        let args: Vec<Val> =
            ty.params().iter().zip(&call.args).map(|(ty, &bits)| value(*ty, bits)).collect();
        let mut results: Vec<Val> = ty.results().iter().map(|ty| value(*ty, 0)).collect();
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => End::Results(results.iter().map(scalar).collect()),
            Err(error) => match error.as_trap_code() {
                Some(code) => trap(code).map_or(End::Exhausted, End::Trap),
                None => panic!("nothing else can fail: {error}"),
            },
        }
    }

    fn state(&mut self) -> State {
        let mut state = State::default();
        for export in self.instance.exports(&self.store) {
            let name = export.name().to_string();
            match export.into_extern() {
                Extern::Global(global) => {
                    state.globals.push((name, scalar(&global.get(&self.store))));
                }
                Extern::Memory(memory) => {
                    state.memories.push((name, memory.data(&self.store).to_vec()));
                }
                _ => {}
            }
        }
        state.globals.sort_by(|a, b| a.0.cmp(&b.0));
        state.memories.sort();
        state
    }
}

/// The trap as Windlass names it; none if something was exhausted.
fn trap(code: TrapCode) -> Option<Trap> {
    Some(match code {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Trap::TableOutOfBounds,
        TrapCode::IndirectCallToNull => Trap::UninitializedElement,
        TrapCode::IntegerDivisionByZero => Trap::IntegerDivideByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        TrapCode::BadConversionToInteger => Trap::InvalidConversionToInteger,
        TrapCode::BadSignature => Trap::IndirectCallTypeMismatch,
        _ => return None,
    })
}

fn value(ty: ValType, bits: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(F32::from_bits(bits as u32)),
        ValType::F64 => Val::F64(F64::from_bits(bits)),
        other => Val::default_for_ty(other),
    }
}

fn scalar(value: &Val) -> Scalar {
    match value {
        Val::I32(value) => Scalar::I32(*value),
        Val::I64(value) => Scalar::I64(*value),
        Val::F32(value) => Scalar::f32(value.to_bits()),
        Val::F64(value) => Scalar::f64(value.to_bits()),
        Val::FuncRef(reference) => Scalar::IsNull(matches!(reference, Nullable::Null)),
        Val::ExternRef(reference) => Scalar::IsNull(matches!(reference, Nullable::Null)),
        Val::V128(_) => unreachable!("there is no SIMD"),
    }
}
