//! What a store holds: functions, tables, memories, globals, instances. Everything is named by its index in
//! the store's arenas, never by address. Above: `exec`. Below: nothing of this crate but types.

mod collection;
mod const_expr;
mod elements;
mod exception;
mod growth;
mod heap;
mod instance;
mod link;
mod memory;
mod pages;
mod resources;
mod roots;
mod shared;
mod store;
mod views;
mod wait;

#[allow(unused_imports)] // See `heap`.
pub(crate) use collection::{Collection, Marker, Pace, Phase};
pub(crate) use elements::Elements;
pub(crate) use exception::{Exceptions, TagEntity};
pub(crate) use growth::Grown;
pub(crate) use heap::{Ancestor, Heap, HeapView, HostValues, PAGE, host_reference, split_value};
pub(crate) use instance::instantiate;
pub(crate) use link::{ItemType, unknown};
pub(crate) use memory::LinearMemory;
pub(crate) use resources::{
    Limited, add_memory, add_table, grow_exceptions, grow_gc_heap, grow_memory, grow_memory_at,
    grow_shared, grow_stacks, grow_table, may_grow_memory, may_grow_table, shared_memory,
};
pub(crate) use roots::{Pins, Root, Roots};
pub(crate) use shared::SharedBytes;
pub(crate) use store::{
    Bytes, Embedder, FuncEntity, GlobalValue, Held, InstanceEntity, MemoryEntity, NO_INSTANCE,
    StoreId, StoreInner, TableEntity,
};
pub(crate) use views::{MemoryView, TableView, User, Views};
pub(crate) use wait::{Waited, Waiters};
