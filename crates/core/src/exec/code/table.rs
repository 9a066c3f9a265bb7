//! [`CodeTable`]: the translated code of a module's functions. An entity names its part by a
//! [`FuncCode`].

use super::catch::{CatchIndex, Catches, Clause};
use crate::{
    exec::machine::{
        Cell, Ip,
        dispatch::Handler,
        views::{CodeEntry, FuncCode},
    },
    lock::Lock,
};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use core::{
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use windlass_decode::Features;
use windlass_validate::Index;

/// The code of the functions that a module defines, translated when first called.
pub(crate) struct CodeTable {
    entries: Box<[CodeEntry]>,
    /// For each function, what stands for its code before it is translated: a cell of
    /// [`Untranslated`](crate::exec::handlers::call::Untranslated).
    stubs: NonNull<Stub>,
    /// The code that is there, by its address.
    published: Lock<Index<Published>>,
}

/// Handler, the function's number, and the address of the code once there is any.
type Stub = [Cell; 3];

/// The code of a function.
struct Published {
    defined: usize,
    start: *mut Cell,
    /// In words.
    len: usize,
    /// What it catches, if it has try blocks.
    catches: Option<CatchIndex>,
}

/// A place in code: the function, and how many words it is into the code; none in a stub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) defined: usize,
    pub(crate) word: Option<usize>,
}

// SAFETY: I7: code is written only before it is published, but for addresses of code, which are
// written atomically.
unsafe impl Send for CodeTable {}
// SAFETY: I7.
unsafe impl Sync for CodeTable {}

impl CodeTable {
    /// A table for a module that defines `count` functions, none translated yet: a call of one runs
    /// `untranslated`.
    ///
    /// # Errors
    /// If the host has no memory for it.
    pub(crate) fn new(count: usize, untranslated: Handler) -> Result<CodeTable, TryReserveError> {
        let (mut stubs, mut entries) = (Vec::new(), Vec::new());
        stubs.try_reserve_exact(count)?;
        entries.try_reserve_exact(count)?;
        let stub = |defined| {
            let code = Cell::of_code(ptr::null());
            [Cell::of_handler(untranslated), Cell::word(defined as u64), code]
        };
        stubs.extend((0..count).map(stub));
        let stubs: Box<[Stub]> = stubs.into();
        let stubs = NonNull::from(Box::leak(stubs)).cast::<Stub>();
        let entry = |defined| CodeEntry::new(stubs.as_ptr().wrapping_add(defined).cast());
        entries.extend((0..count).map(entry));
        Ok(CodeTable { entries: entries.into(), stubs, published: Lock::new(Index::default()) })
    }

    /// How a function's entity names its code; `defined` counts the functions that the module
    /// defines. The instance keeps the module, and so this table, alive.
    pub(crate) fn func(&self, defined: usize) -> FuncCode {
        FuncCode::new(&self.entries[defined])
    }

    /// The code of a function as it is now.
    pub(crate) fn current(&self, defined: usize) -> Ip {
        self.entries[defined].load()
    }

    /// The stub of a function.
    pub(crate) fn stub(&self, defined: usize) -> Ip {
        self.stubs.as_ptr().wrapping_add(defined).cast()
    }

    /// The code of a function, if it is translated.
    pub(crate) fn translated(&self, defined: usize) -> Option<Ip> {
        let code = self.current(defined);
        (code != self.stub(defined)).then_some(code)
    }

    /// Publishes the code of a function. If another thread was first, its code stays (it is the
    /// same: translation is deterministic).
    ///
    /// # Errors
    /// If the host has no memory to find the code by its address, or what is caught.
    pub(crate) fn publish(
        &self,
        defined: usize,
        cells: Box<[Cell]>,
        catches: Catches,
    ) -> Result<Ip, TryReserveError> {
        let catches = match &*catches.blocks {
            [_, ..] if Features::BUILT.contains(Features::EXCEPTIONS) => {
                Some(CatchIndex::new(&catches)?)
            }
            _ => None,
        };
        self.published.write(|published| {
            if let Some(code) = self.translated(defined) {
                return Ok(code);
            }
            published.reserve(1)?;
            #[cfg(feature = "profile")]
            crate::exec::machine::profile::published(&cells);
            let len = cells.len();
            let start = Box::into_raw(cells).cast::<Cell>();
            let code = start.cast_const();
            published.insert(code as usize, Published { defined, start, len, catches });
            self.entries[defined].publish(start);
            let known = self.stub(defined).cast_mut().wrapping_add(2);
            // SAFETY: the stub has three words, and this one is only accessed atomically.
            unsafe { AtomicPtr::from_ptr(known.cast()) }.store(start, Ordering::Release);
            Ok(code)
        })
    }

