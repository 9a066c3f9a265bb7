//! `--preload NAME=FILE`: a module whose exports the program can import under a name.

use crate::{
    call::Ended,
    run::Host,
    terminal::{Failure, read_module},
};
use clap_lex::OsStrExt as _;
use std::{ffi::OsStr, path::PathBuf};
use windlass::{Linker, Module, Store};

/// A module that is instantiated before the program.
pub(crate) struct Preload {
    name: String,
    file: PathBuf,
}

impl Preload {
    /// Parses `NAME=FILE`: any file, under a name in Unicode, as all names of imports are.
    pub(crate) fn parse(text: &OsStr) -> Result<Preload, Failure> {
        let parts = text.split_once("=").and_then(|(name, file)| Some((name.to_str()?, file)));
        match parts {
            Some((name, file)) if !file.is_empty() => {
                Ok(Preload { name: name.to_owned(), file: file.into() })
            }
            _ => Err(Failure::usage("--preload: a module is given as NAME=FILE")),
        }
    }

    /// Instantiates the module, calls its `_initialize` if it has one, and defines what it exports.
    pub(crate) fn define(
        &self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
    ) -> Result<(), Ended> {
        let bytes = read_module(&self.file)?;
        let module = Module::new(store.engine(), &bytes).map_err(|e| Failure::of(&self.file, e))?;
        let instance = linker
            .instantiate(&mut *store, &module)
            .map_err(|error| Ended::instantiating(&self.file, error))?;
        if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
            initialize.call(&mut *store, &[], &mut [])?;
        }
        let defined = linker.instance(&mut *store, &self.name, instance);
        defined.map_err(|error| Failure::of(&self.file, error))?;
        Ok(())
    }
}
