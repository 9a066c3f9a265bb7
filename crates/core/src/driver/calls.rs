//! Calls that the driver makes for code: of host functions, of other instances, and back. Handlers
//! call functions of their own instance themselves.

use super::thread::{Exit, Held, ROOT_SLOTS, SWITCH_BACK, State, Thread, value_slots};
use crate::{
    Trap,
    exec::{
        handlers::call::{push_frame, replace_frame, return_to},
        machine::{Ip, Machine, Value, views::FuncEntity},
        meaning::v128::Simd,
    },
    runtime::{Embedder, StoreInner, grow_stacks},
};

/// Where a frame that another instance called returns to.
#[derive(Clone, Copy)]
pub(crate) struct Switch {
    pub(crate) ret: Ip,
    pub(crate) instance: u32,
}

/// The least number of switches that there is room for, if there are any.
const MIN_SWITCHES: usize = 16;

impl Thread {
    /// Calls a function of the store that the handlers could not call themselves. For a tail call
    /// of a host function, the code goes on with a return.
    pub(crate) fn call(
        &mut self,
        func: u32,
        is_tail: bool,
        embedder: &mut dyn Embedder,
    ) -> Result<(), Exit> {
        let entity = embedder.inner().funcs[func as usize];
        if entity.code.is_host() {
            return Err(self.call_host(func, &entity, is_tail));
        }
        let is_foreign = entity.instance != self.cx.instance;
        if is_foreign {
            self.reserve_switch(embedder)?;
        }
        // SAFETY: I1, I2, I3.
        unsafe {
            if is_tail {
                replace_frame(&mut self.cx.saved);
                if is_foreign {
                    self.return_by_switch();
                }
            } else {
                let delta = self.field(0);
                push_frame(&mut self.cx.saved, delta, 2);
                if is_foreign {
                    self.return_by_switch();
                }
            }
            self.cx.saved.ip = entity.code.load();
        }
        self.switch(&entity, embedder.inner());
        Ok(())
    }

    /// The imported function that the cell calls that has just stopped, if it is a host function.
    #[inline]
    pub(super) fn imported_host_func(&self) -> Option<(u32, FuncEntity)> {
        // SAFETY: I1, I4: the cell names a function of the instance that runs, for which the
        // context was filled, and that one of the store.
        let (func, entity) = unsafe {
            let func = *self.cx.func_ids.add(self.word(1) as usize);
            (func, *self.cx.funcs.add(func as usize))
        };
        entity.code.is_host().then_some((func, entity))
    }

    /// Asks for a call of a host function by the stopped cell.
    #[inline]
    pub(super) fn call_host(&mut self, func: u32, entity: &FuncEntity, is_tail: bool) -> Exit {
        let params = if is_tail { 0 } else { isize::from(entity.param_slots as i16) };
        let slots = self.slot_index(self.field(0) - params);
        self.state = State::HostCalled { slots, len: value_slots(entity), is_tail };
        Exit::HostCall { func, instance: self.cx.instance }
    }

    /// Makes room for one more switch: it counts as a part of the value stack.
    fn reserve_switch(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let before = self.switches.capacity();
        if self.switches.len() < before {
            return Ok(());
        }
        let more = before.max(MIN_SWITCHES);
        if !grow_stacks(store.limited(), more * size_of::<Switch>())? {
            return Err(Exit::Trap(Trap::StackOverflow));
        }
        let has_room = self.switches.try_reserve_exact(more).is_ok();
        // What it takes in truth.
        let stacks = &mut store.inner().held.stacks;
        *stacks -= more * size_of::<Switch>();
        *stacks += (self.switches.capacity() - before) * size_of::<Switch>();
        if has_room { Ok(()) } else { Err(Exit::Trap(Trap::StackOverflow)) }
    }

    /// Makes the current frame return to the current instance, for which there is room.
    ///
    /// # Safety
    /// I2: `sp` is a frame.
    pub(crate) unsafe fn return_by_switch(&mut self) {
        // SAFETY: the caller's promise.
        unsafe {
            let ret = self.cx.saved.sp.cast::<Ip>();
            if *ret != SWITCH_BACK.address() {
                self.switches.push(Switch { ret: *ret, instance: self.cx.instance });
                *ret = SWITCH_BACK.address();
            }
        }
    }

    pub(crate) fn switch(&mut self, entity: &FuncEntity, store: &mut StoreInner) {
        if entity.instance != self.cx.instance {
            self.cx.instance = entity.instance;
            self.refresh(store);
        }
    }

    /// A function that another instance called has returned.
    pub(crate) fn switch_back(&mut self, store: &mut StoreInner) {
        let Some(Switch { ret, instance }) = self.switches.pop() else {
            unreachable!("a frame that returns by a switch has one")
        };
        // SAFETY: I2, I3.
        unsafe { return_to(&mut self.cx.saved, ret) }
        self.cx.instance = instance;
        self.refresh(store);
    }

    /// The registers with which code goes on after a host function: the first result is in the
    /// accumulators too.
    #[inline(always)]
    pub(crate) fn returned(&self, slots: usize, is_tail: bool) -> Machine {
        let Machine { ip, sp, cx, .. } = self.cx.saved;
        let mut m = Machine::new(ip, sp, cx);
        // SAFETY: I1, I2: where the values are, or behind them, there was room for the two words of
        // a frame; the call has two operand words; a tail call is followed by a return.
        unsafe {
            let first = self.stack.base().add(slots);
            // Volatile: not a part of the vector, which waits for what has just been written in
            // smaller parts.
            let bits = first.read_volatile();
            Simd::from_words([bits, *first.add(1)]).set_acc(&mut m);
            m.acc = bits;
            f64::from_bits(bits).set_acc(&mut m);
            f32::from_bits(bits as u32).set_acc(&mut m);
            let next = m.ip.add(2);
            if is_tail { m.ip = next } else { return_to(&mut m, next) }
        }
        m
    }

    /// The results of the finished function, in slots.
    #[inline]
    pub(crate) fn results(&self) -> &[u64] {
        self.stack.slots(ROOT_SLOTS, self.result_slots)
    }

    /// The slots of a pending host call: arguments from the first on, and room for the results
    /// there. As long as the larger of the two.
    pub(crate) fn host_slots(&mut self) -> &mut [u64] {
        match self.state {
            State::Host { slots, len, .. } | State::HostCalled { slots, len, .. } => {
                self.stack.slots_mut(slots, len)
            }
            State::HostFinished => {
                let len = self.stack.len - 2 * ROOT_SLOTS;
                self.stack.slots_mut(ROOT_SLOTS, len)
            }
            _ => &mut [],
        }
    }

    /// Notes what lies in its slots: a collection finds it there, until this runs or lets go of it.
    pub(crate) fn hold(&mut self, held: Option<Held>) {
        self.held = held;
    }
}
