//! Translated code: [`CodeTable`], the code of a module's functions, and [`FuncCode`], the way a
//! function's entity names it.

use super::{
    catch::{Catches, CodeCatches},
    machine::{Cell, Ip},
    select::plain,
};
use crate::lock::Lock;
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc};
use core::{
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};

/// The code of the functions that a module defines, translated when first called.
pub(crate) struct CodeTable {
    entries: Box<[CodeEntry]>,
    /// What the code that is there catches, by its address; of functions without a try block, nothing.
    catches: Lock<BTreeMap<usize, Arc<CodeCatches>>>,
}

/// Where one function's code is found.
pub(crate) struct CodeEntry {
    /// The code; at first the stub.
    current: AtomicPtr<Cell>,
    /// Stands for the code before it is translated: a cell of [`Untranslated`](super::call::Untranslated).
    stub: NonNull<[Cell; STUB_WORDS]>,
    /// How many words of code there are; set before `current`.
    len: core::sync::atomic::AtomicUsize,
}

/// Handler, the function's number, and the address of the code once there is any.
const STUB_WORDS: usize = 3;

// SAFETY: I7: code is written only before it is published, but for addresses of code, which are written
// atomically.
unsafe impl Send for CodeTable {}
// SAFETY: I7.
unsafe impl Sync for CodeTable {}

impl CodeTable {
    /// A table for a module that defines `count` functions, none translated yet.
    pub(crate) fn new(count: usize) -> CodeTable {
        let entries = (0..count).map(CodeEntry::new).collect();
        CodeTable { entries, catches: Lock::new(BTreeMap::new()) }
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
        self.entries[defined].stub.as_ptr().cast()
    }

    /// The code of a function, if it is translated.
    pub(crate) fn translated(&self, defined: usize) -> Option<Ip> {
        let code = self.current(defined);
        (code != self.stub(defined)).then_some(code)
    }

    /// Publishes the code of a function. If another thread was first, its code stays (it is the same:
    /// translation is deterministic).
    pub(crate) fn publish(&self, defined: usize, cells: Box<[Cell]>, catches: Catches) -> Ip {
        let entry = &self.entries[defined];
        let stub = entry.stub.as_ptr().cast::<Cell>();
        let len = cells.len();
        entry.len.store(len, Ordering::Relaxed);
        let code = Box::into_raw(cells).cast::<Cell>();
        let has_catches = !catches.blocks.is_empty();
        if has_catches {
            let catches = Arc::new(CodeCatches { start: code, len, catches });
            self.catches.write(|all| all.insert(code as usize, catches));
        }
        let first = entry.current.compare_exchange(stub, code, Ordering::AcqRel, Ordering::Acquire);
        if let Err(other) = first {
            if has_catches {
                self.catches.write(|all| all.remove(&(code as usize)));
            }
            // SAFETY: it came from the box above and nobody else has seen it.
            drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(code, len)) });
            return other;
        }
        // SAFETY: the stub has three words, and this one is only accessed atomically.
        unsafe { AtomicPtr::from_ptr(stub.add(2).cast()) }.store(code, Ordering::Release);
        code
    }

    /// The function that has `ip` in its code or stub.
    pub(crate) fn find(&self, ip: Ip) -> Option<usize> {
        let within = |start: Ip, len: usize| (start..start.wrapping_add(len)).contains(&ip);
        (0..self.entries.len()).find(|&i| {
            let len = self.entries[i].len.load(Ordering::Relaxed);
            within(self.stub(i), STUB_WORDS) || self.translated(i).is_some_and(|c| within(c, len))
        })
    }

    /// What the code that `ip` is in catches, if it has try blocks.
    pub(crate) fn catches(&self, ip: Ip) -> Option<Arc<CodeCatches>> {
        self.catches.read(|all| {
            let (_, code) = all.range(..=ip as usize).next_back()?;
            let within = code.start..code.start.wrapping_add(code.len);
            within.contains(&ip).then(|| code.clone())
        })
    }

    /// How far `ip` is from the start of the function's code, in words.
    pub(crate) fn distance(&self, defined: usize, ip: Ip) -> usize {
        (ip as usize).wrapping_sub(self.current(defined) as usize) / size_of::<Cell>()
    }
}

impl CodeEntry {
    fn new(number: usize) -> CodeEntry {
        let words = [
            Cell::of_handler(plain::UNTRANSLATED),
            Cell::word(number as u64),
            Cell::of_code(ptr::null()),
        ];
        let stub = NonNull::from(Box::leak(Box::new(words)));
        let current = AtomicPtr::new(stub.as_ptr().cast());
        CodeEntry { current, stub, len: 0.into() }
    }

    /// The code as it is now. Handlers call it.
    #[inline(always)]
    pub(crate) fn load(&self) -> Ip {
        self.current.load(Ordering::Acquire)
    }
}

impl Drop for CodeEntry {
    fn drop(&mut self) {
        let code = *self.current.get_mut();
        // SAFETY: both came from boxes, in `new` and in `publish`; nothing runs the code any more.
        unsafe {
            if code.cast_const() != self.stub.as_ptr().cast::<Cell>().cast_const() {
                let len = *self.len.get_mut();
                drop(Box::from_raw(ptr::slice_from_raw_parts_mut(code, len)));
            }
            drop(Box::from_raw(self.stub.as_ptr()));
        }
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
    pub(crate) const HOST: FuncCode = FuncCode(ptr::null());

    pub(crate) fn is_host(self) -> bool {
        self.0.is_null()
    }

    #[inline(always)]
    pub(crate) fn entry(self) -> *const CodeEntry {
        self.0
    }
}
