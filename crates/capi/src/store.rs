//! [`Shared`]: a store with its handles' and callbacks' way to it, and `wasm_store_t`. All other
//! modules go through [`Shared::enter`].
//!
//! C calls in from anywhere: from callbacks, while a guest of the same store runs; from finalizers,
//! in the middle of a collection; from another thread. So who uses a store takes it, and gives it
//! back: two must never have it at once. What can't be given is refused, as an error.

use crate::{
    config::wasm_engine_t,
    entry::{Const, Mut, Own, entries},
    info::HostInfo,
    reference::Entity,
    trap,
};
use std::{
    any::Any,
    cell::{RefCell, UnsafeCell},
    collections::HashMap,
    ffi::c_void,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering},
    },
};
use windlass::{
    AsContextMut, Caller, Engine, Error, Result, RootScope, Store, StoreContextMut, StoreLimits,
};

/// What a store has of the embedder's.
pub(crate) struct Data {
    pub(crate) shared: Weak<Shared>,
    pub(crate) infos: HashMap<Entity, HostInfo>,
    pub(crate) limits: StoreLimits,
    #[cfg(feature = "wasi")]
    pub(crate) wasi: windlass_wasi::WasiCtx,
    /// What C has given to the store.
    own: Option<HostInfo>,
}

/// A store that is in use. References that are made by it live as long as the use.
pub(crate) type Cx<'a> = StoreContextMut<'a, Data>;

/// A store, as handles hold it.
pub(crate) struct Shared {
    store: UnsafeCell<ManuallyDrop<Store<Data>>>,
    pub(crate) engine: Engine,
    /// Who may use the store: null, if nobody does; the caller that a host function was given,
    /// while it runs; [`IN_USE`].
    turn: AtomicPtr<Caller<'static, Data>>,
    /// The thread that has it.
    thread: AtomicUsize,
    poisoned: AtomicBool,
}

// SAFETY: the store is used by the one who has taken `turn`, whatever thread that is; nothing in it
// belongs to a thread: it is `Send` but for pointers of C's, see `HostInfo`.
unsafe impl Send for Shared {}
// SAFETY: the same.
unsafe impl Sync for Shared {}

/// Says that the store is in use, and no host function has it. Never followed.
const IN_USE: *mut Caller<'static, Data> = ptr::without_provenance_mut(1);

/// A number that is this thread's as long as it lives.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.try_with(|here| ptr::from_ref(here).addr()).unwrap_or(0)
}

impl Shared {
    pub(crate) fn new(engine: &Engine) -> Arc<Shared> {
        Arc::new_cyclic(|shared| {
            let data = Data {
                shared: shared.clone(),
                infos: HashMap::new(),
                limits: StoreLimits::default(),
                #[cfg(feature = "wasi")]
                wasi: windlass_wasi::WasiCtxBuilder::new().build(),
                own: None,
            };
            let mut store = Store::new(engine, data);
            store.limiter(|data| &mut data.limits);
            Shared {
                store: UnsafeCell::new(ManuallyDrop::new(store)),
                engine: engine.clone(),
                turn: AtomicPtr::new(ptr::null_mut()),
                thread: AtomicUsize::new(0),
                poisoned: AtomicBool::new(false),
            }
        })
    }

