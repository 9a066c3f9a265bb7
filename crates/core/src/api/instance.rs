//! [`Instance`]: an instantiated module, and its exports.

use super::{func::Call, nearest::nearest, store::StoreState, value::check_store};
use crate::{
    AsContext, AsContextMut, Error, Escaped, Execution, Export, Extern, FrameInfo, Func, Global,
    Memory, Module, SharedMemory, StoreContext, StoreContextMut, Table, Tag, Trap, TypedFunc,
    WasmParams, WasmResults,
    error::error,
    runtime::{self, InstanceEntity, Item, StoreId, StoreInner},
};
use alloc::vec::Vec;
use core::fmt;
use windlass_decode::{ExternKind, MESSAGES};

/// How many names an error tells of: a module can have a million.
const MOST_TOLD: usize = 16;

/// An instance of a module in a store. It is a number, cheap to copy.
///
/// ```
/// use windlass::{Engine, Instance, Module, Store, Val};
/// let engine = Engine::default();
/// let wasm = wat::parse_str(
///     r#"(global (export "answer") i32 (i32.const 42))
///        (func (export "double") (param i32) (result i32)
///          (i32.shl (local.get 0) (i32.const 1)))"#,
/// )
/// .unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// let double = instance.get_typed_func::<i32, i32>(&store, "double")?;
/// assert_eq!(double.call(&mut store, 21)?, 42);
/// let answer = instance.get_global(&store, "answer").unwrap();
/// assert_eq!(answer.get(&mut store).i32(), Some(42));
/// assert!(instance.get_memory(&store, "double").is_none());
/// # Ok::<(), windlass::Error>(())
/// ```
///
/// # Panics
/// Methods that do not return a `Result` panic if the instance belongs to another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl Instance {
    /// Instantiates `module` with `imports` in the order of [`Module::imports`]: makes its memories
    /// and so on, copies its active segments, and calls its start function. A
    /// [`Linker`](crate::Linker) finds imports by name.
    ///
    /// What may be more than the module is long is paid with fuel, and looks for interrupts and
    /// deadlines: large arrays and structures in constant expressions, tables filled with what is
    /// not null, and the start function. [`FUEL_VERSION`](crate::FUEL_VERSION) has the costs. All
    /// else is free.
    ///
    /// # Errors
    /// - [`LinkError`](crate::LinkError) if an import is not of the type that the module declares;
    /// - a [`Trap`](crate::Trap) if a segment does not fit, or the start function traps;
    /// - [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) and
    ///   [`Trap::Interrupted`](crate::Trap::Interrupted): if this comes before the segments are
    ///   written, nothing is left behind;
    /// - if the store's limits don't allow it, an import belongs to another store, or the module to
    ///   another engine.
    ///
    /// ```
    /// use windlass::{Engine, Instance, Module, Store};
    /// // A module that exports a memory.
    /// let bytes = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\x07\x05\x01\x01m\x02\0";
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, bytes)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// assert!(instance.get_memory(&mut store, "m").is_some());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn new(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance, Error> {
        let store = store.as_context_mut().0;
        let items = items(store, imports)?;
        Instance::with_items(store, module, &items)
    }

    /// As [`Instance::new`], with imports of this store.
    pub(super) fn with_items<T>(
        store: &mut StoreState<T>,
        module: &Module,
        items: &[Item],
    ) -> Result<Instance, Error> {
        let instance = Instance::make(store, module, items)?;
        if let Some(func) = instance.start_func(&store.inner) {
            Call::start(store, func, |_, _| Ok(()))?.finish()?;
        }
        Ok(instance)
    }

    /// The same, except that the start function, if there is one, is not called: it is given as an
    /// [`Execution`](crate::Execution), which can be paused, and has not run yet. Until it has
    /// finished, the guest is not in the state that its other functions expect.
    ///
    /// # Errors
    /// As [`Instance::new`], but for what the start function does.
    ///
    /// ```
    /// use windlass::{Engine, Event, Instance, Module, Store};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str(r#"(global $g (export "g") (mut i32) (i32.const 0))
    ///     (func $start (global.set $g (i32.const 1))) (start $start)"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let module = Module::new(&engine, wasm)?;
    /// let (instance, start) = Instance::start(&mut store, &module, &[])?;
    /// let g = instance.get_global(&store, "g").unwrap();
    /// assert_eq!(g.get(&mut store).i32(), Some(0));
    /// assert!(matches!(start.unwrap().run(&mut store)?, Event::Finished(_)));
    /// assert_eq!(g.get(&mut store).i32(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<(Instance, Option<Execution>), Error> {
        let store = store.as_context_mut().0;
        let items = items(store, imports)?;
        let instance = Instance::make(store, module, &items)?;
        let start = instance.start_func(&store.inner);
        let start = start.map(|func| Func::from_index(store.inner.id, func));
        let start = start.map(|func| func.start(StoreContextMut(store), &[])).transpose()?;
        Ok((instance, start))
    }

    /// Makes it, and calls nothing.
    fn make<T>(
        store: &mut StoreState<T>,
        module: &Module,
        items: &[Item],
    ) -> Result<Instance, Error> {
        let index = runtime::instantiate(store, module, items)?;
        Ok(Instance { store: store.inner.id, index })
    }

    /// Which function of the store is the start function.
    fn start_func(&self, store: &StoreInner) -> Option<u32> {
        let InstanceEntity { module, funcs, .. } = self.entity(store);
        let start = module.0.decoded.start.as_ref()?;
        Some(funcs[start.func as usize])
    }

    /// What is exported under `name`.
    pub fn get_export(&self, store: impl AsContext, name: &str) -> Option<Extern> {
        let inner = &store.as_context().0.inner;
        let (kind, index) = self.entity(inner).module.0.find_export(name)?;
        self.item(inner, kind, index)
    }

    /// All exports, in the order of the module.
    pub fn exports<'a, T: 'a>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> impl Iterator<Item = Export<'a>> {
        let this = *self;
        let inner = &store.into().0.inner;
        let exports = this.entity(inner).module.0.decoded.exports.iter();
        exports.filter_map(move |export| {
            let definition = this.item(inner, export.kind, export.index)?;
            Some(Export::new(&export.name, definition))
        })
    }

    /// The function that is exported under `name`.
    pub fn get_func(&self, store: impl AsContext, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The function that is exported under `name`, with parameters and results as Rust types.
    ///
    /// # Errors
    /// If there is no such function (it names those that there are), or if its type is another.
    pub fn get_typed_func<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
        name: &str,
    ) -> Result<TypedFunc<Params, Results>, Error> {
        let func = self.get_export(&store, name).and_then(Extern::into_func);
        let none = || self.no_func(&store.as_context().0.inner, name);
        let func = func.ok_or_else(none)?;
        func.typed(store).map_err(|error| match MESSAGES {
            true => error!("{error}, under the name `{}`", Escaped(name)),
            false => error,
        })
    }

    /// The error that there is no such function: it tells what there is, first what may be meant.
    #[cold]
    fn no_func(&self, store: &StoreInner, name: &str) -> Error {
        if !MESSAGES {
            return error!("no function is exported under this name");
        }
        let module = &self.entity(store).module.0;
        let exports = module.decoded.exports.iter();
        let funcs = exports.filter(|export| export.kind == ExternKind::Func);
        let names = funcs.map(|export| &*export.name);
        let near = nearest(name, names.clone());
        let (there_are, shown) = (ThereAre(near, names), Escaped(name));
        match module.find_export(name) {
            Some((kind, _)) => error!("`{shown}` is {}, no function; {there_are}", a(kind)),
            None => error!("no function is exported under the name `{shown}`; {there_are}"),
        }
    }

    /// The memory that is exported under `name`.
    pub fn get_memory(&self, store: impl AsContext, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The shared memory that is exported under `name`.
    pub fn get_shared_memory(&self, store: impl AsContext, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// The table that is exported under `name`.
    pub fn get_table(&self, store: impl AsContext, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The global that is exported under `name`.
    pub fn get_global(&self, store: impl AsContext, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// The tag that is exported under `name`.
    pub fn get_tag(&self, store: impl AsContext, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }

    /// Its module.
    pub fn module<'a, T: 'a>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a Module {
        &self.entity(&store.into().0.inner).module
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Instance {
        Instance { store, index }
    }

    fn item(&self, store: &StoreInner, kind: ExternKind, index: u32) -> Option<Extern> {
        let entity = self.entity(store);
        let space = match kind {
            ExternKind::Func => &entity.funcs,
            ExternKind::Table => &entity.tables,
            ExternKind::Memory => &entity.memories,
            ExternKind::Global => &entity.globals,
            ExternKind::Tag => &entity.tags,
        };
        Some(Extern::new(store, kind, *space.get(index as usize)?))
    }

    fn entity<'a>(&self, store: &'a StoreInner) -> &'a InstanceEntity {
        match check_store(store.id, self.store, "instance") {
            Ok(()) => &store.instances[self.index as usize],
            Err(error) => panic!("{error}"),
        }
    }
}

/// What an error calls it.
fn a(kind: ExternKind) -> &'static str {
    match kind {
        ExternKind::Func => "a function",
        ExternKind::Table => "a table",
        ExternKind::Memory => "a memory",
        ExternKind::Global => "a global",
        ExternKind::Tag => "a tag",
    }
}

/// Imports as what they are in the store.
fn items<T>(store: &StoreState<T>, imports: &[Extern]) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    items.try_reserve_exact(imports.len()).map_err(|_| Trap::AllocationTooLarge)?;
    for given in imports {
        items.push(given.item(&store.inner)?);
    }
    Ok(items)
}

impl FrameInfo {
    /// The instance that the function belongs to.
    pub fn instance(&self) -> Instance {
        let (store, index) = self.place();
        Instance { store, index }
    }
}

/// Which functions are exported, the nearest first.
struct ThereAre<'a, I>(Option<&'a str>, I);

impl<'a, I: Iterator<Item = &'a str> + Clone> fmt::Display for ThereAre<'a, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ThereAre(near, names) = self;
        let count = names.clone().count();
        f.write_str(match count {
            0 => "no function is",
            1 => "there is ",
            _ => "there are ",
        })?;
        let others = names.clone().filter(|name| Some(*name) != *near);
        for (at, name) in near.iter().copied().chain(others).take(MOST_TOLD).enumerate() {
            write!(f, "{}`{}`", if at > 0 { ", " } else { "" }, Escaped(name))?;
        }
        match count.saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
