//! `windlass inspect`: what a module is made of, for people and (`--json`) for programs.

use crate::{
    describe::{self, IndexSpaces},
    terminal::{self, Failure, HEADING, print, read_module, shown},
    text,
};
use clap::Args;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::{fmt, path::PathBuf, process::ExitCode};
use windlass::{Config, Engine};
use windlass_decode::{
    Count, Error as DecodeError, ErrorKind, Escaped, Features, Module, NameSection,
};
use windlass_validate::validate;

/// Show imports, exports, sections and features of a module
#[derive(Args)]
pub(crate) struct Inspect {
    /// Module, .wasm or .wat, or - for standard input
    file: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn execute(self) -> Result<ExitCode, Failure> {
        let file = read_module(&self.file)?;
        let bytes = self.binary(&file)?;
        let module = Module::decode(&bytes, Features::ALL).map_err(|e| self.failure(e))?;
        let summary = Summary::new(&module, &bytes, self.error(&file, &bytes)?);
        if self.json {
            print(format_args!("{:#}\n", summary.json()))?;
        } else {
            print(format_args!("{HEADING}{}{HEADING:#}\n{summary}", shown(&self.file)))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The bytes of the module, which may be text.
    fn binary<'a>(&self, file: &'a [u8]) -> Result<Cow<'a, [u8]>, Failure> {
        if !windlass_decode::is_text(file) {
            return Ok(file.into());
        }
        if let Some(at) = windlass_decode::component_text(file) {
            return Err(self.failure(DecodeError::new(ErrorKind::ComponentText, at)));
        }
        let text = str::from_utf8(file).map_err(|error| {
            self.failure(DecodeError::new(ErrorKind::MalformedUtf8, error.valid_up_to()))
        })?;
        let binary = text::encode(&self.file, text);
        binary.map(Into::into).map_err(|error| self.failure(error))
    }

    /// What is wrong with the module, if it is not valid, as `validate` has it: where, and in a
    /// text on which line.
    fn error(&self, file: &[u8], bytes: &[u8]) -> Result<Option<String>, Failure> {
        let engine = Engine::new(Config::new().features(Features::ALL)).map_err(Failure::new)?;
        let Err(error) = windlass::Module::validate(&engine, bytes) else { return Ok(None) };
        let located = terminal::module(&engine, &self.file, file).err();
        Ok(Some(located.unwrap_or(error).to_string()))
    }

    fn failure(&self, error: impl fmt::Display) -> Failure {
        Failure::new(format_args!("{}: {error}", shown(&self.file)))
    }
}

/// Something that is imported or exported: its kind, and its type as text.
struct Extern {
    /// Of an import.
    module: Option<String>,
    name: String,
    kind: &'static str,
    ty: String,
}

struct Section {
    name: String,
    offset: usize,
    size: usize,
    /// How many things are in it; unknown for custom sections.
    items: Option<usize>,
}

/// What is told about a module.
struct Summary {
    name: Option<String>,
    size: usize,
    /// What is wrong with it, if it is not valid.
    error: Option<String>,
    sections: Vec<Section>,
    imports: Vec<Extern>,
    exports: Vec<Extern>,
    /// Types of what the module defines.
    memories: Vec<String>,
    tables: Vec<String>,
    imported_functions: usize,
    defined_functions: usize,
    features: Vec<&'static str>,
}

impl Summary {
    fn new(module: &Module, bytes: &[u8], error: Option<String>) -> Summary {
        let index_spaces = IndexSpaces::new(module);
        let imports = module.imports.iter().map(|import| Extern {
            module: Some(import.module.to_string()),
            name: import.name.to_string(),
            kind: describe::kind_name(import.ty.kind()),
            ty: index_spaces.describe(import.ty),
        });
        let exports = module.exports.iter().map(|export| Extern {
            module: None,
            name: export.name.to_string(),
            kind: describe::kind_name(export.kind),
            ty: index_spaces.describe_at(export.kind, export.index),
        });
        Summary {
            name: NameSection::decode(module, bytes).module.map(Into::into),
            size: bytes.len(),
            features: if error.is_none() { features_used(bytes) } else { Vec::new() },
            error,
            sections: sections(module),
            imports: imports.collect(),
            exports: exports.collect(),
            memories: module.memories.iter().map(|ty| describe::memory_type(*ty)).collect(),
            tables: module.tables.iter().map(|table| describe::table_type(table.ty)).collect(),
            imported_functions: index_spaces.funcs.len() - module.funcs.len(),
            defined_functions: module.funcs.len(),
        }
    }

