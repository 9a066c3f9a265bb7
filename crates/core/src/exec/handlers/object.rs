//! Handlers of structures and arrays. An object is made in several cells: the first takes its place
//! from the room of the heap ([`HeapView`](crate::exec::machine::views::HeapView)) and writes a
//! field, others write a field each, the last one writes the header and gives the reference.
//! Nothing stops in between. If the room is too small, the first cell stops before it has done
//! anything, and is executed again when there is room.

#[cfg(common_bodies)]
use super::bodies;
#[cfg(common_bodies)]
use crate::exec::machine::dispatch::Handler;
use crate::{
    Trap,
    exec::{
        machine::{
            Machine, Name, Value,
            context::Stop,
            dispatch::Step,
            place::{Dst, Named, Slot, Src, name, named},
        },
        meaning::v128::Simd,
    },
    object_type::HEADER,
};
use core::marker::PhantomData;

/// How a field or element is read and written. Bytes lie in the host's order.
pub(crate) trait Element: Named {
    /// What it is on the stack.
    type T: Value + 'static;
    const SIZE: usize;
    /// No local that is a vector is pinned, and no constant in code.
    const IS_VECTOR: bool = false;
    /// # Safety
    /// I10: `at` is such a field.
    unsafe fn read(at: *const u8) -> Self::T;
    /// # Safety
    /// As `read`.
    unsafe fn write(at: *mut u8, value: Self::T);
}

macro_rules! elements {
    ($($(#[$doc:meta])* $name:ident $t:ty, $raw:ty;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        named! { $name; }
        impl Element for $name {
            type T = $t;
            const SIZE: usize = size_of::<$raw>();
            #[inline(always)]
            unsafe fn read(at: *const u8) -> $t {
                // SAFETY: I10; fields are aligned.
                unsafe { *at.cast::<$raw>() as $t }
            }
            #[inline(always)]
            unsafe fn write(at: *mut u8, value: $t) {
                // SAFETY: I10; fields are aligned.
                unsafe { *at.cast::<$raw>() = value as $raw }
            }
        }
    )*};
}
elements! {
    /// With a sign.
    I8S i32, i8;
    /// With zeros.
    I8U i32, u8;
    /// With a sign.
    I16S i32, i16;
    /// With zeros.
    I16U i32, u16;
    /// `i32`
    I32 i32, i32;
    /// `i64` or a reference.
    I64 i64, i64;
    /// `f32`
    F32 f32, f32;
    /// `f64`
    F64 f64, f64;
}

/// `v128`, aligned as a word.
pub(crate) struct Vector;
named! { Vector; }
impl Element for Vector {
    type T = Simd;
    const SIZE: usize = 16;
    const IS_VECTOR: bool = true;
    #[inline(always)]
    unsafe fn read(at: *const u8) -> Simd {
        // SAFETY: I10.
        unsafe { Simd::read(at.cast()) }
    }
    #[inline(always)]
    unsafe fn write(at: *mut u8, value: Simd) {
        // SAFETY: I10.
        unsafe { value.write(at.cast()) }
    }
}

/// The first byte of the object that a reference refers to.
#[inline(always)]
unsafe fn object(m: &mut Machine, reference: u64) -> *mut u8 {
    // SAFETY: I4, I10.
    unsafe { m.cx().heap.base.cast::<u8>().add(reference as usize) }
}

/// The object in `a`, which is no null. If it is, or lies beyond the heap, the accumulator tells.
#[inline(always)]
unsafe fn of<A: Src>(m: &mut Machine, null: Trap) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I2, I4, I10.
    unsafe {
        let reference = A::get::<i64>(m, 1, 0) as u64;
        // One comparison for null, which is 0, and for what lies beyond the heap.
        let at = (reference as usize).wrapping_sub(1);
        if at >= m.cx().heap.last {
            m.acc = at.wrapping_add(1) as u64;
            m.tell_acc();
            return Err(null.into());
        }
        Ok(m.cx().heap.second.add(at))
    }
}

/// The field of the structure in `a`. Operands: `-, a, offset`.
#[inline(always)]
pub(super) unsafe fn field<A: Src>(m: &mut Machine) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I2, I10.
    unsafe { Ok(of::<A>(m, Trap::NullStructureReference)?.add(m.high(0) as u32 as usize)) }
}

