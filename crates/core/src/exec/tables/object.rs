//! Which handler an instruction on objects has for given places of its operands: tables as in
//! [`tables`](super).

use super::{
    BinTable, ByDest, ByPlace, DESCRIPTORS, Entry, FewDests, GC, JOINED, Maybe, NO_DEST, NO_PLACE,
    PLACES, PairTable, SIMD, Table, UnTable, cut, h, one, pair, sparse, sparse::tables, two,
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
    const STRUCT_GET: UnTable = cut([
        results!(StructGet<E, Slot>),
        NO_DEST,
        results!(StructGet<E, Acc>),
        results!(StructGet<E, P0>),
        results!(StructGet<E, P1>),
    ]);
    const STRUCT_SET: PairTable = cut([
        elements!(StructSet<E, Slot>),
        NO_PLACE,
        elements!(StructSet<E, Acc>),
        elements!(StructSet<E, P0>),
        elements!(StructSet<E, P1>),
    ]);
    const ARRAY_GET: BinTable = cut([
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
    const ARRAY_SET: ByPlace<PairTable> = cut([
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
    const NEW_LAST: UnTable = cut([
        dests!(NewLast<E, Slot>),
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, Const>) },
        dests!(NewLast<E, Acc>),
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, P0>) },
        if E::IS_VECTOR { NO_DEST } else { dests!(NewLast<E, P1>) },
    ]);

    const READ: ReadTables =
        ReadTables { struct_get: Self::STRUCT_GET, array_get: Self::ARRAY_GET };
    const WRITTEN: WrittenTables = WrittenTables {
        struct_set: Self::STRUCT_SET,
        array_set: Self::ARRAY_SET,
        new_first: elements!(NewFirst<E>),
        new_field: elements!(NewField<E>),
        new_last: Self::NEW_LAST,
    };
}

