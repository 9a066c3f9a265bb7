//! [`Store`] and [`Caller`]; and [`Shared`], which both stand for: a store that one thread at a
//! time uses. It must never wait for another thread, and never run Python code while the state is
//! locked.
//!
//! The unsafe code is that a host function lends what it has of the store to the Python code that
//! it calls, which cannot have a lifetime.

use crate::{
    convert,
    ending::let_go,
    engine::Engine,
    errors,
    kept::{Kept, next_number},
    wasi,
};
use pyo3::{
    gc::{PyTraverseError, PyVisit},
    prelude::*,
    types::{PyTuple, PyWeakrefMethods, PyWeakrefReference},
};
use std::{
    collections::HashMap,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
};
use windlass::{
    AsContextMut, InterruptHandle, RootScope, StoreContextMut, StoreLimits, StoreLimitsBuilder,
};
use windlass_wasi::{WasiCtx, WasiCtxBuilder};

/// The store, as whoever uses it has it.
pub(crate) type Context<'a> = StoreContextMut<'a, Data>;

/// What the library's store has of ours.
pub(crate) struct Data {
    pub(crate) shared: Weak<Shared>,
    pub(crate) wasi: Option<WasiCtx>,
    limits: StoreLimits,
}

impl Data {
    /// The context of WASI: empty, if none was set.
    pub(crate) fn wasi(&mut self) -> &mut WasiCtx {
        self.wasi.get_or_insert_with(|| WasiCtxBuilder::new().build())
    }
}

/// A store, what its host functions call, and who uses it.
pub(crate) struct Shared {
    /// Tells stores apart.
    pub(crate) id: u64,
    pub(crate) engine: Py<Engine>,
    state: Mutex<State>,
    /// A panic has left it in an unknown state.
    poisoned: AtomicBool,
    /// What host functions call, streams of WASI write to and guests hold as `externref`.
    pub(crate) kept: Kept,
    /// The Python object that it belongs to.
    object: OnceLock<Py<PyWeakrefReference>>,
    /// How many views there are of its memories.
    pinned: AtomicUsize,
    /// The same of each memory that has some.
    views: Mutex<HashMap<windlass::Memory, usize>>,
    /// Whether the guest that runs, runs without the GIL.
    pub(crate) detached: AtomicBool,
    /// None if guests of the engine don't look for interrupts.
    pub(crate) handle: Option<InterruptHandle>,
    /// The engine's epoch that stops guests.
    deadline: AtomicU64,
    /// Somebody wants it stopped.
    stop: AtomicBool,
    /// What was raised where no exception can come out, as when WASI waits: the guest is stopped.
    raised: Mutex<Option<PyErr>>,
}

enum State {
    Free(Box<windlass::Store<Data>>),
    /// By this thread, so many calls of host functions deep.
    InUse(ThreadId, usize),
    /// A host function that runs on this thread, so deep, has lent it to the Python code that it
    /// calls.
    Lent(ThreadId, usize, Context<'static>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn new(py: Python<'_>, engine: Py<Engine>) -> Arc<Shared> {
        Arc::new_cyclic(|shared| {
            let data = Data { shared: shared.clone(), wasi: None, limits: StoreLimits::default() };
            let mut store = windlass::Store::new(&engine.bind(py).get().engine, data);
            store.limiter(|data| &mut data.limits);
            Shared {
                id: next_number(),
                engine,
                handle: store.interrupt_handle().ok(),
                state: Mutex::new(State::Free(Box::new(store))),
                poisoned: AtomicBool::new(false),
                kept: Kept::default(),
                object: OnceLock::new(),
                pinned: AtomicUsize::new(0),
                views: Mutex::default(),
                detached: AtomicBool::new(false),
                deadline: AtomicU64::new(u64::MAX),
                stop: AtomicBool::new(false),
                raised: Mutex::new(None),
            }
        })
    }

