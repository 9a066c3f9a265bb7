//! Instantiation (3.0, section 4.7.2): from a module and what is given for its imports to an
//! instance in the store. The start function is the caller's to call.

use super::{
    GlobalValue, InstanceEntity, PIECE, StoreInner, TagEntity, User, Views,
    const_expr::ConstContext,
    link::{self, Item},
    resources::{Limited, add_memory, add_table, check_instances, grow_instances},
};
use crate::{
    Engine, Error, Module, Trap, costs,
    error::{error, place},
    exec::{
        machine::views::FuncEntity,
        tables::{EXCEPTIONS, GC},
    },
    module::ModuleInner,
    room,
};
use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use windlass_decode::{Count, ElementItems, ElementMode, Expr, GlobalType};
use windlass_validate::sort_numbers;

/// Makes an instance; returns its index. If this fails, nothing new can be reached in the store,
/// but for what active segments have written before one of them did not fit.
#[inline(never)]
pub(crate) fn instantiate(
    store: &mut dyn Limited,
    module: &Module,
    imports: &[Item],
) -> Result<u32, Error> {
    if !Engine::same(&module.0.engine, &store.inner().engine) {
        return Err(error!("the module belongs to another engine than the store"));
    }
    link::check_imports(store.inner(), module, imports)?;
    check_instances(store)?;
    store.inner().touch();
    add_types(store.inner(), &module.0)?;
    make(&mut Attempt::begin(store), module, imports)
}

/// Makes the module's types known to the heap: all that can have objects, or sub- or supertypes.
#[inline(never)]
fn add_types(store: &mut StoreInner, module: &ModuleInner) -> Result<(), Error> {
    if !GC {
        return Ok(());
    }
    let StoreInner { heap, heap_types, engine, .. } = store;
    let context = &module.context;
    let held = &mut heap_types.ids;
    let added = engine.types(|types| {
        context.types.iter().zip(&context.type_ids).enumerate().try_for_each(
            |(index, (ty, &id))| match module.objects.get(index) {
                Some(Some(object)) => heap.add_type(types, id, object, held),
                _ if ty.supertypes.is_empty() => Some(()),
                _ => heap.types.add_ancestors(types, id, held),
            },
        )
    });
    Ok(added.ok_or(Trap::AllocationTooLarge)?)
}

fn make(attempt: &mut Attempt<'_>, module: &Module, imports: &[Item]) -> Result<u32, Error> {
    let store = &mut *attempt.store;
    grow_instances(store, instance_bytes(&module.0))?;
    let parts = Parts::new(store, &module.0, imports)?;
    let (elements, data) = parts.offsets(store, &module.0)?;
    let store = store.inner();
    let index = store.instances.len();
    let instance = parts.instance(store, module)?;
    store.instances.try_reserve(1).map_err(no_memory)?;
    add_user(store, index as u32, &instance)?;
    store.instances.push(instance);
    attempt.has_made = true;
    active_elements(store, &module.0, index, &elements)?;
    active_data(store, &module.0, index, &data)?;
    Ok(index as u32)
}

/// What an instance takes of the store, about: its index spaces with what they refer to, beside
/// memories and tables, and its element segments.
fn instance_bytes(module: &ModuleInner) -> usize {
    let (context, decoded) = (&module.context, &module.decoded);
    let index = size_of::<u32>();
    let elements = decoded.elements.iter().map(|segment| match &segment.items {
        _ if segment.mode == ElementMode::Declared => 0,
        ElementItems::Funcs(funcs) => funcs.len(),
        ElementItems::Exprs(exprs) => exprs.len(),
    });
    let parts = [
        (1, size_of::<InstanceEntity>()),
        (context.funcs.len(), index),
        (decoded.bodies.len(), size_of::<FuncEntity>()),
        (context.tables.len() + context.memories.len(), index + PLACE),
        (context.globals.len(), index),
        (decoded.globals.len(), size_of::<GlobalValue>() + size_of::<GlobalType>()),
        (context.tags.len(), 2 * index + size_of::<TagEntity>()),
        (decoded.elements.len(), size_of::<Box<[u64]>>()),
        (elements.fold(0, usize::saturating_add), size_of::<u64>()),
        (decoded.data.len(), size_of::<bool>()),
    ];
    parts.into_iter().fold(0, |sum, (count, size)| sum.saturating_add(count.saturating_mul(size)))
}

/// What a memory or a table takes beside what is in it: its entity, its views and who has it.
const PLACE: usize = 128;