struct OfTest<T>(PhantomData<T>);
impl<T: Test> OfTest<T> {
    const TABLES: TestTables = TestTables {
        test: Self::TEST,
        cast: Self::CAST,
        branch: [Self::branch::<false>(), Self::branch::<true>()],
    };
    const TEST: ByPlace<FewDests> = cut([
        cut([h::<RefTest<T, Slot, Slot>>(), h::<RefTest<T, Slot, Acc>>()]),
        cut([None; 2]),
        cut([h::<RefTest<T, Acc, Slot>>(), h::<RefTest<T, Acc, Acc>>()]),
        cut([h::<RefTest<T, P0, Slot>>(), h::<RefTest<T, P0, Acc>>()]),
        cut([h::<RefTest<T, P1, Slot>>(), h::<RefTest<T, P1, Acc>>()]),
    ]);
    const CAST: ByPlace = cut([
        h::<RefCast<T, Slot>>(),
        None,
        h::<RefCast<T, Acc>>(),
        h::<RefCast<T, P0>>(),
        h::<RefCast<T, P1>>(),
    ]);

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

/// Of an operand that is not a constant, and a destination.
macro_rules! unary {
    ($body:ident) => {
        cut([
            dests!($body<Slot>),
            NO_DEST,
            dests!($body<Acc>),
            dests!($body<P0>),
            dests!($body<P1>),
        ])
    };
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

tables! {
    /// The handlers of instructions on objects.
    struct ObjectTables {
        /// By [`Access`].
        read: [ReadTables; ACCESSES],
        /// The same of what writes: the sign does not matter, and vectors are never constants or
        /// pinned.
        written: [WrittenTables; ACCESSES - 2],
        new_done: ByDest,
        /// `array.len`, `ref.i31`, `i31.get_s`, `i31.get_u`.
        unary: [UnTable; 4],
        /// By [`Wanted`].
        tests: [TestTables; 10],
        described: [DescribedTables; DESCRIPTORS as usize],
    }

    /// What reads an element.
    struct ReadTables {
        struct_get: UnTable,
        array_get: BinTable,
    }

    /// What writes an element.
    struct WrittenTables {
        struct_set: PairTable,
        /// By array (slot, pinned), index and value.
        array_set: ByPlace<PairTable>,
        new_first: ByPlace,
        new_field: ByPlace,
        new_last: UnTable,
    }

    /// What tests a reference.
    struct TestTables {
        test: ByPlace<FewDests>,
        cast: ByPlace,
        /// By whether it branches if the cast succeeds.
        branch: [ByPlace; 2],
    }

    /// The handlers of descriptors.
    struct DescribedTables {
        get: UnTable,
        made: UnTable,
        test: [ByPlace<FewDests>; 1 + JOINED],
        cast: ByPlace<FewDests>,
    }
}

/// How many ways to access an element there are: the last is a vector.
const ACCESSES: usize = Access::V128 as usize + SIMD as usize;

impl ObjectTables {
    pub(super) const ALL: ObjectTables = ObjectTables {
        read: cut([
            Of::<I8S>::READ,
            Of::<I8U>::READ,
            Of::<I16S>::READ,
            Of::<I16U>::READ,
            Of::<I32>::READ,
            Of::<I64>::READ,
            Of::<F32>::READ,
            Of::<F64>::READ,
            Of::<Vector>::READ,
        ]),
        written: cut([
            Of::<I8U>::WRITTEN,
            Of::<I16U>::WRITTEN,
            Of::<I32>::WRITTEN,
            Of::<I64>::WRITTEN,
            Of::<F32>::WRITTEN,
            Of::<F64>::WRITTEN,
            Of::<Vector>::WRITTEN,
        ]),
        new_done: dests!(NewDone),
        unary: [unary!(ArrayLen), unary!(RefI31), unary!(I31GetS), unary!(I31GetU)],
        tests: [
            OfTest::<Always>::TABLES,
            OfTest::<Never>::TABLES,
            OfTest::<IsI31>::TABLES,
            OfTest::<IsEq>::TABLES,
            OfTest::<IsStruct>::TABLES,
            OfTest::<IsArray>::TABLES,
            OfTest::<IsFinal>::TABLES,
            OfTest::<IsBelow>::TABLES,
            OfTest::<IsFunc>::TABLES,
            OfTest::<IsExactFunc>::TABLES,
        ],
        described: cut([DescribedTables {
            get: unary!(GetDesc),
            made: unary!(NewDescribed),
            test: cut([by_descriptor!(DescTest, Slot), by_descriptor!(DescTest, Acc)]),
            cast: by_descriptor!(DescCast),
        }]),
    };
}

fn tables() -> Option<Table<ObjectTables>> {
    sparse::others().object().row(0)
}

fn read(access: Access) -> Option<Table<ReadTables>> {
    tables()?.read().row(access as usize)
}

fn written(access: Access) -> Option<Table<WrittenTables>> {
    let row = match access {
        Access::I8S | Access::I8U => 0,
        Access::I16S | Access::I16U => 1,
        other => other as usize - 2,
    };
    tables()?.written().row(row)
}

/// `struct.get`
pub(crate) fn struct_get(access: Access, a: Place, d: Dest) -> Maybe {
    one(read(access)?.struct_get(), a, d)
}

/// `struct.set`
pub(crate) fn struct_set(access: Access, a: Place, v: Place) -> Maybe {
    value_fits(access, v, &[a])?;
    pair(written(access)?.struct_set(), a, v)
}

/// `array.get`
pub(crate) fn array_get(access: Access, a: Place, b: Place, d: Dest) -> Maybe {
    two(read(access)?.array_get(), a, b, d)
}

/// `array.set`
pub(crate) fn array_set(access: Access, a: Place, b: Place, v: Place) -> Maybe {
    value_fits(access, v, &[a, b])?;
    pair(written(access)?.array_set().row(a as usize)?, b, v)
}

/// The first field of an object that is made.
pub(crate) fn new_first(access: Access, v: Place) -> Maybe {
    written(access)?.new_first().row(v as usize)?.entry()
}

/// A field between the first and the last.
pub(crate) fn new_field(access: Access, v: Place) -> Maybe {
    written(access)?.new_field().row(v as usize)?.entry()
}

/// The last field.
pub(crate) fn new_last(access: Access, v: Place, d: Dest) -> Maybe {
    one(written(access)?.new_last(), v, d)
}

/// The accumulator of a value's domain holds one value.
fn value_fits(access: Access, v: Place, others: &[Place]) -> Option<()> {
    let is_int = !matches!(access, Access::F32 | Access::F64 | Access::V128);
    let twice = v == Place::Acc && is_int && others.contains(&Place::Acc);
    (!twice).then_some(())
}

/// The end of an object whose fields are set.
pub(crate) fn new_done(d: Dest) -> Maybe {
    tables()?.new_done().row(d as usize)?.entry()
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

type I31GetS<A, D> = I31Get<A, D, true>;
type I31GetU<A, D> = I31Get<A, D, false>;

fn unary(row: usize, a: Place, d: Dest) -> Maybe {
    one(tables()?.unary().row(row)?, a, d)
}

/// `array.len`
pub(crate) fn array_len(a: Place, d: Dest) -> Maybe {
    unary(0, a, d)
}

/// `ref.i31`
pub(crate) fn ref_i31(a: Place, d: Dest) -> Maybe {
    unary(1, a, d)
}

/// `i31.get_s`
pub(crate) fn i31_get_s(a: Place, d: Dest) -> Maybe {
    unary(2, a, d)
}

/// `i31.get_u`
pub(crate) fn i31_get_u(a: Place, d: Dest) -> Maybe {
    unary(3, a, d)
}

fn described() -> Option<Table<DescribedTables>> {
    tables()?.described().row(0)
}

/// `ref.get_desc`
pub(crate) fn get_desc(a: Place, d: Dest) -> Maybe {
    one(described()?.get(), a, d)
}

/// The end of an object whose fields are set and which has a descriptor.
pub(crate) fn new_described(a: Place, d: Dest) -> Maybe {
    one(described()?.made(), a, d)
}

fn test(wanted: Wanted) -> Option<Table<TestTables>> {
    tables()?.tests().row(wanted as usize)
}

/// `ref.test`
pub(crate) fn ref_test(wanted: Wanted, a: Place, d: Dest) -> Maybe {
    one(test(wanted)?.test(), a, d)
}

/// `ref.cast`
pub(crate) fn ref_cast(wanted: Wanted, a: Place) -> Maybe {
    test(wanted)?.cast().row(a as usize)?.entry()
}

/// `br_on_cast` or `br_on_cast_fail`, to anywhere.
pub(crate) fn br_cast(wanted: Wanted, passes: bool, a: Place) -> Maybe {
    test(wanted)?.branch().row(usize::from(passes))?.row(a as usize)?.entry()
}

/// The column of a descriptor's place in tables of it.
fn descriptor_column(b: Place) -> Option<usize> {
    match b {
        Place::Slot => Some(0),
        Place::Acc => Some(1),
        Place::Const | Place::P0 | Place::P1 => None,
    }
}

/// Whether the reference `a` has the descriptor `b`.
pub(crate) fn desc_test(a: Place, b: Place, d: Dest) -> Maybe {
    let row = described()?.test().row(d as usize)?.row(a as usize)?;
    row.row(descriptor_column(b)?)?.entry()
}

/// `ref.cast_desc_eq`
pub(crate) fn desc_cast(a: Place, b: Place) -> Maybe {
    described()?.cast().row(a as usize)?.row(descriptor_column(b)?)?.entry()
}
