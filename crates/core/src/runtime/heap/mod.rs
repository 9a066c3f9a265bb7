//! [`Heap`]: the garbage-collected heap of a store: structures and arrays in one growing range of
//! words, which references name by byte offset. Objects never move within it; the range itself
//! moves when it grows.
//!
//! Free places are taken in two steps: [`Heap::refill`] makes one the *room*, and objects are cut
//! off its front. Handlers do that themselves ([`HeapView`]); what the room has not enough for, the
//! driver does: collect, grow, or give up. The heap itself never collects: what is alive is known
//! to its caller ([`mark`]), which calls [`Heap::start_marking`], [`Heap::mark`] for each root,
//! [`Heap::trace`] and [`Heap::sweep`].
//!
//! It must never abort for want of memory: everything it needs is reserved when the heap grows, or
//! can be done without.

mod access;
mod free;
mod host;
mod mark;
#[cfg(test)]
mod tests;

use super::collection::MIN_BUDGET;
use crate::{
    exec::machine::views::HeapView,
    object_type::{HEADER, ObjectType, known::HeapTypes},
};
pub(crate) use access::split_value;
use alloc::{sync::Arc, vec::Vec};
use free::{Free, FreeLists};
pub(crate) use host::{HostValues, host_reference};
use windlass_validate::{TypeId, TypeRegistry};

/// The least and, where that is more than what is needed, the largest step of growth, in bytes.
const MIN_STEP: usize = 64 << 10;
const MAX_STEP: usize = 256 << 20;
/// So many bytes are filled with zeros in one go, and so many at most are taken as room if no more
/// are needed.
const PIECE: usize = 4 << 20;
/// The largest heap, in bytes: sizes of free places are counted in words by 32 bits.
const MAX_HEAP: usize = if usize::BITS == 32 { 1 << 30 } else { 1 << 35 };

/// Whether what can go wrong with references is to go wrong at once: each allocation collects first
/// and gets no more room than it needs, and what is free has [`POISON`] in it.
pub(crate) const STRESS: bool = cfg!(feature = "gc-stress");
/// An object beyond all heaps.
const POISON: u64 = 0x7fff_dead_dead_dea8;

/// The garbage-collected heap of a store.
pub(crate) struct Heap {
    /// The range. Word 0 is no object: null is 0.
    words: Vec<u64>,
    /// How long it may become: there is memory for that, but nobody has touched it.
    granted: usize,
    /// From this byte offset on everything is free, and in no list.
    tail: usize,
    /// The room for new objects, as byte offsets. All of it is free.
    top: usize,
    end: usize,
    /// Where the object lies that a handler is about to make.
    object: usize,
    free: FreeLists,
    pub(crate) types: HeapTypes,
    marking: mark::Marking,
    /// Where the room began, to know how much of it was used.
    room_start: usize,
    /// Bytes allocated before the present room since the last collection, and how many it may be.
    allocated: usize,
    pub(super) budget: usize,
    /// Bytes of objects that the last collection found alive.
    live: usize,
    /// A sweep that goes on.
    sweeping: Option<Sweeping>,
}

impl Default for Heap {
    fn default() -> Heap {
        Heap {
            words: Vec::new(),
            granted: 0,
            tail: HEADER as usize,
            top: 0,
            end: 0,
            object: 0,
            free: FreeLists::new(),
            types: HeapTypes::default(),
            marking: mark::Marking::default(),
            room_start: 0,
            allocated: 0,
            budget: MIN_BUDGET,
            live: 0,
            sweeping: None,
        }
    }
}

/// Where a sweep is.
#[derive(Clone, Copy)]
struct Sweeping {
    /// Where the last object ends that is alive, as a byte offset, and how many bytes are alive
    /// before.
    end: usize,
    live: usize,
    /// The word from which on the next is looked for.
    next: usize,
}

impl Heap {
    /// Makes the type known: before the first object of it is made. None if the host has no memory
    /// for that. What is known newly is counted in `held`.
    pub(crate) fn add_type(
        &mut self,
        types: &TypeRegistry,
        id: TypeId,
        ty: &Arc<ObjectType>,
        held: &mut Vec<TypeId>,
    ) -> Option<()> {
        self.types.add(types, id, ty, held)
    }

