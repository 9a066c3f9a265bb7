//! [`ExnRef`]: exceptions.

use super::{Reference, Rooted, rooted::reference};
use crate::{
    AsContext, AsContextMut, Error, Tag, Val,
    api::value::{check_store, slots_to_vals, vals_to_slots},
    driver::alloc_exception,
    error::error,
};
use alloc::{vec, vec::Vec};

reference! {
    /// A value of `exnref`, an exception: a tag and fields.
    ///
    /// ```
    /// use windlass::{Engine, ExnRef, FuncType, Store, Tag, TagType, Val, ValType};
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, ());
    /// let ty = TagType::new(FuncType::new(&engine, [ValType::I32, ValType::F64], []));
    /// let tag = Tag::new(&mut store, &ty)?;
    /// let exception = ExnRef::new(&mut store, &tag, &[Val::I32(5), Val::from(0.5)])?;
    /// assert_eq!(exception.tag(&mut store)?, tag);
    /// assert_eq!(exception.field(&mut store, 1)?.f64(), Some(0.5));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    ExnRef, Exn, "exception"
}

impl ExnRef {
    /// An exception.
    ///
    /// # Errors
    /// If fields are not as many as the tag's type says and of these types, if the tag or a field
    /// belongs to another store, or if the store has no room for one more exception.
    pub fn new(
        mut store: impl AsContextMut,
        tag: &Tag,
        fields: &[Val],
    ) -> Result<Rooted<ExnRef>, Error> {
        let state = store.as_context_mut().0;
        let inner = &mut state.inner;
        check_store(inner.id, tag.store(), "tag")?;
        let ty = inner.tag_type(tag.index());
        let mut slots = vec![0; inner.tags[tag.index() as usize].slots.into()];
        vals_to_slots(inner, "field", fields, ty.ty().param_types(), &mut slots)?;
        let slot = alloc_exception(state, tag.index(), &slots)?;
        Ok(Rooted::new(&mut state.inner, slot))
    }

    /// Its tag.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag, Error> {
        let inner = &store.as_context().0.inner;
        let slot = self.slot(inner)?;
        Ok(Tag::from_index(inner.id, inner.exceptions.get(slot).tag))
    }

    /// A field.
    ///
    /// # Errors
    /// If there is no field of this index, if the reference's scope has ended, or if it belongs to
    /// another store.
    pub fn field(&self, store: impl AsContextMut, index: usize) -> Result<Val, Error> {
        let field = self.fields(store)?.nth(index);
        field.ok_or_else(|| error!("the exception has no field {index}"))
    }

    /// Its fields.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<vec::IntoIter<Val>, Error> {
        let inner = &mut store.as_context_mut().0.inner;
        let slot = self.slot(inner)?;
        let exception = inner.exceptions.get(slot);
        let ty = inner.tag_type(exception.tag);
        let slots = exception.fields.clone();
        let fields = slots_to_vals(inner, ty.ty().param_types(), &slots);
        Ok(fields.collect::<Vec<_>>().into_iter())
    }
}
