//! What the driver does for arrays: those that are not small, and whatever moves many elements. See
//! [`slow`](crate::driver::slow); room in the heap is made before an instruction is executed.

use super::{SlowInstr, bulk::Rest};
use crate::{
    Trap,
    driver::{
        collect::{Halted, Room, foresee},
        thread::{Exit, Thread},
        threads::Threaded,
    },
    exec::SlowOp,
    object_type::{ObjectType, Storage},
    runtime::{Heap, StoreInner, array_cost},
};
use alloc::sync::Arc;
use core::{ops::Range, ptr};

/// The slot of the length of what is made, filled, copied or initialised.
fn len_slot(op: SlowOp, storage: Storage) -> usize {
    use SlowOp::*;
    match op {
        ArrayNewDefault => 0,
        ArrayNew => storage.slots(),
        ArrayNewData | ArrayNewElem => 1,
        ArrayFill => 2 + storage.slots(),
        ArrayCopy => 4,
        ArrayInitData | ArrayInitElem => 3,
        other => other.misplaced(),
    }
}

impl SlowInstr<'_> {
    /// The array type that the instruction names.
    fn array_type<'a>(&self, store: &'a StoreInner) -> Option<&'a Arc<ObjectType>> {
        store.instances[self.instance].module.0.objects.get(self.first as usize)?.as_ref()
    }

    fn len(&self, storage: Storage) -> u64 {
        u64::from(self.slots[len_slot(self.op, storage)] as u32)
    }

    fn index(&self, slot: usize) -> u64 {
        u64::from(self.slots[slot] as u32)
    }

    /// How much room the heap must have; a trap if what the array is made of is not there.
    fn heap_size(&self, store: &StoreInner) -> Result<usize, Trap> {
        let ty = self.array_type(store).ok_or(Trap::AllocationTooLarge)?;
        let len = self.len(ty.element());
        match self.op {
            SlowOp::ArrayNewData => {
                self.data(store, ty.element(), 0, len)?;
            }
            SlowOp::ArrayNewElem => {
                self.elements(store, 0, len)?;
            }
            SlowOp::ArrayNew | SlowOp::ArrayNewDefault => {}
            other => other.misplaced(),
        }
        ty.array_size(len).ok_or(Trap::AllocationTooLarge)
    }

    /// The bytes of the data segment for `len` elements, from the offset in slot `from` on.
    fn data(
        &self,
        store: &StoreInner,
        storage: Storage,
        from: usize,
        len: u64,
    ) -> Result<Range<usize>, Trap> {
        let instance = &store.instances[self.instance];
        let segment = self.second as usize;
        let size = match instance.data_dropped[segment] {
            true => 0,
            false => instance.module.0.decoded.data[segment].bytes.len(),
        };
        let bytes = len * u64::from(storage.size());
        let range = part(self.index(from), bytes, size as u64).ok_or(Trap::MemoryOutOfBounds)?;
        let start = instance.module.0.decoded.data[segment].bytes.start;
        Ok(start + range.start..start + range.end)
    }

    /// `len` places of the element segment, from the offset in slot `from` on.
    fn elements(&self, store: &StoreInner, from: usize, len: u64) -> Result<Range<usize>, Trap> {
        let segment = &store.instances[self.instance].elements[self.second as usize];
        part(self.index(from), len, segment.len() as u64).ok_or(Trap::TableOutOfBounds)
    }

    /// What is left of an instruction on an array that is there.
    pub(crate) fn array_rest(&self, store: &StoreInner) -> Result<Rest, Trap> {
        let ty = self.array_type(store).ok_or(Trap::NullArrayReference)?;
        let storage = ty.element();
        let len = self.len(storage);
        self.target(store, 0, len)?;
        match self.op {
            SlowOp::ArrayCopy => {
                self.target(store, 2, len)?;
            }
            SlowOp::ArrayInitData => {
                self.data(store, storage, 2, len)?;
            }
            SlowOp::ArrayInitElem => {
                self.elements(store, 2, len)?;
            }
            SlowOp::ArrayFill => {}
            other => other.misplaced(),
        }
        Ok(Rest { len, size: storage.size().into() })
    }

    /// Does the next `count` elements, which are there, and notes so in the slots.
    #[inline(never)]
    pub(crate) fn array_piece(&mut self, store: &mut StoreInner, count: u64) {
        let Some(ty) = self.array_type(store).cloned() else { return };
        let storage = ty.element();
        let size = u64::from(storage.size());
        let (array, at) = (self.slots[0], self.index(1));
        let len_slot = len_slot(self.op, storage);
        self.slots[len_slot] = self.len(storage) - count;
        // Of a copy within an array to behind, the last elements come first.
        let is_backward =
            self.op == SlowOp::ArrayCopy && self.slots[2] == array && at > self.index(3);
        if is_backward {
            let left = self.slots[len_slot];
            let (to, from) = (at + left, self.index(3) + left);
            return copy(&mut store.heap, (array, to), (array, from), storage, count);
        }
        self.slots[1] = at + count;
        match self.op {
            SlowOp::ArrayFill => {
                let value = self.value(2, storage);
                fill(&mut store.heap, array, storage, at, count, value);
            }
            SlowOp::ArrayCopy => {
                let from = self.index(3);
                self.slots[3] = from + count;
                copy(&mut store.heap, (array, at), (self.slots[2], from), storage, count);
            }
            SlowOp::ArrayInitData => {
                let from = self.index(2);
                self.slots[2] = from + count * size;
                self.write_data(store, array, storage, at, from, count);
            }
            SlowOp::ArrayInitElem => {
                let from = self.index(2);
                self.slots[2] = from + count;
                self.write_elements(store, array, at, from, count);
            }
            other => other.misplaced(),
        }
    }

    /// Sets `count` elements from `done` on of an array that is being made.
    fn new_piece(&self, store: &mut StoreInner, array: u64, done: u64, count: u64) {
        let Some(ty) = self.array_type(store) else { return };
        let storage = ty.element();
        match self.op {
            SlowOp::ArrayNewData => {
                let from = self.index(0) + done * u64::from(storage.size());
                self.write_data(store, array, storage, done, from, count);
            }
            SlowOp::ArrayNewElem => {
                self.write_elements(store, array, done, self.index(0) + done, count);
            }
            SlowOp::ArrayNew => {
                fill(&mut store.heap, array, storage, done, count, self.value(0, storage));
            }
            SlowOp::ArrayNewDefault => {
                fill(&mut store.heap, array, storage, done, count, [0, 0]);
            }
            other => other.misplaced(),
        }
    }

    fn value(&self, slot: usize, storage: Storage) -> [u64; 2] {
        let high = if storage == Storage::V128 { self.slots[slot + 1] } else { 0 };
        [self.slots[slot], high]
    }

    /// The index in the slot behind that of an array, from which on it must have `len` elements.
    fn target(&self, store: &StoreInner, slot: usize, len: u64) -> Result<u32, Trap> {
        if self.slots[slot] == 0 {
            return Err(Trap::NullArrayReference);
        }
        let size = store.heap.len(self.slots[slot]);
        let range = part(self.index(slot + 1), len, size.into()).ok_or(Trap::ArrayOutOfBounds)?;
        Ok(range.start as u32)
    }

    /// Sets `count` elements from `at` on from the data segment.
    fn write_data(
        &self,
        store: &mut StoreInner,
        array: u64,
        storage: Storage,
        at: u64,
        from: u64,
        count: u64,
    ) {
        let StoreInner { heap, instances, .. } = store;
        let module = &instances[self.instance].module.0;
        let segment = &module.bytes[module.decoded.data[self.second as usize].bytes.clone()];
        let bytes = &segment[from as usize..][..count as usize * storage.size() as usize];
        write_bytes(heap, array, storage, at, bytes);
    }

    /// Sets `count` elements from `at` on from the element segment.
    fn write_elements(&self, store: &mut StoreInner, array: u64, at: u64, from: u64, count: u64) {
        let StoreInner { heap, instances, .. } = store;
        let segment = &instances[self.instance].elements[self.second as usize];
        heap.write_references(array, at as u32, &segment[from as usize..][..count as usize]);
    }
}

