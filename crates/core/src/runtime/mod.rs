//! What a store holds: functions, tables, memories, globals, instances, objects. Everything is
//! named by its index in the store's arenas, never by address. Above: `driver` and `api`. Below:
//! modules, and what handlers see of a store (`exec/machine/views.rs`). It never runs code.

mod collection;
mod const_expr;
mod elements;
mod exception;
mod fuel;
mod growth;
mod heap;
mod held;
mod instance;
mod link;
mod memory;
mod pages;
mod resources;
mod roots;
mod shared;
pub(crate) mod shared_memory;
mod store;
mod views;
mod wait;

pub(crate) use crate::unique::StoreId;
pub(crate) use collection::{COLLECTS, Collection, Pace, Phase};
pub(crate) use elements::Elements;
pub(crate) use exception::{Exceptions, TagEntity};
pub(crate) use fuel::{PIECE, SLEEP_COST, array_cost};
pub(crate) use growth::Grown;
pub(crate) use heap::{Heap, HostValues, STRESS, host_reference, split_value};
pub(crate) use held::{Growable, Held};
pub(crate) use instance::instantiate;
pub(crate) use link::{Item, check_import, unknown};
pub(crate) use memory::LinearMemory;
pub(crate) use resources::{
    Limited, add_memory, add_memory_of, add_table, grow_code, grow_exceptions, grow_gc_heap,
    grow_memory, grow_memory_at, grow_shared, grow_stacks, grow_table, host_value_allowed,
    may_grow_memory, may_grow_table,
};
pub(crate) use roots::{Pins, Root, Roots};
pub(crate) use shared::SharedBytes;
pub use shared_memory::{SharedMemory, WaitResult};
pub(crate) use store::{
    Bytes, Embedder, GlobalValue, InstanceEntity, MemoryEntity, NO_INSTANCE, StoreInner,
    TableEntity,
};
pub(crate) use views::{User, Views};
pub(crate) use wait::{Waited, Waiters};
