//! Handlers of loads, stores and globals. Memory is little-endian whatever the host is; every
//! access is checked against the memory's length.

#[cfg(common_bodies)]
use super::bodies;
use super::numeric::is_vector;
#[cfg(common_bodies)]
use crate::exec::machine::dispatch::Handler;
use crate::{
    Trap,
    exec::{
        machine::{
            Form, Machine, Name, Value,
            context::{Stop, rarely},
            dispatch::Step,
            place::{Dst, Named, Src, name, named},
            shared::Atomic,
            views::{FirstMemory, MemoryView},
        },
        meaning::v128::Simd,
    },
};
use core::marker::PhantomData;

/// What memory holds: an integer or a float of some width.
pub(crate) trait Raw: Copy + 'static {
    const SIZE: u64;
    /// # Safety
    /// `SIZE` bytes at `at` can be read.
    unsafe fn read(at: *const u8) -> Self;
    /// # Safety
    /// `SIZE` bytes at `at` can be written.
    unsafe fn write(self, at: *mut u8);
    /// As `read`, where other threads may write.
    ///
    /// # Safety
    /// As for [`Atomic::read`].
    unsafe fn read_shared(at: *const u8) -> Self;
    /// As `write`, where other threads may read and write.
    ///
    /// # Safety
    /// As for [`Atomic::write`].
    unsafe fn write_shared(self, at: *mut u8);
}

macro_rules! raw {
    ($($ty:ident $bits:ident $to:expr, $from:expr;)*) => {$(
        impl Raw for $ty {
            const SIZE: u64 = size_of::<$ty>() as u64;
            #[inline(always)]
            unsafe fn read(at: *const u8) -> $ty {
                // SAFETY: the caller's promise.
                $from($bits::from_le(unsafe { at.cast::<$bits>().read_unaligned() }))
            }
            #[inline(always)]
            unsafe fn write(self, at: *mut u8) {
                // SAFETY: the caller's promise.
                unsafe { at.cast::<$bits>().write_unaligned($bits::to_le($to(self))) }
            }
            #[inline(always)]
            unsafe fn read_shared(at: *const u8) -> $ty {
                // SAFETY: the caller's promise.
                $from(unsafe { <$bits as Atomic>::read(at) })
            }
            #[inline(always)]
            unsafe fn write_shared(self, at: *mut u8) {
                // SAFETY: the caller's promise.
                unsafe { Atomic::write($to(self), at) }
            }
        }
    )*};
}
raw! {
    i8 u8 i8::cast_unsigned, u8::cast_signed;
    u8 u8 |x| x, |x| x;
    i16 u16 i16::cast_unsigned, u16::cast_signed;
    u16 u16 |x| x, |x| x;
    i32 u32 i32::cast_unsigned, u32::cast_signed;
    u32 u32 |x| x, |x| x;
    i64 u64 i64::cast_unsigned, u64::cast_signed;
    f32 u32 f32::to_bits, f32::from_bits;
    f64 u64 f64::to_bits, f64::from_bits;
}

impl Raw for Simd {
    const SIZE: u64 = 16;
    #[inline(always)]
    unsafe fn read(at: *const u8) -> Simd {
        // SAFETY: the caller's promise.
        Simd::from_bytes(unsafe { at.cast::<[u8; 16]>().read() })
    }
    #[inline(always)]
    unsafe fn write(self, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { at.cast::<[u8; 16]>().write(self.bytes()) }
    }
    #[inline(always)]
    unsafe fn read_shared(at: *const u8) -> Simd {
        // SAFETY: the caller's promise.
        Simd::from_words(unsafe { [u64::read(at), u64::read(at.add(8))] })
    }
    #[inline(always)]
    unsafe fn write_shared(self, at: *mut u8) {
        let [low, high] = self.words();
        // SAFETY: the caller's promise.
        unsafe {
            Atomic::write(low, at);
            Atomic::write(high, at.add(8));
        }
    }
}

/// A load.
pub(crate) trait LoadOp: Named {
    type Raw: Raw;
    type R: Value;
    fn eval(raw: Self::Raw) -> Self::R;
}

/// A store.
pub(crate) trait StoreOp: Named {
    type A: Value;
    type Raw: Raw;
    fn eval(value: Self::A) -> Self::Raw;
}

impl FirstMemory {
    /// The address of `1 << log` bytes at `at`; `log` is 4 at most.
    #[inline(always)]
    pub(crate) fn check(&self, at: u64, log: u32) -> Result<*mut u8, Stop> {
        let end = self.ends.get(log as usize).map_or(0, |&end| end as u64);
        if at >= end {
            return Err(rarely(Stop::Outside));
        }
        Ok(self.base.wrapping_add(at as usize))
    }
}

