//! [`Func`]: a function of a store, the guest's or the host's, and how the host calls it.

mod call;
mod host;
mod typed;

pub(crate) use call::{Call, CallState, Hooked, HostCall, HostScope};
pub(crate) use host::{HostFn, HostFunc, HostResult, func_type};
pub use host::{IntoFunc, WasmRet, WithCaller};
pub(crate) use typed::SlotList;
pub use typed::{TypedFunc, WasmParams, WasmResults, WasmTy};

use super::{
    store::StoreState,
    value::{check_store, slots_into_vals, slots_to_vals, vals_to_slots},
};
use crate::{
    AsContext, AsContextMut, Caller, Engine, Error, Execution, FuncType, Val,
    error::error,
    exec::{FuncCode, machine::views::FuncEntity},
    module::slots_of_types,
    runtime::{NO_INSTANCE, StoreId, StoreInner},
};
use windlass_decode::Count;

/// A function of a store: of a guest or of the host. It is a number, cheap to copy.
///
/// ```
/// use windlass::{Engine, Func, Store, Val};
/// let mut store = Store::new(&Engine::default(), ());
/// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
/// assert_eq!(add.ty(&store).to_string(), "(i32, i32) -> (i32)");
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Func {
    store: StoreId,
    index: u32,
}

impl Func {
    /// A host function of type `ty`. It gets its arguments and a place for its results, which is
    /// filled with zeros and nulls.
    ///
    /// # Panics
    /// If `ty` is of another engine.
    ///
    /// ```
    /// use windlass::{Engine, Func, FuncType, Store, Val, ValType};
    /// let mut store = Store::new(&Engine::default(), 10);
    /// let ty = FuncType::new(store.engine(), [ValType::I32], [ValType::I32]);
    /// let add = Func::new(&mut store, ty, |caller, params, results| {
    ///     results[0] = Val::I32(params[0].unwrap_i32() + *caller.data());
    ///     Ok(())
    /// });
    /// ```
    pub fn new<T>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Func {
        Func::from_host(store.as_context_mut().0, &HostFunc::new(ty, f))
    }

