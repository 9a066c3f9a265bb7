//! Stand-ins for what a module imports and nobody has defined. They are definitions like any other.

use super::{Linker, Path};
use crate::{
    AsContextMut, Error, ExternType, FuncType, Module, Val, error::error, types::ItemType,
};
use alloc::{boxed::Box, vec::Vec};

impl<T> Linker<T> {
    /// Defines every function that `module` imports and that is not defined as one that fails when
    /// called.
    ///
    /// # Errors
    /// If the module belongs to another engine.
    ///
    /// ```
    /// use windlass::{Engine, Linker, Module, Store};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str(r#"(import "env" "f" (func))"#).unwrap();
    /// let module = Module::new(&engine, wasm)?;
    /// let mut linker = Linker::new(&engine);
    /// assert!(linker.instantiate(Store::new(&engine, ()), &module).is_err());
    /// linker.define_unknown_imports_as_traps(&module)?;
    /// assert!(linker.instantiate(Store::new(&engine, ()), &module).is_ok());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<(), Error> {
        self.check_engine(module.engine(), "module")?;
        for (import, ty) in module.0.imports() {
            let (ItemType::Func(ty), None) = (ty, self.find(&import.module, &import.name)) else {
                continue;
            };
            let ty = FuncType::from_id(&self.engine, ty);
            let (module, name) = (import.module.clone(), import.name.clone());
            let message = move || error!("unknown import: {} is not defined", Path(&module, &name));
            self.func_new(&import.module, &import.name, ty, move |_, _, _| Err(message()))?;
        }
        Ok(())
    }

    /// Defines everything that `module` imports and that is not defined as a stand-in: functions
    /// return zeros and nulls, globals have these, tables and memories are as small as may be. All
    /// but the functions belong to the store.
    ///
    /// # Errors
    /// If a type has no such value, such as references that are never null; if the limits of the
    /// store or the host don't allow it; if the module or the store belongs to another engine. What
    /// was defined before that stays.
    ///
    /// ```
    /// use windlass::{Engine, Linker, Module, Store};
    /// let engine = Engine::default();
    /// let text = r#"(import "env" "f" (func $f (result i64))) (import "env" "m" (memory 1))
    ///               (func (export "run") (result i64) (call $f))"#;
    /// let module = Module::new(&engine, wat::parse_str(text).unwrap())?;
    /// let mut store = Store::new(&engine, ());
    /// let mut linker = Linker::new(&engine);
    /// linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let run = instance.get_typed_func::<(), i64>(&store, "run")?;
    /// assert_eq!(run.call(&mut store, ())?, 0);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<(), Error> {
        self.check_engine(module.engine(), "module")?;
        for (import, ty) in module.0.imports() {
            if self.find(&import.module, &import.name).is_some() {
                continue;
            }
            let no_value = || {
                let path = Path(&import.module, &import.name);
                error!("{path} has no default value: {}", ExternType::resolve(&self.engine, ty))
            };
            if let ItemType::Func(ty) = ty {
                let ty = FuncType::from_id(&self.engine, ty);
                let values = ty.result_types().iter().map(|&ty| Val::default_for_ty(ty));
                let values: Option<Vec<Val>> = values.collect();
                let values: Box<[Val]> = values.ok_or_else(no_value)?.into();
                let give = move |_: crate::Caller<'_, T>, _: &[Val], results: &mut [Val]| {
                    results.copy_from_slice(&values);
                    Ok(())
                };
                self.func_new(&import.module, &import.name, ty, give)?;
            } else {
                let ty = ExternType::resolve(&self.engine, ty);
                let item = ty.default_value(&mut store)?.ok_or_else(no_value)?;
                self.define(&store, &import.module, &import.name, item)?;
            }
        }
        Ok(())
    }
}
