//! Throwing: the driver looks through the frames for a clause that catches, and goes on there. Nothing is changed
//! before it is found, so that an exception that nobody catches can be told with its backtrace.

use super::collect::Room;
use super::{
    call::load_all_pins,
    catch::{Clause, CodeCatches},
    machine::{Ip, Machine, Sp},
    thread::{Exit, HALT, SWITCH_BACK, State, Thread},
};
use crate::{
    Trap,
    runtime::{Embedder, StoreInner},
};
use alloc::{boxed::Box, sync::Arc};
use core::ptr;

/// An exception on its way.
#[derive(Clone, Copy)]
struct Thrown {
    /// The store's index of its tag.
    tag: u32,
    fields: Fields,
}

/// Where its fields are.
#[derive(Clone, Copy)]
enum Fields {
    /// In the value stack from this slot on: nothing refers to it yet.
    Stack(usize),
    /// In the exception with this reference.
    Exception(u64),
}

/// Where an exception is caught.
struct Landing {
    clause: Clause,
    /// The start of the code.
    start: Ip,
    sp: Sp,
    instance: u32,
    /// How many switches are left.
    switches: usize,
}

/// What was found out about places in code: a throw asks for the same ones again and again.
#[derive(Default)]
pub(super) struct KnownPlaces(Option<Box<[Place; PLACES]>>);

const PLACES: usize = 128;

/// A place in code, and the innermost try block that it is in.
struct Place {
    ip: Ip,
    code: Option<Arc<CodeCatches>>,
    block: Option<u32>,
}

impl KnownPlaces {
    /// The place `ip`, which is in code of the module of `instance`.
    fn get(&mut self, store: &StoreInner, instance: u32, ip: Ip) -> &Place {
        const UNKNOWN: Place = Place { ip: ptr::null(), code: None, block: None };
        let places = self.0.get_or_insert_with(|| Box::new([UNKNOWN; PLACES]));
        let place = &mut places[(ip as usize / size_of::<u64>()) % PLACES];
        if place.ip != ip {
            let code = store.instances[instance as usize].module.0.code.catches(ip);
            let block = code.as_ref().and_then(|code| {
                let word = (ip as usize - code.start as usize) / size_of::<u64>();
                code.catches.innermost(word)
            });
            *place = Place { ip, code, block };
        }
        place
    }
}

impl Thread {
    /// `throw`: the tag and the first slot of the fields are in the cell.
    pub(super) fn throw(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        // SAFETY: I1.
        let (base, tag) = unsafe { (self.cx.saved.field(1), self.cx.saved.high(0)) };
        let instance = &store.inner().instances[self.cx.instance as usize];
        let tag = instance.tags[tag as u32 as usize];
        let fields = Fields::Stack(self.slot_index(base));
        self.unwind(store, Thrown { tag, fields })
    }

    /// `throw_ref` and the legacy `rethrow`: the slot of the reference is in the cell.
    pub(super) fn throw_ref(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        // SAFETY: I1, I2.
        let reference = unsafe { self.cx.saved.slot(self.cx.saved.field(1)) };
        if reference == 0 {
            return Err(Exit::Trap(Trap::NullExceptionReference));
        }
        let tag = store.inner().exceptions.get(reference).tag;
        self.unwind(store, Thrown { tag, fields: Fields::Exception(reference) })
    }

    /// The host function that was called has thrown. Whether somebody catches it: then `run` goes on there.
    pub(crate) fn throw_from_host(&mut self, store: &mut StoreInner, reference: u64) -> bool {
        let State::HostCalled { is_tail, .. } = self.state else { return false };
        let tag = store.exceptions.get(reference).tag;
        // A tail call has left the frame that it was made in.
        let Some(landing) = self.find(store, tag, is_tail) else { return false };
        self.land(store, landing, Thrown { tag, fields: Fields::Exception(reference) }, reference);
        self.state = State::Ready;
        true
    }

    fn unwind(&mut self, store: &mut dyn Embedder, thrown: Thrown) -> Result<(), Exit> {
        let Some(landing) = self.find(store.inner(), thrown.tag, false) else {
            let reference = self.reference(store, thrown)?;
            return Err(Exit::Exception(reference));
        };
        let reference = match landing.clause.reference {
            Some(_) => self.reference(store, thrown)?,
            None => 0,
        };
        let before = self.cx.instance;
        self.land(store.inner(), landing, thrown, reference);
        if self.cx.instance != before {
            self.refresh(store.inner());
        }
        Ok(())
    }

    /// A reference to the exception.
    fn reference(&mut self, store: &mut dyn Embedder, thrown: Thrown) -> Result<u64, Exit> {
        match thrown.fields {
            Fields::Exception(reference) => Ok(reference),
            Fields::Stack(at) => {
                let len = store.inner().tags[thrown.tag as usize].slots.into();
                self.make_room(store, Room::Exception(len))?;
                let fields = self.stack.slots(at, len);
                let made = store.inner().exceptions.add(thrown.tag, fields);
                Ok(made.ok_or(Trap::AllocationTooLarge)?)
            }
        }
    }

    /// Looks for the innermost clause that catches exceptions with this tag, but not in the frame that runs
    /// if that is to be skipped.
    fn find(&mut self, store: &StoreInner, tag: u32, mut skip: bool) -> Option<Landing> {
        let (mut ip, mut sp) = (self.cx.saved.ip, self.cx.saved.sp);
        let (mut instance, mut switches) = (self.cx.instance, self.switches.len());
        loop {
            if !skip {
                let place = self.places.get(store, instance, ip);
                if let Some(code) = &place.code {
                    let tags = &store.instances[instance as usize].tags;
                    if let Some(&clause) = code.catches.find(place.block, tags, tag) {
                        return Some(Landing { clause, start: code.start, sp, instance, switches });
                    }
                }
            }
            skip = false;
            // SAFETY: I2: `sp` is a frame.
            let mut ret = unsafe { *sp.cast::<Ip>() };
            if ret == SWITCH_BACK.address() {
                switches -= 1;
                (ret, instance) = (self.switches[switches].ret, self.switches[switches].instance);
            }
            if ret == HALT.address() {
                return None;
            }
            // SAFETY: I2: `sp` is a frame.
            sp = unsafe { *sp.add(1).cast::<Sp>() };
            ip = ret.wrapping_sub(1);
        }
    }

    /// Goes on at the clause: the frames above are gone, the fields are where its code wants them.
    fn land(&mut self, store: &StoreInner, landing: Landing, thrown: Thrown, reference: u64) {
        let Landing { clause, start, sp, instance, switches } = landing;
        // SAFETY: I1, I2, I3: the clause was made for this code, whose frame is at `sp`; there, its slots are in
        // the frame, and it has as many as its tag has. Fields on the stack lie above, or overlap.
        unsafe {
            if clause.tag.is_some() {
                let len = store.tags[thrown.tag as usize].slots.into();
                let to = sp.offset(clause.fields.into());
                match thrown.fields {
                    Fields::Stack(at) => ptr::copy(self.stack.base().add(at), to, len),
                    Fields::Exception(reference) => {
                        let fields = &store.exceptions.get(reference).fields;
                        ptr::copy_nonoverlapping(fields.as_ptr(), to, len);
                    }
                }
            }
            if let Some(slot) = clause.reference {
                *sp.offset(slot.into()) = reference;
            }
            let m = &mut self.cx.saved;
            *m = Machine { ip: start.add(1), sp, ..*m };
            load_all_pins(m);
            m.ip = start.add(clause.target as usize);
        }
        self.cx.instance = instance;
        self.switches.truncate(switches);
    }
}
