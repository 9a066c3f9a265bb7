//! Calls that are futures, and host functions that are: Rust's `async` on top of
//! [`Execution`](crate::Execution). A guest that waits for a host function holds no thread of the
//! host: its call is a value like every other future. Whichever executor polls it will do; there is
//! none here, and nothing here ever blocks.
//!
//! `drive` runs an execution as a future, `host` makes closures that return futures host functions.

mod drive;
mod host;

use super::func::HostFunc;
use crate::{
    AsContextMut, Caller, Error, Extern, Func, FuncType, Instance, Linker, Module, StoreContextMut,
    TypedFunc, Val, WasmParams, WasmResults, WasmRet, error::error,
};
use alloc::boxed::Box;
use core::future::Future;
use drive::drive;
use windlass_decode::Count;

impl<Params: WasmParams, Results: WasmResults> TypedFunc<Params, Results> {
    /// Calls the function; the call is a future, so that host functions in it may be
    /// ([`Linker::func_wrap_async`]), and that it can let others run
    /// ([`Store::fuel_async_yield_interval`](crate::Store::fuel_async_yield_interval)). It runs
    /// when it is polled, in the thread that does so.
    ///
    /// The future has the store until it is done. It is [`Send`] if the store's data is. One that
    /// is dropped ends the call: the guest never goes on, what it has written stays, and the store
    /// can be used on. (One that is given to [`core::mem::forget`] while a host function waits
    /// counts as a running call from then on: see
    /// [`Config::max_nested_calls`](crate::Config::max_nested_calls).)
    ///
    /// # Errors
    /// As [`TypedFunc::call`].
    ///
    /// ```
    /// use windlass::{Engine, Linker, Module, Result, Store};
    /// async fn run() -> Result<i32> {
    ///     let engine = Engine::default();
    ///     let wasm = wat::parse_str(
    ///         r#"(import "host" "later" (func $later (param i32) (result i32)))
    ///            (func (export "run") (result i32)
    ///              (i32.add (call $later (i32.const 20)) (call $later (i32.const 21))))"#,
    ///     )?;
    ///     let mut linker = Linker::new(&engine);
    ///     linker.func_wrap_async("host", "later", |_caller, (n,): (i32,)| {
    ///         Box::new(async move {
    ///             tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    ///             n + 1
    ///         })
    ///     })?;
    ///     let mut store = Store::new(&engine, ());
    ///     let module = Module::new(&engine, wasm)?;
    ///     let instance = linker.instantiate_async(&mut store, &module).await?;
    ///     let run = instance.get_typed_func::<(), i32>(&store, "run")?;
    ///     run.call_async(&mut store, ()).await
    /// }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// assert_eq!(runtime.block_on(run())?, 43);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub async fn call_async<C>(&self, mut store: C, params: Params) -> Result<Results, Error>
    where
        C: AsContextMut<Data: 'static>,
    {
        let store = store.as_context_mut().0;
        let execution = self.start(StoreContextMut(store), params)?;
        drive(store, execution).await
    }
}

impl Func {
    /// Calls it with `params`, as a future: see [`TypedFunc::call_async`]. The results go to
    /// `results`.
    ///
    /// # Errors
    /// As [`Func::call`].
    pub async fn call_async<C>(
        &self,
        mut store: C,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<(), Error>
    where
        C: AsContextMut<Data: 'static>,
    {
        let store = store.as_context_mut().0;
        let execution = self.start(StoreContextMut(store), params)?;
        let (wanted, given) = (execution.result_count(), results.len());
        if given != wanted {
            return Err(error!("expected room for {}, found {given}", Count(wanted, "result")));
        }
        results.copy_from_slice(&drive(store, execution).await?);
        Ok(())
    }

    /// A host function of type `ty` that is a future: see [`Linker::func_new_async`].
    ///
    /// # Panics
    /// If `ty` is of another engine.
    pub fn new_async<T, F>(mut store: impl AsContextMut<Data = T>, ty: FuncType, f: F) -> Func
    where
        T: Send + 'static,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<(), Error>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        Func::from_host(store.as_context_mut().0, &HostFunc::new_async(ty, f))
    }

