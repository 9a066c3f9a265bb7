//! Which handler an instruction has for given places of its operands: tables that the compiler
//! fills from the generic bodies. The translator picks handlers here and nowhere else.

use super::{
    BinTable, ByDest, CmpTables, Handlers, LoadTables, Maybe, PairTable, StoreTables, UnTable,
    any_table, ops, vector_ops, vector_select,
};
use crate::{
    Metering,
    exec::{
        handlers::{
            atomic,
            call::{self, Enter, Reload},
            control::{
                Again, Br, BrAnd, BrCmp, BrTable, BrTest, Charge, Fueled, Interruptible, Jump,
                Latch, LatchTest, LoopEnter, Target, Unmetered,
            },
            memory::{
                Base, GlobalGet, GlobalSet, Indexed, Load, LoadAny, LoadOp, Store, StoreAny,
                StoreOp, Wrapped,
            },
            numeric::{Bin, BinOp, CmpOp, CmpSelect, Copy, Select, Un, UnOp},
            reference::{NonNull, RefFunc, TableGet, TableSet, TableSize},
        },
        machine::{
            Acc, Const, P0, P1, Slot, SlotOnly, Src, Value,
            dispatch::{Handler, Step, run},
        },
    },
};
use core::marker::PhantomData;
use windlass_decode::Op;

/// Where an operand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Slot,
    Const,
    Acc,
    P0,
    P1,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dest {
    /// A slot and the accumulator.
    Slot,
    /// The accumulator alone.
    Acc,
    P0,
    P1,
}

/// The register file of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    Int,
    F64,
    F32,
    Vector,
}

/// The type of a value. Handlers take references for 64-bit integers; maps of live values do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    I32,
    I64,
    Ref,
    F32,
    F64,
    V128,
}

/// How a branch gets to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By distance.
    Jump,
    /// To the start of the innermost loop, which makes no calls; checked as the engine wants it.
    Again(Metering),
}

const fn h<S: Step>() -> Maybe {
    Some(run::<S> as Handler)
}

const NO_DEST: ByDest = [None; 4];
const NO_PAIR: PairTable = [[None; 5]; 5];
const NO_BIN: BinTable = [[NO_DEST; 5]; 5];

/// A row or table over the places of one operand: `places!(Body, before.. ; ..after)`.
macro_rules! dests {
    ($body:ident < $($arg:ty),+ >) => {
        [h::<$body<$($arg),+, Slot>>(), h::<$body<$($arg),+, Acc>>(),
         h::<$body<$($arg),+, P0>>(), h::<$body<$($arg),+, P1>>()]
    };
    ($body:ident) => {
        [h::<$body<Slot>>(), h::<$body<Acc>>(), h::<$body<P0>>(), h::<$body<P1>>()]
    };
}
/// A row over the places of an operand that is not a constant.
macro_rules! variable_places {
    ($body:ident) => {
        [h::<$body<Slot>>(), None, h::<$body<Acc>>(), h::<$body<P0>>(), h::<$body<P1>>()]
    };
}
/// As `dests`, without pinned ones.
macro_rules! few_dests {
    ($body:ident < $($arg:ty),+ >) => {
        [h::<$body<$($arg),+, Slot>>(), h::<$body<$($arg),+, Acc>>(), None, None]
    };
}
/// A table over two operands; `$row!` makes the entry, `$none` stands where there is none: for two
/// constants, the accumulator twice, and for the second order of a commutative operation.
macro_rules! pairs {
    ($none:expr, $commutes:expr, $entry:ident) => {
        [
            [
                $entry!(Slot, Slot),
                $entry!(Slot, Const),
                if $commutes { $none } else { $entry!(Slot, Acc) },
                if $commutes { $none } else { $entry!(Slot, P0) },
                if $commutes { $none } else { $entry!(Slot, P1) },
            ],
            [
                if $commutes { $none } else { $entry!(Const, Slot) },
                $none,
                if $commutes { $none } else { $entry!(Const, Acc) },
                if $commutes { $none } else { $entry!(Const, P0) },
                if $commutes { $none } else { $entry!(Const, P1) },
            ],
            [$entry!(Acc, Slot), $entry!(Acc, Const), $none, $entry!(Acc, P0), $entry!(Acc, P1)],
            [
                $entry!(P0, Slot),
                $entry!(P0, Const),
                if $commutes { $none } else { $entry!(P0, Acc) },
                $entry!(P0, P0),
                $entry!(P0, P1),
            ],
            [
                $entry!(P1, Slot),
                $entry!(P1, Const),
                if $commutes { $none } else { $entry!(P1, Acc) },
                if $commutes { $none } else { $entry!(P1, P0) },
                $entry!(P1, P1),
            ],
        ]
    };
}
/// As `pairs`, without constants.
macro_rules! variable_pairs {
    ($none:expr, $commutes:expr, $entry:ident) => {
        [
            [
                $entry!(Slot, Slot),
                $none,
                if $commutes { $none } else { $entry!(Slot, Acc) },
                if $commutes { $none } else { $entry!(Slot, P0) },
                if $commutes { $none } else { $entry!(Slot, P1) },
            ],
            [$none, $none, $none, $none, $none],
            [$entry!(Acc, Slot), $none, $none, $entry!(Acc, P0), $entry!(Acc, P1)],
            [
                $entry!(P0, Slot),
                $none,
                if $commutes { $none } else { $entry!(P0, Acc) },
                $entry!(P0, P0),
                $entry!(P0, P1),
            ],
            [
                $entry!(P1, Slot),
                $none,
                if $commutes { $none } else { $entry!(P1, Acc) },
                if $commutes { $none } else { $entry!(P1, P0) },
                $entry!(P1, P1),
            ],
        ]
    };
}

