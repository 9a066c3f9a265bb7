//! Where operands lie and results go: as types, in which handlers are generic, and as values, by
//! which the translator picks a handler.

use super::{Machine, Name, Value};
use crate::{Metering, exec::meaning::v128::Simd};
use windlass_decode::ValType;

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

impl From<ValType> for Kind {
    fn from(ty: ValType) -> Kind {
        match ty {
            ValType::I32 => Kind::I32,
            ValType::I64 => Kind::I64,
            ValType::Ref(_) => Kind::Ref,
            ValType::F32 => Kind::F32,
            ValType::F64 => Kind::F64,
            ValType::V128 => Kind::V128,
        }
    }
}

impl Kind {
    /// How many slots a value takes.
    pub(crate) fn width(self) -> usize {
        if self == Kind::V128 { 2 } else { 1 }
    }

    /// The register file of its values.
    pub(crate) fn domain(self) -> Domain {
        match self {
            Kind::F32 => Domain::F32,
            Kind::F64 => Domain::F64,
            Kind::I32 | Kind::I64 | Kind::Ref => Domain::Int,
            Kind::V128 => Domain::Vector,
        }
    }

    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Kind::I64 | Kind::Ref | Kind::F64)
    }
}

impl Way {
    /// The index of a way in tables.
    pub(crate) const fn index(self) -> usize {
        match self {
            Way::Jump => 0,
            Way::Again(Metering::None) => 1,
            Way::Again(Metering::Interrupt) => 2,
            Way::Again(Metering::Fuel) => 3,
        }
    }
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

/// A type that is a part of a handler.
pub(crate) trait Named: 'static {
    /// Its name.
    const NAME: Name;
    /// By which name the file of the instruction set chooses what it is a part of.
    const CHOSEN_AS: Name = Self::NAME;
}

macro_rules! named {
    ($($ty:ident $(< $($part:ident),+ >)?;)*) => {$(
        impl $(<$($part: $crate::exec::machine::place::Named),+>)?
            $crate::exec::machine::place::Named for $ty $(<$($part),+>)?
        {
            const NAME: $crate::exec::machine::Name =
                $crate::exec::machine::Name::of(stringify!($ty))$($(.with($part::NAME))+)?;
        }
    )*};
}
pub(crate) use named;

/// What [`Step::NAME`](super::dispatch::Step::NAME) is of a body with these parts, and these
/// constants behind them.
macro_rules! name {
    ($body:ident $(, $part:ident)* $(; $($number:ident),+)?) => {{
        const BODY: $crate::exec::machine::Name =
            $crate::exec::machine::Name::of(stringify!($body));
        Some(
            BODY$(.with(<$part as $crate::exec::machine::place::Named>::NAME))*
                $($(.with($crate::exec::machine::Name::of_number($number as u32)))+)?
        )
    }};
}
pub(crate) use name;

/// The same for [`Step::CHOSEN_AS`](super::dispatch::Step::CHOSEN_AS).
macro_rules! chosen_as {
    ($body:ident $(, $part:ident)*) => {{
        const BODY: $crate::exec::machine::Name =
            $crate::exec::machine::Name::of(stringify!($body));
        Some(BODY$(.with(<$part as $crate::exec::machine::place::Named>::CHOSEN_AS))*)
    }};
}
pub(crate) use chosen_as;

named! { Slot; Const; Acc; P0; P1; SlotOnly; i32; i64; f32; f64; Simd; }

/// Where an operand is read from.
pub(crate) trait Src: Named {
    /// Whether every instruction has handlers for it: others are chosen.
    const IS_PLAIN: bool;
    /// Whether it is a constant in the code.
    const IS_CONST: bool = false;
    /// Whether it is a slot of the frame.
    const IS_SLOT: bool = false;
    /// Whether it is a pinned local.
    const IS_PIN: bool = false;

    /// Reads it. A slot's number stands in `field`; a wide constant in operand word `wide`.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn get<T: Value>(m: &Machine, field: usize, wide: usize) -> T;
}

/// Where a result goes.
pub(crate) trait Dst: Named {
    /// As of [`Src`].
    const IS_PLAIN: bool;
    /// Whether a slot of the frame is written.
    const IS_SLOT: bool = true;

    /// Writes it. A slot's number stands in `field`.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T);
}

/// A slot of the frame. As a destination, the accumulator gets the value too.
pub(crate) struct Slot;

/// A constant in the code.
pub(crate) struct Const;

/// The accumulator of the value's type.
pub(crate) struct Acc;

/// The first pinned local of the value's type. Written, its slot is written too.
pub(crate) struct P0;

/// The second pinned local.
pub(crate) struct P1;

/// A slot of the frame, as a destination that leaves the accumulator alone.
pub(crate) struct SlotOnly;

impl Src for Slot {
    const IS_PLAIN: bool = true;
    const IS_SLOT: bool = true;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, field: usize, _: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { T::read(m.at(m.field(field))) }
    }
}

impl Src for Const {
    const IS_PLAIN: bool = true;
    const IS_CONST: bool = true;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, wide: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { if T::WORDS > 0 { m.constant(wide) } else { T::from_k(m.high(0)) } }
    }
}

impl Src for Acc {
    const IS_PLAIN: bool = false;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::acc(m)
    }
}

impl Src for P0 {
    const IS_PLAIN: bool = false;
    const IS_PIN: bool = true;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::p0(m)
    }
}

impl Src for P1 {
    const IS_PLAIN: bool = false;
    const IS_PIN: bool = true;
    #[inline(always)]
    unsafe fn get<T: Value>(m: &Machine, _: usize, _: usize) -> T {
        T::p1(m)
    }
}

impl Dst for Slot {
    const IS_PLAIN: bool = true;
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        if cfg!(feature = "fast") {
            value.set_acc(m);
        }
    }
}

impl Dst for SlotOnly {
    const IS_PLAIN: bool = true;
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
    }
}

impl Dst for Acc {
    const IS_PLAIN: bool = false;
    const IS_SLOT: bool = false;
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, _: usize, value: T) {
        value.set_acc(m);
    }
}

impl Dst for P0 {
    const IS_PLAIN: bool = false;
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        value.set_p0(m);
    }
}

impl Dst for P1 {
    const IS_PLAIN: bool = false;
    #[inline(always)]
    unsafe fn set<T: Value>(m: &mut Machine, field: usize, value: T) {
        // SAFETY: the caller's promise.
        unsafe { value.write(m.at(m.field(field))) }
        value.set_p1(m);
    }
}
