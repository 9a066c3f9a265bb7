//! [`Error`]: whatever goes wrong, in one pointer: a trap, a module that is not valid, an import
//! that does not fit, an error of a host function. Errors with names of their own are found in it
//! by [`Error::downcast_ref`]. Where the guest was is put into it by `backtrace`.

use crate::{Escaped, Trap};
use alloc::{borrow::Cow, boxed::Box, string::String};
use core::{any::Any, fmt};

type Cause = dyn core::error::Error + Send + Sync + 'static;

/// What goes wrong in this crate's functions and in host functions.
///
/// It is one pointer wide, and made from any [`core::error::Error`] by `?`. Display shows the
/// message and, if a guest was running, its backtrace. What the error is can be asked by
/// [`Error::downcast_ref`]:
///
/// | type | when |
/// |---|---|
/// | [`Trap`] | the guest trapped |
/// | [`ModuleError`](crate::ModuleError) | bytes are not a valid module |
/// | [`CodeTooLarge`](crate::CodeTooLarge) | a function is too large to be translated |
/// | [`LinkError`](crate::LinkError) | an import is missing or has another type |
/// | [`MemoryAccessError`](crate::MemoryAccessError) | the host reads or writes beyond a memory |
/// | any other | a host function returned it |
///
/// ```
/// use windlass::{Error, Trap};
/// let error = Error::from(Trap::Unreachable);
/// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Unreachable));
/// assert_eq!(Error::msg("no such account").to_string(), "no such account");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    source: Box<Cause>,
    trace: Option<Box<dyn Trace>>,
}

/// Where a guest was. Errors carry it and show it, and need not know what guests are.
pub(crate) trait Trace: Any + fmt::Display + Send + Sync {}

impl Error {
    /// An error of the host.
    ///
    /// ```
    /// let error = windlass::Error::new(std::io::Error::other("disk on fire"));
    /// assert!(error.is::<std::io::Error>());
    /// ```
    #[cold]
    pub fn new<E: core::error::Error + Send + Sync + 'static>(error: E) -> Error {
        Error(Box::new(Inner { source: Box::new(error), trace: None }))
    }

    /// An error that is only a message.
    ///
    /// ```
    /// assert_eq!(windlass::Error::msg("not today").to_string(), "not today");
    /// ```
    #[cold]
    pub fn msg(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Message(message.into()))
    }

    /// Whether this is an `E`.
    pub fn is<E: core::error::Error + 'static>(&self) -> bool {
        self.0.source.is::<E>()
    }

    /// The `E` that this is, if it is one.
    ///
    /// ```
    /// # use windlass::{Error, Trap};
    /// let error = Error::from(Trap::StackOverflow);
    /// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    /// assert!(error.downcast_ref::<std::fmt::Error>().is_none());
    /// ```
    pub fn downcast_ref<E: core::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.downcast_ref()
    }

    /// The `E` that this is.
    ///
    /// # Errors
    /// The error itself if it is no `E`.
    ///
    /// ```
    /// # use windlass::{Error, Trap};
    /// let trap: Trap = Error::from(Trap::StackOverflow).downcast().unwrap();
    /// ```
    pub fn downcast<E: core::error::Error + 'static>(self) -> Result<E, Error> {
        let Inner { source, trace } = *self.0;
        match source.downcast() {
            Ok(error) => Ok(*error),
            Err(source) => Err(Error(Box::new(Inner { source, trace }))),
        }
    }

    /// The trap, if the guest trapped.
    ///
    /// ```
    /// # use windlass::{Error, Trap};
    /// assert_eq!(Error::from(Trap::Interrupted).trap(), Some(Trap::Interrupted));
    /// assert_eq!(Error::msg("other").trap(), None);
    /// ```
    pub fn trap(&self) -> Option<Trap> {
        self.downcast_ref().copied()
    }

    /// The error without the backtrace.
    ///
    /// ```
    /// let error = windlass::Error::from(windlass::Trap::Unreachable);
    /// assert_eq!(error.root_cause().to_string(), "unreachable");
    /// ```
    pub fn root_cause(&self) -> &(dyn core::error::Error + Send + Sync + 'static) {
        &*self.0.source
    }

    /// Where the guest was, which `backtrace` keeps here.
    pub(crate) fn trace(&self) -> &Option<Box<dyn Trace>> {
        &self.0.trace
    }

    /// As `trace`, to be changed.
    pub(crate) fn trace_mut(&mut self) -> &mut Option<Box<dyn Trace>> {
        &mut self.0.trace
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(f)?;
        match &self.0.trace {
            Some(trace) => write!(f, "\n{trace}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return fmt::Debug::fmt(&self.0.source, f);
        }
        fmt::Display::fmt(self, f)?;
        let mut source = self.0.source.source();
        while let Some(cause) = source {
            write!(f, "\ncaused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl<E: core::error::Error + Send + Sync + 'static> From<E> for Error {
    #[cold]
    fn from(error: E) -> Error {
        Error::new(error)
    }
}

impl From<Error> for Box<dyn core::error::Error + Send + Sync + 'static> {
    fn from(error: Error) -> Self {
        Box::new(Shown(error))
    }
}

impl From<Error> for Box<dyn core::error::Error + 'static> {
    fn from(error: Error) -> Self {
        Box::new(Shown(error))
    }
}

/// An [`Error`] as a standard error, which it can't be itself: then `From` any error could not
/// exist.
struct Shown(Error);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl core::error::Error for Shown {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.0.source.source()
    }
}

