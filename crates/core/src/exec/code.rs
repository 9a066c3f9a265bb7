//! Translated code: [`CodeTable`], the code of a module's functions, and [`FuncCode`], the way a
//! function's entity names it.

use alloc::boxed::Box;

/// The code of the functions that a module defines, translated when first called.
pub(crate) struct CodeTable {
    pub(crate) entries: Box<[CodeEntry]>,
}

/// Where one function's code is found.
pub(crate) struct CodeEntry;

/// Names the code of a function in its module's [`CodeTable`]; none for a host function.
#[derive(Clone, Copy)]
pub(crate) struct FuncCode(#[allow(dead_code)] *const CodeEntry);

// SAFETY: it names an entry of a table that is shared by threads.
unsafe impl Send for FuncCode {}
// SAFETY: as above.
unsafe impl Sync for FuncCode {}

impl FuncCode {
    /// A host function has no code.
    pub(crate) const HOST: FuncCode = FuncCode(core::ptr::null());
}

impl CodeTable {
    /// A table for a module that defines `count` functions, none translated yet.
    pub(crate) fn new(count: usize) -> CodeTable {
        CodeTable { entries: (0..count).map(|_| CodeEntry).collect() }
    }

    /// How a function's entity names its code; `defined` counts the functions that the module defines.
    /// The instance keeps the module, and so this table, alive.
    pub(crate) fn func(&self, defined: usize) -> FuncCode {
        FuncCode(&self.entries[defined])
    }
}
