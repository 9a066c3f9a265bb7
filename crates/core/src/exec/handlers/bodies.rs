//! Bodies that cells have in common, in small builds on 32-bit hosts, where reading two values of
//! 64 bits and writing a third is most of what a handler does. What comes before and after is here,
//! once for the places of operands; what is done in between says the [`Operation`] in the other
//! half of the cell's first word. Numeric instructions, comparisons, casts, and accesses to memory
//! and to objects name these as their handlers; what programs do most, with short values, has
//! bodies of its own, which go on by one that writes the result. Never where the feature `fast` is:
//! what is here calls.

use super::{
    cast::{NULL_PASSES, Test},
    control::{Jump, Target},
    memory::{LoadOp, Location, Raw, StoreOp},
    numeric::{BinOp, CmpOp, UnOp, operands, wide},
    object::{self, Element},
};
use crate::{
    Trap,
    exec::machine::{
        Access, Ip, Machine, Operation, Sp, Value,
        context::{Context, Stop},
        dispatch::{Handler, Left, Step, common, go_on, operation, own, run, save},
        place::{Dst, Slot, Src},
    },
};
use core::{marker::PhantomData, ptr};
use windlass_decode::{Op, Shape};

/// Whether an access is one of those that programs do most, to memory 0 by an address in a slot:
/// such is not shared, if it is short. It is checked where it is, and takes less time.
const fn is_common<E: Location>() -> bool {
    E::WORDS == 1 && matches!(E::SLOTS, Some([true, _]))
}

/// Whether addresses are made of it, which programs do most of all: such writes its result itself,
/// as loads of 32 bits do.
const fn makes_addresses(op: Op) -> bool {
    matches!(op, Op::I32Add | Op::I32Shl)
}

/// Whether a value takes half a slot.
const fn is_short<T: Value>() -> bool {
    T::WORDS == 0
}

/// Whether two operands are to be read as what takes half a slot, as constants in cells are. Slots
/// can be read whole in any case.
const fn are_short<T: Value, A: Src, B: Src>() -> bool {
    is_short::<T>() && (A::IS_CONST || B::IS_CONST)
}

#[inline(always)]
fn to_bits<T: Value>(value: T) -> u64 {
    let mut bits = 0;
    // SAFETY: it is written as to a slot.
    unsafe { value.write(&mut bits) };
    bits
}

#[inline(always)]
fn of_bits<T: Value>(bits: u64) -> T {
    // SAFETY: it is read as from a slot.
    unsafe { T::read(&bits) }
}

/// The handler of an instruction with one operand.
pub(super) const fn un<S: Step, O: UnOp, A: Src>() -> Handler {
    if A::IS_CONST || O::A::WORDS > 1 || O::R::WORDS > 1 {
        own(run::<S>)
    } else if O::A::IS_I32 && O::R::IS_I32 {
        own(put_one::<O, A>)
    } else if O::TRAPS {
        common(go_try_one, Operation { try_one: try_one::<O> })
    } else {
        common(go_one, Operation { one: one::<O> })
    }
}

/// The handler of an instruction with two operands.
pub(super) const fn bin<S: Step, O: BinOp, A: Src, B: Src>() -> Handler {
    if O::A::WORDS > 1 || O::R::WORDS > 1 || makes_addresses(O::OP) {
        own(run::<S>)
    } else if matches!(O::OP.shape(), Shape::try_bin) {
        let body = match are_short::<O::A, A, B>() {
            true => go_try_two::<i32, A, B>,
            false => go_try_two::<i64, A, B>,
        };
        common(body, Operation { try_two: try_two::<O> })
    } else if O::A::IS_I32 {
        own(put_two::<O, A, B>)
    } else {
        let body = match are_short::<O::A, A, B>() {
            true => go_two::<i32, A, B>,
            false => go_two::<i64, A, B>,
        };
        common(body, Operation { two: two::<O> })
    }
}

/// The handler of a comparison and a branch.
pub(super) const fn br_cmp<S: Step, O: CmpOp, A: Src, B: Src, K: Target, const WANTED: bool>()
-> Handler {
    if O::A::IS_I32 {
        return own(run::<S>);
    }
    let body = match are_short::<O::A, A, B>() {
        true => go_branch::<i32, A, B, K, WANTED>,
        false => go_branch::<i64, A, B, K, WANTED>,
    };
    common(body, Operation { two: test::<O> })
}

/// The handler of a load.
pub(super) const fn load<S: Step, O: LoadOp, E: Location>() -> Handler {
    if O::R::WORDS > 1 || is_common::<E>() && is_short::<O::R>() && O::Raw::SIZE == 4 {
        own(run::<S>)
    } else if is_common::<E>() && is_short::<O::R>() {
        own(put_load::<O, E>)
    } else {
        common(go_access::<E, Slot>, Operation { access: Loads::<O, E>::ACCESS })
    }
}