/// `struct.get`. Operands: `d, a, offset`.
pub(crate) struct StructGet<E, A, D>(PhantomData<(E, A, D)>);
impl<E: Element, A: Src, D: Dst> Step for StructGet<E, A, D> {
    const NAME: Option<Name> = name!(StructGet, E, A, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let at = field::<A>(m)?;
            D::set(m, 0, E::read(at));
            m.advance(1);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::read::<E, bodies::Field<A>>();
}

/// `struct.set`. Operands: `v, a, offset`; a constant `v`.
pub(crate) struct StructSet<E, A, V>(PhantomData<(E, A, V)>);
impl<E: Element, A: Src, V: Src> Step for StructSet<E, A, V> {
    const NAME: Option<Name> = name!(StructSet, E, A, V);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && V::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let at = field::<A>(m)?;
            let value: E::T = if V::IS_CONST { m.constant(1) } else { V::get(m, 0, 0) };
            E::write(at, value);
            m.advance(1 + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::written::<E, bodies::Field<A>, V>();
}

/// The element of the array in `a` with index `b`, which is checked; elements take `size` bytes.
/// Operands: `-, a, b` or `-, a, constant`.
#[inline(always)]
pub(super) unsafe fn element<A: Src, B: Src>(
    m: &mut Machine,
    size: usize,
) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I2, I10.
    unsafe {
        let array = of::<A>(m, Trap::NullArrayReference)?;
        let index: i32 = if B::IS_CONST { m.high(0) } else { B::get(m, 2, 0) };
        let len = (*array.cast::<u64>() >> 32) as u32;
        if index as u32 >= len {
            return Err(Trap::ArrayOutOfBounds.into());
        }
        Ok(array.add(HEADER as usize + index as u32 as usize * size))
    }
}

/// `array.get`. Operands: `d, a, b` or `d, a, constant`.
pub(crate) struct ArrayGet<E, A, B, D>(PhantomData<(E, A, B, D)>);
impl<E: Element, A: Src, B: Src, D: Dst> Step for ArrayGet<E, A, B, D> {
    const NAME: Option<Name> = name!(ArrayGet, E, A, B, D);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && D::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let at = element::<A, B>(m, E::SIZE)?;
            D::set(m, 0, E::read(at));
            m.advance(1);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::read::<E, bodies::ElementOf<A, B>>();
}

/// `array.set`. Operands: `v, a, b`; a constant `v`.
pub(crate) struct ArraySet<E, A, B, V>(PhantomData<(E, A, B, V)>);
impl<E: Element, A: Src, B: Src, V: Src> Step for ArraySet<E, A, B, V> {
    const NAME: Option<Name> = name!(ArraySet, E, A, B, V);
    const IS_ALWAYS_THERE: bool = A::IS_PLAIN && B::IS_PLAIN && V::IS_PLAIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let at = element::<A, B>(m, E::SIZE)?;
            let value: E::T = if V::IS_CONST { m.constant(1) } else { V::get(m, 0, 0) };
            E::write(at, value);
            m.advance(1 + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::written::<E, bodies::ElementOf<A, B>, V>();
}

/// `array.len`. Operands: `d, a`.
pub(crate) struct ArrayLen<A, D>(PhantomData<(A, D)>);
impl<A: Src, D: Dst> Step for ArrayLen<A, D> {
    const NAME: Option<Name> = name!(ArrayLen, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let array = of::<A>(m, Trap::NullArrayReference)?;
            let len = (*array.cast::<u64>() >> 32) as i32;
            D::set(m, 0, len);
            m.advance(1);
        }
        Ok(())
    }
}

/// Takes `size` bytes of the room; the first byte.
#[inline(always)]
unsafe fn take(m: &mut Machine, size: usize) -> Result<*mut u8, Stop> {
    // SAFETY: I4.
    unsafe {
        let heap = &mut m.cx().heap;
        let at = heap.top;
        if heap.end - at < size {
            return Err(Stop::Reserve);
        }
        heap.top = at + size;
        heap.object = at;
        Ok(heap.base.cast::<u8>().add(at))
    }
}

/// The object that is being made.
#[inline(always)]
pub(super) unsafe fn made(m: &mut Machine) -> *mut u8 {
    // SAFETY: I4; a cell before has taken its place.
    unsafe {
        let at = m.cx().heap.object;
        object(m, at as u64)
    }
}

/// The first field of an object, which takes its place. Operands: `-, -, offset`; size.
#[inline(always)]
pub(super) unsafe fn first_field(m: &mut Machine) -> Result<*mut u8, Stop> {
    // SAFETY: I1, I4.
    unsafe { Ok(take(m, m.low(1) as u32 as usize)?.add(m.high(0) as u32 as usize)) }
}

/// Another field of the object that is being made. Operands: `-, -, offset`.
#[inline(always)]
pub(super) unsafe fn next_field(m: &mut Machine) -> *mut u8 {
    // SAFETY: I1, I4.
    unsafe { made(m).add(m.high(0) as u32 as usize) }
}

/// Begins an object with a field. Operands: `v, -, offset`; size; a constant `v`.
pub(crate) struct NewFirst<E, V>(PhantomData<(E, V)>);
impl<E: Element, V: Src> Step for NewFirst<E, V> {
    const NAME: Option<Name> = name!(NewFirst, E, V);
    const IS_ALWAYS_THERE: bool = !V::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let at = first_field(m)?;
            let value: E::T = if V::IS_CONST { m.constant(2) } else { V::get(m, 0, 0) };
            E::write(at, value);
            m.advance(2 + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::written::<E, bodies::First, V>();
}

/// Begins an object of zeros. Operands: -; size.
pub(crate) struct NewZeroed;
impl Step for NewZeroed {
    const NAME: Option<Name> = name!(NewZeroed);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I10. Volatile: must not become a call of memset.
        unsafe {
            let size = m.low(1) as u32 as usize;
            let object = take(m, size)?.cast::<u64>();
            for word in 0..size / 8 {
                object.add(word).write_volatile(0);
            }
            m.advance(2);
        }
        Ok(())
    }
}

/// Writes a field of the object that is being made. Operands: `v, -, offset`; a constant `v`.
pub(crate) struct NewField<E, V>(PhantomData<(E, V)>);
impl<E: Element, V: Src> Step for NewField<E, V> {
    const NAME: Option<Name> = name!(NewField, E, V);
    const IS_ALWAYS_THERE: bool = !V::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let value: E::T = if V::IS_CONST { m.constant(1) } else { V::get(m, 0, 0) };
            let at = next_field(m);
            E::write(at, value);
            m.advance(1 + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::written::<E, bodies::Next, V>();
}

/// Writes the header of the object that is being made, and gives the reference. Operands: `d`;
/// header.
#[inline(always)]
pub(super) unsafe fn finish<D: Dst>(m: &mut Machine, object: *mut u8) {
    // SAFETY: I1, I2, I10.
    unsafe {
        object.cast::<u64>().write(m.word(1));
        let reference = m.cx().heap.object as i64;
        D::set(m, 0, reference);
    }
}

/// The last field, and the object is made. Operands: `d, v, offset`; header; a constant `v`.
pub(crate) struct NewLast<E, V, D>(PhantomData<(E, V, D)>);
impl<E: Element, V: Src, D: Dst> Step for NewLast<E, V, D> {
    const NAME: Option<Name> = name!(NewLast, E, V, D);
    const IS_ALWAYS_THERE: bool = !V::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let object = made(m);
            let value: E::T = if V::IS_CONST { m.constant(2) } else { V::get(m, 1, 0) };
            E::write(object.add(m.high(0) as u32 as usize), value);
            finish::<D>(m, object);
            m.advance(2 + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::last::<E, V>();
}

/// The object is made, with the descriptor in `a`, if that is no null. Operands: `d, a`; header.
pub(crate) struct NewDescribed<A, D>(PhantomData<(A, D)>);
impl<A: Src, D: Dst> Step for NewDescribed<A, D> {
    const NAME: Option<Name> = name!(NewDescribed, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10; objects lie below 2^35.
        unsafe {
            let descriptor = A::get::<i64>(m, 1, 0) as u64;
            if descriptor == 0 {
                return Err(Trap::NullDescriptorReference.into());
            }
            made(m).cast::<u64>().write(m.word(1) | descriptor >> 3 << 32);
            let reference = m.cx().heap.object as i64;
            D::set(m, 0, reference);
            m.advance(2);
        }
        Ok(())
    }
}

/// `ref.get_desc`. Operands: `d, a`.
pub(crate) struct GetDesc<A, D>(PhantomData<(A, D)>);
impl<A: Src, D: Dst> Step for GetDesc<A, D> {
    const NAME: Option<Name> = name!(GetDesc, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let object = of::<A>(m, Trap::NullReference)?;
            let descriptor = *object.cast::<u64>() >> 32 << 3;
            D::set(m, 0, descriptor as i64);
            m.advance(1);
        }
        Ok(())
    }
}

/// The object is made. Operands: `d`; header.
pub(crate) struct NewDone<D>(PhantomData<D>);
impl<D: Dst> Step for NewDone<D> {
    const NAME: Option<Name> = name!(NewDone, D);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe {
            let object = made(m);
            finish::<D>(m, object);
            m.advance(2);
        }
        Ok(())
    }
}

/// Arrays of fewer bytes are made here, others by the driver: they cost fuel, and time.
pub(crate) const SMALL_ARRAY: u64 = 64;
/// The words of the cell of the driver's instruction that follows.
const SLOW_WORDS: usize = 3;

/// Makes a small array of equal elements: the value is in slot `d`, the length in the next. What it
/// can't make, the next cell does. Operands: `d, -, lower half of the header`.
pub(crate) struct ArrayNew<E>(PhantomData<E>);
impl<E: Element> Step for ArrayNew<E> {
    const NAME: Option<Name> = name!(ArrayNew, E);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe { array_new::<false>(m, E::SIZE) }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::array_new::<E, false>();
}

/// A word full of the value.
#[inline(always)]
fn repeated(value: u64, size: usize) -> u64 {
    match size {
        1 => (value & 0xff) * 0x0101_0101_0101_0101,
        2 => (value & 0xffff) * 0x0001_0001_0001_0001,
        4 => (value & 0xffff_ffff) * 0x0000_0001_0000_0001,
        _ => value,
    }
}

/// As [`ArrayNew`], of zeros: the length is in slot `d`.
pub(crate) struct ArrayNewDefault<E>(PhantomData<E>);
impl<E: Element> Step for ArrayNewDefault<E> {
    const NAME: Option<Name> = name!(ArrayNewDefault, E);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I10.
        unsafe { array_new::<true>(m, E::SIZE) }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::array_new::<E, true>();
}

/// What both do; elements take `size` bytes.
#[inline(always)]
pub(super) unsafe fn array_new<const ZEROED: bool>(m: &mut Machine, size: usize) {
    // SAFETY: I1, I2, I10. Volatile as in `NewZeroed`.
    unsafe {
        let slot = m.field(0);
        let value = if ZEROED { 0 } else { repeated(m.slot(slot), size) };
        let len = u64::from(m.slot(if ZEROED { slot } else { slot + 1 }) as u32);
        if let Some(array) = small_array(m, len, size) {
            for word in 0..(len as usize * size).div_ceil(8) {
                array.cast::<u64>().add(1 + word).write_volatile(value);
            }
        }
    }
}

/// Makes an array whose elements are not set yet, if it is small and there is room, and passes over
/// the next cell.
#[inline(always)]
unsafe fn small_array(m: &mut Machine, len: u64, size: usize) -> Option<*mut u8> {
    // SAFETY: I1, I2, I10.
    unsafe {
        let bytes = len * size as u64;
        let room = ((bytes + HEADER as u64 + 7) & !7).max(16) as usize;
        let heap = &mut m.cx().heap;
        let at = heap.top;
        if bytes >= SMALL_ARRAY || heap.end - at < room {
            m.advance(1);
            return None;
        }
        heap.top = at + room;
        let array = heap.base.cast::<u8>().add(at);
        array.cast::<u64>().write(len << 32 | u64::from(m.high(0) as u32));
        Slot::set(m, 0, at as i64);
        m.advance(1 + SLOW_WORDS);
        Some(array)
    }
}

/// `ref.i31`. Operands: `d, a`.
pub(crate) struct RefI31<A, D>(PhantomData<(A, D)>);
impl<A: Src, D: Dst> Step for RefI31<A, D> {
    const NAME: Option<Name> = name!(RefI31, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let value: i32 = A::get(m, 1, 0);
            D::set(m, 0, i64::from((value as u32) << 1 | 1));
            m.advance(1);
        }
        Ok(())
    }
}

/// `i31.get_s` and `i31.get_u`. Operands: `d, a`.
pub(crate) struct I31Get<A, D, const SIGNED: bool>(PhantomData<(A, D)>);
impl<A: Src, D: Dst, const SIGNED: bool> Step for I31Get<A, D, SIGNED> {
    const NAME: Option<Name> = name!(I31Get, A, D; SIGNED);
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            let reference: i64 = A::get(m, 1, 0);
            if reference == 0 {
                return Err(Trap::NullI31Reference.into());
            }
            let bits = reference as u32;
            let value = if SIGNED { bits as i32 >> 1 } else { (bits >> 1) as i32 };
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}
