//! `wasm_ref_t`: a handle of anything. All kinds of handles are this one type, which knows what it
//! is: so a cast in C is the same pointer, or null, and a handle of the wrong kind is noticed.

use crate::{
    entry::{Const, Mut, Own, named_entries},
    info::{Finalizer, HostInfo, Info},
    module::ModuleData,
    store::Shared,
    trap::TrapData,
};
use std::{ffi::c_void, ptr, sync::Arc};
use windlass::{
    AnyRef, ExnRef, Extern, ExternRef, Func, Global, Instance, Memory, OwnedRooted, Result, Rooted,
    SharedMemory, Table, Tag,
};

/// A handle.
#[derive(Clone)]
pub struct wasm_ref_t {
    pub(crate) object: Object,
    /// The store that it keeps; modules need none.
    pub(crate) store: Option<Arc<Shared>>,
}

/// A handle of a function.
pub type wasm_func_t = wasm_ref_t;
/// A handle of a global.
pub type wasm_global_t = wasm_ref_t;
/// A handle of a table.
pub type wasm_table_t = wasm_ref_t;
/// A handle of a memory.
pub type wasm_memory_t = wasm_ref_t;
/// A handle of anything that is exported.
pub type wasm_extern_t = wasm_ref_t;
/// A handle of an instance.
pub type wasm_instance_t = wasm_ref_t;
/// A handle of a module.
pub type wasm_module_t = wasm_ref_t;
/// A handle of an error.
pub type wasm_trap_t = wasm_ref_t;
/// A handle of a host value.
pub type wasm_foreign_t = wasm_ref_t;

/// What a handle is of.
#[derive(Clone)]
pub(crate) enum Object {
    Entity(Entity),
    Trap(Arc<TrapData>),
    Module(Arc<ModuleData>),
    /// A host value of C's, which guests hold as an `externref`.
    Foreign(OwnedRooted<ExternRef>, Arc<Info>),
    /// An `externref` that is a guest's value in disguise.
    External(OwnedRooted<ExternRef>),
    Any(OwnedRooted<AnyRef>),
    Exn(OwnedRooted<ExnRef>),
    /// A vector: a value that is too large for `wasm_val_t`.
    V128(u128),
}

/// What lives as long as its store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entity {
    Extern(Extern),
    Instance(Instance),
}

impl wasm_ref_t {
    pub(crate) fn new(object: Object, store: &Arc<Shared>) -> wasm_ref_t {
        wasm_ref_t { object, store: Some(store.clone()) }
    }

    pub(crate) fn of_extern(item: impl Into<Extern>, store: &Arc<Shared>) -> wasm_ref_t {
        wasm_ref_t::new(Object::Entity(Entity::Extern(item.into())), store)
    }

    pub(crate) fn of_instance(instance: Instance, store: &Arc<Shared>) -> wasm_ref_t {
        wasm_ref_t::new(Object::Entity(Entity::Instance(instance)), store)
    }

    pub(crate) fn as_extern(&self) -> Option<&Extern> {
        match &self.object {
            Object::Entity(Entity::Extern(item)) => Some(item),
            _ => None,
        }
    }

    pub(crate) fn func(&self) -> Option<Func> {
        self.as_extern()?.clone().into_func()
    }

    pub(crate) fn global(&self) -> Option<Global> {
        self.as_extern()?.clone().into_global()
    }

    pub(crate) fn table(&self) -> Option<Table> {
        self.as_extern()?.clone().into_table()
    }

    pub(crate) fn memory(&self) -> Option<Memory> {
        self.as_extern()?.clone().into_memory()
    }

    pub(crate) fn shared_memory(&self) -> Option<SharedMemory> {
        self.as_extern()?.clone().into_shared_memory()
    }

    pub(crate) fn tag(&self) -> Option<Tag> {
        self.as_extern()?.clone().into_tag()
    }

    pub(crate) fn instance(&self) -> Option<Instance> {
        match self.object {
            Object::Entity(Entity::Instance(instance)) => Some(instance),
            _ => None,
        }
    }

    pub(crate) fn module(&self) -> Option<&Arc<ModuleData>> {
        match &self.object {
            Object::Module(module) => Some(module),
            _ => None,
        }
    }

    pub(crate) fn trap(&self) -> Option<&Arc<TrapData>> {
        match &self.object {
            Object::Trap(trap) => Some(trap),
            _ => None,
        }
    }

