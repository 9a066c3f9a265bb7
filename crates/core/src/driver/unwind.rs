//! Throwing: the driver looks in frame after frame for a clause that catches, and goes on there.
//! Nothing is changed before it is found, so that an exception that nobody catches can be told with
//! its backtrace.

use super::{
    collect::Room,
    frames::Walk,
    metering::search_cost,
    thread::{Exit, State, Thread},
    threads::Threaded,
};
use crate::{
    Error, Trap,
    exec::{
        code::catch::Clause,
        handlers::call::load_all_pins,
        machine::{Ip, Machine},
        tables::EXCEPTIONS,
    },
    room::list,
    runtime::StoreInner,
};
use alloc::boxed::Box;
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
    frame: Walk,
}

/// What a host function has thrown.
pub(crate) struct HostThrow {
    pub(crate) reference: u64,
    /// What the host gets if nobody catches it: it tells of the frames further in.
    error: Error,
    /// Who catches it, if that is known and not paid yet.
    found: Option<Option<Landing>>,
}

/// A search for who catches: how far it has come.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    frame: Walk,
    /// Where the frame stopped; or in the call that it waits for.
    ip: Ip,
    /// Not to be looked at: it has made a tail call.
    skip: bool,
    /// How many of these tags were further ones.
    further: u64,
    /// How many of them were looked at in the frame, and the number of the clause that these have.
    looked: usize,
    clause: Option<u32>,
}

/// After how many steps of searches it is looked whether the guest is to be stopped. They count
/// from one throw to the next: code that is between two may have no place to look.
const PAUSE: u64 = 1 << 16;
/// A throw itself is as much as so many steps.
const THROW: u64 = 1 << 6;
/// So many of the tags that are the one in question are looked at in one go.
const PIECE: usize = 1 << 12;

/// What was found out about places in code: a throw asks for the same ones again and again.
#[derive(Default)]
pub(crate) struct KnownPlaces(Box<[ThrowSite]>);

const PLACES: usize = 128;

/// What catches exceptions with a tag of the store's that are thrown at a place in the code of an
/// instance.
#[derive(Clone, Copy)]
struct ThrowSite {
    ip: Ip,
    instance: u32,
    tag: u32,
    catching: Option<(Ip, Clause)>,
}

impl KnownPlaces {
    /// What catches exceptions with this tag at the place `ip`, in code of the module of
    /// `instance`, if that is known.
    fn get(&self, ip: Ip, instance: u32, tag: u32) -> Option<Option<(Ip, Clause)>> {
        let place = self.0.get(KnownPlaces::index(ip))?;
        let is_it = (place.ip, place.instance, place.tag) == (ip, instance, tag);
        is_it.then_some(place.catching)
    }

    /// Notes it.
    fn note(&mut self, site: ThrowSite) {
        const UNKNOWN: ThrowSite =
            ThrowSite { ip: ptr::null(), instance: 0, tag: 0, catching: None };
        if self.0.is_empty() {
            // Without memory for them, none is known.
            self.0 = list((0..PLACES).map(|_| UNKNOWN)).unwrap_or_default();
        }
        if let Some(place) = self.0.get_mut(KnownPlaces::index(site.ip)) {
            *place = site;
        }
    }

    fn index(ip: Ip) -> usize {
        (ip as usize / size_of::<u64>()) % PLACES
    }
}

impl Thread {
    /// `throw`: the tag and the first slot of the fields are in the cell.
    #[inline(never)]
    pub(crate) fn throw(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        // SAFETY: I1.
        let (base, tag) = unsafe { (self.cx.saved.field(1), self.cx.saved.high(0)) };
        let instance = &store.inner().instances[self.cx.instance as usize];
        let tag = instance.tags[tag as u32 as usize];
        let fields = Fields::Stack(self.slot_index(base));
        self.unwind(store, Thrown { tag, fields })
    }

    /// `throw_ref` and the legacy `rethrow`: the slot of the reference is in the cell.
    #[inline(never)]
    pub(crate) fn throw_ref(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        // SAFETY: I1, I2.
        let reference = unsafe { self.cx.saved.slot(self.cx.saved.field(1)) };
        if reference == 0 {
            return Err(Exit::Trap(Trap::NullExceptionReference));
        }
        let tag = store.inner().exceptions.get(reference).tag;
        self.unwind(store, Thrown { tag, fields: Fields::Exception(reference) })
    }

    /// The host function that the guest has called has thrown this exception, and failed with this
    /// error: `run` goes on where it is caught, or else tells of it.
    pub(crate) fn throw_from_host(&mut self, reference: u64, error: Error) {
        self.thrown = Some(HostThrow { reference, error, found: None });
    }

    /// The error that came with the exception that nobody has caught, if a host function has thrown
    /// it.
    pub(crate) fn take_thrown(&mut self) -> Option<Error> {
        Some(self.thrown.take()?.error)
    }

