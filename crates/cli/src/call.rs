//! Which function of a program `run` calls, and with what: `--invoke NAME`, or the one that
//! programs begin with.

use crate::{
    imports, misplaced, nearest,
    run::Host,
    terminal::{Failure, print, shown},
    values,
};
use std::{ffi::OsString, path::Path};
use windlass::{Error, ExternType, Func, Instance, Linker, Module, Store, Val, ValType};
use windlass_decode::Count;

/// Why the program did not end by returning.
pub(crate) enum Ended {
    Failure(Failure),
    Error(Error),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended::Failure(failure)
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Error(error)
    }
}

impl Ended {
    /// Why there is no instance of the module in a file. What is missing is missed by the file; a
    /// start function is part of the program.
    pub(crate) fn instantiating(
        file: &Path,
        error: Error,
        store: &mut Store<Host>,
        linker: &Linker<Host>,
    ) -> Ended {
        if let Some(missing) = error.downcast_ref() {
            let known: Vec<_> = linker
                .iter(&mut *store)
                .map(|(module, name, _)| (module.to_owned(), name.to_owned()))
                .collect();
            let names = |module: &str| {
                let known = known.iter().filter(|known| known.0 == module);
                known.map(|known| known.1.clone()).collect()
            };
            return imports::missing(file, missing, &store.data().preloaded, names).into();
        }
        match store.data().budget.explain(&error) {
            Some(message) => Failure::of(file, message).into(),
            None => error.into(),
        }
    }
}

/// A call of a program's function.
pub(crate) struct Call<'a> {
    pub(crate) file: &'a Path,
    /// The function that was asked for.
    pub(crate) invoke: Option<&'a str>,
    pub(crate) args: &'a [OsString],
}

impl Call<'_> {
    /// Calls the function. What one that was asked for returns is printed.
    pub(crate) fn call(&self, store: &mut Store<Host>, instance: &Instance) -> Result<(), Ended> {
        let Some(name) = self.invoke else {
            let (start, is_reactor) = self.begin(store, instance)?;
            if is_reactor {
                initialize(self.file, store, instance)?;
            }
            return Ok(start.call(&mut *store, &[], &mut [])?);
        };
        let func = instance.get_func(&mut *store, name).ok_or_else(|| {
            let (file, module) = (shown(self.file), instance.module(&*store));
            let (what, hint) = (other_kind(module, name), hint(module, name));
            Failure::usage(format_args!("{file} exports no function {name:?}{what}{hint}"))
        })?;
        let args = self.arguments(store, func)?;
        initialize(self.file, store, instance)?;
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        func.call(&mut *store, &args, &mut results)?;
        Ok(results.iter().try_for_each(|value| print(values::show(&*store, value) + "\n"))?)
    }

    /// The function that the program begins with, and whether it is a reactor's: the export with
    /// the empty name, or `_start`.
    fn begin(&self, store: &Store<Host>, instance: &Instance) -> Result<(Func, bool), Failure> {
        let file = shown(self.file);
        let start = |name, is_reactor| Some((instance.get_func(store, name)?, name, is_reactor));
        let Some((func, name, is_reactor)) = start("", true).or_else(|| start("_start", false))
        else {
            let hint = hint(instance.module(store), "_start");
            let message = format_args!("{file} has no _start: use --invoke NAME{hint}");
            return Err(Failure::new(message).and(misplaced(self.args)));
        };
        let ty = func.ty(store);
        if ty.params().len() + ty.results().len() > 0 {
            return Err(Failure::new(format_args!(
                "{file}: {name:?} is no function that a program begins with: its type is {ty}, not \
                 () -> (); use --invoke {name:?}"
            )));
        }
        Ok((func, is_reactor))
    }

    /// The arguments for `func` by its parameters' types.
    fn arguments(&self, store: &Store<Host>, func: Func) -> Result<Vec<Val>, Failure> {
        let ty = func.ty(store);
        let (wanted, given) = (ty.params().len(), self.args.len());
        if wanted != given {
            return Err(Failure::usage(format_args!(
                "{:?} takes {} ({ty}); given: {given}",
                self.invoke.unwrap_or_default(),
                Count(wanted, "argument")
            ))
            .and(misplaced(self.args)));
        }
        let parse = |(number, (arg, ty)): (usize, (&OsString, ValType))| {
            values::parse(arg, ty).map_err(|wrong| {
                let name = self.invoke.unwrap_or_default();
                Failure::usage(format_args!("argument {number} of {name:?}: {wrong}"))
                    .and(misplaced(self.args))
            })
        };
        (1..).zip(self.args.iter().zip(ty.params())).map(parse).collect()
    }
}

/// A reactor wants this before anything else.
pub(crate) fn initialize(
    file: &Path,
    store: &mut Store<Host>,
    instance: &Instance,
) -> Result<(), Ended> {
    let Some(func) = instance.get_func(&mut *store, "_initialize") else { return Ok(()) };
    let ty = func.ty(&*store);
    if ty.params().len() + ty.results().len() > 0 {
        return Err(Failure::of(
            file,
            format_args!("\"_initialize\" can't be called first: its type is {ty}, not () -> ()"),
        )
        .into());
    }
    Ok(func.call(&mut *store, &[], &mut [])?)
}

/// What the export with this name is instead of a function.
fn other_kind(module: &Module, name: &str) -> String {
    let kind = match module.get_export(name) {
        Some(ExternType::Memory(_)) => "memory",
        Some(ExternType::Table(_)) => "table",
        Some(ExternType::Global(_)) => "global",
        Some(ExternType::Tag(_)) => "tag",
        _ => return String::new(),
    };
    format!(": that is a {kind}")
}

/// The functions that could be invoked, those first that are called nearly so.
fn hint(module: &Module, name: &str) -> String {
    let functions = module.exports().filter(|export| matches!(export.ty(), ExternType::Func(_)));
    let names = nearest::first(name, functions.map(|export| export.name()));
    if names.is_empty() { String::new() } else { format!(" (it exports {names})") }
}
