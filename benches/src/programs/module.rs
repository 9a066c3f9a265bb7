//! [`Module`]: a module of a package as the engines get it. Its memory is made its own, is exported
//! and begins as large as the program needs it, because not every engine lets the host give a
//! memory, or make one larger while the guest waits; and what it would call through its host it
//! calls itself (`invoke`). Else it stays as it is.

use super::{host::Error, invoke};

/// A module that engines can load.
pub struct Module {
    /// In the binary format.
    pub wasm: Vec<u8>,
    /// The functions that it imports: module and name.
    pub imports: Vec<(String, String)>,
    /// As what it exports its memory.
    pub memory: String,
}

/// The sections that matter here.
const IMPORT: u8 = 2;
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;

/// Kinds of imports and exports.
const FUNC: u8 = 0;
const TABLE: u8 = 1;
const MEM: u8 = 2;
const GLOBAL: u8 = 3;
const TAG: u8 = 4;

impl Module {
    /// The module, with at least `pages` pages of memory.
    ///
    /// # Errors
    /// If it is none, or of a form that no program of the corpus has.
    pub fn new(wasm: &[u8], pages: u32) -> Result<Module, Error> {
        let mut sections = sections(wasm)?;
        let (mut imports, mut memory) = (Vec::new(), None);
        if let Some((_, body)) = sections.iter_mut().find(|(id, _)| *id == IMPORT) {
            *body = take_imports(body, &mut imports, &mut memory)?;
        }
        if let Some((_, body)) = sections.iter().find(|(id, _)| *id == MEMORY) {
            let mut reader = Reader(body);
            let count = reader.number()?;
            memory = Some(reader.limits()?);
            if count != 1 {
                return Err(format!("{count} memories").into());
            }
        }
        if imports.iter().any(|(_, name)| name.starts_with("invoke_")) {
            return Module::new(&invoke::inline(wasm)?, pages);
        }
        let memory = memory.ok_or("no memory")?.at_least(pages);
        let name = match sections.iter_mut().find(|(id, _)| *id == EXPORT) {
            Some((_, body)) => export_memory(body)?,
            None => return Err("no exports".into()),
        };
        place(&mut sections, MEMORY, memory.section());
        let mut wasm = wasm[..8].to_vec();
        for (id, body) in &sections {
            wasm.push(*id);
            write_number(&mut wasm, u32::try_from(body.len())?);
            wasm.extend(body);
        }
        Ok(Module { wasm, imports, memory: name })
    }
}

type Sections = Vec<(u8, Vec<u8>)>;

fn sections(wasm: &[u8]) -> Result<Sections, Error> {
    if !wasm.starts_with(b"\0asm\x01\0\0\0") {
        return Err("no module".into());
    }
    let (mut reader, mut sections) = (Reader(&wasm[8..]), Vec::new());
    while !reader.0.is_empty() {
        let id = reader.byte()?;
        sections.push((id, reader.bytes()?.to_vec()));
    }
    Ok(sections)
}

/// Puts a section in its place, or instead of the one that is there.
fn place(sections: &mut Sections, id: u8, body: Vec<u8>) {
    match sections.iter_mut().find(|(other, _)| *other == id) {
        Some((_, old)) => *old = body,
        None => {
            let before = |other: u8| other == 0 || other < id;
            let at = sections.iter().position(|(other, _)| !before(*other));
            sections.insert(at.unwrap_or(sections.len()), (id, body));
        }
    }
}