    fn is_foreign(&self) -> bool {
        matches!(self.object, Object::Foreign(..))
    }

    fn is_memory(&self) -> bool {
        matches!(self.as_extern(), Some(Extern::Memory(_) | Extern::SharedMemory(_)))
    }

    /// Whether both are handles of the same thing.
    pub(crate) fn same(&self, other: &wasm_ref_t) -> bool {
        match (&self.object, &other.object) {
            (Object::Entity(a), Object::Entity(b)) => a == b,
            (Object::Trap(a), Object::Trap(b)) => Arc::ptr_eq(a, b),
            (Object::Module(a), Object::Module(b)) => Arc::ptr_eq(a, b),
            (Object::Foreign(_, a), Object::Foreign(_, b)) => Arc::ptr_eq(a, b),
            (Object::External(a), Object::External(b)) => self.same_root(other, a, b),
            (Object::Any(a), Object::Any(b)) => self.same_root(other, a, b),
            (Object::Exn(a), Object::Exn(b)) => self.same_root(other, a, b),
            (Object::V128(a), Object::V128(b)) => a == b,
            _ => false,
        }
    }

    fn same_root<R: windlass::GcRef>(
        &self,
        other: &wasm_ref_t,
        a: &OwnedRooted<R>,
        b: &OwnedRooted<R>,
    ) -> bool {
        let (Some(store), Some(others)) = (&self.store, &other.store) else { return false };
        let same = |cx: &mut crate::store::Cx<'_>| Rooted::ref_eq(cx, a, b);
        Arc::ptr_eq(store, others) && store.enter(same).unwrap_or(false)
    }

    /// What C has attached, or null.
    fn info(&self) -> *mut c_void {
        match &self.object {
            Object::Trap(trap) => trap.info.data(),
            Object::Module(module) => module.info.data(),
            Object::Foreign(_, info) => info.data(),
            Object::Entity(entity) => self.entity_info(entity).unwrap_or(ptr::null_mut()),
            Object::External(_) | Object::Any(_) | Object::Exn(_) | Object::V128(_) => {
                ptr::null_mut()
            }
        }
    }

    fn entity_info(&self, entity: &Entity) -> Option<*mut c_void> {
        let info =
            self.store.as_ref()?.enter(|cx| Ok(cx.data().infos.get(entity).map(|info| info.data)));
        info.ok()?
    }

    /// Attaches something. Values of a guest's heap take nothing: it ends at once.
    fn set_info(&self, info: HostInfo) {
        match &self.object {
            Object::Trap(trap) => trap.info.set(info),
            Object::Module(module) => module.info.set(info),
            Object::Foreign(_, own) => own.set(info),
            Object::Entity(entity) => {
                let Some(store) = &self.store else { return };
                // What was there ends when the store is free.
                let old = store.enter(|cx| -> Result<_> {
                    Ok(cx.data_mut().infos.insert(entity.clone(), info))
                });
                drop(old);
            }
            Object::External(_) | Object::Any(_) | Object::Exn(_) | Object::V128(_) => drop(info),
        }
    }
}

/// The functions that each kind of handles has.
macro_rules! handles {
    ($($module:ident $text:literal $ty:ty;)*) => {
        $(mod $module {
            use super::*;

            named_entries! {
                /// Deletes the handle: what it is of lives on, if something else has it.
                fn delete as (concat!("wasm_", $text, "_delete")) (handle: Own<$ty>) {
                    drop(handle);
                }

                /// Another handle of the same thing.
                fn copy as (concat!("wasm_", $text, "_copy")) (handle: Const<'_, $ty>) -> Own<$ty> {
                    handle.cloned().map(Box::new)
                }

                /// Whether both are handles of the same thing.
                fn same as (concat!("wasm_", $text, "_same")) (
                    a: Const<'_, $ty>,
                    b: Const<'_, $ty>,
                ) -> bool {
                    match (a, b) {
                        (Some(a), Some(b)) => a.same(b),
                        (None, None) => true,
                        _ => false,
                    }
                }

                /// What is attached to it, or null.
                fn get_host_info as (concat!("wasm_", $text, "_get_host_info")) (
                    handle: Const<'_, $ty>,
                ) -> *mut c_void {
                    handle.map_or(ptr::null_mut(), wasm_ref_t::info)
                }

                /// Attaches something.
                fn set_host_info as (concat!("wasm_", $text, "_set_host_info")) (
                    handle: Mut<'_, $ty>,
                    info: *mut c_void,
                ) {
                    if let Some(handle) = handle {
                        handle.set_info(HostInfo::new(info, None));
                    }
                }

                /// Attaches something; the function is called when it ends.
                fn set_host_info_with_finalizer
                    as (concat!("wasm_", $text, "_set_host_info_with_finalizer")) (
                    handle: Mut<'_, $ty>,
                    info: *mut c_void,
                    finalizer: Finalizer,
                ) {
                    let info = HostInfo::new(info, finalizer);
                    if let Some(handle) = handle {
                        handle.set_info(info);
                    }
                }
            }
        })*
    };
}

