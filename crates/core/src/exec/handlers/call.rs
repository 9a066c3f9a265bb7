//! Handlers of calls and returns.
//!
//! The callee's frame begins where the caller put the arguments: parameters lie below `sp`, and at
//! `sp` the return address and the caller's frame, wherever the callee's locals end: a return does
//! not wait for the callee's code. The first operand word of every call has the caller's pinned
//! locals, which the return loads again: it lies two words before the return address.

use super::control::Meter;
use crate::{
    Trap,
    exec::machine::{
        Ip, Machine, Name, Sp, Value,
        context::{Stop, rarely},
        dispatch::{HAS_ALONE, Step},
        place::{Named, Src, name},
        views::FuncEntity,
    },
};
use core::{
    marker::PhantomData,
    sync::atomic::{AtomicPtr, Ordering, compiler_fence},
};

/// Marks, in field 3 of a call, that its second operand word is the callee's code.
pub(crate) const DIRECT: i16 = i16::MIN;

/// Sets up the frame `delta` slots further, to return behind `words` operand words.
///
/// # Safety
/// I1, I2.
#[inline(always)]
pub(crate) unsafe fn push_frame(m: &mut Machine, delta: isize, words: usize) {
    // SAFETY: I1, I2 (every frame has room for the two words of the next).
    unsafe {
        let sp = m.sp.offset(delta);
        *sp.cast::<Ip>() = m.ip.add(words);
        *sp.add(1).cast::<Sp>() = m.sp;
        m.sp = sp;
    }
}

/// Code that another thread may be translating right now.
#[inline(always)]
unsafe fn load_code(at: *const *const crate::exec::machine::Cell) -> Ip {
    // SAFETY: I3 (the word holds an address of code); it is only ever written atomically.
    unsafe { AtomicPtr::from_ptr(at.cast_mut().cast()).load(Ordering::Acquire) }
}

/// Calls a function of the same module. Operands: frame, pins; code.
pub(crate) struct Call;
impl Step for Call {
    const NAME: Option<Name> = name!(Call);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = load_code(m.ip.add(1).cast());
            push_frame(m, m.field(0), 2);
            m.ip = code;
        }
        Ok(())
    }
}

/// Calls a function that is imported: the driver does it. Operands: frame, pins; index.
pub(crate) struct CallImport;
impl Step for CallImport {
    const NAME: Option<Name> = name!(CallImport);
    const FALLS_THROUGH: bool = false;
    const STOPS_BARE: bool = true;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::CallImport)
    }
}

/// The function that the accumulator names. It stops so if that is null, or beyond those of the
/// store: one comparison for both, and the accumulator tells which.
#[inline(always)]
unsafe fn func(m: &mut Machine, null: Trap) -> Result<*const FuncEntity, Stop> {
    // SAFETY: I4.
    unsafe {
        let index = (m.acc as usize).wrapping_sub(1);
        if index >= m.cx().func_count {
            m.tell_acc();
            return Err(null.into());
        }
        Ok(m.cx().funcs.add(index))
    }
}

/// The code of the function that the table's element names, if it has the type and belongs to the
/// running instance. The integer registers are dead at a call (pinned locals are loaded again after
/// it), and a handler is short of registers: they are used for what this needs.
#[inline(always)]
unsafe fn look_up<A: Src>(m: &mut Machine, foreign: Stop) -> Result<Ip, Stop> {
    // SAFETY: I1, I2, I4, I6; references in tables name functions of the store.
    unsafe {
        m.p0 = index::<A>(m);
        m.p1 = (m.high(1) as u32).into();
        if m.p1 as u32 >= m.cx().table_count {
            return Err(Trap::UndefinedElement.into());
        }
        let table = m.cx().tables.add(m.p1 as usize);
        if m.p0 >= (*table).len as u64 {
            return Err(Trap::UndefinedElement.into());
        }
        m.acc = *(*table).base.add(m.p0 as usize);
        let func = func(m, Trap::UninitializedElement)?;
        m.p1 = (*func).ty.0.into();
        if m.p1 as u32 != m.low(1) as u32 || (*func).instance != m.cx().instance {
            m.cx().saved.acc = m.acc;
            return Err(foreign);
        }
        Ok((*func).code.load())
    }
}

