//! Handlers of branches. A target is a distance in bytes from the branch's first operand word.

#[cfg(common_bodies)]
use super::bodies;
use super::{
    call::load_pins,
    numeric::{CmpOp, operands, slot_or_const, wide},
};
#[cfg(common_bodies)]
use crate::exec::machine::dispatch::Handler;
use crate::exec::machine::{
    Form, Machine, Name, Value,
    context::{Stop, rarely},
    dispatch::Step,
    place::{Dst, Named, Src, name, named},
};
use core::{marker::PhantomData, sync::atomic::Ordering};

/// How a running guest is kept in check: see [`Metering`](crate::Metering).
pub(crate) trait Meter: Named {
    /// Pays for the next stretch of code. On `Err`, `Context::charge` is left to pay.
    ///
    /// # Safety
    /// I1, I4.
    unsafe fn charge(m: &mut Machine, cost: impl FnOnce(&Machine) -> u32) -> Result<(), Stop>;

    /// Pays so much, if that can be done at once; whether it could.
    ///
    /// # Safety
    /// I4.
    #[inline(always)]
    unsafe fn pays(_: &mut Machine, _cost: u32) -> bool {
        true
    }

    /// Takes so much of the fuel, if there is enough; whether there is.
    ///
    /// # Safety
    /// I4.
    #[inline(always)]
    unsafe fn take(_: &mut Machine, _cost: u64) -> bool {
        true
    }
}

/// [`Metering::None`](crate::Metering::None)
pub(crate) struct Unmetered;
named! { Unmetered; Interruptible; Fueled; Jump; Again<M>; }
impl Meter for Unmetered {
    #[inline(always)]
    unsafe fn charge(_: &mut Machine, _: impl FnOnce(&Machine) -> u32) -> Result<(), Stop> {
        Ok(())
    }
}

/// [`Metering::Interrupt`](crate::Metering::Interrupt)
pub(crate) struct Interruptible;
impl Meter for Interruptible {
    #[inline(always)]
    unsafe fn charge(m: &mut Machine, _: impl FnOnce(&Machine) -> u32) -> Result<(), Stop> {
        // SAFETY: I4; the flag lives as long as the store.
        unsafe {
            if (*m.cx().interrupt).load(Ordering::Relaxed) != 0 {
                return Err(rarely(Stop::Interrupted));
            }
        }
        Ok(())
    }

    #[inline(always)]
    unsafe fn pays(m: &mut Machine, _: u32) -> bool {
        // SAFETY: I4; the flag lives as long as the store.
        let is_raised = unsafe { (*m.cx().interrupt).load(Ordering::Relaxed) != 0 };
        if is_raised { rarely(false) } else { true }
    }
}

/// [`Metering::Fuel`](crate::Metering::Fuel). It does not look at the interrupt flag: the driver
/// does, whenever the fuel that it has lent is used up.
pub(crate) struct Fueled;
impl Meter for Fueled {
    #[inline(always)]
    unsafe fn charge(m: &mut Machine, cost: impl FnOnce(&Machine) -> u32) -> Result<(), Stop> {
        let cost = cost(m);
        // SAFETY: I4.
        let cx = unsafe { m.cx() };
        match cx.fuel.checked_sub(cost.into()) {
            Some(fuel) => cx.fuel = fuel,
            None => {
                cx.charge = cost;
                return Err(rarely(Stop::OutOfFuel));
            }
        }
        Ok(())
    }

    #[inline(always)]
    unsafe fn pays(m: &mut Machine, cost: u32) -> bool {
        // SAFETY: I4.
        let cx = unsafe { m.cx() };
        match cx.fuel.checked_sub(cost.into()) {
            Some(fuel) => cx.fuel = fuel,
            None => return rarely(false),
        }
        true
    }

    #[inline(always)]
    unsafe fn take(m: &mut Machine, cost: u64) -> bool {
        // SAFETY: I4.
        let cx = unsafe { m.cx() };
        let left = cx.fuel.checked_sub(cost);
        cx.fuel = left.unwrap_or(cx.fuel);
        left.is_some()
    }
}

/// Where a branch goes: operand word `word` is target and cost.
pub(crate) trait Target: Named {
    /// Whether it goes by distance, and nothing is to be paid.
    const IS_JUMP: bool = false;

