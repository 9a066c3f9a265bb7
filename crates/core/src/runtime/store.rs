//! [`StoreInner`]: the arenas of a store and the entities in them. The public `Store<T>` wraps it;
//! the engine's driver works on it through [`Embedder`], and keeps its threads beside it. It never
//! holds an address of an entity.

use super::{
    Collection, Elements, Exceptions, Growable, Heap, Held, HostValues, Limited, LinearMemory,
    Pace, Roots, TagEntity, User, Views,
    growth::{Growth, memory_growth},
    host_reference,
};
use crate::{
    Engine, Error, FuncType, Module, SharedMemory,
    engine::HeldTypes,
    exec::{
        machine::views::{FuncEntity, MemoryView, TableView},
        tables::GC,
    },
    interrupt::{Deadline, Interrupt},
    object_type::{Class, Storage},
    unique::StoreId,
};
use alloc::{boxed::Box, collections::TryReserveError, sync::Arc, vec::Vec};
use core::{any::Any, mem};
use windlass_decode::{GlobalType, Limits, MemoryType, TableType, ValType};
use windlass_validate::Index;

/// Everything that a store holds but the embedder's own data and closures.
pub(crate) struct StoreInner {
    pub(crate) id: StoreId,
    pub(crate) engine: Engine,
    pub(crate) funcs: Vec<FuncEntity>,
    pub(crate) tables: Vec<TableEntity>,
    pub(crate) memories: Vec<MemoryEntity>,
    /// Values of the globals; their types are in `global_types` at the same index.
    pub(crate) globals: Vec<GlobalValue>,
    pub(crate) global_types: Vec<GlobalType>,
    pub(crate) tags: Vec<TagEntity>,
    pub(crate) instances: Vec<InstanceEntity>,
    /// Which memory a shared one is, by its address.
    shared: Index<u32>,
    /// What memories, tables and stacks take.
    pub(crate) held: Held,
    /// How often views of memories and tables have changed: whoever runs code has a copy of one,
    /// and the address of all.
    pub(crate) views_moved: u64,
    /// Exceptions that something refers to.
    pub(crate) exceptions: Exceptions,
    /// The exception that was thrown last and that no guest has caught, as a reference; 0 if there
    /// is none.
    pub(crate) pending_exception: u64,
    /// Structures and arrays.
    pub(crate) heap: Heap,
    /// The types that the heap knows.
    pub(crate) heap_types: HeldTypes,
    /// Host values that guests hold as `externref`.
    pub(crate) externs: HostValues,
    /// The references that the host holds.
    pub(crate) roots: Roots,
    /// References that an instantiation has made and stored nowhere yet.
    pub(crate) pinned: Vec<(Class, u64)>,
    /// A collection that was interrupted, as long as nobody uses the store otherwise.
    pub(crate) parked: Option<Collection>,
    /// How many words the last collection had looked at that was given up since then, because
    /// somebody did.
    pub(crate) given_up: usize,
    /// When collections are due.
    pub(crate) pace: Pace,
    /// What is left of the fuel: 0 while a thread owes some.
    pub(crate) fuel: u64,
    /// Whether a thread may owe fuel.
    pub(crate) has_debts: bool,
    /// What running host functions owe: the thread that called one takes it over.
    owed: u64,
    /// What the host function that has just returned owes.
    owed_back: u64,
    /// Set from any thread to stop the guest.
    pub(crate) interrupt: Arc<Interrupt>,
    /// The tick of the engine that does so.
    pub(crate) deadline: Deadline,
    /// The largest size of a value stack, in slots of 8 bytes.
    pub(crate) max_stack_slots: usize,
    /// The types of host functions, of tags that the host made, and of functions that were called
    /// without a static type: held as long as the store lives.
    func_types: Index<FuncType>,
    /// The function that was called last without a static type, and its type.
    called: Option<(u32, FuncType)>,
}

/// The instance of functions that have none.
pub(crate) const NO_INSTANCE: u32 = u32::MAX;

/// The value of a global: a slot, or two for a v128.
pub(crate) type GlobalValue = [u64; 2];

/// A table.
pub(crate) struct TableEntity {
    pub(crate) ty: TableType,
    /// References as they lie in slots: 0 is null, a function is its index in the store + 1.
    pub(crate) elements: Elements,
    /// What it counts for, in bytes: see [`StoreInner::hold`].
    pub(crate) held: usize,
    /// The instances that have it.
    pub(crate) users: Vec<User>,
}