/// An error that is only a message.
struct Message(Cow<'static, str>);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Message {}

/// An error with a message that is put together.
macro_rules! error {
    ($($arg:tt)*) => { $crate::Error::msg(alloc::format!($($arg)*)) };
}
pub(crate) use error;

/// Bytes are not a valid module: malformed or against a rule of validation.
///
/// ```
/// use windlass::{Engine, Module, ModuleError};
/// let error = Module::new(&Engine::default(), b"\0asm\x01\0\0\0\x7f").unwrap_err();
/// let error = error.downcast_ref::<ModuleError>().unwrap();
/// assert_eq!(error.offset(), 8);
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ModuleError(pub(crate) windlass_validate::Error);

impl ModuleError {
    /// The byte offset in the module of what is wrong.
    pub fn offset(&self) -> usize {
        self.0.offset()
    }
}

/// The code that a function would be translated to is larger than the engine allows
/// ([`Config::max_code_per_byte`](crate::Config::max_code_per_byte)), or it has more than 131,072
/// try blocks and clauses. The same in every [`CompilationMode`](crate::CompilationMode): an error
/// of [`Module::new`](crate::Module::new), or of the first call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("function {func}{} is too large: {count} {what}, the limit is {limit}", Named(name))]
pub struct CodeTooLarge {
    pub(crate) func: u32,
    pub(crate) name: Option<Box<str>>,
    pub(crate) what: &'static str,
    pub(crate) count: u64,
    pub(crate) limit: u64,
}

impl CodeTooLarge {
    /// The function's index in its module.
    pub fn func(&self) -> u32 {
        self.func
    }

    /// The name that the module's name section gives it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How many cells of code there were when translation was given up.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many there may be.
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

/// Shows a name, if there is one.
struct Named<'a>(&'a Option<Box<str>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, " ({name:?})"),
            None => Ok(()),
        }
    }
}

/// An import that can't be satisfied.
///
/// ```
/// use windlass::{Engine, LinkError, LinkErrorKind, Linker, Module, Store};
/// let engine = Engine::default();
/// let wasm = wat::parse_str(r#"(import "env" "f" (func (param i32)))"#).unwrap();
/// let linker = Linker::new(&engine);
/// let module = Module::new(&engine, wasm)?;
/// let error = linker.instantiate(Store::new(&engine, ()), &module).unwrap_err();
/// let error = error.downcast_ref::<LinkError>().unwrap();
/// assert_eq!(error.kind(), LinkErrorKind::UnknownImport);
/// assert_eq!((error.module(), error.name()), ("env", "f"));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} for `{}`::`{}`: {detail}", Escaped(module), Escaped(name))]
pub struct LinkError {
    pub(crate) kind: LinkErrorKind,
    pub(crate) module: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) detail: String,
}

/// Why an import can't be satisfied.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LinkErrorKind {
    /// Nothing of this name is there.
    #[error("unknown import")]
    UnknownImport,
    /// What is there is of another type.
    #[error("incompatible import type")]
    IncompatibleImportType,
}

impl LinkError {
    /// Why it can't be satisfied.
    pub fn kind(&self) -> LinkErrorKind {
        self.kind
    }

    /// The name of the module that the import names.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The name in that module.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The host read or wrote beyond a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of bounds memory access")]
#[non_exhaustive]
pub struct MemoryAccessError {}