    /// Pays for what is there.
    ///
    /// # Safety
    /// I1, I4.
    unsafe fn charge(m: &mut Machine, word: usize) -> Result<(), Stop>;

    /// Goes there.
    ///
    /// # Safety
    /// I1, I3, I4.
    unsafe fn take(m: &mut Machine, word: usize) -> Result<(), Stop>;
}

/// Anywhere.
pub(crate) struct Jump;
impl Target for Jump {
    const IS_JUMP: bool = true;

    #[inline(always)]
    unsafe fn charge(_: &mut Machine, _: usize) -> Result<(), Stop> {
        Ok(())
    }

    #[inline(always)]
    unsafe fn take(m: &mut Machine, word: usize) -> Result<(), Stop> {
        // SAFETY: I3.
        unsafe { m.jump(m.low(word)) };
        Ok(())
    }
}

/// Back to the first instruction of an innermost loop without calls: its address is taken from the
/// context, where it does not wait for `ip`, so that iterations overlap (13 kernels: 8.5 % in the
/// mean).
pub(crate) struct Again<M>(PhantomData<M>);
impl<M: Meter> Target for Again<M> {
    #[inline(always)]
    unsafe fn charge(m: &mut Machine, word: usize) -> Result<(), Stop> {
        // SAFETY: I1, I4.
        unsafe { M::charge(m, |m| m.high(word) as u32) }
    }

    #[inline(always)]
    unsafe fn take(m: &mut Machine, word: usize) -> Result<(), Stop> {
        // SAFETY: I4; I5 (`loop_ip` is the loop's first handler word).
        unsafe {
            let cost = m.high(word) as u32;
            m.ip = m.cx().loop_ip;
            M::charge(m, |_| cost)
        }
    }
}

/// A branch, in its parts: what a block does instead of its step.
pub(crate) trait Fork: Step {
    type Target: Target;
    /// The operand word that is target and cost.
    const TARGET: usize;

    /// Whether it is taken; what a latch computes is computed.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn is_taken(m: &mut Machine) -> bool;
}

/// Goes to its target. Operands: target and cost.
pub(crate) struct Br<K>(PhantomData<K>);
impl<K: Target> Fork for Br<K> {
    type Target = K;
    const TARGET: usize = 0;

    #[inline(always)]
    unsafe fn is_taken(_: &mut Machine) -> bool {
        true
    }
}
impl<K: Target> Step for Br<K> {
    const NAME: Option<Name> = name!(Br, K);
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> = Some(Form::of(1).stop());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I3, I4.
        unsafe { K::take(m, 0) }
    }
}

/// Goes to the target, or on behind so many operand words.
///
/// # Safety
/// I1, I2, I3, I4.
#[inline(always)]
unsafe fn fork<F: Fork>(m: &mut Machine, words: usize) -> Result<(), Stop> {
    // SAFETY: the caller's promise.
    unsafe {
        if F::is_taken(m) {
            return F::Target::take(m, F::TARGET);
        }
        m.advance(words);
    }
    Ok(())
}

/// Branches if `O(a, b) == WANTED`. Operands: `a, b` as in [`Bin`](super::numeric::Bin); target and
/// cost; a wide constant.
pub(crate) struct BrCmp<O, A, B, K, const WANTED: bool>(PhantomData<(O, A, B, K)>);
impl<O: CmpOp, A: Src, B: Src, K: Target, const WANTED: bool> Step for BrCmp<O, A, B, K, WANTED> {
    const NAME: Option<Name> = name!(BrCmp, O, A, B, K; WANTED);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && K::IS_JUMP;
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> = Some(
        Form::of(2 + wide::<O::A, A, B>()).pair(slot_or_const::<A>(), slot_or_const::<B>()).stop(),
    );

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I4.
        unsafe { fork::<Self>(m, 2 + wide::<O::A, A, B>()) }
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::br_cmp::<Self, O, A, B, K, WANTED>();
}
impl<O: CmpOp, A: Src, B: Src, K: Target, const WANTED: bool> Fork for BrCmp<O, A, B, K, WANTED> {
    type Target = K;
    const TARGET: usize = 1;

    #[inline(always)]
    unsafe fn is_taken(m: &mut Machine) -> bool {
        // SAFETY: I1, I2.
        let (a, b) = unsafe { operands::<O::A, A, B>(m, 2) };
        O::eval(a, b) == WANTED
    }
}

