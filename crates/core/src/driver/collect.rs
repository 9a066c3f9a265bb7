//! Garbage collection: when to collect, what to do when the heap is full, and objects for the host.
//! The driver comes here for running guests; the host and instantiation through [`Embedder`] and
//! the functions below. What a collection is stands in [`runtime`](crate::runtime). Room for what
//! can be large is foreseen, then paid, then made: nothing is touched or collected for it before.

use super::{
    frame_maps::{self, Halt},
    thread::{Exit, Thread},
    threads::{Threaded, Threads},
};
use crate::{
    Error, Trap,
    interrupt::Interrupt,
    object_type::{Class, ObjectType, Storage},
    runtime::{
        COLLECTS, Collection, Embedder, Phase, Pins, STRESS, StoreInner, grow_exceptions,
        grow_gc_heap, split_value,
    },
};
use alloc::sync::Arc;
use windlass_validate::TypeId;

/// So many words of threads are looked at before somebody asks whether to stop, or a stack more.
const PIECE: usize = 64 << 10;

/// Room for something that is to be made.
#[derive(Clone, Copy)]
pub(crate) enum Room {
    /// An object of so many bytes.
    Heap(usize),
    /// An exception with so many slots of fields.
    Exception(usize),
}

impl Room {
    fn is_there(self, store: &StoreInner) -> bool {
        match self {
            Room::Heap(size) => store.heap.has_room(size),
            Room::Exception(fields) => store.exceptions.has_room(fields),
        }
    }

    /// Whether it can be had without growth. Nothing that nobody has touched yet is touched for it.
    fn is_in_sight(self, store: &mut StoreInner) -> bool {
        let Room::Heap(size) = self else { return self.is_there(store) };
        store.heap.can_lengthen(size) || store.heap.refill(size, false)
    }

    /// Takes it from what is free; with `all`, from wherever it is. Memory that nobody has touched
    /// yet is touched in pieces.
    fn take(
        self,
        store: &mut StoreInner,
        all: bool,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Halted> {
        let Room::Heap(size) = self else { return Ok(self.is_there(store)) };
        while !self.is_there(store) && !store.heap.refill(size, all) {
            if !store.heap.lengthen(size) {
                return Ok(store.heap.refill(size, all));
            }
            if is_interrupted() {
                store.interrupt.clear();
                return Err(Halted::Interrupted);
            }
        }
        Ok(true)
    }

    /// Lets what it is in grow, if that is allowed.
    fn grow(self, store: &mut dyn Embedder) -> Result<bool, Error> {
        match self {
            Room::Heap(size) => grow_gc_heap(store.limited(), size),
            Room::Exception(fields) => grow_exceptions(store.limited(), fields),
        }
    }

    /// Whether there will be none however much is freed.
    fn is_too_large(self, store: &StoreInner) -> bool {
        match self {
            Room::Heap(size) => size >= store.heap.granted(),
            Room::Exception(fields) => store.exceptions.is_too_large(fields),
        }
    }
}

/// Who wants room.
#[derive(Clone, Copy)]
pub(crate) enum Asker<'a> {
    /// The thread that runs, whose saved registers tell where it is; all other threads of the store
    /// are known to it.
    Guest(&'a Thread),
    /// An instantiation, which is interrupted as a guest is.
    Instantiation,
    /// The host: nothing stops it.
    Host,
}

impl<'a> Asker<'a> {
    fn thread(self) -> Option<&'a Thread> {
        if let Asker::Guest(thread) = self { Some(thread) } else { None }
    }

    fn is_stopped(self, interrupt: &Interrupt) -> bool {
        !matches!(self, Asker::Host) && interrupt.is_raised()
    }
}

/// What making room will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It is there, or the heap may become so large.
    Free,
    /// A collection is due before that is known.
    Due,
    /// Only a collection can make it.
    Full,
}

/// Why there is no room.
pub(crate) enum Halted {
    Failed(Error),
    /// The guest was interrupted (the flag is cleared): the same call goes on where this one has
    /// stopped, if nobody has used the store meanwhile, or else begins again.
    Interrupted,
}

