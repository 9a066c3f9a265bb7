//! Why a module is not valid: [`Error`], [`InvalidKind`]. Built on cold paths only.

use alloc::{boxed::Box, string::String};
use core::fmt;
use windlass_decode::{Count, MESSAGES, at_offset, boxed};

/// A module that is malformed or invalid: what is wrong and where. If the host has no memory for
/// that, it is [`InvalidKind::OutOfMemory`], at offset 0.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Option<Box<[Inner; 1]>>);

/// What an error is that there was no memory for.
static OUT_OF_MEMORY: Inner = Inner::Invalid(InvalidKind::OutOfMemory, 0);

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    Malformed(windlass_decode::Error),
    Invalid(InvalidKind, usize),
}

impl Error {
    /// `kind` was found at byte `offset` of the module.
    #[cold]
    #[inline(never)]
    pub fn new(kind: InvalidKind, offset: usize) -> Error {
        Error(boxed(Inner::Invalid(kind, offset)))
    }

    /// The same error, found at byte `offset`: of what did not know where.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub(crate) fn at(mut self, offset: usize) -> Error {
        if let Some([Inner::Invalid(_, at)]) = self.0.as_deref_mut() {
            *at = offset;
        }
        self
    }

    /// A malformed construct, in the suite's words, at byte `offset`.
    #[cold]
    #[inline(never)]
    pub(crate) fn malformed(what: &'static str, offset: usize) -> Error {
        windlass_decode::Error::new(windlass_decode::ErrorKind::Malformed(what), offset).into()
    }

    fn inner(&self) -> &Inner {
        match self.0.as_deref() {
            Some([inner]) => inner,
            None => &OUT_OF_MEMORY,
        }
    }

    /// The byte offset in the module of what is wrong.
    pub fn offset(&self) -> usize {
        match self.inner() {
            Inner::Malformed(error) => error.offset(),
            Inner::Invalid(_, offset) => *offset,
        }
    }

    /// Whether the bytes do not even form a module.
    pub fn is_malformed(&self) -> bool {
        matches!(self.inner(), Inner::Malformed(_))
    }

    /// The rule that is broken, if the module is well-formed.
    pub fn invalid(&self) -> Option<&InvalidKind> {
        match self.inner() {
            Inner::Malformed(_) => None,
            Inner::Invalid(kind, _) => Some(kind),
        }
    }

    /// The decoder's error, if the module is malformed.
    pub fn malformed_by(&self) -> Option<&windlass_decode::Error> {
        match self.inner() {
            Inner::Malformed(error) => Some(error),
            Inner::Invalid(..) => None,
        }
    }
}

/// What does not know where it is tells what is wrong, at offset 0.
impl From<InvalidKind> for Error {
    #[cold]
    #[inline(never)]
    fn from(kind: InvalidKind) -> Error {
        Error::new(kind, 0)
    }
}

