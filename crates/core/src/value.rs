//! [`Val`]: a value whose type is known when it runs, and how it lies in the slots of the value stack. Also
//! [`Ref`], [`V128`] and [`ExternRef`].

use crate::runtime::{StoreId, StoreInner};
use crate::{
    AsContext, AsContextMut, Error, ExnRef, Func, HeapType, RefType, ValType, error::error,
};
use alloc::boxed::Box;
use core::any::Any;

/// A value.
///
/// Floats are bits, so that no NaN changes on its way; [`Val::f32`] and `Val::from(1.5f32)` convert.
///
/// ```
/// use windlass::{Val, ValType};
/// let value = Val::from(1.5f64);
/// assert_eq!(value.f64(), Some(1.5));
/// assert_eq!(value.i32(), None);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The bits of a 32-bit float.
    F32(u32),
    /// The bits of a 64-bit float.
    F64(u64),
    /// A vector.
    V128(V128),
    /// A function, or null.
    FuncRef(Option<Func>),
    /// A host value, or null.
    ExternRef(Option<ExternRef>),
    /// An exception, or null.
    ExnRef(Option<ExnRef>),
}

/// A reference.
///
/// ```
/// use windlass::{Ref, Val};
/// assert!(Ref::Extern(None).is_null());
/// assert!(matches!(Val::from(Ref::Func(None)), Val::FuncRef(None)));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function, or null.
    Func(Option<Func>),
    /// A host value, or null.
    Extern(Option<ExternRef>),
    /// An exception, or null.
    Exn(Option<ExnRef>),
}

/// A reference to a function.
pub type FuncRef = Func;

/// A 128-bit vector.
///
/// ```
/// use windlass::V128;
/// assert_eq!(V128::from(7u128).as_u128(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct V128(u128);

impl V128 {
    /// The bits: lane 0 is the lowest.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl From<u128> for V128 {
    fn from(bits: u128) -> V128 {
        V128(bits)
    }
}

impl From<V128> for u128 {
    fn from(vector: V128) -> u128 {
        vector.0
    }
}

/// A host value that guests can hold and hand back, but not look into.
///
/// The store keeps it as long as it lives.
///
/// ```
/// use windlass::{Engine, ExternRef, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let reference = ExternRef::new(&mut store, "a host's string");
/// assert_eq!(reference.data(&store)?.downcast_ref(), Some(&"a host's string"));
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternRef {
    store: StoreId,
    index: u32,
}

impl ExternRef {
    /// Puts `value` into the store.
    ///
    /// # Panics
    /// If the store holds 2^32 - 1 host values already.
    pub fn new<V: Any + Send + Sync>(mut store: impl AsContextMut, value: V) -> ExternRef {
        let inner = &mut store.as_context_mut().0.inner;
        let index = inner.externs.add(Box::new(value));
        ExternRef { store: inner.id, index: index.expect("fewer than 2^32 - 1 host values") }
    }

    /// The value.
    ///
    /// # Errors
    /// If it belongs to another store.
    pub fn data<'a, T: 'a>(
        &self,
        store: impl Into<crate::StoreContext<'a, T>>,
    ) -> Result<&'a (dyn Any + Send + Sync), Error> {
        let inner = &store.into().0.inner;
        check_store(inner.id, self.store, "host value")?;
        inner.externs.get(self.index).ok_or_else(|| error!("the host value was collected"))
    }

    /// How it lies in a slot: see `exec/mod.rs`.
    pub(crate) fn to_slot(self) -> u64 {
        u64::from(self.index) << 3 | 2
    }

    pub(crate) fn from_slot(store: StoreId, slot: u64) -> Option<ExternRef> {
        (slot != 0).then(|| ExternRef { store, index: (slot >> 3) as u32 })
    }

    pub(crate) fn store(self) -> StoreId {
        self.store
    }
}

/// The error that a handle belongs to another store.
pub(crate) fn check_store(store: StoreId, of: StoreId, what: &str) -> Result<(), Error> {
    if store == of { Ok(()) } else { Err(wrong_store(what)) }
}

#[cold]
fn wrong_store(what: &str) -> Error {
    error!("the {what} belongs to another store")
}

