//! [`Stack`]: the value stack of a thread. It grows on demand, as far as the configuration and the
//! limiter allow, and then moves; frames move along. Nobody keeps an address into it but saved
//! frames.

use super::{
    calls::Switch,
    thread::{Exit, Thread},
};
use crate::{
    Error, Trap,
    error::place,
    exec::machine::{Sp, context::Context},
    runtime::{Embedder, grow_stacks},
};
use alloc::{boxed::Box, vec::Vec};
use core::ptr;

/// The value stack: slots that start as zeros. It grows on demand.
pub(crate) struct Stack {
    /// Dangles if there are none.
    base: ptr::NonNull<u64>,
    pub(crate) len: usize,
}

impl Default for Stack {
    fn default() -> Stack {
        Stack { base: ptr::NonNull::dangling(), len: 0 }
    }
}

/// The least size of a value stack, in slots, where there is room for that.
const MIN_STACK: usize = 1024;
/// What a thread takes beside its stack, which counts as a part of that.
const OWN: usize = size_of::<Thread>() + size_of::<Context>();

impl Stack {
    pub(crate) fn base(&self) -> Sp {
        self.base.as_ptr()
    }

    pub(crate) fn end(&self) -> Sp {
        self.base().wrapping_add(self.len)
    }

    pub(crate) fn slots(&self, from: usize, len: usize) -> &[u64] {
        let from = from.min(self.len);
        assert!(len <= self.len - from, "slots of the stack");
        // SAFETY: these slots are initialised and borrowed with `self`.
        unsafe { core::slice::from_raw_parts(self.base().add(from), len) }
    }

    pub(crate) fn slots_mut(&mut self, from: usize, len: usize) -> &mut [u64] {
        let from = from.min(self.len);
        let len = len.min(self.len - from);
        // SAFETY: these slots are initialised and borrowed with `self`.
        unsafe { core::slice::from_raw_parts_mut(self.base().add(from), len) }
    }

    fn allocate(len: usize) -> Option<Stack> {
        let mut slots: Vec<u64> = Vec::new();
        slots.try_reserve_exact(len).ok()?;
        slots.resize(len, 0);
        let base = ptr::NonNull::from(Box::leak(slots.into_boxed_slice())).cast();
        Some(Stack { base, len })
    }

    /// Moves to a larger one; frames move along. Returns where the frame `sp` is now.
    fn move_to(&mut self, grown: Stack, sp: Sp) -> Sp {
        let (old, new) = (self.base(), grown.base());
        let moved = |sp: Sp| new.wrapping_byte_add(sp as usize - old as usize);
        // SAFETY: both have at least the old size, and pointers into the stack lie in saved frames
        // only: the second word of each frame, up to the outermost, whose caller is the base.
        unsafe {
            ptr::copy_nonoverlapping(old, new, self.len);
            let mut frame = moved(sp);
            while frame != new {
                let caller = frame.add(1).cast::<Sp>();
                *caller = moved(*caller);
                frame = *caller;
            }
        }
        *self = grown;
        moved(sp)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let slots = ptr::slice_from_raw_parts_mut(self.base.as_ptr(), self.len);
        // SAFETY: it came from a box of so many slots; one of none may dangle.
        drop(unsafe { Box::from_raw(slots) });
    }
}

impl Thread {
    /// How much it takes, once it has a value stack: itself, that, and what is known of frames.
    pub(crate) fn stack_bytes(&self) -> usize {
        let own = if self.stack.len > 0 { OWN } else { 0 };
        own + self.stack.len * size_of::<u64>() + self.switches.capacity() * size_of::<Switch>()
    }

    /// Doubles the value stack, or makes it at least larger.
    #[inline(never)]
    pub(crate) fn grow_stack(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let len = self.stack.len;
        let max = store.inner().max_stack_slots;
        for wanted in [2 * len, len + MIN_STACK].map(|wanted| wanted.min(max)) {
            if let Some(larger) = self.larger_stack(store, wanted)? {
                self.cx.saved.sp = self.stack.move_to(larger, self.cx.saved.sp);
                self.cx.stack_end = self.stack.end();
                return Ok(());
            }
        }
        Err(Exit::Trap(Trap::StackOverflow))
    }

    /// Makes the value stack at least `len` slots. Nothing may point into it.
    #[inline]
    pub(crate) fn ensure_stack<S: Embedder>(
        &mut self,
        store: &mut S,
        len: usize,
    ) -> Result<(), Error> {
        if self.stack.len >= len { Ok(()) } else { self.enlarge_stack(store, len) }
    }

    #[cold]
    fn enlarge_stack(&mut self, store: &mut dyn Embedder, len: usize) -> Result<(), Error> {
        let max = store.inner().max_stack_slots;
        if len > max {
            return Err(Trap::StackOverflow.into());
        }
        let preferred = len.max(MIN_STACK).min(max);
        // Nobody is asked twice for the same.
        let smaller = (len < preferred).then_some(len);
        for wanted in [preferred].into_iter().chain(smaller) {
            if let Some(larger) = self.larger_stack(store, wanted)? {
                self.stack = larger;
                self.cx.stack_end = self.stack.end();
                return Ok(());
            }
        }
        let bytes = len * size_of::<u64>();
        Err(place!(Trap::StackOverflow.into(), "no room for a stack of {bytes} bytes"))
    }

    /// A stack of `len` slots to take the place of the present one, which is smaller; none if a
    /// limit or the host does not allow it.
    pub(crate) fn larger_stack(
        &mut self,
        store: &mut dyn Embedder,
        len: usize,
    ) -> Result<Option<Stack>, Error> {
        let slots = len.saturating_sub(self.stack.len);
        let own = if self.stack.len > 0 { 0 } else { OWN };
        let more = slots * size_of::<u64>() + own;
        if slots == 0 || !grow_stacks(store.limited(), more)? {
            return Ok(None);
        }
        let stack = Stack::allocate(len);
        if stack.is_none() {
            store.inner().held.stacks -= more;
        }
        Ok(stack)
    }
}
