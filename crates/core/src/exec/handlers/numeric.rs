//! Handlers of the numeric and parametric instructions: one generic body a shape.

#[cfg(common_bodies)]
use super::bodies;
#[cfg(common_bodies)]
use crate::exec::machine::dispatch::Handler;
use crate::{
    Trap,
    exec::machine::{
        Form, Machine, Name, Value,
        context::Stop,
        dispatch::Step,
        place::{Dst, Named, Src, chosen_as, name},
    },
};
use core::marker::PhantomData;
use windlass_decode::Op;

/// An instruction with one operand.
pub(crate) trait UnOp: Named {
    /// Whether it can trap.
    #[cfg_attr(not(common_bodies), allow(dead_code))]
    const TRAPS: bool = false;
    type A: Value;
    type R: Value;
    fn eval(a: Self::A) -> Result<Self::R, Trap>;
}

/// An instruction with two operands.
pub(crate) trait BinOp: Named {
    const OP: Op;
    type A: Value;
    type R: Value;
    fn eval(a: Self::A, b: Self::A) -> Result<Self::R, Trap>;
}

/// A comparison.
pub(crate) trait CmpOp: Named {
    const OP: Op;
    type A: Value;
    fn eval(a: Self::A, b: Self::A) -> bool;
}

/// `d = O(a)`. Operands: `d, a`.
pub(crate) struct Un<O, A, D>(PhantomData<(O, A, D)>);
impl<O: UnOp, A: Src, D: Dst> Step for Un<O, A, D> {
    const NAME: Option<Name> = name!(Un, O, A, D);
    const CHOSEN_AS: Option<Name> = chosen_as!(Un, O, A, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && D::IS_PLAIN;
    const FORM: Option<Form> = Form::of(1)
        .write(D::IS_SLOT)
        .read(1, A::IS_SLOT)
        .unless(A::IS_CONST || is_vector::<O::A>() || is_vector::<O::R>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 1))?;
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::un::<Self, O, A>();
}

/// `d = O(a, b)`. Operands: `d, a, b` or `d, a, constant` or `d, b, constant`; a wide constant
/// is the second word.
pub(crate) struct Bin<O, A, B, D>(PhantomData<(O, A, B, D)>);
impl<O: BinOp, A: Src, B: Src, D: Dst> Step for Bin<O, A, B, D> {
    const NAME: Option<Name> = name!(Bin, O, A, B, D);
    const CHOSEN_AS: Option<Name> = chosen_as!(Bin, O, A, B, D);
    const IS_ALWAYS_THERE: bool =
        A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN && !(B::IS_CONST && is_vector::<O::A>());
    const FORM: Option<Form> = Form::of(1 + wide::<O::A, A, B>())
        .write(D::IS_SLOT)
        .pair(slot_or_const::<A>(), slot_or_const::<B>())
        .unless(is_vector::<O::A>() || is_vector::<O::R>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let (a, b) = operands::<O::A, A, B>(m, 1);
            let value = O::eval(a, b)?;
            D::set(m, 0, value);
            m.advance(1 + wide::<O::A, A, B>());
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::bin::<Self, O, A, B>();
}

/// Reads two operands: `a` in field 1 and `b` in field 2, or one of them a constant and the other
/// in field 1. A wide constant is operand word `at`.
#[inline(always)]
pub(crate) unsafe fn operands<T: Value, A: Src, B: Src>(m: &Machine, at: usize) -> (T, T) {
    // SAFETY: the caller's promise (I1, I2).
    unsafe { (A::get(m, 1, at), B::get(m, if A::IS_CONST { 1 } else { 2 }, at)) }
}

/// Whether values of this type are vectors.
pub(crate) const fn is_vector<T: Value>() -> bool {
    T::WORDS == 2
}

/// Whether an operand is a slot, and whether it is a constant: for [`Form::pair`].
pub(crate) const fn slot_or_const<A: Src>() -> [bool; 2] {
    [A::IS_SLOT, A::IS_CONST]
}

/// How many words the constant among the operands takes.
pub(crate) const fn wide<T: Value, A: Src, B: Src>() -> usize {
    if A::IS_CONST || B::IS_CONST { T::WORDS } else { 0 }
}

/// `d = a`. Operands: `d, a` or `d, constant`. With
/// [`SlotOnly`](crate::exec::machine::place::SlotOnly) it leaves the accumulators alone.
pub(crate) struct Copy<T, A, D>(PhantomData<(T, A, D)>);
impl<T: Value + Named, A: Src, D: Dst> Step for Copy<T, A, D> {
    const NAME: Option<Name> = name!(Copy, T, A, D);
    const FORM: Option<Form> = Form::of(1 + wide::<T, A, A>())
        .write(D::IS_SLOT)
        .read(1, A::IS_SLOT)
        .unless(is_vector::<T>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value: T = A::get(m, 1, 1);
            D::set(m, 0, value);
            m.advance(1 + wide::<T, A, A>());
        }
        Ok(())
    }
}