/// The code of the function that the reference names, if it belongs to the running instance. Its
/// type is what validation says. Registers as in [`look_up`].
#[inline(always)]
unsafe fn look_at<A: Src>(m: &mut Machine, foreign: Stop) -> Result<Ip, Stop> {
    // SAFETY: I1, I2, I4; references to functions name functions of the store.
    unsafe {
        m.acc = A::get::<i64>(m, 3, 0) as u64;
        let func = func(m, Trap::NullFunctionReference)?;
        if (*func).instance != m.cx().instance {
            m.cx().saved.acc = m.acc;
            return Err(foreign);
        }
        Ok((*func).code.load())
    }
}

/// The index operand of an indirect call; tables with 64-bit indices have it in a slot whole.
#[inline(always)]
unsafe fn index<A: Src>(m: &Machine) -> u64 {
    // SAFETY: I1, I2.
    unsafe { A::get::<i64>(m, 3, 0) as u64 }
}

/// Calls the function that a table's element names. Operands: frame, pins, index; type, table.
pub(crate) struct CallIndirect<A>(PhantomData<A>);
impl<A: Src> Step for CallIndirect<A> {
    const NAME: Option<Name> = name!(CallIndirect, A);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = look_up::<A>(m, Stop::CallForeign)?;
            push_frame(m, m.field(0), 2);
            m.ip = code;
        }
        Ok(())
    }
}

/// Calls the function that a reference names. Operands: frame, pins, reference; type.
pub(crate) struct CallRef<A>(PhantomData<A>);
impl<A: Src> Step for CallRef<A> {
    const NAME: Option<Name> = name!(CallRef, A);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = look_at::<A>(m, Stop::CallForeign)?;
            push_frame(m, m.field(0), 2);
            m.ip = code;
        }
        Ok(())
    }
}

/// Replaces the frame: moves `count` slots of arguments from `from` down to where the parameters
/// begin. Operands: from, count, shift of the frame.
///
/// # Safety
/// I1, I2.
#[inline(always)]
pub(crate) unsafe fn replace_frame(m: &mut Machine) {
    // SAFETY: I1, I2. Arguments lie above their destination, so they can be moved in order; the
    // volatile write keeps the compiler from making this a call of memmove.
    unsafe {
        let (from, count, shift) = (m.field(0), m.field(1), m.field(2));
        let (ret, caller) = (*m.sp.cast::<Ip>(), *m.sp.add(1).cast::<Sp>());
        let sp = m.sp.offset(shift);
        let to = sp.offset(-count);
        let from = m.sp.offset(from);
        for i in 0..count {
            to.offset(i).write_volatile(*from.offset(i));
        }
        *sp.cast::<Ip>() = ret;
        *sp.add(1).cast::<Sp>() = caller;
        m.sp = sp;
    }
}

/// Tail call of a function of the same module. Operands: as [`replace_frame`]; code.
pub(crate) struct ReturnCall;
impl Step for ReturnCall {
    const NAME: Option<Name> = name!(ReturnCall);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = load_code(m.ip.add(1).cast());
            replace_frame(m);
            m.ip = code;
        }
        Ok(())
    }
}

/// Tail call through a table. Operands: as [`replace_frame`], index; type, table.
pub(crate) struct ReturnCallIndirect<A>(PhantomData<A>);
impl<A: Src> Step for ReturnCallIndirect<A> {
    const NAME: Option<Name> = name!(ReturnCallIndirect, A);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = look_up::<A>(m, Stop::ReturnCallForeign)?;
            replace_frame(m);
            m.ip = code;
        }
        Ok(())
    }
}

/// Tail call of the function that a reference names. Operands: as [`replace_frame`], reference;
/// type.
pub(crate) struct ReturnCallRef<A>(PhantomData<A>);
impl<A: Src> Step for ReturnCallRef<A> {
    const NAME: Option<Name> = name!(ReturnCallRef, A);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let code = look_at::<A>(m, Stop::ReturnCallForeign)?;
            replace_frame(m);
            m.ip = code;
        }
        Ok(())
    }
}

/// Tail call of a function that is imported. Operands: as [`replace_frame`]; index.
pub(crate) struct ReturnCallImport;
impl Step for ReturnCallImport {
    const NAME: Option<Name> = name!(ReturnCallImport);
    const FALLS_THROUGH: bool = false;
    const STOPS_BARE: bool = true;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::ReturnCallImport)
    }
}

