//! `windlass dump`: the translated code of a module's functions beside the byte offsets of the Wasm
//! that it was made from; and `windlass explore`, which shows it beside the Wasm itself.

use crate::{
    explore, nearest,
    terminal::{Failure, HEADING, load, print, read_module, shown},
};
use clap::Args;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    path::PathBuf,
    process::ExitCode,
};
use windlass::{Config, Engine, Escaped, Features, Module};
use windlass_decode as decode;

/// Show the translated code of functions
///
/// Each line is a cell, behind the offset of the Wasm that it was made from. Cells in a bracket are
/// executed as one.
///
/// A cell is an instruction of the interpreter: where it lies, in words of 8 bytes, and what it
/// does, as in `s3 = i32.add s-1 #0x5`. Values are slots of the function's frame (the last
/// parameter is s-1, the one before it s-2; other locals and operands begin at s2), constants
/// (#0x5), the result of the cell before (acc), and locals that are kept in registers, as the cell
/// `enter` says: p0(s-1), p1(s2).
#[derive(Args)]
pub(crate) struct Dump {
    #[command(flatten)]
    functions: Functions,
}

/// Show the translated code of functions beside their Wasm
///
/// On the left are offsets and text, on the right the cells that are made of it. Cells in a bracket
/// are executed as one. A line with nothing beside it is part of a cell further down, or
/// takes none.
///
/// A cell is an instruction of the interpreter: where it lies, in words of 8 bytes, and what it
/// does, as in `s3 = i32.add s-1 #0x5`. Values are slots of the function's frame (the last
/// parameter is s-1, the one before it s-2; other locals and operands begin at s2), constants
/// (#0x5), the result of the cell before (acc), and locals that are kept in registers, as the cell
/// `enter` says: p0(s-1), p1(s2).
#[derive(Args)]
pub(crate) struct Explore {
    #[command(flatten)]
    functions: Functions,
}

#[derive(Args)]
struct Functions {
    /// Module, .wasm or .wat, or - for standard input
    file: PathBuf,

    /// Function, by index, name or export; all that the module defines if left out
    func: Option<String>,
}

/// A function that a module defines.
struct Function {
    index: u32,
    name: String,
    /// What it is exported as.
    exports: Vec<String>,
    /// Where it is in the module.
    body: Range<usize>,
}

impl Dump {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let functions = self.functions;
        let (module, _, asked) = functions.load()?;
        for function in asked {
            let listing =
                module.listing(function.index).ok_or_else(|| functions.no_code(&function))?;
            print(format_args!("{}{listing:#}\n", function.heading()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Explore {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let functions = self.functions;
        let (module, bytes, asked) = functions.load()?;
        let text = explore::Text::new(&bytes).map_err(|error| functions.failure(error))?;
        for function in asked {
            let listing =
                module.listing(function.index).ok_or_else(|| functions.no_code(&function))?;
            let sides = explore::sides(&text, function.body.clone(), &listing);
            print(format_args!("{}{sides}\n", function.heading()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Function {
    fn heading(&self) -> String {
        let name = if self.name.is_empty() { "" } else { &*format!(" {}", Escaped(&self.name)) };
        let exports =
            self.exports.iter().map(|export| format!(" (export \"{}\")", Escaped(export)));
        let exports: String = exports.collect();
        format!("{HEADING}func {}{name}{exports}{HEADING:#}\n", self.index)
    }

    /// What it is called, by names and exports.
    fn names(&self) -> impl Iterator<Item = &str> {
        let name = Some(&*self.name).filter(|name| !name.is_empty());
        name.into_iter().chain(self.exports.iter().map(|export| &**export))
    }
}

impl Functions {
    /// The module, its bytes, and the functions that are asked for.
    fn load(&self) -> Result<(Module, Vec<u8>, Vec<Function>), Failure> {
        let file = read_module(&self.file)?;
        let engine = Engine::new(Config::new().features(Features::ALL)).map_err(Failure::new)?;
        let module = load(&engine, &self.file, &file)?;
        let bytes = module.bytes().to_vec();
        let functions = self.asked(&bytes)?;
        Ok((module, bytes, functions))
    }

    /// The functions that are asked for.
    fn asked(&self, bytes: &[u8]) -> Result<Vec<Function>, Failure> {
        let module =
            decode::Module::decode(bytes, Features::ALL).map_err(|error| self.failure(error))?;
        let is_func = |import: &&decode::Import| import.ty.kind() == decode::ExternKind::Func;
        let imported = module.imports.iter().filter(is_func).count() as u32;
        let names = decode::NameSection::decode(&module, bytes).funcs;
        let mut exports: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for export in &module.exports {
            if export.kind == decode::ExternKind::Func {
                exports.entry(export.index).or_default().push((*export.name).to_owned());
            }
        }
        let functions = (imported..).zip(&module.bodies).map(|(index, body)| Function {
            index,
            name: names.get(index).unwrap_or_default().to_owned(),
            exports: exports.remove(&index).unwrap_or_default(),
            body: body.start..body.code.end,
        });
        let functions: Vec<Function> = functions.collect();
        let Some(wanted) = &self.func else { return Ok(functions) };
        let (found, others): (Vec<_>, Vec<_>) = functions.into_iter().partition(|func| {
            wanted.parse() == Ok(func.index) || func.names().any(|name| name == wanted)
        });
        if !found.is_empty() {
            return Ok(found);
        }
        let file = shown(&self.file);
        // What is left is of functions that it does not define.
        if exports.values().flatten().any(|export| export == wanted) {
            return Err(Failure::usage(format_args!("{file} imports the function {wanted:?}")));
        }
        if let (Ok(_), Some((first, last))) =
            (wanted.parse::<u32>(), others.first().zip(others.last()))
        {
            return Err(Failure::usage(format_args!(
                "{file} defines no function {wanted} (it has {} to {})",
                first.index, last.index
            )));
        }
        let named: BTreeSet<&str> = others.iter().flat_map(Function::names).collect();
        let names = nearest::first(wanted, named.into_iter());
        let hint = if names.is_empty() { String::new() } else { format!(" (it has {names})") };
        Err(Failure::usage(format_args!("{file} defines no function {wanted:?}{hint}")))
    }

    fn no_code(&self, function: &Function) -> Failure {
        self.failure(format_args!("function {}: no code", function.index))
    }

    fn failure(&self, error: impl fmt::Display) -> Failure {
        Failure::new(format_args!("{}: {error}", shown(&self.file)))
    }
}