/// A linear memory.
pub(crate) struct MemoryEntity {
    pub(crate) ty: MemoryType,
    /// The bytes; the length is the current size.
    pub(crate) bytes: Bytes,
    /// What it counts for, in bytes: see [`StoreInner::hold`]. Nothing if another store made it.
    pub(crate) held: usize,
    /// The instances that have it.
    pub(crate) users: Vec<User>,
    /// Who else has this wants it to stay where it is, which it does up to this size.
    pins: Option<(Arc<()>, usize)>,
}

/// The bytes of a memory: the store's own, or shared with other stores.
pub(crate) enum Bytes {
    Own(LinearMemory),
    Shared(SharedMemory),
}

/// An instance: a module and what its index spaces refer to in the store.
pub(crate) struct InstanceEntity {
    pub(crate) module: Module,
    pub(crate) funcs: Box<[u32]>,
    pub(crate) tables: Box<[u32]>,
    pub(crate) memories: Box<[u32]>,
    pub(crate) views: Views,
    pub(crate) globals: Box<[u32]>,
    pub(crate) tags: Box<[u32]>,
    /// The indices of `tags`, in the order of what they refer to.
    pub(crate) sorted_tags: Box<[u32]>,
    /// Element segments as references in slots; empty when dropped.
    pub(crate) elements: Box<[Box<[u64]>]>,
    /// Whether a data segment is dropped (an active one is after instantiation).
    pub(crate) data_dropped: Box<[bool]>,
}

impl InstanceEntity {
    /// Where in the store the globals lie that its module defines: one after the other.
    pub(crate) fn own_globals(&self) -> usize {
        let imported = self.module.0.context.imported.globals;
        self.globals.get(imported as usize).map_or(0, |&first| first as usize)
    }
}

/// What the driver needs of the store that it runs in: the entities, and the embedder's say over
/// growth.
pub(crate) trait Embedder {
    /// The entities.
    fn inner(&mut self) -> &mut StoreInner;

    /// It with the embedder's limits: what grows asks them. Only what a program does is linked for
    /// that, as functions of their own.
    fn limited(&mut self) -> &mut dyn Limited;

    /// Frees the value stacks that no call uses, and what dropped calls held. Whether that was
    /// something.
    fn free_stacks(&mut self) -> bool;

    /// Makes room for `size` bytes in the heap for an instantiation, which pays `cost` first:
    /// collects and grows as needed.
    ///
    /// # Errors
    /// [`Trap::AllocationTooLarge`] if there is no room even then; [`Trap::OutOfFuel`] and
    /// [`Trap::Interrupted`]; the limiter's.
    fn reserve_gc(&mut self, size: usize, cost: u64) -> Result<(), Error>;
}

impl StoreInner {
    pub(crate) fn new(id: StoreId, engine: &Engine) -> StoreInner {
        let interrupt = Arc::new(Interrupt::new());
        StoreInner {
            id,
            engine: engine.clone(),
            funcs: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            global_types: Vec::new(),
            tags: Vec::new(),
            instances: Vec::new(),
            shared: Index::default(),
            held: Held::default(),
            views_moved: 0,
            exceptions: Exceptions::default(),
            pending_exception: 0,
            heap: Heap::default(),
            heap_types: HeldTypes::new(engine),
            externs: HostValues::default(),
            roots: Roots::default(),
            pinned: Vec::new(),
            parked: None,
            given_up: 0,
            pace: Pace::default(),
            fuel: 0,
            has_debts: false,
            owed: 0,
            owed_back: 0,
            deadline: Deadline::new(engine.0.epochs.clone(), interrupt.clone()),
            interrupt,
            max_stack_slots: engine.0.config.max_stack_slots,
            func_types: Index::default(),
            called: None,
        }
    }

    /// A host function begins, which owes nothing yet. Returns what the one around it owes.
    #[inline]
    pub(crate) fn begin_host(&mut self) -> u64 {
        core::mem::take(&mut self.owed)
    }

    /// It has ended, in whatever way: what it owes is for its own thread, and not for one that it
    /// has called.
    #[inline]
    pub(crate) fn end_host(&mut self, outer: u64) {
        self.owed_back = core::mem::replace(&mut self.owed, outer);
    }

