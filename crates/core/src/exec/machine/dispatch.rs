//! Dispatch: how one handler leads to the next. There are two backends for one set of bodies
//! ([`Step`]): with `tail_calls`, each handler ends in a jump to the next; otherwise a loop calls
//! one handler after the other. Everything that depends on the backend is in this file.

use super::{Form, Machine, Name, context::Stop};

/// The body of a handler.
pub(crate) trait Step: Sized + 'static {
    /// What the file of the instruction set calls it; none if it must not name it.
    #[cfg_attr(not(feature = "fast"), allow(dead_code))]
    const NAME: Option<Name> = None;
    /// The name by which the file chooses its handler.
    const CHOSEN_AS: Option<Name> = Self::NAME;
    /// Whether its handler is there whatever the file says.
    const IS_ALWAYS_THERE: bool = true;
    /// Whether the next cell in memory comes next, if nothing stops. Only such a body can come
    /// first in a sequence.
    #[cfg_attr(not(feature = "fast"), allow(dead_code))]
    const FALLS_THROUGH: bool = true;

    /// Whether all that the driver has to know, if it stops, is where: no other register is in use.
    #[cfg_attr(not(all(tail_calls, not(debug_assertions), feature = "fast")), allow(dead_code))]
    const STOPS_BARE: bool = false;

    /// What blocks have to know of its cell; none if it can't be in one.
    const FORM: Option<Form> = None;

    /// Executes the cell at `m.ip`, and leaves `m.ip` at the next handler word.
    ///
    /// # Safety
    /// I1 to I4 (see [`exec`](super)).
    unsafe fn step(m: &mut Machine) -> Result<(), Stop>;

    /// The step of the first cell of a sequence. What is rare it may leave to the cell's own
    /// handler, by [`Stop::Alone`], while it has done nothing.
    ///
    /// # Safety
    /// I1 to I4.
    #[cfg_attr(any(feature = "profile", not(feature = "fast")), allow(dead_code))]
    #[inline(always)]
    unsafe fn begin(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: the caller's promise.
        unsafe { Self::step(m) }
    }

    /// The handler that executes its first cell alone.
    #[cfg_attr(not(all(tail_calls, not(debug_assertions), feature = "fast")), allow(dead_code))]
    const ALONE: &'static Handler = &Self::HANDLER;

    /// Its handler: of its own, but where it has most in common with others.
    const HANDLER: Handler = own(run::<Self>);
}

/// The handler with this body for CPUs that have what [`native`](crate::exec::meaning::native)
/// asks for.
pub(crate) const fn handler_fast<S: Step>() -> Handler {
    own(run_fast::<S>)
}

// Nothing foreign calls handlers: both sides of their convention are this crate.
#[cfg(all(tail_calls, not(debug_assertions), feature = "fast"))]
#[allow(improper_ctypes_definitions)]
mod backend {
    use super::*;
    use crate::{
        Trap,
        exec::{
            machine::{Ip, Sp, context::Context},
            meaning::v128::Register,
        },
    };
    use core::mem::offset_of;

    /// Where in the context the register is that handlers have it in.
    const MIDDLE: usize = offset_of!(Context, memory);

