//! [`AsyncHost`]: closures that return futures, as host functions. To whoever runs the guest such a
//! function is one whose results come later ([`Pending`]), and that asks for itself: `drive` awaits
//! it. Made by the methods of `futures`.

use crate::{
    Caller, Engine, Error, FuncType, Pending, Val,
    api::{
        func::{HostFunc, HostResult, SlotList, func_type},
        value::{HOST_RESULT, slots_to_vals, vals_to_slots},
    },
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{future::Future, pin::Pin};

/// A host function that is a future, over slots: it gets its arguments at the start, and gives them
/// back with its results there.
pub(super) struct AsyncHost<T> {
    ty: FuncType,
    call: Arc<AsyncFn<T>>,
}

type AsyncFn<T> = dyn for<'a> Fn(Caller<'a, T>, Vec<u64>) -> HostFuture<'a> + Send + Sync;
type HostFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u64>, Error>> + Send + 'a>>;

impl<T> Clone for AsyncHost<T> {
    fn clone(&self) -> Self {
        AsyncHost { ty: self.ty.clone(), call: self.call.clone() }
    }
}

impl<T> AsyncHost<T> {
    fn new(
        ty: FuncType,
        f: impl for<'a> Fn(Caller<'a, T>, Vec<u64>) -> HostFuture<'a> + Send + Sync + 'static,
    ) -> AsyncHost<T> {
        AsyncHost { ty, call: Arc::new(f) }
    }

    /// Its type: what it is given and gives are slots of just these values.
    pub(super) fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// Its future, for a caller and the arguments' slots, among which there is room for its
    /// results.
    pub(super) fn call<'a>(&self, caller: Caller<'a, T>, slots: Vec<u64>) -> HostFuture<'a> {
        (self.call)(caller, slots)
    }
}

impl<T: Send + 'static> HostFunc<T> {
    /// See [`Linker::func_wrap_async`](crate::Linker::func_wrap_async).
    pub(super) fn wrap_async<Params, R, F>(engine: &Engine, f: F) -> Result<HostFunc<T>, Error>
    where
        Params: SlotList + 'static,
        R: HostResult + 'static,
        F: for<'a> Fn(Caller<'a, T>, Params) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let ty = func_type::<Params, R>(engine)?;
        let f = Arc::new(f);
        let host = AsyncHost::new(ty, move |mut caller: Caller<'_, T>, mut slots: Vec<u64>| {
            let f = f.clone();
            Box::pin(async move {
                let params = Params::take(caller.inner_mut(), &slots);
                let future = Pin::from(f(caller.reborrow(), params));
                let results = future.await.into_result()?;
                results.put(caller.inner(), &mut slots)?;
                Ok(slots)
            })
        });
        Ok(HostFunc::asking_for(host))
    }

    /// See [`Linker::func_new_async`](crate::Linker::func_new_async).
    pub(super) fn new_async<F>(ty: FuncType, f: F) -> HostFunc<T>
    where
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<(), Error>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let f = Arc::new(f);
        let types = ty.clone();
        let host = AsyncHost::new(ty, move |mut caller: Caller<'_, T>, mut slots: Vec<u64>| {
            let (f, types) = (f.clone(), types.clone());
            Box::pin(async move {
                let store = caller.inner_mut();
                let params: Vec<Val> = slots_to_vals(store, types.param_types(), &slots).collect();
                let zeros = types.result_types().iter().map(|&ty| Val::zero(ty));
                let mut results: Vec<Val> = zeros.collect();
                Pin::from(f(caller.reborrow(), &params, &mut results)).await?;
                vals_to_slots(
                    caller.inner(),
                    HOST_RESULT,
                    &results,
                    types.result_types(),
                    &mut slots,
                )?;
                Ok(slots)
            })
        });
        HostFunc::asking_for(host)
    }

    /// A function whose results come later, when somebody has awaited `host`.
    fn asking_for(host: AsyncHost<T>) -> HostFunc<T> {
        let ty = host.ty.clone();
        let call = move |_: Caller<'_, T>, _: &mut [u64]| Err(Pending::future(host.clone()).into());
        HostFunc { ty, call: Arc::new(call) }
    }
}
