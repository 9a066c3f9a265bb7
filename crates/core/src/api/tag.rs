//! [`Tag`]: what tells kinds of exceptions apart.

use super::value::check_store;
use crate::{
    AsContext, AsContextMut, Engine, Error, FuncType, TagType,
    runtime::{NO_INSTANCE, StoreId, StoreInner},
};

/// A tag of a store: exceptions are thrown with one, and caught by it. It is a number, cheap to
/// copy; two are the same tag if they are equal.
///
/// ```
/// use windlass::{Engine, FuncType, Store, Tag, TagType, ValType};
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let (one, other) = (Tag::new(&mut store, &ty)?, Tag::new(&mut store, &ty)?);
/// assert_eq!(one.ty(&store), ty);
/// assert!(Tag::eq(&one, &one, &store) && one != other);
/// # Ok::<(), windlass::Error>(())
/// ```
///
/// # Panics
/// Methods that do not return a `Result` panic if the tag belongs to another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    store: StoreId,
    index: u32,
}

impl Tag {
    /// A new tag of type `ty`, which differs from all others.
    ///
    /// # Errors
    /// If the type has results or belongs to another engine.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Result<Tag, Error> {
        let inner = &mut store.as_context_mut().0.inner;
        if !Engine::same(&inner.engine, ty.ty().engine()) {
            return Err(Error::msg("the tag's type belongs to another engine"));
        }
        if !ty.ty().result_types().is_empty() {
            return Err(Error::msg("the type of an exception's tag has no results"));
        }
        inner.hold_type(ty.ty());
        let index = inner.add_tag(ty.ty().id(), NO_INSTANCE, 0);
        Ok(Tag { store: inner.id, index })
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let inner = &store.as_context().0.inner;
        match check_store(inner.id, self.store, "tag") {
            Ok(()) => inner.tag_type(self.index),
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether both are the same tag.
    pub fn eq(a: &Tag, b: &Tag, store: impl AsContext) -> bool {
        let _ = store;
        a == b
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Tag {
        Tag { store, index }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }
}

impl StoreInner {
    /// The type of a tag.
    pub(crate) fn tag_type(&self, tag: u32) -> TagType {
        TagType::new(FuncType::from_id(&self.engine, self.tags[tag as usize].ty))
    }
}