    /// Uses the store. A panic poisons it.
    ///
    /// # Errors
    /// `StoreInUse`, if somebody else does; if it is poisoned; those of `f`.
    pub(crate) fn with<R>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(Python<'_>, &mut Context<'_>) -> PyResult<R>,
    ) -> PyResult<R> {
        if self.poisoned.load(Ordering::Relaxed) {
            return Err(errors::failed(py, "the store cannot be used after an internal error"));
        }
        let mut used = self.take(py)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| match &mut used.state {
            State::Free(store) => {
                let mut scope = RootScope::new(&mut **store);
                f(py, &mut scope.as_context_mut())
            }
            State::Lent(_, _, context) => f(py, &mut context.as_context_mut()),
            State::InUse(..) => Err(errors::failed(py, "the store is in use")),
        }));
        drop(used);
        self.kept.sweep(py);
        outcome.unwrap_or_else(|panic| {
            self.poisoned.store(true, Ordering::Relaxed);
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic");
            Err(errors::failed(py, format!("internal error: {text}")))
        })
    }

    /// Takes the store, if it is free or lent to this thread.
    fn take(&self, py: Python<'_>) -> PyResult<Used<'_>> {
        let me = thread::current().id();
        let mut state = lock(&self.state);
        let message = match &*state {
            State::Free(_) => {
                let taken = mem::replace(&mut *state, State::InUse(me, 0));
                return Ok(Used { shared: self, state: taken });
            }
            State::Lent(thread, depth, _) if *thread == me => {
                let in_use = State::InUse(me, *depth);
                let taken = mem::replace(&mut *state, in_use);
                return Ok(Used { shared: self, state: taken });
            }
            State::InUse(thread, _) if *thread == me => {
                "the store is in use: this code runs in the middle of an operation on it"
            }
            State::InUse(..) | State::Lent(..) => "the store is in use by another thread",
        };
        drop(state);
        Err(errors::in_use(py, message))
    }

    /// Lends the store to `f`, for which it can be used by this thread.
    pub(crate) fn lend<R>(&self, context: Context<'_>, f: impl FnOnce() -> R) -> R {
        // SAFETY: the context does not live longer than this function, and nobody else has it
        // meanwhile. It is moved into the state, where `take` finds it: on this thread alone, since
        // it compares threads; and whoever takes it puts it back before `f` goes on, as `Used` does
        // when it is dropped. `Lent` takes it out before this function ends, however `f` ends, and
        // aborts if it is not there: then a coroutine library has left the frames of somebody who
        // uses it on another stack.
        let context = unsafe { mem::transmute::<Context<'_>, Context<'static>>(context) };
        let me = thread::current().id();
        let mut state = lock(&self.state);
        let depth = match &*state {
            State::InUse(thread, depth) if *thread == me => depth + 1,
            // Who calls this uses the store.
            _ => process::abort(),
        };
        *state = State::Lent(me, depth, context);
        drop(state);
        let _lent = Lent { shared: self, thread: me, depth };
        f()
    }

    /// Fails if something belongs to another store.
    pub(crate) fn check(&self, py: Python<'_>, store: u64, what: &str) -> PyResult<()> {
        if store == self.id {
            return Ok(());
        }
        Err(errors::failed(py, format!("the {what} belongs to another store")))
    }

    /// There is one more view of the memory.
    pub(crate) fn pin(&self, memory: windlass::Memory) {
        *lock(&self.views).entry(memory).or_default() += 1;
        self.pinned.fetch_add(1, Ordering::Relaxed);
    }

    /// There is one less.
    pub(crate) fn unpin(&self, memory: windlass::Memory) {
        let mut views = lock(&self.views);
        if let Some(count) = views.get_mut(&memory) {
            *count -= 1;
            if *count == 0 {
                views.remove(&memory);
            }
        }
        self.pinned.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether there are views of the memory.
    pub(crate) fn is_viewed(&self, memory: windlass::Memory) -> bool {
        lock(&self.views).contains_key(&memory)
    }

    /// Whether there are views of its memories.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed) != 0
    }

    /// The Python object that it belongs to.
    pub(crate) fn object(&self, py: Python<'_>) -> PyResult<Py<Store>> {
        let object = self.object.get().and_then(|object| object.bind(py).upgrade());
        let gone = || errors::failed(py, "the store is gone");
        Ok(object.ok_or_else(gone)?.cast_into::<Store>()?.unbind())
    }

    /// Stops the guest with this exception.
    pub(crate) fn stop_with(&self, error: PyErr) {
        let old = lock(&self.raised).replace(error);
        drop(old);
    }

    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        lock(&self.raised).take()
    }

    /// Whether a guest that finds itself interrupted is to stop: it is told once of an interrupt,
    /// and always of a deadline.
    pub(crate) fn is_to_stop(&self, clear: bool) -> bool {
        let stop = match clear {
            true => self.stop.swap(false, Ordering::Relaxed),
            false => self.stop.load(Ordering::Relaxed),
        };
        stop || self.engine.get().epoch() >= self.deadline.load(Ordering::Relaxed)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let_go(self.take_raised());
    }
}