/// The section without memory; names of functions go to `functions`, its memory to `memory`.
fn take_imports(
    body: &[u8],
    functions: &mut Vec<(String, String)>,
    memory: &mut Option<Limits>,
) -> Result<Vec<u8>, Error> {
    let mut reader = Reader(body);
    let (mut count, mut kept) = (0, Vec::<u8>::new());
    for _ in 0..reader.number()? {
        let start = reader.0;
        let (module, name) = (reader.name()?, reader.name()?);
        match reader.byte()? {
            FUNC => {
                reader.number()?;
                functions.push((module, name));
            }
            MEM => {
                *memory = Some(reader.limits()?);
                continue;
            }
            TABLE => {
                reader.byte()?;
                reader.limits()?;
            }
            GLOBAL => {
                reader.byte()?;
                reader.byte()?;
            }
            TAG => {
                reader.byte()?;
                reader.number()?;
            }
            kind => return Err(format!("import of kind {kind}").into()),
        }
        count += 1;
        kept.extend(&start[..start.len() - reader.0.len()]);
    }
    let mut body = Vec::new();
    write_number(&mut body, count);
    body.extend(kept);
    Ok(body)
}

/// The name of the exported memory, which is exported if it was not.
fn export_memory(body: &mut Vec<u8>) -> Result<String, Error> {
    let mut reader = Reader(body);
    let count = reader.number()?;
    let rest = reader.0.to_vec();
    for _ in 0..count {
        let (name, kind) = (reader.name()?, reader.byte()?);
        reader.number()?;
        if kind == MEM {
            return Ok(name);
        }
    }
    body.clear();
    write_number(body, count + 1);
    body.extend(rest);
    body.extend(b"\x06memory\x02\x00");
    Ok("memory".into())
}

/// The limits of a memory or table.
struct Limits {
    min: u32,
    max: Option<u32>,
}

impl Limits {
    fn at_least(self, min: u32) -> Limits {
        Limits { min: self.min.max(min), max: self.max.map(|max| max.max(min)) }
    }

    /// The section of one memory with these limits.
    fn section(&self) -> Vec<u8> {
        let mut body = vec![1, u8::from(self.max.is_some())];
        write_number(&mut body, self.min);
        if let Some(max) = self.max {
            write_number(&mut body, max);
        }
        body
    }
}

/// The bytes that are left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, Error> {
        let (byte, rest) = self.0.split_first().ok_or("unexpected end")?;
        self.0 = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u32, Error> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("number too long".into())
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let len = usize::try_from(self.number()?)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or("unexpected end")?;
        self.0 = rest;
        Ok(bytes)
    }

    fn name(&mut self) -> Result<String, Error> {
        Ok(String::from_utf8(self.bytes()?.to_vec())?)
    }

    fn limits(&mut self) -> Result<Limits, Error> {
        let flags = self.byte()?;
        if flags > 1 {
            return Err(format!("limits with flags {flags}").into());
        }
        let min = self.number()?;
        let max = if flags == 1 { Some(self.number()?) } else { None };
        Ok(Limits { min, max })
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::Module;

    fn module(text: &str, pages: u32) -> Module {
        Module::new(&wat::parse_str(text).unwrap(), pages).unwrap()
    }

    #[test]
    fn an_imported_memory_becomes_its_own() {
        let module = module(
            r#"(module (import "a" "f" (func (param i32))) (import "a" "m" (memory 1 2))
                (import "a" "g" (func)) (table 1 funcref) (export "g" (func 1))
                (data (i32.const 0) "x"))"#,
            300,
        );
        assert_eq!(module.imports, [("a".into(), "f".into()), ("a".into(), "g".into())]);
        assert_eq!(module.memory, "memory");
        let engine = windlass::Engine::default();
        let module = windlass::Module::new(&engine, &module.wasm).unwrap();
        assert_eq!(module.imports().len(), 2);
        let exported = module.exports().find(|export| export.name() == "memory").unwrap();
        assert_eq!(format!("{:?}", exported.ty()).matches("300").count(), 2);
    }

    #[test]
    fn a_memory_of_its_own_keeps_its_name_and_its_size() {
        let module = module(r#"(module (memory (export "m") 7) (start 0) (func))"#, 2);
        assert_eq!(module.memory, "m");
        let engine = windlass::Engine::default();
        let module = windlass::Module::new(&engine, &module.wasm).unwrap();
        assert!(format!("{:?}", module.exports().next().unwrap().ty()).contains('7'));
    }
}