/// Stands for the code of a function before it is translated, and leads there after. Operands: its
/// number; its code, or null.
pub(crate) struct Untranslated;
impl Step for Untranslated {
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I3.
        unsafe {
            let code = load_code(m.ip.add(1).cast());
            if code.is_null() {
                return Err(Stop::Translate);
            }
            make_direct(m, m.ip.sub(1), code);
            m.ip = code;
        }
        Ok(())
    }
}

/// The frame was set up for a function by its stub, which leads to this code: if that was a direct
/// call, it leads there itself from now on.
///
/// # Safety
/// I2, I3.
#[inline(always)]
pub(crate) unsafe fn make_direct(m: &Machine, stub: Ip, code: Ip) {
    // SAFETY: I3: two operand words of a call, or what stands for it, lie before a return address.
    // If the call is direct, the second is an address of code.
    unsafe {
        let ret = *m.sp.cast::<Ip>();
        let call = Machine { ip: ret.sub(2), ..*m };
        if call.field(3) == DIRECT as isize {
            // After a tail call, that is who called before.
            let _ = AtomicPtr::from_ptr(ret.sub(1).cast_mut().cast()).compare_exchange(
                stub.cast_mut(),
                code.cast_mut(),
                Ordering::Release,
                Ordering::Relaxed,
            );
        }
    }
}

/// Begins a function: checks that the frame has room, pays, zeroes the locals, loads the pinned
/// ones. Operands: pins (`i64`, `i64`, `f64`, `f64`); pins (`f32`, `f32`), frame size, locals to
/// zero; -, cost.
pub(crate) struct Enter<M, const INT: bool, const F64: bool, const F32: bool>(PhantomData<M>);
impl<M: Meter, const INT: bool, const F64: bool, const F32: bool> Step for Enter<M, INT, F64, F32> {
    const NAME: Option<Name> = name!(Enter, M; INT, F64, F32);
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4.
        unsafe {
            let [size, zeroed] = enter_sizes(m);
            if !has_room(m, size) {
                m.ip = m.ip.sub(1);
                return Err(rarely(Stop::StackFull));
            }
            if let Err(stop) = M::charge(m, |m| m.high(2) as u32) {
                m.ip = m.ip.sub(1);
                m.cx().repeats = true;
                return Err(stop);
            }
            Self::set(m, zeroed);
        }
        Ok(())
    }

    #[inline(always)]
    unsafe fn begin(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4.
        unsafe {
            if !HAS_ALONE {
                return Self::step(m);
            }
            let [size, zeroed] = enter_sizes(m);
            if !has_room(m, size) || !M::pays(m, m.high(2) as u32) {
                return Err(rarely(Stop::Alone));
            }
            Self::set(m, zeroed);
        }
        Ok(())
    }
}

impl<M, const INT: bool, const F64: bool, const F32: bool> Enter<M, INT, F64, F32> {
    /// Zeroes and loads.
    ///
    /// # Safety
    /// I1, I2: the frame has room.
    #[inline(always)]
    unsafe fn set(m: &mut Machine, zeroed: usize) {
        // SAFETY: I1, I2.
        unsafe {
            set_to_zero(m, zeroed);
            if INT {
                load_pins::<i64>(m, 0);
            } else if cfg!(feature = "fast") {
                // They hold nothing: so their registers are free for the above.
                (m.p0, m.p1) = (m.acc, m.acc);
            }
            if F64 {
                load_pins::<f64>(m, 2);
            }
            m.advance(1);
            if F32 {
                load_pins::<f32>(m, 0);
            }
            m.advance(2);
        }
    }
}

/// Whether a frame of so many slots ends where the stack does, or before.
///
/// # Safety
/// I4.
#[inline(always)]
unsafe fn has_room(m: &mut Machine, size: usize) -> bool {
    // SAFETY: I4.
    let end = unsafe { m.cx().stack_end as usize };
    if usize::BITS > 32 {
        // There are no such addresses that this would be beyond the last one.
        m.sp as usize + size * 8 <= end
    } else {
        end.wrapping_sub(m.sp as usize) >= size * 8
    }
}

