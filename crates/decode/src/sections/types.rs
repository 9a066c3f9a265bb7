//! The type section, and the encodings of all types (3.0, sections 5.3 and 5.5.4).

use super::vector::one_more;
use crate::{
    AbsHeapType, BlockType, CompositeType, Error, ErrorKind, Features, FieldType, FuncType,
    GlobalType, HeapType, Limits, MemoryType, Reader, RecGroup, RefType, StorageType, SubType,
    TableType, TagType, ValType, limits,
};
use alloc::{boxed::Box, vec::Vec};

/// The bytes that start types. As signed LEB128 they are negative numbers, so that indices fit
/// beside them.
mod code {
    pub(super) const I32: u8 = 0x7f;
    pub(super) const I64: u8 = 0x7e;
    pub(super) const F32: u8 = 0x7d;
    pub(super) const F64: u8 = 0x7c;
    pub(super) const V128: u8 = 0x7b;
    pub(super) const I8: u8 = 0x78;
    pub(super) const I16: u8 = 0x77;
    pub(super) const REF: u8 = 0x64;
    pub(super) const REF_NULL: u8 = 0x63;
    pub(super) const EXACT: u8 = 0x62;
    pub(super) const FUNC: u8 = 0x60;
    pub(super) const STRUCT: u8 = 0x5f;
    pub(super) const ARRAY: u8 = 0x5e;
    pub(super) const SUB: u8 = 0x50;
    pub(super) const SUB_FINAL: u8 = 0x4f;
    pub(super) const REC: u8 = 0x4e;
    pub(super) const DESCRIPTOR: u8 = 0x4d;
    pub(super) const DESCRIBES: u8 = 0x4c;
    pub(super) const EMPTY: u8 = 0x40;
}

/// Whether `byte` is a whole negative number in signed LEB128, so that it cannot start an index.
fn is_negative(byte: u8) -> bool {
    byte & 0xc0 == 0x40
}

/// The block type that this byte is, if it is nothing or a number.
#[inline]
pub(crate) fn short_block_type(byte: u8) -> Option<BlockType> {
    Some(match byte {
        code::EMPTY => BlockType::Empty,
        code::I32 => BlockType::Result(ValType::I32),
        code::I64 => BlockType::Result(ValType::I64),
        code::F32 => BlockType::Result(ValType::F32),
        code::F64 => BlockType::Result(ValType::F64),
        _ => return None,
    })
}

fn abs_heap_type(byte: u8) -> Option<(AbsHeapType, Features)> {
    Some(match byte {
        0x74 => (AbsHeapType::NoExn, Features::EXCEPTIONS),
        0x73 => (AbsHeapType::NoFunc, Features::GC),
        0x72 => (AbsHeapType::NoExtern, Features::GC),
        0x71 => (AbsHeapType::None, Features::GC),
        0x70 => (AbsHeapType::Func, Features::NONE),
        0x6f => (AbsHeapType::Extern, Features::REFERENCE_TYPES),
        0x6e => (AbsHeapType::Any, Features::GC),
        0x6d => (AbsHeapType::Eq, Features::GC),
        0x6c => (AbsHeapType::I31, Features::GC),
        0x6b => (AbsHeapType::Struct, Features::GC),
        0x6a => (AbsHeapType::Array, Features::GC),
        0x69 => (AbsHeapType::Exn, Features::EXCEPTIONS),
        _ => return None,
    })
}

/// Whether a field has the type that one has where the byte for exact types stands twice: the
/// second is read as an index then, which is a valid one where there are so many types.
#[cold]
pub(super) fn has_doubled_exact(groups: &[RecGroup]) -> bool {
    let types = || groups.iter().flat_map(|group| &group.types);
    let doubled = u32::from(code::EXACT);
    let is_doubled = |field: &FieldType| {
        let StorageType::Val(ValType::Ref(ty)) = field.storage else { return false };
        ty.heap == HeapType::Exact(doubled)
    };
    types().nth(doubled as usize).is_none()
        && types().any(|ty| match &ty.composite {
            CompositeType::Struct(fields) => fields.iter().any(is_doubled),
            CompositeType::Array(element) => is_doubled(element),
            CompositeType::Func(_) => false,
        })
}

