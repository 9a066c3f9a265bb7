//! What is left of the native stack. Whatever runs guests or Python functions asks here first:
//! calls that nest must end as a trap, also on threads with small stacks.

use windlass::{Result, Trap};

/// What the library takes from one check to the next, in bytes, and a Python function that does
/// little.
const ROOM: usize = 64 << 10;

/// Traps if the native stack is about to end. Where its end is not known, only the engine bounds
/// how deep calls nest.
///
/// # Errors
/// `Trap::StackOverflow`.
pub(crate) fn check() -> Result<()> {
    match stacker::remaining_stack() {
        // With 0 this is beyond the end of the thread's stack, so on another one: a coroutine's.
        Some(1..ROOM) => Err(Trap::StackOverflow.into()),
        _ => Ok(()),
    }
}
