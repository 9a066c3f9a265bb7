//! What is the same in engines that name the same things alike: Windlass, wasmi and Wasmtime.

/// The imports and the instance of a program in an engine's crate, which `instantiate` makes. What
/// differs: how an instance is started, how errors are made of texts, and how floats are made of
/// bits and become bits.
macro_rules! alike {
    (
        $engine:ident, $start:ident, $error:expr,
        f32: $f32:expr, $f32_bits:expr, f64: $f64:expr, $f64_bits:expr
    ) => {
        use crate::programs::{
            host::{Error, Host, SharedWorld, Value},
            module::Module,
            resolve,
            run::Guest,
        };
        use std::sync::Arc;
        use $engine::{Caller, ExternType, FuncType, Linker, Memory, Store, Val};

        struct Instance {
            store: Store<()>,
            instance: $engine::Instance,
            memory: Memory,
        }

        /// An instance in this store, whose imports are functions of `host`, in `world`.
        fn instantiate(
            engine: &$engine::Engine,
            mut store: Store<()>,
            module: &Module,
            host: Host,
            world: &SharedWorld,
        ) -> Result<Box<dyn Guest>, Error> {
            let compiled = $engine::Module::new(engine, &module.wasm)?;
            let mut linker = Linker::new(engine);
            linker.allow_shadowing(true);
            for import in compiled.imports() {
                if let ExternType::Func(ty) = import.ty() {
                    let (from, name) = (import.module().to_owned(), import.name().to_owned());
                    define(&mut linker, ty.clone(), from, name, host, (module, world))?;
                }
            }
            let instance = linker.$start(&mut store, &compiled)?;
            let memory = instance.get_memory(&mut store, &module.memory).ok_or("no memory")?;
            Ok(Box::new(Instance { store, instance, memory }))
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
                    Err(error) => return Err($error(format!("{what}: {error}"))),
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
                Val::F32(value) => Value::F32(f32::from_bits($f32_bits(*value))),
                Val::F64(value) => Value::F64(f64::from_bits($f64_bits(*value))),
                other => return Err(format!("{other:?} is no number").into()),
            })
        }

        fn val(value: Value) -> Val {
            match value {
                Value::I32(value) => Val::I32(value),
                Value::I64(value) => Val::I64(value),
                Value::F32(value) => Val::F32($f32(value.to_bits())),
                Value::F64(value) => Val::F64($f64(value.to_bits())),
            }
        }

        impl Guest for Instance {
            fn call(&mut self, export: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
                let func = self.instance.get_func(&mut self.store, export);
                let func = func.ok_or("no such function")?;
                let args: Vec<Val> = args.iter().copied().map(val).collect();
                let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
                func.call(&mut self.store, &args, &mut results)?;
                results.iter().map(value).collect()
            }

            fn global(&mut self, export: &str) -> Result<Value, Error> {
                let global = self.instance.get_global(&mut self.store, export);
                value(&global.ok_or("no such global")?.get(&mut self.store))
            }

            fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Error> {
                Ok(self.memory.read(&self.store, usize::try_from(address)?, bytes)?)
            }

            fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
                Ok(self.memory.write(&mut self.store, usize::try_from(address)?, bytes)?)
            }
        }
    };
}
pub(super) use alike;
