//! Why bytes are not a module: [`Error`], [`ErrorKind`].

use crate::{Count, MESSAGES};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    fmt::{self, Write},
    mem,
};

/// A module that could not be decoded: what is wrong and where. If the host has no memory for that,
/// it is [`ErrorKind::OutOfMemory`], at offset 0.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Option<Box<[Inner; 1]>>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    offset: usize,
}

impl Error {
    /// `kind` was found at byte `offset` of the module.
    #[cold]
    #[inline(never)]
    pub fn new(kind: ErrorKind, offset: usize) -> Error {
        Error(boxed(Inner { kind, offset }))
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        match self.0.as_deref() {
            Some([inner]) => &inner.kind,
            None => &ErrorKind::OutOfMemory,
        }
    }

    /// The byte offset in the module of what is wrong.
    pub fn offset(&self) -> usize {
        self.0.as_deref().map_or(0, |[inner]| inner.offset)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !MESSAGES {
            self.kind().brief().iter().try_for_each(|word| f.write_str(word))?;
            return at_offset(f, self.offset());
        }
        write!(f, "{} (at offset {:#x})", self.kind(), self.offset())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

/// Whether the host has so many bytes, for what does not ask and ends the program, as `Arc::new`
/// does. So much is taken and given back: where nobody else allocates meanwhile, it is there then.
#[doc(hidden)]
#[inline(never)]
pub fn has_room_for(size: usize) -> bool {
    let mut asked = Vec::<u8>::new();
    let is_there = asked.try_reserve_exact(size).is_ok();
    // The compiler may leave out what is given back unused.
    core::hint::black_box(asked.as_ptr());
    is_there
}

/// A shared value; none if the host has no memory for it, as far as [`has_room_for`] knows.
#[doc(hidden)]
pub fn shared<T>(value: T) -> Option<Arc<T>> {
    // The value, behind two counters.
    has_room_for(size_of::<([usize; 2], T)>()).then(|| Arc::new(value))
}

/// A value with the allocator; none if the host has no memory for it. It is an array of one, which
/// is what a list can become that has asked for its memory: `Box::new` does not ask.
#[doc(hidden)]
pub fn boxed<T>(value: T) -> Option<Box<[T; 1]>> {
    let mut asked = Vec::new();
    let is_there = asked.try_reserve_exact(1).is_ok();
    // Nobody else changes this one: it is empty and has room for just one, so nothing of what
    // changes that need be linked, nor what drops a list.
    let mut one = asked;
    let has_room = is_there && (size_of::<T>() == 0 || one.capacity() == 1);
    if !has_room || !one.is_empty() {
        mem::forget(one);
        return None;
    }
    one.push(value);
    one.into_boxed_slice().try_into().ok()
}

/// What can be wrong with the bytes of a module. The messages start with the words of the
/// official test suite.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // The messages say it.
pub enum ErrorKind {
    #[error("unexpected end of section or function")]
    UnexpectedEnd,
    #[error("magic header not detected")]
    MagicHeaderNotDetected,
    #[error("magic header not detected: {0}")]
    OtherFormat(&'static str),
    #[error("unknown binary version: {0}, and 1 is wanted")]
    UnknownBinaryVersion(u32),
    #[error(
        "unknown binary version: this is a component, and a module is wanted: build for \
            wasm32-wasip1"
    )]
    Component,
    #[error("this is the text of a component, and a module is wanted: build for wasm32-wasip1")]
    ComponentText,
    #[error("integer representation too long")]
    IntegerRepresentationTooLong,
    #[error("integer too large")]
    IntegerTooLarge,
    #[error("malformed UTF-8 encoding")]
    MalformedUtf8,
    #[error("length out of bounds")]
    LengthOutOfBounds,
    #[error(
        "length out of bounds: the section has {}, of which {there} are there: is the file \
            truncated?",
        Count(*size, "byte")
    )]
    SectionCut { size: u32, there: usize },
    #[error("malformed section id: {0}")]
    MalformedSectionId(u8),
    #[error("illegal opcode {}", Opcode(*.0))]
    IllegalOpcode(u32),
    #[error("{what} needs the feature {feature}, which is switched off")]
    FeatureDisabled { what: &'static str, feature: &'static str },
    #[error("{what} needs the cargo feature `{feature}`, which this build of windlass is without")]
    NotBuilt { what: &'static str, feature: &'static str },
    #[error("{what} exceeds the limit of {limit}")]
    LimitExceeded { what: &'static str, limit: u64 },
    #[error("the host has no memory for the module")]
    OutOfMemory,
    /// Any other malformed construct, in the suite's words.
    #[error("{0}")]
    Malformed(&'static str),
}

impl ErrorKind {
    /// What builds without messages tell.
    fn brief(&self) -> [&'static str; 4] {
        match *self {
            ErrorKind::FeatureDisabled { what, feature } => {
                [what, " needs the feature ", feature, ", which is switched off"]
            }
            ErrorKind::NotBuilt { what, feature } => {
                [what, " needs the cargo feature `", feature, "`"]
            }
            ErrorKind::LimitExceeded { what, .. } => [what, " exceeds the limit", "", ""],
            ErrorKind::OutOfMemory => ["the host has no memory for the module", "", "", ""],
            ErrorKind::Malformed(what) => [what, "", "", ""],
            ErrorKind::MalformedSectionId(_) => ["malformed section id", "", "", ""],
            _ => ["malformed module", "", "", ""],
        }
    }
}

/// Shows where something is, as all errors do, by nothing of what formats numbers.
///
/// # Errors
/// Those of the formatter.
pub fn at_offset(f: &mut fmt::Formatter<'_>, offset: usize) -> fmt::Result {
    f.write_str(" (at offset 0x")?;
    let digits = (usize::BITS - offset.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        let digit = (offset >> (4 * digit) & 0xf) as u8;
        f.write_char(char::from(if digit < 10 { b'0' } else { b'a' - 10 } + digit))?;
    }
    f.write_char(')')
}

/// An opcode as it stands in the bytes: prefix and sub-opcode apart.
struct Opcode(u32);

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 >> 16, self.0 & 0xffff) {
            (0, byte) => write!(f, "{byte:02x}"),
            (prefix, sub) => write!(f, "{prefix:02x} {sub:02x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind, at_offset};
    use alloc::string::ToString;

    #[test]
    #[cfg(feature = "messages")]
    fn opcodes_read_as_their_bytes() {
        let message = |code| Error::new(ErrorKind::IllegalOpcode(code), 16).to_string();
        assert_eq!(message(0xff), "illegal opcode ff (at offset 0x10)");
        assert_eq!(message(0xfd_0114), "illegal opcode fd 114 (at offset 0x10)");
    }

    #[test]
    fn offsets_are_shown_as_by_the_standard_library() {
        struct At(usize);
        impl core::fmt::Display for At {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                at_offset(f, self.0)
            }
        }
        for offset in [0, 1, 9, 10, 15, 16, 0xabc, 0x1000, 0x7fff_ffff, usize::MAX] {
            assert_eq!(At(offset).to_string(), alloc::format!(" (at offset {offset:#x})"));
        }
    }

    #[test]
    fn a_kind_has_words_without_numbers() {
        let kind = ErrorKind::NotBuilt { what: "a vector", feature: "simd" };
        assert_eq!(kind.brief().concat(), "a vector needs the cargo feature `simd`");
        assert_eq!(ErrorKind::IllegalOpcode(7).brief().concat(), "malformed module");
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