/// A test of bits.
pub(crate) trait Bits: Value + Named {
    fn is_zero(self) -> bool;
    fn and(self, other: Self) -> Self;
    fn add(self, k: i32) -> Self;
}
impl Bits for i32 {
    #[inline(always)]
    fn is_zero(self) -> bool {
        self == 0
    }
    #[inline(always)]
    fn and(self, other: i32) -> i32 {
        self & other
    }
    #[inline(always)]
    fn add(self, k: i32) -> i32 {
        self.wrapping_add(k)
    }
}
impl Bits for i64 {
    #[inline(always)]
    fn is_zero(self) -> bool {
        self == 0
    }
    #[inline(always)]
    fn and(self, other: i64) -> i64 {
        self & other
    }
    #[inline(always)]
    fn add(self, k: i32) -> i64 {
        self.wrapping_add(k.into())
    }
}

/// Branches if `(a == 0) == ZERO`. Operands: `-, a`; target and cost.
pub(crate) struct BrTest<T, A, K, const ZERO: bool>(PhantomData<(T, A, K)>);
impl<T: Bits, A: Src, K: Target, const ZERO: bool> Step for BrTest<T, A, K, ZERO> {
    const NAME: Option<Name> = name!(BrTest, T, A, K; ZERO);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && K::IS_JUMP;
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> = Form::of(2).read(1, A::IS_SLOT).stop().unless(A::IS_CONST);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I4.
        unsafe { fork::<Self>(m, 2) }
    }
}
impl<T: Bits, A: Src, K: Target, const ZERO: bool> Fork for BrTest<T, A, K, ZERO> {
    type Target = K;
    const TARGET: usize = 1;

    #[inline(always)]
    unsafe fn is_taken(m: &mut Machine) -> bool {
        // SAFETY: I1, I2.
        let a: T = unsafe { A::get(m, 1, 0) };
        a.is_zero() == ZERO
    }
}

/// Branches if `(a & b == 0) == ZERO`. Operands as in [`BrCmp`].
pub(crate) struct BrAnd<T, A, B, K, const ZERO: bool>(PhantomData<(T, A, B, K)>);
impl<T: Bits, A: Src, B: Src, K: Target, const ZERO: bool> Step for BrAnd<T, A, B, K, ZERO> {
    const NAME: Option<Name> = name!(BrAnd, T, A, B, K; ZERO);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && K::IS_JUMP;
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> = Some(
        Form::of(2 + wide::<T, A, B>()).pair(slot_or_const::<A>(), slot_or_const::<B>()).stop(),
    );

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I4.
        unsafe { fork::<Self>(m, 2 + wide::<T, A, B>()) }
    }
}
impl<T: Bits, A: Src, B: Src, K: Target, const ZERO: bool> Fork for BrAnd<T, A, B, K, ZERO> {
    type Target = K;
    const TARGET: usize = 1;

    #[inline(always)]
    unsafe fn is_taken(m: &mut Machine) -> bool {
        // SAFETY: I1, I2.
        let (a, b) = unsafe { operands::<T, A, B>(m, 2) };
        a.and(b).is_zero() == ZERO
    }
}

/// The latch of a loop: `x += k; if O(x, b) branch`. With `SWAP` the comparison is `O(b, x)`.
/// Operands: `x, b` or `x, -, constant`; target and cost; `k`.
pub(crate) struct Latch<O, X, B, K, const SWAP: bool>(PhantomData<(O, X, B, K)>);
impl<O: CmpOp<A: Bits>, X: Src + Dst, B: Src, K: Target, const SWAP: bool> Step
    for Latch<O, X, B, K, SWAP>
{
    const NAME: Option<Name> = name!(Latch, O, X, B, K; SWAP);
    const IS_ALWAYS_THERE: bool = false;
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> = Some(
        Form::of(3)
            .read(0, <X as Src>::IS_SLOT)
            .write(<X as Dst>::IS_SLOT)
            .read(1, B::IS_SLOT)
            .stop(),
    );

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I4.
        unsafe { fork::<Self>(m, 3) }
    }
}
impl<O: CmpOp<A: Bits>, X: Src + Dst, B: Src, K: Target, const SWAP: bool> Fork
    for Latch<O, X, B, K, SWAP>
{
    type Target = K;
    const TARGET: usize = 1;

    #[inline(always)]
    unsafe fn is_taken(m: &mut Machine) -> bool {
        // SAFETY: I1, I2.
        unsafe {
            let x: O::A = <X as Src>::get(m, 0, 0);
            let b: O::A = if B::IS_CONST { O::A::from_k(m.high(0)) } else { B::get(m, 1, 0) };
            let x = x.add(m.low(2));
            X::set(m, 0, x);
            if SWAP { O::eval(b, x) } else { O::eval(x, b) }
        }
    }
}