    /// A host function that is a future: see [`Linker::func_wrap_async`].
    ///
    /// # Panics
    /// If the engine has no room for more types.
    pub fn wrap_async<T, Params, R, F>(mut store: impl AsContextMut<Data = T>, f: F) -> Func
    where
        T: Send + 'static,
        Params: WasmParams + 'static,
        R: WasmRet + 'static,
        F: for<'a> Fn(Caller<'a, T>, Params) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let store = store.as_context_mut().0;
        match HostFunc::wrap_async(&store.inner.engine, f) {
            Ok(func) => Func::from_host(store, &func),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<T: Send + 'static> Linker<T> {
    /// Defines a name as a host function of type `ty` that is a future: it gets its arguments and a
    /// place for its results, which is filled with zeros and nulls.
    ///
    /// # Errors
    /// If the name is defined already, or if `ty` belongs to another engine.
    pub fn func_new_async<F>(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        f: F,
    ) -> Result<&mut Self, Error>
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
        self.define_host(module, name, HostFunc::new_async(ty, f))
    }

    /// Defines a name as a host function that is a future. Parameters are a tuple; what it returns
    /// is as for [`IntoFunc`](crate::IntoFunc).
    ///
    /// The guest that calls it waits for the future, as all of the call does that it is in. That
    /// must be an asynchronous one ([`TypedFunc::call_async`], [`Func::call_async`],
    /// [`Linker::instantiate_async`]): in others it is an error. Meanwhile the future has the
    /// store, by its [`Caller`]: it can work with the guest's memory, and call guests itself. A
    /// panic of the future ends the call, and leaves the store whole.
    ///
    /// # Errors
    /// If the name is defined already, or if the engine has no room for more types.
    ///
    /// ```
    /// use windlass::{Caller, Engine, Linker, Result};
    /// let mut linker: Linker<Vec<u8>> = Linker::new(&Engine::default());
    /// linker.func_wrap_async("host", "sum", |mut caller: Caller<'_, Vec<u8>>, (n,): (u32,)| {
    ///     Box::new(async move {
    ///         caller.data_mut().push(n as u8);
    ///         std::future::ready(()).await;
    ///         Ok(caller.data().len() as u32)
    ///     }) as Box<dyn Future<Output = Result<u32>> + Send>
    /// })?;
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn func_wrap_async<Params, R, F>(
        &mut self,
        module: &str,
        name: &str,
        f: F,
    ) -> Result<&mut Self, Error>
    where
        Params: WasmParams + 'static,
        R: WasmRet + 'static,
        F: for<'a> Fn(Caller<'a, T>, Params) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let func = HostFunc::wrap_async(self.engine(), f)?;
        self.define_host(module, name, func)
    }
}

impl<T: 'static> Linker<T> {
    /// As [`Linker::instantiate`]; the start function is called as a future, as
    /// [`TypedFunc::call_async`] does. If the future is dropped meanwhile, what was made stays in
    /// the store, but nobody has the instance.
    ///
    /// # Errors
    /// As [`Linker::instantiate`].
    pub async fn instantiate_async<C>(
        &self,
        mut store: C,
        module: &Module,
    ) -> Result<Instance, Error>
    where
        C: AsContextMut<Data = T>,
    {
        let store = store.as_context_mut();
        let imports = self.imports(store.0, module)?;
        Instance::new_async(store, module, &imports).await
    }
}

impl Instance {
    /// As [`Instance::new`]; the start function is called as a future, as
    /// [`TypedFunc::call_async`] does.
    ///
    /// # Errors
    /// As [`Instance::new`].
    pub async fn new_async<C>(
        mut store: C,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance, Error>
    where
        C: AsContextMut<Data: 'static>,
    {
        let store = store.as_context_mut().0;
        let (instance, start) = Instance::start(StoreContextMut(store), module, imports)?;
        if let Some(execution) = start {
            drive(store, execution).await?;
        }
        Ok(instance)
    }
}