/// A store that is taken; it is put back when this is dropped.
struct Used<'a> {
    shared: &'a Shared,
    state: State,
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        let me = thread::current().id();
        let state = mem::replace(&mut self.state, State::InUse(me, 0));
        *lock(&self.shared.state) = state;
    }
}

/// What was lent; it is taken back when this is dropped.
struct Lent<'a> {
    shared: &'a Shared,
    thread: ThreadId,
    depth: usize,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        match &*state {
            State::Lent(_, depth, _) if *depth == self.depth => {
                *state = State::InUse(self.thread, self.depth - 1);
            }
            _ => process::abort(),
        }
    }
}

/// What holds running guests: instances, their memories, and so on. One thread at a time uses it;
/// others get `StoreInUse`.
#[pyclass(frozen, module = "windlass", subclass, weakref)]
pub(crate) struct Store {
    pub(crate) shared: Arc<Shared>,
    /// None if the collector has taken it.
    data: Mutex<Option<Py<PyAny>>>,
}

#[pymethods]
impl Store {
    #[new]
    #[pyo3(signature = (engine=None, data=None))]
    fn new(py: Python<'_>, engine: Option<Py<Engine>>, data: Option<Py<PyAny>>) -> PyResult<Store> {
        let engine = match engine {
            Some(engine) => engine,
            None => Engine::default_one(py)?,
        };
        Ok(Store { shared: Shared::new(py, engine), data: Mutex::new(data) })
    }

    /// The engine.
    #[getter]
    fn engine(&self, py: Python<'_>) -> Py<Engine> {
        self.shared.engine.clone_ref(py)
    }

    /// What was given to the store when it was made.
    fn data(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        lock(&self.data).as_ref().map(|data| data.clone_ref(py))
    }

    /// Collects garbage of guests.
    fn gc(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.with(py, |py, context| {
            py.detach(|| context.gc());
            Ok(())
        })
    }

    /// Sets how much fuel is left.
    fn set_fuel(&self, py: Python<'_>, fuel: u64) -> PyResult<()> {
        self.shared
            .with(py, |py, context| context.set_fuel(fuel).map_err(|e| errors::no_fuel(py, e)))
    }

    /// How much fuel is left.
    fn get_fuel(&self, py: Python<'_>) -> PyResult<u64> {
        self.shared.with(py, |py, context| context.get_fuel().map_err(|e| errors::no_fuel(py, e)))
    }

    /// Stops guests when the engine's epoch has been incremented so many times.
    fn set_epoch_deadline(&self, py: Python<'_>, ticks_after_current: u64) -> PyResult<()> {
        self.shared.with(py, |py, context| {
            let engine = self.shared.engine.get();
            let at = engine.deadline(|| context.set_epoch_deadline(ticks_after_current));
            let at = at.map_err(|error| errors::raise(py, error))?;
            let deadline = at.saturating_add(ticks_after_current);
            self.shared.deadline.store(deadline, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Stops the guest that runs, or the next one if none runs, with a trap. Any thread may call
    /// it.
    fn interrupt(&self, py: Python<'_>) -> PyResult<()> {
        let none = || {
            errors::failed(
                py,
                "guests of this engine cannot be interrupted: those of one with \
                 `Config(interrupts=True)` can",
            )
        };
        let handle = self.shared.handle.as_ref().ok_or_else(none)?;
        self.shared.stop.store(true, Ordering::Relaxed);
        handle.interrupt();
        Ok(())
    }

    /// Sets what guests may take; -1 is no limit.
    #[pyo3(signature = (
        memory_size=-1, table_elements=-1, instances=-1, tables=-1, memories=-1, *, total_size=-1
    ))]
    #[expect(clippy::too_many_arguments)]
    fn set_limits(
        &self,
        py: Python<'_>,
        memory_size: i64,
        table_elements: i64,
        instances: i64,
        tables: i64,
        memories: i64,
        total_size: i64,
    ) -> PyResult<()> {
        let all = [memory_size, table_elements, instances, tables, memories, total_size];
        if let Some(wrong) = all.into_iter().find(|&limit| limit < -1) {
            let message = format!("{wrong} is no limit: only -1, which is none, is negative");
            return Err(pyo3::exceptions::PyValueError::new_err(message));
        }
        let size = |limit: i64| usize::try_from(limit).unwrap_or(usize::MAX);
        let limits = StoreLimitsBuilder::new()
            .memory_size(size(memory_size))
            .table_elements(size(table_elements))
            .instances(size(instances))
            .tables(size(tables))
            .memories(size(memories))
            .total_size(size(total_size))
            .build();
        self.shared.with(py, |_, context| {
            context.data_mut().limits = limits;
            Ok(())
        })
    }

    /// Sets what guests see of WASI: a `WasiConfig`.
    fn set_wasi(&self, py: Python<'_>, wasi: &Bound<'_, PyAny>) -> PyResult<()> {
        let wasi = wasi::context(py, wasi, &self.shared)?;
        let old = self.shared.with(py, |_, context| Ok(context.data_mut().wasi.replace(wasi)))?;
        drop(old);
        Ok(())
    }

    /// For `with`, whose end does nothing: what nobody refers to any more ends by itself.
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyTuple>) {}

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(data) = self.data.try_lock() {
            visit.call(&*data)?;
        }
        self.shared.kept.traverse(&visit)
    }

    fn __clear__(&self) {
        let data = lock(&self.data).take();
        let_go(data);
        self.shared.kept.clear();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let data = lock(&self.data).take();
        let_go(data);
    }
}

