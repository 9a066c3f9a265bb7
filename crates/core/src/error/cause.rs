//! [`Cause`]: what an error was made from. Only errors use it; whoever asks for a type is served
//! here, through contexts, and never told how the error came.

#[cfg(feature = "anyhow")]
use super::Inner;
use super::{AnyError, Error, OutOfMemory, unboxed};
use alloc::boxed::Box;
use core::{any::Any, fmt};

/// What an error was made from.
pub(super) enum Cause {
    /// An error whose type was known.
    Own(Box<dyn Own>),
    /// One that came in a box.
    Boxed(Box<AnyError>),
    /// What somebody had to say about another one.
    Context(Box<dyn Note>, Error),
    #[cfg(feature = "anyhow")]
    Anyhow(anyhow::Error),
}

/// An error of a type that is known where it is made, in its box.
pub(super) trait Own: Any + Send + Sync {
    fn get(&self) -> &AnyError;
    fn into_box(self: Box<Self>) -> Box<AnyError>;
    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error;
}

impl<E: core::error::Error + Send + Sync + 'static> Own for [E; 1] {
    fn get(&self) -> &AnyError {
        let [error] = self;
        error
    }

    fn into_box(self: Box<Self>) -> Box<AnyError> {
        let [error] = *self;
        Box::new(error)
    }

    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        let [error] = *self;
        anyhow::Error::new(error)
    }
}

/// A context in its box: whatever can be shown.
pub(super) trait Note: Any + Send + Sync {
    fn show(&self) -> &dyn fmt::Display;
    #[cfg(feature = "anyhow")]
    fn attach(self: Box<Self>, error: anyhow::Error) -> anyhow::Error;
}

impl<C: fmt::Display + Send + Sync + 'static> Note for [C; 1] {
    fn show(&self) -> &dyn fmt::Display {
        let [context] = self;
        context
    }

    #[cfg(feature = "anyhow")]
    fn attach(self: Box<Self>, error: anyhow::Error) -> anyhow::Error {
        let [context] = *self;
        error.context(context)
    }
}

impl Cause {
    /// It as an error; none if it is a context, which is no error of its own.
    pub(super) fn head(&self) -> Option<&AnyError> {
        match self {
            Cause::Own(error) => Some(error.get()),
            Cause::Boxed(error) => Some(&**error),
            Cause::Context(..) => None,
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => Some(&**error),
        }
    }

    /// What its message does not tell: where it comes from.
    pub(super) fn below(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Cause::Context(_, error) => Some(&**error),
            _ => self.head()?.source(),
        }
    }

    /// The `E` that it is, or that is among contexts.
    pub(super) fn find<E: core::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        match self {
            Cause::Context(note, error) => {
                let note: &dyn Any = &**note;
                let note = note.downcast_ref().map(|[note]: &[E; 1]| note);
                note.or_else(|| error.downcast_ref())
            }
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => {
                let inner = || error.downcast_ref::<Inner>()?.cause.find();
                error.downcast_ref().or_else(inner)
            }
            _ => self.head()?.downcast_ref(),
        }
    }

    /// As [`Cause::find`], for what contexts have in them.
    pub(super) fn find_mut<E>(&mut self) -> Option<&mut E>
    where
        E: core::error::Error + Send + Sync + 'static,
    {
        match self {
            Cause::Context(_, error) => error.inner_mut()?.cause.find_mut(),
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => error.downcast_mut(),
            Cause::Own(_) | Cause::Boxed(_) => None,
        }
    }

    /// As [`Cause::find`]; the cause itself if there is none.
    pub(super) fn take<E: core::error::Error + Send + Sync + 'static>(self) -> Result<E, Cause> {
        if self.find::<E>().is_none() {
            return Err(self);
        }
        match self {
            Cause::Context(note, error) => {
                let note: Box<dyn Any> = note;
                match note.downcast() {
                    Ok(note) => {
                        let [note]: [E; 1] = *note;
                        Ok(note)
                    }
                    Err(_) => error.downcast().map_err(Cause::of),
                }
            }
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => error.downcast().or_else(|error| {
                let inner: Inner = error.downcast().map_err(Cause::Anyhow)?;
                inner.cause.take()
            }),
            Cause::Own(error) => Ok(unboxed(error)),
            Cause::Boxed(error) => error.downcast().map(|error| *error).map_err(Cause::Boxed),
        }
    }

    /// What an error was made from; if that is lost, that there was no memory for it, which takes
    /// none in a box either.
    fn of(error: Error) -> Cause {
        let lost = || Cause::Boxed(Box::new(OutOfMemory {}));
        error.into_inner().map_or_else(lost, |inner| inner.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Context(note, _) => note.show().fmt(f),
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => fmt::Display::fmt(error, f),
            Cause::Own(error) => fmt::Display::fmt(error.get(), f),
            Cause::Boxed(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Context(note, error) => {
                let mut shown = f.debug_struct("Context");
                shown
                    .field("context", &format_args!("{}", note.show()))
                    .field("error", error)
                    .finish()
            }
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(error) => fmt::Debug::fmt(error, f),
            Cause::Own(error) => fmt::Debug::fmt(error.get(), f),
            Cause::Boxed(error) => fmt::Debug::fmt(error, f),
        }
    }
}
