//! The program in wasmi.

use super::{End, Scalar, State, argument};
use wasmi::{
    Engine, Extern, F32, F64, Instance, Linker, Module, Nullable, Store, TrapCode, Val, ValType,
};

pub(super) struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    /// None if instantiation traps.
    pub(super) fn new(wasm: &[u8]) -> Option<Guest> {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm).expect("the module is valid");
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let instance = linker.instantiate_and_start(&mut store, &module).ok()?;
        Some(Guest { store, instance })
    }

    pub(super) fn call(&mut self, name: &str, seed: u64) -> End {
        let func = self.instance.get_func(&self.store, name).expect("it is exported");
        let ty = func.ty(&self.store);
        let params = ty.params().iter().enumerate();
        let args: Vec<Val> = params.map(|(index, ty)| value(*ty, argument(seed, index))).collect();
        let mut results: Vec<Val> = ty.results().iter().map(|ty| value(*ty, 0)).collect();
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => End::Results(results.iter().map(scalar).collect()),
            Err(error) => match error.as_trap_code().expect("nothing else can fail") {
                TrapCode::StackOverflow | TrapCode::OutOfSystemMemory => End::Exhausted,
                _ => End::Trap,
            },
        }
    }

    pub(super) fn state(&self) -> State {
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

fn value(ty: ValType, bits: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(F32::from(bits as i32 as f32)),
        ValType::F64 => Val::F64(F64::from(bits as i64 as f64)),
        other => Val::default(other),
    }
}

fn scalar(value: &Val) -> Scalar {
    match value {
        Val::I32(value) => Scalar::I32(*value),
        Val::I64(value) => Scalar::I64(*value),
        Val::F32(value) => Scalar::F32(value.to_bits()),
        Val::F64(value) => Scalar::F64(value.to_bits()),
        Val::FuncRef(reference) => Scalar::IsNull(matches!(reference, Nullable::Null)),
        Val::ExternRef(reference) => Scalar::IsNull(matches!(reference, Nullable::Null)),
        Val::V128(_) => unreachable!("there is no SIMD"),
    }
}
