//! Silverfir-nano's interpreter tier: the crate is built without its compiler.

use super::{Engine, Error, Guest};
use ::silverfir::{Config, Func, FunctionType, Import, Value, value_type::ValueType};

pub(super) struct Silverfir;

struct Instance {
    instance: ::silverfir::Instance,
    run: Func,
}

impl Engine for Silverfir {
    fn name(&self) -> &'static str {
        "sf-nano"
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Guest>, Error> {
        let engine =
            ::silverfir::Engine::new(Config::new()).map_err(|error| format!("{error:?}"))?;
        let ty = FunctionType::new(vec![ValueType::I32], vec![ValueType::I32]);
        let step = Import::func_typed(
            "host",
            "step",
            |_, args, results| {
                let [Value::I32(x)] = args else { unreachable!("linking checks the type") };
                results[0] = Value::I32(x + 1);
                Ok(())
            },
            ty,
        );
        let instance = ::silverfir::Instance::new(&engine, wasm, &[step])?;
        let run = instance.get_func("run").ok_or("no export `run`")?;
        Ok(Box::new(Instance { instance, run }))
    }
}

impl Guest for Instance {
    fn run(&mut self, size: i32) -> Result<i64, Error> {
        let mut results = [Value::I64(0)];
        self.instance.call(&self.run, &[Value::I32(size)], &mut results)?;
        match results {
            [Value::I64(result)] => Ok(result),
            other => Err(format!("result {other:?}").into()),
        }
    }
}
