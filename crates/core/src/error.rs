//! [`Error`]: whatever goes wrong, in one pointer: a trap, a module that is not valid, an import
//! that does not fit, an error of a host function. Errors with names of their own are found in it
//! by [`Error::downcast_ref`]. Where the guest was is put into it by `backtrace`. How it becomes
//! others' errors, and comes back, is in `convert`.

mod cause;
mod context;
mod convert;
mod kinds;

use cause::Cause;
pub use context::{Chain, Context};
pub(crate) use convert::from_host;
use convert::same;
pub use kinds::{
    CodeRefused, CodeTooLarge, LinkError, LinkErrorKind, MemoryAccessError, ModuleError,
    OutOfMemory,
};
pub(crate) use kinds::{LinkErrors, named};

use crate::{Trap, room::boxed};
use alloc::{borrow::Cow, boxed::Box, string::String};
use core::{
    any::Any,
    fmt::{self, Write},
};

/// An error of any type.
type AnyError = dyn core::error::Error + Send + Sync + 'static;

/// What goes wrong in this crate's functions and in host functions.
///
/// It is one pointer wide, and made from any [`core::error::Error`] by `?`. Display shows the
/// message and, if a guest was running, its backtrace; `{:#}` shows the messages of what it comes
/// from, too. What the error is can be asked by [`Error::downcast_ref`]:
///
/// | type | when |
/// |---|---|
/// | [`Trap`] | the guest trapped |
/// | [`ModuleError`] | bytes are not a valid module |
/// | [`CodeTooLarge`] | a function is too large to be translated |
/// | [`CodeRefused`] | the verifier has refused the code of a function |
/// | [`LinkError`] | an import is missing or has another type |
/// | [`MemoryAccessError`] | the host reads or writes beyond a memory |
/// | [`OutOfMemory`] | the host has no memory for the error that it was |
/// | [`WasmBacktrace`](crate::WasmBacktrace) | a guest was running: as [`Error::backtrace`] |
/// | any other | a host function returned it, or it is a [context](Error::context) |
///
/// ```
/// use windlass::{Error, Trap};
/// let error = Error::from(Trap::Unreachable);
/// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Unreachable));
/// assert_eq!(Error::msg("no such account").to_string(), "no such account");
/// ```
///
/// # Among other errors
///
/// It derefs to `dyn Error`, which it can't be itself: then `?` could not make it of any other. So
/// it can be the source of other errors, and it converts into a `Box<dyn Error + Send + Sync>`;
/// with the feature `anyhow` also into an `anyhow::Error`. What it was made from stands in the
/// chain of sources then. Where such errors come back by themselves, they are what they were: from
/// host functions, and by [`Error::from_boxed`] (or `Error::from_anyhow`).
///
/// ```
/// #[derive(Debug, thiserror::Error)]
/// enum PluginError {
///     #[error("the plugin failed")]
///     Guest(#[from] windlass::Error),
/// }
///
/// fn run() -> Result<(), PluginError> {
///     Err(windlass::Error::from(windlass::Trap::Unreachable))?
/// }
/// let boxed: Box<dyn std::error::Error + Send + Sync> = run().unwrap_err().into();
/// assert!(boxed.source().unwrap().is::<windlass::Trap>());
/// ```
pub struct Error(Option<Box<[Inner; 1]>>);

/// What an error is that there was no memory for.
static OUT_OF_MEMORY: OutOfMemory = OutOfMemory {};

struct Inner {
    cause: Cause,
    trace: Option<Box<dyn Traced>>,
}

/// Where a guest was. Errors carry it and show it, and need not know what guests are.
pub(crate) trait Trace: core::error::Error + Send + Sync + 'static {
    /// Makes it a context of the error.
    #[cfg(feature = "anyhow")]
    fn attach(self, error: anyhow::Error) -> anyhow::Error;
}

/// A [`Trace`] in its box.
trait Traced: Any + Send + Sync {
    fn get(&self) -> &AnyError;
    fn get_mut(&mut self) -> &mut AnyError;
    #[cfg(feature = "anyhow")]
    fn attach(self: Box<Self>, error: anyhow::Error) -> anyhow::Error;
}

impl<T: Trace> Traced for [T; 1] {
    fn get(&self) -> &AnyError {
        let [trace] = self;
        trace
    }

    fn get_mut(&mut self) -> &mut AnyError {
        let [trace] = self;
        trace
    }

    #[cfg(feature = "anyhow")]
    fn attach(self: Box<Self>, error: anyhow::Error) -> anyhow::Error {
        let [trace] = *self;
        trace.attach(error)
    }
}