    /// The size of the range in bytes, in so far as it was touched.
    pub(crate) fn size(&self) -> usize {
        self.words.len() * 8
    }

    /// What a heap of `size` bytes takes of the host, with what marking it takes.
    pub(crate) fn held(size: usize) -> usize {
        size.saturating_add(mark::Marking::bytes(size / 8))
    }

    /// The size in bytes that it may have.
    pub(crate) fn granted(&self) -> usize {
        self.granted
    }

    /// Bytes of objects that the last collection found alive.
    #[cfg(test)]
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// The heap for handlers. It is stale as soon as the heap is used otherwise.
    #[inline]
    pub(crate) fn view(&mut self) -> HeapView {
        HeapView {
            base: self.words.as_mut_ptr(),
            top: self.top,
            end: self.end,
            words: self.words.len(),
            last: self.words.len().saturating_sub(1) * 8,
            second: self.words.as_mut_ptr().cast::<u8>().wrapping_add(1),
            object: self.object,
            types: self.types.pages().as_ptr(),
            pages: self.types.pages().len(),
            rows: self.types.rows().as_ptr(),
        }
    }

    /// Takes over what handlers did with a view.
    #[inline]
    pub(crate) fn adopt(&mut self, view: &HeapView) {
        self.top = view.top;
        self.object = view.object;
    }

    /// Whether the room has `size` bytes: an allocation of so many will not fail.
    pub(crate) fn has_room(&self, size: usize) -> bool {
        self.end - self.top >= size
    }

    /// Bytes allocated since the last collection.
    pub(crate) fn allocated(&self) -> usize {
        self.allocated + (self.top - self.room_start)
    }

    /// Bytes of objects: what the last collection found alive, and what came since.
    pub(crate) fn used(&self) -> usize {
        self.live + self.allocated()
    }

    /// Makes a free place with `size` bytes the room, if there is one. With `all` it looks
    /// everywhere, where that may take long. What is to be touched for it first must be little: see
    /// [`Heap::lengthen`].
    pub(crate) fn refill(&mut self, size: usize, all: bool) -> bool {
        self.close_room();
        let Some(found) = self.take(size, all) else { return false };
        // No more at once than is due before the next collection.
        let wanted = match STRESS {
            true => size.next_multiple_of(8),
            false => self.budget.saturating_sub(self.allocated).max(MIN_STEP).max(size),
        };
        let len = found.size.min(wanted & !7);
        self.give(Free { at: found.at + len, size: found.size - len });
        (self.room_start, self.top, self.end) = (found.at, found.at, found.at + len);
        true
    }

    /// A free place of `size` bytes: a large one if there is one.
    fn take(&mut self, size: usize, all: bool) -> Option<Free> {
        if let Some(found) = self.free.take_large(&mut self.words, size, all) {
            return Some(found);
        }
        if !self.lengthen(size) && self.size().saturating_sub(self.tail) >= size {
            let found = Free { at: self.tail, size: self.size() - self.tail };
            self.tail = self.size();
            return Some(found);
        }
        self.free.take_exact(&mut self.words, size)
    }

    /// The rest of the room becomes a free place.
    fn close_room(&mut self) {
        self.allocated += self.top - self.room_start;
        self.give(Free { at: self.top, size: self.end - self.top });
        (self.room_start, self.top, self.end) = (0, 0, 0);
    }

    /// Adds a free place.
    fn give(&mut self, free: Free) {
        self.poison(free);
        if free.size > 0 && free.at + free.size == self.tail {
            self.tail = free.at;
        } else {
            self.free.put(&mut self.words, free);
        }
    }

    /// Under stress, overwrites a free place.
    fn poison(&mut self, free: Free) {
        if STRESS && free.size > 0 {
            self.words[free.at / 8..(free.at + free.size) / 8].fill(POISON);
        }
    }

    /// The sizes to grow to, best first, so that there is a place of `size` bytes: what a limiter
    /// is asked.
    pub(crate) fn growth(&self, size: usize) -> [usize; 3] {
        let least = self.tail.saturating_add(size).saturating_add(7);
        let step = (self.granted / 2).clamp(MIN_STEP, MAX_STEP);
        let rounded = least.saturating_add(MIN_STEP - 1) / MIN_STEP * MIN_STEP;
        let best = least.max(self.granted.saturating_add(step));
        [best, rounded, least].map(|size| size & !7)
    }