/// The address of `len` bytes of the heap.
fn bytes_at(heap: &mut Heap, at: usize, len: usize) -> *mut u8 {
    let end = at.checked_add(len).filter(|&end| end <= heap.size());
    assert!(end.is_some(), "elements of an array lie in the heap");
    heap.view().base.cast::<u8>().wrapping_add(at)
}

/// Copies `count` elements within the heap; they may overlap.
fn copy(heap: &mut Heap, to: (u64, u64), from: (u64, u64), storage: Storage, count: u64) {
    let len = count as usize * storage.size() as usize;
    let (to, from) = [to, from].map(|(array, at)| heap.element(array, storage, at as u32)).into();
    let (to, from) = (bytes_at(heap, to, len), bytes_at(heap, from, len));
    // SAFETY: both ranges lie in the heap, which nothing else uses now.
    unsafe { ptr::copy(from, to, len) }
}

/// Sets `count` elements from `at` on.
fn fill(heap: &mut Heap, array: u64, storage: Storage, at: u64, count: u64, value: [u64; 2]) {
    if storage != Storage::I8 {
        return heap.fill(array, storage, at as u32, count as u32, value);
    }
    let first = heap.element(array, storage, at as u32);
    let to = bytes_at(heap, first, count as usize);
    // SAFETY: the range lies in the heap, which nothing else uses now.
    unsafe { ptr::write_bytes(to, value[0] as u8, count as usize) }
}

