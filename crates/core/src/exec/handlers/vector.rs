//! Handlers of the vector instructions that have a shape of their own: one generic body a shape.
//! Those with one or two operands, loads and stores are in [`numeric`](super::numeric) and
//! [`memory`](super::memory).

use super::memory::{Location, Raw};
use crate::exec::{
    machine::{
        Machine, Name, Value,
        context::Stop,
        dispatch::Step,
        place::{Dst, Named, Src, chosen_as, name},
    },
    meaning::v128::Simd,
};
use core::marker::PhantomData;

/// An instruction with three vectors.
pub(crate) trait TernOp: Named {
    fn eval(a: Simd, b: Simd, c: Simd) -> Simd;
}

/// A shift.
pub(crate) trait ShiftOp: Named {
    fn eval(a: Simd, count: i32) -> Simd;
}

/// `extract_lane`
pub(crate) trait ExtractOp: Named {
    type R: Value;
    fn eval(a: Simd, lane: usize) -> Self::R;
}

/// `replace_lane`
pub(crate) trait ReplaceOp: Named {
    type B: Value;
    fn eval(a: Simd, lane: usize, b: Self::B) -> Simd;
}

/// `i8x16.shuffle`
pub(crate) trait ShuffleOp: Named {
    fn eval(a: Simd, b: Simd, lanes: Simd) -> Simd;
}

/// A load of one lane.
pub(crate) trait LoadLaneOp: Named {
    type Raw: Raw;
    fn eval(a: Simd, lane: usize, raw: Self::Raw) -> Simd;
}

/// A store of one lane.
pub(crate) trait StoreLaneOp: Named {
    type Raw: Raw;
    fn eval(a: Simd, lane: usize) -> Self::Raw;
}

/// `d = O(a, b, c)`. Operands: `d, a, b, c`.
pub(crate) struct Tern<O, A, B, C, D>(PhantomData<(O, A, B, C, D)>);
impl<O: TernOp, A: Src, B: Src, C: Src, D: Dst> Step for Tern<O, A, B, C, D> {
    const NAME: Option<Name> = name!(Tern, O, A, B, C, D);
    const CHOSEN_AS: Option<Name> = chosen_as!(Tern, O, A, B, C, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && C::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 0), B::get(m, 2, 0), C::get(m, 3, 0));
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `d = O(a, b)`. Operands: `d, a, b` or `d, a, constant`.
pub(crate) struct Shift<O, A, B, D>(PhantomData<(O, A, B, D)>);
impl<O: ShiftOp, A: Src, B: Src, D: Dst> Step for Shift<O, A, B, D> {
    const NAME: Option<Name> = name!(Shift, O, A, B, D);
    const CHOSEN_AS: Option<Name> = chosen_as!(Shift, O, A, B, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 0), B::get(m, 2, 0));
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `d = a[lane]`. Operands: `d, a, lane`.
pub(crate) struct Extract<O, A, D>(PhantomData<(O, A, D)>);
impl<O: ExtractOp, A: Src, D: Dst> Step for Extract<O, A, D> {
    const NAME: Option<Name> = name!(Extract, O, A, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 0), m.field(2) as usize);
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `d = a with lane = b`. Operands: `d, a, b, lane`.
pub(crate) struct Replace<O, A, B, D>(PhantomData<(O, A, B, D)>);
impl<O: ReplaceOp, A: Src, B: Src, D: Dst> Step for Replace<O, A, B, D> {
    const NAME: Option<Name> = name!(Replace, O, A, B, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 0), m.field(3) as usize, B::get(m, 2, 0));
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `d = shuffle(a, b)`. Operands: `d, a, b`; the lanes in two words.
pub(crate) struct Shuffle<O, A, B, D>(PhantomData<(O, A, B, D)>);
impl<O: ShuffleOp, A: Src, B: Src, D: Dst> Step for Shuffle<O, A, B, D> {
    const NAME: Option<Name> = name!(Shuffle, O, A, B, D);
    const CHOSEN_AS: Option<Name> = chosen_as!(Shuffle, O, A, B, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value = O::eval(A::get(m, 1, 0), B::get(m, 2, 0), m.constant(1));
            D::set(m, 0, value);
            m.advance(3);
        }
        Ok(())
    }
}

/// `d = v with lane = memory[address]`. Operands: `v` and the address's; `d, lane`.
pub(crate) struct LoadLane<O, E, V, D>(PhantomData<(O, E, V, D)>);
impl<O: LoadLaneOp, E: Location, V: Src, D: Dst> Step for LoadLane<O, E, V, D> {
    const NAME: Option<Name> = name!(LoadLane, O, E, V, D);
    const IS_ALWAYS_THERE: bool = E::IS_PLAIN && V::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the address is checked.
        unsafe {
            let at = E::at::<O::Raw>(m)?;
            let vector = V::get(m, 0, 0);
            m.advance(E::WORDS);
            D::set(m, 0, O::eval(vector, m.field(1) as usize, E::read(at)));
            m.advance(1);
        }
        Ok(())
    }
}

/// `memory[address] = v[lane]`. Operands: `v` and the address's; `-, lane`.
pub(crate) struct StoreLane<O, E, V>(PhantomData<(O, E, V)>);
impl<O: StoreLaneOp, E: Location, V: Src> Step for StoreLane<O, E, V> {
    const NAME: Option<Name> = name!(StoreLane, O, E, V);
    const IS_ALWAYS_THERE: bool = E::IS_PLAIN && V::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the address is checked.
        unsafe {
            let at = E::at::<O::Raw>(m)?;
            let vector = V::get(m, 0, 0);
            m.advance(E::WORDS);
            E::write(O::eval(vector, m.field(1) as usize), at);
            m.advance(1);
        }
        Ok(())
    }
}
