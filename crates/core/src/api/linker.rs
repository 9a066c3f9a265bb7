//! [`Linker`]: finds the imports of modules by name.

mod unknown;

use super::{func::HostFunc, nearest::nearest, store::StoreState, value::check_store};
use crate::{
    AsContext, AsContextMut, Caller, Engine, Error, Escaped, Extern, Func, FuncType, Instance,
    InstancePre, IntoFunc, Module, Trap, Val,
    error::{LinkErrors, error},
    room::text,
    runtime::{Item, StoreInner, check_import, unknown},
    types::ItemType,
};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use windlass_decode::MESSAGES;
use windlass_validate::Ordered;

/// Names and what they stand for, to satisfy the imports of modules.
///
/// Host functions are not bound to a store: one linker can serve many stores of its engine. What is
/// defined by [`Linker::define`], [`Linker::instance`] and [`Linker::module`] belongs to one store,
/// unless it is a [`SharedMemory`](crate::SharedMemory).
///
/// ```
/// use windlass::{Engine, Linker, Module, Store};
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("env", "now", || 12u64)?;
/// assert!(linker.func_wrap("env", "now", || 13u64).is_err());
/// linker.allow_shadowing(true);
/// linker.func_wrap("env", "now", || 14u64)?;
/// let module = Module::new(&engine, b"\0asm\x01\0\0\0")?;
/// let instance = linker.instantiate(&mut Store::new(&engine, ()), &module)?;
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct Linker<T> {
    engine: Engine,
    shadowing: bool,
    modules: Names<Names<Definition<T>>>,
}

/// What names stand for, in their order.
type Names<T> = Ordered<(Box<str>, T)>;

/// What a name stands for.
pub(super) enum Definition<T> {
    Item(Extern),
    Host(HostFunc<T>),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Definition::Item(item) => Definition::Item(item.clone()),
            Definition::Host(func) => Definition::Host(func.clone()),
        }
    }
}

