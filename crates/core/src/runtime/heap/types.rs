//! [`HeapTypes`]: what the heap of a store knows about types, by their id: supertypes for casts, and shapes for
//! the collector. Every type that an object in the heap has is in it, with all its supertypes. Types are only added.

use crate::object::{ARRAY, Class, ObjectType, UNFINISHED};
use alloc::{sync::Arc, vec::Vec};
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

/// What of an object refers to others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// No object has this type yet.
    Unknown,
    /// Its size in bytes, and which of the `traced` are its own.
    Struct { size: u32, first: u32, count: u32 },
    /// log2 of the size of an element, and whether elements are traced.
    Array { log2: u8, traced: Option<Class> },
}

/// What a heap knows about types.
#[derive(Default)]
pub(crate) struct HeapTypes {
    ancestors: Vec<Ancestor>,
    shapes: Vec<Shape>,
    /// Offsets of the fields that are traced.
    pub(super) traced: Vec<(u32, Class)>,
    objects: Vec<Option<Arc<ObjectType>>>,
}

impl HeapTypes {
    /// Makes the type known; none if the host has no memory for that.
    pub(crate) fn add(
        &mut self,
        types: &TypeRegistry,
        id: TypeId,
        ty: &Arc<ObjectType>,
    ) -> Option<()> {
        self.add_ancestors(types, id)?;
        let index = id.0 as usize;
        if self.objects[index].is_some() {
            return Some(());
        }
        self.shapes[index] = if ty.is_array() {
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
        self.objects[index] = Some(ty.clone());
        Some(())
    }

    /// Makes all types up to `id` known to casts. Supertypes have smaller ids.
    pub(crate) fn add_ancestors(&mut self, types: &TypeRegistry, id: TypeId) -> Option<()> {
        let len = self.ancestors.len();
        let Some(missing) = (id.0 as usize + 1).checked_sub(len).filter(|&count| count > 0) else {
            return Some(());
        };
        self.ancestors.try_reserve(missing).ok()?;
        self.shapes.try_reserve(missing).ok()?;
        self.objects.try_reserve(missing).ok()?;
        for id in len as u32..=id.0 {
            let parent = types.supertype(TypeId(id)).map_or(id, |parent| parent.0);
            self.ancestors.push(Ancestor { parent, depth: types.depth(TypeId(id)) });
            self.shapes.push(Shape::Unknown);
            self.objects.push(None);
        }
        Some(())
    }

    /// The layout of objects of a type that is known.
    pub(crate) fn object(&self, id: TypeId) -> Option<&Arc<ObjectType>> {
        self.objects.get(id.0 as usize)?.as_ref()
    }

    /// The supertypes, for handlers: one entry for each type that is known.
    pub(crate) fn ancestors(&self) -> &[Ancestor] {
        &self.ancestors
    }

    /// The shape of objects with this header.
    #[inline]
    pub(super) fn shape(&self, header: u64) -> Shape {
        let id = header as u32 & (ARRAY - 1);
        match self.shapes.get(id as usize) {
            Some(&shape) => shape,
            None if header as u32 == UNFINISHED => Shape::Array { log2: 3, traced: None },
            None => Shape::Unknown,
        }
    }
}

impl Shape {
    /// How many bytes an object of this shape takes.
    #[inline]
    pub(super) fn size(self, header: u64) -> usize {
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
