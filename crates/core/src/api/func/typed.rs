//! [`TypedFunc`]: a function whose parameters and results are Rust types, checked once; and the
//! Rust types that stand for WebAssembly's.

use super::Call;
use crate::{
    AnyRef, ArrayRef, AsContextMut, EqRef, Error, Execution, ExnRef, ExternRef, Func, HeapType,
    I31, RefType, Rooted, StructRef, V128, ValType,
    api::{
        reference::{Reference, Referent, check_slot},
        value::check_store,
    },
    error::error,
    runtime::StoreInner,
};
use core::fmt;
use core::marker::PhantomData;

/// A Rust type that stands for a WebAssembly type.
///
/// | Rust | WebAssembly |
/// |---|---|
/// | `i32`, `u32`; `i64`, `u64`; `f32`; `f64`; [`V128`] | `i32`; `i64`; `f32`; `f64`; `v128` |
/// | [`Func`], [`I31`] | `(ref func)`, `(ref i31)` |
/// | [`Rooted`] of [`ExternRef`], [`AnyRef`], [`EqRef`] | `(ref extern)`, `(ref any)`, `(ref eq)` |
/// | [`Rooted`] of [`StructRef`], [`ArrayRef`], [`ExnRef`] | `(ref struct)`, `(ref array)`, `(ref exn)` |
/// | `Option` of one of the last three rows | the same with null: `(ref null func)` and so on |
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands for no WebAssembly type",
    label = "not a number, vector or reference of WebAssembly",
    note = "what there is: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `V128`, `Func`, `I31`, \
            `Rooted` of a reference, and `Option` of references",
    note = "strings and structures lie in the guest's memory: pass their address and length"
)]
#[expect(private_bounds)]
pub trait WasmTy: InSlots {}

impl<V: InSlots> WasmTy for V {}

/// How a [`WasmTy`] lies in slots.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands for no WebAssembly type",
    label = "not a number, vector or reference of WebAssembly",
    note = "what there is: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `V128`, `Func`, `I31`, \
            `Rooted` of a reference, and `Option` of references",
    note = "strings and structures lie in the guest's memory: pass their address and length"
)]
pub(crate) trait InSlots: Sized {
    const TYPE: ValType;

    /// Puts it into the first slots. Fails if it belongs to another store.
    fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error>;

    /// Takes it from the first slots.
    fn take(store: &mut StoreInner, slots: &[u64]) -> Self;
}

macro_rules! slots {
    ($($ty:ty, $val_type:ident, $value:ident => $put:expr, $slot:ident => $take:expr;)*) => {
        $(impl InSlots for $ty {
            const TYPE: ValType = ValType::$val_type;

            #[inline]
            fn put(self, _: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
                let $value = self;
                slots[0] = $put;
                Ok(())
            }

            #[inline]
            fn take(_: &mut StoreInner, slots: &[u64]) -> $ty {
                let $slot = slots[0];
                $take
            }
        })*
    };
}

slots! {
    i32, I32, value => u64::from(value as u32), slot => slot as i32;
    u32, I32, value => value.into(), slot => slot as u32;
    i64, I64, value => value as u64, slot => slot as i64;
    u64, I64, value => value, slot => slot;
    f32, F32, value => value.to_bits().into(), slot => f32::from_bits(slot as u32);
    f64, F64, value => value.to_bits(), slot => f64::from_bits(slot);
}

impl InSlots for V128 {
    const TYPE: ValType = ValType::V128;

    fn put(self, _: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        slots[0] = self.as_u128() as u64;
        slots[1] = (self.as_u128() >> 64) as u64;
        Ok(())
    }

    fn take(_: &mut StoreInner, slots: &[u64]) -> V128 {
        V128::from(u128::from(slots[1]) << 64 | u128::from(slots[0]))
    }
}

impl InSlots for Func {
    const TYPE: ValType = never_null(HeapType::Func);

    fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        check_store(store.id, self.store(), "function")?;
        slots[0] = self.to_slot();
        Ok(())
    }

    fn take(store: &mut StoreInner, slots: &[u64]) -> Func {
        Func::from_slot(store.id, slots[0]).unwrap_or_else(null)
    }
}

impl InSlots for I31 {
    const TYPE: ValType = never_null(HeapType::I31);

    fn put(self, _: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        slots[0] = self.to_slot();
        Ok(())
    }

    fn take(_: &mut StoreInner, slots: &[u64]) -> I31 {
        match Referent::of(slots[0]) {
            Referent::I31(number) => number,
            _ => null(),
        }
    }
}

/// References that are rooted.
macro_rules! rooted_slots {
    ($($name:ident $heap:ident;)*) => {
        $(impl InSlots for Rooted<$name> {
            const TYPE: ValType = never_null(HeapType::$heap);

            fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
                slots[0] = self.slot(store)?;
                Ok(())
            }

            fn take(store: &mut StoreInner, slots: &[u64]) -> Rooted<$name> {
                Rooted::from_slot(store, slots[0]).unwrap_or_else(null)
            }
        })*
    };
}