    /// Uses the store.
    ///
    /// # Errors
    /// If it is in use by another thread, or in the middle of something; if something panicked in
    /// it before, or does now; and those of `f`.
    pub(crate) fn enter<R>(
        self: &Arc<Self>,
        f: impl FnOnce(&mut Cx<'_>) -> Result<R>,
    ) -> Result<R> {
        // The handle that `self` lies in may be deleted by a callback.
        let shared = self.clone();
        let turn = shared.take()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let context = match turn.is_null() {
                // SAFETY: nobody else has the store before it is given back.
                true => unsafe { &mut **shared.store.get() }.as_context_mut(),
                // SAFETY: the host function that has this caller waits in `lend`, on this thread,
                // and does not use it; so nobody else has it before it is given back.
                false => unsafe { &mut *turn }.as_context_mut(),
            };
            let mut scope = RootScope::new(context);
            f(&mut scope.as_context_mut())
        }));
        shared.turn.store(turn, Ordering::Release);
        outcome.unwrap_or_else(|panic| Err(shared.poison(panic)))
    }

    /// Lets C use the store by `enter`, while a host function runs `f`.
    pub(crate) fn lend<R>(&self, caller: &mut Caller<'_, Data>, f: impl FnOnce() -> R) -> R {
        let caller = ptr::from_mut(caller).cast();
        self.turn.store(caller, Ordering::Release);
        let result = f();
        self.turn.store(IN_USE, Ordering::Release);
        result
    }

    /// Takes the turn: null, or the caller of a host function that waits.
    fn take(&self) -> Result<*mut Caller<'static, Data>> {
        if self.poisoned.load(Ordering::Relaxed) {
            return Err(Error::msg("the store is poisoned: there was an internal error before"));
        }
        let turn = self.turn.load(Ordering::Acquire);
        let here = this_thread();
        let is_free =
            turn.is_null() || (turn != IN_USE && self.thread.load(Ordering::Relaxed) == here);
        let order = (Ordering::Acquire, Ordering::Relaxed);
        if !is_free || self.turn.compare_exchange(turn, IN_USE, order.0, order.1).is_err() {
            return Err(Error::msg("the store is in use"));
        }
        self.thread.store(here, Ordering::Relaxed);
        Ok(turn)
    }

    #[cold]
    fn poison(&self, panic: Box<dyn Any + Send>) -> Error {
        self.poisoned.store(true, Ordering::Relaxed);
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        let error = Error::msg(format!("internal error: {text}"));
        // What a panic carries may itself panic when it is dropped.
        std::mem::forget(panic);
        error
    }
}

thread_local! {
    /// The stores that end after the one that does, while one does.
    static ENDING: RefCell<Option<Vec<Store<Data>>>> = const { RefCell::new(None) };
}

/// What C has attached to a store may be the last handle of another one, and so on: each ends after
/// the one before, not in the middle of it, or a long chain would overflow the stack.
impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: it ends here, and nobody uses it after this.
        let store = unsafe { ManuallyDrop::take(self.store.get_mut()) };
        // Where the thread has no such list any more, it ends at once.
        let first = ENDING.try_with(|ending| match &mut *ending.borrow_mut() {
            Some(later) => {
                later.push(store);
                None
            }
            none => {
                *none = Some(Vec::new());
                Some(store)
            }
        });
        let Ok(Some(store)) = first else { return };
        let _rest = EndRest;
        drop(store);
    }
}

/// Ends what is in the list when it is dropped.
struct EndRest;

impl Drop for EndRest {
    fn drop(&mut self) {
        let next = || ENDING.with(|ending| ending.borrow_mut().as_mut()?.pop());
        while let Some(store) = next() {
            drop(store);
        }
        ENDING.set(None);
    }
}

/// `wasm_store_t`.
pub struct wasm_store_t(pub(crate) Arc<Shared>);

entries! {
    /// A store of an engine; null without one.
    fn wasm_store_new(engine: Mut<'_, wasm_engine_t>) -> Own<wasm_store_t> {
        Some(Box::new(wasm_store_t(Shared::new(&engine?.0))))
    }

    /// Gives the store up: it ends with the last handle of something in it.
    fn wasm_store_delete(store: Own<wasm_store_t>) {
        drop(store);
    }

    /// Gives the store a pointer; `finalizer` is called when it gets another, or ends.
    fn windlass_store_set_data(
        store: Mut<'_, wasm_store_t>,
        data: *mut c_void,
        finalizer: crate::info::Finalizer,
    ) -> Own<crate::reference::wasm_trap_t> {
        let new = HostInfo::new(data, finalizer);
        trap::of(store.map(|store| &store.0), |shared| {
            let old = shared.enter(|cx| Ok(cx.data_mut().own.replace(new)))?;
            drop(old);
            Ok(())
        })
    }

    /// The pointer that the store was given, or null.
    fn windlass_store_data(store: Const<'_, wasm_store_t>) -> *mut c_void {
        let Some(store) = store else { return ptr::null_mut() };
        let data = store.0.enter(|cx| {
            Ok(cx.data().own.as_ref().map_or(ptr::null_mut(), |own| own.data))
        });
        data.unwrap_or(ptr::null_mut())
    }

    /// Whether an internal error has made the store unusable.
    fn windlass_store_is_poisoned(store: Const<'_, wasm_store_t>) -> bool {
        store.is_some_and(|store| store.0.poisoned.load(Ordering::Relaxed))
    }
}
