//! What a program consists of: its sections, and its symbols.

use object::{File, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::{collections::BTreeMap, error::Error, fs, path::Path};

/// What a program has of each sort, in bytes.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) code: u64,
    /// What is not code and has to be stored: constants, the first values of variables, tables of
    /// the loader.
    pub(crate) constants: u64,
}

impl Sections {
    /// Those of a program.
    pub(crate) fn read(path: &Path) -> Result<Sections, Box<dyn Error>> {
        let bytes = fs::read(path)?;
        let mut found = Sections::default();
        let file = File::parse(&*bytes)?;
        let is_small = !file.is_64();
        for section in file.sections() {
            let object::SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            let is_loaded = sh_flags & u64::from(object::elf::SHF_ALLOC) != 0;
            // Tables for unwinding, which nothing here does: linker scripts for such machines leave
            // them out.
            let name = section.name().unwrap_or_default();
            let is_unwinding = name.starts_with(".ARM.ex") || is_small && name == ".eh_frame";
            match section.kind() {
                _ if !is_loaded || is_unwinding => {}
                SectionKind::UninitializedData | SectionKind::UninitializedTls => {}
                SectionKind::Text => found.code += section.size(),
                _ => found.constants += section.size(),
            }
        }
        Ok(found)
    }
}

/// How many symbols are shown.
const SHOWN: usize = 60;

/// Prints where the bytes of a program are.
pub(crate) fn print(path: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let file = File::parse(&*bytes)?;
    let mut symbols: Vec<(u64, String)> = Vec::new();
    let mut groups: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut last = None;
    let mut sorted: Vec<_> = file.symbols().filter(|symbol| symbol.size() > 0).collect();
    sorted.sort_by_key(|symbol| symbol.address());
    for symbol in sorted {
        if !matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) {
            continue;
        }
        // One address can have several names.
        if last.replace(symbol.address()) == Some(symbol.address()) {
            continue;
        }
        let Some(section) = symbol.section_index() else { continue };
        if file.section_by_index(section)?.kind() == SectionKind::UninitializedData {
            continue;
        }
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or_default()));
        let group = groups.entry(group(&name)).or_default();
        *group = (group.0 + symbol.size(), group.1 + 1);
        symbols.push((symbol.size(), name));
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (size, _))| std::cmp::Reverse(*size));
    for (name, (size, count)) in groups.iter().take(SHOWN) {
        println!("{size:>8} {count:>5} {name}");
    }
    println!();
    symbols.sort_by(|a, b| b.cmp(a));
    for (size, name) in symbols.iter().take(SHOWN) {
        println!("{size:>8} {name}");
    }
    Ok(())
}

/// What a symbol is counted with: two names of the path that it begins with, and of a handler its
/// shape.
fn group(name: &str) -> String {
    if let Some((_, body)) = name.split_once("backend::run::<").or(name.split_once("run_fast::<")) {
        let body = body.split(['<', '>']).next().unwrap_or_default();
        return format!("handlers {}", body.rsplit("::").next().unwrap_or_default());
    }
    let path = name.trim_start_matches(['<', '&', ' ']);
    let mut words = path.split("::");
    let first = words.next().unwrap_or_default().split([' ', '<']).next().unwrap_or_default();
    let second = words.next().unwrap_or_default().split([' ', '<', '>']).next().unwrap_or_default();
    format!("{first}::{second}")
}