/// The handler of a store.
pub(super) const fn store<S: Step, O: StoreOp, E: Location, V: Src>() -> Handler {
    if O::A::WORDS > 1 || is_common::<E>() && is_short::<O::A>() {
        own(run::<S>)
    } else {
        common(go_access::<E, V>, Operation { access: Stores::<O, E>::ACCESS })
    }
}

/// Where what is accessed lies.
pub(super) trait Accessed {
    /// How many operand words say so.
    const WORDS: usize;

    /// The address of `1 << log` bytes, checked.
    ///
    /// # Safety
    /// I1, I2, I4, I10.
    unsafe fn at(m: &mut Machine, log: u32) -> Result<*mut u8, Stop>;
}

impl<E: Location> Accessed for E {
    const WORDS: usize = E::WORDS;
    #[inline(always)]
    unsafe fn at(m: &mut Machine, log: u32) -> Result<*mut u8, Stop> {
        // SAFETY: the caller's promise.
        unsafe { E::of_size(m, log) }
    }
}

macro_rules! in_objects {
    ($($(#[$doc:meta])* $name:ident $(<$($part:ident),+>)?, $words:literal,
        |$m:ident, $log:ident| $at:expr;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name$(<$($part),+>(PhantomData<($($part),+,)>))?;
        impl$(<$($part: Src),+>)? Accessed for $name$(<$($part),+>)? {
            const WORDS: usize = $words;
            #[inline(always)]
            #[allow(unused_variables)]
            unsafe fn at($m: &mut Machine, $log: u32) -> Result<*mut u8, Stop> {
                // SAFETY: the caller's promise.
                unsafe { $at }
            }
        }
    )*};
}
in_objects! {
    /// A field of a structure.
    Field<A>, 1, |m, log| object::field::<A>(m);
    /// An element of an array.
    ElementOf<A, B>, 1, |m, log| object::element::<A, B>(m, 1 << log);
    /// The first field of an object, which takes its place.
    First, 2, |m, log| object::first_field(m);
    /// Another field of the object that is being made.
    Next, 1, |m, log| Ok(object::next_field(m));
}

/// The handler of what reads a field or an element.
pub(super) const fn read<E: Element, P: Accessed>() -> Handler {
    common(go_access::<P, Slot>, Operation { access: Fields::<E>::READ })
}

/// The handler of what writes one.
pub(super) const fn written<E: Element, P: Accessed, V: Src>() -> Handler {
    common(go_access::<P, V>, Operation { access: Fields::<E>::WRITTEN })
}

/// The handler of what writes the last field of an object that is being made.
pub(super) const fn last<E: Element, V: Src>() -> Handler {
    common(go_last::<V>, Operation { access: Fields::<E>::WRITTEN })
}

/// The handler of what makes a small array.
pub(super) const fn array_new<E: Element, const ZEROED: bool>() -> Handler {
    common(go_array::<ZEROED>, Operation { size: E::SIZE })
}

/// The handler of a test of a reference.
pub(super) const fn ref_test<T: Test, A: Src, D: Dst>() -> Handler {
    common(go_test::<A, D>, Operation { test: passes::<T> })
}

/// The handler of a cast.
pub(super) const fn ref_cast<T: Test, A: Src>() -> Handler {
    common(go_cast::<A>, Operation { test: passes::<T> })
}

/// The handler of a branch by a cast.
pub(super) const fn br_cast<T: Test, A: Src, const WANTED: bool>() -> Handler {
    common(go_br_cast::<A, WANTED>, Operation { test: passes::<T> })
}

fn one<O: UnOp>(a: u64) -> u64 {
    O::eval(of_bits(a)).map_or(0, to_bits)
}

fn try_one<O: UnOp>(a: u64, to: &mut u64) -> Result<(), Trap> {
    *to = to_bits(O::eval(of_bits(a))?);
    Ok(())
}

fn two<O: BinOp>(a: u64, b: u64) -> u64 {
    O::eval(of_bits(a), of_bits(b)).map_or(0, to_bits)
}

fn try_two<O: BinOp>(a: u64, b: u64, to: &mut u64) -> Result<(), Trap> {
    *to = to_bits(O::eval(of_bits(a), of_bits(b))?);
    Ok(())
}

fn test<O: CmpOp>(a: u64, b: u64) -> u64 {
    O::eval(of_bits(a), of_bits(b)).into()
}

struct Loads<O, E>(PhantomData<(O, E)>);
impl<O: LoadOp, E: Location> Loads<O, E> {
    const ACCESS: &'static Access = match E::IS_SHARED {
        false => &Access { log: O::Raw::SIZE.trailing_zeros(), to: loaded::<O, false> },
        true => &Access { log: O::Raw::SIZE.trailing_zeros(), to: loaded::<O, true> },
    };
}

