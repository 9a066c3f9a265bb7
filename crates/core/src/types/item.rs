//! [`MemoryType`], [`TableType`] and [`GlobalType`]: the types of what a store holds beside
//! functions.

use crate::{Engine, Error, RefType, ValType, error::error};
use windlass_decode as decode;
use windlass_decode::Count;

/// The type of a memory.
///
/// ```
/// use windlass::MemoryType;
/// let ty = MemoryType::new(1, Some(16));
/// assert_eq!((ty.minimum(), ty.maximum(), ty.page_size()), (1, Some(16), 65_536));
/// assert!(MemoryType::new64(1, None).is_64());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryType(pub(crate) decode::MemoryType);

impl MemoryType {
    /// A memory with 32-bit addresses; sizes are in pages of 64 KiB.
    pub fn new(minimum: u32, maximum: Option<u32>) -> MemoryType {
        MemoryType::of(minimum.into(), maximum.map(Into::into), false, false)
    }

    /// A memory with 64-bit addresses; sizes are in pages of 64 KiB.
    pub fn new64(minimum: u64, maximum: Option<u64>) -> MemoryType {
        MemoryType::of(minimum, maximum, true, false)
    }

    /// A memory with 32-bit addresses that several threads may use: see
    /// [`SharedMemory`](crate::SharedMemory).
    ///
    /// ```
    /// use windlass::MemoryType;
    /// assert!(MemoryType::shared(1, 16).is_shared());
    /// ```
    pub fn shared(minimum: u32, maximum: u32) -> MemoryType {
        MemoryType::of(minimum.into(), Some(maximum.into()), false, true)
    }

    /// As [`MemoryType::shared`], with 64-bit addresses.
    pub fn shared64(minimum: u64, maximum: u64) -> MemoryType {
        MemoryType::of(minimum, Some(maximum), true, true)
    }

    /// A type that is put together: see [`MemoryTypeBuilder`].
    pub fn builder() -> MemoryTypeBuilder {
        MemoryTypeBuilder::new()
    }

    fn of(min: u64, max: Option<u64>, is64: bool, shared: bool) -> MemoryType {
        let limits = decode::Limits { min, max, is64 };
        MemoryType(decode::MemoryType { limits, shared, page_size_log2: 16 })
    }

    /// The smallest size, in pages.
    pub fn minimum(&self) -> u64 {
        self.0.limits.min
    }

    /// The largest size, in pages, if there is one.
    pub fn maximum(&self) -> Option<u64> {
        self.0.limits.max
    }

    /// Whether addresses have 64 bits.
    pub fn is_64(&self) -> bool {
        self.0.limits.is64
    }

    /// Whether several threads may use it.
    pub fn is_shared(&self) -> bool {
        self.0.shared
    }

    /// The size of a page in bytes.
    pub fn page_size(&self) -> u64 {
        1 << self.page_size_log2()
    }

    /// log2 of the size of a page in bytes.
    pub fn page_size_log2(&self) -> u8 {
        self.0.page_size_log2
    }

    /// Whether a memory of this type can be made.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let most = self.0.max_pages();
        match self.maximum() {
            Some(max) if self.minimum() > max => {
                Err(Error::msg("size minimum must not be greater than maximum"))
            }
            max if max.unwrap_or(self.minimum()) > most => {
                Err(error!("memory size must be at most {}", Count(most, "page")))
            }
            _ => Ok(()),
        }
    }
}

/// Makes a [`MemoryType`] of its parts. What is not set is as in `MemoryType::new(0, None)`.
///
/// ```
/// use windlass::MemoryTypeBuilder;
/// let ty = MemoryTypeBuilder::new().min(10).max(Some(4096)).page_size_log2(0).build()?;
/// assert_eq!((ty.minimum(), ty.page_size()), (10, 1));
/// assert!(MemoryTypeBuilder::new().shared(true).build().is_err());
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryTypeBuilder(MemoryType);

impl Default for MemoryTypeBuilder {
    fn default() -> MemoryTypeBuilder {
        MemoryTypeBuilder::new()
    }
}

impl MemoryTypeBuilder {
    /// Nothing is set yet.
    pub fn new() -> MemoryTypeBuilder {
        MemoryTypeBuilder(MemoryType::new(0, None))
    }

    /// The smallest size, in pages.
    pub fn min(&mut self, pages: u64) -> &mut Self {
        self.0.0.limits.min = pages;
        self
    }

    /// The largest size, in pages, if there is one.
    pub fn max(&mut self, pages: Option<u64>) -> &mut Self {
        self.0.0.limits.max = pages;
        self
    }

