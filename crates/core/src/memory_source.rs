//! [`MemorySource`]: bytes of the host that linear memories lie in, instead of the allocator's, and
//! [`MemoryPool`], a ready-made one. `runtime/resources` takes bytes for a memory that it makes,
//! `runtime/memory` gives them back when the memory ends. Nothing here knows what a memory is.

use crate::lock::Lock;
use alloc::vec::Vec;
use core::fmt;

/// Gives linear memories the bytes that they lie in: from static arrays, from a part of the RAM
/// that the linker script sets aside, from what a host in another language hands out.
///
/// Set by [`Config::memory_source`](crate::Config::memory_source) it is asked for each memory that
/// a store of the engine makes, whether a module defines it or the host makes it;
/// [`Memory::with_source`](crate::Memory::with_source) asks one for a single memory. There is no
/// allocator behind it: a memory that gets no bytes is not made, and one that has grown to the end
/// of its bytes grows no further. The limits of types and of
/// [`ResourceLimiter`](crate::ResourceLimiter)s are asked as ever, before this. Shared memories,
/// which belong to no store, have their bytes from the allocator or the system.
///
/// Windlass makes the bytes zero, before the guest can see them. While a memory has them nobody
/// else can: that is what `&'static mut` says. They are given back when the memory ends: with its
/// store, or when the instantiation fails that has made it.
///
/// # For other languages
///
/// `take` and `give_back` are two callbacks. A pointer and a length become the slice by
/// `slice::from_raw_parts_mut`, whose conditions are to be those of the callback: the bytes are
/// initialized, nobody else touches them, and they stay until `give_back`, which gets the same
/// pointer and length.
pub trait MemorySource: Send + Sync {
    /// Bytes for a memory that starts with `minimum` bytes and may grow to `maximum`, if its type
    /// says so. What there is more than `minimum` is what it can grow into; how much that is, the
    /// source decides. None if there are none: then the memory is not made, which is an error, as
    /// it is if they are fewer than `minimum` or don't begin at a multiple of 8.
    ///
    /// It may panic: then nothing has changed.
    fn take(&self, minimum: usize, maximum: Option<usize>) -> Option<&'static mut [u8]>;

    /// Bytes that `take` has given, all of them, with whatever the guest has left in them. To be
    /// called with what others have taken is no error. It should not panic: where a panic is on its
    /// way already, the process would end.
    fn give_back(&self, bytes: &'static mut [u8]);
}

/// A [`MemorySource`] of some slices, each of which can be one memory at a time: a memory gets the
/// smallest that is free and large enough.
///
/// ```
/// use std::sync::Arc;
/// use windlass::{Config, Engine, Instance, MemoryPool, Module, Store};
///
/// // In firmware: a `static` array with `#[repr(align(8))]`, of which `static_cell`, or the macro
/// // `singleton!` of a crate for the CPU, makes a `&'static mut`.
/// let array: &'static mut [u8] = vec![0; 3 << 16].leak();
/// let pool = Arc::new(MemoryPool::new([array]));
/// let engine = Engine::new(Config::new().memory_source(pool.clone()))?;
/// let wasm = wat::parse_str(r#"(memory (export "memory") 1)"#).unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// let memory = instance.get_memory(&store, "memory").unwrap();
/// assert_eq!(memory.grow(&mut store, 2)?, 1);
/// assert!(memory.grow(&mut store, 1).is_err(), "three pages is all that there is");
/// assert_eq!(pool.free_bytes(), 0);
/// drop(store);
/// assert_eq!(pool.free_bytes(), 3 << 16);
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct MemoryPool {
    free: Lock<Vec<&'static mut [u8]>>,
}

impl MemoryPool {
    /// A pool of these slices, each aligned to 8 bytes. The list of them is all that is allocated.
    pub fn new(slices: impl IntoIterator<Item = &'static mut [u8]>) -> MemoryPool {
        MemoryPool { free: Lock::new(slices.into_iter().collect()) }
    }

    /// How many bytes the slices have together that no memory has at present.
    pub fn free_bytes(&self) -> usize {
        let sum = |free: &Vec<&mut [u8]>| free.iter().map(|bytes| bytes.len()).sum();
        self.free.read(sum)
    }

    /// Takes a slice out that no memory has, for other uses; none if there is none.
    ///
    /// ```
    /// use windlass::MemoryPool;
    /// let pool = MemoryPool::new([vec![1; 10].leak(), vec![2; 20].leak()]);
    /// let (mut count, mut bytes) = (0, 0);
    /// while let Some(slice) = pool.remove() {
    ///     (count, bytes) = (count + 1, bytes + slice.len());
    /// }
    /// assert_eq!((count, bytes), (2, 30));
    /// ```
    pub fn remove(&self) -> Option<&'static mut [u8]> {
        self.free.write(Vec::pop)
    }
}

impl MemorySource for MemoryPool {
    fn take(&self, minimum: usize, _: Option<usize>) -> Option<&'static mut [u8]> {
        self.free.write(|free| {
            let fits = free.iter().enumerate().filter(|(_, bytes)| bytes.len() >= minimum);
            let (place, _) = fits.min_by_key(|(_, bytes)| bytes.len())?;
            Some(free.swap_remove(place))
        })
    }

    /// Takes no memory, since the list had this slice before.
    fn give_back(&self, bytes: &'static mut [u8]) {
        self.free.write(|free| free.push(bytes));
    }
}

impl fmt::Debug for MemoryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free_bytes = self.free_bytes();
        f.debug_struct("MemoryPool").field("free_bytes", &free_bytes).finish_non_exhaustive()
    }
}
