//! [`Extern`]: whatever can be imported and exported, and [`Export`], one under its name.

use crate::runtime::{ItemType, StoreId, StoreInner};
use crate::value::check_store;
use crate::{AsContext, Error, ExternType, Func, Global, Memory, Table, Tag};
use windlass_decode::ExternKind;

/// Whatever a module can import or export.
///
/// ```
/// use windlass::{Engine, Extern, Func, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let item = Extern::from(Func::wrap(&mut store, || 5));
/// assert!(item.into_func().is_some() && item.into_memory().is_none());
/// assert_eq!(item.ty(&store).to_string(), "func () -> (i32)");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        match self.item_type(inner) {
            Ok(ty) => ExternType::resolve(&inner.engine, ty),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn new(store: StoreId, kind: ExternKind, index: u32) -> Extern {
        match kind {
            ExternKind::Func => Func::from_index(store, index).into(),
            ExternKind::Table => Table::from_index(store, index).into(),
            ExternKind::Memory => Memory::from_index(store, index).into(),
            ExternKind::Global => Global::from_index(store, index).into(),
            ExternKind::Tag => Tag::from_index(store, index).into(),
        }
    }

    pub(crate) fn kind(&self) -> ExternKind {
        match self {
            Extern::Func(_) => ExternKind::Func,
            Extern::Table(_) => ExternKind::Table,
            Extern::Memory(_) => ExternKind::Memory,
            Extern::Global(_) => ExternKind::Global,
            Extern::Tag(_) => ExternKind::Tag,
        }
    }

    /// The index in the store.
    pub(crate) fn index(&self) -> u32 {
        match self {
            Extern::Func(func) => func.index(),
            Extern::Table(table) => table.index(),
            Extern::Memory(memory) => memory.index(),
            Extern::Global(global) => global.index(),
            Extern::Tag(tag) => tag.index(),
        }
    }

    pub(crate) fn store(&self) -> StoreId {
        match self {
            Extern::Func(func) => func.store(),
            Extern::Table(table) => table.store(),
            Extern::Memory(memory) => memory.store(),
            Extern::Global(global) => global.store(),
            Extern::Tag(tag) => tag.store(),
        }
    }

    /// Its type at present.
    pub(crate) fn item_type(&self, store: &StoreInner) -> Result<ItemType, Error> {
        check_store(store.id, self.store(), "item")?;
        let index = self.index() as usize;
        Ok(match self {
            Extern::Func(_) => ItemType::Func(store.funcs[index].ty),
            Extern::Table(_) => ItemType::Table(store.tables[index].ty_now()),
            Extern::Memory(_) => ItemType::Memory(store.memories[index].ty_now()),
            Extern::Global(_) => ItemType::Global(store.global_types[index]),
            Extern::Tag(_) => ItemType::Tag(store.tags[index].ty),
        })
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

/// An export of an instance: a name and what it stands for. See [`Instance::exports`](crate::Instance::exports).
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
