//! [`HeapTypes`]: what the heap of a store knows about types, by their id: supertypes for casts,
//! and shapes for the collector. Every type that an object in the heap has is in it, with all its
//! supertypes. Types are only added, and held as long as the store lives, so that no id comes to
//! mean another type.
//!
//! Of its supertypes a type has those that are no more than seven levels up in a row of its own,
//! and shares with its subtypes a row of each eighth: so a cast looks at two types and a third at
//! most, however deep they are, and no type takes more than 16 numbers for that. (With all of them
//! in one row a module could have 63 numbers for each of its types.)
//!
//! Ids are the engine's. They lie in pages, and only those with a type of the store exist: of
//! another store's types it has an address for each 256 at most.

use super::{ARRAY, Class, ObjectType, UNFINISHED};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::iter::successors;
use windlass_validate::{TypeId, TypeRegistry};

/// The supertypes of a type, as handlers of casts read them, in [`HeapTypes::rows`].
///
/// A type is among its own supertypes here, as the deepest. The depth of a type is how many others
/// it has.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ancestors {
    pub(crate) depth: u32,
    /// Where those begin whose depth divided by [`ROW`] is that of the type.
    pub(crate) near: u32,
    /// Where those begin, for each smaller quotient, that are the deepest with it.
    pub(crate) far: u32,
}

impl Ancestors {
    /// Of a type that the heap does not know: one without supertypes, in a row that no type is in.
    pub(crate) const NONE: Ancestors = Ancestors { depth: 0, near: 0, far: 0 };
}

/// So many levels of types share a row.
pub(crate) const ROW: u32 = 8;

/// What of an object refers to others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// No object has this type yet.
    Unknown,
    /// Its size in bytes, and which of the `traced` are its own.
    Struct { size: u32, first: u32, count: u32 },
    /// log2 of the size of an element, and whether elements are traced.
    Array { log2: u8, traced: Option<Class> },
}

/// How many types there are to a page.
pub(crate) const PAGE: usize = 256;

/// What is known of so many types, if of any.
pub(crate) type TypePage = Option<Box<[Known; PAGE]>>;

/// What is known of a type.
pub(crate) struct Known {
    pub(crate) ancestors: Ancestors,
    shape: Shape,
    object: Option<Arc<ObjectType>>,
}

impl Known {
    const NOTHING: Known =
        Known { ancestors: Ancestors::NONE, shape: Shape::Unknown, object: None };
}

/// What a heap knows about types.
#[derive(Default)]
pub(crate) struct HeapTypes {
    pages: Vec<TypePage>,
    /// Supertypes: see [`Ancestors`]. Where there is a page, the first row is none's.
    rows: Vec<u32>,
    /// Offsets of the fields that are traced.
    pub(crate) traced: Vec<(u32, Class)>,
}

impl HeapTypes {
    /// Makes the type known; none if the host has no memory for that. What is known newly is
    /// counted in `held`.
    pub(crate) fn add(
        &mut self,
        types: &TypeRegistry,
        id: TypeId,
        ty: &Arc<ObjectType>,
        held: &mut Vec<TypeId>,
    ) -> Option<()> {
        self.add_ancestors(types, id, held)?;
        if self.object(id).is_some() {
            return Some(());
        }
        let shape = if ty.is_array() {
            let element = ty.element();
            let log2 = element.size().trailing_zeros() as u8;
            Shape::Array { log2, traced: Class::of(element) }
        } else {
            let fields = ty.fields.iter();
            let traced = fields.filter_map(|place| Some((place.offset, Class::of(place.storage)?)));
            self.traced.try_reserve(ty.fields.len()).ok()?;
            let first = self.traced.len();
            self.traced.extend(traced);
            let count = (self.traced.len() - first) as u32;
            Shape::Struct { size: ty.size, first: first as u32, count }
        };
        let known = self.entry(id)?;
        known.shape = shape;
        known.object = Some(ty.clone());
        Some(())
    }

    /// Makes the type and its supertypes known to casts.
    pub(crate) fn add_ancestors(
        &mut self,
        types: &TypeRegistry,
        id: TypeId,
        held: &mut Vec<TypeId>,
    ) -> Option<()> {
        let chain = || successors(Some(id), |&id| types.supertype(id));
        // All or none: whoever looks at a row relies on knowing the types that are in it.
        let mut unknown = 0;
        for id in chain() {
            if self.entry(id)?.ancestors != Ancestors::NONE {
                break;
            }
            unknown += 1;
        }
        held.try_reserve(unknown).ok()?;
        let most = (types.depth(id) / ROW + ROW + 1) as usize;
        self.rows.try_reserve(unknown.checked_mul(most)?).ok()?;
        u32::try_from(self.rows.capacity()).ok()?;
        let first = held.len();
        for id in chain().take(unknown) {
            types.retain(id);
            held.push(id);
        }
        for &id in held[first..].iter().rev() {
            let parent = types.supertype(id).and_then(|parent| self.known(parent.0));
            let ancestors = self.below(parent.map(|parent| parent.ancestors), id);
            self.entry(id)?.ancestors = ancestors;
        }
        Some(())
    }

