//! What the driver does for arrays: those that are not small, and whatever moves many elements. See
//! [`slow`](super::slow); room in the heap is made before an instruction is executed.

use super::slow::{SlowInstr, SlowOp};
use crate::{
    Trap,
    object::{ObjectType, Storage},
    runtime::StoreInner,
};
use alloc::sync::Arc;
use core::ops::Range;

impl SlowOp {
    /// Whether it makes an array.
    pub(super) fn allocates(self) -> bool {
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

    /// What it moves, in bytes; 0 if it is no instruction on arrays.
    pub(super) fn array_bytes(&self, store: &StoreInner) -> u64 {
        use SlowOp::*;
        let is_array = matches!(
            self.op,
            ArrayNew
                | ArrayNewDefault
                | ArrayNewData
                | ArrayNewElem
                | ArrayFill
                | ArrayCopy
                | ArrayInitData
                | ArrayInitElem
        );
        let Some(ty) = self.array_type(store).filter(|_| is_array) else { return 0 };
        self.len(ty.element()) * u64::from(ty.element().size())
    }

    fn len(&self, storage: Storage) -> u64 {
        u64::from(self.slots[len_slot(self.op, storage)] as u32)
    }

    fn index(&self, slot: usize) -> u64 {
        u64::from(self.slots[slot] as u32)
    }

    /// How much room the heap must have; a trap if what the array is made of is not there.
    pub(super) fn heap_size(&self, store: &StoreInner) -> Result<usize, Trap> {
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

    /// Executes an instruction on arrays.
    pub(super) fn array_op(self, store: &mut StoreInner) -> Result<(), Trap> {
        let Some(ty) = self.array_type(store).cloned() else { return Ok(()) };
        let storage = ty.element();
        let len = self.len(storage);
        match self.op {
            SlowOp::ArrayNew => {
                let value = self.value(0, storage);
                self.slots[0] = store.heap.new_array(&ty, len as u32, value);
            }
            SlowOp::ArrayNewDefault => {
                self.slots[0] = store.heap.new_array(&ty, len as u32, [0, 0]);
            }
            SlowOp::ArrayNewData => {
                let bytes = self.data(store, storage, 0, len)?;
                let array = store.heap.new_array(&ty, len as u32, [0, 0]);
                self.write_data(store, array, storage, 0, bytes);
                self.slots[0] = array;
            }
            SlowOp::ArrayNewElem => {
                let places = self.elements(store, 0, len)?;
                let array = store.heap.new_array(&ty, len as u32, [0, 0]);
                self.write_elements(store, array, 0, places);
                self.slots[0] = array;
            }
            SlowOp::ArrayFill => {
                let at = self.target(store, 0, len)?;
                let value = self.value(2, storage);
                store.heap.fill(self.slots[0], storage, at, len as u32, value);
            }
            SlowOp::ArrayCopy => {
                let (to, from) = (self.target(store, 0, len)?, self.target(store, 2, len)?);
                let (to, from) = ((self.slots[0], to), (self.slots[2], from));
                store.heap.copy(to, from, storage, len as u32);
            }
            SlowOp::ArrayInitData => {
                let at = self.target(store, 0, len)?;
                let bytes = self.data(store, storage, 2, len)?;
                self.write_data(store, self.slots[0], storage, at, bytes);
            }
            _ => {
                let at = self.target(store, 0, len)?;
                let places = self.elements(store, 2, len)?;
                self.write_elements(store, self.slots[0], at, places);
            }
        }
        Ok(())
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

    fn write_data(
        &self,
        store: &mut StoreInner,
        array: u64,
        storage: Storage,
        at: u32,
        bytes: Range<usize>,
    ) {
        let StoreInner { heap, instances, .. } = store;
        let module = &instances[self.instance].module.0;
        heap.write_bytes(array, storage, at, &module.bytes[bytes]);
    }

    fn write_elements(&self, store: &mut StoreInner, array: u64, at: u32, places: Range<usize>) {
        let StoreInner { heap, instances, .. } = store;
        let segment = &instances[self.instance].elements[self.second as usize];
        heap.write_references(array, at, &segment[places]);
    }
}

/// `len` from `at` on, if that is within `size`.
fn part(at: u64, len: u64, size: u64) -> Option<Range<usize>> {
    let end = at.checked_add(len).filter(|&end| end <= size)?;
    Some(at as usize..end as usize)
}
