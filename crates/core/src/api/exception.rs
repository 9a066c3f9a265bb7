//! [`ThrownException`]: how an exception comes to the host as an error, and goes from it.

use super::reference::Reference;
use crate::{
    AsContext, AsContextMut, Caller, Escaped, ExnRef, Module, Rooted, Store, StoreContextMut,
    TagType,
    runtime::{NO_INSTANCE, StoreInner},
};
use core::fmt;
use windlass_decode::MESSAGES;

/// An exception was thrown, and no guest has caught it. The exception itself is pending in the
/// store: [`Store::take_pending_exception`](crate::Store::take_pending_exception).
///
/// A host function that returns this error passes the pending exception on to the guest that called
/// it.
#[derive(Clone)]
pub struct ThrownException {
    ty: TagType,
    /// The module that defines the tag, and the tag's index there: a guest throws again and again,
    /// so its name is looked for when it is shown.
    tag: Option<(Module, u32)>,
}

impl ThrownException {
    /// The error for the exception that is pending.
    pub(crate) fn new(store: &StoreInner, reference: u64) -> ThrownException {
        let tag = store.exceptions.get(reference).tag;
        let entity = &store.tags[tag as usize];
        let tag_of =
            |instance: u32| (store.instances[instance as usize].module.clone(), entity.index);
        let defined = (entity.instance != NO_INSTANCE).then_some(entity.instance);
        ThrownException { ty: store.tag_type(tag), tag: defined.map(tag_of) }
    }

    /// What the module that defines the tag calls it.
    fn name(&self) -> Option<&str> {
        let (module, index) = self.tag.as_ref()?;
        module.tag_name(*index)
    }

    /// The type of the exception's tag.
    pub fn tag_type(&self) -> &TagType {
        &self.ty
    }
}

impl fmt::Display for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !MESSAGES {
            return f.write_str("uncaught exception");
        }
        f.write_str("uncaught exception with tag ")?;
        if let Some(name) = self.name() {
            write!(f, "{} ", Escaped(name))?;
        }
        self.ty.fmt(f)
    }
}

impl fmt::Debug for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two are equal if they are shown alike, and the types of their tags are the same.
impl PartialEq for ThrownException {
    fn eq(&self, other: &ThrownException) -> bool {
        self.ty == other.ty && self.name() == other.name()
    }
}

impl Eq for ThrownException {}

impl core::error::Error for ThrownException {}

impl<T> Store<T> {
    /// Makes `exception` the pending one. What a host function returns with the error goes on as
    /// the exception.
    ///
    /// # Errors
    /// Always [`ThrownException`].
    ///
    /// # Panics
    /// If the exception belongs to another store, or if the reference's scope has ended.
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
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R, ThrownException> {
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
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
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
    /// If the exception belongs to another store, or if the reference's scope has ended.
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R, ThrownException> {
        let inner = &mut self.0.inner;
        let slot = match exception.slot(inner) {
            Ok(slot) => slot,
            Err(error) => panic!("{error}"),
        };
        inner.pending_exception = slot;
        Err(ThrownException::new(inner, slot))
    }

    /// See [`Store::take_pending_exception`].
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
        let inner = &mut self.0.inner;
        let slot = core::mem::take(&mut inner.pending_exception);
        Rooted::from_slot(inner, slot)
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
    /// If the exception belongs to another store, or if the reference's scope has ended.
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R, ThrownException> {
        self.as_context_mut().throw(exception)
    }

    /// See [`Store::take_pending_exception`].
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
        self.as_context_mut().take_pending_exception()
    }

    /// See [`Store::has_pending_exception`].
    pub fn has_pending_exception(&self) -> bool {
        self.as_context().0.inner.pending_exception != 0
    }
}
