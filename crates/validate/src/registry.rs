//! [`TypeRegistry`]: the types of all modules of an engine, each recursion group once, so that two
//! types are equal if and only if their [`TypeId`]s are.
//!
//! A group is found by its [text](crate::text). It is counted: by all who use one of its types, and
//! by the groups that refer to it. What nobody counts any more is removed by
//! [`TypeRegistry::sweep`], in pieces, and its numbers are given again; a type that is reserved
//! stays. The module enters its types by [`Context::enter`](crate::Context::enter).

use crate::hierarchy::{Hierarchy, Node};
use crate::operand::MAX_TYPES;
use crate::slab::{Slab, give_back};
use crate::subtype::{self, Defined};
use crate::text::{RELATIVE, Text, indices, map_indices};
use crate::tree::Tree;
use alloc::{boxed::Box, vec::Vec};
use core::cmp;
use core::iter::successors;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, FuncType, GlobalType, HeapType, MemoryType, RefType,
    SubType, TableType, ValType, limits::SUBTYPING_DEPTH,
};

/// How many types there can be. The highest numbers are never given: heaps mark what is no object
/// yet with the last.
const LIMIT: u32 = MAX_TYPES - 256;

/// A type of a [`TypeRegistry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// The registry of types. In the types that it holds, [`HeapType::Concrete`] and supertypes are
/// [`TypeId`]s.
///
/// Who uses an id must have counted it: ids of types that nobody counts become those of other
/// types.
#[derive(Debug, Default)]
pub struct TypeRegistry {
    types: Slab<Box<Type>>,
    groups: Slab<Group>,
    /// The numbers of the groups, in the order of their texts.
    by_text: Tree,
    /// The first group that nobody counted when it was put here.
    dead: Option<u32>,
}

#[derive(Debug)]
struct Type {
    ty: SubType,
    node: Node,
    /// The number of its group, and the next type in it.
    group: u32,
    next: Option<TypeId>,
}

#[derive(Debug)]
struct Group {
    text: Text,
    first: TypeId,
    /// How often it is counted. It can't overflow: whoever counts keeps four bytes for it at least.
    count: AtomicUsize,
    /// Whether it stays even if nobody counts it.
    is_reserved: AtomicBool,
    /// Whether it is in the list that begins with `dead`, and what comes after it there.
    is_listed: bool,
    next_dead: Option<u32>,
}

/// A recursion group that can be entered, of one type at least.
pub struct NewGroup {
    pub(crate) text: Text,
    /// In canonical form, but for references into the group, which are relative.
    pub(crate) types: Vec<SubType>,
}

