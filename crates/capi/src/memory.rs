//! `wasm_memory_t`: memories, also shared ones.

use crate::{
    entry::{Const, Mut, Own, entries},
    reference::{wasm_memory_t, wasm_ref_t, wasm_trap_t},
    store::{Cx, Shared, wasm_store_t},
    trap,
    types::{wasm_externtype_t, wasm_memorytype_t},
    vector::wasm_byte_t,
};
use std::{ptr, slice, sync::Arc};
use windlass::{
    AsContextMut, Engine, Error, Extern, ExternType, Memory, MemoryPin, Result, SharedMemory,
};

/// Keeps a memory where it is, and alive. It ends as its fields say: the pin before its store.
#[expect(dead_code, reason = "for their ends")]
pub enum windlass_memory_pin_t {
    /// That of a store, which the memory lies in.
    Own(MemoryPin, Arc<Shared>),
    /// A shared one, which stays where it is by itself.
    Shared(SharedMemory),
}

/// A memory, of a store or shared.
enum Either {
    Own(Memory),
    Shared(SharedMemory),
}

impl Either {
    fn size(&self, cx: &Cx<'_>) -> u64 {
        match self {
            Either::Own(memory) => memory.size(cx),
            Either::Shared(memory) => memory.size(),
        }
    }

    fn grow(&self, cx: &mut Cx<'_>, delta: u64) -> Result<u64> {
        match self {
            Either::Own(memory) => memory.grow(cx, delta),
            Either::Shared(memory) => memory.grow(delta),
        }
    }
}

fn parts(handle: Const<'_, wasm_memory_t>) -> Option<(Either, &Arc<Shared>)> {
    let handle = handle?;
    let memory = match handle.shared_memory() {
        Some(memory) => Either::Shared(memory),
        None => Either::Own(handle.memory()?),
    };
    Some((memory, handle.store.as_ref()?))
}