    /// Goes on where what the host function has thrown is caught, if it has thrown something.
    ///
    /// # Errors
    /// If nobody catches it; if it is interrupted or out of fuel: then the frames are those of the
    /// call still, whose references are known, and the next call goes on.
    #[inline(never)]
    pub(super) fn land_host_throw(&mut self, store: &mut StoreInner) -> Result<(), Exit> {
        let Some(HostThrow { reference, found, .. }) = &mut self.thrown else { return Ok(()) };
        let (reference, found) = (*reference, found.take());
        let State::HostCalled { is_tail, .. } = self.state else { return Ok(()) };
        let tag = store.exceptions.get(reference).tag;
        let found = match found {
            Some(found) => found,
            None => {
                // A tail call has left the frame that it was made in.
                let (found, further) = self.find(store, tag, is_tail)?;
                self.charge_later(store, search_cost(further));
                found
            }
        };
        if let Err(exit) = self.pay() {
            if let Some(thrown) = &mut self.thrown {
                thrown.found = Some(found);
            }
            return Err(exit);
        }
        let landing = found.filter(|_| EXCEPTIONS).ok_or(Exit::Exception(reference))?;
        self.thrown = None;
        self.land(store, landing, Thrown { tag, fields: Fields::Exception(reference) }, reference);
        self.state = State::Ready;
        Ok(())
    }

    fn unwind(&mut self, store: &mut dyn Threaded, thrown: Thrown) -> Result<(), Exit> {
        let found = self.find(store.inner(), thrown.tag, false);
        if found.is_err() {
            self.again();
        }
        let (landing, further) = found?;
        if landing.as_ref().is_none_or(|landing| landing.clause.reference.is_some()) {
            // Before it is paid: this may be interrupted, and the cell is executed again.
            self.room_for(store, thrown)?;
        }
        self.charge(store.inner(), search_cost(further))?;
        let Some(landing) = landing else {
            let reference = self.reference(store.inner(), thrown)?;
            return Err(Exit::Exception(reference));
        };
        let reference = match landing.clause.reference {
            Some(_) => self.reference(store.inner(), thrown)?,
            None => 0,
        };
        let before = self.cx.instance;
        self.land(store.inner(), landing, thrown, reference);
        if self.cx.instance != before {
            self.refresh(store.inner());
        }
        Ok(())
    }

    /// Makes room for the exception, if it is none yet.
    fn room_for(&mut self, store: &mut dyn Threaded, thrown: Thrown) -> Result<(), Exit> {
        let Fields::Stack(_) = thrown.fields else { return Ok(()) };
        let len = store.inner().tags[thrown.tag as usize].slots.into();
        self.make_room(store, Room::Exception(len), None)
    }

    /// A reference to the exception, for which there is room.
    fn reference(&mut self, store: &mut StoreInner, thrown: Thrown) -> Result<u64, Exit> {
        match thrown.fields {
            Fields::Exception(reference) => Ok(reference),
            Fields::Stack(at) => {
                let len = store.tags[thrown.tag as usize].slots.into();
                let made = store.exceptions.add(thrown.tag, self.stack.slots(at, len));
                Ok(made.ok_or(Trap::AllocationTooLarge)?)
            }
        }
    }

    /// Looks for the innermost clause that catches exceptions with this tag, but not in the frame
    /// that runs if that is to be skipped; also returns how many further tags it has looked at. If
    /// it is interrupted, the next search goes on where this one was.
    fn find(
        &mut self,
        store: &StoreInner,
        tag: u32,
        skip: bool,
    ) -> Result<(Option<Landing>, u64), Exit> {
        if !EXCEPTIONS {
            // No guest catches anything.
            return Ok((None, 0));
        }
        let mut search = self.search.take().unwrap_or_else(|| Search {
            frame: self.walk(),
            ip: self.cx.saved.ip,
            skip,
            further: 0,
            looked: 0,
            clause: None,
        });
        self.searched += THROW;
        loop {
            let number = search.frame.instance;
            let instance = &store.instances[number as usize];
            let code = &instance.module.0.code;
            let tags = instance.tags_that_are(tag);
            while search.frame.instance == number {
                if self.searched >= PAUSE {
                    self.searched = 0;
                    if store.interrupt.is_raised() {
                        store.interrupt.clear();
                        self.search = Some(search);
                        return Err(Exit::Interrupted);
                    }
                }
                let Search { ip, frame, looked, .. } = search;
                let known = match core::mem::take(&mut search.skip) {
                    true => Some(None),
                    false => self.places.get(ip, number, tag),
                };
                let piece = match known {
                    Some(_) => tags,
                    None => &tags[looked..tags.len().min(looked + PIECE)],
                };
                // Also in the frame that catches: it is looked at before that is known.
                self.searched += 1 + piece.len() as u64;
                let catching = known.unwrap_or_else(|| {
                    search.looked += piece.len();
                    search.clause = search.clause.max(code.catching(ip, piece));
                    search.clause.and_then(|clause| code.clause(ip, clause))
                });
                if known.is_none() {
                    if search.looked < tags.len() {
                        continue;
                    }
                    (search.looked, search.clause) = (0, None);
                    self.places.note(ThrowSite { ip, instance: number, tag, catching });
                }
                search.further += (tags.len() as u64).saturating_sub(1);
                if let Some((start, clause)) = catching {
                    return Ok((Some(Landing { clause, start, frame }), search.further));
                }
                // SAFETY: I2: nothing runs meanwhile.
                let Some(ret) = (unsafe { search.frame.up(&self.switches) }) else {
                    return Ok((None, search.further));
                };
                search.ip = ret.wrapping_sub(1);
            }
        }
    }

    /// Goes on at the clause: the frames above are gone, the fields are where its code wants them.
    #[inline]
    fn land(&mut self, store: &StoreInner, landing: Landing, thrown: Thrown, reference: u64) {
        let Landing { clause, start, frame: Walk { sp, instance, switches } } = landing;
        // SAFETY: I1, I2, I3: the clause was made for this code, whose frame is at `sp`; there, its
        // slots are in the frame, and it has as many as its tag has. Fields on the stack lie above,
        // or overlap.
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
