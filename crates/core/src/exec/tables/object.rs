//! Which handler an instruction on objects has for given places of its operands: tables as in
//! [`tables`](super).

use super::{
    BinTable, ByDest, ByPlace, Entry, FewDests, GC, JOINED, Maybe, NO_DEST, NO_PLACE, PLACES,
    PairTable, SIMD, UnTable, cut, h,
};
use crate::exec::{
    handlers::{
        cast::{
            Always, BrCast, DescCast, DescTest, IsArray, IsBelow, IsEq, IsExactFunc, IsFinal,
            IsFunc, IsI31, IsStruct, Never, RefCast, RefTest, Test,
        },
        object::{
            ArrayGet, ArrayLen, ArrayNew, ArrayNewDefault, ArraySet, Element, F32, F64, GetDesc,
            I8S, I8U, I16S, I16U, I31Get, I32, I64, NewDescribed, NewDone, NewField, NewFirst,
            NewLast, NewZeroed, RefI31, StructGet, StructSet, Vector,
        },
    },
    machine::place::{Acc, Const, Dest, P0, P1, Place, Slot},
};
use core::marker::PhantomData;

/// How a field or an element is accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    I8S,
    I8U,
    I16S,
    I16U,
    I32,
    /// A reference, too.
    I64,
    F32,
    F64,
    V128,
}

/// What a reference is tested for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Always,
    Never,
    I31,
    Eq,
    Struct,
    Array,
    /// A type without subtypes, or an exact one.
    Final,
    /// A type with subtypes.
    Below,
    Func,
    ExactFunc,
}

/// A row over the places of an element that is read: vectors are not pinned.
macro_rules! results {
    ($body:ident < E, $($arg:ty),* >) => {
        cut([h::<$body<E, $($arg,)* Slot>>(), h::<$body<E, $($arg,)* Acc>>(),
             if E::IS_VECTOR { None } else { h::<$body<E, $($arg,)* P0>>() },
             if E::IS_VECTOR { None } else { h::<$body<E, $($arg,)* P1>>() }])
    };
}
/// A row over the places of an element that is written: vectors are not pinned, and no constants.
macro_rules! elements {
    ($body:ident < E $(, $arg:ty)* >) => {
        cut([h::<$body<E, $($arg,)* Slot>>(),
             if E::IS_VECTOR { None } else { h::<$body<E, $($arg,)* Const>>() },
             h::<$body<E, $($arg,)* Acc>>(),
             if E::IS_VECTOR { None } else { h::<$body<E, $($arg,)* P0>>() },
             if E::IS_VECTOR { None } else { h::<$body<E, $($arg,)* P1>>() }])
    };
}
struct Of<E>(PhantomData<E>);
impl<E: Element> Of<E> {
    const STRUCT_GET: &'static UnTable = &cut([
        results!(StructGet<E, Slot>),
        NO_DEST,
        results!(StructGet<E, Acc>),
        results!(StructGet<E, P0>),
        results!(StructGet<E, P1>),
    ]);
    const STRUCT_SET: &'static PairTable = &cut([
        elements!(StructSet<E, Slot>),
        NO_PLACE,
        elements!(StructSet<E, Acc>),
        elements!(StructSet<E, P0>),
        elements!(StructSet<E, P1>),
    ]);
    const ARRAY_GET: &'static BinTable = &cut([
        cut([
            results!(ArrayGet<E, Slot, Slot>),
            results!(ArrayGet<E, Slot, Const>),
            results!(ArrayGet<E, Slot, Acc>),
            results!(ArrayGet<E, Slot, P0>),
            results!(ArrayGet<E, Slot, P1>),
        ]),
        [NO_DEST; PLACES],
        cut([
            results!(ArrayGet<E, Acc, Slot>),
            results!(ArrayGet<E, Acc, Const>),
            NO_DEST,
            results!(ArrayGet<E, Acc, P0>),
            results!(ArrayGet<E, Acc, P1>),
        ]),
        cut([
            results!(ArrayGet<E, P0, Slot>),
            results!(ArrayGet<E, P0, Const>),
            results!(ArrayGet<E, P0, Acc>),
            NO_DEST,
            results!(ArrayGet<E, P0, P1>),
        ]),
        cut([
            results!(ArrayGet<E, P1, Slot>),
            results!(ArrayGet<E, P1, Const>),
            results!(ArrayGet<E, P1, Acc>),
            results!(ArrayGet<E, P1, P0>),
            NO_DEST,
        ]),
    ]);
    /// By array (slot, pinned), index and value.
    const ARRAY_SET: &'static ByPlace<PairTable> = &cut([
        cut([
            elements!(ArraySet<E, Slot, Slot>),
            NO_PLACE,
            elements!(ArraySet<E, Slot, Acc>),
            elements!(ArraySet<E, Slot, P0>),
            elements!(ArraySet<E, Slot, P1>),
        ]),
        [NO_PLACE; PLACES],
        [NO_PLACE; PLACES],
        cut([
            elements!(ArraySet<E, P0, Slot>),
            NO_PLACE,
            elements!(ArraySet<E, P0, Acc>),
            NO_PLACE,
            elements!(ArraySet<E, P0, P1>),
        ]),
        cut([
            elements!(ArraySet<E, P1, Slot>),
            NO_PLACE,
            elements!(ArraySet<E, P1, Acc>),
            elements!(ArraySet<E, P1, P0>),
            NO_PLACE,
        ]),
    ]);
    const NEW_FIRST: &'static ByPlace = &elements!(NewFirst<E>);
    const NEW_FIELD: &'static ByPlace = &elements!(NewField<E>);
    const NEW_LAST: &'static UnTable = &cut([
        dests!(NewLast<E, Slot>),
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, Const>) },
        dests!(NewLast<E, Acc>),
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, P0>) },
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, P1>) },
    ]);
}

