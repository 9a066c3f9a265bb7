//! What handlers of small builds share on 32-bit hosts, where reading two values of 64 bits and
//! writing a third is most of what a handler does. What comes before and after is here, once for
//! the places of operands; a handler names the function that computes, and jumps. Bodies of numeric
//! instructions, comparisons and accesses to memory call it. It must never be where the feature
//! `fast` is: what is here calls.

use super::{
    control::Target,
    memory::{LoadOp, Location, Raw, StoreOp},
    numeric::{BinOp, CmpOp, UnOp, operands, wide},
};
use crate::{
    Trap,
    exec::machine::{
        Ip, Machine, Sp, Value,
        context::Context,
        dispatch::{Left, Step, go_on, save, stepped},
        place::{Dst, Slot, Src},
    },
};
use core::{marker::PhantomData, ptr};
use windlass_decode::Shape;

/// Whether they do. So do builds for debugging: what is here is tested on other hosts.
const HANDLERS_SHARE: bool = cfg!(any(target_pointer_width = "32", debug_assertions));

/// Whether an access is one of those that programs do most, to memory 0 by an address in a slot:
/// such is not shared, if it is short. It is checked where it is, and takes less time.
const fn is_common<E: Location>() -> bool {
    E::WORDS == 1 && matches!(E::SLOTS, Some([true, _]))
}

/// What computes, of a slot's bits.
type One = fn(u64) -> u64;
type TryOne = fn(u64, &mut u64) -> Result<(), Trap>;
type Two<R> = fn(u64, u64) -> R;
type TryTwo = fn(u64, u64, &mut u64) -> Result<(), Trap>;
type Test = fn(u64, u64) -> u32;

/// What moves a value between a memory and a slot, or the code; and how many bytes, as a power
/// of 2.
pub(crate) struct Access {
    log: u32,
    to: unsafe fn(*mut u8, *mut u64),
}

impl Access {
    /// Its address, as a number: the compiler passes what is known to be behind a pointer, part by
    /// part, and a fifth argument would lie on the stack.
    #[inline(always)]
    fn address(&'static self) -> usize {
        (&raw const *self).expose_provenance()
    }
}

struct Loads<O, const SHARED: bool>(PhantomData<O>);
impl<O: LoadOp, const SHARED: bool> Loads<O, SHARED> {
    const BY: &'static Access =
        &Access { log: O::Raw::SIZE.trailing_zeros(), to: loaded::<O, SHARED> };
}

struct Stores<O, const SHARED: bool>(PhantomData<O>);
impl<O: StoreOp, const SHARED: bool> Stores<O, SHARED> {
    const BY: &'static Access =
        &Access { log: O::Raw::SIZE.trailing_zeros(), to: stored::<O, SHARED> };
}

/// Whether a value takes half a slot.
const fn is_short<T: Value>() -> bool {
    T::WORDS == 0
}

/// Whether a value takes a whole slot.
const fn is_long<T: Value>() -> bool {
    T::WORDS == 1
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
///
/// # Safety
/// I1, I2, I4.
#[inline(always)]
pub(super) unsafe fn un<S: Step, O: UnOp, A: Src>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if !HANDLERS_SHARE || A::IS_CONST || O::A::WORDS > 1 || O::R::WORDS > 1 {
            stepped::<S>(ip, sp, cx)
        } else if is_short::<O::A>() && is_short::<O::R>() {
            match O::eval(A::get(&Machine::new(ip, sp, cx), 1, 1)) {
                Ok(value) => go_put(ip, sp, cx, to_bits(value) as u32),
                Err(trap) => save(ip, sp, cx, trap.into()),
            }
        } else if O::TRAPS {
            go_try_one(ip, sp, cx, |a, to| {
                *to = to_bits(O::eval(of_bits(a))?);
                Ok(())
            })
        } else {
            go_one(ip, sp, cx, |a| O::eval(of_bits(a)).map_or(0, to_bits))
        }
    }
}

/// The handler of an instruction with two operands.
///
/// # Safety
/// I1, I2, I4.
#[inline(always)]
pub(super) unsafe fn bin<S: Step, O: BinOp, A: Src, B: Src>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if !HANDLERS_SHARE || O::A::WORDS > 1 || O::R::WORDS > 1 {
            stepped::<S>(ip, sp, cx)
        } else if is_short::<O::A>() {
            let (a, b) = operands::<O::A, A, B>(&Machine::new(ip, sp, cx), 1);
            match O::eval(a, b) {
                Ok(value) => go_put(ip, sp, cx, to_bits(value) as u32),
                Err(trap) => save(ip, sp, cx, trap.into()),
            }
        } else if matches!(O::OP.shape(), Shape::try_bin) {
            go_try_two::<A, B>(ip, sp, cx, |a, b, to| {
                *to = to_bits(O::eval(of_bits(a), of_bits(b))?);
                Ok(())
            })
        } else if is_long::<O::R>() {
            go_two::<A, B, i64>(ip, sp, cx, |a, b| {
                O::eval(of_bits(a), of_bits(b)).map_or(0, to_bits).cast_signed()
            })
        } else {
            go_two::<A, B, i32>(ip, sp, cx, |a, b| {
                O::eval(of_bits(a), of_bits(b)).map_or(0, to_bits) as i32
            })
        }
    }
}