    /// Takes fuel for what a host function does. What there is not is owed.
    pub(crate) fn consume_fuel(&mut self, units: u64) {
        let paid = units.min(self.fuel);
        self.fuel -= paid;
        self.owed = self.owed.saturating_add(units - paid);
    }

    /// Whether there is something for a thread to take over.
    #[inline]
    pub(crate) fn owes(&self) -> bool {
        self.owed_back > 0
    }

    /// What host functions owe, for a thread to take over.
    pub(crate) fn take_owed(&mut self) -> u64 {
        self.has_debts |= self.owed_back > 0;
        core::mem::take(&mut self.owed_back)
    }

    /// Pays with this fuel what running host functions owe; returns what is left of it.
    pub(crate) fn pay_owed(&mut self, fuel: u64) -> u64 {
        let paid = self.owed.min(fuel);
        self.owed -= paid;
        fuel - paid
    }

    /// Brings the views of a memory up to date that has grown or moved. Whoever has copies is told
    /// by `views_moved`.
    pub(crate) fn memory_moved(&mut self, memory: u32) {
        self.views_moved = self.views_moved.wrapping_add(1);
        let memory = &self.memories[memory as usize];
        let view = MemoryView::of(memory);
        for user in &memory.users {
            self.instances[user.instance as usize].views.memories[user.index as usize] = view;
        }
    }

    /// How large a memory can grow from now on without being moved; it may be moved once for that.
    pub(crate) fn settle_memory(&mut self, memory: u32) -> usize {
        self.release(Growable::Memory(memory));
        let MemoryEntity { ty, bytes, .. } = &mut self.memories[memory as usize];
        let len = bytes.len();
        let most = memory_growth(ty, len, 0).map_or(len, |growth| growth.most);
        let stable = bytes.settle(most);
        self.memory_moved(memory);
        stable
    }

    /// Adds the elements to a table that were prepared, and for which it counts already.
    pub(crate) fn extend_table(&mut self, table: u32) {
        self.tables[table as usize].elements.extend();
        self.table_moved(table);
    }

    /// As `memory_moved`, for a table.
    pub(crate) fn table_moved(&mut self, table: u32) {
        self.views_moved = self.views_moved.wrapping_add(1);
        let table = &self.tables[table as usize];
        let view = TableView::of(table);
        for user in &table.users {
            self.instances[user.instance as usize].views.tables[user.index as usize] = view;
        }
    }

    /// Brings the views of the memories of an instance up to date that other threads have grown.
    /// Whether there were any.
    pub(crate) fn others_have_grown(&mut self, instance: u32) -> bool {
        let instance = &mut self.instances[instance as usize];
        let mut have_grown = false;
        for (view, &memory) in instance.views.memories.iter_mut().zip(&instance.memories) {
            let now = MemoryView::of(&self.memories[memory as usize]);
            have_grown |= now.len != view.len;
            *view = now;
        }
        self.views_moved = self.views_moved.wrapping_add(have_grown.into());
        have_grown
    }

    /// What collected references of a canonical type lead to; none if to nothing that is collected.
    pub(crate) fn class_of(&self, ty: ValType) -> Option<Class> {
        let ValType::Ref(ty) = ty else { return None };
        Class::of(self.engine.types(|types| Storage::of_ref(types, ty)))
    }

    /// The index of a shared memory, which the store knows from now on.
    ///
    /// # Errors
    /// If the host has no memory to remember it.
    pub(crate) fn shared_memory(&mut self, memory: &SharedMemory) -> Result<u32, TryReserveError> {
        if let Some(&known) = self.shared.get(memory.address()) {
            return Ok(known);
        }
        self.memories.try_reserve(1)?;
        self.shared.reserve(1)?;
        let (ty, bytes) = (*memory.decoded_type(), Bytes::Shared(memory.clone()));
        let index = self.memories.len() as u32;
        self.memories.push(MemoryEntity::new(ty, bytes));
        self.shared.insert(memory.address(), index);
        Ok(index)
    }

