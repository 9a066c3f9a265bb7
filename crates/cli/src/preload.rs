//! `--preload NAME=FILE`: a module whose exports the program can import under a name.

use crate::{
    call::{Ended, initialize},
    run::Host,
    terminal::{Failure, load, read_module},
};
use clap_lex::OsStrExt as _;
use std::{ffi::OsStr, path::PathBuf};
use windlass::{Linker, Store};

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
        let module = load(store.engine(), &self.file, &bytes)?;
        let instance = linker
            .instantiate(&mut *store, &module)
            .map_err(|error| Ended::instantiating(&self.file, error, store, linker))?;
        initialize(&self.file, store, &instance)?;
        store.data_mut().preloaded.push(self.name.clone());
        let defined = linker.instance(&mut *store, &self.name, instance);
        defined.map_err(|error| Failure::of(&self.file, error))?;
        Ok(())
    }
}
