//! Handlers of the atomic instructions, on shared and on other memories, and which of them an
//! instruction has. Operands and results are in slots. The types `i32` and `i64` make no
//! difference: what is narrower than a slot has zeros above it. Waiting and notifying are in
//! [`wait`](crate::driver::slow::wait).

use super::memory::address_in;
use crate::{
    Trap,
    exec::machine::{
        Dst, Machine, Slot,
        context::Stop,
        dispatch::{Handler, Step, run},
        shared::Atomic,
    },
};
use core::{
    marker::PhantomData,
    sync::atomic::{Ordering, fence},
};
use windlass_decode::Op;

/// The checked address. Operands: `-, a, memory`; offset.
///
/// # Safety
/// I1, I2, I4.
#[inline(always)]
unsafe fn place<A: Atomic, const IS64: bool>(m: &mut Machine) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I2, I4.
    unsafe {
        let (memory, at) = address_in::<IS64>(m)?;
        if at & (A::SIZE - 1) != 0 {
            return Err(Trap::UnalignedAtomic.into());
        }
        memory.check_any(at, A::SIZE)
    }
}

/// `d = memory[a]`. Operands: `d, a, memory`; offset.
pub(crate) struct AtomicLoad<A, const IS64: bool>(PhantomData<A>);
impl<A: Atomic, const IS64: bool> Step for AtomicLoad<A, IS64> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4; the address is checked, and so is its alignment: memories are aligned
        // to 8 bytes.
        unsafe {
            let at = place::<A, IS64>(m)?;
            Slot::set(m, 0, A::load(at).to_bits() as i64);
            m.advance(2);
        }
        Ok(())
    }
}

/// `memory[a] = v`. Operands: `v, a, memory`; offset.
pub(crate) struct AtomicStore<A, const IS64: bool>(PhantomData<A>);
impl<A: Atomic, const IS64: bool> Step for AtomicStore<A, IS64> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A, IS64>(m)?;
            A::from_bits(m.slot(m.field(0))).store(at);
            m.advance(2);
        }
        Ok(())
    }
}

/// A read-modify-write instruction.
pub(crate) trait Modify: 'static {
    /// Changes what is at `at`; returns what was there.
    ///
    /// # Safety
    /// As for [`Atomic::store`].
    unsafe fn modify<A: Atomic>(at: *mut u8, value: A) -> A;
}

macro_rules! modify {
    ($($name:ident $method:ident;)*) => {$(
        pub(crate) struct $name;
        impl Modify for $name {
            #[inline(always)]
            unsafe fn modify<A: Atomic>(at: *mut u8, value: A) -> A {
                // SAFETY: the caller's promise.
                unsafe { value.$method(at) }
            }
        }
    )*};
}
modify! {
    Add add;
    Sub sub;
    And and;
    Or or;
    Xor xor;
    Xchg swap;
}

/// `d = memory[a]; memory[a] = O(memory[a], v)`. Operands: `d, a, memory`; offset; `v`.
pub(crate) struct AtomicRmw<O, A, const IS64: bool>(PhantomData<(O, A)>);
impl<O: Modify, A: Atomic, const IS64: bool> Step for AtomicRmw<O, A, IS64> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A, IS64>(m)?;
            let value = A::from_bits(m.slot(m.low(2) as isize));
            Slot::set(m, 0, O::modify(at, value).to_bits() as i64);
            m.advance(3);
        }
        Ok(())
    }
}

/// `d = memory[a]; if d == wrap(x) then memory[a] = wrap(y)`. Operands: `d, a, memory`; offset;
/// `x`, `y`.
pub(crate) struct AtomicCmpxchg<A, const IS64: bool>(PhantomData<A>);
impl<A: Atomic, const IS64: bool> Step for AtomicCmpxchg<A, IS64> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A, IS64>(m)?;
            // Both are wrapped to the width of the access.
            let expected = A::from_bits(m.slot(m.low(2) as isize));
            let old = A::from_bits(m.slot(m.high(2) as isize)).compare_exchange(expected, at);
            Slot::set(m, 0, old.to_bits() as i64);
            m.advance(3);
        }
        Ok(())
    }
}