/// A table over the address and the value of a store; `$const` is the row of constant addresses.
macro_rules! by_value {
    ($entry:ident, $const:expr) => {
        [
            by_value_row!(Slot, $entry),
            $const,
            by_value_row!(Acc, $entry),
            by_value_row!(P0, $entry),
            by_value_row!(P1, $entry),
        ]
    };
}
macro_rules! by_value_row {
    ($a:ident, $entry:ident) => {
        [$entry!($a, Slot), $entry!($a, Const), $entry!($a, Acc), $entry!($a, P0), $entry!($a, P1)]
    };
}

/// In which order [`in_order`] puts the operands of a commutative operation.
const fn rank(place: Place) -> u8 {
    match place {
        Place::Acc => 0,
        Place::P0 => 1,
        Place::P1 => 2,
        Place::Slot => 3,
        Place::Const => 4,
    }
}

/// Whether the tables of a commutative operation have its operands in this order.
pub(crate) fn in_order(a: Place, b: Place) -> bool {
    rank(a) <= rank(b)
}

/// The comparison that has the handlers for this one, with operands swapped; none if it has its own. Of two
/// such, the first in the table has them: `gt` is `lt`, `ge` is `le`.
pub(crate) const fn stand_in(op: Op) -> Option<Op> {
    match op.swapped() {
        Some(twin) if (twin as u16) < op as u16 => Some(twin),
        _ => None,
    }
}

/// The comparison with handlers that is true when this is false, if there is one; with operands swapped or not.
pub(crate) fn negated(op: Op) -> Option<(Op, bool)> {
    let negated = op.negated()?;
    Some(stand_in(negated).map_or((negated, false), |twin| (twin, true)))
}

/// Divisions and comparisons write no pinned local: the translator adds a copy.
const fn writes_pins(op: Op) -> bool {
    !matches!(op.shape(), windlass_decode::Shape::try_bin)
}

pub(crate) struct OfUn<O>(PhantomData<O>);
impl<O: UnOp> OfUn<O> {
    pub(crate) const TABLE: &'static UnTable =
        &[dests!(Un<O, Slot>), NO_DEST, dests!(Un<O, Acc>), dests!(Un<O, P0>), dests!(Un<O, P1>)];
}

pub(crate) struct OfBin<O>(PhantomData<O>);
impl<O: BinOp> OfBin<O> {
    pub(crate) const TABLE: &'static BinTable = &{
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                if writes_pins(O::OP) { dests!(Bin<O, $a, $b>) } else { few_dests!(Bin<O, $a, $b>) }
            };
        }
        pairs!(NO_DEST, O::OP.commutes(), entry)
    };
}

