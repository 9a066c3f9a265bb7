//! What the driver does for arrays: those that are not small, and whatever moves many elements. See
//! [`slow`](super::slow); room in the heap is made before an instruction is executed.

use super::{
    bulk::Rest,
    collect::Room,
    slow::{SlowInstr, SlowOp},
    thread::{Exit, Thread},
};
use crate::{
    Trap,
    object::{ObjectType, Storage},
    runtime::{Embedder, Heap, StoreInner},
};
use alloc::sync::Arc;
use core::ops::Range;

impl SlowOp {
    /// Whether it makes an array.
    pub(super) fn makes_array(self) -> bool {
        use SlowOp::*;
        matches!(self, ArrayNew | ArrayNewDefault | ArrayNewData | ArrayNewElem)
    }
}

/// The slot of the length of what is made, filled, copied or initialised.
fn len_slot(op: SlowOp, storage: Storage) -> usize {
    use SlowOp::*;
    let wide = usize::from(storage == Storage::V128);
    match op {
        ArrayNewDefault => 0,
        ArrayNew => 1 + wide,
        ArrayNewData | ArrayNewElem => 1,
        ArrayFill => 3 + wide,
        ArrayCopy => 4,
        _ => 3,
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
            _ => {}
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
    pub(super) fn array_rest(&self, store: &StoreInner) -> Result<Rest, Trap> {
        let ty = self.array_type(store).ok_or(Trap::NullArrayReference)?;
        let storage = ty.element();
        let len = self.len(storage);
        self.target(store, 0, len)?;
        match self.op {
            SlowOp::ArrayCopy => drop(self.target(store, 2, len)?),
            SlowOp::ArrayInitData => drop(self.data(store, storage, 2, len)?),
            SlowOp::ArrayInitElem => drop(self.elements(store, 2, len)?),
            _ => {}
        }
        Ok(Rest { len, size: storage.size().into() })
    }

    /// Does the next `count` elements, which are there, and notes so in the slots.
    pub(super) fn array_piece(&mut self, store: &mut StoreInner, count: u64) {
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
                store.heap.fill(array, storage, at as u32, count as u32, value);
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
            _ => {
                let from = self.index(2);
                self.slots[2] = from + count;
                self.write_elements(store, array, at, from, count);
            }
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
            op => {
                let is_default = op == SlowOp::ArrayNewDefault;
                let value = if is_default { [0, 0] } else { self.value(0, storage) };
                store.heap.fill(array, storage, done as u32, count as u32, value);
            }
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
        heap.write_bytes(array, storage, at as u32, bytes);
    }

    /// Sets `count` elements from `at` on from the element segment.
    fn write_elements(&self, store: &mut StoreInner, array: u64, at: u64, from: u64, count: u64) {
        let StoreInner { heap, instances, .. } = store;
        let segment = &instances[self.instance].elements[self.second as usize];
        heap.write_references(array, at as u32, &segment[from as usize..][..count as usize]);
    }
}

/// Copies `count` elements within the heap.
fn copy(heap: &mut Heap, to: (u64, u64), from: (u64, u64), storage: Storage, count: u64) {
    heap.copy((to.0, to.1 as u32), (from.0, from.1 as u32), storage, count as u32);
}

/// An array that is being made in pieces. Until it is done it passes for one of words without meaning.
#[derive(Clone, Copy)]
pub(super) struct Unfinished {
    pub(super) array: u64,
    /// How many elements are set.
    done: u64,
}

impl Thread {
    /// Makes an array: there is room for it before anything is paid.
    pub(super) fn array_new(&mut self, op: SlowOp, store: &mut dyn Embedder) -> Result<(), Exit> {
        let instr = self.slow_instr(op);
        let size = instr.heap_size(store.inner()).map_err(Exit::Trap)?;
        let Some(ty) = instr.array_type(store.inner()).cloned() else { return Ok(()) };
        let len = instr.len(ty.element());
        let array = loop {
            let Unfinished { array, done } = match self.unfinished {
                Some(unfinished) => unfinished,
                None => {
                    self.make_room(store, Room::Heap(size))?;
                    let array = store.inner().heap.begin_array(size);
                    *self.unfinished.insert(Unfinished { array, done: 0 })
                }
            };
            let (count, cost) = Rest { len: len - done, size: ty.element().size().into() }.piece();
            self.charge(store.inner(), cost)?;
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
}

/// `len` from `at` on, if that is within `size`.
fn part(at: u64, len: u64, size: u64) -> Option<Range<usize>> {
    let end = at.checked_add(len).filter(|&end| end <= size)?;
    Some(at as usize..end as usize)
}