impl Error {
    /// An error of the host.
    ///
    /// ```
    /// let error = windlass::Error::new(std::io::Error::other("disk on fire"));
    /// assert!(error.is::<std::io::Error>());
    /// ```
    #[cold]
    pub fn new<E: core::error::Error + Send + Sync + 'static>(error: E) -> Error {
        match boxed(error) {
            Some(error) => Error::of(Cause::Own(error)),
            None => Error(None),
        }
    }

    /// An error that is only a message. [`format_err!`](crate::format_err) puts one together.
    ///
    /// ```
    /// assert_eq!(windlass::Error::msg("not today").to_string(), "not today");
    /// ```
    #[cold]
    pub fn msg(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Message(message.into()))
    }

    /// What [`error`] makes in builds without messages.
    #[cold]
    #[inline(never)]
    pub(crate) fn brief(text: &'static str) -> Error {
        Error::new(Brief(text))
    }

    #[inline(never)]
    fn of(cause: Cause) -> Error {
        Error::whole(Inner { cause, trace: None })
    }

    fn whole(inner: Inner) -> Error {
        Error(boxed(inner))
    }

    /// What it is; none if there was no memory for that.
    fn inner(&self) -> Option<&Inner> {
        self.0.as_deref().map(|[inner]| inner)
    }

    fn inner_mut(&mut self) -> Option<&mut Inner> {
        self.0.as_deref_mut().map(|[inner]| inner)
    }

    /// As `inner`, by value.
    fn into_inner(self) -> Option<Inner> {
        self.0.map(|held| {
            let [inner] = *held;
            inner
        })
    }

    /// What it is, as an error that shows all of it.
    fn shown(&self) -> &AnyError {
        match self.inner() {
            Some(inner) => inner,
            None => &OUT_OF_MEMORY,
        }
    }

    /// Whether this is an `E`: see [`Error::downcast_ref`].
    pub fn is<E: core::error::Error + Send + Sync + 'static>(&self) -> bool {
        self.downcast_ref::<E>().is_some()
    }

    /// The `E` that this is, if it is one: what it was made from, or a context of it. For what
    /// that comes from in turn, see [`Error::chain`].
    ///
    /// ```
    /// # use windlass::{Error, Trap};
    /// let error = Error::from(Trap::StackOverflow).context("in the third plugin");
    /// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    /// assert!(error.downcast_ref::<std::fmt::Error>().is_none());
    /// ```
    pub fn downcast_ref<E: core::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        let Some(Inner { cause, trace }) = self.inner() else {
            return self.shown().downcast_ref();
        };
        let trace = trace.as_deref().and_then(|trace| trace.get().downcast_ref());
        trace.or_else(|| cause.find())
    }

    /// The `E` that this is, of which nothing else is kept: neither contexts nor the backtrace.
    ///
    /// # Errors
    /// The error itself if it is no `E`.
    ///
    /// ```
    /// # use windlass::{Error, Trap};
    /// let trap: Trap = Error::from(Trap::StackOverflow).downcast().unwrap();
    /// ```
    pub fn downcast<E: core::error::Error + Send + Sync + 'static>(self) -> Result<E, Error> {
        let Some(Inner { cause, trace }) = self.into_inner() else {
            return same(OutOfMemory {}).map_err(|_| Error(None));
        };
        let trace = match trace.map(taken) {
            Some(Ok(trace)) => return Ok(trace),
            Some(Err(trace)) => Some(trace),
            None => None,
        };
        cause.take().map_err(|cause| Error::whole(Inner { cause, trace }))
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

    /// What it comes from in the end: the last of its [chain](Error::chain), without a backtrace.
    ///
    /// ```
    /// let error = windlass::Error::from(windlass::Trap::Unreachable).context("the plugin failed");
    /// assert_eq!(error.root_cause().to_string(), "unreachable");
    /// ```
    pub fn root_cause(&self) -> &(dyn core::error::Error + 'static) {
        let head = self.inner().and_then(|inner| inner.cause.head());
        let head: &(dyn core::error::Error + 'static) = head.unwrap_or(self.shown());
        Chain::new(head).last().unwrap_or(head)
    }

    /// Where the guest was, to be changed: it may have come from others' errors.
    pub(crate) fn trace_mut<T>(&mut self) -> Option<&mut T>
    where
        T: Trace + core::error::Error,
    {
        let Inner { cause, trace } = self.inner_mut()?;
        match trace {
            Some(trace) => trace.get_mut().downcast_mut(),
            None => cause.find_mut(),
        }
    }

    /// Puts in where the guest was, if the host has memory for it.
    pub(crate) fn set_trace(&mut self, trace: impl Trace) {
        if let Some(inner) = self.inner_mut() {
            inner.trace = boxed(trace).map(|trace| trace as Box<dyn Traced>);
        }
    }
}

fn taken<E>(trace: Box<dyn Traced>) -> Result<E, Box<dyn Traced>>
where
    E: core::error::Error + Send + Sync + 'static,
{
    if !trace.get().is::<E>() {
        return Err(trace);
    }
    Ok(unboxed(trace))
}

