//! [`StructRef`]: structures.

use super::{AnyRef, EqRef, Reference, Rooted, field, rooted::reference};
use crate::{
    AsContext, AsContextMut, Engine, Error, FieldType, StructType, Val,
    api::value::check_store,
    driver::alloc_struct,
    error::error,
    runtime::{StoreId, StoreInner},
};
use alloc::{boxed::Box, vec, vec::Vec};
use windlass_decode::Count;
use windlass_validate::TypeId;

reference! {
    /// A value of `structref`: a structure in the store's heap.
    ///
    /// ```
    /// use windlass::{
    ///     Engine, FieldType, Mutability, Store, StorageType, StructRef, StructRefPre, StructType,
    ///     Val, ValType,
    /// };
    /// let mut store = Store::new(&Engine::default(), ());
    /// let number = FieldType::new(Mutability::Var, ValType::I64.into());
    /// let flag = FieldType::new(Mutability::Const, StorageType::I8);
    /// let ty = StructType::new(store.engine(), [number, flag])?;
    /// let allocator = StructRefPre::new(&mut store, ty)?;
    /// let structure = StructRef::new(&mut store, &allocator, &[Val::I64(5), Val::I32(1)])?;
    /// structure.set_field(&mut store, 0, Val::I64(6))?;
    /// assert_eq!(structure.field(&mut store, 0)?.i64(), Some(6));
    /// assert!(structure.set_field(&mut store, 1, Val::I32(0)).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    StructRef, Any, "structure"
}

/// What makes structures of a type: looks up once what each of them needs.
#[derive(Clone, Debug)]
pub struct StructRefPre {
    store: StoreId,
    ty: StructType,
    fields: Box<[FieldType]>,
    /// The type of their descriptors.
    descriptor: Option<TypeId>,
}

impl StructRefPre {
    /// What makes structures of this type in the store.
    ///
    /// # Errors
    /// If the type belongs to another engine.
    pub fn new(store: impl AsContextMut, ty: StructType) -> Result<StructRefPre, Error> {
        let store = store.as_context();
        if !Engine::same(store.engine(), ty.engine()) {
            return Err(Error::msg("the structure's type belongs to another engine"));
        }
        let fields = ty.field_types();
        let descriptor = ty.descriptor_id();
        Ok(StructRefPre { store: store.0.inner.id, ty, fields, descriptor })
    }
}