macro_rules! accessors {
    ($($name:ident unwrap $unwrap:ident $variant:ident $ty:ty, $value:ident => $get:expr;)*) => {
        /// What a value is, if it is of that type.
        impl Val {
            $(
                #[doc = concat!("The value, if it is `Val::", stringify!($variant), "`.")]
                pub fn $name(&self) -> Option<$ty> {
                    match *self {
                        Val::$variant($value) => Some($get),
                        _ => None,
                    }
                }

                #[doc = concat!("The value of a `Val::", stringify!($variant), "`.")]
                ///
                /// # Panics
                /// If it is of another type.
                pub fn $unwrap(&self) -> $ty {
                    match self.$name() {
                        Some(value) => value,
                        None => panic!(
                            concat!("expected a Val::", stringify!($variant), ", found {:?}"),
                            self
                        ),
                    }
                }
            )*
        }
    };
}

accessors! {
    i32 unwrap unwrap_i32 I32 i32, value => value;
    i64 unwrap unwrap_i64 I64 i64, value => value;
    f32 unwrap unwrap_f32 F32 f32, bits => f32::from_bits(bits);
    f64 unwrap unwrap_f64 F64 f64, bits => f64::from_bits(bits);
    v128 unwrap unwrap_v128 V128 V128, value => value;
    func_ref unwrap unwrap_funcref FuncRef Option<Func>, value => value;
    extern_ref unwrap unwrap_externref ExternRef Option<ExternRef>, value => value;
    exn_ref unwrap unwrap_exnref ExnRef Option<ExnRef>, value => value;
}

impl Val {
    /// Zero or null.
    ///
    /// None if the type has no such value, as references that are never null.
    ///
    /// ```
    /// use windlass::{HeapType, RefType, Val, ValType};
    /// assert_eq!(Val::default_for_ty(ValType::I32).unwrap().i32(), Some(0));
    /// let never_null = RefType::new(false, HeapType::Func);
    /// assert!(Val::default_for_ty(never_null.into()).is_none());
    /// ```
    pub fn default_for_ty(ty: ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(V128(0)),
            ValType::Ref(ty) if ty.is_nullable() => Val::null_ref(ty),
            ValType::Ref(_) => return None,
        })
    }

    /// Zero or null, even if null is not of the type: what results are before a host function sets them.
    pub(crate) fn zero(ty: ValType) -> Val {
        match ty {
            ValType::Ref(ty) => Val::null_ref(ty),
            _ => Val::default_for_ty(ty).unwrap_or(Val::I32(0)),
        }
    }

    fn null_ref(ty: RefType) -> Val {
        match ty.heap_type() {
            HeapType::Extern | HeapType::NoExtern => Val::ExternRef(None),
            HeapType::Exn | HeapType::NoExn => Val::ExnRef(None),
            _ => Val::FuncRef(None),
        }
    }

    /// The reference, if it is one.
    pub fn as_ref(&self) -> Option<Ref> {
        match *self {
            Val::FuncRef(func) => Some(Ref::Func(func)),
            Val::ExternRef(value) => Some(Ref::Extern(value)),
            Val::ExnRef(value) => Some(Ref::Exn(value)),
            _ => None,
        }
    }

    /// The most exact type of the value.
    ///
    /// # Errors
    /// If it is a reference of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType, Error> {
        self.ty_in(&store.as_context().0.inner)
    }

    fn ty_in(&self, store: &StoreInner) -> Result<ValType, Error> {
        let heap = |nullable, heap| ValType::Ref(RefType::new(nullable, heap));
        Ok(match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(None) => heap(true, HeapType::NoFunc),
            Val::FuncRef(Some(func)) => {
                let ty = store.funcs[func.index_in(store)?].ty;
                heap(false, HeapType::Concrete(crate::ConcreteType(ty)))
            }
            Val::ExternRef(None) => heap(true, HeapType::NoExtern),
            Val::ExternRef(Some(value)) => {
                check_store(store.id, value.store, "host value")?;
                heap(false, HeapType::Extern)
            }
            Val::ExnRef(None) => heap(true, HeapType::NoExn),
            Val::ExnRef(Some(value)) => {
                check_store(store.id, value.store(), "exception")?;
                heap(false, HeapType::Exn)
            }
        })
    }

    /// Puts the value into slots if it is of type `ty`; returns how many it takes.
    pub(crate) fn to_slots(
        self,
        store: &StoreInner,
        ty: ValType,
        slots: &mut [u64],
    ) -> Result<usize, Error> {
        let slot = match (self, ty) {
            (Val::I32(value), ValType::I32) => u64::from(value as u32),
            (Val::I64(value), ValType::I64) => value as u64,
            (Val::F32(bits), ValType::F32) => bits.into(),
            (Val::F64(bits), ValType::F64) => bits,
            (Val::V128(V128(bits)), ValType::V128) => {
                slots[1] = (bits >> 64) as u64;
                bits as u64
            }
            (Val::FuncRef(func), ValType::Ref(_)) => {
                self.check_type(store, ty)?;
                func.map_or(0, Func::to_slot)
            }
            (Val::ExternRef(value), ValType::Ref(_)) => {
                self.check_type(store, ty)?;
                value.map_or(0, ExternRef::to_slot)
            }
            (Val::ExnRef(value), ValType::Ref(_)) => {
                self.check_type(store, ty)?;
                value.map_or(0, ExnRef::to_slot)
            }
            _ => return Err(self.mismatch(store, ty)),
        };
        slots[0] = slot;
        Ok(ty.slots())
    }

    fn check_type(self, store: &StoreInner, ty: ValType) -> Result<(), Error> {
        let own = self.ty_in(store)?.to_decoded();
        match store.engine.types(|types| types.val_is_subtype(own, ty.to_decoded())) {
            true => Ok(()),
            false => Err(self.mismatch(store, ty)),
        }
    }

    #[cold]
    fn mismatch(self, store: &StoreInner, ty: ValType) -> Error {
        match self.ty_in(store) {
            Ok(own) => error!("type mismatch: expected a value of type {ty}, found {own}"),
            Err(error) => error,
        }
    }

    /// The value of type `ty` that lies in slots.
    pub(crate) fn from_slots(store: StoreId, ty: ValType, slots: &[u64]) -> Val {
        let slot = slots[0];
        match ty {
            ValType::I32 => Val::I32(slot as i32),
            ValType::I64 => Val::I64(slot as i64),
            ValType::F32 => Val::F32(slot as u32),
            ValType::F64 => Val::F64(slot),
            ValType::V128 => Val::V128(V128(u128::from(slots[1]) << 64 | u128::from(slot))),
            ValType::Ref(ty) => match ty.heap_type() {
                HeapType::Extern | HeapType::NoExtern => {
                    Val::ExternRef(ExternRef::from_slot(store, slot))
                }
                HeapType::Exn | HeapType::NoExn => Val::ExnRef(ExnRef::from_slot(store, slot)),
                _ => Val::FuncRef(Func::from_slot(store, slot)),
            },
        }
    }
}

