//! [`Memory`]: a linear memory of a store.

use super::value::check_store;
use crate::{
    AsContext, AsContextMut, Error, MemoryAccessError, MemorySource, MemoryType, StoreContext,
    StoreContextMut,
    error::error,
    runtime::{self, StoreId, StoreInner, add_memory, add_memory_of},
};
use alloc::sync::Arc;
use windlass_decode::Count;

/// A linear memory of a store. It is a number, cheap to copy. A memory that several stores share is
/// a [`SharedMemory`](crate::SharedMemory).
///
/// The host reads and writes the guest's bytes where they are, without copies:
///
/// ```
/// use windlass::{Engine, Memory, MemoryType, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
/// memory.data_mut(&mut store)[..5].copy_from_slice(b"hello");
/// memory.write(&mut store, 5, b" guest")?;
/// assert_eq!(&memory.data(&store)[..11], b"hello guest");
/// assert!(memory.write(&mut store, 65_530, b"too long").is_err());
/// assert_eq!(memory.grow(&mut store, 1)?, 1);
/// assert_eq!(memory.size(&store), 2);
/// # Ok::<(), windlass::Error>(())
/// ```
///
/// # Panics
/// Methods that do not return a `Result` panic if the memory belongs to another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    store: StoreId,
    index: u32,
}

/// Keeps a memory where it is: see [`Memory::pin`]. It does not keep the store, and may be dropped
/// on any thread, whatever the store does meanwhile.
#[derive(Clone, Debug)]
#[must_use = "the memory is kept where it is as long as this lives"]
pub struct MemoryPin {
    _held: Arc<()>,
}