    /// Makes the rows of a type, for which there is room, from those of the type above it.
    fn below(&mut self, parent: Option<Ancestors>, id: TypeId) -> Ancestors {
        let end = self.rows.len();
        let ancestors = match parent {
            None => Ancestors { depth: 0, near: end as u32, far: 0 },
            // The first of its row: the one above it is the last of another.
            Some(Ancestors { depth, near, far }) if depth % ROW == ROW - 1 => {
                self.rows.extend_from_within(far as usize..(far + depth / ROW) as usize);
                self.rows.push(self.rows[(near + depth % ROW) as usize]);
                let near = self.rows.len() as u32;
                Ancestors { depth: depth + 1, near, far: end as u32 }
            }
            Some(Ancestors { depth, near, far }) => {
                self.rows.extend_from_within(near as usize..=(near + depth % ROW) as usize);
                Ancestors { depth: depth + 1, near: end as u32, far }
            }
        };
        self.rows.push(id.0);
        ancestors
    }

    /// What is known of a type, to be changed.
    fn entry(&mut self, id: TypeId) -> Option<&mut Known> {
        if self.rows.is_empty() {
            self.rows.try_reserve(1).ok()?;
            self.rows.push(u32::MAX);
        }
        let number = id.0 as usize / PAGE;
        if number >= self.pages.len() {
            self.pages.try_reserve(number + 1 - self.pages.len()).ok()?;
            self.pages.resize_with(number + 1, || None);
        }
        let page = &mut self.pages[number];
        if page.is_none() {
            let mut knowns = Vec::new();
            knowns.try_reserve_exact(PAGE).ok()?;
            knowns.resize_with(PAGE, || Known::NOTHING);
            *page = knowns.into_boxed_slice().try_into().ok();
        }
        Some(&mut page.as_mut()?[id.0 as usize % PAGE])
    }

    #[inline]
    fn known(&self, id: u32) -> Option<&Known> {
        Some(&self.pages.get(id as usize / PAGE)?.as_ref()?[id as usize % PAGE])
    }

    /// The layout of objects of a type that is known.
    pub(crate) fn object(&self, id: TypeId) -> Option<&Arc<ObjectType>> {
        self.known(id.0)?.object.as_ref()
    }

    /// The pages, for handlers.
    pub(crate) fn pages(&self) -> &[TypePage] {
        &self.pages
    }

    /// The rows of supertypes, for handlers.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The shape of objects with this header.
    #[inline]
    pub(crate) fn shape(&self, header: u64) -> Shape {
        match self.known(header as u32 & (ARRAY - 1)) {
            Some(known) => known.shape,
            None if header as u32 == UNFINISHED => Shape::Array { log2: 3, traced: None },
            None => Shape::Unknown,
        }
    }
}

impl Shape {
    /// How many bytes an object of this shape takes.
    #[inline]
    pub(crate) fn size(self, header: u64) -> usize {
        match self {
            Shape::Unknown => 0,
            Shape::Struct { size, .. } => size as usize,
            Shape::Array { log2, .. } => {
                let bytes = (header >> 32) << log2;
                ((bytes + 15) & !7).max(16) as usize
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supertypes_are_found_and_take_little() {
        let mut known = HeapTypes::default();
        let mut parents: Vec<Option<u32>> = Vec::new();
        let mut state = 1_u32;
        for id in 0..1000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let deep = |id: &u32| known.known(*id).is_some_and(|known| known.ancestors.depth >= 63);
            // Mostly chains, and then many types at the end of one.
            let parent = match state >> 28 {
                0 => None,
                1 | 2 if id > 0 => Some((state >> 8) % id),
                _ if id > 500 => parents[499].and(Some(499)),
                _ => id.checked_sub(1),
            };
            let parent = parent.filter(|parent| !deep(parent));
            let above = parent.and_then(|parent| known.known(parent)).map(|known| known.ancestors);
            known.entry(TypeId(id)).unwrap();
            let ancestors = known.below(above, TypeId(id));
            known.entry(TypeId(id)).unwrap().ancestors = ancestors;
            parents.push(parent);
        }
        for ty in 0..1000 {
            let own = known.known(ty).unwrap().ancestors;
            let mut above = Some(ty);
            for depth in (0..=own.depth).rev() {
                let mut at = own;
                if own.depth / ROW > depth / ROW {
                    at = known
                        .known(known.rows[(own.far + depth / ROW) as usize])
                        .unwrap()
                        .ancestors;
                }
                assert_eq!(Some(known.rows[(at.near + depth % ROW) as usize]), above);
                above = parents[above.unwrap() as usize];
            }
            assert_eq!(above, None);
        }
        assert!(known.rows.len() <= 16 * 1000, "{}", known.rows.len());
    }
}
