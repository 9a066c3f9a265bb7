//! The sections of a module (3.0, section 5.5): [`Module::decode`] walks over them, checks their
//! order and sizes, and leaves the contents to one file a section. It never looks into the code of
//! function bodies: validation does, through [`Instrs`](crate::Instrs).

mod code;
mod custom;
mod data;
mod element;
mod export;
mod expr;
mod global;
mod import;
mod table;
mod types;
mod vector;

pub(crate) use types::short_block_type;

use crate::{
    Error, ErrorKind, Features, Import, ImportType, Module, Reader, Section, Start, format, limits,
};

/// The ids of the sections.
mod id {
    pub(super) const CUSTOM: u8 = 0;
    pub(super) const TYPE: u8 = 1;
    pub(super) const IMPORT: u8 = 2;
    pub(super) const FUNC: u8 = 3;
    pub(super) const TABLE: u8 = 4;
    pub(super) const MEMORY: u8 = 5;
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const EXPORT: u8 = 7;
    pub(super) const START: u8 = 8;
    pub(super) const ELEMENT: u8 = 9;
    pub(super) const CODE: u8 = 10;
    pub(super) const DATA: u8 = 11;
    pub(super) const DATA_COUNT: u8 = 12;
    pub(super) const TAG: u8 = 13;
}

/// The order in which sections come; custom sections come anywhere.
const ORDER: [u8; 13] = [
    id::TYPE,
    id::IMPORT,
    id::FUNC,
    id::TABLE,
    id::MEMORY,
    id::TAG,
    id::GLOBAL,
    id::EXPORT,
    id::START,
    id::ELEMENT,
    id::DATA_COUNT,
    id::CODE,
    id::DATA,
];

const MAGIC: [u8; 4] = *b"\0asm";
const VERSION: [u8; 4] = [1, 0, 0, 0];

impl Module {
    /// Decodes a module: everything but the code of function bodies, which validation reads.
    ///
    /// The result is well-formed, not yet valid: indices and types are unchecked.
    ///
    /// # Errors
    /// The first thing that is malformed, that needs a feature which is switched off or not built,
    /// or that exceeds a limit of [`limits`], with its place; or that the host has no memory.
    #[inline(never)]
    pub fn decode(bytes: &[u8], features: Features) -> Result<Module, Error> {
        if bytes.len() > limits::MODULE_BYTES {
            let kind = ErrorKind::LimitExceeded {
                what: "the number of bytes of a module",
                limit: limits::MODULE_BYTES as u64,
            };
            return Err(Error::new(kind, limits::MODULE_BYTES));
        }
        let mut reader = Reader::new(bytes, 0).with_features(features);
        reader.header(bytes)?;
        let mut module = Module::default();
        let mut order = ORDER.iter();
        let mut after = id::CUSTOM;
        while !reader.is_empty() {
            let offset = reader.offset();
            let id = reader.byte()?;
            if id == id::CUSTOM {
                module.custom_section(&mut reader, after)?;
                continue;
            }
            if !order.any(|&next| next == id) {
                return Err(Error::new(out_of_place(id), offset));
            }
            reader.require_section(id, offset)?;
            let end = module.enter_section(&mut reader, id)?;
            module.section(id, &mut reader)?;
            if reader.offset() != end {
                return Err(Error::new(module.ends_elsewhere(id), end));
            }
            after = id;
        }
        module.check_lengths(&reader)?;
        if !Features::BUILT.contains(Features::MULTI_MEMORY) {
            module.check_memories(&reader)?;
        }
        Ok(module)
    }

    /// Notes the section whose size `reader` stands at, and gives its end.
    ///
    /// Nothing keeps the section's contents from being read on past this end, but then they do not
    /// end there, and the module is refused.
    fn enter_section(&mut self, reader: &mut Reader<'_>, id: u8) -> Result<usize, Error> {
        let (size, there) = (reader.u32()?, reader.remaining());
        if size as usize > there {
            return Err(reader.error(ErrorKind::SectionCut { size, there }));
        }
        let range = reader.offset()..reader.offset() + size as usize;
        vector::one_more(&mut self.sections, reader)?;
        self.sections.push(Section { id, range: range.clone() });
        Ok(range.end)
    }

    fn custom_section(&mut self, reader: &mut Reader<'_>, after: u8) -> Result<(), Error> {
        let end = self.enter_section(reader, id::CUSTOM)?;
        let mut contents = reader.take(end - reader.offset())?;
        vector::one_more(&mut self.customs, reader)?;
        self.customs.push(contents.custom(after)?);
        Ok(())
    }