    macro_rules! handler_type {
        ($abi:literal; $($(#[$attribute:meta])* $run:ident;)*) => {
            /// The code of a cell: all registers of the machine are arguments in registers.
            pub(crate) type Handler = unsafe extern $abi fn(
                Ip, Sp, *mut Context, u64, u64, u64, f64, f64, f64, f32, f32, f32, Register,
            );

            $($(#[$attribute])*
            pub(crate) unsafe extern $abi fn $run<S: Step>(
                ip: Ip, sp: Sp, cx: *mut Context, acc: u64, p0: u64, p1: u64,
                f64_acc: f64, f64_p0: f64, f64_p1: f64, f32_acc: f32, f32_p0: f32, f32_p1: f32,
                v_acc: Register,
            ) {
                // SAFETY: I1 to I4 hold when code runs; the step leaves `ip` at a handler word
                // (I3). `cx` is in the middle of the context.
                unsafe {
                    let cx = cx.byte_sub(MIDDLE);
                    let mut m = Machine {
                        ip, sp, cx, acc, p0, p1, f64_acc, f64_p0, f64_p1, f32_acc, f32_p0, f32_p1,
                        v_acc,
                    };
                    let stopped = match S::step(&mut m) {
                        Ok(()) => {
                            return ((*m.ip).handler)(
                                m.ip.add(1), m.sp, m.cx.byte_add(MIDDLE), m.acc, m.p0, m.p1,
                                m.f64_acc, m.f64_p0, m.f64_p1, m.f32_acc, m.f32_p0, m.f32_p1,
                                m.v_acc,
                            );
                        }
                        // By far the most ways to stop.
                        Err(Stop::Outside) => {
                            let outside = (*m.cx).exits.outside;
                            return outside(m.ip, m.sp, m.cx.byte_add(MIDDLE));
                        }
                        Err(Stop::OutOfFuel) => (*m.cx).exits.out_of_fuel,
                        Err(Stop::Interrupted) => (*m.cx).exits.interrupted,
                        Err(Stop::Trap(Trap::MemoryOutOfBounds)) => (*m.cx).exits.out_of_bounds,
                        // Read as if it could be any, so that it is not copied to here.
                        Err(Stop::Alone) => core::ptr::read_volatile(S::ALONE),
                        Err(stop) => {
                            (*m.cx).stop = stop;
                            if S::STOPS_BARE {
                                ((*m.cx).saved.ip, (*m.cx).saved.sp) = (m.ip, m.sp);
                                return;
                            }
                            (*m.cx).exits.save
                        }
                    };
                    stopped(
                        m.ip, m.sp, m.cx.byte_add(MIDDLE), m.acc, m.p0, m.p1,
                        m.f64_acc, m.f64_p0, m.f64_p1, m.f32_acc, m.f32_p0, m.f32_p1, m.v_acc,
                    )
                }
            }

            )*

            /// Where handlers go when they stop. They are found in the context: functions of the
            /// program are for other crates, too, and so are reached by a longer way.
            #[derive(Clone, Copy)]
            #[repr(C)]
            pub(crate) struct Exits {
                outside: unsafe extern $abi fn(Ip, Sp, *mut Context),
                out_of_fuel: Handler,
                interrupted: Handler,
                out_of_bounds: Handler,
                save: Handler,
            }

            impl Exits {
                pub(crate) const ALL: Exits =
                    Exits { outside, out_of_fuel, interrupted, out_of_bounds, save };
            }

            /// Says that an access went beyond the memory, and returns to the driver.
            unsafe extern $abi fn outside(ip: Ip, sp: Sp, cx: *mut Context) {
                // SAFETY: I4.
                unsafe {
                    let cx = cx.byte_sub(MIDDLE);
                    (*cx).stop = Stop::Outside;
                    ((*cx).saved.ip, (*cx).saved.sp) = (ip, sp);
                }
            }

            exits! { $abi;
                /// Saves the registers and returns to the driver.
                save |cx| {};
                /// There is not the fuel for what comes next.
                out_of_fuel |cx| (*cx).stop = Stop::OutOfFuel;
                /// An access went beyond a memory that can grow meanwhile.
                out_of_bounds |cx| (*cx).stop = Trap::MemoryOutOfBounds.into();
                /// The interrupt flag is set.
                interrupted |cx| (*cx).stop = Stop::Interrupted;
            }
        };
    }
    macro_rules! exits {
        ($abi:literal; $($(#[$attribute:meta])* $exit:ident |$cx:ident| $say:expr;)*) => {$(
            $(#[$attribute])*
            unsafe extern $abi fn $exit(
                ip: Ip, sp: Sp, cx: *mut Context, acc: u64, p0: u64, p1: u64,
                f64_acc: f64, f64_p0: f64, f64_p1: f64, f32_acc: f32, f32_p0: f32, f32_p1: f32,
                v_acc: Register,
            ) {
                // SAFETY: I4.
                unsafe {
                    let $cx = cx.byte_sub(MIDDLE);
                    $say;
                    (*$cx).saved = Machine {
                        ip, sp, cx: $cx, acc, p0, p1, f64_acc, f64_p0, f64_p1, f32_acc, f32_p0,
                        f32_p1, v_acc,
                    };
                }
            }
        )*};
    }
    // Win64's own convention has only four integer registers.
    #[cfg(target_arch = "x86_64")]
    handler_type! { "sysv64";
        /// The handler with this body.
        run;
        /// The same for CPUs that have what [`native`](crate::exec::meaning::native) asks for.
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        run_fast;
    }
    #[cfg(not(target_arch = "x86_64"))]
    handler_type! { "C";
        /// The handler with this body.
        run;
    }

    /// Runs from the handler word at `m.ip` until something stops; registers are in `cx.saved`
    /// then.
    ///
    /// # Safety
    /// I1 to I4.
    pub(crate) unsafe fn dispatch(m: Machine) -> Stop {
        // SAFETY: the caller's promise.
        unsafe {
            ((*m.ip).handler)(
                m.ip.add(1),
                m.sp,
                m.cx.byte_add(MIDDLE),
                m.acc,
                m.p0,
                m.p1,
                m.f64_acc,
                m.f64_p0,
                m.f64_p1,
                m.f32_acc,
                m.f32_p0,
                m.f32_p1,
                m.v_acc,
            );
            (*m.cx).stop
        }
    }
}

/// Both ways where operands lie in slots alone: what a handler leaves to the next is where it goes
/// on and the frame, which CPUs with few registers pass in them, too.
#[cfg(not(feature = "fast"))]
mod backend {
    use super::*;
    #[cfg(common_bodies)]
    use crate::exec::machine::Operation;
    use crate::exec::machine::{Ip, Sp, context::Context};

    /// Handlers that stop say so themselves.
    #[derive(Clone, Copy)]
    pub(crate) struct Exits;

    impl Exits {
        pub(crate) const ALL: Exits = Exits;
    }

    /// What a handler returns: nothing where it has gone on itself; or what the registers are
    /// behind it, and no `ip` if something stops, which is noted by then.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    pub(crate) type Left = ();
    #[cfg(any(not(tail_calls), debug_assertions))]
    pub(crate) type Left = (Ip, Sp);

    /// The code of a cell. On 32-bit hosts it takes half of the cell's first word: in the other is
    /// what a body works with that cells have in common.
    #[derive(Clone, Copy)]
    #[repr(C)]
    pub(crate) struct Handler {
        run: Run,
        #[cfg(common_bodies)]
        operation: Operation,
    }

    /// A body, as a function.
    pub(crate) type Run = unsafe fn(Ip, Sp, *mut Context) -> Left;

    /// The code of a cell that has its body alone.
    pub(crate) const fn own(run: Run) -> Handler {
        Handler {
            run,
            #[cfg(common_bodies)]
            operation: Operation::NONE,
        }
    }

    /// The code of a cell whose body others have, too.
    #[cfg(common_bodies)]
    pub(crate) const fn common(run: Run, operation: Operation) -> Handler {
        Handler { run, operation }
    }

    /// What the body works with that runs at `ip`.
    ///
    /// # Safety
    /// I1.
    #[cfg(common_bodies)]
    #[inline(always)]
    pub(crate) unsafe fn operation(ip: Ip) -> Operation {
        // SAFETY: I1: before it is the cell's first word.
        unsafe { (*ip.sub(1)).handler.operation }
    }

    /// The body.
    pub(crate) unsafe fn run<S: Step>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
        // SAFETY: I1 to I4 hold when code runs.
        unsafe { stepped::<S>(ip, sp, cx) }
    }

    /// The same for CPUs that have what [`native`](crate::exec::meaning::native) asks for.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(crate) unsafe fn run_fast<S: Step>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
        // SAFETY: I1 to I4 hold when code runs.
        unsafe { stepped::<S>(ip, sp, cx) }
    }

    /// Steps, and goes on.
    ///
    /// # Safety
    /// I1 to I4.
    #[inline(always)]
    unsafe fn stepped<S: Step>(ip: Ip, sp: Sp, cx: *mut Context) -> Left {
        // Nothing is in the others between two cells.
        let mut m = Machine::new(ip, sp, cx);
        // SAFETY: the caller's promise.
        match unsafe { S::step(&mut m) } {
            // SAFETY: the step leaves `ip` at a handler word (I3).
            Ok(()) => unsafe { go_on(m.ip, m.sp, m.cx) },
            // SAFETY: I4.
            Err(stop) => unsafe { save(m.ip, m.sp, m.cx, stop) },
        }
    }

    /// Goes on with the handler at `ip`.
    ///
    /// # Safety
    /// I1 to I4.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    #[inline(always)]
    pub(crate) unsafe fn go_on(ip: Ip, sp: Sp, cx: *mut Context) {
        // SAFETY: the caller's promise.
        unsafe { ((*ip).handler.run)(ip.add(1), sp, cx) }
    }

    #[cfg(any(not(tail_calls), debug_assertions))]
    #[inline(always)]
    pub(crate) unsafe fn go_on(ip: Ip, sp: Sp, _: *mut Context) -> Left {
        (ip, sp)
    }

    /// Notes the registers, and why it stops: four words, which all CPUs pass in registers.
    ///
    /// # Safety
    /// I4.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn save(ip: Ip, sp: Sp, cx: *mut Context, stop: Stop) -> Left {
        // SAFETY: I4.
        unsafe {
            (*cx).stop = stop;
            ((*cx).saved.ip, (*cx).saved.sp) = (ip, sp);
        }
        #[cfg(any(not(tail_calls), debug_assertions))]
        (core::ptr::null(), sp)
    }

    /// Runs from the handler word at `m.ip` until something stops; registers are in `cx.saved`
    /// then.
    ///
    /// # Safety
    /// I1 to I4.
    pub(crate) unsafe fn dispatch(m: Machine) -> Stop {
        let Machine { ip, sp, cx, .. } = m;
        // SAFETY: the caller's promise; each step leaves `ip` at a handler word (I3).
        unsafe {
            #[cfg(all(tail_calls, not(debug_assertions)))]
            go_on(ip, sp, cx);
            #[cfg(any(not(tail_calls), debug_assertions))]
            {
                let (mut ip, mut sp) = (ip, sp);
                while !ip.is_null() {
                    (ip, sp) = ((*ip).handler.run)(ip.add(1), sp, cx);
                }
            }
            (*cx).stop
        }
    }
}

#[cfg(all(any(not(tail_calls), debug_assertions), feature = "fast"))]
mod backend {
    use super::*;

    /// Handlers that stop say so themselves.
    #[derive(Clone, Copy)]
    pub(crate) struct Exits;

    impl Exits {
        pub(crate) const ALL: Exits = Exits;
    }

    /// The code of a cell.
    pub(crate) type Handler = unsafe fn(&mut Machine) -> Result<(), Stop>;

    /// The handler with this body.
    pub(crate) unsafe fn run<S: Step>(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1 to I4 hold when code runs.
        unsafe { counted::<S>(m) }
    }

    /// Executes a body; with the feature `profile`, reports that it did.
    #[inline(always)]
    unsafe fn counted<S: Step>(m: &mut Machine) -> Result<(), Stop> {
        #[cfg(all(feature = "std", any(test, feature = "profile")))]
        if m.cx.is_null() {
            crate::exec::machine::names::tell(core::any::type_name::<S>());
            return Ok(());
        }
        #[cfg(feature = "profile")]
        let ip = m.ip;
        // SAFETY: the caller's promise.
        let done = unsafe { S::step(m) };
        #[cfg(feature = "profile")]
        {
            let next = (S::FALLS_THROUGH && done.is_ok()).then_some(m.ip);
            crate::exec::machine::profile::count(ip, core::any::type_name::<S>(), next);
        }
        done
    }

    /// The same for CPUs that have what [`native`](crate::exec::meaning::native) asks for.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(crate) unsafe fn run_fast<S: Step>(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1 to I4 hold when code runs.
        unsafe { counted::<S>(m) }
    }

    /// Runs from the handler word at `m.ip` until something stops; registers are in `cx.saved`
    /// then.
    ///
    /// # Safety
    /// I1 to I4.
    pub(crate) unsafe fn dispatch(mut m: Machine) -> Stop {
        loop {
            // SAFETY: the caller's promise; each step leaves `ip` at a handler word (I3).
            let result = unsafe {
                let handler = (*m.ip).handler;
                m.ip = m.ip.add(1);
                handler(&mut m)
            };
            if let Err(stop) = result {
                // SAFETY: I4.
                unsafe {
                    (*m.cx).stop = stop;
                    (*m.cx).saved = m;
                }
                return stop;
            }
        }
    }
}

#[cfg(not(feature = "fast"))]
pub(crate) use backend::own;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use backend::run as run_fast;
#[cfg(target_arch = "x86_64")]
pub(crate) use backend::run_fast;
pub(crate) use backend::{Exits, Handler, dispatch, run};
#[cfg(common_bodies)]
pub(crate) use backend::{Left, common, go_on, operation, save};

/// Whether what is rare in the first cell of a sequence can be left to its own handler.
#[cfg_attr(any(feature = "profile", not(feature = "fast")), allow(dead_code))]
pub(crate) const HAS_ALONE: bool = cfg!(all(tail_calls, not(debug_assertions), feature = "fast"));

/// The code of a cell is its body.
#[cfg(feature = "fast")]
const fn own(run: Handler) -> Handler {
    run
}

/// Names the backend, for tests and bug reports.
pub const BACKEND: &str =
    if cfg!(all(tail_calls, not(debug_assertions))) { "tail calls" } else { "loop" };