/// Expands to an expression that is generic in how an element is accessed.
macro_rules! by_access {
    ($access:expr, $part:ident) => {
        match $access {
            Access::I8S => Of::<I8S>::$part,
            Access::I8U => Of::<I8U>::$part,
            Access::I16S => Of::<I16S>::$part,
            Access::I16U => Of::<I16U>::$part,
            Access::I32 => Of::<I32>::$part,
            Access::I64 => Of::<I64>::$part,
            Access::F32 => Of::<F32>::$part,
            Access::F64 => Of::<F64>::$part,
            Access::V128 if SIMD => Of::<Vector>::$part,
            Access::V128 => return None,
        }
    };
}
/// The same for what writes: the sign does not matter, and vectors are never constants or pinned.
macro_rules! by_written {
    ($access:expr, $part:ident) => {
        match $access {
            Access::I8S | Access::I8U => Of::<I8U>::$part,
            Access::I16S | Access::I16U => Of::<I16U>::$part,
            Access::I32 => Of::<I32>::$part,
            Access::I64 => Of::<I64>::$part,
            Access::F32 => Of::<F32>::$part,
            Access::F64 => Of::<F64>::$part,
            Access::V128 if SIMD => Of::<Vector>::$part,
            Access::V128 => return None,
        }
    };
}

/// `struct.get`
pub(crate) fn struct_get(access: Access, a: Place, d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    by_access!(access, STRUCT_GET)[a as usize][d as usize]
}

/// `struct.set`
pub(crate) fn struct_set(access: Access, a: Place, v: Place) -> Maybe {
    if !GC {
        return None;
    }
    value_fits(access, v, &[a])?;
    by_written!(access, STRUCT_SET)[a as usize][v as usize]
}

/// `array.get`
pub(crate) fn array_get(access: Access, a: Place, b: Place, d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    by_access!(access, ARRAY_GET)[a as usize][b as usize][d as usize]
}

/// `array.set`
pub(crate) fn array_set(access: Access, a: Place, b: Place, v: Place) -> Maybe {
    if !GC {
        return None;
    }
    value_fits(access, v, &[a, b])?;
    by_written!(access, ARRAY_SET)[a as usize][b as usize][v as usize]
}