/// An instantiation. If it makes no instance, what it has made is undone, also where a limiter
/// panics.
struct Attempt<'a> {
    store: &'a mut dyn Limited,
    has_made: bool,
    // How much of everything there was before.
    funcs: usize,
    tables: usize,
    memories: usize,
    globals: usize,
    tags: usize,
    pinned: usize,
    /// What instances counted for.
    held: usize,
}

impl Attempt<'_> {
    fn begin(store: &mut dyn Limited) -> Attempt<'_> {
        let inner = store.inner();
        Attempt {
            funcs: inner.funcs.len(),
            tables: inner.tables.len(),
            memories: inner.memories.len(),
            globals: inner.globals.len(),
            tags: inner.tags.len(),
            pinned: inner.pinned.len(),
            held: inner.held.instances,
            has_made: false,
            store,
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let store = self.store.inner();
        // What constant expressions made is reachable by now, or garbage.
        store.pinned.truncate(self.pinned);
        if !self.has_made {
            store.funcs.truncate(self.funcs);
            // No guest has run meanwhile, which might have dropped a segment.
            store.held.instances = self.held;
            store.globals.truncate(self.globals);
            store.global_types.truncate(self.globals);
            store.tags.truncate(self.tags);
            // Last, since a memory source may be told of it.
            store.truncate_growables(self.tables, self.memories);
        }
    }
}

/// The index spaces of an instance in the making: indices in the store.
#[derive(Default)]
struct Parts {
    funcs: Vec<u32>,
    tables: Vec<u32>,
    memories: Vec<u32>,
    globals: Vec<u32>,
    tags: Vec<u32>,
    elements: Vec<Box<[u64]>>,
}

impl Parts {
    #[inline(never)]
    fn new(
        store: &mut dyn Limited,
        module: &ModuleInner,
        imports: &[Item],
    ) -> Result<Parts, Error> {
        let mut parts = Parts::default();
        parts.import(store.inner(), imports)?;
        let context = &module.context;
        let instance = store.inner().instances.len() as u32;
        let tags = if EXCEPTIONS { &context.tags[parts.tags.len()..] } else { &[] };
        for &ty in tags {
            let (id, index) = (context.type_ids[ty as usize], parts.tags.len() as u32);
            push(&mut parts.tags, store.inner().add_tag(id, instance, index))?;
        }
        parts.add_funcs(store.inner(), module)?;
        parts.add_globals(store, module)?;
        parts.add_tables(store, module)?;
        for &ty in &module.context.memories[parts.memories.len()..] {
            push(&mut parts.memories, add_memory(store, ty)?)?;
        }
        parts.eval_elements(store, module)?;
        Ok(parts)
    }

    fn context<'a>(&'a self, module: &'a ModuleInner) -> ConstContext<'a> {
        ConstContext { module, funcs: &self.funcs, globals: &self.globals }
    }

    /// A shared memory is known to the store from when it is first imported.
    fn import(&mut self, store: &mut StoreInner, imports: &[Item]) -> Result<(), Error> {
        for given in imports {
            let (all, index) = match given {
                Item::Func(index) => (&mut self.funcs, *index),
                Item::Table(index) => (&mut self.tables, *index),
                Item::Global(index) => (&mut self.globals, *index),
                Item::Tag(index) => (&mut self.tags, *index),
                Item::Memory(index) => (&mut self.memories, *index),
                Item::SharedMemory(memory) => {
                    (&mut self.memories, store.shared_memory(memory).map_err(no_memory)?)
                }
            };
            push(all, index)?;
        }
        Ok(())
    }

    fn add_funcs(&mut self, store: &mut StoreInner, module: &ModuleInner) -> Result<(), Error> {
        let context = &module.context;
        let instance = store.instances.len() as u32;
        let first = context.imported.funcs;
        self.funcs.try_reserve_exact(context.funcs.len() - self.funcs.len()).map_err(no_memory)?;
        store.funcs.try_reserve(context.funcs.len()).map_err(no_memory)?;
        for (index, &ty) in context.funcs.iter().enumerate().skip(first as usize) {
            let (param_slots, result_slots) = module.func_slots[ty as usize];
            self.funcs.push(store.funcs.len() as u32);
            store.funcs.push(FuncEntity {
                code: module.code.func(index - first as usize),
                ty: context.type_ids[ty as usize],
                instance,
                index: index as u32,
                param_slots,
                result_slots,
            });
        }
        Ok(())
    }