/// # Safety
/// There are four slots.
#[inline(always)]
unsafe fn set_four(at: *mut u64) {
    // SAFETY: the caller's promise. The compiler makes two of four; an array would be in memory.
    unsafe {
        at.write(0);
        at.add(1).write(0);
        at.add(2).write(0);
        at.add(3).write(0);
    }
}

/// How many slots [`Enter`] sets to zero, of so many locals: frames have room for them.
pub(crate) const fn set_by_enter(locals: usize) -> usize {
    match locals {
        _ if cfg!(not(feature = "fast")) => locals,
        0 => 4,
        _ => locals.next_multiple_of(4),
    }
}

/// Sets `count` slots to zero, from the first local on, and as many more as [`set_by_enter`] says:
/// most functions need four at most, and to find out how many takes longer than to set them all.
/// Functions of some compilers have dozens of locals. Small builds set each by itself: four are a
/// call of memset on a CPU without vectors.
///
/// # Safety
/// I1, I2.
#[inline(always)]
unsafe fn set_to_zero(m: &Machine, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let first = m.sp.add(2);
        if cfg!(not(feature = "fast")) {
            for at in 0..count {
                // As below.
                compiler_fence(Ordering::SeqCst);
                first.add(at).write(0);
            }
            return;
        }
        set_four(first);
        // Downwards it takes the fewest bytes. What is below is set.
        let mut left = if count > 4 { rarely(count) } else { return };
        while left > 4 {
            left -= 4;
            // Without it, the loop would become a call of memset.
            compiler_fence(Ordering::SeqCst);
            set_four(first.add(left));
        }
    }
}

/// What [`Enter`] does when it is paid, for the driver. `ip` is at its operands.
///
/// # Safety
/// I1, I2: the frame has room.
pub(crate) unsafe fn enter(m: &mut Machine) {
    // SAFETY: the caller's promise.
    unsafe {
        let [_, zeroed] = enter_sizes(m);
        for i in 0..zeroed {
            *m.at(2 + i as isize) = 0;
        }
        load_all_pins(m);
        m.advance(2);
    }
}

#[inline(always)]
unsafe fn enter_sizes(m: &Machine) -> [usize; 2] {
    // SAFETY: I1.
    unsafe {
        let high = m.high(1) as u32;
        [(high & 0xffff) as usize, (high >> 16) as usize]
    }
}

/// Loads the two pinned locals of a kind from the slots that `field` and the next name.
///
/// # Safety
/// I1, I2.
#[inline(always)]
pub(crate) unsafe fn load_pins<T: Value>(m: &mut Machine, field: usize) {
    // SAFETY: I1, I2.
    unsafe {
        T::read(m.at(m.field(field))).set_p0(m);
        T::read(m.at(m.field(field + 1))).set_p1(m);
    }
}

/// Loads all pinned locals. `ip` is at the operands of the function's first cell, whose pins are
/// slot 0 where there are none: what is loaded for these is never read.
///
/// # Safety
/// I1, I2.
pub(crate) unsafe fn load_all_pins(m: &mut Machine) {
    // SAFETY: the caller's promise.
    unsafe {
        load_pins::<i64>(m, 0);
        load_pins::<f64>(m, 2);
        m.advance(1);
        load_pins::<f32>(m, 0);
    }
}

/// Loads the pinned floats again after a call. Operands: pins (`f64`, `f64`, `f32`, `f32`).
pub(crate) struct Reload<const F64: bool, const F32: bool>;
impl<const F64: bool, const F32: bool> Step for Reload<F64, F32> {
    const NAME: Option<Name> = name!(Reload; F64, F32);
    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            if F64 {
                load_pins::<f64>(m, 0);
            }
            if F32 {
                load_pins::<f32>(m, 2);
            }
            m.advance(1);
        }
        Ok(())
    }
}

/// Leaves the frame whose return address and caller these are.
#[inline(always)]
unsafe fn pop_frame(m: &mut Machine, ret: Ip, caller: Sp) {
    m.sp = caller;
    // SAFETY: I2, I3.
    unsafe { return_to(m, ret) }
}

