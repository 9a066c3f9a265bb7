//! What a store's limits allow: every memory, table and instance is made, and every growth decided,
//! here. Called by the public handles, by instantiation, and through [`Embedder`] by running
//! guests.

use super::{
    Bytes, Elements, Embedder, Growable, Heap, HostValues, LinearMemory, MemoryEntity, SharedBytes,
    TableEntity,
    growth::{Grown, Growth, memory_growth, table_growth},
    memory::Growing,
};
use crate::{Error, MemorySource, ResourceLimiter, SharedMemory, error::error};
use alloc::{sync::Arc, vec::Vec};
use windlass_decode::{Count, MESSAGES, MemoryType, TableType};

/// A store with the limits that its embedder set.
pub(crate) trait Limited: Embedder {
    /// The limits, if there are any.
    fn limiter(&mut self) -> Option<&mut dyn ResourceLimiter>;
}

/// Whether one more of something is allowed when there are `count`.
fn check_count(
    store: &mut dyn Limited,
    what: &str,
    count: usize,
    limit: fn(&dyn ResourceLimiter) -> usize,
) -> Result<(), Error> {
    match store.limiter().map(|limiter| limit(limiter)) {
        Some(limit) if count >= limit => {
            Err(error!("resource limit exceeded: {what} count too high at {}", count + 1))
        }
        _ => Ok(()),
    }
}

/// Whether one more instance is allowed.
pub(crate) fn check_instances(store: &mut dyn Limited) -> Result<(), Error> {
    let count = store.inner().instances.len();
    check_count(store, "instance", count, |limiter| limiter.instances())
}

/// What the limits say, if there are any.
fn ask(
    store: &mut dyn Limited,
    question: impl FnOnce(&mut dyn ResourceLimiter) -> Result<bool, Error>,
) -> Result<bool, Error> {
    store.limiter().map_or(Ok(true), question)
}

/// Whether all that guests hold may take `more` bytes. What nobody can use any more makes room:
/// stacks that no call uses, and what dropped executions held.
fn total_allowed(store: &mut dyn Limited, more: usize) -> Result<bool, Error> {
    if more == 0 {
        return Ok(true);
    }
    let may_grow = |store: &mut dyn Limited| {
        let current = store.inner().total();
        let Some(desired) = current.checked_add(more) else { return Ok(false) };
        ask(store, |limiter| limiter.total_growing(current, desired))
    };
    Ok(may_grow(store)? || store.free_stacks() && may_grow(store)?)
}

/// Whether a memory may grow so, apart from the total.
fn memory_allowed(store: &mut dyn Limited, growth: Growth) -> Result<bool, Error> {
    let Growth { current, desired, maximum, .. } = growth;
    ask(store, |limiter| limiter.memory_growing(current, desired, maximum))
}

fn memory_failed(store: &mut dyn Limited, error: Error) -> Result<(), Error> {
    store.limiter().map_or(Ok(()), |limiter| limiter.memory_grow_failed(error))
}

/// Whether a table may grow so, apart from the total.
fn table_allowed(store: &mut dyn Limited, growth: Growth) -> Result<bool, Error> {
    let Growth { current, desired, maximum, .. } = growth;
    ask(store, |limiter| limiter.table_growing(current, desired, maximum))
}

/// Makes a memory; returns its index.
pub(crate) fn add_memory(store: &mut dyn Limited, ty: MemoryType) -> Result<u32, Error> {
    let source = store.inner().engine.config().memory_source.clone();
    add_memory_of(store, ty, source.map(|source| source.0))
}

