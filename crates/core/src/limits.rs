//! [`ResourceLimiter`]: the embedder's say over what guests may take, and [`StoreLimits`], a
//! ready-made one. Asked by `runtime/resources` only.

use crate::{Error, error::error};
use windlass_decode::Count;

/// Decides how much guests of a store may take. [`StoreLimits`] is a ready-made one; it is set by
/// [`Store::limiter`](crate::Store::limiter).
///
/// ```
/// use windlass::{Error, ResourceLimiter};
///
/// /// All memories of a store together.
/// struct Budget {
///     bytes: usize,
/// }
///
/// impl ResourceLimiter for Budget {
///     fn memory_growing(
///         &mut self,
///         current: usize,
///         desired: usize,
///         _: Option<usize>,
///     ) -> Result<bool, Error> {
///         match self.bytes.checked_sub(desired - current) {
///             Some(rest) => {
///                 self.bytes = rest;
///                 Ok(true)
///             }
///             None => Ok(false),
///         }
///     }
///     fn table_growing(
///         &mut self,
///         _: usize,
///         desired: usize,
///         _: Option<usize>,
///     ) -> Result<bool, Error> {
///         if desired > 1_000_000 {
///             return Err(Error::msg("that's no honest program"));
///         }
///         Ok(desired <= 1000)
///     }
/// }
/// ```
///
/// Each method that answers a question can also fail: this ends the call of the guest that asked,
/// or the instantiation, with that error, which [`Error::downcast_ref`] finds again; the host gets
/// it from what it called, as [`Memory::grow`](crate::Memory::grow).
///
/// A limiter is asked before anything has changed, and what it allows is done before anything of
/// the embedder's runs again, but for its [`MemorySource`](crate::MemorySource); unless an
/// [`Execution`](crate::Execution) stops before, since fuel has run out or an interrupt has come:
/// then it is asked again if the size has changed meanwhile. So one that panics leaves the store as
/// it was, and the guest that asked does not go on: an [`Execution`](crate::Execution) has ended.
/// It has its part of the embedder's data and not the store, so it can't re-enter it; it may drop
/// what it has of the store, such as references and executions, and use other stores.
pub trait ResourceLimiter {
    /// Whether a memory may grow from `current` to `desired` bytes. Also asked for new memories,
    /// which grow from 0. `maximum` is that of the memory's type.
    ///
    /// If not, `memory.grow` gives -1 in the guest, and making a memory is an error.
    ///
    /// # Errors
    /// The limiter's: see above.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;

    /// An allowed growth failed since the host has no memory left.
    ///
    /// # Errors
    /// The limiter's: see above. If it returns `Ok`, the growth has failed as if it were not
    /// allowed.
    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        let _ = error;
        Ok(())
    }

    /// Whether a table may grow from `current` to `desired` elements. Also asked for new tables.
    ///
    /// # Errors
    /// The limiter's: see above.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;

    /// An allowed growth failed since the host has no memory left.
    ///
    /// # Errors
    /// As for [`ResourceLimiter::memory_grow_failed`].
    fn table_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        let _ = error;
        Ok(())
    }

    /// Whether the heap of structures and arrays may grow from `current` to `desired` bytes. After
    /// a no, it is asked about smaller sizes, then garbage is collected; if there is still no room,
    /// the guest traps.
    ///
    /// What a limiter does not say about the heap, it says about a memory of that size.
    ///
    /// # Errors
    /// The limiter's: see above.
    fn gc_heap_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        self.memory_growing(current, desired, maximum)
    }

    /// Whether the value stacks of the store may grow from `current` to `desired` bytes: those of
    /// all calls that run or are paused, together with those that are kept for the next calls.
    /// After a no, the kept ones are freed, and it is asked again; if that does not help, the call
    /// is a stack overflow.
    ///
    /// # Errors
    /// The limiter's: see above.
    fn stack_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
        let _ = (current, desired);
        Ok(true)
    }

    /// Whether all that the guests of the store make the host hold may grow from `current` to
    /// `desired` bytes: memories (of a shared one that a guest makes, its maximum at once), tables
    /// with 8 bytes for each element, the heap of structures and arrays with what marking it takes,
    /// the exceptions, value stacks with what is noted of calls between instances, instances with
    /// their element segments, host values ([`ExternRef`](crate::ExternRef)) by their own size and
    /// 64 bytes, and code that is translated when guests of this store call it first. A no is one
    /// to what is to grow; it is asked before that. What may grow counts from then on, also while
    /// it is paused in the middle, until it has grown or never will.
    ///
    /// After a no it is asked again if dropped executions, or stacks that no call uses, still took
    /// something, which is free by then.
    ///
    /// # Errors
    /// The limiter's: see above.
    fn total_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
        let _ = (current, desired);
        Ok(true)
    }

    /// How many instances the store may have.
    fn instances(&self) -> usize {
        usize::MAX
    }

    /// How many tables the store may have.
    fn tables(&self) -> usize {
        usize::MAX
    }

    /// How many memories the store may have.
    fn memories(&self) -> usize {
        usize::MAX
    }
}