impl NewGroup {
    /// A type as a group of its own. The types in it are canonical, and its supertype
    /// [may have it](TypeRegistry::may_extend).
    ///
    /// None if the host has no memory for it.
    pub fn alone(ty: SubType) -> Option<NewGroup> {
        let types = alloc::vec![ty];
        Some(NewGroup { text: Text::new(&types, &mut |id| id).ok()?, types })
    }
}

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
        self.types.len() == 0
    }

    /// Finds a group and counts it; returns its first type.
    pub(crate) fn find(&self, text: &Text) -> Option<TypeId> {
        let at = self.by_text.at_most(|at| compare(&self.groups, at, text))?;
        let group = self.groups.get(u32::try_from(at).ok()?).filter(|group| group.text == *text)?;
        group.count.fetch_add(1, Ordering::Relaxed);
        Some(group.first)
    }

    /// Enters a group, unless it is there already, and counts it; returns its first type. None if
    /// there are nearly 2^27 types, or if the host has no memory.
    pub fn enter(&mut self, group: NewGroup) -> Option<TypeId> {
        if let Some(first) = self.find(&group.text) {
            return Some(first);
        }
        let len = group.types.len();
        if len == 0 || len > LIMIT as usize - self.types.len() {
            return None;
        }
        let mut ids = Vec::new();
        ids.try_reserve_exact(len).ok()?;
        self.types.reserve(len)?;
        self.groups.reserve(1)?;
        self.by_text.reserve(self.groups.end() + 1).ok()?;
        let number = self.groups.claim(LIMIT)?;
        ids.extend((0..len).map_while(|_| self.types.claim(LIMIT)).map(TypeId));
        let &first = ids.first()?;
        for (place, mut ty) in group.types.into_iter().enumerate() {
            map_indices(&mut ty, &mut |id| match id & RELATIVE {
                0 => {
                    self.retain(TypeId(id));
                    id
                }
                _ => ids.get((id & !RELATIVE) as usize).map_or(id, |id| id.0),
            });
            let node = self.below(ids[place].0, ty.supertypes.first().copied());
            let next = ids.get(place + 1).copied();
            self.types.put(ids[place].0, Box::new(Type { ty, node, group: number, next }));
        }
        let order = &mut |at| compare(&self.groups, at, &group.text);
        self.by_text.insert(number as usize, order);
        self.groups.put(
            number,
            Group {
                text: group.text,
                first,
                count: AtomicUsize::new(1),
                is_reserved: AtomicBool::new(false),
                is_listed: false,
                next_dead: None,
            },
        );
        Some(first)
    }

    /// The types of a group from one of them on.
    pub(crate) fn group_from(&self, id: TypeId) -> impl Iterator<Item = TypeId> + '_ {
        successors(Some(id), |id| self.types.get(id.0)?.next)
    }

    /// Counts the group of a type that is counted already.
    pub fn retain(&self, id: TypeId) {
        if let Some(group) = self.group(id) {
            group.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// From now on the group of a type, which is counted, stays even if nobody counts it.
    pub fn reserve(&self, id: TypeId) {
        if let Some(group) = self.group(id) {
            group.is_reserved.store(true, Ordering::Relaxed);
        }
    }

    /// Counts the group of a type once less. It is removed by [`TypeRegistry::sweep`] if nobody
    /// counts it then.
    pub fn release(&mut self, id: TypeId) {
        let Some(number) = self.types.get(id.0).map(|ty| ty.group) else { return };
        let dead = self.dead;
        let Some(group) = self.groups.get_mut(number) else { return };
        let count = group.count.get_mut();
        *count = count.saturating_sub(1);
        if group.is_dead() && !group.is_listed {
            group.is_listed = true;
            group.next_dead = dead;
            self.dead = Some(number);
        }
    }

    /// Removes groups that nobody counts, until `limit` types or a few more are removed; whether
    /// some are left.
    pub fn sweep(&mut self, limit: usize) -> bool {
        let mut removed = 0;
        while let Some(number) = self.dead {
            if removed >= limit {
                return true;
            }
            let Some(group) = self.groups.get_mut(number) else { break };
            self.dead = group.next_dead.take();
            group.is_listed = false;
            if group.is_dead() {
                removed += self.remove(number);
            }
        }
        false
    }

    /// Removes a group; what it refers to is counted once less. Returns how many types it had.
    fn remove(&mut self, number: u32) -> usize {
        let Some(group) = self.groups.get(number) else { return 0 };
        self.by_text.remove(&mut |at| compare(&self.groups, at, &group.text));
        let Some(group) = self.groups.remove(number) else { return 0 };
        let end = self.groups.end();
        give_back(self.by_text.places(end), end);
        let mut removed = 0;
        let mut next = Some(group.first);
        while let Some(ty) = next.and_then(|id| self.types.remove(id.0)) {
            removed += 1;
            next = ty.next;
            // Its own types are gone or have no group.
            indices(&ty.ty).for_each(|id| self.release(TypeId(id)));
        }
        removed
    }

    fn group(&self, id: TypeId) -> Option<&Group> {
        self.groups.get(self.types.get(id.0)?.group)
    }

    /// Whether a type of this form, without a descriptor and of no descriptors, may declare `sup`
    /// its supertype.
    pub fn may_extend(&self, composite: &CompositeType, sup: TypeId) -> bool {
        self.types.get(sup.0).is_some_and(|parent| {
            !parent.ty.is_final
                && parent.ty.describes.is_none()
                && parent.ty.descriptor.is_none()
                && self.depth(sup) < SUBTYPING_DEPTH
                && subtype::composite(self, composite, &parent.ty.composite)
        })
    }

    /// The type in canonical form.
    ///
    /// # Panics
    /// If there is no such type.
    pub fn get(&self, id: TypeId) -> &SubType {
        match self.types.get(id.0) {
            Some(ty) => &ty.ty,
            None => panic!("a type that nobody counts is used"),
        }
    }

    /// The function type with this id, if it is one.
    pub fn func(&self, id: TypeId) -> Option<&FuncType> {
        match &self.types.get(id.0)?.ty.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The declared supertype.
    pub fn supertype(&self, id: TypeId) -> Option<TypeId> {
        self.types.get(id.0)?.ty.supertypes.first().map(|&id| TypeId(id))
    }

    /// How many supertypes, direct or not, `id` has.
    pub fn depth(&self, id: TypeId) -> u32 {
        Hierarchy::depth(self, id.0)
    }

    /// Whether `a` is `b` or below it.
    #[inline]
    pub fn is_subtype(&self, a: TypeId, b: TypeId) -> bool {
        a == b || self.is_below(a.0, b.0)
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
        match self.types.get(id.0) {
            Some(ty) => subtype::composite_kind(&ty.ty.composite),
            None => AbsHeapType::None,
        }
    }

    fn is_declared_subtype(&self, a: TypeId, b: TypeId) -> bool {
        self.is_subtype(a, b)
    }
}

/// How the text of the group at a place compares.
fn compare(groups: &Slab<Group>, at: usize, text: &Text) -> cmp::Ordering {
    let group = u32::try_from(at).ok().and_then(|number| groups.get(number));
    group.map_or(cmp::Ordering::Greater, |group| group.text.cmp(text))
}

impl Group {
    fn is_dead(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0 && !self.is_reserved.load(Ordering::Relaxed)
    }
}

impl Hierarchy for TypeRegistry {
    fn node(&self, number: u32) -> Option<Node> {
        self.types.get(number).map(|ty| ty.node)
    }
}
