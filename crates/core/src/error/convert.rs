//! An [`Error`] among other errors: from any, to boxes and back. Nothing may be lost on the way:
//! what comes back is what it was, and whatever was in it is found in the chain of sources.

use super::{AnyError, Error, Inner, OutOfMemory, cause::Cause};
use alloc::boxed::Box;
use core::{any::Any, ops::Deref};

impl Error {
    /// The error in the box: the same one if it was an [`Error`].
    ///
    /// ```
    /// use windlass::{Error, Trap};
    /// let boxed: Box<dyn std::error::Error + Send + Sync> = Error::from(Trap::Unreachable).into();
    /// assert_eq!(Error::from_boxed(boxed).trap(), Some(Trap::Unreachable));
    /// let error = Error::from_boxed("only a message".into());
    /// assert_eq!(error.to_string(), "only a message");
    /// ```
    #[cold]
    pub fn from_boxed(error: Box<dyn core::error::Error + Send + Sync + 'static>) -> Error {
        match error.downcast() {
            Ok(inner) => Error::whole(*inner),
            Err(error) => Error::of(Cause::Boxed(error)),
        }
    }

    /// The same as an [`anyhow::Error`], as by `?`: `downcast_ref` finds what it finds here, but
    /// for what came in a box, which is in the chain; so is what a host function returned that has
    /// an error of its own, and neither an [`Error`] nor an [`anyhow::Error`]. The backtrace is a
    /// context, a [`WasmBacktrace`](crate::WasmBacktrace), and begins with the message, so that
    /// `{}` shows both; `{:#}` and `{:?}` show the message again, as the next one's of the chain.
    #[cfg(feature = "anyhow")]
    #[cold]
    pub fn into_anyhow(self) -> anyhow::Error {
        let Some(Inner { cause, trace }) = self.into_inner() else {
            return anyhow::Error::new(OutOfMemory {});
        };
        let error = match cause {
            Cause::Own(error) => error.into_anyhow(),
            cause @ Cause::Boxed(_) => anyhow::Error::new(Inner { cause, trace: None }),
            Cause::Context(note, error) => note.attach(error.into_anyhow()),
            Cause::Anyhow(error) => error,
        };
        match trace {
            Some(trace) => trace.attach(error),
            None => error,
        }
    }

    /// The same as an [`Error`]. `?` can't do it: `anyhow::Error` is no [`core::error::Error`], and
    /// `?` is for these.
    ///
    /// ```
    /// use windlass::{Error, Trap};
    /// let error: anyhow::Error = Error::from(Trap::Unreachable).into();
    /// let error = Error::from_anyhow(error.context("running the filter"));
    /// assert_eq!(error.to_string(), "running the filter");
    /// assert_eq!(error.trap(), Some(Trap::Unreachable));
    /// ```
    #[cfg(feature = "anyhow")]
    #[cold]
    pub fn from_anyhow(error: anyhow::Error) -> Error {
        // What it was, only if nobody has added anything: `downcast` alone looks through contexts,
        // and drops them.
        if !(*error).is::<Inner>() {
            return Error::of(Cause::Anyhow(error));
        }
        match error.downcast() {
            Ok(inner) => Error::whole(inner),
            Err(error) => Error::of(Cause::Anyhow(error)),
        }
    }
}

/// The error of a host function.
pub(crate) fn from_host<E: Into<Box<AnyError>> + 'static>(error: E) -> Error {
    same(error)
        .or_else(|error| {
            #[cfg(feature = "anyhow")]
            let error = match same(error) {
                Ok(error) => return Ok(Error::from_anyhow(error)),
                Err(error) => error,
            };
            Err(error)
        })
        .unwrap_or_else(|error: E| Error::from_boxed(error.into()))
}

/// The value as a `B`, if that is what it is.
pub(super) fn same<A: 'static, B: 'static>(value: A) -> Result<B, A> {
    let mut value = Some(value);
    let any: &mut dyn Any = &mut value;
    match (any.downcast_mut().and_then(Option::take), value) {
        (Some(value), _) => Ok(value),
        (None, Some(value)) => Err(value),
        (None, None) => unreachable!("it was not taken"),
    }
}

impl<E: core::error::Error + Send + Sync + 'static> From<E> for Error {
    #[cold]
    fn from(error: E) -> Error {
        Error::new(error)
    }
}

impl From<Error> for Box<dyn core::error::Error + Send + Sync + 'static> {
    #[cold]
    fn from(error: Error) -> Self {
        match error.into_inner() {
            Some(Inner { cause: Cause::Own(error), trace: None }) => error.into_box(),
            Some(Inner { cause: Cause::Boxed(error), trace: None }) => error,
            Some(inner) => Box::new(inner),
            None => Box::new(OutOfMemory {}),
        }
    }
}

impl From<Error> for Box<dyn core::error::Error + 'static> {
    #[cold]
    fn from(error: Error) -> Self {
        Box::<AnyError>::from(error)
    }
}

#[cfg(feature = "anyhow")]
impl From<Error> for anyhow::Error {
    #[cold]
    fn from(error: Error) -> anyhow::Error {
        error.into_anyhow()
    }
}

/// What the error was made from; or, if there is a backtrace or a context, an error that shows
/// these and has that as its source.
impl Deref for Error {
    type Target = dyn core::error::Error + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        match self.inner() {
            Some(Inner { cause, trace: None }) => cause.head().unwrap_or(self.shown()),
            _ => self.shown(),
        }
    }
}

impl AsRef<dyn core::error::Error + Send + Sync + 'static> for Error {
    fn as_ref(&self) -> &(dyn core::error::Error + Send + Sync + 'static) {
        &**self
    }
}

impl AsRef<dyn core::error::Error + 'static> for Error {
    fn as_ref(&self) -> &(dyn core::error::Error + 'static) {
        &**self
    }
}
