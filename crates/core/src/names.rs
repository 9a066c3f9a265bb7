//! [`Names`]: what a module's name section says of the module and its functions. Only for people: a broken
//! section is ignored from where it breaks, never an error.

use alloc::{boxed::Box, vec::Vec};
use core::ops::Range;
use windlass_decode::{Error, Module, Reader};

/// Names that are not much read: kept as ranges of the module's bytes would need the bytes at every look-up.
#[derive(Default)]
pub(crate) struct Names {
    module: Option<Box<str>>,
    /// Names of functions, sorted by their index.
    funcs: Vec<(u32, Box<str>)>,
}

const MODULE_NAME: u8 = 0;
const FUNC_NAMES: u8 = 1;

impl Names {
    /// The names that the name section of `module` has, if there is one.
    pub(crate) fn read(module: &Module, bytes: &[u8]) -> Names {
        let mut names = Names::default();
        for section in module.customs.iter().filter(|custom| custom.name == "name") {
            let Range { start, end } = section.bytes;
            // What is wrong ends the reading.
            let _ = names.section(Reader::new(&bytes[start..end], start));
        }
        names.funcs.sort_by_key(|name| name.0);
        names.funcs.shrink_to_fit();
        names
    }

    fn section(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        while !reader.is_empty() {
            let id = reader.byte()?;
            let size = reader.u32()? as usize;
            let mut part = reader.take(size)?;
            match id {
                MODULE_NAME => self.module = Some(part.name()?.into()),
                FUNC_NAMES => {
                    for _ in 0..part.u32()? {
                        self.funcs.push((part.u32()?, part.name()?.into()));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The module's name.
    pub(crate) fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// The name of a function.
    pub(crate) fn func(&self, index: u32) -> Option<&str> {
        let place = self.funcs.binary_search_by_key(&index, |name| name.0).ok()?;
        Some(&self.funcs[place].1)
    }
}
