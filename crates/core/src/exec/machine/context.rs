//! [`Context`]: what the running code needs beside its registers. The driver fills it from the
//! store before it runs, and again whenever something that it caches may have changed.

use super::{
    Ip, Machine,
    dispatch::Exits,
    views::{FirstMemory, FuncEntity, HeapView, MemoryView, TableView},
};
use crate::Trap;
use core::{ptr, sync::atomic::AtomicU8};

/// What does not live in registers. Of what handlers use often, all begins within 128 bytes of
/// `memory`, which is where registers lead ([`dispatch`](super::dispatch)): machine code of x86-64
/// names that by one byte, what is farther away by four.
#[repr(C)]
pub(crate) struct Context {
    /// Where handlers go when they stop.
    pub(crate) exits: Exits,
    /// The first instruction of the innermost loop, if that loop makes no calls.
    pub(crate) loop_ip: Ip,
    /// One beyond the last slot that a frame may use.
    pub(crate) stack_end: *mut u64,
    /// Why the code stopped.
    pub(crate) stop: Stop,
    /// Whether the cell that the code goes on with asks again what is to be paid; and how much that
    /// is.
    pub(crate) repeats: bool,
    pub(crate) charge: u32,
    pub(crate) fuel: u64,
    pub(crate) interrupt: *const AtomicU8,
    /// How many tables and memories the instance has: see [`Stop::Broken`].
    pub(crate) table_count: u32,
    pub(crate) memory_count: u32,
    /// The values of the globals that the instance's module defines, as they lie in the store.
    pub(crate) own_globals: *mut [u64; 2],
    /// The instance's tables and memories.
    pub(crate) tables: *const TableView,
    pub(crate) memories: *const MemoryView,
    /// The functions of the store, and how many it has.
    pub(crate) funcs: *const FuncEntity,
    pub(crate) func_count: usize,
    /// Memory 0 of the running instance.
    pub(crate) memory: FirstMemory,
    /// The heap of structures and arrays.
    pub(crate) heap: HeapView,
    /// The running instance.
    pub(crate) instance: u32,
    /// How many functions it has.
    pub(crate) func_id_count: u32,
    /// The store's index of each function of the instance.
    pub(crate) func_ids: *const u32,
    /// The values of the store's globals, and the store's index of each global of the instance.
    pub(crate) globals: *mut [u64; 2],
    pub(crate) global_ids: *const u32,
    /// The registers when it stopped.
    pub(crate) saved: Machine,
}

impl Context {
    /// What the cells of a block use of it: see [`Form`](super::Form).
    #[allow(dead_code)]
    #[inline(always)]
    pub(crate) fn for_block(&self) -> Context {
        Context {
            exits: self.exits,
            memory: self.memory,
            own_globals: self.own_globals,
            globals: self.globals,
            global_ids: self.global_ids,
            interrupt: self.interrupt,
            fuel: self.fuel,
            loop_ip: ptr::null(),
            stack_end: ptr::null_mut(),
            heap: HeapView::NONE,
            funcs: ptr::null(),
            func_ids: ptr::null(),
            tables: ptr::null(),
            memories: ptr::null(),
            func_count: 0,
            func_id_count: 0,
            table_count: 0,
            memory_count: 0,
            instance: 0,
            stop: Stop::Finished,
            charge: 0,
            repeats: false,
            saved: Machine::new(ptr::null(), ptr::null_mut(), ptr::null_mut()),
        }
    }

    /// A context for a thread that does not run.
    pub(crate) fn new() -> Context {
        Context {
            exits: Exits::ALL,
            memory: MemoryView::NONE.into(),
            loop_ip: ptr::null(),
            stack_end: ptr::null_mut(),
            heap: HeapView::NONE,
            own_globals: ptr::null_mut(),
            globals: ptr::null_mut(),
            global_ids: ptr::null(),
            funcs: ptr::null(),
            func_ids: ptr::null(),
            tables: ptr::null(),
            memories: ptr::null(),
            func_count: 0,
            func_id_count: 0,
            table_count: 0,
            memory_count: 0,
            interrupt: ptr::null(),
            fuel: 0,
            instance: 0,
            stop: Stop::Finished,
            charge: 0,
            repeats: false,
            saved: Machine::new(ptr::null(), ptr::null_mut(), ptr::null_mut()),
        }
    }
}

impl Context {
    /// Whether the code that trapped has met what the translator and the store never make: a
    /// reference, or an index in its cell, that is beyond what there is.
    pub(crate) fn is_broken(&self, trap: Trap) -> bool {
        // SAFETY: I1: where this is called, the trap is one of a cell that has the word.
        let table = |word| unsafe { self.saved.high(word) as u32 };
        match trap {
            // The reference is in the accumulator.
            Trap::NullStructureReference
            | Trap::NullArrayReference
            | Trap::NullFunctionReference
            | Trap::UninitializedElement => self.saved.acc != 0,
            Trap::UndefinedElement => table(1) >= self.table_count,
            Trap::TableOutOfBounds => table(0) >= self.table_count,
            _ => false,
        }
    }
}

/// Why code stopped and went to the driver. Unless said otherwise, `ip` is at the first operand
/// word of the cell that stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It trapped.
    Trap(Trap),
    /// A load or store went beyond memory 0, which no other thread uses: a trap whatever happens,
    /// so the registers but `ip` and `sp` are not told.
    Outside,
    /// The first cell of a sequence has done nothing, and is to be executed by its own handler. The
    /// driver never sees it.
    #[cfg_attr(not(all(tail_calls, not(debug_assertions), feature = "fast")), allow(dead_code))]
    Alone,
    /// The outermost function returned.
    Finished,
    /// An instruction that the driver executes.
    Slow,
    /// A function that is not translated yet was called: its frame is set up.
    Translate,
    /// `enter` found no room for the frame; `ip` is at its handler word.
    StackFull,
    /// A call of an imported function.
    CallImport,
    ReturnCallImport,
    /// A call through a reference, of a host function or one of another instance; the reference is
    /// in the accumulator.
    CallForeign,
    ReturnCallForeign,
    /// `throw`.
    Throw,
    /// `throw_ref`, and the legacy `rethrow`.
    ThrowRef,
    /// The room of the heap does not suffice for an object, whose size is operand word 1.
    Reserve,
    /// A function called from another instance returned.
    SwitchBack,
    /// The fuel does not cover `Context::charge`; `ip` is at the handler word to go on with.
    OutOfFuel,
    /// The interrupt flag is set; `ip` is at the handler word to go on with.
    Interrupted,
    /// An index in code is beyond what there is: an invariant of [`exec`](crate::exec) does not
    /// hold. Where a comparison can find that together with something that traps, the trap stands
    /// for both, and the driver tells them apart: see [`Context::is_broken`].
    Broken,
}

/// What is called where code stops, or does what it seldom does: so the compiler knows which way is
/// the rare one.
#[cold]
#[inline]
pub(crate) fn rarely<T>(what: T) -> T {
    what
}

impl From<Trap> for Stop {
    #[inline]
    fn from(trap: Trap) -> Stop {
        rarely(Stop::Trap(trap))
    }
}
