//! The errors with names of their own: a module that is not valid, a function that is too large, an
//! import that can't be satisfied. Found in an [`Error`](crate::Error) by `downcast_ref`; nothing
//! here knows what it is found in.

use super::{Error, written};
use crate::{Escaped, demangle::Demangled, room};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;
use windlass_decode::{Import, MESSAGES};

/// Bytes are not a valid module: malformed or against a rule of validation.
///
/// ```
/// use windlass::{Engine, Module, ModuleError};
/// let error = Module::new(&Engine::default(), b"\0asm\x01\0\0\0\x7f").unwrap_err();
/// let error = error.downcast_ref::<ModuleError>().unwrap();
/// assert_eq!(error.offset(), 8);
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{error}{}{}", InFunc(func, name), AtLine(*line))]
pub struct ModuleError {
    error: windlass_validate::Error,
    func: Option<u32>,
    name: Option<Box<str>>,
    /// In the text that it was made from: line and column.
    line: Option<(usize, usize)>,
}

impl ModuleError {
    pub(crate) fn new(error: windlass_validate::Error) -> ModuleError {
        ModuleError { error, func: None, name: None, line: None }
    }

    /// As it is, of the function with this index and name.
    pub(crate) fn in_func(self, func: u32, name: Option<&str>) -> ModuleError {
        ModuleError { func: Some(func), name: named(name), ..self }
    }

    /// As it is, at this line and column of the module's text, counted from 1.
    #[cfg(feature = "wat")]
    pub(crate) fn at_line(self, line: usize, column: usize) -> ModuleError {
        ModuleError { line: Some((line, column)), ..self }
    }

    /// The byte offset in the module of what is wrong.
    pub fn offset(&self) -> usize {
        self.error.offset()
    }

    /// The index of the function whose body is wrong, if it is one.
    ///
    /// ```
    /// use windlass::{Engine, Module, ModuleError};
    /// let wasm = wat::parse_str("(func $f (result i32))").unwrap();
    /// let error = Module::new(&Engine::default(), wasm).unwrap_err();
    /// let error = error.downcast_ref::<ModuleError>().unwrap();
    /// assert_eq!((error.func(), error.func_name()), (Some(0), Some("f")));
    /// ```
    pub fn func(&self) -> Option<u32> {
        self.func
    }

    /// The name that the module's name section gives this function.
    pub fn func_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The line and the column, counted from 1, of what is wrong in the module's text: if
    /// [`Module::new`](crate::Module::new) has read that.
    pub fn line(&self) -> Option<(usize, usize)> {
        self.line
    }
}

/// Shows the message, as `unwrap` and a `main` that returns it do.
macro_rules! debug_by_message {
    ($($error:ty),*) => {
        $(impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        })*
    };
}

debug_by_message!(ModuleError, CodeTooLarge, CodeRefused, LinkError);

/// Shows the function that an error is in, if it is in one.
struct InFunc<'a>(&'a Option<u32>, &'a Option<Box<str>>);

impl fmt::Display for InFunc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(func) if MESSAGES => write!(f, " in function {func}{}", Named(self.1)),
            _ => Ok(()),
        }
    }
}

/// Shows a line and a column of a text.
struct AtLine(Option<(usize, usize)>);

impl fmt::Display for AtLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) if MESSAGES => {
                write!(f, ", line {line}, column {column} of the text")
            }
            _ => Ok(()),
        }
    }
}

/// The code that a function would be translated to is larger than the engine allows
/// ([`Config::max_code_per_byte`](crate::Config::max_code_per_byte)), or it has more than 131,072
/// try blocks and clauses. The same in every [`CompilationMode`](crate::CompilationMode): an error
/// of [`Module::new`](crate::Module::new), or of the first call.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeTooLarge {
    pub(crate) func: u32,
    pub(crate) name: Option<Box<str>>,
    pub(crate) what: &'static str,
    pub(crate) count: u64,
    pub(crate) limit: u64,
}

impl fmt::Display for CodeTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CodeTooLarge { func, name, what, count, limit } = self;
        if !MESSAGES {
            return f.write_str("a function is too large");
        }
        write!(
            f,
            "function {func}{} is too large: {count} {what}, the limit is {limit}",
            Named(name)
        )
    }
}

impl core::error::Error for CodeTooLarge {}

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

/// The verifier has refused the code that a function was translated to: it could do what
/// WebAssembly does not allow. That is a fault of this library, which would have been executed
/// without [`Config::verify_code`](crate::Config::verify_code). The same in every
/// [`CompilationMode`](crate::CompilationMode): an error of [`Module::new`](crate::Module::new), or
/// of the first call.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeRefused {
    pub(crate) func: u32,
    pub(crate) name: Option<Box<str>>,
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
}

impl fmt::Display for CodeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CodeRefused { func, name, offset, what } = self;
        if !MESSAGES {
            return f.write_str("the code of a function is refused");
        }
        let name = Named(name);
        write!(f, "the code of function {func}{name} is refused, at offset {offset:#x}: {what}")
    }
}

