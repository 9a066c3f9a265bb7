//! Translated code: [`CodeTable`], the code of a module's functions, and [`FuncCode`], the way a
//! function's entity names it.

use super::{
    machine::{Cell, Ip},
    select::plain,
};
use alloc::boxed::Box;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The code of the functions that a module defines, translated when first called.
pub(crate) struct CodeTable {
    entries: Box<[CodeEntry]>,
}

/// Where one function's code is found.
pub(crate) struct CodeEntry {
    /// The code; at first the stub.
    current: AtomicPtr<Cell>,
    /// Stands for code that is not translated yet.
    stub: Box<[Cell; 2]>,
    /// The translated code and its length; set once.
    translated: AtomicPtr<Translated>,
}

/// The code of one function.
pub(crate) struct Translated {
    pub(crate) cells: Box<[Cell]>,
}

// SAFETY: I7: code is written only before it is published, but for the code addresses in calls, which
// are written atomically.
unsafe impl Send for CodeTable {}
// SAFETY: I7.
unsafe impl Sync for CodeTable {}

impl CodeTable {
    /// A table for a module that defines `count` functions, none translated yet.
    pub(crate) fn new(count: usize) -> CodeTable {
        let entry = |i| {
            let stub = Box::new([Cell { handler: plain::UNTRANSLATED }, Cell::word(i as u64)]);
            CodeEntry {
                current: AtomicPtr::new(stub.as_ptr().cast_mut()),
                stub,
                translated: AtomicPtr::new(core::ptr::null_mut()),
            }
        };
        CodeTable { entries: (0..count).map(entry).collect() }
    }

    /// How a function's entity names its code; `defined` counts the functions that the module defines.
    /// The instance keeps the module, and so this table, alive.
    pub(crate) fn func(&self, defined: usize) -> FuncCode {
        FuncCode(&self.entries[defined])
    }

    /// The code of a function as it is now.
    pub(crate) fn current(&self, defined: usize) -> Ip {
        self.entries[defined].load()
    }

    /// The stub of a function.
    pub(crate) fn stub(&self, defined: usize) -> Ip {
        self.entries[defined].stub.as_ptr()
    }

    /// The translated code of a function, if it is translated.
    pub(crate) fn translated(&self, defined: usize) -> Option<&[Cell]> {
        let translated = self.entries[defined].translated.load(Ordering::Acquire);
        // SAFETY: a pointer that is not null came from a box in `publish` and lives as long as `self`.
        unsafe { translated.as_ref() }.map(|t| &*t.cells)
    }

    /// Publishes the code of a function. If another thread was first, its code stays (it is the same:
    /// translation is deterministic).
    pub(crate) fn publish(&self, defined: usize, cells: Box<[Cell]>) -> Ip {
        let entry = &self.entries[defined];
        let translated = Box::into_raw(Box::new(Translated { cells }));
        let first = entry.translated.compare_exchange(
            core::ptr::null_mut(),
            translated,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        // SAFETY: both pointers come from boxes; the one that is not published is dropped here, the
        // other lives as long as `self`.
        unsafe {
            let published = match first {
                Ok(_) => translated,
                Err(other) => {
                    drop(Box::from_raw(translated));
                    other
                }
            };
            let code = (*published).cells.as_ptr();
            entry.current.store(code.cast_mut(), Ordering::Release);
            code
        }
    }

    /// The function whose translated code has `ip` in it.
    pub(crate) fn find(&self, ip: Ip) -> Option<usize> {
        (0..self.entries.len()).find(|&i| {
            let stub = &self.entries[i].stub[..];
            stub.as_ptr_range().contains(&ip)
                || self.translated(i).is_some_and(|cells| cells.as_ptr_range().contains(&ip))
        })
    }
}

impl Drop for CodeTable {
    fn drop(&mut self) {
        for entry in &mut self.entries {
            let translated = *entry.translated.get_mut();
            if !translated.is_null() {
                // SAFETY: it came from a box in `publish`, and nothing runs its code any more.
                drop(unsafe { Box::from_raw(translated) });
            }
        }
    }
}

impl CodeEntry {
    pub(crate) fn load(&self) -> Ip {
        self.current.load(Ordering::Acquire)
    }
}

/// Names the code of a function in its module's [`CodeTable`]; none for a host function.
#[derive(Clone, Copy)]
pub(crate) struct FuncCode(*const CodeEntry);

// SAFETY: it points to a `CodeTable`'s entry, which is `Sync`; the store keeps the module alive.
unsafe impl Send for FuncCode {}
// SAFETY: as above.
unsafe impl Sync for FuncCode {}

impl FuncCode {
    /// A host function has no code.
    pub(crate) const HOST: FuncCode = FuncCode(core::ptr::null());

    pub(crate) fn is_host(self) -> bool {
        self.0.is_null()
    }

    pub(crate) fn entry(self) -> *const CodeEntry {
        self.0
    }
}
