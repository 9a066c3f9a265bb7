//! Validator of WebAssembly modules.
#![no_std]
#![forbid(unsafe_code)]
#![allow(missing_docs)]

extern crate alloc;
use alloc::vec::Vec;
use windlass_decode::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

#[derive(Clone, Debug, Default)]
pub struct Context {
    pub types: Vec<SubType>,
    pub type_ids: Vec<TypeId>,
    pub funcs: Vec<u32>,
    pub tables: Vec<TableType>,
    pub memories: Vec<MemoryType>,
    pub globals: Vec<GlobalType>,
    pub tags: Vec<u32>,
    pub elements: Vec<RefType>,
    pub data_count: Option<u32>,
    pub imported: Imported,
    pub features: Features,
}
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub funcs: u32,
    pub tables: u32,
    pub memories: u32,
    pub globals: u32,
    pub tags: u32,
}
#[derive(Default)]
pub struct Scratch;
pub fn validate_body(_: &Context, _: &Module, _: &[u8], _: usize, _: &mut Scratch) -> Result<(), Error> {
    Ok(())
}
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(windlass_decode::Error);
impl From<windlass_decode::Error> for Error {
    fn from(e: windlass_decode::Error) -> Error {
        Error(e)
    }
}
impl Error {
    pub fn offset(&self) -> usize {
        self.0.offset()
    }
}
impl Context {
    pub fn new(_: &Module, _: &[u8], _: Features, _: &mut TypeRegistry) -> Result<Context, Error> {
        Ok(Context::default())
    }
}
#[derive(Clone, Debug, Default)]
pub struct TypeRegistry {
    types: Vec<FuncType>,
}
impl TypeRegistry {
    pub fn new() -> TypeRegistry {
        TypeRegistry::default()
    }
    pub fn intern_func(&mut self, ty: FuncType) -> Option<TypeId> {
        self.types.push(ty);
        Some(TypeId(self.types.len() as u32 - 1))
    }
    pub fn func(&self, id: TypeId) -> Option<&FuncType> {
        self.types.get(id.0 as usize)
    }
    pub fn is_subtype(&self, a: TypeId, b: TypeId) -> bool {
        a == b
    }
    pub fn ref_is_subtype(&self, a: RefType, b: RefType) -> bool {
        a == b
    }
    pub fn val_is_subtype(&self, a: ValType, b: ValType) -> bool {
        a == b
    }
    pub fn global_matches(&self, a: &GlobalType, b: &GlobalType) -> bool {
        a == b
    }
    pub fn table_matches(&self, a: &TableType, b: &TableType) -> bool {
        a == b
    }
    pub fn memory_matches(&self, a: &MemoryType, b: &MemoryType) -> bool {
        a == b
    }
}

pub fn validate(bytes: &[u8], features: Features) -> Result<(Module, Context), Error> {
    let module = Module::decode(bytes, features)?;
    let context = Context::new(&module, bytes, features, &mut TypeRegistry::new())?;
    Ok((module, context))
}
impl Context {
    pub fn type_func(&self, index: u32) -> Option<&FuncType> {
        match &self.types.get(index as usize)?.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}