impl<T> Linker<T> {
    /// A linker without names.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker { engine: engine.clone(), shadowing: false, modules: Ordered::default() }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name can be defined again, which replaces what it stood for. Not at first: then it
    /// is an error.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.shadowing = allow;
        self
    }

    /// Defines a name as something of a store.
    ///
    /// # Errors
    /// If the name is defined already, if `item` belongs to another store, or the store to another
    /// engine.
    ///
    /// ```
    /// use windlass::{Engine, Linker, Memory, MemoryType, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    /// let mut linker = Linker::new(store.engine());
    /// linker.define(&store, "env", "memory", memory)?;
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn define(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self, Error> {
        let (store, item) = (store.as_context(), item.into());
        self.check_engine(store.engine(), "store")?;
        item.item(&store.0.inner)?;
        self.insert(module, name, Definition::Item(item))
    }

    /// Defines a name as a host function of type `ty`: see [`Func::new`].
    ///
    /// # Errors
    /// If the name is defined already, or if `ty` belongs to another engine.
    ///
    /// ```
    /// use windlass::{Engine, FuncType, Linker, Val, ValType};
    /// let engine = Engine::default();
    /// let mut linker: Linker<()> = Linker::new(&engine);
    /// let ty = FuncType::new(&engine, [ValType::I64], [ValType::I64]);
    /// linker.func_new("env", "neg", ty, |_caller, params, results| {
    ///     results[0] = Val::I64(params[0].unwrap_i64().wrapping_neg());
    ///     Ok(())
    /// })?;
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<&mut Self, Error> {
        self.define_host(module, name, HostFunc::new(ty, f))
    }

    /// Defines a name as a host function whose type is that of the closure: see [`IntoFunc`].
    ///
    /// # Errors
    /// If the name is defined already, or if the engine has no room for more types.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self, Error> {
        self.define_host(module, name, HostFunc::wrap(&self.engine, func)?)
    }

    /// Defines all exports of `instance` under `module`.
    ///
    /// # Errors
    /// If a name is defined already, if `instance` belongs to another store, or the store to
    /// another engine; if the host has no memory for the names.
    pub fn instance(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self, Error> {
        let store = store.as_context();
        self.check_engine(store.engine(), "store")?;
        check_store(store.0.inner.id, instance.store(), "instance")?;
        for export in instance.exports(crate::StoreContext(store.0)) {
            let name = export.name();
            self.insert(module, name, Definition::Item(export.into_extern()))?;
        }
        Ok(self)
    }

    /// Instantiates `module`, calls its `_initialize` if it exports such a function, and
    /// defines its exports under `name`.
    ///
    /// # Errors
    /// As [`Linker::instantiate`] and [`Linker::instance`].
    ///
    /// ```
    /// use windlass::{Engine, Linker, Module, Store};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str(r#"(func (export "f") (result i32) (i32.const 5))"#).unwrap();
    /// let mut store = Store::new(&engine, ());
    /// let mut linker = Linker::new(&engine);
    /// linker.module(&mut store, "library", &Module::new(&engine, wasm)?)?;
    /// assert!(linker.get(&mut store, "library", "f").is_some());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn module(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        module: &Module,
    ) -> Result<&mut Self, Error> {
        let instance = self.instantiate(&mut store, module)?;
        if instance.get_func(&store, "_initialize").is_some() {
            let initialize = instance.get_typed_func::<(), ()>(&store, "_initialize")?;
            initialize.call(&mut store, ())?;
        }
        self.instance(store, name, instance)
    }

    /// Defines a name as what another one stands for.
    ///
    /// # Errors
    /// If the other one is not defined, or this one is already.
    ///
    /// ```
    /// use windlass::{Engine, Linker};
    /// let mut linker: Linker<()> = Linker::new(&Engine::default());
    /// linker.func_wrap("env", "f", || {})?.alias("env", "f", "env", "g")?;
    /// assert!(linker.alias("env", "none", "env", "h").is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn alias(
        &mut self,
        module: &str,
        name: &str,
        as_module: &str,
        as_name: &str,
    ) -> Result<&mut Self, Error> {
        let definition = self.find(module, name).cloned();
        let unknown = || error!("{} is not defined", Path(module, name));
        self.insert(as_module, as_name, definition.ok_or_else(unknown)?)
    }

    /// Defines all names of a module under another module's name too.
    ///
    /// # Errors
    /// If no name of the module is defined, or one is already under the other.
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<(), Error> {
        let names = self.module_names(module);
        let names = names.ok_or_else(|| error!("`{}` is not defined", Escaped(module)))?.clone();
        for (name, definition) in in_order(&names) {
            self.insert(as_module, name, definition.clone())?;
        }
        Ok(())
    }

    /// What a name stands for in the store. A host function becomes a function of the store.
    ///
    /// None if the name is not defined, or if what it stands for belongs to another store or
    /// engine.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let store = store.as_context_mut().0;
        self.check_engine(&store.inner.engine, "store").ok()?;
        let item = self.find(module, name)?.to_extern(store);
        item.item(&store.inner).is_ok().then_some(item)
    }

    /// Instantiates `module` with what its imports stand for: see [`Instance::new`].
    ///
    /// # Errors
    /// As [`Linker::instantiate_pre`] and [`InstancePre::instantiate`].
    pub fn instantiate(
        &self,
        store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance, Error> {
        self.check_engine(store.as_context().engine(), "store")?;
        let prepared = self.prepared(&store.as_context().0.inner, module)?;
        prepared.instantiate(store)
    }

    /// Finds what the imports of `module` stand for and checks the types of host functions, once
    /// for many instances. What is defined afterwards does not change it.
    ///
    /// # Errors
    /// [`LinkError`](crate::LinkError) if nothing is defined for imports, or host functions of
    /// other types; if the module belongs to another engine, or the host has no memory. What is
    /// in a store has its type there, and is checked when an instance is made.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>, Error> {
        self.prepare(module, None)
    }

    /// The same for this store. [`Instance::new`] checks the types of what is in it; they are
    /// looked at here only if something else is wrong, so that the error tells of all.
    fn prepared(&self, store: &StoreInner, module: &Module) -> Result<InstancePre<T>, Error> {
        self.prepare(module, None).or_else(|_| self.prepare(module, Some(store)))
    }

    /// Finds what the imports stand for, and checks the types that are known: of what is in a
    /// store only with that store.
    fn prepare(
        &self,
        module: &Module,
        store: Option<&StoreInner>,
    ) -> Result<InstancePre<T>, Error> {
        self.check_engine(module.engine(), "module")?;
        let mut definitions = Vec::new();
        let count = module.0.decoded.imports.len();
        definitions.try_reserve_exact(count).map_err(|_| Trap::AllocationTooLarge)?;
        let mut errors = LinkErrors::default();
        for (import, ty) in module.0.imports() {
            let Some(definition) = self.find(&import.module, &import.name) else {
                errors.add(|| {
                    let near = self.nearest(&import.module, &import.name);
                    unknown(&self.engine, import, ty, Near(near))
                });
                continue;
            };
            if let Some(given) = definition.ty(store) {
                check_import(&self.engine, import, ty, given, &mut errors);
            }
            definitions.push(definition.clone());
        }
        errors.finish()?;
        Ok(InstancePre::new(module.clone(), definitions))
    }

    /// What is defined, as module, name and what they stand for in the store, in order of the
    /// names. Host functions become functions of the store. What belongs to another store is left
    /// out, and so is all in a store of another engine.
    ///
    /// ```
    /// use windlass::{Engine, Linker, Store};
    /// let mut linker = Linker::new(&Engine::default());
    /// linker.func_wrap("env", "f", || {})?.func_wrap("env", "g", || 1)?;
    /// let mut store = Store::new(linker.engine(), ());
    /// let names: Vec<_> = linker.iter(&mut store).map(|(_, name, _)| name).collect();
    /// assert_eq!(names, ["f", "g"]);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn iter<'a: 'p, 'p>(
        &'a self,
        mut store: impl AsContextMut<Data = T> + 'p,
    ) -> impl Iterator<Item = (&'a str, &'a str, Extern)> + 'p {
        self.names().filter_map(move |(module, name)| {
            Some((module, name, self.get(&mut store, module, name)?))
        })
    }

    /// The function that a module stands for as a whole: what is defined under its empty name, or
    /// else as its `_start`; if there is neither, a function that does nothing.
    ///
    /// # Errors
    /// If the empty name stands for something that is no function; if the store is of another
    /// engine.
    ///
    /// ```
    /// use windlass::{Engine, Linker, Module, Store};
    /// let wasm = wat::parse_str(r#"(func (export "") (result i32) (i32.const 7))"#).unwrap();
    /// let mut linker = Linker::new(&Engine::default());
    /// let mut store = Store::new(linker.engine(), ());
    /// let module = Module::new(linker.engine(), wasm)?;
    /// linker.module(&mut store, "program", &module)?;
    /// let main = linker.get_default(&mut store, "program")?.typed::<(), i32>(&store)?;
    /// assert_eq!(main.call(&mut store, ())?, 7);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn get_default(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
    ) -> Result<Func, Error> {
        self.check_engine(&store.as_context_mut().0.inner.engine, "store")?;
        match self.get(&mut store, module, "") {
            Some(Extern::Func(func)) => return Ok(func),
            Some(_) => return Err(error!("{} is no function", Path(module, ""))),
            None => {}
        }
        let start = self.get(&mut store, module, "_start").and_then(Extern::into_func);
        Ok(start.unwrap_or_else(|| Func::wrap(store, || {})))
    }

    /// What the imports of the module stand for in the store.
    pub(crate) fn imports(
        &self,
        store: &mut StoreState<T>,
        module: &Module,
    ) -> Result<Vec<Extern>, Error> {
        self.check_engine(&store.inner.engine, "store")?;
        let prepared = self.prepared(&store.inner, module)?;
        Ok(prepared.imports().map(|import| import.to_extern(store)).collect())
    }

    /// Defines a name as this host function.
    pub(crate) fn define_host(
        &mut self,
        module: &str,
        name: &str,
        func: HostFunc<T>,
    ) -> Result<&mut Self, Error> {
        self.check_engine(func.ty.engine(), "function's type")?;
        self.insert(module, name, Definition::Host(func))
    }

    /// All names, in order.
    fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        in_order(&self.modules)
            .flat_map(|(module, names)| in_order(names).map(move |(name, _)| (&**module, &**name)))
    }

    /// Which name was meant: the same of another module, or one like it of this.
    fn nearest(&self, module: &str, name: &str) -> Option<(&str, &str)> {
        if !MESSAGES {
            return None;
        }
        let of = |names| named(names, name).map(|(name, _)| &**name);
        let elsewhere =
            in_order(&self.modules).filter_map(|(module, names)| Some((&**module, of(names)?)));
        let elsewhere: Vec<(&str, &str)> = elsewhere.take(8).collect();
        let like = nearest(module, elsewhere.iter().map(|&(module, _)| module));
        let other = elsewhere.iter().find(|&&(module, _)| like.is_none_or(|like| like == module));
        let here = named(&self.modules, module).and_then(|(module, names)| {
            let like = nearest(name, in_order(names).map(|(name, _)| &**name))?;
            Some((&**module, like))
        });
        here.or(other.copied())
    }

    fn check_engine(&self, engine: &Engine, what: &str) -> Result<(), Error> {
        match Engine::same(&self.engine, engine) {
            true => Ok(()),
            false => Err(error!("the {what} belongs to another engine than the linker")),
        }
    }

    fn find(&self, module: &str, name: &str) -> Option<&Definition<T>> {
        named(self.module_names(module)?, name).map(|(_, definition)| definition)
    }

    fn module_names(&self, module: &str) -> Option<&Names<Definition<T>>> {
        named(&self.modules, module).map(|(_, names)| names)
    }

    #[inline(never)]
    fn insert(
        &mut self,
        module: &str,
        name: &str,
        definition: Definition<T>,
    ) -> Result<&mut Self, Error> {
        if !self.shadowing && self.find(module, name).is_some() {
            return Err(error!("{} is defined already", Path(module, name)));
        }
        if self.module_names(module).is_none() {
            add(&mut self.modules, module, Ordered::default())?;
        }
        if let Some((_, names)) = self.modules.find_mut(|(other, _)| (**other).cmp(module)) {
            match names.find_mut(|(other, _)| (**other).cmp(name)) {
                Some((_, known)) => *known = definition,
                None => add(names, name, definition)?,
            }
        }
        Ok(self)
    }
}

