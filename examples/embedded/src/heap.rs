//! The allocator: an arena for everything but linear memory, with counts of what is taken. The
//! programs say how large it is.

use crate::ARENA as SIZE;
use core::{
    alloc::{GlobalAlloc, Layout},
    sync::atomic::{AtomicUsize, Ordering},
};
use embedded_alloc::LlffHeap;
use static_cell::ConstStaticCell;

static BYTES: ConstStaticCell<[u8; SIZE]> = ConstStaticCell::new([0; SIZE]);

#[global_allocator]
static HEAP: Counting = Counting { heap: LlffHeap::empty(), most: AtomicUsize::new(0) };

/// An allocator that knows how much it had given at most.
struct Counting {
    heap: LlffHeap,
    most: AtomicUsize,
}

// SAFETY: all is handed on to an allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        let place = unsafe { self.heap.alloc(layout) };
        self.most.fetch_max(self.heap.used(), Ordering::Relaxed);
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.heap.dealloc(place, layout) }
    }
}

/// Once, before anything is allocated.
pub fn start() {
    let arena = BYTES.take();
    // SAFETY: the arena is nobody else's from now on, and this is the only call, since an arena is
    // taken once.
    unsafe { HEAP.heap.init(arena.as_mut_ptr().expose_provenance(), SIZE) }
}

/// How many bytes are taken now.
pub fn used() -> usize {
    HEAP.heap.used()
}

/// How many have been at most since the last time that this was asked.
pub fn most() -> usize {
    HEAP.most.swap(used(), Ordering::Relaxed)
}
