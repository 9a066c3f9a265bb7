//! Handlers of casts and tests of references. What is tested for is the upper half of the first
//! operand word: the lower half of the header of objects of the type, and whether null is of it.

#[cfg(common_bodies)]
use super::bodies;
use super::control::{Jump, Target};
#[cfg(common_bodies)]
use crate::exec::machine::dispatch::Handler;
use crate::{
    Trap,
    exec::machine::{
        Machine, Name,
        context::Stop,
        dispatch::Step,
        place::{Dst, Named, Src, name, named},
    },
    object_type::{
        ARRAY,
        known::{Ancestors, PAGE, ROW},
    },
};
use core::marker::PhantomData;

/// Set in what is tested for if null passes.
pub(crate) const NULL_PASSES: u32 = 1 << 31;

/// What a reference is tested for.
pub(crate) trait Test: Named {
    /// Whether a reference, which is not null, is of type `wanted`.
    ///
    /// # Safety
    /// I4, I10.
    unsafe fn test(m: &mut Machine, reference: u64, wanted: u32) -> bool;
}

macro_rules! tests {
    ($($(#[$doc:meta])* $name:ident |$m:ident, $r:ident, $wanted:ident| $test:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        named! { $name; }
        impl Test for $name {
            #[inline(always)]
            #[allow(unused_variables)]
            unsafe fn test($m: &mut Machine, $r: u64, $wanted: u32) -> bool {
                // SAFETY: the caller's promise.
                #[allow(unused_unsafe)]
                unsafe {
                    $test
                }
            }
        }
    )*};
}
tests! {
    /// The type at the top of a hierarchy.
    Always |m, r, wanted| true;
    /// The type at the bottom.
    Never |m, r, wanted| false;
    /// `i31`
    IsI31 |m, r, wanted| r & 1 != 0;
    /// `eq`: all but values of the host.
    IsEq |m, r, wanted| r & 7 != 2;
    /// `struct`
    IsStruct |m, r, wanted| is_object(m, r) && header(m, r) & ARRAY == 0;
    /// `array`
    IsArray |m, r, wanted| is_object(m, r) && header(m, r) & ARRAY != 0;
    /// A type without subtypes, or one without those below it.
    IsFinal |m, r, wanted| is_object(m, r) && header(m, r) == wanted;
    /// A type with subtypes.
    IsBelow |m, r, wanted| is_object(m, r) && {
        let header = header(m, r);
        header == wanted || is_below(m, header & (ARRAY - 1), wanted & (ARRAY - 1))
    };
    /// A function type.
    IsFunc |m, r, wanted| is_func(m, r) && {
        let ty = func_type(m, r);
        ty == wanted || is_below(m, ty, wanted)
    };
    /// A function type without those below it.
    IsExactFunc |m, r, wanted| is_func(m, r) && func_type(m, r) == wanted;
}

/// Whether the reference, which is not null, names a function of the store: no other passes.
#[inline(always)]
unsafe fn is_func(m: &mut Machine, reference: u64) -> bool {
    // SAFETY: I4.
    unsafe { reference as usize <= m.cx().func_count }
}

/// The type of the function, which is one of the store.
#[inline(always)]
unsafe fn func_type(m: &mut Machine, reference: u64) -> u32 {
    // SAFETY: I4.
    unsafe { (*m.cx().funcs.add(reference as usize - 1)).ty.0 }
}

/// Whether the reference, which is not null, is one to an object, and that lies in the heap: no
/// other passes.
#[inline(always)]
unsafe fn is_object(m: &mut Machine, reference: u64) -> bool {
    // SAFETY: I4.
    // The low three bits are compared as the highest: they are 0.
    unsafe { (reference as usize).rotate_right(3) < m.cx().heap.words }
}

/// The lower half of an object's header.
#[inline(always)]
unsafe fn header(m: &mut Machine, reference: u64) -> u32 {
    // SAFETY: I4, I10.
    unsafe { *m.cx().heap.base.byte_add(reference as usize) as u32 }
}

/// Whether a type is `wanted` or has it among its supertypes: of those, the one that is as deep is
/// looked at.
#[inline(always)]
unsafe fn is_below(m: &mut Machine, ty: u32, wanted: u32) -> bool {
    // SAFETY: I4, I10: the heap knows the types of objects, and those of modules that have sub- and
    // supertypes. Function types that it does not know have none. Rows hold types that it knows, of
    // each type as many as its depth says.
    unsafe {
        let heap = &m.cx().heap;
        if ty.max(wanted) as usize / PAGE >= heap.pages {
            return false;
        }
        let ancestors = |ty: u32| -> Ancestors {
            match &*heap.types.add(ty as usize / PAGE) {
                Some(page) => page[ty as usize % PAGE].ancestors,
                None => Ancestors::NONE,
            }
        };
        let row = |first: u32, index: u32| *heap.rows.add(first as usize + index as usize);
        let depth = ancestors(wanted).depth;
        let mut own = ancestors(ty);
        if own.depth < depth {
            return false;
        }
        if own.depth / ROW > depth / ROW {
            own = ancestors(row(own.far, depth / ROW));
        }
        row(own.near, depth % ROW) == wanted
    }
}

/// Whether the reference in `a` passes.
#[inline(always)]
unsafe fn passes<T: Test, A: Src>(m: &mut Machine) -> bool {
    // SAFETY: I1, I2, I10.
    unsafe {
        let reference = A::get::<i64>(m, 1, 0) as u64;
        let wanted = m.high(0) as u32;
        if reference == 0 {
            return wanted & NULL_PASSES != 0;
        }
        T::test(m, reference, wanted & !NULL_PASSES)
    }
}

/// `ref.test`. Operands: `d, a, wanted`.
pub(crate) struct RefTest<T, A, D>(PhantomData<(T, A, D)>);
impl<T: Test, A: Src, D: Dst> Step for RefTest<T, A, D> {
    const NAME: Option<Name> = name!(RefTest, T, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let passes = i32::from(passes::<T, A>(m));
            D::set(m, 0, passes);
            m.advance(1);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::ref_test::<T, A, D>();
}

/// `ref.cast`: leaves the reference where it is. Operands: `-, a, wanted`.
pub(crate) struct RefCast<T, A>(PhantomData<(T, A)>);
impl<T: Test, A: Src> Step for RefCast<T, A> {
    const NAME: Option<Name> = name!(RefCast, T, A);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            if !passes::<T, A>(m) {
                return Err(Trap::CastFailure.into());
            }
            m.advance(1);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::ref_cast::<T, A>();
}

/// Branches if the reference passes, or if it does not. Operands: `-, a, wanted`; target.
pub(crate) struct BrCast<T, A, const WANTED: bool>(PhantomData<(T, A)>);
impl<T: Test, A: Src, const WANTED: bool> Step for BrCast<T, A, WANTED> {
    const NAME: Option<Name> = name!(BrCast, T, A; WANTED);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3, I10.
        unsafe {
            if passes::<T, A>(m) == WANTED {
                return Jump::take(m, 1);
            }
            m.advance(2);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::br_cast::<T, A, WANTED>();
}

/// Whether the reference in `a` passes a cast to what the descriptor in `b` describes: the object
/// has this descriptor. Operands: `d, a, b`, whether null passes.
#[inline(always)]
unsafe fn has_descriptor<A: Src, B: Src>(m: &mut Machine) -> Result<bool, Stop> {
    // SAFETY: I1, I2, I4, I10: the upper half of a structure's header is its descriptor, or 0.
    unsafe {
        let reference = A::get::<i64>(m, 1, 0) as u64;
        let descriptor = B::get::<i64>(m, 2, 0) as u64;
        if descriptor == 0 {
            return Err(Trap::NullDescriptorReference.into());
        }
        if reference == 0 || !is_object(m, reference) {
            return Ok(reference == 0 && m.field(3) != 0);
        }
        let header = *m.cx().heap.base.byte_add(reference as usize);
        Ok(header as u32 & ARRAY == 0 && header >> 32 == descriptor >> 3)
    }
}

/// Whether the reference in `a` has the descriptor in `b`. Operands: `d, a, b`, whether null
/// passes.
pub(crate) struct DescTest<A, B, D>(PhantomData<(A, B, D)>);
impl<A: Src, B: Src, D: Dst> Step for DescTest<A, B, D> {
    const NAME: Option<Name> = name!(DescTest, A, B, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let passes = i32::from(has_descriptor::<A, B>(m)?);
            D::set(m, 0, passes);
            m.advance(1);
        }
        Ok(())
    }
}

/// `ref.cast_desc_eq`: leaves the reference where it is. Operands: `-, a, b`, whether null passes.
pub(crate) struct DescCast<A, B>(PhantomData<(A, B)>);
impl<A: Src, B: Src> Step for DescCast<A, B> {
    const NAME: Option<Name> = name!(DescCast, A, B);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            if !has_descriptor::<A, B>(m)? {
                return Err(Trap::DescriptorCastFailure.into());
            }
            m.advance(1);
        }
        Ok(())
    }
}
