//! [`ExnRef`]: an exception, and [`ThrownException`]: how it comes to the host as an error, and goes from it.

use crate::runtime::{NO_INSTANCE, StoreId, StoreInner};
use crate::value::{check_store, slots_to_vals, vals_to_slots};
use crate::{
    AsContext, AsContextMut, Caller, Error, Store, StoreContextMut, Tag, TagType, Trap, Val,
    error::error,
};
use alloc::{boxed::Box, vec, vec::Vec};
use core::fmt;

/// A reference to an exception: a tag and fields.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExnRef {
    store: StoreId,
    reference: u64,
}

impl ExnRef {
    /// An exception.
    ///
    /// # Errors
    /// If fields are not as many as the tag's type says and of these types, if the tag or a field belongs to
    /// another store, or if the store has no room for one more exception.
    pub fn new(mut store: impl AsContextMut, tag: &Tag, fields: &[Val]) -> Result<ExnRef, Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, tag.store(), "tag")?;
        let ty = inner.tag_type(tag.index());
        let mut slots = vec![0; inner.tags[tag.index() as usize].slots.into()];
        vals_to_slots(inner, fields, ty.ty().param_types(), &mut slots)?;
        let added = inner.exceptions.add(tag.index(), &slots);
        let reference = added.ok_or(Trap::AllocationTooLarge)?;
        Ok(ExnRef { store: inner.id, reference })
    }

    /// Its tag.
    ///
    /// # Errors
    /// If it belongs to another store.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag, Error> {
        let inner = &store.as_context().0.inner;
        check_store(inner.id, self.store, "exception")?;
        Ok(Tag::from_index(inner.id, inner.exceptions.get(self.reference).tag))
    }

    /// A field.
    ///
    /// # Errors
    /// If there is no field of this index, or if it belongs to another store.
    pub fn field(&self, store: impl AsContextMut, index: usize) -> Result<Val, Error> {
        let field = self.fields(store)?.nth(index);
        field.ok_or_else(|| error!("the exception has no field {index}"))
    }

    /// Its fields.
    ///
    /// # Errors
    /// If it belongs to another store.
    pub fn fields(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<impl ExactSizeIterator<Item = Val>, Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, self.store, "exception")?;
        let exception = inner.exceptions.get(self.reference);
        let ty = inner.tag_type(exception.tag);
        let fields = slots_to_vals(inner.id, ty.ty().param_types(), &exception.fields);
        Ok(fields.collect::<Vec<_>>().into_iter())
    }

    pub(crate) fn to_slot(self) -> u64 {
        self.reference
    }

    pub(crate) fn from_slot(store: StoreId, slot: u64) -> Option<ExnRef> {
        (slot != 0).then_some(ExnRef { store, reference: slot })
    }

    pub(crate) fn store(self) -> StoreId {
        self.store
    }
}

/// An exception was thrown, and no guest has caught it. The exception itself is pending in the store:
/// [`Store::take_pending_exception`](crate::Store::take_pending_exception).
///
/// A host function that returns this error passes the pending exception on to the guest that called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrownException {
    ty: TagType,
    /// What the module that defines the tag calls it.
    name: Option<Box<str>>,
}

impl ThrownException {
    /// The error for the exception that is pending.
    pub(crate) fn new(store: &StoreInner, reference: u64) -> ThrownException {
        let tag = store.exceptions.get(reference).tag;
        let entity = store.tags[tag as usize];
        let name = (entity.instance != NO_INSTANCE).then(|| {
            let module = &store.instances[entity.instance as usize].module;
            module.tag_name(entity.index).map(Into::into)
        });
        ThrownException { ty: store.tag_type(tag), name: name.flatten() }
    }

    /// The type of the exception's tag.
    pub fn tag_type(&self) -> &TagType {
        &self.ty
    }
}

impl fmt::Display for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("uncaught exception with tag ")?;
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        self.ty.fmt(f)
    }
}

impl core::error::Error for ThrownException {}