    /// A host function whose type is that of the closure: see [`IntoFunc`].
    ///
    /// # Panics
    /// If the engine has no room for more types.
    ///
    /// ```
    /// use windlass::{Caller, Engine, Func, Store};
    /// let mut store = Store::new(&Engine::default(), 0u64);
    /// let count = Func::wrap(&mut store, |mut caller: Caller<'_, u64>, n: u64| -> u64 {
    ///     *caller.data_mut() += n;
    ///     *caller.data()
    /// });
    /// ```
    pub fn wrap<T, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let store = store.as_context_mut().0;
        match HostFunc::wrap(&store.inner.engine, func) {
            Ok(func) => Func::from_host(store, &func),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn from_host<T>(store: &mut StoreState<T>, func: &HostFunc<T>) -> Func {
        assert!(
            Engine::same(&store.inner.engine, func.ty.engine()),
            "the function's type belongs to another engine than the store"
        );
        let index = store.inner.funcs.len() as u32;
        store.inner.funcs.push(FuncEntity {
            code: FuncCode::HOST,
            ty: func.ty.id(),
            instance: NO_INSTANCE,
            index: store.host_funcs.len() as u32,
            param_slots: slots_of_types(func.ty.param_types()),
            result_slots: slots_of_types(func.ty.result_types()),
        });
        store.host_funcs.push(func.call.clone());
        store.inner.hold_type(&func.ty);
        Func { store: store.inner.id, index }
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let inner = &store.as_context().0.inner;
        match self.index_in(inner) {
            Ok(index) => inner.func_type(index as u32),
            Err(error) => panic!("{error}"),
        }
    }

    /// Calls it with `params`; the results go to `results`.
    ///
    /// # Errors
    /// If it traps, or a host function in it fails (with the guest's backtrace in either case), if
    /// fuel runs out or an interrupt comes, if it belongs to another store, or if values are not as
    /// many as its type says and of these types.
    ///
    /// ```
    /// # use windlass::{Engine, Func, Store, Val};
    /// # fn main() -> Result<(), windlass::Error> {
    /// # let mut store = Store::new(&Engine::default(), ());
    /// # let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    /// let mut results = [Val::I32(0)];
    /// assert!(add.call(&mut store, &[Val::I64(1)], &mut results).is_err());
    /// # Ok(()) }
    /// ```
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<(), Error> {
        let store = store.as_context_mut().0;
        let index = self.index_in(&store.inner)? as u32;
        let ty = store.inner.lend_called_type(index);
        let outcome = call_as(store, index, &ty, params, results);
        store.inner.return_called_type(index, ty);
        outcome
    }

    /// Starts a call that can be paused; nothing runs before [`Execution::run`].
    ///
    /// # Errors
    /// If it belongs to another store, or if values are not as many as its type says and of these
    /// types.
    ///
    /// ```
    /// # use windlass::{Engine, Event, Func, Store, Val};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    /// let mut execution = add.start(&mut store, &[Val::I32(1), Val::I32(2)])?;
    /// let Event::Finished(values) = execution.run(&mut store)? else {
    ///     panic!("it was not stopped")
    /// };
    /// assert_eq!(values[0].i32(), Some(3));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn start(&self, mut store: impl AsContextMut, params: &[Val]) -> Result<Execution, Error> {
        let store = store.as_context_mut().0;
        let index = self.index_in(&store.inner)? as u32;
        let ty = store.inner.called_type(index);
        check_count(&ty, params)?;
        let put = |store: &mut _, slots: &mut _| {
            vals_to_slots(store, "argument", params, ty.param_types(), slots)
        };
        let thread = Call::start(store, index, put)?.pause();
        Ok(Execution::new(self.store, ty, thread, |store, ty, slots| {
            slots_to_vals(store, ty.result_types(), slots).collect()
        }))
    }

    /// The function with parameters and results as Rust types, which is faster to call.
    ///
    /// # Errors
    /// If its type is another, or if it belongs to another store.
    ///
    /// ```
    /// # use windlass::{Engine, Func, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    /// let typed = add.typed::<(i32, i32), i32>(&store)?;
    /// assert!(add.typed::<i64, ()>(&store).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn typed<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>, Error> {
        TypedFunc::new(*self, &store.as_context().0.inner)
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Func {
        Func { store, index }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// The index in the store.
    #[inline]
    pub(crate) fn index_in(&self, store: &StoreInner) -> Result<usize, Error> {
        check_store(store.id, self.store, "function")?;
        Ok(self.index as usize)
    }

    pub(crate) fn to_slot(self) -> u64 {
        u64::from(self.index) + 1
    }

    pub(crate) fn from_slot(store: StoreId, slot: u64) -> Option<Func> {
        Some(Func { store, index: slot.checked_sub(1)? as u32 })
    }
}

/// Calls the store's function `func`, whose type this is.
fn call_as<T>(
    store: &mut StoreState<T>,
    func: u32,
    ty: &FuncType,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    check_count(ty, params)?;
    let types = ty.result_types();
    if results.len() != types.len() {
        let (wanted, given) = (types.len(), results.len());
        return Err(error!("expected room for {}, found {given}", Count(wanted, "result")));
    }
    let put = |store: &mut _, slots: &mut _| {
        vals_to_slots(store, "argument", params, ty.param_types(), slots)
    };
    Call::whole(store, func, put, |store, slots| slots_into_vals(store, types, slots, results))
}

fn check_count(ty: &FuncType, params: &[Val]) -> Result<(), Error> {
    match ty.param_types().len() {
        wanted if wanted == params.len() => Ok(()),
        wanted => Err(error!("expected {}, found {}", Count(wanted, "argument"), params.len())),
    }
}
