//! [`EqRef`]: references that can be compared.

use super::{AnyRef, ArrayRef, I31, Reference, Rooted, StructRef, rooted::reference};
use crate::{AsContext, AsContextMut, Error, HeapType};

reference! {
    /// A value of `eqref`: a structure, an array or a number of 31 bits.
    ///
    /// ```
    /// use windlass::{AnyRef, Engine, EqRef, I31, Rooted, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let number = EqRef::from_i31(&mut store, I31::wrapping_u32(5));
    /// let any: Rooted<AnyRef> = number.to_anyref();
    /// assert!(any.as_eqref(&mut store)?.is_some());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    EqRef, Any, "value"
}

impl EqRef {
    /// `ref.i31`: a reference that is the number.
    pub fn from_i31(mut store: impl AsContextMut, value: I31) -> Rooted<EqRef> {
        Rooted::new(&mut store.as_context_mut().0.inner, value.to_slot())
    }

    fn any(&self) -> AnyRef {
        AnyRef::from_root(self.root())
    }

    /// The most exact type.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> Result<HeapType, Error> {
        self.any().ty(store)
    }

    /// Whether it is of type `ty`.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn matches_ty(&self, store: impl AsContext, ty: HeapType) -> Result<bool, Error> {
        self.any().matches_ty(store, ty)
    }

    /// Whether it is a number.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_i31(&self, store: impl AsContext) -> Result<bool, Error> {
        self.any().is_i31(store)
    }

    /// The number, if it is one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>, Error> {
        self.any().as_i31(store)
    }

    /// Whether it is a structure.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_struct(&self, store: impl AsContext) -> Result<bool, Error> {
        self.any().is_struct(store)
    }

    /// The structure, if it is one. The reference is valid in the innermost scope, or as long as
    /// this one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_struct(&self, store: impl AsContextMut) -> Result<Option<Rooted<StructRef>>, Error> {
        self.any().as_struct(store)
    }

    /// Whether it is an array.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_array(&self, store: impl AsContext) -> Result<bool, Error> {
        self.any().is_array(store)
    }

    /// The array, if it is one. The reference is valid in the innermost scope, or as long as this
    /// one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_array(&self, store: impl AsContextMut) -> Result<Option<Rooted<ArrayRef>>, Error> {
        self.any().as_array(store)
    }
}

impl Rooted<EqRef> {
    /// It as an `anyref`.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        Rooted::of_root(self.root())
    }
}

impl From<Rooted<EqRef>> for Rooted<AnyRef> {
    fn from(reference: Rooted<EqRef>) -> Rooted<AnyRef> {
        reference.to_anyref()
    }
}