pub(crate) struct OfCmp<O>(PhantomData<O>);
impl<O: CmpOp<A: crate::exec::handlers::control::Bits> + BinOp> OfCmp<O> {
    pub(crate) const TABLE: &'static CmpTables = &CmpTables {
        value: OfCmpBranch::<O>::VALUE,
        select: OfCmpBranch::<O>::SELECT,
        branch: OfCmpBranch::<O>::BRANCH,
        branch_not: [NO_PAIR; 4],
        latch: {
            macro_rules! latch {
                ($k:ty, $swap:literal) => {
                    [
                        [
                            h::<Latch<O, Slot, Slot, $k, $swap>>(),
                            h::<Latch<O, Slot, Const, $k, $swap>>(),
                            None,
                            h::<Latch<O, Slot, P0, $k, $swap>>(),
                            h::<Latch<O, Slot, P1, $k, $swap>>(),
                        ],
                        [None; 5],
                        [None; 5],
                        [
                            h::<Latch<O, P0, Slot, $k, $swap>>(),
                            h::<Latch<O, P0, Const, $k, $swap>>(),
                            None,
                            None,
                            h::<Latch<O, P0, P1, $k, $swap>>(),
                        ],
                        [
                            h::<Latch<O, P1, Slot, $k, $swap>>(),
                            h::<Latch<O, P1, Const, $k, $swap>>(),
                            None,
                            h::<Latch<O, P1, P0, $k, $swap>>(),
                            None,
                        ],
                    ]
                };
            }
            if stand_in(<O as CmpOp>::OP).is_some() {
                [[NO_PAIR; 2]; 2]
            } else {
                [
                    [latch!(Jump, false), latch!(Jump, true)],
                    [latch!(Again<Unmetered>, false), latch!(Again<Unmetered>, true)],
                ]
            }
        },
    };
}

pub(crate) struct OfFloatCmp<O>(PhantomData<O>);
impl<O: CmpOp + BinOp> OfFloatCmp<O> {
    pub(crate) const TABLE: &'static CmpTables = &CmpTables {
        value: OfCmpBranch::<O>::VALUE,
        select: OfCmpBranch::<O>::SELECT,
        branch: OfCmpBranch::<O>::BRANCH,
        branch_not: OfCmpBranch::<O>::BRANCH_NOT,
        latch: [[NO_PAIR; 2]; 2],
    };
}

struct OfCmpBranch<O>(PhantomData<O>);
impl<O: CmpOp + BinOp> OfCmpBranch<O> {
    /// `gt` and `ge` are `lt` and `le` swapped.
    const UNUSED: bool = stand_in(<O as CmpOp>::OP).is_some();

    const VALUE: BinTable = {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                few_dests!(Bin<O, $a, $b>)
            };
        }
        if Self::UNUSED { NO_BIN } else { pairs!(NO_DEST, <O as CmpOp>::OP.commutes(), entry) }
    };
    const SELECT: BinTable = {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                few_dests!(CmpSelect<O, $a, $b>)
            };
        }
        if Self::UNUSED { NO_BIN } else { pairs!(NO_DEST, <O as CmpOp>::OP.commutes(), entry) }
    };
    const BRANCH: [PairTable; 4] = [
        Self::branch::<Jump, true>(),
        Self::branch::<Again<Unmetered>, true>(),
        Self::branch::<Again<Interruptible>, true>(),
        Self::branch::<Again<Fueled>, true>(),
    ];
    const BRANCH_NOT: [PairTable; 4] = if <O as CmpOp>::OP.negated().is_some() {
        [NO_PAIR; 4]
    } else {
        [
            Self::branch::<Jump, false>(),
            Self::branch::<Again<Unmetered>, false>(),
            Self::branch::<Again<Interruptible>, false>(),
            Self::branch::<Again<Fueled>, false>(),
        ]
    };

    const fn branch<K: Target, const WANTED: bool>() -> PairTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                h::<BrCmp<O, $a, $b, K, WANTED>>()
            };
        }
        if Self::UNUSED { NO_PAIR } else { pairs!(None, <O as CmpOp>::OP.commutes(), entry) }
    }
}