/// Types start with a signed 7-bit integer, so that a byte that goes on is too long.
#[cold]
fn not_a_type(byte: u8, words: &'static str, offset: usize) -> Error {
    let kind = if byte < 0x80 {
        ErrorKind::Malformed(words)
    } else {
        ErrorKind::IntegerRepresentationTooLong
    };
    Error::new(kind, offset)
}

impl Reader<'_> {
    pub(crate) fn types(&mut self, list: &mut Vec<RecGroup>) -> Result<(), Error> {
        let mut first = 0;
        self.vector_into(list, "the number of recursion groups", limits::REC_GROUPS, 2, |reader| {
            let group = reader.rec_group(first)?;
            // Neither is above a million.
            first += group.types.len() as u32;
            if first > limits::TYPES {
                let limit = limits::TYPES.into();
                let kind = ErrorKind::LimitExceeded { what: "the number of types", limit };
                return Err(Error::new(kind, group.offset));
            }
            Ok(group)
        })
    }

    fn rec_group(&mut self, first: u32) -> Result<RecGroup, Error> {
        let offset = self.offset();
        if self.peek() != Some(code::REC) {
            let (ty, mut types) = (self.sub_type()?, Vec::new());
            one_more(&mut types, self)?;
            types.push(ty);
            return Ok(RecGroup { types, first, offset });
        }
        self.byte()?;
        self.require(Features::GC, "a recursion group", offset)?;
        let (what, limit) = ("the number of types of a recursion group", limits::REC_GROUP_TYPES);
        let types = self.vector(what, limit, 2, Reader::sub_type)?;
        Ok(RecGroup { types, first, offset })
    }

    fn sub_type(&mut self) -> Result<SubType, Error> {
        let offset = self.offset();
        let (mut is_final, mut supertypes) = (true, Box::default());
        if let Some(byte @ (code::SUB | code::SUB_FINAL)) = self.peek() {
            self.byte()?;
            self.require(Features::GC, "a subtype", offset)?;
            is_final = byte == code::SUB_FINAL;
            supertypes = self.vector("the number of supertypes", u32::MAX, 1, Reader::u32)?.into();
        }
        let describes = self.clause(code::DESCRIBES, "a type that describes another")?;
        let descriptor = self.clause(code::DESCRIPTOR, "a type with a descriptor")?;
        Ok(SubType {
            is_final,
            supertypes,
            describes,
            descriptor,
            composite: self.composite_type()?,
        })
    }

    /// The type that a clause of a type definition names, if there is this clause.
    fn clause(&mut self, code: u8, what: &'static str) -> Result<Option<u32>, Error> {
        let offset = self.offset();
        if self.peek() != Some(code) {
            return Ok(None);
        }
        self.byte()?;
        self.require(Features::CUSTOM_DESCRIPTORS, what, offset)?;
        Ok(Some(self.u32()?))
    }

    fn composite_type(&mut self) -> Result<CompositeType, Error> {
        let offset = self.offset();
        match self.byte()? {
            code::FUNC => Ok(CompositeType::Func(self.func_type()?)),
            code::STRUCT => {
                self.require(Features::GC, "a structure type", offset)?;
                let fields =
                    self.vector("the number of fields", limits::FIELDS, 2, Reader::field_type)?;
                Ok(CompositeType::Struct(fields.into()))
            }
            code::ARRAY => {
                self.require(Features::GC, "an array type", offset)?;
                Ok(CompositeType::Array(self.field_type()?))
            }
            byte => Err(not_a_type(byte, "malformed definition type", offset)),
        }
    }

    fn func_type(&mut self) -> Result<FuncType, Error> {
        let params =
            self.vector("the number of parameters", limits::PARAMS, 1, Reader::val_type)?.into();
        let offset = self.offset();
        let results = self.vector("the number of results", limits::RESULTS, 1, Reader::val_type)?;
        if results.len() > 1 {
            self.require(Features::MULTI_VALUE, "a function with several results", offset)?;
        }
        Ok(FuncType { params, results: results.into() })
    }

    fn field_type(&mut self) -> Result<FieldType, Error> {
        Ok(FieldType { storage: self.storage_type()?, mutable: self.mutability()? })
    }

    fn storage_type(&mut self) -> Result<StorageType, Error> {
        let storage = match self.peek() {
            Some(code::I8) => StorageType::I8,
            Some(code::I16) => StorageType::I16,
            _ => return Ok(StorageType::Val(self.val_type_or("malformed storage type")?)),
        };
        self.byte()?;
        Ok(storage)
    }

    fn mutability(&mut self) -> Result<bool, Error> {
        let offset = self.offset();
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::new(ErrorKind::Malformed("malformed mutability"), offset)),
        }
    }

    /// A block type.
    pub fn block_type(&mut self) -> Result<BlockType, Error> {
        let next = self.peek();
        if let Some(ty) = next.and_then(short_block_type) {
            self.byte()?;
            return Ok(ty);
        }
        match next {
            Some(byte) if is_negative(byte) => Ok(BlockType::Result(self.val_type()?)),
            _ => {
                let offset = self.offset();
                let index = self.type_index("malformed block type")?;
                self.require(Features::MULTI_VALUE, "a block with a function type", offset)?;
                Ok(BlockType::Func(index))
            }
        }
    }

    /// A value type.
    #[inline]
    pub fn val_type(&mut self) -> Result<ValType, Error> {
        self.val_type_or("malformed value type")
    }

    #[inline]
    fn val_type_or(&mut self, words: &'static str) -> Result<ValType, Error> {
        let ty = match self.peek() {
            Some(code::I32) => ValType::I32,
            Some(code::I64) => ValType::I64,
            Some(code::F32) => ValType::F32,
            Some(code::F64) => ValType::F64,
            _ => return self.rarer_val_type(words),
        };
        self.byte()?;
        Ok(ty)
    }

    fn rarer_val_type(&mut self, words: &'static str) -> Result<ValType, Error> {
        let offset = self.offset();
        if self.peek() == Some(code::V128) {
            self.byte()?;
            self.require(Features::SIMD, "v128", offset)?;
            return Ok(ValType::V128);
        }
        let ty = self.ref_type_or(words)?;
        self.require(Features::REFERENCE_TYPES, "a reference as a value", offset)?;
        Ok(ValType::Ref(ty))
    }

    /// A reference type.
    pub fn ref_type(&mut self) -> Result<RefType, Error> {
        self.ref_type_or("malformed reference type")
    }

    fn ref_type_or(&mut self, words: &'static str) -> Result<RefType, Error> {
        let offset = self.offset();
        let byte = self.byte()?;
        if let code::REF | code::REF_NULL = byte {
            self.require(Features::FUNCTION_REFERENCES, "a typed reference", offset)?;
            return Ok(RefType { nullable: byte == code::REF_NULL, heap: self.heap_type()? });
        }
        let (abs, feature) =
            abs_heap_type(byte).ok_or_else(|| Error::new(ErrorKind::Malformed(words), offset))?;
        self.require_any(feature, abs.name(), offset)?;
        Ok(RefType::null(abs))
    }

    /// A heap type.
    pub fn heap_type(&mut self) -> Result<HeapType, Error> {
        let offset = self.offset();
        match self.peek() {
            Some(code::EXACT) => {
                self.byte()?;
                self.require(Features::CUSTOM_DESCRIPTORS, "an exact type", offset)?;
                Ok(HeapType::Exact(self.u32()?))
            }
            Some(byte) if is_negative(byte) => {
                self.byte()?;
                let (abs, feature) = abs_heap_type(byte)
                    .ok_or_else(|| not_a_type(byte, "malformed heap type", offset))?;
                self.require_any(feature, abs.name(), offset)?;
                Ok(HeapType::Abs(abs))
            }
            _ => {
                let index = self.type_index("malformed heap type")?;
                self.require(Features::FUNCTION_REFERENCES, "a type's index", offset)?;
                Ok(HeapType::Concrete(index))
            }
        }
    }

    /// A type index where a negative number would mean something else: a signed 33-bit integer.
    fn type_index(&mut self, words: &'static str) -> Result<u32, Error> {
        let offset = self.offset();
        let index = self.s33()?;
        u32::try_from(index).map_err(|_| Error::new(ErrorKind::Malformed(words), offset))
    }

    pub(crate) fn table_type(&mut self) -> Result<TableType, Error> {
        let element = self.ref_type()?;
        let offset = self.offset();
        let flags = self.byte()?;
        self.limits_flags(flags, flag::MAX | flag::IS_64, offset)?;
        Ok(TableType { element, limits: self.limits(flags)? })
    }

    pub(crate) fn memory_type(&mut self) -> Result<MemoryType, Error> {
        let offset = self.offset();
        let flags = self.byte()?;
        self.limits_flags(flags, flag::ALL, offset)?;
        let limits = self.limits(flags)?;
        let page_size_log2 =
            if flags & flag::PAGE_SIZE != 0 { self.page_size_log2()? } else { DEFAULT_PAGE_LOG2 };
        Ok(MemoryType { limits, shared: flags & flag::SHARED != 0, page_size_log2 })
    }

    /// Checks that only `allowed` flags are set and that their features are switched on.
    fn limits_flags(&self, flags: u8, allowed: u8, offset: usize) -> Result<(), Error> {
        if flags & !allowed != 0 {
            return Err(Error::new(ErrorKind::Malformed("malformed limits flags"), offset));
        }
        for (flag, feature, what) in flag::FEATURES {
            if flags & flag != 0 {
                self.require_any(feature, what, offset)?;
            }
        }
        Ok(())
    }

    /// Sizes have 64 bits in the binary format; that those of 32-bit memories and tables have 32 is
    /// for validation to see.
    fn limits(&mut self, flags: u8) -> Result<Limits, Error> {
        let min = self.size()?;
        let max = if flags & flag::MAX != 0 { Some(self.size()?) } else { None };
        Ok(Limits { min, max, is64: flags & flag::IS_64 != 0 })
    }

    fn size(&mut self) -> Result<u64, Error> {
        if self.features().contains(Features::MEMORY64) {
            return self.u64();
        }
        Ok(self.u32()?.into())
    }

    fn page_size_log2(&mut self) -> Result<u8, Error> {
        let offset = self.offset();
        match self.u32()? {
            log2 if log2 < u64::BITS => Ok(log2 as u8),
            _ => Err(Error::new(ErrorKind::Malformed("invalid custom page size"), offset)),
        }
    }

    pub(crate) fn global_type(&mut self) -> Result<GlobalType, Error> {
        Ok(GlobalType { val: self.val_type()?, mutable: self.mutability()? })
    }

    pub(crate) fn tag_type(&mut self) -> Result<TagType, Error> {
        let offset = self.offset();
        match self.byte()? {
            0 => Ok(TagType { func: self.u32()? }),
            _ => Err(Error::new(ErrorKind::Malformed("malformed tag attribute"), offset)),
        }
    }
}

/// log2 of the ordinary page size, 64 KiB.
const DEFAULT_PAGE_LOG2: u8 = 16;

/// The flags before limits.
mod flag {
    use crate::Features;

    pub(super) const MAX: u8 = 1;
    pub(super) const SHARED: u8 = 2;
    pub(super) const IS_64: u8 = 4;
    pub(super) const PAGE_SIZE: u8 = 8;
    pub(super) const ALL: u8 = MAX | SHARED | IS_64 | PAGE_SIZE;

    pub(super) const FEATURES: [(u8, Features, &str); 3] = [
        (SHARED, Features::THREADS, "malformed limits flags: a shared memory"),
        (IS_64, Features::MEMORY64, "malformed limits flags: 64-bit addresses"),
        (PAGE_SIZE, Features::CUSTOM_PAGE_SIZES, "malformed limits flags: a page size"),
    ];
}
