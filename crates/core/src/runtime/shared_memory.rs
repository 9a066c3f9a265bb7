//! [`SharedMemory`]: a linear memory that stores on several threads use at once.

use super::{SharedBytes, Waited, Waiters, grow_shared, resources::make_shared};
use crate::{Engine, Error, MemoryAccessError, MemoryType, Trap, error::error};
use alloc::sync::Arc;
use core::{
    cell::UnsafeCell,
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};
use windlass_decode as decode;
use windlass_decode::Count;

/// A linear memory that stores on several threads use at once. It belongs to no store; clones are
/// the same memory. Modules import it as `(memory 1 16 shared)` and give it out again as
/// [`Extern::SharedMemory`](crate::Extern::SharedMemory).
///
/// It never moves: address space for its maximum is set aside when it is made. Operating systems
/// give real memory to pages when they are first written, so a high maximum costs next to nothing
/// there; where there is no such system, all of it is taken at once. It takes a host with atomic
/// accesses of 64 bits. [`ResourceLimiter`](crate::ResourceLimiter)s are asked when a guest makes
/// or grows one, not when the host does.
///
/// Other threads may change the bytes at any time, so there is no `&[u8]` of them. What the host
/// reads and writes here is as if each byte were an atomic of the order "relaxed"; atomic
/// instructions of guests, and waiting and notifying, are sequentially consistent.
///
/// ```
/// use windlass::{Config, Engine, Linker, MemoryType, Module, SharedMemory, Store};
/// let engine = Engine::new(Config::new().wasm_threads(true))?;
/// let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
/// let wasm = wat::parse_str(
///     r#"(import "env" "memory" (memory 1 1 shared))
///        (func (export "count") (param $n i32)
///          (loop $again
///            (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
///            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#,
/// )?;
/// let module = Module::new(&engine, wasm)?;
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| {
///             let mut store = Store::new(&engine, ());
///             let mut linker = Linker::new(&engine);
///             linker.define(&store, "env", "memory", memory.clone())?;
///             let instance = linker.instantiate(&mut store, &module)?;
///             instance.get_typed_func::<i32, ()>(&store, "count")?.call(&mut store, 1000)
///         });
///     }
/// });
/// let mut counter = [0; 4];
/// memory.read(0, &mut counter)?;
/// assert_eq!(u32::from_le_bytes(counter), 2000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedMemory(Arc<Inner>, Built);

/// What builds without the feature `threads` have none of: so they have no shared memory, and the
/// compiler leaves out what is done with one.
#[cfg(feature = "threads")]
type Built = ();
#[cfg(not(feature = "threads"))]
type Built = core::convert::Infallible;

/// That the build has shared memories.
#[cfg(feature = "threads")]
fn built() -> Result<Built, Error> {
    Ok(())
}

#[cfg(not(feature = "threads"))]
fn built() -> Result<Built, Error> {
    Err(error!("a shared memory needs the cargo feature `threads`"))
}

struct Inner {
    engine: Engine,
    ty: decode::MemoryType,
    bytes: SharedBytes,
    waiters: Waiters,
}

/// How [`SharedMemory::atomic_wait32`] and [`SharedMemory::atomic_wait64`] end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitResult {
    /// It was notified.
    Ok = 0,
    /// The memory did not have the expected value: it did not wait.
    Mismatch = 1,
    /// The time passed.
    TimedOut = 2,
}