pub(crate) struct OfLoad<O>(PhantomData<O>);
impl<O: LoadOp> OfLoad<O> {
    pub(crate) const TABLE: &'static LoadTables = &LoadTables {
        base: [
            dests!(Load<O, Base<Slot>>),
            dests!(Load<O, Base<Const>>),
            dests!(Load<O, Base<Acc>>),
            dests!(Load<O, Base<P0>>),
            dests!(Load<O, Base<P1>>),
        ],
        wrapped: [
            dests!(Load<O, Wrapped<Slot>>),
            NO_DEST,
            dests!(Load<O, Wrapped<Acc>>),
            dests!(Load<O, Wrapped<P0>>),
            dests!(Load<O, Wrapped<P1>>),
        ],
        indexed: Self::indexed::<0>(),
        scaled: [Self::indexed::<1>(), Self::indexed::<2>(), Self::indexed::<3>()],
        any: any_table!(LoadAny<O>),
    };

    const fn indexed<const SHIFT: u32>() -> BinTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                dests!(Load<O, Indexed<$a, $b, SHIFT>>)
            };
        }
        if SHIFT > 0 && 1 << SHIFT != <O::Raw as crate::exec::handlers::memory::Raw>::SIZE {
            return NO_BIN;
        }
        variable_pairs!(NO_DEST, SHIFT == 0, entry)
    }
}

pub(crate) struct OfStore<O>(PhantomData<O>);
impl<O: StoreOp> OfStore<O> {
    pub(crate) const TABLE: &'static StoreTables = &StoreTables {
        base: {
            macro_rules! entry {
                ($a:ident, $v:ident) => {
                    h::<Store<O, Base<$a>, $v>>()
                };
            }
            by_value!(entry, by_value_row!(Const, entry))
        },
        wrapped: {
            macro_rules! entry {
                ($a:ident, $v:ident) => {
                    h::<Store<O, Wrapped<$a>, $v>>()
                };
            }
            by_value!(entry, [None; 5])
        },
        indexed: Self::all_indexed::<0>(),
        scaled: [Self::all_indexed::<1>(), Self::all_indexed::<2>(), Self::all_indexed::<3>()],
        any: any_table!(StoreAny<O>),
    };

    const fn all_indexed<const SHIFT: u32>() -> [PairTable; 5] {
        [
            Self::indexed::<Slot, SHIFT>(),
            Self::indexed::<Const, SHIFT>(),
            Self::indexed::<Acc, SHIFT>(),
            Self::indexed::<P0, SHIFT>(),
            Self::indexed::<P1, SHIFT>(),
        ]
    }

    const fn indexed<V: Src, const SHIFT: u32>() -> PairTable {
        macro_rules! entry {
            ($a:ident, $b:ident) => {
                h::<Store<O, Indexed<$a, $b, SHIFT>, V>>()
            };
        }
        if SHIFT > 0 && 1 << SHIFT != <O::Raw as crate::exec::handlers::memory::Raw>::SIZE {
            return NO_PAIR;
        }
        variable_pairs!(None, SHIFT == 0, entry)
    }
}

/// The handlers of a simple instruction.
pub(crate) fn handlers(op: Op) -> Handlers {
    match ops::handlers(op) {
        Handlers::None => vector_ops::handlers(op),
        handlers => handlers,
    }
}

/// Expands to an expression that is generic in the type of a kind; a vector has its own.
macro_rules! by_kind {
    ($kind:expr, |$t:ident| $body:expr, $vector:expr) => {
        match $kind {
            Kind::I32 => {
                type $t = i32;
                $body
            }
            Kind::I64 | Kind::Ref => {
                type $t = i64;
                $body
            }
            Kind::F32 => {
                type $t = f32;
                $body
            }
            Kind::F64 => {
                type $t = f64;
                $body
            }
            Kind::V128 => $vector,
        }
    };
}

/// `d = a` that leaves accumulators alone; `d` is a slot or pinned (with its slot).
pub(crate) fn copy(kind: Kind, a: Place, d: Dest) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + 'static> Of<T> {
        const TABLE: &'static [[Maybe; 3]; 5] = &[
            [h::<Copy<T, Slot, SlotOnly>>(), h::<Copy<T, Slot, P0>>(), h::<Copy<T, Slot, P1>>()],
            [h::<Copy<T, Const, SlotOnly>>(), h::<Copy<T, Const, P0>>(), h::<Copy<T, Const, P1>>()],
            [h::<Copy<T, Acc, SlotOnly>>(), h::<Copy<T, Acc, P0>>(), h::<Copy<T, Acc, P1>>()],
            [h::<Copy<T, P0, SlotOnly>>(), None, h::<Copy<T, P0, P1>>()],
            [h::<Copy<T, P1, SlotOnly>>(), h::<Copy<T, P1, P0>>(), None],
        ];
    }
    let column = match d {
        Dest::Slot => 0,
        Dest::P0 => 1,
        Dest::P1 => 2,
        Dest::Acc => return None,
    };
    by_kind!(kind, |T| Of::<T>::TABLE[a as usize][column], vector_select::copy(a, d))
}

