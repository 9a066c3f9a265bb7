//! What the threads of a store refer to. Nobody notes where frames have references: translating a
//! function again tells ([`MapJob`]), for those places where frames have stopped. [`find_maps`]
//! does so before a collection marks anything, once for each function; what was found is kept in
//! [`FrameMaps`], within a bound.

use super::{handle::ThreadHandle, thread::Thread, threads::Threads};
use crate::{
    Error, Module,
    exec::{
        Ip,
        code::maps::{Run, Stopped},
    },
    room::push,
    runtime::{InstanceEntity, StoreId, StoreInner},
    translate::{Failure, MapJob, param_map},
};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use core::{mem, ops::Range};
use windlass_validate::sort;

/// More maps than these are not kept from one collection to the next, in bytes.
pub(crate) const MOST_KEPT: usize = 1 << 20;
/// What translating a byte of a body costs, in words that a collection looks at.
const BYTE_COST: usize = 8;

/// So many frames are listed before somebody asks whether to stop, or a few more.
const PIECE: usize = 1 << 14;

/// Why a collection does not go on.
pub(crate) enum Halt {
    /// It is not known what some frame refers to: the host has no memory for the map.
    Unknown,
    /// What would be said of a frame is refused by the verifier.
    Refused(Error),
    Interrupted,
}

impl From<TryReserveError> for Halt {
    fn from(_: TryReserveError) -> Halt {
        Halt::Unknown
    }
}

/// Where frames have references, at places where collections have met them. Code that is named
/// lives as long as the store.
#[derive(Default)]
pub(crate) struct FrameMaps {
    /// Sorted by address, and how frames have stopped there.
    places: Vec<Safepoint>,
    /// The locals of functions, by the address of the stub: sorted.
    locals: Vec<(usize, Part)>,
    runs: Vec<Run>,
    /// While maps are found: the places that they are wanted for, in the end sorted, and how many
    /// of these are done. Places and locals that come meanwhile are behind the sorted ones, of
    /// which there were so many.
    wanted: Vec<Wanted>,
    /// How many there were when they were sorted.
    sorted: usize,
    done: usize,
    known: usize,
    /// Finding maps of a function, if that was interrupted.
    job: Vec<Begun>,
}

/// What was interrupted, for the function with this stub.
struct Begun(usize, Box<[MapJob; 1]>);

// SAFETY: addresses in the code that it has made lead to code and stubs of the module, which are
// `Sync`; it is only used with the store, and only by who has that to be changed.
unsafe impl Send for Begun {}
// SAFETY: a shared reference gives nothing.
unsafe impl Sync for Begun {}

/// A part of `FrameMaps::runs`: its start and its end.
type Part = (usize, usize);

#[derive(Clone, Copy)]
struct Safepoint {
    ip: usize,
    stopped: Stopped,
    locals: Part,
    operands: Part,
}

/// A place that has no map yet.
#[derive(Clone, Copy)]
struct Wanted {
    ip: usize,
    stopped: Stopped,
    instance: u32,
}

impl FrameMaps {
    /// The slots with references of a frame that stopped at `ip`: none if nothing is known.
    fn get(&self, ip: Ip, stopped: Stopped) -> Option<&Safepoint> {
        let key = |place: &Safepoint| (place.ip, place.stopped);
        let index = self.places.binary_search_by_key(&(ip as usize, stopped), key).ok()?;
        self.places.get(index)
    }

    fn part(&self, (start, end): Part) -> &[Run] {
        self.runs.get(start..end).unwrap_or_default()
    }

