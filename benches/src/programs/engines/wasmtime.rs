//! Wasmtime: its interpreter, for which Cranelift compiles to bytecode, and the code of Cranelift
//! itself, which shows how far a compiler goes. Both compile all of a module while it is loaded.

use super::Engine;
use crate::programs::{
    host::{Error, Host, SharedWorld, Value},
    module::Module,
    resolve,
    run::Guest,
};
use std::sync::Arc;
use wasmtime::{Caller, Config, ExternType, FuncType, Linker, Memory, Store, Val};

/// What runs a program: the name, and the target that Cranelift compiles for if it is not the host.
#[derive(Clone, Copy)]
pub(super) struct Wasmtime(&'static str, Option<&'static str>);

pub(super) const PULLEY: Wasmtime = Wasmtime("pulley", Some("pulley64"));
pub(super) const CRANELIFT: Wasmtime = Wasmtime("cranelift", None);

struct Instance {
    store: Store<()>,
    instance: wasmtime::Instance,
    memory: Memory,
}

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        self.0
    }

    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error> {
        let mut config = Config::new();
        if let Some(target) = self.1 {
            config.target(target)?;
        }
        let engine = wasmtime::Engine::new(&config)?;
        let compiled = wasmtime::Module::new(&engine, &module.wasm)?;
        let mut linker = Linker::new(&engine);
        linker.allow_shadowing(true);
        for import in compiled.imports() {
            if let ExternType::Func(ty) = import.ty() {
                let (from, name) = (import.module().to_owned(), import.name().to_owned());
                define(&mut linker, ty.clone(), from, name, host, (module, world))?;
            }
        }
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &compiled)?;
        let memory = instance.get_memory(&mut store, &module.memory).ok_or("no memory")?;
        Ok(Box::new(Instance { store, instance, memory }))
    }
}

fn define(
    linker: &mut Linker<()>,
    ty: FuncType,
    from: String,
    name: String,
    host: Host,
    (module, world): (&Module, &SharedWorld),
) -> Result<(), Error> {
    let function = resolve(host, &from, &name);
    let (memory, world) = (module.memory.clone(), Arc::clone(world));
    let what = format!("{from} {name}");
    let f = move |mut caller: Caller<'_, ()>, params: &[Val], results: &mut [Val]| {
        let mut call = || -> Result<Option<Value>, Error> {
            let args = params.iter().map(value).collect::<Result<Vec<_>, Error>>()?;
            let memory = caller.get_export(&memory).and_then(|export| export.into_memory());
            let bytes = memory.as_ref().map(|memory| memory.data_mut(&mut caller));
            let mut world = world.lock().map_err(|_| "a host function panicked")?;
            function(&mut world, bytes.unwrap_or_default(), &args)
        };
        match call() {
            Ok(answer) => {
                if let (Some(value), Some(result)) = (answer, results.first_mut()) {
                    *result = val(value);
                }
            }
            Err(error) => return Err(wasmtime::Error::msg(format!("{what}: {error}"))),
        }
        Ok(())
    };
    linker.func_new(&from, &name, ty, f)?;
    Ok(())
}

fn value(val: &Val) -> Result<Value, Error> {
    Ok(match val {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(f32::from_bits(*value)),
        Val::F64(value) => Value::F64(f64::from_bits(*value)),
        other => return Err(format!("{other:?} is no number").into()),
    })
}

fn val(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(value.to_bits()),
        Value::F64(value) => Val::F64(value.to_bits()),
    }
}

impl Guest for Instance {
    fn call(&mut self, export: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        let func = self.instance.get_func(&mut self.store, export).ok_or("no such function")?;
        let args: Vec<Val> = args.iter().copied().map(val).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, &args, &mut results)?;
        results.iter().map(value).collect()
    }

    fn global(&mut self, export: &str) -> Result<Value, Error> {
        let global = self.instance.get_global(&mut self.store, export).ok_or("no such global")?;
        value(&global.get(&mut self.store))
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Error> {
        Ok(self.memory.read(&self.store, usize::try_from(address)?, bytes)?)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.memory.write(&mut self.store, usize::try_from(address)?, bytes)?)
    }
}