/// What is found under a name, with the name.
fn named<'a, T>(names: &'a Names<T>, name: &str) -> Option<&'a (Box<str>, T)> {
    names.find(|(other, _)| (**other).cmp(name))
}

/// Adds a name that is not there.
fn add<T>(names: &mut Names<T>, name: &str, item: T) -> Result<(), Error> {
    names.reserve().map_err(|_| Trap::AllocationTooLarge)?;
    let own = text(name).map_err(|_| Trap::AllocationTooLarge)?;
    names.insert((own, item), |(a, _), (b, _)| a.cmp(b));
    Ok(())
}

/// All names with what is found under them, in order.
fn in_order<T>(names: &Names<T>) -> impl Iterator<Item = &(Box<str>, T)> {
    names.iter(|(a, _), (b, _)| a.cmp(b))
}

/// Shows the name that was meant, if there is one.
struct Near<'a>(Option<(&'a str, &'a str)>);

impl fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((module, name)) => write!(f, ", but there is {}", Path(module, name)),
            None => Ok(()),
        }
    }
}

/// Shows the two names that an import has.
struct Path<'a>(&'a str, &'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`::`{}`", Escaped(self.0), Escaped(self.1))
    }
}

impl<T> Definition<T> {
    /// Its type, if it is known: of what is in a store only with that store.
    fn ty(&self, store: Option<&StoreInner>) -> Option<ItemType> {
        match (self, store) {
            (Definition::Host(func), _) => Some(ItemType::Func(func.ty.id())),
            (Definition::Item(item), Some(store)) => Some(item.item(store).ok()?.ty(store)),
            (Definition::Item(_), None) => None,
        }
    }

    fn to_extern(&self, store: &mut StoreState<T>) -> Extern {
        match self {
            Definition::Item(item) => item.clone(),
            Definition::Host(func) => Func::from_host(store, func).into(),
        }
    }

    /// As what instantiation takes.
    pub(super) fn to_item(&self, store: &mut StoreState<T>) -> Result<Item, Error> {
        match self {
            Definition::Item(item) => item.item(&store.inner),
            Definition::Host(func) => Ok(Item::Func(Func::from_host(store, func).index())),
        }
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Linker {
            engine: self.engine.clone(),
            shadowing: self.shadowing,
            modules: self.modules.clone(),
        }
    }
}

impl<T> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names().map(|(module, name)| alloc::format!("{module}::{name}"));
        f.debug_list().entries(names).finish()
    }
}