/// The first field of an object that is made.
pub(crate) fn new_first(access: Access, v: Place) -> Maybe {
    if !GC {
        return None;
    }
    by_written!(access, NEW_FIRST)[v as usize]
}

/// A field between the first and the last.
pub(crate) fn new_field(access: Access, v: Place) -> Maybe {
    if !GC {
        return None;
    }
    by_written!(access, NEW_FIELD)[v as usize]
}

/// The last field.
pub(crate) fn new_last(access: Access, v: Place, d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    by_written!(access, NEW_LAST)[v as usize][d as usize]
}

/// The accumulator of a value's domain holds one value.
fn value_fits(access: Access, v: Place, others: &[Place]) -> Option<()> {
    let is_int = !matches!(access, Access::F32 | Access::F64 | Access::V128);
    let twice = v == Place::Acc && is_int && others.contains(&Place::Acc);
    (!twice).then_some(())
}

/// The end of an object whose fields are set.
pub(crate) fn new_done(d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    const TABLE: &ByDest =
        &cut([h::<NewDone<Slot>>(), h::<NewDone<Acc>>(), h::<NewDone<P0>>(), h::<NewDone<P1>>()]);
    TABLE[d as usize]
}

/// The beginning of an object of zeros.
pub(crate) const NEW_ZEROED: Entry = Entry::of::<NewZeroed>();

/// A small array of equal elements, or of zeros; not of vectors.
pub(crate) fn array_new(access: Access, is_default: bool) -> Maybe {
    if !GC {
        return None;
    }
    macro_rules! pair {
        ($e:ty) => {
            if is_default { h::<ArrayNewDefault<$e>>() } else { h::<ArrayNew<$e>>() }
        };
    }
    match access {
        Access::I8S | Access::I8U => pair!(I8U),
        Access::I16S | Access::I16U => pair!(I16U),
        Access::I32 | Access::F32 => pair!(I32),
        Access::I64 | Access::F64 => pair!(I64),
        Access::V128 => None,
    }
}

macro_rules! unary {
    ($(#[$doc:meta])* $name:ident, $body:ident) => {
        $(#[$doc])*
        pub(crate) fn $name(a: Place, d: Dest) -> Maybe {
            if !GC {
                return None;
            }
            const TABLE: &UnTable = &cut([
                dests!($body<Slot>),
                NO_DEST,
                dests!($body<Acc>),
                dests!($body<P0>),
                dests!($body<P1>),
            ]);
            TABLE[a as usize][d as usize]
        }
    };
}
type I31GetS<A, D> = I31Get<A, D, true>;
type I31GetU<A, D> = I31Get<A, D, false>;
unary! {
    /// `array.len`
    array_len, ArrayLen
}
unary! {
    /// `ref.get_desc`
    get_desc, GetDesc
}
unary! {
    /// The end of an object whose fields are set and which has a descriptor.
    new_described, NewDescribed
}
unary! {
    /// `ref.i31`
    ref_i31, RefI31
}
unary! {
    /// `i31.get_s`
    i31_get_s, I31GetS
}
unary! {
    /// `i31.get_u`
    i31_get_u, I31GetU
}

struct OfTest<T>(PhantomData<T>);
impl<T: Test> OfTest<T> {
    const TEST: &'static ByPlace<FewDests> = &cut([
        cut([h::<RefTest<T, Slot, Slot>>(), h::<RefTest<T, Slot, Acc>>()]),
        cut([None; 2]),
        cut([h::<RefTest<T, Acc, Slot>>(), h::<RefTest<T, Acc, Acc>>()]),
        cut([h::<RefTest<T, P0, Slot>>(), h::<RefTest<T, P0, Acc>>()]),
        cut([h::<RefTest<T, P1, Slot>>(), h::<RefTest<T, P1, Acc>>()]),
    ]);
    const CAST: &'static ByPlace = &cut([
        h::<RefCast<T, Slot>>(),
        None,
        h::<RefCast<T, Acc>>(),
        h::<RefCast<T, P0>>(),
        h::<RefCast<T, P1>>(),
    ]);
    const BRANCH: &'static [ByPlace; 2] = &[Self::branch::<false>(), Self::branch::<true>()];

    const fn branch<const WANTED: bool>() -> ByPlace {
        cut([
            h::<BrCast<T, Slot, WANTED>>(),
            None,
            h::<BrCast<T, Acc, WANTED>>(),
            h::<BrCast<T, P0, WANTED>>(),
            h::<BrCast<T, P1, WANTED>>(),
        ])
    }
}