impl Memory {
    /// A memory of type `ty`, all zeros.
    ///
    /// # Errors
    /// If the limits of the store or the host don't allow it, or if the type is not a valid one.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory, Error> {
        let store = store.as_context_mut().0;
        check_own(&ty)?;
        let index = add_memory(store, ty.0)?;
        Ok(Memory { store: store.inner.id, index })
    }

    /// A memory of type `ty`, all zeros, in bytes that the host gives: as far as they reach it can
    /// grow. For memories that modules define there is
    /// [`Config::memory_source`](crate::Config::memory_source).
    ///
    /// # Errors
    /// As [`Memory::new`]; if the source has no bytes for it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use windlass::{Memory, MemoryPool, MemorySource, MemoryType, Store};
    /// let bytes: &'static mut [u8] = vec![7; 2 << 16].leak();
    /// let pool = Arc::new(MemoryPool::new([bytes]));
    /// let mut store = Store::<()>::default();
    /// let memory = Memory::with_source(&mut store, MemoryType::new(1, None), pool.clone())?;
    /// assert!(memory.data(&store).iter().all(|&byte| byte == 0));
    /// assert_eq!((memory.data_size(&store), memory.stable_size(&mut store)), (1 << 16, 2 << 16));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn with_source(
        mut store: impl AsContextMut,
        ty: MemoryType,
        source: Arc<dyn MemorySource>,
    ) -> Result<Memory, Error> {
        let store = store.as_context_mut().0;
        check_own(&ty)?;
        let index = add_memory_of(store, ty.0, Some(source))?;
        Ok(Memory { store: store.inner.id, index })
    }

    /// Its type. The minimum is the size that it started with.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        let inner = &store.as_context().0.inner;
        MemoryType(inner.memories[self.index_in(inner)].ty)
    }

    /// Copies bytes from `offset` on to `buffer`.
    ///
    /// # Errors
    /// If they reach beyond the memory.
    pub fn read(
        &self,
        store: impl AsContext,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context();
        let data = self.data(StoreContext(store.0));
        let (len, size) = (buffer.len(), data.len());
        let bytes = data.get(offset..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(MemoryAccessError { offset, len, size })?);
        Ok(())
    }

    /// Copies `buffer` to the memory, from `offset` on.
    ///
    /// # Errors
    /// If it reaches beyond the memory: then nothing is written.
    pub fn write(
        &self,
        mut store: impl AsContextMut,
        offset: usize,
        buffer: &[u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context_mut();
        let data = self.data_mut(StoreContextMut(store.0));
        let (len, size) = (buffer.len(), data.len());
        let bytes = data.get_mut(offset..).and_then(|rest| rest.get_mut(..buffer.len()));
        bytes.ok_or(MemoryAccessError { offset, len, size })?.copy_from_slice(buffer);
        Ok(())
    }

    /// The bytes.
    pub fn data<'a, T: 'a>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        let inner = &store.into().0.inner;
        inner.memories[self.index_in(inner)].bytes.own()
    }

    /// The bytes, to be changed.
    pub fn data_mut<'a, T: 'a>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        self.data_and_store_mut(store).0
    }

    /// The bytes and the embedder's data, both to be changed.
    pub fn data_and_store_mut<'a, T: 'a>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let state = store.into().0;
        let index = self.index_in(&state.inner);
        (state.inner.memories[index].bytes.own_mut(), &mut state.data)
    }

    /// The address of the first byte, for code that works with pointers. What is done with it is
    /// the caller's to answer for: it is valid until the memory grows, anything of the guest runs,
    /// or the store is dropped, and not while [`Memory::data_mut`] is borrowed. An empty memory may
    /// have none to be read at.
    ///
    /// ```
    /// use windlass::{Memory, MemoryType, Store};
    /// let mut store = Store::<()>::default();
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    /// assert_eq!(memory.data_ptr(&store).cast_const(), memory.data(&store).as_ptr());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn data_ptr(&self, store: impl AsContext) -> *mut u8 {
        let inner = &store.as_context().0.inner;
        inner.memories[self.index_in(inner)].bytes.base()
    }

    /// The size in bytes.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        let inner = &store.as_context().0.inner;
        inner.memories[self.index_in(inner)].bytes.len()
    }

    /// The size in pages.
    pub fn size(&self, store: impl AsContext) -> u64 {
        let inner = &store.as_context().0.inner;
        inner.memories[self.index_in(inner)].pages()
    }

    /// The size of a page in bytes.
    pub fn page_size(&self, store: impl AsContext) -> u64 {
        self.ty(store).page_size()
    }

    /// Grows by `delta` pages of zeros; returns the old size in pages.
    ///
    /// # Errors
    /// If the type, the limits of the store or the host don't allow it, or if it belongs to another
    /// store. An error of the limiter's as it is.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, self.store, "memory")?;
        let failed = || error!("failed to grow memory by {}", Count(delta, "page"));
        runtime::grow_memory(store, self.index, delta)?.ok_or_else(failed)
    }

    /// How many bytes it can grow to from now on and stay where it is, at the same address. That is
    /// its size at least; much more where the host has addresses to reserve, as 64-bit Unix has.
    /// The first time, a little memory is moved to such addresses: take its address afterwards. A
    /// growth that was stopped and has not gone on is given up.
    ///
    /// For embedders that keep the address of [`Memory::data`] for longer than they have the store:
    /// until a growth beyond this, which [`Memory::pin`] prevents, or until the store ends. Asked
    /// again until then, it stays, too.
    ///
    /// # Panics
    /// If the memory belongs to another store.
    ///
    /// ```
    /// use windlass::{Memory, MemoryType, Store};
    /// let mut store = Store::<()>::default();
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    /// let stable = memory.stable_size(&mut store);
    /// let address = memory.data(&store).as_ptr();
    /// if stable >= 2 << 16 {
    ///     memory.grow(&mut store, 1)?;
    ///     assert_eq!(memory.data(&store).as_ptr(), address);
    /// }
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn stable_size(&self, mut store: impl AsContextMut) -> usize {
        let inner = &mut store.as_context_mut().0.inner;
        self.index_in(inner);
        inner.settle_memory(self.index)
    }

    /// Keeps it where it is from now on, at the same address, as long as the pin or a copy of it
    /// lives: what would have to move it fails meanwhile, as a growth does that its type does not
    /// allow. It still grows to [`Memory::stable_size`], which is found out first, as there; and it
    /// still ends with its store.
    ///
    /// # Panics
    /// If the memory belongs to another store.
    ///
    /// ```
    /// use windlass::{Memory, MemoryType, Store};
    /// let mut store = Store::<()>::default();
    /// let memory = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
    /// let pin = memory.pin(&mut store);
    /// let address = memory.data_ptr(&store);
    /// let _ = memory.grow(&mut store, 1);
    /// assert_eq!(memory.data_ptr(&store), address);
    /// drop(pin);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn pin(&self, mut store: impl AsContextMut) -> MemoryPin {
        let inner = &mut store.as_context_mut().0.inner;
        let index = self.index_in(inner);
        let stable = inner.settle_memory(self.index);
        MemoryPin { _held: inner.memories[index].pin(stable) }
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Memory {
        Memory { store, index }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    fn index_in(&self, store: &StoreInner) -> usize {
        match check_store(store.id, self.store, "memory") {
            Ok(()) => self.index as usize,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Whether a store can have a memory of this type for itself.
fn check_own(ty: &MemoryType) -> Result<(), Error> {
    ty.check()?;
    match ty.is_shared() {
        true => Err(Error::msg("a shared memory is made by `SharedMemory::new`")),
        false => Ok(()),
    }
}
