//! [`AnyRef`]: any value that guests hold as references but functions, exceptions and what is
//! external.

use super::{
    ArrayRef, EqRef, ExternRef, I31, Reference, Referent, Rooted, StructRef, rooted::reference,
};
use crate::{AsContext, AsContextMut, Error, HeapType};

reference! {
    /// A value of `anyref`: a structure, an array, a number of 31 bits, or a host value that
    /// `any.convert_extern` made one.
    ///
    /// ```
    /// use windlass::{AnyRef, Engine, I31, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(5));
    /// assert!(number.is_i31(&store)? && number.is_eqref(&store)?);
    /// assert_eq!(number.as_i31(&store)?, I31::new_u32(5));
    /// assert_eq!(number.ty(&store)?.to_string(), "i31");
    /// # Ok::<(), windlass::Error>(())
    /// ```
    AnyRef, Any, "value"
}

impl AnyRef {
    /// `ref.i31`: a reference that is the number.
    pub fn from_i31(mut store: impl AsContextMut, value: I31) -> Rooted<AnyRef> {
        Rooted::new(&mut store.as_context_mut().0.inner, value.to_slot())
    }

    /// `any.convert_extern`: the same reference as an `anyref`. What `extern.convert_any` hid comes
    /// out.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    ///
    /// ```
    /// use windlass::{AnyRef, Engine, ExternRef, I31, Rooted, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let value = ExternRef::new(&mut store, "a host value")?;
    /// let any = AnyRef::convert_extern(&mut store, value)?;
    /// assert!(!any.is_eqref(&store)?);
    /// let back = ExternRef::convert_any(&mut store, any)?;
    /// assert!(Rooted::ref_eq(&store, &value, &back)?);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn convert_extern(
        mut store: impl AsContextMut,
        value: Rooted<ExternRef>,
    ) -> Result<Rooted<AnyRef>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = value.slot(store)?;
        Ok(Rooted::new(store, slot))
    }

    /// The most exact type; of one that is defined, [inexact](HeapType::inexact).
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> Result<HeapType, Error> {
        let store = &store.as_context().0.inner;
        Ok(store.heap_type_of(self.slot(store)?).inexact().given(&store.engine))
    }

    /// Whether it is of type `ty`.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn matches_ty(&self, store: impl AsContext, ty: HeapType) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(store.heap_type_of(self.slot(store)?).matches(&store.engine, &ty))
    }

    fn referent(&self, store: impl AsContext) -> Result<Referent, Error> {
        Ok(Referent::of(self.slot(&store.as_context().0.inner)?))
    }

    /// Whether it is a number.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_i31(&self, store: impl AsContext) -> Result<bool, Error> {
        Ok(self.as_i31(store)?.is_some())
    }

    /// The number, if it is one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>, Error> {
        Ok(match self.referent(store)? {
            Referent::I31(number) => Some(number),
            _ => None,
        })
    }

    /// Whether it can be compared by `ref.eq`: it is no host value.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_eqref(&self, store: impl AsContext) -> Result<bool, Error> {
        Ok(!matches!(self.referent(store)?, Referent::Host(_)))
    }

    /// It as an `eqref`, if it is one. The reference is valid in the innermost scope, or as long as
    /// this one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_eqref(&self, store: impl AsContextMut) -> Result<Option<Rooted<EqRef>>, Error> {
        let is_one = self.is_eqref(&store)?;
        is_one.then(|| Rooted::scoped(store, self.root())).transpose()
    }

    /// Whether it is a structure.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_struct(&self, store: impl AsContext) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(matches!(store.heap_type_of(self.slot(store)?), HeapType::ConcreteStruct(_)))
    }

    /// The structure, if it is one. The reference is valid in the innermost scope, or as long as
    /// this one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_struct(&self, store: impl AsContextMut) -> Result<Option<Rooted<StructRef>>, Error> {
        let is_one = self.is_struct(&store)?;
        is_one.then(|| Rooted::scoped(store, self.root())).transpose()
    }

    /// Whether it is an array.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn is_array(&self, store: impl AsContext) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(matches!(store.heap_type_of(self.slot(store)?), HeapType::ConcreteArray(_)))
    }

    /// The array, if it is one. The reference is valid in the innermost scope, or as long as this
    /// one.
    ///
    /// # Errors
    /// If the reference's scope has ended, or if it belongs to another store.
    pub fn as_array(&self, store: impl AsContextMut) -> Result<Option<Rooted<ArrayRef>>, Error> {
        let is_one = self.is_array(&store)?;
        is_one.then(|| Rooted::scoped(store, self.root())).transpose()
    }
}
