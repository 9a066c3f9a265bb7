//! [`Walk`]: the way through a thread's frames, innermost first: for backtraces, for throws, and
//! for collections. It must never change them.

use super::thread::{HALT, SWITCH_BACK, Switch, Thread};
use crate::exec::machine::{Ip, Sp};

/// A frame, on the way out.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) sp: Sp,
    /// The instance that its function belongs to.
    pub(crate) instance: u32,
    /// How many switches belong to frames that are further out.
    pub(crate) switches: usize,
}

impl Thread {
    /// The innermost frame.
    pub(crate) fn walk(&self) -> Walk {
        let (sp, instance) = (self.cx.saved.sp, self.cx.instance);
        Walk { sp, instance, switches: self.switches.len() }
    }
}

impl Walk {
    /// Goes to the frame that has called this one, and returns where that goes on; none if this is
    /// the outermost.
    ///
    /// # Safety
    /// I2: the walk began in a thread that has these switches, and nothing has run there since.
    pub(crate) unsafe fn up(&mut self, switches: &[Switch]) -> Option<Ip> {
        // SAFETY: I2: `sp` is a frame: these are its two words.
        let (mut ret, caller) = unsafe { (*self.sp.cast::<Ip>(), *self.sp.add(1).cast::<Sp>()) };
        if ret == SWITCH_BACK.address() {
            self.switches -= 1;
            Switch { ret, instance: self.instance } = switches[self.switches];
        }
        if ret == HALT.address() {
            return None;
        }
        self.sp = caller;
        Some(ret)
    }
}