/// The latch of a loop that counts to zero: `x += k; if (x == 0) == ZERO branch`. Operands: `x`;
/// target and cost; `k`.
pub(crate) struct LatchTest<T, X, K, const ZERO: bool>(PhantomData<(T, X, K)>);
impl<T: Bits, X: Src + Dst, K: Target, const ZERO: bool> Step for LatchTest<T, X, K, ZERO> {
    const NAME: Option<Name> = name!(LatchTest, T, X, K; ZERO);
    const IS_ALWAYS_THERE: bool = false;
    const FALLS_THROUGH: bool = false;
    const FORM: Option<Form> =
        Some(Form::of(3).read(0, <X as Src>::IS_SLOT).write(<X as Dst>::IS_SLOT).stop());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I4.
        unsafe { fork::<Self>(m, 3) }
    }
}
impl<T: Bits, X: Src + Dst, K: Target, const ZERO: bool> Fork for LatchTest<T, X, K, ZERO> {
    type Target = K;
    const TARGET: usize = 1;

    #[inline(always)]
    unsafe fn is_taken(m: &mut Machine) -> bool {
        // SAFETY: I1, I2.
        unsafe {
            let x: T = <X as Src>::get(m, 0, 0);
            let x = x.add(m.low(2));
            X::set(m, 0, x);
            x.is_zero() == ZERO
        }
    }
}

/// Goes to the target that the index selects, or the last. Operands: `-, a`, the number of targets
/// but the last; each target a word.
pub(crate) struct BrTable<A>(PhantomData<A>);
impl<A: Src> Step for BrTable<A> {
    const NAME: Option<Name> = name!(BrTable, A);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let a: i32 = A::get(m, 1, 0);
            let index = (a as u32).min(m.high(0) as u32) as usize;
            m.jump(m.low(1 + index));
        }
        Ok(())
    }
}

/// Enters an innermost loop without calls: from here on [`Again`] finds its start. Operands: -,
/// cost.
pub(crate) struct LoopEnter<M>(PhantomData<M>);
impl<M: Meter> Step for LoopEnter<M> {
    const NAME: Option<Name> = name!(LoopEnter, M);
    const FORM: Option<Form> = Some(Form::of(1).stop());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I4.
        unsafe {
            let charged = M::charge(m, |m| m.high(0) as u32);
            m.advance(1);
            m.cx().loop_ip = m.ip;
            charged
        }
    }
}

/// The same, of a loop that has pinned integers of its own: loads them, too. Operands: pins, cost.
pub(crate) struct LoopEnterPinned<M>(PhantomData<M>);
impl<M: Meter> Step for LoopEnterPinned<M> {
    const NAME: Option<Name> = name!(LoopEnterPinned, M);
    const FORM: Option<Form> = Some(Form::of(1).read(0, true).read(1, true).stop());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4.
        unsafe {
            load_pins::<i64>(m, 0);
            LoopEnter::<M>::step(m)
        }
    }
}

/// Loads pinned integers. Operands: pins.
pub(crate) struct LoadPins;
impl Step for LoadPins {
    const NAME: Option<Name> = name!(LoadPins);
    const FORM: Option<Form> = Some(Form::of(1).read(0, true).read(1, true));

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            load_pins::<i64>(m, 0);
            m.advance(1);
        }
        Ok(())
    }
}

/// Pays for the code that follows. Operands: -, cost.
pub(crate) struct Charge<M>(PhantomData<M>);
impl<M: Meter> Step for Charge<M> {
    const NAME: Option<Name> = name!(Charge, M);
    const FORM: Option<Form> = Some(Form::of(1).stop());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I4.
        unsafe {
            let charged = M::charge(m, |m| m.high(0) as u32);
            m.advance(1);
            charged
        }
    }
}