/// Moves `COUNT` slots, two or three, to as many that lie side by side, one after the other:
/// arguments of calls. Operands: the first slot that is written, those that are read.
pub(crate) struct Gather<const COUNT: usize>;
impl<const COUNT: usize> Step for Gather<COUNT> {
    const NAME: Option<Name> = name!(Gather; COUNT);
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let to = m.at(m.field(0));
            to.write(m.slot(m.field(1)));
            to.add(1).write(m.slot(m.field(2)));
            if COUNT > 2 {
                to.add(2).write(m.slot(m.field(3)));
            }
            m.advance(1);
        }
        Ok(())
    }
}

/// `d = c ? x : y`. Operands: `d, x, y, c`; constants follow, each a word.
pub(crate) struct Select<T, X, Y, C, D>(PhantomData<(T, X, Y, C, D)>);
impl<T: Value + Named, X: Src, Y: Src, C: Src, D: Dst> Step for Select<T, X, Y, C, D> {
    const NAME: Option<Name> = name!(Select, T, X, Y, C, D);
    const IS_ALWAYS_THERE: bool = X::IS_PLAIN && Y::IS_PLAIN && C::IS_PLAIN && D::IS_PLAIN;
    const FORM: Option<Form> = Form::of(1 + X::IS_CONST as usize + Y::IS_CONST as usize)
        .write(D::IS_SLOT)
        .read(1, X::IS_SLOT)
        .read(2, Y::IS_SLOT)
        .read(3, C::IS_SLOT)
        .unless(C::IS_CONST || is_vector::<T>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let x: T = if X::IS_CONST { m.constant(1) } else { X::get(m, 1, 0) };
            let y_word = 1 + X::IS_CONST as usize;
            let y: T = if Y::IS_CONST { m.constant(y_word) } else { Y::get(m, 2, 0) };
            let c: i32 = C::get(m, 3, 0);
            D::set(m, 0, core::hint::select_unpredictable(c != 0, x, y));
            m.advance(y_word + Y::IS_CONST as usize);
        }
        Ok(())
    }
}

/// `d = O(a, b) ? x : y` on slots. Operands: `d` and `a, b` as in [`Bin`]; `x, y`; a wide constant.
pub(crate) struct CmpSelect<O, A, B, D>(PhantomData<(O, A, B, D)>);
impl<O: CmpOp, A: Src, B: Src, D: Dst> Step for CmpSelect<O, A, B, D> {
    const NAME: Option<Name> = name!(CmpSelect, O, A, B, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN;
    const FORM: Option<Form> = Form::of(2 + wide::<O::A, A, B>())
        .write(D::IS_SLOT)
        .pair(slot_or_const::<A>(), slot_or_const::<B>())
        .read_halves()
        .unless(is_vector::<O::A>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let (a, b) = operands::<O::A, A, B>(m, 2);
            let x = m.slot(m.low(1) as isize) as i64;
            let y = m.slot(m.high(1) as isize) as i64;
            D::set(m, 0, core::hint::select_unpredictable(O::eval(a, b), x, y));
            m.advance(2 + wide::<O::A, A, B>());
        }
        Ok(())
    }
}