    #[inline(never)]
    fn section(&mut self, id: u8, r: &mut Reader<'_>) -> Result<(), Error> {
        match id {
            id::TYPE => r.types(&mut self.types)?,
            id::IMPORT => self.imports = r.imports()?,
            id::FUNC => {
                let what = "the number of functions";
                r.vector_into(&mut self.funcs, what, limits::FUNCS, 1, Reader::u32)?;
            }
            id::TABLE => r.tables(&mut self.tables)?,
            id::MEMORY => {
                let (what, limit) = ("the number of memories", limits::MEMORIES);
                r.vector_into(&mut self.memories, what, limit, 2, Reader::memory_type)?;
            }
            id::TAG if Features::BUILT.contains(Features::EXCEPTIONS) => {
                let what = "the number of tags";
                r.vector_into(&mut self.tags, what, limits::TAGS, 2, Reader::tag_type)?;
            }
            id::GLOBAL => r.globals(&mut self.globals)?,
            id::EXPORT => r.exports(&mut self.exports)?,
            id::START => {
                self.start = Some(Start { offset: r.offset(), func: r.u32()? });
            }
            id::ELEMENT => r.elements(&mut self.elements)?,
            id::DATA_COUNT => self.data_count = Some(r.u32()?),
            id::CODE => r.bodies(&mut self.bodies)?,
            _ => r.data_segments(&mut self.data)?,
        }
        Ok(())
    }

    /// What is wrong with the section that was read last and does not end where it says.
    #[cold]
    fn ends_elsewhere(&self, id: u8) -> ErrorKind {
        let is_exact = Features::BUILT.contains(Features::CUSTOM_DESCRIPTORS);
        ErrorKind::Malformed(
            if is_exact && id == id::TYPE && types::has_doubled_exact(&self.types) {
                "malformed storage type: section size mismatch after an exact exact type"
            } else {
                "section size mismatch"
            },
        )
    }

    /// Sections that count the same things must agree.
    fn check_lengths(&self, end: &Reader<'_>) -> Result<(), Error> {
        if self.funcs.len() != self.bodies.len() {
            let words = match self.bodies.len() {
                0 => {
                    "function and code section have inconsistent lengths: there is no code: is \
                     the file truncated?"
                }
                _ => "function and code section have inconsistent lengths",
            };
            return Err(end.error(ErrorKind::Malformed(words)));
        }
        if self.data_count.is_some_and(|count| count as usize != self.data.len()) {
            let words = "data count and data section have inconsistent lengths";
            return Err(end.error(ErrorKind::Malformed(words)));
        }
        Ok(())
    }

    /// There is one memory at most in builds that have no room for several.
    fn check_memories(&self, end: &Reader<'_>) -> Result<(), Error> {
        let is_memory = |import: &&Import| matches!(import.ty, ImportType::Memory(_));
        if self.imports.iter().filter(is_memory).count() + self.memories.len() > 1 {
            end.require(Features::MULTI_MEMORY, "a second memory", end.offset())?;
        }
        Ok(())
    }
}

/// What is wrong with a section that none of the ids to come is.
fn out_of_place(id: u8) -> ErrorKind {
    match ORDER.contains(&id) {
        true => ErrorKind::Malformed("unexpected content after last section"),
        false => ErrorKind::MalformedSectionId(id),
    }
}

impl Reader<'_> {
    /// The header of the module with these bytes.
    fn header(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let cut = ErrorKind::Malformed(match bytes.is_empty() {
            true => "unexpected end: there is nothing in it",
            false => "unexpected end of the module's header: is the file truncated?",
        });
        let magic = self.array().map_err(|e| Error::new(cut.clone(), e.offset()))?;
        if magic != MAGIC {
            return Err(Error::new(format::no_magic(bytes), 0));
        }
        let version = self.array().map_err(|e| Error::new(cut, e.offset()))?;
        if version != VERSION {
            return Err(Error::new(format::no_version(version), MAGIC.len()));
        }
        Ok(())
    }

    /// Some sections came with a proposal.
    fn require_section(&self, id: u8, offset: usize) -> Result<(), Error> {
        match id {
            id::DATA_COUNT => self.require(
                Features::BULK_MEMORY,
                "malformed section id: the data count section",
                offset,
            ),
            id::TAG => {
                self.require(Features::EXCEPTIONS, "malformed section id: the tag section", offset)
            }
            _ => Ok(()),
        }
    }
}