impl From<windlass_decode::Error> for Error {
    #[cold]
    #[inline(never)]
    fn from(error: windlass_decode::Error) -> Error {
        Error(boxed(Inner::Malformed(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inner() {
            Inner::Malformed(error) => error.fmt(f),
            Inner::Invalid(kind, offset) if !MESSAGES => {
                f.write_str(kind.brief())?;
                at_offset(f, *offset)
            }
            Inner::Invalid(kind, offset) => write!(f, "{kind} (at offset {offset:#x})"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self.inner() {
            Inner::Malformed(error) => Some(error),
            Inner::Invalid(..) => None,
        }
    }
}

/// The rules of validation that a module can break. The messages start with the words of the
/// official test suite.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // The messages say it.
pub enum InvalidKind {
    #[error("type mismatch: instruction requires [{expected}] but stack has [{found}]")]
    Operands { expected: String, found: String },
    #[error("type mismatch: block requires [{expected}] but stack has [{found}]")]
    BlockOperands { expected: String, found: String },
    #[error("type mismatch: {what} is {found}, which does not match {expected}")]
    Mismatch { what: &'static str, expected: String, found: String },
    #[error("unknown {space} {index}")]
    Unknown { space: &'static str, index: u32 },
    #[error("uninitialized local {0}")]
    UninitializedLocal(u32),
    #[error("immutable global {0}")]
    ImmutableGlobal(u32),
    #[error("immutable field {field} of type {ty}")]
    ImmutableField { ty: u32, field: u32 },
    #[error("immutable array type {0}")]
    ImmutableArray(u32),
    #[error("type {index} is not {expected}")]
    WrongComposite { index: u32, expected: &'static str },
    #[error("{0} is packed")]
    Packed(&'static str),
    #[error("{0} is unpacked")]
    Unpacked(&'static str),
    #[error("type {ty} has no default value: field {field} is {found}")]
    NotDefaultable { ty: u32, field: u32, found: String },
    #[error("array types do not match: elements of type {from} do not fit type {to}")]
    ArraysDoNotMatch { to: u32, from: u32 },
    #[error("array type is not numeric or vector: type {0}")]
    ArrayNotNumeric(u32),
    #[error("alignment must not be larger than natural: 2^{found} bytes of 2^{natural}")]
    Alignment { found: u8, natural: u8 },
    #[error("atomic alignment must be natural: 2^{found} bytes of 2^{natural}")]
    AtomicAlignment { found: u8, natural: u8 },
    #[error("offset out of range: {0}")]
    OffsetOutOfRange(u64),
    #[error("invalid lane index {index}: there are {lanes} lanes")]
    InvalidLaneIndex { index: u8, lanes: u8 },
    #[error("invalid result arity: select has {0} result types")]
    InvalidResultArity(u32),
    #[error("invalid rethrow label {0}")]
    InvalidRethrowLabel(u32),
    #[error("undeclared function reference {0}")]
    UndeclaredFunctionReference(u32),
    #[error("constant expression required: {0}")]
    ConstantExpressionRequired(String),
    #[error("duplicate export name {0:?}")]
    DuplicateExportName(String),
    #[error("start function {0} must have neither parameters nor results")]
    StartFunction(u32),
    #[error("sub type {sub} does not match super type {sup}")]
    SubType { sub: u32, sup: u32 },
    #[error("sub type {0} has more than one super type")]
    SuperTypes(u32),
    #[error("sub type {index} has more than {limit} super types above it")]
    SubtypingDepth { index: u32, limit: u32 },
    #[error("{rule}: type {index}")]
    Descriptor { rule: &'static str, index: u32 },
    #[error("{clause} type {sub} does not match {sup}")]
    ClauseMismatch { clause: &'static str, sub: u32, sup: u32 },
    #[error("type {0} does not have a descriptor")]
    NoDescriptor(String),
    #[error("non-empty tag result type")]
    NonEmptyTagResult,
    #[error("size minimum must not be greater than maximum: {min} > {max}")]
    SizeMinimum { min: u64, max: u64 },
    #[error("memory size must be at most {} ({bytes}): {found}", Count(*max, "page"))]
    MemorySize { max: u64, bytes: &'static str, found: u64 },
    #[error("table size must be at most {}: {found}", Count(*max, "element"))]
    TableSize { max: u64, found: u64 },
    #[error("shared memory must have maximum")]
    SharedWithoutMaximum,
    #[error("invalid custom page size: 2^{0} bytes")]
    InvalidCustomPageSize(u8),
    #[error(
        "multiple memories: a second one needs the feature multi-memory, which is switched off"
    )]
    MultipleMemories,
    #[error(
        "multiple tables: a second one needs the feature reference-types, which is switched off"
    )]
    MultipleTables,
    #[error("type mismatch: {0} has no default value and the table no initial value")]
    TableNotDefaultable(String),
    #[error("{what} needs the feature {feature}, which is switched off")]
    FeatureDisabled { what: &'static str, feature: &'static str },
    #[error(
        "function {func} needs {slots} slots for its locals and operands: beyond the limit of \
            {limit}"
    )]
    FrameTooLarge { func: u32, slots: u64, limit: u64 },
    #[error("{what} exceeds the limit of {limit}")]
    LimitExceeded { what: &'static str, limit: u64 },
    #[error("the host has no memory for the module")]
    OutOfMemory,
}

impl InvalidKind {
    /// What builds without messages tell.
    fn brief(&self) -> &'static str {
        match *self {
            InvalidKind::Operands { .. }
            | InvalidKind::BlockOperands { .. }
            | InvalidKind::Mismatch { .. }
            | InvalidKind::TableNotDefaultable(_) => "type mismatch",
            InvalidKind::Unknown { .. } => "unknown index",
            InvalidKind::ConstantExpressionRequired(_) => "constant expression required",
            InvalidKind::FeatureDisabled { .. } => "a feature is switched off",
            InvalidKind::LimitExceeded { .. } => "a limit is exceeded",
            InvalidKind::FrameTooLarge { .. } => "a function has too many locals and operands",
            InvalidKind::OutOfMemory => "the host has no memory for the module",
            _ => "invalid module",
        }
    }
}
