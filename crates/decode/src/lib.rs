//! Decoder of the WebAssembly binary format.
//!
//! [`Module::decode`] turns bytes into a [`Module`]; [`Instrs`] reads the instructions of its function
//! bodies. What an instruction is stands in one place, the table in [`ops`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[macro_use]
pub mod ops;
mod error;
mod features;
mod instr;
pub mod limits;
mod module;
mod names;
mod reader;
mod sections;
mod types;

pub use error::{Error, ErrorKind};
pub use features::Features;
pub use instr::{Catch, Catches, Imm, Instr, Instrs, Labels, MemArg};
pub use module::{
    BlockType, Body, Custom, Data, Element, ElementItems, ElementMode, Export, Expr, ExternKind,
    Global, Import, ImportType, Module, Section, Start, Table,
};
pub use names::{NameMap, NameSection};
pub use ops::{ImmKind, Op, OpInfo, Shape};
pub use reader::Reader;
pub use types::{
    AbsHeapType, CompositeType, FieldType, FuncType, GlobalType, HeapType, Limits, MemoryType,
    RecGroup, RefType, StorageType, SubType, TableType, TagType, ValType,
};
