//! [`StoreInner`]: the arenas of a store and the entities in them. The public `Store<T>` wraps it; the
//! engine's driver works on it through [`Embedder`]. It never holds an address of an entity.

use crate::{Engine, Module, exec::FuncCode};
use alloc::{boxed::Box, vec::Vec};
use core::sync::atomic::AtomicBool;
use windlass_decode::{GlobalType, MemoryType, TableType};
use windlass_validate::TypeId;

/// Everything that a store holds but the embedder's own data and closures.
pub(crate) struct StoreInner {
    pub(crate) engine: Engine,
    pub(crate) funcs: Vec<FuncEntity>,
    pub(crate) tables: Vec<TableEntity>,
    pub(crate) memories: Vec<MemoryEntity>,
    /// Values of the globals; their types are in `global_types` at the same index.
    pub(crate) globals: Vec<GlobalValue>,
    pub(crate) global_types: Vec<GlobalType>,
    pub(crate) instances: Vec<InstanceEntity>,
    /// What is left of the fuel.
    pub(crate) fuel: u64,
    /// Set from any thread to stop the guest.
    pub(crate) interrupt: alloc::sync::Arc<AtomicBool>,
    /// The largest size of a value stack, in slots of 8 bytes.
    pub(crate) max_stack_slots: usize,
}

/// A function, as handlers of calls read it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FuncEntity {
    /// Where its code is; none for a host function.
    pub(crate) code: FuncCode,
    /// Its type in the engine's registry.
    pub(crate) ty: TypeId,
    /// The instance it belongs to; `u32::MAX` for a host function.
    pub(crate) instance: u32,
    /// The index in its module's function index space; of a host function, in the store's closures.
    pub(crate) index: u32,
    /// How many slots its parameters and its results take (a v128 takes two).
    pub(crate) param_slots: u16,
    pub(crate) result_slots: u16,
}

/// The value of a global: a slot, or two for a v128.
pub(crate) type GlobalValue = [u64; 2];

/// A table.
pub(crate) struct TableEntity {
    pub(crate) ty: TableType,
    /// References as they lie in slots: 0 is null, a function is its index in the store + 1.
    pub(crate) elements: Vec<u64>,
}

/// A linear memory.
pub(crate) struct MemoryEntity {
    pub(crate) ty: MemoryType,
    /// The bytes; the length is the current size.
    pub(crate) bytes: Vec<u8>,
}

/// An instance: a module and what its index spaces refer to in the store.
pub(crate) struct InstanceEntity {
    pub(crate) module: Module,
    pub(crate) funcs: Box<[u32]>,
    pub(crate) tables: Box<[u32]>,
    pub(crate) memories: Box<[u32]>,
    pub(crate) globals: Box<[u32]>,
    /// Element segments as references in slots; empty when dropped.
    pub(crate) elements: Box<[Box<[u64]>]>,
    /// Whether a data segment is dropped (an active one is after instantiation).
    pub(crate) data_dropped: Box<[bool]>,
}

/// What the driver needs of the store that it runs in: the entities, and the embedder's say over growth.
pub(crate) trait Embedder {
    /// The entities.
    fn inner(&mut self) -> &mut StoreInner;

    /// Grows the store's memory `index` by `delta` pages; returns the old size in pages, or none if a limit
    /// (the type's, the embedder's, the host's) does not allow it.
    fn grow_memory(&mut self, index: u32, delta: u64) -> Option<u64>;

    /// Grows the store's table `index` by `delta` elements, which become `init`; returns the old size.
    fn grow_table(&mut self, index: u32, delta: u64, init: u64) -> Option<u64>;
}