macro_rules! by_test {
    ($wanted:expr, $part:ident) => {
        match $wanted {
            Wanted::Always => OfTest::<Always>::$part,
            Wanted::Never => OfTest::<Never>::$part,
            Wanted::I31 => OfTest::<IsI31>::$part,
            Wanted::Eq => OfTest::<IsEq>::$part,
            Wanted::Struct => OfTest::<IsStruct>::$part,
            Wanted::Array => OfTest::<IsArray>::$part,
            Wanted::Final => OfTest::<IsFinal>::$part,
            Wanted::Below => OfTest::<IsBelow>::$part,
            Wanted::Func => OfTest::<IsFunc>::$part,
            Wanted::ExactFunc => OfTest::<IsExactFunc>::$part,
        }
    };
}

/// `ref.test`
pub(crate) fn ref_test(wanted: Wanted, a: Place, d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    *by_test!(wanted, TEST)[a as usize].get(d as usize)?
}

/// `ref.cast`
pub(crate) fn ref_cast(wanted: Wanted, a: Place) -> Maybe {
    if !GC {
        return None;
    }
    by_test!(wanted, CAST)[a as usize]
}

/// `br_on_cast` or `br_on_cast_fail`, to anywhere.
pub(crate) fn br_cast(wanted: Wanted, passes: bool, a: Place) -> Maybe {
    if !GC {
        return None;
    }
    by_test!(wanted, BRANCH)[usize::from(passes)][a as usize]
}

/// A table by the places of a reference and of a descriptor: this one in its slot or the
/// accumulator, and not both in registers of the code.
macro_rules! by_descriptor {
    ($body:ident $(, $d:ty)?) => {
        cut([
            cut([h::<$body<Slot, Slot $(, $d)?>>(), h::<$body<Slot, Acc $(, $d)?>>()]),
            cut([None; 2]),
            cut([h::<$body<Acc, Slot $(, $d)?>>(), None]),
            cut([h::<$body<P0, Slot $(, $d)?>>(), h::<$body<P0, Acc $(, $d)?>>()]),
            cut([h::<$body<P1, Slot $(, $d)?>>(), h::<$body<P1, Acc $(, $d)?>>()]),
        ])
    };
}

/// The column of a descriptor's place in such a table.
fn descriptor_column(b: Place) -> Option<usize> {
    match b {
        Place::Slot => Some(0),
        Place::Acc => Some(1),
        Place::Const | Place::P0 | Place::P1 => None,
    }
}

/// Whether the reference `a` has the descriptor `b`.
pub(crate) fn desc_test(a: Place, b: Place, d: Dest) -> Maybe {
    if !GC {
        return None;
    }
    const TABLES: &[ByPlace<FewDests>; 1 + JOINED] =
        &cut([by_descriptor!(DescTest, Slot), by_descriptor!(DescTest, Acc)]);
    *TABLES.get(d as usize)?[a as usize].get(descriptor_column(b)?)?
}

/// `ref.cast_desc_eq`
pub(crate) fn desc_cast(a: Place, b: Place) -> Maybe {
    if !GC {
        return None;
    }
    const TABLE: &ByPlace<FewDests> = &by_descriptor!(DescCast);
    *TABLE[a as usize].get(descriptor_column(b)?)?
}