impl<T> Store<T> {
    /// Makes `exception` the pending one. What a host function returns with the error goes on as the exception.
    ///
    /// # Errors
    /// Always [`ThrownException`].
    ///
    /// # Panics
    /// If the exception belongs to another store.
    ///
    /// ```
    /// use windlass::{Caller, Engine, Error, ExnRef, Instance, Linker, Module, Store, Tag, Val};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str(
    ///     r#"(import "host" "throw" (func $throw))
    ///        (tag $t (export "t") (param i32))
    ///        (func (export "catch") (result i32)
    ///          (block $caught (result i32)
    ///            (try_table (catch $t $caught) (call $throw))
    ///            (i32.const -1)))"#,
    /// )
    /// .unwrap();
    /// let mut linker = Linker::new(&engine);
    /// linker.func_wrap("host", "throw", |mut caller: Caller<'_, ()>| -> Result<(), Error> {
    ///     let tag = caller.get_export("t").and_then(|export| export.into_tag()).unwrap();
    ///     let exception = ExnRef::new(&mut caller, &tag, &[Val::I32(7)])?;
    ///     Ok(caller.throw(exception)?)
    /// })?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = linker.instantiate(&mut store, &Module::new(&engine, wasm)?)?;
    /// let catch = instance.get_typed_func::<(), i32>(&store, "catch")?;
    /// assert_eq!(catch.call(&mut store, ())?, 7);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn throw<R>(&mut self, exception: ExnRef) -> Result<R, ThrownException> {
        self.as_context_mut().throw(exception)
    }

    /// The exception that was thrown and that no guest has caught, once.
    ///
    /// ```
    /// use windlass::{Engine, Instance, Module, Store, ThrownException};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str(
    ///     r#"(tag $oops (param i32)) (func (export "f") (throw $oops (i32.const 7)))"#,
    /// )
    /// .unwrap();
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
    /// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
    /// let error = f.call(&mut store, ()).unwrap_err();
    /// assert!(error.is::<ThrownException>());
    /// assert_eq!(error.root_cause().to_string(), "uncaught exception with tag oops (i32)");
    /// let exception = store.take_pending_exception().unwrap();
    /// assert_eq!(exception.field(&mut store, 0)?.i32(), Some(7));
    /// assert!(store.take_pending_exception().is_none());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn take_pending_exception(&mut self) -> Option<ExnRef> {
        self.as_context_mut().take_pending_exception()
    }

    /// Whether there is an exception that was thrown and that no guest has caught.
    pub fn has_pending_exception(&self) -> bool {
        self.as_context().0.inner.pending_exception != 0
    }
}

impl<T> StoreContextMut<'_, T> {
    /// See [`Store::throw`].
    ///
    /// # Errors
    /// Always [`ThrownException`].
    ///
    /// # Panics
    /// If the exception belongs to another store.
    pub fn throw<R>(&mut self, exception: ExnRef) -> Result<R, ThrownException> {
        let inner = &mut self.0.inner;
        if let Err(error) = check_store(inner.id, exception.store, "exception") {
            panic!("{error}");
        }
        inner.pending_exception = exception.reference;
        Err(ThrownException::new(inner, exception.reference))
    }

    /// See [`Store::take_pending_exception`].
    pub fn take_pending_exception(&mut self) -> Option<ExnRef> {
        let inner = &mut self.0.inner;
        ExnRef::from_slot(inner.id, core::mem::take(&mut inner.pending_exception))
    }

    /// See [`Store::has_pending_exception`].
    pub fn has_pending_exception(&self) -> bool {
        self.0.inner.pending_exception != 0
    }
}

impl<T> Caller<'_, T> {
    /// See [`Store::throw`].
    ///
    /// # Errors
    /// Always [`ThrownException`].
    ///
    /// # Panics
    /// If the exception belongs to another store.
    pub fn throw<R>(&mut self, exception: ExnRef) -> Result<R, ThrownException> {
        self.as_context_mut().throw(exception)
    }

    /// See [`Store::take_pending_exception`].
    pub fn take_pending_exception(&mut self) -> Option<ExnRef> {
        self.as_context_mut().take_pending_exception()
    }

    /// See [`Store::has_pending_exception`].
    pub fn has_pending_exception(&self) -> bool {
        self.as_context().0.inner.pending_exception != 0
    }
}