struct Stores<O, E>(PhantomData<(O, E)>);
impl<O: StoreOp, E: Location> Stores<O, E> {
    const ACCESS: &'static Access = match E::IS_SHARED {
        false => &Access { log: O::Raw::SIZE.trailing_zeros(), to: stored::<O, false> },
        true => &Access { log: O::Raw::SIZE.trailing_zeros(), to: stored::<O, true> },
    };
}

unsafe fn loaded<O: LoadOp, const SHARED: bool>(at: *mut u8, slot: *mut u64) {
    // SAFETY: `go_access` has checked the address; the slot is one.
    unsafe {
        let raw = if SHARED { O::Raw::read_shared(at) } else { O::Raw::read(at) };
        O::eval(raw).write(slot)
    }
}

unsafe fn stored<O: StoreOp, const SHARED: bool>(at: *mut u8, slot: *mut u64) {
    // SAFETY: as above.
    unsafe {
        let raw = O::eval(O::A::read(slot));
        if SHARED { raw.write_shared(at) } else { raw.write(at) }
    }
}

struct Fields<E>(PhantomData<E>);
impl<E: Element> Fields<E> {
    const LOG: u32 = E::SIZE.trailing_zeros();
    const READ: &'static Access = &Access { log: Self::LOG, to: of_field::<E> };
    const WRITTEN: &'static Access = &Access { log: Self::LOG, to: to_field::<E> };
}

unsafe fn of_field<E: Element>(at: *mut u8, slot: *mut u64) {
    // SAFETY: I10: `go_access` has checked the reference; the slot is one.
    unsafe { E::read(at).write(slot) }
}

unsafe fn to_field<E: Element>(at: *mut u8, slot: *mut u64) {
    // SAFETY: as above.
    unsafe { E::write(at, E::T::read(slot)) }
}

unsafe fn passes<T: Test>(reference: u64, wanted: u32, cx: *mut Context) -> bool {
    // SAFETY: I4, I10: no other registers are looked at.
    unsafe { T::test(&mut Machine::new(ptr::null(), ptr::null_mut(), cx), reference, wanted) }
}

