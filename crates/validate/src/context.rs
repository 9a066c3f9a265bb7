//! [`Context`]: what validation and translation of function bodies need to know about a module
//! (3.0, section 3.1.8). Made by [`Context::new`] (in `module`), and changed once, by
//! [`Context::enter`].

use crate::func::GC;
use crate::hierarchy::{Hierarchy, Node};
use crate::lists::Lists;
use crate::subtype::{self, Defined};
use crate::{Error, Frame, FrameKind, InvalidKind, Operand, TypeId};
use alloc::{string::String, vec::Vec};
use windlass_decode::{
    AbsHeapType, BlockType, CompositeType, Features, FuncType, GlobalType, HeapType, MESSAGES,
    MemoryType, RefType, SubType, TableType, ValType,
};

/// What is known about a module. All types in it are canonical: [`HeapType::Concrete`] and
/// supertypes are [`TypeId`]s. These are the module's own, the first index of the type, until
/// [`Context::enter`] makes them a registry's. Indices of types elsewhere are indices.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The types by their index.
    pub types: Vec<SubType>,
    /// The canonical identity of each type.
    pub type_ids: Vec<TypeId>,
    /// The type index of each function, imports first.
    pub funcs: Vec<u32>,
    /// The tables, imports first.
    pub tables: Vec<TableType>,
    /// The memories, imports first.
    pub memories: Vec<MemoryType>,
    /// The globals, imports first.
    pub globals: Vec<GlobalType>,
    /// The type index of each tag, imports first.
    pub tags: Vec<u32>,
    /// The types of the element segments.
    pub elements: Vec<RefType>,
    /// How many data segments there are, if the module says so before its code.
    pub data_count: Option<u32>,
    /// How many functions, tables and so on are imported.
    pub imported: Imported,
    /// What is switched on.
    pub features: Features,
    /// The operands that the types name.
    pub(crate) lists: Lists,
    /// How many types each recursion group has.
    pub(crate) groups: Vec<u32>,
    /// Bits for each function.
    pub(crate) func_bits: Vec<FuncBits>,
    /// The declared supertypes, by type index.
    pub(crate) hierarchy: Vec<Node>,
    /// The types of a registry with their indices, sorted.
    pub(crate) by_id: Option<Vec<(TypeId, u32)>>,
}

/// What is known of a function beside its type, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FuncBits(u8);

impl FuncBits {
    /// `ref.func` may name it.
    pub(crate) const DECLARED: u8 = 1;
    /// It is imported as an exact one.
    pub(crate) const EXACT_IMPORT: u8 = 2;
}

/// How much of each index space is imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Functions.
    pub funcs: u32,
    /// Tables.
    pub tables: u32,
    /// Memories.
    pub memories: u32,
    /// Globals.
    pub globals: u32,
    /// Tags.
    pub tags: u32,
}

/// The element of an index space, or the error that it is unknown.
pub(crate) fn at<T: Copy>(items: &[T], index: u32, space: &'static str) -> Result<T, Error> {
    match items.get(index as usize) {
        Some(&item) => Ok(item),
        None => Err(InvalidKind::Unknown { space, index }.into()),
    }
}

impl Context {
    /// The type of a function, by its index.
    pub fn func_type(&self, func: u32) -> Option<&FuncType> {
        self.type_func(*self.funcs.get(func as usize)?)
    }

    /// The type of a tag, by its index: a function type without results.
    pub fn tag_type(&self, tag: u32) -> Option<&FuncType> {
        self.type_func(*self.tags.get(tag as usize)?)
    }

    /// The function type with this index, if it is one.
    #[inline]
    pub fn type_func(&self, index: u32) -> Option<&FuncType> {
        match &self.types.get(index as usize)?.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// Whether a canonical type that the module has is a function's.
    pub fn is_func_type(&self, id: TypeId) -> bool {
        self.kind(id) == AbsHeapType::Func
    }

    /// Operands and results of a block, whose type is canonical (see [`Frame::ty`]).
    #[inline]
    pub fn block_type<'a>(&'a self, ty: &'a BlockType) -> (&'a [ValType], &'a [ValType]) {
        match ty {
            BlockType::Empty => (&[], &[]),
            BlockType::Result(ty) => (&[], core::slice::from_ref(ty)),
            BlockType::Func(index) => match self.type_func(*index) {
                Some(ty) => (&ty.params, &ty.results),
                None => (&[], &[]),
            },
        }
    }

    /// The operands of a branch to `frame`.
    #[inline]
    pub fn label_types<'a>(&'a self, frame: &'a Frame) -> &'a [ValType] {
        let (params, results) = self.block_type(&frame.ty);
        if frame.kind == FrameKind::Loop { params } else { results }
    }

    /// Whether `ref.func` may name this function in a body.
    pub fn is_declared(&self, func: u32) -> bool {
        self.has_bit(func, FuncBits::DECLARED)
    }

    pub(crate) fn declare(&mut self, func: u32) {
        self.set_bit(func, FuncBits::DECLARED);
    }

    fn has_bit(&self, func: u32, bit: u8) -> bool {
        self.func_bits.get(func as usize).is_some_and(|bits| bits.0 & bit != 0)
    }