/// Sets elements from `at` on from little-endian bytes.
fn write_bytes(heap: &mut Heap, array: u64, storage: Storage, at: u64, bytes: &[u8]) {
    if cfg!(target_endian = "big") && storage != Storage::I8 {
        return heap.write_bytes(array, storage, at as u32, bytes);
    }
    let first = heap.element(array, storage, at as u32);
    let to = bytes_at(heap, first, bytes.len());
    // SAFETY: the range lies in the heap, which nothing else uses now; a segment does not.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
}

/// An array that is being made in pieces. Until it is done it passes for one of words without
/// meaning.
#[derive(Clone, Copy)]
pub(crate) struct Unfinished {
    pub(crate) array: u64,
    /// How many elements are set.
    done: u64,
}

impl Thread {
    /// Makes an array.
    #[inline(never)]
    pub(crate) fn array_new(&mut self, op: SlowOp, store: &mut dyn Threaded) -> Result<(), Exit> {
        let instr = self.slow_instr(op);
        let size = instr.heap_size(store.inner()).map_err(Exit::Trap)?;
        let Some(ty) = instr.array_type(store.inner()).cloned() else { return Ok(()) };
        let len = instr.len(ty.element());
        let array = loop {
            let element = u64::from(ty.element().size());
            let Unfinished { array, done } = match self.unfinished {
                Some(unfinished) => unfinished,
                None => {
                    let array = self.begin_array(store, size, array_cost(len * element))?;
                    *self.unfinished.insert(Unfinished { array, done: 0 })
                }
            };
            let (count, _) = Rest { len: len - done, size: element }.piece();
            self.slow_instr(op).new_piece(store.inner(), array, done, count);
            if done + count == len {
                break array;
            }
            self.unfinished = Some(Unfinished { array, done: done + count });
            self.poll_midway(store.inner())?;
        };
        self.unfinished = None;
        store.inner().heap.finish_array(array, &ty, len as u32);
        self.slow_instr(op).slots[0] = array;
        Ok(())
    }
    /// Takes the place of an array. It is paid as a whole before any room is made for it, but not
    /// before it is known that there may be some.
    fn begin_array(
        &mut self,
        store: &mut dyn Threaded,
        size: usize,
        cost: u64,
    ) -> Result<u64, Exit> {
        let room = Room::Heap(size);
        let outlook = foresee(store, room).map_err(Halted::from)?;
        self.charge(store.inner(), cost)?;
        let made = self.make_room(store, room, Some(outlook));
        if made.is_err() {
            self.refund(store.inner(), cost);
        }
        made?;
        Ok(store.inner().heap.begin_array(size))
    }
}

/// `len` from `at` on, if that is within `size`.
fn part(at: u64, len: u64, size: u64) -> Option<Range<usize>> {
    let end = at.checked_add(len).filter(|&end| end <= size)?;
    Some(at as usize..end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn elements_are_moved_as_one_by_one() {
        use Storage::{F32, F64, I8, I16, I32, I64, V128};
        let mut heap = Heap::default();
        assert!(heap.grow(4096) && heap.refill(408, true));
        let array = heap.begin_array(408);
        for storage in [I8, I16, I32, F32, I64, F64, V128] {
            let size = storage.size() as usize;
            let count = 400 / size;
            let mut model = vec![[0u64; 2]; count];
            fill(&mut heap, array, storage, 0, count as u64, [0, 0]);
            for step in 1..1000 {
                // Places all over the array, before and behind each other.
                let (at, from) = (step * 7 % count, step * 5 % count);
                let len = step * 3 % (count - at.max(from));
                let low = step as u8;
                let value = if size == 16 { [step as u64, step as u64] } else { [low.into(), 0] };
                match step % 3 {
                    0 => {
                        fill(&mut heap, array, storage, at as u64, len as u64, value);
                        model[at..at + len].fill(value);
                    }
                    1 => {
                        let mut bytes = vec![0; len * size];
                        for element in bytes.chunks_exact_mut(size) {
                            element[0] = low;
                        }
                        write_bytes(&mut heap, array, storage, at as u64, &bytes);
                        model[at..at + len].fill([low.into(), 0]);
                    }
                    _ => {
                        let (to, from_place) = ((array, at as u64), (array, from as u64));
                        copy(&mut heap, to, from_place, storage, len as u64);
                        model.copy_within(from..from + len, at);
                    }
                }
                for (index, &value) in model.iter().enumerate() {
                    let at = heap.element(array, storage, index as u32);
                    assert_eq!(heap.read(at, storage), value, "{storage:?} {index} at {step}");
                }
            }
        }
    }
}