/// Limits that are numbers. Made by [`StoreLimitsBuilder`].
///
/// ```
/// use windlass::{Engine, Memory, MemoryType, Store, StoreLimits, StoreLimitsBuilder};
///
/// let limits = StoreLimitsBuilder::new().memory_size(2 << 16).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// assert!(memory.grow(&mut store, 1).is_ok());
/// assert!(memory.grow(&mut store, 1).is_err());
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: usize,
    gc_heap_size: usize,
    stack_size: usize,
    total_size: usize,
    table_elements: usize,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
}

/// How it is set, and what it is.
struct Limit(&'static str, usize);

impl StoreLimits {
    /// What a limit says, or the error that it becomes.
    fn allows(&self, what: &str, desired: Count<usize>, limit: &Limit) -> Result<bool, Error> {
        let Limit(name, most) = limit;
        let allowed = desired.0 <= *most;
        match allowed || !self.trap_on_grow_failure {
            true => Ok(allowed),
            false => Err(error!(
                "resource limit exceeded: a {what} of {desired}: `StoreLimitsBuilder::{name}` \
                 allows {most}"
            )),
        }
    }

    /// What becomes of a growth for which the host has no memory.
    fn failed(&self, error: Error) -> Result<(), Error> {
        if self.trap_on_grow_failure { Err(error) } else { Ok(()) }
    }
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        let max = usize::MAX;
        StoreLimits {
            memory_size: max,
            gc_heap_size: max,
            stack_size: max,
            total_size: max,
            table_elements: max,
            instances: max,
            tables: max,
            memories: max,
            trap_on_grow_failure: false,
        }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, Error> {
        let limit = Limit("memory_size", self.memory_size);
        self.allows("memory", Count(desired, "byte"), &limit)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        self.failed(error)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        self.failed(error)
    }

    fn gc_heap_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, Error> {
        Ok(desired <= self.gc_heap_size)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        let limit = Limit("table_elements", self.table_elements);
        self.allows("table", Count(desired, "element"), &limit)
    }

    fn stack_growing(&mut self, _: usize, desired: usize) -> Result<bool, Error> {
        Ok(desired <= self.stack_size)
    }

    fn total_growing(&mut self, _: usize, desired: usize) -> Result<bool, Error> {
        Ok(desired <= self.total_size)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

/// Makes [`StoreLimits`]. What is not set is not limited.
///
/// ```
/// let limits = windlass::StoreLimitsBuilder::new()
///     .memory_size(1 << 20)
///     .gc_heap_size(1 << 24)
///     .stack_size(1 << 20)
///     .total_size(1 << 25)
///     .table_elements(1000)
///     .instances(1)
///     .tables(2)
///     .memories(1)
///     .build();
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// No limits yet.
    pub fn new() -> StoreLimitsBuilder {
        StoreLimitsBuilder::default()
    }

    /// The largest size of a memory, in bytes.
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = bytes;
        self
    }

    /// The largest size of the heap of structures and arrays, in bytes.
    pub fn gc_heap_size(mut self, bytes: usize) -> Self {
        self.0.gc_heap_size = bytes;
        self
    }

    /// The largest size of all value stacks of the store together, in bytes.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.0.stack_size = bytes;
        self
    }

    /// How much all that the guests of the store make the host hold may take together, in bytes:
    /// see [`ResourceLimiter::total_growing`].
    pub fn total_size(mut self, bytes: usize) -> Self {
        self.0.total_size = bytes;
        self
    }

    /// The largest size of a table, in elements.
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = elements;
        self
    }

    /// How many instances the store may have.
    pub fn instances(mut self, count: usize) -> Self {
        self.0.instances = count;
        self
    }

    /// How many tables the store may have.
    pub fn tables(mut self, count: usize) -> Self {
        self.0.tables = count;
        self
    }

    /// How many memories the store may have.
    pub fn memories(mut self, count: usize) -> Self {
        self.0.memories = count;
        self
    }

    /// Whether `memory.grow` and `table.grow` end the guest's call by an error, instead of giving
    /// -1, where [`memory_size`](Self::memory_size) or [`table_elements`](Self::table_elements)
    /// does not allow it or the host has no memory. Not by default. Beyond what the type of the
    /// memory or table allows, or [`total_size`](Self::total_size), they give -1 in any case.
    pub fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}