    /// Forgets the memories from this one on, which nothing refers to.
    pub(crate) fn truncate_memories(&mut self, len: usize) {
        if self.memories.len() > len {
            self.shared.clear();
            for (index, memory) in (0..).zip(&self.memories[..len]) {
                if let Bytes::Shared(memory) = &memory.bytes {
                    self.shared.insert(memory.address(), index);
                }
            }
            // Last, since a memory source is told of it, which may panic.
            self.memories.truncate(len);
        }
    }

    /// The type of a function of the store.
    pub(crate) fn func_type(&self, func: u32) -> FuncType {
        FuncType::from_id(&self.engine, self.funcs[func as usize].ty)
    }

    /// Keeps a host value, which the limits allow; returns the reference to it, as it lies in
    /// slots.
    pub(crate) fn add_host_value<V: Any + Send + Sync>(&mut self, value: V) -> Result<u64, Error> {
        self.touch();
        let full = || Error::msg("the store has no room for another host value");
        self.externs.add(Box::new(value)).map(host_reference).ok_or_else(full)
    }

    /// Drops an element segment of an instance, and returns it.
    pub(crate) fn drop_elements(&mut self, instance: usize, segment: usize) -> Box<[u64]> {
        let elements = mem::take(&mut self.instances[instance].elements[segment]);
        let bytes = size_of_val(&*elements);
        self.held.instances = self.held.instances.saturating_sub(bytes);
        elements
    }

    /// Keeps a type's number as long as the store lives.
    pub(crate) fn hold_type(&mut self, ty: &FuncType) {
        let is_kept = self.func_types.reserve(1).is_ok();
        if is_kept {
            self.func_types.insert(ty.id().0 as usize, ty.clone());
        }
        let StoreInner { heap, heap_types, engine, .. } = self;
        let known = engine.types(|types| match types.supertype(ty.id()) {
            Some(_) if GC => heap.types.add_ancestors(types, ty.id(), &mut heap_types.ids),
            // What casts do not know has no supertypes.
            _ => Some(()),
        });
        assert!(is_kept && known.is_some(), "the host has memory for the types of its functions");
    }

    /// As `called_type`, which is to be given back: who calls one function again and again need
    /// not look for its type, nor count who has it.
    #[inline]
    pub(crate) fn lend_called_type(&mut self, func: u32) -> FuncType {
        match self.called.take() {
            Some((called, ty)) if called == func => ty,
            _ => self.called_type(func),
        }
    }

    /// The call has ended for which it was lent.
    #[inline]
    pub(crate) fn return_called_type(&mut self, func: u32, ty: FuncType) {
        self.called = Some((func, ty));
    }

    /// The type of a function of the store that is called, as it may be many times.
    pub(crate) fn called_type(&mut self, func: u32) -> FuncType {
        let id = self.funcs[func as usize].ty;
        if let Some(known) = self.func_types.get(id.0 as usize) {
            return known.clone();
        }
        let ty = FuncType::from_id(&self.engine, id);
        if self.func_types.reserve(1).is_ok() {
            self.func_types.insert(id.0 as usize, ty.clone());
        }
        ty
    }
}

impl Bytes {
    /// The address of the first byte. It can change when the memory grows.
    pub(crate) fn base(&self) -> *mut u8 {
        match self {
            Bytes::Own(bytes) => bytes.base(),
            Bytes::Shared(memory) => memory.bytes().base(),
        }
    }

    /// The size in bytes at this moment.
    pub(crate) fn len(&self) -> usize {
        match self {
            Bytes::Own(bytes) => bytes.len(),
            Bytes::Shared(memory) => memory.bytes().len(),
        }
    }

    /// How large it can grow from now on without being moved, which is never to be more than
    /// `most`. It may be moved once for that.
    pub(crate) fn settle(&mut self, most: usize) -> usize {
        match self {
            Bytes::Own(bytes) => bytes.settle(most),
            Bytes::Shared(memory) => memory.bytes().len(),
        }
    }

    /// Gives back what lies beyond the size; tells what is still there, and nothing of a shared
    /// one, which keeps what it can grow to.
    pub(crate) fn release(&mut self) -> Option<usize> {
        match self {
            Bytes::Own(bytes) => Some(bytes.release()),
            Bytes::Shared(_) => None,
        }
    }

    /// The bytes of a memory that is known not to be shared: no `Memory` stands for a shared one.
    pub(crate) fn own(&self) -> &[u8] {
        match self {
            Bytes::Own(bytes) => bytes.bytes(),
            Bytes::Shared(_) => unreachable!("a shared memory is no `Memory`"),
        }
    }