    /// They come to lie one after the other ([`InstanceEntity::own_globals`]): nothing else makes
    /// globals meanwhile.
    fn add_globals(&mut self, store: &mut dyn Limited, module: &ModuleInner) -> Result<(), Error> {
        for global in &module.decoded.globals {
            let index = self.globals.len();
            let value = self.context(module).eval(store, &global.init);
            let value = value.map_err(|e| place!(e, "cannot make global {index}"))?;
            let ty = module.context.globals[index];
            let store = store.inner();
            push(&mut self.globals, store.globals.len() as u32)?;
            push(&mut store.globals, value)?;
            push(&mut store.global_types, ty)?;
        }
        Ok(())
    }

    fn add_tables(&mut self, store: &mut dyn Limited, module: &ModuleInner) -> Result<(), Error> {
        for table in &module.decoded.tables {
            let index = self.tables.len();
            let no_table = |error: Error| place!(error, "cannot make table {index}");
            let init = match &table.init {
                Some(expr) => self.context(module).eval(store, expr).map_err(no_table)?[0],
                None => 0,
            };
            let ty = module.context.tables[index];
            let table = add_table(store, ty, 0)?;
            push(&mut self.tables, table)?;
            if init != 0 {
                fill_table(store.inner(), table, init).map_err(no_table)?;
            }
        }
        Ok(())
    }

    fn eval_elements(
        &mut self,
        store: &mut dyn Limited,
        module: &ModuleInner,
    ) -> Result<(), Error> {
        for (index, segment) in module.decoded.elements.iter().enumerate() {
            let context = self.context(module);
            let references = match &segment.items {
                // Only declares functions: dropped from the start.
                _ if segment.mode == ElementMode::Declared => Box::default(),
                ElementItems::Funcs(funcs) => {
                    let references = funcs.iter().map(|&func| self.funcs[func as usize]);
                    fitted(collected(references.map(|func| Ok(u64::from(func) + 1)))?)?
                }
                ElementItems::Exprs(exprs) => {
                    let eval = |expr: &Expr| Ok(context.eval(store, expr)?[0]);
                    let made = collected(exprs.iter().map(eval));
                    let made = made.map_err(|e| place!(e, "cannot make element segment {index}"));
                    fitted(made?)?
                }
            };
            push(&mut self.elements, references)?;
        }
        Ok(())
    }

    /// Where active segments go: those of elements and those of data, each by its index.
    fn offsets(
        &self,
        store: &mut dyn Limited,
        module: &ModuleInner,
    ) -> Result<(Vec<u64>, Vec<u64>), Error> {
        let context = self.context(module);
        let mut eval = |at: Option<&Expr>| match at {
            Some(at) => Ok(context.eval(store, at)?[0]),
            None => Ok(0),
        };
        let elements = module.decoded.elements.iter().map(|segment| match &segment.mode {
            ElementMode::Active { at, .. } => eval(Some(at)),
            _ => Ok(0),
        });
        let elements = collected(elements)?;
        let data = module.decoded.data.iter();
        let data = data.map(|segment| eval(segment.active.as_ref().map(|(_, at)| at)));
        Ok((elements, collected(data)?))
    }

    #[inline(never)]
    fn instance(self, store: &StoreInner, module: &Module) -> Result<InstanceEntity, Error> {
        let memories = (&store.memories[..], &self.memories[..]);
        let views =
            Views::new(memories, (&store.tables, &self.tables)).ok_or_else(no_memory_left)?;
        let sorted_tags = if EXCEPTIONS { sorted(&self.tags)? } else { Box::default() };
        Ok(InstanceEntity {
            module: module.clone(),
            funcs: fitted(self.funcs)?,
            tables: fitted(self.tables)?,
            memories: fitted(self.memories)?,
            views,
            globals: fitted(self.globals)?,
            tags: fitted(self.tags)?,
            sorted_tags,
            elements: fitted(self.elements)?,
            data_dropped: fitted(collected(module.0.decoded.data.iter().map(|_| Ok(false)))?)?,
        })
    }
}

/// The indices of tags in the order of the store's.
fn sorted(tags: &[u32]) -> Result<Box<[u32]>, Error> {
    let count = u32::try_from(tags.len()).map_err(|_| no_memory_left())?;
    let mut sorted = collected((0..count).map(Ok))?;
    let tag = |index: u32| tags[index as usize];
    sort_numbers(&mut sorted, &mut |a, b| tag(a).cmp(&tag(b)));
    fitted(sorted)
}

