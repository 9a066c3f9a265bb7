//! Names for people to read, from the custom section `name` (3.0, appendix A.4 and the extended
//! name section). The engine looks functions up here for backtraces, tools everything. Names are
//! never a reason to refuse a module: [`NameSection::decode`] keeps what comes before an error.
//! [`NameSection::check`] is for those who want to see the error.

use crate::{Error, ErrorKind, Module, Reader};
use alloc::{boxed::Box, string::String, vec::Vec};

/// What a module calls its parts. In a build without the feature `names`, nothing has one.
///
/// ```
/// use windlass_decode::{Features, Module, NameSection};
///
/// let bytes = b"\0asm\x01\0\0\0\x00\x0d\x04name\x01\x06\x01\x07\x03fac";
/// let module = Module::decode(bytes, Features::default())?;
/// let names = NameSection::decode(&module, bytes);
/// assert_eq!(names.funcs.get(7), Some("fac"));
/// # Ok::<(), windlass_decode::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameSection {
    /// The module itself.
    pub module: Option<Box<str>>,
    /// Functions.
    pub funcs: NameMap,
    /// Locals, by function and local.
    pub locals: NameMap<(u32, u32)>,
    /// Labels, by function and label, which are counted in the order of their blocks.
    pub labels: NameMap<(u32, u32)>,
    /// Types.
    pub types: NameMap,
    /// Tables.
    pub tables: NameMap,
    /// Memories.
    pub memories: NameMap,
    /// Globals.
    pub globals: NameMap,
    /// Element segments.
    pub elements: NameMap,
    /// Data segments.
    pub data: NameMap,
    /// Fields of structures, by type and field.
    pub fields: NameMap<(u32, u32)>,
    /// Tags.
    pub tags: NameMap,
}

/// Whether the build reads names.
const NAMES: bool = cfg!(feature = "names");

/// The name of the custom section.
const SECTION: &str = "name";

impl NameSection {
    /// The names in `module`, which was decoded from `bytes`: all up to the first error.
    pub fn decode(module: &Module, bytes: &[u8]) -> NameSection {
        let mut names = NameSection::default();
        if let Some(mut reader) = section(module, bytes) {
            // Names serve people only: an error just ends them.
            let _ = names.read(&mut reader, |_| true);
        }
        names
    }

    /// The name of the module alone, if it comes before the first error.
    pub fn decode_module(module: &Module, bytes: &[u8]) -> Option<Box<str>> {
        if !NAMES {
            return None;
        }
        let mut names = NameSection::default();
        if let Some(mut reader) = section(module, bytes) {
            // As above.
            let _ = names.read(&mut reader, |id| id == id::MODULE);
        }
        names.module
    }

    /// The names of functions alone, up to the first error.
    pub fn decode_funcs(module: &Module, bytes: &[u8]) -> NameMap {
        if !NAMES {
            return NameMap::default();
        }
        let mut names = NameSection::default();
        if let Some(mut reader) = section(module, bytes) {
            // As above.
            let _ = names.read(&mut reader, |id| id == id::FUNCS);
        }
        names.funcs
    }

    /// The names of tags alone, up to the first error.
    pub fn decode_tags(module: &Module, bytes: &[u8]) -> NameMap {
        if !NAMES {
            return NameMap::default();
        }
        let mut names = NameSection::default();
        if let Some(mut reader) = section(module, bytes) {
            // As above.
            let _ = names.read(&mut reader, |id| id == id::TAGS);
        }
        names.tags
    }

    /// The names in `module`, or what is wrong with their section.
    pub fn check(module: &Module, bytes: &[u8]) -> Result<NameSection, Error> {
        let mut sections = module.customs.iter().filter(|custom| custom.name == SECTION);
        if let Some(first) = sections.next() {
            let last = module.sections.iter().rfind(|section| section.id != 0);
            if last.is_some_and(|last| last.range.start > first.bytes.start) {
                let kind = ErrorKind::Malformed("misplaced name section");
                return Err(Error::new(kind, first.bytes.start));
            }
        }
        if let Some(second) = sections.next() {
            let kind = ErrorKind::Malformed("multiple name sections");
            return Err(Error::new(kind, second.bytes.start));
        }
        let mut names = NameSection::default();
        if let Some(mut reader) = section(module, bytes) {
            names.read(&mut reader, |_| true)?;
        }
        Ok(names)
    }

