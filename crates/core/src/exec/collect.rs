//! Garbage collection: what is alive, when to collect, and what to do when the heap is full. The driver comes here
//! for running guests; the host and instantiation through [`Embedder`] and the functions below.

use super::{Thread, roots};
use crate::{
    Error, Trap,
    object::{Class, ObjectType, Storage},
    runtime::{Embedder, Exceptions, Pins, StoreInner, split_value},
};
use alloc::sync::Arc;
use windlass_decode::ValType;
use windlass_validate::TypeId;

/// Makes the room of the heap `size` bytes at least: takes another free place, collects if that is due, grows
/// the heap, or collects since it may not grow.
///
/// `running` is the thread that runs, whose saved registers tell where it is; all other threads of the store
/// are known to it.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if there is no place even after a collection; the limiter's.
pub(crate) fn reserve(
    store: &mut dyn Embedder,
    running: Option<&Thread>,
    size: usize,
) -> Result<(), Error> {
    let heap = &mut store.inner().heap;
    if heap.has_room(size) {
        return Ok(());
    }
    let is_due = heap.is_due();
    if is_due {
        collect(store.inner(), running);
    }
    if store.inner().heap.refill(size, false) {
        return Ok(());
    }
    if store.grow_gc_heap(size)? && store.inner().heap.refill(size, true) {
        return Ok(());
    }
    if !is_due {
        collect(store.inner(), running);
    }
    match store.inner().heap.refill(size, true) {
        true => Ok(()),
        false => Err(Trap::AllocationTooLarge.into()),
    }
}

/// A new exception, for which room is made first: collects if that is due, grows, or collects since it may not
/// grow. Returns the reference as it lies in slots.
///
/// `running` is as for [`reserve`]. References among the fields must be reachable otherwise.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if there is no room even after a collection; the limiter's.
pub(crate) fn add_exception(
    store: &mut dyn Embedder,
    running: Option<&Thread>,
    tag: u32,
    fields: &[u64],
) -> Result<u64, Error> {
    let size = Exceptions::cost(fields.len());
    if !store.inner().exceptions.has_room(size) {
        let is_due = store.inner().exceptions.is_due();
        if is_due {
            collect(store.inner(), running);
        }
        let has_room = store.inner().exceptions.has_room(size) || store.grow_exceptions(size)?;
        if !has_room && !is_due {
            collect(store.inner(), running);
        }
        if !store.inner().exceptions.has_room(size) {
            return Err(Trap::AllocationTooLarge.into());
        }
    }
    Ok(store.inner().exceptions.add(tag, fields).ok_or(Trap::AllocationTooLarge)?)
}

/// Collects: whatever neither guests nor the host can reach any more is free afterwards.
///
/// Host values are dropped last, when the store is fit for use again: a drop may panic.
pub(crate) fn collect(store: &mut StoreInner, running: Option<&Thread>) {
    if !mark(store, running) {
        // What a frame refers to is not known: then nothing may be freed.
        debug_assert!(false, "every place where code stops has its map");
        return;
    }
    store.heap.sweep();
    store.externs.sweep();
    store.exceptions.sweep();
    while store.externs.drop_next() {}
}

/// Marks all that can be reached; false if that is not known.
fn mark(store: &mut StoreInner, running: Option<&Thread>) -> bool {
    // Marks of a collection that was not completed mean nothing.
    store.heap.start_marking();
    store.externs.unmark();
    store.exceptions.unmark();
    let mut marker = Marker;
    marker.store(store);
    let mark = &mut |store: &mut StoreInner, class, word| marker.mark(store, class, word);
    let is_known = roots::threads(store, running, mark).is_some();
    marker.trace(store);
    is_known
}

/// Marks what references lead to.
struct Marker;

impl Marker {
    fn mark(&mut self, store: &mut StoreInner, class: Class, word: u64) {
        match class {
            Class::Any => {
                store.heap.mark(word);
                store.externs.mark(word);
            }
            Class::Exn => store.exceptions.mark(word),
        }
    }

    /// Marks what globals, tables, segments and the host refer to.
    fn store(&mut self, store: &mut StoreInner) {
        for index in 0..store.globals.len() {
            if let Some(class) = store.class_of(store.global_types[index].val) {
                self.mark(store, class, store.globals[index][0]);
            }
        }
        for index in 0..store.tables.len() {
            let Some(class) = store.class_of(ValType::Ref(store.tables[index].ty.element)) else {
                continue;
            };
            for element in 0..store.tables[index].elements.len() {
                self.mark(store, class, store.tables[index].elements[element]);
            }
        }
        for instance in 0..store.instances.len() {
            let module = store.instances[instance].module.clone();
            for (segment, &ty) in module.0.context.elements.iter().enumerate() {
                let Some(class) = store.class_of(ValType::Ref(ty)) else { continue };
                for element in 0..store.instances[instance].elements[segment].len() {
                    let word = store.instances[instance].elements[segment][element];
                    self.mark(store, class, word);
                }
            }
        }
        store.exceptions.mark(store.pending_exception);
        store.roots.trim();
        let StoreInner { roots, heap, externs, exceptions, .. } = store;
        for (class, word) in roots.iter() {
            match class {
                Class::Any => {
                    heap.mark(word);
                    externs.mark(word);
                }
                Class::Exn => exceptions.mark(word),
            }
        }
        for index in 0..store.pinned.len() {
            let (class, word) = store.pinned[index];
            self.mark(store, class, word);
        }
    }