    fn json(&self) -> Value {
        let externs = |list: &[Extern]| -> Vec<Value> { list.iter().map(Extern::json).collect() };
        let sections: Vec<Value> = self
            .sections
            .iter()
            .map(|s| json!({"name": s.name, "offset": s.offset, "size": s.size, "items": s.items}))
            .collect();
        json!({
            "name": self.name,
            "size": self.size,
            "valid": self.error.is_none(),
            "error": self.error,
            "features": self.features,
            "functions": {"imported": self.imported_functions, "defined": self.defined_functions},
            "memories": self.memories,
            "tables": self.tables,
            "imports": externs(&self.imports),
            "exports": externs(&self.exports),
            "sections": sections,
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            writeln!(f, "name:      {}", Escaped(name))?;
        }
        writeln!(f, "size:      {}", Count(self.size, "byte"))?;
        match &self.error {
            None => writeln!(f, "valid:     yes")?,
            Some(error) => writeln!(f, "valid:     no: {error}")?,
        }
        let (imported, defined) = (self.imported_functions, self.defined_functions);
        writeln!(f, "functions: {imported} imported, {defined} defined")?;
        if self.error.is_none() {
            let features = self.features.join(", ");
            writeln!(f, "features:  {}", if features.is_empty() { "none" } else { &features })?;
        }
        for (name, list) in [("memory:   ", &self.memories), ("table:    ", &self.tables)] {
            for ty in list {
                writeln!(f, "{name} {ty}")?;
            }
        }
        for (name, list) in [("imports", &self.imports), ("exports", &self.exports)] {
            if !list.is_empty() {
                writeln!(f, "{HEADING}{name}{HEADING:#}")?;
                list.iter().try_for_each(|item| writeln!(f, "  {item}"))?;
            }
        }
        writeln!(f, "{HEADING}sections{HEADING:#}")?;
        self.sections.iter().try_for_each(|section| writeln!(f, "  {section}"))
    }
}

impl Extern {
    fn json(&self) -> Value {
        let Extern { module, name, kind, ty } = self;
        match module {
            Some(module) => json!({"module": module, "name": name, "kind": kind, "type": ty}),
            None => json!({"name": name, "kind": kind, "type": ty}),
        }
    }
}

impl fmt::Display for Extern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if let Some(module) = &self.module {
            write!(f, "{module:?} ")?;
        }
        write!(f, "{:?}: {}", self.name, self.ty)
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {:>10} bytes at {:#x}", self.name, self.size, self.offset)?;
        match self.items {
            Some(items) => write!(f, ", {}", Count(items, "item")),
            None => Ok(()),
        }
    }
}

/// The sections in order.
fn sections(module: &Module) -> Vec<Section> {
    let mut customs = module.customs.iter();
    let section = |section: &windlass_decode::Section| {
        let (name, items) = match section.id {
            0 => (format!("custom {:?}", customs.next().map_or("", |c| &c.name)), None),
            1 => ("type".into(), Some(module.types.len())),
            2 => ("import".into(), Some(module.imports.len())),
            3 => ("function".into(), Some(module.funcs.len())),
            4 => ("table".into(), Some(module.tables.len())),
            5 => ("memory".into(), Some(module.memories.len())),
            6 => ("global".into(), Some(module.globals.len())),
            7 => ("export".into(), Some(module.exports.len())),
            8 => ("start".into(), None),
            9 => ("element".into(), Some(module.elements.len())),
            10 => ("code".into(), Some(module.bodies.len())),
            11 => ("data".into(), Some(module.data.len())),
            12 => ("data count".into(), None),
            13 => ("tag".into(), Some(module.tags.len())),
            id => (format!("section {id}"), None),
        };
        Section { name, offset: section.range.start, size: section.range.len(), items }
    };
    module.sections.iter().map(section).collect()
}

/// The proposals without which the module would not be valid.
fn features_used(bytes: &[u8]) -> Vec<&'static str> {
    // Most modules need few: the smallest set that suffices is where the single ones are tried.
    let sets = [Features::WASM1, Features::WASM2, Features::WASM3, Features::ALL];
    let enough = |set: &Features| validate(bytes, *set).is_ok();
    let set = sets.into_iter().find(enough).unwrap_or(Features::ALL);
    let needed = |feature: Features| validate(bytes, set.difference(feature)).is_err();
    Features::NAMED
        .iter()
        .filter(|(feature, _)| set.contains(*feature) && needed(*feature))
        .map(|(_, name)| *name)
        .collect()
}