/// Makes a memory in bytes from there, if that says so and if it is not shared; returns its index.
#[inline(never)]
pub(crate) fn add_memory_of(
    store: &mut dyn Limited,
    ty: MemoryType,
    source: Option<Arc<dyn MemorySource>>,
) -> Result<u32, Error> {
    let count = store.inner().memories.len();
    check_count(store, "memory", count, |limiter| limiter.memories())?;
    let pages = ty.limits.min;
    let too_large = || error!("cannot allocate a memory of {}", Count(pages, "page"));
    let growth = memory_growth(&ty, 0, pages).ok_or_else(too_large)?;
    // A shared one can be written to its maximum before this store hears of it.
    let held = if ty.shared { growth.most } else { growth.desired };
    if !total_allowed(store, held)? {
        let memory = Count(pages, "page");
        return Err(error!("resource limit exceeded: total size, with a memory of {memory}"));
    }
    if !memory_allowed(store, growth)? {
        return Err(error!(
            "resource limit exceeded: memory minimum size of {}",
            Count(pages, "page")
        ));
    }
    store.inner().memories.try_reserve(1).map_err(|_| too_large())?;
    let bytes = if ty.shared {
        Bytes::Shared(SharedMemory::from_type(&store.inner().engine, ty)?)
    } else {
        let Growth { desired, maximum, most, .. } = growth;
        Bytes::Own(match source {
            Some(source) => {
                LinearMemory::given(desired, maximum, source).map_err(|none| match MESSAGES {
                    true => {
                        let size = Count(pages, "page");
                        error!("cannot make a memory of {size}: {}", none.reason())
                    }
                    false => Error::brief(none.reason()),
                })?
            }
            None => LinearMemory::new(desired, most).ok_or_else(too_large)?,
        })
    };
    let store = store.inner();
    store.memories.push(MemoryEntity::new(ty, bytes));
    store.hold(Growable::Memory(count as u32), held);
    Ok(count as u32)
}

/// The bytes of a shared memory of this type, with all that it can grow to set aside.
pub(crate) fn make_shared(ty: &MemoryType) -> Result<SharedBytes, Error> {
    let (min, max) = (ty.limits.min, ty.limits.max.unwrap_or(u64::MAX));
    let bytes = memory_growth(ty, 0, min)
        .zip(memory_growth(ty, 0, max))
        .and_then(|(min, max)| SharedBytes::new(min.desired, max.desired));
    bytes.ok_or_else(|| error!("cannot set aside {} for a shared memory", Count(max, "page")))
}

/// Grows a shared memory by `delta` pages, for the host, which has no limits; returns the old size
/// in pages.
pub(crate) fn grow_shared(memory: &SharedMemory, delta: u64) -> Option<u64> {
    let (ty, bytes) = (memory.decoded_type(), memory.bytes());
    loop {
        let growth = memory_growth(ty, bytes.len(), delta)?;
        match bytes.grow(growth.current, growth.desired) {
            Growing::Done => return Some(growth.current as u64 >> ty.page_size_log2),
            Growing::Failed => return None,
            // Another thread was first.
            Growing::Stopped => {}
        }
    }
}

/// Makes a table whose elements are `init`; returns its index.
pub(crate) fn add_table(store: &mut dyn Limited, ty: TableType, init: u64) -> Result<u32, Error> {
    let count = store.inner().tables.len();
    check_count(store, "table", count, |limiter| limiter.tables())?;
    let size = ty.limits.min;
    let too_large = || error!("cannot allocate a table of {}", Count(size, "element"));
    let growth = table_growth(&ty, 0, size).ok_or_else(too_large)?;
    let held = growth.table_bytes();
    if !total_allowed(store, held)? {
        let table = Count(size, "element");
        return Err(error!("resource limit exceeded: total size, with a table of {table}"));
    }
    if !table_allowed(store, growth)? {
        return Err(error!(
            "resource limit exceeded: table minimum size of {}",
            Count(size, "element")
        ));
    }
    let store = store.inner();
    store.tables.try_reserve(1).map_err(|_| too_large())?;
    let elements = Elements::new(growth.desired, init).ok_or_else(too_large)?;
    store.tables.push(TableEntity { ty, elements, held: 0, users: Vec::new() });
    store.hold(Growable::Table(count as u32), held);
    Ok(count as u32)
}

/// Grows the store's memory `index` by `delta` pages, for the host; returns the old size in pages,
/// or none if a limit (the type's, the embedder's, the host's) does not allow it.
///
/// # Errors
/// The limiter's, as those of the following.
pub(crate) fn grow_memory(
    store: &mut dyn Limited,
    index: u32,
    delta: u64,
) -> Result<Option<u64>, Error> {
    loop {
        let memory = &store.inner().memories[index as usize];
        let (size, old) = (memory.bytes.len() as u64, memory.pages());
        if !may_grow_memory(store, index, delta)? {
            return Ok(None);
        }
        match grow_memory_at(store, index, size, delta, false)? {
            Grown::Done => return Ok(Some(old)),
            Grown::Failed => return Ok(None),
            Grown::Changed | Grown::Stopped => {}
        }
    }
}