/// What is in a box that is known to be such a one.
fn unboxed<E: 'static>(held: Box<dyn Any>) -> E {
    match held.downcast::<[E; 1]>() {
        Ok(held) => {
            let [held] = *held;
            held
        }
        Err(_) => unreachable!("it is one"),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.shown(), f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.shown(), f)
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        if f.alternate() {
            self.causes().try_for_each(|cause| write!(f, ": {cause}"))?;
        }
        match &self.trace {
            Some(trace) => write!(f, "\n{}", trace.get()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.cause.fmt(f);
        }
        write!(f, "{self}")?;
        self.causes().try_for_each(|cause| write!(f, "\ncaused by: {cause}"))
    }
}

impl Inner {
    /// What is told after its own message, each once.
    fn causes(&self) -> impl Iterator<Item = &(dyn core::error::Error + 'static)> {
        core::iter::successors(self.cause.below(), |cause| match cause.downcast_ref::<Inner>() {
            // Its message is that of its source, but for the backtrace.
            Some(inner) => inner.cause.below(),
            None => cause.source(),
        })
    }
}

/// How an [`Error`] that is more than what it was made from is seen among other errors.
impl core::error::Error for Inner {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self.cause.head() {
            Some(head) => Some(head),
            None => self.cause.below(),
        }
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

/// An error that is only fixed words.
struct Brief(&'static str);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Brief {}

/// What stands in fixed words for what is put into a format.
const HOLE: &[u8] = b"...";

/// A format with [`HOLE`]s, in so many bytes; and how many there are.
pub(crate) const fn fixed<const LEN: usize>(format: &str) -> ([u8; LEN], usize) {
    let format = format.as_bytes();
    let (mut out, mut len, mut at) = ([0; LEN], 0, 0);
    while at < format.len() {
        let brace = matches!(format[at], b'{' | b'}');
        let is_hole = format[at] == b'{' && format[at + 1] != b'{';
        let mut byte = 0;
        while byte < if is_hole { HOLE.len() } else { 1 } {
            if len < LEN {
                out[len] = if is_hole { HOLE[byte] } else { format[at] };
            }
            (len, byte) = (len + 1, byte + 1);
        }
        while is_hole && format[at] != b'}' {
            at += 1;
        }
        // A brace of the text stands twice.
        at += if brace && !is_hole { 2 } else { 1 };
    }
    (out, len)
}

/// An error with this message, or without any if the host has no memory for it.
#[cold]
pub(crate) fn formatted(message: fmt::Arguments<'_>) -> Error {
    match message.as_str() {
        Some(message) => Error::msg(message),
        None => written(message).map_or(Error(None), Error::msg),
    }
}

/// A text that is put together; none if the host has no memory for it.
#[cold]
pub(crate) fn written(parts: fmt::Arguments<'_>) -> Option<String> {
    let mut text = Text(String::new());
    text.write_fmt(parts).is_ok().then_some(text.0)
}

/// A text that ends where the host's memory does.
struct Text(String);

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.try_reserve(part.len()).map_err(|_| fmt::Error)?;
        self.0.push_str(part);
        Ok(())
    }
}

/// An error with a message that is put together; in builds without messages, with what is fixed of
/// that, and [`HOLE`]s.
macro_rules! error {
    ($text:literal $($arg:tt)*) => {
        match windlass_decode::MESSAGES {
            true => $crate::error::formatted(format_args!($text $($arg)*)),
            false => $crate::Error::brief(const {
                const LEN: usize = $crate::error::fixed::<0>($text).1;
                const BYTES: [u8; LEN] = $crate::error::fixed($text).0;
                match core::str::from_utf8(&BYTES) {
                    Ok(text) => text,
                    Err(_) => "",
                }
            }),
        }
    };
}
pub(crate) use error;

/// A text that is put together; in builds without messages, none, and where the host has no memory
/// for it.
macro_rules! text {
    ($($arg:tt)*) => {
        match windlass_decode::MESSAGES {
            true => $crate::error::written(format_args!($($arg)*)).unwrap_or_default(),
            false => alloc::string::String::new(),
        }
    };
}
pub(crate) use text;

/// An error with a context that is put together, of what it was about; in builds without messages,
/// the error alone.
macro_rules! place {
    ($error:expr, $($arg:tt)*) => {{
        let error: $crate::Error = $error;
        match windlass_decode::MESSAGES {
            true => match $crate::error::written(format_args!($($arg)*)) {
                Some(context) => error.context(context),
                None => error,
            },
            false => error,
        }
    }};
}
pub(crate) use place;

#[cfg(test)]
mod tests {
    use super::fixed;

    #[test]
    fn what_is_fixed_of_a_format_are_its_words() {
        for (format, words) in [
            ("the engine is gone", "the engine is gone"),
            ("the module has {}, but {given} are given", "the module has ..., but ... are given"),
            ("`{}` is not defined", "`...` is not defined"),
            ("at {offset:#x}", "at ..."),
            ("{a}{b}", "......"),
            ("expected `{{` or `}}`, found {0}", "expected `{` or `}`, found ..."),
            ("", ""),
        ] {
            let (text, len) = fixed::<64>(format);
            assert_eq!(core::str::from_utf8(&text[..len]), Ok(words), "{format}");
            assert_eq!(fixed::<3>(format).1, len, "{format}");
        }
    }
}