/// What a host function with `access_caller` gets first: it can be used as a store until the
/// function returns, and has the exports of the instance that calls.
#[pyclass(frozen, module = "windlass")]
pub(crate) struct Caller {
    shared: Mutex<Option<Arc<Shared>>>,
    instance: Option<windlass::Instance>,
}

impl Caller {
    pub(crate) fn new(shared: Arc<Shared>, instance: Option<windlass::Instance>) -> Caller {
        Caller { shared: Mutex::new(Some(shared)), instance }
    }

    /// The function has returned.
    pub(crate) fn end(&self) {
        let shared = lock(&self.shared).take();
        drop(shared);
    }
}

#[pymethods]
impl Caller {
    /// What the calling instance exports under the name.
    fn __getitem__(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        let none = || pyo3::exceptions::PyKeyError::new_err(name.to_owned());
        self.shared(py)?;
        self.get(py, name)?.ok_or_else(none)
    }

    /// The same, or None; also None if the host function has returned.
    fn get(&self, py: Python<'_>, name: &str) -> PyResult<Option<Py<PyAny>>> {
        let Some(shared) = lock(&self.shared).clone() else { return Ok(None) };
        let Some(instance) = self.instance else { return Ok(None) };
        shared.with(py, |py, context| {
            let item = instance.get_export(context.as_context_mut(), name);
            item.map(|item| convert::item_to_py(py, shared.id, item)).transpose()
        })
    }

    /// How much fuel is left.
    fn get_fuel(&self, py: Python<'_>) -> PyResult<u64> {
        let fuel = |py: Python<'_>, context: &mut Context<'_>| {
            context.get_fuel().map_err(|error| errors::no_fuel(py, error))
        };
        self.shared(py)?.with(py, fuel)
    }
}

impl Caller {
    fn shared(&self, py: Python<'_>) -> PyResult<Arc<Shared>> {
        let shared = lock(&self.shared).clone();
        shared.ok_or_else(|| errors::failed(py, "the host function of this caller has returned"))
    }
}

/// What is given where a store is wanted: a [`Store`] or a [`Caller`].
pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Arc<Shared>> {
    if let Ok(store) = value.cast::<Store>() {
        let shared = &store.get().shared;
        if shared.object.get().is_none() {
            let _ = shared.object.set(PyWeakrefReference::new(store)?.unbind());
        }
        return Ok(shared.clone());
    }
    if let Ok(caller) = value.cast::<Caller>() {
        return caller.get().shared(value.py());
    }
    let name = errors::type_name(value);
    Err(pyo3::exceptions::PyTypeError::new_err(format!("expected a Store or Caller, not {name}")))
}

/// Uses the store that something belongs to, which is given with it.
///
/// # Errors
/// If it belongs to another one; those of [`Shared::with`].
pub(crate) fn with<R>(
    py: Python<'_>,
    given: &Bound<'_, PyAny>,
    (store, what): (u64, &str),
    f: impl FnOnce(Python<'_>, &Arc<Shared>, &mut Context<'_>) -> PyResult<R>,
) -> PyResult<R> {
    let shared = of(given)?;
    shared.check(py, store, what)?;
    shared.with(py, |py, context| f(py, &shared, context))
}