    /// Reads the subsections that are `wanted`; those of unknown ids are skipped.
    fn read(&mut self, reader: &mut Reader<'_>, wanted: fn(u8) -> bool) -> Result<(), Error> {
        if !NAMES {
            return Ok(());
        }
        let mut previous = None;
        while !reader.is_empty() {
            let offset = reader.offset();
            let id = reader.byte()?;
            if previous.is_some_and(|previous| previous >= id) {
                let kind = ErrorKind::Malformed("subsection of names out of order");
                return Err(Error::new(kind, offset));
            }
            previous = Some(id);
            let size = reader.u32()? as usize;
            let mut contents = reader.take(size)?;
            if wanted(id) && !self.subsection(id, &mut contents)? {
                continue;
            }
            if wanted(id) && !contents.is_empty() {
                let kind = ErrorKind::Malformed("subsection size mismatch");
                return Err(contents.error(kind));
            }
        }
        Ok(())
    }

    /// Reads a subsection's contents, if its id is known.
    fn subsection(&mut self, id: u8, reader: &mut Reader<'_>) -> Result<bool, Error> {
        match id {
            id::MODULE => self.module = Some(reader.owned_name(u32::MAX)?.into()),
            id::FUNCS => self.funcs.read(reader)?,
            id::LOCALS => self.locals.read(reader)?,
            id::LABELS => self.labels.read(reader)?,
            id::TYPES => self.types.read(reader)?,
            id::TABLES => self.tables.read(reader)?,
            id::MEMORIES => self.memories.read(reader)?,
            id::GLOBALS => self.globals.read(reader)?,
            id::ELEMENTS => self.elements.read(reader)?,
            id::DATA => self.data.read(reader)?,
            id::FIELDS => self.fields.read(reader)?,
            id::TAGS => self.tags.read(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The ids of the subsections.
mod id {
    pub(super) const MODULE: u8 = 0;
    pub(super) const FUNCS: u8 = 1;
    pub(super) const LOCALS: u8 = 2;
    pub(super) const LABELS: u8 = 3;
    pub(super) const TYPES: u8 = 4;
    pub(super) const TABLES: u8 = 5;
    pub(super) const MEMORIES: u8 = 6;
    pub(super) const GLOBALS: u8 = 7;
    pub(super) const ELEMENTS: u8 = 8;
    pub(super) const DATA: u8 = 9;
    pub(super) const FIELDS: u8 = 10;
    pub(super) const TAGS: u8 = 11;
}

/// A reader of the first name section, if there is one.
fn section<'a>(module: &Module, bytes: &'a [u8]) -> Option<Reader<'a>> {
    let custom = module.customs.iter().find(|custom| custom.name == SECTION)?;
    Some(Reader::new(bytes.get(custom.bytes.clone())?, custom.bytes.start))
}

/// Names by index, or by two indices. All the text is in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMap<K = u32> {
    /// By ascending key.
    entries: Vec<Entry<K>>,
    text: String,
}

/// The name of `key` starts where the previous one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry<K> {
    key: K,
    end: u32,
}

impl<K> Default for NameMap<K> {
    fn default() -> NameMap<K> {
        NameMap { entries: Vec::new(), text: String::new() }
    }
}

impl<K: Copy + Ord> NameMap<K> {
    /// The name of `key`.
    pub fn get(&self, key: K) -> Option<&str> {
        self.name(self.entries.binary_search_by_key(&key, |entry| entry.key).ok()?)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every key with its name, by ascending key.
    pub fn iter(&self) -> impl Iterator<Item = (K, &str)> {
        self.entries.iter().enumerate().filter_map(|(i, entry)| Some((entry.key, self.name(i)?)))
    }

    fn name(&self, i: usize) -> Option<&str> {
        let start = i.checked_sub(1).map_or(0, |previous| self.entries[previous].end);
        self.text.get(start as usize..self.entries[i].end as usize)
    }

    /// Reads one name for `key`, which must be above all keys so far.
    fn read_name(&mut self, key: K, reader: &mut Reader<'_>) -> Result<(), Error> {
        if self.entries.last().is_some_and(|last| last.key >= key) {
            return Err(reader.error(ErrorKind::Malformed("name out of order")));
        }
        let name = reader.name_of_at_most(u32::MAX)?;
        let room = self.text.try_reserve(name.len()).and_then(|()| self.entries.try_reserve(1));
        room.map_err(|_| reader.error(ErrorKind::OutOfMemory))?;
        self.text.push_str(name);
        self.entries.push(Entry { key, end: self.text.len() as u32 });
        Ok(())
    }
}

impl NameMap {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let count = reader.u32()?;
        for _ in 0..count {
            let key = reader.u32()?;
            self.read_name(key, reader)?;
        }
        Ok(())
    }
}

impl NameMap<(u32, u32)> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let outer_count = reader.u32()?;
        for _ in 0..outer_count {
            let outer = reader.u32()?;
            let inner_count = reader.u32()?;
            for _ in 0..inner_count {
                let inner = reader.u32()?;
                self.read_name((outer, inner), reader)?;
            }
        }
        Ok(())
    }
}
