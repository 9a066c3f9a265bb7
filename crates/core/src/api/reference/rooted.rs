//! [`Rooted`] and [`OwnedRooted`]: what keeps references alive, for a scope or as long as wanted.

use crate::{
    AsContext, AsContextMut, Error,
    object_type::Class,
    runtime::{Root, StoreInner},
};
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;

/// What a [`Rooted`] can refer to: [`AnyRef`](crate::AnyRef), [`EqRef`](crate::EqRef),
/// [`StructRef`](crate::StructRef), [`ArrayRef`](crate::ArrayRef),
/// [`ExternRef`](crate::ExternRef) and [`ExnRef`](crate::ExnRef).
#[expect(private_bounds)]
pub trait GcRef: Reference {}

impl<R: Reference> GcRef for R {}

/// A root with the type of what it refers to.
pub(crate) trait Reference: Copy + 'static {
    const CLASS: Class;
    /// What it refers to, for errors.
    const WHAT: &'static str;

    fn from_root(root: Root) -> Self;

    fn root(&self) -> Root;

    /// How the reference lies in slots.
    fn slot(&self, store: &StoreInner) -> Result<u64, Error> {
        store.rooted(self.root(), Self::WHAT)
    }
}

/// Defines a type of references.
macro_rules! reference {
    ($(#[$doc:meta])* $name:ident, $class:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(crate::runtime::Root);

        impl super::Reference for $name {
            const CLASS: crate::object_type::Class = crate::object_type::Class::$class;
            const WHAT: &'static str = $what;

            fn from_root(root: crate::runtime::Root) -> $name {
                $name(root)
            }

            fn root(&self) -> crate::runtime::Root {
                self.0
            }
        }
    };
}
pub(crate) use reference;

/// A reference that is valid until its scope ends, and keeps what it refers to alive so long.
///
/// A scope is a call of a host function, or a [`RootScope`](crate::RootScope); outside of any it is
/// valid as long as the store lives. It is cheap to copy: a number that the store checks. Used
/// after its scope, or with another store, it is an error.
///
/// ```
/// use windlass::{Engine, ExternRef, RootScope, Rooted, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let outer: Rooted<ExternRef> = ExternRef::new(&mut store, "outer")?;
/// let inner = {
///     let mut scope = RootScope::new(&mut store);
///     ExternRef::new(&mut scope, "inner")?
/// };
/// assert!(outer.data(&store).is_ok());
/// assert!(inner.data(&store).unwrap_err().to_string().contains("after its scope"));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Rooted<R>(R);

impl<R: GcRef> Rooted<R> {
    /// A root in the innermost scope.
    pub(crate) fn new(store: &mut StoreInner, slot: u64) -> Rooted<R> {
        Rooted(R::from_root(store.root(R::CLASS, slot)))
    }

    /// A root in the innermost scope, unless the slot is null.
    pub(crate) fn from_slot(store: &mut StoreInner, slot: u64) -> Option<Rooted<R>> {
        (slot != 0).then(|| Rooted::new(store, slot))
    }

    /// A root in a scope for what another refers to, which must be of this type.
    pub(crate) fn scoped(mut store: impl AsContextMut, root: Root) -> Result<Rooted<R>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        Ok(Rooted::of_root(store.scoped(root, R::CLASS, R::WHAT)?))
    }

    /// The same root, one of a scope, as a reference of another type, which what it refers to must
    /// be of.
    pub(crate) fn of_root(root: Root) -> Rooted<R> {
        Rooted(R::from_root(root))
    }

    /// The same reference, valid as long as wanted.
    ///
    /// # Errors
    /// If its scope has ended, or if it belongs to another store.
    pub fn to_owned_rooted(&self, store: impl AsContextMut) -> Result<OwnedRooted<R>, Error> {
        OwnedRooted::new(store, self)
    }

    /// Whether two references are to the same thing: numbers are if they are equal.
    ///
    /// # Errors
    /// If a scope has ended, or if one belongs to another store.
    ///
    /// ```
    /// use windlass::{AnyRef, Engine, I31, Rooted, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let a = AnyRef::from_i31(&mut store, I31::wrapping_u32(5));
    /// let b = AnyRef::from_i31(&mut store, I31::wrapping_u32(5));
    /// assert!(Rooted::ref_eq(&store, &a, &b)?);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn ref_eq(
        store: impl AsContext,
        a: &impl RootedGcRef<R>,
        b: &impl RootedGcRef<R>,
    ) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(a.reference().slot(store)? == b.reference().slot(store)?)
    }
}

