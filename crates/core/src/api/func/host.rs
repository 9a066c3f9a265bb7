//! [`IntoFunc`]: closures as host functions. Every host function becomes one closure over slots,
//! [`HostFn`].

use super::typed::{SlotList, WasmTy, for_each_arity};
use crate::{
    Caller, Engine, Error, Finality, FuncType, Val,
    api::value::{HOST_RESULT, slots_into_vals, vals_to_slots},
    error::from_host,
};
use alloc::{boxed::Box, sync::Arc};
use core::marker::PhantomData;

/// A host function over slots: the arguments are at the start, and the results go there.
pub(crate) type HostFn<T> =
    dyn Fn(Caller<'_, T>, &mut [u64]) -> Result<(), Error> + Send + Sync + 'static;

/// A host function and its type.
pub(crate) struct HostFunc<T> {
    pub(crate) ty: FuncType,
    pub(crate) call: Arc<HostFn<T>>,
}

impl<T> Clone for HostFunc<T> {
    fn clone(&self) -> Self {
        HostFunc { ty: self.ty.clone(), call: self.call.clone() }
    }
}

impl<T> HostFunc<T> {
    pub(crate) fn wrap<Params, Results>(
        engine: &Engine,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<HostFunc<T>, Error> {
        func.into_host(engine)
    }

    pub(crate) fn new(
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> HostFunc<T> {
        let types = ty.clone();
        let all = types.param_types().iter().chain(types.result_types());
        let zeros: Box<[Val]> = all.map(|&ty| Val::zero(ty)).collect();
        let call = move |mut caller: Caller<'_, T>, slots: &mut [u64]| {
            let mut vals = caller.idle_vals().pop().unwrap_or_default();
            vals.clear();
            vals.extend_from_slice(&zeros);
            let (params, results) = vals.split_at_mut(types.param_types().len());
            slots_into_vals(caller.inner_mut(), types.param_types(), slots, params);
            f(caller.reborrow(), params, results)?;
            vals_to_slots(caller.inner(), HOST_RESULT, results, types.result_types(), slots)?;
            caller.idle_vals().push(vals);
            Ok(())
        };
        HostFunc { ty, call: Arc::new(call) }
    }
}

/// What a host function can return: what [`WasmResults`](crate::WasmResults) allows, or a `Result`
/// of that with any error that fits into a `Box<dyn Error + Send + Sync>`: [`Error`], one of the
/// host's, `std::io::Error`, `anyhow::Error`, a `String`. [`Error::downcast_ref`] finds it in the
/// error of the call; that of `anyhow` does for [`Error`] and `anyhow::Error`: others are in its
/// chain.
#[diagnostic::on_unimplemented(
    message = "a host function can't return `{Self}`",
    label = "not a list of WebAssembly's values, nor a `Result` of that",
    note = "what it can: `()`, a type that is a `WasmTy`, such as `i32`, `u64`, `f64` or `Func`, a \
            tuple of up to 16 of these, or a `Result` of that",
    note = "the error of a `Result` is anything that fits into `Box<dyn Error + Send + Sync>`"
)]
#[expect(private_bounds)]
pub trait WasmRet: HostResult {}

impl<R: HostResult> WasmRet for R {}

#[diagnostic::on_unimplemented(
    message = "a host function can't return `{Self}`",
    label = "not a list of WebAssembly's values, nor a `Result` of that",
    note = "what it can: `()`, a type that is a `WasmTy`, such as `i32`, `u64`, `f64` or `Func`, a \
            tuple of up to 16 of these, or a `Result` of that",
    note = "the error of a `Result` is anything that fits into `Box<dyn Error + Send + Sync>`"
)]
pub(crate) trait HostResult {
    type Values: SlotList;
    fn into_result(self) -> Result<Self::Values, Error>;
}

impl<L: SlotList> HostResult for L {
    type Values = L;

    #[inline]
    fn into_result(self) -> Result<L, Error> {
        Ok(self)
    }
}

impl<L: SlotList, E> HostResult for Result<L, E>
where
    E: Into<Box<dyn core::error::Error + Send + Sync + 'static>> + 'static,
{
    type Values = L;

    #[inline]
    fn into_result(self) -> Result<L, Error> {
        self.map_err(from_host)
    }
}