/// Whether something may count for `bytes` at least; from then on it does. The question is whether
/// it may take so many more.
fn may_hold(
    store: &mut dyn Limited,
    what: Growable,
    bytes: usize,
    may_take: impl Fn(&mut dyn Limited, usize) -> Result<bool, Error>,
) -> Result<bool, Error> {
    loop {
        let held = store.inner().held_by(what);
        if !may_take(store, bytes.saturating_sub(held))? {
            return Ok(false);
        }
        // What it counts for may just have been given back, since nobody could use it any more.
        if store.inner().held_by(what) == held {
            store.inner().hold(what, bytes);
            return Ok(true);
        }
    }
}

/// Whether the store's memory `index` may grow by `delta` pages. Then they count, until it has
/// grown and further on, or until [`StoreInner::release`](super::StoreInner::release).
pub(crate) fn may_grow_memory(
    store: &mut dyn Limited,
    index: u32,
    delta: u64,
) -> Result<bool, Error> {
    let memory = &mut store.inner().memories[index as usize];
    let Some(growth) = memory.growth(delta) else {
        return Ok(false);
    };
    // All of a shared one counts since it was made.
    let is_own = matches!(memory.bytes, Bytes::Own(_));
    let held = if is_own { growth.desired } else { 0 };
    may_hold(store, Growable::Memory(index), held, |store, more| {
        Ok(total_allowed(store, more)? && memory_allowed(store, growth)?)
    })
}

/// Grows the store's memory `index` of `size` bytes by `delta` pages, which it may. A guest can be
/// interrupted, the host is not.
pub(crate) fn grow_memory_at(
    store: &mut dyn Limited,
    index: u32,
    size: u64,
    delta: u64,
    for_guest: bool,
) -> Result<Grown, Error> {
    let inner = store.inner();
    let memory = &mut inner.memories[index as usize];
    let Some(growth) = memory.growth(delta) else {
        return Ok(Grown::Failed);
    };
    let Growth { current, desired, most, .. } = growth;
    if current as u64 != size {
        return Ok(Grown::Changed);
    }
    let (grown, outcome) = match &mut memory.bytes {
        Bytes::Own(bytes) => {
            let interrupt = &inner.interrupt;
            let mut goes_on = || !(for_guest && interrupt.is_raised());
            (bytes.grow(desired, most, &mut goes_on), Grown::Stopped)
        }
        Bytes::Shared(memory) => (memory.bytes().grow(current, desired), Grown::Changed),
    };
    inner.memory_moved(index);
    // The limiter is told of a growth that does not happen.
    match grown {
        Growing::Done => Ok(Grown::Done),
        Growing::Stopped if outcome == Grown::Stopped => Ok(outcome),
        Growing::Stopped => {
            memory_failed(store, error!("another thread grew the memory at the same time"))?;
            Ok(outcome)
        }
        Growing::Failed => {
            inner.release(Growable::Memory(index));
            memory_failed(store, error!("the host cannot allocate {}", Count(desired, "byte")))?;
            Ok(Grown::Failed)
        }
    }
}

/// Allows the value stacks to take `more` bytes; false if a limit does not allow it. Stacks that no
/// call uses make room.
pub(crate) fn grow_stacks(store: &mut dyn Limited, more: usize) -> Result<bool, Error> {
    let is_allowed =
        stacks_allowed(store, more)? || store.free_stacks() && stacks_allowed(store, more)?;
    if is_allowed {
        store.inner().held.stacks += more;
    }
    Ok(is_allowed)
}

fn stacks_allowed(store: &mut dyn Limited, more: usize) -> Result<bool, Error> {
    let current = store.inner().held.stacks;
    let Some(desired) = current.checked_add(more) else { return Ok(false) };
    Ok(total_allowed(store, more)?
        && ask(store, |limiter| limiter.stack_growing(current, desired))?)
}

/// Allows the code that is translated for guests of this store to take `more` bytes; false if a
/// limit does not allow it.
pub(crate) fn grow_code(store: &mut dyn Limited, more: usize) -> Result<bool, Error> {
    let is_allowed = total_allowed(store, more)?;
    if is_allowed {
        let held = &mut store.inner().held;
        held.code = held.code.saturating_add(more);
    }
    Ok(is_allowed)
}

