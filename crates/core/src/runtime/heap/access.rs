//! Fields and elements of objects as slot words: for the driver, for constant expressions and for
//! the host. Handlers access them by address; both agree since bytes lie in the host's order.

use super::Heap;
use crate::object_type::{HEADER, ObjectType, Storage, UNFINISHED};

impl Heap {
    /// The value at a byte offset, as it lies in slots (a vector takes two; else the second is 0).
    /// Small integers come with zeros above.
    pub(crate) fn read(&self, at: usize, storage: Storage) -> [u64; 2] {
        let word = self.words[at / 8];
        let bytes = word.to_ne_bytes();
        let from = at % 8;
        match storage {
            Storage::I8 => [bytes[from].into(), 0],
            Storage::I16 => [u16::from_ne_bytes([bytes[from], bytes[from + 1]]).into(), 0],
            Storage::I32 | Storage::F32 => {
                let half: [u8; 4] = core::array::from_fn(|i| bytes[from + i]);
                [u32::from_ne_bytes(half).into(), 0]
            }
            Storage::V128 => [word, self.words[at / 8 + 1]],
            Storage::I64 | Storage::F64 | Storage::Any | Storage::Func | Storage::Exn => [word, 0],
        }
    }

    /// Writes a value given as it lies in slots.
    pub(crate) fn write(&mut self, at: usize, storage: Storage, value: [u64; 2]) {
        let place = &mut self.words[at / 8];
        let mut bytes = place.to_ne_bytes();
        let from = at % 8;
        match storage {
            Storage::I8 => bytes[from] = value[0] as u8,
            Storage::I16 => {
                bytes[from..from + 2].copy_from_slice(&(value[0] as u16).to_ne_bytes());
            }
            Storage::I32 | Storage::F32 => {
                bytes[from..from + 4].copy_from_slice(&(value[0] as u32).to_ne_bytes());
            }
            Storage::I64 | Storage::F64 | Storage::Any | Storage::Func | Storage::Exn => {
                *place = value[0];
                return;
            }
            Storage::V128 => {
                *place = value[0];
                self.words[at / 8 + 1] = value[1];
                return;
            }
        }
        *place = u64::from_ne_bytes(bytes);
    }

    /// Where an element of an array lies, which must be one of it.
    pub(crate) fn element(&self, array: u64, storage: Storage, index: u32) -> usize {
        array as usize + HEADER as usize + index as usize * storage.size() as usize
    }

    /// Makes a structure, for which the room must suffice, of fields as they lie in slots, and with
    /// a descriptor, which is a structure of this heap or null.
    pub(crate) fn new_struct(
        &mut self,
        ty: &ObjectType,
        mut slots: &[u64],
        descriptor: u64,
    ) -> u64 {
        let object = self.allocate(described(ty, descriptor), ty.size as usize);
        for place in &ty.fields {
            let (value, rest) = split_value(slots, place.storage);
            slots = rest;
            self.write(object as usize + place.offset as usize, place.storage, value);
        }
        object
    }

    /// The descriptor of a structure, or null.
    pub(crate) fn descriptor(&self, object: u64) -> u64 {
        descriptor_of(self.words[object as usize / 8])
    }

    /// Makes an array of `len` equal elements. The room must suffice: see
    /// [`ObjectType::array_size`].
    pub(crate) fn new_array(&mut self, ty: &ObjectType, len: u32, value: [u64; 2]) -> u64 {
        let size = ty.array_size(len.into()).unwrap_or(0);
        let array = self.allocate(u64::from(len) << 32 | u64::from(ty.header), size);
        self.fill(array, ty.element(), 0, len, value);
        array
    }

    /// Takes the place of an array of `size` bytes in all, for which the room must suffice. Until
    /// [`Heap::finish_array`] it is one of words that mean nothing: a collection does not look at
    /// them.
    pub(crate) fn begin_array(&mut self, size: usize) -> u64 {
        let words = (size as u64 - u64::from(HEADER)) / 8;
        self.allocate(words << 32 | u64::from(UNFINISHED), size)
    }

    /// Gives an array its type, when all of its `len` elements are set.
    pub(crate) fn finish_array(&mut self, array: u64, ty: &ObjectType, len: u32) {
        self.words[array as usize / 8] = u64::from(len) << 32 | u64::from(ty.header);
    }

    /// Sets `len` elements from `at` on, which must be elements of the array.
    pub(crate) fn fill(
        &mut self,
        array: u64,
        storage: Storage,
        at: u32,
        len: u32,
        value: [u64; 2],
    ) {
        let first = self.element(array, storage, at);
        let size = storage.size() as usize;
        let end = first + len as usize * size;
        if storage == Storage::V128 {
            self.words[first / 8..end / 8]
                .chunks_exact_mut(2)
                .for_each(|two| two.copy_from_slice(&value));
            return;
        }
        // One by one up to a whole word, then words, then one by one.
        let head = first.next_multiple_of(8).min(end);
        let tail = (end & !7).max(head);
        for at in (first..head).step_by(size).chain((tail..end).step_by(size)) {
            self.write(at, storage, value);
        }
        self.words[head / 8..tail / 8].fill(repeated(value[0], storage));
    }

    /// Sets elements from `at` on from little-endian bytes, as many as there are; they must be
    /// elements of the array.
    pub(crate) fn write_bytes(&mut self, array: u64, storage: Storage, at: u32, bytes: &[u8]) {
        let size = storage.size() as usize;
        for (index, chunk) in bytes.chunks_exact(size).enumerate() {
            let mut value = [0; 16];
            value[..size].copy_from_slice(chunk);
            let bits = u128::from_le_bytes(value);
            let at = self.element(array, storage, at) + index * size;
            self.write(at, storage, [bits as u64, (bits >> 64) as u64]);
        }
    }

    /// Sets elements from `at` on from references.
    pub(crate) fn write_references(&mut self, array: u64, at: u32, references: &[u64]) {
        let first = self.element(array, Storage::Any, at) / 8;
        self.words[first..first + references.len()].copy_from_slice(references);
    }
}

/// The descriptor that the header of a structure says, as a reference: null if it has none.
pub(super) fn descriptor_of(header: u64) -> u64 {
    header >> 32 << 3
}

/// The first value in slots, and the rest.
pub(crate) fn split_value(slots: &[u64], storage: Storage) -> ([u64; 2], &[u64]) {
    if storage == Storage::V128 {
        return ([slots[0], slots[1]], &slots[2..]);
    }
    ([slots[0], 0], &slots[1..])
}

/// The header of a structure with this descriptor. Objects lie below 2^35, in words.
fn described(ty: &ObjectType, descriptor: u64) -> u64 {
    u64::from(ty.header) | descriptor >> 3 << 32
}

/// A word full of one value.
fn repeated(value: u64, storage: Storage) -> u64 {
    match storage {
        Storage::I8 => (value & 0xff) * 0x0101_0101_0101_0101,
        Storage::I16 => (value & 0xffff) * 0x0001_0001_0001_0001,
        Storage::I32 | Storage::F32 => (value & 0xffff_ffff) * 0x0000_0001_0000_0001,
        _ => value,
    }
}