rooted_slots! {
    ExternRef Extern;
    AnyRef Any;
    EqRef Eq;
    StructRef Struct;
    ArrayRef Array;
    ExnRef Exn;
}

/// `None` is null.
impl<R: InSlots + Nullable> InSlots for Option<R> {
    const TYPE: ValType = match R::TYPE {
        ValType::Ref(ty) => ValType::Ref(RefType::new(true, ty.heap_type())),
        other => other,
    };

    fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        match self {
            Some(reference) => reference.put(store, slots),
            None => {
                slots[0] = 0;
                Ok(())
            }
        }
    }

    fn take(store: &mut StoreInner, slots: &[u64]) -> Option<R> {
        if slots[0] == 0 { None } else { Some(R::take(store, slots)) }
    }
}

/// References: those that can be an `Option`.
pub(crate) trait Nullable {}

impl Nullable for Func {}
impl Nullable for I31 {}
impl<R> Nullable for Rooted<R> {}

const fn never_null(heap: HeapType) -> ValType {
    ValType::Ref(RefType::new(false, heap))
}

#[cold]
fn null<V>() -> V {
    unreachable!("types say that the reference is not null")
}

/// Parameters of a [`TypedFunc`]: nothing, a [`WasmTy`], or a tuple of up to 16 of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the parameters or results of a function",
    label = "not a list of WebAssembly's values",
    note = "what can: `()`, a type that is a `WasmTy`, such as `i32`, `u64`, `f64` or `Func`, or a \
            tuple of up to 16 of these",
    note = "strings and structures lie in the guest's memory: pass their address and length"
)]
#[expect(private_bounds)]
pub trait WasmParams: SlotList {}

/// Results of a [`TypedFunc`]: nothing, a [`WasmTy`], or a tuple of up to 16 of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the parameters or results of a function",
    label = "not a list of WebAssembly's values",
    note = "what can: `()`, a type that is a `WasmTy`, such as `i32`, `u64`, `f64` or `Func`, or a \
            tuple of up to 16 of these",
    note = "strings and structures lie in the guest's memory: pass their address and length"
)]
#[expect(private_bounds)]
pub trait WasmResults: SlotList {}

impl<L: SlotList> WasmParams for L {}
impl<L: SlotList> WasmResults for L {}

/// How values of several [`WasmTy`] lie in slots, one after the other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the parameters or results of a function",
    label = "not a list of WebAssembly's values",
    note = "what can: `()`, a type that is a `WasmTy`, such as `i32`, `u64`, `f64` or `Func`, or a \
            tuple of up to 16 of these",
    note = "strings and structures lie in the guest's memory: pass their address and length"
)]
pub(crate) trait SlotList: Sized {
    const TYPES: &'static [ValType];
    /// Puts them into the first slots. Fails if one belongs to another store.
    fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error>;

    /// Takes them from the first slots.
    fn take(store: &mut StoreInner, slots: &[u64]) -> Self;
}

impl<V: WasmTy> SlotList for V {
    const TYPES: &'static [ValType] = &[V::TYPE];

    #[inline]
    fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        InSlots::put(self, store, slots)
    }

    #[inline]
    fn take(store: &mut StoreInner, slots: &[u64]) -> V {
        InSlots::take(store, slots)
    }
}

/// Calls `$mac!` with the number and the names of type parameters of every tuple.
macro_rules! for_each_arity {
    ($mac:ident) => {
        $mac!(0);
        $mac!(1 P1);
        $mac!(2 P1 P2);
        $mac!(3 P1 P2 P3);
        $mac!(4 P1 P2 P3 P4);
        $mac!(5 P1 P2 P3 P4 P5);
        $mac!(6 P1 P2 P3 P4 P5 P6);
        $mac!(7 P1 P2 P3 P4 P5 P6 P7);
        $mac!(8 P1 P2 P3 P4 P5 P6 P7 P8);
        $mac!(9 P1 P2 P3 P4 P5 P6 P7 P8 P9);
        $mac!(10 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10);
        $mac!(11 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11);
        $mac!(12 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12);
        $mac!(13 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13);
        $mac!(14 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14);
        $mac!(15 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15);
        $mac!(16 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15 P16);
    };
}
pub(crate) use for_each_arity;

macro_rules! slot_list {
    ($count:literal $($name:ident)*) => {
        #[allow(non_snake_case, unused_variables, unused_mut, unused_assignments)]
        #[allow(clippy::unused_unit)]
        impl<$($name: WasmTy),*> SlotList for ($($name,)*) {
            const TYPES: &'static [ValType] = &[$($name::TYPE),*];

            #[inline]
            fn put(self, store: &StoreInner, slots: &mut [u64]) -> Result<(), Error> {
                let ($($name,)*) = self;
                let mut at = 0;
                $(
                    InSlots::put($name, store, &mut slots[at..])?;
                    at += $name::TYPE.slots();
                )*
                Ok(())
            }

            #[inline]
            fn take(store: &mut StoreInner, slots: &[u64]) -> Self {
                let mut at = 0;
                $(
                    let $name = <$name as InSlots>::take(store, &slots[at..]);
                    at += <$name as InSlots>::TYPE.slots();
                )*
                ($($name,)*)
            }
        }
    };
}