/// `select` of slots or constants by a condition in a slot or the accumulator.
pub(crate) fn select(kind: Kind, x: Place, y: Place, c: Place, d: Dest) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + 'static> Of<T> {
        const TABLE: &'static [[[ByDest; 2]; 2]; 2] = &[
            [
                [dests!(Select<T, Slot, Slot, Slot>), dests!(Select<T, Slot, Slot, Acc>)],
                [dests!(Select<T, Slot, Const, Slot>), dests!(Select<T, Slot, Const, Acc>)],
            ],
            [
                [dests!(Select<T, Const, Slot, Slot>), dests!(Select<T, Const, Slot, Acc>)],
                [dests!(Select<T, Const, Const, Slot>), dests!(Select<T, Const, Const, Acc>)],
            ],
        ];
    }
    let value = |place| match place {
        Place::Slot => Some(0),
        Place::Const => Some(1),
        _ => None,
    };
    let condition = match c {
        Place::Slot => 0,
        Place::Acc => 1,
        _ => return None,
    };
    by_kind!(
        kind,
        |T| Of::<T>::TABLE[value(x)?][value(y)?][condition][d as usize],
        vector_select::select(x, y, c, d)
    )
}

/// `global.get`
pub(crate) fn global_get(kind: Kind, d: Dest) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + 'static> Of<T> {
        const TABLE: &'static ByDest = &dests!(GlobalGet<T>);
    }
    by_kind!(kind, |T| Of::<T>::TABLE[d as usize], vector_select::global_get(d))
}

/// `global.set`
pub(crate) fn global_set(kind: Kind, a: Place) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + 'static> Of<T> {
        const TABLE: &'static [Maybe; 5] = &over_places!(GlobalSet<T>);
    }
    by_kind!(kind, |T| Of::<T>::TABLE[a as usize], vector_select::global_set(a))
}

/// `ref.func`
pub(crate) fn ref_func(d: Dest) -> Maybe {
    const TABLE: ByDest = dests!(RefFunc);
    TABLE[d as usize]
}

/// `ref.as_non_null` of a reference anywhere but in the code
pub(crate) fn non_null(a: Place) -> Maybe {
    variable_places!(NonNull)[a as usize]
}

/// `table.get` by an index anywhere but in the code
pub(crate) fn table_get(a: Place, d: Dest) -> Maybe {
    const TABLE: [ByDest; 5] = [
        dests!(TableGet<Slot>),
        NO_DEST,
        dests!(TableGet<Acc>),
        dests!(TableGet<P0>),
        dests!(TableGet<P1>),
    ];
    TABLE[a as usize][d as usize]
}

/// `table.size`
pub(crate) fn table_size(d: Dest) -> Maybe {
    const TABLE: ByDest = dests!(TableSize);
    TABLE[d as usize]
}

/// `return` of one value
pub(crate) fn return_one(kind: Kind, a: Place) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + 'static> Of<T> {
        const TABLE: &'static [Maybe; 5] = &{
            use call::Return;
            over_places!(Return<T>)
        };
    }
    by_kind!(kind, |T| Of::<T>::TABLE[a as usize], vector_select::return_one(a))
}

macro_rules! over_places {
    ($body:ident < $t:ty >) => {
        [
            h::<$body<$t, Slot>>(),
            h::<$body<$t, Const>>(),
            h::<$body<$t, Acc>>(),
            h::<$body<$t, P0>>(),
            h::<$body<$t, P1>>(),
        ]
    };
}
use over_places;

/// The index of a way in tables.
pub(crate) const fn way_index(way: Way) -> usize {
    match way {
        Way::Jump => 0,
        Way::Again(Metering::None) => 1,
        Way::Again(Metering::Interrupt) => 2,
        Way::Again(Metering::Fuel) => 3,
    }
}

