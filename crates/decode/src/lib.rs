//! Decoder of the WebAssembly binary format: all of 3.0, and the proposals threads, wide
//! arithmetic, custom page sizes, custom descriptors, compact imports and legacy exceptions. No
//! unsafe code, no `std`.
//!
//! - [`Module::decode`] turns bytes into a [`Module`]: what the sections say, with byte offsets.
//! - [`Instrs`] reads the instructions of function bodies and constant expressions, one [`Instr`]
//!   at a time. `Module::decode` leaves the code of bodies alone, so that a module with much code
//!   costs little until its functions are needed.
//! - [`ops`] holds the table of all instructions, from which the rest of the project derives names,
//!   forms, types and features.
//! - [`NameSection`] has the names for people to read.
//! - [`Features`] switches proposals on and off; [`limits`] has the implementation's limits.
//!
//! ```
//! use windlass_decode::{Features, Imm, Instrs, Module, Op};
//!
//! // (module (func (export "seven") (result i32) i32.const 7))
//! let bytes = b"\0asm\x01\0\0\0\
//!     \x01\x05\x01\x60\x00\x01\x7f\
//!     \x03\x02\x01\x00\
//!     \x07\x09\x01\x05seven\x00\x00\
//!     \x0a\x06\x01\x04\x00\x41\x07\x0b";
//! let module = Module::decode(bytes, Features::default())?;
//! assert_eq!(&*module.exports[0].name, "seven");
//!
//! let body = &module.bodies[0];
//! let mut instrs = Instrs::at(bytes, body.code.start, Features::default());
//! let instr = instrs.next_instr()?;
//! assert_eq!((instr.op, instr.imm), (Op::I32Const, Imm::I32(7)));
//! assert_eq!(instrs.next_instr()?.op, Op::End);
//! assert_eq!(instrs.reader.offset(), body.code.end);
//!
//! let error = Module::decode(&bytes[..20], Features::default()).unwrap_err();
//! assert_eq!(error.to_string(), "unexpected end of section or function (at offset 0x14)");
//! # Ok::<(), windlass_decode::Error>(())
//! ```
//!
//! Decoding takes time and memory in proportion to the bytes, whatever they are: no count is
//! believed before the bytes for it are there. A decoded module is well-formed, not valid: indices
//! and types are for the validator to check.
//!
//! # Cargo features
//!
//! - `simd` (on by default): vectors.
//! - `gc` (on by default): structures, arrays, casts, typed references to functions.
//! - `exceptions` (on by default): `throw` and `try_table`.
//! - `threads` (on by default): shared memories and atomic instructions.
//! - `memory64` (on by default): memories and tables with 64-bit addresses, and several memories.
//! - `tail-calls` (on by default): `return_call` and the like.
//! - `proposals` (on by default): what WebAssembly 3.0 has not: custom descriptors (with `gc`), the
//!   legacy `try` (with `exceptions`), 128-bit arithmetic, groups of imports.
//! - `messages` (on by default): errors tell all that is known, see [`MESSAGES`].
//! - `names` (on by default): the custom section `name` is read.
//! - `fast` (on by default): short instructions are read by code of their own.
//!
//! A module that needs what a build is without is refused, by an error that names the feature.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[macro_use]
pub mod ops;
mod branch_hints;
mod count;
mod error;
mod escaped;
mod facts;
mod features;
mod format;
mod instr;
pub mod limits;
mod module;
mod names;
mod reader;
mod row;
mod sections;
mod types;

/// Whether errors tell all that is known. Without the cargo feature `messages` they tell what is
/// wrong and where in fixed words, and the code that puts texts together is left out; what else
/// is known is to be asked of their kinds.
pub const MESSAGES: bool = cfg!(feature = "messages");

pub use branch_hints::BranchHint;
pub use count::Count;
pub use error::{Error, ErrorKind, at_offset};
#[doc(hidden)]
pub use error::{boxed, has_room_for, shared};
pub use escaped::Escaped;
pub use facts::{Nans, Raw};
pub use features::Features;
pub use format::{component_text, is_text};
pub use instr::{Catch, Catches, Imm, Instr, Instrs, Labels, MemArg, Push};
pub use module::{
    BlockType, Body, Custom, Data, Element, ElementItems, ElementMode, Export, Expr, ExternKind,
    Global, Import, ImportType, Module, Section, Start, Table,
};
pub use names::{NameMap, NameSection};
pub use ops::{ImmKind, Op, OpInfo, Shape, cut};
pub use reader::Reader;
pub use types::{
    AbsHeapType, CompositeType, FieldType, FuncType, GlobalType, HeapType, Limits, MemoryType,
    RecGroup, RefType, StorageType, SubType, TableType, TagType, ValType,
};