/// Goes on in the current frame behind a call, with the pinned integers that it names.
///
/// # Safety
/// I2, I3: two words before `ret` are the operands of a call, or of the cell that stands for one.
#[inline(always)]
pub(crate) unsafe fn return_to(m: &mut Machine, ret: Ip) {
    // SAFETY: the caller's promise.
    unsafe {
        if cfg!(feature = "fast") {
            m.ip = ret.sub(2);
            m.p0 = m.slot(m.field(1));
            m.p1 = m.slot(m.field(2));
        }
        m.ip = ret;
    }
}

/// Returns without a result. No operands (but a word).
pub(crate) struct ReturnNone;
impl Step for ReturnNone {
    const NAME: Option<Name> = name!(ReturnNone);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I2, I3.
        unsafe {
            let (ret, caller) = (*m.sp.cast::<Ip>(), *m.sp.add(1).cast::<Sp>());
            pop_frame(m, ret, caller);
        }
        Ok(())
    }
}

/// Returns `a`, in a slot and in the accumulator. Operands: `d, a` or `d, -, constant`; a wide
/// constant.
pub(crate) struct Return<T, A>(PhantomData<(T, A)>);
impl<T: Value + Named, A: Src> Step for Return<T, A> {
    const NAME: Option<Name> = name!(Return, T, A);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3.
        unsafe {
            let (ret, caller) = (*m.sp.cast::<Ip>(), *m.sp.add(1).cast::<Sp>());
            let value: T = A::get(m, 1, 1);
            value.write(m.at(m.field(0)));
            if cfg!(feature = "fast") {
                value.set_acc(m);
            }
            pop_frame(m, ret, caller);
        }
        Ok(())
    }
}

/// Returns `count` slots. Operands: to, from, count.
pub(crate) struct ReturnMany;
impl Step for ReturnMany {
    const NAME: Option<Name> = name!(ReturnMany);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I3. Results lie above their destination; volatile as in `replace_frame`.
        unsafe {
            let (ret, caller) = (*m.sp.cast::<Ip>(), *m.sp.add(1).cast::<Sp>());
            let (to, from) = (m.sp.offset(m.field(0)), m.sp.offset(m.field(1)));
            for i in 0..m.field(2) {
                to.offset(i).write_volatile(*from.offset(i));
            }
            pop_frame(m, ret, caller);
        }
        Ok(())
    }
}

/// Moves `count` slots down. Operands: to, from, count.
pub(crate) struct MoveMany;
impl Step for MoveMany {
    const NAME: Option<Name> = name!(MoveMany);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2. The destination lies below, so slots that are in both are read before
        // they are written; volatile as in `replace_frame`.
        unsafe {
            let (to, from) = (m.sp.offset(m.field(0)), m.sp.offset(m.field(1)));
            for i in 0..m.field(2) {
                to.offset(i).write_volatile(*from.offset(i));
            }
            m.advance(1);
        }
        Ok(())
    }
}

/// The return address of an outermost frame.
pub(crate) struct Halt;
impl Step for Halt {
    const FALLS_THROUGH: bool = false;
    const STOPS_BARE: bool = true;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::Finished)
    }
}

/// The return address of a frame that another instance called.
pub(crate) struct SwitchBack;
impl Step for SwitchBack {
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::SwitchBack)
    }
}

/// An instruction that the driver executes. Operands: operation, base slot, immediate; two
/// immediates.
pub(crate) struct Slow;
impl Step for Slow {
    const NAME: Option<Name> = name!(Slow);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::Slow)
    }
}

/// `throw`: the driver does it. Operands: -, the fields' first slot, tag.
pub(crate) struct Throw;
impl Step for Throw {
    const NAME: Option<Name> = name!(Throw);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::Throw)
    }
}

/// `throw_ref`, and the legacy `rethrow`. Operands: -, the slot of the reference.
pub(crate) struct ThrowRef;
impl Step for ThrowRef {
    const NAME: Option<Name> = name!(ThrowRef);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Stop::ThrowRef)
    }
}

/// `unreachable`. No operands (but a word).
pub(crate) struct Unreachable;
impl Step for Unreachable {
    const NAME: Option<Name> = name!(Unreachable);
    const FALLS_THROUGH: bool = false;

    #[inline(always)]
    unsafe fn step(_: &mut Machine) -> Result<(), Stop> {
        Err(Trap::Unreachable.into())
    }
}
