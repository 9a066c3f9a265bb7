//! Silverfir-nano's interpreter tier: the crate is built without its compiler. It always translates
//! all while it loads.

use super::Engine;
use crate::programs::{
    host::{Error, Host, SharedWorld},
    module::Module,
    resolve,
    run::Guest,
};
use silverfir::{Caller, Config, Import, Value, WasmError};
use std::{ops::Range, sync::Arc};

/// A number of ours.
type Number = crate::programs::host::Value;

pub(super) struct Silverfir;

struct Instance(silverfir::Instance);

impl Engine for Silverfir {
    fn name(&self) -> &'static str {
        "sf-nano"
    }

    fn load(
        &self,
        module: &Module,
        host: Host,
        world: &SharedWorld,
    ) -> Result<Box<dyn Guest>, Error> {
        let engine = silverfir::Engine::new(Config::new()).map_err(|error| format!("{error:?}"))?;
        let mut imports: Vec<Import> = Vec::new();
        for (from, name) in &module.imports {
            if !imports.iter().any(|import| import.module() == from && import.name() == name) {
                imports.push(import(from, name, host, world));
            }
        }
        let instance = silverfir::Instance::new(&engine, &module.wasm, &imports).map_err(failed)?;
        Ok(Box::new(Instance(instance)))
    }
}

fn import(from: &str, name: &str, host: Host, world: &SharedWorld) -> Import {
    let (function, world) = (resolve(host, from, name), Arc::clone(world));
    let f = move |caller: &mut Caller<'_>, params: &[Value], results: &mut [Value]| {
        let mut call = || -> Result<Option<Number>, Error> {
            let args = params.iter().map(number).collect::<Result<Vec<_>, Error>>()?;
            let mut world = world.lock().map_err(|_| "a host function panicked")?;
            function(&mut world, caller.memory_mut().unwrap_or_default(), &args)
        };
        match call() {
            Ok(answer) => {
                if let (Some(number), Some(result)) = (answer, results.first_mut()) {
                    *result = value(number);
                }
            }
            // Its errors of hosts are fixed texts.
            Err(_) => return Err(WasmError::trap("error in a host function")),
        }
        Ok(())
    };
    Import::func(from, name, f)
}

fn number(value: &Value) -> Result<Number, Error> {
    Ok(match value {
        Value::I32(value) => Number::I32(*value),
        Value::I64(value) => Number::I64(*value),
        Value::F32(value) => Number::F32(*value),
        Value::F64(value) => Number::F64(*value),
        other => return Err(format!("{other:?} is no number").into()),
    })
}

fn value(number: Number) -> Value {
    match number {
        Number::I32(value) => Value::I32(value),
        Number::I64(value) => Value::I64(value),
        Number::F32(value) => Value::F32(value),
        Number::F64(value) => Value::F64(value),
    }
}

fn failed(error: WasmError) -> String {
    format!("{error}")
}

fn range(address: u32, len: usize) -> Result<Range<usize>, Error> {
    let start = usize::try_from(address)?;
    Ok(start..start.checked_add(len).ok_or("no such memory")?)
}

impl Guest for Instance {
    fn call(&mut self, export: &str, args: &[Number]) -> Result<Vec<Number>, Error> {
        let args: Vec<Value> = args.iter().copied().map(value).collect();
        let results = self.0.invoke(export, &args).map_err(failed)?;
        results.iter().map(number).collect()
    }

    fn global(&mut self, export: &str) -> Result<Number, Error> {
        number(&self.0.get_global(export).map_err(failed)?.ok_or("no such global")?)
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let memory = self.0.memory().map_err(failed)?;
        let source = memory.get(range(address, bytes.len())?).ok_or("not in memory")?;
        bytes.copy_from_slice(source);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut memory = self.0.memory_mut().map_err(failed)?;
        let target = memory.get_mut(range(address, bytes.len())?).ok_or("not in memory")?;
        target.copy_from_slice(bytes);
        Ok(())
    }
}
