//! What a store holds: functions, tables, memories, globals, instances. Everything is named by its index in
//! the store's arenas, never by address. Above: `exec`. Below: nothing of this crate but types.

mod store;

pub(crate) use store::{
    Embedder, FuncEntity, GlobalValue, InstanceEntity, MemoryEntity, StoreInner, TableEntity,
};