/// Puts values into slots, if they are as many as the types and of these types.
pub(crate) fn vals_to_slots(
    store: &StoreInner,
    vals: &[Val],
    types: &[ValType],
    mut slots: &mut [u64],
) -> Result<(), Error> {
    if vals.len() != types.len() {
        return Err(error!("expected {} values, found {}", types.len(), vals.len()));
    }
    for (val, ty) in vals.iter().zip(types) {
        let count = val.to_slots(store, *ty, slots)?;
        slots = &mut slots[count..];
    }
    Ok(())
}

/// The values of these types that lie in slots.
pub(crate) fn slots_to_vals<'a>(
    store: StoreId,
    types: &'a [ValType],
    mut slots: &'a [u64],
) -> impl Iterator<Item = Val> + 'a {
    types.iter().map(move |&ty| {
        let (own, rest) = slots.split_at(ty.slots());
        slots = rest;
        Val::from_slots(store, ty, own)
    })
}

impl Ref {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Exn(None))
    }
}

macro_rules! val_from {
    ($($ty:ty, $value:ident => $val:expr;)*) => {
        $(impl From<$ty> for Val {
            fn from($value: $ty) -> Val {
                $val
            }
        })*
    };
}

val_from! {
    i32, value => Val::I32(value);
    u32, value => Val::I32(value as i32);
    i64, value => Val::I64(value);
    u64, value => Val::I64(value as i64);
    f32, value => Val::F32(value.to_bits());
    f64, value => Val::F64(value.to_bits());
    u128, value => Val::V128(V128(value));
    V128, value => Val::V128(value);
    Func, value => Val::FuncRef(Some(value));
    Option<Func>, value => Val::FuncRef(value);
    ExternRef, value => Val::ExternRef(Some(value));
    Option<ExternRef>, value => Val::ExternRef(value);
    ExnRef, value => Val::ExnRef(Some(value));
    Option<ExnRef>, value => Val::ExnRef(value);
    Ref, value => match value {
        Ref::Func(func) => Val::FuncRef(func),
        Ref::Extern(value) => Val::ExternRef(value),
        Ref::Exn(value) => Val::ExnRef(value),
    };
}

impl From<Func> for Ref {
    fn from(func: Func) -> Ref {
        Ref::Func(Some(func))
    }
}

impl From<ExternRef> for Ref {
    fn from(value: ExternRef) -> Ref {
        Ref::Extern(Some(value))
    }
}

impl From<ExnRef> for Ref {
    fn from(value: ExnRef) -> Ref {
        Ref::Exn(Some(value))
    }
}
