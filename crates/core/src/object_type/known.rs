//! [`HeapTypes`]: what the heap of a store knows about types, by their id: supertypes for casts,
//! and shapes for the collector. Every type that an object in the heap has is in it, with all its
//! supertypes. Types are only added, and held as long as the store lives, so that no id comes to
//! mean another type.
//!
//! Ids are the engine's. They lie in pages, and only those with a type of the store exist: of
//! another store's types it has an address for each 256 at most.

use super::{ARRAY, Class, ObjectType, UNFINISHED};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::iter::successors;
use windlass_validate::{TypeId, TypeRegistry};

/// The supertype of a type, as handlers of casts read it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ancestor {
    /// The declared supertype; of a type without one, the type itself.
    pub(crate) parent: u32,
    /// How many supertypes there are, direct or not.
    pub(crate) depth: u32,
}

impl Ancestor {
    /// Of a type that the heap does not know: it has no supertypes.
    pub(crate) const NONE: Ancestor = Ancestor { parent: u32::MAX, depth: 0 };
}

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
    pub(crate) ancestor: Ancestor,
    shape: Shape,
    object: Option<Arc<ObjectType>>,
}

impl Known {
    const NOTHING: Known = Known { ancestor: Ancestor::NONE, shape: Shape::Unknown, object: None };
}

/// What a heap knows about types.
#[derive(Default)]
pub(crate) struct HeapTypes {
    pages: Vec<TypePage>,
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
        // All or none: whoever follows the chain relies on its being whole.
        let mut unknown = 0;
        for id in chain() {
            if self.entry(id)?.ancestor != Ancestor::NONE {
                break;
            }
            unknown += 1;
        }
        held.try_reserve(unknown).ok()?;
        for id in chain().take(unknown) {
            let parent = types.supertype(id).map_or(id.0, |parent| parent.0);
            self.entry(id)?.ancestor = Ancestor { parent, depth: types.depth(id) };
            types.retain(id);
            held.push(id);
        }
        Some(())
    }

    /// What is known of a type, to be changed.
    fn entry(&mut self, id: TypeId) -> Option<&mut Known> {
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
