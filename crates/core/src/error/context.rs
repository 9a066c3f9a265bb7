//! [`Context`]: what was being done when something failed; the chain of what an error comes from;
//! and the macros that end a function by an error. For embedders: the crate needs none of them.

use super::{Cause, Error, Inner};
use crate::room::boxed;
use core::fmt;

impl Error {
    /// Puts another message in front. What the error was is still found by
    /// [`Error::downcast_ref`], and follows in its [chain](Error::chain).
    ///
    /// ```
    /// use windlass::{Error, Trap};
    /// let error = Error::from(Trap::Unreachable).context("running the filter");
    /// assert_eq!(error.to_string(), "running the filter");
    /// assert_eq!(format!("{error:#}"), "running the filter: unreachable");
    /// assert_eq!(error.trap(), Some(Trap::Unreachable));
    /// ```
    #[cold]
    pub fn context(mut self, context: impl fmt::Display + Send + Sync + 'static) -> Error {
        // Where the host has no memory for it, the error is as it was.
        let Some(context) = boxed(context) else { return self };
        // Calls further out are added to the same backtrace, and it is shown once.
        let trace = self.inner_mut().and_then(|inner| inner.trace.take());
        Error::whole(Inner { cause: Cause::Context(context, self), trace })
    }

    /// The error and what it comes from, each by its own message: contexts, what it was made from,
    /// and the sources of that.
    ///
    /// ```
    /// use windlass::{Error, Trap};
    /// let error = Error::from(Trap::Unreachable).context("running the filter");
    /// let messages: Vec<_> = error.chain().map(|error| error.to_string()).collect();
    /// assert_eq!(messages, ["running the filter", "unreachable"]);
    /// assert!(error.chain().any(|error| error.is::<Trap>()));
    /// ```
    pub fn chain(&self) -> Chain<'_> {
        Chain::new(&**self)
    }
}

/// An error and what it comes from: made by [`Error::chain`].
#[derive(Clone, Debug)]
pub struct Chain<'a>(Option<&'a (dyn core::error::Error + 'static)>);

impl<'a> Chain<'a> {
    pub(super) fn new(head: &'a (dyn core::error::Error + 'static)) -> Chain<'a> {
        Chain(Some(head))
    }
}

impl<'a> Iterator for Chain<'a> {
    type Item = &'a (dyn core::error::Error + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.0?;
        self.0 = next.source();
        Some(next)
    }
}

/// Says what was being done when something failed, or what is missing.
///
/// ```
/// use windlass::{Context, Error};
/// fn port(text: Option<&str>) -> Result<u16, Error> {
///     let text = text.context("no port is given")?;
///     text.parse().with_context(|| format!("`{text}` is no port"))
/// }
/// assert_eq!(port(Some("80")).unwrap(), 80);
/// assert_eq!(port(None).unwrap_err().to_string(), "no port is given");
/// let error = port(Some("http")).unwrap_err();
/// assert_eq!(format!("{error:#}"), "`http` is no port: invalid digit found in string");
/// ```
pub trait Context<T> {
    /// The error with a message in front: see [`Error::context`].
    ///
    /// # Errors
    /// What was one before, or that there is nothing.
    fn context(self, context: impl fmt::Display + Send + Sync + 'static) -> Result<T, Error>;

    /// The same with a message that is made only if it is needed.
    ///
    /// # Errors
    /// What was one before, or that there is nothing.
    fn with_context<C: fmt::Display + Send + Sync + 'static>(
        self,
        context: impl FnOnce() -> C,
    ) -> Result<T, Error>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, context: impl fmt::Display + Send + Sync + 'static) -> Result<T, Error> {
        self.map_err(|error| error.into().context(context))
    }

    fn with_context<C: fmt::Display + Send + Sync + 'static>(
        self,
        context: impl FnOnce() -> C,
    ) -> Result<T, Error> {
        self.map_err(|error| error.into().context(context()))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, context: impl fmt::Display + Send + Sync + 'static) -> Result<T, Error> {
        self.with_context(|| context)
    }

    fn with_context<C: fmt::Display + Send + Sync + 'static>(
        self,
        context: impl FnOnce() -> C,
    ) -> Result<T, Error> {
        self.ok_or_else(|| Error::msg(alloc::string::ToString::to_string(&context())))
    }
}

/// An [`Error`] with a message that is put together, or made from another error.
///
/// ```
/// use windlass::{Trap, format_err};
/// let (name, id) = ("Ada", 7);
/// assert_eq!(format_err!("no account {id} of {}", name).to_string(), "no account 7 of Ada");
/// assert_eq!(format_err!(Trap::Unreachable).trap(), Some(Trap::Unreachable));
/// ```
#[macro_export]
macro_rules! format_err {
    ($format:literal $($arguments:tt)*) => {
        $crate::Error::msg($crate::__private::format!($format $($arguments)*))
    };
    ($error:expr $(,)?) => { $crate::Error::from($error) };
}

/// Returns an error, made as by [`format_err!`](crate::format_err), from the function around it.
///
/// ```
/// fn withdraw(balance: u64, amount: u64) -> windlass::Result<u64> {
///     if amount > balance {
///         windlass::bail!("{balance} is less than {amount}");
///     }
///     Ok(balance - amount)
/// }
/// assert_eq!(withdraw(10, 20).unwrap_err().to_string(), "10 is less than 20");
/// ```
#[macro_export]
macro_rules! bail {
    ($($error:tt)*) => {
        return ::core::result::Result::Err($crate::format_err!($($error)*).into())
    };
}

/// [Returns an error](crate::bail) unless the condition holds.
///
/// ```
/// fn withdraw(balance: u64, amount: u64) -> windlass::Result<u64> {
///     windlass::ensure!(amount > 0);
///     windlass::ensure!(amount <= balance, "{balance} is less than {amount}");
///     Ok(balance - amount)
/// }
/// assert_eq!(withdraw(10, 0).unwrap_err().to_string(), "condition failed: `amount > 0`");
/// assert_eq!(withdraw(10, 20).unwrap_err().to_string(), "10 is less than 20");
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr $(,)?) => {
        $crate::ensure!(
            $condition,
            "condition failed: `{}`",
            ::core::stringify!($condition)
        )
    };
    ($condition:expr, $($error:tt)*) => {
        if !$condition {
            $crate::bail!($($error)*);
        }
    };
}
