//! The program in Windlass.

use super::{End, Scalar, State, argument};
use windlass::{Config, Engine, Extern, Instance, Metering, Module, Store, Trap, Val, ValType};

pub(super) struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    /// None if instantiation traps.
    pub(super) fn new(wasm: &[u8], seed: u64) -> Option<Guest> {
        let metering = [Metering::None, Metering::Interrupt, Metering::Fuel][(seed % 3) as usize];
        let engine = Engine::new(Config::new().metering(metering)).expect("the settings are valid");
        let module = Module::new(&engine, wasm).expect("the module is valid");
        let mut store = Store::new(&engine, ());
        if metering == Metering::Fuel {
            store.set_fuel(u64::MAX).expect("the engine counts fuel");
        }
        let instance = Instance::new(&mut store, &module, &[]).ok()?;
        Some(Guest { store, instance })
    }

    /// The names of the exported functions.
    pub(super) fn functions(&self) -> Vec<String> {
        let exports = self.instance.exports(&self.store);
        exports
            .filter(|export| matches!(export.clone().into_extern(), Extern::Func(_)))
            .map(|export| export.name().to_string())
            .collect()
    }

    pub(super) fn call(&mut self, name: &str, seed: u64) -> End {
        let func = self.instance.get_func(&self.store, name).expect("it is exported");
        let ty = func.ty(&self.store);
        let args: Vec<Val> =
            ty.params().enumerate().map(|(index, ty)| value(ty, argument(seed, index))).collect();
        let mut results: Vec<Val> = ty.results().map(|ty| value(ty, 0)).collect();
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => End::Results(results.iter().map(scalar).collect()),
            Err(error) => match error.trap().expect("nothing else can fail") {
                Trap::StackOverflow => End::Exhausted,
                _ => End::Trap,
            },
        }
    }

    pub(super) fn state(&mut self) -> State {
        let mut state = State::default();
        let exports = self.instance.exports(&self.store);
        let exports: Vec<_> =
            exports.map(|export| (export.name().to_string(), export.into_extern())).collect();
        for (name, item) in exports {
            match item {
                Extern::Global(global) => {
                    state.globals.push((name, scalar(&global.get(&mut self.store))));
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
        ValType::F32 => Val::F32((bits as i32 as f32).to_bits()),
        ValType::F64 => Val::F64((bits as i64 as f64).to_bits()),
        other => Val::default_for_ty(other).expect("all references are nullable"),
    }
}

fn scalar(value: &Val) -> Scalar {
    match value {
        Val::I32(value) => Scalar::I32(*value),
        Val::I64(value) => Scalar::I64(*value),
        Val::F32(bits) => Scalar::F32(*bits),
        Val::F64(bits) => Scalar::F64(*bits),
        other => Scalar::IsNull(other.as_ref().is_none_or(|reference| reference.is_null())),
    }
}