impl From<Trap> for Halted {
    fn from(trap: Trap) -> Halted {
        Halted::Failed(trap.into())
    }
}

impl From<Error> for Halted {
    fn from(error: Error) -> Halted {
        Halted::Failed(error)
    }
}

impl From<Halted> for Exit {
    fn from(halted: Halted) -> Exit {
        match halted {
            Halted::Failed(error) => match error.trap() {
                Some(trap) => Exit::Trap(trap),
                None => Exit::Failed(error),
            },
            Halted::Interrupted => Exit::Interrupted,
        }
    }
}

/// Looks what making room will take, before whoever wants it has paid: this asks for growth if that
/// is needed, but touches no memory, and collects nothing.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if there will be none whatever is done; the limiter's.
pub(crate) fn foresee(store: &mut dyn Embedder, room: Room) -> Result<Outlook, Error> {
    let inner = store.inner();
    if !STRESS && room.is_there(inner) {
        return Ok(Outlook::Free);
    }
    if inner.is_due() {
        return Ok(Outlook::Due);
    }
    if room.is_in_sight(inner) || room.grow(store)? {
        return Ok(Outlook::Free);
    }
    match room.is_too_large(store.inner()) {
        true => Err(Trap::AllocationTooLarge.into()),
        false => Ok(Outlook::Full),
    }
}

/// Makes room: takes what is free, collects if that is due, grows, or collects since it may not
/// grow. What it takes may be foreseen: then nobody has used the store since.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if there is no room even after a collection, or if one that was not
/// due frees so little that it would be followed by the next; the limiter's.
pub(crate) fn make_room(
    store: &mut dyn Threaded,
    asker: Asker<'_>,
    room: Room,
    foreseen: Option<Outlook>,
) -> Result<(), Halted> {
    let inner = store.inner();
    if asker.thread().is_none() {
        inner.touch();
    }
    let interrupt = inner.interrupt.clone();
    let is_interrupted = || asker.is_stopped(&interrupt);
    let no_room = || Halted::from(Trap::AllocationTooLarge);
    let collection = match inner.parked.take() {
        Some(parked) => parked,
        None => match foreseen.map_or_else(|| foresee(store, room), Ok)? {
            Outlook::Free => {
                let is_there = room.take(store.inner(), false, &is_interrupted)?;
                return is_there.then_some(()).ok_or_else(no_room);
            }
            Outlook::Due => Collection::new(false),
            Outlook::Full => Collection::new(true),
        },
    };
    let collection = run(store, asker, collection)?;
    let inner = store.inner();
    if collection.is_forced && collection.frees_too_little(inner) {
        return Err(no_room());
    }
    // Whoever may grow does not look everywhere.
    if room.take(inner, false, &is_interrupted)? {
        return Ok(());
    }
    if !collection.is_forced {
        room.grow(store)?;
    }
    room.take(store.inner(), true, &is_interrupted)?.then_some(()).ok_or_else(no_room)
}

/// Runs a collection to its end. Builds that collect nothing find nothing.
///
/// # Errors
/// If the running guest was interrupted: then the store keeps the collection. If the host has no
/// memory to find out what frames refer to, or if that is refused by the verifier: then it was
/// none.
fn run(
    store: &mut dyn Threaded,
    asker: Asker<'_>,
    mut collection: Collection,
) -> Result<Collection, Halted> {
    if !COLLECTS {
        return Ok(collection);
    }
    let (store, all) = store.parts();
    let running = asker.thread();
    let interrupt = store.interrupt.clone();
    // One that was given up counts for something: the next one goes further.
    let least = store.given_up.saturating_mul(2);
    while collection.phase != Phase::Done {
        let may_stop = collection.work >= least;
        let is_interrupted = || may_stop && asker.is_stopped(&interrupt);
        let stepped = match collection.phase {
            Phase::Frames => frames(store, all, running, &mut collection),
            Phase::Threads => threads(store, all, running, &mut collection, &is_interrupted),
            _ => {
                collection.step(store);
                Ok(())
            }
        };
        match stepped {
            Err(Halt::Unknown) => return Err(Trap::AllocationTooLarge.into()),
            Err(Halt::Refused(error)) => return Err(Halted::Failed(error)),
            Ok(()) if !is_interrupted() || collection.phase == Phase::Done => {}
            Ok(()) | Err(Halt::Interrupted) => {
                interrupt.clear();
                store.parked = Some(collection);
                return Err(Halted::Interrupted);
            }
        }
    }
    store.given_up = 0;
    all.maps.trim();
    Ok(collection)
}