impl<R> Deref for Rooted<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

impl<R: GcRef> fmt::Debug for Rooted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rooted({}: {:?})", R::WHAT, self.0.root())
    }
}

/// A reference that is valid, and keeps what it refers to alive, until the last clone of it is
/// dropped.
///
/// ```
/// use windlass::{Engine, ExternRef, OwnedRooted, RootScope, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let kept: OwnedRooted<ExternRef> = {
///     let mut scope = RootScope::new(&mut store);
///     ExternRef::new(&mut scope, "kept")?.to_owned_rooted(&mut scope)?
/// };
/// assert_eq!(kept.data(&store)?.unwrap().downcast_ref(), Some(&"kept"));
/// let rooted = kept.to_rooted(&mut store);
/// drop(kept);
/// assert!(rooted.data(&store).is_ok());
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct OwnedRooted<R> {
    reference: R,
    /// The store drops the root when nobody else has it.
    owner: Arc<()>,
}

impl<R: GcRef> OwnedRooted<R> {
    /// The same reference, valid as long as wanted.
    ///
    /// # Errors
    /// If its scope has ended, or if it belongs to another store.
    pub fn new(
        mut store: impl AsContextMut,
        rooted: &impl RootedGcRef<R>,
    ) -> Result<OwnedRooted<R>, Error> {
        let store = &mut store.as_context_mut().0.inner;
        let slot = rooted.reference().slot(store)?;
        let (root, owner) = store.own(R::CLASS, slot);
        Ok(OwnedRooted { reference: R::from_root(root), owner })
    }

    /// The same reference, valid in the innermost scope.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn to_rooted(&self, mut store: impl AsContextMut) -> Rooted<R> {
        let store = &mut store.as_context_mut().0.inner;
        match self.reference.slot(store) {
            Ok(slot) => Rooted::new(store, slot),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<R> Deref for OwnedRooted<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.reference
    }
}

impl<R: GcRef> fmt::Debug for OwnedRooted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owners = Arc::strong_count(&self.owner) - 1;
        write!(f, "OwnedRooted({}: {:?}, {owners} owners)", R::WHAT, self.reference.root())
    }
}

/// A [`Rooted`] or an [`OwnedRooted`].
///
/// ```
/// use windlass::{AsContext, Error, ExternRef, RootedGcRef};
///
/// fn is_string(
///     store: impl AsContext,
///     value: &impl RootedGcRef<ExternRef>,
/// ) -> Result<bool, Error> {
///     let store = store.as_context();
///     Ok(value.reference().data(store)?.is_some_and(|data| data.is::<String>()))
/// }
/// # let mut store = windlass::Store::<()>::default();
/// # let value = ExternRef::new(&mut store, String::new())?;
/// # assert!(is_string(&store, &value)?);
/// # Ok::<(), windlass::Error>(())
/// ```
pub trait RootedGcRef<R: GcRef> {
    /// The reference.
    fn reference(&self) -> &R;
}

impl<R: GcRef> RootedGcRef<R> for Rooted<R> {
    fn reference(&self) -> &R {
        &self.0
    }
}

impl<R: GcRef> RootedGcRef<R> for OwnedRooted<R> {
    fn reference(&self) -> &R {
        &self.reference
    }
}
