//! [`Walk`]: the way through a thread's frames, innermost first: for backtraces, for throws, and
//! for collections. It must never change them.

use super::{
    calls::Switch,
    thread::{HALT, Held, ROOT_SLOTS, SWITCH_BACK, State, Thread},
};
use crate::{
    backtrace::CodePlace,
    exec::{
        code::maps::Stopped,
        machine::{Ip, Sp},
    },
    object_type::Class,
    room,
    runtime::StoreInner,
};
use alloc::vec::Vec;

/// A frame, on the way out.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) sp: Sp,
    /// The instance that its function belongs to.
    pub(crate) instance: u32,
    /// How many switches belong to frames that are further out.
    pub(crate) switches: usize,
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

impl Thread {
    /// The innermost frame.
    pub(crate) fn walk(&self) -> Walk {
        let (sp, instance) = (self.cx.saved.sp, self.cx.instance);
        Walk { sp, instance, switches: self.switches.len() }
    }

    /// Marks references in its slots that are in no frame: what a host function is given, or has
    /// given, and what the call has returned.
    pub(crate) fn mark_values(&self, store: &mut StoreInner) {
        let first = match self.state {
            // After a trap nothing is read.
            State::Trapped => return,
            State::Idle if self.held.is_none() => return,
            State::Host { slots, .. } | State::HostCalled { slots, .. } => slots,
            State::Idle | State::Ready | State::Stopped(_) | State::HostFinished => ROOT_SLOTS,
        };
        if let Some(unfinished) = self.unfinished {
            store.marker().mark(Class::Any, unfinished.array);
        }
        if let Some(thrown) = &self.thrown {
            store.marker().mark(Class::Exn, thrown.reference);
        }
        let held = match (self.held, self.state) {
            (Some(held), _) => held,
            (None, State::Host { func, .. }) => Held::Params(func),
            _ => return,
        };
        let (Held::Params(func) | Held::Results(func)) = held;
        let ty = store.engine.func_type(store.funcs[func as usize].ty);
        let types = match held {
            Held::Params(_) => &ty.params,
            Held::Results(_) => &ty.results,
        };
        let mut slot = first;
        for &ty in types {
            if let Some(class) = store.class_of(ty) {
                store.marker().mark(class, self.stack.slots(slot, 1)[0]);
            }
            slot += ty.slots();
        }
    }

    /// Shows all frames, with the instance that each belongs to and where it has stopped, until
    /// `visit` gives none.
    pub(crate) fn frames(
        &self,
        visit: &mut dyn FnMut(u32, Ip, Stopped, Sp) -> Option<()>,
    ) -> Option<()> {
        let ip = self.cx.saved.ip;
        let mut at = match self.state {
            State::Ready => Some((ip, Stopped::Before)),
            State::HostCalled { is_tail: false, .. } => Some((ip.wrapping_add(2), Stopped::Called)),
            // Its own frame is done for.
            State::HostCalled { is_tail: true, .. } => None,
            _ => return Some(()),
        };
        let mut walk = self.walk();
        loop {
            if let Some((ip, stopped)) = at {
                visit(walk.instance, ip, stopped, walk.sp)?;
            }
            // SAFETY: I2: nothing runs meanwhile.
            let Some(ret) = (unsafe { walk.up(&self.switches) }) else { return Some(()) };
            at = Some((ret, Stopped::Called));
        }
    }

    /// Where the guest is, innermost first: after a trap, or in a host call. This looks at nothing
    /// but the frames, since hosts may take traps for control flow. As many as the host has memory
    /// for.
    pub(crate) fn backtrace(&self, store: &StoreInner) -> Vec<CodePlace> {
        let mut frames = Vec::new();
        if !matches!(self.state, State::HostCalled { .. } | State::Trapped | State::Ready) {
            return frames;
        }
        let (mut ip, mut walk) = (self.cx.saved.ip, self.walk());
        // One more than is told, which then says that there are more.
        let most = match store.engine.config().max_backtrace_frames {
            0 => 0,
            most => most.saturating_add(1),
        };
        while frames.len() < most {
            let module = store.instances[walk.instance as usize].module.clone();
            let place = CodePlace::new(module, (store.id, walk.instance), ip);
            if room::push(&mut frames, place).is_err() {
                break;
            }
            // SAFETY: I2: nothing runs meanwhile.
            let Some(ret) = (unsafe { walk.up(&self.switches) }) else { break };
            ip = ret.wrapping_sub(1);
        }
        frames
    }
}