impl MemoryView {
    /// The address of `size` bytes at `at`, however large that is.
    #[inline(always)]
    pub(crate) fn check_any(self, at: u64, size: u64) -> Result<*mut u8, Stop> {
        match (self.len as u64).checked_sub(size) {
            Some(last) if at <= last => Ok(self.base.wrapping_add(at as usize)),
            _ => Err(Trap::MemoryOutOfBounds.into()),
        }
    }
}

/// How an address is computed.
pub(crate) trait Address: Named {
    /// As of [`Src`].
    const IS_PLAIN: bool;
    /// Whether fields 1 and 2 are slots.
    const SLOTS: [bool; 2];

    /// The address in memory 0: at most 2^33.
    ///
    /// # Safety
    /// I1, I2.
    unsafe fn get(m: &Machine) -> u64;
}

named! { Base<A>; Wrapped<A>; }

/// `a + offset`. Operands: `-, a, offset`.
pub(crate) struct Base<A>(PhantomData<A>);
impl<A: Src> Address for Base<A> {
    const IS_PLAIN: bool = A::IS_PLAIN;
    const SLOTS: [bool; 2] = [A::IS_SLOT, false];

    #[inline(always)]
    unsafe fn get(m: &Machine) -> u64 {
        // SAFETY: I1, I2.
        unsafe {
            let offset = u64::from(m.high(0) as u32);
            if A::IS_CONST {
                return offset;
            }
            let a: i32 = A::get(m, 1, 0);
            u64::from(a as u32) + offset
        }
    }
}

/// `(a + constant) mod 2^32`. Operands: `-, a, constant`.
pub(crate) struct Wrapped<A>(PhantomData<A>);
impl<A: Src> Address for Wrapped<A> {
    const IS_PLAIN: bool = A::IS_PLAIN;
    const SLOTS: [bool; 2] = [A::IS_SLOT, false];

    #[inline(always)]
    unsafe fn get(m: &Machine) -> u64 {
        // SAFETY: I1, I2.
        unsafe {
            let a: i32 = A::get(m, 1, 0);
            u64::from(a.wrapping_add(m.high(0)) as u32)
        }
    }
}

/// `(a + (b << SHIFT)) mod 2^32 + offset`. Operands: `-, a, b, offset`.
pub(crate) struct Indexed<A, B, const SHIFT: u32>(PhantomData<(A, B)>);
impl<A: Src, B: Src, const SHIFT: u32> Named for Indexed<A, B, SHIFT> {
    const NAME: Name = Name::of("Indexed").with(A::NAME).with(B::NAME).with(Name::of_number(SHIFT));
}
impl<A: Src, B: Src, const SHIFT: u32> Address for Indexed<A, B, SHIFT> {
    const IS_PLAIN: bool = A::IS_PLAIN && B::IS_PLAIN;
    const SLOTS: [bool; 2] = [A::IS_SLOT, B::IS_SLOT];

    #[inline(always)]
    unsafe fn get(m: &Machine) -> u64 {
        // SAFETY: I1, I2.
        unsafe {
            let a: i32 = A::get(m, 1, 0);
            let b: i32 = B::get(m, 2, 0);
            let base = (a as u32).wrapping_add((b as u32) << SHIFT);
            u64::from(base) + u64::from(m.field(3) as u16)
        }
    }
}

/// Where an access goes: to an [`Address`] in memory 0, [`Shared`] or not, or to [`Any`] memory.
pub(crate) trait Location: Named {
    /// How many operand words say so.
    const WORDS: usize;
    /// As of [`Src`].
    const IS_PLAIN: bool;
    /// Whether fields 1 and 2 are slots; none if other threads can grow the memory: then what is
    /// out of bounds may be tried again.
    const SLOTS: Option<[bool; 2]> = None;
    /// Whether other threads use the memory.
    #[cfg_attr(not(common_bodies), allow(dead_code))]
    const IS_SHARED: bool = false;

    /// The address of `1 << log` bytes, checked; `log` is 4 at most.
    ///
    /// # Safety
    /// I1, I2, I4.
    unsafe fn of_size(m: &mut Machine, log: u32) -> Result<*mut u8, Stop>;

    /// The address of `R`, checked.
    ///
    /// # Safety
    /// I1, I2, I4.
    #[inline(always)]
    unsafe fn at<R: Raw>(m: &mut Machine) -> Result<*mut u8, Stop> {
        // SAFETY: the caller's promise.
        unsafe { Self::of_size(m, R::SIZE.trailing_zeros()) }
    }