/// `br`
pub(crate) fn br(way: Way) -> Handler {
    match way {
        Way::Jump => run::<Br<Jump>>,
        Way::Again(Metering::None) => run::<Br<Again<Unmetered>>>,
        Way::Again(Metering::Interrupt) => run::<Br<Again<Interruptible>>>,
        Way::Again(Metering::Fuel) => run::<Br<Again<Fueled>>>,
    }
}

/// A branch if `a` is zero, or if it is not. `a` is an `i32` or an `i64`.
pub(crate) fn br_test(is64: bool, zero: bool, a: Place, way: Way) -> Maybe {
    struct Of<T, const ZERO: bool>(PhantomData<T>);
    impl<T: crate::exec::handlers::control::Bits, const ZERO: bool> Of<T, ZERO> {
        const TABLE: &'static [[Maybe; 5]; 4] = &[
            Self::row::<Jump>(),
            Self::row::<Again<Unmetered>>(),
            Self::row::<Again<Interruptible>>(),
            Self::row::<Again<Fueled>>(),
        ];
        const fn row<K: Target>() -> [Maybe; 5] {
            [
                h::<BrTest<T, Slot, K, ZERO>>(),
                None,
                h::<BrTest<T, Acc, K, ZERO>>(),
                h::<BrTest<T, P0, K, ZERO>>(),
                h::<BrTest<T, P1, K, ZERO>>(),
            ]
        }
    }
    let table = match (is64, zero) {
        (false, false) => Of::<i32, false>::TABLE,
        (false, true) => Of::<i32, true>::TABLE,
        (true, false) => Of::<i64, false>::TABLE,
        (true, true) => Of::<i64, true>::TABLE,
    };
    table[way_index(way)][a as usize]
}

/// The latch of a loop that counts to zero; not metered. `x` is in a slot or pinned.
pub(crate) fn latch_test(is64: bool, zero: bool, x: Place, way: Way) -> Maybe {
    struct Of<T, const ZERO: bool>(PhantomData<T>);
    impl<T: crate::exec::handlers::control::Bits, const ZERO: bool> Of<T, ZERO> {
        const TABLE: &'static [[Maybe; 5]; 2] =
            &[Self::row::<Jump>(), Self::row::<Again<Unmetered>>()];
        const fn row<K: Target>() -> [Maybe; 5] {
            [
                h::<LatchTest<T, Slot, K, ZERO>>(),
                None,
                None,
                h::<LatchTest<T, P0, K, ZERO>>(),
                h::<LatchTest<T, P1, K, ZERO>>(),
            ]
        }
    }
    let table = match (is64, zero) {
        (false, false) => Of::<i32, false>::TABLE,
        (false, true) => Of::<i32, true>::TABLE,
        (true, false) => Of::<i64, false>::TABLE,
        (true, true) => Of::<i64, true>::TABLE,
    };
    table.get(way_index(way))?[x as usize]
}

/// A branch if `a & b` is zero, or if it is not.
pub(crate) fn br_and(is64: bool, zero: bool, a: Place, b: Place, way: Way) -> Maybe {
    struct Of<T, const ZERO: bool>(PhantomData<T>);
    impl<T: crate::exec::handlers::control::Bits, const ZERO: bool> Of<T, ZERO> {
        const TABLE: &'static [PairTable; 4] = &[
            Self::pair::<Jump>(),
            Self::pair::<Again<Unmetered>>(),
            Self::pair::<Again<Interruptible>>(),
            Self::pair::<Again<Fueled>>(),
        ];
        const fn pair<K: Target>() -> PairTable {
            macro_rules! entry {
                ($a:ident, $b:ident) => {
                    h::<BrAnd<T, $a, $b, K, ZERO>>()
                };
            }
            pairs!(None, true, entry)
        }
    }
    let table = match (is64, zero) {
        (false, false) => Of::<i32, false>::TABLE,
        (false, true) => Of::<i32, true>::TABLE,
        (true, false) => Of::<i64, false>::TABLE,
        (true, true) => Of::<i64, true>::TABLE,
    };
    table[way_index(way)][a as usize][b as usize]
}

