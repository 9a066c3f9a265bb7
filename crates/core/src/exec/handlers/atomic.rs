//! Handlers of the atomic instructions, on shared and on other memories, and which of them an
//! instruction has. Operands and results are in slots. The types `i32` and `i64` make no
//! difference: what is narrower than a slot has zeros above it. Waiting and notifying are in
//! [`wait`](crate::driver::slow::wait).

use super::memory::address_in;
use crate::{
    Trap,
    exec::machine::{
        Machine,
        context::Stop,
        dispatch::{Handler, Step},
        place::{Dst, Slot},
        shared::Atomic,
    },
};
use core::{
    marker::PhantomData,
    sync::atomic::{Ordering, fence},
};
use windlass_decode::{Features, Op, for_each_op};

/// The checked address. Operands: `-, a, memory`; offset.
///
/// # Safety
/// I1, I2, I4.
#[inline(always)]
unsafe fn place<A: Atomic>(m: &mut Machine) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I2, I4.
    unsafe {
        let (memory, at) = address_in(m)?;
        if at & (A::SIZE - 1) != 0 {
            return Err(Trap::UnalignedAtomic.into());
        }
        memory.check_any(at, A::SIZE)
    }
}

/// `d = memory[a]`. Operands: `d, a, memory`; offset.
pub(crate) struct AtomicLoad<A>(PhantomData<A>);
impl<A: Atomic> Step for AtomicLoad<A> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4; the address is checked, and so is its alignment: memories are aligned
        // to 8 bytes.
        unsafe {
            let at = place::<A>(m)?;
            Slot::set(m, 0, A::load(at).to_bits() as i64);
            m.advance(2);
        }
        Ok(())
    }
}

/// `memory[a] = v`. Operands: `v, a, memory`; offset.
pub(crate) struct AtomicStore<A>(PhantomData<A>);
impl<A: Atomic> Step for AtomicStore<A> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A>(m)?;
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
pub(crate) struct AtomicRmw<O, A>(PhantomData<(O, A)>);
impl<O: Modify, A: Atomic> Step for AtomicRmw<O, A> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A>(m)?;
            let value = A::from_bits(m.slot(m.low(2) as isize));
            Slot::set(m, 0, O::modify(at, value).to_bits() as i64);
            m.advance(3);
        }
        Ok(())
    }
}

/// `d = memory[a]; if d == wrap(x) then memory[a] = wrap(y)`. Operands: `d, a, memory`; offset;
/// `x`, `y`.
pub(crate) struct AtomicCmpxchg<A>(PhantomData<A>);
impl<A: Atomic> Step for AtomicCmpxchg<A> {
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: as for `AtomicLoad`.
        unsafe {
            let at = place::<A>(m)?;
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

/// The handler of a row; none if the instruction does not access memory atomically.
macro_rules! access {
    (atomic_load raw = $raw:ident) => {
        Some(<AtomicLoad<$raw>>::HANDLER)
    };
    (atomic_store raw = $raw:ident) => {
        Some(<AtomicStore<$raw>>::HANDLER)
    };
    (atomic_rmw raw = $raw:ident rmw = $modify:ident) => {
        Some(<AtomicRmw<$modify, $raw>>::HANDLER)
    };
    (atomic_cmpxchg raw = $raw:ident) => {
        Some(<AtomicCmpxchg<$raw>>::HANDLER)
    };
    ($other:ident $($facts:tt)*) => {
        None
    };
}

macro_rules! define {
    ($($code:literal $op:ident $name:ident $mnemonic:literal $feature:ident $imm:ident $shape:ident
       [$($a:ident)*] [$($r:ident)*] $($fact:ident $(= $of:ident)?)*;)*) => {
        /// The handler of an atomic access, for addresses of any width; none for other
        /// instructions.
        pub(crate) fn handler(op: Op) -> Option<Handler> {
            if !Features::BUILT.contains(Features::THREADS) {
                return None;
            }
            match op {
                $(Op::$op => access!($shape $($fact $(= $of)?)*),)*
            }
        }
    };
}
for_each_op!(define);