unsafe fn put_one<O: UnOp, A: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    // SAFETY: I1, I2, I4.
    unsafe {
        match O::eval(A::get(&Machine::new(ip, sp, cx), 1, 1)) {
            Ok(value) => go_put(ip, sp, cx, to_bits(value) as u32),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

unsafe fn put_two<O: BinOp, A: Src, B: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    // SAFETY: I1, I2, I4.
    unsafe {
        let (a, b) = operands::<O::A, A, B>(&Machine::new(ip, sp, cx), 1);
        match O::eval(a, b) {
            Ok(value) => go_put(ip, sp, cx, to_bits(value) as u32),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

unsafe fn put_load<O: LoadOp, E: Location>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    // SAFETY: I1, I2, I4, I6; the address is checked.
    unsafe {
        match E::at::<O::Raw>(&mut Machine::new(ip, sp, cx)) {
            Ok(at) => go_put(ip, sp, cx, to_bits(O::eval(E::read(at))) as u32),
            Err(stop) => save(ip, sp, cx, stop),
        }
    }
}

/// Writes a short result, and goes on behind a cell with one operand word.
#[inline(never)]
unsafe fn go_put(ip: Ip, sp: Sp, cx: *mut Context, value: u32) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3.
    unsafe {
        Slot::set(&mut m, 0, value.cast_signed());
        go_on(ip.add(1), sp, cx)
    }
}

unsafe fn go_one(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3; the cell is of such an operation.
    unsafe {
        let value = (operation(ip).one)(m.slot(m.field(1)));
        Slot::set(&mut m, 0, value.cast_signed());
        go_on(ip.add(1), sp, cx)
    }
}

unsafe fn go_try_one(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4; the cell is of such an operation; nothing else looks at the slot.
    unsafe {
        match (operation(ip).try_one)(m.slot(m.field(1)), &mut *m.at(m.field(0))) {
            Ok(()) => go_on(ip.add(1), sp, cx),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

unsafe fn go_two<T: Value, A: Src, B: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3; the cell is of such an operation.
    unsafe {
        let (a, b) = bits_of::<T, A, B>(&m, 1);
        Slot::set(&mut m, 0, (operation(ip).two)(a, b).cast_signed());
        go_on(ip.add(1 + wide::<T, A, B>()), sp, cx)
    }
}

unsafe fn go_try_two<T: Value, A: Src, B: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4; the cell is of such an operation; nothing else looks at the slot.
    unsafe {
        let (a, b) = bits_of::<T, A, B>(&m, 1);
        match (operation(ip).try_two)(a, b, &mut *m.at(m.field(0))) {
            Ok(()) => go_on(ip.add(1 + wide::<T, A, B>()), sp, cx),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

unsafe fn go_branch<T: Value, A: Src, B: Src, K: Target, const WANTED: bool>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4; the cell is of such an operation.
    unsafe {
        let (a, b) = bits_of::<T, A, B>(&m, 2);
        if ((operation(ip).two)(a, b) != 0) == WANTED {
            if let Err(stop) = K::take(&mut m, 1) {
                return save(m.ip, sp, cx, stop);
            }
        } else {
            m.advance(2 + wide::<T, A, B>());
        }
        go_on(m.ip, sp, cx)
    }
}

unsafe fn go_access<P: Accessed, V: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4, I6, I10; the cell is of such an operation; the address is checked.
    unsafe {
        let access = operation(ip).access;
        match P::at(&mut m, access.log) {
            Ok(at) => {
                (access.to)(at, value::<V>(&m, 0, P::WORDS));
                go_on(ip.add(P::WORDS + V::IS_CONST as usize), sp, cx)
            }
            Err(stop) => save(ip, sp, cx, stop),
        }
    }
}

unsafe fn go_last<V: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I10; the cell is of such an operation.
    unsafe {
        (operation(ip).access.to)(object::next_field(&mut m), value::<V>(&m, 1, 2));
        let object = object::made(&mut m);
        object::finish::<Slot>(&mut m, object);
        go_on(ip.add(2 + V::IS_CONST as usize), sp, cx)
    }
}

unsafe fn go_array<const ZEROED: bool>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I10; the cell is of such an operation.
    unsafe {
        object::array_new::<ZEROED>(&mut m, operation(ip).size);
        go_on(m.ip, sp, cx)
    }
}

/// Where a value lies that is written, or the slot for one that is read: a number of a slot stands
/// in `field`, a constant in operand word `wide`.
///
/// # Safety
/// I1, I2.
#[inline(always)]
unsafe fn value<V: Src>(m: &Machine, field: usize, wide: usize) -> *mut u64 {
    // SAFETY: the caller's promise.
    unsafe { if V::IS_CONST { m.ip.add(wide).cast_mut().cast() } else { m.at(m.field(field)) } }
}

/// Whether the reference in `A` passes what the cell tests for.
///
/// # Safety
/// I1, I2, I4, I10; the cell is of such an operation.
#[inline(always)]
unsafe fn is_passing<A: Src>(m: &Machine) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let reference = A::get::<i64>(m, 1, 0).cast_unsigned();
        let wanted = m.high(0).cast_unsigned();
        match reference {
            0 => wanted & NULL_PASSES != 0,
            _ => (operation(m.ip).test)(reference, wanted & !NULL_PASSES, m.cx),
        }
    }
}

unsafe fn go_test<A: Src, D: Dst>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4, I10; the cell is of such an operation.
    unsafe {
        let passes = is_passing::<A>(&m);
        D::set(&mut m, 0, i32::from(passes));
        go_on(ip.add(1), sp, cx)
    }
}

unsafe fn go_cast<A: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    // SAFETY: I1, I2, I3, I4, I10; the cell is of such an operation.
    unsafe {
        match is_passing::<A>(&Machine::new(ip, sp, cx)) {
            true => go_on(ip.add(1), sp, cx),
            false => save(ip, sp, cx, Trap::CastFailure.into()),
        }
    }
}

unsafe fn go_br_cast<A: Src, const WANTED: bool>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4, I10; the cell is of such an operation.
    unsafe {
        if is_passing::<A>(&m) == WANTED {
            if let Err(stop) = Jump::take(&mut m, 1) {
                return save(m.ip, sp, cx, stop);
            }
        } else {
            m.advance(2);
        }
        go_on(m.ip, sp, cx)
    }
}

/// Two operands, as slots have them.
///
/// # Safety
/// As of [`operands`].
#[inline(always)]
unsafe fn bits_of<T: Value, A: Src, B: Src>(m: &Machine, at: usize) -> (u64, u64) {
    // SAFETY: the caller's promise.
    let (a, b) = unsafe { operands::<T, A, B>(m, at) };
    (to_bits(a), to_bits(b))
}
