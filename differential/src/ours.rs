//! The program on Windlass.

use crate::{
    Random,
    compare::{Call, End, Kind, Scalar, State},
};
use windlass::{
    Config, Engine, Error, Event, Extern, ExternType, Instance, Metering, Module, Store, Trap, Val,
    ValType,
};

/// How it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Plain,
    Interruptible,
    /// With fuel enough.
    Fuel,
    /// With so much fuel at a time, paused in between.
    Slices(u64),
}

/// Fuel enough.
const PLENTY: u64 = 1 << 60;
/// How many sets of arguments each function is called with.
const SETS: usize = 3;

pub(crate) struct Guest {
    mode: Mode,
    store: Store<()>,
    instance: Instance,
}

/// The calls of each exported function, a few times.
pub(crate) fn calls(wasm: &[u8], random: &mut Random) -> Result<Vec<Call>, String> {
    let module = Module::new(&Engine::default(), wasm).map_err(|e| format!("ours: {e}"))?;
    let mut calls = Vec::new();
    for export in module.exports() {
        if let ExternType::Func(ty) = export.ty() {
            for _ in 0..SETS {
                let args = ty.params().map(|_| random.bits()).collect();
                calls.push(Call { name: export.name().to_string(), args });
            }
        }
    }
    Ok(calls)
}

impl Guest {
    /// None if instantiation traps.
    pub(crate) fn new(wasm: &[u8], mode: Mode) -> Result<Option<Guest>, String> {
        let metering = match mode {
            Mode::Plain => Metering::None,
            Mode::Interruptible => Metering::Interrupt,
            Mode::Fuel | Mode::Slices(_) => Metering::Fuel,
        };
        let engine = Engine::new(Config::new().metering(metering)).map_err(message)?;
        let module = Module::new(&engine, wasm).map_err(message)?;
        let mut store = Store::new(&engine, ());
        if metering == Metering::Fuel {
            store.set_fuel(PLENTY).map_err(message)?;
        }
        let instance = Instance::new(&mut store, &module, &[]).ok();
        Ok(instance.map(|instance| Guest { mode, store, instance }))
    }

    /// The fuel used so far, if it is counted.
    pub(crate) fn fuel_used(&self) -> Option<u64> {
        let left = self.store.get_fuel().ok()?;
        Some(PLENTY - left)
    }

    fn call_in_slices(&mut self, call: &Call, args: &[Val], slice: u64) -> Result<Vec<Val>, Error> {
        let spare = self.store.get_fuel()?;
        self.store.set_fuel(0)?;
        let func = self.instance.get_func(&self.store, &call.name).expect("it is exported");
        let mut execution = func.start(&mut self.store, args)?;
        let mut given = 0;
        let event = loop {
            match execution.run(&mut self.store) {
                Ok(Event::OutOfFuel) => {
                    given += slice;
                    self.store.set_fuel(self.store.get_fuel()? + slice)?;
                }
                other => break other,
            }
        };
        // What is left goes back to the rest.
        let used = given - self.store.get_fuel()?;
        self.store.set_fuel(spare - used)?;
        match event? {
            Event::Finished(results) => Ok(results.into_vec()),
            other => panic!("nothing asked for {other:?}"),
        }
    }

    fn call_at_once(&mut self, call: &Call, args: &[Val]) -> Result<Vec<Val>, Error> {
        let func = self.instance.get_func(&self.store, &call.name).expect("it is exported");
        let ty = func.ty(&self.store);
        let mut results: Vec<Val> = ty.results().map(|ty| value(&ty, 0)).collect();
        func.call(&mut self.store, args, &mut results)?;
        Ok(results)
    }
}

impl crate::compare::Guest for Guest {
    fn call(&mut self, call: &Call) -> End {
        let func = self.instance.get_func(&self.store, &call.name).expect("it is exported");
        let ty = func.ty(&self.store);
        let args: Vec<Val> =
            ty.params().zip(&call.args).map(|(ty, &bits)| value(&ty, bits)).collect();
        let result = match self.mode {
            Mode::Slices(slice) => self.call_in_slices(call, &args, slice),
            _ => self.call_at_once(call, &args),
        };
        match result {
            Ok(results) => End::Results(results.iter().map(scalar).collect()),
            Err(error) => match error.trap() {
                Some(Trap::StackOverflow) => End::Exhausted,
                // The other engine does not tell these apart.
                Some(Trap::UndefinedElement) => End::Trap(Trap::TableOutOfBounds),
                Some(trap) => End::Trap(trap),
                None => panic!("nothing else can fail: {error}"),
            },
        }
    }

    fn state(&mut self) -> State {
        let mut state = State::default();
        let exports: Vec<_> = self
            .instance
            .exports(&self.store)
            .map(|export| (export.name().to_string(), export.into_extern()))
            .collect();
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

fn message(error: Error) -> String {
    format!("ours: {error}")
}

fn kind(ty: &ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        _ => Kind::Reference,
    }
}

fn value(ty: &ValType, bits: u64) -> Val {
    match kind(ty) {
        Kind::I32 => Val::I32(bits as i32),
        Kind::I64 => Val::I64(bits as i64),
        Kind::F32 => Val::F32(bits as u32),
        Kind::F64 => Val::F64(bits),
        Kind::Reference => Val::default_for_ty(*ty).expect("all references are nullable"),
    }
}

fn scalar(value: &Val) -> Scalar {
    match value {
        Val::I32(value) => Scalar::I32(*value),
        Val::I64(value) => Scalar::I64(*value),
        Val::F32(bits) => Scalar::f32(*bits),
        Val::F64(bits) => Scalar::f64(*bits),
        other => Scalar::IsNull(other.as_ref().is_none_or(|reference| reference.is_null())),
    }
}