    /// Marks all that can be reached from what is marked.
    fn trace(&mut self, store: &mut StoreInner) {
        let StoreInner { heap, externs, exceptions, tags, .. } = store;
        loop {
            heap.trace(&mut |class, word| match class {
                Class::Any => externs.mark(word),
                Class::Exn => exceptions.mark(word),
            });
            let Some(reference) = exceptions.next_marked() else { return };
            let tag = exceptions.get(reference).tag;
            for &(slot, class) in &tags[tag as usize].references {
                let word = exceptions.get(reference).fields[usize::from(slot)];
                match class {
                    Class::Any => {
                        heap.mark(word);
                        externs.mark(word);
                    }
                    Class::Exn => exceptions.mark(word),
                }
            }
        }
    }
}

/// The layout of objects of a type of the engine's, which the heap knows from now on. None if it is a function
/// type.
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
    let StoreInner { heap, engine, .. } = store;
    engine.types(|types| {
        let Some(ty) = ObjectType::new(types, id).map(Arc::new) else { return Ok(None) };
        heap.add_type(types, id, &ty).ok_or(Trap::AllocationTooLarge)?;
        Ok(Some(ty))
    })
}

/// Makes a structure of the type `id`, whose fields are given as they lie in slots, in order; a vector takes
/// two. Returns the reference as it lies in slots.
///
/// This may collect: references in `slots` are pinned meanwhile; the new one must be reachable before the next
/// allocation.
///
/// # Errors
/// [`Trap::AllocationTooLarge`] if the heap is full; the limiter's. If it is no structure type.
pub(crate) fn alloc_struct(
    store: &mut dyn Embedder,
    id: TypeId,
    slots: &[u64],
) -> Result<u64, Error> {
    let ty = object_type(store.inner(), id)?.ok_or(Trap::CastFailure)?;
    let mut pins = Pins::new(store);
    let mut rest = slots;
    for place in &ty.fields {
        let (value, behind) = split_value(rest, place.storage);
        rest = behind;
        pin(&mut pins, place.storage, value)?;
    }
    reserve(pins.store, None, ty.size as usize)?;
    Ok(pins.store.inner().heap.new_struct(&ty, slots))
}

/// As [`alloc_struct`], for an array of `len` elements which all are `value`, as it lies in slots.
///
/// # Errors
/// As [`alloc_struct`].
pub(crate) fn alloc_array(
    store: &mut dyn Embedder,
    id: TypeId,
    len: u32,
    value: [u64; 2],
) -> Result<u64, Error> {
    let ty = object_type(store.inner(), id)?.ok_or(Trap::CastFailure)?;
    let size = ty.array_size(len.into()).ok_or(Trap::AllocationTooLarge)?;
    let mut pins = Pins::new(store);
    pin(&mut pins, ty.element(), value)?;
    reserve(pins.store, None, size)?;
    Ok(pins.store.inner().heap.new_array(&ty, len, value))
}

/// As [`alloc_array`], for an array of these elements.
///
/// # Errors
/// As [`alloc_struct`].
pub(crate) fn alloc_array_of(
    store: &mut dyn Embedder,
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

/// As [`add_exception`], for the host: references among the fields are pinned meanwhile.
///
/// # Errors
/// As [`add_exception`].
pub(crate) fn alloc_exception(
    store: &mut dyn Embedder,
    tag: u32,
    fields: &[u64],
) -> Result<u64, Error> {
    let mut pins = Pins::new(store);
    let mut index = 0;
    while let Some(&(slot, class)) = pins.store.inner().tags[tag as usize].references.get(index) {
        pins.pin(class, fields[usize::from(slot)])?;
        index += 1;
    }
    add_exception(pins.store, None, tag, fields)
}

/// Pins a value that is stored so, if it is a reference that is collected.
fn pin(
    pins: &mut Pins<'_, dyn Embedder + '_>,
    storage: Storage,
    value: [u64; 2],
) -> Result<(), Trap> {
    Class::of(storage).map_or(Ok(()), |class| pins.pin(class, value[0]))
}