    /// Whether addresses have 64 bits.
    pub fn memory64(&mut self, enable: bool) -> &mut Self {
        self.0.0.limits.is64 = enable;
        self
    }

    /// Whether several threads may use it: then it needs a largest size.
    pub fn shared(&mut self, enable: bool) -> &mut Self {
        self.0.0.shared = enable;
        self
    }

    /// log2 of the size of a page in bytes: 16, or 0.
    pub fn page_size_log2(&mut self, log2: u8) -> &mut Self {
        self.0.0.page_size_log2 = log2;
        self
    }

    /// The type.
    ///
    /// # Errors
    /// If no memory can be of it: its largest size is less than its smallest, or more than the
    /// addresses allow; it is shared and has none; pages are neither of 64 KiB nor of one byte.
    pub fn build(&self) -> Result<MemoryType, Error> {
        let ty = self.0;
        if !matches!(ty.page_size_log2(), 0 | 16) {
            return Err(error!("pages of 2^{} bytes: they have 2^16 or 2^0", ty.page_size_log2()));
        }
        if ty.is_shared() && ty.maximum().is_none() {
            return Err(Error::msg("a shared memory must have a maximum size"));
        }
        ty.check()?;
        Ok(ty)
    }
}

/// The type of a table.
///
/// ```
/// use windlass::{RefType, TableType};
/// let ty = TableType::new(RefType::FUNCREF, 10, Some(20));
/// assert_eq!((ty.element(), ty.minimum(), ty.maximum()), (RefType::FUNCREF, 10, Some(20)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    element: RefType,
    pub(crate) limits: decode::Limits,
}

impl TableType {
    /// A table with 32-bit indices.
    pub fn new(element: RefType, minimum: u32, maximum: Option<u32>) -> TableType {
        TableType::of(element, minimum.into(), maximum.map(Into::into), false)
    }

    /// A table with 64-bit indices.
    pub fn new64(element: RefType, minimum: u64, maximum: Option<u64>) -> TableType {
        TableType::of(element, minimum, maximum, true)
    }

    fn of(element: RefType, min: u64, max: Option<u64>, is64: bool) -> TableType {
        TableType { element, limits: decode::Limits { min, max, is64 } }
    }

    /// The type as it is given to the host: see [`HeapType::given`](crate::HeapType::given).
    pub(crate) fn given(self, engine: &Engine) -> TableType {
        TableType { element: self.element.given(engine), ..self }
    }

    pub(crate) fn from_decoded(engine: &Engine, ty: decode::TableType) -> TableType {
        TableType { element: RefType::from_decoded(engine, ty.element), limits: ty.limits }
    }

    pub(crate) fn to_decoded(self) -> decode::TableType {
        decode::TableType { element: self.element.to_decoded(), limits: self.limits }
    }

    /// The type of the elements.
    pub fn element(&self) -> RefType {
        self.element
    }

    /// The smallest size, in elements.
    pub fn minimum(&self) -> u64 {
        self.limits.min
    }

    /// The largest size, in elements, if there is one.
    pub fn maximum(&self) -> Option<u64> {
        self.limits.max
    }

    /// Whether indices have 64 bits.
    pub fn is_64(&self) -> bool {
        self.limits.is64
    }
}

/// Whether a global can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// It keeps its value.
    Const,
    /// It can be set.
    Var,
}

/// The type of a global.
///
/// ```
/// use windlass::{GlobalType, Mutability, ValType};
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// assert_eq!((ty.content(), ty.mutability()), (ValType::I32, Mutability::Var));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType {
    content: ValType,
    mutability: Mutability,
}

impl GlobalType {
    /// A global with values of type `content`.
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType { content, mutability }
    }

    /// The type as it is given to the host: see [`HeapType::given`](crate::HeapType::given).
    pub(crate) fn given(self, engine: &Engine) -> GlobalType {
        GlobalType { content: self.content.given(engine), ..self }
    }

    pub(crate) fn from_decoded(engine: &Engine, ty: decode::GlobalType) -> GlobalType {
        let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
        GlobalType { content: ValType::from_decoded(engine, ty.val), mutability }
    }

    pub(crate) fn to_decoded(self) -> decode::GlobalType {
        let mutable = self.mutability == Mutability::Var;
        decode::GlobalType { val: self.content.to_decoded(), mutable }
    }

    /// The type of the value.
    pub fn content(&self) -> ValType {
        self.content
    }

    /// Whether it can be set.
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }
}