/// Finds where the frames of threads have stopped, of some of them.
fn frames(
    store: &mut StoreInner,
    all: &mut Threads,
    running: Option<&Thread>,
    collection: &mut Collection,
) -> Result<(), Halt> {
    if collection.list == 0 {
        all.forget_dropped(store);
    }
    if frame_maps::find_frames(store, all, running, &mut collection.list)? {
        collection.next(Phase::Threads);
    }
    Ok(())
}

/// Finds the maps of these frames, and marks what threads refer to: some, each at once.
fn threads(
    store: &mut StoreInner,
    all: &mut Threads,
    running: Option<&Thread>,
    collection: &mut Collection,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<(), Halt> {
    if collection.list == 0 {
        frame_maps::find_maps(store, all, is_interrupted, &mut collection.work)?;
    }
    let mut left = PIECE;
    let marked = frame_maps::mark_threads(store, all, running, &mut collection.list, &mut left);
    collection.work += PIECE - left;
    if marked.ok_or(Halt::Unknown)? {
        collection.next(Phase::Roots);
    }
    Ok(())
}

/// Collects: whatever neither guests nor the host can reach any more is free afterwards. For the
/// host: nothing stops it, and if the host has no memory to find out what frames refer to, or the
/// verifier refuses what was found, nothing happens.
pub(crate) fn collect(store: &mut dyn Threaded) {
    store.inner().touch();
    let _ = run(store, Asker::Host, Collection::new(false));
}

/// Collects if that is due: for the host, which has made something.
pub(crate) fn collect_if_due(store: &mut dyn Threaded) {
    if store.inner().is_due() {
        collect(store);
    }
}

/// The layout of objects of a type of the engine's, which the heap knows from now on. None if it is
/// a function type.
///
/// # Errors
/// If the host has no memory for that.
pub(crate) fn object_type(
    store: &mut StoreInner,
    id: TypeId,
) -> Result<Option<Arc<ObjectType>>, Trap> {
    if let Some(ty) = store.heap.types.object(id) {
        return Ok(Some(ty.clone()));
    }
    let StoreInner { heap, heap_types, engine, .. } = store;
    engine.types(|types| {
        let ty = ObjectType::new(types, id).map_err(|_| Trap::AllocationTooLarge)?;
        let Some(ty) = ty.map(Arc::new) else { return Ok(None) };
        heap.add_type(types, id, &ty, &mut heap_types.ids).ok_or(Trap::AllocationTooLarge)?;
        Ok(Some(ty))
    })
}

/// Makes the room of the heap `size` bytes at least, for an instantiation that pays `cost` for it,
/// once it is known that it may be had. Whoever pays nothing is not interrupted.
///
/// # Errors
/// As for [`make_room`]; [`Trap::OutOfFuel`] and [`Trap::Interrupted`].
pub(crate) fn reserve(store: &mut dyn Threaded, size: usize, cost: u64) -> Result<(), Error> {
    let room = Room::Heap(size);
    store.inner().touch();
    if cost == 0 {
        return room_for(store, Asker::Host, room, None);
    }
    let outlook = foresee(store, room)?;
    store.inner().pay(cost)?;
    room_for(store, Asker::Instantiation, room, Some(outlook))
}

fn room_for(
    store: &mut dyn Threaded,
    asker: Asker<'_>,
    room: Room,
    foreseen: Option<Outlook>,
) -> Result<(), Error> {
    make_room(store, asker, room, foreseen).map_err(|halted| match halted {
        Halted::Failed(error) => error,
        Halted::Interrupted => {
            // Nobody goes on with its collection.
            store.inner().touch();
            Trap::Interrupted.into()
        }
    })
}

/// Makes a structure of the type `id`, whose fields are given as they lie in slots, in order; a
/// vector takes two. Its descriptor is a structure of the type's, or null if it has none. Returns
/// the reference as it lies in slots.
///
/// This may collect: references in `slots` are pinned meanwhile; the new one must be reachable
/// before the next allocation.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if the heap is full; the limiter's. If it is no structure type.
pub(crate) fn alloc_struct(
    store: &mut dyn Threaded,
    id: TypeId,
    slots: &[u64],
    descriptor: u64,
) -> Result<u64, Error> {
    let ty = object_type(store.inner(), id)?.ok_or(Trap::CastFailure)?;
    let mut pins = Pins::new(store);
    pin(&mut pins, Storage::Any, [descriptor, 0])?;
    let mut rest = slots;
    for place in &ty.fields {
        let (value, behind) = split_value(rest, place.storage);
        rest = behind;
        pin(&mut pins, place.storage, value)?;
    }
    room_for(pins.store, Asker::Host, Room::Heap(ty.size as usize), None)?;
    Ok(pins.store.inner().heap.new_struct(&ty, slots, descriptor))
}

/// As [`alloc_struct`], for an array of `len` elements which all are `value`, as it lies in slots.
///
/// # Errors
/// As [`alloc_struct`].
pub(crate) fn alloc_array(
    store: &mut dyn Threaded,
    id: TypeId,
    len: u32,
    value: [u64; 2],
) -> Result<u64, Error> {
    let ty = object_type(store.inner(), id)?.ok_or(Trap::CastFailure)?;
    let size = ty.array_size(len.into()).ok_or(Trap::AllocationTooLarge)?;
    let mut pins = Pins::new(store);
    pin(&mut pins, ty.element(), value)?;
    room_for(pins.store, Asker::Host, Room::Heap(size), None)?;
    Ok(pins.store.inner().heap.new_array(&ty, len, value))
}

/// As [`alloc_array`], for an array of these elements.
///
/// # Errors
/// As [`alloc_struct`].
pub(crate) fn alloc_array_of(
    store: &mut dyn Threaded,
    id: TypeId,
    elements: &[[u64; 2]],
) -> Result<u64, Error> {
    let len = u32::try_from(elements.len()).map_err(|_| Trap::AllocationTooLarge)?;
    let ty = object_type(store.inner(), id)?.ok_or(Trap::CastFailure)?;
    let storage = ty.element();
    let mut pins = Pins::new(store);
    for &element in elements {
        pin(&mut pins, storage, element)?;
    }
    let array = alloc_array(pins.store, id, len, [0, 0])?;
    let heap = &mut pins.store.inner().heap;
    for (index, &element) in (0..len).zip(elements) {
        let at = heap.element(array, storage, index);
        heap.write(at, storage, element);
    }
    Ok(array)
}

/// Makes an exception, as [`alloc_struct`]. Returns the reference as it lies in slots.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if there is no room for it; the limiter's.
pub(crate) fn alloc_exception(
    store: &mut dyn Threaded,
    tag: u32,
    fields: &[u64],
) -> Result<u64, Error> {
    let mut pins = Pins::new(store);
    let mut index = 0;
    while let Some(&(slot, class)) = pins.store.inner().tags[tag as usize].references.get(index) {
        pins.pin(class, fields[usize::from(slot)])?;
        index += 1;
    }
    room_for(pins.store, Asker::Host, Room::Exception(fields.len()), None)?;
    let made = pins.store.inner().exceptions.add(tag, fields);
    Ok(made.ok_or(Trap::AllocationTooLarge)?)
}

/// Pins a value that is stored so, if it is a reference that is collected.
fn pin(
    pins: &mut Pins<'_, dyn Threaded + '_>,
    storage: Storage,
    value: [u64; 2],
) -> Result<(), Trap> {
    Class::of(storage).map_or(Ok(()), |class| pins.pin(class, value[0]))
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "slices_tests.rs"]
mod slices;
