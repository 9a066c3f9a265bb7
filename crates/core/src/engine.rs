//! [`Engine`]: what modules and stores share: settings, and the types of all modules.

mod held;

pub(crate) use held::{HeldType, HeldTypes};

use crate::{Config, Error, interrupt::Epochs, lock::Lock, unique::Counter};
use alloc::sync::Arc;
use core::fmt;
use windlass_decode::{FuncType, SubType};
use windlass_validate::{Context, NewGroup, TypeId, TypeRegistry};

/// What modules and stores share. Cheap to clone, and usable from several threads.
///
/// ```
/// use windlass::{Config, Engine};
/// let engine = Engine::default();
/// let metered = Engine::new(Config::new().consume_fuel(true))?;
/// assert!(!Engine::same(&engine, &metered));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<EngineInner>);

pub(crate) struct EngineInner {
    pub(crate) id: EngineId,
    pub(crate) config: Config,
    /// The types of all modules and host functions.
    pub(crate) types: Lock<TypeRegistry>,
    /// The deadlines of its stores.
    pub(crate) epochs: Arc<Epochs>,
}

/// Tells engines apart, so that a type is not used with another engine. Never given twice. Bytes,
/// so that types that carry it need not be aligned by 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EngineId([u8; 8]);

impl EngineId {
    fn next() -> Option<EngineId> {
        static NEXT: Counter = Counter::new();
        Some(EngineId(NEXT.next()?.get().to_ne_bytes()))
    }
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// On a host without 64-bit atomics, if the process has made 2^32 - 1 engines before; if
    /// [`Config::verify_code`] is asked for in a build without the feature `verify`.
    pub fn new(config: &Config) -> Result<Engine, Error> {
        if config.verify_code && !cfg!(any(debug_assertions, feature = "verify")) {
            let needs = "to verify code needs the cargo feature `verify`";
            return Err(Error::msg(needs));
        }
        let id =
            EngineId::next().ok_or_else(|| Error::msg("the process has made too many engines"))?;
        let types = Lock::new(TypeRegistry::new());
        let (config, epochs) = (config.clone(), Arc::default());
        Ok(Engine(Arc::new(EngineInner { id, config, types, epochs })))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// One tick more: stops the guests of all stores whose deadline this is, as
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline) says.
    ///
    /// To be called from any thread, in equal intervals as a rule. It allocates nothing and waits
    /// for no lock, so a signal handler may call it, too. What it costs does not depend on how many
    /// stores there are, but on how many deadlines have come.
    ///
    /// ```
    /// use windlass::{Config, Engine, Instance, Metering, Module, Store, Trap};
    /// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
    /// let wasm = wat::parse_str(r#"(func (export "spin") (loop (br 0)))"#).unwrap();
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
    /// store.set_epoch_deadline(2)?;
    /// let ticker = engine.clone();
    /// std::thread::spawn(move || {
    ///     for _ in 0..2 {
    ///         std::thread::sleep(std::time::Duration::from_millis(1));
    ///         ticker.increment_epoch();
    ///     }
    /// });
    /// let spin = instance.get_typed_func::<(), ()>(&store, "spin")?;
    /// assert_eq!(spin.call(&mut store, ()).unwrap_err().trap(), Some(Trap::Interrupted));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn increment_epoch(&self) {
        self.0.epochs.increment();
    }

    /// Whether both are the same engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    /// What tells it apart from other engines.
    pub(crate) fn id(&self) -> EngineId {
        self.0.id
    }

    /// Looks at the types.
    pub(crate) fn types<R>(&self, f: impl FnOnce(&TypeRegistry) -> R) -> R {
        self.0.types.read(f)
    }

    /// A type whose own types are the engine's.
    ///
    /// # Errors
    /// If the supertype may not have it, or if the engine is full: it has 2^27 types, or the host
    /// no memory.
    pub(crate) fn register(&self, ty: SubType) -> Result<HeldType, Error> {
        let sup = ty.supertypes.first().map(|&sup| TypeId(sup));
        if sup.is_some_and(|sup| !self.types(|types| types.may_extend(&ty.composite, sup))) {
            return Err(Error::msg("the type does not match its supertype"));
        }
        let group = NewGroup::alone(ty).ok_or_else(full)?;
        let id = self.0.types.write(|types| types.enter(group)).ok_or_else(full)?;
        Ok(HeldType::counted(self, id))
    }

    /// Enters the types of a module that is valid.
    ///
    /// # Errors
    /// If the engine is full.
    pub(crate) fn enter(&self, context: &mut Context) -> Result<HeldTypes, Error> {
        let mut held = HeldTypes::new(self);
        context.enter(&mut &*self, &mut held.ids).ok_or_else(full)?;
        Ok(held)
    }

    /// How many types modules, stores and the host hold at present: for tests of what is freed.
    #[doc(hidden)]
    pub fn types_held(&self) -> usize {
        self.types(TypeRegistry::len)
    }

    /// The function type with this number; the empty one if it is no function type.
    pub(crate) fn func_type(&self, id: TypeId) -> FuncType {
        self.types(|types| types.func(id).cloned()).unwrap_or_default()
    }
}

#[cold]
fn full() -> Error {
    Error::msg("the engine has no room for more types")
}

impl Default for Engine {
    /// An engine with the settings of [`Config::new`].
    ///
    /// # Panics
    /// Where [`Engine::new`] fails.
    fn default() -> Engine {
        match Engine::new(&Config::new()) {
            Ok(engine) => engine,
            Err(error) => panic!("{error}"),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.0.config).finish_non_exhaustive()
    }
}