    /// What it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run>()
            + self.places.capacity() * size_of::<Safepoint>()
            + self.locals.capacity() * size_of::<(usize, Part)>()
    }

    /// Whether maps are being found, and that was interrupted.
    #[cfg(test)]
    pub(crate) fn is_interrupted(&self) -> bool {
        !self.job.is_empty()
    }

    /// Forgets all if that is more than is kept.
    pub(crate) fn trim(&mut self) {
        if self.bytes() > MOST_KEPT {
            *self = FrameMaps::default();
        }
    }

    /// What maps are wanted for is listed next.
    fn begin(&mut self) {
        // A collection that stopped may have left some.
        self.sort();
        self.wanted.clear();
        self.done = 0;
    }

    /// A map for this place is wanted, if there is none; none if the host has no memory for the
    /// list.
    fn want(&mut self, place: Wanted) -> Option<()> {
        let is_last = self.wanted.last().is_some_and(|last| last.key() == place.key());
        if is_last || self.get(place.ip as Ip, place.stopped).is_some() {
            return Some(());
        }
        if self.wanted.len() >= self.sorted.saturating_mul(2).max(PIECE) {
            self.sort_wanted();
        }
        push(&mut self.wanted, place).ok()
    }

    /// Sorts what is wanted: each once.
    fn sort_wanted(&mut self) {
        sort(&mut self.wanted, |a, b| a.key().cmp(&b.key()));
        self.wanted.dedup_by_key(|wanted| wanted.key());
        self.sorted = self.wanted.len();
    }

    /// Sorts what has come: a run behind another.
    fn sort(&mut self) {
        sort(&mut self.places, |a, b| (a.ip, a.stopped).cmp(&(b.ip, b.stopped)));
        self.places.dedup_by_key(|place| (place.ip, place.stopped));
        sort(&mut self.locals, |a, b| a.0.cmp(&b.0));
        self.known = self.locals.len();
    }

    /// Finds the maps that are wanted. Adds to `work` what it was.
    fn find_all(
        &mut self,
        instances: &[InstanceEntity],
        is_interrupted: &dyn Fn() -> bool,
        work: &mut usize,
    ) -> Result<(), Halt> {
        let wanted = mem::take(&mut self.wanted);
        let found = loop {
            let rest = &wanted[self.done..];
            let Some(first) = rest.first() else { break Ok(()) };
            let module = &instances[first.instance as usize].module;
            let Some(defined) = first.function(module) else { break Err(Halt::Unknown) };
            let is_same = |wanted: &Wanted| wanted.function(module) == Some(defined);
            let (same, others) = rest.split_at(rest.partition_point(is_same).max(1));
            match self.find(module, defined, same, is_interrupted) {
                Ok(more) => *work += more,
                Err(halt) => break Err(halt),
            }
            self.done += same.len();
            if !others.is_empty() && is_interrupted() {
                break Err(Halt::Interrupted);
            }
        };
        self.wanted = wanted;
        found
    }

    /// Finds the maps of these places, all in one function, which are sorted. Returns the work that
    /// it was.
    #[inline(never)]
    fn find(
        &mut self,
        module: &Module,
        defined: usize,
        wanted: &[Wanted],
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<usize, Halt> {
        let (table, source) = (&module.0.code, module.0.source());
        let code = table.current(defined) as usize;
        let stub = table.stub(defined) as usize;
        let is_entry = |wanted: &&Wanted| wanted.ip == code || wanted.ip == stub;
        self.places.try_reserve(wanted.len())?;
        for &Wanted { ip, stopped, .. } in wanted.iter().filter(is_entry) {
            let func = module.0.context.imported.funcs as usize + defined;
            let runs = param_map(source.context, func).ok_or(Halt::Unknown)?;
            let operands = self.add(&runs, 0..runs.len())?;
            self.places.push(Safepoint { ip, stopped, locals: (0, 0), operands });
        }
        let inside = wanted.iter().filter(|wanted| !is_entry(wanted));
        let mut words = Vec::new();
        words.try_reserve_exact(wanted.len())?;
        let word = |wanted: &Wanted| (table.distance(defined, wanted.ip as Ip), wanted.stopped);
        words.extend(inside.clone().map(word));
        if words.is_empty() {
            return Ok(1);
        }
        let mut job = match self.job.pop() {
            Some(Begun(of, job)) if of == stub && job[0].wanted() == words => job,
            _ => MapJob::new(words).ok_or(Halt::Unknown)?,
        };
        let maps = match job[0].run(source, defined, &mut || is_interrupted()) {
            Ok(maps) => maps,
            Err(Failure::Interrupted) => {
                push(&mut self.job, Begun(stub, job))?;
                return Err(Halt::Interrupted);
            }
            Err(Failure::Refused(fault)) => {
                return Err(Halt::Refused(module.0.refusal(defined, fault)));
            }
            Err(Failure::Unverified) => return Err(Halt::Refused(module.0.unverified())),
            Err(_) => return Err(Halt::Unknown),
        };
        let known = &self.locals[..self.known];
        let locals = match known.binary_search_by_key(&stub, |&(stub, _)| stub) {
            Ok(index) => known[index].1,
            // No other group of places is inside this function.
            Err(_) => {
                let part = self.add(&maps.locals, 0..maps.locals.len())?;
                self.locals.try_reserve(1)?;
                self.locals.push((stub, part));
                part
            }
        };
        for (&Wanted { ip, stopped, .. }, part) in inside.zip(maps.places) {
            let operands = self.add(&maps.runs, part.ok_or(Halt::Unknown)?)?;
            self.places.push(Safepoint { ip, stopped, locals, operands });
        }
        let body = &source.decoded.bodies[defined];
        let locals =
            body.locals.iter().fold(0, |sum: usize, run| sum.saturating_add(run.0 as usize));
        Ok((body.code.len() * BYTE_COST).saturating_add(locals))
    }

    fn add(&mut self, runs: &[Run], part: Range<usize>) -> Result<Part, Halt> {
        let start = self.runs.len();
        self.runs.try_reserve(part.len())?;
        self.runs.extend_from_slice(runs.get(part).unwrap_or_default());
        Ok((start, self.runs.len()))
    }
}