/// `br_table` by an index anywhere but in the code.
pub(crate) fn br_table(a: Place) -> Maybe {
    variable_places!(BrTable)[a as usize]
}

/// The start of an innermost loop without calls.
pub(crate) fn loop_enter(metering: Metering) -> Handler {
    match metering {
        Metering::None => run::<LoopEnter<Unmetered>>,
        Metering::Interrupt => run::<LoopEnter<Interruptible>>,
        Metering::Fuel => run::<LoopEnter<Fueled>>,
    }
}

/// A charge; nothing without metering.
pub(crate) fn charge(metering: Metering) -> Maybe {
    match metering {
        Metering::None => None,
        Metering::Interrupt => h::<Charge<Interruptible>>(),
        Metering::Fuel => h::<Charge<Fueled>>(),
    }
}

/// The start of a function that pins locals of these domains.
pub(crate) fn enter(metering: Metering, int: bool, f64: bool, f32: bool) -> Handler {
    macro_rules! pins {
        ($m:ty) => {
            match (int, f64, f32) {
                (false, false, false) => run::<Enter<$m, false, false, false>>,
                (true, false, false) => run::<Enter<$m, true, false, false>>,
                (false, true, false) => run::<Enter<$m, false, true, false>>,
                (true, true, false) => run::<Enter<$m, true, true, false>>,
                (false, false, true) => run::<Enter<$m, false, false, true>>,
                (true, false, true) => run::<Enter<$m, true, false, true>>,
                (false, true, true) => run::<Enter<$m, false, true, true>>,
                (true, true, true) => run::<Enter<$m, true, true, true>>,
            }
        };
    }
    match metering {
        Metering::None => pins!(Unmetered),
        Metering::Interrupt => pins!(Interruptible),
        Metering::Fuel => pins!(Fueled),
    }
}

/// Loads pinned floats again; nothing if there are none.
pub(crate) fn reload(f64: bool, f32: bool) -> Maybe {
    match (f64, f32) {
        (false, false) => None,
        (true, false) => h::<Reload<true, false>>(),
        (false, true) => h::<Reload<false, true>>(),
        (true, true) => h::<Reload<true, true>>(),
    }
}

/// `call_indirect`, or its tail call, by an index anywhere but in the code.
pub(crate) fn call_indirect(tail: bool, a: Place) -> Maybe {
    use call::{CallIndirect, ReturnCallIndirect};
    let tables = [variable_places!(CallIndirect), variable_places!(ReturnCallIndirect)];
    tables[usize::from(tail)][a as usize]
}

/// `call_ref`, or its tail call, by a reference anywhere but in the code.
pub(crate) fn call_ref(tail: bool, a: Place) -> Maybe {
    use call::{CallRef, ReturnCallRef};
    let tables = [variable_places!(CallRef), variable_places!(ReturnCallRef)];
    tables[usize::from(tail)][a as usize]
}

/// Handlers that have one form only.
pub(crate) mod plain {
    use super::{Handler, TableSet, atomic, call, run};
    pub(crate) const CALL: Handler = run::<call::Call>;
    pub(crate) const CALL_IMPORT: Handler = run::<call::CallImport>;
    pub(crate) const RETURN_CALL: Handler = run::<call::ReturnCall>;
    pub(crate) const RETURN_CALL_IMPORT: Handler = run::<call::ReturnCallImport>;
    pub(crate) const RETURN_NONE: Handler = run::<call::ReturnNone>;
    pub(crate) const RETURN_MANY: Handler = run::<call::ReturnMany>;
    pub(crate) const MOVE_MANY: Handler = run::<call::MoveMany>;
    pub(crate) const SLOW: Handler = run::<call::Slow>;
    pub(crate) const TABLE_SET: Handler = run::<TableSet>;
    pub(crate) const UNREACHABLE: Handler = run::<call::Unreachable>;
    pub(crate) const THROW: Handler = run::<call::Throw>;
    pub(crate) const THROW_REF: Handler = run::<call::ThrowRef>;
    pub(crate) const UNTRANSLATED: Handler = run::<call::Untranslated>;
    pub(crate) const FENCE: Handler = run::<atomic::Fence>;
    pub(crate) const HALT: Handler = run::<call::Halt>;
    pub(crate) const SWITCH_BACK: Handler = run::<call::SwitchBack>;
}