    /// Lets the range grow to `size` bytes; false if the host can't, or no heap can be so large.
    pub(crate) fn grow(&mut self, size: usize) -> bool {
        let words = size / 8;
        if size > MAX_HEAP || words <= self.granted / 8 || !self.marking.reserve(words) {
            return false;
        }
        let more = words - self.words.len();
        // Where it grows by a few bytes, up to a limit, it does not move each time.
        let rounded = more.next_multiple_of(MIN_STEP / 8);
        let has_room = self.words.capacity() >= words
            || self.words.try_reserve_exact(rounded).is_ok()
            || self.words.try_reserve_exact(more).is_ok();
        if has_room {
            self.granted = words * 8;
        }
        has_room
    }

    /// Whether a free place of `size` bytes can be made at the end, without growth. There is no
    /// room any more.
    pub(crate) fn can_lengthen(&mut self, size: usize) -> bool {
        self.close_room();
        self.tail.saturating_add(size) <= self.granted
    }

    /// Touches a piece of what it may have, if that makes a free place of `size` bytes at the end.
    /// Whether another piece is needed.
    pub(crate) fn lengthen(&mut self, size: usize) -> bool {
        let least = self.tail.saturating_add(size);
        if least > self.granted {
            return false;
        }
        let wanted = least.max(self.granted.min(self.tail + PIECE.min(self.budget)));
        let missing = wanted.saturating_sub(self.size());
        if missing > 0 {
            // The memory is there: nothing moves.
            let filler = if STRESS { POISON } else { 0 };
            self.words.resize(self.words.len() + missing.min(PIECE).div_ceil(8), filler);
            self.marking.lengthen(self.words.len());
        }
        missing > PIECE
    }

    /// Allocates an object of `size` bytes, a multiple of 8, for which the room suffices; returns
    /// its reference. The caller writes all of its fields at once.
    pub(crate) fn allocate(&mut self, header: u64, size: usize) -> u64 {
        debug_assert!(self.has_room(size) && size >= 16 && size.is_multiple_of(8));
        let at = self.top;
        self.top += size;
        self.words[at / 8] = header;
        at as u64
    }

    /// The type of an object.
    pub(crate) fn type_of(&self, object: u64) -> TypeId {
        TypeId(self.words[object as usize / 8] as u32 & (crate::object_type::ARRAY - 1))
    }

    /// Whether an object is an array.
    pub(crate) fn is_array(&self, object: u64) -> bool {
        self.words[object as usize / 8] as u32 & crate::object_type::ARRAY != 0
    }

    /// How many elements an array has.
    pub(crate) fn len(&self, array: u64) -> u32 {
        (self.words[array as usize / 8] >> 32) as u32
    }

    /// Ends a collection: what is not marked becomes free. Whether that is done. What is alive is
    /// counted.
    pub(crate) fn sweep(&mut self, left: &mut usize) -> bool {
        let start = Sweeping { end: HEADER as usize, live: 0, next: 1 };
        let mut sweeping = self.sweeping.take().unwrap_or_else(|| {
            self.free = FreeLists::new();
            self.tail = self.size().max(HEADER as usize);
            start
        });
        while *left > 0 {
            let word = match self.marking.first_marked(sweeping.next, left) {
                Ok(word) => word,
                Err(next) if self.marking.is_behind(next) => {
                    let rest = self.size().saturating_sub(sweeping.end);
                    self.give(Free { at: sweeping.end, size: rest });
                    (self.allocated, self.live) = (0, sweeping.live);
                    return true;
                }
                Err(next) => {
                    sweeping.next = next;
                    break;
                }
            };
            let at = word * 8;
            let gap = Free { at: sweeping.end, size: at - sweeping.end };
            self.poison(gap);
            self.free.put(&mut self.words, gap);
            let header = self.words[word];
            let size = self.types.shape(header).size(header);
            sweeping.live += size;
            sweeping.end = at + size.max(8);
            sweeping.next = sweeping.end / 8;
        }
        self.sweeping = Some(sweeping);
        false
    }
}