/// The handler of a comparison and a branch.
///
/// # Safety
/// I1, I2, I3, I4.
#[inline(always)]
pub(super) unsafe fn br_cmp<S: Step, O: CmpOp, A: Src, B: Src, K: Target, const WANTED: bool>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if !HANDLERS_SHARE || !is_long::<O::A>() {
            return stepped::<S>(ip, sp, cx);
        }
        go_branch::<A, B, K, WANTED>(ip, sp, cx, |a, b| O::eval(of_bits(a), of_bits(b)).into())
    }
}

/// The handler of a load.
///
/// # Safety
/// I1, I2, I4, I6.
#[inline(always)]
pub(super) unsafe fn load<S: Step, O: LoadOp, E: Location>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if !HANDLERS_SHARE || O::R::WORDS > 1 {
            return stepped::<S>(ip, sp, cx);
        }
        if is_common::<E>() && is_short::<O::R>() {
            let mut m = Machine::new(ip, sp, cx);
            return match E::at::<O::Raw>(&mut m) {
                Ok(at) => go_put(ip, sp, cx, to_bits(O::eval(E::read(at))) as u32),
                Err(stop) => save(ip, sp, cx, stop),
            };
        }
        let by = if E::IS_SHARED { Loads::<O, true>::BY } else { Loads::<O, false>::BY };
        go_access::<E, Slot>(ip, sp, cx, by.address())
    }
}

/// The handler of a store.
///
/// # Safety
/// I1, I2, I4, I6.
#[inline(always)]
pub(super) unsafe fn store<S: Step, O: StoreOp, E: Location, V: Src>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if !HANDLERS_SHARE || O::A::WORDS > 1 || is_common::<E>() && is_short::<O::A>() {
            return stepped::<S>(ip, sp, cx);
        }
        let by = if E::IS_SHARED { Stores::<O, true>::BY } else { Stores::<O, false>::BY };
        go_access::<E, V>(ip, sp, cx, by.address())
    }
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

#[inline(never)]
unsafe fn go_one(ip: Ip, sp: Sp, cx: *mut Context, of: One) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3.
    unsafe {
        let value = of(m.slot(m.field(1)));
        Slot::set(&mut m, 0, value.cast_signed());
        go_on(ip.add(1), sp, cx)
    }
}

#[inline(never)]
unsafe fn go_try_one(ip: Ip, sp: Sp, cx: *mut Context, of: TryOne) -> Left {
    let m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4; nothing else looks at the slot.
    unsafe {
        match of(m.slot(m.field(1)), &mut *m.at(m.field(0))) {
            Ok(()) => go_on(ip.add(1), sp, cx),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

#[inline(never)]
unsafe fn go_two<A: Src, B: Src, R: Value>(ip: Ip, sp: Sp, cx: *mut Context, of: Two<R>) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3.
    unsafe {
        let (a, b) = long::<A, B>(&m, 1);
        Slot::set(&mut m, 0, of(a, b));
        go_on(ip.add(1 + wide::<i64, A, B>()), sp, cx)
    }
}

#[inline(never)]
unsafe fn go_try_two<A: Src, B: Src>(ip: Ip, sp: Sp, cx: *mut Context, of: TryTwo) -> Left {
    let m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4; nothing else looks at the slot.
    unsafe {
        let (a, b) = long::<A, B>(&m, 1);
        match of(a, b, &mut *m.at(m.field(0))) {
            Ok(()) => go_on(ip.add(1 + wide::<i64, A, B>()), sp, cx),
            Err(trap) => save(ip, sp, cx, trap.into()),
        }
    }
}

#[inline(never)]
unsafe fn go_branch<A: Src, B: Src, K: Target, const WANTED: bool>(
    ip: Ip,
    sp: Sp,
    cx: *mut Context,
    of: Test,
) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4.
    unsafe {
        let (a, b) = long::<A, B>(&m, 2);
        if (of(a, b) != 0) == WANTED {
            if let Err(stop) = K::take(&mut m, 1) {
                return save(m.ip, sp, cx, stop);
            }
        } else {
            m.advance(2 + wide::<i64, A, B>());
        }
        go_on(m.ip, sp, cx)
    }
}

#[inline(never)]
unsafe fn go_access<E: Location, V: Src>(ip: Ip, sp: Sp, cx: *mut Context, by: usize) -> Left {
    let mut m = Machine::new(ip, sp, cx);
    // SAFETY: I1, I2, I3, I4, I6; the address is checked; `by` is of an `Access`.
    unsafe {
        let by = &*ptr::with_exposed_provenance::<Access>(by);
        match E::of_size(&mut m, by.log) {
            Ok(at) => {
                let slot =
                    if V::IS_CONST { ip.add(E::WORDS).cast_mut().cast() } else { m.at(m.field(0)) };
                (by.to)(at, slot);
                go_on(ip.add(E::WORDS + V::IS_CONST as usize), sp, cx)
            }
            Err(stop) => save(ip, sp, cx, stop),
        }
    }
}

/// Two long operands.
///
/// # Safety
/// As of [`operands`].
#[inline(always)]
unsafe fn long<A: Src, B: Src>(m: &Machine, at: usize) -> (u64, u64) {
    // SAFETY: the caller's promise.
    let (a, b) = unsafe { operands::<i64, A, B>(m, at) };
    (a.cast_unsigned(), b.cast_unsigned())
}