/// `atomic.fence`. No operands (but a word).
pub(crate) struct Fence;
impl Step for Fence {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        fence(Ordering::SeqCst);
        // SAFETY: I1.
        unsafe { m.advance(1) }
        Ok(())
    }
}

macro_rules! pick {
    ($is64:expr, $body:ident, $($ty:ident),+) => {
        if $is64 { run::<$body<$($ty,)+ true>> as Handler } else { run::<$body<$($ty,)+ false>> }
    };
}

/// `match op` with the handlers of all families; each names its instructions in the same order of
/// types and widths.
macro_rules! families {
    ($op:expr, $is64:expr; $($body:ident $(<$modify:ident>)?:
     $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident;)*) => {
        match $op {
            $(
                Op::$c | Op::$e => pick!($is64, $body, $($modify,)? u8),
                Op::$d | Op::$f => pick!($is64, $body, $($modify,)? u16),
                Op::$a | Op::$g => pick!($is64, $body, $($modify,)? u32),
                Op::$b => pick!($is64, $body, $($modify,)? u64),
            )*
            _ => return None,
        }
    };
}

/// The handler of an atomic access, for memories with addresses of 64 or 32 bits; none for other
/// instructions.
pub(crate) fn handler(op: Op, is64: bool) -> Option<Handler> {
    Some(families! { op, is64;
        AtomicLoad: I32AtomicLoad I64AtomicLoad I32AtomicLoad8U I32AtomicLoad16U
            I64AtomicLoad8U I64AtomicLoad16U I64AtomicLoad32U;
        AtomicStore: I32AtomicStore I64AtomicStore I32AtomicStore8 I32AtomicStore16
            I64AtomicStore8 I64AtomicStore16 I64AtomicStore32;
        AtomicRmw<Add>: I32AtomicRmwAdd I64AtomicRmwAdd I32AtomicRmw8AddU I32AtomicRmw16AddU
            I64AtomicRmw8AddU I64AtomicRmw16AddU I64AtomicRmw32AddU;
        AtomicRmw<Sub>: I32AtomicRmwSub I64AtomicRmwSub I32AtomicRmw8SubU I32AtomicRmw16SubU
            I64AtomicRmw8SubU I64AtomicRmw16SubU I64AtomicRmw32SubU;
        AtomicRmw<And>: I32AtomicRmwAnd I64AtomicRmwAnd I32AtomicRmw8AndU I32AtomicRmw16AndU
            I64AtomicRmw8AndU I64AtomicRmw16AndU I64AtomicRmw32AndU;
        AtomicRmw<Or>: I32AtomicRmwOr I64AtomicRmwOr I32AtomicRmw8OrU I32AtomicRmw16OrU
            I64AtomicRmw8OrU I64AtomicRmw16OrU I64AtomicRmw32OrU;
        AtomicRmw<Xor>: I32AtomicRmwXor I64AtomicRmwXor I32AtomicRmw8XorU I32AtomicRmw16XorU
            I64AtomicRmw8XorU I64AtomicRmw16XorU I64AtomicRmw32XorU;
        AtomicRmw<Xchg>: I32AtomicRmwXchg I64AtomicRmwXchg I32AtomicRmw8XchgU I32AtomicRmw16XchgU
            I64AtomicRmw8XchgU I64AtomicRmw16XchgU I64AtomicRmw32XchgU;
        AtomicCmpxchg: I32AtomicRmwCmpxchg I64AtomicRmwCmpxchg I32AtomicRmw8CmpxchgU
            I32AtomicRmw16CmpxchgU I64AtomicRmw8CmpxchgU I64AtomicRmw16CmpxchgU
            I64AtomicRmw32CmpxchgU;
    })
}