impl core::error::Error for CodeRefused {}

impl CodeRefused {
    /// The function's index in its module.
    pub fn func(&self) -> u32 {
        self.func
    }

    /// The name that the module's name section gives it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The byte offset in the module of the instruction whose code is refused.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// The name that an error tells: none if the host has no memory for it.
pub(crate) fn named(name: Option<&str>) -> Option<Box<str>> {
    let name = name?;
    let mut owned = String::new();
    owned.try_reserve_exact(name.len()).ok()?;
    owned.push_str(name);
    Some(owned.into())
}

/// Shows a name, if there is one.
struct Named<'a>(&'a Option<Box<str>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, " (\"{}\")", Demangled(name)),
            None => Ok(()),
        }
    }
}

/// An import that can't be satisfied; its text tells of the [others](LinkError::others), too.
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
#[derive(Clone, PartialEq, Eq)]
pub struct LinkError {
    pub(crate) kind: LinkErrorKind,
    pub(crate) module: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) detail: String,
    others: Vec<LinkError>,
    /// How many there are beyond these.
    more: usize,
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

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LinkError { kind, module, name, detail, others, more } = self;
        if !MESSAGES {
            fmt::Display::fmt(kind, f)?;
            // The names are anyone's: only what needs no escapes is shown as it is.
            let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_graphic());
            let shown = [" for `", module, "`::`", name, "`"];
            let shown = if is_plain(module) && is_plain(name) { &shown[..] } else { &[] };
            return shown.iter().try_for_each(|part| f.write_str(part));
        }
        let [module, name] = [module, name].map(|name| Escaped(name));
        write!(f, "{kind} for `{module}`::`{name}`: {detail}{}", Others(others, *more))
    }
}

impl core::error::Error for LinkError {}

impl LinkError {
    /// None if the host has no memory for it.
    #[cold]
    pub(crate) fn new(
        kind: LinkErrorKind,
        import: &Import,
        detail: fmt::Arguments<'_>,
    ) -> Option<LinkError> {
        let (module, name) = (named(Some(&import.module))?, named(Some(&import.name))?);
        let detail = if MESSAGES { written(detail)? } else { String::new() };
        Some(LinkError { kind, module, name, detail, others: Vec::new(), more: 0 })
    }

    /// The other imports of the module that can't be satisfied, for whatever reason, in order: 15
    /// at most.
    ///
    /// ```
    /// use windlass::{Engine, LinkError, Linker, Module, Store};
    /// let engine = Engine::default();
    /// let text = r#"(import "env" "f" (func)) (import "env" "g" (func))"#;
    /// let wasm = wat::parse_str(text).unwrap();
    /// let module = Module::new(&engine, wasm)?;
    /// let error = Linker::<()>::new(&engine).instantiate_pre(&module).unwrap_err();
    /// let error = error.downcast_ref::<LinkError>().unwrap();
    /// assert_eq!((error.name(), error.others()[0].name()), ("f", "g"));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn others(&self) -> &[LinkError] {
        &self.others
    }

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

/// How many imports an error tells of: a module can have a million.
const MOST_TOLD: usize = 16;

/// What can't be satisfied of a module's imports.
#[derive(Default)]
pub(crate) struct LinkErrors {
    first: Option<LinkError>,
    /// Whether there was no memory for one.
    is_lost: bool,
}

impl LinkErrors {
    /// One more. It is not made if there are enough to be told.
    #[cold]
    pub(crate) fn add(&mut self, error: impl FnOnce() -> Option<LinkError>) {
        let Some(first) = &mut self.first else {
            self.first = error();
            self.is_lost |= self.first.is_none();
            return;
        };
        let told = (first.others.len() + 1 < MOST_TOLD).then(error).flatten();
        let is_told = told.is_some_and(|told| room::push(&mut first.others, told).is_ok());
        first.more += usize::from(!is_told);
    }

    /// Fails if there was one.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.first {
            Some(first) => Err(first.into()),
            None if self.is_lost => Err(OutOfMemory {}.into()),
            None => Ok(()),
        }
    }
}

/// Shows each on a line, and how many more there are.
struct Others<'a>(&'a [LinkError], usize);

impl fmt::Display for Others<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|other| write!(f, "\n{other}"))?;
        match self.1 {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// The host has no memory for what went wrong: an [`Error`](crate::Error) that takes none. It may
/// have been any other, a trap as well.
///
/// An error usually takes some memory, for its message or for a backtrace. Where that is not there
/// the call fails all the same, and the store is as it is after any error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host has no memory")]
#[non_exhaustive]
pub struct OutOfMemory {}

/// The host read or wrote beyond a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of bounds memory access: {len} bytes at {offset:#x}, in a memory of {size:#x}")]
#[non_exhaustive]
pub struct MemoryAccessError {
    /// Where it began, in bytes.
    pub offset: usize,
    /// How many bytes it was about.
    pub len: usize,
    /// The size of the memory, in bytes.
    pub size: usize,
}