    /// # Safety
    /// The address is checked; I6: it is in a memory of this sort.
    unsafe fn read<R: Raw>(at: *const u8) -> R;

    /// # Safety
    /// As for `read`.
    unsafe fn write<R: Raw>(value: R, at: *mut u8);
}

impl<E: Address> Location for E {
    const WORDS: usize = 1;
    const IS_PLAIN: bool = E::IS_PLAIN;
    const SLOTS: Option<[bool; 2]> = Some(E::SLOTS);
    #[inline(always)]
    unsafe fn of_size(m: &mut Machine, log: u32) -> Result<*mut u8, Stop> {
        // SAFETY: the caller's promise.
        unsafe {
            let at = E::get(m);
            m.cx().memory.check(at, log)
        }
    }
    #[inline(always)]
    unsafe fn read<R: Raw>(at: *const u8) -> R {
        // SAFETY: the caller's promise.
        unsafe { R::read(at) }
    }
    #[inline(always)]
    unsafe fn write<R: Raw>(value: R, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { value.write(at) }
    }
}

/// An address in memory 0, which other threads use too.
pub(crate) struct Shared<E>(PhantomData<E>);
impl<E: Address> Named for Shared<E> {
    const NAME: Name = Name::of("Shared").with(E::NAME);
}
impl<E: Address> Location for Shared<E> {
    const WORDS: usize = <E as Location>::WORDS;
    const IS_SHARED: bool = true;
    const IS_PLAIN: bool = <E as Location>::IS_PLAIN;
    #[inline(always)]
    unsafe fn of_size(m: &mut Machine, log: u32) -> Result<*mut u8, Stop> {
        // SAFETY: the caller's promise.
        match unsafe { <E as Location>::of_size(m, log) } {
            Err(_) => Err(Trap::MemoryOutOfBounds.into()),
            at => at,
        }
    }
    #[inline(always)]
    unsafe fn read<R: Raw>(at: *const u8) -> R {
        // SAFETY: the caller's promise.
        unsafe { R::read_shared(at) }
    }
    #[inline(always)]
    unsafe fn write<R: Raw>(value: R, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { value.write_shared(at) }
    }
}

/// Any memory: `a + offset`, `a` of the memory's address type. Operands: `-, a, memory`; offset.
pub(crate) struct Any<const SHARED: bool>;
impl<const SHARED: bool> Named for Any<SHARED> {
    const NAME: Name = Name::of("Any").with(Name::of_number(SHARED as u32));
}
impl<const SHARED: bool> Location for Any<SHARED> {
    const WORDS: usize = 2;
    const IS_PLAIN: bool = true;
    const IS_SHARED: bool = SHARED;
    #[inline(always)]
    unsafe fn of_size(m: &mut Machine, log: u32) -> Result<*mut u8, Stop> {
        // SAFETY: the caller's promise.
        unsafe {
            let (memory, at) = address_in(m)?;
            memory.check_any(at, 1 << log)
        }
    }
    #[inline(always)]
    unsafe fn read<R: Raw>(at: *const u8) -> R {
        // SAFETY: the caller's promise.
        unsafe { if SHARED { R::read_shared(at) } else { R::read(at) } }
    }
    #[inline(always)]
    unsafe fn write<R: Raw>(value: R, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { if SHARED { value.write_shared(at) } else { value.write(at) } }
    }
}

/// `d = memory[address]`. Operands: `d` and the address's.
pub(crate) struct Load<O, E, D>(PhantomData<(O, E, D)>);
impl<O: LoadOp, E: Location, D: Dst> Step for Load<O, E, D> {
    const NAME: Option<Name> = name!(Load, O, E, D);
    const IS_ALWAYS_THERE: bool = E::IS_PLAIN && D::IS_PLAIN;
    const FORM: Option<Form> = match E::SLOTS {
        Some([a, b]) => {
            Form::of(E::WORDS).write(D::IS_SLOT).read(1, a).read(2, b).unless(is_vector::<O::R>())
        }
        None => None,
    };

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the address is checked.
        unsafe {
            let at = E::at::<O::Raw>(m)?;
            D::set(m, 0, O::eval(E::read(at)));
            m.advance(E::WORDS);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::load::<Self, O, E>();
}

/// `memory[address] = v`. Operands: `v` and the address's; a constant `v` is the word after them.
pub(crate) struct Store<O, E, V>(PhantomData<(O, E, V)>);
impl<O: StoreOp, E: Location, V: Src> Step for Store<O, E, V> {
    const NAME: Option<Name> = name!(Store, O, E, V);
    const IS_ALWAYS_THERE: bool = E::IS_PLAIN && V::IS_PLAIN;
    const FORM: Option<Form> = match E::SLOTS {
        Some([a, b]) => Form::of(E::WORDS + V::IS_CONST as usize)
            .read(0, V::IS_SLOT)
            .read(1, a)
            .read(2, b)
            .unless(is_vector::<O::A>()),
        None => None,
    };

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the address is checked.
        unsafe {
            let at = E::at::<O::Raw>(m)?;
            let value: O::A = if V::IS_CONST { m.constant(E::WORDS) } else { V::get(m, 0, 0) };
            E::write(O::eval(value), at);
            m.advance(E::WORDS + V::IS_CONST as usize);
        }
        Ok(())
    }

