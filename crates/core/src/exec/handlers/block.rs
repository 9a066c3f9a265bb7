//! Blocks: whole stretches of code, with the loops in them, executed by one handler whose cells and
//! operands were known when it was compiled: those of an embedder's own instruction set. The build
//! writes one invocation of [`block`] for each (`build/block.rs`); no other code makes handlers of
//! them.
//!
//! The plan: a block executes the bodies of its cells, one after the other, on a machine whose
//! `ip` is at a constant copy of the cell's words, whose frame is a local array, and whose context
//! is a local copy of what its cells use. The compiler knows all addresses then: it folds the
//! words, and keeps slots in registers. What leaves the block writes the slots that may have
//! changed, and sets `ip` to the cell that is next. A trap need not: nothing reads the frame of
//! what has trapped, as such code is in no module with a memory that other threads can grow.

#![allow(dead_code)] // What there is of it says the file of the instruction set.

use super::control::{Fork, Target};
use crate::exec::machine::{
    Ip, Machine, Sp,
    context::{Context, Stop},
    dispatch::Step,
};

/// The registers as they are outside of the block: where its first operand word is, the frame, and
/// the context.
#[derive(Clone, Copy)]
pub(crate) struct Outside<const FUELED: bool> {
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
}

impl<const FUELED: bool> Outside<FUELED> {
    /// Of the machine that comes to the block.
    #[inline(always)]
    pub(crate) fn of(m: &Machine) -> Self {
        Outside { ip: m.ip, sp: m.sp, cx: m.cx }
    }

    /// The value of a slot.
    ///
    /// # Safety
    /// I2.
    #[inline(always)]
    pub(crate) unsafe fn load(&self, slot: isize) -> u64 {
        // SAFETY: I2.
        unsafe { *self.sp.offset(slot) }
    }

    /// What the cells of a block use of the context.
    ///
    /// # Safety
    /// I4.
    #[inline(always)]
    pub(crate) unsafe fn context(&self) -> Context {
        // SAFETY: I4.
        unsafe { (*self.cx).for_block() }
    }

    /// Writes a slot as it is in the block.
    ///
    /// # Safety
    /// I2, for both frames.
    #[inline(always)]
    pub(crate) unsafe fn store(&self, m: &Machine, slot: isize) {
        // SAFETY: I2.
        unsafe { *self.sp.offset(slot) = m.slot(slot) }
    }

    /// Leaves the block for the cell `word` words after the handler word of its first.
    ///
    /// # Safety
    /// I3: there is a cell. I4. What may have changed is stored.
    #[inline(always)]
    pub(crate) unsafe fn leave(&self, m: &mut Machine, word: isize) -> Result<(), Stop> {
        // SAFETY: I3, I4.
        unsafe {
            if FUELED {
                (*self.cx).fuel = (*m.cx).fuel;
            }
            m.ip = self.ip.offset(word - 1);
        }
        (m.sp, m.cx) = (self.sp, self.cx);
        Ok(())
    }

    /// Stops before the cell `word` words after the handler word of the first: what comes then is
    /// to be paid.
    ///
    /// # Safety
    /// As of [`Outside::leave`].
    #[inline(always)]
    pub(crate) unsafe fn stop(&self, m: &mut Machine, word: isize, stop: Stop) -> Result<(), Stop> {
        // SAFETY: I4; the caller's promise.
        unsafe {
            (*self.cx).charge = (*m.cx).charge;
            self.leave(m, word)?;
        }
        Err(stop)
    }

    /// Traps in the cell whose handler word is `word` words after that of the first.
    ///
    /// # Safety
    /// I1: it is a cell. I4.
    #[inline(always)]
    pub(crate) unsafe fn trap(&self, m: &mut Machine, word: isize, stop: Stop) -> Result<(), Stop> {
        // SAFETY: behind the handler word there is an operand word; I4.
        unsafe { self.leave(m, word + 1)? };
        Err(stop)
    }

    /// The innermost loop without calls is the one that begins with this cell: see
    /// [`LoopEnter`](super::control::LoopEnter).
    ///
    /// # Safety
    /// I4, I5.
    #[inline(always)]
    pub(crate) unsafe fn enter_loop(&self, word: isize) {
        // SAFETY: I4, I5.
        unsafe { (*self.cx).loop_ip = self.ip.offset(word - 1) }
    }
}

/// Executes a cell with these operand words.
///
/// # Safety
/// I1, I2, I4: they are those of a cell of the body, in the code that the block is for.
#[inline(always)]
pub(crate) unsafe fn cell<S: Step, const N: usize>(
    m: &mut Machine,
    words: &'static [u64; N],
) -> Result<(), Stop> {
    m.ip = words.as_ptr().cast();
    // SAFETY: the caller's promise; a cell is a union of which a number is a part.
    unsafe { S::step(m) }
}

/// Whether a branch with these operand words is taken.
///
/// # Safety
/// As of [`cell`].
#[inline(always)]
pub(crate) unsafe fn is_taken<F: Fork, const N: usize>(
    m: &mut Machine,
    words: &'static [u64; N],
) -> bool {
    m.ip = words.as_ptr().cast();
    // SAFETY: the caller's promise.
    unsafe { F::is_taken(m) }
}

/// Pays for where a branch with these operand words goes.
///
/// # Safety
/// As of [`cell`].
#[inline(always)]
pub(crate) unsafe fn charge<F: Fork, const N: usize>(
    m: &mut Machine,
    words: &'static [u64; N],
) -> Result<(), Stop> {
    m.ip = words.as_ptr().cast();
    // SAFETY: the caller's promise.
    unsafe { F::Target::charge(m, F::TARGET) }
}

/// Makes the body of a block: its name, how many slots its frame has from which on, which of them
/// its cells use, and what they do, in terms of the machine and of [`Outside`].
#[allow(unused_macros)]
macro_rules! block {
    (
        $name:ident, $len:literal slots from $first:literal: [$($slot:literal),*],
        fueled $fueled:literal, |$m:ident, $outside:ident| $code:block
    ) => {
        struct $name;
        impl Step for $name {
            const FALLS_THROUGH: bool = false;

            #[inline(always)]
            #[allow(unreachable_code, unused_labels, unused_unsafe, clippy::all)]
            unsafe fn step($m: &mut Machine) -> Result<(), Stop> {
                const FIRST: isize = $first;
                let $outside = Outside::<$fueled>::of($m);
                let mut frame = [0_u64; $len];
                // SAFETY: I1: the code has the cells that the block is made for, word by word, so
                // I2 to I5 hold for each as if it were executed by itself; the slots that they use
                // are all of the array, in which slot 0 is.
                unsafe {
                    $(frame[($slot - FIRST) as usize] = $outside.load($slot);)*
                    let mut context = $outside.context();
                    $m.sp = frame.as_mut_ptr().add((-FIRST) as usize);
                    $m.cx = &mut context;
                    $code
                }
            }
        }
    };
}
#[allow(unused_imports)]
pub(crate) use block;