/// A closure that can be a host function.
///
/// It takes up to 16 parameters, each a [`WasmTy`], and returns nothing, one of these or a tuple of
/// them, or a `Result` of that: see [`WasmRet`]. If its first parameter is a [`Caller`], it can
/// reach the store.
///
/// ```
/// use windlass::{Caller, Engine, Error, Linker};
///
/// let mut linker: Linker<u64> = Linker::new(&Engine::default());
/// linker.func_wrap("env", "div_rem", |a: u32, b: u32| -> Result<(u32, u32), Error> {
///     match b {
///         0 => Err(Error::msg("division by zero in the host")),
///         b => Ok((a / b, a % b)),
///     }
/// })?;
/// linker.func_wrap("env", "add", |mut caller: Caller<'_, u64>, n: u64| *caller.data_mut() += n)?;
/// # Ok::<(), windlass::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a host function",
    label = "not a closure of WebAssembly's values",
    note = "what can: a closure that is `Fn`, `Send`, `Sync` and `'static`, whose parameters are a \
            `Caller`, if wanted, and up to 16 types that are `WasmTy`, such as `i32`, `u64`, \
            `f64` or `Func`; it returns such types, or a `Result` of them",
    note = "a `Caller` has the data of the store or linker: here it is a `Caller<'_, {T}>`",
    note = "the error of a `Result` is anything that fits into `Box<dyn Error + Send + Sync>`"
)]
#[expect(private_bounds)]
pub trait IntoFunc<T, Params, Results>: IntoHost<T, Params, Results> {}

impl<T, Params, Results, F: IntoHost<T, Params, Results>> IntoFunc<T, Params, Results> for F {}

#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a host function",
    label = "not a closure of WebAssembly's values",
    note = "what can: a closure that is `Fn`, `Send`, `Sync` and `'static`, whose parameters are a \
            `Caller`, if wanted, and up to 16 types that are `WasmTy`, such as `i32`, `u64`, \
            `f64` or `Func`; it returns such types, or a `Result` of them",
    note = "a `Caller` has the data of the store or linker: here it is a `Caller<'_, {T}>`",
    note = "the error of a `Result` is anything that fits into `Box<dyn Error + Send + Sync>`"
)]
pub(crate) trait IntoHost<T, Params, Results> {
    fn into_host(self, engine: &Engine) -> Result<HostFunc<T>, Error>;
}

/// The parameters of a closure whose first parameter is a [`Caller`]; only for [`IntoFunc`].
pub struct WithCaller<Params>(PhantomData<Params>);

/// The type of a host function with these parameters and results.
pub(crate) fn func_type<Params: SlotList, Results: HostResult>(
    engine: &Engine,
) -> Result<FuncType, Error> {
    let [params, results] =
        [Params::TYPES, Results::Values::TYPES].map(|list| list.iter().copied());
    FuncType::with_finality_and_supertype(engine, Finality::Final, None, params, results)
}

macro_rules! into_func {
    ($count:literal $($name:ident)*) => {
        #[allow(non_snake_case)]
        impl<T, F, R, $($name),*> IntoHost<T, ($($name,)*), R> for F
        where
            F: Fn($($name),*) -> R + Send + Sync + 'static,
            R: WasmRet,
            $($name: WasmTy),*
        {
            fn into_host(self, engine: &Engine) -> Result<HostFunc<T>, Error> {
                let call = move |mut caller: Caller<'_, T>, slots: &mut [u64]| {
                    let ($($name,)*) = <($($name,)*) as SlotList>::take(caller.inner_mut(), slots);
                    let results = self($($name),*).into_result()?;
                    results.put(caller.inner(), slots)
                };
                let ty = func_type::<($($name,)*), R>(engine)?;
                Ok(HostFunc { ty, call: Arc::new(call) })
            }
        }

        #[allow(non_snake_case)]
        impl<T, F, R, $($name),*> IntoHost<T, WithCaller<($($name,)*)>, R> for F
        where
            F: Fn(Caller<'_, T>, $($name),*) -> R + Send + Sync + 'static,
            R: WasmRet,
            $($name: WasmTy),*
        {
            fn into_host(self, engine: &Engine) -> Result<HostFunc<T>, Error> {
                let call = move |mut caller: Caller<'_, T>, slots: &mut [u64]| {
                    let ($($name,)*) = <($($name,)*) as SlotList>::take(caller.inner_mut(), slots);
                    let results = self(caller.reborrow(), $($name),*).into_result()?;
                    results.put(caller.inner(), slots)
                };
                let ty = func_type::<($($name,)*), R>(engine)?;
                Ok(HostFunc { ty, call: Arc::new(call) })
            }
        }
    };
}

for_each_arity!(into_func);