fn with<R>(
    handle: Const<'_, wasm_memory_t>,
    f: impl FnOnce(&Either, &mut Cx<'_>) -> Result<R>,
) -> Result<R> {
    let (memory, store) = parts(handle).ok_or_else(trap::null)?;
    store.enter(|cx| f(&memory, cx))
}

entries! {
    /// A memory of zeros; null if there is no room, or if the type is not valid.
    fn wasm_memory_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_memorytype_t>,
    ) -> Own<wasm_memory_t> {
        let (store, ty) = (&store?.0, ty?.memory_type().ok()?);
        let memory: Result<Extern> = match ty.is_shared() {
            true => SharedMemory::new(&store.engine, ty).map(Into::into),
            false => store.enter(|cx| Memory::new(cx, ty)).map(Into::into),
        };
        Some(Box::new(wasm_ref_t::of_extern(memory.ok()?, store)))
    }

    /// Its type.
    fn wasm_memory_type(memory: Const<'_, wasm_memory_t>) -> Own<wasm_memorytype_t> {
        let ty = with(memory, |memory, cx| {
            Ok(match memory {
                Either::Own(memory) => memory.ty(cx),
                Either::Shared(memory) => memory.ty(),
            })
        });
        Some(Box::new(wasm_externtype_t::new(&ExternType::Memory(ty.ok()?))?))
    }

    /// Its bytes, until it grows or its store ends. Those of a shared memory stay where they are,
    /// and are to be accessed atomically.
    fn wasm_memory_data(memory: Mut<'_, wasm_memory_t>) -> *mut wasm_byte_t {
        let data = with(memory, |memory, cx| {
            Ok(match memory {
                Either::Own(memory) => memory.data_mut(cx.as_context_mut()).as_mut_ptr(),
                Either::Shared(memory) => memory.data().as_ptr().cast::<u8>().cast_mut(),
            })
        });
        data.unwrap_or(ptr::null_mut())
    }

    /// Keeps the memory where it is, and its store, as long as the pin lives; null without a
    /// memory.
    fn windlass_memory_pin(memory: Mut<'_, wasm_memory_t>) -> Own<windlass_memory_pin_t> {
        let (memory, store) = parts(memory)?;
        Some(Box::new(match memory {
            Either::Own(memory) => {
                let pin = store.enter(|cx| Ok(memory.pin(cx))).ok()?;
                windlass_memory_pin_t::Own(pin, store.clone())
            }
            Either::Shared(memory) => windlass_memory_pin_t::Shared(memory),
        }))
    }

    /// Lets the memory move again.
    fn windlass_memory_pin_delete(pin: Own<windlass_memory_pin_t>) {
        drop(pin);
    }

    /// Its size in bytes.
    fn wasm_memory_data_size(memory: Const<'_, wasm_memory_t>) -> usize {
        let size = with(memory, |memory, cx| {
            Ok(match memory {
                Either::Own(memory) => memory.data_size(cx),
                Either::Shared(memory) => memory.data_size(),
            })
        });
        size.unwrap_or(0)
    }

    /// Its size in pages.
    fn wasm_memory_size(memory: Const<'_, wasm_memory_t>) -> u32 {
        let size = with(memory, |memory, cx| Ok(memory.size(cx))).unwrap_or(0);
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// Grows by pages of zeros; false if there is no room.
    fn wasm_memory_grow(memory: Mut<'_, wasm_memory_t>, delta: u32) -> bool {
        with(memory, |memory, cx| memory.grow(cx, delta.into())).is_ok()
    }

    /// Its size in pages, also beyond 32 bits.
    fn windlass_memory_size(memory: Const<'_, wasm_memory_t>) -> u64 {
        with(memory, |memory, cx| Ok(memory.size(cx))).unwrap_or(0)
    }

    /// Grows, also beyond 32 bits.
    fn windlass_memory_grow(memory: Mut<'_, wasm_memory_t>, delta: u64) -> Own<wasm_trap_t> {
        let store = memory.and_then(|memory| memory.store.as_ref());
        trap::of(store, |_| with(memory, |memory, cx| memory.grow(cx, delta)).map(drop))
    }

    /// Copies bytes out of the memory.
    fn windlass_memory_read(
        memory: Const<'_, wasm_memory_t>,
        offset: u64,
        buffer: *mut u8,
        size: usize,
    ) -> Own<wasm_trap_t> {
        let store = memory.and_then(|memory| memory.store.as_ref());
        trap::of(store, |_| {
            let offset = at(offset, buffer.is_null() && size > 0)?;
            with(memory, |memory, cx| {
                let buffer = match size {
                    0 => &mut [],
                    // SAFETY: C has room for `size` bytes there, with anything in it; a `u8` is
                    // anything once it is written, and this is only written.
                    _ => unsafe {
                        ptr::write_bytes(buffer, 0, size);
                        slice::from_raw_parts_mut(buffer, size)
                    },
                };
                match memory {
                    Either::Own(memory) => memory.read(cx, offset, buffer)?,
                    Either::Shared(memory) => memory.read(offset, buffer)?,
                }
                Ok(())
            })
        })
    }

    /// Copies bytes into the memory.
    fn windlass_memory_write(
        memory: Mut<'_, wasm_memory_t>,
        offset: u64,
        buffer: *const u8,
        size: usize,
    ) -> Own<wasm_trap_t> {
        let store = memory.and_then(|memory| memory.store.as_ref());
        trap::of(store, |_| {
            let offset = at(offset, buffer.is_null() && size > 0)?;
            with(memory, |memory, cx| {
                let buffer = match size {
                    0 => &[],
                    // SAFETY: C has `size` bytes there.
                    _ => unsafe { slice::from_raw_parts(buffer, size) },
                };
                match memory {
                    Either::Own(memory) => memory.write(cx, offset, buffer)?,
                    Either::Shared(memory) => memory.write(offset, buffer)?,
                }
                Ok(())
            })
        })
    }

    /// Whether the memory is shared by stores.
    fn windlass_memory_is_shared(memory: Const<'_, wasm_memory_t>) -> bool {
        memory.is_some_and(|memory| memory.shared_memory().is_some())
    }

    /// A shared memory for another store; null if that has another engine.
    fn windlass_memory_obtain(
        store: Mut<'_, wasm_store_t>,
        memory: Const<'_, wasm_memory_t>,
    ) -> Own<wasm_memory_t> {
        let (store, handle) = (&store?.0, memory?);
        let memory = handle.shared_memory()?;
        let is_same = Engine::same(&handle.store.as_ref()?.engine, &store.engine);
        is_same.then(|| Box::new(wasm_ref_t::of_extern(memory, store)))
    }
}

/// An offset of C's as one of the host's.
fn at(offset: u64, is_null: bool) -> Result<usize> {
    match (usize::try_from(offset), is_null) {
        (_, true) => Err(trap::null()),
        (Ok(offset), _) => Ok(offset),
        (Err(_), _) => Err(Error::msg("out of bounds memory access")),
    }
}
