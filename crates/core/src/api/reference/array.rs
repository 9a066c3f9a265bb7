//! [`ArrayRef`]: arrays.

use super::{AnyRef, EqRef, Reference, Rooted, field, rooted::reference};
use crate::{
    ArrayType, AsContext, AsContextMut, Engine, Error, FieldType, Val, ValType,
    api::{store::StoreState, value::check_store},
    driver::{alloc_array, alloc_array_of},
    error::error,
    object_type::Storage,
    runtime::{StoreId, StoreInner},
};
use alloc::vec::{self, Vec};
use windlass_decode::Count;

reference! {
    /// A value of `arrayref`: an array in the store's heap.
    ///
    /// ```
    /// use windlass::{
    ///     ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, Mutability, Store, StorageType,
    ///     Val,
    /// };
    /// let mut store = Store::new(&Engine::default(), ());
    /// let byte = FieldType::new(Mutability::Var, StorageType::I8);
    /// let ty = ArrayType::new(store.engine(), byte)?;
    /// let allocator = ArrayRefPre::new(&mut store, ty)?;
    /// let array = ArrayRef::new(&mut store, &allocator, &Val::I32(7), 3)?;
    /// array.set(&mut store, 1, Val::I32(0x1ff))?;
    /// let elements = array.elems(&mut store)?.map(|element| element.unwrap_i32());
    /// let elements: Vec<_> = elements.collect();
    /// assert_eq!(elements, [7, 0xff, 7]);
    /// assert!(array.get(&mut store, 3).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    ArrayRef, Any, "array"
}

/// What makes arrays of a type: looks up once what each of them needs.
#[derive(Clone, Debug)]
pub struct ArrayRefPre {
    store: StoreId,
    ty: ArrayType,
    element: FieldType,
}

impl ArrayRefPre {
    /// What makes arrays of this type in the store.
    ///
    /// # Errors
    /// If the type belongs to another engine.
    pub fn new(store: impl AsContextMut, ty: ArrayType) -> Result<ArrayRefPre, Error> {
        let store = store.as_context();
        if !Engine::same(store.engine(), ty.engine()) {
            return Err(Error::msg("the array's type belongs to another engine"));
        }
        let element = ty.element();
        Ok(ArrayRefPre { store: store.0.inner.id, ty, element })
    }

    fn unpacked(&self) -> ValType {
        self.element.element_type().unpack()
    }

    fn allocate<T>(
        &self,
        store: &mut StoreState<T>,
        len: u32,
        value: [u64; 2],
    ) -> Result<Rooted<ArrayRef>, Error> {
        let slot = alloc_array(store, self.ty.id(), len, value)?;
        Ok(Rooted::new(&mut store.inner, slot))
    }
}

impl ArrayRef {
    /// An array of `len` elements which all are `element`.
    ///
    /// # Errors
    /// If `element` is not of the elements' type, if it or the allocator belongs to another store,
    /// or if the heap is full.
    pub fn new(
        mut store: impl AsContextMut,
        allocator: &ArrayRefPre,
        element: &Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, allocator.store, "array's allocator")?;
        let mut slots = [0; 2];
        element.put(&store.inner, &allocator.unpacked(), &mut slots)?;
        allocator.allocate(store, len, slots)
    }

    /// An array of these elements.
    ///
    /// # Errors
    /// If one is not of the elements' type, if one or the allocator belongs to another store, or if
    /// the heap is full.
    pub fn new_fixed(
        mut store: impl AsContextMut,
        allocator: &ArrayRefPre,
        elements: &[Val],
    ) -> Result<Rooted<ArrayRef>, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, allocator.store, "array's allocator")?;
        let mut values: Vec<[u64; 2]> = Vec::with_capacity(elements.len());
        for element in elements {
            let mut slots = [0; 2];
            element.put(&store.inner, &allocator.unpacked(), &mut slots)?;
            values.push(slots);
        }
        let slot = alloc_array_of(store, allocator.ty.id(), &values)?;
        Ok(Rooted::new(&mut store.inner, slot))
    }

    /// Its type.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ArrayType, Error> {
        let store = &store.as_context().0.inner;
        let id = store.heap.type_of(self.slot(store)?);
        Ok(ArrayType::from_id(&store.engine, id))
    }

    /// Whether it is of type `ty`.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn matches_ty(&self, store: impl AsContext, ty: &ArrayType) -> Result<bool, Error> {
        Ok(self.ty(store)?.matches(ty))
    }

    /// The number of elements.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn len(&self, store: impl AsContext) -> Result<u32, Error> {
        let store = &store.as_context().0.inner;
        Ok(store.heap.len(self.slot(store)?))
    }

    /// The elements. Those of less than 32 bits come without sign.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn elems(&self, mut store: impl AsContextMut) -> Result<vec::IntoIter<Val>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = self.slot(store)?;
        let (ty, storage) = elements_of(store, slot)?;
        let len = store.heap.len(slot);
        let elements: Vec<Val> = (0..len)
            .map(|index| {
                let at = store.heap.element(slot, storage, index);
                field::read(store, ty, field::HeapField { at, storage })
            })
            .collect();
        Ok(elements.into_iter())
    }

    /// The element at `index`. One of less than 32 bits comes without sign.
    ///
    /// # Errors
    /// If there is no such element, if the reference's scope has ended, or if it belongs to another
    /// store.
    pub fn get(&self, mut store: impl AsContextMut, index: u32) -> Result<Val, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = self.slot(store)?;
        let (ty, place) = place(store, slot, index)?;
        Ok(field::read(store, ty, place))
    }

    /// Sets the element at `index`. Of an element of less than 32 bits, the low bits of the value
    /// are taken.
    ///
    /// # Errors
    /// If there is no such element or they can't be set, if `value` is not of their type, if a
    /// reference's scope has ended, or if one belongs to another store.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<(), Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = self.slot(store)?;
        let (ty, place) = place(store, slot, index)?;
        field::write(store, ty, place, value)
    }
}

/// The type of the elements of an array, and how they are stored.
fn elements_of(store: &StoreInner, slot: u64) -> Result<(FieldType, Storage), Error> {
    let id = store.heap.type_of(slot);
    let ty = store.heap.types.object(id).ok_or_else(|| Error::msg("the array has no type"))?;
    let unknown = || Error::msg("the array has no type");
    Ok((FieldType::of(&store.engine, id, 0).ok_or_else(unknown)?, ty.element()))
}

/// The type of the elements of an array, and where in the heap one lies.
fn place(
    store: &StoreInner,
    slot: u64,
    index: u32,
) -> Result<(FieldType, field::HeapField), Error> {
    let len = store.heap.len(slot);
    if index >= len {
        return Err(error!("the array has {}, and none of index {index}", Count(len, "element")));
    }
    let (ty, storage) = elements_of(store, slot)?;
    Ok((ty, field::HeapField { at: store.heap.element(slot, storage, index), storage }))
}

impl Rooted<ArrayRef> {
    /// It as an `anyref`.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        Rooted::of_root(self.root())
    }

    /// It as an `eqref`.
    pub fn to_eqref(self) -> Rooted<EqRef> {
        Rooted::of_root(self.root())
    }
}

impl From<Rooted<ArrayRef>> for Rooted<AnyRef> {
    fn from(reference: Rooted<ArrayRef>) -> Rooted<AnyRef> {
        reference.to_anyref()
    }
}

impl From<Rooted<ArrayRef>> for Rooted<EqRef> {
    fn from(reference: Rooted<ArrayRef>) -> Rooted<EqRef> {
        reference.to_eqref()
    }
}