for_each_arity!(slot_list);

/// A function whose parameters and results are Rust types. Made by [`Func::typed`] or
/// [`Instance::get_typed_func`](crate::Instance::get_typed_func).
///
/// ```
/// use windlass::{Engine, Instance, Module, Store};
/// let engine = Engine::default();
/// let wasm = wat::parse_str(
///     r#"(func (export "div") (param i32 i32) (result i32 i32)
///          (i32.div_s (local.get 0) (local.get 1)) (i32.rem_s (local.get 0) (local.get 1)))"#,
/// )
/// .unwrap();
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
/// let div = instance.get_typed_func::<(i32, i32), (i32, i32)>(&store, "div")?;
/// assert_eq!(div.call(&mut store, (17, 5))?, (3, 2));
/// assert!(div.call(&mut store, (17, 0)).is_err());
/// # Ok::<(), windlass::Error>(())
/// ```
pub struct TypedFunc<Params, Results> {
    func: Func,
    /// A parameter's type has fewer values than the Rust type: arguments are checked when it is
    /// called.
    checks: bool,
    signature: PhantomData<fn(Params) -> Results>,
}

impl<Params: WasmParams, Results: WasmResults> TypedFunc<Params, Results> {
    pub(crate) fn new(func: Func, store: &StoreInner) -> Result<Self, Error> {
        let ty = store.func_type(func.index_in(store)? as u32);
        let fits = |from: &[ValType], to: &[ValType]| {
            from.len() == to.len() && from.iter().zip(to).all(|(a, b)| a.matches(&store.engine, b))
        };
        let (wanted, given) = (ty.param_types(), Params::TYPES);
        let checks = !fits(given, wanted);
        let may_fit = |(given, wanted): (&ValType, &ValType)| {
            given.matches(&store.engine, wanted)
                || given.is_ref() && wanted.matches(&store.engine, &given.nullable())
        };
        if given.len() == wanted.len()
            && given.iter().zip(wanted).all(may_fit)
            && fits(ty.result_types(), Results::TYPES)
        {
            return Ok(TypedFunc { func, checks, signature: PhantomData });
        }
        let wanted = crate::types::Signature(Params::TYPES, Results::TYPES);
        Err(error!("type mismatch: expected a function of type {wanted}, found {ty}"))
    }

    /// Calls the function.
    ///
    /// # Errors
    /// If it traps, or a host function in it fails (with the guest's backtrace in either case), if
    /// fuel runs out or an interrupt comes, or if it or an argument belongs to another store.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: Params) -> Result<Results, Error> {
        let store = store.as_context_mut().0;
        let func = self.func.index_in(&store.inner)? as u32;
        Call::whole(store, func, self.put(params), Results::take)
    }

    /// Starts a call that can be paused; nothing runs before [`Execution::run`].
    ///
    /// # Errors
    /// If it or an argument belongs to another store.
    ///
    /// ```
    /// # use windlass::{Engine, Event, Func, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b).typed::<(i32, i32), i32>(&store)?;
    /// let mut execution = add.start(&mut store, (1, 2))?;
    /// assert!(matches!(execution.run(&mut store)?, Event::Finished(3)));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn start(
        &self,
        mut store: impl AsContextMut,
        params: Params,
    ) -> Result<Execution<Results>, Error> {
        let store = store.as_context_mut().0;
        let func = self.func.index_in(&store.inner)? as u32;
        let thread = Call::start(&mut *store, func, self.put(params))?.pause();
        let ty = store.inner.called_type(self.func.index());
        Ok(Execution::new(self.func.store(), ty, thread, |store, _, slots| {
            Results::take(store, slots)
        }))
    }

    /// What writes the arguments into the slots of the parameters.
    #[inline]
    fn put(&self, params: Params) -> impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error> {
        move |store, slots| {
            params.put(store, slots)?;
            if self.checks { self.check(store, slots) } else { Ok(()) }
        }
    }

    /// Checks the types of references among the arguments.
    #[cold]
    fn check(&self, store: &mut StoreInner, args: &[u64]) -> Result<(), Error> {
        let ty = store.called_type(self.func.index());
        let mut at = 0;
        for ty in ty.param_types() {
            if let ValType::Ref(ty) = ty {
                check_slot(store, *ty, args[at])?;
            }
            at += ty.slots();
        }
        Ok(())
    }

    /// The function without its Rust types.
    pub fn func(&self) -> &Func {
        &self.func
    }
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params, Results> fmt::Debug for TypedFunc<Params, Results> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}
