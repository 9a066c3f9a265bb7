//! Bodies that cells have in common, in small builds on 32-bit hosts, where reading two values of
//! 64 bits and writing a third is most of what a handler does. What comes before and after is here,
//! once for the places of operands; what is done in between says the [`Operation`] in the other
//! half of the cell's first word. Numeric instructions, comparisons and accesses to memory name
//! these as their handlers; what programs do most, with short values, has bodies of its own, which
//! go on by one that writes the result. Never where the feature `fast` is: what is here calls.

use super::{
    control::Target,
    memory::{LoadOp, Location, Raw, StoreOp},
    numeric::{BinOp, CmpOp, UnOp, operands, wide},
};
use crate::{
    Trap,
    exec::machine::{
        Access, Ip, Machine, Operation, Sp, Value,
        context::Context,
        dispatch::{Handler, Left, Step, common, go_on, operation, own, run, save},
        place::{Dst, Slot, Src},
    },
};
use core::marker::PhantomData;
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
        let body = match is_short::<O::A>() {
            true => go_try_two::<i32, A, B>,
            false => go_try_two::<i64, A, B>,
        };
        common(body, Operation { try_two: try_two::<O> })
    } else if O::A::IS_I32 {
        own(put_two::<O, A, B>)
    } else {
        let body = match is_short::<O::A>() {
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
    let body = match is_short::<O::A>() {
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

unsafe fn go_access<E: Location, V: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4, I6; the cell is of such an operation; the address is checked.
    unsafe {
        let access = operation(ip).access;
        match E::of_size(&mut m, access.log) {
            Ok(at) => {
                let slot =
                    if V::IS_CONST { ip.add(E::WORDS).cast_mut().cast() } else { m.at(m.field(0)) };
                (access.to)(at, slot);
                go_on(ip.add(E::WORDS + V::IS_CONST as usize), sp, cx)
            }
            Err(stop) => save(ip, sp, cx, stop),
        }
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
