//! [`Extern`]: whatever can be imported and exported, and [`Export`], one under its name.

use super::value::check_store;
use crate::{
    AsContext, AsContextMut, Engine, Error, ExternType, Func, Global, Memory, Ref, SharedMemory,
    Table, Tag, Val,
    runtime::{Bytes, Item, StoreId, StoreInner},
};
use windlass_decode::ExternKind;

/// Whatever a module can import or export.
///
/// ```
/// use windlass::{Engine, Extern, Func, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let item = Extern::from(Func::wrap(&mut store, || 5));
/// assert_eq!(item.ty(&store).to_string(), "func () -> (i32)");
/// assert!(item.clone().into_memory().is_none() && item.into_func().is_some());
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
    /// A tag.
    Tag(Tag),
    /// A memory that several stores share.
    SharedMemory(SharedMemory),
}

impl Extern {
    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        match self {
            Extern::Func(func) => Some(func),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        match self {
            Extern::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The memory, if it is one.
    pub fn into_memory(self) -> Option<Memory> {
        match self {
            Extern::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    /// The shared memory, if it is one.
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        match self {
            Extern::SharedMemory(memory) => Some(memory),
            _ => None,
        }
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        match self {
            Extern::Global(global) => Some(global),
            _ => None,
        }
    }

    /// The tag, if it is one.
    pub fn into_tag(self) -> Option<Tag> {
        match self {
            Extern::Tag(tag) => Some(tag),
            _ => None,
        }
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        let inner = &store.as_context().0.inner;
        match self.item(inner) {
            Ok(item) => ExternType::resolve(&inner.engine, item.ty(inner)).given(&inner.engine),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn new(store: &StoreInner, kind: ExternKind, index: u32) -> Extern {
        let id = store.id;
        match kind {
            ExternKind::Func => Func::from_index(id, index).into(),
            ExternKind::Table => Table::from_index(id, index).into(),
            ExternKind::Memory => match &store.memories[index as usize].bytes {
                Bytes::Own(_) => Memory::from_index(id, index).into(),
                Bytes::Shared(memory) => memory.clone().into(),
            },
            ExternKind::Global => Global::from_index(id, index).into(),
            ExternKind::Tag => Tag::from_index(id, index).into(),
        }
    }

    /// The store and the index in it; none if it belongs to no store.
    pub(crate) fn place(&self) -> Option<(StoreId, u32)> {
        Some(match self {
            Extern::Func(func) => (func.store(), func.index()),
            Extern::Table(table) => (table.store(), table.index()),
            Extern::Memory(memory) => (memory.store(), memory.index()),
            Extern::Global(global) => (global.store(), global.index()),
            Extern::Tag(tag) => (tag.store(), tag.index()),
            Extern::SharedMemory(_) => return None,
        })
    }

    /// What it is in the store.
    ///
    /// # Errors
    /// If it belongs to another store or engine.
    pub(crate) fn item(&self, store: &StoreInner) -> Result<Item, Error> {
        if let Some((id, _)) = self.place() {
            check_store(store.id, id, "item")?;
        }
        Ok(match self {
            Extern::Func(func) => Item::Func(func.index()),
            Extern::Table(table) => Item::Table(table.index()),
            Extern::Memory(memory) => Item::Memory(memory.index()),
            Extern::Global(global) => Item::Global(global.index()),
            Extern::Tag(tag) => Item::Tag(tag.index()),
            Extern::SharedMemory(memory) if Engine::same(memory.engine(), &store.engine) => {
                Item::SharedMemory(memory.clone())
            }
            Extern::SharedMemory(_) => {
                return Err(Error::msg("the shared memory belongs to another engine"));
            }
        })
    }
}

impl ExternType {
    /// Something of this type with zeros and nulls, as small as may be; none if there is no such
    /// value, and for functions.
    pub(super) fn default_value(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<Option<Extern>, Error> {
        Ok(Some(match self {
            ExternType::Func(_) => return Ok(None),
            ExternType::Table(ty) if !ty.element().is_nullable() => return Ok(None),
            ExternType::Table(ty) => {
                Table::new(store, *ty, Ref::null(ty.element().heap_type()))?.into()
            }
            ExternType::Memory(ty) if ty.is_shared() => {
                SharedMemory::new(store.as_context_mut().engine(), *ty)?.into()
            }
            ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
            ExternType::Global(ty) => match Val::default_for_ty(ty.content()) {
                Some(value) => Global::new(store, *ty, value)?.into(),
                None => return Ok(None),
            },
            ExternType::Tag(ty) => Tag::new(store, ty)?.into(),
        }))
    }
}

impl From<Func> for Extern {
    fn from(func: Func) -> Extern {
        Extern::Func(func)
    }
}

impl From<Table> for Extern {
    fn from(table: Table) -> Extern {
        Extern::Table(table)
    }
}

impl From<Memory> for Extern {
    fn from(memory: Memory) -> Extern {
        Extern::Memory(memory)
    }
}

impl From<SharedMemory> for Extern {
    fn from(memory: SharedMemory) -> Extern {
        Extern::SharedMemory(memory)
    }
}

impl From<Global> for Extern {
    fn from(global: Global) -> Extern {
        Extern::Global(global)
    }
}

impl From<Tag> for Extern {
    fn from(tag: Tag) -> Extern {
        Extern::Tag(tag)
    }
}

/// An export of an instance: a name and what it stands for. See
/// [`Instance::exports`](crate::Instance::exports).
///
/// ```
/// use windlass::{Engine, Instance, Module, Store};
/// let engine = Engine::default();
/// let wasm = wat::parse_str(r#"(memory (export "m") 1) (func (export "f"))"#).unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// for export in instance.exports(&store) {
///     println!("{}: {}", export.name(), export.ty(&store));
/// }
/// let names: Vec<_> = instance.exports(&store).map(|export| export.name()).collect();
/// assert_eq!(names, ["m", "f"]);
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Export<'a> {
    name: &'a str,
    definition: Extern,
}

impl<'a> Export<'a> {
    pub(crate) fn new(name: &'a str, definition: Extern) -> Export<'a> {
        Export { name, definition }
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What it stands for.
    pub fn into_extern(self) -> Extern {
        self.definition
    }

    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        self.definition.into_func()
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        self.definition.into_table()
    }

    /// The memory, if it is one.
    pub fn into_memory(self) -> Option<Memory> {
        self.definition.into_memory()
    }

    /// The shared memory, if it is one.
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        self.definition.into_shared_memory()
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        self.definition.into_global()
    }

    /// The tag, if it is one.
    pub fn into_tag(self) -> Option<Tag> {
        self.definition.into_tag()
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        self.definition.ty(store)
    }
}