    /// As `own`, to be changed.
    pub(crate) fn own_mut(&mut self) -> &mut [u8] {
        match self {
            Bytes::Own(bytes) => bytes.bytes_mut(),
            Bytes::Shared(_) => unreachable!("a shared memory is no `Memory`"),
        }
    }

    /// Copies `from` to `at` and on. The range must be within the size.
    pub(crate) fn write(&mut self, at: usize, from: &[u8]) {
        match self {
            Bytes::Own(bytes) => bytes.bytes_mut()[at..][..from.len()].copy_from_slice(from),
            Bytes::Shared(memory) => memory.bytes().write(at, from),
        }
    }

    /// Makes `len` bytes from `at` on `value`. The range must be within the size.
    pub(crate) fn fill(&mut self, at: usize, len: usize, value: u8) {
        match self {
            Bytes::Own(bytes) => bytes.bytes_mut()[at..][..len].fill(value),
            Bytes::Shared(memory) => memory.bytes().fill(at, len, value),
        }
    }

    /// Copies `len` bytes from another place in the same memory. Both ranges must be within the
    /// size.
    pub(crate) fn copy_within(&mut self, at: usize, from_at: usize, len: usize) {
        match self {
            Bytes::Own(bytes) => bytes.bytes_mut().copy_within(from_at..from_at + len, at),
            Bytes::Shared(memory) => memory.bytes().copy(at, memory.bytes(), from_at, len),
        }
    }

    /// Copies `len` bytes from another memory. Both ranges must be within the sizes.
    pub(crate) fn copy(&mut self, at: usize, from: &Bytes, from_at: usize, len: usize) {
        match (self, from) {
            (to, Bytes::Own(from)) => to.write(at, &from.bytes()[from_at..][..len]),
            (Bytes::Own(to), Bytes::Shared(from)) => {
                from.bytes().read(from_at, &mut to.bytes_mut()[at..][..len]);
            }
            (Bytes::Shared(to), Bytes::Shared(from)) => {
                to.bytes().copy(at, from.bytes(), from_at, len);
            }
        }
    }
}

impl InstanceEntity {
    /// The indices in the module of a tag of the store.
    pub(crate) fn tags_that_are(&self, tag: u32) -> &[u32] {
        let refers_to = |&index: &u32| self.tags[index as usize];
        let first = self.sorted_tags.partition_point(|index| refers_to(index) < tag);
        let rest = &self.sorted_tags[first..];
        &rest[..rest.partition_point(|index| refers_to(index) == tag)]
    }
}

impl MemoryEntity {
    pub(crate) fn new(ty: MemoryType, bytes: Bytes) -> MemoryEntity {
        MemoryEntity { ty, bytes, held: 0, users: Vec::new(), pins: None }
    }

    /// While this lives, it does not grow beyond the size up to which it stays where it is.
    pub(crate) fn pin(&mut self, stable: usize) -> Arc<()> {
        let (pins, size) = self.pins.get_or_insert_default();
        *size = stable;
        pins.clone()
    }

    /// Its growth by `delta` pages; none if its type, the host's address space or a pin does not
    /// allow it.
    pub(crate) fn growth(&mut self, delta: u64) -> Option<Growth> {
        let growth = memory_growth(&self.ty, self.bytes.len(), delta)?;
        let is_pinned = self
            .pins
            .as_mut()
            .is_some_and(|(pins, stable)| growth.desired > *stable && Arc::get_mut(pins).is_none());
        (!is_pinned).then_some(growth)
    }

    /// The size in pages.
    pub(crate) fn pages(&self) -> u64 {
        self.bytes.len() as u64 >> self.ty.page_size_log2
    }

    /// The type, with the present size as the smallest.
    pub(crate) fn ty_now(&self) -> MemoryType {
        let limits = Limits { min: self.pages(), ..self.ty.limits };
        MemoryType { limits, ..self.ty }
    }
}

impl TableEntity {
    /// The type, with the present size as the smallest.
    pub(crate) fn ty_now(&self) -> TableType {
        let limits = Limits { min: self.elements.len() as u64, ..self.ty.limits };
        TableType { limits, ..self.ty }
    }
}