impl Wanted {
    fn key(&self) -> (usize, Stopped) {
        (self.ip, self.stopped)
    }

    /// The function of the module that it is in, by its number among those that the module defines.
    fn function(&self, module: &Module) -> Option<usize> {
        // A return address may lie behind the last cell of a function: what is before it is not.
        let ip = self.ip as Ip;
        let inside = if self.stopped == Stopped::Called { ip.wrapping_sub(1) } else { ip };
        Some(module.0.code.find(inside)?.defined)
    }
}

/// Finds the places where frames of the store's threads have stopped and that have no map: of the
/// `at`th thread and of those after it, as many as a bounded amount of work is for. Whether these
/// were all.
///
/// # Errors
/// If the host has no memory.
pub(super) fn find_frames(
    store: &StoreInner,
    threads: &mut Threads,
    running: Option<&Thread>,
    at: &mut usize,
) -> Result<bool, Halt> {
    let Threads { kept, maps, .. } = threads;
    if *at == 0 {
        #[cfg(test)]
        LISTED.set(LISTED.get() + 1);
        maps.begin();
    }
    let mut left = PIECE;
    while left > 0 {
        if *at > kept.len() {
            maps.sort_wanted();
            return Ok(true);
        }
        let thread = nth(store.id, kept, running, *at);
        *at += 1;
        left -= 1;
        let Some(thread) = thread else { continue };
        let found = thread.frames(&mut |instance, ip, stopped, _| {
            left = left.saturating_sub(1);
            maps.want(Wanted { ip: ip as usize, stopped, instance })
        });
        found.ok_or(Halt::Unknown)?;
    }
    Ok(false)
}

/// Finds the maps of these places: each function is translated once at most. Adds to `work` what it
/// was, also if it stops.
///
/// # Errors
/// If `is_interrupted` says so: what was found is kept, and the next call goes on. If the host has
/// no memory.
pub(super) fn find_maps(
    store: &StoreInner,
    threads: &mut Threads,
    is_interrupted: &dyn Fn() -> bool,
    work: &mut usize,
) -> Result<(), Halt> {
    let maps = &mut threads.maps;
    maps.find_all(&store.instances, is_interrupted, work)?;
    maps.wanted = Vec::new();
    maps.sort();
    Ok(())
}

/// Marks what threads of the store refer to, the `at`th and those after it, as many as `left` words
/// of work are for: that is what it looks at. Whether these were all; none if a frame has no map.
#[inline(never)]
pub(super) fn mark_threads(
    store: &mut StoreInner,
    threads: &Threads,
    running: Option<&Thread>,
    at: &mut usize,
    left: &mut usize,
) -> Option<bool> {
    while *left > 0 {
        if *at > threads.kept.len() {
            return Some(true);
        }
        if let Some(thread) = nth(store.id, &threads.kept, running, *at) {
            thread.mark_values(store);
            *left = left.saturating_sub(1 + mark_frames(store, &threads.maps, thread)?);
        }
        *at += 1;
    }
    Some(false)
}

/// Marks what the frames of a thread refer to. Returns how much was looked at; none if a frame has
/// no map.
fn mark_frames(store: &mut StoreInner, maps: &FrameMaps, thread: &Thread) -> Option<usize> {
    let mut work = 0;
    let mut marker = store.marker();
    thread.frames(&mut |_, ip, stopped, sp| {
        let place = maps.get(ip, stopped)?;
        work += 1;
        let locals = maps.part(place.locals);
        for run in locals.iter().chain(maps.part(place.operands)) {
            work += run.count as usize;
            for slot in 0..run.count as isize {
                // SAFETY: I2: `sp` is a frame, and the slot one of its.
                marker.mark(run.class, unsafe { *sp.offset(run.first as isize + slot) });
            }
        }
        Some(())
    })?;
    Some(work)
}

/// One of the threads of the store with this number, which the caller has borrowed: behind all
/// others comes the one that runs, which is not shown before.
fn nth<'a>(
    store: StoreId,
    kept: &'a [ThreadHandle],
    running: Option<&'a Thread>,
    index: usize,
) -> Option<&'a Thread> {
    match kept.get(index) {
        Some(handle) if handle.is_at(running) => None,
        // SAFETY: I9: only the running thread is in use, and this is another.
        Some(handle) => Some(unsafe { handle.get(store) }),
        None => running,
    }
}

#[cfg(test)]
std::thread_local! {
    /// How often this thread has listed frames.
    pub(crate) static LISTED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}
