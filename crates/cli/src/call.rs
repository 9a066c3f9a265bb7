//! Which function of a program `run` calls, and with what: `--invoke NAME`, or the one that
//! programs begin with.

use crate::{
    nearest,
    run::Host,
    terminal::{Failure, print, shown},
    values,
};
use std::{collections::BTreeMap, ffi::OsString, path::Path};
use windlass::{
    Error, Escaped, ExternType, Func, Instance, LinkError, LinkErrorKind, Linker, Module, Store,
    Val, ValType,
};
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
            return missing_imports(file, missing, |module, name| {
                let known = linker.iter(&mut *store).filter(|known| known.0 == module);
                nearest::first(name, known.map(|known| known.1))
            })
            .into();
        }
        match store.data().budget.explain(&error) {
            Some(message) => Failure::of(file, message).into(),
            None => error.into(),
        }
    }
}

/// Each import on a line that names the file; what those modules have that were preloaded, by
/// `names` those first that are most like one; and how modules are given that have the others.
fn missing_imports(
    file: &Path,
    error: &LinkError,
    mut names: impl FnMut(&str, &str) -> String,
) -> Failure {
    let file = shown(file);
    let message = error.to_string();
    let mut lines: Vec<String> = message.lines().map(|line| format!("{file}: {line}")).collect();
    let all = [error].into_iter().chain(error.others());
    let modules: BTreeMap<&str, &str> = all
        .filter(|import| import.kind() == LinkErrorKind::UnknownImport)
        .map(|import| (import.module(), import.name()))
        .filter(|(module, _)| !module.starts_with("wasi") || is_interface(module))
        .collect();
    let mut absent = Vec::new();
    for (module, name) in modules {
        match names(module, name) {
            names if names.is_empty() => absent.push(module),
            names => lines.push(format!("{} was preloaded, and has {names}", Escaped(module))),
        }
    }
    let (of_components, modules): (Vec<&str>, Vec<&str>) =
        absent.into_iter().partition(|module| is_interface(module));
    if let Some(interface) = of_components.first() {
        lines.push(format!(
            "{} is an interface of components, and a module is wanted: build for wasm32-wasip1",
            Escaped(interface)
        ));
    }
    if !modules.is_empty() {
        let options = modules.iter().take(MOST_OPTIONS);
        let options = options.map(|module| format!(" --preload {}=FILE", Escaped(module)));
        let what = if modules.len() == 1 { "a module that has" } else { "modules that have" };
        let more = if modules.len() > MOST_OPTIONS { " ..." } else { "" };
        let options: String = options.collect();
        lines.push(format!("{what} them can be given with{options}{more}"));
    }
    Failure::new(lines.join("\n"))
}

/// As many options are proposed at most.
const MOST_OPTIONS: usize = 8;

/// Whether a name is that of an interface of components, as in `wasi:cli/run@0.2.0`.
fn is_interface(module: &str) -> bool {
    module.split_once(':').is_some_and(|(_, rest)| rest.contains('/'))
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
            return Err(Failure::new(format_args!(
                "{file} has no _start: use --invoke NAME{hint}"
            )));
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
            )));
        }
        let parse = |(arg, ty): (&OsString, ValType)| {
            let text = arg.to_str().ok_or_else(|| format!("{arg:?} is no value of type {ty}"));
            text.and_then(|text| values::parse(text, ty)).map_err(Failure::usage)
        };
        self.args.iter().zip(ty.params()).map(parse).collect()
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
