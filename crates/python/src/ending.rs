//! [`let_go`]: how what holds Python objects ends. An object that ends may have the last reference
//! to another one, and that one too: a store the store before it. Each in the middle of the one
//! before, a long chain of them would overflow the stack. Whatever holds objects that Python code
//! has chosen must end by it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
};

/// So many end in each other.
const DEEPEST: usize = 16;

thread_local! {
    /// How many are just ending, each in the middle of the one before.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What ends after the outermost of them.
    static LATER: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Drops it; if too many are just ending, after them. Runs Python code.
pub(crate) fn let_go<T: 'static>(what: T) {
    let depth = DEPTH.get();
    if depth == DEEPEST {
        // At the end of a thread there is no such list any more: then it is dropped here.
        let _ = LATER.try_with(|later| later.borrow_mut().push(Box::new(what)));
        return;
    }
    DEPTH.set(depth + 1);
    drop(what);
    if depth == 0 {
        let next = || LATER.try_with(|later| later.borrow_mut().pop()).ok().flatten();
        while let Some(next) = next() {
            drop(next);
        }
    }
    DEPTH.set(depth);
}