impl StructRef {
    /// A structure with these fields.
    ///
    /// # Errors
    /// If fields are not as many as the type says and of these types, if structures of the type
    /// have a descriptor ([`StructRef::with_descriptor`] makes those), if a field or the allocator
    /// belongs to another store, or if the heap is full.
    pub fn new(
        store: impl AsContextMut,
        allocator: &StructRefPre,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>, Error> {
        StructRef::make(store, allocator, fields, None)
    }

    /// A structure with these fields and this descriptor, of a type with
    /// [a type for it](StructType::descriptor).
    ///
    /// # Errors
    /// As [`StructRef::new`]; if the type has no descriptor, or if this one is not of just the type
    /// that it has.
    pub fn with_descriptor(
        store: impl AsContextMut,
        allocator: &StructRefPre,
        fields: &[Val],
        descriptor: Rooted<StructRef>,
    ) -> Result<Rooted<StructRef>, Error> {
        StructRef::make(store, allocator, fields, Some(descriptor))
    }

    fn make(
        mut store: impl AsContextMut,
        allocator: &StructRefPre,
        fields: &[Val],
        descriptor: Option<Rooted<StructRef>>,
    ) -> Result<Rooted<StructRef>, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, allocator.store, "structure's allocator")?;
        if fields.len() != allocator.fields.len() {
            let (wanted, given) = (allocator.fields.len(), fields.len());
            return Err(error!("expected {}, found {given}", Count(wanted, "field")));
        }
        let mut slots = vec![0; 2 * fields.len()];
        let mut at = 0;
        for (value, ty) in fields.iter().zip(&allocator.fields) {
            at += value.put(&store.inner, &ty.element_type().unpack(), &mut slots[at..])?;
        }
        let descriptor = descriptor.map_or(Ok(0), |descriptor| descriptor.slot(&store.inner))?;
        let given = (descriptor != 0).then(|| store.inner.heap.type_of(descriptor));
        if given != allocator.descriptor {
            return Err(Error::msg(
                "the descriptor is not of the type that the structure's type has",
            ));
        }
        let slot = alloc_struct(store, allocator.ty.id(), &slots[..at], descriptor)?;
        Ok(Rooted::new(&mut store.inner, slot))
    }

    /// Its descriptor, if it has one. The reference is valid in the innermost scope.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn descriptor(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<Option<Rooted<StructRef>>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let descriptor = store.heap.descriptor(self.slot(store)?);
        Ok((descriptor != 0).then(|| Rooted::new(store, descriptor)))
    }

    /// Its type.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> Result<StructType, Error> {
        let store = &store.as_context().0.inner;
        let id = store.heap.type_of(self.slot(store)?);
        Ok(StructType::from_id(&store.engine, id))
    }

    /// Whether it is of type `ty`.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &StructType) -> Result<bool, Error> {
        Ok(self.ty(store)?.matches(ty))
    }

    /// The fields. Those of less than 32 bits come without sign.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<vec::IntoIter<Val>, Error> {
        let count = self.ty(&store)?.field_types().len();
        let fields = (0..count).map(|index| self.field(&mut store, index));
        Ok(fields.collect::<Result<Vec<_>, Error>>()?.into_iter())
    }

    /// The field with this index. One of less than 32 bits comes without sign.
    ///
    /// # Errors
    /// If there is no such field, if the reference's scope has ended, or if it belongs to another
    /// store.
    pub fn field(&self, mut store: impl AsContextMut, index: usize) -> Result<Val, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = self.slot(store)?;
        let (ty, at) = place(store, slot, index)?;
        Ok(field::read(store, ty, at))
    }

    /// Sets the field with this index. Of a field of less than 32 bits, the low bits of the value
    /// are taken.
    ///
    /// # Errors
    /// If there is no such field or it can't be set, if `value` is not of its type, if a
    /// reference's scope has ended, or if one belongs to another store.
    pub fn set_field(
        &self,
        mut store: impl AsContextMut,
        index: usize,
        value: Val,
    ) -> Result<(), Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = self.slot(store)?;
        let (ty, at) = place(store, slot, index)?;
        field::write(store, ty, at, value)
    }
}

/// The type of a field of a structure, and where in the heap it lies.
fn place(
    store: &StoreInner,
    slot: u64,
    index: usize,
) -> Result<(FieldType, field::HeapField), Error> {
    let id = store.heap.type_of(slot);
    let ty = FieldType::of(&store.engine, id, index);
    let place = store.heap.types.object(id).and_then(|ty| ty.fields.get(index));
    match (ty, place) {
        (Some(ty), Some(place)) => Ok((
            ty,
            field::HeapField { at: slot as usize + place.offset as usize, storage: place.storage },
        )),
        _ => Err(error!("the structure has no field {index}")),
    }
}

impl Rooted<StructRef> {
    /// It as an `anyref`.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        Rooted::of_root(self.root())
    }

    /// It as an `eqref`.
    pub fn to_eqref(self) -> Rooted<EqRef> {
        Rooted::of_root(self.root())
    }
}

impl From<Rooted<StructRef>> for Rooted<AnyRef> {
    fn from(reference: Rooted<StructRef>) -> Rooted<AnyRef> {
        reference.to_anyref()
    }
}

impl From<Rooted<StructRef>> for Rooted<EqRef> {
    fn from(reference: Rooted<StructRef>) -> Rooted<EqRef> {
        reference.to_eqref()
    }
}