/// Notes which memories and tables the instance has, so that its views are kept. If this fails,
/// nothing is noted.
fn add_user(store: &mut StoreInner, instance: u32, entity: &InstanceEntity) -> Result<(), Error> {
    let mut noted = Ok(());
    for (index, &memory) in (0..).zip(&entity.memories) {
        let users = &mut store.memories[memory as usize].users;
        noted = noted.and_then(|()| push(users, User { instance, index }));
    }
    for (index, &table) in (0..).zip(&entity.tables) {
        let users = &mut store.tables[table as usize].users;
        noted = noted.and_then(|()| push(users, User { instance, index }));
    }
    if noted.is_err() {
        let is_other = |user: &User| user.instance != instance;
        for &memory in &entity.memories {
            store.memories[memory as usize].users.retain(is_other);
        }
        for &table in &entity.tables {
            store.tables[table as usize].users.retain(is_other);
        }
    }
    noted
}

/// As `collect`, but an error where the host has no memory.
fn collected<T>(items: impl Iterator<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    let mut collected = Vec::new();
    collected.try_reserve_exact(items.size_hint().0).map_err(no_memory)?;
    for item in items {
        push(&mut collected, item?)?;
    }
    Ok(collected)
}

fn fitted<T>(items: Vec<T>) -> Result<Box<[T]>, Error> {
    room::fitted(items).map_err(no_memory)
}

fn push<T>(items: &mut Vec<T>, item: T) -> Result<(), Error> {
    room::push(items, item).map_err(no_memory)
}

fn no_memory(_: TryReserveError) -> Error {
    no_memory_left()
}

#[cold]
fn no_memory_left() -> Error {
    Error::msg("the host has no memory for the instance")
}

/// Sets all elements of a table that is new. However long the table is, the module is not, so this
/// is paid, piece by piece.
fn fill_table(store: &mut StoreInner, table: u32, init: u64) -> Result<(), Error> {
    let (table, mut done) = (table as usize, 0);
    let len = store.tables[table].elements.len();
    while done < len {
        let count = (len - done).min(PIECE as usize / 8);
        store.pay(costs::amount(8 * count as u64))?;
        store.tables[table].elements[done..done + count].fill(init);
        done += count;
    }
    Ok(())
}

fn active_elements(
    store: &mut StoreInner,
    module: &ModuleInner,
    instance: usize,
    offsets: &[u64],
) -> Result<(), Error> {
    for (i, segment) in module.decoded.elements.iter().enumerate() {
        let ElementMode::Active { table, .. } = &segment.mode else { continue };
        let entity = &store.instances[instance];
        let entity = entity.tables[*table as usize] as usize;
        let references = store.drop_elements(instance, i);
        let (elements, at, len) =
            (&mut store.tables[entity].elements, offsets[i], references.len());
        match part(elements, at, len) {
            Some(part) => part.copy_from_slice(&references),
            None => {
                return Err(place!(
                    Trap::TableOutOfBounds.into(),
                    "element segment {i} does not fit: {} at {at} of table {table}, which has {}",
                    Count(len, "element"),
                    elements.len()
                ));
            }
        }
    }
    Ok(())
}

fn active_data(
    store: &mut StoreInner,
    module: &ModuleInner,
    instance: usize,
    offsets: &[u64],
) -> Result<(), Error> {
    for (i, segment) in module.decoded.data.iter().enumerate() {
        let Some((index, _)) = &segment.active else { continue };
        let entity = &store.instances[instance];
        let memory = entity.memories[*index as usize] as usize;
        store.instances[instance].data_dropped[i] = true;
        let bytes = &module.bytes[segment.bytes.clone()];
        let memory = &mut store.memories[memory].bytes;
        let at = offsets[i];
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > memory.len() as u64) {
            return Err(place!(
                Trap::MemoryOutOfBounds.into(),
                "data segment {i} does not fit: {} at {at:#x} of memory {index}, which has {:#x}",
                Count(bytes.len(), "byte"),
                memory.len()
            ));
        }
        memory.write(at as usize, bytes);
    }
    Ok(())
}

/// The `len` items from `at` on, if there are so many.
fn part<T>(items: &mut [T], at: u64, len: usize) -> Option<&mut [T]> {
    let start = usize::try_from(at).ok()?;
    items.get_mut(start..start.checked_add(len)?)
}