handles! {
    any "ref" wasm_ref_t;
    trap "trap" wasm_trap_t;
    foreign "foreign" wasm_foreign_t;
    module "module" wasm_module_t;
    func "func" wasm_func_t;
    global "global" wasm_global_t;
    table "table" wasm_table_t;
    memory "memory" wasm_memory_t;
    externs "extern" wasm_extern_t;
    instance "instance" wasm_instance_t;
}

/// Casts between kinds of handles: the same pointer, or null.
macro_rules! casts {
    ($($module:ident $from:literal $from_ty:ty as $to:literal $to_ty:ty where $is:expr;)*) => {
        $(mod $module {
            use super::*;

            named_entries! {
                /// The same handle as the general kind.
                fn up as (concat!("wasm_", $to, "_as_", $from)) (
                    handle: Mut<'_, $to_ty>,
                ) -> Mut<'_, $from_ty> {
                    handle
                }

                /// The same handle as the general kind.
                fn up_const as (concat!("wasm_", $to, "_as_", $from, "_const")) (
                    handle: Const<'_, $to_ty>,
                ) -> Const<'_, $from_ty> {
                    handle
                }

                /// The same handle, if it is of that kind.
                fn down as (concat!("wasm_", $from, "_as_", $to)) (
                    handle: Mut<'_, $from_ty>,
                ) -> Mut<'_, $to_ty> {
                    handle.filter(|handle| $is(handle))
                }

                /// The same handle, if it is of that kind.
                fn down_const as (concat!("wasm_", $from, "_as_", $to, "_const")) (
                    handle: Const<'_, $from_ty>,
                ) -> Const<'_, $to_ty> {
                    handle.filter(|handle| $is(handle))
                }
            }
        })*
    };
}

casts! {
    ref_trap "ref" wasm_ref_t as "trap" wasm_trap_t
        where |handle: &wasm_ref_t| handle.trap().is_some();
    ref_foreign "ref" wasm_ref_t as "foreign" wasm_foreign_t where wasm_ref_t::is_foreign;
    ref_module "ref" wasm_ref_t as "module" wasm_module_t
        where |handle: &wasm_ref_t| handle.module().is_some();
    ref_func "ref" wasm_ref_t as "func" wasm_func_t
        where |handle: &wasm_ref_t| handle.func().is_some();
    ref_global "ref" wasm_ref_t as "global" wasm_global_t
        where |handle: &wasm_ref_t| handle.global().is_some();
    ref_table "ref" wasm_ref_t as "table" wasm_table_t
        where |handle: &wasm_ref_t| handle.table().is_some();
    ref_memory "ref" wasm_ref_t as "memory" wasm_memory_t where wasm_ref_t::is_memory;
    ref_extern "ref" wasm_ref_t as "extern" wasm_extern_t
        where |handle: &wasm_ref_t| handle.as_extern().is_some();
    ref_instance "ref" wasm_ref_t as "instance" wasm_instance_t
        where |handle: &wasm_ref_t| handle.instance().is_some();
    extern_func "extern" wasm_extern_t as "func" wasm_func_t
        where |handle: &wasm_ref_t| handle.func().is_some();
    extern_global "extern" wasm_extern_t as "global" wasm_global_t
        where |handle: &wasm_ref_t| handle.global().is_some();
    extern_table "extern" wasm_extern_t as "table" wasm_table_t
        where |handle: &wasm_ref_t| handle.table().is_some();
    extern_memory "extern" wasm_extern_t as "memory" wasm_memory_t where wasm_ref_t::is_memory;
}