    /// The words of a function's code, if it is translated.
    #[cfg(test)]
    pub(crate) fn words(&self, defined: usize) -> Vec<u64> {
        let words = self.with_published(self.current(defined), |published, _| {
            // SAFETY: I7: the code is there as long as the table, and no other thread writes.
            let code = unsafe { core::slice::from_raw_parts(published.start, published.len) };
            Some(code.iter().map(|cell| cell.bits()).collect())
        });
        words.unwrap_or_default()
    }

    /// The function that has `ip` in its code or stub.
    pub(crate) fn find(&self, ip: Ip) -> Option<Found> {
        let into_stubs = (ip as usize).wrapping_sub(self.stubs.as_ptr() as usize);
        let defined = into_stubs / size_of::<Stub>();
        if defined < self.entries.len() {
            return Some(Found { defined, word: None });
        }
        self.with_published(ip, |published, word| {
            Some(Found { defined: published.defined, word: Some(word) })
        })
    }

    /// The function that a word of code names, by where it begins or by its stub.
    pub(crate) fn starting(&self, word: u64) -> Option<usize> {
        let is_upper = cfg!(all(target_endian = "big", target_pointer_width = "32"));
        let address = usize::try_from(if is_upper { word >> 32 } else { word }).ok()?;
        let defined = self.find(ptr::without_provenance(address))?.defined;
        self.starts(defined, word).then_some(defined)
    }

    /// Whether a word of code names the function, if the module has so many.
    pub(crate) fn starts(&self, defined: usize, word: u64) -> bool {
        let is = |start: Ip| Cell::of_code(start).bits() == word;
        defined < self.entries.len() && (is(self.stub(defined)) || is(self.current(defined)))
    }

    /// How far `ip` is from the start of the function's code, in words.
    pub(crate) fn distance(&self, defined: usize, ip: Ip) -> usize {
        (ip as usize).wrapping_sub(self.current(defined) as usize) / size_of::<Cell>()
    }

    /// The number of the clause that catches an exception, whose tag has these indices in the
    /// module, when it is thrown at `ip`. If it has others, too, the greatest number is the one.
    pub(crate) fn catching(&self, ip: Ip, tags: &[u32]) -> Option<u32> {
        self.with_published(ip, |published, word| published.catches.as_ref()?.find(word, tags))
    }

    /// The clause with this number in the code that `ip` is in; and the start of the code.
    pub(crate) fn clause(&self, ip: Ip, number: u32) -> Option<(Ip, Clause)> {
        self.with_published(ip, |published, _| {
            let clause = published.catches.as_ref()?.clause(number)?;
            Some((published.start.cast_const(), clause))
        })
    }

    /// Shows the code that `ip` is in, and how many words it is into it.
    fn with_published<R>(
        &self,
        ip: Ip,
        show: impl FnOnce(&Published, usize) -> Option<R>,
    ) -> Option<R> {
        self.published.read(|published| {
            let (start, published) = published.at_most(ip as usize)?;
            let word = (ip as usize - start) / size_of::<Cell>();
            if word < published.len { show(published, word) } else { None }
        })
    }
}

impl Drop for CodeTable {
    fn drop(&mut self) {
        let count = self.entries.len();
        // SAFETY: both came from boxes of so many, in `publish` and in `new`; nothing runs the code
        // any more.
        unsafe {
            self.published.read(|published| {
                for (_, &Published { start, len, .. }) in published.iter() {
                    drop(Box::from_raw(ptr::slice_from_raw_parts_mut(start, len)));
                }
            });
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(self.stubs.as_ptr(), count)));
        }
    }
}