    #[cfg(common_bodies)]
    const HANDLER: Handler = bodies::store::<Self, O, E, V>();
}

/// Any memory, and the address in it, not checked: `a + offset`, `a` of the memory's address type.
/// One of 32 bits has zeros above: the translator takes no conversion back here. Operands:
/// `-, a, memory`; offset.
///
/// # Safety
/// I1, I2, I4.
#[inline(always)]
pub(crate) unsafe fn address_in(m: &mut Machine) -> Result<(MemoryView, u64), Stop> {
    // SAFETY: I1, I2, I4.
    unsafe {
        let a = m.slot(m.field(1));
        let index = m.high(0) as u32;
        if index >= m.cx().memory_count {
            // There is no such memory, nor are there such modules.
            return Err(Trap::MemoryOutOfBounds.into());
        }
        let memory = *m.cx().memories.add(index as usize);
        let at = a.checked_add(m.word(1)).ok_or(Trap::MemoryOutOfBounds)?;
        Ok((memory, at))
    }
}

/// The first slot of a global of the instance.
#[inline(always)]
unsafe fn any_global(m: &mut Machine, index: u32) -> *mut u64 {
    // SAFETY: I4; I6 (indices in code are those of the instance's module).
    unsafe {
        let id = *m.cx().global_ids.add(index as usize);
        m.cx().globals.add(id as usize).cast()
    }
}

/// The first slot of a global that the instance's module defines; `index` counts those.
#[inline(always)]
unsafe fn own_global(m: &mut Machine, index: u32) -> *mut u64 {
    // SAFETY: I4; I6.
    unsafe { m.cx().own_globals.add(index as usize).cast() }
}

/// `d = global`, any. Operands: `d, -, index`.
pub(crate) struct AnyGlobalGet<T, D>(PhantomData<(T, D)>);
impl<T: Value + Named, D: Dst> Step for AnyGlobalGet<T, D> {
    const NAME: Option<Name> = name!(AnyGlobalGet, T, D);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I6.
        unsafe {
            let value = T::read(any_global(m, m.high(0) as u32));
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `global = a`, any. Operands: `-, a`; index.
pub(crate) struct AnyGlobalSet<T, A>(PhantomData<(T, A)>);
impl<T: Value + Named, A: Src> Step for AnyGlobalSet<T, A> {
    const NAME: Option<Name> = name!(AnyGlobalSet, T, A);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I6.
        unsafe {
            let global = any_global(m, m.low(1) as u32);
            A::get::<T>(m, 1, 2).write(global);
            m.advance(2);
        }
        Ok(())
    }
}

/// `d = global`, one that the module defines. Operands: `d, -, index` among those.
pub(crate) struct GlobalGet<T, D>(PhantomData<(T, D)>);
impl<T: Value + Named, D: Dst> Step for GlobalGet<T, D> {
    const NAME: Option<Name> = name!(GlobalGet, T, D);
    const FORM: Option<Form> = Form::of(1).write(D::IS_SLOT).unless(is_vector::<T>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I6.
        unsafe {
            let value = T::read(own_global(m, m.high(0) as u32));
            D::set(m, 0, value);
            m.advance(1);
        }
        Ok(())
    }
}

/// `global = a`, one that the module defines. Operands: `-, a` or constant; index among those; a
/// wide constant.
pub(crate) struct GlobalSet<T, A>(PhantomData<(T, A)>);
impl<T: Value + Named, A: Src> Step for GlobalSet<T, A> {
    const NAME: Option<Name> = name!(GlobalSet, T, A);
    const FORM: Option<Form> = Form::of(2 + if A::IS_CONST { T::WORDS } else { 0 })
        .read(1, A::IS_SLOT)
        .unless(is_vector::<T>());

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I6.
        unsafe {
            let global = own_global(m, m.low(1) as u32);
            let value: T = A::get(m, 1, 2);
            value.write(global);
            m.advance(2 + if A::IS_CONST { T::WORDS } else { 0 });
        }
        Ok(())
    }
}