/// Counts an instance that takes so many bytes.
///
/// # Errors
/// If the limits do not allow it; the limiter's.
pub(crate) fn grow_instances(store: &mut dyn Limited, more: usize) -> Result<(), Error> {
    if !total_allowed(store, more)? {
        let instance = Count(more, "byte");
        return Err(error!("resource limit exceeded: total size, with an instance of {instance}"));
    }
    let held = &mut store.inner().held;
    held.instances = held.instances.saturating_add(more);
    Ok(())
}

/// Whether there may be one more host value, of so many bytes.
pub(crate) fn host_value_allowed(store: &mut dyn Limited, size: usize) -> Result<bool, Error> {
    total_allowed(store, HostValues::cost(size))
}

/// Whether the store's table `index` may grow by `delta` elements. Then there is room for them, and
/// they count, as the pages of a memory.
pub(crate) fn may_grow_table(
    store: &mut dyn Limited,
    index: u32,
    delta: u64,
) -> Result<bool, Error> {
    let table = &store.inner().tables[index as usize];
    let Some(growth) = table_growth(&table.ty, table.elements.len(), delta) else {
        return Ok(false);
    };
    let (what, held) = (Growable::Table(index), growth.desired.saturating_mul(8));
    if !may_hold(store, what, held, |store, more| {
        Ok(total_allowed(store, more)? && table_allowed(store, growth)?)
    })? {
        return Ok(false);
    }
    let inner = store.inner();
    if inner.tables[index as usize].elements.reserve(growth.desired, growth.most) {
        inner.table_moved(index);
        return Ok(true);
    }
    inner.release(what);
    if let Some(limiter) = store.limiter() {
        let error = error!("the host cannot allocate {}", Count(growth.desired, "element"));
        limiter.table_grow_failed(error)?;
    }
    Ok(false)
}

/// Grows the store's table `index` by `delta` elements, which become `init`; returns the old size.
pub(crate) fn grow_table(
    store: &mut dyn Limited,
    index: u32,
    delta: u64,
    init: u64,
) -> Result<Option<u64>, Error> {
    if !may_grow_table(store, index, delta)? {
        return Ok(None);
    }
    let old = store.inner().tables[index as usize].elements.len();
    let store = store.inner();
    store.tables[index as usize].elements.prepare(0, delta as usize, init);
    store.extend_table(index);
    Ok(Some(old as u64))
}

/// Whether the heap and the exceptions together may take so many bytes more, and so many beside
/// that for what is known of them.
fn heap_allowed(store: &mut dyn Limited, more: usize, beside: usize) -> Result<bool, Error> {
    let current = store.inner().heap.granted() + store.inner().exceptions.room();
    let Some(desired) = current.checked_add(more) else { return Ok(false) };
    Ok(total_allowed(store, more.saturating_add(beside))?
        && ask(store, |limiter| limiter.gc_heap_growing(current, desired, None))?)
}

/// Allows the exceptions to take more, so that one with so many slots of fields fits; whether it
/// does.
pub(crate) fn grow_exceptions(store: &mut dyn Limited, fields: usize) -> Result<bool, Error> {
    for more in store.inner().exceptions.growth(fields) {
        if heap_allowed(store, more, 0)? {
            store.inner().exceptions.grow(more);
            return Ok(true);
        }
    }
    Ok(false)
}

/// Grows the heap so that it has a free place of `size` bytes more; false if a limit does not allow
/// it.
pub(crate) fn grow_gc_heap(store: &mut dyn Limited, size: usize) -> Result<bool, Error> {
    let current = store.inner().heap.granted();
    let growth = store.inner().heap.growth(size);
    if growth.iter().any(|&desired| desired <= current) {
        // It was allowed before, and not used yet.
        return Ok(true);
    }
    for desired in growth {
        let more = desired - current;
        let held = Heap::held(desired).saturating_sub(Heap::held(current));
        if !heap_allowed(store, more, held - more)? {
            continue;
        }
        if store.inner().heap.grow(desired) {
            return Ok(true);
        }
        memory_failed(store, error!("the host cannot allocate {}", Count(desired, "byte")))?;
    }
    Ok(false)
}
