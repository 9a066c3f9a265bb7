//! [`Val`]: a value whose type is known when it runs, and how it lies in the slots of the value
//! stack. Also [`V128`].

use crate::{
    AnyRef, ArrayRef, AsContext, EqRef, Error, ExnRef, ExternRef, Func, HeapType, OutOfMemory, Ref,
    Rooted, StructRef, ValType,
    error::error,
    runtime::{StoreId, StoreInner},
};
use windlass_decode::Count;

/// A value.
///
/// Floats are bits, so that no NaN changes on its way; [`Val::f32`] and `Val::from(1.5f32)`
/// convert.
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
    ExternRef(Option<Rooted<ExternRef>>),
    /// A structure, an array, a number of 31 bits or a host value as one of them; or null.
    AnyRef(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    ExnRef(Option<Rooted<ExnRef>>),
}

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

/// The error that a handle belongs to another store.
#[inline]
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
    extern_ref unwrap unwrap_externref ExternRef Option<Rooted<ExternRef>>, value => value;
    any_ref unwrap unwrap_anyref AnyRef Option<Rooted<AnyRef>>, value => value;
    exn_ref unwrap unwrap_exnref ExnRef Option<Rooted<ExnRef>>, value => value;
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
            ValType::Ref(ty) if ty.is_nullable() => Val::null_ref(ty.heap_type()),
            ValType::Ref(_) => return None,
        })
    }

    /// The null reference of a type.
    ///
    /// ```
    /// use windlass::{HeapType, Val};
    /// assert!(matches!(Val::null_ref(HeapType::Struct), Val::AnyRef(None)));
    /// ```
    pub fn null_ref(ty: HeapType) -> Val {
        Ref::null(ty).into()
    }

    /// The null reference to functions.
    pub const fn null_func_ref() -> Val {
        Val::FuncRef(None)
    }

    /// The null reference to host values.
    pub const fn null_extern_ref() -> Val {
        Val::ExternRef(None)
    }

    /// The null reference of `any`.
    pub const fn null_any_ref() -> Val {
        Val::AnyRef(None)
    }

    /// The null reference to exceptions.
    pub const fn null_exn_ref() -> Val {
        Val::ExnRef(None)
    }

    /// Zero or null, even if null is not of the type: what results are before a host function sets
    /// them.
    pub(crate) fn zero(ty: ValType) -> Val {
        match ty {
            ValType::Ref(ty) => Val::null_ref(ty.heap_type()),
            _ => Val::default_for_ty(ty).unwrap_or(Val::I32(0)),
        }
    }

    /// The reference, if it is one: [`Val::as_ref`] by Wasmtime's name.
    ///
    /// ```
    /// use windlass::{HeapType, Val};
    /// assert!(Val::null_ref(HeapType::Extern).ref_().unwrap().is_extern());
    /// assert!(Val::I32(0).ref_().is_none());
    /// ```
    pub fn ref_(&self) -> Option<Ref> {
        self.as_ref()
    }

    /// The reference, if it is one.
    pub fn as_ref(&self) -> Option<Ref> {
        match *self {
            Val::FuncRef(func) => Some(Ref::Func(func)),
            Val::ExternRef(value) => Some(Ref::Extern(value)),
            Val::AnyRef(value) => Some(Ref::Any(value)),
            Val::ExnRef(value) => Some(Ref::Exn(value)),
            _ => None,
        }
    }

    /// The most exact type of the value.
    ///
    /// # Errors
    /// If it is a reference of another store, or one whose scope has ended.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType, Error> {
        let store = &store.as_context().0.inner;
        Ok(match self.ty_in(store)? {
            ValType::Ref(ty) => ty.inexact().into(),
            other => other,
        }
        .given(&store.engine))
    }

    /// Whether the value is of type `ty`.
    ///
    /// # Errors
    /// If it is a reference of another store, or one whose scope has ended.
    ///
    /// ```
    /// use windlass::{AnyRef, I31, Store, Val, ValType};
    /// let mut store = Store::<()>::default();
    /// let number = Val::from(AnyRef::from_i31(&mut store, I31::wrapping_u32(1)));
    /// assert!(number.matches_ty(&store, &ValType::I31REF)?);
    /// assert!(!number.matches_ty(&store, &ValType::STRUCTREF)?);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn matches_ty(&self, store: impl AsContext, ty: &ValType) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(self.ty_in(store)?.matches(&store.engine, ty))
    }

    fn ty_in(&self, store: &StoreInner) -> Result<ValType, Error> {
        Ok(match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(func) => Ref::Func(*func).ty_in(store)?.into(),
            Val::ExternRef(value) => Ref::Extern(*value).ty_in(store)?.into(),
            Val::AnyRef(value) => Ref::Any(*value).ty_in(store)?.into(),
            Val::ExnRef(value) => Ref::Exn(*value).ty_in(store)?.into(),
        })
    }

    /// Puts the value into slots if it is of type `ty`; returns how many it takes.
    #[inline]
    pub(crate) fn put(
        &self,
        store: &StoreInner,
        ty: &ValType,
        slots: &mut [u64],
    ) -> Result<usize, Error> {
        let slot = match (self, ty) {
            (&Val::I32(value), ValType::I32) => u64::from(value as u32),
            (&Val::I64(value), ValType::I64) => value as u64,
            (&Val::F32(bits), ValType::F32) => bits.into(),
            (&Val::F64(bits), ValType::F64) => bits,
            _ => return self.put_wide(store, *ty, slots),
        };
        slots[0] = slot;
        Ok(1)
    }

    /// As `put`, of what is no number.
    #[inline(never)]
    fn put_wide(self, store: &StoreInner, ty: ValType, slots: &mut [u64]) -> Result<usize, Error> {
        slots[0] = match (self, ty) {
            (Val::V128(V128(bits)), ValType::V128) => {
                slots[1] = (bits >> 64) as u64;
                bits as u64
            }
            (_, ValType::Ref(wanted)) => match self.as_ref() {
                Some(reference) => reference.to_slot(store, wanted)?,
                None => return Err(self.mismatch(store, ty)),
            },
            _ => return Err(self.mismatch(store, ty)),
        };
        Ok(ty.slots())
    }

    #[cold]
    fn mismatch(self, store: &StoreInner, ty: ValType) -> Error {
        match self.ty_in(store) {
            Ok(own) => error!("type mismatch: expected a value of type {ty}, found {own}"),
            Err(error) => error,
        }
    }

    /// The value of type `ty` that lies in slots; a reference is rooted in the innermost scope.
    #[inline]
    pub(crate) fn from_slots(store: &mut StoreInner, ty: ValType, slots: &[u64]) -> Val {
        let slot = slots[0];
        match ty {
            ValType::I32 => Val::I32(slot as i32),
            ValType::I64 => Val::I64(slot as i64),
            ValType::F32 => Val::F32(slot as u32),
            ValType::F64 => Val::F64(slot),
            ValType::V128 => Val::V128(V128(u128::from(slots[1]) << 64 | u128::from(slot))),
            ValType::Ref(ty) => Val::of_ref(store, ty.heap_type(), slot),
        }
    }

    #[inline(never)]
    fn of_ref(store: &mut StoreInner, ty: HeapType, slot: u64) -> Val {
        Ref::from_slot(store, ty, slot).into()
    }
}

