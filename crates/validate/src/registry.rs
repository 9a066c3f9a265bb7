//! [`TypeRegistry`]: the types of all modules of an engine, each recursion group once, so that two
//! types are equal if and only if their [`TypeId`]s are.
//!
//! Types are only added. A group is found by its text: the words that describe it, with references
//! into the group itself written relative to it (3.0, section 3.3, "closed" and "rolled up" types).

use crate::hierarchy::Hierarchy;
use crate::operand::{MAX_TYPES, Operand};
use crate::subtype::{self, Defined};
use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, FuncType, GlobalType, HeapType, MemoryType, RefType,
    StorageType, SubType, TableType, ValType, limits::SUBTYPING_DEPTH,
};

/// A type of a [`TypeRegistry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// The registry of types. In the types that it holds, [`HeapType::Concrete`] and supertypes are
/// [`TypeId`]s.
#[derive(Clone, Debug, Default)]
pub struct TypeRegistry {
    types: Vec<SubType>,
    hierarchy: Hierarchy,
    /// The first type of each group by the group's text.
    groups: BTreeMap<Box<[u32]>, TypeId>,
}

/// Marks a reference into the group itself: the low bits are the place in the group.
const RELATIVE: u32 = MAX_TYPES;

impl TypeRegistry {
    /// A registry without types.
    pub fn new() -> TypeRegistry {
        TypeRegistry::default()
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there are no types.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Adds a recursion group of a module, unless it is there already, and tells the id of its first
    /// type; the others follow. `ids` are the ids of the module's types before the group; an index
    /// beyond them lies in the group. Returns none if the registry is full, or if an index is out of
    /// bounds.
    pub fn intern(&mut self, group: &[SubType], ids: &[TypeId]) -> Option<TypeId> {
        let mut group = group.to_vec();
        let mut known = true;
        let len = group.len();
        for ty in &mut group {
            map_indices(ty, &mut |index| match ids.get(index as usize) {
                Some(id) => id.0,
                None => {
                    let place = index as usize - ids.len();
                    known &= place < len;
                    RELATIVE | place as u32
                }
            });
        }
        if known { self.intern_relative(group) } else { None }
    }

    /// Adds a function type as a group of its own without sub- and supertypes, as that of a host
    /// function. Its value types are canonical. Returns none if the registry is full.
    pub fn intern_func(&mut self, ty: FuncType) -> Option<TypeId> {
        let composite = CompositeType::Func(ty);
        self.intern_alone(SubType { is_final: true, supertypes: Box::default(), composite })
    }

    /// Adds a type as a group of its own, unless it is there already. The types in it are canonical, and
    /// its supertype [may have it](TypeRegistry::may_extend). Returns none if the registry is full.
    pub fn intern_alone(&mut self, ty: SubType) -> Option<TypeId> {
        self.intern_relative(alloc::vec![ty])
    }

    /// Whether a type of this form may declare `sup` its supertype.
    pub fn may_extend(&self, composite: &CompositeType, sup: TypeId) -> bool {
        let parent = self.get(sup);
        !parent.is_final
            && self.depth(sup) < SUBTYPING_DEPTH
            && subtype::composite(self, composite, &parent.composite)
    }

    fn intern_relative(&mut self, group: Vec<SubType>) -> Option<TypeId> {
        let text = text(&group);
        if let Some(&id) = self.groups.get(&*text) {
            return Some(id);
        }
        let first = self.types.len() as u32;
        if group.len() > (MAX_TYPES - first) as usize {
            return None;
        }
        for mut ty in group {
            map_indices(&mut ty, &mut |id| {
                if id & RELATIVE == 0 { id } else { first + (id & !RELATIVE) }
            });
            self.hierarchy.push(ty.supertypes.first().copied());
            self.types.push(ty);
        }
        self.groups.insert(text, TypeId(first));
        Some(TypeId(first))
    }

    /// The type in canonical form.
    ///
    /// # Panics
    /// If the id is of another registry and not in this one.
    pub fn get(&self, id: TypeId) -> &SubType {
        &self.types[id.0 as usize]
    }

    /// The function type with this id, if it is one.
    pub fn func(&self, id: TypeId) -> Option<&FuncType> {
        match &self.types.get(id.0 as usize)?.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The declared supertype.
    pub fn supertype(&self, id: TypeId) -> Option<TypeId> {
        self.types.get(id.0 as usize)?.supertypes.first().map(|&id| TypeId(id))
    }

    /// How many supertypes, direct or not, `id` has.
    pub fn depth(&self, id: TypeId) -> u32 {
        self.hierarchy.depth(id.0)
    }

    /// Whether `a` is `b` or below it.
    #[inline]
    pub fn is_subtype(&self, a: TypeId, b: TypeId) -> bool {
        a == b || self.hierarchy.is_below(a.0, b.0)
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

    /// Whether a field of type `a` matches `b`.
    pub fn field_is_subtype(&self, a: FieldType, b: FieldType) -> bool {
        subtype::field(self, a, b)
    }

    /// Whether a global of type `given` can be imported as `wanted`.
    pub fn global_matches(&self, given: &GlobalType, wanted: &GlobalType) -> bool {
        given.mutable == wanted.mutable
            && self.val_is_subtype(given.val, wanted.val)
            && (!given.mutable || self.val_is_subtype(wanted.val, given.val))
    }

    /// Whether a table of type `given` can be imported as `wanted`. `given.limits.min` is its
    /// present size.
    pub fn table_matches(&self, given: &TableType, wanted: &TableType) -> bool {
        self.ref_is_subtype(given.element, wanted.element)
            && self.ref_is_subtype(wanted.element, given.element)
            && subtype::limits_match(&given.limits, &wanted.limits)
    }

    /// Whether a memory of type `given` can be imported as `wanted`. `given.limits.min` is its
    /// present size.
    pub fn memory_matches(&self, given: &MemoryType, wanted: &MemoryType) -> bool {
        given.shared == wanted.shared
            && given.page_size_log2 == wanted.page_size_log2
            && subtype::limits_match(&given.limits, &wanted.limits)
    }

    /// Whether a tag of type `given` can be imported as `wanted`.
    pub fn tag_matches(&self, given: TypeId, wanted: TypeId) -> bool {
        given == wanted
    }
}

impl Defined for TypeRegistry {
    fn kind(&self, id: TypeId) -> AbsHeapType {
        match self.types.get(id.0 as usize) {
            Some(ty) => subtype::composite_kind(&ty.composite),
            None => AbsHeapType::None,
        }
    }

    fn is_declared_subtype(&self, a: TypeId, b: TypeId) -> bool {
        self.is_subtype(a, b)
    }
}

/// Replaces every index of a defined type in `ty`.
#[inline(never)]
pub(crate) fn map_indices(ty: &mut SubType, map: &mut dyn FnMut(u32) -> u32) {
    for index in &mut ty.supertypes {
        *index = map(*index);
    }
    match &mut ty.composite {
        CompositeType::Func(func) => {
            for ty in func.params.iter_mut().chain(&mut func.results) {
                map_val(ty, map);
            }
        }
        CompositeType::Struct(fields) => {
            for field in fields {
                map_field(field, map);
            }
        }
        CompositeType::Array(field) => map_field(field, map),
    }
}

fn map_field(field: &mut FieldType, map: &mut dyn FnMut(u32) -> u32) {
    if let StorageType::Val(ty) = &mut field.storage {
        map_val(ty, map);
    }
}

fn map_val(ty: &mut ValType, map: &mut dyn FnMut(u32) -> u32) {
    if let ValType::Ref(RefType { heap: HeapType::Concrete(index), .. }) = ty {
        *index = map(*index);
    }
}

/// The words that describe a group. Two groups have the same text if and only if they are equal.
fn text(group: &[SubType]) -> Box<[u32]> {
    let mut text = Vec::new();
    for ty in group {
        text.push(u32::from(ty.is_final));
        text.push(ty.supertypes.len() as u32);
        text.extend(&ty.supertypes);
        match &ty.composite {
            CompositeType::Func(func) => {
                text.extend([0, func.params.len() as u32, func.results.len() as u32]);
                let types = func.params.iter().chain(&func.results);
                text.extend(types.map(|&ty| Operand::from(ty).bits()));
            }
            CompositeType::Struct(fields) => {
                text.extend([1, fields.len() as u32]);
                fields.iter().for_each(|&field| text.extend(field_text(field)));
            }
            CompositeType::Array(field) => {
                text.push(2);
                text.extend(field_text(*field));
            }
        }
    }
    text.into()
}

fn field_text(field: FieldType) -> [u32; 2] {
    let storage = match field.storage {
        StorageType::I8 => 8,
        StorageType::I16 => 16,
        StorageType::Val(ty) => Operand::from(ty).bits(),
    };
    [u32::from(field.mutable), storage]
}