    pub(crate) fn set_bit(&mut self, func: u32, bit: u8) {
        if let Some(bits) = self.func_bits.get_mut(func as usize) {
            bits.0 |= bit;
        }
    }

    /// The canonical form of a value type of the module.
    #[inline]
    pub fn canonical_val(&self, ty: ValType) -> Result<ValType, Error> {
        match ty {
            ValType::Ref(ty) => Ok(ValType::Ref(self.canonical_ref(ty)?)),
            _ => Ok(ty),
        }
    }

    /// The canonical form of a reference type of the module.
    pub fn canonical_ref(&self, ty: RefType) -> Result<RefType, Error> {
        Ok(RefType { nullable: ty.nullable, heap: self.canonical_heap(ty.heap)? })
    }

    /// The canonical form of a heap type of the module.
    pub fn canonical_heap(&self, ty: HeapType) -> Result<HeapType, Error> {
        match ty {
            HeapType::Concrete(index) if GC => {
                Ok(HeapType::Concrete(at(&self.type_ids, index, "type")?.0))
            }
            HeapType::Exact(index) if GC => {
                Ok(HeapType::Exact(at(&self.type_ids, index, "type")?.0))
            }
            other => Ok(other),
        }
    }

    /// Whether a function is of just the type that the module says, and of none below it: what is
    /// imported may not be.
    pub(crate) fn is_exact(&self, func: u32) -> bool {
        func >= self.imported.funcs || self.has_bit(func, FuncBits::EXACT_IMPORT)
    }

    /// An index, in this module, of a type.
    pub fn type_index(&self, id: TypeId) -> Option<u32> {
        let Some(by_id) = &self.by_id else {
            return (id.0 < self.type_ids.len() as u32).then_some(id.0);
        };
        // Most modules' types were new, and have numbers in a row.
        let guess = id.0.wrapping_sub(by_id.first()?.0.0) as usize;
        let place = match by_id.get(guess) {
            Some(entry) if entry.0 == id && guess as u32 == entry.1 => guess,
            _ => by_id.partition_point(|entry| entry.0 < id),
        };
        by_id.get(place).filter(|entry| entry.0 == id).map(|entry| entry.1)
    }

    /// Whether heap type `a` matches `b`.
    pub fn heap_is_subtype(&self, a: HeapType, b: HeapType) -> bool {
        subtype::heap(self, a, b)
    }

    /// Whether reference type `a` matches `b`.
    pub fn ref_is_subtype(&self, a: RefType, b: RefType) -> bool {
        subtype::reference(self, a, b)
    }

    /// Whether value type `a` matches `b`.
    pub fn val_is_subtype(&self, a: ValType, b: ValType) -> bool {
        subtype::val(self, a, b)
    }

    /// Whether `a` matches `b`; an unknown operand matches whatever is possible.
    pub(crate) fn operand_matches(&self, a: Operand, b: Operand) -> bool {
        if a == b || a == Operand::UNKNOWN {
            return true;
        }
        match (a.ref_type(), b.ref_type()) {
            (Some(a), Some(b)) => self.ref_is_subtype(a, b),
            // The reference that is not known better.
            (None, Some(_)) => a.is_ref(),
            (_, None) => b == Operand::UNKNOWN_REF && a.is_ref() && !a.is_nullable(),
        }
    }

    /// Types as the text format writes them, with the module's own indices.
    pub(crate) fn show(&self, types: impl IntoIterator<Item = Operand>) -> String {
        self.show_all(&mut types.into_iter())
    }

    #[cold]
    #[inline(never)]
    fn show_all(&self, types: &mut dyn Iterator<Item = Operand>) -> String {
        use core::fmt::Write;
        let mut text = Text(String::new());
        if !MESSAGES {
            return text.0;
        }
        for ty in types {
            let space = if text.0.is_empty() { "" } else { " " };
            let written = match ty.ref_type() {
                Some(RefType { nullable, heap }) => {
                    let own = |id| self.type_index(TypeId(id)).unwrap_or(id);
                    write!(text, "{space}{}", RefType { nullable, heap: heap.with_index(own) })
                }
                None => write!(text, "{space}{ty}"),
            };
            if written.is_err() {
                break;
            }
        }
        text.0
    }
}

/// A text that ends where the host's memory does.
struct Text(String);

impl core::fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> core::fmt::Result {
        self.0.try_reserve(part.len()).map_err(|_| core::fmt::Error)?;
        self.0.push_str(part);
        Ok(())
    }
}

impl Defined for Context {
    fn kind(&self, id: TypeId) -> AbsHeapType {
        match self.type_index(id).and_then(|index| self.types.get(index as usize)) {
            Some(ty) => subtype::composite_kind(&ty.composite),
            None => AbsHeapType::None,
        }
    }

    fn is_declared_subtype(&self, a: TypeId, b: TypeId) -> bool {
        let (Some(a), Some(b)) = (self.type_index(a), self.type_index(b)) else { return false };
        // Several indices can stand for one type: compare what they stand for.
        let above = if GC { self.hierarchy.ancestor(a, self.hierarchy.depth(b)) } else { a };
        self.type_ids[above as usize] == self.type_ids[b as usize]
    }
}