/// The part of a call that a host function returns: for [`vals_to_slots`].
pub(crate) const HOST_RESULT: &str = "host function's result";

/// Puts values into slots, if they are as many as the types and of these types. An error says which
/// `part` it is about: an argument, a result.
#[inline]
pub(crate) fn vals_to_slots(
    store: &StoreInner,
    part: &'static str,
    vals: &[Val],
    types: &[ValType],
    mut slots: &mut [u64],
) -> Result<(), Error> {
    if vals.len() != types.len() {
        return Err(error!("expected {}, found {}", Count(types.len(), part), vals.len()));
    }
    for (at, (val, ty)) in vals.iter().zip(types).enumerate() {
        let put = val.put(store, ty, slots);
        let count = put.map_err(|error| in_part(part, at + 1, types.len(), error))?;
        slots = &mut slots[count..];
    }
    Ok(())
}

/// An error that says which of the parts it is about, if the build has messages and the host memory
/// for it.
#[cold]
#[inline(never)]
fn in_part(part: &'static str, number: usize, of: usize, error: Error) -> Error {
    match windlass_decode::MESSAGES && !error.is::<OutOfMemory>() {
        true => error!("{part} {number} of {of}: {error}"),
        false => error,
    }
}

/// The values of these types that lie in slots; references are rooted in the innermost scope.
pub(crate) fn slots_to_vals<'a>(
    store: &'a mut StoreInner,
    types: &'a [ValType],
    mut slots: &'a [u64],
) -> impl Iterator<Item = Val> + 'a {
    types.iter().map(move |&ty| {
        let (own, rest) = slots.split_at(ty.slots());
        slots = rest;
        Val::from_slots(store, ty, own)
    })
}

/// As `slots_to_vals`, in place of other values: as many as there are types.
#[inline]
pub(crate) fn slots_into_vals(
    store: &mut StoreInner,
    types: &[ValType],
    mut slots: &[u64],
    vals: &mut [Val],
) {
    for (val, ty) in vals.iter_mut().zip(types) {
        // Each kind is written on its own: a choice between them would be made elsewhere, and then
        // copied.
        match (ty, slots[0]) {
            (ValType::I32, slot) => *val = Val::I32(slot as i32),
            (ValType::I64, slot) => *val = Val::I64(slot as i64),
            (ValType::F32, slot) => *val = Val::F32(slot as u32),
            (ValType::F64, slot) => *val = Val::F64(slot),
            _ => {
                *val = Val::from_slots(store, *ty, slots);
                slots = &slots[ty.slots()..];
                continue;
            }
        }
        slots = &slots[1..];
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
    Rooted<ExternRef>, value => Val::ExternRef(Some(value));
    Option<Rooted<ExternRef>>, value => Val::ExternRef(value);
    Rooted<AnyRef>, value => Val::AnyRef(Some(value));
    Option<Rooted<AnyRef>>, value => Val::AnyRef(value);
    Rooted<ExnRef>, value => Val::ExnRef(Some(value));
    Option<Rooted<ExnRef>>, value => Val::ExnRef(value);
    Rooted<EqRef>, value => Val::AnyRef(Some(value.into()));
    Option<Rooted<EqRef>>, value => Val::AnyRef(value.map(Into::into));
    Rooted<StructRef>, value => Val::AnyRef(Some(value.into()));
    Option<Rooted<StructRef>>, value => Val::AnyRef(value.map(Into::into));
    Rooted<ArrayRef>, value => Val::AnyRef(Some(value.into()));
    Option<Rooted<ArrayRef>>, value => Val::AnyRef(value.map(Into::into));
    Ref, value => match value {
        Ref::Func(func) => Val::FuncRef(func),
        Ref::Extern(value) => Val::ExternRef(value),
        Ref::Any(value) => Val::AnyRef(value),
        Ref::Exn(value) => Val::ExnRef(value),
    };
}