impl SharedMemory {
    /// A memory of type `ty`, all zeros, for stores of `engine`.
    ///
    /// # Errors
    /// If the type is not that of a shared memory ([`MemoryType::shared`]), or not a valid one; if
    /// the host can't set aside its maximum; if the build is without the feature `threads`.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory, Error> {
        ty.check()?;
        if !ty.is_shared() {
            return Err(Error::msg("the type is not that of a shared memory"));
        }
        SharedMemory::from_type(engine, ty.0)
    }

    /// A memory of a type that is valid and shared.
    pub(crate) fn from_type(engine: &Engine, ty: decode::MemoryType) -> Result<Self, Error> {
        built().and_then(|built| {
            let bytes = make_shared(&ty)?;
            let inner = Inner { engine: engine.clone(), ty, bytes, waiters: Waiters::default() };
            Ok(SharedMemory(Arc::new(inner), built))
        })
    }

    /// Its type. The minimum is the size that it started with.
    pub fn ty(&self) -> MemoryType {
        MemoryType(self.0.ty)
    }

    /// The size in pages at this moment.
    pub fn size(&self) -> u64 {
        self.data_size() as u64 >> self.0.ty.page_size_log2
    }

    /// The size of a page in bytes.
    pub fn page_size(&self) -> u64 {
        self.ty().page_size()
    }

    /// The size in bytes at this moment.
    pub fn data_size(&self) -> usize {
        self.0.bytes.len()
    }

    /// The bytes, as places that other threads may be writing to: only atomic accesses of them are
    /// sound. [`SharedMemory::read`] and [`SharedMemory::write`] are safe ones.
    ///
    /// ```
    /// use windlass::{Engine, MemoryType, SharedMemory};
    /// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 1))?;
    /// assert_eq!(memory.data().len(), 65_536);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn data(&self) -> &[UnsafeCell<u8>] {
        self.0.bytes.cells()
    }

    /// Copies bytes from `offset` on to `buffer`.
    ///
    /// # Errors
    /// If they reach beyond the memory.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        self.check(offset, buffer.len())?;
        self.0.bytes.read(offset, buffer);
        Ok(())
    }

    /// Copies `buffer` to the memory, from `offset` on.
    ///
    /// # Errors
    /// If it reaches beyond the memory: then nothing is written.
    ///
    /// ```
    /// use windlass::{Engine, MemoryType, SharedMemory};
    /// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 1))?;
    /// memory.write(65_531, b"hello")?;
    /// assert!(memory.write(65_532, b"hello").is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<(), MemoryAccessError> {
        self.check(offset, buffer.len())?;
        self.0.bytes.write(offset, buffer);
        Ok(())
    }

    fn check(&self, offset: usize, len: usize) -> Result<(), MemoryAccessError> {
        let size = self.data_size();
        match offset.checked_add(len) {
            Some(end) if end <= size => Ok(()),
            _ => Err(MemoryAccessError { offset, len, size }),
        }
    }

    /// Grows by `delta` pages of zeros; returns the old size in pages. Other threads see it at
    /// once.
    ///
    /// # Errors
    /// If the type does not allow it.
    ///
    /// ```
    /// use windlass::{Engine, MemoryType, SharedMemory};
    /// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 3))?;
    /// let clone = memory.clone();
    /// assert_eq!(memory.grow(2)?, 1);
    /// assert_eq!(clone.size(), 3);
    /// assert!(memory.grow(1).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn grow(&self, delta: u64) -> Result<u64, Error> {
        grow_shared(self, delta)
            .ok_or_else(|| error!("failed to grow memory by {}", Count(delta, "page")))
    }

    /// Wakes at most `count` of those that wait at `addr`, guests or host; returns how many.
    ///
    /// # Errors
    /// [`Trap::UnalignedAtomic`] if the address is not a multiple of 4, [`Trap::MemoryOutOfBounds`]
    /// if it is not in the memory.
    pub fn atomic_notify(&self, addr: u64, count: u32) -> Result<u32, Trap> {
        self.check_atomic(addr, 4)?;
        Ok(self.0.waiters.notify(addr, count))
    }

    /// Waits until `addr` is notified, if the memory has the value `expected` there. Without a
    /// timeout, as long as it takes.
    ///
    /// # Errors
    /// As [`SharedMemory::atomic_notify`]; [`Trap::CannotSuspend`] without the feature `std`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use windlass::{Engine, MemoryType, SharedMemory, WaitResult};
    /// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 1))?;
    /// assert_eq!(memory.atomic_wait32(8, 1, None)?, WaitResult::Mismatch);
    /// let result = memory.atomic_wait32(8, 0, Some(Duration::from_millis(1)))?;
    /// assert_eq!(result, WaitResult::TimedOut);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn atomic_wait32(
        &self,
        addr: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        let at = self.check_atomic(addr, 4)?;
        let as_expected = || self.0.bytes.load32(at) == expected;
        result(self.0.waiters.wait(addr, as_expected, timeout, None))
    }

    /// As [`SharedMemory::atomic_wait32`], for a value of 64 bits.
    ///
    /// # Errors
    /// As there; the address must be a multiple of 8.
    pub fn atomic_wait64(
        &self,
        addr: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        let at = self.check_atomic(addr, 8)?;
        let as_expected = || self.0.bytes.load64(at) == expected;
        result(self.0.waiters.wait(addr, as_expected, timeout, None))
    }

    /// The address of `size` bytes, if they can be accessed atomically.
    pub(crate) fn check_atomic(&self, addr: u64, size: u64) -> Result<usize, Trap> {
        check_atomic(addr, size, self.data_size())
    }

    /// The engine whose stores can use it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Tells it from other memories that exist.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub(crate) fn decoded_type(&self) -> &decode::MemoryType {
        &self.0.ty
    }

    /// The type, with the present size as the smallest.
    pub(crate) fn type_now(&self) -> decode::MemoryType {
        let limits = decode::Limits { min: self.size(), ..self.0.ty.limits };
        decode::MemoryType { limits, ..self.0.ty }
    }

    pub(crate) fn bytes(&self) -> &SharedBytes {
        &self.0.bytes
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.0.waiters
    }
}

/// The place of `size` bytes at `addr` in a memory of `len` bytes, if they can be accessed
/// atomically.
pub(crate) fn check_atomic(addr: u64, size: u64, len: usize) -> Result<usize, Trap> {
    if !addr.is_multiple_of(size) {
        return Err(Trap::UnalignedAtomic);
    }
    match addr.checked_add(size) {
        Some(end) if end <= len as u64 => Ok(addr as usize),
        _ => Err(Trap::MemoryOutOfBounds),
    }
}

fn result(waited: Waited) -> Result<WaitResult, Trap> {
    match waited {
        Waited::Notified => Ok(WaitResult::Ok),
        Waited::Mismatch => Ok(WaitResult::Mismatch),
        Waited::TimedOut => Ok(WaitResult::TimedOut),
        Waited::Interrupted(_) => Err(Trap::Interrupted),
        Waited::Unable => Err(Trap::CannotSuspend),
    }
}

/// Whether both are the same memory.
impl PartialEq for SharedMemory {
    fn eq(&self, other: &SharedMemory) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SharedMemory {}

impl Hash for SharedMemory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").field("ty", &self.ty()).field("size", &self.size()).finish()
    }
}
