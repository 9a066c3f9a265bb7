//! What handlers see of a store, as it lies in memory for them: functions, memories, tables, the
//! heap. `runtime` makes and keeps them, [`Context`](super::context::Context) leads to them. Nobody
//! else reads their addresses.

use super::{Cell, Ip};
use crate::object_type::known::TypePage;
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use windlass_validate::TypeId;

/// A function, as handlers of calls read it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FuncEntity {
    /// Where its code is; none for a host function.
    pub(crate) code: FuncCode,
    /// Its type in the engine's registry.
    pub(crate) ty: TypeId,
    /// The instance it belongs to; `u32::MAX` for a host function.
    pub(crate) instance: u32,
    /// The index in its module's function index space; of a host function, in the store's closures.
    pub(crate) index: u32,
    /// How many slots its parameters and its results take (a v128 takes two).
    pub(crate) param_slots: u16,
    pub(crate) result_slots: u16,
}

/// A memory, as loads and stores see it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct MemoryView {
    pub(crate) base: *mut u8,
    /// Bytes.
    pub(crate) len: usize,
}

/// Memory 0 of the running instance, as loads and stores of up to 16 bytes see it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct FirstMemory {
    pub(crate) base: *mut u8,
    /// An access of `1 << i` bytes lies in the memory if it begins below `ends[i]`: so nothing is
    /// to be added to its address first.
    pub(crate) ends: [usize; 5],
}

/// A table, as handlers see it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct TableView {
    pub(crate) base: *mut u64,
    /// Elements.
    pub(crate) len: usize,
}

impl MemoryView {
    /// No memory: no bytes.
    pub(crate) const NONE: MemoryView = MemoryView { base: ptr::null_mut(), len: 0 };
}

impl From<MemoryView> for FirstMemory {
    fn from(MemoryView { base, len }: MemoryView) -> FirstMemory {
        FirstMemory { base, ends: [1, 2, 4, 8, 16].map(|size| (len + 1).saturating_sub(size)) }
    }
}

/// A heap as handlers see it, in the context of the running code.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct HeapView {
    /// Where the object lies that is being made: between the first and the last cell of an
    /// allocation.
    pub(crate) object: usize,
    /// The first byte of the range.
    pub(crate) base: *mut u64,
    /// Where the last word of the range begins, in bytes; the second byte; and how many words there
    /// are. So it takes no more to find that a reference is beyond the range than that it is null.
    pub(crate) last: usize,
    pub(crate) second: *mut u8,
    pub(crate) words: usize,
    /// The room for new objects: byte offsets. Handlers move `top` up to `end`.
    pub(crate) top: usize,
    pub(crate) end: usize,
    /// What is known of types, by id; and how many pages of ids there are.
    pub(crate) types: *const TypePage,
    pub(crate) pages: usize,
    /// Which supertypes they have.
    pub(crate) rows: *const u32,
}

impl HeapView {
    /// A heap of nothing.
    pub(crate) const NONE: HeapView = HeapView {
        base: ptr::null_mut(),
        top: 0,
        end: 0,
        words: 0,
        last: 0,
        second: ptr::null_mut(),
        object: 0,
        types: ptr::null(),
        pages: 0,
        rows: ptr::null(),
    };
}

/// Where one function's code is found: at first the stub.
pub(crate) struct CodeEntry(AtomicPtr<Cell>);

impl CodeEntry {
    /// At first: the function's stub.
    pub(crate) fn new(stub: *mut Cell) -> CodeEntry {
        CodeEntry(AtomicPtr::new(stub))
    }

    /// From now on its code is there.
    pub(crate) fn publish(&self, start: *mut Cell) {
        self.0.store(start, Ordering::Release);
    }

    /// The code as it is now. Handlers call it.
    #[inline(always)]
    pub(crate) fn load(&self) -> Ip {
        self.0.load(Ordering::Acquire)
    }
}

/// Names the code of a function in its module's [`CodeTable`](crate::exec::CodeTable); none for a
/// host function.
#[derive(Clone, Copy)]
pub(crate) struct FuncCode(*const CodeEntry);

// SAFETY: it points to a `CodeTable`'s entry, which is `Sync`; the store keeps the module alive.
unsafe impl Send for FuncCode {}
// SAFETY: as above.
unsafe impl Sync for FuncCode {}

impl FuncCode {
    /// Of a function that a module defines. Who has it keeps the module alive.
    pub(crate) fn new(entry: &CodeEntry) -> FuncCode {
        FuncCode(entry)
    }

    /// A host function has no code.
    pub(crate) const HOST: FuncCode = FuncCode(ptr::null());

    pub(crate) fn is_host(self) -> bool {
        self.0.is_null()
    }

    #[inline(always)]
    pub(crate) fn entry(self) -> *const CodeEntry {
        self.0
    }

    /// Where the function's code is now.
    ///
    /// # Safety
    /// I3: it is not a host function, and its module is alive.
    #[inline(always)]
    pub(crate) unsafe fn load(self) -> Ip {
        // SAFETY: the caller's promise.
        unsafe { (*self.entry()).load() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_begin_where_they_end_within_the_memory() {
        for len in [0, 1, 2, 3, 7, 8, 15, 16, 17, 65_536] {
            let memory = FirstMemory::from(MemoryView { base: ptr::null_mut(), len });
            for (i, end) in memory.ends.into_iter().enumerate() {
                let fits = (0..=len).filter(|at| at + (1 << i) <= len);
                assert_eq!(end, fits.count(), "{} bytes of {len}", 1 << i);
            }
        }
    }
}
